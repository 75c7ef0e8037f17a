#include "shared/rpc/desk.h"

#include <chrono>

#include "shared/base/status_macros.h"
#include "shared/rpc/handler.h"

namespace kelisim::rpc {
namespace {

// gRPC rounds timeouts up on the wire, and the caller's clock may differ.
constexpr std::chrono::seconds kLongestDeadline{31};

}  // namespace

absl::StatusOr<Caller> Admit(const Desk& desk, std::string_view method,
                             const grpc::CallbackServerContext& context) {
  ASSIGN_OR_RETURN(Caller caller, desk.access.Check(method, *context.auth_context()));
  if (context.deadline() - std::chrono::system_clock::now() > kLongestDeadline) {
    return absl::InvalidArgumentError("a deadline of at most 30 seconds is required");
  }
  return caller;
}

absl::StatusOr<Caller> AdmitStream(const Desk& desk, std::string_view method,
                                   const grpc::CallbackServerContext& context) {
  return Guarded<absl::StatusOr<Caller>>([&] { return desk.access.Check(method, *context.auth_context()); });
}

}  // namespace kelisim::rpc
