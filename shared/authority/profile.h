#ifndef KELISIM_SHARED_AUTHORITY_PROFILE_H_
#define KELISIM_SHARED_AUTHORITY_PROFILE_H_

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/common.pb.h"
#include "kelisim/v1/treaty.pb.h"

namespace kelisim::authority {

// What one state could change alone, as far as the core needs it. Filled in
// kz_agency/profile.cc and ru_service/profile.cc; the core holds one, its own.
struct Profile {
  v1::Party party;
  // IANA name of the capital's zone: legal dates are civil dates there.
  std::string time_zone;
  absl::CivilDay DateAt(absl::Time time) const {
    absl::TimeZone zone;
    // The zone was checked when the profile was made; an unknown one is UTC.
    absl::LoadTimeZone(time_zone, &zone);
    return absl::ToCivilDay(time, zone);
  }
  // Series printed on status documents.
  std::string document_series;
  // Checks an identifier that this state issues; the key of a problem
  // ("form.iin_digits", "form.snils_check", ...), or nullopt. Identifiers of
  // other states are carried as they are.
  std::function<std::optional<std::string>(const v1::Identifier&)> check_identifier;
  // The same for what is unusual and no reason to refuse (edge case 118).
  std::function<std::optional<std::string>(const v1::Identifier&, const v1::Person&)> warn_identifier;
  // This state's own law on what the Agreement governs (Art. 14).
  std::vector<v1::NationalNorm> norms = {};
};

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_PROFILE_H_
