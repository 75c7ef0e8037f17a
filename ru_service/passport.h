#ifndef KELISIM_RU_SERVICE_PASSPORT_H_
#define KELISIM_RU_SERVICE_PASSPORT_H_

#include <optional>
#include <string>
#include <string_view>

namespace kelisim::ru {

// "form.passport" unless series and number of an internal passport (4 + 6
// digits) or of an international one (2 + 7), written as one row of digits.
std::optional<std::string> CheckPassport(std::string_view number);

}  // namespace kelisim::ru

#endif  // KELISIM_RU_SERVICE_PASSPORT_H_
