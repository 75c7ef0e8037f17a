#ifndef KELISIM_SHARED_RPC_THREADS_H_
#define KELISIM_SHARED_RPC_THREADS_H_

#include <condition_variable>
#include <functional>
#include <mutex>

#include "absl/status/status.h"

namespace kelisim::rpc {

// Threads that each do one piece of work and end. Thread-safe.
class Threads {
 public:
  // Waits for all of them.
  ~Threads();
  // Begins a thread, which ends when `work` has, and all that it holds is destroyed.
  // RESOURCE_EXHAUSTED: the machine gives none, and `work` is not done.
  absl::Status Run(std::function<void()> work);

 private:
  void Ended();

  std::mutex mutex_;
  std::condition_variable all_ended_;
  int running_ = 0;  // guarded by mutex_
};

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_THREADS_H_
