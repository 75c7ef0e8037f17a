#include "shared/web/server.h"

#include <httplib.h>

#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <semaphore>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "shared/web/page.h"

namespace kelisim::web {
namespace {

constexpr int kSecondsToRead = 5;
constexpr int kSecondsToWrite = 10;
constexpr int kSecondsIdle = 5;
constexpr int kRequestsOfAConnection = 100;
constexpr size_t kLongestWitnessRequest = 16 * 1024;

// Quotas change during the day.
constexpr char kShortLived[] = "public, max-age=60";
// A checkpoint is overtaken in a moment; a tile never changes.
constexpr char kNotKept[] = "no-cache";
constexpr char kForEver[] = "public, max-age=31536000, immutable";

void Send(httplib::Response& response, std::string body, const char* type, const char* cache = kShortLived) {
  response.set_header("Cache-Control", cache);
  response.set_content(std::move(body), type);
}

void Unavailable(httplib::Response& response) {
  response.status = 503;
  response.set_content(
      "Қызмет уақытша қолжетімсіз.\nСлужба временно недоступна.\nTemporarily not available.\n",
      "text/plain; charset=utf-8");
}

void ShowPage(const Server::Sources& sources, const httplib::Request& request, httplib::Response& response) {
  const absl::StatusOr<v1::Information> information = sources.information();
  if (!information.ok()) return Unavailable(response);
  const Lang lang = ChooseLang(request.get_param_value("lang"), request.get_header_value("Accept-Language"));
  response.set_header("Content-Language", LangCode(lang));
  response.set_header("Vary", "Accept-Language");
  Send(response, PageOf(*information, lang), "text/html; charset=utf-8");
}

void ShowJson(const Server::Sources& sources, httplib::Response& response) {
  const absl::StatusOr<v1::Information> information = sources.information();
  if (!information.ok()) return Unavailable(response);
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(*information, &json, options).ok()) {
    return Unavailable(response);
  }
  Send(response, std::move(json), "application/json");
}

void ShowLedger(const Server::Sources& sources, const httplib::Request& request,
                httplib::Response& response) {
  const v1::Party party = request.matches[1] == "kz" ? v1::PARTY_KZ : v1::PARTY_RU;
  const std::string path = request.matches[2];
  const bool newest = path == "checkpoint";
  const std::optional<tlog::Tile> tile = newest ? std::nullopt : tlog::ParseTilePath(path);
  absl::StatusOr<std::string> body = absl::NotFoundError("no tile");
  if (newest) body = sources.checkpoint(party);
  if (tile) body = sources.tile(party, *tile);
  if (absl::IsNotFound(body.status())) {
    response.status = 404;
    return;
  }
  if (!body.ok()) return Unavailable(response);
  Send(response, *std::move(body), newest ? "text/plain; charset=utf-8" : "application/octet-stream",
       newest ? kNotKept : kForEver);
}

// The status that tlog-witness gives each answer.
int WitnessStatus(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kOk:
      return 200;
    case absl::StatusCode::kInvalidArgument:
      return 400;
    case absl::StatusCode::kPermissionDenied:
      return 403;
    case absl::StatusCode::kNotFound:
      return 404;
    case absl::StatusCode::kAborted:
      return 409;
    case absl::StatusCode::kFailedPrecondition:
      return 422;
    default:
      return 503;
  }
}

void AnswerWitness(const absl::StatusOr<std::string>& answer, httplib::Response& response) {
  response.status = WitnessStatus(answer.status().code());
  response.set_header("Cache-Control", kNotKept);
  // A stale caller is told the size from which to begin.
  const bool stale = absl::IsAborted(answer.status());
  response.set_content(answer.ok() ? *answer : absl::StrCat(answer.status().message(), "\n"),
                       stale ? "text/x.tlog.size" : "text/plain; charset=utf-8");
}

// The library's own queue accepts without end; this one keeps the accepting thread waiting.
class BoundedQueue final : public httplib::TaskQueue {
 public:
  void enqueue(std::function<void()> serve) override {
    free_.acquire();
    pool_.enqueue([this, serve = std::move(serve)] {
      serve();
      free_.release();
    });
  }
  void shutdown() override { pool_.shutdown(); }

 private:
  std::counting_semaphore<> free_{Server::kMostConnections};
  httplib::ThreadPool pool_{Server::kMostConnections};
};

}  // namespace

class Server::Http {
 public:
  explicit Http(Sources sources) : sources_(std::move(sources)) {
    http_.new_task_queue = [] { return new BoundedQueue; };
    http_.set_read_timeout(kSecondsToRead, 0);
    http_.set_write_timeout(kSecondsToWrite, 0);
    http_.set_keep_alive_timeout(kSecondsIdle);
    http_.set_keep_alive_max_count(kRequestsOfAConnection);
    http_.set_payload_max_length(sources_.add_checkpoint ? kLongestWitnessRequest : 0);
    // The library's default also shares the port with others.
    http_.set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    http_.set_default_headers({{"X-Content-Type-Options", "nosniff"},
                               {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}});
    http_.Get("/", [this](const auto& request, auto& response) { ShowPage(sources_, request, response); });
    http_.Get("/information.json", [this](const auto&, auto& response) { ShowJson(sources_, response); });
    http_.Get(R"(/(kz|ru)/(checkpoint|tile/.+))",
              [this](const auto& request, auto& response) { ShowLedger(sources_, request, response); });
    if (sources_.add_checkpoint) {
      http_.Post("/witness/add-checkpoint", [this](const auto& request, auto& response) {
        AnswerWitness(sources_.add_checkpoint(request.body), response);
      });
      http_.Get(R"(/witness/([0-9a-f]{64})/checkpoint)", [this](const auto& request, auto& response) {
        AnswerWitness(sources_.cosigned(request.matches[1]), response);
      });
    }
    http_.set_error_handler([](const auto&, auto& response) {
      if (!response.body.empty()) return;
      response.set_content(absl::StrCat(response.status, "\n"), "text/plain; charset=utf-8");
    });
  }
  ~Http() {
    http_.stop();
    if (thread_.joinable()) thread_.join();
  }

  absl::Status Start(const std::string& host, int port) {
    port_ = port == 0 ? http_.bind_to_any_port(host.c_str())
                      : (http_.bind_to_port(host.c_str(), port) ? port : -1);
    if (port_ < 0)
      return absl::UnavailableError(
          absl::StrCat("web_listen: ", host, ":", port, ": ", std::strerror(errno)));
    thread_ = std::thread([this] {
      http_.listen_after_bind();
      ended_ = true;
    });
    // A server that does not run yet cannot be stopped.
    while (!http_.is_running() && !ended_) std::this_thread::yield();
    return ended_ ? absl::UnavailableError(absl::StrCat(host, ":", port, ": cannot be served"))
                  : absl::OkStatus();
  }
  int port() const { return port_; }

 private:
  const Sources sources_;
  httplib::Server http_;
  std::thread thread_;
  std::atomic<bool> ended_ = false;
  int port_ = -1;
};

Server::Server(std::unique_ptr<Http> http) : http_(std::move(http)) {}
Server::~Server() = default;
int Server::port() const { return http_->port(); }

absl::StatusOr<std::unique_ptr<Server>> Server::Start(const std::string& host, int port, Sources sources) {
  auto http = std::make_unique<Http>(std::move(sources));
  if (absl::Status started = http->Start(host, port); !started.ok()) return started;
  return std::unique_ptr<Server>(new Server(std::move(http)));
}

}  // namespace kelisim::web
