#include "shared/node/config.h"

#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/tlog/note.h"
#include "shared/treaty/form.h"

namespace kelisim::node {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;

// Keeps the first error of a text.
class FirstError final : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (text.empty()) text = absl::StrCat("line ", line + 1, ", column ", column + 1, ": ", message);
  }
  std::string text;
};

std::vector<std::string*> Paths(v1::NodeConfig& config) {
  v1::Tls& tls = *config.mutable_tls();
  v1::Keys& keys = *config.mutable_keys();
  return {
      config.mutable_data_dir(),    config.mutable_anchor_file(), config.mutable_attachments_dir(),
      config.mutable_witness_dir(), config.mutable_policy_file(), config.mutable_counterpart_policy_file(),
      tls.mutable_certificate(),    tls.mutable_private_key(),    tls.mutable_roots(),
      keys.mutable_log(),           keys.mutable_witness(),       keys.mutable_mirror(),
      keys.mutable_master(),        keys.mutable_next_log()};
}

void CollectFields(const Descriptor& type, const std::string& prefix, std::vector<std::string>& fields) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string name = prefix + field.name();
    if (field.is_repeated()) continue;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      CollectFields(*field.message_type(), name + ".", fields);
    } else {
      fields.push_back(name);
    }
  }
}

const FieldDescriptor* FindField(const std::string& path) {
  const Descriptor* type = v1::NodeConfig::descriptor();
  const FieldDescriptor* field = nullptr;
  for (absl::string_view name : absl::StrSplit(path, '.')) {
    field = type == nullptr ? nullptr : type->FindFieldByName(std::string(name));
    if (field == nullptr) return nullptr;
    type = field->message_type();
  }
  return field;
}

void CollectLines(const google::protobuf::Message& message, const TextFormat::ParseInfoTree& tree,
                  const std::string& prefix, FieldLines& lines) {
  std::vector<const FieldDescriptor*> fields;
  const google::protobuf::Reflection& reflection = *message.GetReflection();
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    const std::string name = prefix + field->name();
    const bool repeated = field->is_repeated();
    for (int i = 0; i < (repeated ? reflection.FieldSize(message, field) : 1); ++i) {
      const int index = repeated ? i : -1;
      const std::string at = repeated ? absl::StrCat(name, "[", i, "]") : name;
      const int line = tree.GetLocation(field, index).line + 1;
      // Of a list in brackets, only its beginning is known.
      if (line > 0) {
        lines.emplace(name, line);
        lines.emplace(at, line);
      }
      if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
      const google::protobuf::Message& inner =
          repeated ? reflection.GetRepeatedMessage(message, field, i) : reflection.GetMessage(message, field);
      CollectLines(inner, *tree.GetTreeForNested(field, index), at + ".", lines);
    }
  }
}

bool IsInside(const std::string& path, const std::string& directory) {
  const auto relative = std::filesystem::absolute(path).lexically_normal().lexically_relative(
      (std::filesystem::absolute(directory) / "").lexically_normal());
  return !relative.empty() && *relative.begin() != "..";
}

using Problems = std::vector<std::string>;

void Require(const std::string& value, const char* field, Problems& problems) {
  if (value.empty()) problems.push_back(absl::StrCat(field, ": is required"));
}

void RequireAddress(const std::string& value, const char* field, Problems& problems) {
  if (!ParseHostPort(value).ok())
    problems.push_back(absl::StrCat(field, ": must be host:port, such as 127.0.0.1:7801"));
}

void RequireRange(uint32_t value, uint32_t least, uint32_t most, const char* field, Problems& problems) {
  if (value < least || value > most)
    problems.push_back(absl::StrCat(field, ": must be ", least, " to ", most));
}

void CheckIdentities(const v1::NodeConfig& config, Problems& problems) {
  std::set<std::string> seen;
  bool counterpart = false;
  for (int i = 0; i < config.identities_size(); ++i) {
    const v1::Identity& identity = config.identities(i);
    const std::string at = absl::StrCat("identities[", i, "]");
    const size_t scheme = identity.uri().find("://");
    if (scheme == 0 || scheme == std::string::npos)
      problems.push_back(absl::StrCat(at, ".uri: must be a URI"));
    if (!seen.insert(identity.uri()).second) problems.push_back(absl::StrCat(at, ".uri: stands twice"));
    if (!v1::Identity::Role_IsValid(identity.role()) || identity.role() == v1::Identity::ROLE_UNSPECIFIED) {
      problems.push_back(absl::StrCat(at, ".role: is required"));
    }
    counterpart = counterpart || identity.role() == v1::Identity::COUNTERPART;
  }
  if (!counterpart) problems.push_back("identities: must name the COUNTERPART");
}

void CheckProtocol(const v1::Protocol& protocol, Problems& problems) {
  for (const treaty::FieldProblem& problem : treaty::CheckForm(protocol)) {
    problems.push_back(absl::StrCat("protocol.", problem.field,
                                    ": is missing, or not as message Protocol of treaty.proto says"));
  }
}

}  // namespace

absl::StatusOr<v1::NodeConfig> ReadConfig(const std::string& path, FieldLines* lines) {
  ASSIGN_OR_RETURN(const std::string text, ReadFile(path));
  v1::NodeConfig config;
  FirstError error;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  TextFormat::ParseInfoTree tree;
  parser.WriteLocationsTo(&tree);
  if (!parser.ParseFromString(text, &config))
    return absl::InvalidArgumentError(absl::StrCat(path, ": ", error.text));
  if (lines != nullptr) CollectLines(config, tree, "", *lines);
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  for (std::string* of_file : Paths(config)) {
    // operator/ keeps an absolute path as it is.
    if (!of_file->empty()) *of_file = (directory / *of_file).string();
  }
  return config;
}

bool IsEmptyDirectory(const std::string& path) {
  std::error_code error;
  const bool exists = std::filesystem::exists(path, error);
  if (error) return false;
  return !exists || (std::filesystem::is_empty(path, error) && !error);
}

std::string AuditDirectory(const v1::NodeConfig& config) { return config.data_dir() + ".audit"; }

absl::Status CheckAuditDirectory(const v1::NodeConfig& config) {
  std::error_code error;
  const std::filesystem::path probe = std::filesystem::absolute(AuditDirectory(config) + ".probe", error);
  if (!error) std::filesystem::create_directory(probe, error);
  if (!error) std::filesystem::remove(probe, error);
  if (!error) return absl::OkStatus();
  return absl::FailedPreconditionError(absl::StrCat("an audit makes a copy of the store beside data_dir, in ",
                                                    probe.parent_path().string(), ": ", error.message()));
}

std::vector<std::string> FlagFields() {
  std::vector<std::string> fields;
  CollectFields(*v1::NodeConfig::descriptor(), "", fields);
  return fields;
}

std::string FlagOf(const std::string& field) {
  return absl::StrCat("--", absl::StrReplaceAll(field, {{".", "-"}, {"_", "-"}}));
}

absl::Status SetField(v1::NodeConfig& config, const std::string& field, const std::string& text) {
  const FieldDescriptor* const descriptor = FindField(field);
  if (descriptor == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(field, ": there is no such field"));
  const bool quoted = descriptor->cpp_type() == FieldDescriptor::CPPTYPE_STRING;
  std::string assignment =
      quoted ? absl::StrCat(": \"", absl::CEscape(text), "\"") : absl::StrCat(": ", text);
  const std::vector<std::string> names = absl::StrSplit(field, '.');
  assignment = names.back() + assignment;
  for (auto name = names.rbegin() + 1; name != names.rend(); ++name) {
    assignment = absl::StrCat(*name, " { ", assignment, " }");
  }
  FirstError error;
  TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  v1::NodeConfig changed = config;
  // Unlike parsing, merging may set what is set.
  if (!parser.MergeFromString(assignment, &changed)) {
    return absl::InvalidArgumentError(absl::StrCat(FlagOf(field), ": ", error.text));
  }
  config = std::move(changed);
  return absl::OkStatus();
}

std::vector<std::string> ConfigProblems(const v1::NodeConfig& config) {
  Problems problems;
  RequireAddress(config.listen(), "listen", problems);
  if (!config.web_listen().empty()) RequireAddress(config.web_listen(), "web_listen", problems);
  if (!config.listen().empty() && config.listen() == config.web_listen())
    problems.push_back("web_listen: must be another address than listen");
  Require(config.data_dir(), "data_dir", problems);
  Require(config.anchor_file(), "anchor_file", problems);
  Require(config.attachments_dir(), "attachments_dir", problems);
  if (!config.data_dir().empty() && !config.anchor_file().empty() &&
      IsInside(config.anchor_file(), config.data_dir())) {
    problems.push_back("anchor_file: must not lie in data_dir: a backup would hold both");
  }
  Require(config.tls().certificate(), "tls.certificate", problems);
  Require(config.tls().private_key(), "tls.private_key", problems);
  Require(config.tls().roots(), "tls.roots", problems);
  Require(config.keys().log(), "keys.log", problems);
  Require(config.keys().witness(), "keys.witness", problems);
  Require(config.keys().mirror(), "keys.mirror", problems);
  Require(config.keys().master(), "keys.master", problems);
  Require(config.policy_file(), "policy_file", problems);
  Require(config.counterpart_policy_file(), "counterpart_policy_file", problems);
  RequireAddress(config.counterpart().address(), "counterpart.address", problems);
  if (!config.listen().empty() && config.listen() == config.counterpart().address())
    problems.push_back("counterpart.address: must be another address than listen");
  Require(config.counterpart().tls_name(), "counterpart.tls_name", problems);
  const bool third = config.has_third_witness();
  if (third && !tlog::NoteVerifier::Parse(config.third_witness().vkey()).ok()) {
    problems.push_back("third_witness.vkey: is not the public key of a cosigner");
  }
  if (third) Require(config.third_witness().url(), "third_witness.url", problems);
  for (const std::string& vkey : config.witnessed_logs()) {
    if (!tlog::NoteVerifier::Parse(vkey).ok())
      problems.push_back(absl::StrCat("witnessed_logs: ", vkey, ": is no vkey"));
  }
  if (!config.witnessed_logs().empty()) Require(config.web_listen(), "web_listen", problems);
  if (third || !config.witnessed_logs().empty()) Require(config.witness_dir(), "witness_dir", problems);
  CheckIdentities(config, problems);
  CheckProtocol(config.protocol(), problems);
  Require(config.body(), "body", problems);
  const std::set<std::string> levels = {"", "debug", "info", "warning", "error"};
  if (levels.count(config.log_level()) == 0) problems.push_back("log_level: debug, info, warning or error");
  RequireRange(config.stop_grace_seconds(), 0, 300, "stop_grace_seconds", problems);
  return problems;
}

int LineOf(const std::string& problem, const FieldLines& lines) {
  for (std::string field = problem.substr(0, problem.find(':')); !field.empty();) {
    if (const auto found = lines.find(field); found != lines.end()) return found->second;
    const size_t end = field.find_last_of(".[");
    field.resize(end == std::string::npos ? 0 : end);
  }
  return 0;
}

absl::StatusOr<HostPort> ParseHostPort(const std::string& text) {
  const size_t colon = text.rfind(':');
  if (colon == std::string::npos || colon == 0) return absl::InvalidArgumentError("not host:port");
  HostPort parsed{text.substr(0, colon), text.substr(colon + 1)};
  const std::optional<uint64_t> port = ParseDecimal(parsed.port);
  if (!port || *port > 65535) return absl::InvalidArgumentError("not host:port");
  const bool bracketed = parsed.host.size() > 2 && parsed.host.front() == '[' && parsed.host.back() == ']';
  if (bracketed) parsed.host = parsed.host.substr(1, parsed.host.size() - 2);
  if (!bracketed && parsed.host.find(':') != std::string::npos)
    return absl::InvalidArgumentError("not host:port");
  return parsed;
}

}  // namespace kelisim::node
