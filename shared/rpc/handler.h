#ifndef KELISIM_SHARED_RPC_HANDLER_H_
#define KELISIM_SHARED_RPC_HANDLER_H_

#include <exception>
#include <type_traits>
#include <utility>

#include "shared/rpc/calls.h"
#include "shared/rpc/desk.h"
#include "shared/rpc/message.h"
#include "shared/rpc/status.h"

// What the handlers of calls have in common.

namespace kelisim::rpc {

// gRPC swallows exceptions: it answers UNIMPLEMENTED for a handler's, and nothing, ever, for one
// of a stream's reactions. Runs `body`, which gives an Answer, a Status or a StatusOr; an
// exception becomes an INTERNAL one.
template <typename Result, typename Body>
Result Guarded(Body body) {
  absl::Status fault;
  try {
    return body();
  } catch (const std::exception& e) {
    fault = absl::InternalError(e.what());
  }
  if constexpr (std::is_same_v<Result, authority::Answer>) {
    return Only(std::move(fault));
  } else {
    return fault;
  }
}

inline grpc::ServerUnaryReactor* Finished(grpc::CallbackServerContext& context, const grpc::Status& status) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  reactor->Finish(status);
  return reactor;
}

// A stream that ends with an error before it begins. `Reactor`: a server reactor.
template <typename Reactor>
class Refused final : public Reactor {
 public:
  explicit Refused(const grpc::Status& status) { this->Finish(status); }
  explicit Refused(const absl::Status& status) : Refused(ToGrpc(status)) {}
  void OnDone() override { delete this; }
};

// Opens a call that waits for the core, and submits `input`, whose token it sets.
template <typename CoreCall>
grpc::ServerUnaryReactor* AskCore(const Desk& desk, grpc::CallbackServerContext& context,
                                  grpc::ByteBuffer* response, CoreCall input) {
  const Calls::Waiting waiting = desk.calls.Open(context, response);
  input.token = waiting.token;
  const absl::Status submitted = desk.backend.Submit(std::move(input));
  if (!submitted.ok()) desk.calls.Answer(waiting.token, Only(submitted));
  return waiting.reactor;
}

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_HANDLER_H_
