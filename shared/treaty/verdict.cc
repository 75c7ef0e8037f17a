#include "shared/treaty/verdict.h"

#include <utility>

namespace kelisim::treaty {

v1::Violation Violates(std::string rule, std::string person_id, std::string found) {
  v1::Violation violation;
  violation.set_rule(std::move(rule));
  violation.set_person_id(std::move(person_id));
  violation.set_found(std::move(found));
  return violation;
}

v1::Party Other(v1::Party party) { return party == v1::PARTY_KZ ? v1::PARTY_RU : v1::PARTY_KZ; }

}  // namespace kelisim::treaty
