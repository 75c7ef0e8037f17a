#include "shared/treaty/clearance.h"

#include <algorithm>
#include <set>
#include <string>

#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/resettlement.h"

namespace kelisim::treaty {
namespace {

// The first rule that the registers of the departure state do not certify.
std::optional<v1::Violation> NotCertified(const v1::PersonClearance& person) {
  const struct {
    bool certified;
    const char* rule;
  } certificates[] = {
      // Of the head: a family member is one wherever it lives (2.2).
      {person.permanent_residence_confirmed() || person.person_id() != kHead, "2.1"},
      {person.not_refugee(), "3.a"},
      {person.not_imprisoned_convict(), "3.b"},
      {person.no_security_bar(), "3.v"},
      {person.no_postponement(), "3.g"},
      {person.not_temporary_stay(), "3.d"},
      {person.not_migrant_worker(), "3.e"},
      {person.not_conscript(), "3.zh"},
  };
  for (const auto& [certified, rule] : certificates) {
    if (!certified) return Violates(rule, person.person_id());
  }
  return std::nullopt;
}

// nullptr: it does not stand.
const v1::Obstacle* Standing(const v1::CaseState& state, const std::string& rule,
                             const std::string& person_id) {
  for (const v1::Obstacle& obstacle : state.obstacles()) {
    if (obstacle.rule() == rule && obstacle.person_id() == person_id) return &obstacle;
  }
  return nullptr;
}

// What deferral and suspension have in common: a person of the case, on whom
// this obstacle does not stand already.
std::optional<v1::Violation> AdmitObstacle(const v1::CaseState& state, const v1::Obstacle& act) {
  if (auto violation = MustBeIncluded(state, act.person_id())) return violation;
  if (Standing(state, act.rule(), act.person_id()) != nullptr)
    return Violates("step.obstacle", act.person_id(), act.rule());
  return MustAnswer(state, act.resolves_notice(), v1::Notice::OBSTACLE, act.rule(), act.person_id());
}

void AddObstacle(v1::CaseState& state, const v1::Obstacle& act) {
  v1::Obstacle* obstacle = state.add_obstacles();
  *obstacle = act;
  obstacle->clear_resolves_notice();
}

}  // namespace

std::optional<v1::Violation> AdmitCleared(const v1::CaseState& state, const v1::Clearance& act) {
  std::set<std::string> certified;
  for (const v1::PersonClearance& person : act.persons()) {
    if (auto violation = MustBeIncluded(state, person.person_id())) return violation;
    // Art. 3: applies to none of them; 2.1: the head lives there permanently.
    if (auto violation = NotCertified(person)) return violation;
    certified.insert(person.person_id());
  }
  for (const v1::Person* person : IncludedPersons(state)) {
    if (certified.count(person->person_id()) == 0)
      return Violates("step.person", person->person_id(), "not_certified");
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitDeferred(const v1::CaseState& state, const v1::Obstacle& act,
                                           const Context& context) {
  // 3.v, 3.g: only these two are temporary by the text, so only they defer.
  if (!IsTemporary(act.rule())) return Violates("step.ground", act.person_id(), act.rule());
  // 3.g: a departure "is postponed" by a formal decision; a claim alone is none.
  if (act.basis().empty()) return Violates(act.rule(), act.person_id(), "basis");
  const auto review_on = DateOf(act.review_on());
  if (!review_on || *review_on <= context.today)
    return Violates("step.review", act.person_id(), act.review_on());
  // a8: until the circumstances cease, however often they are reviewed.
  const v1::Obstacle* standing = Standing(state, act.rule(), act.person_id());
  if (standing != nullptr && *review_on > *DateOf(standing->review_on()))
    return MustAnswer(state, act.resolves_notice(), v1::Notice::OBSTACLE, act.rule(), act.person_id());
  return AdmitObstacle(state, act);
}

std::optional<v1::Violation> AdmitExcluded(const v1::CaseState& state, const v1::Obstacle& act,
                                           const Context& context) {
  // 3.v, 3.g: temporary obstacles defer or suspend; they do not exclude.
  if (!IsArticle3(act.rule()) || IsTemporary(act.rule())) {
    return Violates("step.ground", act.person_id(), act.rule());
  }
  if (auto violation = MustBeConvictedAndHeld(act)) return violation;
  if (auto violation = MustBeIncluded(state, act.person_id())) return violation;
  // The head's exclusion ends the case: that is the departure state's finding
  // while it clears. Later it is a suspension or an annulment.
  const bool clearing = state.status() == v1::AWAIT_CLEARANCE || state.status() == v1::DEFERRED ||
                        state.status() == v1::CLEARED;
  if (act.person_id() == kHead && !clearing) {
    return Violates("step.status", kHead, v1::CaseStatus_Name(state.status()));
  }
  if (act.person_id() == kHead && context.author != state.departure_state()) {
    return Violates("step.turn", kHead, v1::Party_Name(state.departure_state()));
  }
  // 3.b, 3.d, 3.e: of whom the departure state has said so (a10).
  if (IsFoundByDeparture(act.rule())) {
    if (auto violation = MustBeReported(state, act.resolves_notice(), act.person_id(), context.author))
      return violation;
  }
  return MustAnswer(state, act.resolves_notice(), v1::Notice::OBSTACLE, act.rule(), act.person_id());
}

std::optional<v1::Violation> AdmitSuspended(const v1::CaseState& state, const v1::Obstacle& act,
                                            const Context& context) {
  if (!IsArticle3(act.rule())) return Violates("step.ground", act.person_id(), act.rule());
  if (auto violation = MustBeConvictedAndHeld(act)) return violation;
  if (auto violation = AdmitObstacle(state, act)) return violation;
  // 3.b, 3.v, 3.g: on the word of the departure state (a20).
  if (!IsSuspendedByDeparture(act.rule())) return std::nullopt;
  return MustBeReported(state, act.resolves_notice(), act.person_id(), context.author);
}

std::optional<v1::Violation> AdmitEnded(const v1::CaseState& state, const v1::ObstacleEnd& act,
                                        const Context& context) {
  if (auto violation = MustBeIncluded(state, act.person_id())) return violation;
  if (Standing(state, act.rule(), act.person_id()) == nullptr)
    return Violates("step.obstacle", act.person_id(), act.rule());
  // 3.g: until the obligations are fulfilled; a part is not enough.
  if (act.rule() == "3.g" && !act.fulfilled_in_full()) return Violates("3.g", act.person_id(), "part");
  if (auto violation =
          MustAnswer(state, act.resolves_notice(), v1::Notice::OBSTACLE_ENDED, act.rule(), act.person_id())) {
    return violation;
  }
  // 3.b, 3.v, 3.g: and its end (a21).
  if (!IsSuspendedByDeparture(act.rule())) return std::nullopt;
  return MustBeReported(state, act.resolves_notice(), act.person_id(), context.author);
}

void ApplyDeferred(v1::CaseState& state, const v1::Obstacle& act) {
  for (v1::Obstacle& standing : *state.mutable_obstacles()) {
    if (standing.rule() != act.rule() || standing.person_id() != act.person_id()) continue;
    standing = act;
    standing.clear_resolves_notice();
    return;
  }
  AddObstacle(state, act);
}

void ApplyExcluded(v1::CaseState& state, const v1::Obstacle& act) {
  if (act.person_id() == kHead) {
    Close(state, v1::EXCLUDED, act.rule());
  } else {
    TakeOut(state, act.person_id(), v1::MemberStanding::EXCLUDED, act.rule());
  }
}

void ApplySuspended(v1::CaseState& state, const v1::Obstacle& act) {
  if (state.status() != v1::SUSPENDED) state.set_suspended_from(state.status());
  AddObstacle(state, act);
}

}  // namespace kelisim::treaty
