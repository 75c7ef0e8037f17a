#include "shared/ledger/memory_store.h"

#include <mutex>
#include <utility>

namespace kelisim::ledger {

MemoryStore::MemoryStore(const MemoryStore& other) {
  std::shared_lock lock(other.mutex_);
  pairs_ = other.pairs_;
}

MemoryStore& MemoryStore::operator=(const MemoryStore& other) {
  MemoryStore copy(other);
  std::unique_lock lock(mutex_);
  pairs_ = std::move(copy.pairs_);
  return *this;
}

absl::StatusOr<std::optional<std::string>> MemoryStore::Get(std::string_view key) const {
  std::shared_lock lock(mutex_);
  const auto pair = pairs_.find(key);
  if (pair == pairs_.end()) return std::nullopt;
  return pair->second;
}

absl::Status MemoryStore::Scan(std::string_view begin, std::string_view end,
                               const std::function<bool(std::string_view, std::string_view)>& visit) const {
  std::shared_lock lock(mutex_);
  for (auto pair = pairs_.lower_bound(begin); pair != pairs_.end() && pair->first < end; ++pair) {
    if (!visit(pair->first, pair->second)) break;
  }
  return absl::OkStatus();
}

absl::Status MemoryStore::Commit(const Batch& batch) {
  std::unique_lock lock(mutex_);
  for (const auto& [key, value] : batch.changes()) {
    if (value.has_value()) {
      pairs_.insert_or_assign(key, *value);
    } else {
      pairs_.erase(key);
    }
  }
  return absl::OkStatus();
}

}  // namespace kelisim::ledger
