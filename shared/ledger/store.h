#ifndef KELISIM_SHARED_LEDGER_STORE_H_
#define KELISIM_SHARED_LEDGER_STORE_H_

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kelisim::ledger {

// What one turn changes: the last word on each key. A value type.
class Batch {
 public:
  void Put(std::string key, std::string value) { changes_[std::move(key)] = std::move(value); }
  void Delete(std::string key) { changes_[std::move(key)] = std::nullopt; }
  // nullopt value: deleted.
  const std::map<std::string, std::optional<std::string>, std::less<>>& changes() const { return changes_; }
  bool empty() const { return changes_.empty(); }
  void clear() { changes_.clear(); }

 private:
  std::map<std::string, std::optional<std::string>, std::less<>> changes_;
};

// Ordered keys and one atomic batch. Reads are thread-safe and see committed
// batches only; commits come from one thread.
class Store {
 public:
  virtual ~Store() = default;

  // nullopt when the key is absent. Any other status than OK means the store
  // cannot be trusted.
  virtual absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const = 0;

  // Calls `visit` for each key in [begin, end), in order, until it returns
  // false. The pairs seen are those of one moment. The views end with the call.
  // Not OK: some pairs may have been missed.
  virtual absl::Status Scan(
      std::string_view begin, std::string_view end,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;

  // All of the batch, durable (synced), or none. On anything but OK the outcome
  // is unknown: the caller must stop, reopen and read again.
  virtual absl::Status Commit(const Batch& batch) = 0;
};

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_STORE_H_
