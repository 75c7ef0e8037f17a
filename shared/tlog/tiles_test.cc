#include "shared/tlog/tiles.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"

namespace kelisim::tlog {
namespace {

std::string Entry(uint64_t i) { return absl::StrCat("entry ", i); }

// RFC 6962 section 2.1, word for word.
Hash Mth(uint64_t begin, uint64_t end) {
  const uint64_t n = end - begin;
  if (n == 0) return EmptyRoot();
  if (n == 1) return LeafHash(Entry(begin));
  uint64_t k = 1;
  while (k * 2 < n) k *= 2;
  return NodeHash(Mth(begin, begin + k), Mth(begin + k, end));
}

constexpr uint64_t kLargest = 65'793;

// hashes[L][i] is the root of the i-th 256^L leaves, computed naively.
const std::vector<std::vector<Hash>>& NaiveHashes() {
  static const auto* const hashes = [] {
    auto* made = new std::vector<std::vector<Hash>>(3);
    for (int level = 0; level < 3; ++level) {
      const uint64_t leaves = uint64_t{1} << (8 * level);
      for (uint64_t i = 0; (i + 1) * leaves <= kLargest; ++i) {
        (*made)[static_cast<size_t>(level)].push_back(Mth(i * leaves, (i + 1) * leaves));
      }
    }
    return made;
  }();
  return *hashes;
}

NodeReader Nodes(uint64_t size) {
  return [size](Node node) -> absl::StatusOr<Hash> {
    // Only perfect subtrees inside the tree exist.
    if ((node.index + 1) << node.level > size || node.level % 8 != 0) return absl::NotFoundError("node");
    return NaiveHashes()[static_cast<size_t>(node.level / 8)][node.index];
  };
}
EntryReader Entries(uint64_t size) {
  return [size](uint64_t index) -> absl::StatusOr<std::string> {
    if (index >= size) return absl::NotFoundError("entry");
    return Entry(index);
  };
}

std::string NaiveTile(const Tile& tile) {
  std::string bytes;
  for (uint64_t i = tile.index * 256; i < tile.index * 256 + tile.width; ++i) {
    if (tile.level == kEntriesLevel) {
      AppendU16(bytes, static_cast<uint16_t>(Entry(i).size()));
      bytes += Entry(i);
    } else {
      bytes += NaiveHashes()[static_cast<size_t>(tile.level)][i].bytes();
    }
  }
  return bytes;
}

// Around every edge of a tile: which tiles there are, and what is in the last ones.
TEST(Tiles, AreThoseOfANaiveRecomputation) {
  std::vector<uint64_t> sizes = {0, 1, 2};
  for (const auto& [first, last] :
       {std::pair<uint64_t, uint64_t>(255, 257), {511, 513}, {65'535, kLargest}}) {
    for (uint64_t size = first; size <= last; ++size) sizes.push_back(size);
  }
  for (const uint64_t size : sizes) {
    for (const int level : {kEntriesLevel, 0, 1, 2, 3}) {
      const uint64_t hashes = size >> (8 * std::max(level, 0));
      const uint64_t full = hashes / 256;
      const uint64_t rest = hashes % 256;
      // The last full tile, the partial one in every width, and none behind.
      if (full > 0) {
        const Tile tile{level, full - 1, 256};
        ASSERT_TRUE(HasTile(tile, size));
        ASSERT_EQ(ReadTile(tile, Nodes(size), Entries(size)).value(), NaiveTile(tile))
            << size << " " << level;
      }
      for (uint64_t width = 1; width <= 256; ++width) {
        ASSERT_EQ(HasTile({level, full, width}, size), width <= rest) << size << " " << level << " " << width;
      }
      if (rest > 0) {
        const Tile tile{level, full, rest};
        ASSERT_EQ(ReadTile(tile, Nodes(size), Entries(size)).value(), NaiveTile(tile))
            << size << " " << level;
      }
      ASSERT_FALSE(HasTile({level, full + 1, 1}, size));
    }
  }
}

// Proofs need nothing but tiles: a hash of any level follows from the tile below it.
TEST(Tiles, GiveEveryRoot) {
  for (const uint64_t size :
       {uint64_t{1}, uint64_t{255}, uint64_t{256}, uint64_t{257}, uint64_t{65'536}, kLargest}) {
    const NodeReader from_tiles = [&](Node node) -> absl::StatusOr<Hash> {
      const int level = node.level / 8;
      const uint64_t count = uint64_t{1} << (node.level % 8);
      const uint64_t first = node.index * count;
      const uint64_t hashes = size >> (8 * level);
      const Tile tile{level, first / 256, std::min<uint64_t>(256, hashes - first / 256 * 256)};
      EXPECT_TRUE(HasTile(tile, size));
      const std::string bytes = ReadTile(tile, Nodes(size), Entries(size)).value();
      std::vector<Hash> row;
      for (uint64_t i = first % 256; i < first % 256 + count; ++i) {
        row.push_back(Hash::FromBytes(std::string_view(bytes).substr(i * 32, 32)).value());
      }
      while (row.size() > 1) {
        std::vector<Hash> above;
        for (size_t i = 0; i < row.size(); i += 2) above.push_back(NodeHash(row[i], row[i + 1]));
        row = std::move(above);
      }
      return row[0];
    };
    const Hash root = RootAt(size, from_tiles).value();
    EXPECT_EQ(root, Mth(0, size)) << size;
    for (const uint64_t index : {uint64_t{0}, size / 2, size - 1}) {
      const auto proof = InclusionProof(index, size, from_tiles).value();
      EXPECT_TRUE(VerifyInclusion(index, size, LeafHash(Entry(index)), proof, root).ok());
    }
  }
}

TEST(Tiles, PathsHaveOneSpelling) {
  const std::pair<const char*, Tile> kGood[] = {
      {"tile/0/000", {0, 0, 256}},
      {"tile/0/273.p/112", {0, 273, 112}},
      {"tile/1/000.p/17", {1, 0, 17}},
      {"tile/7/x123/x456/789.p/41", {7, 123'456'789, 41}},
      {"tile/entries/x001/x234/067", {kEntriesLevel, 1'234'067, 256}},
      {"tile/entries/000.p/1", {kEntriesLevel, 0, 1}},
      {"tile/0/x001/000", {0, 1000, 256}},
      {"tile/0/x072/x057/x594/x037/927/935", {0, 0, 0}},
  };
  for (const auto& [path, tile] : kGood) {
    if (tile.width == 0) {
      EXPECT_EQ(ParseTilePath(path), std::nullopt) << path;
      continue;
    }
    EXPECT_EQ(ParseTilePath(path), tile) << path;
    EXPECT_EQ(PathOf(tile), path);
  }
  for (const char* path : {"",
                           "tile",
                           "tile/0",
                           "tile/0/",
                           "tile/0/0",
                           "tile/0/00",
                           "tile/0/0000",
                           "tile/0/x000/000",
                           "tile/0/x000",
                           "tile/0/000.p",
                           "tile/0/000.p/",
                           "tile/0/000.p/0x1",
                           "tile/0/000.p/256",
                           "tile/0/000.p/01",
                           "tile/00/000",
                           "tile/8/000",
                           "tile/-1/000",
                           "tile/Entries/000",
                           "/tile/0/000",
                           "tile/0/000/",
                           "tile/0/001/000",
                           "tile/0/x01/000",
                           "tile/0/+01",
                           "tile/0/ 01",
                           "tile/0/000.p/1/1",
                           "tile/8/0/000",
                           "tile/0/x999/x999/x999/x999/x999/x999/x999/999"}) {
    EXPECT_EQ(ParseTilePath(path), std::nullopt) << path;
  }
}

TEST(Tiles, AWidthIsFrom1To256) {
  for (const char* path : {"tile/0/000.p/0", "tile/0/000.p/257", "tile/0/000.p/4096"}) {
    const auto tile = ParseTilePath(path);
    EXPECT_TRUE(!tile || !HasTile(*tile, kLargest)) << path;
  }
  EXPECT_FALSE(HasTile({0, ~uint64_t{0}, 256}, ~uint64_t{0}));
}

}  // namespace
}  // namespace kelisim::tlog
