#include "shared/treaty/instrument.h"

#include "shared/treaty/matter_testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

// Kazakhstan's body proposes; Russia's signs.
constexpr char kTexts[] =
    "text_kk_sha256: '0123456789abcdef0123456789abcdef' text_ru_sha256: 'fedcba9876543210fedcba9876543210'";
constexpr char kProtocolTerms[] =
    "quota_unit: FAMILY answer_days: 14 status_validity_months: 6 status_form_version: '2' "
    "dispute_answer_days: 20 dispute_consultation_days: 40 matter_answer_working_days: 5 "
    "clearance_working_days: 15";

std::string Propose(const std::string& kind, const std::string& content) {
  return absl::StrCat("propose { kind: ", kind, " title: 't' ", kTexts, " ", content, " }");
}
std::string Protocol(const std::string& version, const std::string& from, const std::string& more = "") {
  return Propose("PROTOCOL", absl::StrCat("effective_from: '", from, "' protocol { version: '", version, "' ",
                                          kProtocolTerms, " } ", more));
}
std::string Successor(const std::string& party, const std::string& id, const std::string& from,
                      const std::string& succeeds) {
  return Propose("SUCCESSION", absl::StrCat("body { id: '", id, "' party: ", party,
                                            " name { kk: 'а' ru: 'б' en: 'c' } from: '", from,
                                            "' basis: 'decree 1' succeeds: '", succeeds, "' }"));
}
const std::string kAmendment =  // NOLINT: of a test
    Propose("AMENDMENT", "changes { rule: '12.1' text { kk: 'жаңа' ru: 'новое' en: 'new' } }");
const std::string kSign =
    absl::StrCat("sign { ", kTexts, " signed_by: 'the deputy head' }");  // NOLINT: as above
constexpr char kRatify[] = "ratify { law: 'N 5' dated: '2026-03-02' }";
constexpr char kExchange[] = "exchange { exchanged_on: '2026-03-02' place: 'Astana' }";

absl::CivilDay On(int year, int month, int day) { return absl::CivilDay(year, month, day); }

class Desk : public MatterDesk {
 public:
  explicit Desk(v1::Party opener = kKz) : MatterDesk("instrument", opener) {}
  v1::TreatyState Made() const { return WithInstrument(treaty, state()); }
};

TEST(Instrument, WhoMayDoWhatInEveryStatus) {
  v1::MatterState sample;
  sample.set_shared(true);
  *sample.mutable_instrument()->mutable_instrument() =
      MatterDesk("instrument", kKz).Step(kAmendment).instrument().propose();
  ExpectActions("instrument", kKz,
                {{v1::INSTRUMENT_DRAFT, {"propose withdraw", ""}},
                 {v1::INSTRUMENT_PROPOSED, {"withdraw", "decline sign"}},
                 {v1::INSTRUMENT_SIGNED, {"ratify", "ratify"}},
                 {v1::INSTRUMENT_RATIFIED, {"exchange", "exchange"}},
                 {v1::INSTRUMENT_DECLINED, {"", ""}},
                 {v1::INSTRUMENT_IN_FORCE, {"", ""}},
                 {v1::INSTRUMENT_WITHDRAWN, {"", ""}}},
                sample);
}

// Rule 17.5: two texts, both authentic; who signs signs these two.
TEST(Instrument, BothSignTheSameTwoTexts) {
  Desk desk;
  ASSERT_EQ(desk.Do(kKz, Protocol("2026-2", "2026-04-01")), "");
  EXPECT_EQ(desk.Do(kKz, kSign), "step.turn");
  EXPECT_EQ(desk.Do(kRu,
                    "sign { text_kk_sha256: 'fedcba9876543210fedcba9876543210' text_ru_sha256: "
                    "'fedcba9876543210fedcba9876543210' signed_by: 'x' }"),
            "step.signature");
  EXPECT_EQ(desk.violation.found(), "text_kk_sha256");
  EXPECT_EQ(desk.Do(kRu,
                    "sign { text_kk_sha256: '0123456789abcdef0123456789abcdef' text_ru_sha256: "
                    "'0123456789abcdef0123456789abcdef' signed_by: 'x' }"),
            "step.signature");
  EXPECT_EQ(desk.violation.found(), "text_ru_sha256");
  EXPECT_EQ(desk.Do(kRu, kSign), "");
  EXPECT_EQ(desk.Status(), "INSTRUMENT_IN_FORCE");
}

// Rule 13.2: in force for what begins on its day or later, and not before both signed.
TEST(Protocol, IsForWhatBeginsFromItsDayOn) {
  Desk desk;
  ASSERT_EQ(desk.Do(kKz, Protocol("2026-2", "2026-04-01")), "");
  EXPECT_EQ(desk.Made().protocols_size(), 0);
  ASSERT_EQ(desk.Do(kRu, kSign), "");
  const v1::TreatyState made = desk.Made();
  EXPECT_EQ(ProtocolOn(made, desk.protocol, On(2026, 3, 31)).version(), desk.protocol.version());
  EXPECT_EQ(ProtocolOn(made, desk.protocol, On(2026, 4, 1)).version(), "2026-2");
  // A case keeps its own. Filed on that day in Astana, it may be the day before in Moscow.
  EXPECT_EQ(ProtocolOfCase(made, desk.protocol, "2026-03-31", On(2026, 5, 1)).version(),
            desk.protocol.version());
  EXPECT_EQ(ProtocolOfCase(made, desk.protocol, "2026-04-01", On(2026, 5, 1)).version(), "2026-2");
  EXPECT_EQ(ProtocolOfCase(made, desk.protocol, "2026-04-01", On(2026, 3, 31)).version(),
            desk.protocol.version());
  EXPECT_EQ(ProtocolOfCase(made, desk.protocol, "", On(2026, 4, 1)).version(), "2026-2");
  EXPECT_EQ(ProtocolNamed(made, desk.protocol, "2026-2", On(2026, 3, 31)), nullptr);
  ASSERT_NE(ProtocolNamed(made, desk.protocol, "2026-2", On(2026, 4, 1)), nullptr);
  // What began under the first one stays under it.
  EXPECT_NE(ProtocolNamed(made, desk.protocol, desk.protocol.version(), On(2026, 5, 1)), nullptr);
  EXPECT_EQ(ProtocolNamed(made, desk.protocol, "1999-1", On(2026, 5, 1)), nullptr);
  // A signature that is taken back takes the protocol back.
  v1::MatterState undone = desk.state();
  undone.set_status(v1::INSTRUMENT_PROPOSED);
  EXPECT_EQ(WithInstrument(made, undone).protocols_size(), 0);
}

// Signed in time: the day before its first day, not on it.
TEST(Protocol, IsSignedBeforeItsFirstDay) {
  for (const auto& [from, rule] :
       {std::pair("2026-03-03", ""), std::pair("2026-03-02", "13.2"), std::pair("2026-03-01", "13.2")}) {
    Desk desk;
    ASSERT_EQ(desk.Do(kKz, Protocol("2026-2", from)), "");
    EXPECT_EQ(desk.Do(kRu, kSign), rule) << from;
  }
}

TEST(Protocol, TheNewestOfSeveralApplies) {
  v1::TreatyState treaty;
  for (const auto& [version, from] : {std::pair("c", "2027-01-01"), std::pair("b", "2026-06-01")}) {
    v1::DatedProtocol& dated = *treaty.add_protocols();
    dated.set_from(from);
    dated.mutable_protocol()->set_version(version);
  }
  const v1::Protocol initial = SampleProtocol();
  EXPECT_EQ(ProtocolOn(treaty, initial, On(2026, 5, 31)).version(), initial.version());
  EXPECT_EQ(ProtocolOn(treaty, initial, On(2026, 6, 1)).version(), "b");
  EXPECT_EQ(ProtocolOn(treaty, initial, On(2026, 12, 31)).version(), "b");
  EXPECT_EQ(ProtocolOn(treaty, initial, On(2027, 1, 1)).version(), "c");
}

// Each Party proposes one from the same day on, and each signs the other's before it hears
// of its own: both know the same one afterwards.
TEST(Protocol, OfTwoThatBeginOnOneDayTheSameAppliesToBoth) {
  const auto in_force = [](v1::TreatyState treaty, const char* id) {
    v1::MatterState state;
    state.set_id(id);
    state.set_status(v1::INSTRUMENT_IN_FORCE);
    v1::Instrument& instrument = *state.mutable_instrument()->mutable_instrument();
    instrument.set_kind(v1::Instrument::PROTOCOL);
    instrument.set_effective_from("2027-01-01");
    instrument.mutable_protocol()->set_version(id);
    return WithInstrument(std::move(treaty), state);
  };
  const v1::TreatyState one = in_force(in_force({}, "a"), "b");
  const v1::TreatyState other = in_force(in_force({}, "b"), "a");
  EXPECT_EQ(one.SerializeAsString(), other.SerializeAsString());
  EXPECT_EQ(ProtocolOn(other, SampleProtocol(), On(2027, 1, 1)).version(), "b");
}

TEST(Protocol, NoNameStandsForTwo) {
  Desk desk;
  EXPECT_EQ(desk.Do(kKz, Protocol(desk.protocol.version(), "2026-04-01")), "13.2");
  EXPECT_EQ(desk.Do(kKz, Protocol("2025-9", "2026-04-01")), "13.2");
  desk.treaty.add_protocols()->mutable_protocol()->set_version("2026-2");
  EXPECT_EQ(desk.Do(kKz, Protocol("2026-2", "2026-04-01")), "13.2");
  // Two are proposed under one name; the first to be signed has it.
  desk.treaty.clear_protocols();
  ASSERT_EQ(desk.Do(kKz, Protocol("2026-2", "2026-04-01")), "");
  desk.treaty.add_protocols()->mutable_protocol()->set_version("2026-2");
  EXPECT_EQ(desk.Do(kRu, kSign), "13.2");
}

// Its numbers have bounds: nobody has zero days, or a lifetime, to answer.
TEST(Protocol, ItsTermsAreWithinTheirBounds) {
  for (const char* term :
       {"answer_days", "status_validity_months", "dispute_answer_days", "dispute_consultation_days",
        "matter_answer_working_days", "clearance_working_days"}) {
    for (const int64_t wrong : {int64_t{0}, int64_t{367}, int64_t{4294967295}}) {
      v1::MatterStep step = Desk().Step(Protocol("2026-2", "2026-04-01"));
      v1::Protocol& protocol = *step.mutable_instrument()->mutable_propose()->mutable_protocol();
      protocol.GetReflection()->SetUInt32(&protocol, protocol.GetDescriptor()->FindFieldByName(term),
                                          static_cast<uint32_t>(wrong));
      EXPECT_EQ(Desk().Do(kKz, step), absl::StrCat("form: instrument.propose.protocol.", term)) << wrong;
    }
  }
}

TEST(Instrument, HasWhatItsKindNeedsAndNothingElse) {
  EXPECT_EQ(Desk().Do(kKz, Propose("PROTOCOL", "")), "step.ground");
  EXPECT_EQ(Desk().Do(kKz, Propose("AMENDMENT", "")), "step.ground");
  EXPECT_EQ(Desk().Do(kKz, Propose("SUCCESSION", "")), "step.ground");
  EXPECT_EQ(Desk().Do(kKz, Propose("AMENDMENT",
                                   "effective_from: '2026-04-01' changes { rule: '12.1' text { "
                                   "kk: 'а' ru: 'б' en: 'c' } }")),
            "step.ground");
  EXPECT_EQ(Desk().Do(kKz, Propose("AMENDMENT", "changes { rule: '99.9' text { kk: 'а' ru: 'б' en: 'c' } }")),
            "form: instrument.propose.changes[0].rule");
}

// The protocol says how the Agreement is carried out, never what it says.
TEST(EdgeCases, Edge94AProtocolCannotChangeTheAgreement) {
  EXPECT_EQ(Desk().Do(kKz, Protocol("2026-2", "2026-04-01",
                                    "changes { rule: '12.1' text { kk: 'а' ru: 'б' en: 'c' } }")),
            "13.2");
}

// Rule 15.2: ratified once by each, then exchanged; in force from that day on.
TEST(Amendment, NeedsBothRatificationsAndTheirExchange) {
  Desk desk;
  ASSERT_EQ(desk.Do(kKz, kAmendment), "");
  EXPECT_EQ(desk.Do(kKz, kRatify), "15.2");
  ASSERT_EQ(desk.Do(kRu, kSign), "");
  EXPECT_EQ(desk.Made().amendments_size(), 0);
  EXPECT_EQ(desk.Do(kKz, kExchange), "15.2");
  ASSERT_EQ(desk.Do(kKz, kRatify), "");
  EXPECT_EQ(desk.Do(kKz, kRatify), "step.turn");
  EXPECT_EQ(desk.Do(kKz, kExchange), "15.2");
  ASSERT_EQ(desk.Do(kRu, kRatify), "");
  EXPECT_EQ(desk.Made().amendments_size(), 0);
  ASSERT_EQ(desk.Do(kRu, kExchange), "");
  EXPECT_EQ(desk.Status(), "INSTRUMENT_IN_FORCE");
  EXPECT_EQ(desk.Made().amendments_size(), 1);
}

// Both Parties' copies after each has taken a step before it heard of the other's, and the
// rule by which each refuses the other's, if it does.
struct Crossing {
  std::map<v1::Party, v1::MatterState> copies;
  std::map<v1::Party, std::string> refuses;
};
Crossing Cross(const Desk& desk, const std::string& of_kz, const std::string& of_ru) {
  Crossing crossing;
  std::map<v1::Party, v1::MatterStep> made;
  const auto take = [&](v1::Party at, v1::Party author) {
    crossing.copies[at] = Apply(crossing.copies[at], made[author],
                                {author, "2026-03-02", v1::Party_Name(author), 1, 0, "2026-03-02"});
  };
  for (const auto& [author, text] : {std::pair(kKz, of_kz), std::pair(kRu, of_ru)}) {
    crossing.copies[author] = desk.copy(author);
    const MatterVerdict verdict = Judge(desk.copy(author), desk.Step(text), desk.At(author));
    made[author] = std::get<std::vector<v1::MatterStep>>(verdict).at(0);
    take(author, author);
  }
  for (const v1::Party at : {kKz, kRu}) {
    const v1::Party author = Other(at);
    const auto refusal = Admit(crossing.copies[at], made[author], desk.At(author, /*of_counterpart=*/true));
    refusal ? void(crossing.refuses[at] = refusal->rule()) : take(at, author);
  }
  return crossing;
}

// Rules 15.2, 17.1, 17.2: no law of ratification is older than the signature, and none than
// the Agreement. The day of the signature is a day of its author's capital.
TEST(Amendment, IsNotRatifiedBeforeItIsSigned) {
  const auto ratify = [](const char* day) { return absl::StrCat("ratify { law: 'N' dated: '", day, "' }"); };
  for (const v1::Party signer : {kKz, kRu}) {
    Desk desk(Other(signer));
    desk.happened_on = On(2026, 2, 10);
    ASSERT_EQ(desk.Do(Other(signer), kAmendment), "");
    desk.happened_on = On(2026, 2, 20);
    ASSERT_EQ(desk.Do(signer, kSign), "");
    desk.happened_on.reset();
    for (const v1::Party party : {kKz, kRu}) {
      EXPECT_EQ(Desk(desk).Do(party, ratify("1990-01-01")), "17.2");
      EXPECT_EQ(Desk(desk).Do(party, ratify("2000-04-16")), "17.2");
      EXPECT_EQ(Desk(desk).Do(party, ratify("2000-04-17")), "15.2");
      EXPECT_EQ(Desk(desk).Do(party, ratify("2026-02-18")), "15.2");
      // In Moscow it may be the day before when it is signed in Astana.
      EXPECT_EQ(Desk(desk).Do(party, ratify("2026-02-19")), party == kRu && signer == kKz ? "" : "15.2");
      EXPECT_EQ(Desk(desk).Do(party, ratify("2026-02-20")), "");
      EXPECT_EQ(desk.Refuses(party, desk.state(), ratify("2026-02-18")), "15.2");
    }
  }
}

// Rule 15.2: both have ratified, whoever hears of it first.
TEST(Amendment, RatificationsMayCross) {
  for (const v1::Party opener : {kKz, kRu}) {
    Desk desk(opener);
    desk.happened_on = On(2026, 3, 1);
    ASSERT_EQ(desk.Do(opener, kAmendment), "");
    ASSERT_EQ(desk.Do(Other(opener), kSign), "");
    desk.happened_on.reset();
    const Crossing crossing = Cross(desk, "ratify { law: 'N 5' dated: '2026-03-02' }",
                                    "ratify { law: '7-FZ' dated: '2026-03-01' }");
    EXPECT_TRUE(crossing.refuses.empty());
    const v1::MatterState& state = crossing.copies.at(kKz);
    EXPECT_EQ(state.SerializeAsString(), crossing.copies.at(kRu).SerializeAsString());
    EXPECT_EQ(state.status(), v1::INSTRUMENT_RATIFIED);
    EXPECT_EQ(state.instrument().ratified_kz().law(), "N 5");
    EXPECT_EQ(state.instrument().ratified_ru().law(), "7-FZ");
  }
}

// Rule 17.2: the exchange is one event on one day; neither Party's word on it counts more.
TEST(Amendment, ExchangesThatCrossSayTheSameDay) {
  for (const v1::Party opener : {kKz, kRu}) {
    Desk desk(opener);
    desk.happened_on = On(2026, 2, 19);
    ASSERT_EQ(desk.Do(opener, kAmendment), "");
    ASSERT_EQ(desk.Do(Other(opener), kSign), "");
    desk.happened_on.reset();
    ASSERT_EQ(desk.Do(kKz, "ratify { law: 'N 5' dated: '2026-02-20' }"), "");
    ASSERT_EQ(desk.Do(kRu, "ratify { law: '7-FZ' dated: '2026-02-25' }"), "");
    Crossing crossing = Cross(desk, "exchange { exchanged_on: '2026-03-01' place: 'Астана' }",
                              "exchange { exchanged_on: '2026-03-01' place: 'Astana' }");
    EXPECT_TRUE(crossing.refuses.empty());
    const v1::MatterState& state = crossing.copies.at(kKz);
    EXPECT_EQ(state.SerializeAsString(), crossing.copies.at(kRu).SerializeAsString());
    EXPECT_EQ(state.status(), v1::INSTRUMENT_IN_FORCE);
    EXPECT_EQ(WithInstrument({}, state).amendments(0).from(), "2026-03-01");
    crossing = Cross(desk, "exchange { exchanged_on: '2026-03-01' place: 'Astana' }",
                     "exchange { exchanged_on: '2026-03-02' place: 'Astana' }");
    EXPECT_EQ(crossing.refuses.at(kKz), "15.2");
    EXPECT_EQ(crossing.refuses.at(kRu), "15.2");
    // Nothing is exchanged before both have ratified it.
    EXPECT_EQ(desk.Do(kKz, "exchange { exchanged_on: '2026-02-24' place: 'Astana' }"), "15.2");
    EXPECT_EQ(desk.violation.found(), "2026-02-24");
  }
}

// What the counterpart says of an exchange is believed of an amendment alone, and what falls
// with a refused signature falls with all that was built on it.
TEST(Amendment, WhatIsBuiltOnNoSignatureIsNothing) {
  Desk desk;
  ASSERT_EQ(desk.Do(kKz, Protocol("2026-2", "2026-04-01")), "");
  ASSERT_EQ(desk.Do(kRu, kSign), "");
  for (const char* said : {kRatify, kExchange}) {
    const auto refusal = Admit(desk.state(), desk.Step(said), desk.At(kRu, /*of_counterpart=*/true));
    ASSERT_TRUE(refusal) << said;
    EXPECT_EQ(refusal->rule(), "15.2");
  }
  Desk proposed;
  ASSERT_EQ(proposed.Do(kKz, kAmendment), "");
  for (const char* said : {kRatify, kExchange}) {
    const Recorded recorded{kRu, "2026-03-02", "e", 1, 0, "2026-03-02"};
    EXPECT_EQ(Apply(proposed.state(), proposed.Step(said), recorded).SerializeAsString(),
              proposed.state().SerializeAsString());
  }
}

TEST(Amendment, IsTheOnlyOneThatIsRatified) {
  Desk desk;
  ASSERT_EQ(desk.Do(kKz, Protocol("2026-2", "2026-04-01")), "");
  ASSERT_EQ(desk.Do(kRu, kSign), "");
  EXPECT_EQ(desk.Do(kKz, kRatify), "step.closed");
  EXPECT_EQ(desk.Do(kRu, kExchange), "step.closed");
}

std::string WordingOf(const v1::RuleCatalogue& rules, const std::string& id) {
  for (const v1::Rule& rule : rules.rules()) {
    if (rule.id() == id) return rule.text().ru();
  }
  return "";
}

// Each day has the wording that was in force on it; other rules stay.
TEST(EdgeCases, Edge93AnAmendmentAppliesFromItsExchangeOn) {
  Desk desk;
  ASSERT_EQ(desk.Do(kKz, kAmendment), "");
  ASSERT_EQ(desk.Do(kRu, kSign), "");
  ASSERT_EQ(desk.Do(kKz, kRatify), "");
  ASSERT_EQ(desk.Do(kRu, kRatify), "");
  ASSERT_EQ(desk.Do(kKz, kExchange), "");
  const v1::TreatyState made = desk.Made();
  const std::string before = WordingOf(RulesOn({}, On(2026, 3, 2)), "12.1");
  EXPECT_EQ(WordingOf(RulesOn(made, On(2026, 3, 1)), "12.1"), before);
  EXPECT_EQ(WordingOf(RulesOn(made, On(2026, 3, 2)), "12.1"), "новое");
  EXPECT_EQ(WordingOf(RulesOn(made, On(2026, 3, 2)), "1.1a"), WordingOf(RulesOn({}, On(2026, 3, 2)), "1.1a"));
}

std::string Bodies(const v1::TreatyState& treaty, absl::CivilDay day) {
  std::vector<std::string> ids;
  for (const v1::Body& body : BodiesOn(treaty, day)) ids.push_back(body.id());
  return absl::StrJoin(ids, " ");
}

// From the day of the signature on, each Party has exactly one body on every day.
TEST(Bodies, OneOfEachPartyOnEveryDaySinceTheSignature) {
  for (absl::CivilDay day(1998, 7, 6); day < absl::CivilDay(2030, 1, 1); ++day) {
    std::map<v1::Party, int> count;
    for (const v1::Body& body : BodiesOn({}, day)) {
      ++count[body.party()];
      EXPECT_TRUE(IsAuthorised({}, body.id(), body.party(), day));
      EXPECT_FALSE(IsAuthorised({}, body.id(), Other(body.party()), day));
    }
    ASSERT_EQ(count[kKz], 1) << day;
    ASSERT_EQ(count[kRu], 1) << day;
  }
  EXPECT_EQ(Bodies({}, On(1998, 7, 6)), "kz-agency-1997 ru-fms-1992");
  EXPECT_EQ(Bodies({}, On(2025, 4, 1)), "kz-labour-2022 ru-interior-2016");
  EXPECT_EQ(Bodies({}, On(2025, 4, 2)), "kz-labour-2022 ru-interior-2025");
}

// Rule 13.1: each names its own; the office passes on on its day.
TEST(Bodies, ASuccessorTakesTheOfficeOnItsDay) {
  Desk desk;
  EXPECT_EQ(desk.Do(kKz, Successor("PARTY_RU", "ru-new", "2026-04-01", "ru-interior-2025")), "13.1ru");
  EXPECT_EQ(desk.Do(kKz, Successor("PARTY_KZ", "kz-labour-2004", "2026-04-01", "kz-labour-2022")), "13.1kz");
  EXPECT_EQ(desk.Do(kKz, Successor("PARTY_KZ", "kz-new", "2026-04-01", "kz-interior-2010")), "13.1kz");
  ASSERT_EQ(desk.Do(kKz, Successor("PARTY_KZ", "kz-new", "2026-04-01", "kz-labour-2022")), "");
  EXPECT_EQ(Bodies(desk.Made(), On(2026, 4, 1)), "kz-labour-2022 ru-interior-2025");
  ASSERT_EQ(desk.Do(kRu, kSign), "");
  EXPECT_EQ(Bodies(desk.Made(), On(2026, 3, 31)), "kz-labour-2022 ru-interior-2025");
  EXPECT_EQ(Bodies(desk.Made(), On(2026, 4, 1)), "ru-interior-2025 kz-new");
  EXPECT_FALSE(IsAuthorised(desk.Made(), "kz-labour-2022", kKz, On(2026, 4, 1)));
  EXPECT_TRUE(IsAuthorised(desk.Made(), "kz-new", kKz, On(2026, 4, 1)));
  // Its last acts may be on their way when the other Party signs; of those before it there are none.
  EXPECT_TRUE(MayBeAuthorised(desk.Made(), "kz-labour-2022", kKz, On(2026, 4, 1)));
  EXPECT_TRUE(MayBeAuthorised(desk.Made(), "kz-new", kKz, On(2026, 4, 1)));
  EXPECT_FALSE(MayBeAuthorised(desk.Made(), "kz-new", kKz, On(2026, 3, 31)));
  EXPECT_FALSE(MayBeAuthorised(desk.Made(), "kz-interior-2010", kKz, On(2026, 4, 1)));
  EXPECT_FALSE(MayBeAuthorised(desk.Made(), "kz-labour-2022", kRu, On(2026, 4, 1)));
}

// Rule 13.1: two successors proposed side by side would leave one Party with two bodies. In
// force is the one from 1 April; the other, signed after it, would be ...
TEST(Bodies, ASecondSuccessorOfOneBodyIsNotSigned) {
  const struct {
    const char* what;
    const char* id;
    const char* from;
    const char* until;
    const char* succeeds;
    const char* rule;
  } seconds[] = {
      {"of the same day", "kz-b", "2026-04-01", "", "kz-labour-2022", "13.1kz"},
      {"of a later day", "kz-b", "2026-05-01", "", "kz-labour-2022", "13.1kz"},
      {"of an earlier day", "kz-b", "2026-03-10", "", "kz-labour-2022", "13.1kz"},
      {"of the same name", "kz-a", "2026-03-10", "2026-04-01", "kz-labour-2022", "13.1kz"},
      {"one that is over by then", "kz-b", "2026-03-10", "2026-04-01", "kz-labour-2022", ""},
  };
  for (const auto& second : seconds) {
    Desk desk;
    v1::MatterStep propose = desk.Step(Successor("PARTY_KZ", second.id, second.from, second.succeeds));
    propose.mutable_instrument()->mutable_propose()->mutable_body()->set_until(second.until);
    ASSERT_EQ(desk.Do(kKz, propose), "") << second.what;
    // Proposed beside it, and signed before it.
    v1::Succession& first = *desk.treaty.add_successions();
    first.set_instrument("first");
    *first.mutable_body() = desk.Step(Successor("PARTY_KZ", "kz-a", "2026-04-01", "kz-labour-2022"))
                                .instrument()
                                .propose()
                                .body();
    EXPECT_EQ(desk.Do(kRu, kSign), second.rule) << second.what;
    if (desk.Status() != "INSTRUMENT_IN_FORCE") continue;
    const v1::TreatyState made = WithInstrument(desk.treaty, desk.state());
    EXPECT_EQ(Bodies(made, On(2026, 3, 31)), "ru-interior-2025 kz-b");
    EXPECT_EQ(Bodies(made, On(2026, 4, 1)), "ru-interior-2025 kz-a");
  }
  // One that ends nobody's office stands beside the one that is.
  EXPECT_EQ(Desk().Do(kKz, Successor("PARTY_KZ", "kz-b", "2026-05-01", "")), "13.1kz");
}

}  // namespace
}  // namespace kelisim::treaty
