#include "shared/treaty/place.h"

#include "absl/strings/str_cat.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/instrument.h"

namespace kelisim::treaty {
namespace {

uint32_t FreePlaces(const v1::QuotaState& quota) {
  if (quota.status() != v1::OPEN) return 0;
  const uint32_t taken = quota.reserved() + quota.used();
  return quota.limit() > taken ? quota.limit() - taken : 0;
}

uint32_t PlacesFor(uint32_t persons, const v1::Protocol& protocol) {
  return protocol.quota_unit() == v1::Protocol::FAMILY ? 1 : persons;
}

// A case that came earlier and could take a place now goes first. One that does not fit,
// by its own protocol, or that must answer a notice before, keeps nobody waiting.
bool EarlierGoesFirst(const v1::CaseState& state, uint32_t free, const Context& context) {
  for (const Queued& earlier : context.registry.WaitingList(state.entry_state())) {
    if (earlier.case_id == state.case_id()) return false;
    if (earlier.blocked) continue;
    const auto filed_on = DateOf(earlier.filed_on);
    const v1::Protocol& protocol =
        ProtocolOn(context.treaty, context.initial, filed_on.value_or(context.today));
    if (PlacesFor(earlier.persons, protocol) <= free) return true;
  }
  return false;
}

}  // namespace

v1::CaseAct Waitlisted(v1::Waiting::Reason reason, int year) {
  v1::CaseAct act;
  act.mutable_waitlisted()->set_reason(reason);
  act.mutable_waitlisted()->set_year(year);
  return act;
}

uint32_t PlacesNeeded(const v1::CaseState& state, const v1::Protocol& protocol) {
  return PlacesFor(static_cast<uint32_t>(IncludedCount(state)), protocol);
}

std::variant<v1::CaseAct, v1::Violation> TakePlace(const v1::CaseState& state, const Context& context) {
  const int year = static_cast<int>(context.today.year());
  const v1::QuotaState quota = context.registry.Quota(state.entry_state(), year);
  v1::CaseAct reserved;
  reserved.mutable_place_reserved()->set_year(year);
  reserved.mutable_place_reserved()->set_places(PlacesNeeded(state, context.protocol));

  std::optional<v1::Violation> violation = AdmitReserved(state, reserved.place_reserved(), context);
  if (!violation && EarlierGoesFirst(state, FreePlaces(quota), context))
    violation = Violates("12.1", "", "earlier");
  if (!violation) return reserved;
  if (state.status() != v1::CLEARED) return *violation;
  return Waitlisted(quota.status() == v1::UNSET ? v1::Waiting::QUOTA_UNSET : v1::Waiting::NO_PLACE_LEFT,
                    year);
}

std::optional<v1::Violation> AdmitReserved(const v1::CaseState& state, const v1::Place& act,
                                           const Context& context) {
  // 12.1: a quota for every year, and no carry-over: the place is of this year.
  if (act.year() != context.today.year()) return Violates("12.1", "", absl::StrCat(act.year()));
  // 12.1: counted in the protocol's unit.
  if (act.places() != PlacesNeeded(state, context.protocol))
    return Violates("12.1", "", absl::StrCat(act.places()));
  const v1::QuotaState quota = context.registry.Quota(state.entry_state(), act.year());
  // 12.1: no place before the entry state has set the quota, none beyond it.
  if (quota.status() != v1::OPEN) return Violates("12.1", "", v1::QuotaStatus_Name(quota.status()));
  if (FreePlaces(quota) < act.places()) return Violates("12.1", "", absl::StrCat("free:", FreePlaces(quota)));
  return std::nullopt;
}

std::optional<v1::Violation> AdmitWaitlisted(const v1::CaseState& state, const v1::Waiting& act,
                                             const Context& context) {
  switch (act.reason()) {
    case v1::Waiting::QUOTA_UNSET:
    case v1::Waiting::NO_PLACE_LEFT: {
      if (state.status() != v1::CLEARED)
        return Violates("step.status", "", v1::CaseStatus_Name(state.status()));
      // 12.1: the quota waited for is that of the current year.
      if (act.year() != context.today.year()) return Violates("12.1", "", absl::StrCat(act.year()));
      const v1::QuotaState quota = context.registry.Quota(state.entry_state(), act.year());
      const bool unset = quota.status() == v1::UNSET;
      if (unset != (act.reason() == v1::Waiting::QUOTA_UNSET)) {
        return Violates("step.ground", "", v1::QuotaStatus_Name(quota.status()));
      }
      return std::nullopt;
    }
    case v1::Waiting::YEAR_CLOSED:
    case v1::Waiting::QUOTA_LOWERED: {
      if (state.status() != v1::QUOTA_RESERVED) {
        return Violates("step.status", "", v1::CaseStatus_Name(state.status()));
      }
      const int next = act.reason() == v1::Waiting::YEAR_CLOSED ? 1 : 0;
      // 12.1: a reservation lost with its year waits for the next one.
      if (act.year() != state.place().year() + next) return Violates("12.1", "", absl::StrCat(act.year()));
      // 12.1: the quota is that of the whole year; it cannot close before its end.
      if (next == 1 && context.today.year() < act.year())
        return Violates("step.date", "", absl::StrCat(act.year()));
      return std::nullopt;
    }
    default:
      return Violates("step.ground", "", v1::Waiting::Reason_Name(act.reason()));
  }
}

void ApplyReserved(v1::CaseState& state, const v1::Place& act, uint64_t index) {
  *state.mutable_place() = act;
  state.set_place_at(index);
  state.clear_waiting();
}

void ApplyWaitlisted(v1::CaseState& state, const v1::Waiting& act) {
  *state.mutable_waiting() = act;
  state.clear_place();
}

}  // namespace kelisim::treaty
