#ifndef KELISIM_SHARED_LEDGER_LOG_H_
#define KELISIM_SHARED_LEDGER_LOG_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/crypto/digest.h"
#include "shared/ledger/overlay.h"
#include "shared/tlog/merkle.h"

namespace kelisim::ledger {

// A store holds two ledgers: the node's own and its mirror of the counterpart's.
enum class Side : char { kOwn = 'o', kMirror = 'm' };

// One ledger in a store. Rows, all beginning with the side's letter:
//
//   s                      size (u64)
//   e <index u64>          the entry, byte for byte
//   p <index u64>          its payload, sealed (vault.h); absent when unknown
//   n <level u8> <index>   root of the perfect subtree (32 bytes), from level 3 on:
//                          lower ones are computed from the entries
//   c <size u64>           a checkpoint of exactly that size, signed by the ledger's log key
//   k                      the newest checkpoint with all its cosignatures
//
// Entries are added at the end and never change. Single-threaded; all reads and
// writes go through the overlay given to the call.
class Log {
 public:
  // An empty ledger, for the moment before Load.
  explicit Log(Side side) : side_(side) {}
  // DATA_LOSS when rows that must be there are not.
  static absl::StatusOr<Log> Load(Side side, const Overlay& rows);

  uint64_t size() const { return edge_.size(); }
  Hash root() const { return edge_.Root(); }
  const tlog::RightEdge& edge() const { return edge_; }

  // Adds one entry. `sealed_payload` empty: there is none.
  void Append(Overlay& rows, std::string_view entry, std::string_view sealed_payload);

  absl::StatusOr<Hash> RootAt(const Overlay& rows, uint64_t size) const;
  void PutCheckpoint(Overlay& rows, uint64_t size, std::string note) const;
  void PutCosigned(Overlay& rows, std::string note) const;

 private:
  Side side_;
  tlog::RightEdge edge_;
};

// Reads of one ledger, over a store or over an overlay (anything with Get).
// NOT_FOUND for what is not there.
template <typename Rows>
class LogRows {
 public:
  LogRows(Side side, const Rows& rows) : side_(side), rows_(rows) {}

  absl::StatusOr<uint64_t> Size() const;
  absl::StatusOr<std::string> Entry(uint64_t index) const;
  // nullopt: the ledger has the entry but not its payload.
  absl::StatusOr<std::optional<std::string>> SealedPayload(uint64_t index) const;
  absl::StatusOr<std::string> Checkpoint(uint64_t size) const;
  // The one of the smallest size that is at least `size`.
  absl::StatusOr<std::string> CheckpointFrom(uint64_t size) const;
  absl::StatusOr<std::string> Cosigned() const;
  tlog::NodeReader Nodes() const;

 private:
  absl::StatusOr<std::string> Required(std::string key) const;
  Side side_;
  const Rows& rows_;
};

extern template class LogRows<Store>;
extern template class LogRows<Overlay>;

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_LOG_H_
