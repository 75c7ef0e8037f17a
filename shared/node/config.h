#ifndef KELISIM_SHARED_NODE_CONFIG_H_
#define KELISIM_SHARED_NODE_CONFIG_H_

#include <map>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kelisim/v1/config.pb.h"

namespace kelisim::node {

// Also of a directory that does not exist. False where that cannot be said.
bool IsEmptyDirectory(const std::string& path);

// Where an audit makes its copy of the store: beside data_dir.
std::string AuditDirectory(const v1::NodeConfig& config);
// FAILED_PRECONDITION, with the directory: no copy can be made there. Makes and removes a
// directory of its own.
absl::Status CheckAuditDirectory(const v1::NodeConfig& config);

// On which line of its file a field stands: "tls.certificate", "identities[1].uri", ...
using FieldLines = std::map<std::string, int>;

// INVALID_ARGUMENT names line and column, or the field that is not known. Paths
// in the file become relative to the current directory. `lines`, if not null, receives
// where each field that is set stands.
absl::StatusOr<v1::NodeConfig> ReadConfig(const std::string& path, FieldLines* lines = nullptr);

// Every single field that a flag can override: "listen", "tls.certificate", ...
std::vector<std::string> FlagFields();
// "tls.certificate" -> "--tls-certificate".
std::string FlagOf(const std::string& field);
// INVALID_ARGUMENT when `text` is no value of that field.
absl::Status SetField(v1::NodeConfig& config, const std::string& field, const std::string& text);

// What is wrong, one line each, beginning with the field; empty when a node can
// run by this configuration.
std::vector<std::string> ConfigProblems(const v1::NodeConfig& config);

// The line on which the field that `problem` begins with stands, or what it should stand
// in; 0: nowhere.
int LineOf(const std::string& problem, const FieldLines& lines);

// "127.0.0.1:7801" or "[::1]:7801".
struct HostPort {
  std::string host;
  std::string port;
};
absl::StatusOr<HostPort> ParseHostPort(const std::string& text);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_CONFIG_H_
