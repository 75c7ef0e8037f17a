#include "shared/tlog/proof.h"

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/tlog/note.h"

namespace kelisim::tlog {
namespace {

constexpr char kTitle[] = "c2sp.org/tlog-proof@v1";
// A path in a tree of 2^63 leaves.
constexpr size_t kLongestPath = 63;

absl::Status Malformed(absl::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat("proof: ", what));
}

}  // namespace

std::string FormatProof(const Proof& proof) {
  std::string text = absl::StrCat(kTitle, "\nindex ", proof.index, "\n");
  for (const Hash& hash : proof.path) absl::StrAppend(&text, ToBase64(hash.bytes()), "\n");
  return absl::StrCat(text, "\n", proof.checkpoint);
}

absl::StatusOr<Proof> ParseProof(std::string_view text) {
  const size_t head_end = text.find("\n\n");
  if (head_end == std::string_view::npos) return Malformed("no empty line");
  const std::vector<std::string> lines = absl::StrSplit(Absl(text.substr(0, head_end)), '\n');
  size_t at = 0;
  if (lines[at++] != kTitle) return Malformed("another title");
  if (at < lines.size() && absl::StartsWith(lines[at], "extra ")) {
    RETURN_IF_ERROR(FromBase64(lines[at].substr(6)).status());
    ++at;
  }
  absl::string_view index = at < lines.size() ? absl::string_view(lines[at++]) : absl::string_view();
  if (!absl::ConsumePrefix(&index, "index ")) return Malformed("no index");
  const std::optional<uint64_t> number = ParseDecimal(Std(index));
  if (!number) return Malformed("the index is no number");
  Proof proof;
  proof.index = *number;
  for (; at < lines.size(); ++at) {
    ASSIGN_OR_RETURN(const std::string bytes, FromBase64(lines[at]));
    ASSIGN_OR_RETURN(const Hash hash, Hash::FromBytes(bytes));
    proof.path.push_back(hash);
  }
  if (proof.path.size() > kLongestPath) return Malformed("a path of too many hashes");
  proof.checkpoint = std::string(text.substr(head_end + 2));
  return proof;
}

absl::Status VerifyProof(const Proof& proof, const Hash& leaf, const Policy& policy) {
  ASSIGN_OR_RETURN(const Note note, Note::Parse(proof.checkpoint));
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, policy.Verify(note));
  const absl::Status included =
      VerifyInclusion(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root);
  return included.ok() ? included : absl::DataLossError(included.message());
}

}  // namespace kelisim::tlog
