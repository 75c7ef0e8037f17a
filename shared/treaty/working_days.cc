#include "shared/treaty/working_days.h"

#include <algorithm>

#include "shared/base/civil.h"

namespace kelisim::treaty {

bool IsWorkingDay(absl::CivilDay day, v1::Party state, const v1::Protocol& protocol) {
  const absl::Weekday weekday = absl::GetWeekday(day);
  if (weekday == absl::Weekday::saturday || weekday == absl::Weekday::sunday) return false;
  const auto& holidays = state == v1::PARTY_KZ ? protocol.holidays_kz() : protocol.holidays_ru();
  return std::find(holidays.begin(), holidays.end(), FormatDate(day)) == holidays.end();
}

absl::CivilDay AddWorkingDays(absl::CivilDay from, uint32_t days, v1::Party state,
                              const v1::Protocol& protocol) {
  absl::CivilDay day = from;
  for (uint32_t counted = 0; counted < days;) {
    ++day;
    if (IsWorkingDay(day, state, protocol)) ++counted;
  }
  return day;
}

}  // namespace kelisim::treaty
