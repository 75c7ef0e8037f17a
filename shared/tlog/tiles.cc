#include "shared/tlog/tiles.h"

#include <algorithm>
#include <limits>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::tlog {
namespace {

constexpr uint64_t kGroup = 1000;
// No index of a tile needs more groups of three digits.
constexpr size_t kMostGroups = 7;
constexpr int kBitsOfLevel = 8;

}  // namespace

std::string PathOf(const Tile& tile) {
  std::string index = absl::StrFormat("%03d", tile.index % kGroup);
  for (uint64_t rest = tile.index / kGroup; rest > 0; rest /= kGroup) {
    index = absl::StrCat(absl::StrFormat("x%03d/", rest % kGroup), index);
  }
  return absl::StrCat("tile/", tile.level == kEntriesLevel ? "entries" : absl::StrCat(tile.level), "/", index,
                      tile.width == kTileWidth ? "" : absl::StrCat(".p/", tile.width));
}

std::optional<Tile> ParseTilePath(std::string_view path) {
  std::vector<std::string> parts = absl::StrSplit(Absl(path), '/');
  if (parts.size() < 3 || parts[0] != "tile") return std::nullopt;
  Tile tile;
  if (parts[1] == "entries") {
    tile.level = kEntriesLevel;
  } else {
    const std::optional<uint64_t> level = ParseDecimal(parts[1]);
    if (!level || *level > kHighestLevel) return std::nullopt;
    tile.level = static_cast<int>(*level);
  }
  absl::string_view last = parts[parts.size() - 2];
  if (absl::ConsumeSuffix(&last, ".p")) {
    const std::optional<uint64_t> width = ParseDecimal(parts.back());
    if (!width) return std::nullopt;
    tile.width = *width;
    const std::string index(last);
    parts.pop_back();
    parts.back() = index;
  }
  if (parts.size() - 2 > kMostGroups) return std::nullopt;
  for (size_t i = 2; i < parts.size(); ++i) {
    absl::string_view digits = parts[i];
    absl::ConsumePrefix(&digits, "x");
    uint64_t group = 0;
    if (digits.size() != 3 || !absl::SimpleAtoi(digits, &group)) return std::nullopt;
    if (tile.index > (std::numeric_limits<uint64_t>::max() - group) / kGroup) return std::nullopt;
    tile.index = tile.index * kGroup + group;
  }
  // Whatever reads alike and is not the one spelling.
  if (PathOf(tile) != path) return std::nullopt;
  return tile;
}

bool HasTile(const Tile& tile, uint64_t size) {
  const int level = tile.level == kEntriesLevel ? 0 : tile.level;
  const uint64_t hashes = size >> (kBitsOfLevel * level);
  return tile.width >= 1 && tile.width <= kTileWidth &&
         tile.index < std::numeric_limits<uint64_t>::max() / kTileWidth - 1 &&
         tile.index * kTileWidth + tile.width <= hashes;
}

std::vector<Tile> TilesOf(uint64_t size) {
  std::vector<Tile> tiles;
  for (int level = kEntriesLevel; level <= kHighestLevel; ++level) {
    const uint64_t hashes = size >> (kBitsOfLevel * std::max(level, 0));
    for (uint64_t done = 0; done < hashes; done += kTileWidth) {
      tiles.push_back({level, done / kTileWidth, std::min(kTileWidth, hashes - done)});
    }
  }
  return tiles;
}

absl::StatusOr<std::vector<std::string_view>> SplitEntries(std::string_view bundle, uint64_t width) {
  std::vector<std::string_view> entries;
  while (!bundle.empty()) {
    if (bundle.size() < sizeof(uint16_t) || bundle.size() - sizeof(uint16_t) < ReadU16(bundle)) {
      return absl::InvalidArgumentError("a bundle of entries ends in the middle of one");
    }
    const uint16_t size = ReadU16(bundle);
    entries.push_back(bundle.substr(sizeof(uint16_t), size));
    bundle.remove_prefix(sizeof(uint16_t) + size);
  }
  if (entries.size() != width)
    return absl::InvalidArgumentError("a bundle has not as many entries as its name says");
  return entries;
}

absl::StatusOr<std::string> ReadTile(const Tile& tile, const NodeReader& nodes, const EntryReader& entries) {
  std::string bytes;
  for (uint64_t i = 0; i < tile.width; ++i) {
    const uint64_t index = tile.index * kTileWidth + i;
    if (tile.level != kEntriesLevel) {
      ASSIGN_OR_RETURN(const Hash hash, nodes({kBitsOfLevel * tile.level, index}));
      absl::StrAppend(&bytes, Absl(hash.bytes()));
      continue;
    }
    ASSIGN_OR_RETURN(const std::string entry, entries(index));
    if (entry.size() > std::numeric_limits<uint16_t>::max()) {
      return absl::DataLossError("an entry is too long for a tile");
    }
    AppendU16(bytes, static_cast<uint16_t>(entry.size()));
    bytes += entry;
  }
  return bytes;
}

}  // namespace kelisim::tlog
