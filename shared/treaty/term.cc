#include "shared/treaty/term.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/form.h"

namespace kelisim::treaty {
namespace {

constexpr int kMonthsOfPeriod = 60;   // 17.3
constexpr int kMonthsOfNotice = 6;    // 17.4
constexpr int kMostLateNotices = 16;  // of one Party

const v1::TerminationNotice* StandingNotice(const v1::TreatyState& state, v1::Party from) {
  for (const v1::TerminationNotice& notice : state.notices()) {
    if (notice.from() == from) return &notice;
  }
  return nullptr;
}

// The end of the period in which the earliest standing notice was received.
std::string TerminatesOn(const v1::TreatyState& state) {
  std::optional<absl::CivilDay> end;
  for (const v1::TerminationNotice& notice : state.notices()) {
    const auto received = DateOf(notice.received_on());
    const auto period = received ? PeriodOn(*received) : std::nullopt;
    if (period && (!end || period->until < *end)) end = period->until;
  }
  return end ? FormatDate(*end) : "";
}

// Notice and revocation alike: recorded by the Party that received it, on a day
// of its own calendar that has come.
std::optional<v1::Violation> AdmitReceipt(v1::Party from, const std::string& received_on,
                                          const Context& context) {
  if (!v1::Party_IsValid(from) || from == v1::PARTY_UNSPECIFIED) return Violates("step.turn", "", "from");
  // 17.4: the date is that of the receiving capital; the receiver records it.
  if (from == context.author) return Violates("step.turn", "", v1::Party_Name(Other(from)));
  const auto received = DateOf(received_on);
  if (!received || *received > context.happened_on) return Violates("step.date", "", received_on);
  // 17.2: before its entry into force there was nothing to terminate.
  if (*received < kInForceSince) return Violates("17.2", "", received_on);
  return std::nullopt;
}

// 17.4: six months before the end of the period in which it is received, and never for the
// next one. Nor of a period that is over: it was extended, and both went by that.
bool IsLate(const v1::TerminationNotice& notice, const Context& context) {
  const auto received = DateOf(notice.received_on());
  const auto period = received ? PeriodOn(*received) : std::nullopt;
  return period && (*received > period->last_day_for_notice || context.today >= period->until);
}

// In time or late alike.
std::optional<v1::Violation> AdmitNotice(const v1::TreatyState& state, const v1::TerminationNotice& act,
                                         const Context& context) {
  if (auto violation = AdmitReceipt(act.from(), act.received_on(), context)) return violation;
  const auto received = DateOf(act.received_on());
  const auto sent = DateOf(act.sent_on());
  if (!sent || IsBefore(*received, context.author, *sent, act.from()))
    return Violates("step.date", "", act.sent_on());
  // 17.4: in writing, and by the Party itself.
  if (!act.written()) return Violates("17.4", "", "written");
  if (!act.by_party()) return Violates("17.4", "", "by_party");
  // 17.4: one standing notice of a Party says all that a second one could.
  if (StandingNotice(state, act.from()) != nullptr) return Violates("17.4", "", state.terminates_on());
  const auto ends = DateOf(state.terminates_on());
  if (ends && *received >= *ends) return Violates("17.4", "", state.terminates_on());
  return std::nullopt;
}

std::optional<v1::Violation> AdmitInTime(const v1::TreatyState& state, const v1::TerminationNotice& act,
                                         const Context& context) {
  if (auto violation = AdmitNotice(state, act, context)) return violation;
  // 17.4: what is late has no effect.
  if (IsLate(act, context)) {
    return Violates("17.4", "", FormatDate(PeriodOn(*DateOf(act.received_on()))->last_day_for_notice));
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitLate(const v1::TreatyState& state, const v1::TerminationNotice& act,
                                       const Context& context) {
  if (auto violation = AdmitNotice(state, act, context)) return violation;
  // 17.4: what is in time has its effect.
  if (!IsLate(act, context)) return Violates("17.4", "", act.received_on());
  const auto& known = state.late_notices();
  const auto of_sender = [&](const v1::TerminationNotice& one) { return one.from() == act.from(); };
  const auto same = [&](const v1::TerminationNotice& one) {
    return of_sender(one) && one.note_number() == act.note_number() && one.sent_on() == act.sent_on();
  };
  if (std::any_of(known.begin(), known.end(), same)) return Violates("17.4", "", act.note_number());
  // Every judgement reads them.
  if (std::count_if(known.begin(), known.end(), of_sender) >= kMostLateNotices)
    return Violates("17.4", "", absl::StrCat(kMostLateNotices));
  return std::nullopt;
}

std::optional<v1::Violation> AdmitRevocation(const v1::TreatyState& state, const v1::NoticeRevocation& act,
                                             const Context& context) {
  if (auto violation = AdmitReceipt(act.from(), act.received_on(), context)) return violation;
  const v1::TerminationNotice* notice = StandingNotice(state, act.from());
  // 17.4: a Party takes back the notice it has given, before it takes effect.
  if (notice == nullptr) return Violates("17.4", "", "unknown");
  const auto received = DateOf(act.received_on());
  if (received < DateOf(notice->received_on())) return Violates("step.date", "", act.received_on());
  if (received >= DateOf(state.terminates_on())) return Violates("17.4", "", state.terminates_on());
  return std::nullopt;
}

}  // namespace

Period PeriodNumber(int number) {
  const absl::CivilDay from = AddMonths(kInForceSince, (number - 1) * kMonthsOfPeriod);
  const absl::CivilDay until = AddMonths(from, kMonthsOfPeriod);
  return {number, from, until, AddMonths(until, -kMonthsOfNotice)};
}

std::optional<Period> PeriodOn(absl::CivilDay day) {
  if (day < kInForceSince) return std::nullopt;
  const int months = static_cast<int>(absl::CivilMonth(day) - absl::CivilMonth(kInForceSince));
  const Period period = PeriodNumber(months / kMonthsOfPeriod + 1);
  // The first days of an April that ends a period are before the 17th.
  return day < period.from ? PeriodNumber(period.number - 1) : period;
}

bool InForce(const v1::TreatyState& state, absl::CivilDay day) {
  const auto ends = DateOf(state.terminates_on());
  return day >= kInForceSince && (!ends || day < *ends);
}

TreatyVerdict Judge(const v1::TreatyState& state, const v1::TreatyCommand& command, const Context& context) {
  v1::TreatyAct act;
  switch (command.command_case()) {
    case v1::TreatyCommand::kRecordTerminationNotice:
      (IsLate(command.record_termination_notice(), context) ? *act.mutable_late_notice_recorded()
                                                            : *act.mutable_termination_notice_recorded()) =
          command.record_termination_notice();
      break;
    case v1::TreatyCommand::kRecordRevocation:
      *act.mutable_revocation_recorded() = command.record_revocation();
      break;
    case v1::TreatyCommand::COMMAND_NOT_SET:
      break;
  }
  if (auto violation = Admit(state, act, context)) return *violation;
  return std::vector<v1::TreatyAct>{act};
}

std::optional<v1::Violation> Admit(const v1::TreatyState& state, const v1::TreatyAct& act,
                                   const Context& context) {
  if (auto violation = CheckDay(context)) return violation;
  if (auto violation = Malformed(CheckForm(act))) return violation;
  switch (act.act_case()) {
    case v1::TreatyAct::kTerminationNoticeRecorded:
      return AdmitInTime(state, act.termination_notice_recorded(), context);
    case v1::TreatyAct::kLateNoticeRecorded:
      return AdmitLate(state, act.late_notice_recorded(), context);
    case v1::TreatyAct::kRevocationRecorded:
      return AdmitRevocation(state, act.revocation_recorded(), context);
    case v1::TreatyAct::ACT_NOT_SET:
      break;
  }
  return Violates("exchange.format", "", "treaty_act");
}

v1::TreatyState Apply(v1::TreatyState state, const v1::TreatyAct& act) {
  auto& notices = *state.mutable_notices();
  if (act.has_termination_notice_recorded()) *notices.Add() = act.termination_notice_recorded();
  if (act.has_revocation_recorded()) {
    const v1::Party from = act.revocation_recorded().from();
    notices.erase(std::remove_if(notices.begin(), notices.end(),
                                 [&](const v1::TerminationNotice& n) { return n.from() == from; }),
                  notices.end());
  }
  auto& late = *state.mutable_late_notices();
  if (act.has_late_notice_recorded()) *late.Add() = act.late_notice_recorded();
  // Both Parties may give notice; each learns of the two in its own order.
  const auto by_sender = [](const v1::TerminationNotice& a, const v1::TerminationNotice& b) {
    return a.from() < b.from();
  };
  std::stable_sort(notices.begin(), notices.end(), by_sender);
  std::stable_sort(late.begin(), late.end(), by_sender);
  state.set_terminates_on(TerminatesOn(state));
  return state;
}

}  // namespace kelisim::treaty
