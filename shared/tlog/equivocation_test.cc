#include "shared/tlog/equivocation.h"

#include <map>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kelisim::tlog {
namespace {

NoteSigner LogKey(std::string_view seed) {
  return *NoteSigner::Parse(
      *NoteSigner::NewSecret("kz.example/ledger/1", KeyType::kEd25519, Sha256(seed).bytes()));
}

// A tree of `size` leaves of its own.
class Tree {
 public:
  Tree(std::string_view name, uint64_t size, uint64_t common) {
    for (uint64_t i = 0; i < size; ++i) {
      const std::string leaf = absl::StrCat(i < common ? "" : std::string(name), i);
      for (const auto& [node, hash] : edge_.Append(LeafHash(leaf))) nodes_[{node.level, node.index}] = hash;
      roots_.push_back(edge_.Root());
    }
  }
  std::string Signed(uint64_t size, const NoteSigner& key) const {
    const std::string text = Checkpoint{key.verifier().name(), size, roots_[size - 1]}.Text();
    return absl::StrCat(text, "\n", key.SignNote(text));
  }
  NodeReader Nodes() const {
    return [this](Node node) -> absl::StatusOr<Hash> {
      const auto found = nodes_.find({node.level, node.index});
      if (found == nodes_.end()) return absl::NotFoundError("no node");
      return found->second;
    };
  }

 private:
  RightEdge edge_;
  std::map<std::pair<int, uint64_t>, Hash> nodes_;
  std::vector<Hash> roots_;
};

TEST(Equivocation, IsProvenForAnyTwoSizesBehindTheFork) {
  const NoteSigner key = LogKey("log");
  for (uint64_t fork = 0; fork < 9; ++fork) {
    const Tree one("a", 12, fork);
    const Tree other("b", 12, fork);
    for (uint64_t first = 1; first <= 12; ++first) {
      for (uint64_t second = first; second <= 12; ++second) {
        // In either order; the tree is that of the larger one.
        const auto evidence =
            ProveEquivocation(one.Signed(second, key), other.Signed(first, key), key.verifier(), one.Nodes());
        if (first <= fork) {
          EXPECT_EQ(evidence.status().code(), absl::StatusCode::kNotFound);
          continue;
        }
        ASSERT_TRUE(evidence.ok()) << evidence.status();
        EXPECT_TRUE(VerifyEquivocation(*evidence, key.verifier()).ok());
        EXPECT_FALSE(VerifyEquivocation(*evidence, LogKey("another").verifier()).ok());
      }
    }
  }
}

// Its tree is the same whether all of it is known or only the leaves behind the fork.
TEST(Branch, HasTheTreeOfItsHistory) {
  for (uint64_t fork = 0; fork <= 12; ++fork) {
    const Tree trunk("a", 12, 12);
    const Tree other("b", 12, fork);
    Branch branch = *Branch::Of(fork, trunk.Nodes());
    while (branch.size() < 12) branch.Append(*other.Nodes()(Node{0, branch.size()}));
    EXPECT_EQ(branch.Root(), *RootAt(12, other.Nodes()));
    for (uint64_t size = 1; size <= 12; ++size) {
      EXPECT_EQ(*RootAt(size, branch.Nodes()), *RootAt(size, other.Nodes()));
      EXPECT_EQ(*ConsistencyProof(size, 12, branch.Nodes()), *ConsistencyProof(size, 12, other.Nodes()));
    }
  }
}

TEST(Equivocation, IsNotMadeOfWhatWasNotSigned) {
  const NoteSigner key = LogKey("log");
  const Tree one("a", 12, 5);
  const Tree other("b", 12, 5);
  const Equivocation evidence =
      *ProveEquivocation(other.Signed(7, key), one.Signed(11, key), key.verifier(), one.Nodes());
  for (std::string Equivocation::*note : {&Equivocation::first, &Equivocation::second}) {
    for (size_t i = 0; i < (evidence.*note).size(); ++i) {
      Equivocation changed = evidence;
      (changed.*note)[i] = static_cast<char>((changed.*note)[i] ^ 1);
      EXPECT_FALSE(VerifyEquivocation(changed, key.verifier()).ok()) << i;
    }
  }
  Equivocation honest = evidence;
  honest.first = one.Signed(7, key);
  EXPECT_FALSE(VerifyEquivocation(honest, key.verifier()).ok());
  Equivocation cut = evidence;
  cut.proof.pop_back();
  EXPECT_FALSE(VerifyEquivocation(cut, key.verifier()).ok());
  // Another root at the first size does not lead to the second one.
  Equivocation claimed = evidence;
  claimed.prefix_root = Sha256(std::string_view("claimed"));
  EXPECT_FALSE(VerifyEquivocation(claimed, key.verifier()).ok());
}

}  // namespace
}  // namespace kelisim::tlog
