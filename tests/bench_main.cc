// How many acts both authorities make durable and countersign on both sides,
// beside the rate of a bare echo over the same TLS on the same machine.
//
//   kelisim_bench [--seconds 20]
//
// Both service programs of this build run as they are, with stores on disk. The
// load is whole cases, from petition to residence, in both directions. An act
// counts when its author's ledger is cosigned beyond it: it is durable here, and
// durable and cosigned there. Load and echo take turns of a few seconds, because
// the speed of a machine changes from one minute to the next: what is compared was
// measured side by side. Prints a report; the last line is one JSON object.

#include <pthread.h>
#include <signal.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "grpcpp/client_context.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/server_builder.h"
#include "kelisim/v1/case_service.grpc.pb.h"
#include "shared/node/transport.h"
#include "shared/rpc/message.h"
#include "tests/course.h"
#include "tests/processes.h"

namespace kelisim::testing {
namespace {

using Channels = std::vector<std::shared_ptr<grpc::Channel>>;

constexpr int kInFlight = 64;
// A server takes sixteen calls at a time on one connection.
constexpr int kConnections = 4;
constexpr v1::Party kParties[] = {v1::PARTY_KZ, v1::PARTY_RU};
constexpr absl::Duration kWarmUp = absl::Seconds(3);
// One turn of the load, one of the echo, and how long each runs before it counts.
constexpr absl::Duration kLoadTurn = absl::Seconds(2);
constexpr absl::Duration kEchoTurn = absl::Seconds(1);
constexpr absl::Duration kRunUp = absl::Milliseconds(500);
// How often the ledgers are looked at: for their size, and for how long an act took.
constexpr absl::Duration kSeldom = absl::Milliseconds(40);
constexpr absl::Duration kOften = absl::Milliseconds(4);
constexpr uint64_t kSeed = 1998;

// ---------------------------------------------------------------- the echo

// Bytes in, the same bytes out; nothing is parsed.
class EchoService final
    : public v1::CaseService::WithRawCallbackMethod_SubmitCaseCommand<v1::CaseService::Service> {
 public:
  grpc::ServerUnaryReactor* SubmitCaseCommand(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override {
    *response = *request;
    grpc::ServerUnaryReactor* const reactor = context->DefaultReactor();
    reactor->Finish(grpc::Status::OK);
    return reactor;
  }
};

// A process of its own, with the certificates and limits of kz_agency.
int ServeEcho(int port, const std::string& pki) {
  sigset_t stop;
  sigemptyset(&stop);
  sigaddset(&stop, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &stop, nullptr);
  node::PrepareGrpc();
  v1::NodeConfig config;
  config.mutable_tls()->set_certificate(pki + "/kz-service.pem");
  config.mutable_tls()->set_private_key(pki + "/kz-service.key");
  config.mutable_tls()->set_roots(pki + "/kz-roots.pem");
  const auto files = node::TlsFiles::Load(config, absl::Now());
  if (!files.ok()) return 1;
  EchoService service;
  grpc::ServerBuilder builder;
  node::SetServerLimits(builder);
  builder.AddListeningPort(absl::StrCat("127.0.0.1:", port), node::ServerTls(**files, nullptr));
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  if (server == nullptr) return 1;
  int signal = 0;
  sigwait(&stop, &signal);
  return 0;
}

// ---------------------------------------------------------------- calls

// Calls under way. Bytes out, bytes back, by callback; the same for load and echo.
class Caller {
 public:
  using Done = std::function<void(const grpc::Status&, const std::string& response)>;

  ~Caller() {
    std::unique_lock lock(mutex_);
    idle_.wait(lock, [this] { return under_way_ == 0; });
  }

  void Call(const std::shared_ptr<grpc::Channel>& channel, const std::string& request, Done done) {
    auto* call = new One{grpc::GenericStub(channel), {}, rpc::ToBuffer(request), {}, std::move(done)};
    PrepareCall(call->context);
    {
      const std::lock_guard lock(mutex_);
      ++under_way_;
    }
    call->stub.UnaryCall(&call->context, kSubmitCaseCommand, grpc::StubOptions(), &call->request,
                         &call->response, [this, call](const grpc::Status& status) { Finish(call, status); });
  }

 private:
  struct One {
    grpc::GenericStub stub;
    grpc::ClientContext context;
    grpc::ByteBuffer request;
    grpc::ByteBuffer response;
    Done done;
  };

  void Finish(One* call, const grpc::Status& status) {
    std::string response;
    if (status.ok()) response = rpc::BytesOf(call->response, call->response.Length()).value_or("");
    call->done(status, response);
    delete call;
    const std::lock_guard lock(mutex_);
    if (--under_way_ == 0) idle_.notify_all();
  }

  std::mutex mutex_;
  std::condition_variable idle_;
  int under_way_ = 0;  // guarded by mutex_
};

// Echoes per second, kInFlight at a time.
double MeasureEcho(const Channels& channels, const std::string& payload) {
  std::atomic<uint64_t> echoes = 0;
  std::atomic<bool> going = true;
  std::atomic<uint64_t> failures = 0;
  Caller caller;
  std::function<void(size_t)> again = [&](size_t at) {
    caller.Call(channels[at % channels.size()], payload,
                [&, at](const grpc::Status& status, const std::string& response) {
                  const bool good = status.ok() && response == payload;
                  ++(good ? echoes : failures);
                  if (going && good) again(at);
                });
  };
  for (size_t i = 0; i < kInFlight; ++i) again(i);
  absl::SleepFor(kRunUp);
  const uint64_t before = echoes;
  const absl::Time start = absl::Now();
  absl::SleepFor(kEchoTurn);
  const double rate = static_cast<double>(echoes - before) / absl::ToDoubleSeconds(absl::Now() - start);
  going = false;
  if (failures > 0) std::cerr << "echo: " << failures << " calls failed\n";
  return failures > 0 ? 0 : rate;
}

// ---------------------------------------------------------------- the load

struct Counts {
  uint64_t requests = 0;
  uint64_t recorded = 0;       // acts that were answered
  uint64_t countersigned = 0;  // acts durable and cosigned on both sides
  uint64_t cases = 0;          // that were completed
};

// Walks as many cases as it takes to keep kInFlight calls under way, or to keep a
// pace. What an officer of the other Party continues waits until the act before
// it is countersigned.
class Load {
 public:
  explicit Load(const Authorities& both) : both_(both) {
    for (v1::Party party : kParties) {
      const std::string certificate = party == v1::PARTY_KZ ? "kz-officer" : "ru-officer";
      for (int i = 0; i < kConnections; ++i) {
        channels_[party].push_back(both.Connect(party, certificate));
      }
    }
  }

  // Requests per second; nullopt: as fast as it goes. 0: no more.
  void SetPace(std::optional<double> per_second) {
    const std::lock_guard lock(mutex_);
    pace_ = per_second;
    credit_ = 0;
    last_credit_ = absl::Now();
    latencies_.clear();
  }

  // Looks every `pause` at what is countersigned, for `duration`. False when the
  // load has failed.
  bool RunFor(absl::Duration duration, absl::Duration pause) {
    for (const absl::Time end = absl::Now() + duration; absl::Now() < end && Healthy();) {
      LookAtLedgers();
      Dispatch();
      absl::SleepFor(pause);
    }
    return Healthy();
  }

  // All that was asked is answered and countersigned.
  bool Drain() {
    SetPace(0);
    return WaitUntil([this] {
      LookAtLedgers();
      const std::lock_guard lock(mutex_);
      return in_flight_ == 0 && uncovered_[v1::PARTY_KZ].empty() && uncovered_[v1::PARTY_RU].empty();
    });
  }

  Counts counts() const {
    const std::lock_guard lock(mutex_);
    return counts_;
  }
  uint64_t request_bytes() const { return request_bytes_; }
  // Of the acts since the pace was set, from sending to countersigned; sorted.
  std::vector<absl::Duration> Latencies() const {
    const std::lock_guard lock(mutex_);
    std::vector<absl::Duration> sorted = latencies_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
  }

 private:
  // Belongs to one call, or to one of the queues, at a time.
  struct OneCase {
    explicit OneCase(int number) : course(kParties[number % 2], number), random(kSeed + number) {}
    Course course;
    SeededRandom random;
  };
  using Case = std::shared_ptr<OneCase>;

  // Answered, and not countersigned yet.
  struct Uncovered {
    absl::Time sent;
    uint64_t acts;
    Case next;  // waits for it, or null
  };

  bool Healthy() const {
    const std::lock_guard lock(mutex_);
    return failures_ == 0;
  }

  void LookAtLedgers() {
    for (v1::Party party : kParties) {
      const absl::StatusOr<v1::NodeState> state = both_.State(party);
      const absl::Time now = absl::Now();
      if (!state.ok()) continue;
      const std::lock_guard lock(mutex_);
      auto& uncovered = uncovered_[party];
      cosigned_[party] = state->cosigned_size();
      while (!uncovered.empty() && uncovered.begin()->first < state->cosigned_size()) {
        Cover(std::move(uncovered.begin()->second), now);
        uncovered.erase(uncovered.begin());
      }
    }
  }

  // Requires mutex_.
  void Cover(Uncovered done, absl::Time now) {
    counts_.countersigned += done.acts;
    latencies_.push_back(now - done.sent);
    if (done.next != nullptr) ready_.push_back(std::move(done.next));
  }

  // Requires mutex_. Whether one more call may be made.
  bool TakeTurn() {
    if (in_flight_ >= kInFlight) return false;
    if (!pace_) return true;
    const absl::Time now = absl::Now();
    // A pause of the machine is not made up for by a burst.
    credit_ = std::min(credit_ + *pace_ * absl::ToDoubleSeconds(now - last_credit_), 8.0);
    last_credit_ = now;
    if (credit_ < 1) return false;
    credit_ -= 1;
    return true;
  }

  void Dispatch() {
    for (Case next; (next = Pick()) != nullptr;) {
      const std::string request = next->course.Next(next->random).SerializeAsString();
      const Channels& channels = channels_.at(next->course.author());
      const absl::Time sent = absl::Now();
      request_bytes_ += request.size();
      caller_.Call(channels[next_channel_++ % channels.size()], request,
                   [this, next, sent](const grpc::Status& status, const std::string& response) {
                     Answer(next, sent, status, response);
                     Dispatch();
                   });
    }
  }

  // The case for the next call, which counts as under way; null: no call now.
  Case Pick() {
    int number = 0;
    {
      const std::lock_guard lock(mutex_);
      if (failures_ > 0 || !TakeTurn()) return nullptr;
      ++in_flight_;
      ++counts_.requests;
      // Cases that are open go first.
      if (!ready_.empty()) {
        Case next = std::move(ready_.front());
        ready_.pop_front();
        return next;
      }
      number = next_number_++;
    }
    return std::make_shared<OneCase>(number);
  }

  void Answer(const Case& current, absl::Time sent, const grpc::Status& status, const std::string& bytes) {
    Course& course = current->course;
    v1::SubmitCaseCommandResponse response;
    if (!status.ok() || !response.ParseFromString(bytes) || response.entries().empty()) {
      const std::lock_guard lock(mutex_);
      --in_flight_;
      if (failures_++ == 0) {
        std::cerr << course.action() << ": " << status.error_code() << " " << status.error_message() << "\n";
      }
      return;
    }
    const v1::Party author = course.author();
    const uint64_t last = response.entries(response.entries_size() - 1).index();
    course.Took(response);
    const bool waits = !course.Done() && course.ChangesHands();
    Uncovered made{sent, static_cast<uint64_t>(response.entries_size()), waits ? current : nullptr};

    const std::lock_guard lock(mutex_);
    --in_flight_;
    counts_.recorded += made.acts;
    if (course.Done()) ++counts_.cases;
    if (!course.Done() && !waits) ready_.push_back(current);
    if (last < cosigned_[author]) {
      Cover(std::move(made), absl::Now());
    } else {
      uncovered_[author].emplace(last, std::move(made));
    }
  }

  const Authorities& both_;
  std::map<v1::Party, Channels> channels_;
  std::atomic<size_t> next_channel_ = 0;
  std::atomic<uint64_t> request_bytes_ = 0;

  mutable std::mutex mutex_;
  // All guarded by mutex_.
  std::optional<double> pace_ = 0;
  double credit_ = 0;
  absl::Time last_credit_;
  std::deque<Case> ready_;
  std::map<v1::Party, std::multimap<uint64_t, Uncovered>> uncovered_;
  std::map<v1::Party, uint64_t> cosigned_;
  std::vector<absl::Duration> latencies_;
  Counts counts_;
  int in_flight_ = 0;
  int next_number_ = 0;
  uint64_t failures_ = 0;

  // Last: waits for calls under way, which use all of the above.
  Caller caller_;
};

// ---------------------------------------------------------------- the run

// Of one case, as its officers would send it.
size_t MeanRequestBytes() {
  SeededRandom random(kSeed);
  Course course(v1::PARTY_KZ, 0);
  v1::SubmitCaseCommandResponse response;
  response.set_name("cases/0123456789abcdef");
  size_t bytes = 0;
  while (!course.Done()) {
    bytes += course.Next(random).ByteSizeLong();
    course.Took(response);
  }
  return bytes / kCourseRequests;
}

double At(const std::vector<absl::Duration>& sorted, double part) {
  if (sorted.empty()) return 0;
  const size_t index = static_cast<size_t>(static_cast<double>(sorted.size()) * part);
  return absl::ToDoubleMilliseconds(sorted[std::min(index, sorted.size() - 1)]);
}

absl::Duration CpuOf(Authorities& both) {
  return both.process(v1::PARTY_KZ).CpuTime() + both.process(v1::PARTY_RU).CpuTime();
}

// What was countersigned while the load ran as fast as it goes.
struct FullLoad {
  double acts = 0;
  absl::Duration time;
  absl::Duration cpu;  // of both authorities

  double acts_per_s() const { return acts / absl::ToDoubleSeconds(time); }
};

// One turn of the full load. False when the load has failed.
bool RunTurn(Load& load, Authorities& both, FullLoad& turn) {
  load.SetPace(std::nullopt);
  if (!load.RunFor(kRunUp, kSeldom)) return false;
  const uint64_t acts_before = load.counts().countersigned;
  const absl::Duration cpu_before = CpuOf(both);
  const absl::Time start = absl::Now();
  if (!load.RunFor(kLoadTurn, kSeldom)) return false;
  turn.acts = static_cast<double>(load.counts().countersigned - acts_before);
  turn.time = absl::Now() - start;
  turn.cpu = CpuOf(both) - cpu_before;
  return load.Drain();
}

int Fail(const std::string& why) {
  std::cerr << why << "\n";
  return 1;
}

struct Figures {
  double acts_per_s, echo_per_s, p50_ms, p99_ms, cpu_us_per_act, bytes_per_act, rss_kz, rss_ru;
};

void Report(const Figures& figures) {
  const double ratio = figures.acts_per_s / figures.echo_per_s;
  absl::PrintF("\n%-52s %10.0f /s\n", "acts, durable and countersigned on both sides", figures.acts_per_s);
  absl::PrintF("%-52s %10.0f /s\n", "bare echo over the same TLS", figures.echo_per_s);
  absl::PrintF("%-52s %10.3f\n", "ratio (to be at least 0.20)", ratio);
  absl::PrintF("%-52s %10.1f ms\n", "an act until countersigned, at half load: median", figures.p50_ms);
  absl::PrintF("%-52s %10.1f ms\n", "  99 of 100 (to be below 100)", figures.p99_ms);
  absl::PrintF("%-52s %10.0f us\n", "processor time of both authorities for an act", figures.cpu_us_per_act);
  absl::PrintF("%-52s %10.0f\n", "bytes on disk of both authorities for an act", figures.bytes_per_act);
  absl::PrintF("%-52s %10.1f MiB\n", "memory of kz_agency (to be below 300)", figures.rss_kz);
  absl::PrintF("%-52s %10.1f MiB\n", "memory of ru_service (to be below 300)", figures.rss_ru);
  absl::PrintF(
      "{\"acts_per_s\": %.1f, \"echo_per_s\": %.1f, \"ratio\": %.4f, \"p50_ms\": %.2f, "
      "\"p99_ms_half_load\": %.2f, \"cpu_us_per_act\": %.1f, \"bytes_per_act\": %.1f, "
      "\"rss_mib_kz\": %.1f, \"rss_mib_ru\": %.1f}\n",
      figures.acts_per_s, figures.echo_per_s, ratio, figures.p50_ms, figures.p99_ms, figures.cpu_us_per_act,
      figures.bytes_per_act, figures.rss_kz, figures.rss_ru);
}

int Bench(absl::Duration window) {
  absl::StatusOr<std::unique_ptr<Authorities>> made = Authorities::Create();
  if (!made.ok()) return Fail(made.status().ToString());
  Authorities& both = **made;
  if (const absl::Status open = both.StartBoth(); !open.ok()) return Fail(open.ToString());
  // Other request ids than those of the load.
  SeededRandom random(kSeed - 1);
  for (v1::Party party : kParties) {
    const RawAnswer set = CallRaw(both.officer(party), kSubmitQuotaCommand,
                                  QuotaRequest(party, 1'000'000, random).SerializeAsString());
    if (!set.status.ok()) return Fail("quota: " + set.status.error_message());
  }

  const int port = FreePort();
  const std::string pki = both.directory() / "pki";
  absl::StatusOr<std::unique_ptr<Process>> echo =
      Process::Spawn({"/proc/self/exe", "--echo-server", absl::StrCat(port), "--pki", pki}, {},
                     both.directory() / "echo.log");
  if (!echo.ok()) return Fail(echo.status().ToString());
  Channels echo_channels;
  for (int i = 0; i < 2 * kConnections; ++i) {
    echo_channels.push_back(both.ConnectTo(absl::StrCat("127.0.0.1:", port), v1::PARTY_KZ, "kz-officer"));
    if (!echo_channels.back()->WaitForConnected(absl::ToChronoTime(absl::Now() + absl::Seconds(20)))) {
      return Fail("the echo server does not answer");
    }
  }
  const std::string payload(MeanRequestBytes(), 'e');
  absl::PrintF("request: %d bytes on average; %d calls under way at a time\n", payload.size(), kInFlight);

  Figures figures{};
  Load load(both);
  load.SetPace(std::nullopt);
  if (!load.RunFor(kWarmUp, kSeldom)) return Fail("the load failed");

  FullLoad full;
  const int turns = std::max(1, static_cast<int>(window / kLoadTurn));
  for (int turn = 1; turn <= turns; ++turn) {
    FullLoad now;
    if (!RunTurn(load, both, now)) return Fail("not everything was countersigned");
    const double echo_per_s = MeasureEcho(echo_channels, payload);
    if (echo_per_s == 0) return Fail("the echo failed");
    absl::PrintF("%d of %d: %6.0f acts/s %7.0f echoes/s\n", turn, turns, now.acts_per_s(), echo_per_s);
    full.acts += now.acts;
    full.time += now.time;
    full.cpu += now.cpu;
    figures.echo_per_s += echo_per_s / turns;
  }
  figures.acts_per_s = full.acts_per_s();
  figures.cpu_us_per_act = absl::ToDoubleMicroseconds(full.cpu) / full.acts;
  absl::PrintF("%d cases completed; request %d bytes on average\n", load.counts().cases,
               load.request_bytes() / load.counts().requests);

  // Half of what was measured, in requests.
  load.SetPace(figures.acts_per_s / 2 * kCourseRequests / kCourseActs);
  if (!load.RunFor(absl::Seconds(2), kOften)) return Fail("the load failed");
  load.SetPace(figures.acts_per_s / 2 * kCourseRequests / kCourseActs);
  if (!load.RunFor(window / 2, kOften)) return Fail("the load failed");
  const std::vector<absl::Duration> latencies = load.Latencies();
  figures.p50_ms = At(latencies, 0.50);
  figures.p99_ms = At(latencies, 0.99);
  absl::PrintF("half load: %d requests countersigned in %.0f s; slowest %.1f ms\n", latencies.size(),
               absl::ToDoubleSeconds(window / 2), At(latencies, 1));
  figures.rss_kz = both.process(v1::PARTY_KZ).RssMib();
  figures.rss_ru = both.process(v1::PARTY_RU).RssMib();
  if (!load.Drain()) return Fail("not everything was countersigned");
  const Counts total = load.counts();
  if (total.countersigned != total.recorded) return Fail("acts are missing");
  figures.bytes_per_act =
      static_cast<double>(both.BytesOnDisk(v1::PARTY_KZ) + both.BytesOnDisk(v1::PARTY_RU)) /
      static_cast<double>(total.recorded);

  (void)(*echo)->Stop();
  for (v1::Party party : kParties) {
    if (both.process(party).Stop().value_or(-1) != 0) return Fail("an authority did not stop cleanly");
  }
  Report(figures);
  return 0;
}

}  // namespace
}  // namespace kelisim::testing

int main(int argc, char** argv) {
  int seconds = 20;
  int echo_port = 0;
  std::string pki;
  CLI::App app("Measures two authorities of this build on this machine.");
  app.add_option("--seconds", seconds, "length of the window at full load")->check(CLI::Range(2, 3600));
  app.add_option("--echo-server", echo_port, "serve the echo on this port")->group("");
  app.add_option("--pki", pki)->group("");
  CLI11_PARSE(app, argc, argv);
  if (echo_port != 0) return kelisim::testing::ServeEcho(echo_port, pki);
  return kelisim::testing::Bench(absl::Seconds(seconds));
}
