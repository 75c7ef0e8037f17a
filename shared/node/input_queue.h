#ifndef KELISIM_SHARED_NODE_INPUT_QUEUE_H_
#define KELISIM_SHARED_NODE_INPUT_QUEUE_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "shared/authority/turn.h"

namespace kelisim::node {

// What waits for the core, in order of arrival. Bounded by count and bytes; the
// last part of both is kept for the counterpart, so that no flood of commands
// can stop the exchange. Thread-safe.
class InputQueue {
 public:
  static constexpr size_t kMostInputs = 4096;
  static constexpr size_t kMostBytes = size_t{64} << 20;
  static constexpr size_t kBytesKeptForPeer = size_t{8} << 20;
  // It has one call under way at a time, and perhaps one that it has given up.
  static constexpr size_t kMostPeerCalls = 4;
  static constexpr size_t kInputsPerTurn = 256;
  static constexpr size_t kBytesPerTurn = size_t{1} << 20;

  // RESOURCE_EXHAUSTED: full; UNAVAILABLE: closed. A reply of the counterpart is
  // always taken: there is one at a time.
  absl::Status Push(authority::Input input);

  // What waits now, a turn's worth; waits up to `wait` for the first. Empty when
  // there was none.
  std::vector<authority::Input> Drain(absl::Duration wait);

  // Takes no more. What waits can still be drained.
  void Close();
  // Closed, and drained.
  bool Done() const;

 private:
  struct Item {
    authority::Input input;
    size_t bytes;
  };

  mutable std::mutex mutex_;
  std::condition_variable arrived_;
  std::deque<Item> items_;  // guarded by mutex_
  size_t bytes_ = 0;        // guarded by mutex_
  size_t peer_calls_ = 0;   // guarded by mutex_
  bool closed_ = false;     // guarded by mutex_
};

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_INPUT_QUEUE_H_
