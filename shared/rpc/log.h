#ifndef KELISIM_SHARED_RPC_LOG_H_
#define KELISIM_SHARED_RPC_LOG_H_

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "absl/time/time.h"

// The operator's log: one JSON object per line on standard error, with "ts",
// "level", "event" and the event's own fields. Ids, counts and states only;
// never personal data. Thread-safe.
//
// Nobody who logs waits for whoever reads: a thread of the log's own writes. Of more than
// kMostWaitingLines that wait for it the oldest are dropped, and a line "log_lines_dropped"
// then says how many. A process that is killed loses what waits.

namespace kelisim::rpc {

inline constexpr size_t kMostWaitingLines = 4096;

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning" or "error"; anything else is "info".
LogLevel ParseLogLevel(std::string_view name);

using LogFields = std::vector<std::pair<std::string, std::variant<std::string, int64_t>>>;
void Log(LogLevel level, std::string_view event, const LogFields& fields = {});

// One line as Log writes it, without its newline.
std::string LogLine(LogLevel level, std::string_view event, const LogFields& fields, std::string_view ts);

// Waits until all that was logged before is written, `patience` at most; false: it is not.
// Before the process ends, which does not wait.
bool FlushLog(absl::Duration patience);

// Keeps lines that anybody can cause from filling the disk. Thread-safe.
class LogLimit {
 public:
  static constexpr int kMostInASecond = 5;

  struct Taken {
    bool may_write = false;
    // Lines of earlier seconds that were left out and not told of yet.
    int64_t left_out_before = 0;
  };
  // Asked for each line, at `now`.
  Taken Take(absl::Time now);
  // The same count, once that second is over; when no further line may come.
  int64_t TakeLeftOut(absl::Time now);

 private:
  bool IsOver(absl::Time now) const;

  std::mutex mutex_;
  absl::Time begun_ = absl::InfinitePast();  // guarded by mutex_; of this second
  int written_ = 0;                          // guarded by mutex_; in it
  int64_t left_out_ = 0;                     // guarded by mutex_
};

// What is below `least` is not written. Also leads the messages of gRPC and
// protobuf into this log. Once, before either is used.
void StartLog(LogLevel least);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_LOG_H_
