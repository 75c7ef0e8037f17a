#include "ru_service/snils.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace kelisim::ru {
namespace {

constexpr std::string_view kLastUnchecked = "001001998";

// The two digits that belong to the nine: each digit times its place counted
// from the end, modulo 101, where 100 is written 00.
int CheckNumber(std::string_view nine) {
  int sum = 0;
  for (size_t i = 0; i < nine.size(); ++i) sum += (nine[i] - '0') * static_cast<int>(nine.size() - i);
  return sum % 101 % 100;
}

}  // namespace

std::optional<std::string> CheckSnils(std::string_view number) {
  if (number.size() != 11 || !std::all_of(number.begin(), number.end(), absl::ascii_isdigit)) {
    return "form.snils_digits";
  }
  const std::string_view nine = number.substr(0, 9);
  if (nine <= kLastUnchecked) return std::nullopt;
  const int check = 10 * (number[9] - '0') + (number[10] - '0');
  if (check != CheckNumber(nine)) return "form.snils_check";
  return std::nullopt;
}

}  // namespace kelisim::ru
