#include "kz_agency/iin.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "shared/base/civil.h"

namespace kelisim::kz {
namespace {

constexpr size_t kDigits = 12;

bool HasForm(std::string_view number) {
  return number.size() == kDigits && std::all_of(number.begin(), number.end(), absl::ascii_isdigit);
}

int DigitAt(std::string_view number, size_t at) { return number[at] - '0'; }

// Sum of the first eleven digits, weighted 1..11 from `first_weight` on and
// round, modulo 11.
int WeightedSum(std::string_view number, size_t first_weight) {
  size_t sum = 0;
  for (size_t i = 0; i < kDigits - 1; ++i) {
    const size_t weight = (first_weight - 1 + i) % 11 + 1;
    sum += weight * DigitAt(number, i);
  }
  return static_cast<int>(sum % 11);
}

// 10 when no digit controls the number: it is never issued.
int ControlDigit(std::string_view number) {
  const int sum = WeightedSum(number, 1);
  return sum == 10 ? WeightedSum(number, 3) : sum;
}

// Digit 7 names the century of birth and the sex; 0 (a foreigner) and what is
// not in use name none.
std::optional<std::string_view> Century(char digit) {
  switch (digit) {
    case '1':
    case '2':
      return "18";
    case '3':
    case '4':
      return "19";
    case '5':
    case '6':
      return "20";
    default:
      return std::nullopt;
  }
}

}  // namespace

std::optional<std::string> CheckIin(std::string_view number, bool control_digit) {
  if (!HasForm(number)) return "form.iin_digits";
  if (control_digit && ControlDigit(number) != DigitAt(number, kDigits - 1)) return "form.iin_check";
  return std::nullopt;
}

std::optional<std::string> WarnIin(std::string_view number, std::string_view birth_date) {
  if (!HasForm(number) || !ParseDate(birth_date).ok()) return std::nullopt;
  const std::string digits = {birth_date[2], birth_date[3], birth_date[5],
                              birth_date[6], birth_date[8], birth_date[9]};
  const std::optional<std::string_view> century = Century(number[6]);
  const bool same_day = number.substr(0, 6) == digits;
  const bool same_century = !century || birth_date.substr(0, 2) == *century;
  if (same_day && same_century) return std::nullopt;
  return "warn.iin_date";
}

}  // namespace kelisim::kz
