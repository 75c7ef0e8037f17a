#ifndef KELISIM_KZ_AGENCY_IIN_H_
#define KELISIM_KZ_AGENCY_IIN_H_

#include <optional>
#include <string>
#include <string_view>

namespace kelisim::kz {

// The individual identification number: twelve digits, the last of which
// controls the others. Written without spaces, so that the same number is
// always the same text.

// "form.iin_digits", "form.iin_check", or nullopt. `control_digit` false: only
// the digits are counted.
std::optional<std::string> CheckIin(std::string_view number, bool control_digit = true);

// "warn.iin_date" when the first seven digits, read as the older rules had it,
// name another birth date. Since 2013 the digits need not follow the person's
// data, so this is never an error. nullopt for a number that is not twelve
// digits or a date that is not "YYYY-MM-DD": others report those.
std::optional<std::string> WarnIin(std::string_view number, std::string_view birth_date);

}  // namespace kelisim::kz

#endif  // KELISIM_KZ_AGENCY_IIN_H_
