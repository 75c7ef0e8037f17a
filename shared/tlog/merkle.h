#ifndef KELISIM_SHARED_TLOG_MERKLE_H_
#define KELISIM_SHARED_TLOG_MERKLE_H_

#include <cstdint>
#include <functional>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/crypto/digest.h"

// RFC 6962 section 2.1 Merkle trees over SHA-256. Pure; thread-safe.

namespace kelisim::tlog {

Hash LeafHash(std::string_view entry);
Hash NodeHash(const Hash& left, const Hash& right);
Hash EmptyRoot();

// A perfect subtree: leaves [index * 2^level, (index + 1) * 2^level).
struct Node {
  int level;
  uint64_t index;
  bool operator==(const Node&) const = default;
};

// Fetches the hash of a perfect subtree that lies wholly in the tree. Level 0
// is the leaf hash.
using NodeReader = std::function<absl::StatusOr<Hash>(Node)>;

// The right edge of a growing tree: the roots of its maximal perfect subtrees,
// largest first; at most 64 hashes.
class RightEdge {
 public:
  RightEdge() = default;
  // The edge of a tree of `size` leaves, read from `reader`.
  static absl::StatusOr<RightEdge> Load(uint64_t size, const NodeReader& reader);

  uint64_t size() const { return size_; }
  Hash Root() const;
  // Appends a leaf. Returns every perfect subtree that became complete, the
  // leaf itself first.
  std::vector<std::pair<Node, Hash>> Append(const Hash& leaf);

 private:
  uint64_t size_ = 0;
  std::vector<Hash> subtrees_;
};

// Root of the first `size` leaves.
absl::StatusOr<Hash> RootAt(uint64_t size, const NodeReader& reader);
// PATH(index, D[size]). Requires index < size.
absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t index, uint64_t size, const NodeReader& reader);
// PROOF(first, D[second]). Requires 0 < first <= second.
absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t first, uint64_t second, const NodeReader& reader);

// RFC 9162 section 2.1.3.2. INVALID_ARGUMENT says what does not fit.
absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf, const std::vector<Hash>& proof,
                             const Hash& root);
// RFC 9162 section 2.1.4.2; refuses first == 0, which proves nothing.
absl::Status VerifyConsistency(uint64_t first, uint64_t second, const Hash& first_root,
                               const Hash& second_root, const std::vector<Hash>& proof);

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_MERKLE_H_
