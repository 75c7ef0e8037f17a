#ifndef KELISIM_KZ_AGENCY_DOCUMENTS_H_
#define KELISIM_KZ_AGENCY_DOCUMENTS_H_

#include <optional>
#include <string>
#include <string_view>

namespace kelisim::kz {

// "form.identity_card" unless nine digits.
std::optional<std::string> CheckIdentityCard(std::string_view number);

// "warn.passport" unless a Latin capital and seven or eight digits. A warning:
// the form of passport numbers is known from practice, not from an act.
std::optional<std::string> WarnPassport(std::string_view number);

}  // namespace kelisim::kz

#endif  // KELISIM_KZ_AGENCY_DOCUMENTS_H_
