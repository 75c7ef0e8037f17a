#include "shared/treaty/scope.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "shared/treaty/testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

// Citizens of the entry state living in the other who resettle to it, with one thing changed.
struct ScopeRow {
  const char* name;
  std::function<void(Desk&, v1::ScopeFinding&)> change;
  const char* rule;  // broken; empty: within scope
  const char* person = "head";
  // Held by another case on the member since the petition was filed.
  Claim claim = Claim::kFree;
  v1::Party entry = kRu;
};

v1::Person& Head(Desk& desk) { return *desk.petition.mutable_head(); }

void SetCitizenships(v1::Person& person, std::initializer_list<const char*> codes) {
  person.clear_citizenships();
  for (const char* code : codes) person.add_citizenships(code);
}

v1::FamilyMember& Member(Desk& desk, v1::Relation relation, const char* birth_date) {
  desk.petition.clear_family();
  *desk.petition.add_family() = SampleMember(kRu, "3", relation, birth_date);
  return *desk.petition.mutable_family(0);
}

constexpr char kMinor[] = "2015-06-01";
constexpr char kAdult[] = "1999-06-01";

void OfDualCitizen(Desk& desk, v1::ScopeFinding&) { SetCitizenships(Head(desk), {"RUS", "KAZ"}); }

const ScopeRow kScope[] = {
    {"TheNormalCase", [](Desk&, v1::ScopeFinding&) {}, ""},
    // Citizenship and residence of the head (1.1, 2.1).
    {"Edge01DualCitizenLivingInTheOtherState", OfDualCitizen, ""},
    {"Edge02DualCitizenLivingInRussia", OfDualCitizen, "", "head", Claim::kFree, kKz},
    // Kazakhstan does not confirm that its citizenship has lasted to that day.
    {"Edge02CitizenshipOfKazakhstanHasEnded",
     [](Desk& d, v1::ScopeFinding& f) {
       OfDualCitizen(d, f);
       d.today = absl::CivilDay(2026, 7, 2);
       f.clear_citizenship_confirmed_person_ids();
     },
     "1.1a", "head", Claim::kFree, kKz},
    {"Edge04CitizenOfAThirdState",
     [](Desk& d, v1::ScopeFinding& f) {
       SetCitizenships(Head(d), {"UZB"});
       f.clear_citizenship_confirmed_person_ids();
     },
     "1.1b"},
    {"Edge04CitizenOfAThirdStateToKazakhstan",
     [](Desk& d, v1::ScopeFinding& f) {
       SetCitizenships(Head(d), {"UZB"});
       f.clear_citizenship_confirmed_person_ids();
     },
     "1.1a", "head", Claim::kFree, kKz},
    {"Edge05Stateless",
     [](Desk& d, v1::ScopeFinding& f) {
       SetCitizenships(Head(d), {});
       f.clear_citizenship_confirmed_person_ids();
     },
     "2.1"},
    {"Edge06CitizenOfTheDepartureStateOnly",
     [](Desk& d, v1::ScopeFinding& f) {
       SetCitizenships(Head(d), {"KAZ"});
       f.clear_citizenship_confirmed_person_ids();
     },
     "1.1b"},
    {"Edge07LivesInAThirdState", [](Desk& d, v1::ScopeFinding&) { Head(d).set_permanent_residence("UZB"); },
     "1.1b"},
    {"Edge07LivesInAThirdStateAndResettlesToKazakhstan",
     [](Desk& d, v1::ScopeFinding&) { Head(d).set_permanent_residence("UZB"); }, "1.1a", "head", Claim::kFree,
     kKz},
    {"Edge08VisitorWithoutPermanentResidence",
     [](Desk& d, v1::ScopeFinding&) { Head(d).clear_permanent_residence(); }, "2.1"},
    {"LivesInTheEntryStateAlready",
     [](Desk& d, v1::ScopeFinding&) { Head(d).set_permanent_residence("RUS"); }, "2.1"},
    {"Edge09CitizenshipAcquiredAfterThePetition",
     [](Desk& d, v1::ScopeFinding&) { SetCitizenships(Head(d), {"KAZ"}); }, ""},
    {"Edge10CitizenshipLostBeforeTheDecision",
     [](Desk&, v1::ScopeFinding& f) { f.clear_citizenship_confirmed_person_ids(); }, "1.1b"},
    {"Edge37bNaturalisedWhileLivingInTheOtherState",
     [](Desk& d, v1::ScopeFinding&) { SetCitizenships(Head(d), {"UZB"}); }, ""},
    // Free will (1.3, 2.1), independence (12.2b), one time only (1.2).
    {"Edge12CompulsionFound", [](Desk&, v1::ScopeFinding& f) { f.set_compulsion_found(true); }, "1.3"},
    {"FreeWillNotStated", [](Desk& d, v1::ScopeFinding&) { d.petition.set_of_own_free_will(false); }, "2.1"},
    {"FreeWillNotConfirmed", [](Desk&, v1::ScopeFinding& f) { f.set_free_will_confirmed(false); }, "2.1"},
    {"AsksToResettleIndependently", [](Desk& d, v1::ScopeFinding&) { d.petition.set_independent(true); },
     "12.2b"},
    {"UsedBeforeByOwnStatement", [](Desk& d, v1::ScopeFinding&) { d.petition.set_not_used_before(false); },
     "1.2"},
    {"MemberReservedElsewhere", [](Desk&, v1::ScopeFinding&) {}, "1.2", "m1", Claim::kReserved},
    {"MemberClaimedElsewhere", [](Desk&, v1::ScopeFinding&) {}, "1.2", "m1", Claim::kClaimed},
    {"MemberHasDepartedBefore", [](Desk&, v1::ScopeFinding&) {}, "1.2", "m1", Claim::kConsumed},
    // Own forces of the entry state (3.zh).
    {"HeadIsAConscript", [](Desk&, v1::ScopeFinding& f) { f.add_conscript_person_ids("head"); }, "3.zh"},
    {"MemberIsAConscriptAndIsLeftOut", [](Desk&, v1::ScopeFinding& f) { f.add_conscript_person_ids("m1"); },
     ""},
    // Family members (2.2).
    {"Edge18SpouseOfOtherCitizenship",
     [](Desk& d, v1::ScopeFinding&) {
       SetCitizenships(*Member(d, v1::SPOUSE, kAdult).mutable_person(), {"KAZ"});
     },
     ""},
    {"Edge19StatelessMinorChild",
     [](Desk& d, v1::ScopeFinding&) { SetCitizenships(*Member(d, v1::CHILD, kMinor).mutable_person(), {}); },
     ""},
    {"Edge20MemberStaysBehind",
     [](Desk& d, v1::ScopeFinding&) { Member(d, v1::SPOUSE, kAdult).set_resettles_together(false); }, "2.2",
     "m1"},
    {"Edge20DependantStaysBehind",
     [](Desk& d, v1::ScopeFinding&) {
       Member(d, v1::PARENT, kAdult).set_resettles_together(false);
       d.petition.mutable_family(0)->set_incapable_dependant(true);
     },
     "2.2", "m1"},
    {"Edge21CohabitingPartner",
     [](Desk& d, v1::ScopeFinding&) { Member(d, v1::NOT_RELATED, kAdult).set_common_household(true); }, "2.2",
     "m1"},
    {"Edge22AdultChildLivingApart", [](Desk& d, v1::ScopeFinding&) { Member(d, v1::CHILD, kAdult); }, "2.2",
     "m1"},
    {"Edge23AdultChildInCommonHousehold",
     [](Desk& d, v1::ScopeFinding&) { Member(d, v1::CHILD, kAdult).set_common_household(true); }, ""},
    {"Edge24UnrelatedDependantInvalid",
     [](Desk& d, v1::ScopeFinding&) { Member(d, v1::NOT_RELATED, kAdult).set_incapable_dependant(true); },
     ""},
    {"Edge26TurnsEighteenTheDayAfterThePetition",
     [](Desk& d, v1::ScopeFinding&) { Member(d, v1::CHILD, "2008-02-21"); }, ""},
    {"Edge26EighteenOnTheDayOfThePetition",
     [](Desk& d, v1::ScopeFinding&) { Member(d, v1::CHILD, "2008-02-20"); }, "2.2", "m1"},
    {"Edge27BornOn29FebruaryIsMinorOn28February",
     [](Desk& d, v1::ScopeFinding&) {
       Member(d, v1::CHILD, "2008-02-29");
       d.petition.set_filed_on("2026-02-28");
     },
     ""},
    {"Edge27BornOn29FebruaryIsOfAgeOn1March",
     [](Desk& d, v1::ScopeFinding&) {
       Member(d, v1::CHILD, "2008-02-29");
       d.petition.set_filed_on("2026-03-01");
     },
     "2.2", "m1"},
    {"ParentOfTheHead", [](Desk& d, v1::ScopeFinding&) { Member(d, v1::PARENT, "1950-01-01"); }, ""},
    {"Edge32ParentInLawLivingApart",
     [](Desk& d, v1::ScopeFinding&) { Member(d, v1::OTHER_RELATIVE, "1950-01-01"); }, "2.2", "m1"},
    {"Edge32ParentInLawInCommonHousehold",
     [](Desk& d, v1::ScopeFinding&) {
       Member(d, v1::OTHER_RELATIVE, "1950-01-01").set_common_household(true);
     },
     ""},
    {"Edge119WithoutPatronymicOrNationalNumber",
     [](Desk& d, v1::ScopeFinding&) { Head(d).mutable_name()->clear_patronymic(); }, ""},
};

class ScopeTest : public ::testing::TestWithParam<ScopeRow> {
 protected:
  void SetUp() override {
    *finding_.add_citizenship_confirmed_person_ids() = "head";
    finding_.set_free_will_confirmed(true);
    GetParam().change(desk_, finding_);
    ASSERT_EQ(desk_.Reach(v1::SUBMITTED), "");
    desk_.registry.claims["2"] = GetParam().claim;
  }

  std::string Refuse(const std::string& rule) {
    v1::CaseCommand command;
    command.mutable_refuse_scope()->set_rule(rule);
    *command.mutable_refuse_scope()->mutable_finding() = finding_;
    return desk_.Do(desk_.entry(), command);
  }

  std::string Confirm() {
    v1::CaseCommand command;
    *command.mutable_confirm_scope() = finding_;
    return desk_.Do(desk_.entry(), command);
  }

  Desk desk_ = Desk(GetParam().entry);
  v1::ScopeFinding finding_;
};

TEST_P(ScopeTest, ConfirmedWithinScopeOnly) {
  EXPECT_EQ(Confirm(), GetParam().rule);
  if (*GetParam().rule == '\0') {
    EXPECT_EQ(desk_.state().status(), v1::SCOPE_OK);
  } else {
    EXPECT_EQ(desk_.violation.person_id(), GetParam().person);
    EXPECT_EQ(desk_.state().status(), v1::SUBMITTED);
  }
}

// A refusal names a rule that the head's facts break, and no other.
TEST_P(ScopeTest, RefusedOnTheRuleThatIsBrokenOnly) {
  const std::string broken = GetParam().person == std::string("head") ? GetParam().rule : "";
  for (const std::string rule : {"1.1a", "1.1b", "1.2", "1.3", "2.1", "3.zh", "12.2b"}) {
    // Who is no citizen of the entry state breaks both articles.
    if (broken == ScopeRule(desk_.entry()) && rule == "2.1") continue;
    if (rule == broken) continue;
    EXPECT_EQ(Refuse(rule), "step.ground") << rule;
  }
  if (broken.empty()) return;
  EXPECT_EQ(Refuse(broken), "");
  EXPECT_EQ(desk_.state().status(), v1::REFUSED_SCOPE);
  EXPECT_EQ(desk_.state().closing_rule(), broken);
}

INSTANTIATE_TEST_SUITE_P(Persons, ScopeTest, ::testing::ValuesIn(kScope),
                         [](const auto& row) { return row.param.name; });

TEST(ScopeOfDirectionTest, TheRulesAreTheSameInBothDirections) {
  for (const v1::Party entry : {kKz, kRu}) {
    Desk desk(entry);
    EXPECT_EQ(desk.Reach(v1::SCOPE_OK), "");
    Desk other(entry);
    other.petition.mutable_head()->set_permanent_residence(CodeOf(entry));
    ASSERT_EQ(other.Reach(v1::SUBMITTED), "");
    EXPECT_EQ(other.E(kConfirmScope), "2.1");
  }
}

TEST(FilingTest, Edge13WhoHasAClaimElsewhereCannotFile) {
  for (const Claim claim : {Claim::kReserved, Claim::kClaimed, Claim::kConsumed}) {
    Desk desk;
    desk.registry.claims["1"] = claim;
    EXPECT_EQ(desk.Do(kRu, File(desk.petition)), "1.2");
    EXPECT_EQ(desk.violation.person_id(), "head");
  }
  Desk member;
  member.registry.claims["2"] = Claim::kReserved;
  EXPECT_EQ(member.Do(kRu, File(member.petition)), "1.2");
  EXPECT_EQ(member.violation.person_id(), "m1");
  Desk free;
  EXPECT_EQ(free.Do(kRu, File(free.petition)), "");
}

TEST(FilingTest, ThePetitionIsFiledWithTheStateOfEntry) {
  Desk desk;
  EXPECT_EQ(desk.Do(kKz, File(desk.petition)), "step.turn");
  EXPECT_EQ(desk.Do(kRu, File(desk.petition)), "");
}

TEST(FilingTest, Edge112NothingBeforeTheEntryIntoForce) {
  Desk desk;
  desk.petition.set_filed_on("2000-04-16");
  EXPECT_EQ(desk.Do(kRu, File(desk.petition)), "17.2");
  desk.petition.set_filed_on("2000-04-17");
  EXPECT_EQ(desk.Do(kRu, File(desk.petition)), "");

  Desk early;
  early.today = absl::CivilDay(2000, 4, 16);
  early.petition.set_filed_on("2000-04-16");
  EXPECT_EQ(early.Do(kRu, File(early.petition)), "17.2");
}

TEST(FilingTest, NoPetitionAfterTheTermination) {
  Desk desk;
  desk.treaty.set_terminates_on("2026-03-02");
  EXPECT_EQ(desk.Do(kRu, File(desk.petition)), "17.4");
  desk.treaty.set_terminates_on("2026-03-03");
  EXPECT_EQ(desk.Do(kRu, File(desk.petition)), "");
}

// The second petition is another case; it comes too early while the first one is open.
TEST(FilingTest, Edge15ARefusedPersonMayFileAgain) {
  Desk first;
  ASSERT_EQ(first.Reach(v1::SUBMITTED), "");
  Desk early;
  early.registry.Hold(EffectsOf(first.state(), kRu));
  EXPECT_EQ(early.Do(kRu, File(early.petition)), "1.2");
  ASSERT_EQ(first.E("refuse_scope { rule: '2.1' finding { citizenship_confirmed_person_ids: 'head' } }"), "");
  Desk second;
  for (const v1::Party party : {kKz, kRu}) second.registry.Hold(EffectsOf(first.state(), party));
  EXPECT_EQ(second.Reach(v1::COMPLETED), "");
}

TEST(FilingTest, PersonIdsAreTheServices) {
  Desk desk;
  desk.petition.mutable_head()->set_person_id("m7");
  desk.petition.mutable_family(0)->mutable_person()->set_person_id("head");
  ASSERT_EQ(desk.Reach(v1::SUBMITTED), "");
  EXPECT_EQ(desk.state().petition().head().person_id(), "head");
  EXPECT_EQ(desk.state().petition().family(0).person().person_id(), "m1");
  EXPECT_EQ(desk.state().family(0).person_id(), "m1");
}

TEST(CompletionTest, ReturnedAndCompleted) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::SUBMITTED), "");
  ASSERT_EQ(desk.E("return_petition { missing: PAPER_RESIDENCE_PROOF }"), "");
  EXPECT_EQ(desk.state().status(), v1::RETURNED);
  EXPECT_EQ(desk.E(kConfirmScope), "step.status");

  v1::CaseCommand complete;
  *complete.mutable_complete_petition() = desk.petition;
  complete.mutable_complete_petition()->set_entry_state(kKz);
  EXPECT_EQ(desk.Do(kRu, complete), "step.ground");
  complete.mutable_complete_petition()->set_entry_state(kRu);
  complete.mutable_complete_petition()->clear_family();
  // Without what it was returned for it is not completed.
  EXPECT_EQ(desk.Do(kRu, complete), "13.2");
  EXPECT_EQ(desk.violation.found(), "PAPER_RESIDENCE_PROOF");
  complete.mutable_complete_petition()->add_papers(v1::PAPER_RESIDENCE_PROOF);
  // The petition of somebody else: another number and another day of birth.
  v1::CaseCommand of_other = complete;
  v1::Person& head = *of_other.mutable_complete_petition()->mutable_head();
  head.mutable_identifiers(0)->set_number("9");
  head.set_birth_date("1981-05-17");
  EXPECT_EQ(desk.Do(kRu, of_other), "step.person");
  // Or one who shares no more than the birthday.
  head.set_birth_date(desk.petition.head().birth_date());
  head.mutable_name()->set_surname("Другой");
  EXPECT_EQ(desk.Do(kRu, of_other), "step.person");
  // By the day of filing go the protocol, and who is a minor.
  v1::CaseCommand earlier = complete;
  earlier.mutable_complete_petition()->set_filed_on("2026-01-31");
  EXPECT_EQ(desk.Do(kRu, earlier), "step.ground");
  EXPECT_EQ(desk.violation.found(), "filed_on");
  // One of the two may be corrected.
  complete.mutable_complete_petition()->mutable_head()->set_birth_date("1981-05-17");
  EXPECT_EQ(desk.Do(kRu, complete), "");
  EXPECT_EQ(desk.state().status(), v1::SUBMITTED);
  EXPECT_EQ(desk.state().family_size(), 0);
}

TEST(MembersTest, WhoIsNotCoveredIsTakenOutFirst) {
  Desk desk;
  desk.petition.mutable_family(0)->set_relation(v1::NOT_RELATED);
  ASSERT_EQ(desk.Reach(v1::SUBMITTED), "");
  ASSERT_EQ(desk.E(kConfirmScope), "2.2");
  EXPECT_EQ(desk.E("remove_member { person_id: 'm2' reason: NOT_COVERED basis: 'No. 9' }"), "step.person");
  EXPECT_EQ(desk.E("remove_member { person_id: 'head' reason: NOT_COVERED basis: 'No. 9' }"), "step.person");
  EXPECT_EQ(desk.E("remove_member { person_id: 'm1' reason: NOT_COVERED basis: 'No. 9' }"), "");
  EXPECT_EQ(desk.state().family(0).standing(), v1::MemberStanding::LEFT);
  EXPECT_EQ(desk.state().family(0).rule(), "2.2");
  EXPECT_EQ(desk.E(kConfirmScope), "");
}

TEST(MembersTest, WhoIsCoveredCannotBePutOut) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::SUBMITTED), "");
  EXPECT_EQ(desk.E("remove_member { person_id: 'm1' reason: NOT_COVERED basis: 'No. 9' }"), "step.ground");
  EXPECT_EQ(desk.E("remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-03-01' }"), "");
}

// The rule under which somebody left is shown beside the name.
TEST(MembersTest, WhoLeavesIsOutUnderTheRuleOfTheReason) {
  const std::pair<const char*, const char*> rows[] = {
      {"USED_BEFORE", "1.2"}, {"COMPELLED", "1.3"}, {"STAYS_BEHIND", ""}, {"OWN_WILL", ""}, {"DIED", ""}};
  for (const auto& [reason, rule] : rows) {
    Desk desk;
    ASSERT_EQ(desk.Reach(v1::SUBMITTED), "");
    ASSERT_EQ(
        desk.E(absl::StrCat(
            "remove_member { person_id: 'm1' stated_on: '2026-03-01' basis: 'No. 9' reason: ", reason, " }")),
        "")
        << reason;
    EXPECT_EQ(desk.state().family(0).standing(), v1::MemberStanding::LEFT);
    EXPECT_EQ(desk.state().family(0).rule(), rule) << reason;
  }
}

TEST(MembersTest, AConscriptMemberIsLeftOutWithTheRule) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::SUBMITTED), "");
  ASSERT_EQ(desk.E("confirm_scope { free_will_confirmed: true citizenship_confirmed_person_ids: 'head' "
                   "conscript_person_ids: 'm1' }"),
            "");
  EXPECT_EQ(desk.state().family(0).standing(), v1::MemberStanding::EXCLUDED);
  EXPECT_EQ(desk.state().family(0).rule(), "3.zh");
  EXPECT_EQ(IncludedPersons(desk.state()).size(), 1u);
  EXPECT_EQ(desk.Reach(v1::COMPLETED), "");
}

TEST(MembersTest, AFindingNamesPersonsOfTheCase) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::SUBMITTED), "");
  EXPECT_EQ(desk.E("confirm_scope { free_will_confirmed: true citizenship_confirmed_person_ids: 'head' "
                   "conscript_person_ids: 'm9' }"),
            "step.person");
}

// What hand-off 1 tells must bear what was found: the other side judges again.
class OpeningTest : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_EQ(desk_.Reach(v1::SCOPE_OK), "");
    const CaseVerdict verdict = Judge(desk_.state(), Command("offer { number: 1 }"), desk_.At(kRu));
    act_ = std::get<std::vector<v1::CaseAct>>(verdict).front();
  }

  std::string AdmitByDeparture() {
    const auto violation = Admit(desk_.copy(kKz), act_, desk_.At(kRu));
    return violation ? violation->rule() : "";
  }
  v1::CaseOpening& opening() { return *act_.mutable_offered()->mutable_opening(); }

  Desk desk_;
  v1::CaseAct act_;
};

TEST_F(OpeningTest, IsAdmittedAsOffered) { EXPECT_EQ(AdmitByDeparture(), ""); }

TEST_F(OpeningTest, BreaksTheRuleThatItsFactsBreak) {
  opening().mutable_petition()->mutable_head()->set_permanent_residence("UZB");
  EXPECT_EQ(AdmitByDeparture(), "1.1b");
}

TEST_F(OpeningTest, BreaksOnceOnlyWhenTheDepartureStateKnowsAnotherCase) {
  desk_.registry.claims["2"] = Claim::kReserved;
  EXPECT_EQ(AdmitByDeparture(), "1.2");
}

TEST_F(OpeningTest, LeavesOutWhoServesInTheForces) {
  opening().mutable_scope_finding()->add_conscript_person_ids("m1");
  EXPECT_EQ(AdmitByDeparture(), "3.zh");
}

TEST_F(OpeningTest, IsOfTheStateOfEntry) {
  opening().mutable_petition()->set_entry_state(kKz);
  EXPECT_EQ(AdmitByDeparture(), "step.turn");
}

TEST_F(OpeningTest, MustBeThereInHandOff1AndInNoOther) {
  act_.mutable_offered()->clear_opening();
  EXPECT_EQ(AdmitByDeparture(), "step.hand_off");
  ASSERT_EQ(desk_.Reach(v1::CLEARED), "");
  v1::CaseAct second = Text<v1::CaseAct>("offered { number: 2 answer_due: '2026-03-22' }");
  EXPECT_FALSE(Admit(desk_.state(), second, desk_.At(kKz)).has_value());
  *second.mutable_offered()->mutable_opening()->mutable_petition() = desk_.state().petition();
  EXPECT_TRUE(Admit(desk_.state(), second, desk_.At(kKz)).has_value());
}

TEST_F(OpeningTest, IsWellFormed) {
  opening().mutable_family(0)->set_person_id("m2");
  EXPECT_EQ(AdmitByDeparture(), "exchange.format");
}

TEST_F(OpeningTest, SaysWhatTheStateOfEntryHasRecorded) {
  opening().mutable_petition()->set_filed_on("2026-02-19");
  EXPECT_EQ(Admit(desk_.state(), act_, desk_.At(kRu))->rule(), "step.ground");
}

}  // namespace
}  // namespace kelisim::treaty
