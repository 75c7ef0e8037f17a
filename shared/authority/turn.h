#ifndef KELISIM_SHARED_AUTHORITY_TURN_H_
#define KELISIM_SHARED_AUTHORITY_TURN_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/common.pb.h"
#include "kelisim/v1/matter_service.pb.h"
#include "kelisim/v1/quota_service.pb.h"
#include "kelisim/v1/treaty_service.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/crypto/digest.h"
#include "shared/ledger/anchor.h"
#include "shared/ledger/store.h"
#include "shared/tlog/note.h"
#include "shared/treaty/form.h"

// What goes into the core and what comes out of it.

namespace kelisim::authority {

// ---- inputs

// A mutating call of an officer, authenticated and parsed. Carries the request
// whose type names the method.
struct OfficerCall {
  // Names the caller's reactor; comes back in the Reply.
  uint64_t token;
  // Exact identity, a URI.
  std::string officer;
  // SHA-256 of method and request bytes as received.
  Hash request_digest;
  std::variant<v1::SubmitCaseCommandRequest, v1::SubmitQuotaCommandRequest, v1::SubmitTreatyCommandRequest,
               v1::SubmitMatterStepRequest>
      request;
};

enum class PeerMethod { kHandshake, kPush, kPull };

// A call of the counterpart, authenticated; `bytes` as received.
struct PeerCall {
  uint64_t token;
  PeerMethod method;
  std::string bytes;
};

// What became of a Call of ours. Anything but OK: unknown.
struct PeerReply {
  uint64_t call_id;
  absl::Status status;
  std::string bytes;
};

// Time passes: links are retried, due dates looked at.
struct Tick {};

using Input = std::variant<OfficerCall, PeerCall, PeerReply, Tick>;

// ---- outputs

// UNAVAILABLE of a command that may have been recorded: its author asks again with the same
// request_id.
absl::Status OutcomeUnknown(std::string_view why);
bool IsOutcomeUnknown(const absl::Status& status);

struct Answer {
  // OK; INVALID_ARGUMENT with `problems`; FAILED_PRECONDITION with `violation`;
  // others as CaseService says. The message is English and free of personal data.
  absl::Status status;
  std::string response;  // serialised, when OK
  v1::Violation violation;
  std::vector<treaty::FieldProblem> problems;
};

// To an officer or to the counterpart, by token.
struct Reply {
  uint64_t token;
  Answer answer;
};

// To be sent to the counterpart. At most one is outstanding.
struct Call {
  uint64_t call_id;
  PeerMethod method;
  std::string bytes;
};

// A line for the operator's log. An alarm asks for somebody to act.
struct Event {
  std::string text;
  bool alarm = false;
};

// Everything that may leave the node once the turn's batch is durable.
struct Outputs {
  std::vector<Reply> replies;
  std::vector<Call> calls;
  // For the operator's log; no personal data.
  std::vector<Event> events;
  v1::NodeState state;
};

// The counterpart's checkpoint to cosign when the turn is durable.
struct CosignTask {
  size_t reply;  // index in Outputs::replies; the answer is a PushResponse
  std::string checkpoint_text;
  uint64_t unix_seconds;
};

// What one step of the core has decided: a batch, and outputs that depend on it.
// The way out is Commit, then Release, each of which takes what only the one
// before gives: "answer before sync" cannot be written.
class Turn {
 public:
  const ledger::Batch& batch() const { return batch_; }

 private:
  friend class Core;
  friend class CommittedTurn;
  // Lets a simulation seed the very bugs this class prevents.
  friend class TurnSaboteur;

  ledger::Batch batch_;
  std::optional<ledger::Head> head_;  // set when the own ledger grew
  std::vector<CosignTask> cosign_;
  Outputs outputs_;
};

// A turn whose batch is durable. Nothing of it has been told yet.
class CommittedTurn {
 private:
  friend absl::StatusOr<CommittedTurn> Commit(Turn turn, ledger::Store& store);
  friend absl::StatusOr<Outputs> Release(CommittedTurn turn, ledger::HeadAnchor& anchor,
                                         const tlog::NoteSigner& witness, const tlog::NoteSigner& mirror);
  explicit CommittedTurn(Turn turn)
      : head_(turn.head_), cosign_(std::move(turn.cosign_)), outputs_(std::move(turn.outputs_)) {}

  std::optional<ledger::Head> head_;
  std::vector<CosignTask> cosign_;
  Outputs outputs_;
};

// One synced commit. Not OK: the outcome is unknown; the process must stop,
// reopen the store and read again.
absl::StatusOr<CommittedTurn> Commit(Turn turn, ledger::Store& store);

// The head anchor, then the cosignatures, then the outputs. Turns must be released
// in the order in which they were committed. Not OK: as for Commit.
absl::StatusOr<Outputs> Release(CommittedTurn turn, ledger::HeadAnchor& anchor,
                                const tlog::NoteSigner& witness, const tlog::NoteSigner& mirror);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_TURN_H_
