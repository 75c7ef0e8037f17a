#ifndef KELISIM_SHARED_AUTHORITY_CORE_H_
#define KELISIM_SHARED_AUTHORITY_CORE_H_

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "shared/authority/books.h"
#include "shared/authority/link.h"
#include "shared/authority/turn.h"

namespace kelisim::authority {

// Bugs that a simulation seeds to prove that it would find them. All false in a
// service; there is no option that sets them.
struct SeededBugs {
  bool no_fence = false;
  bool told_before_cosigned = false;
};

// The authority's state machine: inputs of one turn in, one atomic batch and the
// outputs that depend on it out. It owns no thread, reads no clock, sends and
// stores nothing itself; given the same store, randomness and inputs it does the
// same again.
//
//   for (;;) {
//     turn = core.Step(now, inputs);           // not OK: stop the process
//     committed = Commit(turn, store);         // not OK: outcome unknown; stop, reopen
//     outputs = Release(committed, anchor, ...);  // the same; may lag behind, in order
//     deliver(outputs);
//   }
//
// The shell must commit each turn before the next Step. Single-threaded.
class Core {
 public:
  // `anchored`: what the head anchor holds (nullopt: there is none). All
  // references must outlive the core. `random` gives ids, nonces and openings.
  // FAILED_PRECONDITION and DATA_LOSS as for Books::Open.
  static absl::StatusOr<std::unique_ptr<Core>> Open(const Identity& identity, const ledger::Store& store,
                                                    ledger::Vault& vault, Random& random,
                                                    std::optional<ledger::Head> anchored,
                                                    SeededBugs bugs = {});

  // Any error means that the store cannot be trusted or the program is wrong.
  // Nothing was changed; the caller stops and reopens.
  absl::StatusOr<Turn> Step(absl::Time now, std::vector<Input> inputs);

  // How many recoveries the own ledger has been through.
  uint32_t lineage() const { return books_->lineage(); }
  // As in NodeState; `halted` is a reason_key.
  const std::string& lost_contents() const { return books_->lost_contents(); }
  const std::string& lost_entries() const { return books_->lost_entries(); }
  const std::string& halted() const { return books_->halted(); }

 private:
  Core(const Identity& identity, ledger::Vault& vault, Random& random, std::unique_ptr<Books> books,
       std::optional<ledger::Head> anchored, bool loss_untold, SeededBugs bugs);

  absl::Status Handle(const OfficerCall& call, Turn& turn);
  absl::Status Handle(const PeerCall& call, Turn& turn);
  absl::Status Handle(const PeerReply& reply, Turn& turn);
  absl::Status Handle(const Tick& tick, Turn& turn);

  // What an admitted command becomes: acts in order, each for its case, quota or
  // the treaty.
  struct Decision {
    static Decision Refused(Answer why);
    // Of this day, under this protocol.
    v1::Act& AddAct(const treaty::Context& context, bool is_addressed);

    Answer refusal;  // its status is not OK when the command is refused
    std::vector<v1::Act> acts;
    std::vector<bool> addressed;
    std::string protocol_version;  // by which it was judged; empty without acts
    // As for Judged: of the matter whose state the decision gives away.
    uint64_t told_from_size = 0;
  };
  absl::StatusOr<Decision> Decide(const v1::SubmitCaseCommandRequest& request);
  absl::StatusOr<Decision> Decide(const v1::SubmitMatterStepRequest& request);
  absl::StatusOr<Decision> Decide(const v1::SubmitQuotaCommandRequest& request);
  absl::StatusOr<Decision> Decide(const v1::SubmitTreatyCommandRequest& request);
  // `told_from_size`: 0, or how much of the own ledger must be cosigned before
  // the answer may leave the node.
  struct Judged {
    Answer answer;
    uint64_t told_from_size = 0;
  };
  absl::StatusOr<Judged> AnswerOfficer(const OfficerCall& call);
  Judged Repeat(const v1::ReplyRow& row, const Hash& request_mac) const;
  // Whether a matter of this name is known here.
  absl::StatusOr<bool> IsHere(const std::string& name) const;
  template <typename Record, typename Request>
  absl::StatusOr<Decision> DecideMatter(const Request& request);
  template <typename Record, typename State, typename Command>
  Decision DecideByState(const std::string& subject_id, const State& state, const Command& command,
                         const treaty::Context& context) const;
  absl::Status MayAppend(bool irreversible) const;
  // Why the node may not do everything, as Link::reason.
  std::string Reason() const;
  absl::Status RecordOverdue(const std::string& today);
  v1::Act OverdueAct(const std::string& subject_id, const std::string& today,
                     const std::string& protocol_version) const;
  void AnchorHead(Turn& turn);
  void Settle(Turn& turn);

  // Under the protocol of a case filed on `filed_on`; empty: under that of today.
  absl::StatusOr<treaty::Context> ContextFor(const std::string& happened_on, const v1::TreatyState& treaty,
                                             const std::string& filed_on) const;
  std::vector<treaty::FieldProblem> NationalProblems(const v1::Petition& petition,
                                                     const std::string& path) const;
  // What only one kind of matter asks, before and after its state is known.
  std::vector<treaty::FieldProblem> NationalProblems(const v1::CaseCommand& command) const;
  std::vector<treaty::FieldProblem> NationalProblems(const v1::CaseState& state,
                                                     const v1::CaseCommand& command) const;

  const Identity& identity_;
  ledger::Vault& vault_;
  Random& random_;
  std::unique_ptr<Books> books_;
  Link link_;
  const SeededBugs bugs_;
  absl::Time now_;
  // The head that the anchor has, or gets before anything else is told.
  std::optional<ledger::Head> anchored_;
  // Replies that wait until the ledger is cosigned up to the key.
  std::multimap<uint64_t, Reply> untold_;
  std::string overdue_checked_on_;
};

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_CORE_H_
