#include "shared/treaty/court_decision.h"

#include <map>
#include <set>
#include <string>

#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/matter_testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

// A court in Kazakhstan has decided; Russia is to recognise.
constexpr v1::Party kD = kKz;
constexpr v1::Party kE = kRu;

std::string Hash(char c) { return std::string(32, c); }

// In scope, final, with what is needed.
v1::CourtDecision Decision(const std::string& changes = "") {
  v1::CourtDecision decision = Text<v1::CourtDecision>(
      "case_id: 'c1' court: 'Almaty 2' number: '2-17/2025' decided_on: '2025-10-01' in_legal_force_on: "
      "'2025-11-05' body: COURT subject: PROPERTY property_located_in: 'KAZ' property_of_resettler: true");
  for (const auto& [paper, content] :
       {std::pair(v1::DECISION_TEXT, 'a'), std::pair(v1::CERTIFICATE_OF_LEGAL_FORCE, 'b')}) {
    decision.add_papers()->set_paper(paper);
    decision.mutable_papers()->rbegin()->set_sha256(Hash(content));
  }
  decision.MergeFrom(Text<v1::CourtDecision>(changes));
  return decision;
}

const std::map<std::string, std::string>& Basis() {
  static const auto* const basis = new std::map<std::string, std::string>{
      {"return_for_papers", "papers: TRANSLATION"},
      {"find_out_of_scope", "reason: NOT_CIVIL"},
      {"record_partial_enforcement", "basis: 'b' amount: '100.50' currency: 'KZT'"},
      {"record_enforced", "basis: 'b' amount: '200' currency: 'KZT'"}};
  return *basis;
}

std::string Order(const std::string& name, const std::string& fields = "basis: 'No. 1'") {
  return absl::StrCat(name, " { ", fields, " }");
}

// `name`: a step with what it needs to say.
std::string WithBasis(const std::string& name) {
  if (name == "transmit") return "transmit {}";
  const auto found = Basis().find(name);
  return found == Basis().end() ? Order(name) : Order(name, found->second);
}

std::string With(const std::string& name, const v1::CourtDecision& decision) {
  return absl::StrCat(name, " { ", decision.ShortDebugString(), " }");
}

class Desk : public MatterDesk {
 public:
  Desk() : MatterDesk("court_decision", kD) {}
  std::string Do(v1::Party author, const std::string& text) {
    const bool named = !text.empty() && text.find('{') == std::string::npos;
    return MatterDesk::Do(author, named ? WithBasis(text) : text);
  }
  std::string Register(const v1::CourtDecision& decision) {
    return Do(kD, With("register_decision", decision));
  }
  // Registered, transmitted, received.
  void Receive(const v1::CourtDecision& decision = Decision()) {
    ASSERT_EQ(Register(decision), "");
    ASSERT_EQ(Do(kD, "transmit"), "");
    ASSERT_EQ(Do(kE, "receive"), "");
  }
  const v1::MatterState& own() const { return copy(kD); }
  const v1::MatterState& mirrored() const { return copy(kE); }
  const v1::CourtDecisionFacts& facts() const { return own().court_decision(); }
};

// Every status: what the departure state may do, and what the entry state.
TEST(CourtDecision, WhoMayDoWhatInEveryStatus) {
  const ActionTable table = {
      {v1::DECISION_REGISTERED, {"transmit withdraw", ""}},
      {v1::DECISION_TRANSMITTED, {"tell_of_review", "receive return_for_papers"}},
      {v1::DECISION_RETURNED, {"complete tell_of_review withdraw", ""}},
      {v1::DECISION_RECEIVED,
       {"tell_of_review",
        "contest find_not_final find_out_of_scope recognise return_for_papers stay supersede"}},
      {v1::DECISION_NOT_FINAL, {"resubmit tell_of_review withdraw", ""}},
      {v1::DECISION_OUT_OF_SCOPE, {"", ""}},
      {v1::DECISION_RECOGNISED,
       {"tell_of_review", "close_without_enforcement seek_enforcement stay supersede"}},
      {v1::ENFORCEMENT_SOUGHT, {"tell_of_review", "bar_enforcement order_enforcement stay supersede"}},
      {v1::ENFORCEMENT_ORDERED,
       {"tell_of_review", "record_enforced record_partial_enforcement stay supersede"}},
      {v1::PARTLY_ENFORCED, {"tell_of_review", "record_enforced record_partial_enforcement stay supersede"}},
      {v1::ENFORCED, {"tell_of_review", "supersede"}},
      {v1::ENFORCEMENT_BARRED, {"tell_of_review", "supersede"}},
      {v1::DECISION_STAYED, {"tell_of_review", "resume supersede"}},
      {v1::DECISION_SUPERSEDED, {"", ""}},
      {v1::DECISION_CONTESTED, {"tell_of_review", "resolve_contest supersede"}},
      {v1::DECISION_CLOSED, {"tell_of_review", "supersede"}},
      {v1::DECISION_WITHDRAWN, {"", ""}},
  };
  v1::MatterState sample;
  sample.mutable_court_decision();
  for (const bool shared : {true, false}) {
    sample.set_shared(shared);
    ActionTable at_home;
    at_home[v1::DECISION_REGISTERED] = table.at(v1::DECISION_REGISTERED);
    ActionTable told = table;
    told.erase(v1::DECISION_REGISTERED);
    ExpectActions("court_decision", kD, shared ? told : at_home, sample);
  }
}

TEST(CourtDecision, TheWholeCourse) {
  Desk desk;
  desk.Receive();
  for (const auto& [name, status] :
       {std::pair("recognise", "DECISION_RECOGNISED"), std::pair("seek_enforcement", "ENFORCEMENT_SOUGHT"),
        std::pair("order_enforcement", "ENFORCEMENT_ORDERED"),
        std::pair("record_partial_enforcement", "PARTLY_ENFORCED"),
        std::pair("record_partial_enforcement", "PARTLY_ENFORCED"),
        std::pair("record_enforced", "ENFORCED")}) {
    EXPECT_EQ(desk.Do(kE, name), "") << name;
    EXPECT_EQ(desk.Status(), status);
    EXPECT_TRUE(desk.facts().recognised());
  }
}

// 8.1: the departure state is that of the case; the entry state's own courts are not meant.
TEST(CourtDecision, Edge69OfTheDepartureStateOfTheCase) {
  Desk desk;
  desk.registry.cases["c1"].set_entry_state(kD);
  desk.registry.cases["c1"].set_departure_state(kE);
  EXPECT_EQ(desk.Register(Decision()), "8.1");
  // One that came all the same.
  Desk received;
  received.Receive();
  received.registry.cases["c1"].set_entry_state(kD);
  received.registry.cases["c1"].set_departure_state(kE);
  EXPECT_EQ(received.Do(kE, "recognise"), "8.1");
  EXPECT_EQ(received.Do(kE, "find_out_of_scope { reason: PROPERTY_NOT_IN_DEPARTURE_STATE }"), "");
}

// 79: of who resettled independently (12.2b), or whose case ended otherwise, under the rule by which
// it did; by the receiver's own register.
TEST(CourtDecision, Edge79OfACaseUnderTheAgreement) {
  for (const End& end : kEnds) {
    Desk desk;
    desk.Receive();
    EXPECT_EQ(Desk(desk).Do(kE, "find_out_of_scope { reason: NOT_UNDER_THE_AGREEMENT }"), "8.2");
    desk.registry.cases["c1"].set_status(end.status);
    desk.registry.cases["c1"].set_closing_rule(end.closing_rule);
    EXPECT_EQ(desk.Do(kE, "recognise"), end.rule);
    EXPECT_EQ(desk.Do(kE, "find_out_of_scope { reason: NOT_UNDER_THE_AGREEMENT }"), "");
    Desk later;
    later.registry.cases["c1"].set_status(end.status);
    EXPECT_EQ(later.Register(Decision()), "step.case");
  }
  // 4.1: of somebody of whom no document says that the person is a resettler.
  Desk unknown;
  unknown.Receive();
  unknown.registry.cases.clear();
  EXPECT_EQ(unknown.Do(kE, "recognise"), "4.1");
  EXPECT_EQ(unknown.Do(kE, "find_out_of_scope { reason: NOT_UNDER_THE_AGREEMENT }"), "");
}

TEST(CourtDecision, TheRegistrationStaysAtHomeAndTheTransmissionCarriesIt) {
  Desk desk;
  EXPECT_EQ(desk.Register(Decision()), "");
  EXPECT_EQ(desk.mirrored().status(), v1::MATTER_STATUS_UNSPECIFIED);
  EXPECT_EQ(desk.Do(kD, "transmit"), "");
  EXPECT_EQ(desk.mirrored().court_decision().decision().SerializeAsString(), Decision().SerializeAsString());
  EXPECT_EQ(desk.mirrored().opened_by(), kD);
  EXPECT_EQ(desk.mirrored().holder(), kE);
}

TEST(CourtDecision, WhatWasNeverTransmittedIsWithdrawnAtHome) {
  Desk desk;
  EXPECT_EQ(desk.Register(Decision()), "");
  EXPECT_EQ(desk.Do(kD, "withdraw"), "");
  EXPECT_EQ(desk.Status(), "DECISION_WITHDRAWN");
  EXPECT_EQ(desk.mirrored().status(), v1::MATTER_STATUS_UNSPECIFIED);
  EXPECT_EQ(desk.Do(kD, "transmit"), "step.closed");
}

// 8.2: a decision that is not in legal force is not recognised; it comes back.
TEST(CourtDecision, Edge68NotYetInLegalForce) {
  v1::CourtDecision early = Decision();
  early.clear_in_legal_force_on();
  Desk desk;
  desk.Receive(early);
  EXPECT_EQ(desk.Do(kE, "recognise"), "8.2");
  EXPECT_EQ(desk.Do(kE, "find_not_final"), "");
  EXPECT_EQ(desk.Status(), "DECISION_NOT_FINAL");
  EXPECT_EQ(desk.Do(kD, With("resubmit", early)), "8.2");
  early.set_in_legal_force_on("2026-03-02");
  EXPECT_EQ(desk.Do(kD, With("resubmit", early)), "");
  EXPECT_EQ(desk.Do(kE, "receive"), "");
  EXPECT_EQ(desk.Do(kE, "recognise"), "");
}

// What is final cannot be called not final.
TEST(CourtDecision, AFinalDecisionIsNotFoundNotFinal) {
  Desk desk;
  desk.Receive();
  EXPECT_EQ(desk.Do(kE, "find_not_final"), "8.2");
}

struct Scope {
  const char* edge;
  const char* changes;
  v1::OutOfScopeReason reason;
  const char* rule;
};
// Each ground of the treaty, where it is true and where it is not. 69: property in
// the entry state; 72: divorce; 73: a fine; 77: arbitration, a notary; none: no case, no status.
TEST(CourtDecision, Edges69To77TheTreatysOwnGroundsAndNoOther) {
  const Scope rows[] = {
      {"69", "property_located_in: 'RUS'", v1::PROPERTY_NOT_IN_DEPARTURE_STATE, "8.1"},
      {"69, a third state", "property_located_in: 'DEU'", v1::PROPERTY_NOT_IN_DEPARTURE_STATE, "8.1"},
      {"72", "subject: CIVIL_STATUS", v1::NOT_CIVIL, "8.1"},
      {"73", "subject: CRIMINAL", v1::NOT_CIVIL, "8.1"},
      {"73, other", "subject: OTHER_SUBJECT", v1::NOT_CIVIL, "8.1"},
      {"77", "body: ARBITRATION", v1::NOT_A_COURT_DECISION, "8.1"},
      {"77, a notary", "body: NOTARY", v1::NOT_A_COURT_DECISION, "8.1"},
      {"77, other", "body: OTHER_BODY", v1::NOT_A_COURT_DECISION, "8.1"},
      {"not the resettler's", "property_of_resettler: false", v1::NOT_RESETTLERS_PROPERTY, "8.1"},
      {"no case", "case_id: ''", v1::NOT_UNDER_THE_AGREEMENT, "4.1"},
  };
  for (const Scope& row : rows) {
    v1::CourtDecision decision = Decision(row.changes);
    // A merge does not clear.
    if (row.reason == v1::NOT_RESETTLERS_PROPERTY) decision.clear_property_of_resettler();
    if (row.reason == v1::NOT_UNDER_THE_AGREEMENT) decision.clear_case_id();
    for (int reason = v1::OutOfScopeReason_MIN + 1; reason <= v1::OutOfScopeReason_MAX; ++reason) {
      Desk desk;
      desk.Receive(decision);
      EXPECT_EQ(desk.Do(kE, "recognise"), row.rule) << row.edge;
      EXPECT_EQ(desk.Do(kE, absl::StrCat("find_out_of_scope { reason: ", reason, " }")),
                reason == row.reason ? "" : "8.2")
          << row.edge << " " << reason;
    }
  }
  // Nothing is wrong with it: no ground is true.
  for (int reason = v1::OutOfScopeReason_MIN + 1; reason <= v1::OutOfScopeReason_MAX; ++reason) {
    Desk desk;
    desk.Receive();
    EXPECT_EQ(desk.Do(kE, absl::StrCat("find_out_of_scope { reason: ", reason, " }")), "8.2");
  }
}

// 70: the property was there when the suit was filed; that it moved is not in the
// decision, and nothing later changes what was transmitted.
TEST(CourtDecision, Edge70TheLocationIsFixed) {
  Desk desk;
  desk.Receive();
  EXPECT_EQ(desk.Do(kE, "find_not_final"), "8.2");
  EXPECT_EQ(desk.facts().decision().property_located_in(), "KAZ");
  v1::CourtDecision early = Decision();
  early.clear_in_legal_force_on();
  Desk moved;
  moved.Receive(early);
  EXPECT_EQ(moved.Do(kE, "find_not_final"), "");
  EXPECT_EQ(moved.Do(kD, With("resubmit", Decision("property_located_in: 'RUS'"))), "step.ground");
}

// 76: the defendant was not served: contested, and never refused for it.
TEST(CourtDecision, Edge76ADefectOfServiceIsContested) {
  Desk desk;
  desk.Receive();
  EXPECT_EQ(desk.Do(kE, "contest"), "");
  EXPECT_EQ(desk.Status(), "DECISION_CONTESTED");
  EXPECT_EQ(desk.Do(kE, "recognise"), "step.status");
  EXPECT_EQ(desk.Do(kE, "resolve_contest"), "");
  EXPECT_EQ(desk.Status(), "DECISION_RECEIVED");
  EXPECT_EQ(desk.Do(kE, "recognise"), "");
}

TEST(CourtDecision, MissingPapersAreAskedForAndNotRefused) {
  Desk desk;
  ASSERT_EQ(desk.Register(Decision()), "");
  ASSERT_EQ(desk.Do(kD, "transmit"), "");
  // What is there is not asked for.
  EXPECT_EQ(desk.Do(kE, Order("return_for_papers", "papers: DECISION_TEXT")), "13.2");
  EXPECT_EQ(desk.Do(kE, "return_for_papers"), "");
  v1::CourtDecision completed = Decision();
  EXPECT_EQ(desk.Do(kD, With("complete", completed)), "13.2");
  completed.add_papers()->set_paper(v1::TRANSLATION);
  completed.mutable_papers()->rbegin()->set_sha256(Hash('c'));
  v1::CourtDecision changed = completed;
  changed.set_number("another");
  EXPECT_EQ(desk.Do(kD, With("complete", changed)), "step.ground");
  EXPECT_EQ(desk.Do(kD, With("complete", completed)), "");
  EXPECT_EQ(desk.Status(), "DECISION_TRANSMITTED");
  EXPECT_EQ(desk.facts().missing_papers_size(), 0);
}

// b3, b4: nobody looked before the receipt; it is asked for then, or the decision comes back.
TEST(CourtDecision, ACertificateThatIsMissedAfterTheReceipt) {
  v1::CourtDecision bare = Decision();
  bare.mutable_papers()->RemoveLast();
  Desk desk;
  desk.Receive(bare);
  EXPECT_EQ(desk.Do(kE, "recognise"), "13.2");
  Desk asked = desk;
  EXPECT_EQ(asked.Do(kE, Order("return_for_papers", "papers: CERTIFICATE_OF_LEGAL_FORCE")), "");
  EXPECT_EQ(asked.Status(), "DECISION_RETURNED");
  EXPECT_EQ(asked.own().holder(), kD);
  EXPECT_NE(asked.own().answer_due(), "");
  EXPECT_EQ(asked.Do(kD, With("complete", bare)), "13.2");
  EXPECT_EQ(asked.Do(kD, With("complete", Decision())), "");
  EXPECT_EQ(asked.Do(kE, "receive"), "");
  EXPECT_EQ(asked.Do(kE, Order("return_for_papers", "papers: CERTIFICATE_OF_LEGAL_FORCE")), "13.2");
  EXPECT_EQ(asked.Do(kE, "find_not_final"), "8.2");
  EXPECT_EQ(asked.Do(kE, "recognise"), "");
  EXPECT_EQ(desk.Do(kE, "find_not_final"), "");
  EXPECT_EQ(desk.Do(kD, With("resubmit", bare)), "13.2");
  EXPECT_EQ(desk.Do(kD, With("resubmit", Decision())), "");
  EXPECT_EQ(desk.Do(kE, "receive"), "");
  EXPECT_EQ(desk.Do(kE, "recognise"), "");
}

// 4.1, 8.1: of a resettler. Who has only asked waits, and is not out of scope for it.
TEST(CourtDecision, OfOneWhoHasTheStatus) {
  constexpr char kRecognise[] = "recognise { basis: 'ruling 8' }";
  Desk desk;
  desk.Receive();
  v1::CaseState& of = desk.registry.cases["c1"];
  of.set_status(v1::WAITLISTED);
  of.set_holder(kE);
  of.clear_document();
  EXPECT_EQ(desk.Do(kE, kRecognise), "4.1");
  EXPECT_EQ(desk.Refuses(kE, desk.state(), kRecognise), "4.1");
  EXPECT_EQ(desk.Do(kE, "find_out_of_scope { reason: NOT_UNDER_THE_AGREEMENT }"), "8.2");
  of.mutable_document()->set_number("77");
  of.set_status(v1::SUSPENDED);
  EXPECT_EQ(desk.Do(kE, kRecognise), "step.obstacle");
  EXPECT_EQ(desk.Refuses(kE, desk.state(), kRecognise), "step.obstacle");
  // Suspended by the state of departure, of which the other one may not have heard.
  of.set_holder(kD);
  EXPECT_EQ(desk.Refuses(kE, desk.state(), kRecognise), "");
  of.set_status(v1::STATUS_ISSUED);
  EXPECT_EQ(desk.Do(kE, kRecognise), "");
}

TEST(CourtDecision, ARecognitionNeedsTextAndCertificate) {
  for (int left_out = 0; left_out < 2; ++left_out) {
    v1::CourtDecision decision = Decision();
    decision.mutable_papers()->DeleteSubrange(left_out, 1);
    Desk desk;
    desk.Receive(decision);
    EXPECT_EQ(desk.Do(kE, "recognise"), "13.2");
  }
}

// Limitation is a matter of enforcement: the recognition stands.
TEST(CourtDecision, LimitationBarsEnforcementOnly) {
  Desk desk;
  desk.Receive();
  ASSERT_EQ(desk.Do(kE, "recognise"), "");
  ASSERT_EQ(desk.Do(kE, "seek_enforcement"), "");
  EXPECT_EQ(desk.Do(kE, "bar_enforcement"), "");
  EXPECT_TRUE(desk.facts().recognised());
}

TEST(CourtDecision, AReviewIsToldStaysAndSupersedes) {
  Desk desk;
  desk.Receive();
  ASSERT_EQ(desk.Do(kE, "recognise"), "");
  EXPECT_EQ(desk.Do(kE, "tell_of_review"), "step.turn");
  EXPECT_EQ(desk.Do(kD, "tell_of_review"), "");
  EXPECT_EQ(desk.mirrored().court_decision().review(), "No. 1");
  EXPECT_EQ(desk.Do(kE, "stay"), "");
  EXPECT_EQ(desk.Do(kE, "resume"), "");
  EXPECT_EQ(desk.Status(), "DECISION_RECOGNISED");
  EXPECT_EQ(desk.Do(kE, "stay"), "");
  EXPECT_EQ(desk.Do(kE, "supersede"), "");
  EXPECT_FALSE(desk.facts().recognised());
  EXPECT_EQ(desk.Do(kE, "recognise"), "step.closed");
}

// What crosses on the way leaves both with the same.
TEST(CourtDecision, TellingOfAReviewCommutesWithEveryStep) {
  Desk desk;
  desk.Receive();
  const v1::MatterStep told = desk.Step("tell_of_review { basis: 'r' }");
  const v1::MatterStep step = desk.Step("recognise { basis: 'x' }");
  const Recorded by_d{kD, "2026-03-02", "told", 1};
  const Recorded by_e{kE, "2026-03-02", "step", 2};
  EXPECT_EQ(Apply(Apply(desk.own(), told, by_d), step, by_e).SerializeAsString(),
            Apply(Apply(desk.own(), step, by_e), told, by_d).SerializeAsString());
}

TEST(CourtDecision, DatesAreBounded) {
  Desk desk;
  for (const auto& [day, rule] : {std::pair(kToday + 1, "step.date"),
                                  {absl::CivilDay(2000, 4, 16), "17.2"},
                                  {absl::CivilDay(2000, 4, 17), ""}}) {
    desk.happened_on = day;
    EXPECT_EQ(desk.Register(Decision("decided_on: '1999-10-01' in_legal_force_on: '1999-11-05'")), rule);
  }
}

// An act of the counterpart that says something else than it may.
TEST(CourtDecision, ACounterpartsActIsNotTakenOnTrust) {
  Desk desk;
  ASSERT_EQ(desk.Register(Decision()), "");
  const auto rule = [&](const v1::MatterState& state, const v1::MatterStep& step) {
    const auto violation = Admit(state, step, desk.At(kD, /*of_counterpart=*/true));
    return violation ? violation->rule() : "";
  };
  v1::MatterStep step;
  EXPECT_EQ(rule(desk.mirrored(), step), "exchange.format");
  v1::CourtDecision& sent = *step.mutable_court_decision()->mutable_transmit();
  EXPECT_EQ(rule(desk.mirrored(), step), "exchange.format");
  sent = Decision();
  // The time to answer is the protocol's, in working days of the other Party.
  EXPECT_EQ(rule(desk.mirrored(), step), "exchange.format");
  step.set_answer_due("2026-03-17");
  EXPECT_EQ(rule(desk.mirrored(), step), "");
  sent.set_decided_on("yesterday");
  EXPECT_EQ(rule(desk.mirrored(), step), "exchange.format");
  sent = Decision("number: 'another'");
  EXPECT_EQ(rule(desk.own(), step), "step.ground");
  // An id names one matter of one kind.
  v1::MatterStep of_other_kind;
  of_other_kind.mutable_complaint()->mutable_withdraw()->set_basis("x");
  EXPECT_EQ(rule(desk.own(), of_other_kind), "exchange.format");
}

// 8.2: what entered into force was decided before, or on that day.
TEST(CourtDecision, IsNotInForceBeforeItIsMade) {
  EXPECT_EQ(Desk().Register(Decision("decided_on: '2025-11-05'")), "");
  EXPECT_EQ(Desk().Register(Decision("decided_on: '2025-11-06'")), "step.date");
}

TEST(CourtDecision, FormIsChecked) {
  const std::pair<std::string, std::string> rows[] = {
      {"court: ''", "court_decision.register_decision.court"},
      {"number: '\x01'", "court_decision.register_decision.number"},
      {"decided_on: '2025-02-30'", "court_decision.register_decision.decided_on"},
      {"decided_on: '2026-03-03'", "court_decision.register_decision.decided_on"},
      {"in_legal_force_on: 'soon'", "court_decision.register_decision.in_legal_force_on"},
      {"case_id: 'cases/c1'", "court_decision.register_decision.case_id"},
      {"property_located_in: 'Kaz'", "court_decision.register_decision.property_located_in"},
      {"papers { paper: TRANSLATION sha256: 'short' }", "court_decision.register_decision.papers[2].sha256"},
  };
  for (const auto& [changes, field] : rows) {
    v1::MatterStep step;
    v1::CourtDecision& decision = *step.mutable_court_decision()->mutable_register_decision();
    decision = Decision(changes);
    if (field == "court_decision.register_decision.court") decision.clear_court();
    const auto problems = CheckForm(step, kToday);
    ASSERT_EQ(problems.size(), 1u) << changes;
    EXPECT_EQ(problems[0].field, field);
  }
  for (const char* amount : {"", "1,5", "01", "1.5", "-1", "1.005", "1e3", "."}) {
    Desk desk;
    EXPECT_EQ(desk.Do(kE, Order("record_enforced",
                                absl::StrCat("basis: 'b' currency: 'KZT' amount: '", amount, "'"))),
              "form: court_decision.record_enforced.amount")
        << amount;
  }
  Desk desk;
  EXPECT_EQ(CheckForm(v1::MatterStep(), kToday).size(), 1u);
  EXPECT_EQ(desk.Do(kE, ""), "form: court_decision");
  EXPECT_EQ(desk.Do(kE, "recognise {}"), "form: court_decision.recognise.basis");
  EXPECT_EQ(desk.Do(kE, "find_out_of_scope {}"), "form: court_decision.find_out_of_scope.reason");
  EXPECT_EQ(desk.Do(kE, "return_for_papers {}"), "form: court_decision.return_for_papers.papers");
  // One paper of each kind.
  EXPECT_EQ(
      desk.Register(Decision("papers { paper: DECISION_TEXT sha256: '0123456789abcdef0123456789abcdef' }")),
      "13.2");
}

}  // namespace
}  // namespace kelisim::treaty
