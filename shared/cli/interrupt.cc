#include "shared/cli/interrupt.h"

#include <csignal>
#include <mutex>
#include <thread>

#include "shared/cli/output.h"

namespace kelisim::cli {
namespace {

struct Signals {
  std::mutex mutex;
  bool command = false;
  bool broken_off = false;
  grpc::ClientContext* call = nullptr;
};

// Never destroyed: the thread that waits for signals outlives main().
Signals& TheSignals() {
  static auto* const signals = new Signals;
  return *signals;
}

void Take(int signal) {
  Signals& signals = TheSignals();
  // Kept to the end: no command begins while the program ends.
  const std::lock_guard lock(signals.mutex);
  // A second signal must not stop the telling.
  if (signals.command || signals.broken_off) {
    signals.broken_off = true;
    if (signals.call != nullptr) signals.call->TryCancel();
    return;
  }
  RemoveUnfinished();
  // Whoever waits for this program sees what ended it.
  std::signal(signal, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, signal);
  pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  raise(signal);
}

}  // namespace

void AwaitSignals() {
  sigset_t set;
  sigemptyset(&set);
  for (const int signal : {SIGINT, SIGTERM}) {
    struct sigaction now {};
    // In the background of a script, Ctrl-C is meant for others.
    if (sigaction(signal, nullptr, &now) == 0 && now.sa_handler != SIG_IGN) sigaddset(&set, signal);
  }
  if (sigisemptyset(&set) != 0) return;
  // All threads inherit it, so that only the one below takes them.
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::thread([set] {
    for (int signal = 0; sigwait(&set, &signal) == 0;) Take(signal);
  }).detach();
}

CommandUnderWay::CommandUnderWay() {
  const std::lock_guard lock(TheSignals().mutex);
  TheSignals().command = true;
}

CommandUnderWay::~CommandUnderWay() {
  const std::lock_guard lock(TheSignals().mutex);
  TheSignals().command = false;
}

BreakableCall::BreakableCall(grpc::ClientContext& context) {
  const std::lock_guard lock(TheSignals().mutex);
  TheSignals().call = &context;
  if (TheSignals().broken_off) context.TryCancel();
}

BreakableCall::~BreakableCall() {
  const std::lock_guard lock(TheSignals().mutex);
  TheSignals().call = nullptr;
}

}  // namespace kelisim::cli
