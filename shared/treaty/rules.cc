#include "shared/treaty/rules.h"

#include <algorithm>

#include "absl/strings/ascii.h"
#include "absl/strings/strip.h"
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

std::string RuleIdAsCited(const std::string& cited) {
  constexpr std::string_view kLetters[] = {"а", "б", "в", "г", "д", "е", "ж", "з"};
  if (cited.empty() || !absl::ascii_isdigit(static_cast<unsigned char>(cited.front()))) return cited;
  size_t item = 0;
  for (const std::string_view letter : kLetters) {
    ++item;
    if (!cited.ends_with(letter)) continue;
    const std::string article = cited.substr(0, cited.size() - letter.size());
    for (const v1::Rule& rule : Rules().rules()) {
      absl::string_view letters = rule.id();
      // "13.1kz" is a paragraph for one Party, and no item.
      const bool of_it = absl::ConsumePrefix(&letters, article) && !letters.empty() && letters != "kz" &&
                         letters != "ru" && std::all_of(letters.begin(), letters.end(), absl::ascii_islower);
      if (of_it && --item == 0) return rule.id();
    }
    break;
  }
  return cited;
}

}  // namespace kelisim::treaty
