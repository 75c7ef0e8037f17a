#include <optional>
#include <random>
#include <string>

#include "absl/strings/str_cat.h"
#include "absl/time/time.h"
#include "gtest/gtest.h"
#include "kz_agency/documents.h"
#include "kz_agency/iin.h"
#include "kz_agency/profile.h"
#include "shared/base/civil.h"
#include "shared/treaty/rules.h"

namespace kelisim::kz {
namespace {

using Problem = std::optional<std::string>;

TEST(IinTest, Vectors) {
  for (const char* number : {"850101300124", "850101300603", "061211600012"}) {
    EXPECT_EQ(CheckIin(number), std::nullopt) << number;
  }
}

TEST(IinTest, WantsTwelveDigits) {
  for (const char* number : {"", "85010130012", "8501013001240", "85010130012a", "850101-300124",
                             "850101 300124", " 850101300124", "٨50101300124", "85010130012\xd9"}) {
    EXPECT_EQ(CheckIin(number), "form.iin_digits") << number;
    EXPECT_EQ(CheckIin(number, false), "form.iin_digits") << number;
  }
}

// How many of the ten last digits make `eleven` a valid number.
int ValidEndings(const std::string& eleven) {
  int valid = 0;
  for (char digit = '0'; digit <= '9'; ++digit) {
    const Problem problem = CheckIin(eleven + digit);
    EXPECT_TRUE(!problem || *problem == "form.iin_check");
    EXPECT_EQ(CheckIin(eleven + digit, false), std::nullopt);
    if (!problem) ++valid;
  }
  return valid;
}

TEST(IinTest, ExactlyOneLastDigitFits) {
  for (const char* eleven : {"85010130012", "85010130060", "06121160001"}) EXPECT_EQ(ValidEndings(eleven), 1);
}

TEST(IinTest, SomeNumbersAreNeverIssued) { EXPECT_EQ(ValidEndings("85010130069"), 0); }

// Over many numbers: never two endings; none for about one number in 121.
TEST(IinTest, AtMostOneLastDigitFits) {
  constexpr uint32_t kSeed = 853;
  SCOPED_TRACE(absl::StrCat("seed ", kSeed));
  std::mt19937 random(kSeed);
  int never_issued = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string eleven;
    while (eleven.size() < 11) eleven.push_back(static_cast<char>('0' + random() % 10));
    const int endings = ValidEndings(eleven);
    ASSERT_LE(endings, 1) << eleven;
    never_issued += 1 - endings;
  }
  EXPECT_GT(never_issued, 100);
  EXPECT_LT(never_issued, 250);
}

TEST(IinTest, ABirthDateIsOnlyEverAWarning) {
  const struct {
    const char* number;
    const char* birth_date;
    Problem warning;
  } cases[] = {
      {"850101300124", "1985-01-01", std::nullopt},
      {"850101300124", "1985-01-02", "warn.iin_date"},
      {"850101300124", "1985-02-01", "warn.iin_date"},
      {"850101300124", "1986-01-01", "warn.iin_date"},
      {"850101300124", "2085-01-01", "warn.iin_date"},  // 3: twentieth century
      {"061211600012", "2006-12-11", std::nullopt},
      {"061211600012", "1906-12-11", "warn.iin_date"},  // 6: twenty-first century
      {"061211100012", "1906-12-11", "warn.iin_date"},  // 1: nineteenth century
      {"061211000012", "2006-12-11", std::nullopt},     // 0: a foreigner, of any century
      {"061211000012", "1906-12-11", std::nullopt},
      {"999999999999", "1985-01-01", "warn.iin_date"},
      {"850101300124", "", std::nullopt},
      {"850101300124", "1985", std::nullopt},
      {"850101", "1985-01-01", std::nullopt},
  };
  for (const auto& test : cases) {
    EXPECT_EQ(WarnIin(test.number, test.birth_date), test.warning) << test.number << " " << test.birth_date;
  }
}

TEST(DocumentsTest, IdentityCard) {
  EXPECT_EQ(CheckIdentityCard("012345678"), std::nullopt);
  for (const char* number : {"", "12345678", "1234567890", "N12345678", "12345678 "}) {
    EXPECT_EQ(CheckIdentityCard(number), "form.identity_card") << number;
  }
}

TEST(DocumentsTest, Passport) {
  EXPECT_EQ(WarnPassport("N12345678"), std::nullopt);
  EXPECT_EQ(WarnPassport("N1234567"), std::nullopt);
  for (const char* number :
       {"", "N", "N123456", "N123456789", "n12345678", "123456789", "NN1234567", "Н1234567"}) {
    EXPECT_EQ(WarnPassport(number), "warn.passport") << number;
  }
}

v1::Identifier IdentifierOf(v1::Identifier::Kind kind, const char* state, const char* number) {
  v1::Identifier identifier;
  identifier.set_kind(kind);
  identifier.set_issuing_state(state);
  identifier.set_number(number);
  return identifier;
}

TEST(KzProfileTest, Facts) {
  const authority::Profile profile = KzProfile();
  EXPECT_EQ(profile.party, v1::PARTY_KZ);
  EXPECT_EQ(profile.document_series, "KZ-R");
  absl::TimeZone zone;
  EXPECT_TRUE(absl::LoadTimeZone(profile.time_zone, &zone));
}

TEST(KzProfileTest, ChecksWhatKazakhstanIssuesAndCarriesTheRest) {
  v1::Person person;
  person.set_birth_date("1985-01-02");
  const struct {
    v1::Identifier identifier;
    Problem problem;
    Problem warning;
  } cases[] = {
      {IdentifierOf(v1::Identifier::IIN, "KAZ", "850101300124"), std::nullopt, "warn.iin_date"},
      {IdentifierOf(v1::Identifier::IIN, "KAZ", "850101300125"), "form.iin_check", "warn.iin_date"},
      {IdentifierOf(v1::Identifier::IIN, "RUS", "85"), "form.iin_digits", std::nullopt},
      {IdentifierOf(v1::Identifier::IDENTITY_CARD, "KAZ", "1"), "form.identity_card", std::nullopt},
      {IdentifierOf(v1::Identifier::IDENTITY_CARD, "RUS", "1"), std::nullopt, std::nullopt},
      {IdentifierOf(v1::Identifier::PASSPORT, "KAZ", "1"), std::nullopt, "warn.passport"},
      {IdentifierOf(v1::Identifier::PASSPORT, "RUS", "1"), std::nullopt, std::nullopt},
      {IdentifierOf(v1::Identifier::SNILS, "RUS", "1"), std::nullopt, std::nullopt},
      {IdentifierOf(v1::Identifier::RESIDENCE_PERMIT, "KAZ", "any"), std::nullopt, std::nullopt},
  };
  const authority::Profile profile = KzProfile();
  for (const auto& test : cases) {
    EXPECT_EQ(profile.check_identifier(test.identifier), test.problem) << test.identifier.ShortDebugString();
    EXPECT_EQ(profile.warn_identifier(test.identifier, person), test.warning)
        << test.identifier.ShortDebugString();
  }
}

TEST(KzProfileTest, TheControlDigitCanBeSwitchedOff) {
  const v1::Identifier wrong = IdentifierOf(v1::Identifier::IIN, "KAZ", "850101300125");
  EXPECT_EQ(KzProfile(true).check_identifier(wrong), "form.iin_check");
  EXPECT_EQ(KzProfile(false).check_identifier(wrong), std::nullopt);
}

// Rule 14.1: each norm stands beside a rule of the Agreement, in three languages.
TEST(NormsTest, EachNamesTheRuleThatItMeets) {
  const std::vector<v1::NationalNorm> norms = KzProfile().norms;
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
}  // namespace kelisim::kz
