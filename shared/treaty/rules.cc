#include "shared/treaty/rules.h"

#include <cstdlib>
#include <string>

#include "google/protobuf/text_format.h"

namespace kelisim {
// Generated from rules.textproto.
std::string_view RulesText();
}  // namespace kelisim

namespace kelisim::treaty {

const v1::RuleCatalogue& Rules() {
  static const v1::RuleCatalogue* const catalogue = [] {
    auto* parsed = new v1::RuleCatalogue;
    // The text is part of the program; that it parses is tested.
    if (!google::protobuf::TextFormat::ParseFromString(std::string(RulesText()), parsed)) std::abort();
    return parsed;
  }();
  return *catalogue;
}

const v1::Rule* FindRule(std::string_view id) {
  for (const v1::Rule& rule : Rules().rules()) {
    if (rule.id() == id) return &rule;
  }
  return nullptr;
}

}  // namespace kelisim::treaty
