#include "shared/rpc/log.h"

#include <poll.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "nlohmann/json.hpp"
#include "spdlog/async_logger.h"
#include "spdlog/details/thread_pool.h"
#include "spdlog/sinks/sink.h"

namespace kelisim::rpc {
namespace {

struct LevelName {
  const char* name;
  spdlog::level::level_enum spdlog;
};
constexpr LevelName kLevels[] = {{"debug", spdlog::level::debug},
                                 {"info", spdlog::level::info},
                                 {"warning", spdlog::level::warn},
                                 {"error", spdlog::level::err}};

const LevelName& NameOf(LogLevel level) { return kLevels[static_cast<size_t>(level)]; }

std::string Now() { return absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone()); }

// To the descriptor, past stdio: whoever ends the process would wait for the lock of a stream
// on which this thread hangs.
void WriteLine(std::string line) {
  line.push_back('\n');
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = write(STDERR_FILENO, rest.data(), rest.size());
    if (written >= 0) {
      rest.remove_prefix(static_cast<size_t>(written));
    } else if (errno == EAGAIN) {
      pollfd ready{STDERR_FILENO, POLLOUT, 0};
      poll(&ready, 1, -1);
    } else if (errno != EINTR) {
      return;  // There is nobody to tell.
    }
  }
}

// Written to by the log's thread only, which may hang here.
class StandardError final : public spdlog::sinks::sink {
 public:
  // How many lines were dropped so far.
  void WatchDropped(std::function<size_t()> dropped) { dropped_ = std::move(dropped); }

  void log(const spdlog::details::log_msg& message) override {
    const size_t dropped = dropped_();
    if (dropped > told_) {
      const auto more = static_cast<int64_t>(dropped - told_);
      WriteLine(LogLine(LogLevel::kWarning, "log_lines_dropped", {{"count", more}}, Now()));
      told_ = dropped;
    }
    WriteLine(std::string(message.payload.data(), message.payload.size()));
    const std::lock_guard lock(mutex_);
    ++written_;
    changed_.notify_all();
  }
  void flush() override {}
  void set_pattern(const std::string&) override {}
  void set_formatter(std::unique_ptr<spdlog::formatter>) override {}

  bool AwaitWritten(size_t lines, absl::Duration patience) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, absl::ToChronoMilliseconds(patience),
                             [&] { return written_ + dropped_() >= lines; });
  }

 private:
  std::function<size_t()> dropped_;
  size_t told_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  size_t written_ = 0;  // guarded by mutex_
};

// Lives for ever: libraries log until the process ends.
struct Writer {
  std::shared_ptr<StandardError> sink = std::make_shared<StandardError>();
  std::shared_ptr<spdlog::details::thread_pool> thread;
  std::shared_ptr<spdlog::async_logger> logger;
  std::atomic<size_t> logged = 0;
};

Writer& TheWriter() {
  static Writer* const writer = [] {
    auto* made = new Writer;
    made->thread = std::make_shared<spdlog::details::thread_pool>(kMostWaitingLines, 1);
    made->sink->WatchDropped([made] { return made->thread->overrun_counter(); });
    made->logger = std::make_shared<spdlog::async_logger>("kelisim", made->sink, made->thread,
                                                          spdlog::async_overflow_policy::overrun_oldest);
    return made;
  }();
  return *writer;
}

void LogOfGrpc(gpr_log_func_args* args) {
  constexpr LogLevel kLevelOf[] = {LogLevel::kDebug, LogLevel::kInfo, LogLevel::kError};
  Log(kLevelOf[args->severity], "grpc",
      {{"message", args->message}, {"at", absl::StrCat(args->file, ":", args->line)}});
}

void LogOfProtobuf(google::protobuf::LogLevel level, const char* file, int line, const std::string&) {
  // The text may quote what could not be parsed.
  Log(level < google::protobuf::LOGLEVEL_ERROR ? LogLevel::kDebug : LogLevel::kWarning, "protobuf",
      {{"at", absl::StrCat(file, ":", line)}});
}

}  // namespace

LogLevel ParseLogLevel(std::string_view name) {
  for (size_t i = 0; i < std::size(kLevels); ++i) {
    if (name == kLevels[i].name) return static_cast<LogLevel>(i);
  }
  return LogLevel::kInfo;
}

std::string LogLine(LogLevel level, std::string_view event, const LogFields& fields, std::string_view ts) {
  nlohmann::ordered_json line;
  line["ts"] = ts;
  line["level"] = NameOf(level).name;
  line["event"] = event;
  for (const auto& [name, value] : fields) {
    std::visit([&, &key = name](const auto& of_type) { line[key] = of_type; }, value);
  }
  return line.dump(-1, ' ', /*ensure_ascii=*/false, nlohmann::json::error_handler_t::replace);
}

void Log(LogLevel level, std::string_view event, const LogFields& fields) {
  Writer& writer = TheWriter();
  if (!writer.logger->should_log(NameOf(level).spdlog)) return;
  const std::string line = LogLine(level, event, fields, Now());
  writer.logger->log(NameOf(level).spdlog, spdlog::string_view_t(line));
  ++writer.logged;
}

bool FlushLog(absl::Duration patience) {
  return TheWriter().sink->AwaitWritten(TheWriter().logged, patience);
}

// Also when the clock was set back.
bool LogLimit::IsOver(absl::Time now) const { return now < begun_ || now - begun_ >= absl::Seconds(1); }

LogLimit::Taken LogLimit::Take(absl::Time now) {
  const std::lock_guard lock(mutex_);
  Taken taken;
  if (IsOver(now)) {
    begun_ = now;
    written_ = 0;
    taken.left_out_before = std::exchange(left_out_, 0);
  }
  taken.may_write = written_ < kMostInASecond;
  if (taken.may_write) {
    ++written_;
  } else {
    ++left_out_;
  }
  return taken;
}

int64_t LogLimit::TakeLeftOut(absl::Time now) {
  const std::lock_guard lock(mutex_);
  return IsOver(now) ? std::exchange(left_out_, 0) : 0;
}

void StartLog(LogLevel least) {
  TheWriter().logger->set_level(NameOf(least).spdlog);
  gpr_set_log_verbosity(least == LogLevel::kDebug ? GPR_LOG_SEVERITY_DEBUG : GPR_LOG_SEVERITY_ERROR);
  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(LogOfProtobuf);
}

}  // namespace kelisim::rpc
