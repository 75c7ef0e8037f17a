#include <arpa/inet.h>
#include <dlfcn.h>
#include <httplib.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "google/protobuf/util/json_util.h"
#include "gtest/gtest.h"
#include "shared/treaty/information.h"
#include "shared/web/client.h"
#include "shared/web/page.h"
#include "shared/web/server.h"

// How many of the next connections cannot be accepted, as when the machine has no files left. What
// serves the page finds these in place of the library's own.
std::atomic<int> failing_accepts = 0;
bool NextAcceptFails() {
  if (failing_accepts == 0) return false;
  --failing_accepts;
  errno = ENFILE;
  return true;
}
extern "C" int accept(int socket, sockaddr* peer, socklen_t* size) {
  static const auto real = reinterpret_cast<decltype(&accept)>(dlsym(RTLD_NEXT, "accept"));
  if (NextAcceptFails()) return -1;
  return real(socket, peer, size);
}
extern "C" int accept4(int socket, sockaddr* peer, socklen_t* size, int flags) {
  static const auto real = reinterpret_cast<decltype(&accept4)>(dlsym(RTLD_NEXT, "accept4"));
  if (NextAcceptFails()) return -1;
  return real(socket, peer, size, flags);
}

namespace kelisim::web {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

v1::Information Sample() {
  v1::Term term;
  term.set_in_force(true);
  term.set_period_until("2030-04-17");
  term.mutable_protocol()->set_answer_days(28);
  v1::Information information = treaty::InformationOn("2026-03-02", term);
  v1::QuotaState& kz = *information.add_quotas();
  kz.set_entry_state(v1::PARTY_KZ);
  kz.set_year(2026);
  kz.set_status(v1::OPEN);
  kz.set_limit(40);
  kz.set_reserved(3);
  kz.set_used(20);
  v1::QuotaState& ru = *information.add_quotas();
  ru.set_entry_state(v1::PARTY_RU);
  ru.set_year(2026);
  ru.set_status(v1::UNSET);
  return information;
}

Server::Sources Sources() {
  return {[] { return Sample(); }, [](v1::Party party) { return v1::Party_Name(party) + "\n"; },
          [](v1::Party, const tlog::Tile& tile) -> absl::StatusOr<std::string> {
            if (tile.index > 0) return absl::NotFoundError("tile");
            return tlog::PathOf(tile) + std::string(1, '\0');
          }};
}
Server::Sources Failing() {
  return {[] { return absl::DataLossError("the store"); },
          [](v1::Party) { return absl::DataLossError("the store"); },
          [](v1::Party, const tlog::Tile&) { return absl::DataLossError("the store"); }};
}

TEST(Language, IsTheOneAskedForElseTheOnePreferred) {
  const struct {
    const char* asked;
    const char* accept;
    const char* expected;
  } kTable[] = {
      {"", "", "kk"},
      {"ru", "", "ru"},
      {"en", "kk", "en"},
      {"de", "ru", "ru"},
      {"", "ru-RU,ru;q=0.9,en;q=0.8", "ru"},
      {"", "en;q=0.5, kk-KZ;q=0.7", "kk"},
      {"", "de, EN;q=0.1", "en"},
      {"", "de", "kk"},
      {"", "ru;q=zero", "kk"},
      {"", "ru;q=0", "kk"},
      {"", ",;,=;q", "kk"},
  };
  for (const auto& row : kTable) {
    EXPECT_EQ(LangCode(ChooseLang(row.asked, row.accept)), row.expected) << row.asked << " | " << row.accept;
  }
}

TEST(Page, ShowsPlacesLeftAndDeadlinesInEachLanguage) {
  const std::pair<Lang, std::vector<std::string>> kTable[] = {
      {Lang::kKazakh, {"lang=\"kk\"", "28 күн", "әлі белгіленген жоқ", "12-бап"}},
      {Lang::kRussian, {"lang=\"ru\"", "дней: 28", "ещё не установлена", "Статья 12"}},
      {Lang::kEnglish, {"lang=\"en\"", "28 days", "not set yet", "Article 12"}},
  };
  for (const auto& [language, texts] : kTable) {
    const std::string page = PageOf(Sample(), language);
    for (const std::string& text : texts) EXPECT_THAT(page, HasSubstr(text));
    EXPECT_THAT(page, HasSubstr("<td>40</td><td>17</td>"));
    EXPECT_THAT(page, HasSubstr("2030-04-16"));
  }
}

// Rule 5.0: what one language has, all have: the pages differ in words only.
TEST(Page, HasTheSamePartsInEveryLanguage) {
  const auto tags = [](const std::string& page) {
    std::string found;
    for (size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
      found += page.substr(at, page.find_first_of(" >", at) - at);
    }
    return found;
  };
  const std::string kk = tags(PageOf(Sample(), Lang::kKazakh));
  EXPECT_EQ(kk, tags(PageOf(Sample(), Lang::kRussian)));
  EXPECT_EQ(kk, tags(PageOf(Sample(), Lang::kEnglish)));
}

TEST(Page, LoadsNothingAndEscapesWhatItShows) {
  v1::Information information = Sample();
  information.mutable_articles(0)->mutable_rules(0)->mutable_text()->set_en("<script>alert(\"1\")</script>&");
  const std::string page = PageOf(information, Lang::kEnglish);
  EXPECT_THAT(page, HasSubstr("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&amp;"));
  for (const char* no : {"<script", "src=", "http://", "https://", "@import", "url("}) {
    EXPECT_THAT(page, Not(HasSubstr(no)));
  }
}

TEST(Server, AnswersEverybodyAndOnlyReads) {
  auto server = Server::Start("127.0.0.1", 0, Sources());
  ASSERT_TRUE(server.ok()) << server.status();
  httplib::Client client("127.0.0.1", (*server)->port());
  const auto page = client.Get("/?lang=ru");
  ASSERT_TRUE(page);
  EXPECT_EQ(page->status, 200);
  EXPECT_EQ(page->get_header_value("Content-Language"), "ru");
  EXPECT_EQ(page->get_header_value("Cache-Control"), "public, max-age=60");
  EXPECT_THAT(page->get_header_value("Content-Security-Policy"), HasSubstr("default-src 'none'"));
  const auto preferred = client.Get("/", {{"Accept-Language", "en"}});
  ASSERT_TRUE(preferred);
  EXPECT_EQ(preferred->get_header_value("Content-Language"), "en");
  const auto json = client.Get("/information.json");
  ASSERT_TRUE(json);
  v1::Information told;
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json->body, &told).ok());
  EXPECT_EQ(told.SerializeAsString(), Sample().SerializeAsString());
  EXPECT_EQ(client.Get("/cases")->status, 404);
  EXPECT_EQ(client.Get("/../etc/passwd")->status, 404);
  EXPECT_NE(client.Post("/", "x", "text/plain")->status, 200);
  EXPECT_NE(client.Delete("/")->status, 200);
}

TEST(Server, ShowsBothLedgersAsTiles) {
  auto server = Server::Start("127.0.0.1", 0, Sources());
  ASSERT_TRUE(server.ok());
  httplib::Client client("127.0.0.1", (*server)->port());
  const auto checkpoint = client.Get("/ru/checkpoint");
  ASSERT_TRUE(checkpoint);
  EXPECT_EQ(checkpoint->body, "PARTY_RU\n");
  EXPECT_EQ(checkpoint->get_header_value("Cache-Control"), "no-cache");
  EXPECT_EQ(checkpoint->get_header_value("Content-Type"), "text/plain; charset=utf-8");
  for (const char* path : {"tile/0/000", "tile/1/000.p/17", "tile/entries/000.p/3"}) {
    const auto tile = client.Get(absl::StrCat("/kz/", path).c_str());
    ASSERT_TRUE(tile);
    EXPECT_EQ(tile->body, path + std::string(1, '\0'));
    EXPECT_EQ(tile->get_header_value("Cache-Control"), "public, max-age=31536000, immutable");
    EXPECT_EQ(tile->get_header_value("Content-Type"), "application/octet-stream");
  }
  for (const char* path :
       {"/kz/tile/0/001", "/kz/tile/0/1", "/kz/tile/8/000", "/us/checkpoint", "/kz/", "/kz/tile/"}) {
    EXPECT_EQ(client.Get(path)->status, 404) << path;
  }
}

TEST(Server, SaysThatItCannotTellInsteadOfTellingWrong) {
  auto server = Server::Start("127.0.0.1", 0, Failing());
  ASSERT_TRUE(server.ok());
  httplib::Client client("127.0.0.1", (*server)->port());
  for (const char* path : {"/", "/information.json", "/kz/checkpoint", "/ru/tile/0/000"}) {
    const auto answer = client.Get(path);
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->status, 503);
    EXPECT_THAT(answer->body, Not(HasSubstr("store")));
  }
}

int OpenFiles() {
  const std::filesystem::directory_iterator files("/proc/self/fd");
  return static_cast<int>(std::distance(begin(files), end(files)));
}

// The ledger is kept by the same process, and needs files too.
TEST(Server, TakesNoMoreConnectionsThanItCanServe) {
  constexpr int kStrangers = Server::kMostConnections + 6;
  std::mutex mutex;
  std::condition_variable all_busy;
  int asked = 0;
  int most_open = 0;
  Server::Sources sources = Sources();
  sources.information = [&] {
    std::unique_lock lock(mutex);
    most_open = std::max(most_open, OpenFiles());
    if (++asked == Server::kMostConnections) all_busy.notify_all();
    EXPECT_TRUE(
        all_busy.wait_for(lock, std::chrono::seconds(20), [&] { return asked >= Server::kMostConnections; }));
    return Sample();
  };
  auto server = Server::Start("127.0.0.1", 0, sources);
  ASSERT_TRUE(server.ok());
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>((*server)->port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<pollfd> strangers;
  for (int i = 0; i < kStrangers; ++i) {
    strangers.push_back({socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0), POLLOUT, 0});
  }
  const int before = OpenFiles();
  for (const pollfd& one : strangers) {
    ASSERT_TRUE(connect(one.fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0 ||
                errno == EINPROGRESS);
  }
  constexpr std::string_view kRequest = "GET / HTTP/1.0\r\n\r\n";
  int answered = 0;
  while (answered < kStrangers) {
    ASSERT_GT(poll(strangers.data(), strangers.size(), 20'000), 0);
    for (pollfd& one : strangers) {
      char answer[15] = {};
      if ((one.revents & POLLOUT) != 0) {
        ASSERT_EQ(write(one.fd, kRequest.data(), kRequest.size()), static_cast<ssize_t>(kRequest.size()));
        one.events = POLLIN;
      } else if (one.revents != 0) {
        ASSERT_EQ(read(one.fd, answer, sizeof(answer)), static_cast<ssize_t>(sizeof(answer)));
        EXPECT_EQ(std::string(answer, sizeof(answer)), "HTTP/1.1 200 OK");
        one.events = 0;
        close(one.fd);
        one.fd = -1;
        ++answered;
      }
    }
  }
  // One more is accepted, and waits for its turn.
  EXPECT_LE(most_open - before, Server::kMostConnections + 1);
}

// ---------------------------------------------------------------- strangers who mean ill

// Of either end.
class Connection {
 public:
  explicit Connection(int fd) : fd_(fd) {}
  static Connection To(int port) {
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
    return Connection(fd);
  }
  Connection(Connection&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  ~Connection() {
    if (fd_ >= 0) close(fd_);
  }
  // False: the other end has closed it.
  bool Send(std::string_view bytes) const {
    while (!bytes.empty()) {
      const ssize_t sent = send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent <= 0) return false;
      bytes.remove_prefix(static_cast<size_t>(sent));
    }
    return true;
  }
  // Whether the server, which is this process, has read all that was sent.
  bool IsRead() const {
    sockaddr_in mine{};
    socklen_t size = sizeof(mine);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&mine), &size), 0);
    for (const auto& file : std::filesystem::directory_iterator("/proc/self/fd")) {
      const int fd = std::stoi(file.path().filename());
      sockaddr_in peer{};
      size = sizeof(peer);
      int unread = 0;
      if (getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &size) == 0 && peer.sin_port == mine.sin_port)
        return ioctl(fd, FIONREAD, &unread) == 0 && unread == 0;
    }
    return false;
  }
  // All until the other end closes it; at most `most` bytes.
  std::string ReadAll(size_t most = size_t{64} << 20) const {
    std::string all;
    char some[4096];
    for (ssize_t got = 0; all.size() < most && (got = read(fd_, some, sizeof(some))) > 0;) {
      all.append(some, static_cast<size_t>(got));
    }
    return all;
  }
  // A byte now and then, while `goes_on` and the other end takes it. True: it was the other end.
  bool DripUntilClosed(const std::function<bool()>& goes_on) const {
    while (goes_on()) {
      pollfd wait{fd_, POLLIN, 0};
      char byte = 0;
      if (poll(&wait, 1, 100) > 0 && read(fd_, &byte, 1) <= 0) return true;
      if (!Send("x")) return true;
    }
    return false;
  }

 private:
  int fd_;
};

std::string StatusOf(const std::string& answer) { return answer.substr(0, answer.find("\r\n")); }

Server::Sources AsWitness() {
  Server::Sources sources = Sources();
  sources.add_checkpoint = [](const std::string& body) -> absl::StatusOr<std::string> { return body; };
  sources.cosigned = [](const std::string&) { return absl::NotFoundError("none"); };
  return sources;
}

// One line of ranges must not become the whole page for each of them.
TEST(Server, AnswersNoRanges) {
  auto server = Server::Start("127.0.0.1", 0, Sources());
  ASSERT_TRUE(server.ok());
  httplib::Client honest("127.0.0.1", (*server)->port());
  const size_t whole = honest.Get("/information.json")->body.size();
  std::string ranges = "bytes=0-";
  for (int i = 0; i < 999; ++i) ranges += ",0-";
  for (const std::string& range : {ranges, ranges + ",9-1", std::string("bytes=0-3")}) {
    const Connection stranger = Connection::To((*server)->port());
    ASSERT_TRUE(stranger.Send(
        absl::StrCat("GET /information.json HTTP/1.1\r\nConnection: close\r\nRange: ", range, "\r\n\r\n")));
    EXPECT_LT(stranger.ReadAll().size(), whole + 1000) << range.substr(range.size() - 8);
  }
}

// The answer comes without the body that was announced, and is the last one.
TEST(Server, ReadsNoBodyButOfAWitnessRequest) {
  auto server = Server::Start("127.0.0.1", 0, AsWitness());
  ASSERT_TRUE(server.ok());
  const std::pair<const char*, const char*> kTable[] = {
      {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nffffff\r\n", "HTTP/1.1 405 Method Not Allowed"},
      {"POST / HTTP/1.1\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"},
      {"PUT /cases HTTP/1.1\r\nContent-Length: 900\r\n\r\n", "HTTP/1.1 405 Method Not Allowed"},
      {"PRI * HTTP/2.0\r\n\r\n", "HTTP/1.1 400 Bad Request"},
      {"GET / HTTP/1.1\r\nContent-Length: 900\r\n\r\n", "HTTP/1.1 413 Payload Too Large"},
      {"GET / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", "HTTP/1.1 411 Length Required"},
      {"POST /witness/add-checkpoint HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n",
       "HTTP/1.1 411 Length Required"},
      {"POST /witness/add-checkpoint HTTP/1.1\r\n\r\n", "HTTP/1.1 411 Length Required"},
      {"POST /witness/add-checkpoint HTTP/1.1\r\nContent-Length: 16385\r\n\r\n",
       "HTTP/1.1 413 Payload Too Large"},
      {"POST /witness/add-checkpoint HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
       "HTTP/1.1 413 Payload Too Large"},
      // A few bytes would become many when unpacked.
      {"POST /witness/add-checkpoint HTTP/1.1\r\nContent-Length: 90\r\nContent-Encoding: gzip\r\n\r\n",
       "HTTP/1.1 415 Unsupported Media Type"},
  };
  for (const auto& [request, status] : kTable) {
    const Connection stranger = Connection::To((*server)->port());
    ASSERT_TRUE(stranger.Send(request));
    EXPECT_EQ(StatusOf(stranger.ReadAll()), status) << request;
  }
  httplib::Client witnessed("127.0.0.1", (*server)->port());
  const auto answer = witnessed.Post("/witness/add-checkpoint", "a checkpoint", "text/plain");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->body, "a checkpoint");
}

TEST(Server, AHeadWithoutAnEndIsCutOff) {
  auto server = Server::Start("127.0.0.1", 0, Sources());
  ASSERT_TRUE(server.ok());
  for (const std::string begun : {"", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nA: "}) {
    const Connection stranger = Connection::To((*server)->port());
    ASSERT_TRUE(stranger.Send(begun));
    const std::string some(64 << 10, 'x');
    size_t sent = 0;
    while (sent < size_t{64} << 20 && stranger.Send(some)) sent += some.size();
    EXPECT_LT(sent, size_t{64} << 20) << begun;
  }
  const Connection stranger = Connection::To((*server)->port());
  ASSERT_TRUE(stranger.Send("GET / HTTP/1.1\r\n"));
  size_t lines = 0;
  while (lines < 5'000'000 && stranger.Send("A: b\r\n")) ++lines;
  EXPECT_LT(lines, 5'000'000u);
}

TEST(Server, AStopWaitsForNobodyWhoDrips) {
  auto server = Server::Start("127.0.0.1", 0, Sources());
  ASSERT_TRUE(server.ok());
  const Connection stranger = Connection::To((*server)->port());
  ASSERT_TRUE(stranger.Send("GET / HTTP/1.1\r\nA: "));
  // The server is in the midst of it.
  const auto patience = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!stranger.IsRead() && std::chrono::steady_clock::now() < patience) std::this_thread::yield();
  ASSERT_TRUE(stranger.IsRead());
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(15);
  std::future<bool> closed = std::async(std::launch::async, [&] {
    return stranger.DripUntilClosed([&] { return std::chrono::steady_clock::now() < give_up; });
  });
  server->reset();
  EXPECT_LT(std::chrono::steady_clock::now(), give_up) << "only when the stranger had given up";
  EXPECT_TRUE(closed.get());
}

TEST(Server, ADrippingRequestEnds) {
  auto server = Server::Start("127.0.0.1", 0, Sources());
  ASSERT_TRUE(server.ok());
  const Connection stranger = Connection::To((*server)->port());
  ASSERT_TRUE(stranger.Send("GET / HTTP/1.1\r\nA: "));
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(45);
  EXPECT_TRUE(stranger.DripUntilClosed([&] { return std::chrono::steady_clock::now() < give_up; }));
}

TEST(Server, GoesOnWhenAConnectionCannotBeAccepted) {
  std::atomic<int> told = 0;
  Server::Sources sources = Sources();
  sources.trouble = [&](const std::string&) { ++told; };
  auto server = Server::Start("127.0.0.1", 0, sources);
  ASSERT_TRUE(server.ok());
  failing_accepts = 3;
  httplib::Client client("127.0.0.1", (*server)->port());
  const auto answer = client.Get("/information.json");
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(failing_accepts, 0);
  EXPECT_EQ(told, 1) << "once, not at every attempt";
}

// ---------------------------------------------------------------- the client

// Answers one request with `answer`, then byte by byte for ever.
class Witness {
 public:
  explicit Witness(std::string answer) : fd_(socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in address{};
    socklen_t size = sizeof(address);
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 1), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size), 0);
    url_ = absl::StrCat("http://127.0.0.1:", ntohs(address.sin_port), "/add-checkpoint");
    thread_ = std::thread([this, answer = std::move(answer)] {
      const Connection client(::accept(fd_, nullptr, nullptr));
      const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(45);
      was_left_ = !client.Send(answer) ||
                  client.DripUntilClosed([&] { return std::chrono::steady_clock::now() < give_up; });
    });
  }
  ~Witness() {
    thread_.join();
    close(fd_);
    EXPECT_TRUE(was_left_) << "the client waited until the witness gave up";
  }
  const std::string& url() const { return url_; }

 private:
  const int fd_;
  std::string url_;
  bool was_left_ = false;
  std::thread thread_;
};

TEST(Post, EndsHoweverTheOtherEndAnswers) {
  const std::string kAnswers[] = {
      "HTTP/1.1 200 " + std::string(128 << 10, 'x'), "HTTP/1.1 200 OK\r\nA: " + std::string(1 << 20, 'x'),
      "HTTP/1.1 200 OK\r\nContent-Length: 9999999\r\n\r\n" + std::string(65 << 10, 'x'),
      "HTTP/1.1 200 OK\r\n",  // and drips
  };
  for (const std::string& answer : kAnswers) {
    const Witness witness(answer);
    EXPECT_TRUE(absl::IsUnavailable(Post(witness.url(), "a checkpoint").status())) << answer.substr(0, 20);
  }
  const Witness witness("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nline");
  EXPECT_EQ(Post(witness.url(), "a checkpoint")->body, "line");
  for (const char* no : {"https://a/b", "http://a", "http://:80/b", "http://a:b/c", "http://a:70000/c", ""})
    EXPECT_TRUE(absl::IsInvalidArgument(Post(no, "x").status())) << no;
}

TEST(Server, RefusesAnAddressThatIsTaken) {
  auto first = Server::Start("127.0.0.1", 0, Sources());
  ASSERT_TRUE(first.ok());
  EXPECT_TRUE(absl::IsUnavailable(Server::Start("127.0.0.1", (*first)->port(), Sources()).status()));
}

}  // namespace
}  // namespace kelisim::web
