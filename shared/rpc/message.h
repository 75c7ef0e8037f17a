#ifndef KELISIM_SHARED_RPC_MESSAGE_H_
#define KELISIM_SHARED_RPC_MESSAGE_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "google/protobuf/message.h"
#include "grpcpp/support/byte_buffer.h"
#include "shared/treaty/form.h"

// Bytes of a call, as received, and the limits they must keep.

namespace kelisim::rpc {

inline constexpr size_t kOfficerBytes = 64 * 1024;
inline constexpr size_t kExchangeBytes = 256 * 1024;
inline constexpr int kMessageDepth = 32;
// A field of two bytes may be a message of some hundred bytes in memory. The largest
// petition, of twenty persons with all that each may have, has fewer than this.
inline constexpr int kMessageFields = 2500;

// INVALID_ARGUMENT when there are more than `limit`.
absl::StatusOr<std::string> BytesOf(const grpc::ByteBuffer& buffer, size_t limit);
grpc::ByteBuffer ToBuffer(std::string_view bytes);

// INVALID_ARGUMENT: not a message of this type, nested deeper than kMessageDepth, or
// with more than kMessageFields fields, at all depths together.
absl::Status Parse(std::string_view bytes, google::protobuf::Message* message);

// One "form.unknown_field" for each message inside `message` that carries
// fields this schema lacks: an officer must not believe that they were heeded.
std::vector<treaty::FieldProblem> UnknownFields(const google::protobuf::Message& message);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_MESSAGE_H_
