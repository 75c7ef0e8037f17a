#ifndef KELISIM_SHARED_CLI_FLAGS_H_
#define KELISIM_SHARED_CLI_FLAGS_H_

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "CLI/CLI.hpp"
#include "google/protobuf/message.h"
#include "shared/cli/errors.h"

// Flags that write into fields of a message, by its descriptor.

namespace kelisim::cli {

// Of a list, what --page-size takes at most.
inline constexpr int kLargestPage = 500;

struct Flag {
  // "--rule".
  const char* name;
  // "rule", "finding.compulsion_found".
  const char* field;
  const char* help;
};

// A message given by flags or, instead of them, by --from-json FILE.
class MessageOptions {
 public:
  // `message` must outlive the parsing.
  MessageOptions(CLI::App& command, google::protobuf::Message* message, const std::vector<Flag>& flags);

  // Flags cannot give the whole message.
  void RequireFile() { file_flag_->required(); }
  // A flag that may not stand beside --from-json either.
  void Excludes(CLI::Option* flag) { file_flag_->excludes(flag); }
  bool FromFile() const { return !file_->empty(); }
  // Reads the file, if one was given.
  std::optional<Failure> Finish() const;

 private:
  google::protobuf::Message* message_;
  std::shared_ptr<std::string> file_ = std::make_shared<std::string>();
  CLI::Option* file_flag_;
};

// Adds a flag for one field: a switch for a bool, repeatable for a repeated
// field, names in any case and hyphens for an enum, hexadecimal for bytes.
CLI::Option* AddFlag(CLI::App& command, google::protobuf::Message* message, const Flag& flag);

// "kz", "PARTY_KZ", "no-place-left".
const google::protobuf::EnumValueDescriptor* FindEnumValue(const google::protobuf::EnumDescriptor& type,
                                                           std::string given);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_FLAGS_H_
