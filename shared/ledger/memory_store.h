#ifndef KELISIM_SHARED_LEDGER_MEMORY_STORE_H_
#define KELISIM_SHARED_LEDGER_MEMORY_STORE_H_

#include <map>
#include <shared_mutex>
#include <string>

#include "shared/ledger/store.h"

namespace kelisim::ledger {

// A Store in memory, for tests and simulation. Thread-safe. Copying it is a
// backup; assigning it is a restore.
class MemoryStore final : public Store {
 public:
  MemoryStore() = default;
  MemoryStore(const MemoryStore& other);
  MemoryStore& operator=(const MemoryStore& other);

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override;
  absl::Status Scan(std::string_view begin, std::string_view end,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override;
  absl::Status Commit(const Batch& batch) override;

 private:
  mutable std::shared_mutex mutex_;
  std::map<std::string, std::string, std::less<>> pairs_;
};

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_MEMORY_STORE_H_
