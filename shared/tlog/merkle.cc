#include "shared/tlog/merkle.h"

#include <bit>
#include <utility>

#include "shared/base/status_macros.h"

namespace kelisim::tlog {
namespace {

constexpr std::string_view kLeafPrefix("\x00", 1);
constexpr std::string_view kNodePrefix("\x01", 1);

// The largest power of two below n, as its exponent. Requires n > 1.
int SplitLevel(uint64_t n) { return std::bit_width(n - 1) - 1; }

// MTH of leaves [begin, begin + count), where begin is a multiple of the largest
// power of two in count: the right edge of a tree, folded from the right.
absl::StatusOr<Hash> RangeRoot(uint64_t begin, uint64_t count, const NodeReader& reader) {
  if (count == 0) return EmptyRoot();
  if (std::has_single_bit(count)) {
    const int level = std::countr_zero(count);
    return reader({level, begin >> level});
  }
  const uint64_t left_count = uint64_t{1} << SplitLevel(count);
  ASSIGN_OR_RETURN(const Hash left, RangeRoot(begin, left_count, reader));
  ASSIGN_OR_RETURN(const Hash right, RangeRoot(begin + left_count, count - left_count, reader));
  return NodeHash(left, right);
}

// PATH(index, D[begin : begin + count]), appended to `proof`.
absl::Status AppendPath(uint64_t index, uint64_t begin, uint64_t count, const NodeReader& reader,
                        std::vector<Hash>& proof) {
  if (count == 1) return absl::OkStatus();
  const uint64_t k = uint64_t{1} << SplitLevel(count);
  const bool in_left = index < k;
  RETURN_IF_ERROR(in_left ? AppendPath(index, begin, k, reader, proof)
                          : AppendPath(index - k, begin + k, count - k, reader, proof));
  ASSIGN_OR_RETURN(const Hash sibling,
                   in_left ? RangeRoot(begin + k, count - k, reader) : RangeRoot(begin, k, reader));
  proof.push_back(sibling);
  return absl::OkStatus();
}

// SUBPROOF(m, D[begin : begin + count], whole), appended to `proof`.
absl::Status AppendSubproof(uint64_t m, uint64_t begin, uint64_t count, bool whole, const NodeReader& reader,
                            std::vector<Hash>& proof) {
  if (m == count) {
    if (whole) return absl::OkStatus();
    ASSIGN_OR_RETURN(const Hash root, RangeRoot(begin, count, reader));
    proof.push_back(root);
    return absl::OkStatus();
  }
  const uint64_t k = uint64_t{1} << SplitLevel(count);
  const bool in_left = m <= k;
  RETURN_IF_ERROR(in_left ? AppendSubproof(m, begin, k, whole, reader, proof)
                          : AppendSubproof(m - k, begin + k, count - k, false, reader, proof));
  ASSIGN_OR_RETURN(const Hash other,
                   in_left ? RangeRoot(begin + k, count - k, reader) : RangeRoot(begin, k, reader));
  proof.push_back(other);
  return absl::OkStatus();
}

}  // namespace

Hash LeafHash(std::string_view entry) { return Sha256({kLeafPrefix, entry}); }
Hash NodeHash(const Hash& left, const Hash& right) {
  return Sha256({kNodePrefix, left.bytes(), right.bytes()});
}
Hash EmptyRoot() { return Sha256(""); }

absl::StatusOr<RightEdge> RightEdge::Load(uint64_t size, const NodeReader& reader) {
  RightEdge edge;
  edge.size_ = size;
  uint64_t begin = 0;
  for (int level = 63; level >= 0; --level) {
    if ((size >> level & 1) == 0) continue;
    ASSIGN_OR_RETURN(const Hash hash, reader({level, begin >> level}));
    edge.subtrees_.push_back(hash);
    begin += uint64_t{1} << level;
  }
  return edge;
}

Hash RightEdge::Root() const {
  if (subtrees_.empty()) return EmptyRoot();
  Hash root = subtrees_.back();
  for (size_t i = subtrees_.size() - 1; i-- > 0;) root = NodeHash(subtrees_[i], root);
  return root;
}

std::vector<std::pair<Node, Hash>> RightEdge::Append(const Hash& leaf) {
  std::vector<std::pair<Node, Hash>> completed;
  Hash hash = leaf;
  completed.emplace_back(Node{0, size_}, hash);
  // Each trailing one bit of the size is a subtree that the new one completes.
  for (int level = 0; (size_ >> level & 1) == 1; ++level) {
    hash = NodeHash(subtrees_.back(), hash);
    subtrees_.pop_back();
    completed.emplace_back(Node{level + 1, size_ >> (level + 1)}, hash);
  }
  subtrees_.push_back(hash);
  ++size_;
  return completed;
}

absl::StatusOr<Hash> RootAt(uint64_t size, const NodeReader& reader) { return RangeRoot(0, size, reader); }

absl::StatusOr<std::vector<Hash>> InclusionProof(uint64_t index, uint64_t size, const NodeReader& reader) {
  if (index >= size) return absl::InvalidArgumentError("index is not below size");
  std::vector<Hash> proof;
  RETURN_IF_ERROR(AppendPath(index, 0, size, reader, proof));
  return proof;
}

absl::StatusOr<std::vector<Hash>> ConsistencyProof(uint64_t first, uint64_t second,
                                                   const NodeReader& reader) {
  if (first == 0 || first > second)
    return absl::InvalidArgumentError("sizes do not satisfy 0 < first <= second");
  std::vector<Hash> proof;
  RETURN_IF_ERROR(AppendSubproof(first, 0, second, true, reader, proof));
  return proof;
}

absl::Status VerifyInclusion(uint64_t index, uint64_t size, const Hash& leaf, const std::vector<Hash>& proof,
                             const Hash& root) {
  if (index >= size) return absl::InvalidArgumentError("index is not below size");
  uint64_t fn = index;
  uint64_t sn = size - 1;
  Hash r = leaf;
  for (const Hash& p : proof) {
    if (sn == 0) return absl::InvalidArgumentError("proof is too long");
    if ((fn & 1) == 1 || fn == sn) {
      r = NodeHash(p, r);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      r = NodeHash(r, p);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return absl::InvalidArgumentError("proof is too short");
  if (r != root) return absl::InvalidArgumentError("proof gives another root");
  return absl::OkStatus();
}

absl::Status VerifyConsistency(uint64_t first, uint64_t second, const Hash& first_root,
                               const Hash& second_root, const std::vector<Hash>& proof) {
  if (first == 0) return absl::InvalidArgumentError("consistency with an empty tree proves nothing");
  if (first > second) return absl::InvalidArgumentError("first size is above second");
  if (first == second) {
    if (!proof.empty()) return absl::InvalidArgumentError("proof between equal sizes must be empty");
    if (first_root != second_root) return absl::InvalidArgumentError("two roots for one size");
    return absl::OkStatus();
  }
  if (proof.empty()) return absl::InvalidArgumentError("proof is empty");
  std::vector<Hash> path;
  if (std::has_single_bit(first)) path.push_back(first_root);
  path.insert(path.end(), proof.begin(), proof.end());
  uint64_t fn = first - 1;
  uint64_t sn = second - 1;
  while ((fn & 1) == 1) {
    fn >>= 1;
    sn >>= 1;
  }
  Hash fr = path[0];
  Hash sr = path[0];
  for (size_t i = 1; i < path.size(); ++i) {
    if (sn == 0) return absl::InvalidArgumentError("proof is too long");
    if ((fn & 1) == 1 || fn == sn) {
      fr = NodeHash(path[i], fr);
      sr = NodeHash(path[i], sr);
      while ((fn & 1) == 0 && fn != 0) {
        fn >>= 1;
        sn >>= 1;
      }
    } else {
      sr = NodeHash(sr, path[i]);
    }
    fn >>= 1;
    sn >>= 1;
  }
  if (sn != 0) return absl::InvalidArgumentError("proof is too short");
  if (fr != first_root) return absl::InvalidArgumentError("proof gives another first root");
  if (sr != second_root) return absl::InvalidArgumentError("proof gives another second root");
  return absl::OkStatus();
}

}  // namespace kelisim::tlog
