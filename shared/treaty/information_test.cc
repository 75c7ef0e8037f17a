#include "shared/treaty/information.h"

#include <set>

#include "gtest/gtest.h"
#include "shared/treaty/instrument.h"
#include "shared/treaty/rules.h"
#include "shared/treaty/testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

// Every text of a message, with where it stands.
void Collect(const google::protobuf::Message& message, const std::string& path,
             std::vector<std::pair<std::string, v1::LocalizedText>>& texts) {
  if (message.GetDescriptor() == v1::LocalizedText::descriptor()) {
    texts.emplace_back(path, static_cast<const v1::LocalizedText&>(message));
    return;
  }
  std::vector<const google::protobuf::FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const auto* field : set) {
    if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const int size = field->is_repeated() ? message.GetReflection()->FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      Collect(field->is_repeated() ? message.GetReflection()->GetRepeatedMessage(message, field, i)
                                   : message.GetReflection()->GetMessage(message, field),
              absl::StrCat(path, ".", field->name(), "[", i, "]"), texts);
    }
  }
}

v1::Term SampleTerm() {
  v1::Term term;
  *term.mutable_protocol() = SampleProtocol();
  for (v1::Body& body : BodiesOn({}, kToday)) *term.add_bodies() = std::move(body);
  return term;
}

bool IsCyrillic(std::string_view text) { return text.find("\xD0") != std::string_view::npos; }

// Rule 5.0: neither language says less than the other.
TEST(Information, EverythingIsSaidInEveryLanguage) {
  std::vector<std::pair<std::string, v1::LocalizedText>> texts;
  Collect(InformationTexts(), "", texts);
  Collect(InformationOn("2026-03-02", SampleTerm()), "", texts);
  ASSERT_GT(texts.size(), 200u);
  for (const auto& [path, text] : texts) {
    EXPECT_TRUE(IsCyrillic(text.kk())) << path;
    EXPECT_TRUE(IsCyrillic(text.ru())) << path;
    EXPECT_FALSE(text.en().empty()) << path;
    EXPECT_NE(text.kk(), text.ru()) << path;
    EXPECT_NE(text.ru(), text.en()) << path;
    for (const std::string* one : {&text.kk(), &text.ru()}) {
      EXPECT_EQ(one->find("{}") == std::string::npos, text.en().find("{}") == std::string::npos) << path;
    }
  }
}

// Rules 5.a, 5.b, 5.c: the whole Agreement, the conditions, rights and duties in each state.
TEST(Information, TellsTheWholeAgreement) {
  const v1::Information information = InformationOn("2026-03-02", SampleTerm());
  std::set<std::string> told;
  for (const v1::Article& article : information.articles()) {
    EXPECT_FALSE(article.rules().empty()) << article.number();
    for (const v1::Rule& rule : article.rules()) told.insert(rule.id());
  }
  EXPECT_EQ(information.articles_size(), 17);
  for (const v1::Rule& rule : Rules().rules()) {
    const bool of_agreement = rule.id()[0] >= '1' && rule.id()[0] <= '9';
    EXPECT_EQ(told.count(rule.id()) > 0, of_agreement) << rule.id();
  }
  std::set<std::string> sections;
  std::set<v1::Party> states;
  for (const v1::InformationSection& section : information.sections()) {
    sections.insert(section.id());
    states.insert(section.entry_state());
    EXPECT_FALSE(section.items().empty()) << section.id();
  }
  EXPECT_EQ(sections,
            (std::set<std::string>{"conditions", "what_to_bring", "rights", "duties_kz", "duties_ru"}));
  EXPECT_EQ(states, (std::set<v1::Party>{v1::PARTY_UNSPECIFIED, kKz, kRu}));
}

// Who reads it comes with every paper that the service may ask for, and rules that exist.
TEST(Information, NamesEveryPaperAndOnlyRulesThatExist) {
  std::set<v1::Paper> named;
  for (const v1::InformationSection& section : InformationTexts().fixed().sections()) {
    for (const v1::InformationItem& item : section.items()) {
      if (item.paper() != v1::PAPER_UNSPECIFIED) named.insert(item.paper());
      if (!item.rule().empty()) {
        EXPECT_NE(FindRule(item.rule()), nullptr) << item.rule();
      }
      EXPECT_NE(item.rule().empty(), item.paper() == v1::PAPER_UNSPECIFIED) << item.text().en();
    }
  }
  for (int paper = v1::Paper_MIN + 1; paper <= v1::Paper_MAX; ++paper) {
    EXPECT_EQ(named.count(static_cast<v1::Paper>(paper)), 1u) << v1::Paper_Name(paper);
  }
}

// Every number of the protocol that sets a time is told, as it is in force.
TEST(Information, DeadlinesAreThoseOfTheProtocolInForce) {
  v1::Term term = SampleTerm();
  term.mutable_protocol()->set_answer_days(7);
  std::map<std::string, uint32_t> told;
  const v1::Information information = InformationOn("2026-03-02", term);
  for (const v1::Deadline& deadline : information.deadlines()) {
    told[deadline.parameter()] = deadline.count();
    EXPECT_FALSE(InformationLabel(v1::Deadline::Unit_Name(deadline.unit())).en().empty());
  }
  EXPECT_EQ(told["answer_days"], 7u);
  const auto* type = v1::Protocol::descriptor();
  for (int i = 0; i < type->field_count(); ++i) {
    if (type->field(i)->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_UINT32) continue;
    EXPECT_EQ(told.count(type->field(i)->name()), 1u) << type->field(i)->name();
  }
}

TEST(Information, AnAmendedRuleIsToldAsAmended) {
  v1::Term term = SampleTerm();
  v1::DatedAmendment& amendment = *term.mutable_treaty()->add_amendments();
  amendment.set_from("2026-03-02");
  amendment.add_changes()->set_rule("12.1");
  amendment.mutable_changes(0)->mutable_text()->set_ru("по-новому");
  const auto wording = [&](const char* on) {
    const v1::Information information = InformationOn(on, term);
    for (const v1::Rule& rule : information.articles(11).rules()) {
      if (rule.id() == "12.1") return rule.text().ru();
    }
    return std::string();
  };
  EXPECT_EQ(wording("2026-03-02"), "по-новому");
  EXPECT_NE(wording("2026-03-01"), "по-новому");
}

}  // namespace
}  // namespace kelisim::treaty
