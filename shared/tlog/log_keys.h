#ifndef KELISIM_SHARED_TLOG_LOG_KEYS_H_
#define KELISIM_SHARED_TLOG_LOG_KEYS_H_

#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/tlog/note.h"

namespace kelisim::tlog {

// The keys of one log, one after the other. All have the log's name. Each counts for the
// checkpoints of some sizes; where two of them overlap, either is enough. A key that has
// ended stays: what it signed before is as good as ever. A value type; thread-safe.
class LogKeys {
 public:
  static constexpr uint64_t kNoEnd = std::numeric_limits<uint64_t>::max();
  struct Key {
    NoteVerifier verifier;
    // Counts for checkpoints of from <= size < until.
    uint64_t from = 0;
    uint64_t until = kNoEnd;
    bool CountsAt(uint64_t size) const { return from <= size && size < until; }
  };

  // One key for ever.
  explicit LogKeys(NoteVerifier only) : keys_{{std::move(only)}} {}
  // INVALID_ARGUMENT: none, or names differ, or one counts for nothing.
  static absl::StatusOr<LogKeys> Make(std::vector<Key> keys);

  const std::string& name() const { return keys_.front().verifier.name(); }
  const std::vector<Key>& keys() const { return keys_; }
  // The first size for which no key counts; kNoEnd: there is none.
  uint64_t FirstGap() const;

  // A checkpoint signed by a key that counts at its size. INVALID_ARGUMENT: malformed, or
  // a signature of one of the keys is wrong; NOT_FOUND: no key that counts has signed it.
  absl::StatusOr<SignedCheckpoint> Open(std::string_view note) const;
  // Raw Ed25519 of a key that counts at `size`, or will.
  bool VerifyRaw(std::string_view message, std::string_view signature, uint64_t size) const;

 private:
  explicit LogKeys(std::vector<Key> keys) : keys_(std::move(keys)) {}
  std::vector<Key> keys_;
};

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_LOG_KEYS_H_
