#ifndef KELISIM_SHARED_CLI_INTERRUPT_H_
#define KELISIM_SHARED_CLI_INTERRUPT_H_

#include "grpcpp/client_context.h"

// What Ctrl-C and SIGTERM do. A command of an officer may be recorded already when they come:
// its call is broken off, and the program goes on to tell the request id. In all else they
// end the program at once, and no unfinished file stays behind.

namespace kelisim::cli {

// From now on a thread waits for these signals; one that is ignored already stays so. To be
// called once, before there is any other thread.
void AwaitSignals();

// While it lives, a signal breaks off the call under way and ends nothing. One at a time.
class CommandUnderWay {
 public:
  CommandUnderWay();
  ~CommandUnderWay();
  CommandUnderWay(const CommandUnderWay&) = delete;
  CommandUnderWay& operator=(const CommandUnderWay&) = delete;
};

// The call that is broken off, if it is that of a command. `context` must outlive it. One at
// a time.
class BreakableCall {
 public:
  explicit BreakableCall(grpc::ClientContext& context);
  ~BreakableCall();
  BreakableCall(const BreakableCall&) = delete;
  BreakableCall& operator=(const BreakableCall&) = delete;
};

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_INTERRUPT_H_
