#include "shared/treaty/quota.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/form.h"
#include "shared/treaty/place.h"

namespace kelisim::treaty {
namespace {

bool IsRunning(const v1::QuotaState& state) {
  return state.status() == v1::OPEN || state.status() == v1::EXHAUSTED;
}

v1::Violation WrongStatus(const v1::QuotaState& state) {
  return Violates("step.quota", "", v1::QuotaStatus_Name(state.status()));
}

v1::QuotaReport ReportOf(const v1::QuotaState& state, uint32_t reserved) {
  v1::QuotaReport report;
  report.set_year(state.year());
  report.set_limit(state.limit());
  report.set_reserved(reserved);
  report.set_used(state.used());
  return report;
}

std::optional<v1::Violation> AdmitSet(const v1::QuotaState& state, const v1::QuotaLimit& act,
                                      const Context& context) {
  if (state.status() != v1::UNSET) return WrongStatus(state);
  // 12.1: a quota is set for a year to come or under way.
  if (act.year() < context.today.year()) return Violates("12.1", "", absl::StrCat(context.today.year()));
  return std::nullopt;
}

std::optional<v1::Violation> AdmitAdjusted(const v1::QuotaState& state, const v1::QuotaLimit& act,
                                           const Context& context) {
  if (!IsRunning(state)) return WrongStatus(state);
  // 12.1: a year that is over is closed, and its quota stays what it was.
  if (act.year() < context.today.year()) return Violates("12.1", "", absl::StrCat(context.today.year()));
  // 12.1: never below what is issued; reservations are given back first.
  const uint32_t taken = state.reserved() + state.used();
  if (act.limit() < taken) return Violates("12.1", "", absl::StrCat("taken:", taken));
  return std::nullopt;
}

// The counts are the entry state's. The other Party may already know of places
// released since, and never of more places taken.
std::optional<v1::Violation> AdmitCounts(const v1::QuotaState& state, const v1::QuotaReport& act) {
  const bool fits = act.limit() == state.limit() && act.reserved() == 0 && state.reserved() == 0 &&
                    act.used() >= state.used() && act.used() <= act.limit();
  if (!fits) return Violates("12.1", "", absl::StrCat("taken:", state.reserved() + state.used()));
  return std::nullopt;
}

std::optional<v1::Violation> AdmitClosed(const v1::QuotaState& state, const v1::QuotaReport& act,
                                         const Context& context) {
  if (!IsRunning(state)) return WrongStatus(state);
  // 12.1: a quota is that of the whole civil year of the entry state.
  if (context.today.year() <= act.year()) return Violates("12.1", "", absl::StrCat(act.year(), "-12-31"));
  return AdmitCounts(state, act);
}

std::optional<v1::Violation> AdmitReported(const v1::QuotaState& state, const v1::QuotaReport& act) {
  if (state.status() != v1::CLOSED) return WrongStatus(state);
  return AdmitCounts(state, act);
}

// A case goes back to the queue today: not before what has happened in it, by a clock that
// has been set back.
std::optional<v1::Violation> CheckBack(const v1::CaseState& reserved, Context context) {
  context.happened_on = context.today;
  return CheckFollows(reserved.happened_on(), reserved.acted_by(), context);
}

// Reservations that a lower limit leaves no room for, newest first.
QuotaVerdict JudgeAdjust(const v1::QuotaState& state, const v1::QuotaLimit& command, const Context& context) {
  QuotaActs verdict;
  if (!IsRunning(state)) return WrongStatus(state);
  // 12.1: never below what is issued.
  if (command.limit() < state.used()) return Violates("12.1", "", absl::StrCat("taken:", state.used()));
  v1::QuotaState after = state;
  const std::vector<v1::CaseState> reserved = context.registry.Reserved(state.entry_state(), state.year());
  for (auto it = reserved.rbegin(); it != reserved.rend(); ++it) {
    if (after.reserved() + after.used() <= command.limit()) break;
    if (auto violation = CheckBack(*it, context)) return *violation;
    after = Count(std::move(after), -static_cast<int64_t>(it->place().places()), 0);
    verdict.case_acts.emplace_back(it->case_id(), Waitlisted(v1::Waiting::QUOTA_LOWERED, state.year()));
  }
  v1::QuotaAct& act = verdict.acts.emplace_back();
  *act.mutable_quota_adjusted() = command;
  if (auto violation = Admit(after, act, context)) return *violation;
  return verdict;
}

// d5: reservations not issued wait for the next year; what is issued stays.
QuotaVerdict JudgeClose(const v1::QuotaState& state, const Context& context) {
  QuotaActs verdict;
  v1::QuotaState after = state;
  for (const v1::CaseState& reserved : context.registry.Reserved(state.entry_state(), state.year())) {
    if (auto violation = CheckBack(reserved, context)) return *violation;
    after = Count(std::move(after), -static_cast<int64_t>(reserved.place().places()), 0);
    verdict.case_acts.emplace_back(reserved.case_id(),
                                   Waitlisted(v1::Waiting::YEAR_CLOSED, state.year() + 1));
  }
  v1::QuotaAct& act = verdict.acts.emplace_back();
  *act.mutable_year_closed() = ReportOf(after, after.reserved());
  if (auto violation = Admit(after, act, context)) return *violation;
  return verdict;
}

QuotaVerdict JudgeOne(const v1::QuotaState& state, v1::QuotaAct act, const Context& context) {
  if (auto violation = Admit(state, act, context)) return *violation;
  QuotaActs verdict;
  verdict.acts.push_back(std::move(act));
  return verdict;
}

}  // namespace

QuotaVerdict Judge(const v1::QuotaState& state, const v1::QuotaCommand& command, const Context& context) {
  // 12.1: the entry state sets its quota; the other Party has no vote.
  if (state.entry_state() != context.author) return Violates("12.1", "", v1::Party_Name(state.entry_state()));
  v1::QuotaAct act;
  switch (command.command_case()) {
    case v1::QuotaCommand::kSetQuota:
      *act.mutable_quota_set() = command.set_quota();
      return JudgeOne(state, std::move(act), context);
    case v1::QuotaCommand::kAdjustQuota:
      return JudgeAdjust(state, command.adjust_quota(), context);
    case v1::QuotaCommand::kCloseYear:
      return JudgeClose(state, context);
    case v1::QuotaCommand::kReportYear:
      *act.mutable_year_reported() = ReportOf(state, state.reserved());
      return JudgeOne(state, std::move(act), context);
    case v1::QuotaCommand::COMMAND_NOT_SET:
      break;
  }
  return Violates("exchange.format", "", "quota_command");
}

std::optional<v1::Violation> Admit(const v1::QuotaState& state, const v1::QuotaAct& act,
                                   const Context& context) {
  // 12.1: the entry state sets its quota; the other Party has no vote.
  if (state.entry_state() != context.author) return Violates("12.1", "", v1::Party_Name(state.entry_state()));
  if (auto violation = CheckDay(context)) return violation;
  if (auto violation = Malformed(CheckForm(act))) return violation;
  if (YearOf(act) != state.year()) return Violates("step.quota", "", absl::StrCat(state.year()));
  switch (act.act_case()) {
    case v1::QuotaAct::kQuotaSet:
      return AdmitSet(state, act.quota_set(), context);
    case v1::QuotaAct::kQuotaAdjusted:
      return AdmitAdjusted(state, act.quota_adjusted(), context);
    case v1::QuotaAct::kYearClosed:
      return AdmitClosed(state, act.year_closed(), context);
    case v1::QuotaAct::kYearReported:
      return AdmitReported(state, act.year_reported());
    case v1::QuotaAct::ACT_NOT_SET:
      break;
  }
  return Violates("exchange.format", "", "quota_act");
}

v1::QuotaState Apply(v1::QuotaState state, const v1::QuotaAct& act, v1::Party author) {
  state.set_entry_state(author);
  state.set_year(YearOf(act));
  switch (act.act_case()) {
    case v1::QuotaAct::kQuotaSet:
      state.set_status(v1::OPEN);
      state.set_limit(act.quota_set().limit());
      state.set_legal_act(act.quota_set().legal_act());
      break;
    case v1::QuotaAct::kQuotaAdjusted:
      state.set_limit(act.quota_adjusted().limit());
      state.set_legal_act(act.quota_adjusted().legal_act());
      break;
    case v1::QuotaAct::kYearClosed:
      state.set_status(v1::CLOSED);
      break;
    case v1::QuotaAct::kYearReported:
      state.set_status(v1::REPORTED);
      break;
    case v1::QuotaAct::ACT_NOT_SET:
      break;
  }
  return Count(std::move(state), 0, 0);
}

v1::QuotaState Count(v1::QuotaState state, int64_t reserved_delta, int64_t used_delta) {
  state.set_reserved(static_cast<uint32_t>(state.reserved() + reserved_delta));
  state.set_used(static_cast<uint32_t>(state.used() + used_delta));
  // A year not set, or closed, stays so whatever cases do.
  if (IsRunning(state)) {
    state.set_status(state.reserved() + state.used() >= state.limit() ? v1::EXHAUSTED : v1::OPEN);
  }
  return state;
}

int YearOf(const v1::QuotaCommand& command) {
  switch (command.command_case()) {
    case v1::QuotaCommand::kSetQuota:
      return command.set_quota().year();
    case v1::QuotaCommand::kAdjustQuota:
      return command.adjust_quota().year();
    case v1::QuotaCommand::kCloseYear:
      return command.close_year().year();
    case v1::QuotaCommand::kReportYear:
      return command.report_year().year();
    case v1::QuotaCommand::COMMAND_NOT_SET:
      break;
  }
  return 0;
}

int YearOf(const v1::QuotaAct& act) {
  switch (act.act_case()) {
    case v1::QuotaAct::kQuotaSet:
      return act.quota_set().year();
    case v1::QuotaAct::kQuotaAdjusted:
      return act.quota_adjusted().year();
    case v1::QuotaAct::kYearClosed:
      return act.year_closed().year();
    case v1::QuotaAct::kYearReported:
      return act.year_reported().year();
    case v1::QuotaAct::ACT_NOT_SET:
      break;
  }
  return 0;
}

}  // namespace kelisim::treaty
