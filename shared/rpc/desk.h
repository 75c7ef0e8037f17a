#ifndef KELISIM_SHARED_RPC_DESK_H_
#define KELISIM_SHARED_RPC_DESK_H_

#include "absl/status/status.h"
#include "shared/authority/identity.h"
#include "shared/authority/reader.h"
#include "shared/authority/turn.h"
#include "shared/base/ports.h"
#include "shared/ledger/attachments.h"
#include "shared/rpc/access.h"
#include "shared/rpc/audit_desk.h"
#include "shared/rpc/calls.h"
#include "shared/rpc/shares.h"
#include "shared/rpc/threads.h"
#include "shared/rpc/watch.h"

namespace kelisim::rpc {

// What the adapters need of the node behind them. Thread-safe.
class Backend {
 public:
  virtual ~Backend() = default;
  // Puts an input into the core's queue; what comes of it arrives in Calls.
  // RESOURCE_EXHAUSTED: the queue is full; UNAVAILABLE: the node stops. In both
  // cases the core will not see the input. Out of memory ends the process: a
  // call that is half waiting could not be answered truthfully.
  virtual absl::Status Submit(authority::Input input) noexcept = 0;
  virtual v1::NodeState State() const = 0;
};

// What every service adapter is given. All must outlive the server.
struct Desk {
  const authority::Identity& identity;
  const Access& access;
  Calls& calls;
  Backend& backend;
  const authority::Reader& reader;
  WatchHub& watch;
  Clock& clock;
  const ledger::Attachments& attachments;
  AuditDesk& audit;
  Streams& streams;
  Threads& threads;
};

// The first questions to every unary call: who, and until when. INVALID_ARGUMENT
// for a call without a deadline or with one of more than 30 seconds.
absl::StatusOr<Caller> Admit(const Desk& desk, std::string_view method,
                             const grpc::CallbackServerContext& context);

// The same to a stream, which has no end of its own: a deadline is the caller's choice.
absl::StatusOr<Caller> AdmitStream(const Desk& desk, std::string_view method,
                                   const grpc::CallbackServerContext& context);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_DESK_H_
