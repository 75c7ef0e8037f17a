#include "shared/treaty/verdict.h"

#include <utility>

namespace kelisim::treaty {

std::string ScopeRule(v1::Party entry_state) { return entry_state == v1::PARTY_KZ ? "1.1a" : "1.1b"; }
std::string BodyRule(v1::Party party) { return party == v1::PARTY_KZ ? "13.1kz" : "13.1ru"; }

v1::Violation Violates(std::string rule, std::string person_id, std::string found) {
  v1::Violation violation;
  violation.set_rule(std::move(rule));
  violation.set_person_id(std::move(person_id));
  violation.set_found(std::move(found));
  return violation;
}

v1::Party Other(v1::Party party) { return party == v1::PARTY_KZ ? v1::PARTY_RU : v1::PARTY_KZ; }

std::string StateCode(v1::Party party) { return party == v1::PARTY_KZ ? "KAZ" : "RUS"; }

}  // namespace kelisim::treaty
