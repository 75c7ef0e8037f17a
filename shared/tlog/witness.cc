#include "shared/tlog/witness.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/tlog/proof.h"

namespace kelisim::tlog {
namespace {

constexpr size_t kLongestProof = 63;

absl::Status Malformed(std::string_view what) { return absl::InvalidArgumentError(Absl(what)); }
absl::Status Contradicts(std::string_view what) { return absl::FailedPreconditionError(Absl(what)); }

}  // namespace

std::string FormatAddCheckpoint(const AddCheckpoint& request) {
  return absl::StrCat("old ", request.old_size, "\n", HashLines(request.proof), "\n", request.checkpoint);
}

absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(std::string_view body) {
  const size_t head_end = body.find("\n\n");
  if (head_end == std::string_view::npos) return Malformed("no checkpoint");
  const std::string_view head = body.substr(0, head_end + 1);
  absl::string_view old = Absl(head.substr(0, head.find('\n')));
  if (!absl::ConsumePrefix(&old, "old ")) return Malformed("no old size");
  const std::optional<uint64_t> size = ParseDecimal(Std(old));
  if (!size) return Malformed("the old size is no number");
  AddCheckpoint request;
  request.old_size = *size;
  ASSIGN_OR_RETURN(request.proof, ParseHashLines(head.substr(head.find('\n') + 1)));
  if (request.proof.size() > kLongestProof) return Malformed("a proof of too many hashes");
  request.checkpoint = std::string(body.substr(head_end + 2));
  return request;
}

absl::StatusOr<std::string> OriginOf(const AddCheckpoint& request) {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::InNote(request.checkpoint));
  return std::move(checkpoint.origin);
}

absl::StatusOr<Checkpoint> JudgeAddCheckpoint(const AddCheckpoint& request, const LogKeys& keys,
                                              const std::optional<Checkpoint>& latest) {
  const absl::StatusOr<SignedCheckpoint> opened = keys.Open(request.checkpoint);
  if (!opened.ok()) return absl::PermissionDeniedError("the log has not signed this checkpoint");
  const Checkpoint& said = opened->checkpoint();
  const Checkpoint known = latest.value_or(Checkpoint{said.origin, 0, EmptyRoot()});
  if (request.old_size > said.size) return Malformed("the old size is larger than the checkpoint");
  if (request.old_size != known.size) return absl::AbortedError(absl::StrCat(known.size));
  if (said.size == 0 && said.root != EmptyRoot()) return Contradicts("an empty tree has another root");
  if (said.size == known.size) {
    return said.root == known.root && request.proof.empty()
               ? absl::StatusOr<Checkpoint>(said)
               : Contradicts("another root, or a proof, for the size that was cosigned");
  }
  // From nothing anything follows, and no proof is needed.
  if (known.size == 0)
    return request.proof.empty() ? absl::StatusOr<Checkpoint>(said) : Contradicts("a proof from nothing");
  if (!VerifyConsistency(known.size, said.size, known.root, said.root, request.proof).ok()) {
    return Contradicts("the proof does not lead from what was cosigned to this");
  }
  return said;
}

}  // namespace kelisim::tlog
