#include <optional>
#include <string>

#include "absl/strings/str_format.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "ru_service/passport.h"
#include "ru_service/profile.h"
#include "ru_service/snils.h"
#include "shared/base/civil.h"
#include "shared/treaty/rules.h"

namespace kelisim::ru {
namespace {

using Problem = std::optional<std::string>;

TEST(SnilsTest, Vectors) {
  for (const char* number : {
           "11223344595",
           "00102889899",  // sum 99
           "00104799000",  // sum 100
           "00104969200",  // sum 101
           "00489994900",  // sum 201, rest 100
           "00499996000",  // sum 202
       }) {
    EXPECT_EQ(CheckSnils(number), std::nullopt) << number;
  }
}

// Of the hundred endings of each vector, the ninety-nine others are refused.
TEST(SnilsTest, ExactlyOneEndingFits) {
  for (const char* nine : {"112233445", "001028898", "001047990", "001049692", "004899949", "004999960",
                           "999999999", "111222333", "001001999"}) {
    int valid = 0;
    for (int ending = 0; ending < 100; ++ending) {
      const Problem problem = CheckSnils(absl::StrFormat("%s%02d", nine, ending));
      EXPECT_TRUE(!problem || *problem == "form.snils_check");
      if (!problem) ++valid;
    }
    EXPECT_EQ(valid, 1) << nine;
  }
}

TEST(SnilsTest, EarlyNumbersCarryNoCheck) {
  for (const char* nine : {"000000000", "000000001", "001001997", "001001998"}) {
    for (int ending = 0; ending < 100; ++ending) {
      EXPECT_EQ(CheckSnils(absl::StrFormat("%s%02d", nine, ending)), std::nullopt);
    }
  }
  EXPECT_EQ(CheckSnils("00100199999"), "form.snils_check");
}

// One insurer refuses three equal digits in a row; no act does.
TEST(SnilsTest, EqualDigitsAreNoProblem) { EXPECT_EQ(CheckSnils("11122233372"), std::nullopt); }

TEST(SnilsTest, WantsElevenDigits) {
  for (const char* number :
       {"", "1122334459", "112233445950", "112-233-445 95", "1122334459x", "1122334459 "}) {
    EXPECT_EQ(CheckSnils(number), "form.snils_digits") << number;
  }
}

TEST(PassportTest, InternalOrInternational) {
  const struct {
    const char* number;
    Problem problem;
  } cases[] = {
      {"4510123456", std::nullopt},  // internal: 4 + 6
      {"511234567", std::nullopt},   // international: 2 + 7
      {"", "form.passport"},
      {"51123456", "form.passport"},
      {"45101234567", "form.passport"},
      {"4510 123456", "form.passport"},
      {"45 10 123456", "form.passport"},
      {"N12345678", "form.passport"},
      {"45l0123456", "form.passport"},
  };
  for (const auto& test : cases) EXPECT_EQ(CheckPassport(test.number), test.problem) << test.number;
}

TEST(RuProfileTest, Facts) {
  const authority::Profile profile = RuProfile();
  EXPECT_EQ(profile.party, v1::PARTY_RU);
  EXPECT_EQ(profile.document_series, "RU-P");
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(profile.time_zone, &zone));
}

TEST(RuProfileTest, ChecksWhatRussiaIssuesAndCarriesTheRest) {
  const struct {
    v1::Identifier::Kind kind;
    const char* state;
    const char* number;
    Problem problem;
  } cases[] = {
      {v1::Identifier::SNILS, "RUS", "11223344595", std::nullopt},
      {v1::Identifier::SNILS, "RUS", "11223344596", "form.snils_check"},
      {v1::Identifier::SNILS, "KAZ", "1", "form.snils_digits"},
      {v1::Identifier::PASSPORT, "RUS", "4510123456", std::nullopt},
      {v1::Identifier::PASSPORT, "RUS", "N12345678", "form.passport"},
      {v1::Identifier::PASSPORT, "KAZ", "N12345678", std::nullopt},
      {v1::Identifier::IIN, "KAZ", "1", std::nullopt},
      {v1::Identifier::RESIDENCE_PERMIT, "RUS", "any", std::nullopt},
      {v1::Identifier::BIRTH_CERTIFICATE, "RUS", "any", std::nullopt},
  };
  const authority::Profile profile = RuProfile();
  for (const auto& test : cases) {
    v1::Identifier identifier;
    identifier.set_kind(test.kind);
    identifier.set_issuing_state(test.state);
    identifier.set_number(test.number);
    EXPECT_EQ(profile.check_identifier(identifier), test.problem) << identifier.ShortDebugString();
    EXPECT_EQ(profile.warn_identifier(identifier, v1::Person()), std::nullopt);
  }
}

// Rule 14.1: each norm stands beside a rule of the Agreement, in three languages.
TEST(NormsTest, EachNamesTheRuleThatItMeets) {
  const std::vector<v1::NationalNorm> norms = RuProfile().norms;
  ASSERT_FALSE(norms.empty());
  for (const v1::NationalNorm& norm : norms) {
    EXPECT_NE(treaty::FindRule(norm.rule()), nullptr) << norm.id();
    EXPECT_NE(norm.effect(), v1::NationalNorm::EFFECT_UNSPECIFIED) << norm.id();
    for (const v1::LocalizedText* text : {&norm.act(), &norm.text()})
      EXPECT_FALSE(text->kk().empty() || text->ru().empty() || text->en().empty()) << norm.id();
    EXPECT_TRUE(ParseDate(norm.from()).ok()) << norm.id();
  }
}

}  // namespace
}  // namespace kelisim::ru
