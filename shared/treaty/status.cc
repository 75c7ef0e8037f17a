#include "shared/treaty/status.h"

#include <algorithm>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/closing.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/instrument.h"
#include "shared/treaty/place.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/scope.h"

namespace kelisim::treaty {

namespace {

v1::StatusDocument FillBy(const v1::Protocol& protocol, v1::StatusDocument document, absl::CivilDay today) {
  const auto months = static_cast<int>(protocol.status_validity_months());
  document.set_issued_on(FormatDate(today));
  document.set_valid_until(FormatDate(AddMonths(today, months)));
  document.set_form_version(protocol.status_form_version());
  return document;
}

// The form and the validity that the authorised bodies had set by the day of issue.
std::optional<v1::Violation> CheckProtocol(const v1::StatusDocument& act, const v1::Protocol& protocol,
                                           const Context& context) {
  const v1::StatusDocument filled = FillBy(protocol, act, context.today);
  // 4.2: the form set by the authorised bodies and in force on the day of issue.
  if (act.form_version() != filled.form_version()) return Violates("4.2", "", "form_version");
  // 13.2: valid for as long as the protocol says.
  if (act.valid_until() != filled.valid_until()) return Violates("13.2", "", act.valid_until());
  return std::nullopt;
}

// The same for a document of the other Party, which may not have known yet that a newer
// protocol was signed.
bool FitsEarlierProtocol(const v1::StatusDocument& act, const Context& context) {
  if (!CheckProtocol(act, context.initial, context)) return true;
  return std::any_of(context.treaty.protocols().begin(), context.treaty.protocols().end(),
                     [&](const v1::DatedProtocol& dated) {
                       return *DateOf(dated.from()) <= context.today &&
                              !CheckProtocol(act, dated.protocol(), context);
                     });
}

}  // namespace

v1::StatusDocument FillDocument(v1::StatusDocument document, const Context& context) {
  return FillBy(ProtocolOn(context.treaty, context.initial, context.today), std::move(document),
                context.today);
}

std::optional<v1::Violation> AdmitIssued(const v1::CaseState& state, const v1::StatusDocument& act,
                                         const Context& context) {
  // 4.1: a document that names itself.
  if (act.number().empty()) return Violates("4.1", "", "number");
  // 4.1: and no other one: a number of a state stands for one document for ever.
  if (context.registry.IsIssued(state.entry_state(), act.number(), state.case_id())) {
    return Violates("4.1", "", "number_issued");
  }
  // 2.1: citizenship of the entry state, still held on the day of issue.
  if (!act.citizenship_confirmed()) return Violates("2.1", kHead, "citizenship_confirmed");
  // Art. 3: no circumstance known on the day of issue.
  if (!act.no_obstacle_known()) return Violates("step.obstacle", kHead, "no_obstacle_known");
  if (act.issued_on() != FormatDate(context.today)) return Violates("step.date", "", act.issued_on());
  const v1::Protocol& of_today = ProtocolOn(context.treaty, context.initial, context.today);
  if (const auto violation = CheckProtocol(act, of_today, context)) {
    if (!context.of_counterpart || !FitsEarlierProtocol(act, context)) return violation;
  }
  // 12.1: a place of the current year, for everybody who is still in the case.
  if (state.place().year() != context.today.year())
    return Violates("12.1", "", absl::StrCat(state.place().year()));
  if (state.place().places() != PlacesNeeded(state, context.protocol)) {
    return Violates("12.1", "", absl::StrCat(state.place().places()));
  }
  // 1.2: one time only, for each person.
  return ClaimTaken(state, context);
}

std::optional<v1::Violation> MayReissue(const v1::CaseState& state, const Context& context) {
  const std::string status = v1::CaseStatus_Name(state.status());
  if (!state.has_document()) return Violates("step.status", "", status);
  if (IsClosed(state.status()) && !context.of_counterpart) return Violates("step.closed", "", status);
  // 4.1: the document is that of the state of entry.
  if (context.author != state.entry_state())
    return Violates("step.turn", "", v1::Party_Name(state.entry_state()));
  // Not when it has decided to annul the status, and the holder is to give effect to that.
  if (!context.of_counterpart &&
      MustGiveEffectToAnnulment(state, Other(context.author), /*of_counterpart=*/false)) {
    return Violates("step.notice", "", "ANNULMENT");
  }
  const auto valid_until = DateOf(state.document().valid_until());
  if (!valid_until || context.today > *valid_until) {
    return Violates("step.document", "", state.document().valid_until());
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitReissued(const v1::CaseState& state, const v1::Reissue& act,
                                           const Context& context) {
  if (auto violation = MayReissue(state, context)) return violation;
  if (act.reissued_on() != FormatDate(context.today)) return Violates("step.date", "", act.reissued_on());
  return std::nullopt;
}

std::optional<v1::Violation> AdmitExit(const v1::CaseState& state, const v1::Exit& act,
                                       const Context& context) {
  const auto crossed_on = DateOf(act.crossed_on());
  const auto issued_on = DateOf(state.document().issued_on());
  const auto valid_until = DateOf(state.document().valid_until());
  if (!crossed_on || !issued_on ||
      IsBefore(*crossed_on, state.departure_state(), *issued_on, state.entry_state())) {
    return Violates("step.date", "", act.crossed_on());
  }
  if (!valid_until || IsBefore(*valid_until, state.entry_state(), *crossed_on, state.departure_state())) {
    return Violates("step.document", "", state.document().valid_until());
  }
  // 1.2, 2.1: who had left before the day on which a will was stated, or anything told, has used
  // the Agreement; for what is not later than the crossing the exit waits.
  for (const v1::PendingNotice& pending : state.notices()) {
    if (context.of_counterpart && pending.from() != context.author) continue;
    const bool will = pending.notice().kind() == v1::Notice::WITHDRAWAL;
    const auto day = DateOf(will ? pending.notice().stated_on() : pending.happened_on());
    if (!day || !IsBefore(*crossed_on, state.departure_state(), *day, pending.from()))
      return Violates("step.notice", "", v1::Notice::Kind_Name(pending.notice().kind()));
  }
  // 12.2b: who left once the case had ended, left without the Agreement. The last day of a document
  // is asked for above.
  const auto ended_on = DateOf(state.ended_on());
  if (ended_on && !IsBefore(*crossed_on, state.departure_state(), *ended_on, state.ended_by()))
    return Violates("12.2b", "", state.ended_on());
  // Art. 3: no departure under the Agreement while it did not apply.
  for (const v1::Suspension& suspension : state.suspensions()) {
    const auto from = DateOf(suspension.from());
    const auto until = DateOf(suspension.until());
    if (from && IsBefore(*from, suspension.from_by(), *crossed_on, state.departure_state()) &&
        (!until || IsBefore(*crossed_on, state.departure_state(), *until, suspension.until_by()))) {
      return Violates("step.date", "", act.crossed_on());
    }
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitResidence(const v1::CaseState& state,
                                            const v1::ResidenceRegistration& act) {
  const auto registered_on = DateOf(act.registered_on());
  const auto crossed_on = DateOf(state.crossed_on());
  // 2.4: a residence in the state of entry, taken up after the departure.
  if (!registered_on || !crossed_on ||
      IsBefore(*registered_on, state.entry_state(), *crossed_on, state.departure_state())) {
    return Violates("step.date", "", act.registered_on());
  }
  return std::nullopt;
}

}  // namespace kelisim::treaty
