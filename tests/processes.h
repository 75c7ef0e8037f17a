#ifndef KELISIM_TESTS_PROCESSES_H_
#define KELISIM_TESTS_PROCESSES_H_

#include <sys/types.h>

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "grpcpp/support/status.h"
#include "kelisim/v1/views.pb.h"

// Real authorities for tests: the service programs of this build, each in a
// process of its own, with mutual TLS and stores on disk.

namespace kelisim::testing {

// Asks again every few milliseconds until `condition` holds. False when it does
// not within `patience`.
bool WaitUntil(const std::function<bool()>& condition, absl::Duration patience = absl::Seconds(20));

// Empty when there is no such file.
std::string ReadAll(const std::filesystem::path& path);

// A TCP port of this machine where nobody listens now.
int FreePort();

// One child process. It is killed with this object, and dies with its parent.
class Process {
 public:
  // Output and errors are appended to the file `log`. `environment` ("NAME=value")
  // is added to the own one.
  static absl::StatusOr<std::unique_ptr<Process>> Spawn(const std::vector<std::string>& command,
                                                        const std::vector<std::string>& environment,
                                                        const std::string& log);
  ~Process() { Kill9(); }

  pid_t pid() const { return pid_; }
  bool Running();
  // SIGKILL, and waits for the end. Nothing happens when it has ended.
  void Kill9();
  // SIGTERM, and waits for the end.
  absl::StatusOr<int> Stop(absl::Duration patience = absl::Seconds(30));
  // The exit code; 128 + signal when it was killed. DEADLINE_EXCEEDED: still running.
  absl::StatusOr<int> Wait(absl::Duration patience);

  // Resident memory.
  double RssMib() const;
  // User and system time so far.
  absl::Duration CpuTime() const;

 private:
  explicit Process(pid_t pid) : pid_(pid) {}

  const pid_t pid_;
  bool ended_ = false;
  int exit_code_ = 0;
};

// Every call to an authority has a deadline, and waits for a connection until
// then. gRPC works on a connection only while a call waits for it: whoever asks
// again and again with calls that fail at once keeps it from coming about.
void PrepareCall(grpc::ClientContext& context, absl::Duration patience = absl::Seconds(20));

// A unary call with bytes as they are.
struct RawAnswer {
  grpc::Status status;
  std::string bytes;
};
inline constexpr char kSubmitCaseCommand[] = "/kelisim.v1.CaseService/SubmitCaseCommand";
inline constexpr char kSubmitQuotaCommand[] = "/kelisim.v1.QuotaService/SubmitQuotaCommand";
RawAnswer CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request, absl::Duration patience = absl::Seconds(20));
// The same with a context that is already prepared.
RawAnswer CallRaw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                  const std::string& request, grpc::ClientContext& context);

// Two authorities on free ports of this machine, with a new PKI, new keys and
// empty ledgers in a directory of their own, which is removed in the end. Not
// thread-safe where it starts or ends processes; Channel and State are.
class Authorities {
 public:
  // Everything is made, nothing is started.
  static absl::StatusOr<std::unique_ptr<Authorities>> Create();
  ~Authorities();

  absl::Status Start(v1::Party party);
  // Until both have met each other: OPEN_FOR_ALL, and connected.
  absl::Status AwaitOpen();
  absl::Status StartBoth();
  Process& process(v1::Party party) { return *of(party).process; }
  const std::string& program(v1::Party party) const { return of(party).program; }
  const std::string& address(v1::Party party) const { return of(party).address; }

  // A connection of its own. `certificate` is the name of one in the PKI:
  // "kz-officer", or of another PKI, by its path.
  std::shared_ptr<grpc::Channel> Connect(v1::Party party, const std::string& certificate) const;
  // The same to another server that shows the Party's certificate.
  std::shared_ptr<grpc::Channel> ConnectTo(const std::string& address, v1::Party party,
                                           const std::string& certificate) const;
  // The connection of the Party's officer.
  const std::shared_ptr<grpc::Channel>& officer(v1::Party party) const { return of(party).officer; }

  absl::StatusOr<v1::NodeState> State(v1::Party party) const;
  absl::StatusOr<v1::Case> GetCase(v1::Party party, const std::string& name) const;
  // Both ledgers are cosigned as they are, and mirrored as they are.
  bool Settled() const;

  const std::filesystem::path& directory() const { return directory_; }
  std::filesystem::path store(v1::Party party) const;
  uint64_t BytesOnDisk(v1::Party party) const;
  // The directory stays, for whoever looks for the cause of a failure.
  void KeepFiles() { keep_files_ = true; }

 private:
  struct Authority {
    std::string name;  // "kz"
    std::string program;
    std::string tls_name;
    std::string address;
    std::unique_ptr<Process> process;
    std::shared_ptr<grpc::Channel> officer;
  };

  Authorities(std::filesystem::path directory, int kz_port, int ru_port);
  absl::Status Prepare(int kz_port, int ru_port) const;
  absl::Status Run(const std::vector<std::string>& command) const;
  const Authority& of(v1::Party party) const { return authorities_[party == v1::PARTY_KZ ? 0 : 1]; }
  Authority& of(v1::Party party) { return authorities_[party == v1::PARTY_KZ ? 0 : 1]; }

  const std::filesystem::path directory_;
  Authority authorities_[2];
  bool keep_files_ = false;
};

}  // namespace kelisim::testing

#endif  // KELISIM_TESTS_PROCESSES_H_
