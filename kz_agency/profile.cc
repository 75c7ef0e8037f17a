#include "kz_agency/profile.h"

#include "kz_agency/documents.h"
#include "kz_agency/iin.h"
#include "shared/treaty/precedence.h"

namespace kelisim {

std::string_view KzNormsText();  // norms.textproto

}  // namespace kelisim

namespace kelisim::kz {
namespace {

constexpr char kOwnState[] = "KAZ";

std::optional<std::string> Check(const v1::Identifier& identifier, bool iin_control_digit) {
  // Nobody else issues an IIN, whatever state is written beside it.
  if (identifier.kind() == v1::Identifier::IIN) return CheckIin(identifier.number(), iin_control_digit);
  if (identifier.issuing_state() != kOwnState) return std::nullopt;
  if (identifier.kind() == v1::Identifier::IDENTITY_CARD) return CheckIdentityCard(identifier.number());
  return std::nullopt;
}

std::optional<std::string> Warn(const v1::Identifier& identifier, const v1::Person& person) {
  if (identifier.kind() == v1::Identifier::IIN) return WarnIin(identifier.number(), person.birth_date());
  if (identifier.issuing_state() != kOwnState) return std::nullopt;
  if (identifier.kind() == v1::Identifier::PASSPORT) return WarnPassport(identifier.number());
  return std::nullopt;
}

}  // namespace

authority::Profile KzProfile(bool iin_control_digit) {
  authority::Profile profile;
  profile.party = v1::PARTY_KZ;
  profile.time_zone = "Asia/Almaty";
  profile.document_series = "KZ-R";
  profile.check_identifier = [iin_control_digit](const v1::Identifier& identifier) {
    return Check(identifier, iin_control_digit);
  };
  profile.warn_identifier = Warn;
  profile.norms = treaty::ParseNorms(KzNormsText());
  return profile;
}

}  // namespace kelisim::kz
