#include "shared/treaty/precedence.h"

#include "gtest/gtest.h"

namespace kelisim::treaty {
namespace {

const char kNorms[] = R"(
  norms { id: "vehicles" rule: "10.1" act { en: "a" } effect: LESS_FAVOURABLE from: "2020-01-01" until: "2026-03-02" }
  norms { id: "no-duty" rule: "10.1" act { en: "b" } effect: MORE_FAVOURABLE from: "2026-03-02" })";

std::vector<v1::Precedence> On(int year, int month, int day) {
  return PrecedencesOn(ParseNorms(kNorms), {}, absl::CivilDay(year, month, day));
}

// A duty on vehicles in national law: the exemption of the Agreement applies.
TEST(EdgeCases, Edge90TheAgreementPrevailsOverADuty) {
  const auto found = On(2026, 3, 1);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].norm().id(), "vehicles");
  EXPECT_EQ(found[0].rule().id(), "10.1");
  EXPECT_FALSE(found[0].rule().text().kk().empty());
  EXPECT_TRUE(found[0].agreement_applies());
}

// The rights of the Agreement are the least that is given: a more favourable law stays.
TEST(EdgeCases, Edge91AMoreFavourableLawStands) {
  const auto found = On(2026, 3, 2);
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].norm().id(), "no-duty");
  EXPECT_FALSE(found[0].agreement_applies());
}

TEST(Precedence, ANormIsAskedOnTheDaysOfItsForceOnly) {
  EXPECT_TRUE(On(2019, 12, 31).empty());
  EXPECT_EQ(On(2020, 1, 1).size(), 1u);
}

// The wording of the rule is that of the day.
TEST(Precedence, ShowsTheRuleAsAmended) {
  v1::TreatyState treaty;
  v1::DatedAmendment& amendment = *treaty.add_amendments();
  amendment.set_from("2026-03-01");
  amendment.add_changes()->set_rule("10.1");
  amendment.mutable_changes(0)->mutable_text()->set_ru("по-новому");
  EXPECT_EQ(PrecedencesOn(ParseNorms(kNorms), treaty, absl::CivilDay(2026, 3, 1)).at(0).rule().text().ru(),
            "по-новому");
}

}  // namespace
}  // namespace kelisim::treaty
