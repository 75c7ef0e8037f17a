#include "shared/web/client.h"

#include <httplib.h>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kelisim::web {
namespace {

constexpr int kSecondsToWait = 10;
constexpr char kScheme[] = "http://";

}  // namespace

absl::StatusOr<HttpAnswer> Post(const std::string& url, const std::string& body) {
  const size_t path = url.find('/', sizeof(kScheme) - 1);
  if (!absl::StartsWith(url, kScheme) || path == std::string::npos) {
    return absl::InvalidArgumentError(absl::StrCat(url, ": is no URL of this form: http://host:port/path"));
  }
  httplib::Client client(url.substr(0, path));
  client.set_connection_timeout(kSecondsToWait, 0);
  client.set_read_timeout(kSecondsToWait, 0);
  client.set_write_timeout(kSecondsToWait, 0);
  const httplib::Result result = client.Post(url.substr(path).c_str(), body, "text/plain; charset=utf-8");
  if (!result) return absl::UnavailableError(absl::StrCat(url, ": ", httplib::to_string(result.error())));
  return HttpAnswer{result->status, result->body};
}

}  // namespace kelisim::web
