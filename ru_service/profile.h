#ifndef KELISIM_RU_SERVICE_PROFILE_H_
#define KELISIM_RU_SERVICE_PROFILE_H_

#include "shared/authority/profile.h"

namespace kelisim::ru {

authority::Profile RuProfile();

}  // namespace kelisim::ru

#endif  // KELISIM_RU_SERVICE_PROFILE_H_
