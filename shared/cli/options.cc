#include "shared/cli/options.h"

#include <sys/random.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/tokenizer.h"
#include "google/protobuf/text_format.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/base/told.h"

namespace kelisim::cli {
namespace {

constexpr absl::Duration kLongestTimeout = absl::Seconds(30);

// Keeps the place of the first error of a text file; what is wrong there it says in English.
class FirstError : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string&) override {
    if (place.empty()) place = absl::StrCat(line + 1, ":", column + 1);
  }
  std::string place;
};

void MakeRelativeTo(const std::filesystem::path& directory, std::string* path) {
  // operator/ keeps an absolute path as it is.
  if (!path->empty()) *path = (directory / *path).string();
}

}  // namespace

absl::StatusOr<v1::CliProfile> ReadProfile(const std::string& path) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok())
    return Told(absl::InvalidArgumentError(absl::StrCat("--profile: ", path)), "ui.setting_unreadable");
  v1::CliProfile profile;
  FirstError error;
  google::protobuf::TextFormat::Parser parser;
  parser.RecordErrorsTo(&error);
  if (!parser.ParseFromString(*text, &profile)) {
    return Told(absl::InvalidArgumentError(absl::StrCat("--profile: ", path, ":", error.place)),
                "ui.profile_wrong");
  }
  const std::filesystem::path directory = std::filesystem::path(path).parent_path();
  MakeRelativeTo(directory, profile.mutable_tls_certificate());
  MakeRelativeTo(directory, profile.mutable_tls_private_key());
  MakeRelativeTo(directory, profile.mutable_tls_roots());
  return profile;
}

absl::StatusOr<Options> FillIn(Options given, const Environment& environment) {
  if (given.profile.empty()) given.profile = environment.profile;
  if (!given.profile.empty()) {
    ASSIGN_OR_RETURN(v1::CliProfile profile, ReadProfile(given.profile));
    profile.MergeFrom(given.connection);
    given.connection = profile;
  }
  if (const std::string& lang = given.connection.lang(); !lang.empty() && !ParseLang(lang)) {
    return absl::InvalidArgumentError("--lang: kk, ru, en");
  }
  RETURN_IF_ERROR(ParseTimeout(given.timeout).status());
  return given;
}

Lang ChooseLang(const Options& options, const Environment& environment) {
  return ParseLang(options.connection.lang()).value_or(LangOfLocale(environment.locale));
}

absl::StatusOr<absl::Duration> ParseTimeout(std::string_view text) {
  const std::optional<uint64_t> seconds = ParseDecimal(text);
  absl::Duration timeout = absl::Seconds(seconds.value_or(0));
  const bool parsed = seconds.has_value() || absl::ParseDuration(Absl(text), &timeout);
  if (!parsed || timeout <= absl::ZeroDuration() || timeout > kLongestTimeout) {
    return absl::InvalidArgumentError(absl::StrCat("--timeout: ", Absl(text), " (> 0s, <= 30s)"));
  }
  return timeout;
}

std::string NewRequestId() {
  std::string bytes(16, '\0');
  // A request id that is not unique would meet another's answer.
  if (getentropy(bytes.data(), bytes.size()) != 0) std::abort();
  bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
  const std::string hex = ToHex(bytes);
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4),
                      "-", hex.substr(20));
}

}  // namespace kelisim::cli
