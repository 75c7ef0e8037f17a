#ifndef KELISIM_SHARED_RPC_AUDIT_DESK_H_
#define KELISIM_SHARED_RPC_AUDIT_DESK_H_

#include <functional>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/support/server_callback.h"
#include "kelisim/v1/audit.pb.h"
#include "shared/rpc/shares.h"
#include "shared/rpc/threads.h"

namespace kelisim::rpc {

// Runs audits, one at a time, each on a thread of its own. Thread-safe. The server must
// be shut down, which ends the audit under way as soon as it has something to tell, before
// the desk is destroyed.
class AuditDesk {
 public:
  using Tell = std::function<bool(const v1::AuditProgress&)>;
  // `audit` may take long; it ends soon after `tell` has returned false.
  explicit AuditDesk(std::function<absl::Status(const Tell& tell)> audit) : audit_(std::move(audit)) {}

  // RESOURCE_EXHAUSTED on the stream while another one is under way.
  grpc::ServerWriteReactor<v1::AuditProgress>* Open();

 private:
  const std::function<absl::Status(const Tell&)> audit_;
  Shares place_{1, 1};
  Threads threads_;
};

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_AUDIT_DESK_H_
