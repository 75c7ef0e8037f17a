#include "shared/treaty/information.h"

#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/base/civil.h"
#include "shared/base/own_text.h"
#include "shared/treaty/instrument.h"

namespace kelisim {

std::string_view InformationText();  // information.textproto

}  // namespace kelisim

namespace kelisim::treaty {

const v1::InformationTexts& InformationTexts() {
  static const auto* const texts =
      new v1::InformationTexts(ParseOwnText<v1::InformationTexts>(InformationText()));
  return *texts;
}

const v1::LocalizedText& InformationLabel(std::string_view id) {
  for (const v1::InformationTexts::Label& label : InformationTexts().labels()) {
    if (label.id() == id) return label.text();
  }
  return v1::LocalizedText::default_instance();
}

v1::Information InformationOn(std::string_view on, const v1::Term& term) {
  v1::Information information = InformationTexts().fixed();
  information.set_on(std::string(on));
  *information.mutable_term() = term;
  const v1::RuleCatalogue rules = RulesOn(term.treaty(), *ParseDate(std::string(on)));
  for (v1::Article& article : *information.mutable_articles()) {
    for (const v1::Rule& rule : rules.rules()) {
      if (absl::StartsWith(rule.id(), absl::StrCat(article.number(), "."))) *article.add_rules() = rule;
    }
  }
  const v1::Protocol& protocol = term.protocol();
  for (v1::Deadline& deadline : *information.mutable_deadlines()) {
    const auto* field = protocol.GetDescriptor()->FindFieldByName(deadline.parameter());
    deadline.set_count(protocol.GetReflection()->GetUInt32(protocol, field));
  }
  return information;
}

}  // namespace kelisim::treaty
