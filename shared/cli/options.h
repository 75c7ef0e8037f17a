#ifndef KELISIM_SHARED_CLI_OPTIONS_H_
#define KELISIM_SHARED_CLI_OPTIONS_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kelisim/v1/messages.pb.h"
#include "shared/text/messages.h"

namespace kelisim::cli {

// The options every command knows, as given. What is empty comes from the
// profile file, and then from the environment.
struct Options {
  std::string profile;
  v1::CliProfile connection;
  std::string timeout = "20s";
  bool json = false;
  std::string request_id;
  bool validate_only = false;
};

// What the command line takes from the process around it.
struct Environment {
  std::string profile;  // KELISIM_PROFILE
  std::string locale;   // LC_ALL, LC_MESSAGES or LANG
};

// With its paths made relative to the current directory. INVALID_ARGUMENT with
// the position of what does not parse.
absl::StatusOr<v1::CliProfile> ReadProfile(const std::string& path);

// `given`, with its gaps filled from the profile that it or `environment` names.
absl::StatusOr<Options> FillIn(Options given, const Environment& environment);

// The language of complete options.
Lang ChooseLang(const Options& options, const Environment& environment);

// "20s", "500ms", or seconds as a number; above zero and at most 30 s, which is
// the longest that a service lets a caller wait.
absl::StatusOr<absl::Duration> ParseTimeout(std::string_view text);

// A random UUID (version 4).
std::string NewRequestId();

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_OPTIONS_H_
