#ifndef KELISIM_SHARED_TREATY_DATES_H_
#define KELISIM_SHARED_TREATY_DATES_H_

#include <optional>
#include <string>

#include "absl/time/civil_time.h"
#include "shared/treaty/verdict.h"

// The days that acts bear. Each is a civil day of its author's capital.

namespace kelisim::treaty {

// The Agreement entered into force (17.2).
inline constexpr absl::CivilDay kInForceSince(2000, 4, 17);

// A civil date that CheckForm has accepted; nullopt for an empty one.
std::optional<absl::CivilDay> DateOf(const std::string& text);

// The earliest day that may still go on in the capital of the other Party on `day` in that of
// `party`: some hours of a day in Astana are of the day before in Moscow.
absl::CivilDay StillThere(absl::CivilDay day, v1::Party party);

// Whether `day` in the capital of `party` was over before `other_day` in that of
// `other` began. Astana is some hours ahead of Moscow: what follows an act of
// Kazakhstan may in Moscow bear the date before it, never the other way round.
bool IsBefore(absl::CivilDay day, v1::Party party, absl::CivilDay other_day, v1::Party other);

// step.date, 17.2: no day to come, and none before the entry into force.
std::optional<v1::Violation> CheckDay(const Context& context);

// step.date: the act did not happen before the act it follows, which `by` says
// happened on `happened_on` (empty: it follows none).
std::optional<v1::Violation> CheckFollows(const std::string& happened_on, v1::Party by,
                                          const Context& context);

// Notes in a state when its last act happened, and who made it. Where the act bears the day
// before the one it follows, as Moscow's may, the earlier bound is the later moment and stays.
template <typename State>
void SetHappened(State& state, const std::string& happened_on, v1::Party by) {
  const auto before = DateOf(state.happened_on());
  const auto day = DateOf(happened_on);
  if (before && day && *day < *before) return;
  state.set_happened_on(happened_on);
  state.set_acted_by(by);
}

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_DATES_H_
