#ifndef KELISIM_SHARED_NODE_STOP_LIMIT_H_
#define KELISIM_SHARED_NODE_STOP_LIMIT_H_

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

#include "absl/time/time.h"

namespace kelisim::node {

// Ends the process when a stop hangs: on a disk, or on somebody at the other end of a connection.
// A node that can do nothing more and does not end would never be started again. Whatever it
// has answered for is on the disk by then.
class StopLimit {
 public:
  // After `patience` the process ends with the code that `code` gives then.
  StopLimit(absl::Duration patience, std::function<int()> code);
  // It has stopped in time.
  ~StopLimit();

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool stopped_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_STOP_LIMIT_H_
