#ifndef KELISIM_SHARED_TLOG_TILES_H_
#define KELISIM_SHARED_TLOG_TILES_H_

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/tlog/merkle.h"

// C2SP tlog-tiles: a tree as files of 256 hashes, its entries as files of 256 entries.
// Pure; thread-safe.

namespace kelisim::tlog {

inline constexpr uint64_t kTileWidth = 256;

struct Tile {
  // -1: a bundle of entries; 0: leaf hashes; L: roots of 256^L leaves each.
  int level = 0;
  uint64_t index = 0;
  // 1 to 256; less than 256: a partial tile.
  uint64_t width = kTileWidth;
  bool operator==(const Tile&) const = default;
};
inline constexpr int kEntriesLevel = -1;
inline constexpr int kHighestLevel = 7;  // 256^8 leaves are more than 2^63

// "tile/0/x001/x234/067", "tile/1/000.p/17", "tile/entries/000". nullopt for anything that
// PathOf does not write.
std::optional<Tile> ParseTilePath(std::string_view path);
std::string PathOf(const Tile& tile);

// A tree of `size` leaves has this tile, or one of which this is a part.
bool HasTile(const Tile& tile, uint64_t size);

// Every tile of a tree of `size` leaves: bundles of entries first, then hashes level by
// level; the last of each may be partial.
std::vector<Tile> TilesOf(uint64_t size);

using EntryReader = std::function<absl::StatusOr<std::string>(uint64_t index)>;

// The bytes of a tile: 32 for each hash; for entries, the length (u16) and the bytes of
// each. Requires HasTile. DATA_LOSS: an entry of 64 KiB or more. What the readers say.
absl::StatusOr<std::string> ReadTile(const Tile& tile, const NodeReader& nodes, const EntryReader& entries);

// The entries of a bundle. INVALID_ARGUMENT: not exactly `width` of them.
absl::StatusOr<std::vector<std::string_view>> SplitEntries(std::string_view bundle, uint64_t width);

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_TILES_H_
