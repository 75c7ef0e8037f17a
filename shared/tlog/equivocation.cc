#include "shared/tlog/equivocation.h"

#include <utility>

#include "shared/base/status_macros.h"

namespace kelisim::tlog {

absl::Status VerifyEquivocation(const Equivocation& evidence, const NoteVerifier& key) {
  ASSIGN_OR_RETURN(const SignedCheckpoint first, SignedCheckpoint::Open(evidence.first, key));
  ASSIGN_OR_RETURN(const SignedCheckpoint second, SignedCheckpoint::Open(evidence.second, key));
  const Checkpoint& a = first.checkpoint();
  const Checkpoint& b = second.checkpoint();
  if (evidence.prefix_root == a.root)
    return absl::InvalidArgumentError("both histories agree at the first size");
  return VerifyConsistency(a.size, b.size, evidence.prefix_root, b.root, evidence.proof);
}

absl::StatusOr<Equivocation> ProveEquivocation(const std::string& one, const std::string& other,
                                               const NoteVerifier& key, const NodeReader& nodes) {
  ASSIGN_OR_RETURN(SignedCheckpoint first, SignedCheckpoint::Open(one, key));
  ASSIGN_OR_RETURN(SignedCheckpoint second, SignedCheckpoint::Open(other, key));
  if (first.checkpoint().size > second.checkpoint().size) std::swap(first, second);
  ASSIGN_OR_RETURN(const Hash at_second, RootAt(second.checkpoint().size, nodes));
  const bool one_size = first.checkpoint().size == second.checkpoint().size;
  // The second one is that of the tree.
  if (one_size && at_second != second.checkpoint().root) std::swap(first, second);
  Equivocation evidence{first.note(), second.note(), Hash(), {}};
  ASSIGN_OR_RETURN(evidence.prefix_root, RootAt(first.checkpoint().size, nodes));
  ASSIGN_OR_RETURN(evidence.proof,
                   ConsistencyProof(first.checkpoint().size, second.checkpoint().size, nodes));
  if (!VerifyEquivocation(evidence, key).ok()) return absl::NotFoundError("no contradiction to this tree");
  return evidence;
}

absl::StatusOr<Branch> Branch::Of(uint64_t size, NodeReader trunk) {
  ASSIGN_OR_RETURN(RightEdge edge, RightEdge::Load(size, trunk));
  return Branch(std::move(edge), std::move(trunk));
}

void Branch::Append(const Hash& leaf) {
  for (const auto& [node, hash] : edge_.Append(leaf)) grown_.emplace(std::pair(node.level, node.index), hash);
}

NodeReader Branch::Nodes() const {
  return [this](Node node) -> absl::StatusOr<Hash> {
    const auto found = grown_.find({node.level, node.index});
    // What did not grow here is below the size at which this history begins.
    return found == grown_.end() ? trunk_(node) : found->second;
  };
}

}  // namespace kelisim::tlog
