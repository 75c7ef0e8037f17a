#include "shared/treaty/rules.h"

#include "shared/base/own_text.h"

namespace kelisim {
// Generated from rules.textproto.
std::string_view RulesText();
}  // namespace kelisim

namespace kelisim::treaty {

const v1::RuleCatalogue& Rules() {
  static const auto* const catalogue = new v1::RuleCatalogue(ParseOwnText<v1::RuleCatalogue>(RulesText()));
  return *catalogue;
}

const v1::Rule* FindRule(std::string_view id) {
  for (const v1::Rule& rule : Rules().rules()) {
    if (rule.id() == id) return &rule;
  }
  return nullptr;
}

}  // namespace kelisim::treaty
