#ifndef KELISIM_SHARED_BASE_WIRE_H_
#define KELISIM_SHARED_BASE_WIRE_H_

#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/descriptor.h"

namespace kelisim {

// Looks at serialised bytes before memory is taken for what they say: a field of two bytes
// may be a message of some hundred bytes. OK when `bytes` are a message of `type`, nested
// at most `depth` deep, with at most `fields` fields at all depths together. INVALID_ARGUMENT
// otherwise. Allocates nothing; does not look at values.
absl::Status CheckFields(std::string_view bytes, const google::protobuf::Descriptor& type, int depth,
                         int fields);

}  // namespace kelisim

#endif  // KELISIM_SHARED_BASE_WIRE_H_
