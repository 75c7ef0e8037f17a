#include "shared/tlog/witness.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::tlog {
namespace {

constexpr size_t kLongestProof = 63;

absl::Status Malformed(std::string_view what) { return absl::InvalidArgumentError(Absl(what)); }
absl::Status Contradicts(std::string_view what) { return absl::FailedPreconditionError(Absl(what)); }

}  // namespace

std::string FormatAddCheckpoint(const AddCheckpoint& request) {
  std::string body = absl::StrCat("old ", request.old_size, "\n");
  for (const Hash& hash : request.proof) absl::StrAppend(&body, ToBase64(hash.bytes()), "\n");
  return absl::StrCat(body, "\n", request.checkpoint);
}

absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(std::string_view body) {
  const size_t head_end = body.find("\n\n");
  if (head_end == std::string_view::npos) return Malformed("no checkpoint");
  const std::vector<std::string> lines = absl::StrSplit(Absl(body.substr(0, head_end)), '\n');
  absl::string_view old = lines[0];
  if (!absl::ConsumePrefix(&old, "old ")) return Malformed("no old size");
  const std::optional<uint64_t> size = ParseDecimal(Std(old));
  if (!size) return Malformed("the old size is no number");
  if (lines.size() - 1 > kLongestProof) return Malformed("a proof of too many hashes");
  AddCheckpoint request;
  request.old_size = *size;
  for (size_t i = 1; i < lines.size(); ++i) {
    ASSIGN_OR_RETURN(const std::string bytes, FromBase64(lines[i]));
    ASSIGN_OR_RETURN(const Hash hash, Hash::FromBytes(bytes));
    request.proof.push_back(hash);
  }
  request.checkpoint = std::string(body.substr(head_end + 2));
  return request;
}

absl::StatusOr<std::string> OriginOf(const AddCheckpoint& request) {
  ASSIGN_OR_RETURN(const Note note, Note::Parse(request.checkpoint));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(note.text));
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
