#include "shared/treaty/instrument.h"

#include <algorithm>
#include <tuple>

#include "shared/base/civil.h"
#include "shared/base/own_text.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/procedure.h"
#include "shared/treaty/rules.h"

// Protocols, amendments and successions (Arts. 13, 15, 17.1, 17.2, 17.5). Either Party
// opens; the other one signs the same texts.

namespace kelisim {

std::string_view BodiesText();  // bodies.textproto

}  // namespace kelisim

namespace kelisim::treaty {

const v1::BodyList& InitialBodies() {
  static const auto* const bodies = new v1::BodyList(ParseOwnText<v1::BodyList>(BodiesText()));
  return *bodies;
}

namespace {

using S = v1::InstrumentStep;
using State = v1::MatterState;

// Of the initial bodies and of all successors.
template <typename Is>
bool AnyBody(const v1::TreatyState& treaty, Is is) {
  for (const v1::Body& body : InitialBodies().bodies()) {
    if (is(body)) return true;
  }
  for (const v1::Succession& succession : treaty.successions()) {
    if (is(succession.body())) return true;
  }
  return false;
}

bool InOffice(const v1::TreatyState& treaty, const v1::Body& body, absl::CivilDay day) {
  const std::optional<absl::CivilDay> until = DateOf(body.until());
  if (*DateOf(body.from()) > day || (until && day >= *until)) return false;
  // A successor ends the office of the body that it names.
  for (const v1::Succession& succession : treaty.successions()) {
    if (succession.body().succeeds() == body.id() && day >= *DateOf(succession.body().from())) return false;
  }
  return true;
}

// 13.1kz, 13.1ru: no name stands for two bodies, and no Party has two on one day. Where two
// terms of office meet, both last on the later of their first days.
std::optional<v1::Violation> CheckAlone(const v1::Body& body, v1::TreatyState treaty) {
  const auto has_that_name = [&](const v1::Body& other) { return other.id() == body.id(); };
  if (AnyBody(treaty, has_that_name)) return Violates(BodyRule(body.party()), "", body.id());
  *treaty.add_successions()->mutable_body() = body;
  const auto beside = [&](const v1::Body& other) {
    if (other.party() != body.party() || has_that_name(other)) return false;
    const absl::CivilDay day = std::max(*DateOf(body.from()), *DateOf(other.from()));
    return InOffice(treaty, body, day) && InOffice(treaty, other, day);
  };
  if (AnyBody(treaty, beside)) return Violates(BodyRule(body.party()), "", body.id());
  return std::nullopt;
}

// 13.2: no name stands for two protocols. Each sorts after the one in force, so that no
// earlier name comes back.
bool IsNewVersion(const std::string& version, const Context& context) {
  for (const v1::DatedProtocol& dated : context.treaty.protocols()) {
    if (dated.protocol().version() == version) return false;
  }
  return version > context.protocol.version();
}

std::optional<v1::Violation> CheckInstrument(const v1::Instrument& instrument, const Context& context) {
  const bool protocol = instrument.kind() == v1::Instrument::PROTOCOL;
  const bool amendment = instrument.kind() == v1::Instrument::AMENDMENT;
  const bool succession = instrument.kind() == v1::Instrument::SUCCESSION;
  // 13.2: a protocol sets the procedure; it cannot change the Agreement.
  if (protocol && !instrument.changes().empty()) return Violates("13.2", "", "changes");
  if (protocol != instrument.has_protocol() || amendment == instrument.changes().empty() ||
      succession != instrument.has_body() || protocol == instrument.effective_from().empty()) {
    return Violates("step.ground", "", "kind");
  }
  if (protocol && !IsNewVersion(instrument.protocol().version(), context)) {
    return Violates("13.2", "", instrument.protocol().version());
  }
  if (!succession) return std::nullopt;
  const v1::Body& body = instrument.body();
  // 13.1kz, 13.1ru: each Party names its own body, and which one's office ends with it.
  if (body.party() != context.author)
    return Violates(BodyRule(body.party()), "", v1::Party_Name(body.party()));
  if (!body.succeeds().empty() &&
      !IsAuthorised(context.treaty, body.succeeds(), body.party(), context.today)) {
    return Violates(BodyRule(body.party()), "", body.succeeds());
  }
  return CheckAlone(body, context.treaty);
}

std::optional<v1::Violation> CheckSign(const State& state, const v1::InstrumentSignature& signature,
                                       const Context& context) {
  const v1::Instrument& instrument = state.instrument().instrument();
  // 17.5: both texts, the same ones.
  if (signature.text_kk_sha256() != instrument.text_kk_sha256()) {
    return Violates("step.signature", "", "text_kk_sha256");
  }
  if (signature.text_ru_sha256() != instrument.text_ru_sha256()) {
    return Violates("step.signature", "", "text_ru_sha256");
  }
  // 13.1kz, 13.1ru: of several that were proposed side by side the first to be signed. A
  // Party's successors are signed by the other one alone: both know the same first one.
  if (instrument.has_body()) return CheckAlone(instrument.body(), context.treaty);
  if (instrument.kind() != v1::Instrument::PROTOCOL) return std::nullopt;
  // 13.2: a protocol is for what comes after both have signed.
  if (*DateOf(instrument.effective_from()) <= context.today) {
    return Violates("13.2", "", instrument.effective_from());
  }
  if (!IsNewVersion(instrument.protocol().version(), context)) {
    return Violates("13.2", "", instrument.protocol().version());
  }
  return std::nullopt;
}

bool BothRatified(const v1::InstrumentFacts& facts) {
  return facts.has_ratified_kz() && facts.has_ratified_ru();
}

// The day of the signature is that of the chain's last step: what follows it stands outside
// the chain, and so both Parties have the same one when ratifications cross.
std::optional<v1::Violation> CheckRatify(const State& state, const v1::Ratification& ratification,
                                         const Context& context) {
  const absl::CivilDay day = *DateOf(ratification.dated());
  const std::optional<absl::CivilDay> signed_on = DateOf(state.happened_on());
  // 17.2: the Agreement that it changes is in force.
  if (day < kInForceSince) return Violates("17.2", "", ratification.dated());
  // 15.2, 17.1: what is ratified has been signed. An exchange follows both ratifications.
  if (signed_on && IsBefore(day, context.author, *signed_on, state.acted_by())) {
    return Violates("15.2", "", ratification.dated());
  }
  return std::nullopt;
}

std::optional<v1::Violation> CheckExchange(const State& state, const v1::ExchangeOfInstruments& exchange,
                                           const Context& context) {
  const v1::InstrumentFacts& facts = state.instrument();
  // 15.2: what both have ratified, and not before they have.
  if (!BothRatified(facts)) return Violates("15.2", "", v1::MatterStatus_Name(state.status()));
  const absl::CivilDay day = *DateOf(exchange.exchanged_on());
  if (IsBefore(day, context.author, *DateOf(facts.ratified_kz().dated()), v1::PARTY_KZ) ||
      IsBefore(day, context.author, *DateOf(facts.ratified_ru().dated()), v1::PARTY_RU)) {
    return Violates("15.2", "", exchange.exchanged_on());
  }
  // 17.2: in force on the day of the exchange, which is one for both.
  if (facts.has_exchange() && exchange.exchanged_on() != facts.exchange().exchanged_on()) {
    return Violates("15.2", "", exchange.exchanged_on());
  }
  return std::nullopt;
}

std::optional<v1::Violation> Check(const State& state, const v1::MatterStep& step, const Context& context) {
  const S& made = step.instrument();
  switch (made.step_case()) {
    case S::kDraft:
      return CheckInstrument(made.draft(), context);
    case S::kPropose:
      return CheckInstrument(made.propose(), context);
    case S::kSign:
      return CheckSign(state, made.sign(), context);
    case S::kRatify:
      return CheckRatify(state, made.ratify(), context);
    case S::kExchange:
      return CheckExchange(state, made.exchange(), context);
    default:
      return std::nullopt;
  }
}

v1::Party Holder(const State& state) {
  const v1::InstrumentFacts& facts = state.instrument();
  switch (state.status()) {
    case v1::INSTRUMENT_DRAFT:
      return OpenerOf(state);
    case v1::INSTRUMENT_PROPOSED:
      return OtherOf(state);
    case v1::INSTRUMENT_SIGNED:
      // Each ratifies once, in either order.
      if (facts.has_ratified_kz()) return v1::PARTY_RU;
      return facts.has_ratified_ru() ? v1::PARTY_KZ : v1::PARTY_UNSPECIFIED;
    default:
      return v1::PARTY_UNSPECIFIED;
  }
}

void Fold(State& state, const v1::MatterStep& step, v1::Party author) {
  const S& made = step.instrument();
  v1::InstrumentFacts& facts = *state.mutable_instrument();
  if (made.has_sign()) {
    *facts.mutable_signature() = made.sign();
    // 15.2, 17.1: what changes the Agreement is ratified.
    const bool amendment = facts.instrument().kind() == v1::Instrument::AMENDMENT;
    state.set_status(amendment ? v1::INSTRUMENT_SIGNED : v1::INSTRUMENT_IN_FORCE);
  }
  // Outside the chain nothing else takes them away when a signature before them is refused.
  if (made.has_ratify() && state.status() == v1::INSTRUMENT_SIGNED) {
    *(author == v1::PARTY_KZ ? facts.mutable_ratified_kz() : facts.mutable_ratified_ru()) = made.ratify();
    if (BothRatified(facts)) state.set_status(v1::INSTRUMENT_RATIFIED);
    state.set_holder(Holder(state));
  }
  if (made.has_exchange() && BothRatified(facts)) {
    // Of one event that both tell of, the words of one Party: the same ones for both.
    if (!facts.has_exchange() || author == OpenerOf(state)) *facts.mutable_exchange() = made.exchange();
    state.set_status(v1::INSTRUMENT_IN_FORCE);
  }
}

template <typename Entry>
void Drop(google::protobuf::RepeatedPtrField<Entry>& entries, const std::string& instrument) {
  for (int i = entries.size() - 1; i >= 0; --i) {
    if (entries.Get(i).instrument() == instrument) entries.DeleteSubrange(i, 1);
  }
}

}  // namespace

v1::TreatyState WithInstrument(v1::TreatyState treaty, const State& state) {
  Drop(*treaty.mutable_protocols(), state.id());
  Drop(*treaty.mutable_successions(), state.id());
  Drop(*treaty.mutable_amendments(), state.id());
  const v1::InstrumentFacts& facts = state.instrument();
  const v1::Instrument& instrument = facts.instrument();
  if (state.status() != v1::INSTRUMENT_IN_FORCE) return treaty;
  if (instrument.has_protocol()) {
    v1::DatedProtocol& dated = *treaty.add_protocols();
    dated.set_instrument(state.id());
    dated.set_from(instrument.effective_from());
    *dated.mutable_protocol() = instrument.protocol();
  }
  if (instrument.has_body()) {
    v1::Succession& succession = *treaty.add_successions();
    succession.set_instrument(state.id());
    *succession.mutable_body() = instrument.body();
  }
  if (instrument.kind() == v1::Instrument::AMENDMENT) {
    v1::DatedAmendment& dated = *treaty.add_amendments();
    dated.set_instrument(state.id());
    dated.set_from(facts.exchange().exchanged_on());
    *dated.mutable_changes() = instrument.changes();
  }
  // 13.2: the same with both Parties, in whatever order they heard of two instruments that
  // begin on one day.
  const auto earlier = [](const auto& one, const auto& other) {
    return std::tie(one.from(), one.instrument()) < std::tie(other.from(), other.instrument());
  };
  std::sort(treaty.mutable_protocols()->begin(), treaty.mutable_protocols()->end(), earlier);
  std::sort(treaty.mutable_amendments()->begin(), treaty.mutable_amendments()->end(), earlier);
  return treaty;
}

const v1::Protocol& ProtocolOn(const v1::TreatyState& treaty, const v1::Protocol& initial,
                               absl::CivilDay day) {
  const v1::Protocol* found = &initial;
  absl::CivilDay since = absl::CivilDay::min();
  for (const v1::DatedProtocol& dated : treaty.protocols()) {
    const absl::CivilDay from = *DateOf(dated.from());
    if (from > day || from < since) continue;
    found = &dated.protocol();
    since = from;
  }
  return *found;
}

const v1::Protocol& ProtocolOfCase(const v1::TreatyState& treaty, const v1::Protocol& initial,
                                   const std::string& filed_on, absl::CivilDay today) {
  const std::optional<absl::CivilDay> filed = DateOf(filed_on);
  return ProtocolOn(treaty, initial, filed ? std::min(*filed, today) : today);
}

const v1::Protocol* ProtocolNamed(const v1::TreatyState& treaty, const v1::Protocol& initial,
                                  const std::string& version, absl::CivilDay day) {
  for (const v1::DatedProtocol& dated : treaty.protocols()) {
    if (dated.protocol().version() == version && *DateOf(dated.from()) <= day) return &dated.protocol();
  }
  return initial.version() == version ? &initial : nullptr;
}

std::vector<v1::Body> BodiesOn(const v1::TreatyState& treaty, absl::CivilDay day) {
  std::vector<v1::Body> bodies;
  for (const v1::Body& body : InitialBodies().bodies()) {
    if (InOffice(treaty, body, day)) bodies.push_back(body);
  }
  for (const v1::Succession& succession : treaty.successions()) {
    if (InOffice(treaty, succession.body(), day)) bodies.push_back(succession.body());
  }
  return bodies;
}

bool IsAuthorised(const v1::TreatyState& treaty, const std::string& id, v1::Party party, absl::CivilDay day) {
  return AnyBody(treaty, [&](const v1::Body& body) {
    return body.id() == id && body.party() == party && InOffice(treaty, body, day);
  });
}

bool MayBeAuthorised(const v1::TreatyState& treaty, const std::string& id, v1::Party party,
                     absl::CivilDay day) {
  // Nearly always; nothing is copied for it.
  if (IsAuthorised(treaty, id, party, day)) return true;
  for (v1::TreatyState known = treaty; !known.successions().empty();) {
    known.mutable_successions()->RemoveLast();
    if (IsAuthorised(known, id, party, day)) return true;
  }
  return false;
}

v1::RuleCatalogue RulesOn(const v1::TreatyState& treaty, absl::CivilDay day) {
  v1::RuleCatalogue rules = Rules();
  for (const v1::DatedAmendment& amendment : treaty.amendments()) {
    if (*DateOf(amendment.from()) > day) continue;
    for (const v1::RuleChange& change : amendment.changes()) {
      for (v1::Rule& rule : *rules.mutable_rules()) {
        if (rule.id() == change.rule()) *rule.mutable_text() = change.text();
      }
    }
  }
  return rules;
}

const Procedure& InstrumentProcedure() {
  static const auto* const procedure = new Procedure{
      "instruments",
      S::kDraft,
      S::kPropose,
      {
          {S::kDraft, By::kOpener, {v1::MATTER_STATUS_UNSPECIFIED}, v1::INSTRUMENT_DRAFT, "15.1"},
          {S::kPropose, By::kOpener, {v1::INSTRUMENT_DRAFT}, v1::INSTRUMENT_PROPOSED, "15.1", kAsks},
          {S::kSign, By::kOther, {v1::INSTRUMENT_PROPOSED}, std::nullopt, "15.1"},
          {S::kDecline, By::kOther, {v1::INSTRUMENT_PROPOSED}, v1::INSTRUMENT_DECLINED, "15.1"},
          // Each ratifies for itself, and may do so before it hears of the other.
          {S::kRatify,
           By::kHolder,
           {v1::INSTRUMENT_SIGNED},
           std::nullopt,
           "15.2",
           kRuleAsksForStatus | kOutside},
          // 17.2: in force on the exchange of both instruments of ratification. Both may tell of it.
          {S::kExchange,
           By::kEither,
           {v1::INSTRUMENT_RATIFIED, v1::INSTRUMENT_IN_FORCE},
           std::nullopt,
           "15.2",
           kRuleAsksForStatus | kOutside},
          {S::kWithdraw,
           By::kOpener,
           {v1::INSTRUMENT_DRAFT, v1::INSTRUMENT_PROPOSED},
           v1::INSTRUMENT_WITHDRAWN,
           "15.1"},
      },
      {},
      {v1::INSTRUMENT_DECLINED, v1::INSTRUMENT_IN_FORCE, v1::INSTRUMENT_WITHDRAWN},
      Holder,
      Check,
      Fold};
  return *procedure;
}

}  // namespace kelisim::treaty
