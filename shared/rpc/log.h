#ifndef KELISIM_SHARED_RPC_LOG_H_
#define KELISIM_SHARED_RPC_LOG_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

// The operator's log: one JSON object per line on standard error, with "ts",
// "level", "event" and the event's own fields. Ids, counts and states only;
// never personal data. Thread-safe.

namespace kelisim::rpc {

enum class LogLevel { kDebug, kInfo, kWarning, kError };

// "debug", "info", "warning" or "error"; anything else is "info".
LogLevel ParseLogLevel(std::string_view name);

using LogFields = std::vector<std::pair<std::string, std::variant<std::string, int64_t>>>;
void Log(LogLevel level, std::string_view event, const LogFields& fields = {});

// One line as Log writes it, without its newline.
std::string LogLine(LogLevel level, std::string_view event, const LogFields& fields, std::string_view ts);

// What is below `least` is not written. Also leads the messages of gRPC and
// protobuf into this log. Once, before either is used.
void StartLog(LogLevel least);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_LOG_H_
