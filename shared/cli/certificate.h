#ifndef KELISIM_SHARED_CLI_CERTIFICATE_H_
#define KELISIM_SHARED_CLI_CERTIFICATE_H_

#include <optional>
#include <string>
#include <string_view>

#include "absl/time/civil_time.h"
#include "kelisim/v1/matter.pb.h"

// The customs certificate of declared property (10.1) in one line that fits into a QR
// code: "KELISIM/1/<matter id>/<valid until>/<number>". It carries no content of its own:
// who reads it asks a service of either Party what was certified.

namespace kelisim::cli {

// Empty while nothing is certified.
std::string ShortFormOf(const v1::MatterState& state);

struct ShortForm {
  std::string id;
  std::string valid_until;
  std::string number;
};
std::optional<ShortForm> ParseShortForm(std::string_view text);

// "" when `text` is the certificate of the matter in `state` and valid on `day`; else the
// key of the message that says what is wrong.
std::string ProblemOf(const ShortForm& text, const v1::MatterState& state, absl::CivilDay day);

// For a terminal, two modules to a character; empty when `text` does not fit.
std::string DrawQr(const std::string& text);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_CERTIFICATE_H_
