#include "shared/treaty/court_decision.h"

#include <algorithm>
#include <set>

#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/procedure.h"

// Recognition of court decisions (Art. 8, procedure b). The departure state, whose court
// decided, opens; the entry state recognises.

namespace kelisim::treaty {
namespace {

using S = v1::CourtDecisionStep;
using State = v1::MatterState;

bool HasPaper(const v1::CourtDecision& decision, int paper) {
  return std::any_of(decision.papers().begin(), decision.papers().end(),
                     [&](const v1::DecisionPaperRef& has) { return has.paper() == paper; });
}

v1::Violation Missing(int paper) {
  return Violates("13.2", "", v1::DecisionPaper_Name(static_cast<v1::DecisionPaper>(paper)));
}

bool IsFinal(const v1::CourtDecision& decision, const Context& context) {
  const std::optional<absl::CivilDay> since = DateOf(decision.in_legal_force_on());
  return since && *since <= context.today;
}

// What stands against the decision. The case that it names is looked up in the own register.
std::vector<v1::OutOfScopeReason> Reasons(const State& state, const Context& context) {
  const v1::CourtDecision& decision = state.court_decision().decision();
  const std::optional<v1::CaseState> of = context.registry.Case(decision.case_id());
  return OutOfScope(decision, of ? of->departure_state() : OpenerOf(state), of && IsUnderTheAgreement(*of));
}

// 12.2b, or that which ended the case; 4.1: of somebody without a case no document says that the
// person is a resettler.
std::string NotAppliedUnder(const State& state, const Context& context) {
  const std::optional<v1::CaseState> of = context.registry.Case(state.court_decision().decision().case_id());
  return of ? EndedUnder(*of) : "4.1";
}

std::optional<v1::Violation> MustBeInScope(const State& state, const Context& context) {
  for (const v1::OutOfScopeReason reason : Reasons(state, context)) {
    // The case may have ended here since the counterpart recognised.
    const bool ended = context.of_counterpart && !state.court_decision().decision().case_id().empty();
    if (reason == v1::NOT_UNDER_THE_AGREEMENT && ended) continue;
    // 8.1: the forum and its subject; of whom the Agreement does not apply to, the rule that says so.
    return Violates(reason == v1::NOT_UNDER_THE_AGREEMENT ? NotAppliedUnder(state, context) : "8.1", "",
                    v1::OutOfScopeReason_Name(reason));
  }
  return std::nullopt;
}

// But for the papers, and for the legal force when that may differ.
bool IsSame(v1::CourtDecision before, v1::CourtDecision after, bool legal_force_may_differ) {
  for (v1::CourtDecision* decision : {&before, &after}) {
    decision->clear_papers();
    if (legal_force_may_differ) decision->clear_in_legal_force_on();
  }
  return before.SerializeAsString() == after.SerializeAsString();
}

// One paper of each kind; the case, if one is named, is one that this body knows.
std::optional<v1::Violation> CheckDecision(const v1::CourtDecision& decision, const Context& context) {
  std::set<int> seen;
  for (const v1::DecisionPaperRef& paper : decision.papers()) {
    if (!seen.insert(paper.paper()).second) return Violates("13.2", "", "papers");
  }
  // 8.2: a decision enters into legal force when it has been made, not before.
  const std::optional<absl::CivilDay> since = DateOf(decision.in_legal_force_on());
  const std::optional<absl::CivilDay> decided = DateOf(decision.decided_on());
  if (since && decided && *since < *decided) {
    return Violates("step.date", "", decision.in_legal_force_on());
  }
  if (context.of_counterpart || decision.case_id().empty()) return std::nullopt;
  const std::optional<v1::CaseState> of = CaseUnderTheAgreement(decision.case_id(), context);
  if (!of) return Violates("step.case", "", "case_id");
  // 8.1: decisions of courts of the departure state of that case.
  if (of->departure_state() != context.author) {
    return Violates("8.1", "", v1::Party_Name(of->departure_state()));
  }
  return std::nullopt;
}

std::optional<v1::Violation> CheckRecognise(const State& state, const Context& context) {
  const v1::CourtDecision& decision = state.court_decision().decision();
  // 8.2: a decision that has entered into legal force, and no other.
  if (!IsFinal(decision, context)) return Violates("8.2", "", decision.in_legal_force_on());
  if (auto violation = MustBeInScope(state, context)) return violation;
  // 8.1: a dispute of a resettler, and not of somebody who has asked to become one: it waits.
  if (auto violation = MustHaveStatus(decision.case_id(), context)) return violation;
  // 13.2: without these the competent authority has nothing to recognise.
  for (const int paper : {v1::DECISION_TEXT, v1::CERTIFICATE_OF_LEGAL_FORCE}) {
    if (!HasPaper(decision, paper)) return Missing(paper);
  }
  return std::nullopt;
}

std::optional<v1::Violation> CheckComplete(const State& state, const v1::CourtDecision& completed) {
  if (!IsSame(state.court_decision().decision(), completed, /*legal_force_may_differ=*/false)) {
    return Violates("step.ground", "", "decision");
  }
  for (const int paper : state.court_decision().missing_papers()) {
    // 13.2: everything that was asked for.
    if (!HasPaper(completed, paper)) return Missing(paper);
  }
  return std::nullopt;
}

std::optional<v1::Violation> Check(const State& state, const v1::MatterStep& step, const Context& context) {
  const S& made = step.court_decision();
  const v1::CourtDecision& decision = state.court_decision().decision();
  switch (made.step_case()) {
    case S::kRegisterDecision:
      return CheckDecision(made.register_decision(), context);
    case S::kTransmit:
      return CheckDecision(made.transmit(), context);
    case S::kReturnForPapers:
      for (const int paper : made.return_for_papers().papers()) {
        // 13.2: what is there is not asked for again.
        if (HasPaper(decision, paper)) return Missing(paper);
      }
      return std::nullopt;
    case S::kComplete:
      if (auto violation = CheckDecision(made.complete(), context)) return violation;
      return CheckComplete(state, made.complete());
    case S::kFindNotFinal:
      // 8.2: what has entered into legal force is recognised; b4: the certificate shows that it has.
      if (IsFinal(decision, context) && HasPaper(decision, v1::CERTIFICATE_OF_LEGAL_FORCE)) {
        return Violates("8.2", "", decision.in_legal_force_on());
      }
      return std::nullopt;
    case S::kResubmit:
      if (!IsSame(decision, made.resubmit(), /*legal_force_may_differ=*/true)) {
        return Violates("step.ground", "", "decision");
      }
      // 8.2: it comes back when it is final.
      if (!IsFinal(made.resubmit(), context)) return Violates("8.2", "", "in_legal_force_on");
      // 13.2: and with the paper that shows it, or it would come back once more.
      if (!HasPaper(made.resubmit(), v1::CERTIFICATE_OF_LEGAL_FORCE)) {
        return Missing(v1::CERTIFICATE_OF_LEGAL_FORCE);
      }
      return CheckDecision(made.resubmit(), context);
    case S::kFindOutOfScope: {
      const std::vector<v1::OutOfScopeReason> reasons = Reasons(state, context);
      const auto reason = made.find_out_of_scope().reason();
      if (std::count(reasons.begin(), reasons.end(), reason) > 0) return std::nullopt;
      // 8.2: no ground but the treaty's own, and only when it is true.
      return Violates("8.2", "", v1::OutOfScopeReason_Name(reason));
    }
    case S::kRecognise:
      return CheckRecognise(state, context);
    default:
      return std::nullopt;
  }
}

void Fold(State& state, const v1::MatterStep& step, v1::Party) {
  const S& made = step.court_decision();
  v1::CourtDecisionFacts& facts = *state.mutable_court_decision();
  if (made.has_tell_of_review()) {
    facts.set_review(made.tell_of_review().basis());
    return;
  }
  facts.clear_missing_papers();
  if (made.has_return_for_papers()) *facts.mutable_missing_papers() = made.return_for_papers().papers();
  if (made.has_complete()) *facts.mutable_decision() = made.complete();
  if (made.has_resubmit()) *facts.mutable_decision() = made.resubmit();
  if (made.has_find_out_of_scope()) facts.set_out_of_scope_reason(made.find_out_of_scope().reason());
  if (made.has_recognise()) facts.set_recognised(true);
  // 8.1: recognition falls with the decision.
  if (made.has_supersede()) facts.set_recognised(false);
}

v1::Party Holder(const State& state) {
  const bool at_home = state.status() == v1::DECISION_REGISTERED || state.status() == v1::DECISION_RETURNED ||
                       state.status() == v1::DECISION_NOT_FINAL;
  return at_home ? OpenerOf(state) : OtherOf(state);
}

}  // namespace

std::vector<v1::OutOfScopeReason> OutOfScope(const v1::CourtDecision& decision, v1::Party departure_state,
                                             bool under_the_agreement) {
  std::vector<v1::OutOfScopeReason> reasons;
  // 12.2b: the Agreement does not apply to who resettled independently, nor to who has no case under it.
  if (!under_the_agreement) reasons.push_back(v1::NOT_UNDER_THE_AGREEMENT);
  // 8.1: a civil dispute, decided by a court, on the resettler's property in the
  // departure state; where it was when the suit was filed counts.
  if (decision.body() != v1::CourtDecision::COURT) reasons.push_back(v1::NOT_A_COURT_DECISION);
  if (decision.subject() != v1::CourtDecision::PROPERTY) reasons.push_back(v1::NOT_CIVIL);
  if (decision.property_located_in() != StateCode(departure_state)) {
    reasons.push_back(v1::PROPERTY_NOT_IN_DEPARTURE_STATE);
  }
  if (!decision.property_of_resettler()) reasons.push_back(v1::NOT_RESETTLERS_PROPERTY);
  return reasons;
}

const Procedure& CourtDecisionProcedure() {
  constexpr By kD = By::kOpener;
  constexpr By kE = By::kOther;
  static const auto* const procedure = new Procedure{
      "courtDecisions",
      S::kRegisterDecision,
      S::kTransmit,
      {
          {S::kRegisterDecision, kD, {v1::MATTER_STATUS_UNSPECIFIED}, v1::DECISION_REGISTERED, "8.1"},
          {S::kTransmit, kD, {v1::DECISION_REGISTERED}, v1::DECISION_TRANSMITTED, "8.2", kAsks},
          // b3: also when it is found only after the receipt that a paper is missing.
          {S::kReturnForPapers,
           kE,
           {v1::DECISION_TRANSMITTED, v1::DECISION_RECEIVED},
           v1::DECISION_RETURNED,
           "13.2",
           kAsks},
          {S::kComplete, kD, {v1::DECISION_RETURNED}, v1::DECISION_TRANSMITTED, "13.2", kAsks},
          {S::kReceive, kE, {v1::DECISION_TRANSMITTED}, v1::DECISION_RECEIVED, "8.2"},
          {S::kFindNotFinal, kE, {v1::DECISION_RECEIVED}, v1::DECISION_NOT_FINAL, "8.2"},
          {S::kResubmit, kD, {v1::DECISION_NOT_FINAL}, v1::DECISION_TRANSMITTED, "8.2", kAsks},
          {S::kFindOutOfScope, kE, {v1::DECISION_RECEIVED}, v1::DECISION_OUT_OF_SCOPE, "8.1"},
          {S::kRecognise, kE, {v1::DECISION_RECEIVED}, v1::DECISION_RECOGNISED, "8.2", kIrreversible},
          {S::kCloseWithoutEnforcement, kE, {v1::DECISION_RECOGNISED}, v1::DECISION_CLOSED, "8.2"},
          {S::kSeekEnforcement, kE, {v1::DECISION_RECOGNISED}, v1::ENFORCEMENT_SOUGHT, "8.2"},
          {S::kOrderEnforcement, kE, {v1::ENFORCEMENT_SOUGHT}, v1::ENFORCEMENT_ORDERED, "8.2"},
          {S::kRecordPartialEnforcement,
           kE,
           {v1::ENFORCEMENT_ORDERED, v1::PARTLY_ENFORCED},
           v1::PARTLY_ENFORCED,
           "8.2"},
          {S::kRecordEnforced, kE, {v1::ENFORCEMENT_ORDERED, v1::PARTLY_ENFORCED}, v1::ENFORCED, "8.2"},
          // Limitation bars enforcement only: the step leaves the recognition alone.
          {S::kBarEnforcement, kE, {v1::ENFORCEMENT_SOUGHT}, v1::ENFORCEMENT_BARRED, "8.2"},
          {S::kStay,
           kE,
           {v1::DECISION_RECEIVED, v1::DECISION_RECOGNISED, v1::ENFORCEMENT_SOUGHT, v1::ENFORCEMENT_ORDERED,
            v1::PARTLY_ENFORCED},
           v1::DECISION_STAYED,
           "8.1"},
          {S::kResume, kE, {v1::DECISION_STAYED}, std::nullopt, "8.1"},
          {S::kSupersede,
           kE,
           {v1::DECISION_RECEIVED, v1::DECISION_RECOGNISED, v1::DECISION_CLOSED, v1::ENFORCEMENT_SOUGHT,
            v1::ENFORCEMENT_ORDERED, v1::PARTLY_ENFORCED, v1::ENFORCED, v1::ENFORCEMENT_BARRED,
            v1::DECISION_STAYED, v1::DECISION_CONTESTED},
           v1::DECISION_SUPERSEDED,
           "8.1"},
          {S::kContest, kE, {v1::DECISION_RECEIVED}, v1::DECISION_CONTESTED, "8.2"},
          {S::kResolveContest, kE, {v1::DECISION_CONTESTED}, std::nullopt, "8.2"},
          {S::kWithdraw,
           kD,
           {v1::DECISION_REGISTERED, v1::DECISION_RETURNED, v1::DECISION_NOT_FINAL},
           v1::DECISION_WITHDRAWN,
           "8.1"},
          {S::kTellOfReview, kD, {}, std::nullopt, "8.1", kOutside},
      },
      {v1::DECISION_STAYED, v1::DECISION_CONTESTED},
      {v1::DECISION_OUT_OF_SCOPE, v1::DECISION_SUPERSEDED, v1::DECISION_WITHDRAWN},
      Holder,
      Check,
      Fold};
  return *procedure;
}

}  // namespace kelisim::treaty
