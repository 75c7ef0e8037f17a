#include "shared/treaty/dates.h"

#include "shared/base/civil.h"

namespace kelisim::treaty {

std::optional<absl::CivilDay> DateOf(const std::string& text) {
  const absl::StatusOr<absl::CivilDay> date = ParseDate(text);
  if (!date.ok()) return std::nullopt;
  return *date;
}

absl::CivilDay StillThere(absl::CivilDay day, v1::Party party) {
  return party == v1::PARTY_KZ ? day - 1 : day;
}

bool IsBefore(absl::CivilDay day, v1::Party party, absl::CivilDay other_day, v1::Party other) {
  return day < (party == other ? other_day : StillThere(other_day, other));
}

std::optional<v1::Violation> CheckDay(const Context& context) {
  if (context.happened_on > context.today) return Violates("step.date", "", FormatDate(context.happened_on));
  // 17.2: nothing before the entry into force is an act under the Agreement.
  if (context.happened_on < kInForceSince) return Violates("17.2", "", FormatDate(context.happened_on));
  return std::nullopt;
}

std::optional<v1::Violation> CheckFollows(const std::string& happened_on, v1::Party by,
                                          const Context& context) {
  const auto before = DateOf(happened_on);
  if (!before || !IsBefore(context.happened_on, context.author, *before, by)) return std::nullopt;
  return Violates("step.date", "", FormatDate(context.happened_on));
}

}  // namespace kelisim::treaty
