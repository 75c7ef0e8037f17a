#include "shared/treaty/matter.h"

#include <algorithm>
#include <iterator>
#include <set>
#include <utility>

#include "kelisim/v1/form.pb.h"
#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/form.h"
#include "shared/treaty/procedure.h"
#include "shared/treaty/working_days.h"

namespace kelisim::treaty {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using State = v1::MatterState;
using Status = v1::MatterStatus;

// The facts of a kind have the number of its step message, and this.
constexpr int kFactsOffset = 20;

const Procedure* ProcedureOf(int kind) {
  switch (kind) {
    case v1::MatterStep::kCourtDecision:
      return &CourtDecisionProcedure();
    case v1::MatterStep::kDispute:
      return &DisputeProcedure();
    case v1::MatterStep::kProperty:
      return &PropertyProcedure();
    case v1::MatterStep::kEntitlement:
      return &EntitlementProcedure();
    case v1::MatterStep::kComplaint:
      return &ComplaintProcedure();
    case v1::MatterStep::kInquiry:
      return &InquiryProcedure();
    case v1::MatterStep::kInstrument:
      return &InstrumentProcedure();
    default:
      return nullptr;
  }
}

int KindOf(const v1::MatterStep& step) { return step.matter_case(); }
int KindOf(const State& state) {
  return state.facts_case() == State::FACTS_NOT_SET ? 0 : state.facts_case() - kFactsOffset;
}

const FieldDescriptor* OneField(const Message& message) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  return set.empty() ? nullptr : set.front();
}

// The kind's own message, such as a DisputeStep; the step must have a kind.
const Message& Inner(const v1::MatterStep& step) {
  return step.GetReflection()->GetMessage(step,
                                          v1::MatterStep::descriptor()->FindFieldByNumber(KindOf(step)));
}

// Number of the step in its kind; 0 when none is set.
int NumberOf(const v1::MatterStep& step) {
  const FieldDescriptor* field = OneField(Inner(step));
  return field == nullptr ? 0 : field->number();
}

const Message& ContentOf(const v1::MatterStep& step) {
  const Message& inner = Inner(step);
  return inner.GetReflection()->GetMessage(inner, OneField(inner));
}

const Step* FindStep(const Procedure& procedure, int number) {
  for (const Step& step : procedure.steps) {
    if (step.number == number) return &step;
  }
  return nullptr;
}

bool Holds(const std::vector<Status>& statuses, Status status) {
  return std::find(statuses.begin(), statuses.end(), status) != statuses.end();
}

// What the first step carried: field 1 of the facts.
const Message* Begun(const State& state) {
  const FieldDescriptor* facts = State::descriptor()->FindFieldByNumber(state.facts_case());
  if (facts == nullptr) return nullptr;
  const Message& of_kind = state.GetReflection()->GetMessage(state, facts);
  return &of_kind.GetReflection()->GetMessage(of_kind, of_kind.GetDescriptor()->FindFieldByNumber(1));
}

bool IsKnown(const State& state) { return state.status() != v1::MATTER_STATUS_UNSPECIFIED; }

Status After(const State& state, const Step& step) {
  if (step.to) return *step.to;
  return state.interrupted_from() != v1::MATTER_STATUS_UNSPECIFIED ? state.interrupted_from()
                                                                   : state.status();
}

// ---------------------------------------------------------------- may this Party do this now?

// PARTY_UNSPECIFIED: either.
v1::Party ActorOf(const State& state, const Step& step) {
  switch (step.by) {
    case By::kOpener:
      return OpenerOf(state);
    case By::kOther:
      return OtherOf(state);
    case By::kHolder:
      return state.holder();
    case By::kEither:
      return v1::PARTY_UNSPECIFIED;
  }
  return v1::PARTY_UNSPECIFIED;
}

// `of_counterpart`: what closed the matter may have crossed a step outside the chain.
std::optional<v1::Violation> CheckTurn(const Procedure& procedure, const State& state, const Step& step,
                                       v1::Party author, bool of_counterpart) {
  const std::string found = v1::MatterStatus_Name(state.status());
  if (Holds(procedure.closed, state.status()) && !(step.Is(kOutside) && of_counterpart)) {
    return Violates("step.closed", "", found);
  }
  if (step.from.empty()) {
    if (!state.shared()) return Violates("step.status", "", found);
  } else if (!Holds(step.from, state.status())) {
    return Violates(step.Is(kRuleAsksForStatus) ? step.rule : "step.status", "", found);
  }
  const v1::Party actor = IsKnown(state) ? ActorOf(state, step) : author;
  if (actor != v1::PARTY_UNSPECIFIED && actor != author) {
    return Violates("step.turn", "", v1::Party_Name(actor));
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitOverdue(const State& state, const v1::MatterStep& step,
                                          const Context& context) {
  // 13.2: the time to answer is the protocol's; who waits for the answer records it.
  const std::optional<absl::CivilDay> due = DateOf(state.answer_due());
  if (context.author != Other(state.holder())) return Violates("step.turn", "", "answer_overdue");
  // The day of who owes it.
  const bool over = due && *due < StillThere(context.today, context.author);
  if (!over || step.answer_due() != state.answer_due()) {
    return Violates("step.status", "", "answer_overdue");
  }
  // Once for each question, and with nothing else in it.
  if (state.overdue() || step.SerializeAsString() != OverdueStep(state).SerializeAsString())
    return Violates("exchange.format", "", "answer_overdue");
  return std::nullopt;
}

std::string DueAfter(const Context& context) {
  return FormatDate(AddWorkingDays(context.today, context.protocol.matter_answer_working_days(),
                                   Other(context.author), context.protocol));
}

std::optional<v1::Violation> AdmitOpening(const State& state, const v1::MatterStep& step) {
  const Message& content = ContentOf(step);
  if (content.ByteSizeLong() == 0) return Violates("exchange.format", "", "content");
  // What is told is what was begun.
  if (IsKnown(state) && content.SerializeAsString() != Begun(state)->SerializeAsString()) {
    return Violates("step.ground", "", "content");
  }
  return std::nullopt;
}

}  // namespace

bool KnowsCase(const std::string& case_id, const Context& context) {
  return context.of_counterpart || context.registry.Case(case_id).has_value();
}

bool IsUnderTheAgreement(const v1::CaseState& state) {
  if (!IsClosed(state.status()) || state.status() == v1::COMPLETED) return true;
  // 1.2: who had departed before the end has resettled under the Agreement. Of what comes after
  // the departure only the loss of the scope takes that away: no will, no validity, no Art. 3.
  const bool scope_lost = state.status() == v1::ANNULLED && !IsArticle3(state.closing_rule());
  return !state.crossed_on().empty() && !scope_lost;
}

std::string EndedUnder(const v1::CaseState& state) {
  // 12.2b: the choice itself is 12.2a.
  if (state.status() == v1::INDEPENDENT) return "12.2b";
  return state.closing_rule().empty() ? "4.1" : state.closing_rule();
}

bool MayEndACase(const std::string& rule) {
  static const auto* const rules =
      new std::set<std::string>{"1.1a", "1.1b", "1.2", "1.3", "2.1", "4.1", "12.2b", "13.2", "17.4"};
  return rules->contains(rule) || IsArticle3(rule);
}

std::optional<v1::CaseState> CaseUnderTheAgreement(const std::string& case_id, const Context& context) {
  std::optional<v1::CaseState> of = context.registry.Case(case_id);
  if (of && !IsUnderTheAgreement(*of)) of.reset();
  return of;
}

namespace {

// Of a case that was suspended or has ended.
std::optional<v1::Violation> MustGoOn(const v1::CaseState& state, const Context& context) {
  if (context.of_counterpart && state.holder() != context.author) return std::nullopt;
  // 12.2b: the Agreement does not apply to who resettled independently; nor, under the rule of its end,
  // where the case ended.
  if (!IsUnderTheAgreement(state))
    return Violates(EndedUnder(state), "", v1::CaseStatus_Name(state.status()));
  // Art. 3: nor while a circumstance of that article stands.
  if (state.status() == v1::SUSPENDED) return Violates("step.obstacle", "", "SUSPENDED");
  return std::nullopt;
}

std::optional<v1::Violation> MustBeKnown(const std::string& case_id, const Context& context) {
  if (KnowsCase(case_id, context)) return std::nullopt;
  return Violates("step.case", "", "case_id");
}

}  // namespace

std::optional<v1::Violation> MustHaveStatus(const std::string& case_id, const Context& context) {
  const std::optional<v1::CaseState> of = context.registry.Case(case_id);
  if (!of) return MustBeKnown(case_id, context);
  if (auto violation = MustGoOn(*of, context)) return violation;
  const bool has_status =
      context.author == of->entry_state() ? of->has_document() : of->hand_offs_done() >= kPrepares;
  // 4.1: who resettles under the Agreement has a document that says so.
  if (!has_status) return Violates("4.1", "", v1::CaseStatus_Name(of->status()));
  return std::nullopt;
}

std::optional<v1::Violation> MustHaveDeparted(const std::string& case_id, const char* rule,
                                              const Context& context) {
  const std::optional<v1::CaseState> of = context.registry.Case(case_id);
  if (!of) return MustBeKnown(case_id, context);
  if (auto violation = MustGoOn(*of, context)) return violation;
  // a18: what follows the resettler into the state of entry comes after the departure.
  if (of->crossed_on().empty()) return Violates(rule, "", v1::CaseStatus_Name(of->status()));
  return std::nullopt;
}

std::optional<v1::Violation> MustHaveEnded(const std::string& case_id, const char* rule,
                                           const Context& context) {
  const std::optional<v1::CaseState> of = context.registry.Case(case_id);
  if (!of) return MustBeKnown(case_id, context);
  const bool ended = context.of_counterpart ? IsClosed(of->status()) && of->status() != v1::COMPLETED
                                            : !IsUnderTheAgreement(*of);
  if (ended) return std::nullopt;
  return Violates(rule, "", v1::CaseStatus_Name(of->status()));
}

std::optional<v1::Violation> MustBeInTheCase(const std::string& case_id, const std::string& person_id,
                                             const Context& context) {
  const std::optional<v1::CaseState> of = context.registry.Case(case_id);
  if (!of) return MustBeKnown(case_id, context);
  if (!IsNamed(*of, person_id)) return Violates("step.person", person_id);
  if (IsIncluded(*of, person_id)) return std::nullopt;
  // An offer has made it the holder before it heard of that.
  const bool knew = of->holder() == context.author && of->offered_hand_off() == 0;
  if (context.of_counterpart && !knew) return std::nullopt;
  for (const v1::MemberStanding& member : of->family()) {
    // 2.2: a family member resettles together with the resettler.
    if (member.person_id() == person_id)
      return Violates(member.rule().empty() ? "2.2" : member.rule(), person_id,
                      v1::MemberStanding::Standing_Name(member.standing()));
  }
  return std::nullopt;
}

bool IsOutOfTheCase(const std::string& case_id, const std::string& person_id, Context context) {
  if (!context.registry.Case(case_id)) return true;
  context.of_counterpart = false;
  return MustBeInTheCase(case_id, person_id, context).has_value();
}

MatterVerdict Judge(const State& state, const v1::MatterStep& command, const Context& context) {
  v1::MatterStep step = command;
  step.clear_answer_due();
  step.clear_answer_overdue();
  const Procedure* procedure = ProcedureOf(KindOf(step));
  if (procedure != nullptr) {
    const int number = NumberOf(step);
    if (number == procedure->opens && number != procedure->begins && Begun(state) != nullptr) {
      const FieldDescriptor* kind = v1::MatterStep::descriptor()->FindFieldByNumber(KindOf(step));
      Message* inner = step.GetReflection()->MutableMessage(&step, kind);
      inner->GetReflection()->MutableMessage(inner, OneField(*inner))->CopyFrom(*Begun(state));
    }
    const Step* found = FindStep(*procedure, number);
    if (found != nullptr && found->Is(kAsks)) step.set_answer_due(DueAfter(context));
  }
  if (auto violation = Admit(state, step, context)) return *violation;
  return std::vector<v1::MatterStep>{step};
}

std::optional<v1::Violation> Admit(const State& state, const v1::MatterStep& step, const Context& context) {
  const Procedure* procedure = ProcedureOf(KindOf(step));
  if (procedure == nullptr) return Violates("exchange.format", "", "matter");
  // An id names one matter of one kind.
  if (IsKnown(state) && KindOf(state) != KindOf(step)) return Violates("exchange.format", "", "matter");
  if (auto violation = CheckDay(context)) return violation;
  if (step.answer_overdue()) return AdmitOverdue(state, step, context);
  const Step* found = FindStep(*procedure, NumberOf(step));
  if (found == nullptr) return Violates("exchange.format", "", "step");
  const bool opens = found->number == procedure->opens;
  // The counterpart learns of the matter by its opening.
  if (!opens || IsKnown(state)) {
    if (auto violation = CheckTurn(*procedure, state, *found, context.author, context.of_counterpart)) {
      return violation;
    }
  }
  if (!found->from.empty()) {
    if (auto violation = CheckFollows(state.happened_on(), state.acted_by(), context)) return violation;
  }
  if (found->Is(kAsks) ? step.answer_due() != DueAfter(context) : !step.answer_due().empty()) {
    return Violates("exchange.format", "", "answer_due");
  }
  if (opens) {
    if (auto violation = AdmitOpening(state, step)) return violation;
  }
  if (auto violation = Malformed(CheckForm(step, context.happened_on))) return violation;
  return procedure->check(state, step, context);
}

State Apply(State state, const v1::MatterStep& step, const Recorded& recorded) {
  if (step.answer_overdue()) {
    state.set_overdue(true);
    return state;
  }
  const Procedure* const of_kind = ProcedureOf(KindOf(step));
  const Step* const found = of_kind == nullptr ? nullptr : FindStep(*of_kind, NumberOf(step));
  if (found == nullptr) return state;  // was not admitted
  const Procedure& procedure = *of_kind;
  const Step& made = *found;
  const Status before = state.status();
  if (made.number == procedure.begins || made.number == procedure.opens) {
    State begun;
    begun.set_id(state.id());
    begun.set_opened_by(recorded.author);
    Message* facts = begun.GetReflection()->MutableMessage(
        &begun, State::descriptor()->FindFieldByNumber(KindOf(step) + kFactsOffset));
    facts->GetReflection()
        ->MutableMessage(facts, facts->GetDescriptor()->FindFieldByNumber(1))
        ->CopyFrom(ContentOf(step));
    state = std::move(begun);
  }
  if (made.number == procedure.opens) {
    state.set_shared(true);
    state.set_opened_on(recorded.effective_on);
  }
  procedure.fold(state, step, recorded.author);
  if (made.Is(kOutside)) return state;

  const Status after = After(state, made);
  if (Holds(procedure.interruptions, after)) {
    if (before != after) state.set_interrupted_from(before);
  } else {
    state.clear_interrupted_from();
  }
  state.set_status(after);
  state.set_holder(procedure.holder(state));
  state.set_head_entry_id(recorded.entry_id);
  SetHappened(state, recorded.happened_on, recorded.author);
  // Whoever moves the matter on has answered.
  if (before != after || made.Is(kAsks)) {
    state.set_answer_due(step.answer_due());
    state.set_overdue(false);
  }
  return state;
}

v1::MatterStep OverdueStep(const State& state) {
  v1::MatterStep step;
  step.GetReflection()->MutableMessage(&step, v1::MatterStep::descriptor()->FindFieldByNumber(KindOf(state)));
  step.set_answer_due(state.answer_due());
  step.set_answer_overdue(true);
  return step;
}

bool IsAddressed(const State& before, const v1::MatterStep& step) {
  return before.shared() || IsOpening(step);
}

bool IsIrreversible(const v1::MatterStep& step) {
  const Procedure* procedure = ProcedureOf(KindOf(step));
  const Step* found = procedure == nullptr ? nullptr : FindStep(*procedure, NumberOf(step));
  return found != nullptr && found->Is(kIrreversible);
}

bool IsOpening(const v1::MatterStep& step) {
  const Procedure* procedure = ProcedureOf(KindOf(step));
  return procedure != nullptr && !step.answer_overdue() && NumberOf(step) == procedure->opens;
}

bool IsOutsideChain(const v1::MatterStep& step) {
  if (step.answer_overdue()) return true;
  const Procedure* procedure = ProcedureOf(KindOf(step));
  const Step* found = procedure == nullptr ? nullptr : FindStep(*procedure, NumberOf(step));
  return found != nullptr && found->Is(kOutside);
}

bool Begins(const v1::MatterStep& step) {
  const Procedure* procedure = ProcedureOf(KindOf(step));
  return procedure != nullptr && NumberOf(step) == procedure->begins;
}

bool IsClosed(const State& state) {
  const Procedure* procedure = ProcedureOf(KindOf(state));
  return procedure != nullptr && Holds(procedure->closed, state.status());
}

std::vector<v1::AllowedAction> AllowedActions(const State& state, const Context&) {
  std::vector<v1::AllowedAction> actions;
  const Procedure* procedure = ProcedureOf(KindOf(state));
  if (procedure == nullptr) return actions;
  const auto* type = v1::MatterStep::descriptor()->FindFieldByNumber(KindOf(state))->message_type();
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    for (const Step& step : procedure->steps) {
      if (CheckTurn(*procedure, state, step, party, /*of_counterpart=*/false)) continue;
      v1::AllowedAction& action = actions.emplace_back();
      action.set_action(type->FindFieldByNumber(step.number)->name());
      action.set_by(party);
      action.set_rule(step.rule);
    }
  }
  return actions;
}

std::string_view CollectionOf(const State& state) {
  const Procedure* procedure = ProcedureOf(KindOf(state));
  return procedure == nullptr ? "" : procedure->collection;
}
std::string_view CollectionOf(const v1::MatterStep& step) {
  const Procedure* procedure = ProcedureOf(KindOf(step));
  return procedure == nullptr ? "" : procedure->collection;
}

std::vector<std::string> DocumentsIn(const Message& message) {
  std::vector<std::string> documents;
  const auto add = [&](const std::string& one) {
    if (std::find(documents.begin(), documents.end(), one) == documents.end()) documents.push_back(one);
  };
  std::vector<const FieldDescriptor*> set;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    if (field->options().GetExtension(v1::content) == v1::CONTENT_SHA256) {
      add(reflection.GetString(message, field));
    } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      for (int i = 0; i < size; ++i) {
        for (const std::string& one :
             DocumentsIn(field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                              : reflection.GetMessage(message, field))) {
          add(one);
        }
      }
    }
  }
  return documents;
}

std::vector<MatterKind> MatterKinds() {
  std::vector<MatterKind> kinds;
  const auto* oneof = v1::MatterStep::descriptor()->FindOneofByName("matter");
  for (int i = 0; i < oneof->field_count(); ++i) {
    const FieldDescriptor* kind = oneof->field(i);
    const Procedure& procedure = *ProcedureOf(kind->number());
    kinds.push_back(
        {kind, procedure.collection, kind->message_type()->FindFieldByNumber(procedure.begins)->name()});
  }
  return kinds;
}

}  // namespace kelisim::treaty
