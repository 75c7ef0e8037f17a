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
// answer, after its end (deadline, caller gone), or when all are given up. An
// answer to a call that is finished goes nowhere. Thread-safe; must outlive the
// server.
//
// gRPC's own reactor is used for all of them: one with reactions of its own costs
// every call a hop to another thread. So somebody has to look for calls that
// ended, now and then: while one is open the server does not shut down.
class Calls {
 public:
  struct Waiting {
    uint64_t token;
    // What the handler returns.
    grpc::ServerUnaryReactor* reactor;
  };
  Waiting Open(grpc::CallbackServerContext& context, grpc::ByteBuffer* response);

  void Answer(uint64_t token, const authority::Answer& answer);
  // Finishes the calls that ended without an answer.
  void FinishEnded();
  // Finishes every call that waits now.
  void GiveUp(const absl::Status& status);

 private:
  // All live until the call is finished.
  struct Call {
    grpc::CallbackServerContext* context;
    grpc::ServerUnaryReactor* reactor;
    grpc::ByteBuffer* response;
  };
  static void Finish(const Call& call, const authority::Answer& answer);

  std::mutex mutex_;
  uint64_t last_token_ = 0;           // guarded by mutex_
  std::map<uint64_t, Call> waiting_;  // guarded by mutex_
};

// The caller's language, from request metadata "accept-language".
Lang LangOf(const grpc::CallbackServerContext& context);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_CALLS_H_
