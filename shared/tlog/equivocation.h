#ifndef KELISIM_SHARED_TLOG_EQUIVOCATION_H_
#define KELISIM_SHARED_TLOG_EQUIVOCATION_H_

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/tlog/merkle.h"
#include "shared/tlog/note.h"

// That one log has signed two histories, in a few hundred bytes that stand for themselves.
// Pure; thread-safe.

namespace kelisim::tlog {

struct Equivocation {
  // Two signed notes of one log, the smaller checkpoint first. For one size two roots are
  // enough. For two sizes: `prefix_root` is the root that the second history has at the
  // size of the first, and `proof` (RFC 6962) leads from it to the second root.
  std::string first;
  std::string second;
  Hash prefix_root;
  std::vector<Hash> proof;
};

// OK: the log of `key` has signed both, and they contradict each other. INVALID_ARGUMENT
// or NOT_FOUND: it is no proof of that.
absl::Status VerifyEquivocation(const Equivocation& evidence, const NoteVerifier& key);

// Of two notes that `key` has signed, and the tree that one of them fits. `nodes` reads a
// tree at least as large as the larger one. NOT_FOUND: they do not contradict each other
// there.
absl::StatusOr<Equivocation> ProveEquivocation(const std::string& one, const std::string& other,
                                               const NoteVerifier& key, const NodeReader& nodes);

// Another history of a log whose tree is known: the same up to some size, then other leaves.
// Single-threaded.
class Branch {
 public:
  // Leaves the tree of `trunk` after `size` leaves. Reads `trunk` as long as it lives.
  static absl::StatusOr<Branch> Of(uint64_t size, NodeReader trunk);

  uint64_t size() const { return edge_.size(); }
  Hash Root() const { return edge_.Root(); }
  void Append(const Hash& leaf);
  // Reads the tree of this history. The branch must outlive it.
  NodeReader Nodes() const;

 private:
  Branch(RightEdge edge, NodeReader trunk) : edge_(std::move(edge)), trunk_(std::move(trunk)) {}

  RightEdge edge_;
  NodeReader trunk_;
  std::map<std::pair<int, uint64_t>, Hash> grown_;  // by level and index: what `trunk_` lacks
};

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_EQUIVOCATION_H_
