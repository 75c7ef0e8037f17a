#ifndef KELISIM_SHARED_NODE_RELEASE_QUEUE_H_
#define KELISIM_SHARED_NODE_RELEASE_QUEUE_H_

#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <utility>

#include "shared/authority/turn.h"

namespace kelisim::node {

// Durable turns on their way from the core's thread to the one that releases
// them, in order. Thread-safe.
class ReleaseQueue {
 public:
  // The core is at most so many turns ahead of what has been told.
  static constexpr size_t kMostTurns = 2;

  // Waits while the queue is full. What is pushed after Close is dropped.
  void Push(authority::CommittedTurn turn) {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return turns_.size() < kMostTurns || closed_; });
    if (closed_) return;
    turns_.push_back(std::move(turn));
    changed_.notify_all();
  }

  // Waits for the next turn; nullopt when the queue is closed and empty.
  std::optional<authority::CommittedTurn> Pop() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return !turns_.empty() || closed_; });
    if (turns_.empty()) return std::nullopt;
    authority::CommittedTurn turn = std::move(turns_.front());
    turns_.pop_front();
    changed_.notify_all();
    return turn;
  }

  // Takes no more. What waits can still be popped.
  void Close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
    changed_.notify_all();
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<authority::CommittedTurn> turns_;  // guarded by mutex_
  bool closed_ = false;                         // guarded by mutex_
};

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_RELEASE_QUEUE_H_
