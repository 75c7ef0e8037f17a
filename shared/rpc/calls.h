#ifndef KELISIM_SHARED_RPC_CALLS_H_
#define KELISIM_SHARED_RPC_CALLS_H_

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>

#include "absl/status/status.h"
#include "grpcpp/server_context.h"
#include "grpcpp/support/byte_buffer.h"
#include "grpcpp/support/server_callback.h"
#include "shared/authority/turn.h"
#include "shared/rpc/status.h"

namespace kelisim::rpc {

// Calls that wait for the core, by token. Each is finished exactly once: by its
// answer, by its end (deadline, caller gone), or when all are given up. An
// answer to a call that is finished goes nowhere. Thread-safe; must outlive the
// server.
class Calls {
 public:
  struct Waiting {
    uint64_t token;
    // What the handler returns.
    grpc::ServerUnaryReactor* reactor;
  };
  Waiting Open(grpc::CallbackServerContext& context, grpc::ByteBuffer* response);

  void Answer(uint64_t token, const authority::Answer& answer);
  // Finishes every call that waits now.
  void GiveUp(const absl::Status& status);

 private:
  class Reactor;
  // nullptr when the call is finished.
  Reactor* Take(uint64_t token);

  std::mutex mutex_;
  uint64_t last_token_ = 0;               // guarded by mutex_
  std::map<uint64_t, Reactor*> waiting_;  // guarded by mutex_
};

// The caller's language, from request metadata "accept-language".
Language LanguageOf(const grpc::CallbackServerContext& context);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_CALLS_H_
