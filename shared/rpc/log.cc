#include "shared/rpc/log.h"

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/protobuf/stubs/logging.h"
#include "grpc/support/log.h"
#include "nlohmann/json.hpp"
#include "spdlog/sinks/stdout_sinks.h"
#include "spdlog/spdlog.h"

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

spdlog::logger& Logger() {
  // Lives for ever: libraries log until the process ends.
  static spdlog::logger* const logger = [] {
    auto* made = new spdlog::logger("kelisim", std::make_shared<spdlog::sinks::stderr_sink_mt>());
    made->set_pattern("%v");
    return made;
  }();
  return *logger;
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
  if (!Logger().should_log(NameOf(level).spdlog)) return;
  const std::string ts = absl::FormatTime("%Y-%m-%dT%H:%M:%E3SZ", absl::Now(), absl::UTCTimeZone());
  Logger().log(NameOf(level).spdlog, LogLine(level, event, fields, ts));
}

void StartLog(LogLevel least) {
  Logger().set_level(NameOf(least).spdlog);
  Logger().flush_on(spdlog::level::debug);
  gpr_set_log_verbosity(least == LogLevel::kDebug ? GPR_LOG_SEVERITY_DEBUG : GPR_LOG_SEVERITY_ERROR);
  gpr_set_log_function(LogOfGrpc);
  google::protobuf::SetLogHandler(LogOfProtobuf);
}

}  // namespace kelisim::rpc
