#include "shared/node/stop_limit.h"

#include <unistd.h>

#include <utility>

#include "shared/rpc/log.h"

namespace kelisim::node {
namespace {

constexpr absl::Duration kTimeToSaySo = absl::Seconds(2);

}  // namespace

StopLimit::StopLimit(absl::Duration patience, std::function<int()> code)
    : thread_([this, patience, code = std::move(code)] {
        std::unique_lock lock(mutex_);
        if (changed_.wait_for(lock, absl::ToChronoNanoseconds(patience), [this] { return stopped_; })) return;
        rpc::Log(rpc::LogLevel::kError, "stop_hangs", {{"seconds", absl::ToInt64Seconds(patience)}});
        (void)rpc::FlushLog(kTimeToSaySo);
        _exit(code());
      }) {}

StopLimit::~StopLimit() {
  {
    const std::lock_guard lock(mutex_);
    stopped_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

}  // namespace kelisim::node
