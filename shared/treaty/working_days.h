#ifndef KELISIM_SHARED_TREATY_WORKING_DAYS_H_
#define KELISIM_SHARED_TREATY_WORKING_DAYS_H_

#include "absl/time/civil_time.h"
#include "kelisim/v1/common.pb.h"
#include "kelisim/v1/treaty.pb.h"

namespace kelisim::treaty {

// Neither Saturday nor Sunday nor a holiday of `state` in the protocol.
bool IsWorkingDay(absl::CivilDay day, v1::Party state, const v1::Protocol& protocol);

// The last of `days` working days of `state`, counted from the day after `from`.
absl::CivilDay AddWorkingDays(absl::CivilDay from, uint32_t days, v1::Party state,
                              const v1::Protocol& protocol);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_WORKING_DAYS_H_
