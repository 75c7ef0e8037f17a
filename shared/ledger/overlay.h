#ifndef KELISIM_SHARED_LEDGER_OVERLAY_H_
#define KELISIM_SHARED_LEDGER_OVERLAY_H_

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/ledger/store.h"

namespace kelisim::ledger {

// Reads of a store through a batch that is not committed yet, so that one turn
// can build on what it has already decided. Single-threaded.
class Overlay {
 public:
  // `store` must outlive the overlay.
  explicit Overlay(const Store& store) : store_(store) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const;
  // As Store::Scan, with the batch's changes in their place.
  absl::Status Scan(std::string_view begin, std::string_view end,
                    const std::function<bool(std::string_view key, std::string_view value)>& visit) const;

  void Put(std::string key, std::string value) { batch_.Put(std::move(key), std::move(value)); }
  void Delete(std::string key) { batch_.Delete(std::move(key)); }

  const Batch& batch() const { return batch_; }
  // Hands the batch over and begins an empty one.
  Batch Take() { return std::exchange(batch_, Batch()); }

 private:
  const Store& store_;
  Batch batch_;
};

// The end of the range of all keys that begin with `prefix`. Requires a byte
// other than 0xff in it.
std::string PrefixEnd(std::string_view prefix);

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_OVERLAY_H_
