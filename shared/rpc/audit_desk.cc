#include "shared/rpc/audit_desk.h"

#include <utility>

#include "shared/base/told.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/slow_stream.h"

namespace kelisim::rpc {

grpc::ServerWriteReactor<v1::AuditProgress>* AuditDesk::Open() {
  using Stream = SlowWriter<v1::AuditProgress>;
  absl::StatusOr<Shares::Share> place = place_.Take("whoever asks");
  if (!place.ok()) {
    return new Refused<grpc::ServerWriteReactor<v1::AuditProgress>>(
        Told(absl::ResourceExhaustedError("an audit is under way"), "told.audit_under_way"));
  }
  return RunSlowly(threads_, new Stream(*std::move(place)), [this](Stream& stream) {
    return audit_([&](const v1::AuditProgress& progress) { return stream.Send(progress); });
  });
}

}  // namespace kelisim::rpc
