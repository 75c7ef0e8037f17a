#ifndef KELISIM_SHARED_BASE_TOLD_H_
#define KELISIM_SHARED_BASE_TOLD_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/strings/cord.h"
#include "shared/base/bytes.h"

namespace kelisim {

inline constexpr char kTold[] = "kelisim/told";

// `status`, whose own text is English and for operators, with what people are told of it in
// their language, by commas: first the key in the message catalogue of what is the matter, then
// what it is about, each a key as well ("role.OFFICER") or told as it stands (a number, a reference).
inline absl::Status Told(absl::Status status, std::string_view keys) {
  status.SetPayload(kTold, absl::Cord(Absl(keys)));
  return status;
}

// Empty: people are told no more than what the code means.
inline std::string KeysTold(const absl::Status& status) {
  return std::string(status.GetPayload(kTold).value_or(absl::Cord()));
}

}  // namespace kelisim

#endif  // KELISIM_SHARED_BASE_TOLD_H_
