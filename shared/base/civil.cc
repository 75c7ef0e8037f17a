#include "shared/base/civil.h"

#include <algorithm>

#include "absl/strings/str_format.h"
#include "shared/base/ports.h"

namespace kelisim {
namespace {

class RealClock final : public Clock {
 public:
  absl::Time Now() override { return absl::Now(); }
};

}  // namespace

Clock& SystemClock() {
  static RealClock clock;
  return clock;
}

absl::StatusOr<absl::CivilDay> ParseDate(std::string_view text) {
  const auto invalid = [] { return absl::InvalidArgumentError("not a date of the form YYYY-MM-DD"); };
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return invalid();
  int numbers[3] = {0, 0, 0};
  int part = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (i == 4 || i == 7) {
      ++part;
    } else if (text[i] >= '0' && text[i] <= '9') {
      numbers[part] = numbers[part] * 10 + (text[i] - '0');
    } else {
      return invalid();
    }
  }
  const absl::CivilDay day(numbers[0], numbers[1], numbers[2]);
  // CivilDay normalises 31 June to 1 July; a date that changes did not exist.
  if (day.month() != numbers[1] || day.day() != numbers[2] || day.year() < 1900 || day.year() > 2199) {
    return absl::InvalidArgumentError("no such date");
  }
  return day;
}

std::string FormatDate(absl::CivilDay day) {
  return absl::StrFormat("%04d-%02d-%02d", day.year(), day.month(), day.day());
}

absl::CivilDay AddMonths(absl::CivilDay day, int months) {
  const absl::CivilMonth month = absl::CivilMonth(day) + months;
  const absl::CivilDay last = absl::CivilDay(month + 1) - 1;
  return std::min(absl::CivilDay(month) + (day.day() - 1), last);
}

int AgeOn(absl::CivilDay birth, absl::CivilDay on) {
  int age = static_cast<int>(on.year() - birth.year());
  if (on.month() < birth.month() || (on.month() == birth.month() && on.day() < birth.day())) --age;
  return age;
}

}  // namespace kelisim
