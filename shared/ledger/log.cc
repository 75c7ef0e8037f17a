#include "shared/ledger/log.h"

#include <utility>

#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::ledger {
namespace {

// Nodes below this level have no row: they are computed from the entries under them, at
// most four. Every second entry would write one at level 1 alone.
constexpr int kLowestStoredLevel = 3;

std::string Key(Side side, char kind) { return {static_cast<char>(side), kind}; }
std::string Key(Side side, char kind, uint64_t number) { return Key(side, kind) + U64(number); }
std::string NodeKey(Side side, tlog::Node node) {
  return Key(side, 'n') + static_cast<char>(node.level) + U64(node.index);
}

}  // namespace

absl::StatusOr<Log> Log::Load(Side side, const Overlay& rows) {
  const LogRows<Overlay> stored(side, rows);
  ASSIGN_OR_RETURN(const uint64_t size, stored.Size());
  Log log(side);
  ASSIGN_OR_RETURN(log.edge_, tlog::RightEdge::Load(size, stored.Nodes()));
  return log;
}

void Log::Append(Overlay& rows, std::string_view entry, std::string_view sealed_payload) {
  const uint64_t index = size();
  rows.Put(Key(side_, 'e', index), std::string(entry));
  if (!sealed_payload.empty()) rows.Put(Key(side_, 'p', index), std::string(sealed_payload));
  for (const auto& [node, hash] : edge_.Append(tlog::LeafHash(entry))) {
    if (node.level >= kLowestStoredLevel) rows.Put(NodeKey(side_, node), std::string(hash.bytes()));
  }
  rows.Put(Key(side_, 's'), U64(size()));
}

absl::StatusOr<Hash> Log::RootAt(const Overlay& rows, uint64_t size) const {
  if (size == edge_.size()) return root();
  return tlog::RootAt(size, LogRows<Overlay>(side_, rows).Nodes());
}

void Log::PutCheckpoint(Overlay& rows, uint64_t size, std::string note) const {
  rows.Put(Key(side_, 'c', size), std::move(note));
}

void Log::PutCosigned(Overlay& rows, std::string note) const { rows.Put(Key(side_, 'k'), std::move(note)); }

template <typename Rows>
absl::StatusOr<std::string> LogRows<Rows>::Required(std::string key) const {
  ASSIGN_OR_RETURN(std::optional<std::string> value, rows_.Get(key));
  if (!value) return absl::NotFoundError("no such row in the ledger");
  return *std::move(value);
}

template <typename Rows>
absl::StatusOr<uint64_t> LogRows<Rows>::Size() const {
  ASSIGN_OR_RETURN(const std::optional<std::string> size, rows_.Get(Key(side_, 's')));
  if (!size) return 0;
  if (size->size() != 8) return absl::DataLossError("size row of a ledger is malformed");
  return ReadU64(*size);
}

template <typename Rows>
absl::StatusOr<std::string> LogRows<Rows>::Entry(uint64_t index) const {
  return Required(Key(side_, 'e', index));
}

template <typename Rows>
absl::StatusOr<std::optional<std::string>> LogRows<Rows>::SealedPayload(uint64_t index) const {
  return rows_.Get(Key(side_, 'p', index));
}

template <typename Rows>
absl::StatusOr<std::string> LogRows<Rows>::Checkpoint(uint64_t size) const {
  return Required(Key(side_, 'c', size));
}

template <typename Rows>
absl::StatusOr<std::string> LogRows<Rows>::CheckpointFrom(uint64_t size) const {
  ASSIGN_OR_RETURN(const uint64_t end, Size());
  for (uint64_t at = size; at <= end; ++at) {
    absl::StatusOr<std::string> note = Checkpoint(at);
    if (!absl::IsNotFound(note.status())) return note;
  }
  return absl::NotFoundError("no checkpoint covers this entry yet");
}

template <typename Rows>
absl::StatusOr<std::string> LogRows<Rows>::Cosigned() const {
  return Required(Key(side_, 'k'));
}

template <typename Rows>
tlog::NodeReader LogRows<Rows>::Nodes() const {
  return [side = side_, &rows = rows_](tlog::Node node) -> absl::StatusOr<Hash> {
    if (node.level == 0) {
      const absl::StatusOr<std::string> entry = LogRows(side, rows).Entry(node.index);
      if (absl::IsNotFound(entry.status())) return absl::DataLossError("an entry of the ledger is missing");
      RETURN_IF_ERROR(entry.status());
      return tlog::LeafHash(*entry);
    }
    if (node.level < kLowestStoredLevel) {
      const tlog::NodeReader nodes = LogRows(side, rows).Nodes();
      ASSIGN_OR_RETURN(const Hash left, nodes({node.level - 1, 2 * node.index}));
      ASSIGN_OR_RETURN(const Hash right, nodes({node.level - 1, 2 * node.index + 1}));
      return tlog::NodeHash(left, right);
    }
    ASSIGN_OR_RETURN(const std::optional<std::string> hash, rows.Get(NodeKey(side, node)));
    if (!hash) return absl::DataLossError("a node of the ledger's tree is missing");
    return Hash::FromBytes(*hash);
  };
}

template class LogRows<Store>;
template class LogRows<Overlay>;

}  // namespace kelisim::ledger
