#include "shared/tlog/proof.h"

#include "absl/strings/str_cat.h"
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

// Removes the first line of a text whose lines all end.
absl::string_view TakeLine(std::string_view& text) {
  const size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return Absl(line);
}

}  // namespace

std::string HashLines(const std::vector<Hash>& hashes) {
  std::string lines;
  for (const Hash& hash : hashes) absl::StrAppend(&lines, ToBase64(hash.bytes()), "\n");
  return lines;
}

absl::StatusOr<std::vector<Hash>> ParseHashLines(std::string_view text) {
  std::vector<Hash> hashes;
  while (!text.empty()) {
    const size_t end = text.find('\n');
    if (end == std::string_view::npos) return absl::InvalidArgumentError("the last line has no end");
    ASSIGN_OR_RETURN(const std::string bytes, FromBase64(text.substr(0, end)));
    ASSIGN_OR_RETURN(const Hash hash, Hash::FromBytes(bytes));
    hashes.push_back(hash);
    text.remove_prefix(end + 1);
  }
  return hashes;
}

std::string FormatProof(const Proof& proof) {
  return absl::StrCat(kTitle, "\nindex ", proof.index, "\n", HashLines(proof.path), "\n", proof.checkpoint);
}

absl::StatusOr<Proof> ParseProof(std::string_view text) {
  const size_t head_end = text.find("\n\n");
  if (head_end == std::string_view::npos) return Malformed("no empty line");
  std::string_view head = text.substr(0, head_end + 1);
  if (TakeLine(head) != kTitle) return Malformed("another title");
  absl::string_view index = TakeLine(head);
  if (absl::ConsumePrefix(&index, "extra ")) {
    RETURN_IF_ERROR(FromBase64(Std(index)).status());
    index = TakeLine(head);
  }
  if (!absl::ConsumePrefix(&index, "index ")) return Malformed("no index");
  const std::optional<uint64_t> number = ParseDecimal(Std(index));
  if (!number) return Malformed("the index is no number");
  Proof proof;
  proof.index = *number;
  ASSIGN_OR_RETURN(proof.path, ParseHashLines(head));
  if (proof.path.size() > kLongestPath) return Malformed("a path of too many hashes");
  proof.checkpoint = std::string(text.substr(head_end + 2));
  return proof;
}

absl::Status VerifyProof(const Proof& proof, const Hash& leaf, const Policy& policy) {
  ASSIGN_OR_RETURN(const Checkpoint checkpoint, policy.Verify(proof.checkpoint));
  const absl::Status included =
      VerifyInclusion(proof.index, checkpoint.size, leaf, proof.path, checkpoint.root);
  return included.ok() ? included : absl::DataLossError(included.message());
}

}  // namespace kelisim::tlog
