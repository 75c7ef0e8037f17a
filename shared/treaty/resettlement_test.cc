#include "shared/treaty/resettlement.h"

#include <functional>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "shared/treaty/testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

class CourseTest : public ::testing::TestWithParam<v1::Party> {};

// Steps a1-a19. The desk checks at every act that both copies are equal bytes.
TEST_P(CourseTest, AllFourHandOffs) {
  const v1::Party entry = GetParam();
  const v1::Party departure = Other(entry);
  Desk desk(entry);
  const struct {
    v1::CaseStatus status;
    v1::Party holder;
    uint32_t hand_offs_done;
    Claim claim_of_entry;
    Claim claim_of_departure;
    uint32_t reserved;
    uint32_t used;
  } course[] = {
      // clang-format off
      {v1::SUBMITTED,       entry,     0, Claim::kReserved, Claim::kFree,     0, 0},
      {v1::SCOPE_OK,        entry,     0, Claim::kReserved, Claim::kFree,     0, 0},
      {v1::AWAIT_CLEARANCE, departure, 1, Claim::kReserved, Claim::kReserved, 0, 0},
      {v1::CLEARED,         departure, 1, Claim::kReserved, Claim::kReserved, 0, 0},
      {v1::QUOTA_RESERVED,  entry,     2, Claim::kReserved, Claim::kReserved, 2, 0},
      {v1::STATUS_ISSUED,   entry,     2, Claim::kClaimed,  Claim::kClaimed,  0, 2},
      {v1::PREPARING,       departure, 3, Claim::kClaimed,  Claim::kClaimed,  0, 2},
      {v1::DEPARTED,        departure, 3, Claim::kConsumed, Claim::kConsumed, 0, 2},
      {v1::ARRIVED,         entry,     4, Claim::kConsumed, Claim::kConsumed, 0, 2},
      {v1::COMPLETED,       entry,     4, Claim::kConsumed, Claim::kConsumed, 0, 2},
      // clang-format on
  };
  for (const auto& stage : course) {
    ASSERT_EQ(desk.Reach(stage.status), "");
    SCOPED_TRACE(v1::CaseStatus_Name(stage.status));
    EXPECT_EQ(desk.state().holder(), stage.holder);
    EXPECT_EQ(desk.state().hand_offs_done(), stage.hand_offs_done);
    EXPECT_EQ(EffectsOf(desk.state(), entry).claim, stage.claim_of_entry);
    EXPECT_EQ(EffectsOf(desk.state(), departure).claim, stage.claim_of_departure);
    EXPECT_EQ(EffectsOf(desk.state(), entry).reserved, stage.reserved);
    EXPECT_EQ(EffectsOf(desk.state(), entry).used, stage.used);
  }
}

INSTANTIATE_TEST_SUITE_P(Directions, CourseTest, ::testing::Values(kKz, kRu),
                         [](const auto& row) { return v1::Party_Name(row.param); });

TEST(AddressTest, TheCounterpartKnowsNothingBeforeHandOff1) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::SCOPE_OK), "");
  EXPECT_EQ(desk.copy(kKz).status(), v1::CASE_STATUS_UNSPECIFIED);
  ASSERT_EQ(desk.E("offer { number: 1 }"), "");
  EXPECT_EQ(desk.copy(kKz).status(), v1::SCOPE_OK);
}

TEST(AddressTest, ADeclinedCaseIsKnownAndCanBeOfferedAgain) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::SCOPE_OK), "");
  ASSERT_EQ(desk.E("offer { number: 1 }"), "");
  ASSERT_EQ(desk.D("decline { number: 1 rule: '2.2' person_id: 'm1' }"), "");
  ASSERT_EQ(desk.E("remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-03-01' }"), "");
  EXPECT_EQ(desk.copy(kKz).family(0).standing(), v1::MemberStanding::LEFT);
  EXPECT_EQ(desk.Reach(v1::COMPLETED), "");
}

TEST(ActsTest, WhichAreIrreversibleAndWhichOutsideTheChain) {
  for (const char* text : {"status_issued {}", "exit_recorded {}"})
    EXPECT_TRUE(IsIrreversible(Text<v1::CaseAct>(text)));
  for (const char* text : {"place_reserved {}", "residence_registered {}", "notice_given {}"}) {
    EXPECT_FALSE(IsIrreversible(Text<v1::CaseAct>(text)));
  }
  for (const char* text : {"notice_given {}", "answer_overdue {}"})
    EXPECT_TRUE(IsOutsideChain(Text<v1::CaseAct>(text)));
  EXPECT_FALSE(IsOutsideChain(Text<v1::CaseAct>("notice_dismissed {}")));
}

TEST(OverdueTest, IsEvidenceAndChangesNothing) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::CLEARED), "");
  ASSERT_EQ(desk.D("offer { number: 2 }"), "");
  const auto act = Text<v1::CaseAct>("answer_overdue { offer_entry_id: 'e6' answer_due: '2026-03-22' }");
  // The day on which Russia owes it ends in Moscow.
  desk.today = absl::CivilDay(2026, 3, 23);
  EXPECT_EQ(desk.Record(kKz, act), "copy: step.date");
  desk.today = absl::CivilDay(2026, 3, 24);
  const std::string before = desk.state().SerializeAsString();
  EXPECT_EQ(desk.Record(kKz, act), "");
  EXPECT_EQ(desk.state().SerializeAsString(), before);
}

// ---------------------------------------------------------------- what an end releases

TEST(EffectsTest, AnEndBeforeTheDepartureReleasesEverything) {
  for (const v1::CaseStatus from :
       {v1::SUBMITTED, v1::CLEARED, v1::QUOTA_RESERVED, v1::STATUS_ISSUED, v1::PREPARING}) {
    Desk desk;
    ASSERT_EQ(desk.Reach(from), "");
    ASSERT_EQ(desk.Do(desk.state().holder(), kWithdraw), "");
    const Effects effects = EffectsOf(desk.state(), kRu);
    EXPECT_EQ(effects.claim, Claim::kFree) << v1::CaseStatus_Name(from);
    EXPECT_EQ(effects.reserved + effects.used, 0u);
    EXPECT_EQ(desk.state().closed_from(), from);
  }
}

TEST(EffectsTest, Edge12AnAnnulmentAfterTheDepartureKeepsTheUseExceptForCompulsion) {
  for (const auto& [rule, claim] : {std::pair("2.1", Claim::kConsumed), std::pair("1.3", Claim::kFree)}) {
    Desk desk;
    ASSERT_EQ(desk.Reach(v1::ARRIVED), "");
    ASSERT_EQ(desk.E(absl::StrCat("annul { rule: '", rule, "' basis: 'No. 1' }")), "");
    EXPECT_EQ(EffectsOf(desk.state(), kRu).claim, claim) << rule;
    EXPECT_EQ(EffectsOf(desk.state(), kRu).used, 2u);
  }
}

// 1.2, 1.3: whoever was compelled has used nothing; the others have. What the family departed
// with was a place, and stays one.
TEST(EffectsTest, Edge12ACompelledMemberKeepsItsOneTime) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::ARRIVED), "");
  ASSERT_EQ(desk.E("remove_member { person_id: 'm1' reason: COMPELLED basis: 'No. 9' }"), "");
  EXPECT_EQ(desk.state().family(0).standing(), v1::MemberStanding::LEFT);
  EXPECT_EQ(desk.state().family(0).rule(), "1.3");
  ASSERT_EQ(desk.Reach(v1::COMPLETED), "");
  EXPECT_EQ(EffectsOf(desk.state(), kRu).used, 2u);
  // Both petition again.
  Desk later;
  for (const v1::Party party : {kKz, kRu}) later.registry.Hold(EffectsOf(desk.state(), party));
  EXPECT_EQ(later.Do(kRu, File(later.petition)), "1.2");
  EXPECT_EQ(later.violation.person_id(), "head");
  *later.petition.mutable_head() = SamplePerson(kRu, "2", "1982-01-09");
  later.petition.clear_family();
  EXPECT_EQ(later.Reach(v1::COMPLETED), "");
}

// 1.2: so does a departure that becomes known after the end. Nobody's place is taken for it: the
// one that was given back may be another family's.
TEST(EffectsTest, ADepartureKnownAfterTheEndIsAUse) {
  for (const auto& [rule, claim] : {std::pair("2.1", Claim::kConsumed), std::pair("1.3", Claim::kFree)}) {
    Desk desk;
    ASSERT_EQ(desk.Reach(v1::PREPARING), "");
    desk.today = absl::CivilDay(2026, 3, 5);
    const std::string of = absl::StrCat("rule: '", rule, "' basis: 'No. 1'");
    ASSERT_EQ(desk.E(absl::StrCat("give_notice { kind: ANNULMENT stated_on: '2026-03-05' ", of, " }")), "");
    ASSERT_EQ(desk.D(absl::StrCat("annul { resolves_notice: '", desk.LastEntry(), "' ", of, " }")), "");
    for (const v1::Party party : {kKz, kRu}) EXPECT_EQ(EffectsOf(desk.state(), party).claim, Claim::kFree);
    ASSERT_EQ(desk.D("record_exit { crossed_on: '2026-03-04' crossing_point: 'P1' }"), "");
    EXPECT_EQ(desk.state().status(), v1::ANNULLED);
    for (const v1::Party party : {kKz, kRu}) {
      const Effects effects = EffectsOf(desk.state(), party);
      EXPECT_EQ(effects.claim, claim) << rule;
      EXPECT_EQ(effects.persons.size(), claim == Claim::kFree ? 0u : 2u);
      EXPECT_EQ(effects.reserved + effects.used, 0u);
    }
    EXPECT_TRUE(desk.state().ended_on().empty());
  }
}

TEST(EffectsTest, Edge50AReissuedDocumentClaimsNothingNew) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "");
  const Effects before = EffectsOf(desk.state(), kRu);
  const std::string document = desk.state().document().SerializeAsString();
  ASSERT_EQ(desk.E("reissue_document { reason: 'lost' }"), "");
  EXPECT_EQ(EffectsOf(desk.state(), kRu).claim, before.claim);
  EXPECT_EQ(EffectsOf(desk.state(), kRu).used, before.used);
  EXPECT_EQ(desk.state().document().SerializeAsString(), document);
}

// What Article 3 says lasts as long as its circumstance: whoever was excluded may apply
// again when it has ended, and goes the whole way. 33 refugee, 36 convict, 42 student, 45
// a conscript's family.
TEST(EffectsTest, Edges33And36And42And45AnExcludedPersonMayApplyLater) {
  for (const std::string rule : {"3.a", "3.b", "3.d", "3.e", "3.zh"}) {
    Desk desk;
    ASSERT_EQ(desk.Reach(v1::AWAIT_CLEARANCE), "");
    ASSERT_EQ(
        desk.D("exclude { rule: '" + rule + "' person_id: 'head' basis: 'No. 1'" + OfConvict(rule) + " }"),
        "");
    EXPECT_EQ(desk.state().closing_rule(), rule);
    for (const v1::Party party : {kKz, kRu}) EXPECT_EQ(EffectsOf(desk.state(), party).claim, Claim::kFree);
    Desk later;
    later.registry = desk.registry;
    later.today = kToday + 300;
    later.registry.SetQuota(kRu, static_cast<int>(later.today.year()), 2);
    EXPECT_EQ(later.Reach(v1::STATUS_ISSUED), "") << rule;
  }
}

// 26: who was a minor when the petition was filed is one for this case, also when the
// eighteenth birthday comes after the issue: no place is lost, nobody is put out.
TEST(EffectsTest, Edge26AChildTurnsEighteenAfterTheIssue) {
  Desk desk;
  *desk.petition.add_family() = SampleMember(kRu, "3", v1::CHILD, "2008-03-10");
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  desk.today = absl::CivilDay(2026, 3, 20);
  EXPECT_EQ(desk.D("remove_member { person_id: 'm2' reason: NOT_COVERED basis: 'No. 9' }"), "step.ground");
  ASSERT_EQ(desk.Reach(v1::COMPLETED), "");
  EXPECT_EQ(IncludedPersons(desk.state()).size(), 3u);
  EXPECT_EQ(EffectsOf(desk.state(), kRu).used, 3u);
}

// ---------------------------------------------------------------- notices

std::string Notice(const std::string& kind, const std::string& more) {
  return "give_notice { kind: " + kind + " stated_on: '2026-03-01' " + more + " }";
}
const std::string kWill = Notice("WITHDRAWAL", "");
const std::string kConvict =
    Notice("OBSTACLE", "rule: '3.b' person_id: 'head' basis: 'No. 1' convicted: true held: true");
const std::string kFalse = Notice("ANNULMENT", "rule: '2.1' basis: 'No. 1'");

std::string Answer(const Desk& desk, const std::string& verb, const std::string& more) {
  return verb + " { resolves_notice: '" + desk.LastEntry() + "' " + more + " }";
}

TEST(NoticeTest, AWillLeavesOnlyTheWithdrawal) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  ASSERT_EQ(desk.E(kWill), "");
  EXPECT_EQ(desk.Next(), "step.notice");
  EXPECT_EQ(desk.D("suspend { rule: '3.b' person_id: 'head' basis: 'No. 1' convicted: true held: true }"),
            "step.notice");
  EXPECT_EQ(desk.D(Answer(desk, "dismiss_notice", "basis: 'No. 1'")), "step.notice");
  EXPECT_EQ(desk.D(Answer(desk, "withdraw", "stated_on: '2026-03-01'")), "");
  EXPECT_EQ(desk.state().status(), v1::WITHDRAWN);
  EXPECT_TRUE(desk.state().notices().empty());
}

// A member who stays ends its own part alone.
TEST(NoticeTest, AMembersWillDoesNotEndTheHeadsCase) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  ASSERT_EQ(desk.E(Notice("WITHDRAWAL", "person_id: 'm1'")), "");
  EXPECT_EQ(desk.D(Answer(desk, "withdraw", "stated_on: '2026-03-01'")), "step.person");
  EXPECT_EQ(desk.D("remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-03-01' }"), "");
  EXPECT_EQ(desk.state().status(), v1::PREPARING);
  EXPECT_TRUE(desk.state().notices().empty());
}

TEST(NoticeTest, TheEntryStatesDecisionToAnnulLeavesOnlyItsEffect) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  ASSERT_EQ(desk.E(kFalse), "");
  EXPECT_EQ(desk.Next(), "step.notice");
  EXPECT_EQ(desk.D(kWithdraw), "step.notice");
  EXPECT_EQ(desk.D(Answer(desk, "dismiss_notice", "basis: 'No. 1'")), "step.notice");
  EXPECT_EQ(desk.D(Answer(desk, "annul", "rule: '1.3' basis: 'No. 1'")), "step.ground");
  EXPECT_EQ(desk.D(Answer(desk, "annul", "rule: '2.1' basis: 'No. 1'")), "");
  EXPECT_EQ(desk.state().status(), v1::ANNULLED);
}

// 4.1: who decides may decide otherwise, until effect was given to it.
TEST(NoticeTest, TheEntryStateTakesItsOrderToAnnulBack) {
  const auto back = [](const std::string& order, const std::string& rule) {
    return Notice("ANNULMENT_TAKEN_BACK", "rule: '" + rule + "' basis: 'No. 2' order: '" + order + "'");
  };
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  ASSERT_EQ(desk.E(kFalse), "");
  const std::string order = desk.LastEntry();
  const std::string annul = "annul { rule: '2.1' basis: 'No. 1' resolves_notice: '" + order + "' }";
  const std::string dismiss = "dismiss_notice { basis: 'No. 3' resolves_notice: '" + order + "' }";
  EXPECT_EQ(desk.D(dismiss), "step.notice");
  EXPECT_EQ(desk.E(back("none", "2.1")), "step.notice");
  EXPECT_EQ(desk.E(back(order, "1.3")), "step.notice");
  EXPECT_EQ(desk.E(back("", "2.1")), "form: give_notice.order");
  EXPECT_EQ(desk.D(back(order, "2.1")), "step.holder");
  ASSERT_EQ(desk.E(back(order, "2.1")), "");
  EXPECT_EQ(desk.E(back(order, "2.1")), "step.notice");
  // It goes with the order: alone it cannot be put aside.
  EXPECT_EQ(desk.D(Answer(desk, "dismiss_notice", "basis: 'No. 3'")), "step.notice");
  EXPECT_EQ(desk.Next(), "step.notice");
  EXPECT_EQ(desk.D(annul), "step.ground");
  // The document is issued again, as nobody annuls it any more.
  EXPECT_EQ(desk.E("reissue_document { reason: 'lost' }"), "");
  EXPECT_EQ(desk.D(dismiss), "");
  EXPECT_TRUE(desk.state().notices().empty());
  EXPECT_EQ(desk.Reach(v1::COMPLETED), "");
}

// Of two orders the one that stands binds.
TEST(NoticeTest, OneOfTwoOrdersIsTakenBack) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  ASSERT_EQ(desk.E(kFalse), "");
  const std::string first = desk.LastEntry();
  ASSERT_EQ(desk.E(Notice("ANNULMENT", "rule: '1.2' basis: 'No. 2'")), "");
  const std::string second = desk.LastEntry();
  ASSERT_EQ(desk.E(Notice("ANNULMENT_TAKEN_BACK", "rule: '2.1' basis: 'No. 3' order: '" + first + "'")), "");
  EXPECT_EQ(desk.D("annul { rule: '2.1' basis: 'No. 1' resolves_notice: '" + first + "' }"), "step.ground");
  EXPECT_EQ(desk.D(kWithdraw), "step.notice");
  EXPECT_EQ(desk.D("annul { rule: '1.2' basis: 'No. 2' resolves_notice: '" + second + "' }"), "");
  EXPECT_EQ(desk.state().closing_rule(), "1.2");
  EXPECT_TRUE(desk.state().notices().empty());
}

// Effect was given before it was heard that the order is taken back: it stands.
TEST(NoticeTest, AnAnnulmentThatCrossedTheTakingBackIsAdmitted) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  ASSERT_EQ(desk.E(kFalse), "");
  const std::string order = desk.LastEntry();
  ASSERT_EQ(desk.E(Notice("ANNULMENT_TAKEN_BACK", "rule: '2.1' basis: 'No. 2' order: '" + order + "'")), "");
  const auto annulled =
      Text<v1::CaseAct>("annulled { rule: '2.1' basis: 'No. 1' resolves_notice: '" + order + "' }");
  EXPECT_FALSE(Admit(desk.copy(kRu), annulled, desk.OnArrival(kKz)).has_value());
  EXPECT_TRUE(Admit(desk.copy(kKz), annulled, desk.At(kKz)).has_value());
}

// 3.b, 3.v, 3.g: what the departure state has reported, and of whom, and no more.
TEST(NoticeTest, TheEntryStateActsOnFactsOfTheDepartureStateAsReported) {
  const auto report = [](const char* kind, const char* person) {
    return absl::StrCat("give_notice { kind: ", kind, " rule: '3.v' person_id: '", person,
                        "' basis: 'No. 4' stated_on: '2026-03-01' }");
  };
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "");
  ASSERT_EQ(desk.D(report("OBSTACLE", "m1")), "");
  const std::string suspended = "basis: 'No. 5' review_on: '2026-06-01'";
  EXPECT_EQ(desk.E(Answer(desk, "suspend", "rule: '3.v' person_id: 'head' " + suspended)), "step.notice");
  EXPECT_EQ(desk.E(Answer(desk, "annul", "rule: '2.1' basis: 'No. 5'")), "step.notice");
  EXPECT_EQ(desk.E(Answer(desk, "suspend", "rule: '3.v' person_id: 'm1' " + suspended)), "");
  const std::string ended = "rule: '3.v' person_id: 'm1' basis: 'No. 6'";
  EXPECT_EQ(desk.E("resume { " + ended + " }"), "step.ground");
  ASSERT_EQ(desk.D(report("OBSTACLE_ENDED", "m1")), "");
  EXPECT_EQ(desk.E(Answer(desk, "resume", ended)), "");
  EXPECT_EQ(desk.state().status(), v1::STATUS_ISSUED);
}

// Art. 3: the Agreement did not apply to who was suspended; before and after, it did.
TEST(SuspensionTest, NobodyDepartedInIt) {
  const auto on = [](Desk& desk, int day) { desk.today = absl::CivilDay(2026, 3, day); };
  for (const auto& [crossed_on, rule] :
       {std::pair{"2026-03-09", ""}, std::pair{"2026-03-10", ""}, std::pair{"2026-03-15", "step.date"},
        std::pair{"2026-03-20", ""}, std::pair{"2026-03-21", ""}}) {
    Desk desk;
    ASSERT_EQ(desk.Reach(v1::PREPARING), "");
    on(desk, 10);
    ASSERT_EQ(desk.D("suspend { rule: '3.b' person_id: 'head' basis: 'No. 1' convicted: true held: true }"),
              "");
    on(desk, 20);
    ASSERT_EQ(desk.D("resume { rule: '3.b' person_id: 'head' basis: 'No. 2' }"), "");
    on(desk, 21);
    EXPECT_EQ(desk.D(absl::StrCat("record_exit { crossed_on: '", crossed_on, "' crossing_point: 'x' }")),
              rule)
        << crossed_on;
  }
}

// A member's obstacle does not annul the head's case.
TEST(NoticeTest, AMembersObstacleDoesNotAnnul) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "");
  ASSERT_EQ(
      desk.D(Notice("OBSTACLE", "rule: '3.b' person_id: 'm1' basis: 'No. 4' convicted: true held: true")),
      "");
  EXPECT_EQ(desk.E(Answer(desk, "annul", "rule: '3.b' basis: 'No. 5'")), "step.person");
}

// Between clearance and issue the case waits: what the departure state has reported blocks
// the document until that state reports the end.
TEST(NoticeTest, AnObstacleBeforeTheIssueBlocksUntilItEnds) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::QUOTA_RESERVED), "");
  const std::string of = " rule: '3.v' person_id: 'head' basis: 'No. 4' stated_on: '2026-03-01' }";
  ASSERT_EQ(desk.D("give_notice { kind: OBSTACLE" + of), "");
  const std::string obstacle = Answer(desk, "dismiss_notice", "basis: 'No. 5'");
  EXPECT_EQ(desk.E(kIssue), "step.notice");
  ASSERT_EQ(desk.D("give_notice { kind: OBSTACLE_ENDED" + of), "");
  EXPECT_EQ(desk.E(Answer(desk, "dismiss_notice", "basis: 'No. 5'")), "");
  EXPECT_EQ(desk.E(kIssue), "step.notice");
  EXPECT_EQ(desk.E(obstacle), "");
  EXPECT_EQ(desk.E(kIssue), "");
}

TEST(NoticeTest, AReportWaitsForTheEntryStatesAnswer) {
  const struct {
    const char* verb;
    const char* more;
    v1::CaseStatus status;
  } answers[] = {{"annul", "rule: '2.1' basis: 'No. 2'", v1::ANNULLED},
                 {"dismiss_notice", "basis: 'No. 2'", v1::STATUS_ISSUED}};
  for (const auto& answer : answers) {
    Desk desk;
    ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "");
    ASSERT_EQ(desk.D(kFalse), "");
    EXPECT_EQ(desk.Next(), "step.notice");
    EXPECT_EQ(desk.E(Answer(desk, answer.verb, answer.more)), "");
    EXPECT_EQ(desk.state().status(), answer.status);
    EXPECT_TRUE(desk.state().notices().empty());
  }
}

TEST(NoticeTest, AnObstacleIsAnsweredWhereTheCaseStands) {
  const struct {
    v1::CaseStatus reach;
    const char* verb;
    const char* more;
    v1::CaseStatus status;
  } answers[] = {
      // clang-format off
      {v1::AWAIT_CLEARANCE, "exclude",        "rule: '3.b' person_id: 'head' basis: 'No. 2' convicted: true held: true", v1::EXCLUDED},
      {v1::QUOTA_RESERVED,  "annul",          "rule: '3.b' person_id: 'head' basis: 'No. 2'",                            v1::ANNULLED},
      {v1::QUOTA_RESERVED,  "dismiss_notice", "basis: 'No. 2'",                                                          v1::QUOTA_RESERVED},
      {v1::STATUS_ISSUED,   "suspend",        "rule: '3.b' person_id: 'head' basis: 'No. 2' convicted: true held: true", v1::SUSPENDED},
      {v1::PREPARING,       "suspend",        "rule: '3.b' person_id: 'head' basis: 'No. 2' convicted: true held: true", v1::SUSPENDED},
      // clang-format on
  };
  for (const auto& answer : answers) {
    SCOPED_TRACE(answer.verb);
    Desk desk;
    ASSERT_EQ(desk.Reach(answer.reach), "");
    const v1::Party holder = desk.state().holder();
    ASSERT_EQ(desk.Do(Other(holder), kConvict), "");
    EXPECT_EQ(desk.Next(), "step.notice");
    const std::string command = Answer(desk, answer.verb, answer.more);
    EXPECT_EQ(desk.Do(holder, command), "");
    EXPECT_EQ(desk.state().status(), answer.status);
    EXPECT_TRUE(desk.state().notices().empty());
  }
}

// 13.2: twenty working days of the departure state, until it clears, defers or excludes.
TEST(HandOffTest, WhoTakesACaseToClearSaysUntilWhen) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::SCOPE_OK), "");
  EXPECT_EQ(DueOn(desk.state()), "");
  ASSERT_EQ(desk.E("offer { number: 1 }"), "");
  EXPECT_EQ(DueOn(desk.state()), "2026-03-22");
  for (const char* due : {"", "2026-03-29", "2026-03-31"}) {
    v1::CaseAct act = Text<v1::CaseAct>("accepted { number: 1 }");
    act.mutable_accepted()->set_clearance_due(due);
    const auto violation = Admit(desk.state(), act, desk.At(kKz));
    ASSERT_TRUE(violation.has_value()) << due;
    EXPECT_EQ(violation->rule(), "13.2") << due;
  }
  ASSERT_EQ(desk.D("accept { number: 1 }"), "");
  EXPECT_EQ(DueOn(desk.state()), "2026-03-30");
  ASSERT_EQ(desk.Reach(v1::CLEARED), "");
  EXPECT_EQ(DueOn(desk.state()), "");
  // The others hand over what is decided already.
  ASSERT_EQ(desk.D("offer { number: 2 }"), "");
  const auto late = Text<v1::CaseAct>("accepted { number: 2 clearance_due: '2026-03-30' }");
  EXPECT_EQ(Admit(desk.state(), late, desk.At(kRu))->rule(), "13.2");
}

// The act says of which hand-off it is also where the command does not.
TEST(HandOffTest, ACommandThatNamesNoneMeansTheOneThatIsDue) {
  const auto number_in = [](const Desk& desk, v1::Party author, const char* command) {
    const CaseVerdict verdict = Judge(desk.copy(author), Command(command), desk.At(author));
    const auto* acts = std::get_if<std::vector<v1::CaseAct>>(&verdict);
    if (acts == nullptr) return 0u;
    const v1::CaseAct& act = acts->front();
    return act.has_offered()    ? act.offered().number()
           : act.has_accepted() ? act.accepted().number()
                                : act.declined().number();
  };
  Desk desk;
  uint32_t number = 0;
  for (const v1::CaseStatus reach : {v1::SCOPE_OK, v1::CLEARED, v1::STATUS_ISSUED, v1::DEPARTED}) {
    ++number;
    ASSERT_EQ(desk.Reach(reach), "");
    const v1::Party from = desk.state().holder();
    const v1::Party to = Other(from);
    EXPECT_EQ(desk.Do(to, "accept {}"), number == 1 ? "step.status" : "step.turn") << number;
    EXPECT_EQ(desk.Do(from, "accept {}"), "step.hand_off") << number;
    EXPECT_EQ(number_in(desk, from, "offer {}"), number);
    ASSERT_EQ(desk.Do(from, "offer {}"), "");
    EXPECT_EQ(number_in(desk, to, "decline { rule: '13.2' }"), number);
    EXPECT_EQ(number_in(desk, to, "accept {}"), number);
    ASSERT_EQ(desk.Do(to, "decline { rule: '13.2' }"), "");
    // Declined, it is still the next one.
    ASSERT_EQ(desk.Do(from, "offer {}"), "");
    EXPECT_EQ(desk.Do(to, absl::StrCat("accept { number: ", number % 4 + 1, " }")), "step.hand_off");
    ASSERT_EQ(desk.Do(to, "accept {}"), "");
    EXPECT_EQ(desk.state().hand_offs_done(), number);
  }
  // a11: the acceptance of the second has given the case its place.
  EXPECT_TRUE(desk.state().has_place());
  EXPECT_EQ(desk.E("offer {}"), "step.status");
}

// 2.1: in the evening of the day before in Moscow, when in Astana it is the day of the petition.
TEST(NoticeTest, AMembersWillHasTheDayOfTheCapitalInWhichItWasStated) {
  Desk desk(kKz);
  ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "");
  const std::string leaves = "remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-02-19' }";
  EXPECT_EQ(desk.E(leaves), "step.date");
  ASSERT_EQ(desk.D("give_notice { kind: WITHDRAWAL person_id: 'm1' stated_on: '2026-02-19' }"), "");
  EXPECT_EQ(desk.E(leaves), "");
}

TEST(NoticeTest, AnAnswerFitsItsNotice) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  ASSERT_EQ(desk.E(kConvict), "");
  EXPECT_EQ(desk.D(Answer(desk, "suspend", "rule: '3.v' person_id: 'head' basis: 'No. 1'")), "step.notice");
  const std::string convict = " basis: 'No. 1' convicted: true held: true";
  EXPECT_EQ(desk.D(Answer(desk, "suspend", "rule: '3.b' person_id: 'm1'" + convict)), "step.notice");
  EXPECT_EQ(desk.D(Answer(desk, "withdraw", "stated_on: '2026-03-01'")), "step.notice");
  EXPECT_EQ(desk.D("withdraw { stated_on: '2026-03-01' resolves_notice: 'none' }"), "step.notice");
  // What a notice has said of the convict, the act that answers it says again.
  EXPECT_EQ(desk.D(Answer(desk, "suspend", "rule: '3.b' person_id: 'head' basis: 'No. 1'")), "3.b");
  EXPECT_EQ(desk.D(Answer(desk, "suspend", "rule: '3.b' person_id: 'head'" + convict)), "");
  ASSERT_EQ(desk.E(Notice("OBSTACLE_ENDED", "rule: '3.b' person_id: 'head' basis: 'No. 2'")), "");
  EXPECT_EQ(desk.D(Answer(desk, "resume", "rule: '3.b' person_id: 'head' basis: 'No. 2'")), "");
  EXPECT_EQ(desk.Reach(v1::COMPLETED), "");
}

TEST(NoticeTest, AnActThatCrossedANoticeIsAdmitted) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "");
  ASSERT_EQ(desk.D(kConvict), "");
  // The entry state made this offer before the notice reached it.
  const auto offer = Text<v1::CaseAct>("offered { number: 3 answer_due: '2026-03-22' }");
  EXPECT_FALSE(Admit(desk.copy(kKz), offer, desk.OnArrival(kRu)).has_value());
  // Now that it knows, it answers first.
  EXPECT_EQ(desk.E("offer { number: 3 }"), "step.notice");
}

// A notice may meet the chain anywhere: where both have arrived, both sides hold
// the same bytes. Every order of a course and up to three notices is tried; an
// inadmissible notice is refused and changes nothing.
class InterleavingTest : public ::testing::TestWithParam<int> {};

struct Said {
  v1::Party author;
  v1::CaseAct act;
  std::string entry_id;
};

void Interleave(const v1::CaseState& state, const std::vector<Said>& chain, size_t next_act,
                const std::vector<Said>& notices, size_t next_notice, const Desk& desk,
                std::vector<std::string>& ends) {
  if (next_act == chain.size() && next_notice == notices.size()) {
    ends.push_back(state.SerializeAsString());
    return;
  }
  if (next_act < chain.size()) {
    const Said& said = chain[next_act];
    Interleave(Apply(state, said.act, {said.author, "2026-03-02", said.entry_id, 7}), chain, next_act + 1,
               notices, next_notice, desk, ends);
  }
  if (next_notice < notices.size()) {
    const Said& said = notices[next_notice];
    const bool admitted = !Admit(state, said.act, desk.At(said.author)).has_value();
    const v1::CaseState after =
        admitted ? Apply(state, said.act, {said.author, "2026-03-02", said.entry_id, 7}) : state;
    Interleave(after, chain, next_act, notices, next_notice + 1, desk, ends);
  }
}

TEST_P(InterleavingTest, TheFoldDoesNotDependOnWhereNoticesMeetTheChain) {
  const char* const courses[][6] = {
      {"accepted { number: 2 }", "place_reserved { year: 2026 places: 2 }", "status_issued { number: '1' }",
       "offered { number: 3 answer_due: '2026-03-22' }", "accepted { number: 3 }", "exit_recorded {}"},
      {"declined { number: 2 rule: '13.2' }", "deferred { rule: '3.v' person_id: 'm1' }",
       "member_left { person_id: 'm1' reason: OWN_WILL }", "cleared {}",
       "offered { number: 2 answer_due: '2026-03-22' }", "withdrawn {}"},
      {"accepted { number: 2 }", "waitlisted { year: 2026 }", "excluded { rule: '3.zh' person_id: 'm1' }",
       "place_reserved { year: 2026 places: 1 }", "notice_dismissed { resolves_notice: 'n0' }",
       "annulled { rule: '2.1' }"},
  };
  const char* const said[] = {"kind: OBSTACLE rule: '3.b' person_id: 'm1' convicted: true held: true",
                              "kind: WITHDRAWAL", "kind: ANNULMENT rule: '2.1'",
                              "kind: ANNULMENT rule: '3.b' convicted: true held: true",
                              "kind: OBSTACLE_ENDED rule: '3.v' person_id: 'head'"};

  Desk desk;
  ASSERT_EQ(desk.Reach(v1::CLEARED), "");
  ASSERT_EQ(desk.D("offer { number: 2 }"), "");
  std::vector<Said> chain;
  for (const char* text : courses[GetParam()]) {
    chain.push_back({kRu, Text<v1::CaseAct>(text), absl::StrCat("c", chain.size())});
  }
  int reached = 0;
  for (const char* first : said) {
    for (const char* second : said) {
      for (const char* third : said) {
        std::vector<Said> notices;
        for (const char* text : {first, second, third}) {
          const std::string act =
              absl::StrCat("notice_given { stated_on: '2026-03-01' basis: 'No. 1' ", text, " }");
          notices.push_back({kKz, Text<v1::CaseAct>(act), absl::StrCat("n", notices.size() + 1)});
        }
        std::vector<std::string> ends;
        Interleave(desk.state(), chain, 0, notices, 0, desk, ends);
        ASSERT_EQ(ends.size(), 84u);
        for (const std::string& end : ends) {
          ASSERT_EQ(end, ends.front()) << first << "; " << second << "; " << third;
        }
        ++reached;
      }
    }
  }
  EXPECT_EQ(reached, 125);
}

INSTANTIATE_TEST_SUITE_P(Courses, InterleavingTest, ::testing::Range(0, 3));

// The same of an order to annul and its taking back, where the departure state goes its way.
TEST(InterleavingOfOrdersTest, TheFoldDoesNotDependOnWhereTheyMeetTheChain) {
  const std::vector<std::vector<const char*>> courses = {
      {"exit_recorded { crossed_on: '2026-03-02' }", "offered { number: 4 answer_due: '2026-03-22' }",
       "accepted { number: 4 }"},
      {"suspended { rule: '3.b' person_id: 'head' }", "annulled { rule: '2.1' }"},
      {"withdrawn { stated_on: '2026-03-02' }", "exit_recorded { crossed_on: '2026-03-02' }"},
  };
  for (const std::string rule : {"2.1", "3.b", "3.d"}) {
    for (const auto& course : courses) {
      Desk desk;
      ASSERT_EQ(desk.Reach(v1::PREPARING), "");
      // The departure state has told of 3.d and 3.b, so that an annulment under either can be ordered.
      for (const std::string told : {"3.d", "3.b"}) {
        ASSERT_EQ(desk.D("suspend { rule: '" + told + "' person_id: 'head' basis: 'No. 1'" + OfConvict(told) +
                         " }"),
                  "");
        ASSERT_EQ(desk.D("resume { rule: '" + told + "' person_id: 'head' basis: 'No. 1' }"), "");
      }
      std::vector<Said> chain;
      for (const char* text : course) {
        chain.push_back({kKz, Text<v1::CaseAct>(text), absl::StrCat("c", chain.size())});
      }
      const std::string by = " rule: '" + rule + "' basis: 'No. 1' stated_on: '2026-03-01' ";
      const std::string order = "notice_given { kind: ANNULMENT" + by + OfConvict(rule) + " }";
      const std::vector<Said> notices = {
          {kRu, Text<v1::CaseAct>(order), "n1"},
          {kRu, Text<v1::CaseAct>("notice_given { kind: ANNULMENT_TAKEN_BACK" + by + "order: 'n1' }"), "n2"}};
      std::vector<std::string> ends;
      Interleave(desk.state(), chain, 0, notices, 0, desk, ends);
      ASSERT_GE(ends.size(), 6u);
      for (const std::string& end : ends) ASSERT_EQ(end, ends.front()) << rule << " " << course.front();
    }
  }
}

}  // namespace
}  // namespace kelisim::treaty
