#include "ru_service/passport.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace kelisim::ru {

std::optional<std::string> CheckPassport(std::string_view number) {
  constexpr size_t kInternal = 4 + 6;
  constexpr size_t kInternational = 2 + 7;
  const bool length = number.size() == kInternal || number.size() == kInternational;
  if (length && std::all_of(number.begin(), number.end(), absl::ascii_isdigit)) return std::nullopt;
  return "form.passport";
}

}  // namespace kelisim::ru
