#include "shared/treaty/case_state.h"

#include <algorithm>
#include <set>
#include <utility>

#include "shared/base/civil.h"
#include "shared/treaty/resettlement.h"

namespace kelisim::treaty {
namespace {

// Deletes the elements for which `gone` holds.
template <typename T, typename Predicate>
void EraseIf(google::protobuf::RepeatedPtrField<T>& field, Predicate gone) {
  field.erase(std::remove_if(field.begin(), field.end(), gone), field.end());
}

void LiftWhenNoObstacle(v1::CaseState& state) {
  if (!state.obstacles().empty()) return;
  if (state.status() == v1::DEFERRED) state.set_status(v1::AWAIT_CLEARANCE);
  if (state.status() == v1::SUSPENDED) {
    state.set_status(state.suspended_from());
    state.clear_suspended_from();
  }
}

}  // namespace

bool IsArticle3(std::string_view rule) {
  return rule == "3.a" || rule == "3.b" || rule == "3.v" || rule == "3.g" || rule == "3.d" || rule == "3.e" ||
         rule == "3.zh";
}

bool IsTemporary(std::string_view rule) { return rule == "3.v" || rule == "3.g"; }

bool IsFoundByDeparture(std::string_view rule) { return rule == "3.b" || rule == "3.d" || rule == "3.e"; }

bool IsSuspendedByDeparture(std::string_view rule) { return rule == "3.b" || IsTemporary(rule); }

bool IsBeforeDeparture(v1::CaseStatus status) {
  return status != v1::CASE_STATUS_UNSPECIFIED && !IsClosed(status) && status != v1::DEPARTED &&
         status != v1::ARRIVED;
}

bool IsKnownToBoth(const v1::CaseState& state) {
  return state.hand_offs_done() > 0 || !state.answer_due().empty();
}

bool IsIncluded(const v1::CaseState& state, std::string_view person_id) {
  if (person_id == kHead) return true;
  return std::any_of(state.family().begin(), state.family().end(), [&](const v1::MemberStanding& member) {
    return member.person_id() == person_id && member.standing() == v1::MemberStanding::INCLUDED;
  });
}

bool IsNamed(const v1::CaseState& state, std::string_view person_id) {
  if (person_id == kHead) return true;
  return std::any_of(state.family().begin(), state.family().end(),
                     [&](const v1::MemberStanding& member) { return member.person_id() == person_id; });
}

int IncludedCount(const v1::CaseState& state) {
  return 1 + static_cast<int>(std::count_if(
                 state.family().begin(), state.family().end(),
                 [](const v1::MemberStanding& m) { return m.standing() == v1::MemberStanding::INCLUDED; }));
}

std::optional<v1::Violation> MustBeIncluded(const v1::CaseState& state, const std::string& person_id) {
  if (IsIncluded(state, person_id)) return std::nullopt;
  return Violates("step.person", person_id);
}

void TakeOut(v1::CaseState& state, const std::string& person_id, v1::MemberStanding::Standing standing,
             const std::string& rule) {
  for (v1::MemberStanding& member : *state.mutable_family()) {
    if (member.person_id() != person_id) continue;
    member.set_standing(standing);
    member.set_rule(rule);
  }
  // A place for a whole family is one and stays; places for persons shrink. d3: none comes free by
  // what is found after the departure.
  const auto included = static_cast<uint32_t>(IncludedCount(state));
  if (IsBeforeDeparture(state.status()) && state.place().places() > included)
    state.mutable_place()->set_places(included);
  EraseIf(*state.mutable_obstacles(), [&](const v1::Obstacle& o) { return o.person_id() == person_id; });
  LiftWhenNoObstacle(state);
}

void RemoveObstacle(v1::CaseState& state, const std::string& rule, const std::string& person_id) {
  EraseIf(*state.mutable_obstacles(),
          [&](const v1::Obstacle& o) { return o.rule() == rule && o.person_id() == person_id; });
  LiftWhenNoObstacle(state);
}

void Close(v1::CaseState& state, v1::CaseStatus status, const std::string& rule) {
  const v1::CaseStatus from = state.status();
  state.set_closed_from(from);
  state.set_status(status);
  state.set_closing_rule(rule);
  state.clear_offered_hand_off();
  state.clear_obstacles();
  state.clear_suspended_from();
  state.clear_waiting();
  // A notice that comes after the end is refused: both sides forget alike.
  state.clear_reported();
  if (from != v1::DEPARTED && from != v1::ARRIVED) state.clear_place();
}

bool MayHaveDeparted(const v1::CaseState& state) {
  return IsClosed(state.status()) && state.hand_offs_done() >= kPrepares && state.crossed_on().empty();
}

void CloseFrom(v1::CaseState& state, v1::CaseStatus status, const std::string& rule, const std::string& day,
               v1::Party by) {
  Close(state, status, rule);
  if (!MayHaveDeparted(state)) return;
  state.set_ended_on(day);
  state.set_ended_by(by);
}

void NoteReported(v1::CaseState& state, const std::string& rule, const std::string& person_id,
                  v1::Party author) {
  const bool of_head = person_id.empty() || person_id == kHead;
  if (!IsFoundByDeparture(rule) || !of_head || author != state.departure_state()) return;
  if (IsReported(state, rule)) return;
  state.add_reported(rule);
  std::sort(state.mutable_reported()->begin(), state.mutable_reported()->end());
}

bool IsReported(const v1::CaseState& state, const std::string& rule) {
  return std::find(state.reported().begin(), state.reported().end(), rule) != state.reported().end();
}

bool IsAdmissible(const v1::CaseState& state, const v1::Notice& notice) {
  const bool open = state.status() != v1::CASE_STATUS_UNSPECIFIED && !IsClosed(state.status());
  if (!open || (!notice.person_id().empty() && !IsIncluded(state, notice.person_id()))) return false;
  if (notice.kind() == v1::Notice::ANNULMENT_TAKEN_BACK) {
    const v1::PendingNotice* order = FindNotice(state, notice.order());
    return order != nullptr && order->notice().kind() == v1::Notice::ANNULMENT &&
           IsAdmissible(state, order->notice());
  }
  // Scope can prove false until the case is completed; an Article 3 fact, and a
  // change of will, matter until the departure.
  if (notice.kind() == v1::Notice::ANNULMENT && !IsArticle3(notice.rule())) return true;
  return IsBeforeDeparture(state.status());
}

const v1::PendingNotice* FindNotice(const v1::CaseState& state, const std::string& entry_id) {
  for (const v1::PendingNotice& pending : state.notices()) {
    if (pending.entry_id() == entry_id) return &pending;
  }
  return nullptr;
}

bool IsTakenBack(const v1::CaseState& state, const std::string& order) {
  return std::any_of(state.notices().begin(), state.notices().end(), [&](const v1::PendingNotice& pending) {
    return pending.notice().kind() == v1::Notice::ANNULMENT_TAKEN_BACK && pending.notice().order() == order;
  });
}

std::optional<v1::Violation> MustAnswer(const v1::CaseState& state, const std::string& entry_id,
                                        v1::Notice::Kind kind) {
  if (entry_id.empty()) return std::nullopt;
  const v1::PendingNotice* pending = FindNotice(state, entry_id);
  if (pending == nullptr) return Violates("step.notice", "", "unknown");
  if (pending->notice().kind() != kind) return Violates("step.notice", "", "kind");
  return std::nullopt;
}

std::optional<v1::Violation> MustAnswer(const v1::CaseState& state, const std::string& entry_id,
                                        v1::Notice::Kind kind, const std::string& rule,
                                        const std::string& person_id) {
  if (auto violation = MustAnswer(state, entry_id, kind)) return violation;
  const v1::PendingNotice* pending = FindNotice(state, entry_id);
  if (pending != nullptr &&
      (pending->notice().rule() != rule || pending->notice().person_id() != person_id)) {
    return Violates("step.notice", person_id, pending->notice().rule());
  }
  return std::nullopt;
}

std::optional<v1::Violation> MustBeReported(const v1::CaseState& state, const std::string& entry_id,
                                            const std::string& person_id, v1::Party author) {
  if (author != state.entry_state()) return std::nullopt;
  const v1::PendingNotice* pending = FindNotice(state, entry_id);
  if (pending != nullptr && pending->from() == state.departure_state()) return std::nullopt;
  return Violates("step.ground", person_id, "not_reported");
}

void AddNotice(v1::CaseState& state, v1::PendingNotice notice) {
  DropNotice(state, notice.entry_id());
  *state.add_notices() = std::move(notice);
  std::sort(
      state.mutable_notices()->begin(), state.mutable_notices()->end(),
      [](const v1::PendingNotice& a, const v1::PendingNotice& b) { return a.entry_id() < b.entry_id(); });
}

void DropNotice(v1::CaseState& state, const std::string& entry_id) {
  EraseIf(*state.mutable_notices(), [&](const v1::PendingNotice& n) { return n.entry_id() == entry_id; });
}

void DropInadmissibleNotices(v1::CaseState& state) {
  // All are judged before any goes: one may ask for another.
  std::set<std::string> gone;
  for (const v1::PendingNotice& pending : state.notices()) {
    if (!IsAdmissible(state, pending.notice())) gone.insert(pending.entry_id());
  }
  EraseIf(*state.mutable_notices(), [&](const v1::PendingNotice& n) { return gone.contains(n.entry_id()); });
}

}  // namespace kelisim::treaty
