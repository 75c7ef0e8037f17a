#include "shared/treaty/matter_testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

// The case "c1" goes from Kazakhstan to Russia.
constexpr v1::Party kD = kKz;
constexpr v1::Party kE = kRu;

constexpr char kGrant[] = "grant { basis: 'order 1' }";

std::string Request(const std::string& kind, const std::string& facts = "",
                    const std::string& person = "head") {
  return absl::StrCat("request { case_id: 'c1' person_id: '", person, "' kind: ", kind, " object: 'flat 4' ",
                      facts, " }");
}
std::string Refuse(const std::string& rule) {
  return absl::StrCat("refuse { rule: '", rule, "' basis: 'finding 2' }");
}

TEST(Entitlement, WhoMayDoWhatInEveryStatus) {
  v1::MatterState sample;
  sample.mutable_entitlement();
  sample.set_shared(true);
  const ActionTable table = {
      {v1::ENTITLEMENT_REQUESTED, {"grant refuse withdraw", ""}},
      {v1::ENTITLEMENT_GRANTED, {"fulfil withdraw", ""}},
      {v1::ENTITLEMENT_REFUSED, {"", ""}},
      {v1::ENTITLEMENT_FULFILLED, {"", ""}},
      {v1::ENTITLEMENT_WITHDRAWN, {"", ""}},
  };
  ExpectActions("entitlement", kD, table, sample);
}

struct Row {
  const char* what;
  const char* kind;
  const char* facts;
  const char* person;
  const char* rule;  // against it; "": granted
};
// What is granted is not refused, and what is not granted is refused under that rule only.
TEST(Entitlement, GrantedOrRefusedByTheTreatysOwnGrounds) {
  constexpr char kLawful[] = "occupied_lawfully: true terms_as_for_citizens: true";
  const Row rows[] = {
      {"7.1 paid in full", "COOPERATIVE_OWNERSHIP", "share_paid_in_full: true", "head", ""},
      {"7.1 not paid", "COOPERATIVE_OWNERSHIP", "", "head", "7.1"},
      {"7.1 a member of the family", "COOPERATIVE_OWNERSHIP", "share_paid_in_full: true", "m1", "7.1"},
      {"7.2 not paid", "EARLY_SHARE_PAYMENT", "", "head", ""},
      {"7.2 paid already", "EARLY_SHARE_PAYMENT", "share_paid_in_full: true", "head", "7.2"},
      {"7.2 a member of the family", "EARLY_SHARE_PAYMENT", "", "m1", "7.2"},
      {"6.d left behind", "KEEP_PROPERTY", "", "m1", ""},
      {"11.1 sale", "SALE_ASSISTANCE", "", "m2", ""},
      {"11.2 lawful", "PRIVATISATION", kLawful, "head", ""},
      {"65 a service flat", "PRIVATISATION",
       "occupied_lawfully: true terms_as_for_citizens: true service_or_departmental: true", "head", "11.2"},
      {"66 without lawful ground", "PRIVATISATION", "terms_as_for_citizens: true", "head", "11.2"},
      {"11.4 between resettlers", "HOUSING_EXCHANGE", "between_resettlers: true", "head", ""},
      {"11.4 with others", "HOUSING_EXCHANGE", "", "head", "11.4"},
  };
  for (const Row& row : rows) {
    MatterDesk desk("entitlement", kD);
    ASSERT_EQ(desk.Do(kD, Request(row.kind, row.facts, row.person)), "") << row.what;
    EXPECT_EQ(desk.Do(kD, Refuse("2.1")) == "", false) << row.what;
    if (*row.rule == '\0') {
      EXPECT_EQ(desk.Do(kD, kGrant), "") << row.what;
      EXPECT_EQ(desk.Do(kD, "fulfil { basis: 'deed 5' }"), "") << row.what;
    } else {
      EXPECT_EQ(desk.Do(kD, kGrant), row.rule) << row.what;
      EXPECT_EQ(desk.Do(kD, Refuse(row.rule)), "") << row.what;
      EXPECT_EQ(desk.state().entitlement().refused_under(), row.rule);
    }
  }
}

// Who has to: the departure state, but for housing in the entry state; an exchange, both.
TEST(Entitlement, EachPartyOwesWhatTheAgreementSays) {
  const std::pair<const char*, const char*> of_departure[] = {{"COOPERATIVE_OWNERSHIP", "7.1"},
                                                              {"EARLY_SHARE_PAYMENT", "7.2"},
                                                              {"KEEP_PROPERTY", "6.d"},
                                                              {"SALE_ASSISTANCE", "11.1"}};
  for (const auto& [kind, rule] : of_departure) {
    EXPECT_EQ(MatterDesk("entitlement", kE).Do(kE, Request(kind)), rule);
    EXPECT_EQ(MatterDesk("entitlement", kD).Do(kD, Request(kind)), "");
  }
  EXPECT_EQ(MatterDesk("entitlement", kD).Do(kD, Request("HOUSING_ASSISTANCE")), "11.3");
  EXPECT_EQ(MatterDesk("entitlement", kE).Do(kE, Request("HOUSING_ASSISTANCE")), "");
  for (const v1::Party by : {kD, kE}) {
    EXPECT_EQ(MatterDesk("entitlement", by).Do(by, Request("HOUSING_EXCHANGE")), "");
  }
}

// 67: stricter terms than for citizens are a breach, not a request.
TEST(Entitlement, Edge67OnAParWithCitizens) {
  EXPECT_EQ(MatterDesk("entitlement", kD).Do(kD, Request("PRIVATISATION", "occupied_lawfully: true")),
            "11.2");
}

// 6.d, 62: rights outlive the case: property left behind is kept ten years later as well.
TEST(Entitlement, RightsOutliveTheCase) {
  for (const v1::CaseStatus status : {v1::COMPLETED, v1::ARRIVED}) {
    MatterDesk desk("entitlement", kD);
    desk.registry.cases["c1"].set_status(status);
    desk.today = absl::CivilDay(2036, 3, 2);
    EXPECT_EQ(desk.Do(kD, Request("KEEP_PROPERTY", "", "m1")), "");
    EXPECT_EQ(desk.Do(kD, kGrant), "");
  }
}

// Not where the case was refused or ended; and the rule is that under which it ended. 12.2b is of
// who resettled independently: a victim of compulsion (1.3) did not, nor did a migrant worker (3.e).
TEST(Entitlement, OfACaseUnderTheAgreement) {
  for (const End& end : kEnds) {
    MatterDesk desk("entitlement", kD);
    ASSERT_EQ(desk.Do(kD, Request("KEEP_PROPERTY")), "");
    MatterDesk unknown = desk;
    v1::CaseState& of = desk.registry.cases["c1"];
    of.set_status(end.status);
    of.set_closing_rule(end.closing_rule);
    EXPECT_EQ(MatterDesk(desk).Do(kD, kGrant), end.rule);
    EXPECT_EQ(desk.Refuses(kD, desk.state(), Refuse(end.rule)), "");
    const std::string other = end.rule == std::string("12.2b") ? "3.e" : "12.2b";
    EXPECT_EQ(desk.Do(kD, Refuse(other)), "6.d") << end.closing_rule;
    EXPECT_EQ(desk.Refuses(kD, desk.state(), Refuse(other)), "6.d") << end.closing_rule;
    EXPECT_EQ(desk.Do(kD, Refuse(end.rule)), "");
    MatterDesk later("entitlement", kD);
    later.registry.cases["c1"] = of;
    EXPECT_EQ(later.Do(kD, Request("KEEP_PROPERTY")), "step.case");
    // A dossier of the matter alone does not have the case.
    unknown.registry.cases.clear();
    EXPECT_EQ(unknown.Refuses(kD, unknown.state(), Refuse(end.rule)), "");
    EXPECT_EQ(unknown.Refuses(kD, unknown.state(), Refuse("9.1")), "6.d");
  }
}

// 4.1, a15, a16: granted and fulfilled under the status only: by the state of entry from the
// issue on, by the state of departure from when it prepares the departure.
TEST(Entitlement, UnderTheStatusOnly) {
  constexpr char kFulfil[] = "fulfil { basis: 'deed 5' }";
  for (const v1::Party by : {kD, kE}) {
    MatterDesk desk("entitlement", by);
    v1::CaseState& of = desk.registry.cases["c1"];
    of.set_status(v1::QUOTA_RESERVED);
    of.set_holder(kE);
    of.set_hand_offs_done(2);
    of.clear_document();
    ASSERT_EQ(desk.Do(by, Request("HOUSING_EXCHANGE", "between_resettlers: true")), "");
    EXPECT_EQ(desk.Do(by, kGrant), "4.1");
    EXPECT_EQ(desk.Refuses(by, desk.state(), kGrant), "4.1");
    of.set_status(v1::STATUS_ISSUED);
    of.mutable_document()->set_number("77");
    EXPECT_EQ(MatterDesk(desk).Do(by, kGrant), by == kD ? "4.1" : "");
    EXPECT_EQ(desk.Refuses(by, desk.state(), kGrant), by == kD ? "4.1" : "");
    of.set_status(v1::PREPARING);
    of.set_holder(kD);
    of.set_hand_offs_done(3);
    EXPECT_EQ(desk.Do(by, kGrant), "");
    for (const auto& [status, rule] : {std::pair(v1::SUSPENDED, "step.obstacle"), {v1::ANNULLED, "4.1"}}) {
      of.set_status(status);
      EXPECT_EQ(desk.Do(by, kFulfil), rule);
      // The state of departure holds the case: the other one may not have heard of it yet.
      EXPECT_EQ(desk.Refuses(by, desk.state(), kFulfil), by == kD ? rule : "");
    }
    of.set_status(v1::COMPLETED);
    EXPECT_EQ(desk.Do(by, kFulfil), "");
  }
}

// 2.2, Art. 3: rights of the family are of those who resettle with it. Who left the case, or was
// excluded, gets none, whenever that was; and is told under which rule.
TEST(Entitlement, OfWhoIsInTheCase) {
  const struct {
    v1::MemberStanding::Standing standing;
    const char* by_rule;  // as the case has it
    const char* rule;
  } rows[] = {{v1::MemberStanding::LEFT, "", "2.2"},
              {v1::MemberStanding::LEFT, "2.2", "2.2"},
              {v1::MemberStanding::LEFT, "1.2", "1.2"},
              {v1::MemberStanding::EXCLUDED, "3.zh", "3.zh"}};
  for (const auto& row : rows) {
    MatterDesk desk("entitlement", kD);
    ASSERT_EQ(desk.Do(kD, Request("KEEP_PROPERTY", "", "m1")), "");
    MatterDesk granted = desk;
    ASSERT_EQ(granted.Do(kD, kGrant), "");
    for (MatterDesk* one : {&desk, &granted}) {
      v1::MemberStanding& member = *one->registry.cases["c1"].mutable_family(0);
      member.set_standing(row.standing);
      member.set_rule(row.by_rule);
    }
    EXPECT_EQ(desk.Do(kD, kGrant), row.rule);
    EXPECT_EQ(desk.violation.person_id(), "m1");
    EXPECT_EQ(granted.Do(kD, "fulfil { basis: 'deed 5' }"), row.rule);
    EXPECT_EQ(granted.Do(kD, "withdraw { basis: 'No. 1' }"), "");
    // The Party that holds the case knew; the other one may have granted before it heard of it.
    // What it refuses, it refuses because it has heard.
    for (const v1::Party holder : {kD, kE}) {
      desk.registry.cases["c1"].set_holder(holder);
      EXPECT_EQ(desk.Refuses(kD, desk.state(), kGrant), holder == kD ? row.rule : "");
      EXPECT_EQ(desk.Refuses(kD, desk.state(), Refuse(row.rule)), "");
      EXPECT_EQ(desk.Refuses(kD, desk.state(), Refuse("3.e")), "6.d");
    }
    EXPECT_EQ(desk.Do(kD, Refuse(row.rule)), "");
    EXPECT_EQ(desk.state().entitlement().refused_under(), row.rule);
  }
  MatterDesk stranger("entitlement", kD);
  EXPECT_EQ(stranger.Do(kD, Request("KEEP_PROPERTY", "", "m3")), "step.person");
}

TEST(Entitlement, OfACaseThatIsKnown) {
  MatterDesk desk("entitlement", kD);
  desk.registry.cases.clear();
  EXPECT_EQ(desk.Do(kD, Request("KEEP_PROPERTY")), "step.case");
}

}  // namespace
}  // namespace kelisim::treaty
