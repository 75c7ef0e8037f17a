#include <arpa/inet.h>
#include <fcntl.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/cli/errors.h"
#include "shared/text/messages.h"

// The program as a process: signals, files that cannot be written, certificates.

namespace kelisim::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

constexpr char kUri[] = "kelisim://kz.example/officer/7";
constexpr char kRequestId[] = "0b5f6f3e-5ab1-4e1e-8f36-0c5d3f0f7a11";
constexpr int kPatienceMs = 20'000;
constexpr int kKilled = 128;

std::string ReadBack(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(out).str();
}

// A certificate that is its own root, and its key.
void WriteCertificate(const fs::path& directory, absl::Time from, absl::Time until) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> one(X509_new(), X509_free);
  X509_set_version(one.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(one.get()), 1);
  ASN1_TIME_set(X509_getm_notBefore(one.get()), absl::ToTimeT(from));
  ASN1_TIME_set(X509_getm_notAfter(one.get()), absl::ToTimeT(until));
  X509_set_pubkey(one.get(), key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(one.get()), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>("Officer 7"), -1, -1, 0);
  X509_set_issuer_name(one.get(), X509_get_subject_name(one.get()));
  X509_EXTENSION* name = X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name,
                                             absl::StrCat("DNS:localhost,URI:", kUri).c_str());
  X509_add_ext(one.get(), name, -1);
  X509_EXTENSION_free(name);
  ASSERT_GT(X509_sign(one.get(), key.get(), EVP_sha256()), 0);
  const auto write = [&](const char* file, const auto& content) {
    FILE* out = std::fopen((directory / file).c_str(), "w");
    content(out);
    std::fclose(out);
  };
  write("officer.pem", [&](FILE* out) { PEM_write_X509(out, one.get()); });
  write("officer.key",
        [&](FILE* out) { PEM_write_PrivateKey(out, key.get(), nullptr, nullptr, 0, nullptr, nullptr); });
}

// A server that takes connections and never says a word.
class MuteServer {
 public:
  MuteServer() : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    address_.sin_family = AF_INET;
    address_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address_);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address_), size), 0);
    EXPECT_EQ(getsockname(fd_, reinterpret_cast<sockaddr*>(&address_), &size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
  }
  ~MuteServer() {
    for (const int fd : {fd_, taken_}) close(fd);
  }
  MuteServer(const MuteServer&) = delete;
  MuteServer& operator=(const MuteServer&) = delete;

  std::string address() const { return absl::StrCat("127.0.0.1:", ntohs(address_.sin_port)); }
  bool Take() {
    pollfd waiting{fd_, POLLIN, 0};
    if (poll(&waiting, 1, kPatienceMs) != 1) return false;
    taken_ = accept(fd_, nullptr, nullptr);
    return taken_ >= 0;
  }

 private:
  const int fd_;
  int taken_ = -1;
  sockaddr_in address_{};
};

class ProcessTest : public ::testing::Test {
 protected:
  ProcessTest() {
    std::string pattern = ::testing::TempDir() + "/process.XXXXXX";
    home_ = mkdtemp(pattern.data());
    WriteCertificate(home_, absl::Now() - absl::Hours(1), absl::Now() + absl::Hours(1));
  }
  ~ProcessTest() override {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    fs::remove_all(home_);
  }

  // `out`: where its answer goes; empty: nowhere, its standard output is closed.
  void Start(const std::vector<std::string>& arguments, const std::string& out) {
    std::vector<std::string> words = {KELISIM_PROGRAM};
    words.insert(words.end(), arguments.begin(), arguments.end());
    std::vector<char*> argv;
    for (std::string& word : words) argv.push_back(word.data());
    argv.push_back(nullptr);
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    if (out.empty()) {
      posix_spawn_file_actions_addclose(&actions, STDOUT_FILENO);
    } else {
      posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, out.c_str(), O_WRONLY | O_CREAT, 0600);
    }
    posix_spawn_file_actions_addopen(&actions, STDERR_FILENO, (home_ / "err").c_str(),
                                     O_WRONLY | O_CREAT | O_TRUNC, 0600);
    // Tests that run in the background ignore Ctrl-C, and their children would.
    posix_spawnattr_t attributes;
    posix_spawnattr_init(&attributes);
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGINT);
    sigaddset(&signals, SIGTERM);
    posix_spawnattr_setsigdefault(&attributes, &signals);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGDEF);
    ASSERT_EQ(posix_spawn(&pid_, KELISIM_PROGRAM, &actions, &attributes, argv.data(), environ), 0);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
  }
  // The exit code, or kKilled + the signal; -1: it has not ended.
  int Wait() {
    const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
    pollfd end{fd, POLLIN, 0};
    const bool ended = poll(&end, 1, kPatienceMs) == 1;
    close(fd);
    int status = 0;
    if (!ended || waitpid(pid_, &status, 0) != pid_) return -1;
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : kKilled + WTERMSIG(status);
  }
  int Run(const std::vector<std::string>& arguments, const std::string& out) {
    Start(arguments, out);
    return Wait();
  }
  // Waits for a silent service, and is told to end.
  int Interrupt(std::vector<std::string> arguments, int signal) {
    MuteServer server;
    for (const auto& more : Connection(server.address())) arguments.push_back(more);
    Start(arguments, home_ / "out");
    if (!server.Take()) return -1;
    kill(pid_, signal);
    return Wait();
  }
  std::vector<std::string> Connection(const std::string& server, const char* lang = "en") const {
    return {"--lang",      lang,
            "--server",    server,
            "--tls-cert",  home_ / "officer.pem",
            "--tls-key",   home_ / "officer.key",
            "--tls-roots", home_ / "officer.pem"};
  }
  std::string Errors() const { return ReadBack(home_ / "err"); }
  std::vector<std::string> Files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(home_)) names.push_back(entry.path().filename());
    return names;
  }

  fs::path home_;
  pid_t pid_ = -1;
};

TEST_F(ProcessTest, WhoStopsWaitingForAStepIsToldItsRequestId) {
  for (const int signal : {SIGINT, SIGTERM}) {
    EXPECT_EQ(Interrupt({"case", "lapse", "x", "--request-id", kRequestId}, signal), kUnreachable);
    EXPECT_THAT(Errors(),
                AllOf(HasSubstr("The waiting was broken off."), HasSubstr("The outcome is unknown."),
                      HasSubstr(absl::StrCat("--request-id ", kRequestId))));
  }
}

TEST_F(ProcessTest, WhatRecordsNothingEndsAtOnce) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"case", "watch"}, {"audit"}, {"case", "list"}, {"case", "lapse", "x", "--validate-only"}}) {
    EXPECT_EQ(Interrupt(arguments, SIGINT), kKilled + SIGINT) << arguments[0];
    EXPECT_EQ(Errors(), "");
  }
}

TEST_F(ProcessTest, NothingUnfinishedStaysBehind) {
  const std::string sha256(64, 'a');
  for (const int signal : {SIGINT, SIGTERM}) {
    EXPECT_EQ(Interrupt({"attachment", "get", sha256, "--out", home_ / "act.pdf"}, signal), kKilled + signal);
    EXPECT_EQ(Interrupt({"dossier", "case", "x", "--out", home_ / "dossier"}, signal), kKilled + signal);
  }
  EXPECT_THAT(Files(), ::testing::UnorderedElementsAre("officer.pem", "officer.key", "out", "err"));
}

// A script would ask for ever a service that it takes to be away.
TEST_F(ProcessTest, ACertificateWhoseTimeIsOverOrToComeIsRefusedHere) {
  const absl::Time now = absl::Now();
  for (const auto& [from, until] : {std::pair(now - absl::Hours(2), now - absl::Hours(1)),
                                    std::pair(now + absl::Hours(1), now + absl::Hours(2))}) {
    WriteCertificate(home_, from, until);
    for (const char* lang : {"kk", "ru", "en"}) {
      std::vector<std::string> arguments = {"case", "list"};
      for (const auto& more : Connection("127.0.0.1:1", lang)) arguments.push_back(more);
      EXPECT_EQ(Run(arguments, home_ / "out"), kBadInput);
      EXPECT_THAT(Errors(), AllOf(StartsWith(Say(*ParseLang(lang), "ui.own_certificate_not_valid")),
                                  HasSubstr("officer.pem"), HasSubstr("CN=Officer 7"), HasSubstr(kUri),
                                  HasSubstr(absl::FormatTime("%Y-%m-%d %H:%M", until, absl::UTCTimeZone()))));
    }
  }
}

TEST_F(ProcessTest, WhatCannotBeWrittenIsNotDone) {
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--help"}, {"case", "clear", "--help"}, {"completion", "bash"}}) {
    EXPECT_EQ(Run(arguments, "/dev/full"), kOther);
    EXPECT_THAT(Errors(),
                AllOf(HasSubstr("The answer could not be written."), HasSubstr("No space left on device")));
    EXPECT_EQ(Run(arguments, ""), kOther);
    EXPECT_THAT(Errors(), HasSubstr("Bad file descriptor"));
  }
}

}  // namespace
}  // namespace kelisim::cli
