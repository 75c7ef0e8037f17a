#ifndef KELISIM_SHARED_CLI_ERRORS_H_
#define KELISIM_SHARED_CLI_ERRORS_H_

#include <string>
#include <vector>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"
#include "shared/cli/table.h"
#include "shared/text/messages.h"

// What went wrong, for people and for programs.

namespace kelisim::cli {

// Exit codes are a contract; README.md lists them.
enum ExitCode {
  kOk = 0,
  kOther = 1,
  kBadInput = 2,
  kRefusedByRule = 3,
  kInvalidRequest = 4,
  kNotFound = 5,
  kNotAllowed = 6,
  kUnreachable = 7,
  kRequestReused = 8,
};

struct FieldFault {
  std::string field;
  // A key of the message catalogue.
  std::string problem;
  // Where in a file, counted from 1; 0: `field` says it.
  int64_t line = 0;
  int64_t column = 0;
};

struct Failure {
  ExitCode exit = kOther;
  // Name of the google.rpc.Code.
  std::string code;
  // "RULE" for a refusal by a rule, one of this program's own, or what the service names.
  std::string reason;
  // For programmers, in English: path of a file, text of the status.
  std::string detail;
  // What the heading says, as a key of the message catalogue; empty: what `exit` means.
  std::string heading_key;
  // What more people are told, as in base/told.h; empty: nothing.
  std::string told;
  std::string rule;
  std::string found;
  std::string person_id;
  // In the language that was asked for.
  std::string text;
  std::string remedy;
  std::vector<FieldFault> fields;
  // Not empty: the command was carried out, and the answer to this id was not told.
  std::string untold_request_id;
  // Not empty: whether the command was carried out is unknown, and this is the
  // id to ask again with.
  std::string unknown_request_id;
};

// Reasons of this program's own.
inline constexpr char kInputReason[] = "INPUT";
// The service's answer is not, or does not hold, what was asked for.
inline constexpr char kAnswerReason[] = "ANSWER";
// The answer is here, and nobody could be told.
inline constexpr char kOutputReason[] = "OUTPUT";
// The entry is here; the counterpart's cosignature is not yet.
inline constexpr char kNotCosignedReason[] = "NOT_COSIGNED";

// A status that this program gives, with its reason and what people are told as the service's
// have theirs.
grpc::Status WithReason(grpc::StatusCode code, const std::string& detail, const char* reason,
                        const std::string& told = "");

// The service may have recorded it; ask again with the same request id.
inline constexpr char kOutcomeUnknownReason[] = "OUTCOME_UNKNOWN";

// Found here; nothing was sent.
Failure BadInput(std::string detail, std::vector<FieldFault> fields = {}, std::string heading_key = "");
// The same of a status of this program, made with Told: the text is what it is about.
Failure BadInput(const absl::Status& status, std::string heading_key);

// What was to be told could not be written, and why; `request_id`: of the command that was
// carried out, empty where nothing was.
Failure NotWritten(std::string why, const std::string& request_id);

// A file that ReadFile did not read.
Failure NotRead(const std::string& path, const absl::Status& why);

// Of a call that failed. `request_id`: that of a call that changes something,
// otherwise empty.
Failure FailureOf(const grpc::Status& status, const std::string& request_id, Lang lang);

// Both end in a newline.
std::string RenderFailure(const Failure& failure, Lang lang, const Look& look);
std::string FailureAsJson(const Failure& failure, Lang lang);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_ERRORS_H_
