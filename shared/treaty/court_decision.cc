#include "shared/treaty/court_decision.h"

#include <algorithm>
#include <initializer_list>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"

namespace kelisim::treaty {
namespace {

using Act = v1::CourtDecisionAct;
using Command = v1::CourtDecisionCommand;
using State = v1::CourtDecisionState;
using Status = v1::CourtDecisionStatus;

enum class By { kDepartureState, kEntryState };

// Who may do what, from where to where. A command and its act have the number in
// common.
struct Step {
  int number;
  By by;
  std::vector<Status> from;
  Status to;  // UNSPECIFIED: where it was before, or the same
  const char* rule;
};

const std::vector<Step>& Steps() {
  constexpr By kD = By::kDepartureState;
  constexpr By kE = By::kEntryState;
  constexpr Status kSame = v1::COURT_DECISION_STATUS_UNSPECIFIED;
  static const auto* const steps = new std::vector<Step>{
      {Act::kRegistered, kD, {v1::COURT_DECISION_STATUS_UNSPECIFIED}, v1::DECISION_REGISTERED, "8.1"},
      {Act::kTransmitted, kD, {v1::DECISION_REGISTERED}, v1::DECISION_TRANSMITTED, "8.2"},
      {Act::kReturnedForPapers, kE, {v1::DECISION_TRANSMITTED}, v1::DECISION_RETURNED, "13.2"},
      {Act::kCompleted, kD, {v1::DECISION_RETURNED}, v1::DECISION_TRANSMITTED, "13.2"},
      {Act::kReceived, kE, {v1::DECISION_TRANSMITTED}, v1::DECISION_RECEIVED, "8.2"},
      {Act::kFoundNotFinal, kE, {v1::DECISION_RECEIVED}, v1::DECISION_NOT_FINAL, "8.2"},
      {Act::kResubmitted, kD, {v1::DECISION_NOT_FINAL}, v1::DECISION_TRANSMITTED, "8.2"},
      {Act::kFoundOutOfScope, kE, {v1::DECISION_RECEIVED}, v1::DECISION_OUT_OF_SCOPE, "8.1"},
      {Act::kRecognised, kE, {v1::DECISION_RECEIVED}, v1::DECISION_RECOGNISED, "8.2"},
      {Act::kClosedWithoutEnforcement, kE, {v1::DECISION_RECOGNISED}, v1::DECISION_CLOSED, "8.2"},
      {Act::kEnforcementSought, kE, {v1::DECISION_RECOGNISED}, v1::ENFORCEMENT_SOUGHT, "8.2"},
      {Act::kEnforcementOrdered, kE, {v1::ENFORCEMENT_SOUGHT}, v1::ENFORCEMENT_ORDERED, "8.2"},
      {Act::kPartlyEnforced, kE, {v1::ENFORCEMENT_ORDERED, v1::PARTLY_ENFORCED}, v1::PARTLY_ENFORCED, "8.2"},
      {Act::kEnforced, kE, {v1::ENFORCEMENT_ORDERED, v1::PARTLY_ENFORCED}, v1::ENFORCED, "8.2"},
      // Limitation bars enforcement only: the step leaves the recognition alone.
      {Act::kEnforcementBarred, kE, {v1::ENFORCEMENT_SOUGHT}, v1::ENFORCEMENT_BARRED, "8.2"},
      {Act::kStayed,
       kE,
       {v1::DECISION_RECEIVED, v1::DECISION_RECOGNISED, v1::ENFORCEMENT_SOUGHT, v1::ENFORCEMENT_ORDERED,
        v1::PARTLY_ENFORCED},
       v1::DECISION_STAYED,
       "8.1"},
      {Act::kResumed, kE, {v1::DECISION_STAYED}, kSame, "8.1"},
      {Act::kSuperseded,
       kE,
       {v1::DECISION_RECEIVED, v1::DECISION_RECOGNISED, v1::DECISION_CLOSED, v1::ENFORCEMENT_SOUGHT,
        v1::ENFORCEMENT_ORDERED, v1::PARTLY_ENFORCED, v1::ENFORCED, v1::ENFORCEMENT_BARRED,
        v1::DECISION_STAYED, v1::DECISION_CONTESTED},
       v1::DECISION_SUPERSEDED,
       "8.1"},
      {Act::kContested, kE, {v1::DECISION_RECEIVED}, v1::DECISION_CONTESTED, "8.2"},
      {Act::kContestResolved, kE, {v1::DECISION_CONTESTED}, kSame, "8.2"},
      {Act::kWithdrawn,
       kD,
       {v1::DECISION_REGISTERED, v1::DECISION_RETURNED, v1::DECISION_NOT_FINAL},
       v1::DECISION_WITHDRAWN,
       "8.1"},
  };
  return *steps;
}

const Step* FindStep(int number) {
  for (const Step& step : Steps()) {
    if (step.number == number) return &step;
  }
  return nullptr;
}

std::string StatusName(const State& state) { return v1::CourtDecisionStatus_Name(state.status()); }

Status After(const State& state, const Step& step) {
  return step.to == v1::COURT_DECISION_STATUS_UNSPECIFIED ? state.interrupted_from() : step.to;
}

// Whose turn it is in a status.
v1::Party HolderIn(const State& state, Status status) {
  const bool at_home = status == v1::DECISION_REGISTERED || status == v1::DECISION_RETURNED ||
                       status == v1::DECISION_NOT_FINAL;
  return at_home ? state.departure_state() : state.entry_state();
}

// ---------------------------------------------------------------- may this Party do this now?

std::optional<v1::Violation> CheckDates(const Context& context) {
  if (context.happened_on > context.today) return Violates("step.date", "", FormatDate(context.happened_on));
  // 17.2: nothing before the entry into force is an act under the Agreement.
  if (context.happened_on < kInForceSince) return Violates("17.2", "", FormatDate(context.happened_on));
  return std::nullopt;
}

std::optional<v1::Violation> CheckStep(const State& state, const Step& step, v1::Party author) {
  if (IsClosed(state.status())) return Violates("step.closed", "", StatusName(state));
  // The departure state begins: its court has decided (8.1).
  if (state.status() != v1::COURT_DECISION_STATUS_UNSPECIFIED) {
    const v1::Party actor = step.by == By::kDepartureState ? state.departure_state() : state.entry_state();
    if (author != actor) return Violates("step.turn", "", v1::Party_Name(actor));
  }
  if (std::count(step.from.begin(), step.from.end(), state.status()) == 0) {
    return Violates("step.status", "", StatusName(state));
  }
  return std::nullopt;
}

// The departure state may tell of a review whenever the counterpart has the decision.
std::optional<v1::Violation> CheckTold(const State& state, v1::Party author, const Context& context) {
  // What closed it may have crossed this on its way.
  if (IsClosed(state.status()) && !context.of_counterpart) {
    return Violates("step.closed", "", StatusName(state));
  }
  const bool told =
      state.status() != v1::COURT_DECISION_STATUS_UNSPECIFIED && state.status() != v1::DECISION_REGISTERED;
  if (!told) return Violates("step.status", "", StatusName(state));
  if (author != state.departure_state()) {
    return Violates("step.turn", "", v1::Party_Name(state.departure_state()));
  }
  return std::nullopt;
}

std::optional<v1::Violation> CheckCourse(const State& state, const Act& act, const Context& context) {
  if (auto violation = CheckDates(context)) return violation;
  if (act.has_told_of_review()) return CheckTold(state, context.author, context);
  // The counterpart learns of a decision by its transmission.
  if (act.has_transmitted() && state.status() == v1::COURT_DECISION_STATUS_UNSPECIFIED) return std::nullopt;
  return CheckStep(state, *FindStep(act.act_case()), context.author);
}

// ---------------------------------------------------------------- content

bool HasPaper(const v1::CourtDecision& decision, int paper) {
  return std::any_of(decision.papers().begin(), decision.papers().end(),
                     [&](const v1::DecisionPaperRef& has) { return has.paper() == paper; });
}

bool IsFinal(const v1::CourtDecision& decision, const Context& context) {
  const std::optional<absl::CivilDay> since = DateOf(decision.in_legal_force_on());
  return since && *since <= context.today;
}

std::optional<v1::Violation> MustBeInScope(const State& state) {
  const std::vector<v1::OutOfScopeReason> reasons = OutOfScope(state.decision(), state.departure_state());
  if (reasons.empty()) return std::nullopt;
  // 12.2b: who resettled independently takes another way; 8.1: the forum and its subject.
  const char* rule = reasons.front() == v1::NOT_UNDER_THE_AGREEMENT ? "12.2b" : "8.1";
  return Violates(rule, "", v1::OutOfScopeReason_Name(reasons.front()));
}

// `changed`: what may differ has been cleared in both.
bool SameBut(v1::CourtDecision before, v1::CourtDecision after, bool legal_force) {
  for (v1::CourtDecision* decision : {&before, &after}) {
    decision->clear_papers();
    if (legal_force) decision->clear_in_legal_force_on();
  }
  return before.SerializeAsString() == after.SerializeAsString();
}

std::optional<v1::Violation> AdmitRecognised(const State& state, const Context& context) {
  // 8.2: a decision that has entered into legal force, and no other.
  if (!IsFinal(state.decision(), context)) return Violates("8.2", "", state.decision().in_legal_force_on());
  if (auto violation = MustBeInScope(state)) return violation;
  // 13.2: without these the competent authority has nothing to recognise.
  for (const v1::DecisionPaper paper : {v1::DECISION_TEXT, v1::CERTIFICATE_OF_LEGAL_FORCE}) {
    if (!HasPaper(state.decision(), paper)) return Violates("13.2", "", v1::DecisionPaper_Name(paper));
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitReturned(const State& state, const v1::MissingPapers& missing) {
  for (const int paper : missing.papers()) {
    // 13.2: what is there is not asked for again.
    if (HasPaper(state.decision(), paper)) {
      return Violates("13.2", "", v1::DecisionPaper_Name(static_cast<v1::DecisionPaper>(paper)));
    }
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitCompleted(const State& state, const v1::CourtDecision& decision) {
  if (!SameBut(state.decision(), decision, /*legal_force=*/false)) {
    return Violates("step.ground", "", "decision");
  }
  for (const int paper : state.missing_papers()) {
    // 13.2: everything that was asked for.
    if (!HasPaper(decision, paper)) {
      return Violates("13.2", "", v1::DecisionPaper_Name(static_cast<v1::DecisionPaper>(paper)));
    }
  }
  return std::nullopt;
}

std::optional<v1::Violation> CheckContent(const State& state, const Act& act, const Context& context) {
  const v1::CourtDecision& decision = state.decision();
  switch (act.act_case()) {
    case Act::kTransmitted:
      if (state.status() == v1::COURT_DECISION_STATUS_UNSPECIFIED) return std::nullopt;
      if (act.transmitted().SerializeAsString() == decision.SerializeAsString()) return std::nullopt;
      return Violates("step.ground", "", "decision");
    case Act::kReturnedForPapers:
      return AdmitReturned(state, act.returned_for_papers());
    case Act::kCompleted:
      return AdmitCompleted(state, act.completed());
    case Act::kFoundNotFinal:
      // 8.2: what has entered into legal force is recognised.
      if (IsFinal(decision, context)) return Violates("8.2", "", decision.in_legal_force_on());
      return std::nullopt;
    case Act::kResubmitted:
      if (!SameBut(decision, act.resubmitted(), /*legal_force=*/true)) {
        return Violates("step.ground", "", "decision");
      }
      // 8.2: it comes back when it is final.
      if (!IsFinal(act.resubmitted(), context)) return Violates("8.2", "", "in_legal_force_on");
      return std::nullopt;
    case Act::kFoundOutOfScope: {
      const std::vector<v1::OutOfScopeReason> reasons = OutOfScope(decision, state.departure_state());
      const auto reason = act.found_out_of_scope().reason();
      if (std::count(reasons.begin(), reasons.end(), reason) > 0) return std::nullopt;
      // 8.2: no ground but the treaty's own, and only when it is true.
      return Violates("8.2", "", v1::OutOfScopeReason_Name(reason));
    }
    case Act::kRecognised:
      return AdmitRecognised(state, context);
    default:
      return std::nullopt;
  }
}

Act Fill(const State& state, const Command& command) {
  Act act;
  if (command.has_transmit()) {
    *act.mutable_transmitted() = state.decision();
    return act;
  }
  const auto* field = Command::descriptor()->FindFieldByNumber(command.command_case());
  if (field == nullptr) return act;
  act.GetReflection()
      ->MutableMessage(&act, Act::descriptor()->FindFieldByNumber(field->number()))
      ->CopyFrom(command.GetReflection()->GetMessage(command, field));
  return act;
}

}  // namespace

bool IsAddressed(const State& before, const Act& act) {
  const bool at_home = act.has_registered() || before.status() == v1::DECISION_REGISTERED;
  return !at_home || act.has_transmitted();
}
bool IsIrreversible(const Act& act) { return act.has_recognised(); }
bool IsOpening(const Act& act) { return act.has_transmitted(); }
bool IsOutsideChain(const Act& act) { return act.has_told_of_review(); }

bool IsClosed(Status status) {
  return status == v1::DECISION_OUT_OF_SCOPE || status == v1::DECISION_SUPERSEDED ||
         status == v1::DECISION_WITHDRAWN;
}

std::vector<v1::OutOfScopeReason> OutOfScope(const v1::CourtDecision& decision, v1::Party departure_state) {
  std::vector<v1::OutOfScopeReason> reasons;
  // 12.2b: the Agreement does not apply to who resettled independently.
  if (decision.case_id().empty()) reasons.push_back(v1::NOT_UNDER_THE_AGREEMENT);
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

CourtDecisionVerdict Judge(const State& state, const Command& command, const Context& context) {
  const Act act = Fill(state, command);
  if (auto violation = Admit(state, act, context)) return *violation;
  return std::vector<Act>{act};
}

std::optional<v1::Violation> Admit(const State& state, const Act& act, const Context& context) {
  if (act.act_case() == Act::ACT_NOT_SET) return Violates("exchange.format", "", "court_decision_act");
  if (auto violation = CheckCourse(state, act, context)) return violation;
  const std::vector<FieldProblem> problems = CheckForm(act, context.today);
  if (!problems.empty()) return Violates("exchange.format", "", problems.front().field);
  return CheckContent(state, act, context);
}

State Apply(State state, const Act& act, const Recorded& recorded) {
  if (act.has_told_of_review()) {
    state.set_review(act.told_of_review().basis());
    return state;
  }
  const Step& step = *FindStep(act.act_case());
  const Status before = state.status();
  if (act.has_registered() || act.has_transmitted()) {
    State begun;
    begun.set_id(state.id());
    begun.set_departure_state(recorded.author);
    begun.set_entry_state(Other(recorded.author));
    begun.set_review(state.review());
    *begun.mutable_decision() = act.has_registered() ? act.registered() : act.transmitted();
    state = std::move(begun);
  }
  const Status after = After(state, step);
  if (after == v1::DECISION_STAYED || after == v1::DECISION_CONTESTED) {
    state.set_interrupted_from(before);
  } else {
    state.clear_interrupted_from();
  }
  state.clear_missing_papers();
  if (act.has_returned_for_papers()) *state.mutable_missing_papers() = act.returned_for_papers().papers();
  if (act.has_completed()) *state.mutable_decision() = act.completed();
  if (act.has_resubmitted()) *state.mutable_decision() = act.resubmitted();
  if (act.has_found_out_of_scope()) state.set_out_of_scope_reason(act.found_out_of_scope().reason());
  if (act.has_recognised()) state.set_recognised(true);
  // 8.1: recognition falls with the decision.
  if (act.has_superseded()) state.set_recognised(false);
  state.set_status(after);
  state.set_holder(HolderIn(state, after));
  state.set_head_entry_id(recorded.entry_id);
  return state;
}

std::vector<v1::AllowedAction> AllowedActions(const State& state, const Context& context) {
  std::vector<v1::AllowedAction> actions;
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    const auto allow = [&](int number, const char* rule) {
      v1::AllowedAction& action = actions.emplace_back();
      action.set_action(Command::descriptor()->FindFieldByNumber(number)->name());
      action.set_by(party);
      action.set_rule(rule);
    };
    for (const Step& step : Steps()) {
      if (!CheckStep(state, step, party)) allow(step.number, step.rule);
    }
    if (!CheckTold(state, party, context)) allow(Act::kToldOfReview, "8.1");
  }
  return actions;
}

}  // namespace kelisim::treaty
