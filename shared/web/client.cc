#include "shared/web/client.h"

#include <httplib.h>

#include <chrono>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/web/bounded_stream.h"

namespace kelisim::web {
namespace {

constexpr std::chrono::seconds kTimeToConnect{10};
constexpr std::chrono::seconds kTimeOfAnAnswer{10};
// The library matches a line of it recursively: one of some ten thousand bytes ends the process.
constexpr size_t kLongestAnswerHead = 8 << 10;
constexpr size_t kLargestAnswer = 64 << 10;
// Of the body on its way: in chunks, each with a line of its own.
constexpr size_t kLargestBody = 2 * kLargestAnswer;
constexpr std::string_view kScheme = "http://";
constexpr uint64_t kLastPort = 65535;
constexpr int kDefaultPort = 80;

// The other end is not ours: neither memory nor time without an end.
class BoundedClient final : public httplib::ClientImpl {
 public:
  using ClientImpl::ClientImpl;

  httplib::Result Send(httplib::Request request) {
    request.response_handler = [this](const httplib::Response&) {
      stream_->AllowBytes(kLargestBody);
      return true;
    };
    return send(request);
  }

 private:
  bool process_socket(const Socket& socket, std::function<bool(httplib::Stream&)> exchange) override {
    BoundedStream stream(socket.sock);
    stream.Allow(kLongestAnswerHead, kTimeOfAnAnswer);
    stream_ = &stream;
    return exchange(stream);
  }

  BoundedStream* stream_ = nullptr;
};

struct Url {
  std::string host;
  int port = kDefaultPort;
  std::string path;
};

absl::StatusOr<Url> ParseUrl(const std::string& text) {
  const auto wrong =
      absl::InvalidArgumentError(absl::StrCat(text, ": is no URL of this form: http://host:port/path"));
  const size_t path = text.find('/', kScheme.size());
  if (!absl::StartsWith(text, Absl(kScheme)) || path == std::string::npos) return wrong;
  Url url{text.substr(kScheme.size(), path - kScheme.size()), kDefaultPort, text.substr(path)};
  const size_t colon = url.host.rfind(':');
  if (colon != std::string::npos && url.host.back() != ']') {
    const std::optional<uint64_t> port = ParseDecimal(url.host.substr(colon + 1));
    if (!port || *port > kLastPort) return wrong;
    url.port = static_cast<int>(*port);
    url.host.resize(colon);
  }
  if (url.host.size() > 2 && url.host.front() == '[' && url.host.back() == ']')
    url.host = url.host.substr(1, url.host.size() - 2);
  if (url.host.empty()) return wrong;
  return url;
}

}  // namespace

absl::StatusOr<HttpAnswer> Post(const std::string& url, const std::string& body) {
  ASSIGN_OR_RETURN(const Url to, ParseUrl(url));
  BoundedClient client(to.host, to.port);
  client.set_connection_timeout(kTimeToConnect);
  httplib::Request request;
  request.method = "POST";
  request.path = to.path;
  request.set_header("Content-Type", "text/plain; charset=utf-8");
  request.body = body;
  std::string answer;
  request.content_receiver = [&](const char* data, size_t length, uint64_t, uint64_t) {
    answer.append(data, length);
    return answer.size() <= kLargestAnswer;
  };
  const httplib::Result result = client.Send(std::move(request));
  if (!result) return absl::UnavailableError(absl::StrCat(url, ": ", httplib::to_string(result.error())));
  return HttpAnswer{result->status, std::move(answer)};
}

}  // namespace kelisim::web
