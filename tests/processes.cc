#include "tests/processes.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>
#include <sstream>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/synchronization/notification.h"
#include "absl/time/clock.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "kelisim/v1/case_service.grpc.pb.h"
#include "kelisim/v1/ledger_service.grpc.pb.h"
#include "shared/base/status_macros.h"
#include "shared/node/transport.h"
#include "shared/rpc/message.h"

namespace kelisim::testing {
namespace {

namespace fs = std::filesystem;

constexpr absl::Duration kPause = absl::Milliseconds(5);
// Short: whoever waits asks again, and looks whether the process still runs.
constexpr absl::Duration kQuestion = absl::Seconds(5);
constexpr int kKilled = 128;

std::vector<char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));
  pointers.push_back(nullptr);
  return pointers;
}

std::vector<std::string> EnvironmentWith(const std::vector<std::string>& more) {
  std::vector<std::string> all = more;
  for (char** one = environ; *one != nullptr; ++one) {
    const std::string name(*one, std::string_view(*one).find('=') + 1);
    const bool replaced = std::any_of(
        more.begin(), more.end(), [&](const std::string& other) { return absl::StartsWith(other, name); });
    if (!replaced) all.emplace_back(*one);
  }
  return all;
}

}  // namespace

std::string ReadAll(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path, std::ios::binary).rdbuf();
  return text.str();
}

// Below the ephemeral ports: a client of this machine that connects to a port
// where nobody listens may be given that very port, and then talks to itself.
int FreePort() {
  std::random_device device;
  std::uniform_int_distribution<int> among(10'000, 30'000);
  for (;;) {
    const int port = among(device);
    const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(static_cast<uint16_t>(port));
    const bool free = bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
    close(fd);
    if (free) return port;
  }
}

bool WaitUntil(const std::function<bool()>& condition, absl::Duration patience) {
  const absl::Time end = absl::Now() + patience;
  while (!condition()) {
    if (absl::Now() > end) return false;
    absl::SleepFor(kPause);
  }
  return true;
}

// ---------------------------------------------------------------- one process

absl::StatusOr<std::unique_ptr<Process>> Process::Spawn(const std::vector<std::string>& command,
                                                        const std::vector<std::string>& environment,
                                                        const std::string& log) {
  // Everything is made before the fork: between fork and exec only system calls
  // are safe.
  const std::vector<std::string> whole = EnvironmentWith(environment);
  const std::vector<char*> argv = Pointers(command);
  const std::vector<char*> envp = Pointers(whole);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return absl::ErrnoToStatus(errno, "fork");
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    const int out = open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    // The parent may have ended before prctl.
    if (out < 0 || getppid() != parent) _exit(kKilled - 1);
    dup2(out, STDOUT_FILENO);
    dup2(out, STDERR_FILENO);
    close_range(STDERR_FILENO + 1, ~0U, 0);
    execve(argv[0], argv.data(), envp.data());
    _exit(kKilled - 1);
  }
  return std::unique_ptr<Process>(new Process(pid));
}

absl::StatusOr<int> Process::Wait(absl::Duration patience) {
  if (ended_) return exit_code_;
  const int fd = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (fd < 0) return absl::ErrnoToStatus(errno, "pidfd_open");
  pollfd end{fd, POLLIN, 0};
  const int ready = poll(&end, 1, static_cast<int>(absl::ToInt64Milliseconds(patience)));
  close(fd);
  if (ready <= 0) return absl::DeadlineExceededError(absl::StrCat("process ", pid_, " has not ended"));
  int status = 0;
  if (waitpid(pid_, &status, 0) != pid_) return absl::ErrnoToStatus(errno, "waitpid");
  ended_ = true;
  exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : kKilled + WTERMSIG(status);
  return exit_code_;
}

bool Process::Running() { return !Wait(absl::ZeroDuration()).ok(); }

void Process::Kill9() {
  if (ended_) return;
  kill(pid_, SIGKILL);
  (void)Wait(absl::Minutes(1));
}

absl::StatusOr<int> Process::Stop(absl::Duration patience) {
  if (!ended_) kill(pid_, SIGTERM);
  return Wait(patience);
}

double Process::RssMib() const {
  std::ifstream status(absl::StrCat("/proc/", pid_, "/status"));
  for (std::string word; status >> word;) {
    double kib = 0;
    if (word == "VmRSS:" && status >> kib) return kib / 1024;
  }
  return 0;
}

absl::Duration Process::CpuTime() const {
  // After the name, which may hold anything, in parentheses: state, ten numbers,
  // then user and system time in ticks.
  const std::string stat = ReadAll(absl::StrCat("/proc/", pid_, "/stat"));
  std::istringstream rest(stat.substr(stat.rfind(')') + 1));
  std::vector<std::string> words{std::istream_iterator<std::string>(rest), {}};
  int64_t user = 0;
  int64_t system = 0;
  if (words.size() < 13 || !absl::SimpleAtoi(words[11], &user) || !absl::SimpleAtoi(words[12], &system)) {
    return absl::ZeroDuration();
  }
  return absl::Seconds(1) * (user + system) / sysconf(_SC_CLK_TCK);
}

// ---------------------------------------------------------------- calls

void PrepareCall(grpc::ClientContext& context, absl::Duration patience) {
  context.set_deadline(absl::ToChronoTime(absl::Now() + patience));
  context.set_wait_for_ready(true);
}

RawAnswer CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request, absl::Duration patience) {
  grpc::ClientContext context;
  PrepareCall(context, patience);
  return CallRaw(channel, method, request, context);
}

RawAnswer CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request, grpc::ClientContext& context) {
  grpc::GenericStub stub(channel);
  const grpc::ByteBuffer sent = rpc::ToBuffer(request);
  grpc::ByteBuffer received;
  RawAnswer answer;
  absl::Notification done;
  stub.UnaryCall(&context, method, grpc::StubOptions(), &sent, &received, [&](const grpc::Status& status) {
    answer.status = status;
    done.Notify();
  });
  done.WaitForNotification();
  if (answer.status.ok()) answer.bytes = rpc::BytesOf(received, received.Length()).value();
  return answer;
}

// ---------------------------------------------------------------- both authorities

absl::StatusOr<std::unique_ptr<Authorities>> Authorities::Create() {
  node::PrepareGrpc();
  std::string directory = absl::StrCat(KELISIM_BUILD_DIR, "/tests/run.XXXXXX");
  if (mkdtemp(directory.data()) == nullptr) return absl::ErrnoToStatus(errno, directory);
  const int kz_port = FreePort();
  int ru_port = FreePort();
  while (ru_port == kz_port) ru_port = FreePort();
  std::unique_ptr<Authorities> both(new Authorities(directory, kz_port, ru_port));
  RETURN_IF_ERROR(both->Prepare(kz_port, ru_port));
  for (Authority& one : both->authorities_) {
    const v1::Party party = one.name == "kz" ? v1::PARTY_KZ : v1::PARTY_RU;
    one.officer = both->Connect(party, absl::StrCat(one.name, "-officer"));
  }
  return both;
}

Authorities::Authorities(fs::path directory, int kz_port, int ru_port)
    : directory_(std::move(directory)),
      authorities_{
          {"kz", absl::StrCat(KELISIM_BUILD_DIR, "/kz_agency/kz_agency"), "kz-agency.localhost",
           absl::StrCat("127.0.0.1:", kz_port), nullptr, nullptr},
          {"ru", absl::StrCat(KELISIM_BUILD_DIR, "/ru_service/ru_service"), "ru-service.localhost",
           absl::StrCat("127.0.0.1:", ru_port), nullptr, nullptr},
      } {}

Authorities::~Authorities() {
  for (Authority& one : authorities_) one.process.reset();
  std::error_code ignored;
  if (!keep_files_) fs::remove_all(directory_, ignored);
}

absl::Status Authorities::Prepare(int kz_port, int ru_port) const {
  const std::string deploy = absl::StrCat(KELISIM_SOURCE_DIR, "/deploy/");
  RETURN_IF_ERROR(Run({absl::StrCat(deploy, "mint-pki"), directory_ / "pki"}));
  RETURN_IF_ERROR(
      Run({absl::StrCat(deploy, "make-configs"), absl::StrCat(kz_port), absl::StrCat(ru_port), "0", "0"}));
  for (const Authority& one : authorities_) {
    RETURN_IF_ERROR(Run({one.program, "init", "--config", directory_ / one.name / "config.textproto"}));
  }
  return absl::OkStatus();
}

absl::Status Authorities::Run(const std::vector<std::string>& command) const {
  const std::string log = directory_ / "setup.log";
  ASSIGN_OR_RETURN(const std::unique_ptr<Process> process,
                   Process::Spawn(command,
                                  {absl::StrCat("KELISIM_BUILD=", KELISIM_BUILD_DIR),
                                   absl::StrCat("KELISIM_RUN=", directory_.string())},
                                  log));
  ASSIGN_OR_RETURN(const int exit_code, process->Wait(absl::Minutes(1)));
  if (exit_code == 0) return absl::OkStatus();
  return absl::InternalError(absl::StrCat(command[0], ": exit code ", exit_code, ": ", ReadAll(log)));
}

absl::Status Authorities::Start(v1::Party party) {
  Authority& one = of(party);
  const fs::path home = directory_ / one.name;
  ASSIGN_OR_RETURN(one.process, Process::Spawn({one.program, "run", "--config", home / "config.textproto"},
                                               {}, home / "log"));
  return absl::OkStatus();
}

absl::Status Authorities::AwaitOpen() {
  for (Authority& one : authorities_) {
    const v1::Party party = one.name == "kz" ? v1::PARTY_KZ : v1::PARTY_RU;
    std::string seen = "no answer";
    const bool open = WaitUntil([&] {
      const absl::StatusOr<v1::NodeState> state = State(party);
      seen = state.ok() ? state->ShortDebugString() : state.status().ToString();
      if (!one.process->Running()) return true;
      return state.ok() && state->mode() == v1::OPEN_FOR_ALL && state->counterpart_connected();
    });
    if (open && one.process->Running()) continue;
    return absl::UnavailableError(
        absl::StrCat(one.name, " does not open: ", seen, "\n", ReadAll(directory_ / one.name / "log")));
  }
  return absl::OkStatus();
}

absl::Status Authorities::StartBoth() {
  RETURN_IF_ERROR(Start(v1::PARTY_KZ));
  RETURN_IF_ERROR(Start(v1::PARTY_RU));
  return AwaitOpen();
}

std::shared_ptr<grpc::Channel> Authorities::Connect(v1::Party party, const std::string& certificate) const {
  return ConnectTo(of(party).address, party, certificate);
}

std::shared_ptr<grpc::Channel> Authorities::ConnectTo(const std::string& address, v1::Party party,
                                                      const std::string& certificate) const {
  const Authority& one = of(party);
  const fs::path pki = directory_ / "pki";
  grpc::SslCredentialsOptions tls;
  tls.pem_root_certs = ReadAll(pki / absl::StrCat(one.name, "-ca.pem"));
  tls.pem_cert_chain = ReadAll(pki / absl::StrCat(certificate, ".pem"));
  tls.pem_private_key = ReadAll(pki / absl::StrCat(certificate, ".key"));
  grpc::ChannelArguments arguments;
  arguments.SetSslTargetNameOverride(one.tls_name);
  arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  arguments.SetInt(GRPC_ARG_ENABLE_RETRIES, 0);
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  // Services come and go here all the time.
  arguments.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 20);
  arguments.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 100);
  return grpc::CreateCustomChannel(address, grpc::SslCredentials(tls), arguments);
}

// ---------------------------------------------------------------- questions

namespace {

absl::Status FromGrpc(const grpc::Status& status) {
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), status.error_message());
}

}  // namespace

absl::StatusOr<v1::NodeState> Authorities::State(v1::Party party) const {
  grpc::ClientContext context;
  PrepareCall(context, kQuestion);
  v1::NodeState state;
  RETURN_IF_ERROR(FromGrpc(v1::LedgerService::NewStub(officer(party))->GetNodeState(&context, {}, &state)));
  return state;
}

absl::StatusOr<v1::Case> Authorities::GetCase(v1::Party party, const std::string& name) const {
  grpc::ClientContext context;
  PrepareCall(context, kQuestion);
  v1::GetCaseRequest request;
  request.set_name(name);
  v1::Case found;
  RETURN_IF_ERROR(FromGrpc(v1::CaseService::NewStub(officer(party))->GetCase(&context, request, &found)));
  return found;
}

bool Authorities::Settled() const {
  const absl::StatusOr<v1::NodeState> kz = State(v1::PARTY_KZ);
  const absl::StatusOr<v1::NodeState> ru = State(v1::PARTY_RU);
  const auto covers = [](const v1::NodeState& own, const v1::NodeState& other) {
    return own.cosigned_size() == own.own_size() && other.mirror_size() == own.own_size();
  };
  return kz.ok() && ru.ok() && covers(*kz, *ru) && covers(*ru, *kz);
}

fs::path Authorities::store(v1::Party party) const { return directory_ / of(party).name / "store"; }

uint64_t Authorities::BytesOnDisk(v1::Party party) const {
  uint64_t bytes = 0;
  std::error_code gone;  // files come and go while a store is open
  for (const auto& entry : fs::recursive_directory_iterator(store(party), gone)) {
    const uint64_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

}  // namespace kelisim::testing
