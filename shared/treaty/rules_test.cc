#include "shared/treaty/rules.h"

#include <set>
#include <string>
#include <utility>
#include <vector>

#include "gtest/gtest.h"

namespace kelisim::treaty {
namespace {

TEST(RulesTest, EveryRuleSpeaksThreeLanguagesAndSaysWhatToDo) {
  ASSERT_FALSE(Rules().rules().empty());
  std::set<std::string> ids;
  for (const v1::Rule& rule : Rules().rules()) {
    EXPECT_TRUE(ids.insert(rule.id()).second) << rule.id() << " stands twice";
    for (const v1::LocalizedText* text : {&rule.text(), &rule.remedy()}) {
      EXPECT_FALSE(text->kk().empty()) << rule.id();
      EXPECT_FALSE(text->ru().empty()) << rule.id();
      EXPECT_FALSE(text->en().empty()) << rule.id();
    }
  }
}

TEST(RulesTest, IsFoundAsTheTextIsCited) {
  const std::pair<const char*, const char*> rows[] = {
      {"3.а", "3.a"},     {"3.в", "3.v"},     {"3.г", "3.g"}, {"3.е", "3.e"},
      {"5.в", "5.c"},     {"6.г", "6.d"},     {"3.g", "3.g"}, {"3.ж", "3.zh"},
      {"3.з", "3.з"},     {"1.1б", "1.1b"},   {"8.2", "8.2"}, {"12.2а", "12.2a"},
      {"13.1а", "13.1а"}, {"13.1б", "13.1б"}, {"", ""},       {"step.а", "step.а"}};
  for (const auto& [cited, id] : rows) EXPECT_EQ(RuleIdAsCited(cited), id);
}

TEST(RulesTest, TheCatalogueHoldsEveryRuleTheStepsName) {
  for (const char* id : {"1.1a",          "1.1b",          "2.3",
                         "2.4",           "1.2",           "1.3",
                         "2.1",           "2.2",           "3.a",
                         "3.b",           "3.v",           "3.g",
                         "3.d",           "3.e",           "3.zh",
                         "4.1",           "4.2",           "12.1",
                         "12.2a",         "12.2b",         "13.1kz",
                         "13.1ru",        "13.2",          "17.2",
                         "17.3",          "17.4",          "step.turn",
                         "step.status",   "step.closed",   "step.notice",
                         "step.person",   "step.date",     "step.ground",
                         "step.obstacle", "step.document", "step.hand_off",
                         "step.chain",    "step.quota",    "exchange.format"}) {
    ASSERT_NE(FindRule(id), nullptr) << id;
    EXPECT_EQ(FindRule(id)->id(), id);
  }
}

// 12.1 stands against who sets a quota, who closes its year, and who waits for a place.
TEST(RulesTest, TheRemedyOf121IsForEverybodyItRefuses) {
  const v1::LocalizedText& remedy = FindRule("12.1")->remedy();
  for (const auto& [text, words] :
       {std::pair(remedy.kk(), std::vector<std::string>{"кем емес", "аяқталуын", "кезекте"}),
        std::pair(remedy.ru(), std::vector<std::string>{"не ниже", "дождитесь его окончания", "в очереди"}),
        std::pair(remedy.en(), std::vector<std::string>{"not below", "until it is over", "in the queue"})}) {
    for (const std::string& word : words) EXPECT_NE(text.find(word), std::string::npos) << word;
  }
}

TEST(RulesTest, AnUnknownIdIsNoRule) {
  EXPECT_EQ(FindRule("3.z"), nullptr);
  EXPECT_EQ(FindRule(""), nullptr);
}

}  // namespace
}  // namespace kelisim::treaty
