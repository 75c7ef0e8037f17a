#include "shared/tlog/merkle.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::tlog {
namespace {

Hash Leaf(uint64_t i) { return LeafHash("leaf " + std::to_string(i)); }

// RFC 6962 section 2.1, word for word: the reference that is too slow to use.
Hash Mth(uint64_t begin, uint64_t end) {
  const uint64_t n = end - begin;
  if (n == 0) return EmptyRoot();
  if (n == 1) return Leaf(begin);
  uint64_t k = 1;
  while (k * 2 < n) k *= 2;
  return NodeHash(Mth(begin, begin + k), Mth(begin + k, end));
}

// Nodes by that definition, each computed once.
NodeReader KnownNodes() {
  return [](Node node) -> absl::StatusOr<Hash> {
    static std::map<std::pair<int, uint64_t>, Hash> known;
    const auto [it, is_new] = known.try_emplace({node.level, node.index});
    if (is_new) it->second = Mth(node.index << node.level, (node.index + 1) << node.level);
    return it->second;
  };
}

TEST(Merkle, KnownHashes) {
  EXPECT_EQ(ToHex(EmptyRoot().bytes()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(LeafHash("").bytes()), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(ToHex(LeafHash("L123456").bytes()),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
  const Hash left = Leaf(1);
  const Hash right = Leaf(2);
  EXPECT_EQ(NodeHash(left, right), Sha256({"\x01", left.bytes(), right.bytes()}));
}

// The eight incremental roots that Certificate Transparency implementations share.
TEST(Merkle, IncrementalRootsOfCertificateTransparency) {
  const char* leaves[] = {
      "", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"};
  const char* roots[] = {"6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
                         "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
                         "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
                         "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
                         "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
                         "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
                         "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
                         "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"};
  RightEdge edge;
  for (int i = 0; i < 8; ++i) {
    edge.Append(LeafHash(*FromHex(leaves[i])));
    EXPECT_EQ(ToHex(edge.Root().bytes()), roots[i]) << i;
  }
}

TEST(Merkle, RightEdgeGrowsLikeTheDefinition) {
  RightEdge edge;
  std::map<std::pair<int, uint64_t>, Hash> nodes;
  for (uint64_t size = 1; size <= 260; ++size) {
    for (const auto& [node, hash] : edge.Append(Leaf(size - 1))) {
      EXPECT_TRUE(nodes.emplace(std::pair(node.level, node.index), hash).second);
      EXPECT_EQ(hash, Mth(node.index << node.level, (node.index + 1) << node.level));
    }
    ASSERT_EQ(edge.size(), size);
    ASSERT_EQ(edge.Root(), Mth(0, size)) << size;
    const auto stored = [&](Node node) -> absl::StatusOr<Hash> { return nodes.at({node.level, node.index}); };
    EXPECT_EQ(RightEdge::Load(size, stored)->Root(), edge.Root());
    EXPECT_EQ(*RootAt(size, stored), edge.Root());
  }
}

// Every way to bend a proof must make it fail.
template <typename Verify>
void ExpectOnlyThisProof(const std::vector<Hash>& proof, const Verify& verify, const std::string& where) {
  ASSERT_TRUE(verify(proof).ok()) << where;
  std::vector<Hash> bent = proof;
  bent.push_back(Leaf(0));
  EXPECT_FALSE(verify(bent).ok()) << where << " longer";
  bent = proof;
  bent.insert(bent.begin(), Leaf(0));
  EXPECT_FALSE(verify(bent).ok()) << where << " preceded";
  for (size_t i = 0; i < proof.size(); ++i) {
    bent = proof;
    bent.erase(bent.begin() + static_cast<ptrdiff_t>(i));
    EXPECT_FALSE(verify(bent).ok()) << where << " without " << i;
    bent = proof;
    bent.insert(bent.begin() + static_cast<ptrdiff_t>(i), proof[i]);
    EXPECT_FALSE(verify(bent).ok()) << where << " twice " << i;
    for (size_t k = i + 1; k < proof.size(); ++k) {
      bent = proof;
      std::swap(bent[i], bent[k]);
      EXPECT_FALSE(verify(bent).ok()) << where << " swapped " << i << " and " << k;
    }
    for (size_t byte : {size_t{0}, (i * 7 + proof.size()) % Hash::kSize, Hash::kSize - 1}) {
      bent = proof;
      bent[i].data()[byte] ^= static_cast<unsigned char>(1u << (i + byte) % 8);
      EXPECT_FALSE(verify(bent).ok()) << where << " bit of " << i << " byte " << byte;
    }
  }
}

Hash Flipped(Hash hash, size_t bit) {
  hash.data()[bit / 8 % Hash::kSize] ^= static_cast<unsigned char>(1u << bit % 8);
  return hash;
}

uint64_t LargestPowerOfTwoBelow(uint64_t n) { return std::bit_floor(n - 1); }

// On which sides the hashes of PATH(m, D[n]) stand. A proof says no more about
// index and size than this: those of equal shape cannot be told apart by it,
// all others must be. (The size is bound by the checkpoint's signature.)
std::string PathShape(uint64_t m, uint64_t n) {
  if (n == 1) return "";
  const uint64_t k = LargestPowerOfTwoBelow(n);
  return m < k ? PathShape(m, k) + "r" : PathShape(m - k, n - k) + "l";
}

// The same of PROOF(m, D[n]); begins with where the old tree's own hash comes
// from: known to the verifier, or in the proof.
std::string ConsistencyShape(uint64_t m, uint64_t n, bool whole = true) {
  if (m == n) return whole ? "known " : "given ";
  const uint64_t k = LargestPowerOfTwoBelow(n);
  return m <= k ? ConsistencyShape(m, k, whole) + "r" : ConsistencyShape(m - k, n - k, false) + "l";
}

constexpr uint64_t kAllSizes = 130;

TEST(Merkle, InclusionProofsHoldAndNoOthers) {
  for (uint64_t size = 1; size <= kAllSizes; ++size) {
    const Hash root = Mth(0, size);
    for (uint64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = *InclusionProof(index, size, KnownNodes());
      const Hash leaf = Leaf(index);
      const std::string where = std::to_string(index) + " of " + std::to_string(size);
      ExpectOnlyThisProof(
          proof, [&](const auto& p) { return VerifyInclusion(index, size, leaf, p, root); }, where);
      EXPECT_FALSE(VerifyInclusion(index, size, Leaf(index + 1), proof, root).ok()) << where;
      EXPECT_FALSE(VerifyInclusion(index, size, Flipped(leaf, index), proof, root).ok()) << where;
      EXPECT_FALSE(VerifyInclusion(index, size, leaf, proof, Flipped(root, index)).ok()) << where;
      EXPECT_FALSE(VerifyInclusion(index, 0, leaf, proof, root).ok()) << where;
      EXPECT_FALSE(VerifyInclusion(UINT64_MAX, size, leaf, proof, root).ok()) << where;
      for (uint64_t other = 0; other <= size; ++other) {
        EXPECT_EQ(VerifyInclusion(other, size, leaf, proof, root).ok(), other == index) << where;
      }
      for (uint64_t other : {size - 1, size + 1, size / 2, size * 2, size + 64, UINT64_MAX}) {
        if (index >= other) continue;
        EXPECT_EQ(VerifyInclusion(index, other, leaf, proof, root).ok(),
                  PathShape(index, other) == PathShape(index, size))
            << where << " as of " << other;
      }
    }
    EXPECT_FALSE(InclusionProof(size, size, KnownNodes()).ok());
  }
  EXPECT_FALSE(InclusionProof(0, 0, KnownNodes()).ok());
}

TEST(Merkle, ConsistencyProofsHoldAndNoOthers) {
  std::vector<Hash> roots;
  for (uint64_t size = 0; size <= kAllSizes; ++size) roots.push_back(Mth(0, size));
  for (uint64_t second = 1; second <= kAllSizes; ++second) {
    for (uint64_t first = 1; first <= second; ++first) {
      const std::vector<Hash> proof = *ConsistencyProof(first, second, KnownNodes());
      const Hash& old_root = roots[first];
      const Hash& new_root = roots[second];
      const std::string where = std::to_string(first) + " to " + std::to_string(second);
      ExpectOnlyThisProof(
          proof, [&](const auto& p) { return VerifyConsistency(first, second, old_root, new_root, p); },
          where);
      EXPECT_FALSE(VerifyConsistency(first, second, Flipped(old_root, first), new_root, proof).ok()) << where;
      EXPECT_FALSE(VerifyConsistency(first, second, old_root, Flipped(new_root, first), proof).ok()) << where;
      EXPECT_EQ(VerifyConsistency(first, second, new_root, old_root, proof).ok(), first == second) << where;
      EXPECT_EQ(VerifyConsistency(second, first, old_root, new_root, proof).ok(), first == second) << where;
      EXPECT_FALSE(VerifyConsistency(0, second, old_root, new_root, proof).ok()) << where;
      const std::string shape = ConsistencyShape(first, second);
      for (uint64_t other = 1; other <= second; ++other) {
        EXPECT_EQ(VerifyConsistency(other, second, old_root, new_root, proof).ok(),
                  ConsistencyShape(other, second) == shape)
            << where << " as from " << other;
      }
      for (uint64_t other : {second - 1, second + 1, second / 2, second * 2, UINT64_MAX}) {
        if (first > other) continue;
        EXPECT_EQ(VerifyConsistency(first, other, old_root, new_root, proof).ok(),
                  ConsistencyShape(first, other) == shape)
            << where << " as to " << other;
      }
    }
  }
  EXPECT_FALSE(ConsistencyProof(0, 5, KnownNodes()).ok());
  EXPECT_FALSE(ConsistencyProof(0, 0, KnownNodes()).ok());
  EXPECT_FALSE(ConsistencyProof(6, 5, KnownNodes()).ok());
  EXPECT_FALSE(VerifyConsistency(0, 0, EmptyRoot(), EmptyRoot(), {}).ok());
}

// Around the edges of tiles, with a tree that is stored, not recomputed.
TEST(Merkle, LargeTreesAroundTileEdges) {
  const std::vector<uint64_t> sizes = {255, 256, 257, 511, 512, 513, 65'535, 65'536, 65'537, 65'793};
  std::map<std::pair<int, uint64_t>, Hash> nodes;
  RightEdge edge;
  std::map<uint64_t, Hash> roots;
  for (uint64_t size = 1; size <= sizes.back(); ++size) {
    for (const auto& [node, hash] : edge.Append(Leaf(size - 1))) nodes[{node.level, node.index}] = hash;
    roots[size] = edge.Root();
  }
  const auto stored = [&](Node node) -> absl::StatusOr<Hash> { return nodes.at({node.level, node.index}); };
  for (uint64_t size : sizes) {
    ASSERT_EQ(roots[size], Mth(0, size)) << size;
    EXPECT_EQ(RightEdge::Load(size, stored)->Root(), roots[size]) << size;
    for (uint64_t index : {uint64_t{0}, uint64_t{254}, size / 3, size / 2, size - 2, size - 1}) {
      const uint64_t first = index + 1;
      const std::string where = std::to_string(index) + " of " + std::to_string(size);
      ExpectOnlyThisProof(
          *InclusionProof(index, size, stored),
          [&](const auto& p) { return VerifyInclusion(index, size, Leaf(index), p, roots[size]); }, where);
      ExpectOnlyThisProof(
          *ConsistencyProof(first, size, stored),
          [&](const auto& p) { return VerifyConsistency(first, size, roots[first], roots[size], p); }, where);
    }
  }
}

// Trees of one leaf repeated: a node's hash depends on its level alone, so even
// the largest can be had.
TEST(Merkle, SizesUpToTheLargest) {
  std::vector<Hash> levels = {LeafHash("same")};
  while (levels.size() < 64) levels.push_back(NodeHash(levels.back(), levels.back()));
  for (uint64_t size : {uint64_t{1} << 32, (uint64_t{1} << 32) - 1, (uint64_t{1} << 32) + 1,
                        (uint64_t{1} << 63) - 1, uint64_t{1} << 63, (uint64_t{1} << 63) + 1, UINT64_MAX}) {
    const auto same = [&](Node node) -> absl::StatusOr<Hash> {
      const uint64_t last = (node.index << node.level) + ((uint64_t{1} << node.level) - 1);
      EXPECT_LT(last, size) << "a node outside the tree";
      return levels[static_cast<size_t>(node.level)];
    };
    const Hash root = *RootAt(size, same);
    EXPECT_EQ(RightEdge::Load(size, same)->Root(), root) << size;
    for (uint64_t index : {uint64_t{0}, size / 3, size / 2, size - 2, size - 1}) {
      const auto proof = *InclusionProof(index, size, same);
      EXPECT_EQ(proof.size(), PathShape(index, size).size());
      EXPECT_TRUE(VerifyInclusion(index, size, levels[0], proof, root).ok()) << index << " of " << size;
      const Hash old_root = *RootAt(index + 1, same);
      const auto consistency = *ConsistencyProof(index + 1, size, same);
      const std::string shape = ConsistencyShape(index + 1, size);
      const size_t start = shape.find(' ') + 1;
      EXPECT_EQ(consistency.size(), shape.size() - start + (shape.starts_with("given") ? 1 : 0));
      EXPECT_TRUE(VerifyConsistency(index + 1, size, old_root, root, consistency).ok()) << index << size;
      EXPECT_FALSE(VerifyConsistency(index + 1, size, old_root, Flipped(root, 9), consistency).ok());
    }
  }
}

TEST(Merkle, AReadersErrorIsTheAnswer) {
  int left = 0;
  const auto failing = [&](Node) -> absl::StatusOr<Hash> {
    if (left-- == 0) return absl::DataLossError("lost");
    return Hash();
  };
  // 7 = 4 + 2 + 1: each of these reads three nodes at least.
  for (int good = 0; good < 3; ++good) {
    left = good;
    EXPECT_TRUE(absl::IsDataLoss(RootAt(7, failing).status())) << good;
    left = good;
    EXPECT_TRUE(absl::IsDataLoss(RightEdge::Load(7, failing).status())) << good;
    left = good;
    EXPECT_TRUE(absl::IsDataLoss(InclusionProof(4, 7, failing).status())) << good;
    left = good;
    EXPECT_TRUE(absl::IsDataLoss(ConsistencyProof(5, 7, failing).status())) << good;
  }
}

// ---------------------------------------------------------------- public vectors

// A folder named by the environment; the project carries no copy.
std::vector<std::filesystem::path> VectorFiles(const std::string& kind) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder =
      std::filesystem::path(std::getenv("KELISIM_VECTORS")) / "merkle" / kind;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

// Refuses what is not base64 of 32 bytes.
absl::StatusOr<Hash> HashOf(const nlohmann::json& json) {
  ASSIGN_OR_RETURN(const std::string bytes, FromBase64(json.is_null() ? "" : json.get<std::string>()));
  return Hash::FromBytes(bytes);
}

absl::StatusOr<std::vector<Hash>> HashesOf(const nlohmann::json& json) {
  std::vector<Hash> hashes;
  for (const auto& one : json.is_null() ? nlohmann::json::array() : json) {
    ASSIGN_OR_RETURN(const Hash hash, HashOf(one));
    hashes.push_back(hash);
  }
  return hashes;
}

absl::Status InclusionOf(const nlohmann::json& json) {
  ASSIGN_OR_RETURN(const Hash leaf, HashOf(json["leafHash"]));
  ASSIGN_OR_RETURN(const Hash root, HashOf(json["root"]));
  ASSIGN_OR_RETURN(const std::vector<Hash> proof, HashesOf(json["proof"]));
  return VerifyInclusion(json["leafIdx"], json["treeSize"], leaf, proof, root);
}

absl::Status ConsistencyOf(const nlohmann::json& json) {
  ASSIGN_OR_RETURN(const Hash first, HashOf(json["root1"]));
  ASSIGN_OR_RETURN(const Hash second, HashOf(json["root2"]));
  ASSIGN_OR_RETURN(const std::vector<Hash> proof, HashesOf(json["proof"]));
  return VerifyConsistency(json["size1"], json["size2"], first, second, proof);
}

// Runs every file of `kind`. Those of `stricter` would have us accept what is no
// hash of SHA-256; we refuse them.
void ExpectPublicAnswers(const std::string& kind, absl::Status (*check)(const nlohmann::json&),
                         const std::set<std::string>& stricter) {
  int accepted = 0;
  int refused = 0;
  std::set<std::string> seen;
  for (const auto& path : VectorFiles(kind)) {
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file);
    const absl::Status status = check(json);
    const std::string name = path.filename().string();
    const bool expected = !json["wantErr"].get<bool>() && !stricter.contains(name);
    EXPECT_EQ(status.ok(), expected) << path << ": " << json["desc"] << ": " << status;
    if (stricter.contains(name)) {
      EXPECT_FALSE(json["wantErr"].get<bool>()) << path << " is no exception any more";
      seen.insert(name);
    }
    ++(status.ok() ? accepted : refused);
  }
  EXPECT_EQ(seen, stricter);
  EXPECT_GE(accepted, 5);
  EXPECT_GT(refused, 50);
}

TEST(Merkle, PublicInclusionVectors) {
  if (std::getenv("KELISIM_VECTORS") == nullptr)
    GTEST_SKIP() << "KELISIM_VECTORS is not set: public Merkle vectors not run";
  ExpectPublicAnswers("inclusion", InclusionOf, {});
}

TEST(Merkle, PublicConsistencyVectors) {
  if (std::getenv("KELISIM_VECTORS") == nullptr)
    GTEST_SKIP() << "KELISIM_VECTORS is not set: public Merkle vectors not run";
  ExpectPublicAnswers("consistency", ConsistencyOf, {"sizes-are-equal-one-and-proof-is-empty.json"});
}

}  // namespace
}  // namespace kelisim::tlog
