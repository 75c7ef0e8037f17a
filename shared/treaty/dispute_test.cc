#include "shared/treaty/matter_testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

// Kazakhstan's body raises the dispute.
constexpr v1::Party kR = kKz;
constexpr v1::Party kO = kRu;

constexpr char kNotice[] =
    "number: 'D-1' dated: '2026-03-02' raised_by: RAISED_BY_AUTHORISED_BODY authority: 'decree 1' addressee: "
    "'the other body' rules: '10.1' kind: APPLICATION events { happened_on: '2026-02-01' what: 'a duty was "
    "taken' "
    "} wording_kk: 'баждан босатылады' wording_ru: 'освобождаются от пошлин' position: 'the exemption is "
    "whole' "
    "relief_sought: 'return of the duty' consultation_on: '2026-04-01' consultation_place: 'Astana' "
    "consultation_language: 'ru' contact: 'desk 4' confidentiality: OPEN_TO_BOTH_BODIES signed_by: 'officer "
    "1'";
constexpr char kHash[] = "0123456789abcdef0123456789abcdef";
constexpr char kOtherHash[] = "fedcba9876543210fedcba9876543210";

class Desk : public MatterDesk {
 public:
  Desk() : MatterDesk("dispute", kR) {}
  void Notify() {
    ASSERT_EQ(Do(kR, absl::StrCat("draft_notice { ", kNotice, " }")), "");
    ASSERT_EQ(Do(kR, "notify {}"), "");
  }
  void Receive() {
    Notify();
    ASSERT_EQ(Do(kO, "receive { received_on: '2026-03-02' registered_as: 'in-7' }"), "");
  }
  void Consult(const char* minutes = kHash) {
    Receive();
    ASSERT_EQ(Do(kO, absl::StrCat("consult { held_on: '2026-03-02' place: 'Astana' minutes_sha256: '",
                                  minutes, "' }")),
              "");
  }
  std::string NotSettled(v1::Party by, const std::string& ground, const std::string& more = "") {
    return Do(by, absl::StrCat("state_not_settled { ground: ", ground, " statement: 's' ", more, " }"));
  }
  void Refer() {
    Consult();
    ASSERT_EQ(NotSettled(kR, "JOINT_RECORD", absl::StrCat("minutes_sha256: '", kHash, "'")), "");
    ASSERT_EQ(Do(kR, "refer { basis: 'letter to the ministry' }"), "");
  }
  void ReceiveNote() {
    Refer();
    ASSERT_EQ(Do(kR, "send_note { note_number: 'N 12' dated: '2026-03-02' }"), "");
    ASSERT_EQ(Do(kO, "receive_note { note_number: 'N 12' dated: '2026-03-02' }"), "");
  }
};

TEST(Dispute, WhoMayDoWhatInEveryStatus) {
  v1::MatterState sample;
  sample.mutable_dispute()->set_referred_by(kR);
  sample.set_shared(true);
  const std::string tier_1 = "consult link propose_settlement sign_settlement state_not_settled";
  const std::string tier_2 = "hold_round link propose_amendment propose_outcome sign_outcome";
  const auto and_withdraw = [](const std::string& actions) { return actions + " withdraw"; };
  ActionTable table = {
      {v1::DISPUTE_RECEIVED, {and_withdraw(tier_1), "answer " + tier_1}},
      {v1::DISPUTE_ANSWERED, {and_withdraw(tier_1), tier_1}},
      {v1::DISPUTE_CONSULTING, {and_withdraw(tier_1), tier_1}},
      {v1::DISPUTE_NOTIFIED, {"link state_not_settled withdraw", "link receive state_not_settled"}},
      {v1::DISPUTE_SETTLED_BY_BODIES, {"", ""}},
      {v1::DISPUTE_NOT_SETTLED, {"link refer withdraw", "link refer"}},
      {v1::DISPUTE_NOTE_RECEIVED, {and_withdraw(tier_2), tier_2}},
      {v1::DISPUTE_DIPLOMATIC_CONSULTATIONS, {and_withdraw(tier_2), tier_2}},
      {v1::DISPUTE_SETTLED_DIPLOMATIC, {"", ""}},
      {v1::DISPUTE_AMENDMENT_PROPOSED,
       {"link propose_outcome sign_outcome withdraw", "link propose_outcome sign_outcome"}},
      {v1::DISPUTE_WITHDRAWN, {"", ""}},
  };
  ExpectActions("dispute", kR, table, sample);
  sample.set_holder(kR);
  ExpectActions("dispute", kR, {{v1::DISPUTE_REFERRED, {"link send_note withdraw", "link"}}}, sample);
  sample.set_holder(kO);
  ExpectActions("dispute", kR, {{v1::DISPUTE_NOTE_SENT, {"link withdraw", "link receive_note"}}}, sample);
  sample.set_shared(false);
  ExpectActions("dispute", kR, {{v1::DISPUTE_DRAFT, {"notify withdraw", ""}}}, sample);
}

TEST(Dispute, SettledByTheBodies) {
  Desk desk;
  desk.Receive();
  EXPECT_EQ(desk.state().dispute().received_on(), "2026-03-02");
  EXPECT_EQ(desk.Do(kO, "answer { position: 'the law is clear' }"), "");
  const auto text = [](const char* step, const char* hash) {
    return absl::StrCat(step, " { sha256: '", hash, "' signed_by: 'x' }");
  };
  // Nobody signs alone, and nobody signs other bytes.
  EXPECT_EQ(desk.Do(kR, text("sign_settlement", kHash)), "step.signature");
  EXPECT_EQ(desk.Do(kR, text("propose_settlement", kHash)), "");
  EXPECT_EQ(desk.Do(kR, text("sign_settlement", kHash)), "step.signature");
  EXPECT_EQ(desk.Do(kO, text("sign_settlement", kOtherHash)), "step.signature");
  EXPECT_EQ(desk.Do(kO, text("sign_settlement", kHash)), "");
  EXPECT_EQ(desk.Status(), "DISPUTE_SETTLED_BY_BODIES");
  // It is taken up again as a new notice only.
  EXPECT_EQ(desk.Do(kR, text("propose_settlement", kHash)), "step.closed");
}

// The whole way to the diplomatic channel and an instrument signed by both.
TEST(Dispute, TheDiplomaticChannel) {
  Desk desk;
  desk.Refer();
  EXPECT_EQ(desk.Status(), "DISPUTE_REFERRED");
  // Each step is recorded by the service of the Party that took it.
  EXPECT_EQ(desk.Do(kO, "send_note { note_number: 'N 12' dated: '2026-03-02' }"), "step.turn");
  EXPECT_EQ(desk.Do(kR, "send_note { note_number: 'N 12' dated: '2026-03-02' }"), "");
  EXPECT_EQ(desk.Do(kR, "receive_note { note_number: 'N 12' dated: '2026-03-02' }"), "step.turn");
  EXPECT_EQ(desk.Do(kO, "receive_note { note_number: 'N 13' dated: '2026-03-02' }"), "step.document");
  EXPECT_EQ(desk.Do(kO, "receive_note { note_number: 'N 12' dated: '2026-03-02' }"), "");
  for (const v1::Party by : {kR, kO}) {
    EXPECT_EQ(desk.Do(by, "hold_round { held_on: '2026-03-02' place: 'Moscow' outcome: 'to go on' }"), "");
  }
  EXPECT_EQ(desk.state().dispute().rounds_size(), 2);
  EXPECT_EQ(desk.Do(kO, absl::StrCat("propose_amendment { title: 'new 10.1' sha256: '", kHash, "' }")), "");
  EXPECT_EQ(desk.Status(), "DISPUTE_AMENDMENT_PROPOSED");
  EXPECT_EQ(desk.Do(kO, absl::StrCat("propose_outcome { sha256: '", kHash, "' signed_by: 'x' }")), "");
  EXPECT_EQ(desk.Do(kR, absl::StrCat("sign_outcome { sha256: '", kHash, "' signed_by: 'y' }")), "");
  EXPECT_EQ(desk.Status(), "DISPUTE_SETTLED_DIPLOMATIC");
  EXPECT_EQ(desk.state().dispute().agreed().signed_by(), "y");
}

// 97: nothing goes to the foreign ministry unless the bodies have failed first.
TEST(Dispute, Edge97NoSecondTierWithoutTheFirst) {
  Desk desk;
  EXPECT_EQ(desk.Do(kR, absl::StrCat("draft_notice { ", kNotice, " }")), "");
  EXPECT_EQ(desk.Do(kR, "refer { basis: 'x' }"), "16.1");
  EXPECT_EQ(desk.Do(kR, "notify {}"), "");
  for (const v1::Party by : {kR, kO}) EXPECT_EQ(desk.Do(by, "refer { basis: 'x' }"), "16.1");
  EXPECT_EQ(desk.Do(kO, "receive { received_on: '2026-03-02' registered_as: 'in-7' }"), "");
  for (const v1::Party by : {kR, kO}) {
    EXPECT_EQ(desk.Do(by, "refer { basis: 'x' }"), "16.1");
    EXPECT_EQ(desk.Do(by, "send_note { note_number: 'N' dated: '2026-03-02' }"), "16.1");
  }
}

// A record of non-settlement must be true: of minutes there are, or of days that passed.
TEST(Dispute, NonSettlementNeedsItsGround) {
  Desk desk;
  desk.Notify();
  EXPECT_EQ(desk.NotSettled(kR, "SILENCE"), "16.1");
  desk.today = kToday + 30;
  EXPECT_EQ(desk.NotSettled(kR, "SILENCE"), "16.1");
  desk.today = kToday + 31;
  EXPECT_EQ(desk.NotSettled(kR, "CONSULTATIONS_FAILED"), "16.1");
  EXPECT_EQ(desk.NotSettled(kR, "SILENCE"), "");
  EXPECT_EQ(desk.Status(), "DISPUTE_NOT_SETTLED");

  Desk consulted;
  consulted.Consult();
  EXPECT_EQ(consulted.NotSettled(kO, "JOINT_RECORD", absl::StrCat("minutes_sha256: '", kOtherHash, "'")),
            "16.1");
  consulted.today = kToday + 60;
  EXPECT_EQ(consulted.NotSettled(kO, "CONSULTATIONS_FAILED"), "16.1");
  EXPECT_EQ(consulted.NotSettled(kO, "SILENCE"), "16.1");
  consulted.today = kToday + 61;
  EXPECT_EQ(consulted.NotSettled(kO, "CONSULTATIONS_FAILED"), "");
}

// Edge 97: the first tier cannot be skipped by a notice, or a receipt, of an earlier day.
TEST(Dispute, TheFirstTierTakesItsTimeWhateverDayIsWritten) {
  Desk desk;
  std::string early = kNotice;
  early.replace(early.find("2026-03-0"), 10, "2020-01-01");
  ASSERT_EQ(desk.Do(kR, "draft_notice { " + early + " }"), "");
  ASSERT_EQ(desk.Do(kR, "notify {}"), "");
  EXPECT_EQ(desk.NotSettled(kR, "SILENCE"), "16.1");
  desk.today = kToday + 30;
  EXPECT_EQ(desk.NotSettled(kR, "SILENCE"), "16.1");
  EXPECT_EQ(desk.Do(kO, "receive { received_on: '2026-02-28' registered_as: 'in-7' }"), "step.date");
  EXPECT_EQ(desk.Do(kO, "receive { received_on: '2026-03-02' registered_as: 'in-7' }"), "");
}

// No passing of time closes a dispute: it only allows the record of non-settlement.
TEST(Dispute, TimeAloneClosesNothing) {
  Desk desk;
  desk.Notify();
  desk.today = absl::CivilDay(2040, 1, 1);
  EXPECT_EQ(desk.Status(), "DISPUTE_NOTIFIED");
  EXPECT_EQ(desk.Do(kO, "receive { received_on: '2039-12-31' registered_as: 'late' }"), "");
}

// 98: what a person brings is a complaint.
TEST(Dispute, Edge98APersonRaisesNoDispute) {
  Desk desk;
  std::string notice = kNotice;
  notice.replace(notice.find("RAISED_BY_AUTHORISED_BODY"), 25, "RAISED_BY_PERSON");
  EXPECT_EQ(desk.Do(kR, absl::StrCat("draft_notice { ", notice, " }")), "16.1");
  EXPECT_EQ(desk.violation.found(), "RAISED_BY_PERSON");
}

// 100: both notify on the same point: both notices stay and are linked.
TEST(Dispute, Edge100CrossNoticesAreLinkedAndBothStay) {
  Desk desk;
  desk.Receive();
  for (const v1::Party by : {kR, kO}) EXPECT_EQ(desk.Do(by, "link { linked: 'disputes/2b' }"), "");
  EXPECT_EQ(desk.Status(), "DISPUTE_RECEIVED");
  EXPECT_EQ(desk.state().dispute().links_size(), 1);
  // A link crosses any step on its way.
  const v1::MatterStep link = desk.Step("link { linked: 'disputes/2b' }");
  const v1::MatterStep step = desk.Step("answer { position: 'p' }");
  const Recorded by_r{kR, "2026-03-02", "link", 1};
  const Recorded by_o{kO, "2026-03-02", "step", 2};
  EXPECT_EQ(Apply(Apply(desk.state(), link, by_r), step, by_o).SerializeAsString(),
            Apply(Apply(desk.state(), step, by_o), link, by_r).SerializeAsString());
  // And any link of the other Party.
  const v1::MatterStep other = desk.Step("link { linked: 'disputes/1a' }");
  const v1::MatterStep third = desk.Step("link { linked: 'disputes/3c' }");
  const v1::MatterState linked = Apply(Apply(desk.state(), other, by_r), third, by_o);
  EXPECT_EQ(linked.SerializeAsString(),
            Apply(Apply(desk.state(), third, by_o), other, by_r).SerializeAsString());
  EXPECT_EQ(absl::StrJoin(linked.dispute().links(), " "), "disputes/1a disputes/2b disputes/3c");
}

TEST(Dispute, OnlyDisputesAreLinked) {
  for (const char* other : {"cases/2b", "2b", "disputes/", "disputes/2b/3c"}) {
    Desk desk;
    desk.Receive();
    EXPECT_EQ(desk.Do(kR, absl::StrCat("link { linked: '", other, "' }")), "form: dispute.link.linked");
  }
}

// Every field of a notice is asked for but those that may be empty.
TEST(Dispute, ANoticeIsWhole) {
  const std::set<std::string> may_be_empty = {"cases",       "persons_concerned", "position_of_other",
                                              "steps_taken", "interim_measures",  "annexes",
                                              "linked"};
  const v1::MatterStep whole = Desk().Step(absl::StrCat("draft_notice { ", kNotice, " }"));
  const auto* notice = v1::DisputeNotice::descriptor();
  for (int i = 0; i < notice->field_count(); ++i) {
    Desk desk;
    v1::MatterStep step = whole;
    auto* content = step.mutable_dispute()->mutable_draft_notice();
    content->GetReflection()->ClearField(content, notice->field(i));
    const bool fine = may_be_empty.contains(notice->field(i)->name());
    EXPECT_EQ(desk.Do(kR, step), fine ? "" : "form: dispute.draft_notice." + notice->field(i)->name());
  }
}

TEST(Dispute, OnlyTheRaiserWithdraws) {
  Desk desk;
  desk.ReceiveNote();
  EXPECT_EQ(desk.Do(kO, "withdraw { basis: 'x' }"), "step.turn");
  EXPECT_EQ(desk.Do(kR, "withdraw { basis: 'x' }"), "");
  EXPECT_EQ(desk.Status(), "DISPUTE_WITHDRAWN");
}

}  // namespace
}  // namespace kelisim::treaty
