#include "shared/treaty/precedence.h"

#include "shared/base/civil.h"
#include "shared/base/own_text.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/instrument.h"

namespace kelisim::treaty {

std::vector<v1::NationalNorm> ParseNorms(std::string_view text) {
  const auto list = ParseOwnText<v1::NormList>(text);
  return {list.norms().begin(), list.norms().end()};
}

std::vector<v1::Precedence> PrecedencesOn(const std::vector<v1::NationalNorm>& norms,
                                          const v1::TreatyState& treaty, absl::CivilDay day) {
  const v1::RuleCatalogue rules = RulesOn(treaty, day);
  std::vector<v1::Precedence> precedences;
  for (const v1::NationalNorm& norm : norms) {
    const std::optional<absl::CivilDay> until = DateOf(norm.until());
    if (*DateOf(norm.from()) > day || (until && day >= *until)) continue;
    v1::Precedence& precedence = precedences.emplace_back();
    *precedence.mutable_norm() = norm;
    // 14.1: the Agreement applies where the law says otherwise.
    precedence.set_agreement_applies(norm.effect() != v1::NationalNorm::MORE_FAVOURABLE);
    for (const v1::Rule& rule : rules.rules()) {
      if (rule.id() == norm.rule()) *precedence.mutable_rule() = rule;
    }
  }
  return precedences;
}

}  // namespace kelisim::treaty
