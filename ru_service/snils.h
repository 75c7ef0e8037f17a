#ifndef KELISIM_RU_SERVICE_SNILS_H_
#define KELISIM_RU_SERVICE_SNILS_H_

#include <optional>
#include <string>
#include <string_view>

namespace kelisim::ru {

// The insurance number of an individual account: nine digits and two that check
// them, without the dashes and the space it is printed with, so that the same
// number is always the same text. Numbers up to 001-001-998 carry no check.
//
// "form.snils_digits", "form.snils_check", or nullopt.
std::optional<std::string> CheckSnils(std::string_view number);

}  // namespace kelisim::ru

#endif  // KELISIM_RU_SERVICE_SNILS_H_
