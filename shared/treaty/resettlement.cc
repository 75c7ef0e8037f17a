#include "shared/treaty/resettlement.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/clearance.h"
#include "shared/treaty/closing.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/form.h"
#include "shared/treaty/place.h"
#include "shared/treaty/scope.h"
#include "shared/treaty/status.h"
#include "shared/treaty/term.h"
#include "shared/treaty/working_days.h"

namespace kelisim::treaty {
namespace {

using Act = v1::CaseAct;

// ---------------------------------------------------------------- the steps

// A set of statuses, one bit each.
using Statuses = uint32_t;

template <typename... Status>
constexpr Statuses In(Status... status) {
  return (0u | ... | (1u << status));
}

constexpr Statuses kNew = In(v1::CASE_STATUS_UNSPECIFIED);
constexpr Statuses kNotIssued = In(v1::SUBMITTED, v1::RETURNED, v1::SCOPE_OK, v1::AWAIT_CLEARANCE,
                                   v1::CLEARED, v1::DEFERRED, v1::QUOTA_RESERVED, v1::WAITLISTED);
constexpr Statuses kOnDocument = In(v1::STATUS_ISSUED, v1::PREPARING, v1::SUSPENDED);
constexpr Statuses kBeforeDeparture = kNotIssued | kOnDocument;
constexpr Statuses kOpen = kBeforeDeparture | In(v1::DEPARTED, v1::ARRIVED);
// Ends that a departure which nobody knew of may have come before.
constexpr Statuses kEndedEarly = In(v1::WITHDRAWN, v1::ANNULLED, v1::LAPSED);
constexpr Statuses kAfterOffer = kOpen & ~In(v1::SUBMITTED, v1::RETURNED, v1::SCOPE_OK);

// Whose step it is, besides being the holder's.
enum class Owner { kEntry, kDeparture, kEither };

// How a step stands to a hand-off that is offered and not answered.
enum class Offer {
  kNone,     // not while one waits for its answer
  kAnswers,  // it is the answer
  kAny,      // a person's will and what puts an end to the case wait for nothing
};

enum class Force {
  kAny,
  kInForce,     // only while the Agreement is in force (17)
  kTerminated,  // only after it has ended (17.4)
  kExpired,     // only after the document's last day (13.2)
};

enum class Course {
  kForward,  // towards the departure: waits until every pending notice is answered
  kPast,     // tells what has happened: waits only for the notices of its day and before, by its content
  kOther,
};

// The status after a step whose content decides it, or that leaves it as it is.
constexpr v1::CaseStatus kByContent = v1::CASE_STATUS_UNSPECIFIED;
constexpr v1::CaseStatus kStays = v1::CASE_STATUS_UNSPECIFIED;

struct Step {
  std::string_view id;
  std::string_view command;  // empty: no command alone, it follows from another
  Act::ActCase act;
  uint32_t number;  // of the hand-off
  Statuses from;
  Owner owner;
  v1::CaseStatus to;
  std::string_view rule;  // it rests on; of Arts. 1.1 and 13.1 without the Party (RuleOf)
  Offer offer = Offer::kNone;
  Course course = Course::kOther;
  Force force = Force::kAny;
};

using enum Owner;

// clang-format off
constexpr Step kSteps[] = {
    {"a1",  "file_petition",     Act::kPetitionFiled,     0, kNew,                      kEntry,     v1::SUBMITTED,       "4.1",  Offer::kNone, Course::kOther, Force::kInForce},
    {"a2",  "return_petition",   Act::kPetitionReturned,  0, In(v1::SUBMITTED),         kEntry,     v1::RETURNED,        "13.2"},
    {"a3",  "complete_petition", Act::kPetitionCompleted, 0, In(v1::RETURNED),          kEntry,     v1::SUBMITTED,       "13.2"},
    {"a4",  "confirm_scope",     Act::kScopeConfirmed,    0, In(v1::SUBMITTED),         kEntry,     v1::SCOPE_OK,        "1.1"},
    {"a5",  "refuse_scope",      Act::kScopeRefused,      0, In(v1::SUBMITTED,
                                                                v1::SCOPE_OK),          kEntry,     v1::REFUSED_SCOPE,   "1.1"},
    // Hand-off 1, E to D.
    {"a6",  "offer",             Act::kOffered,           1, In(v1::SCOPE_OK),          kEntry,     kStays,              "13.1", Offer::kNone, Course::kForward},
    {"a6",  "accept",            Act::kAccepted,          1, In(v1::SCOPE_OK),          kDeparture, v1::AWAIT_CLEARANCE, "13.1", Offer::kAnswers},
    {"a6",  "decline",           Act::kDeclined,          1, In(v1::SCOPE_OK),          kDeparture, kStays,              "13.1", Offer::kAnswers},
    {"a7",  "clear",             Act::kCleared,           0, In(v1::AWAIT_CLEARANCE),   kDeparture, v1::CLEARED,         "2.1",  Offer::kNone, Course::kForward},
    {"a8",  "defer",             Act::kDeferred,          0, In(v1::AWAIT_CLEARANCE,
                                                                v1::DEFERRED,
                                                                v1::CLEARED),           kDeparture, v1::DEFERRED,        "3.v"},
    {"a9",  "end_deferral",      Act::kDeferralEnded,     0, In(v1::DEFERRED),          kDeparture, kByContent,          "3.g"},
    {"a10", "exclude",           Act::kExcluded,          0, kAfterOffer &
                                                             kBeforeDeparture,          kEither,    kByContent,          "3.a"},
    // Hand-off 2, D to E.
    {"a11", "offer",             Act::kOffered,           2, In(v1::CLEARED),           kDeparture, kStays,              "13.1", Offer::kNone, Course::kForward},
    {"a11", "accept",            Act::kAccepted,          2, In(v1::CLEARED),           kEntry,     kStays,              "13.1", Offer::kAnswers, Course::kForward},
    {"a11", "decline",           Act::kDeclined,          2, In(v1::CLEARED),           kEntry,     kStays,              "13.1", Offer::kAnswers},
    {"a11", "reserve_place",     Act::kPlaceReserved,     0, In(v1::CLEARED,
                                                                v1::WAITLISTED),        kEntry,     v1::QUOTA_RESERVED,  "12.1", Offer::kNone, Course::kForward},
    {"a12", "",                  Act::kWaitlisted,        0, In(v1::CLEARED,
                                                                v1::QUOTA_RESERVED),    kEntry,     v1::WAITLISTED,      "12.1"},
    {"a14", "opt_out",           Act::kOptedOut,          0, In(v1::WAITLISTED),        kEntry,     v1::INDEPENDENT,     "12.2a"},
    {"a15", "issue_status",      Act::kStatusIssued,      0, In(v1::QUOTA_RESERVED),    kEntry,     v1::STATUS_ISSUED,   "4.1",  Offer::kNone, Course::kForward, Force::kInForce},
    // Hand-off 3, E to D.
    {"a16", "offer",             Act::kOffered,           3, In(v1::STATUS_ISSUED),     kEntry,     kStays,              "13.1", Offer::kNone, Course::kForward},
    {"a16", "accept",            Act::kAccepted,          3, In(v1::STATUS_ISSUED),     kDeparture, v1::PREPARING,       "13.1", Offer::kAnswers},
    {"a16", "decline",           Act::kDeclined,          3, In(v1::STATUS_ISSUED),     kDeparture, kStays,              "13.1", Offer::kAnswers},
    {"a17", "record_exit",       Act::kExitRecorded,      0, In(v1::PREPARING,
                                                                v1::SUSPENDED) |
                                                             kEndedEarly,               kDeparture, v1::DEPARTED,        "1.2",  Offer::kNone, Course::kPast},
    // Hand-off 4, D to E.
    {"a18", "offer",             Act::kOffered,           4, In(v1::DEPARTED),          kDeparture, kStays,              "13.1", Offer::kNone, Course::kForward},
    {"a18", "accept",            Act::kAccepted,          4, In(v1::DEPARTED),          kEntry,     v1::ARRIVED,         "13.1", Offer::kAnswers},
    {"a18", "decline",           Act::kDeclined,          4, In(v1::DEPARTED),          kEntry,     kStays,              "13.1", Offer::kAnswers},
    {"a19", "register_residence",Act::kResidenceRegistered,0,In(v1::ARRIVED),           kEntry,     v1::COMPLETED,       "2.4",  Offer::kNone, Course::kForward},
    {"a20", "suspend",           Act::kSuspended,         0, kOnDocument,               kEither,    v1::SUSPENDED,         "3.v"},
    {"a21", "resume",            Act::kResumed,           0, In(v1::SUSPENDED),         kEither,    kByContent,          "3.g"},
    {"a22", "withdraw",          Act::kWithdrawn,         0, kBeforeDeparture,          kEither,    v1::WITHDRAWN,       "1.3",  Offer::kAny},
    {"a23", "annul",             Act::kAnnulled,          0, kOpen,                     kEither,    v1::ANNULLED,        "2.1",  Offer::kAny},
    {"a24", "lapse",             Act::kLapsed,            0, kOnDocument,               kEither,    v1::LAPSED,          "13.2", Offer::kAny, Course::kOther, Force::kExpired},
    {"a25", "close_by_termination", Act::kClosedByTermination, 0, kNotIssued,           kEither,    v1::CLOSED_TERM,     "17.4", Offer::kAny, Course::kOther, Force::kTerminated},
    {"m1",  "remove_member",     Act::kMemberLeft,        0, kBeforeDeparture |
                                                             In(v1::ARRIVED),           kEither,    kStays,              "2.2"},
    {"n1",  "dismiss_notice",    Act::kNoticeDismissed,   0, kOpen,                     kEither,    kStays,              "step.notice", Offer::kAny},
};
// clang-format on

bool Includes(Statuses statuses, v1::CaseStatus status) { return (statuses & In(status)) != 0; }

std::string RuleOf(const Step& step, const v1::CaseState& state, v1::Party by) {
  if (step.rule == "1.1") return ScopeRule(state.entry_state());
  if (step.rule == "13.1") return BodyRule(by);
  return std::string(step.rule);
}

constexpr uint32_t kLastHandOff = 4;

// The hand-off an act is about; 0 for all but three kinds.
uint32_t NumberOf(const Act& act) {
  if (act.has_offered()) return act.offered().number();
  if (act.has_accepted()) return act.accepted().number();
  if (act.has_declined()) return act.declined().number();
  return 0;
}

bool IsHandOff(Act::ActCase act) {
  return act == Act::kOffered || act == Act::kAccepted || act == Act::kDeclined;
}

// nullptr for acts outside the chain and for numbers that no hand-off has.
const Step* FindStep(Act::ActCase act, uint32_t number) {
  const Step* step = std::find_if(std::begin(kSteps), std::end(kSteps),
                                  [&](const Step& s) { return s.act == act && s.number == number; });
  return step == std::end(kSteps) ? nullptr : step;
}

// ---------------------------------------------------------------- may this Party step now?

std::string StatusName(const v1::CaseState& state) { return v1::CaseStatus_Name(state.status()); }

std::optional<v1::Violation> CheckTurn(const v1::CaseState& state, const Step& step, v1::Party author) {
  if (state.status() == v1::CASE_STATUS_UNSPECIFIED) return std::nullopt;
  // 17.4: once the Agreement has ended, who has offered a case for clearance closes it without the
  // answer. An answer that crosses this is refused with it, and nothing is lost: none can lead to
  // a document any more.
  const bool own_offer = state.offered_hand_off() == 1 && author == state.entry_state();
  if (step.act == Act::kClosedByTermination && own_offer) return std::nullopt;
  if (author != state.holder()) return Violates("step.turn", "", v1::Party_Name(state.holder()));
  return std::nullopt;
}

std::optional<v1::Violation> CheckOwner(const v1::CaseState& state, const Step& step, v1::Party author) {
  if (state.status() == v1::CASE_STATUS_UNSPECIFIED) return std::nullopt;
  const v1::Party owner = step.owner == kEntry       ? state.entry_state()
                          : step.owner == kDeparture ? state.departure_state()
                                                     : author;
  if (author != owner) return Violates("step.turn", "", v1::Party_Name(owner));
  return std::nullopt;
}

std::optional<v1::Violation> CheckOffer(const v1::CaseState& state, const Step& step) {
  const uint32_t offered = state.offered_hand_off();
  const bool fits = step.offer == Offer::kAny || (step.offer == Offer::kNone && offered == 0) ||
                    (step.offer == Offer::kAnswers && offered == step.number);
  if (fits) return std::nullopt;
  return Violates("step.hand_off", "", absl::StrCat("offered:", offered));
}

std::optional<v1::Violation> CheckStatus(const v1::CaseState& state, const Step& step) {
  // a17: nobody prepares for a departure before hand-off 3.
  const bool not_prepared = step.act == Act::kExitRecorded && state.hand_offs_done() < kPrepares;
  if (Includes(step.from, state.status()) && !not_prepared) return std::nullopt;
  // In this status another hand-off is due.
  const bool other_number =
      IsHandOff(step.act) && std::any_of(std::begin(kSteps), std::end(kSteps), [&](const Step& s) {
        return s.act == step.act && Includes(s.from, state.status());
      });
  return Violates(other_number ? "step.hand_off" : "step.status", "", StatusName(state));
}

std::optional<v1::Violation> CheckForce(const v1::CaseState& state, const Step& step,
                                        const Context& context) {
  const bool in_force = InForce(context.treaty, context.today);
  // 17.4: what ends with the Agreement ends only when it has ended.
  if (step.force == Force::kTerminated && (in_force || context.today < kInForceSince)) {
    return Violates("17.4", "", context.treaty.terminates_on());
  }
  // 13.2: a document lapses when the validity that the protocol gave it has passed.
  if (step.force == Force::kExpired) {
    const auto valid_until = DateOf(state.document().valid_until());
    if (!valid_until || !IsBefore(*valid_until, state.entry_state(), context.today, context.author))
      return Violates("13.2", "", state.document().valid_until());
  }
  if (step.force != Force::kInForce || in_force) return std::nullopt;
  // 17.2: in force from the exchange of instruments.
  if (context.today < kInForceSince) return Violates("17.2", "", FormatDate(context.today));
  // 17.4: no petition and no document after the end.
  return Violates("17.4", "", context.treaty.terminates_on());
}

// What the pending notices leave to the holder.
std::optional<v1::Violation> CheckNotices(const v1::CaseState& state, const Step& step, v1::Party author,
                                          const Context& context) {
  if (step.course == Course::kPast) return std::nullopt;
  bool will = false;       // the head's will waits for effect
  bool annulment = false;  // an annulment was reported or decided
  const v1::PendingNotice* blocking = nullptr;
  for (const v1::PendingNotice& pending : state.notices()) {
    annulment |= pending.notice().kind() == v1::Notice::ANNULMENT;
    if (context.of_counterpart && pending.from() != author) continue;
    // A member who changes its mind leaves the case; the head's case goes on.
    const std::string& person = pending.notice().person_id();
    will |= pending.notice().kind() == v1::Notice::WITHDRAWAL && (person.empty() || person == kHead);
    blocking = &pending;
  }
  const bool ordered = MustGiveEffectToAnnulment(state, author, context.of_counterpart);
  const bool annuls = step.act == Act::kAnnulled;
  const bool withdraws = step.act == Act::kWithdrawn;
  if (step.act == Act::kNoticeDismissed && !MayDismissAny(state, author)) return Violates("step.notice");
  // 4.1: the departure state has no decision of its own on status.
  if (annuls && author == state.departure_state() && !ordered) return Violates("step.ground", "", "decision");
  // 2.1: the person's will comes before everything but an annulment.
  if (will && !withdraws && !(annuls && annulment)) return Violates("step.notice", "", "WITHDRAWAL");
  if (ordered && !context.of_counterpart && !annuls && !(will && withdraws)) {
    return Violates("step.notice", "", "ANNULMENT");
  }
  if (blocking != nullptr && step.course == Course::kForward) {
    return Violates("step.notice", "", v1::Notice::Kind_Name(blocking->notice().kind()));
  }
  return std::nullopt;
}

// The first part of Admit, shared with AllowedActions: turn, offer, status,
// treaty in force, notices.
std::optional<v1::Violation> CheckStep(const v1::CaseState& state, const Step& step, v1::Party author,
                                       const Context& context) {
  // 1.2: a departure before the end is a use of the Agreement, whenever it becomes known.
  const bool known_late = step.act == Act::kExitRecorded && MayHaveDeparted(state);
  if (IsClosed(state.status()) && !known_late) return Violates("step.closed", "", StatusName(state));
  if (auto violation = CheckTurn(state, step, author)) return violation;
  if (auto violation = CheckOffer(state, step)) return violation;
  if (auto violation = CheckStatus(state, step)) return violation;
  if (auto violation = CheckOwner(state, step, author)) return violation;
  if (auto violation = CheckForce(state, step, context)) return violation;
  return CheckNotices(state, step, author, context);
}

// ---------------------------------------------------------------- hand-offs

v1::CaseOpening OpeningOf(const v1::CaseState& state) {
  v1::CaseOpening opening;
  *opening.mutable_petition() = state.petition();
  *opening.mutable_scope_finding() = state.scope_finding();
  *opening.mutable_family() = state.family();
  return opening;
}

// The state that hand-off 1 stands for: by its opening alone, so that both
// sides hold the same. Notices are outside the chain and stay.
v1::CaseState Opened(const v1::CaseState& before, const v1::CaseOpening& opening) {
  v1::CaseState state;
  state.set_case_id(before.case_id());
  ApplyPetition(state, opening.petition());
  *state.mutable_scope_finding() = opening.scope_finding();
  *state.mutable_family() = opening.family();
  *state.mutable_notices() = before.notices();
  *state.mutable_reported() = before.reported();
  state.set_status(v1::SCOPE_OK);
  return state;
}

// Which hand-off a command means that names none is found here and not by who sends it: a request
// must not depend on where the case stands, or sent again it would be another.
uint32_t NextHandOff(const v1::CaseState& state) {
  // After the last one nothing is offered, and the status says so.
  return std::min(state.hand_offs_done() + 1, kLastHandOff);
}

uint32_t OfferedHandOff(const v1::CaseState& state) {
  // Where none is offered, that is said of the next one.
  return state.offered_hand_off() == 0 ? NextHandOff(state) : state.offered_hand_off();
}

v1::HandOff FillHandOff(v1::HandOff offer, const v1::CaseState& state, const Context& context) {
  if (offer.number() == 0) offer.set_number(NextHandOff(state));
  offer.set_answer_due(FormatDate(context.today + context.protocol.answer_days()));
  offer.clear_opening();
  if (offer.number() == 1) *offer.mutable_opening() = OpeningOf(state);
  return offer;
}

std::optional<v1::Violation> AdmitOpening(const v1::CaseState& state, const v1::CaseOpening& opening,
                                          const Context& context) {
  // Who offers the case is the state of entry in it.
  if (opening.petition().entry_state() != context.author) {
    return Violates("step.turn", "", v1::Party_Name(opening.petition().entry_state()));
  }
  if (state.status() != v1::CASE_STATUS_UNSPECIFIED &&
      opening.SerializeAsString() != OpeningOf(state).SerializeAsString()) {
    return Violates("step.ground", "", "opening");
  }
  // Scope is judged again: what is told must bear what was found.
  const v1::CaseState opened = Opened(state, opening);
  const std::vector<v1::Violation> breaches = ScopeBreaches(opened, opening.scope_finding(), context);
  if (!breaches.empty()) return breaches.front();
  // 3.zh: a member found in compulsory service is not in the case.
  for (const std::string& id : opening.scope_finding().conscript_person_ids()) {
    if (IsIncluded(opened, id)) return Violates("3.zh", id);
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitOffered(const v1::CaseState& state, const v1::HandOff& act,
                                          const Context& context) {
  // 13.2: the answer is due when the protocol says.
  if (act.answer_due() != FormatDate(context.today + context.protocol.answer_days())) {
    return Violates("13.2", "", act.answer_due());
  }
  if (act.has_opening() != (act.number() == 1))
    return Violates("step.hand_off", "", absl::StrCat(act.number()));
  if (act.number() == 1) return AdmitOpening(state, act.opening(), context);
  return std::nullopt;
}

// 13.2: how long the departure state has for a7 to a10. Empty for the other hand-offs.
std::string ClearanceDue(const v1::Acceptance& act, const Context& context) {
  if (act.number() != 1) return "";
  return FormatDate(AddWorkingDays(context.today, context.protocol.clearance_working_days(), context.author,
                                   context.protocol));
}

v1::Acceptance FillAcceptance(v1::Acceptance acceptance, const v1::CaseState& state, const Context& context) {
  if (acceptance.number() == 0) acceptance.set_number(OfferedHandOff(state));
  acceptance.set_clearance_due(ClearanceDue(acceptance, context));
  return acceptance;
}

std::optional<v1::Violation> AdmitAccepted(const v1::CaseState& state, const v1::Acceptance& act,
                                           const Context& context) {
  if (act.clearance_due() != ClearanceDue(act, context)) return Violates("13.2", "", act.clearance_due());
  // 1.2: the departure state answers for its own register too.
  if (act.number() == 1) return ClaimTaken(state, context);
  return std::nullopt;
}

v1::Decline FillDecline(v1::Decline decline, const v1::CaseState& state) {
  if (decline.number() == 0) decline.set_number(OfferedHandOff(state));
  return decline;
}

std::optional<v1::Violation> AdmitDeclined(const v1::CaseState& state, const v1::Decline& act) {
  // a4, a5: hand-off 1 asks for the scope. What Article 3 says of a person is found once the case
  // is taken: it defers or excludes, and tells until when.
  const bool of_scope =
      act.number() == 1 &&
      (act.rule() == ScopeRule(state.entry_state()) || act.rule() == "1.2" || act.rule() == "1.3" ||
       act.rule() == "2.1" || act.rule() == "2.2" || act.rule() == "3.zh" || act.rule() == "12.2b");
  // 13.2: any may not be as the protocol has it. Neither Party declines what the other decides: a
  // clearance, a document, a departure.
  if (!of_scope && act.rule() != "13.2") return Violates("step.decline", act.person_id(), act.rule());
  if (act.person_id().empty()) return std::nullopt;
  return MustBeIncluded(state, act.person_id());
}

void ApplyOffered(v1::CaseState& state, const v1::HandOff& act) {
  if (act.number() == 1) state = Opened(state, act.opening());
  state.set_offered_hand_off(act.number());
  state.set_answer_due(act.answer_due());
  state.set_holder(Other(state.holder()));
}

void ApplyAccepted(v1::CaseState& state, const v1::Acceptance& act, const Recorded& recorded) {
  state.clear_offered_hand_off();
  state.clear_declined_under();
  state.clear_declined_person();
  state.set_hand_offs_done(act.number());
  if (act.number() == 1) state.set_answer_due(act.clearance_due());
  // From here on the case asks for a place; what it loses it asks for again
  // without losing its position.
  if (act.number() != 2) return;
  state.set_waiting_since_us(recorded.at_us);
  state.set_queued_at(recorded.index);
}

void ApplyDeclined(v1::CaseState& state, const v1::Decline& act) {
  state.set_declined_under(act.rule());
  state.set_declined_person(act.person_id());
  state.clear_offered_hand_off();
  state.set_holder(Other(state.holder()));
}

// The state has just become suspended, or is so no longer.
void NoteSuspension(v1::CaseState& state, const Recorded& recorded) {
  auto& suspensions = *state.mutable_suspensions();
  if (state.status() != v1::SUSPENDED) {
    v1::Suspension& ended = suspensions[suspensions.size() - 1];
    ended.set_until(recorded.happened_on);
    ended.set_until_by(recorded.author);
    // Of one day, and therefore no day on which nobody could depart.
    if (ended.from() == ended.until()) suspensions.RemoveLast();
    return;
  }
  v1::Suspension* begun = suspensions.empty() || suspensions.rbegin()->until() != recorded.happened_on
                              ? suspensions.Add()
                              : &suspensions[suspensions.size() - 1];
  if (begun->until().empty()) {
    begun->set_from(recorded.happened_on);
    begun->set_from_by(recorded.author);
  }
  begun->clear_until();
  begun->clear_until_by();
}

// ---------------------------------------------------------------- content

// The second part of Admit: what each step asks of its content.
std::optional<v1::Violation> CheckContent(const v1::CaseState& state, const Act& act,
                                          const Context& context) {
  switch (act.act_case()) {
    case Act::kPetitionFiled:
      return AdmitFiled(state, act.petition_filed(), context);
    case Act::kPetitionCompleted:
      return AdmitCompleted(state, act.petition_completed(), context);
    case Act::kScopeConfirmed:
      return AdmitScopeConfirmed(state, act.scope_confirmed(), context);
    case Act::kScopeRefused:
      return AdmitScopeRefused(state, act.scope_refused(), context);
    case Act::kOffered:
      return AdmitOffered(state, act.offered(), context);
    case Act::kAccepted:
      return AdmitAccepted(state, act.accepted(), context);
    case Act::kDeclined:
      return AdmitDeclined(state, act.declined());
    case Act::kCleared:
      return AdmitCleared(state, act.cleared());
    case Act::kDeferred:
      return AdmitDeferred(state, act.deferred(), context);
    case Act::kDeferralEnded:
      return AdmitEnded(state, act.deferral_ended(), context);
    case Act::kExcluded:
      return AdmitExcluded(state, act.excluded(), context);
    case Act::kPlaceReserved:
      return AdmitReserved(state, act.place_reserved(), context);
    case Act::kWaitlisted:
      return AdmitWaitlisted(state, act.waitlisted(), context);
    case Act::kStatusIssued:
      return AdmitIssued(state, act.status_issued(), context);
    case Act::kDocumentReissued:
      return AdmitReissued(state, act.document_reissued(), context);
    case Act::kExitRecorded:
      return AdmitExit(state, act.exit_recorded(), context);
    case Act::kResidenceRegistered:
      return AdmitResidence(state, act.residence_registered());
    case Act::kSuspended:
      return AdmitSuspended(state, act.suspended(), context);
    case Act::kResumed:
      return AdmitEnded(state, act.resumed(), context);
    case Act::kWithdrawn:
      return AdmitWithdrawn(state, act.withdrawn());
    case Act::kAnnulled:
      return AdmitAnnulled(state, act.annulled(), context);
    case Act::kLapsed:
      return AdmitLapsed(state, act.lapsed());
    case Act::kClosedByTermination:
      return AdmitClosedByTermination(act.closed_by_termination(), context);
    case Act::kMemberLeft:
      return AdmitMemberLeft(state, act.member_left(), context);
    case Act::kNoticeGiven:
      return AdmitNotice(state, act.notice_given(), context.author);
    case Act::kNoticeDismissed:
      return AdmitDismissed(state, act.notice_dismissed(), context);
    case Act::kAnswerOverdue:
      return AdmitOverdue(state, act.answer_overdue(), context);
    // Nothing in them to check.
    case Act::kPetitionReturned:
    case Act::kOptedOut:
      return std::nullopt;
    case Act::ACT_NOT_SET:
      break;
  }
  return Violates("exchange.format", "", "case_act");
}

// What an act changes besides the status of its step.
void ApplyContent(v1::CaseState& state, const Act& act, const Recorded& recorded) {
  switch (act.act_case()) {
    case Act::kPetitionFiled:
      return ApplyPetition(state, act.petition_filed());
    case Act::kPetitionReturned:
      *state.mutable_missing() = act.petition_returned().missing();
      return;
    case Act::kPetitionCompleted:
      return ApplyPetition(state, act.petition_completed());
    case Act::kScopeConfirmed:
      return ApplyScopeConfirmed(state, act.scope_confirmed());
    case Act::kScopeRefused:
      return Close(state, v1::REFUSED_SCOPE, act.scope_refused().rule());
    case Act::kOffered:
      return ApplyOffered(state, act.offered());
    case Act::kAccepted:
      return ApplyAccepted(state, act.accepted(), recorded);
    case Act::kDeclined:
      return ApplyDeclined(state, act.declined());
    case Act::kDeferred:
      // 13.2: decided; from here on the review date counts.
      state.clear_answer_due();
      return ApplyDeferred(state, act.deferred());
    case Act::kDeferralEnded:
      return RemoveObstacle(state, act.deferral_ended().rule(), act.deferral_ended().person_id());
    case Act::kExcluded:
      return ApplyExcluded(state, act.excluded());
    case Act::kPlaceReserved:
      return ApplyReserved(state, act.place_reserved(), recorded.index);
    case Act::kWaitlisted:
      return ApplyWaitlisted(state, act.waitlisted());
    case Act::kOptedOut:
      return Close(state, v1::INDEPENDENT, "12.2a");
    case Act::kStatusIssued:
      *state.mutable_document() = act.status_issued();
      return;
    case Act::kExitRecorded:
      state.set_crossed_on(act.exit_recorded().crossed_on());
      state.clear_ended_on();
      state.clear_ended_by();
      state.clear_obstacles();
      state.clear_suspended_from();
      // Art. 3: matters no more.
      state.clear_reported();
      return;
    case Act::kSuspended:
      NoteReported(state, act.suspended().rule(), act.suspended().person_id(), recorded.author);
      return ApplySuspended(state, act.suspended());
    case Act::kResumed:
      return RemoveObstacle(state, act.resumed().rule(), act.resumed().person_id());
    case Act::kWithdrawn:
      return ApplyWithdrawn(state, act.withdrawn(), recorded);
    case Act::kAnnulled:
      return ApplyAnnulled(state, act.annulled(), recorded);
    case Act::kLapsed:
      return Close(state, v1::LAPSED, "13.2");
    case Act::kClosedByTermination:
      return Close(state, v1::CLOSED_TERM, "17.4");
    case Act::kMemberLeft:
      return ApplyMemberLeft(state, act.member_left(), recorded);
    // The status says it all, or nothing changes.
    case Act::kCleared:
      return state.clear_answer_due();
    case Act::kResidenceRegistered:
    case Act::kNoticeDismissed:
    // Outside the chain.
    case Act::kDocumentReissued:
    case Act::kNoticeGiven:
    case Act::kAnswerOverdue:
    case Act::ACT_NOT_SET:
      return;
  }
}

// ---------------------------------------------------------------- from command to act

// The act that a command asks for, with the fields filled that the service
// fills. Total: whether the act may be made is asked afterwards.
Act Fill(const v1::CaseState& state, const v1::CaseCommand& command, const Context& context) {
  Act act;
  switch (command.command_case()) {
    case v1::CaseCommand::kFilePetition:
      *act.mutable_petition_filed() = WithPersonIds(command.file_petition());
      break;
    case v1::CaseCommand::kReturnPetition:
      *act.mutable_petition_returned() = command.return_petition();
      break;
    case v1::CaseCommand::kCompletePetition:
      *act.mutable_petition_completed() = WithPersonIds(command.complete_petition());
      break;
    case v1::CaseCommand::kConfirmScope:
      *act.mutable_scope_confirmed() = command.confirm_scope();
      break;
    case v1::CaseCommand::kRefuseScope:
      *act.mutable_scope_refused() = command.refuse_scope();
      break;
    case v1::CaseCommand::kOffer:
      *act.mutable_offered() = FillHandOff(command.offer(), state, context);
      break;
    case v1::CaseCommand::kAccept:
      *act.mutable_accepted() = FillAcceptance(command.accept(), state, context);
      break;
    case v1::CaseCommand::kDecline:
      *act.mutable_declined() = FillDecline(command.decline(), state);
      break;
    case v1::CaseCommand::kClear:
      *act.mutable_cleared() = command.clear();
      break;
    case v1::CaseCommand::kDefer:
      *act.mutable_deferred() = command.defer();
      break;
    case v1::CaseCommand::kEndDeferral:
      *act.mutable_deferral_ended() = command.end_deferral();
      break;
    case v1::CaseCommand::kExclude:
      *act.mutable_excluded() = command.exclude();
      break;
    case v1::CaseCommand::kReservePlace:
      act.mutable_place_reserved()->set_year(static_cast<int>(context.today.year()));
      act.mutable_place_reserved()->set_places(PlacesNeeded(state, context.protocol));
      break;
    case v1::CaseCommand::kOptOut:
      act.mutable_opted_out();
      break;
    case v1::CaseCommand::kIssueStatus:
      *act.mutable_status_issued() = FillDocument(command.issue_status(), context);
      break;
    case v1::CaseCommand::kReissueDocument:
      *act.mutable_document_reissued() = command.reissue_document();
      act.mutable_document_reissued()->set_reissued_on(FormatDate(context.today));
      break;
    case v1::CaseCommand::kRecordExit:
      *act.mutable_exit_recorded() = command.record_exit();
      break;
    case v1::CaseCommand::kRegisterResidence:
      *act.mutable_residence_registered() = command.register_residence();
      break;
    case v1::CaseCommand::kSuspend:
      *act.mutable_suspended() = command.suspend();
      break;
    case v1::CaseCommand::kResume:
      *act.mutable_resumed() = command.resume();
      break;
    case v1::CaseCommand::kWithdraw:
      *act.mutable_withdrawn() = command.withdraw();
      break;
    case v1::CaseCommand::kAnnul:
      *act.mutable_annulled() = command.annul();
      break;
    case v1::CaseCommand::kLapse:
      act.mutable_lapsed()->set_valid_until(state.document().valid_until());
      break;
    case v1::CaseCommand::kCloseByTermination:
      act.mutable_closed_by_termination()->set_terminated_on(context.treaty.terminates_on());
      break;
    case v1::CaseCommand::kRemoveMember:
      *act.mutable_member_left() = command.remove_member();
      break;
    case v1::CaseCommand::kGiveNotice:
      *act.mutable_notice_given() = command.give_notice();
      break;
    case v1::CaseCommand::kDismissNotice:
      *act.mutable_notice_dismissed() = command.dismiss_notice();
      break;
    case v1::CaseCommand::COMMAND_NOT_SET:
      break;
  }
  return act;
}

// Everything that can be asked before the form and content of an act.
std::optional<v1::Violation> CheckCourse(const v1::CaseState& state, const Act& act, const Context& context) {
  if (auto violation = CheckDay(context)) return violation;
  if (IsOutsideChain(act)) return std::nullopt;
  if (auto violation = CheckFollows(state.happened_on(), state.acted_by(), context)) return violation;
  const Step* step = FindStep(act.act_case(), NumberOf(act));
  if (step == nullptr) return Violates("step.hand_off", "", absl::StrCat(NumberOf(act)));
  // The counterpart learns of a case by hand-off 1.
  if (act.has_offered() && act.offered().number() == 1 && state.status() == v1::CASE_STATUS_UNSPECIFIED) {
    return std::nullopt;
  }
  return CheckStep(state, *step, context.author, context);
}

}  // namespace

// ---------------------------------------------------------------- Judge, Admit, Apply

CaseVerdict Judge(const v1::CaseState& state, const v1::CaseCommand& command, const Context& context) {
  if (state.status() == v1::CASE_STATUS_UNSPECIFIED && !command.has_file_petition()) {
    return Violates("step.status", "", StatusName(state));
  }
  if (command.has_give_notice()) {
    if (auto violation = MayGiveNotice(state, command.give_notice(), context.author)) return *violation;
  }
  Act act = Fill(state, command, context);
  if (auto violation = CheckCourse(state, act, context)) return *violation;
  if (command.has_reserve_place()) {
    // It may have to queue instead.
    std::variant<Act, v1::Violation> taken = TakePlace(state, context);
    if (const auto* violation = std::get_if<v1::Violation>(&taken)) return *violation;
    act = std::get<Act>(std::move(taken));
  }
  if (auto violation = Admit(state, act, context)) return *violation;
  std::vector<Act> acts = {std::move(act)};
  if (acts.front().accepted().number() == 2) {
    // a11, a12: who takes the case back at once gives it a place or a position.
    const v1::CaseState accepted =
        Apply(state, acts.front(), {context.author, FormatDate(context.happened_on), "", 0});
    v1::CaseCommand reserve;
    reserve.mutable_reserve_place();
    CaseVerdict place = Judge(accepted, reserve, context);
    if (const auto* violation = std::get_if<v1::Violation>(&place)) return *violation;
    acts.push_back(std::get<std::vector<Act>>(std::move(place)).front());
  }
  return acts;
}

std::optional<v1::Violation> Admit(const v1::CaseState& state, const v1::CaseAct& act,
                                   const Context& context) {
  if (act.act_case() == Act::ACT_NOT_SET) return Violates("exchange.format", "", "case_act");
  if (auto violation = CheckCourse(state, act, context)) return violation;
  if (auto violation = Malformed(CheckForm(act, context.happened_on))) return violation;
  return CheckContent(state, act, context);
}

v1::CaseState Apply(v1::CaseState state, const v1::CaseAct& act, const Recorded& recorded) {
  // The same document as before; and time alone moves nothing.
  if (act.has_document_reissued() || act.has_answer_overdue()) return state;
  if (act.has_notice_given()) {
    v1::PendingNotice notice;
    notice.set_entry_id(recorded.entry_id);
    notice.set_from(recorded.author);
    *notice.mutable_notice() = act.notice_given();
    notice.set_happened_on(recorded.happened_on);
    NoteReported(state, act.notice_given().rule(), act.notice_given().person_id(), recorded.author);
    AddNotice(state, std::move(notice));
    return state;
  }
  const bool was_suspended = state.status() == v1::SUSPENDED;
  const bool was_closed = IsClosed(state.status());
  ApplyContent(state, act, recorded);
  const Step* step = FindStep(act.act_case(), NumberOf(act));
  // A notice that was refused at the end must not come to life again: what becomes known later
  // opens no case.
  if (step != nullptr && step->to != kStays && !was_closed) state.set_status(step->to);
  if (was_suspended != (state.status() == v1::SUSPENDED)) NoteSuspension(state, recorded);
  DropNotice(state, AnsweredNotice(act));
  DropInadmissibleNotices(state);
  state.set_head_entry_id(recorded.entry_id);
  SetHappened(state, recorded.happened_on, recorded.author);
  return state;
}

bool IsOpening(const v1::CaseAct& act) { return act.offered().number() == 1; }

bool IsOutsideChain(const v1::CaseAct& act) {
  return act.has_notice_given() || act.has_answer_overdue() || act.has_document_reissued();
}

bool IsIrreversible(const v1::CaseAct& act) { return act.has_status_issued() || act.has_exit_recorded(); }

bool IsAddressed(const v1::CaseState& state_before, const v1::CaseAct& act) {
  return act.has_offered() || IsKnownToBoth(state_before);
}

bool IsClosed(v1::CaseStatus status) {
  return status != v1::CASE_STATUS_UNSPECIFIED && !Includes(kOpen, status);
}

std::string DueOn(const v1::CaseState& state) {
  const bool open = state.offered_hand_off() != 0 || state.status() == v1::AWAIT_CLEARANCE;
  return open ? state.answer_due() : "";
}

std::vector<const v1::Person*> IncludedPersons(const v1::CaseState& state) {
  std::vector<const v1::Person*> persons = {&state.petition().head()};
  for (const v1::FamilyMember& member : state.petition().family()) {
    if (IsIncluded(state, member.person().person_id())) persons.push_back(&member.person());
  }
  return persons;
}

namespace {

Claim ClaimIn(const v1::CaseState& state) {
  // 1.2: used up by the departure, also when the status is annulled later; not by a resettlement
  // to which the head was compelled (1.3). A compelled member is no more among the persons.
  if (!state.crossed_on().empty()) return state.closing_rule() == "1.3" ? Claim::kFree : Claim::kConsumed;
  if (Includes(kOnDocument, state.status())) return Claim::kClaimed;
  return Includes(kNotIssued, state.status()) ? Claim::kReserved : Claim::kFree;
}

}  // namespace

Effects EffectsOf(const v1::CaseState& state, v1::Party self) {
  Effects effects;
  const bool knows = self == state.entry_state() || state.hand_offs_done() >= 1;
  if (knows) effects.claim = ClaimIn(state);
  if (effects.claim != Claim::kFree) effects.persons = IncludedPersons(state);
  effects.waiting = state.status() == v1::WAITLISTED;
  if (!state.has_place()) return effects;
  effects.year = state.place().year();
  (state.status() == v1::QUOTA_RESERVED ? effects.reserved : effects.used) = state.place().places();
  return effects;
}

std::string AnsweredNotice(const Act& act) {
  switch (act.act_case()) {
    case Act::kDeferred:
      return act.deferred().resolves_notice();
    case Act::kDeferralEnded:
      return act.deferral_ended().resolves_notice();
    case Act::kExcluded:
      return act.excluded().resolves_notice();
    case Act::kSuspended:
      return act.suspended().resolves_notice();
    case Act::kResumed:
      return act.resumed().resolves_notice();
    case Act::kWithdrawn:
      return act.withdrawn().resolves_notice();
    case Act::kAnnulled:
      return act.annulled().resolves_notice();
    case Act::kNoticeDismissed:
      return act.notice_dismissed().resolves_notice();
    // No default: a new act says here whether it answers a notice.
    case Act::kPetitionFiled:
    case Act::kPetitionReturned:
    case Act::kPetitionCompleted:
    case Act::kScopeConfirmed:
    case Act::kScopeRefused:
    case Act::kOffered:
    case Act::kAccepted:
    case Act::kDeclined:
    case Act::kCleared:
    case Act::kPlaceReserved:
    case Act::kOptedOut:
    case Act::kStatusIssued:
    case Act::kDocumentReissued:
    case Act::kExitRecorded:
    case Act::kResidenceRegistered:
    case Act::kLapsed:
    case Act::kClosedByTermination:
    case Act::kMemberLeft:
    case Act::kNoticeGiven:
    case Act::kWaitlisted:
    case Act::kAnswerOverdue:
    case Act::ACT_NOT_SET:
      return "";
  }
  return "";
}

namespace {

// 12.1: a case that waits already can but go on waiting while no place is free for it.
bool WaitsOn(const v1::CaseState& state, const Context& own) {
  return state.status() == v1::WAITLISTED && std::holds_alternative<v1::Violation>(TakePlace(state, own));
}

}  // namespace

std::vector<v1::AllowedAction> AllowedActions(const v1::CaseState& state, const Context& context) {
  std::vector<v1::AllowedAction> actions;
  const auto allow = [&](std::string_view action, v1::Party by, std::string_view rule) {
    v1::AllowedAction& allowed = actions.emplace_back();
    allowed.set_action(std::string(action));
    allowed.set_by(by);
    allowed.set_rule(std::string(rule));
  };
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    Context own = context;
    own.author = party;
    own.of_counterpart = false;
    for (const Step& step : kSteps) {
      if (step.command.empty() || CheckStep(state, step, party, context)) continue;
      if (step.act == Act::kPlaceReserved && WaitsOn(state, own)) continue;
      allow(step.command, party, RuleOf(step, state, party));
    }
    // Only an annulment can be told to the very end, and also by a departure
    // state that holds the case.
    v1::Notice notice;
    notice.set_kind(v1::Notice::ANNULMENT);
    notice.set_rule("2.1");
    if (!MayGiveNotice(state, notice, party) && !AdmitNotice(state, notice, party))
      allow("give_notice", party, "1.3");
    if (!MayReissue(state, own)) allow("reissue_document", party, "4.1");
  }
  return actions;
}

}  // namespace kelisim::treaty
