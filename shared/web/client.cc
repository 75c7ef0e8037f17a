#include "shared/web/client.h"

#include <httplib.h>

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"

namespace kelisim::web {
namespace {

constexpr int kSecondsToWait = 10;
constexpr size_t kLargestAnswer = 64 << 10;
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
  httplib::Request request;
  request.method = "POST";
  request.path = url.substr(path);
  request.set_header("Content-Type", "text/plain; charset=utf-8");
  request.body = body;
  // The other end is not ours: neither memory nor time without an end.
  std::string answer;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(kSecondsToWait);
  request.content_receiver = [&](const char* data, size_t length, uint64_t, uint64_t) {
    answer.append(data, length);
    return answer.size() <= kLargestAnswer && std::chrono::steady_clock::now() < until;
  };
  const httplib::Result result = client.send(request);
  if (!result) return absl::UnavailableError(absl::StrCat(url, ": ", httplib::to_string(result.error())));
  return HttpAnswer{result->status, std::move(answer)};
}

}  // namespace kelisim::web
