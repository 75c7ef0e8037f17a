#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "shared/treaty/testing.h"

// The steps of the case, each with what is accepted and what is refused, and by
// which rule. RU is the state of entry (E), KZ of departure (D).

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

constexpr v1::Party kE = kRu;
constexpr v1::Party kD = kKz;

void Nothing(Desk&) {}
// The state of entry has decided to annul, and the holder is not it.
void Annulling(Desk& desk) {
  ASSERT_EQ(desk.E("give_notice { kind: ANNULMENT rule: '2.1' stated_on: '2026-03-01' basis: 'No. 1' }"), "");
}

// The clearance of everybody, except `flag` of one person.
std::string ClearExcept(const std::string& flag, const std::string& of = "head") {
  std::string text = "clear {";
  for (const std::string id : {"head", "m1"}) {
    text += " persons { person_id: '" + id + "'";
    for (const std::string name :
         {"permanent_residence_confirmed", "not_refugee", "not_imprisoned_convict", "no_security_bar",
          "no_postponement", "not_temporary_stay", "not_migrant_worker", "not_conscript"}) {
      if (id != of || name != flag) text += " " + name + ": true";
    }
    text += " }";
  }
  return text + " }";
}

std::string Obstacle(const std::string& verb, const std::string& rule, const std::string& person = "head") {
  const std::string review = verb == "defer" ? " review_on: '2026-09-01'" : "";
  const std::string convict = verb == "suspend" || verb == "exclude" ? OfConvict(rule) : "";
  return verb + " { rule: '" + rule + "' person_id: '" + person + "' basis: 'No. 1'" + review + convict +
         " }";
}

// The notice of an obstacle or an annulment under 3.b; what is said of the head beside it.
std::string NoticeOfConvict(const std::string& kind, const std::string& said) {
  return "give_notice { kind: " + kind +
         " rule: '3.b' person_id: 'head' basis: 'No. 4' stated_on: '2026-03-01' " + said + " }";
}

// `later` is the text of the command that brings the case from the status reached.
std::function<void(Desk&)> Then(v1::Party author, const std::string& later) {
  return [=](Desk& desk) { ASSERT_EQ(desk.Do(author, later), "") << later; };
}

std::function<void(Desk&)> Refused(v1::Party author, const std::string& command, const std::string& rule) {
  return [=](Desk& desk) { ASSERT_EQ(desk.Do(author, command), rule) << command; };
}

std::function<void(Desk&)> Today(int year, int month, int day) {
  return [=](Desk& desk) { desk.today = absl::CivilDay(year, month, day); };
}

const char kWithdrawOn5[] = "withdraw { stated_on: '2026-03-05' }";

std::string ExitOn(const std::string& day) {
  return "record_exit { crossed_on: '" + day + "' crossing_point: 'P1' }";
}

// Ends of a case of which a departure may become known later.
std::function<void(Desk&)> Ended(v1::Party author, const std::string& command) {
  return [=](Desk& desk) {
    desk.today = absl::CivilDay(2026, 3, 6);
    ASSERT_EQ(desk.Do(author, command), "") << command;
    desk.today = absl::CivilDay(2026, 3, 9);
  };
}
void WithdrawnByNotice(Desk& desk) {
  desk.today = absl::CivilDay(2026, 3, 6);
  ASSERT_EQ(desk.E("give_notice { kind: WITHDRAWAL stated_on: '2026-03-05' }"), "");
  Ended(kD, "withdraw { stated_on: '2026-03-05' resolves_notice: '" + desk.LastEntry() + "' }")(desk);
}
void AnnulledByOrder(Desk& desk) {
  desk.today = absl::CivilDay(2026, 3, 5);
  Annulling(desk);
  Ended(kD, "annul { rule: '2.1' basis: 'No. 1' resolves_notice: '" + desk.LastEntry() + "' }")(desk);
}
void Lapsed(Desk& desk) {
  desk.today = absl::CivilDay(2027, 3, 4);
  ASSERT_EQ(desk.D("lapse {}"), "");
}
void SuspendedAndEnded(Desk& desk) {
  desk.today = absl::CivilDay(2026, 3, 3);
  ASSERT_EQ(desk.D(Obstacle("suspend", "3.b")), "");
  Ended(kD, kWithdrawOn5)(desk);
}

// The state of entry has heard of what looks like an obstacle; the departure state, which holds
// the case, has found what it is.
std::function<void(Desk&)> LooksLike(const std::string& rule, const std::string& heard,
                                     const std::string& found) {
  return [=](Desk& desk) {
    ASSERT_EQ(desk.E("give_notice { kind: OBSTACLE rule: '" + rule + "' person_id: 'head' basis: '" + heard +
                     "' stated_on: '2026-03-01'" + OfConvict(rule) + " }"),
              "");
    ASSERT_EQ(desk.D(ClearExcept("")), "step.notice");
    ASSERT_EQ(desk.D("dismiss_notice { basis: '" + found + "' resolves_notice: '" + desk.LastEntry() + "' }"),
              "");
  };
}

struct StepRow {
  const char* name;
  v1::CaseStatus reach;
  std::function<void(Desk&)> then;
  v1::Party author;
  std::string command;
  const char* rule;                                     // broken; empty: done
  v1::CaseStatus status = v1::CASE_STATUS_UNSPECIFIED;  // after it, when done
};

const StepRow kRows[] = {
    // clang-format off
    // Turn and course.
    {"OfferOutOfTurn",              v1::SCOPE_OK,        Nothing, kD, "offer { number: 1 }",   "step.status"},  // D does not know the case
    {"Edge17OnlyTheHolderMoves",    v1::AWAIT_CLEARANCE, Nothing, kE, ClearExcept(""),         "step.turn"},
    {"Edge17TheHolderMoves",        v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept(""),         "", v1::CLEARED},
    {"StepOfAnotherStatus",         v1::SUBMITTED,       Nothing, kE, kIssue,                  "step.status"},
    {"NoStepAfterTheEnd",           v1::COMPLETED,       Nothing, kE, kWithdraw,               "step.closed"},
    {"FiledOnce",                   v1::SUBMITTED,       Nothing, kE, "complete_petition { entry_state: PARTY_RU filed_on: '2026-01-01' head { name { surname: 'Аты' } birth_date: '1990-01-01' identifiers { kind: PASSPORT issuing_state: 'RUS' number: '1' } } }", "step.status"},
    // Hand-offs.
    {"OfferOfAWrongNumber",         v1::SCOPE_OK,        Nothing, kE, "offer { number: 3 }",   "step.hand_off"},
    {"OfferBeforeTheScopeIsFound",  v1::SUBMITTED,       Nothing, kE, "offer { number: 1 }",   "step.status"},
    {"OfferWhileThePetitionIsReturned", v1::SUBMITTED, Then(kE, "return_petition { missing: PAPER_QUESTIONNAIRE }"), kE, "offer { number: 1 }", "step.status"},
    {"DeclineOnARuleOfTheCourse",   v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "decline { number: 1 rule: 'step.person' }", "form: decline.rule"},
    {"Offer1",                      v1::SCOPE_OK,        Nothing, kE, "offer { number: 1 }",   "", v1::SCOPE_OK},
    {"AcceptWhatIsNotOffered",      v1::AWAIT_CLEARANCE, Nothing, kD, "accept { number: 1 }",  "step.hand_off"},
    {"AcceptAnotherNumber",         v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "accept { number: 2 }", "step.hand_off"},
    {"AcceptOnesOwnOffer",          v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kE, "accept { number: 1 }", "step.turn"},
    {"Accept1",                     v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "accept { number: 1 }", "", v1::AWAIT_CLEARANCE},
    {"Decline1",                    v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "decline { number: 1 rule: '2.1' person_id: 'm1' }", "", v1::SCOPE_OK},
    {"DeclineForNobody",            v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "decline { number: 1 rule: '2.1' person_id: 'm5' }", "step.person"},
    {"ReceiverOnlyAnswers",         v1::STATUS_ISSUED, Then(kE, "offer { number: 3 }"), kD, Obstacle("suspend", "3.v"), "step.hand_off"},
    {"AWillOlderThanThePetition",   v1::SUBMITTED, Nothing, kE, "withdraw { stated_on: '2026-02-19' }", "step.date"},
    {"AWillOfTheDayOfThePetition",  v1::SUBMITTED, Nothing, kE, "withdraw { stated_on: '2026-02-20' }", "", v1::WITHDRAWN},
    {"ReceiverMayWithdraw",         v1::STATUS_ISSUED, Then(kE, "offer { number: 3 }"), kD, kWithdraw, "", v1::WITHDRAWN},
    {"AcceptClaimedElsewhere",      v1::SCOPE_OK, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 1 }"), ""); d.registry.claims["1"] = Claim::kReserved; }, kD, "accept { number: 1 }", "1.2"},
    // Clearance, register by register.
    {"ClearedWithoutResidence",     v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("permanent_residence_confirmed"), "2.1"},
    {"ClearedWithAMemberWhoLivesElsewhere", v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("permanent_residence_confirmed", "m1"), "", v1::CLEARED},
    {"ClearedWithARefugeeMember",   v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("not_refugee", "m1"), "3.a"},
    {"Edge33ClearedAsRefugee",      v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("not_refugee"),            "3.a"},
    {"ClearedAsImprisonedConvict",  v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("not_imprisoned_convict"), "3.b"},
    {"ClearedUnderSecurityBar",     v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("no_security_bar"),        "3.v"},
    {"ClearedWhilePostponed",       v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("no_postponement"),        "3.g"},
    {"Edge42ClearedAsTemporary",    v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("not_temporary_stay"),     "3.d"},
    {"ClearedAsMigrantWorker",      v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("not_migrant_worker"),     "3.e"},
    {"Edge45ClearedAsConscript",    v1::AWAIT_CLEARANCE, Nothing, kD, ClearExcept("not_conscript"),          "3.zh"},
    // Convicted and not held, employed and resident, in service and not compulsorily: each is half
    // of a rule, and no certificate is missing.
    {"Edge34SuspendedSentence",     v1::AWAIT_CLEARANCE, LooksLike("3.b", "judgment 1-77", "suspended sentence, not held"), kD, ClearExcept(""), "", v1::CLEARED},
    {"Edge35DetaineeIsNoConvict",   v1::AWAIT_CLEARANCE, LooksLike("3.b", "order 12", "before trial, not convicted"), kD, ClearExcept(""), "", v1::CLEARED},
    {"Edge43EmployedResident",      v1::AWAIT_CLEARANCE, LooksLike("3.e", "employment contract 5", "permanent residence, permit 40"), kD, ClearExcept(""), "", v1::CLEARED},
    {"Edge43NoStayForWork",         v1::AWAIT_CLEARANCE, LooksLike("3.d", "employment contract 5", "permanent residence, permit 40"), kD, ClearExcept(""), "", v1::CLEARED},
    {"Edge44ContractOfficer",       v1::AWAIT_CLEARANCE, LooksLike("3.zh", "certificate of service 8", "by contract, not compulsory"), kD, ClearExcept(""), "", v1::CLEARED},
    // 3.b: what is stated decides, whoever states it.
    {"Edge34ConvictNotHeldIsNotExcluded", v1::AWAIT_CLEARANCE, Nothing, kD, "exclude { rule: '3.b' person_id: 'head' basis: 'No. 1' convicted: true }", "3.b"},
    {"Edge34MemberNotHeldIsNotExcluded", v1::AWAIT_CLEARANCE, Nothing, kD, "exclude { rule: '3.b' person_id: 'm1' basis: 'No. 1' convicted: true }", "3.b"},
    {"Edge34ConvictNotHeldIsNotSuspended", v1::PREPARING, Nothing, kD, "suspend { rule: '3.b' person_id: 'head' basis: 'No. 1' convicted: true }", "3.b"},
    {"Edge34ConvictNotHeldIsNotReported", v1::STATUS_ISSUED, Nothing, kD, NoticeOfConvict("OBSTACLE", "convicted: true"), "3.b"},
    {"Edge34ConvictNotHeldIsNoGroundToAnnul", v1::STATUS_ISSUED, Nothing, kD, NoticeOfConvict("ANNULMENT", "convicted: true"), "3.b"},
    {"Edge35DetaineeIsNotExcluded", v1::AWAIT_CLEARANCE, Nothing, kD, "exclude { rule: '3.b' person_id: 'head' basis: 'No. 1' held: true }", "3.b"},
    {"Edge35DetaineeIsNotSuspended", v1::PREPARING, Nothing, kD, "suspend { rule: '3.b' person_id: 'head' basis: 'No. 1' held: true }", "3.b"},
    {"Edge35DetaineeIsNotReported", v1::AWAIT_CLEARANCE, Nothing, kE, NoticeOfConvict("OBSTACLE", "held: true"), "3.b"},
    {"Edge35DetaineeIsNoGroundToAnnul", v1::STATUS_ISSUED, Nothing, kD, NoticeOfConvict("ANNULMENT", "held: true"), "3.b"},
    {"NobodyIsExcludedAsConvictOnABasisAlone", v1::AWAIT_CLEARANCE, Nothing, kD, "exclude { rule: '3.b' person_id: 'head' basis: 'No. 1' }", "3.b"},
    {"NobodyIsReportedAsConvictOnABasisAlone", v1::STATUS_ISSUED, Nothing, kD, NoticeOfConvict("OBSTACLE", ""), "3.b"},
    {"NobodyIsOrderedOutAsConvictOnABasisAlone", v1::PREPARING, Then(kD, Obstacle("suspend", "3.b")), kE, NoticeOfConvict("ANNULMENT", ""), "3.b"},
    {"Edge36ConvictIsReported",     v1::STATUS_ISSUED,   Nothing, kD, NoticeOfConvict("OBSTACLE", "convicted: true held: true"), "", v1::STATUS_ISSUED},
    {"Edge36ConvictIsAGroundToAnnul", v1::STATUS_ISSUED, Nothing, kD, NoticeOfConvict("ANNULMENT", "convicted: true held: true"), "", v1::STATUS_ISSUED},
    {"Edge35DetaineeUnderSecurityBar", v1::AWAIT_CLEARANCE, Refused(kD, "exclude { rule: '3.b' person_id: 'head' basis: 'No. 1' held: true }", "3.b"), kD, Obstacle("defer", "3.v"), "", v1::DEFERRED},
    {"Edge35DetaineeIsSuspendedUnderSecurityBar", v1::PREPARING, Refused(kD, "suspend { rule: '3.b' person_id: 'head' basis: 'No. 1' held: true }", "3.b"), kD, Obstacle("suspend", "3.v"), "", v1::SUSPENDED},
    {"NobodyIsDeferredAsConvict",   v1::AWAIT_CLEARANCE, Nothing, kD, "defer { rule: '3.b' person_id: 'head' basis: 'No. 1' convicted: true held: true review_on: '2026-09-01' }", "step.ground"},
    {"ClearedInPart",               v1::AWAIT_CLEARANCE, Nothing, kD, "clear { persons { person_id: 'head' permanent_residence_confirmed: true not_refugee: true not_imprisoned_convict: true no_security_bar: true no_postponement: true not_temporary_stay: true not_migrant_worker: true not_conscript: true } }", "step.person"},
    // Deferral.
    {"Edge37SecretsAreDeferred",    v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("defer", "3.v"),       "", v1::DEFERRED},
    {"Edge39PostponementIsDeferred", v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("defer", "3.g", "m1"), "", v1::DEFERRED},
    {"Edge33RefugeeIsNotDeferred",  v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("defer", "3.a"),       "step.ground"},
    {"DeferredForNobody",           v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("defer", "3.v", "m2"), "step.person"},
    {"DeferredToThePast",           v1::AWAIT_CLEARANCE, Nothing, kD, "defer { rule: '3.v' person_id: 'head' basis: 'No. 1' review_on: '2026-03-02' }", "step.review"},
    {"DeferredTwiceOnOneGround",    v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.v")), kD, Obstacle("defer", "3.v"), "step.obstacle"},
    {"DeferredForLongerAtTheReview", v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.v")), kD, "defer { rule: '3.v' person_id: 'head' basis: 'No. 2' review_on: '2027-03-01' }", "", v1::DEFERRED},
    {"DeferredForLongerOnAnotherPerson", v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.v")), kD, "defer { rule: '3.v' person_id: 'm1' basis: 'No. 2' review_on: '2027-03-01' }", "", v1::DEFERRED},
    {"DeferredOnASecondGround",     v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.v")), kD, Obstacle("defer", "3.g"), "", v1::DEFERRED},
    {"ClearedWhileDeferred",        v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.v")), kD, ClearExcept(""), "step.status"},
    {"Edge41PaidInPart",            v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.g")), kD, Obstacle("end_deferral", "3.g"), "3.g"},
    {"Edge39PaidInFull",            v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.g")), kD, "end_deferral { rule: '3.g' person_id: 'head' basis: 'No. 2' fulfilled_in_full: true }", "", v1::AWAIT_CLEARANCE},
    {"Edge37TheBarHasEnded",        v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.v")), kD, Obstacle("end_deferral", "3.v"), "", v1::AWAIT_CLEARANCE},
    {"EndOfWhatDoesNotStand",       v1::AWAIT_CLEARANCE, Then(kD, Obstacle("defer", "3.v")), kD, Obstacle("end_deferral", "3.v", "m1"), "step.obstacle"},
    {"ReconsideredBeforeTheOffer",  v1::CLEARED,         Nothing, kD, Obstacle("defer", "3.v"),       "", v1::DEFERRED},
    // Exclusion.
    {"Edge33RefugeeIsExcluded",     v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.a"),        "", v1::EXCLUDED},
    {"Edge36ConvictIsExcluded",     v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.b"),        "", v1::EXCLUDED},
    {"Edge42StudentIsExcluded",     v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.d"),        "", v1::EXCLUDED},
    {"Edge08VisitorIsExcluded",     v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.d"),        "", v1::EXCLUDED},
    {"MigrantWorkerIsExcluded",     v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.e"),        "", v1::EXCLUDED},
    {"Edge45ConscriptsWife",        v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.zh"),       "", v1::EXCLUDED},
    {"AMembersExclusionGoesOn",     v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.zh", "m1"), "", v1::AWAIT_CLEARANCE},
    {"TemporaryGroundDoesNotExclude", v1::AWAIT_CLEARANCE, Nothing, kD, Obstacle("exclude", "3.v"),      "step.ground"},
    {"HeadIsNotExcludedAfterIssue", v1::STATUS_ISSUED,   Nothing, kE, Obstacle("exclude", "3.a"),        "step.status"},
    {"MemberIsExcludedAfterIssue",  v1::STATUS_ISSUED,   Nothing, kE, Obstacle("exclude", "3.a", "m1"),  "", v1::STATUS_ISSUED},
    // Place.
    {"NoPlaceAskedBeforeHandOff2",  v1::CLEARED,         Nothing, kD, "reserve_place {}",                "step.turn"},
    {"OptOutOnlyFromTheQueue",      v1::QUOTA_RESERVED,  Nothing, kE, "opt_out {}",                      "step.status"},
    // Status document.
    {"Issued",                      v1::QUOTA_RESERVED,  Nothing, kE, kIssue, "", v1::STATUS_ISSUED},
    {"Edge10CitizenshipLostBeforeIssue", v1::QUOTA_RESERVED, Nothing, kE, "issue_status { number: '77' no_obstacle_known: true }", "2.1"},
    {"ObstacleKnownAtIssue",        v1::QUOTA_RESERVED,  Nothing, kE, "issue_status { number: '77' citizenship_confirmed: true }", "step.obstacle"},
    {"PlaceOfAnotherYear",          v1::QUOTA_RESERVED,  Today(2027, 1, 1), kE, kIssue, "12.1"},
    {"ClaimedElsewhereAtIssue",     v1::QUOTA_RESERVED,  [](Desk& d) { d.registry.claims["2"] = Claim::kClaimed; }, kE, kIssue, "1.2"},
    {"NotIssuedAfterTermination",   v1::QUOTA_RESERVED,  [](Desk& d) { d.treaty.set_terminates_on("2026-03-02"); }, kE, kIssue, "17.4"},
    {"Edge111IssuedOnTheLastDay",   v1::QUOTA_RESERVED,  [](Desk& d) { d.treaty.set_terminates_on("2026-03-03"); }, kE, kIssue, "", v1::STATUS_ISSUED},
    {"Edge50LostIsReissued",        v1::STATUS_ISSUED,   Nothing, kE, "reissue_document { reason: 'lost' }",    "", v1::STATUS_ISSUED},
    {"Edge50LostWhilePreparing",    v1::PREPARING,       Nothing, kE, "reissue_document { reason: 'lost' }",    "", v1::PREPARING},
    {"Edge50LostOnTheWay",          v1::DEPARTED,        Nothing, kE, "reissue_document { reason: 'lost' }",    "", v1::DEPARTED},
    {"ReissuedWhileBeingAnnulled",  v1::PREPARING,       Annulling, kE, "reissue_document { reason: 'lost' }",  "step.notice"},
    {"ReissuedBeforeItsIssue",      v1::QUOTA_RESERVED,  Nothing, kE, "reissue_document { reason: 'lost' }",    "step.status"},
    {"ReissuedAfterTheCase",        v1::COMPLETED,       Nothing, kE, "reissue_document { reason: 'lost' }",    "step.closed"},
    {"ReissuedByTheOtherState",     v1::PREPARING,       Nothing, kD, "reissue_document { reason: 'lost' }",    "step.turn"},
    {"ReissuedAfterItsValidity",    v1::STATUS_ISSUED,   Today(2027, 3, 3), kE, "reissue_document { reason: 'damaged' }", "step.document"},
    {"ReissuedOnItsLastDay",        v1::STATUS_ISSUED,   Today(2027, 3, 2), kE, "reissue_document { reason: 'damaged' }", "", v1::STATUS_ISSUED},
    // Departure and residence.
    {"ExitOnTheLastDayOfValidity",  v1::PREPARING, Today(2027, 3, 5), kD, "record_exit { crossed_on: '2027-03-02' crossing_point: 'P1' }", "", v1::DEPARTED},
    {"ExitBeforeTheIssue",          v1::PREPARING, Nothing, kD, "record_exit { crossed_on: '2026-03-01' crossing_point: 'P1' }", "step.date"},
    {"Edge111DepartsAfterTheTermination", v1::PREPARING, [](Desk& d) { d.treaty.set_terminates_on("2026-03-02"); }, kD, "record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }", "", v1::DEPARTED},
    {"ResidenceBeforeTheExit",      v1::ARRIVED,   Nothing, kE, "register_residence { registered_on: '2026-02-28' region: 'R1' }", "step.date"},
    {"ResidenceOnTheDayOfExitInMoscow", v1::ARRIVED, Nothing, kE, "register_residence { registered_on: '2026-03-01' region: 'R1' }", "", v1::COMPLETED},
    {"Residence",                   v1::ARRIVED,   Nothing, kE, "register_residence { registered_on: '2026-03-02' region: 'R1' }", "", v1::COMPLETED},
    // Suspension.
    {"Suspended",                   v1::STATUS_ISSUED, Nothing, kE, Obstacle("suspend", "3.zh"), "", v1::SUSPENDED},
    {"SuspendedWhilePreparing",     v1::PREPARING,     Nothing, kD, Obstacle("suspend", "3.b"),  "", v1::SUSPENDED},
    {"SuspendedWithoutArticle3",    v1::STATUS_ISSUED, Nothing, kE, Obstacle("suspend", "2.1"),  "step.ground"},
    {"SuspendedBeforeIssue",        v1::QUOTA_RESERVED, Nothing, kE, Obstacle("suspend", "3.b"), "step.status"},
    {"Resumed",                     v1::PREPARING, Then(kD, Obstacle("suspend", "3.b")), kD, Obstacle("resume", "3.b"), "", v1::PREPARING},
    {"ResumedOnAnotherGround",      v1::PREPARING, Then(kD, Obstacle("suspend", "3.b")), kD, Obstacle("resume", "3.v"), "step.obstacle"},
    {"Edge41ResumedOnAPart",        v1::PREPARING, Then(kD, Obstacle("suspend", "3.g")), kD, Obstacle("resume", "3.g"), "3.g"},
    // 1.2: what happened before a suspension began, or before anything was told, is recorded.
    {"ExitOnTheDayOfASuspension",   v1::PREPARING, Then(kD, Obstacle("suspend", "3.b")), kD, "record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }", "", v1::DEPARTED},
    {"NoExitInASuspension",         v1::PREPARING, [](Desk& d) { ASSERT_EQ(d.D(Obstacle("suspend", "3.b")), ""); d.today = absl::CivilDay(2026, 3, 4); }, kD, "record_exit { crossed_on: '2026-03-03' crossing_point: 'P1' }", "step.date"},
    {"NoExitBeforePreparing",       v1::STATUS_ISSUED, Then(kE, Obstacle("suspend", "3.d")), kE, "record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }", "step.status"},
    {"ExitBeforeTheWillWasStated",  v1::PREPARING, [](Desk& d) { d.today = absl::CivilDay(2026, 3, 5); ASSERT_EQ(d.E("give_notice { kind: WITHDRAWAL stated_on: '2026-03-05' }"), ""); }, kD, "record_exit { crossed_on: '2026-03-03' crossing_point: 'P1' }", "", v1::DEPARTED},
    {"NoExitOnTheDayOfTheWill",     v1::PREPARING, Then(kE, "give_notice { kind: WITHDRAWAL stated_on: '2026-03-02' }"), kD, "record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }", "step.notice"},
    {"ExitBeforeTheAnnulmentWasDecided", v1::PREPARING, [](Desk& d) { d.today = absl::CivilDay(2026, 3, 5); Annulling(d); }, kD, "record_exit { crossed_on: '2026-03-03' crossing_point: 'P1' }", "", v1::DEPARTED},
    {"NoExitAfterTheAnnulmentWasDecided", v1::PREPARING, [](Desk& d) { Annulling(d); d.today = absl::CivilDay(2026, 3, 5); }, kD, "record_exit { crossed_on: '2026-03-04' crossing_point: 'P1' }", "step.notice"},
    // 1.2: also after the case has ended, if it happened before.
    {"ExitKnownAfterTheWithdrawal", v1::PREPARING, Ended(kD, kWithdrawOn5), kD, ExitOn("2026-03-04"), "", v1::WITHDRAWN},
    {"ExitOnTheDayOfTheWithdrawal", v1::PREPARING, Ended(kD, kWithdrawOn5), kD, ExitOn("2026-03-05"), "12.2b"},
    {"ExitBeforeAWillStatedInMoscow", v1::PREPARING, WithdrawnByNotice, kD, ExitOn("2026-03-04"), "", v1::WITHDRAWN},
    {"ExitOnTheDayOfAWillStatedInMoscow", v1::PREPARING, WithdrawnByNotice, kD, ExitOn("2026-03-05"), "12.2b"},
    {"ExitKnownAfterTheAnnulment",  v1::PREPARING, AnnulledByOrder, kD, ExitOn("2026-03-04"), "", v1::ANNULLED},
    {"ExitOnTheDayOfTheOrder",      v1::PREPARING, AnnulledByOrder, kD, ExitOn("2026-03-05"), "12.2b"},
    {"ExitKnownAfterTheDeath",      v1::PREPARING, Ended(kD, "remove_member { person_id: 'head' reason: DIED basis: 'No. 9' }"), kD, ExitOn("2026-03-05"), "", v1::WITHDRAWN},
    // The dead do not cross: who did so on that day did it before.
    {"ExitOnTheDayOfTheDeath",      v1::PREPARING, Ended(kD, "remove_member { person_id: 'head' reason: DIED basis: 'No. 9' }"), kD, ExitOn("2026-03-06"), "", v1::WITHDRAWN},
    {"ExitAfterTheDayOfTheDeath",   v1::PREPARING, Ended(kD, "remove_member { person_id: 'head' reason: DIED basis: 'No. 9' }"), kD, ExitOn("2026-03-07"), "12.2b"},
    {"ExitKnownAfterTheLapse",      v1::PREPARING, Lapsed, kD, ExitOn("2027-03-03"), "", v1::LAPSED},
    {"ExitAfterTheLapse",           v1::PREPARING, Lapsed, kD, ExitOn("2027-03-04"), "step.document"},
    {"ExitKnownAfterItWasSuspendedAndEnded", v1::PREPARING, SuspendedAndEnded, kD, ExitOn("2026-03-03"), "", v1::WITHDRAWN},
    {"NoExitInASuspensionThatEndedTheCase", v1::PREPARING, SuspendedAndEnded, kD, ExitOn("2026-03-04"), "step.date"},
    {"ExitIsRecordedOnceAfterTheEnd", v1::PREPARING, [](Desk& d) { Ended(kD, kWithdrawOn5)(d); ASSERT_EQ(d.D(ExitOn("2026-03-04")), ""); }, kD, ExitOn("2026-03-04"), "step.closed"},
    {"ExitAfterTheEndIsTheDepartureStates", v1::PREPARING, Ended(kD, kWithdrawOn5), kE, ExitOn("2026-03-04"), "step.turn"},
    {"NoExitWhereNoneWasPrepared",  v1::STATUS_ISSUED, Ended(kE, kWithdrawOn5), kD, ExitOn("2026-03-04"), "step.closed"},
    {"NoSecondExitAfterAnAnnulment", v1::ARRIVED, Then(kE, "annul { rule: '2.1' basis: 'No. 3' }"), kD, ExitOn("2026-03-02"), "step.closed"},
    {"NothingElseAfterTheEnd",      v1::PREPARING, Ended(kD, kWithdrawOn5), kD, "lapse {}", "step.closed"},
    // Early ends.
    {"WithdrawnBeforeDeparture",    v1::PREPARING, Nothing, kD, kWithdraw, "", v1::WITHDRAWN},
    {"NotWithdrawnAfterDeparture",  v1::ARRIVED,   Nothing, kE, kWithdraw, "step.status"},
    {"Edge12AnnulledForCompulsion", v1::ARRIVED,   Nothing, kE, "annul { rule: '1.3' basis: 'No. 3' }", "", v1::ANNULLED},
    {"AnnulledForFalseCitizenship", v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '1.1b' person_id: 'head' basis: 'No. 3' }", "", v1::ANNULLED},
    {"AnnulledForUseUnderAnotherName", v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '1.2' basis: 'No. 3' }", "", v1::ANNULLED},
    {"UseUnderAnotherNameIsReported", v1::QUOTA_RESERVED, Nothing, kD, "give_notice { kind: ANNULMENT rule: '1.2' basis: 'No. 3' stated_on: '2026-03-01' }", "", v1::QUOTA_RESERVED},
    {"AnAnnulmentOnAFactThatNobodyReported", v1::PREPARING, Nothing, kE, "give_notice { kind: ANNULMENT rule: '3.b' basis: 'No. 3' stated_on: '2026-03-01' convicted: true held: true }", "step.ground"},
    {"AnAnnulmentOnAStayThatNobodyReported", v1::PREPARING, Nothing, kE, "give_notice { kind: ANNULMENT rule: '3.d' basis: 'No. 3' stated_on: '2026-03-01' }", "step.ground"},
    {"AnAnnulmentOnAReportedStay",  v1::PREPARING, Then(kD, Obstacle("suspend", "3.d")), kE, "give_notice { kind: ANNULMENT rule: '3.d' basis: 'No. 3' stated_on: '2026-03-01' }", "", v1::SUSPENDED},
    {"AnAnnulmentOnAnotherReportedFact", v1::PREPARING, Then(kD, Obstacle("suspend", "3.d")), kE, "give_notice { kind: ANNULMENT rule: '3.e' basis: 'No. 3' stated_on: '2026-03-01' }", "step.ground"},
    {"AnAnnulmentOnAReportedFact",  v1::PREPARING, Then(kD, Obstacle("suspend", "3.b")), kE, "give_notice { kind: ANNULMENT rule: '3.b' basis: 'No. 3' stated_on: '2026-03-01' convicted: true held: true }", "", v1::SUSPENDED},
    {"AnnulledForAMember",          v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '2.1' person_id: 'm1' basis: 'No. 3' }", "step.person"},
    {"AnnulledWithoutGround",       v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '12.1' basis: 'No. 3' }", "step.ground"},
    {"AnnulledByTheOtherState",     v1::PREPARING, Nothing, kD, "annul { rule: '2.1' basis: 'No. 3' }", "step.ground"},
    // The notice is the tenth entry.
    {"Edge49Article3UnknownAtIssue", v1::STATUS_ISSUED, Then(kD, "give_notice { kind: OBSTACLE rule: '3.d' person_id: 'head' basis: 'No. 2' stated_on: '2026-03-01' }"), kE, "annul { rule: '3.d' basis: 'No. 3' resolves_notice: 'e10' }", "", v1::ANNULLED},
    {"Edge49AFactOfTheDepartureState", v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '3.b' basis: 'No. 3' }", "step.ground"},
    {"Edge49AStayInTheDepartureState", v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '3.d' basis: 'No. 3' }", "step.ground"},
    {"Edge49WorkInTheDepartureState", v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '3.e' basis: 'No. 3' }", "step.ground"},
    {"Edge49OwnForcesOfTheEntryState", v1::STATUS_ISSUED, Nothing, kE, "annul { rule: '3.zh' basis: 'No. 3' }", "", v1::ANNULLED},
    {"NoAnnulmentOnATemporaryGround", v1::QUOTA_RESERVED, Nothing, kE, "annul { rule: '3.v' basis: 'No. 3' }", "step.ground"},
    {"NoNoticeOfAnAnnulmentOnATemporaryGround", v1::AWAIT_CLEARANCE, Nothing, kE, "give_notice { kind: ANNULMENT rule: '3.v' basis: 'No. 3' stated_on: '2026-03-01' }", "step.ground"},
    {"NoMemberExcludedByTheEntryStateOnItsOwn", v1::STATUS_ISSUED, Nothing, kE, "exclude { rule: '3.b' person_id: 'm1' basis: 'No. 3' convicted: true held: true }", "step.ground"},
    {"NoMemberExcludedAgainstTheCertificate", v1::STATUS_ISSUED, Nothing, kE, "exclude { rule: '3.d' person_id: 'm1' basis: 'No. 3' }", "step.ground"},
    {"SuspendedByThePartyThatLearns", v1::STATUS_ISSUED, Nothing, kE, Obstacle("suspend", "3.d"), "", v1::SUSPENDED},
    {"NotSuspendedByTheEntryStateOnItsOwn", v1::STATUS_ISSUED, Nothing, kE, Obstacle("suspend", "3.v"), "step.ground"},
    {"AWillOlderThanThePetitionIsNotReported", v1::AWAIT_CLEARANCE, Nothing, kE, "give_notice { kind: WITHDRAWAL stated_on: '2020-01-01' }", "step.date"},
    {"TheHeadDied",                 v1::PREPARING, Nothing, kD, "remove_member { person_id: 'head' reason: DIED basis: 'No. 9' }", "", v1::WITHDRAWN},
    {"TheHeadDoesNotLeaveItsCase",  v1::PREPARING, Nothing, kD, "remove_member { person_id: 'head' reason: OWN_WILL stated_on: '2026-03-01' }", "step.person"},
    {"ScopeRefusedOnWhatWasDeclined", v1::SCOPE_OK, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 1 }"), ""); ASSERT_EQ(d.D("decline { number: 1 rule: '13.2' }"), ""); }, kE, "refuse_scope { rule: '13.2' finding { free_will_confirmed: true } }", "", v1::REFUSED_SCOPE},
    {"HandOff1IsNotDeclinedOnATemporaryGround", v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "decline { number: 1 rule: '3.v' person_id: 'head' }", "step.decline"},
    {"HandOff1IsNotDeclinedForTheQuota", v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "decline { number: 1 rule: '12.1' }", "step.decline"},
    // From then on each Party decides what is its own: only the papers are declined (13.2).
    {"HandOff2IsNotDeclinedForTheQuota", v1::CLEARED, Then(kD, "offer { number: 2 }"), kE, "decline { number: 2 rule: '12.1' }", "step.decline"},
    {"HandOff2IsNotDeclinedForTheScope", v1::CLEARED, Then(kD, "offer { number: 2 }"), kE, "decline { number: 2 rule: '2.1' person_id: 'head' }", "step.decline"},
    {"HandOff2IsDeclinedForItsPapers", v1::CLEARED, Then(kD, "offer { number: 2 }"), kE, "decline { number: 2 rule: '13.2' person_id: 'm1' }", "", v1::CLEARED},
    {"HandOff3IsNotDeclinedUnderArticle3", v1::STATUS_ISSUED, Then(kE, "offer { number: 3 }"), kD, "decline { number: 3 rule: '3.v' person_id: 'head' }", "step.decline"},
    {"HandOff3IsDeclinedForItsPapers", v1::STATUS_ISSUED, Then(kE, "offer { number: 3 }"), kD, "decline { number: 3 rule: '13.2' }", "", v1::STATUS_ISSUED},
    {"HandOff4IsNotDeclinedForTheQuota", v1::DEPARTED, Then(kD, "offer { number: 4 }"), kE, "decline { number: 4 rule: '12.1' }", "step.decline"},
    {"HandOff4IsDeclinedForItsPapers", v1::DEPARTED, Then(kD, "offer { number: 4 }"), kE, "decline { number: 4 rule: '13.2' }", "", v1::DEPARTED},
    {"HandOff1IsDeclinedForAMember", v1::SCOPE_OK, Then(kE, "offer { number: 1 }"), kD, "decline { number: 1 rule: '2.2' person_id: 'm1' }", "", v1::SCOPE_OK},
    {"TheHeadsCaseGoesOnWithoutTheMember", v1::SCOPE_OK, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 1 }"), ""); ASSERT_EQ(d.D("decline { number: 1 rule: '2.2' person_id: 'm1' }"), ""); }, kE, "refuse_scope { rule: '2.2' finding { free_will_confirmed: true } }", "step.ground"},
    {"AMemberWhomTheDepartureStateFoundNotCovered", v1::SCOPE_OK, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 1 }"), ""); ASSERT_EQ(d.D("decline { number: 1 rule: '2.2' person_id: 'm1' }"), ""); }, kE, "remove_member { person_id: 'm1' reason: NOT_COVERED basis: 'No. 9' }", "", v1::SCOPE_OK},
    {"ACoveredMemberIsNotPutOut",   v1::SCOPE_OK,  Nothing, kE, "remove_member { person_id: 'm1' reason: NOT_COVERED basis: 'No. 9' }", "step.ground"},
    {"AMemberWhoUsedTheAgreement",  v1::SCOPE_OK,  Nothing, kE, "remove_member { person_id: 'm1' reason: USED_BEFORE basis: 'No. 9' }", "", v1::SCOPE_OK},
    {"UseIsTheEntryStatesFinding",  v1::PREPARING, Nothing, kD, "remove_member { person_id: 'm1' reason: USED_BEFORE basis: 'No. 9' }", "step.turn"},
    {"ScopeRefusedOnWhatNobodyDeclined", v1::SCOPE_OK, Nothing, kE, "refuse_scope { rule: '13.2' finding { free_will_confirmed: true } }", "step.ground"},
    {"Edge49NotAfterTheDeparture",  v1::ARRIVED,   Nothing, kE, "annul { rule: '3.b' basis: 'No. 3' }", "step.status"},
    {"Edge11CompletedStays",        v1::COMPLETED, Nothing, kE, "annul { rule: '2.1' basis: 'No. 3' }", "step.closed"},
    {"LapsedAfterTheValidity",      v1::PREPARING, Today(2027, 3, 4), kD, "lapse {}", "", v1::LAPSED},
    {"NotLapsedOnTheLastDay",       v1::PREPARING, Today(2027, 3, 2), kD, "lapse {}", "13.2"},
    // The last day is one of Moscow, which ends when the next one has begun in Astana.
    {"NotLapsedWhileTheLastDayLasts", v1::PREPARING, Today(2027, 3, 3), kD, "lapse {}", "13.2"},
    {"ExitWhileTheLastDayLasts",    v1::PREPARING, Today(2027, 3, 3), kD, "record_exit { crossed_on: '2027-03-03' crossing_point: 'P1' }", "", v1::DEPARTED},
    {"NoExitAfterTheLastDay",       v1::PREPARING, Today(2027, 3, 4), kD, "record_exit { crossed_on: '2027-03-04' crossing_point: 'P1' }", "step.document"},
    {"LapsedBesidesAnOffer",        v1::STATUS_ISSUED, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 3 }"), ""); d.today = absl::CivilDay(2027, 3, 4); }, kD, "lapse {}", "", v1::LAPSED},
    {"ClosedByTermination",         v1::CLEARED, [](Desk& d) { d.treaty.set_terminates_on("2026-03-02"); }, kD, "close_by_termination {}", "", v1::CLOSED_TERM},
    {"ClosedBesidesAnOffer",        v1::SCOPE_OK, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 1 }"), ""); d.treaty.set_terminates_on("2026-03-02"); }, kD, "close_by_termination {}", "", v1::CLOSED_TERM},
    {"ClosedByWhoOffered",          v1::SCOPE_OK, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 1 }"), ""); d.treaty.set_terminates_on("2026-03-02"); }, kE, "close_by_termination {}", "", v1::CLOSED_TERM},
    {"NotClosedByWhoOfferedWhileInForce", v1::SCOPE_OK, [](Desk& d) { ASSERT_EQ(d.E("offer { number: 1 }"), ""); d.treaty.set_terminates_on("2026-03-03"); }, kE, "close_by_termination {}", "17.4"},
    {"NotClosedByWhoOfferedAClearedCase", v1::CLEARED, [](Desk& d) { ASSERT_EQ(d.D("offer { number: 2 }"), ""); d.treaty.set_terminates_on("2026-03-02"); }, kD, "close_by_termination {}", "step.turn"},
    {"NotClosedByWhoWasAnswered",   v1::AWAIT_CLEARANCE, [](Desk& d) { d.treaty.set_terminates_on("2026-03-02"); }, kE, "close_by_termination {}", "step.turn"},
    {"NotClosedWhileInForce",       v1::CLEARED, [](Desk& d) { d.treaty.set_terminates_on("2026-03-03"); }, kD, "close_by_termination {}", "17.4"},
    {"NotClosedOnceIssued",         v1::STATUS_ISSUED, [](Desk& d) { d.treaty.set_terminates_on("2026-03-02"); }, kE, "close_by_termination {}", "step.status"},
    {"AMembersWillOfTheDayOfThePetition", v1::PREPARING, Nothing, kD, "remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-02-20' }", "", v1::PREPARING},
    {"AMembersWillOlderThanThePetition", v1::PREPARING, Nothing, kD, "remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-02-19' }", "step.date"},
    {"Edge29DivorcedBeforeDeparture", v1::PREPARING, Nothing, kD, "remove_member { person_id: 'm1' reason: DIVORCED basis: 'No. 9' }", "", v1::PREPARING},
    {"HeadsDeathAfterDeparture",    v1::ARRIVED, Nothing, kE, "remove_member { person_id: 'head' reason: DIED basis: 'No. 9' }", "step.status"},
    {"ACompelledMember",            v1::QUOTA_RESERVED, Nothing, kE, "remove_member { person_id: 'm1' reason: COMPELLED basis: 'No. 9' }", "", v1::QUOTA_RESERVED},
    {"CompulsionIsTheEntryStatesFinding", v1::PREPARING, Nothing, kD, "remove_member { person_id: 'm1' reason: COMPELLED basis: 'No. 9' }", "step.turn"},
    {"ACompelledHeadEndsItsCase",   v1::ARRIVED, Nothing, kE, "remove_member { person_id: 'head' reason: COMPELLED basis: 'No. 9' }", "step.person"},
    {"CompulsionIsNotFoundOnTheWay", v1::DEPARTED, Nothing, kD, "remove_member { person_id: 'm1' reason: COMPELLED basis: 'No. 9' }", "step.status"},
    {"NobodyLeavesAfterDeparture",  v1::ARRIVED, Nothing, kE, "remove_member { person_id: 'm1' reason: DIVORCED basis: 'No. 9' }", "step.status"},
    // Notices.
    {"NoticeByTheHolder",           v1::PREPARING, Nothing, kD, "give_notice { kind: WITHDRAWAL stated_on: '2026-03-01' }", "step.holder"},
    {"NoticeByTheOther",            v1::PREPARING, Nothing, kE, "give_notice { kind: WITHDRAWAL stated_on: '2026-03-01' }", "", v1::PREPARING},
    {"NoticeOfAChangedWillTooLate", v1::ARRIVED,   Nothing, kD, "give_notice { kind: WITHDRAWAL stated_on: '2026-03-01' }", "step.status"},
    {"NoticeOfCompulsionAfterArrival", v1::ARRIVED, Nothing, kD, "give_notice { kind: ANNULMENT rule: '1.3' basis: 'No. 4' stated_on: '2026-03-01' }", "", v1::ARRIVED},
    {"Edge49NoticeOfAnObstacleTooLate", v1::ARRIVED, Nothing, kD, "give_notice { kind: ANNULMENT rule: '3.b' basis: 'No. 4' stated_on: '2026-03-01' convicted: true held: true }", "step.status"},
    {"NoticeOnNobody",              v1::STATUS_ISSUED, Nothing, kD, "give_notice { kind: OBSTACLE rule: '3.b' basis: 'No. 4' stated_on: '2026-03-01' convicted: true held: true }", "step.person"},
    {"NoticeOnAStranger",           v1::STATUS_ISSUED, Nothing, kD, "give_notice { kind: OBSTACLE rule: '3.b' person_id: 'm3' basis: 'No. 4' stated_on: '2026-03-01' convicted: true held: true }", "step.person"},
    {"NoticeWithoutGround",         v1::STATUS_ISSUED, Nothing, kD, "give_notice { kind: OBSTACLE rule: '2.1' person_id: 'head' basis: 'No. 4' stated_on: '2026-03-01' }", "step.ground"},
    {"NoticeAfterTheEnd",           v1::COMPLETED, Nothing, kD, "give_notice { kind: ANNULMENT rule: '1.3' basis: 'No. 4' stated_on: '2026-03-01' }", "step.closed"},
    {"AnnulmentReportedByAHolderWhoMayNotAnnul", v1::PREPARING, Nothing, kD, "give_notice { kind: ANNULMENT rule: '2.1' basis: 'No. 4' stated_on: '2026-03-01' }", "", v1::PREPARING},
    {"DismissalOfNothing",          v1::PREPARING, Nothing, kD, "dismiss_notice { resolves_notice: 'x' basis: 'No. 5' }", "step.notice"},
    // clang-format on
};

class StepTest : public ::testing::TestWithParam<StepRow> {};

TEST_P(StepTest, DoneOrRefusedByTheRule) {
  const StepRow& row = GetParam();
  Desk desk;
  ASSERT_EQ(desk.Reach(row.reach), "");
  row.then(desk);
  const std::string before = desk.state().SerializeAsString();
  EXPECT_EQ(desk.Do(row.author, row.command), row.rule);
  if (*row.rule == '\0') {
    EXPECT_EQ(v1::CaseStatus_Name(desk.state().status()), v1::CaseStatus_Name(row.status));
  } else {
    EXPECT_EQ(desk.state().SerializeAsString(), before);
  }
}

INSTANTIATE_TEST_SUITE_P(Steps, StepTest, ::testing::ValuesIn(kRows),
                         [](const auto& row) { return row.param.name; });

// ---------------------------------------------------------------- convicts of the counterpart

// 3.b: whoever takes the act of the other Party judges it again, in both directions.
TEST(ConvictTest, Edges34And35TheReceiverAsksForBothConditions) {
  const struct {
    v1::CaseStatus reach;
    bool by_entry_state;
    const char* act;
  } rows[] = {
      {v1::AWAIT_CLEARANCE, false, "excluded { rule: '3.b' person_id: 'head' basis: 'No. 1' }"},
      {v1::AWAIT_CLEARANCE, false, "excluded { rule: '3.b' person_id: 'm1' basis: 'No. 1' }"},
      {v1::PREPARING, false, "suspended { rule: '3.b' person_id: 'head' basis: 'No. 1' }"},
      {v1::STATUS_ISSUED, false,
       "notice_given { kind: OBSTACLE rule: '3.b' person_id: 'm1' basis: 'No. 1' stated_on: '2026-03-01' }"},
      {v1::STATUS_ISSUED, false,
       "notice_given { kind: ANNULMENT rule: '3.b' basis: 'No. 1' stated_on: '2026-03-01' }"},
      {v1::AWAIT_CLEARANCE, true,
       "notice_given { kind: OBSTACLE rule: '3.b' person_id: 'head' basis: 'No. 1' stated_on: '2026-03-01' "
       "}"},
  };
  for (const auto& row : rows) {
    for (const v1::Party entry : {kKz, kRu}) {
      SCOPED_TRACE(absl::StrCat(v1::Party_Name(entry), " ", row.act));
      Desk desk(entry);
      ASSERT_EQ(desk.Reach(row.reach), "");
      const v1::Party author = row.by_entry_state ? desk.entry() : desk.departure();
      for (const bool convicted : {false, true}) {
        for (const bool held : {false, true}) {
          auto act = Text<v1::CaseAct>(row.act);
          const auto say = [&](auto& said) {
            said.set_convicted(convicted);
            said.set_held(held);
          };
          if (act.has_excluded()) say(*act.mutable_excluded());
          if (act.has_suspended()) say(*act.mutable_suspended());
          if (act.has_notice_given()) say(*act.mutable_notice_given());
          const auto violation = Admit(desk.copy(Other(author)), act, desk.OnArrival(author));
          const std::string missing = !convicted ? "convicted" : !held ? "held" : "";
          EXPECT_EQ(violation ? violation->rule() : "", missing.empty() ? "" : "3.b");
          EXPECT_EQ(violation ? violation->found() : "", missing);
        }
      }
    }
  }
}

// 3.b lasts while the person is held: the release ends it, and nothing else is asked.
TEST(ConvictTest, Edge36TheReleaseEndsTheSuspension) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "");
  ASSERT_EQ(desk.D(NoticeOfConvict("OBSTACLE", "convicted: true held: true")), "");
  const std::string reported = desk.LastEntry();
  const std::string answer =
      "suspend { rule: '3.b' person_id: 'head' basis: 'No. 5' resolves_notice: '" + reported + "'";
  // Whoever acts on what was reported answers for it, too.
  EXPECT_EQ(desk.E(answer + " }"), "3.b");
  ASSERT_EQ(desk.E(answer + " convicted: true held: true }"), "");
  ASSERT_EQ(desk.D(NoticeOfConvict("OBSTACLE_ENDED", "")), "");
  EXPECT_EQ(desk.E("resume { rule: '3.b' person_id: 'head' basis: 'release 6' resolves_notice: '" +
                   desk.LastEntry() + "' }"),
            "");
  EXPECT_EQ(desk.state().status(), v1::STATUS_ISSUED);
}

// ---------------------------------------------------------------- documents of the counterpart

// What the departure state says to a document that its Judge would not have made.
TEST(IssuedTest, Edge51TheFormInForceOnTheDayOfIssue) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::QUOTA_RESERVED), "");
  const std::string right =
      "status_issued { number: '77' issued_on: '2026-03-02' valid_until: '2027-03-02' form_version: 'F1' "
      "citizenship_confirmed: true no_obstacle_known: true ";
  const auto rule = [&](const std::string& change) {
    auto act = Text<v1::CaseAct>(right + "}");
    act.mutable_status_issued()->MergeFrom(Text<v1::StatusDocument>(change));
    const auto violation = Admit(desk.copy(kD), act, desk.At(kE));
    return violation ? violation->rule() : "";
  };
  EXPECT_EQ(rule(""), "");
  EXPECT_EQ(rule("form_version: 'F0'"), "4.2");
  EXPECT_EQ(rule("valid_until: '2028-03-02'"), "13.2");
  EXPECT_EQ(rule("issued_on: '2026-03-01'"), "step.date");
  // A document issued in an earlier form stays valid.
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  desk.protocol.set_status_form_version("F2");
  EXPECT_EQ(desk.Reach(v1::COMPLETED), "");
}

// A number of a state stands for one document, also for who judges it on arrival.
TEST(IssuedTest, ANumberIsIssuedOnce) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::QUOTA_RESERVED), "");
  desk.registry.issued = {"77"};
  EXPECT_EQ(desk.E(kIssue), "4.1");
  EXPECT_EQ(desk.violation.found(), "number_issued");
  const auto act = Text<v1::CaseAct>(
      "status_issued { number: '77' issued_on: '2026-03-02' valid_until: '2027-03-02' form_version: 'F1' "
      "citizenship_confirmed: true no_obstacle_known: true }");
  EXPECT_EQ(Admit(desk.copy(kD), act, desk.OnArrival(kE))->rule(), "4.1");
  desk.registry.issued.clear();
  EXPECT_EQ(desk.E(kIssue), "");
}

// A protocol signed while the case is under way: all else goes by the day of filing, the
// document by that of issue.
TEST(IssuedTest, Edge51AProtocolSignedMidCaseGivesTheForm) {
  const struct {
    const char* from;  // the new protocol
    const char* form;
    const char* valid_until;
  } rows[] = {{"2026-03-01", "F2", "2026-09-02"},
              {"2026-03-02", "F2", "2026-09-02"},
              {"2026-03-03", "F1", "2027-03-02"}};
  for (const auto& row : rows) {
    Desk desk;
    ASSERT_EQ(desk.Reach(v1::QUOTA_RESERVED), "");
    v1::DatedProtocol& newer = *desk.treaty.add_protocols();
    newer.set_from(row.from);
    *newer.mutable_protocol() = desk.protocol;
    newer.mutable_protocol()->set_version("2026-2");
    newer.mutable_protocol()->set_status_form_version("F2");
    newer.mutable_protocol()->set_status_validity_months(6);
    ASSERT_EQ(desk.Reach(v1::STATUS_ISSUED), "") << row.from;
    EXPECT_EQ(desk.state().document().form_version(), row.form) << row.from;
    EXPECT_EQ(desk.state().document().valid_until(), row.valid_until) << row.from;
  }
}

// The other Party may have signed the newer protocol when the document was already on its
// way; a form that is not in force yet is nobody's.
TEST(IssuedTest, Edge51ADocumentThatCrossedTheNewerProtocol) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::QUOTA_RESERVED), "");
  for (const auto& [from, form] : {std::pair("2026-03-01", "F2"), std::pair("2026-03-09", "F3")}) {
    v1::DatedProtocol& dated = *desk.treaty.add_protocols();
    dated.set_from(from);
    *dated.mutable_protocol() = desk.protocol;
    dated.mutable_protocol()->set_version(form);
    dated.mutable_protocol()->set_status_form_version(form);
  }
  for (const auto& [form, own, arriving] :
       {std::tuple("F1", "4.2", ""), std::tuple("F2", "", ""), std::tuple("F3", "4.2", "4.2")}) {
    const auto act = Text<v1::CaseAct>(
        absl::StrCat("status_issued { number: '77' issued_on: '2026-03-02' valid_until: '2027-03-02' "
                     "citizenship_confirmed: true no_obstacle_known: true form_version: '",
                     form, "' }"));
    const auto rule = [&](const Context& context) {
      const auto violation = Admit(desk.state(), act, context);
      return violation ? violation->rule() : "";
    };
    EXPECT_EQ(rule(desk.At(kE)), own) << form;
    EXPECT_EQ(rule(desk.OnArrival(kE)), arriving) << form;
  }
}

TEST(OfferTest, IsDueWhenTheProtocolSays) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::CLEARED), "");
  const auto due = [&](const std::string& day) {
    const auto act = Text<v1::CaseAct>("offered { number: 2 answer_due: '" + day + "' }");
    const auto violation = Admit(desk.state(), act, desk.At(kD));
    return violation ? violation->rule() : "";
  };
  EXPECT_EQ(due("2026-03-22"), "");
  EXPECT_EQ(due("2026-03-23"), "13.2");
}

// Edge 114: legal dates come from the acts, not from the clocks of arrival.
TEST(DatesTest, Edge114WhenItHappenedAndWhenItIsRecorded) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::AWAIT_CLEARANCE), "");
  desk.today = kToday + 10;
  const auto rule = [&](absl::CivilDay happened_on) {
    desk.happened_on = happened_on;
    const CaseVerdict verdict = Judge(desk.state(), ClearAll(desk.state()), desk.At(kD));
    const auto* violation = std::get_if<v1::Violation>(&verdict);
    return violation != nullptr ? violation->rule() : "";
  };
  EXPECT_EQ(rule(kToday + 10), "");
  EXPECT_EQ(rule(kToday + 5), "");
  EXPECT_EQ(rule(kToday), "");
  // Not before its own acceptance, on which it clears.
  EXPECT_EQ(rule(kToday - 1), "step.date");
  EXPECT_EQ(rule(kToday + 11), "step.date");
  EXPECT_EQ(rule(absl::CivilDay(2000, 4, 16)), "17.2");
}

// What happens in Moscow after something in Astana may bear the day before it there; what
// happens in Astana after something in Moscow never does.
TEST(DatesTest, Edge114NothingHappensBeforeWhatItFollows) {
  const auto accepted = [](v1::Party entry, int days) {
    Desk desk(entry);
    EXPECT_EQ(desk.Reach(v1::SCOPE_OK), "");
    EXPECT_EQ(desk.E("offer { number: 1 }"), "");
    desk.happened_on = kToday + days;
    return desk.D("accept { number: 1 }");
  };
  EXPECT_EQ(accepted(kKz, 0), "");
  EXPECT_EQ(accepted(kKz, -1), "");
  EXPECT_EQ(accepted(kKz, -2), "step.date");
  EXPECT_EQ(accepted(kRu, 0), "");
  EXPECT_EQ(accepted(kRu, -1), "step.date");

  // The day that Moscow is behind is not gained again with every round.
  Desk round(kKz);
  ASSERT_EQ(round.Reach(v1::SCOPE_OK), "");
  ASSERT_EQ(round.E("offer { number: 1 }"), "");
  round.happened_on = kToday - 1;
  ASSERT_EQ(round.D("accept { number: 1 }"), "");
  ASSERT_EQ(round.Do(kRu, ClearAll(round.state())), "");
  ASSERT_EQ(round.D("offer { number: 2 }"), "");
  EXPECT_EQ(round.E("accept { number: 2 }"), "step.date");
  round.happened_on = kToday;
  EXPECT_EQ(round.E("accept { number: 2 }"), "");

  // What `author` records of a day, where the case has come to `status`.
  const auto dated = [](v1::Party entry, v1::CaseStatus status, v1::Party author, const std::string& step) {
    Desk desk(entry);
    EXPECT_EQ(desk.Reach(status), "");
    return desk.Do(author, step);
  };
  const auto exit = [&](v1::Party entry, const std::string& day) {
    return dated(entry, v1::PREPARING, Other(entry),
                 "record_exit { crossed_on: '" + day + "' crossing_point: 'P1' }");
  };
  EXPECT_EQ(exit(kKz, "2026-03-01"), "");
  EXPECT_EQ(exit(kKz, "2026-02-28"), "step.date");
  EXPECT_EQ(exit(kRu, "2026-03-01"), "step.date");

  const auto residence = [&](v1::Party entry, const std::string& day) {
    return dated(entry, v1::ARRIVED, entry,
                 "register_residence { registered_on: '" + day + "' region: 'R1' }");
  };
  EXPECT_EQ(residence(kKz, "2026-03-02"), "");
  EXPECT_EQ(residence(kKz, "2026-03-01"), "step.date");
  EXPECT_EQ(residence(kRu, "2026-03-01"), "");
  EXPECT_EQ(residence(kRu, "2026-02-28"), "step.date");
}

TEST(AllowedActionsTest, ALapseIsOfferedWhenTheDocumentHasExpired) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  const auto lapse = [&] {
    int listed = 0;
    for (const v1::AllowedAction& action : AllowedActions(desk.state(), desk.At(kE))) {
      listed += action.action() == "lapse";
    }
    return listed;
  };
  desk.today = absl::CivilDay(2027, 3, 2);
  EXPECT_EQ(lapse(), 0);
  desk.today = absl::CivilDay(2027, 3, 3);
  EXPECT_EQ(lapse(), 1);
}

int Listed(const Desk& desk, const std::string& name) {
  int listed = 0;
  for (const v1::AllowedAction& action : AllowedActions(desk.state(), desk.At(kE))) {
    listed += action.action() == name;
  }
  return listed;
}

// 4.1: an expired document is not issued again.
TEST(AllowedActionsTest, AReissueIsOfferedWhileTheDocumentIsValid) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  desk.today = absl::CivilDay(2027, 3, 2);
  EXPECT_EQ(Listed(desk, "reissue_document"), 1);
  desk.today = absl::CivilDay(2027, 3, 3);
  EXPECT_EQ(Listed(desk, "reissue_document"), 0);
}

// 12.1: who waits is offered a place when there is one.
TEST(AllowedActionsTest, APlaceIsOfferedWhenOneIsFree) {
  Desk desk;
  desk.registry.quotas.clear();
  desk.registry.SetQuota(kE, static_cast<int>(desk.today.year()), 0);
  ASSERT_EQ(desk.Reach(v1::WAITLISTED), "");
  EXPECT_EQ(Listed(desk, "reserve_place"), 0);
  desk.registry.SetQuota(kE, static_cast<int>(desk.today.year()), 100);
  EXPECT_EQ(Listed(desk, "reserve_place"), 1);
}

TEST(DatesTest, WhatAStepTellsHadHappenedByThen) {
  Desk desk;
  desk.happened_on = kToday - 20;
  // The petition bears a later day than its filing.
  EXPECT_EQ(desk.Do(kE, File(desk.petition)), "exchange.format");
  EXPECT_EQ(desk.violation.found(), "petition_filed.filed_on");
}

// A notice tells what became known, whenever that was; it stands outside the chain.
TEST(DatesTest, ANoticeMayTellOfAnEarlierDay) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::AWAIT_CLEARANCE), "");
  desk.happened_on = kToday - 5;
  EXPECT_EQ(desk.E("give_notice { kind: WITHDRAWAL person_id: 'head' stated_on: '2026-02-25' }"), "");
}

// ---------------------------------------------------------------- places

TEST(PlaceTest, Edge80AnExhaustedQuotaMeansTheQueueOrIndependence) {
  Desk desk;
  desk.registry.quotas.clear();
  desk.registry.SetQuota(kE, 2026, 0);
  ASSERT_EQ(desk.Reach(v1::WAITLISTED), "");
  EXPECT_EQ(desk.state().waiting().reason(), v1::Waiting::NO_PLACE_LEFT);
  EXPECT_EQ(desk.E("reserve_place {}"), "12.1");
  EXPECT_EQ(desk.violation.found(), "EXHAUSTED");
  EXPECT_EQ(desk.E("opt_out {}"), "");
  EXPECT_EQ(desk.state().status(), v1::INDEPENDENT);
  // Edge 89: the Agreement was not used.
  EXPECT_EQ(EffectsOf(desk.state(), kE).claim, Claim::kFree);
}

// Went independently, came back, and goes again, now under the Agreement.
TEST(PlaceTest, Edge89WhoBecameIndependentMayApplyAgain) {
  Desk independent;
  independent.registry.quotas.clear();
  ASSERT_EQ(independent.Reach(v1::WAITLISTED), "");
  Desk early;
  early.registry.Hold(EffectsOf(independent.state(), kE));
  EXPECT_EQ(early.Do(kE, File(early.petition)), "1.2");
  ASSERT_EQ(independent.E("opt_out {}"), "");
  Desk again;
  for (const v1::Party party : {kKz, kRu}) again.registry.Hold(EffectsOf(independent.state(), party));
  again.today = kToday + 300;
  again.petition.set_filed_on("2026-12-01");
  ASSERT_EQ(again.Reach(v1::PREPARING), "");
  ASSERT_EQ(again.D(ExitOn("2026-12-27")), "");
  for (const v1::Party party : {kKz, kRu}) EXPECT_EQ(EffectsOf(again.state(), party).claim, Claim::kConsumed);
}

TEST(PlaceTest, Edge81AnUnsetQuotaMeansTheQueue) {
  Desk desk;
  desk.today = absl::CivilDay(2027, 1, 1);
  ASSERT_EQ(desk.Reach(v1::WAITLISTED), "");
  EXPECT_EQ(desk.state().waiting().reason(), v1::Waiting::QUOTA_UNSET);
  EXPECT_EQ(desk.state().waiting().year(), 2027);
  EXPECT_EQ(desk.E("reserve_place {}"), "12.1");
  EXPECT_EQ(desk.violation.found(), "UNSET");
  desk.registry.SetQuota(kE, 2027, 2);
  EXPECT_EQ(desk.E("reserve_place {}"), "");
  EXPECT_EQ(desk.state().place().year(), 2027);
  EXPECT_EQ(desk.state().place().places(), 2u);
}

TEST(PlaceTest, Edge83TheFamilyWaitsTogetherOrSplitsByConsent) {
  Desk desk;
  for (int i = 3; i <= 4; ++i) {
    *desk.petition.add_family() = SampleMember(kE, absl::StrCat(i), v1::PARENT, "1950-01-01");
  }
  desk.registry.quotas.clear();
  desk.registry.SetQuota(kE, 2026, 1);
  ASSERT_EQ(desk.Reach(v1::WAITLISTED), "");
  EXPECT_EQ(desk.E("reserve_place {}"), "12.1");
  EXPECT_EQ(desk.violation.found(), "free:1");
  for (const std::string id : {"m1", "m2", "m3"}) {
    ASSERT_EQ(desk.E("remove_member { person_id: '" + id + "' reason: OWN_WILL stated_on: '2026-03-01' }"),
              "");
  }
  EXPECT_EQ(desk.E("reserve_place {}"), "");
  EXPECT_EQ(desk.registry.Quota(kE, 2026).status(), v1::EXHAUSTED);
}

TEST(PlaceTest, AFamilyTakesOnePlaceWhenTheProtocolCountsFamilies) {
  Desk desk;
  desk.protocol.set_quota_unit(v1::Protocol::FAMILY);
  desk.registry.quotas.clear();
  desk.registry.SetQuota(kE, 2026, 1);
  ASSERT_EQ(desk.Reach(v1::QUOTA_RESERVED), "");
  EXPECT_EQ(desk.state().place().places(), 1u);
  ASSERT_EQ(desk.E("remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-03-01' }"), "");
  EXPECT_EQ(desk.state().place().places(), 1u);
  EXPECT_EQ(desk.Reach(v1::COMPLETED), "");
}

TEST(PlaceTest, WhoCameFirstGoesFirst) {
  struct Row {
    std::vector<Queued> waiting;
    const char* rule;
  };
  const Queued self = {kCaseId, 2, "2026-02-20", false};
  const Row rows[] = {
      {{}, ""},
      {{{"earlier", 3, "2026-02-01", false}, self}, "12.1"},
      {{{"earlier", 4, "2026-02-01", false}, self}, ""},  // would not fit into 3 places
      {{{"earlier", 3, "2026-02-01", true}, self}, ""},   // must answer a notice before
      {{self, {"later", 1, "2026-02-21", false}}, ""},
  };
  for (const Row& row : rows) {
    Desk desk;
    desk.registry.quotas.clear();
    ASSERT_EQ(desk.Reach(v1::WAITLISTED), "");
    desk.registry.SetQuota(kE, 2026, 3);
    desk.registry.waiting = row.waiting;
    EXPECT_EQ(desk.E("reserve_place {}"), row.rule);
    EXPECT_EQ(desk.violation.found(), *row.rule == '\0' ? "" : "earlier");
  }
  Desk late;
  late.registry.waiting = {{"earlier", 1, "2026-02-01", false}};
  EXPECT_EQ(late.Reach(v1::WAITLISTED), "") << "a newcomer queues behind";
}

// Each by the protocol under which it was filed: a family of four needs one place by the
// new protocol, and four by the old one.
TEST(PlaceTest, TheQueueCountsEachCaseInItsOwnUnit) {
  Desk desk;
  desk.registry.quotas.clear();
  ASSERT_EQ(desk.Reach(v1::WAITLISTED), "");
  desk.registry.SetQuota(kE, 2026, 3);
  v1::DatedProtocol& newer = *desk.treaty.add_protocols();
  newer.set_from("2026-02-01");
  *newer.mutable_protocol() = desk.protocol;
  newer.mutable_protocol()->set_version("2026-2");
  newer.mutable_protocol()->set_quota_unit(v1::Protocol::FAMILY);
  const Queued self = {kCaseId, 2, "2026-02-20", false};
  desk.registry.waiting = {{"earlier", 4, "2026-01-31", false}, self};
  EXPECT_EQ(desk.E("reserve_place {}"), "");

  Desk behind;
  behind.registry.quotas.clear();
  behind.treaty = desk.treaty;
  ASSERT_EQ(behind.Reach(v1::WAITLISTED), "");
  behind.registry.SetQuota(kE, 2026, 3);
  behind.registry.waiting = {{"earlier", 4, "2026-02-01", false}, self};
  EXPECT_EQ(behind.E("reserve_place {}"), "12.1");
  EXPECT_EQ(behind.violation.found(), "earlier");
}

TEST(PlaceTest, ACaseThatLosesItsReservationKeepsItsPosition) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::QUOTA_RESERVED), "");
  const uint64_t position = desk.state().queued_at();
  EXPECT_GT(position, 0u);
  const auto back = [&](const char* text) { return desk.Record(kE, Text<v1::CaseAct>(text)); };
  EXPECT_EQ(back("waitlisted { reason: QUOTA_LOWERED year: 2027 }"), "copy: 12.1");
  EXPECT_EQ(back("waitlisted { reason: YEAR_CLOSED year: 2027 }"), "copy: step.date");
  EXPECT_EQ(back("waitlisted { reason: NO_PLACE_LEFT year: 2026 }"), "copy: step.status");
  EXPECT_EQ(back("waitlisted { reason: QUOTA_LOWERED year: 2026 }"), "");
  EXPECT_EQ(desk.state().queued_at(), position);
  EXPECT_FALSE(desk.state().has_place());
  EXPECT_TRUE(EffectsOf(desk.state(), kE).waiting);
}

TEST(PlaceTest, ALeavingMemberGivesBackAPlaceAndTheClaim) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::PREPARING), "");
  EXPECT_EQ(EffectsOf(desk.state(), kE).used, 2u);
  ASSERT_EQ(desk.D("remove_member { person_id: 'm1' reason: DIVORCED basis: 'No. 9' }"), "");
  EXPECT_EQ(EffectsOf(desk.state(), kE).used, 1u);
  EXPECT_EQ(EffectsOf(desk.state(), kE).persons.size(), 1u);
}

TEST(PlaceTest, TheLastObstacleLeavesWithItsPerson) {
  Desk desk;
  ASSERT_EQ(desk.Reach(v1::AWAIT_CLEARANCE), "");
  ASSERT_EQ(desk.D(Obstacle("defer", "3.v", "m1")), "");
  ASSERT_EQ(desk.D("remove_member { person_id: 'm1' reason: STAYS_BEHIND basis: 'No. 9' }"), "");
  EXPECT_EQ(desk.state().status(), v1::AWAIT_CLEARANCE);
  EXPECT_EQ(desk.Reach(v1::COMPLETED), "");
}

}  // namespace
}  // namespace kelisim::treaty
