#ifndef KELISIM_SHARED_AUTHORITY_LINK_H_
#define KELISIM_SHARED_AUTHORITY_LINK_H_

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/authority/books.h"
#include "shared/authority/turn.h"
#include "shared/tlog/equivocation.h"

namespace kelisim::authority {

// What bears a time further ahead of ours is not cosigned: the cosignature would say that it
// had been there before.
inline constexpr absl::Duration kMostAhead = absl::Seconds(300);

// The exchange with the counterpart, as a part of the core: handshake with
// fence, push of the own ledger's suffix, and pull after a rollback. The ledger
// is the outbox: what is to be sent follows from the size the counterpart has,
// and a lost, repeated or late message changes nothing. A cosignature that was lost on
// the way is asked for by a push of what the counterpart has already.
//
// What the node may do meanwhile: v1::NodeMode in views.proto.
//
// Single-threaded; works on the core's books within one turn.
class Link {
 public:
  // `anchored` as for Core::Open, and so `loss_untold`: the ledger ends in a recovery that
  // was never anchored. All must outlive the link.
  Link(const Identity& identity, Books& books, Random& random, std::optional<ledger::Head> anchored,
       bool loss_untold, bool no_fence);

  v1::NodeMode mode() const;
  // Why it is not OPEN_FOR_ALL, or why the counterpart takes nothing of ours although it is
  // ("reason.ahead"): a key of shared/text/messages.textproto. Empty: nothing of this. When
  // halted, Books::halted says why.
  std::string reason() const { return protocols_differ_ && anchored_ ? "reason.other_protocol" : reason_; }
  // What a recovery says was lost is not cosigned yet: until then the anchor must go on
  // remembering it, because one more restore would lose the saying as well.
  bool telling_loss() const { return loss_told_at_ > books_.cosigned(); }
  bool connected() const { return !session_.empty(); }
  // Why the counterpart is not connected, or takes nothing; in English. Empty: all is well.
  const std::string& problem() const { return problem_; }

  // A call of the counterpart. The answer's checkpoint is to be cosigned when
  // `cosign` is set.
  struct PeerAnswer {
    Answer answer;
    std::optional<std::string> cosign;  // checkpoint text
  };
  absl::StatusOr<PeerAnswer> HandleCall(PeerMethod method, const std::string& bytes, absl::Time now);

  // What became of our outstanding call; others are ignored.
  absl::Status Receive(const PeerReply& reply, absl::Time now);

  // The next call to make, if it is time. At most one is outstanding.
  absl::StatusOr<std::optional<Call>> NextCall(absl::Time now);

  // Lines for the operator's log since the last call.
  std::vector<Event> TakeEvents() { return std::exchange(events_, {}); }

 private:
  bool is_clear() const;
  absl::StatusOr<PeerAnswer> AnswerHandshake(const std::string& bytes);
  absl::StatusOr<PeerAnswer> AnswerPush(const std::string& bytes, absl::Time now);
  absl::StatusOr<PeerAnswer> AnswerPull(const std::string& bytes);

  absl::Status ReceiveHandshake(const std::string& bytes, absl::Time now);
  absl::Status ReceivePush(const std::string& bytes, absl::Time now);
  absl::Status ReceivePull(const std::string& bytes, absl::Time now);

  absl::StatusOr<std::string> MyPosition() const;
  ledger::LogRows<ledger::Overlay> RowsOf(ledger::Side side) const;
  absl::StatusOr<tlog::Checkpoint> ReadCheckpoint(const std::string& note, const tlog::LogKeys& keys) const;
  // Whether the counterpart has the same first protocol.
  bool JudgesAlike(const v1::Position& theirs) const;
  // False (and halted) when the counterpart's position contradicts ours.
  absl::StatusOr<bool> Agrees(const v1::Position& theirs);
  absl::Status Open(absl::Time now);
  void Tell(std::string text) { events_.push_back({std::move(text)}); }
  void Alarm(std::string text) { events_.push_back({std::move(text), true}); }
  absl::Status FinishRecovery(absl::Time now);
  // Tells the operator of announced log keys of the counterpart that our copy of its policy does not have.
  absl::Status WarnOfKeys();
  absl::Status GoOn(absl::Time now);
  // Tells the operator when the counterpart's clock begins to differ from ours, and when it
  // ends. `ahead`: of ours, as its last cosignature says.
  void WatchClocks(absl::Duration ahead);
  // `one` and `other` are checkpoints of the ledger on `side`, the larger one that of `tree`.
  void Halt(const std::string& reason, ledger::Side side, const std::string& one, const std::string& other,
            const tlog::NodeReader& tree);
  // The counterpart's copy of our ledger, from what both have on: halts when it has other
  // entries than we.
  absl::Status Compare(const v1::PullResponse& response, const tlog::Checkpoint& signed_by_us);
  void Drop(absl::Time now, const std::string& why, const std::string& words = "");
  // Entries, or a cosignature of those that the counterpart has, are missing.
  bool HasToPush() const;
  // The counterpart has taken or given what it was asked for.
  void Succeeded();

  const Identity& identity_;
  Books& books_;
  Random& random_;
  // The largest own head known from outside the store.
  std::optional<ledger::Head> anchored_;
  const bool no_fence_;

  bool open_ = false;
  // The counterpart says that it has more of our ledger than we, and our own handshake
  // has not shown otherwise yet.
  bool behind_ = false;
  // It has halted, as it says: there are two histories of one ledger, and what we record now
  // would be on one that it does not have.
  bool peer_halted_ = false;
  // Its first protocol is another one, as its last answer to our handshake says: each would
  // refuse what is lawful for the other.
  bool protocols_differ_ = false;
  std::string reason_;
  // The session of our calls and of the counterpart's calls; empty: none.
  std::string session_;
  std::string peer_session_;
  // How much of our ledger the counterpart has, by its last word.
  uint64_t sent_ = 0;
  bool clocks_differ_ = false;
  // The operator knows that the counterpart pushes what bears a time to come.
  bool ahead_told_ = false;
  // And of these keys that it announces beside the policy.
  std::vector<std::string> keys_told_;
  // What the counterpart has cosigned last it has cosigned with other keys than it has now: asked
  // for again, so that it can be proven.
  bool cosigned_by_other_keys_ = false;
  // The size of the own ledger that ends with the record of a loss; 0: none.
  uint64_t loss_told_at_ = 0;
  // Recovery: what to pull back, and what of the counterpart's ledger to have first.
  uint64_t own_target_ = 0;
  uint64_t mirror_target_ = 0;
  // Where what the counterpart has given back ends; 0: it has given nothing.
  uint64_t given_back_ = 0;
  // Our ledger as the counterpart has it, while it is compared with ours.
  std::optional<tlog::Branch> as_mirrored_;

  struct Outstanding {
    uint64_t call_id;
    PeerMethod method;
    std::string nonce;       // handshake
    uint64_t pushed_to = 0;  // push
    std::string checkpoint;  // push
  };
  std::optional<Outstanding> outstanding_;
  uint64_t last_call_id_ = 0;
  absl::Time next_attempt_ = absl::InfinitePast();
  absl::Duration backoff_ = absl::ZeroDuration();
  std::string dropped_for_;  // why the last session ended; empty since something went well
  std::string problem_;      // the same with what the counterpart says of it
  std::vector<Event> events_;
};

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_LINK_H_
