#ifndef KELISIM_SHARED_BASE_CIVIL_H_
#define KELISIM_SHARED_BASE_CIVIL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"

namespace kelisim {

// Legal dates are civil dates without a zone.

// "YYYY-MM-DD", an existing day from 1900 to 2199; INVALID_ARGUMENT otherwise.
absl::StatusOr<absl::CivilDay> ParseDate(std::string_view text);
std::string FormatDate(absl::CivilDay day);

// `day` plus calendar months. A day that the month lacks becomes its last day
// (31 August + 6 months = 28 or 29 February).
absl::CivilDay AddMonths(absl::CivilDay day, int months);

// Full years lived on `on`. Whoever is born on 29 February completes a year on
// 1 March of a common year: the day has fully passed then (decision record 7).
int AgeOn(absl::CivilDay birth, absl::CivilDay on);

}  // namespace kelisim

#endif  // KELISIM_SHARED_BASE_CIVIL_H_
