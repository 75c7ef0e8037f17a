#ifndef KELISIM_SHARED_TREATY_TERM_H_
#define KELISIM_SHARED_TREATY_TERM_H_

#include <optional>
#include <variant>
#include <vector>

#include "absl/time/civil_time.h"
#include "shared/treaty/verdict.h"

// The Agreement's term (Art. 17, procedure e): half-open periods of five
// calendar years from 17 April 2000.

namespace kelisim::treaty {

struct Period {
  int number;  // from 1
  absl::CivilDay from;
  absl::CivilDay until;  // exclusive
  // Last day on which a notice of termination can be received (17.4): six
  // calendar months before `until`.
  absl::CivilDay last_day_for_notice;
};

// The period that contains `day`; nullopt before 17 April 2000.
std::optional<Period> PeriodOn(absl::CivilDay day);
// Requires number >= 1.
Period PeriodNumber(int number);

// In force on `day`, given the notices received (17.2, 17.3, 17.4).
bool InForce(const v1::TreatyState& state, absl::CivilDay day);

using TreatyVerdict = std::variant<std::vector<v1::TreatyAct>, v1::Violation>;
TreatyVerdict Judge(const v1::TreatyState& state, const v1::TreatyCommand& command, const Context& context);
std::optional<v1::Violation> Admit(const v1::TreatyState& state, const v1::TreatyAct& act,
                                   const Context& context);
v1::TreatyState Apply(v1::TreatyState state, const v1::TreatyAct& act);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_TERM_H_
