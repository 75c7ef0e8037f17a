#ifndef KELISIM_SHARED_RPC_STATUS_H_
#define KELISIM_SHARED_RPC_STATUS_H_

#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/support/status.h"
#include "shared/authority/turn.h"
#include "shared/text/messages.h"

// What an answer of the core becomes on the wire: a code, a text, and
// google.rpc details with exactly one ErrorInfo of the domain "kelisim".
//
//   violation   FAILED_PRECONDITION; ErrorInfo reason "RULE" with metadata
//               rule, found, person_id; LocalizedMessage of the rule and then of
//               its remedy, in the caller's language; PreconditionFailure
//   problems    INVALID_ARGUMENT; reason "FORM"; BadRequest with one violation
//               per field, whose description is a key of the message catalogue
//   INTERNAL    code and a random reference; what happened is in the log under
//               that reference. So for every code that tells of a fault of ours
//   OutcomeUnknown  UNAVAILABLE; reason "OUTCOME_UNKNOWN"
//   others      as they are; the reason is the name of the code. RESOURCE_EXHAUSTED
//               carries a RetryInfo
//
// Metadata "told", where there is any: as in base/told.h.

namespace kelisim::rpc {

// An answer that is nothing but a status.
inline authority::Answer Only(absl::Status status) { return {std::move(status), "", {}, {}}; }

grpc::Status ToGrpc(const authority::Answer& answer, Lang lang);
grpc::Status ToGrpc(const absl::Status& status);

// Of the text at most 200 characters, of ASCII: it came from the other end.
absl::Status FromGrpc(const grpc::Status& status);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_STATUS_H_
