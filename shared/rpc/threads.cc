#include "shared/rpc/threads.h"

#include <exception>
#include <thread>
#include <utility>

#include "shared/base/told.h"

namespace kelisim::rpc {

Threads::~Threads() {
  std::unique_lock lock(mutex_);
  all_ended_.wait(lock, [this] { return running_ == 0; });
}

absl::Status Threads::Run(std::function<void()> work) {
  {
    const std::lock_guard lock(mutex_);
    ++running_;
  }
  try {
    std::thread([this, work = std::move(work)]() mutable {
      std::exchange(work, nullptr)();
      Ended();
    }).detach();
    return absl::OkStatus();
  } catch (const std::exception& e) {
    Ended();
    return Told(absl::ResourceExhaustedError(e.what()), "told.busy");
  }
}

void Threads::Ended() {
  const std::lock_guard lock(mutex_);
  --running_;
  all_ended_.notify_all();
}

}  // namespace kelisim::rpc
