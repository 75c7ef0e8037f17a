#ifndef KELISIM_KZ_AGENCY_PROFILE_H_
#define KELISIM_KZ_AGENCY_PROFILE_H_

#include "shared/authority/profile.h"

namespace kelisim::kz {

// `iin_control_digit` false: an IIN whose last digit does not fit is taken, for
// the day the rules of issue drop it.
authority::Profile KzProfile(bool iin_control_digit = true);

}  // namespace kelisim::kz

#endif  // KELISIM_KZ_AGENCY_PROFILE_H_
