#include "shared/authority/turn.h"

#include <utility>

#include "absl/strings/cord.h"
#include "absl/strings/str_cat.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::authority {
namespace {

constexpr char kOutcomeUnknown[] = "kelisim/outcome_unknown";

}  // namespace

absl::Status OutcomeUnknown(std::string_view why) {
  absl::Status status = absl::UnavailableError(
      absl::StrCat("outcome unknown: ", Absl(why), ": ask again with the same request_id"));
  status.SetPayload(kOutcomeUnknown, absl::Cord());
  return status;
}

bool IsOutcomeUnknown(const absl::Status& status) { return status.GetPayload(kOutcomeUnknown).has_value(); }

absl::StatusOr<CommittedTurn> Commit(Turn turn, ledger::Store& store) {
  if (!turn.batch().empty()) RETURN_IF_ERROR(store.Commit(turn.batch()));
  return CommittedTurn(std::move(turn));
}

absl::StatusOr<Outputs> Release(CommittedTurn turn, ledger::HeadAnchor& anchor,
                                const tlog::NoteSigner& witness, const tlog::NoteSigner& mirror) {
  if (turn.head_) RETURN_IF_ERROR(anchor.Save(*turn.head_));
  for (const CosignTask& task : turn.cosign_) {
    std::string& bytes = turn.outputs_.replies[task.reply].answer.response;
    v1::PushResponse response;
    if (!response.ParseFromString(bytes))
      return absl::InternalError("a push response of our own cannot be read");
    response.set_cosignatures(witness.Cosign(task.checkpoint_text, task.unix_seconds) +
                              mirror.Cosign(task.checkpoint_text, task.unix_seconds));
    bytes = response.SerializeAsString();
  }
  return std::move(turn.outputs_);
}

}  // namespace kelisim::authority
