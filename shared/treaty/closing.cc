#include "shared/treaty/closing.h"

#include <algorithm>
#include <string>

#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/clearance.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/scope.h"

namespace kelisim::treaty {
namespace {

bool IsAnnulmentGround(const std::string& rule, const v1::CaseState& state) {
  return rule == ScopeRule(state.entry_state()) || rule == "1.2" || rule == "1.3" || rule == "2.1" ||
         (IsArticle3(rule) && !IsTemporary(rule));
}

// A will that is older than the petition was another one.
std::optional<v1::Violation> CheckWill(const v1::CaseState& state, const std::string& day, v1::Party author) {
  const auto stated_on = DateOf(day);
  const auto filed_on = DateOf(state.petition().filed_on());
  if (stated_on && filed_on && IsBefore(*stated_on, author, *filed_on, state.entry_state()))
    return Violates("step.date", "", day);
  return std::nullopt;
}

// `pending`: the notice that the act answers, if it does.
std::optional<v1::Violation> AdmitAnnulledByEntry(const v1::CaseState& state, const v1::Annulment& act,
                                                  const v1::PendingNotice* pending) {
  // What was reported on another ground, or of a member, does not end the head's case.
  if (pending != nullptr && pending->notice().rule() != act.rule())
    return Violates("step.notice", "", pending->notice().rule());
  const std::string reported_of = pending == nullptr ? "" : pending->notice().person_id();
  if (!reported_of.empty() && reported_of != kHead) return Violates("step.person", reported_of);
  // 3.b, 3.d, 3.e: the departure state reports (edge 49).
  if (!IsFoundByDeparture(act.rule())) return std::nullopt;
  return MustBeReported(state, act.resolves_notice(), act.person_id(), state.entry_state());
}

// A person's will stands (2.1). The entry state's decision to annul stands until it takes it
// back; a report to it does not bind it, and its reporter may take it back.
bool MayDismiss(const v1::CaseState& state, const v1::PendingNotice& pending, v1::Party author) {
  switch (pending.notice().kind()) {
    case v1::Notice::WITHDRAWAL:
      return false;
    case v1::Notice::ANNULMENT:
      return author == state.entry_state() || pending.from() == author ||
             IsTakenBack(state, pending.entry_id());
    // It goes with the order, and cannot be put aside so that the order binds again.
    case v1::Notice::ANNULMENT_TAKEN_BACK:
      return false;
    default:
      return true;
  }
}

std::optional<v1::Violation> AdmitTakenBack(const v1::CaseState& state, const v1::Notice& act,
                                            v1::Party author) {
  // 4.1: the decision is the entry state's to take back as it is to make.
  if (author != state.entry_state()) return Violates("step.turn", "", v1::Party_Name(state.entry_state()));
  const v1::PendingNotice* order = FindNotice(state, act.order());
  if (order == nullptr || order->notice().kind() != v1::Notice::ANNULMENT || order->from() != author ||
      IsTakenBack(state, act.order())) {
    return Violates("step.notice", "", "unknown");
  }
  if (order->notice().rule() != act.rule()) return Violates("step.notice", "", order->notice().rule());
  return std::nullopt;
}

}  // namespace

std::optional<v1::Violation> AdmitWithdrawn(const v1::CaseState& state, const v1::Withdrawal& act) {
  if (auto violation = MustAnswer(state, act.resolves_notice(), v1::Notice::WITHDRAWAL)) return violation;
  // 2.1: a member's will ends its own part in the case, and not the head's.
  const v1::PendingNotice* pending = FindNotice(state, act.resolves_notice());
  const std::string person = pending == nullptr ? "" : pending->notice().person_id();
  if (!person.empty() && person != kHead) return Violates("step.person", person);
  // 2.1: the day is that of the holder, or of who told it of the will: the two may differ by one.
  auto violation = CheckWill(state, act.stated_on(), state.holder());
  if (violation && pending != nullptr) violation = CheckWill(state, act.stated_on(), pending->from());
  return violation;
}

std::optional<v1::Violation> AdmitAnnulled(const v1::CaseState& state, const v1::Annulment& act,
                                           const Context& context) {
  if (!IsAnnulmentGround(act.rule(), state)) return Violates("step.ground", act.person_id(), act.rule());
  // Art. 3: once departed, what was unknown at issue has no effect any more.
  if (IsArticle3(act.rule()) && !IsBeforeDeparture(state.status())) {
    return Violates("step.status", act.person_id(), v1::CaseStatus_Name(state.status()));
  }
  // A member is taken out of the case; only the head's ground ends it.
  if (!act.person_id().empty() && act.person_id() != kHead) return Violates("step.person", act.person_id());

  const v1::PendingNotice* pending = FindNotice(state, act.resolves_notice());
  if (!act.resolves_notice().empty() && pending == nullptr) return Violates("step.notice", "", "unknown");
  if (pending != nullptr && pending->notice().kind() != v1::Notice::ANNULMENT &&
      pending->notice().kind() != v1::Notice::OBSTACLE) {
    return Violates("step.notice", "", "kind");
  }
  if (context.author == state.entry_state()) return AdmitAnnulledByEntry(state, act, pending);
  // 4.1: status is the entry state's to give and to annul. The departure state
  // only gives effect to its decision.
  if (pending == nullptr || pending->from() != state.entry_state() ||
      pending->notice().kind() != v1::Notice::ANNULMENT || pending->notice().rule() != act.rule()) {
    return Violates("step.ground", "", "no_decision");
  }
  // 4.1: nor to one that it has taken back.
  if (!context.of_counterpart && IsTakenBack(state, act.resolves_notice()))
    return Violates("step.ground", "", "no_decision");
  return std::nullopt;
}

std::optional<v1::Violation> AdmitLapsed(const v1::CaseState& state, const v1::Lapse& act) {
  if (act.valid_until() == state.document().valid_until()) return std::nullopt;
  return Violates("step.document", "", act.valid_until());
}

std::optional<v1::Violation> AdmitClosedByTermination(const v1::TermClosure& act, const Context& context) {
  if (act.terminated_on() != context.treaty.terminates_on())
    return Violates("step.date", "", act.terminated_on());
  return std::nullopt;
}

std::optional<v1::Violation> AdmitMemberLeft(const v1::CaseState& state, const v1::MemberDeparture& act,
                                             const Context& context) {
  // 2.2: after the departure nobody's leaving undoes it. 1.3: compulsion does.
  if (act.reason() != v1::MemberDeparture::COMPELLED && !IsBeforeDeparture(state.status()))
    return Violates("step.status", act.person_id(), v1::CaseStatus_Name(state.status()));
  // 2.1: without the head there is no case. One who lives withdraws.
  if (act.person_id() == kHead) {
    return act.reason() == v1::MemberDeparture::DIED ? std::nullopt
                                                     : std::optional(Violates("step.person", kHead));
  }
  if (auto violation = MustBeIncluded(state, act.person_id())) return violation;
  const auto& family = state.petition().family();
  const auto member = std::find_if(family.begin(), family.end(), [&](const v1::FamilyMember& one) {
    return one.person().person_id() == act.person_id();
  });
  switch (act.reason()) {
    case v1::MemberDeparture::NOT_COVERED: {
      // 2.2: a family member in its sense cannot be put out on this ground, unless the
      // departure state has found that it is none.
      const bool found = state.declined_under() == "2.2" && state.declined_person() == act.person_id();
      if (found || member == family.end() || !IsCovered(*member, state.petition())) return std::nullopt;
      return Violates("step.ground", act.person_id(), "2.2");
    }
    case v1::MemberDeparture::USED_BEFORE:
    case v1::MemberDeparture::COMPELLED:
      // 1.2, 1.3: conditions of the scope, which are the entry state's to find.
      if (context.author == state.entry_state()) return std::nullopt;
      return Violates("step.turn", act.person_id(), v1::Party_Name(state.entry_state()));
    case v1::MemberDeparture::DIVORCED:
      // 2.2: only a spouse is a family member by the marriage.
      if (member == family.end() || member->relation() == v1::SPOUSE) return std::nullopt;
      return Violates("step.ground", act.person_id(), "2.2");
    case v1::MemberDeparture::OWN_WILL: {
      // 2.1: the day is that of the holder, or of who told it of the will: the two may differ by one.
      auto violation = CheckWill(state, act.stated_on(), context.author);
      for (const v1::PendingNotice& pending : state.notices()) {
        const v1::Notice& told = pending.notice();
        if (violation && told.kind() == v1::Notice::WITHDRAWAL && told.person_id() == act.person_id())
          violation = CheckWill(state, act.stated_on(), pending.from());
      }
      return violation;
    }
    default:
      return std::nullopt;
  }
}

namespace {

// The rule under which a member is out of the case; empty: the member's own affair.
std::string RuleOf(v1::MemberDeparture::Reason reason) {
  if (reason == v1::MemberDeparture::NOT_COVERED) return "2.2";
  if (reason == v1::MemberDeparture::COMPELLED) return "1.3";
  return reason == v1::MemberDeparture::USED_BEFORE ? "1.2" : "";
}

}  // namespace

// 2.1: a will counts from the day on which it was stated, in the capital in which it was.
void ApplyWithdrawn(v1::CaseState& state, const v1::Withdrawal& act, const Recorded& recorded) {
  const v1::PendingNotice* told = FindNotice(state, act.resolves_notice());
  const v1::Party by = told == nullptr ? recorded.author : told->from();
  CloseFrom(state, v1::WITHDRAWN, "", act.stated_on(), by);
}

// 4.1: the decision is the entry state's, and of the day on which it told of it.
void ApplyAnnulled(v1::CaseState& state, const v1::Annulment& act, const Recorded& recorded) {
  const v1::PendingNotice* order = FindNotice(state, act.resolves_notice());
  const bool ordered = order != nullptr && order->notice().kind() == v1::Notice::ANNULMENT;
  CloseFrom(state, v1::ANNULLED, act.rule(), ordered ? order->happened_on() : recorded.happened_on,
            ordered ? order->from() : recorded.author);
}

void ApplyMemberLeft(v1::CaseState& state, const v1::MemberDeparture& act, const Recorded& recorded) {
  if (act.person_id() == kHead) {
    // The dead do not cross: who crossed on the day of the death did so before it.
    const auto died_on = DateOf(recorded.happened_on);
    const std::string after = died_on ? FormatDate(*died_on + 1) : "";
    return CloseFrom(state, v1::WITHDRAWN, "2.1", after, recorded.author);
  }
  TakeOut(state, act.person_id(), v1::MemberStanding::LEFT, RuleOf(act.reason()));
}

std::optional<v1::Violation> AdmitNotice(const v1::CaseState& state, const v1::Notice& act,
                                         v1::Party author) {
  if (state.status() == v1::CASE_STATUS_UNSPECIFIED || !IsKnownToBoth(state)) {
    return Violates("step.status", "", v1::CaseStatus_Name(state.status()));
  }
  if (IsClosed(state.status())) return Violates("step.closed", "", v1::CaseStatus_Name(state.status()));
  if (!act.person_id().empty()) {
    if (auto violation = MustBeIncluded(state, act.person_id())) return violation;
  }
  switch (act.kind()) {
    case v1::Notice::WITHDRAWAL:
      if (auto violation = CheckWill(state, act.stated_on(), author)) return violation;
      break;
    case v1::Notice::OBSTACLE:
    case v1::Notice::OBSTACLE_ENDED:
      if (act.person_id().empty()) return Violates("step.person");
      if (!IsArticle3(act.rule())) return Violates("step.ground", "", act.rule());
      // 3.b lasts while the person is held: its end asks for nothing more.
      if (act.kind() == v1::Notice::OBSTACLE_ENDED) break;
      if (auto violation = MustBeConvictedAndHeld(act)) return violation;
      break;
    case v1::Notice::ANNULMENT:
      if (!act.person_id().empty() && act.person_id() != kHead)
        return Violates("step.person", act.person_id());
      if (!IsAnnulmentGround(act.rule(), state)) return Violates("step.ground", "", act.rule());
      // 3.b, 3.d, 3.e: facts of the departure state, on which the entry state decides once it was told.
      if (IsFoundByDeparture(act.rule()) && author == state.entry_state() && !IsReported(state, act.rule()))
        return Violates("step.ground", "", "not_reported");
      if (auto violation = MustBeConvictedAndHeld(act)) return violation;
      break;
    case v1::Notice::ANNULMENT_TAKEN_BACK:
      if (auto violation = AdmitTakenBack(state, act, author)) return violation;
      break;
    default:
      return Violates("step.ground", "", "kind");
  }
  if (!IsAdmissible(state, act)) return Violates("step.status", "", v1::CaseStatus_Name(state.status()));
  return std::nullopt;
}

std::optional<v1::Violation> MayGiveNotice(const v1::CaseState& state, const v1::Notice& notice,
                                           v1::Party author) {
  if (author != state.holder()) return std::nullopt;
  if (notice.kind() == v1::Notice::ANNULMENT && author == state.departure_state()) return std::nullopt;
  return Violates("step.holder", "", v1::Party_Name(state.holder()));
}

std::optional<v1::Violation> AdmitDismissed(const v1::CaseState& state, const v1::Dismissal& act,
                                            const Context& context) {
  const v1::PendingNotice* pending = FindNotice(state, act.resolves_notice());
  if (pending == nullptr) return Violates("step.notice", "", "unknown");
  if (!MayDismiss(state, *pending, context.author)) {
    return Violates("step.notice", "", v1::Notice::Kind_Name(pending->notice().kind()));
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitOverdue(const v1::CaseState& state, const v1::Overdue& act,
                                          const Context& context) {
  // The answer may be on its way: neither turn nor status is asked for.
  if (!IsKnownToBoth(state)) return Violates("step.status", "", v1::CaseStatus_Name(state.status()));
  const auto due = DateOf(act.answer_due());
  // The day of who owes it.
  if (!due || *due >= StillThere(context.today, context.author))
    return Violates("step.date", "", act.answer_due());
  return std::nullopt;
}

bool MustGiveEffectToAnnulment(const v1::CaseState& state, v1::Party author, bool of_counterpart) {
  if (author == state.entry_state()) return false;
  return std::any_of(state.notices().begin(), state.notices().end(), [&](const v1::PendingNotice& pending) {
    return pending.notice().kind() == v1::Notice::ANNULMENT && pending.from() == state.entry_state() &&
           (of_counterpart || !IsTakenBack(state, pending.entry_id()));
  });
}

bool MayDismissAny(const v1::CaseState& state, v1::Party author) {
  return std::any_of(state.notices().begin(), state.notices().end(),
                     [&](const v1::PendingNotice& pending) { return MayDismiss(state, pending, author); });
}

}  // namespace kelisim::treaty
