#include "shared/web/server.h"

#include <fcntl.h>
#include <httplib.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <cstring>
#include <mutex>
#include <semaphore>
#include <set>
#include <thread>
#include <utility>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "shared/base/bytes.h"
#include "shared/web/bounded_stream.h"
#include "shared/web/page.h"

namespace kelisim::web {
namespace {

// Of a request: until its head is there, and from then until the answer has left.
constexpr std::chrono::seconds kTimeToAsk{5};
constexpr std::chrono::seconds kTimeToAnswer{10};
constexpr std::chrono::seconds kIdle{5};
constexpr size_t kRequestsOfAConnection = 100;
// A little more than the library takes of a request line, so that it says what is wrong with it.
constexpr size_t kLongestHead = 9 * 1024;
constexpr size_t kLongestWitnessRequest = 16 * 1024;
// Of what comes after the last answer.
constexpr size_t kDropped = 64 * 1024;
constexpr std::chrono::seconds kTimeToDrop{1};
// How long a stop waits for answers that are on their way.
constexpr std::chrono::seconds kTimeToEnd{2};
// No connection can be accepted: what is there frees some files, or its time runs out.
constexpr int kPauseMs = 50;
constexpr char kAddCheckpoint[] = "/witness/add-checkpoint";

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

// The status with which a request is refused before anything behind its head is read; 0: it is not.
// The library would read a body of any length, packed or not, for any path.
int RefusalOf(const httplib::Request& request, bool is_witness) {
  const bool to_witness = is_witness && request.method == "POST" && request.path == kAddCheckpoint;
  if (!to_witness && request.method != "GET" && request.method != "HEAD") return 405;
  if (request.has_header("Transfer-Encoding")) return 411;
  if (request.get_header_value_count("Content-Length") > 1) return 400;
  if (to_witness && !request.has_header("Content-Length")) return 411;
  if (to_witness && request.has_header("Content-Encoding")) return 415;
  const std::string length = request.get_header_value("Content-Length");
  const uint64_t most = to_witness ? kLongestWitnessRequest : 0;
  if (!length.empty() && ParseDecimal(length).value_or(most + 1) > most) return 413;
  return 0;
}

using Handled = httplib::Server::HandlerResponse;

}  // namespace

// The library parses requests and words answers. Accepting, reading and the end are done here: its
// own loop ends for good when the machine is out of files, and it waits for who drips.
class Server::Http final : public httplib::Server {
 public:
  explicit Http(Sources sources) : sources_(std::move(sources)) {
    set_keep_alive_timeout(kIdle.count());
    set_keep_alive_max_count(kRequestsOfAConnection);
    // The library's default also shares the port with others.
    set_socket_options([](socket_t socket) {
      const int yes = 1;
      setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
    });
    set_default_headers({{"X-Content-Type-Options", "nosniff"},
                         {"Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'"}});
    set_pre_routing_handler([this](const httplib::Request& request, httplib::Response& response) {
      const int refusal = RefusalOf(request, IsWitness());
      if (refusal == 0) return Handled::Unhandled;
      response.status = refusal;
      if (refusal == 405) response.set_header("Allow", "GET, HEAD");
      return Handled::Handled;
    });
    Get("/", [this](const auto& request, auto& response) { ShowPage(sources_, request, response); });
    Get("/information.json", [this](const auto&, auto& response) { ShowJson(sources_, response); });
    Get(R"(/(kz|ru)/(checkpoint|tile/.+))",
        [this](const auto& request, auto& response) { ShowLedger(sources_, request, response); });
    if (IsWitness()) {
      Post(kAddCheckpoint, [this](const auto& request, auto& response) {
        AnswerWitness(sources_.add_checkpoint(request.body), response);
      });
      Get(R"(/witness/([0-9a-f]{64})/checkpoint)", [this](const auto& request, auto& response) {
        AnswerWitness(sources_.cosigned(request.matches[1]), response);
      });
    }
    set_error_handler(HandlerWithResponse([](const httplib::Request&, httplib::Response& response) {
      // Ranges that cannot be read: with a text, each one that can would be answered.
      if (response.status == 416 || !response.body.empty()) return Handled::Unhandled;
      response.set_content(absl::StrCat(response.status, "\n"), "text/plain; charset=utf-8");
      return Handled::Handled;
    }));
  }

  ~Http() override {
    if (thread_.joinable()) {
      EndConnections();
      thread_.join();
    }
    pool_.shutdown();
    if (port_ >= 0) close(svr_sock_);
    close(stop_fd_);
  }

  absl::Status Start(const std::string& host, int port) {
    port_ = port == 0 ? bind_to_any_port(host) : (bind_to_port(host, port) ? port : -1);
    if (port_ < 0) {
      return absl::UnavailableError(
          absl::StrCat("web_listen: ", host, ":", port, ": ", std::strerror(errno)));
    }
    // One that was there, and has gone before it was accepted, must not be waited for.
    fcntl(svr_sock_, F_SETFL, O_NONBLOCK);
    thread_ = std::thread([this] { Run(); });
    return absl::OkStatus();
  }
  int port() const { return port_; }

 private:
  bool IsWitness() const { return sources_.add_checkpoint != nullptr; }

  void Run() {
    for (;;) {
      // Before it is accepted: who waits takes no file.
      free_.acquire();
      const int connection = Accept();
      if (connection < 0) return;
      pool_.enqueue([this, connection] {
        Serve(connection);
        free_.release();
      });
    }
  }

  // -1: the server stops.
  int Accept() {
    std::string said;
    for (;;) {
      pollfd waits[] = {{svr_sock_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
      const int ready = poll(waits, std::size(waits), -1);
      if (waits[1].revents != 0) return -1;
      if (ready <= 0) continue;
      const int connection = accept4(svr_sock_, nullptr, nullptr, SOCK_CLOEXEC);
      if (connection >= 0) return connection;
      if (errno == EAGAIN || errno == EINTR) continue;
      if (std::string now = std::strerror(errno); now != said) {
        said = std::move(now);
        if (sources_.trouble) sources_.trouble(said);
      }
      poll(&waits[1], 1, kPauseMs);
    }
  }

  void Serve(int connection) {
    {
      const std::lock_guard lock(mutex_);
      open_.insert(connection);
      if (stopping_) shutdown(connection, SHUT_RDWR);
    }
    BoundedStream stream(connection);
    bool goes_on = true;
    for (size_t left = kRequestsOfAConnection; goes_on && left > 0 && stream.AwaitMore(kIdle); --left) {
      stream.Allow(kLongestHead, kTimeToAsk);
      goes_on = AnswerOne(stream, left == 1);
    }
    // With bytes unread, a close would take back the answer too.
    shutdown(connection, SHUT_WR);
    stream.Allow(kDropped, kTimeToDrop);
    char dropped[4096];
    while (stream.read(dropped, sizeof(dropped)) > 0) {
    }
    const std::lock_guard lock(mutex_);
    open_.erase(connection);
    close(connection);
    ended_.notify_one();
  }

  // False: it was the last one.
  bool AnswerOne(BoundedStream& stream, bool is_last) {
    bool understood = false;
    bool closed = false;
    const bool answered = process_request(stream, is_last, closed, [&](httplib::Request& request) {
      understood = true;
      stream.Allow(kLongestWitnessRequest, kTimeToAnswer);
      // A server may answer with the whole; the library would make a part of each of a thousand.
      request.ranges.clear();
      // What is not read would be taken for the next request.
      if (RefusalOf(request, IsWitness()) == 0) return;
      closed = true;
      request.headers.erase("Connection");
      request.headers.erase("Expect");
      request.set_header("Connection", "close");
    });
    return answered && understood && !closed;
  }

  void EndConnections() {
    const uint64_t one = 1;
    if (write(stop_fd_, &one, sizeof(one)) != sizeof(one)) std::abort();  // an eventfd takes it, always
    std::unique_lock lock(mutex_);
    stopping_ = true;
    for (const int connection : open_) shutdown(connection, SHUT_RD);
    ended_.wait_for(lock, kTimeToEnd, [this] { return open_.empty(); });
    for (const int connection : open_) shutdown(connection, SHUT_RDWR);
  }

  const Sources sources_;
  const int stop_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  int port_ = -1;
  std::counting_semaphore<> free_{kMostConnections};
  httplib::ThreadPool pool_{kMostConnections};
  std::mutex mutex_;
  std::condition_variable ended_;
  std::set<int> open_;     // guarded by mutex_
  bool stopping_ = false;  // guarded by mutex_
  std::thread thread_;
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
