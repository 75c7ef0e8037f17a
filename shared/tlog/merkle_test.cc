#include "shared/tlog/merkle.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <tuple>
#include <vector>

#include "shared/base/bytes.h"

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

NodeReader NaiveNodes() {
  return [](Node node) -> absl::StatusOr<Hash> {
    return Mth(node.index << node.level, (node.index + 1) << node.level);
  };
}

TEST(Merkle, KnownHashes) {
  EXPECT_EQ(ToHex(EmptyRoot().bytes()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(LeafHash("").bytes()), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
  EXPECT_EQ(ToHex(LeafHash("L123456").bytes()),
            "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56");
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
    bent[i].data()[i % Hash::kSize] ^= 1;
    EXPECT_FALSE(verify(bent).ok()) << where << " bit of " << i;
  }
}

TEST(Merkle, InclusionProofsHoldAndNoOthers) {
  for (uint64_t size = 1; size <= 40; ++size) {
    const Hash root = Mth(0, size);
    for (uint64_t index = 0; index < size; ++index) {
      const std::vector<Hash> proof = *InclusionProof(index, size, NaiveNodes());
      const std::string where = std::to_string(index) + " of " + std::to_string(size);
      ExpectOnlyThisProof(
          proof, [&](const auto& p) { return VerifyInclusion(index, size, Leaf(index), p, root); }, where);
      EXPECT_FALSE(VerifyInclusion(index, size, Leaf(index + 1), proof, root).ok()) << where;
      EXPECT_FALSE(VerifyInclusion(size, size, Leaf(index), proof, root).ok()) << where;
      EXPECT_FALSE(VerifyInclusion(index, size, Leaf(index), proof, Leaf(7)).ok()) << where;
      for (uint64_t other = 0; other < size; ++other) {
        EXPECT_EQ(VerifyInclusion(other, size, Leaf(index), proof, root).ok(), other == index) << where;
      }
    }
    EXPECT_FALSE(InclusionProof(size, size, NaiveNodes()).ok());
  }
}

TEST(Merkle, ConsistencyProofsHoldAndNoOthers) {
  for (uint64_t second = 1; second <= 40; ++second) {
    for (uint64_t first = 1; first <= second; ++first) {
      const std::vector<Hash> proof = *ConsistencyProof(first, second, NaiveNodes());
      const Hash old_root = Mth(0, first);
      const Hash new_root = Mth(0, second);
      const std::string where = std::to_string(first) + " to " + std::to_string(second);
      ExpectOnlyThisProof(
          proof, [&](const auto& p) { return VerifyConsistency(first, second, old_root, new_root, p); },
          where);
      EXPECT_FALSE(VerifyConsistency(first, second, Leaf(900), new_root, proof).ok()) << where;
      EXPECT_FALSE(VerifyConsistency(first, second, old_root, Leaf(900), proof).ok()) << where;
      EXPECT_FALSE(VerifyConsistency(second + 1, second, old_root, new_root, proof).ok()) << where;
      EXPECT_FALSE(VerifyConsistency(0, second, EmptyRoot(), new_root, {}).ok()) << where;
    }
  }
  EXPECT_FALSE(ConsistencyProof(0, 5, NaiveNodes()).ok());
  EXPECT_FALSE(ConsistencyProof(6, 5, NaiveNodes()).ok());
}

// Around the edges of tiles, with a tree that is stored, not recomputed.
TEST(Merkle, LargeTreesAroundTileEdges) {
  std::map<std::pair<int, uint64_t>, Hash> nodes;
  RightEdge edge;
  std::map<uint64_t, Hash> roots;
  for (uint64_t size = 1; size <= 65'800; ++size) {
    for (const auto& [node, hash] : edge.Append(Leaf(size - 1))) nodes[{node.level, node.index}] = hash;
    roots[size] = edge.Root();
  }
  const auto stored = [&](Node node) -> absl::StatusOr<Hash> { return nodes.at({node.level, node.index}); };
  for (uint64_t size : {255u, 256u, 257u, 511u, 512u, 513u, 65'535u, 65'536u, 65'537u, 65'793u}) {
    for (uint64_t index : {uint64_t{0}, size / 3, size / 2, size - 1}) {
      const auto proof = *InclusionProof(index, size, stored);
      EXPECT_TRUE(VerifyInclusion(index, size, Leaf(index), proof, roots[size]).ok()) << size << " " << index;
      const auto consistency = *ConsistencyProof(index + 1, size, stored);
      EXPECT_TRUE(VerifyConsistency(index + 1, size, roots[index + 1], roots[size], consistency).ok());
    }
  }
}

// ---------------------------------------------------------------- public vectors

std::vector<std::filesystem::path> VectorFiles(const std::string& kind) {
  std::vector<std::filesystem::path> files;
  const std::filesystem::path folder =
      std::filesystem::path(std::getenv("KELISIM_VECTORS")) / "merkle" / kind;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.path().extension() == ".json") files.push_back(entry.path());
  }
  return files;
}

// Some vectors carry values that are no hashes at all. Hash cannot hold them;
// their digest stands for them, so that two equal roots stay equal; a leaf is
// never the same as a root.
Hash HashOf(const nlohmann::json& json, std::string_view role = "root") {
  const std::string text = json.is_null() ? "" : json.get<std::string>();
  const auto bytes = FromBase64(text);
  const auto hash = Hash::FromBytes(bytes.ok() ? *bytes : "");
  return hash.ok() ? *hash : Sha256({"not a hash but ", role, text});
}

std::vector<Hash> HashesOf(const nlohmann::json& json) {
  std::vector<Hash> hashes;
  for (const auto& one : json.is_null() ? nlohmann::json::array() : json)
    hashes.push_back(HashOf(one, "proof"));
  return hashes;
}

TEST(Merkle, PublicInclusionVectors) {
  if (std::getenv("KELISIM_VECTORS") == nullptr)
    GTEST_SKIP() << "KELISIM_VECTORS is not set: public Merkle vectors not run";
  int refused = 0;
  const auto files = VectorFiles("inclusion");
  for (const auto& path : files) {
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file);
    const auto leaf = HashOf(json["leafHash"], "leaf");
    const auto root = HashOf(json["root"]);
    const auto proof = HashesOf(json["proof"]);
    const bool accepted = VerifyInclusion(json["leafIdx"], json["treeSize"], leaf, proof, root).ok();
    EXPECT_EQ(accepted, !json["wantErr"].get<bool>()) << path << ": " << json["desc"];
    if (!accepted) ++refused;
  }
  EXPECT_GT(refused, 50);
}

TEST(Merkle, PublicConsistencyVectors) {
  if (std::getenv("KELISIM_VECTORS") == nullptr)
    GTEST_SKIP() << "KELISIM_VECTORS is not set: public Merkle vectors not run";
  int refused = 0;
  for (const auto& path : VectorFiles("consistency")) {
    std::ifstream file(path);
    const auto json = nlohmann::json::parse(file);
    const auto first = HashOf(json["root1"]);
    const auto second = HashOf(json["root2"]);
    const auto proof = HashesOf(json["proof"]);
    const bool accepted = VerifyConsistency(json["size1"], json["size2"], first, second, proof).ok();
    EXPECT_EQ(accepted, !json["wantErr"].get<bool>()) << path << ": " << json["desc"];
    if (!accepted) ++refused;
  }
  EXPECT_GT(refused, 50);
}

}  // namespace
}  // namespace kelisim::tlog
