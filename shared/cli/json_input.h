#ifndef KELISIM_SHARED_CLI_JSON_INPUT_H_
#define KELISIM_SHARED_CLI_JSON_INPUT_H_

#include <optional>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "shared/cli/errors.h"

namespace kelisim::cli {

// Where the first broken character of what is to be UTF-8 begins; npos: there is none.
size_t FirstNotUtf8(const std::string& text);

// Whether an officer names a rule of the Agreement by `field`, and may do so as the text is cited.
bool NamesRule(const google::protobuf::FieldDescriptor& field);

// Reads protobuf JSON into `message`. Stricter than protobuf: names as in the
// proto files only, no name twice, every fault named by its place in the text or
// by its field ("family[2].relation"). Nothing of a faulty value is repeated. Rules may be named
// as the text is cited. What was in `message` is replaced, or, after a fault, left as it was.
std::optional<Failure> ParseJson(const std::string& text, google::protobuf::Message* message);
std::optional<Failure> ReadJsonFile(const std::string& path, google::protobuf::Message* message);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_JSON_INPUT_H_
