#include "ru_service/profile.h"

#include "ru_service/passport.h"
#include "ru_service/snils.h"
#include "shared/treaty/precedence.h"

namespace kelisim {

std::string_view RuNormsText();  // norms.textproto

}  // namespace kelisim

namespace kelisim::ru {
namespace {

std::optional<std::string> Check(const v1::Identifier& identifier) {
  switch (identifier.kind()) {
    case v1::Identifier::SNILS:
      // Only Russia issues it; the state beside it is not asked.
      return CheckSnils(identifier.number());
    case v1::Identifier::PASSPORT:
      return identifier.issuing_state() == "RUS" ? CheckPassport(identifier.number()) : std::nullopt;
    default:
      return std::nullopt;
  }
}

// Nothing about a Russian identifier is merely unusual.
std::optional<std::string> Warn(const v1::Identifier&, const v1::Person&) { return std::nullopt; }

}  // namespace

authority::Profile RuProfile() {
  return {
      .party = v1::PARTY_RU,
      .time_zone = "Europe/Moscow",
      .document_series = "RU-P",
      .check_identifier = Check,
      .warn_identifier = Warn,
      .norms = treaty::ParseNorms(RuNormsText()),
  };
}

}  // namespace kelisim::ru
