#include <algorithm>

#include "absl/strings/str_cat.h"
#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/procedure.h"

// Disputes on application and interpretation (Art. 16, procedure c). The raising body
// opens; nothing but a step of the Parties ends a dispute: time alone never does.

namespace kelisim::treaty {
namespace {

using S = v1::DisputeStep;
using State = v1::MatterState;

bool PassedSince(const std::string& date, uint32_t days, const Context& context) {
  const std::optional<absl::CivilDay> since = DateOf(date);
  return since && context.today > *since + days;
}

std::optional<v1::Violation> CheckNotice(const v1::DisputeNotice& notice) {
  // 16.1: disputes are between the Parties; a person's complaint takes another way.
  if (notice.raised_by() != v1::RAISED_BY_AUTHORISED_BODY) {
    return Violates("16.1", "", v1::DisputeRaiser_Name(notice.raised_by()));
  }
  return std::nullopt;
}

// 16.1: the bodies could not settle it, and there is a record of that.
std::optional<v1::Violation> CheckNotSettled(const State& state, const v1::NonSettlement& record,
                                             const Context& context) {
  const v1::DisputeFacts& facts = state.dispute();
  const auto consulted = [&](const v1::DisputeConsultation& held) {
    return held.minutes_sha256() == record.minutes_sha256();
  };
  bool holds = false;
  switch (record.ground()) {
    case v1::NonSettlement::JOINT_RECORD:
      holds = std::any_of(facts.consultations().begin(), facts.consultations().end(), consulted);
      break;
    case v1::NonSettlement::CONSULTATIONS_FAILED:
      holds = PassedSince(facts.received_on(), context.protocol.dispute_consultation_days(), context);
      break;
    case v1::NonSettlement::SILENCE:
      // Silence begins when there was something to answer, whatever day the notice bears.
      holds = facts.received_on().empty() && PassedSince(std::max(facts.notice().dated(), state.opened_on()),
                                                         context.protocol.dispute_answer_days(), context);
      break;
    default:
      break;
  }
  if (holds) return std::nullopt;
  return Violates("16.1", "", v1::NonSettlement::Ground_Name(record.ground()));
}

// Both sign the same bytes, one after the other.
std::optional<v1::Violation> CheckSecondSignature(const State& state, const v1::DisputeText& text,
                                                  const Context& context) {
  const v1::DisputeFacts& facts = state.dispute();
  if (!facts.has_proposed() || facts.proposed_by() == context.author) {
    return Violates("step.signature", "", "proposed_by");
  }
  if (facts.proposed().sha256() != text.sha256()) return Violates("step.signature", "", "sha256");
  return std::nullopt;
}

std::optional<v1::Violation> Check(const State& state, const v1::MatterStep& step, const Context& context) {
  const S& made = step.dispute();
  switch (made.step_case()) {
    case S::kDraftNotice:
      return CheckNotice(made.draft_notice());
    case S::kNotify:
      return CheckNotice(made.notify());
    case S::kReceive: {
      const auto received_on = DateOf(made.receive().received_on());
      const auto opened_on = DateOf(state.opened_on());
      if (received_on && opened_on && IsBefore(*received_on, context.author, *opened_on, state.opened_by()))
        return Violates("step.date", "", made.receive().received_on());
      return std::nullopt;
    }
    case S::kStateNotSettled:
      return CheckNotSettled(state, made.state_not_settled(), context);
    case S::kSignSettlement:
      return CheckSecondSignature(state, made.sign_settlement(), context);
    case S::kSignOutcome:
      return CheckSecondSignature(state, made.sign_outcome(), context);
    case S::kReceiveNote: {
      // 16.1: what was received is what was sent.
      const std::string& sent = state.dispute().notes().rbegin()->note_number();
      if (made.receive_note().note_number() == sent) return std::nullopt;
      return Violates("step.document", "", "note_number");
    }
    default:
      return std::nullopt;
  }
}

void Propose(v1::DisputeFacts& facts, const v1::DisputeText& text, v1::Party author) {
  *facts.mutable_proposed() = text;
  facts.set_proposed_by(author);
}

// Either Party may link while a link of the other one is on its way: in order of names,
// each once, both hold the same.
void Link(google::protobuf::RepeatedPtrField<std::string>& links, const std::string& linked) {
  const auto at = std::lower_bound(links.begin(), links.end(), linked);
  if (at != links.end() && *at == linked) return;
  const auto place = at - links.begin();
  *links.Add() = linked;
  std::rotate(links.begin() + place, links.end() - 1, links.end());
}

void Fold(State& state, const v1::MatterStep& step, v1::Party author) {
  const S& made = step.dispute();
  v1::DisputeFacts& facts = *state.mutable_dispute();
  switch (made.step_case()) {
    case S::kReceive:
      facts.set_received_on(made.receive().received_on());
      break;
    case S::kConsult:
      *facts.add_consultations() = made.consult();
      break;
    case S::kProposeSettlement:
      Propose(facts, made.propose_settlement(), author);
      break;
    case S::kProposeOutcome:
      Propose(facts, made.propose_outcome(), author);
      break;
    case S::kSignSettlement:
      *facts.mutable_agreed() = made.sign_settlement();
      break;
    case S::kSignOutcome:
      *facts.mutable_agreed() = made.sign_outcome();
      break;
    case S::kStateNotSettled:
      *facts.mutable_non_settlement() = made.state_not_settled();
      // A text of the first tier does not bind the second.
      facts.clear_proposed();
      facts.clear_proposed_by();
      break;
    case S::kRefer:
      facts.set_referred_by(author);
      break;
    case S::kSendNote:
      *facts.add_notes() = made.send_note();
      break;
    case S::kReceiveNote:
      *facts.add_notes() = made.receive_note();
      break;
    case S::kHoldRound:
      *facts.add_rounds() = made.hold_round();
      break;
    case S::kProposeAmendment:
      *facts.mutable_amendment() = made.propose_amendment();
      break;
    case S::kLink:
      Link(*facts.mutable_links(), made.link().linked());
      break;
    default:
      break;
  }
}

v1::Party Holder(const State& state) {
  switch (state.status()) {
    case v1::DISPUTE_DRAFT:
      return OpenerOf(state);
    case v1::DISPUTE_NOTIFIED:
    case v1::DISPUTE_RECEIVED:
      return OtherOf(state);
    case v1::DISPUTE_REFERRED:
      return state.dispute().referred_by();
    case v1::DISPUTE_NOTE_SENT:
      return Other(state.dispute().referred_by());
    default:
      return v1::PARTY_UNSPECIFIED;
  }
}

}  // namespace

const Procedure& DisputeProcedure() {
  using Statuses = std::vector<v1::MatterStatus>;
  const Statuses tier_1 = {v1::DISPUTE_RECEIVED, v1::DISPUTE_ANSWERED, v1::DISPUTE_CONSULTING};
  const Statuses tier_2 = {v1::DISPUTE_NOTE_RECEIVED, v1::DISPUTE_DIPLOMATIC_CONSULTATIONS,
                           v1::DISPUTE_AMENDMENT_PROPOSED};
  static const auto* const procedure = new Procedure{
      "disputes",
      S::kDraftNotice,
      S::kNotify,
      {
          {S::kDraftNotice, By::kOpener, {v1::MATTER_STATUS_UNSPECIFIED}, v1::DISPUTE_DRAFT, "16.1"},
          {S::kNotify, By::kOpener, {v1::DISPUTE_DRAFT}, v1::DISPUTE_NOTIFIED, "16.1", kAsks},
          {S::kReceive, By::kOther, {v1::DISPUTE_NOTIFIED}, v1::DISPUTE_RECEIVED, "16.1"},
          {S::kAnswer, By::kOther, {v1::DISPUTE_RECEIVED}, v1::DISPUTE_ANSWERED, "16.1"},
          {S::kConsult, By::kEither, tier_1, v1::DISPUTE_CONSULTING, "16.1"},
          {S::kProposeSettlement, By::kEither, tier_1, std::nullopt, "16.1"},
          {S::kSignSettlement, By::kEither, tier_1, v1::DISPUTE_SETTLED_BY_BODIES, "16.1"},
          // Silence is said of a notice that was not received; everything else of what was.
          {S::kStateNotSettled,
           By::kEither,
           {v1::DISPUTE_NOTIFIED, v1::DISPUTE_RECEIVED, v1::DISPUTE_ANSWERED, v1::DISPUTE_CONSULTING},
           v1::DISPUTE_NOT_SETTLED,
           "16.1"},
          // The gate to the second tier.
          {S::kRefer,
           By::kEither,
           {v1::DISPUTE_NOT_SETTLED},
           v1::DISPUTE_REFERRED,
           "16.1",
           kRuleAsksForStatus},
          {S::kSendNote,
           By::kHolder,
           {v1::DISPUTE_REFERRED},
           v1::DISPUTE_NOTE_SENT,
           "16.1",
           kRuleAsksForStatus},
          {S::kReceiveNote, By::kHolder, {v1::DISPUTE_NOTE_SENT}, v1::DISPUTE_NOTE_RECEIVED, "16.1"},
          {S::kHoldRound,
           By::kEither,
           {v1::DISPUTE_NOTE_RECEIVED, v1::DISPUTE_DIPLOMATIC_CONSULTATIONS},
           v1::DISPUTE_DIPLOMATIC_CONSULTATIONS,
           "16.1"},
          {S::kProposeOutcome, By::kEither, tier_2, std::nullopt, "16.1"},
          {S::kSignOutcome, By::kEither, tier_2, v1::DISPUTE_SETTLED_DIPLOMATIC, "16.1"},
          {S::kProposeAmendment,
           By::kEither,
           {v1::DISPUTE_NOTE_RECEIVED, v1::DISPUTE_DIPLOMATIC_CONSULTATIONS},
           v1::DISPUTE_AMENDMENT_PROPOSED,
           "15.1"},
          {S::kWithdraw,
           By::kOpener,
           {v1::DISPUTE_DRAFT, v1::DISPUTE_NOTIFIED, v1::DISPUTE_RECEIVED, v1::DISPUTE_ANSWERED,
            v1::DISPUTE_CONSULTING, v1::DISPUTE_NOT_SETTLED, v1::DISPUTE_REFERRED, v1::DISPUTE_NOTE_SENT,
            v1::DISPUTE_NOTE_RECEIVED, v1::DISPUTE_DIPLOMATIC_CONSULTATIONS, v1::DISPUTE_AMENDMENT_PROPOSED},
           v1::DISPUTE_WITHDRAWN,
           "16.1"},
          {S::kLink, By::kEither, {}, std::nullopt, "16.1", kOutside},
      },
      {},
      {v1::DISPUTE_SETTLED_BY_BODIES, v1::DISPUTE_SETTLED_DIPLOMATIC, v1::DISPUTE_WITHDRAWN},
      Holder,
      Check,
      Fold};
  return *procedure;
}

}  // namespace kelisim::treaty
