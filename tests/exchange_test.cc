// What a counterpart may send, and what becomes of it. Two cores on memory stores;
// one of them sends a push that somebody has tampered with on the way, or that the
// sender itself got wrong.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <limits>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/text_format.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/authority/core.h"
#include "shared/authority/matter.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/log.h"
#include "shared/testing/audited.h"
#include "shared/testing/dossiers.h"
#include "shared/testing/officer.h"
#include "shared/testing/pair.h"
#include "shared/tlog/equivocation.h"

namespace kelisim::testing {
namespace {

using authority::Call;
using authority::Input;
using authority::OfficerCall;
using authority::Outputs;
using authority::PeerCall;
using authority::PeerMethod;
using authority::PeerReply;
using ledger::Side;

constexpr uint64_t kToken = 7;
const absl::Time kNow = absl::FromUnixSeconds(1'766'224'800);  // 20 December 2025

OfficerCall SettingQuota(int year) {
  v1::SubmitQuotaCommandRequest request;
  request.set_request_id(absl::StrCat("00000000-0000-4000-8000-00000000", year));
  request.mutable_command()->mutable_set_quota()->set_year(year);
  request.mutable_command()->mutable_set_quota()->set_limit(5);
  request.mutable_command()->mutable_set_quota()->set_legal_act("91");
  return OfficerCall{kToken, "spiffe://test/officer", Sha256("request"), request};
}

// What `peer` says to a call, as its caller receives it.
PeerReply AnswerOf(Authority& peer, const Call& call) {
  const Outputs answered = peer.Turn({PeerCall{kToken, call.method, call.bytes}});
  const authority::Answer& answer = answered.replies.at(0).answer;
  EXPECT_TRUE(answer.status.ok()) << answer.status;
  return {call.call_id, absl::OkStatus(), answer.response};
}

Outputs Answer(Authority& caller, const Call& call, Authority& called) {
  return caller.Turn({AnswerOf(called, call)});
}

// `lost` loses its whole store, and has `size` own entries back and nothing of the
// counterpart's ledger yet.
void TakeOwnBackOnly(Authority& lost, Authority& counterpart, uint64_t size) {
  lost.store = ledger::MemoryStore();
  lost.Restart();
  Call call = lost.Turn({authority::Tick()}).calls.at(0);
  while (lost.SizeOf(Side::kOwn) < size) call = Answer(lost, call, counterpart).calls.at(0);
  ASSERT_EQ(lost.SizeOf(Side::kMirror), 0u);
}

tlog::Equivocation Read(const v1::Equivocation& evidence) {
  tlog::Equivocation read{
      evidence.first(), evidence.second(), Hash::FromBytes(evidence.prefix_root()).value(), {}};
  for (const std::string& hash : evidence.proof()) read.proof.push_back(Hash::FromBytes(hash).value());
  return read;
}

// Adds to a push of `author` an entry that it has never recorded and yet signs: like the
// first one of the push, of the content `act`, and as `change` makes it.
void AddForged(
    const Authority& author, v1::PushRequest& push, const v1::Act& act,
    const std::function<void(v1::Entry&, v1::Leaf&)>& change = [](v1::Entry&, v1::Leaf&) {}) {
  v1::Entry entry;
  ASSERT_TRUE(entry.ParseFromString(push.leaves(0).entry()));
  v1::Leaf& leaf = *push.add_leaves();
  leaf.set_payload(act.SerializeAsString());
  leaf.set_opening(std::string(Hash::kSize, 'o'));
  entry.set_entry_id(absl::StrFormat("%016d", push.leaves_size()));
  change(entry, leaf);
  if (!entry.commitment().empty())
    entry.set_commitment(std::string(kelisim::Commit(leaf.opening(), leaf.payload()).bytes()));
  leaf.set_entry(entry.SerializeAsString());
  SignPush(author.identity, ledger::LogRows<ledger::Store>(Side::kOwn, author.store), push);
}

// The same with a PROGRESS entry, of whatever root.
void AddProgress(const Authority& author, v1::PushRequest& push, uint64_t position) {
  AddForged(author, push, v1::Act(), [&](v1::Entry& forged, v1::Leaf& leaf) {
    forged.set_kind(v1::ENTRY_KIND_PROGRESS);
    forged.set_addressed(false);
    forged.clear_commitment();
    forged.mutable_reference()->set_position(position);
    forged.mutable_reference()->set_hash(std::string(Hash::kSize, 'h'));
    leaf.clear_payload();
    leaf.clear_opening();
  });
}

// The same with a refusal of the entry `index` of `refused`, as `change` makes it.
void AddRefusal(
    const Authority& author, v1::PushRequest& push, const Authority& refused, uint64_t index,
    const v1::Refusal& refusal, const std::function<void(v1::Entry&)>& change = [](v1::Entry&) {}) {
  const std::string entry = ledger::LogRows<ledger::Store>(Side::kOwn, refused.store).Entry(index).value();
  AddForged(author, push, v1::Act(), [&](v1::Entry& forged, v1::Leaf& leaf) {
    forged.set_kind(v1::ENTRY_KIND_REFUSAL);
    forged.set_addressed(true);
    forged.set_commitment("to be made");
    forged.mutable_reference()->set_position(index);
    forged.mutable_reference()->set_hash(std::string(tlog::LeafHash(entry).bytes()));
    change(forged);
    leaf.set_payload(refusal.SerializeAsString());
  });
}

// The rules under which `of` has refused what it took, in order.
std::vector<std::string> RefusalsIn(const Authority& of) {
  std::vector<std::string> rules;
  for (uint64_t index = 0; index < of.SizeOf(Side::kOwn); ++index) {
    const auto refusal = of.Payload<v1::Refusal>(index, v1::ENTRY_KIND_REFUSAL);
    if (refusal) rules.push_back(refusal->violation().rule());
  }
  return rules;
}

// KZ has recorded two acts, and its push of them is on its way to RU.
class PushTest : public ::testing::Test {
 protected:
  explicit PushTest(std::vector<Input> acts = {SettingQuota(2026), SettingQuota(2027)}) {
    // Each shakes hands with the other.
    const Call from_kz = kz_.Turn({authority::Tick()}).calls.at(0);
    const Call from_ru = ru_.Turn({authority::Tick()}).calls.at(0);
    Answer(kz_, from_kz, ru_);
    Answer(ru_, from_ru, kz_);
    const Outputs made = kz_.Turn(std::move(acts));
    for (const authority::Reply& reply : made.replies) {
      EXPECT_TRUE(reply.answer.status.ok()) << reply.answer.status;
    }
    EXPECT_TRUE(push_.ParseFromString(made.calls.at(0).bytes));
    EXPECT_EQ(push_.leaves_size(), 2);
  }

  authority::Answer Deliver(const v1::PushRequest& push) { return DeliverBytes(push.SerializeAsString()); }
  authority::Answer DeliverBytes(std::string bytes) {
    Outputs outputs = ru_.Turn({PeerCall{kToken, PeerMethod::kPush, std::move(bytes)}});
    state_ = outputs.state;
    return outputs.replies.at(0).answer;
  }
  // What KZ's ledger calls the act that sets the quota of 2027.
  v1::Act SecondAct() const {
    v1::Act act;
    EXPECT_TRUE(act.ParseFromString(push_.leaves(1).payload()));
    return act;
  }
  static v1::PushResponse Response(const authority::Answer& answer) {
    v1::PushResponse response;
    EXPECT_TRUE(response.ParseFromString(answer.response));
    return response;
  }
  std::vector<std::string> Refusals() const { return RefusalsIn(ru_); }

  Authority kz_{v1::PARTY_KZ, kNow};
  Authority ru_{v1::PARTY_RU, kNow};
  v1::PushRequest push_;
  v1::NodeState state_;
};

TEST_F(PushTest, AnHonestOneIsCosignedTwice) {
  const v1::PushResponse response = Response(Deliver(push_));
  EXPECT_EQ(response.mirror_size(), 2u);
  const tlog::Note note =
      tlog::Note::Parse(absl::StrCat(push_.checkpoint(), response.cosignatures())).value();
  EXPECT_TRUE(tlog::VerifyNote(note, ru_.identity.witness.verifier()).ok());
  EXPECT_TRUE(tlog::VerifyNote(note, ru_.identity.mirror.verifier()).ok());
  EXPECT_EQ(Refusals(), std::vector<std::string>());
}

TEST_F(PushTest, TheSameAgainGetsTheSameAnswer) {
  Deliver(push_);
  EXPECT_EQ(Response(Deliver(push_)).mirror_size(), 2u);
  EXPECT_EQ(ru_.SizeOf(Side::kMirror), 2u);
}

// What does not fit the signed root, the session or the place is not taken at all.
TEST_F(PushTest, WhatDoesNotFitChangesNothing) {
  const struct {
    const char* what;
    std::function<void(v1::PushRequest&)> tamper;
    absl::StatusCode code;
  } rows[] = {
      {"an entry's byte", [](auto& push) { push.mutable_leaves(0)->mutable_entry()->back() ^= 1; },
       absl::StatusCode::kInvalidArgument},
      {"an entry missing", [](auto& push) { push.mutable_leaves()->RemoveLast(); },
       absl::StatusCode::kInvalidArgument},
      {"an entry too many", [](auto& push) { *push.add_leaves() = push.leaves(0); },
       absl::StatusCode::kInvalidArgument},
      {"entries swapped", [](auto& push) { push.mutable_leaves()->SwapElements(0, 1); },
       absl::StatusCode::kInvalidArgument},
      {"no checkpoint", [](auto& push) { push.clear_checkpoint(); }, absl::StatusCode::kInvalidArgument},
      {"a checkpoint's byte", [](auto& push) { push.mutable_checkpoint()->at(20) ^= 1; },
       absl::StatusCode::kInvalidArgument},
      {"a place ahead", [](auto& push) { push.set_first_index(1); }, absl::StatusCode::kFailedPrecondition},
      {"another session", [](auto& push) { push.mutable_session()->back() ^= 1; },
       absl::StatusCode::kFailedPrecondition},
      {"no session", [](auto& push) { push.clear_session(); }, absl::StatusCode::kFailedPrecondition},
  };
  for (const auto& row : rows) {
    v1::PushRequest push = push_;
    row.tamper(push);
    EXPECT_EQ(Deliver(push).status.code(), row.code) << row.what;
    EXPECT_EQ(ru_.SizeOf(Side::kMirror), 0u) << row.what;
    EXPECT_EQ(ru_.SizeOf(Side::kOwn), 0u) << row.what;
    EXPECT_EQ(state_.mode(), v1::OPEN_FOR_ALL) << row.what;
  }
  for (const std::string bytes : {"\xff\xff", "\x0a"}) {
    EXPECT_EQ(DeliverBytes(bytes).status.code(), absl::StatusCode::kInvalidArgument);
  }
  EXPECT_EQ(ru_.SizeOf(Side::kMirror), 0u);
  // And the true one is still welcome.
  EXPECT_EQ(Response(Deliver(push_)).mirror_size(), 2u);
}

// The signed root does not cover a payload; its commitment does. The entries are
// mirrored and cosigned as they are, and the act is refused.
struct Way {
  const char* name;
  void (*tamper)(v1::Leaf& leaf);
};
class PayloadTest : public PushTest, public ::testing::WithParamInterface<Way> {};

TEST_P(PayloadTest, ThatDoesNotOpenItsCommitmentIsRefused) {
  GetParam().tamper(*push_.mutable_leaves(1));
  const v1::PushResponse response = Response(Deliver(push_));
  EXPECT_EQ(response.mirror_size(), 2u);
  EXPECT_FALSE(response.cosignatures().empty());
  EXPECT_EQ(Refusals(), std::vector<std::string>{"exchange.commitment"});
}

INSTANTIATE_TEST_SUITE_P(
    All, PayloadTest,
    ::testing::Values(Way{"Changed", [](v1::Leaf& leaf) { leaf.mutable_payload()->back() ^= 1; }},
                      Way{"Longer", [](v1::Leaf& leaf) { leaf.mutable_payload()->append("x"); }},
                      Way{"Missing", [](v1::Leaf& leaf) { leaf.clear_payload(); }},
                      Way{"OpeningChanged", [](v1::Leaf& leaf) { leaf.mutable_opening()->back() ^= 1; }},
                      Way{"OpeningShorter", [](v1::Leaf& leaf) { leaf.mutable_opening()->pop_back(); }},
                      Way{"OpeningMissing", [](v1::Leaf& leaf) { leaf.clear_opening(); }}),
    [](const auto& way) { return way.param.name; });

// Signed by its author and opening its commitment, and still nothing that may be done: it is
// mirrored and refused under its rule, and what comes after it is welcome.
TEST_F(PushTest, WhatBreaksARuleIsMirroredAndRefused) {
  const auto in_order = [](v1::Entry&, v1::Leaf&) {};
  const struct {
    const char* what;
    const char* rule;  // empty: welcome
    std::function<void(v1::Act&)> act;
    std::function<void(v1::Entry&, v1::Leaf&)> entry;
  } rows[] = {
      {"an id without end", "exchange.format",
       [](v1::Act& act) {
         act.mutable_case_act()->mutable_cleared();
         act.set_subject_id(std::string(300, 'a'));
       },
       in_order},
      // It would stand in names, on terminals and in logs.
      {"an id that is a name", "exchange.format",
       [](v1::Act& act) {
         act.mutable_case_act()->mutable_cleared();
         act.set_subject_id("Ivanov 840317391");
       },
       in_order},
      {"an id in capitals", "exchange.format",
       [](v1::Act& act) {
         act.mutable_case_act()->mutable_cleared();
         act.set_subject_id("0123456789ABCDEF");
       },
       in_order},
      {"another format", "exchange.format", [](v1::Act&) {},
       [](v1::Entry& entry, v1::Leaf&) { entry.set_format(2); }},
      {"an officer without end", "exchange.format",
       [](v1::Act& act) { act.set_officer(std::string(3000, 'x')); }, in_order},
      {"an id of another length", "exchange.format", [](v1::Act&) {},
       [](v1::Entry& entry, v1::Leaf&) { entry.set_entry_id("short"); }},
      {"an officer who commands a terminal", "exchange.format",
       [](v1::Act& act) { act.set_officer("\033[2J"); }, in_order},
      {"a request id without end", "exchange.format",
       [](v1::Act& act) { act.set_request_id(std::string(3000, 'x')); }, in_order},
      {"no subject", "exchange.format", [](v1::Act& act) { act.clear_quota_act(); }, in_order},
      {"no day", "exchange.format", [](v1::Act& act) { act.set_effective_on("2025-13-01"); }, in_order},
      {"a payload that is no act", "exchange.format", [](v1::Act&) {},
       [](v1::Entry&, v1::Leaf& leaf) { leaf.set_payload("\xff\xff"); }},
      {"another day than that of the entry", "step.date",
       [](v1::Act& act) { act.set_effective_on("2025-12-22"); }, in_order},
      {"tomorrow", "step.date", [](v1::Act& act) { act.set_effective_on("2025-12-21"); }, in_order},
      {"no commitment", "exchange.format", [](v1::Act&) {},
       [](v1::Entry& entry, v1::Leaf&) { entry.clear_commitment(); }},
      {"yesterday", "step.date", [](v1::Act& act) { act.set_effective_on("2025-12-19"); }, in_order},
      {"a protocol that nobody has signed", "13.2", [](v1::Act& act) { act.set_protocol_version("?"); },
       in_order},
      {"the body of the other Party", "13.1kz", [this](v1::Act& act) { act.set_body(ru_.identity.body); },
       in_order},
      {"the quota of a year gone by", "12.1",
       [](v1::Act& act) { act.mutable_quota_act()->mutable_quota_set()->set_year(2024); }, in_order},
      {"a step on a case that is not known", "step.status",
       [](v1::Act& act) {
         act.mutable_case_act()->mutable_cleared();
         act.set_subject_id("0123456789abcdef");
       },
       in_order},
      {"the quota of the year after next", "",
       [](v1::Act& act) { act.mutable_quota_act()->mutable_quota_set()->set_year(2028); }, in_order},
  };
  std::vector<std::string> expected;
  std::string named;
  for (const auto& row : rows) {
    v1::Act act = SecondAct();
    row.act(act);
    AddForged(kz_, push_, act, row.entry);
    if (*row.rule == '\0') continue;
    expected.push_back(row.rule);
    absl::StrAppend(&named, expected.size(), ": ", row.what, "\n");
  }
  EXPECT_EQ(Response(Deliver(push_)).mirror_size(), 2 + std::size(rows));
  EXPECT_EQ(Refusals(), expected) << named;
  EXPECT_EQ(ru_.reader->GetQuota("quotas/kz/2028")->status(), v1::OPEN);
  ru_.Restart();
  EXPECT_EQ(ru_.SizeOf(Side::kMirror), 2 + std::size(rows));
}

// Who signs garbage without end makes the other's ledger grow by its pushes, not by its leaves:
// what stands between two acts and is none is refused together.
TEST_F(PushTest, EntriesWithoutAnActAreRefusedTogether) {
  constexpr int kRounds = 300;
  const auto add = [&](const std::function<void(v1::Entry&, v1::Leaf&)>& change) {
    AddForged(kz_, push_, SecondAct(), change);
  };
  for (int round = 0; round < kRounds; ++round) {
    add([](v1::Entry& entry, v1::Leaf&) { entry.set_format(2); });
    add([](v1::Entry&, v1::Leaf& leaf) { leaf.set_payload("\xff\xff"); });
    // Neither an act nor refused.
    add([](v1::Entry& entry, v1::Leaf& leaf) {
      entry.set_kind(v1::ENTRY_KIND_PROGRESS);
      entry.clear_commitment();
      leaf.Clear();
    });
    push_.mutable_leaves(push_.leaves_size() - 1)->clear_payload();
  }
  add([](v1::Entry& entry, v1::Leaf&) { entry.clear_entry_id(); });
  // An act ends a stretch, and is judged for itself.
  v1::Act late = SecondAct();
  late.set_effective_on("2025-12-22");
  AddForged(kz_, push_, late);
  add([](v1::Entry& entry, v1::Leaf&) { entry.set_format(2); });
  const auto last = static_cast<uint64_t>(push_.leaves_size());
  EXPECT_EQ(Response(Deliver(push_)).mirror_size(), last);
  EXPECT_EQ(Refusals(), (std::vector<std::string>{"exchange.format", "step.date", "exchange.format"}));
  EXPECT_EQ(ru_.SizeOf(Side::kOwn), 6u);
  EXPECT_EQ(ru_.reader->GetQuota("quotas/kz/2027")->status(), v1::OPEN);
  // The same is the outcome of everything anew.
  const Audited audited = AuditOf(ru_.identity, ru_.store, *ru_.vault);
  EXPECT_TRUE(audited.done) << audited.status;
  EXPECT_EQ(audited.findings, std::vector<std::string>());
}

// Lines that nobody verifies would be kept, and sent with every handshake; and a key can sign
// as often as it likes.
TEST_F(PushTest, OnlyVerifiedSignaturesAreKept) {
  const std::string honest = push_.checkpoint();
  push_.mutable_checkpoint()->append(kz_.identity.log.SignNote(tlog::Note::Parse(honest)->text));
  std::string junk = "AAAAAAAA";
  while (junk.size() < 2000) junk += junk;
  for (int i = 0; i < 90; ++i)
    push_.mutable_checkpoint()->append(absl::StrCat("\u2014 nobody", i, " ", junk, "\n"));
  ASSERT_LT(push_.ByteSizeLong(), 256u * 1024);
  EXPECT_EQ(Response(Deliver(push_)).mirror_size(), 2u);
  const ledger::LogRows<ledger::Store> mirror(Side::kMirror, ru_.store);
  EXPECT_EQ(mirror.Checkpoint(2).value(), honest);
}

// The refusal must fit a message to its author, whatever the act says.
TEST_F(PushTest, ARefusalQuotesLittleOfWhatItRefuses) {
  v1::Act act = SecondAct();
  std::string day = "9";  // then letters of two bytes, so that the cut would be inside one
  while (day.size() < 50'000) day += "\u04b1";
  v1::Overdue& overdue = *act.mutable_case_act()->mutable_answer_overdue();
  overdue.set_offer_entry_id("e");
  overdue.set_answer_due(day);
  act.set_subject_id("0123456789abcdef");
  AddForged(kz_, push_, act);
  EXPECT_EQ(Response(Deliver(push_)).mirror_size(), 3u);
  EXPECT_EQ(Refusals(), std::vector<std::string>{"step.hand_off"});
  const auto refusal = ru_.Payload<v1::Refusal>(ru_.SizeOf(Side::kOwn) - 1, v1::ENTRY_KIND_REFUSAL);
  EXPECT_EQ(refusal->violation().found(), day.substr(0, 199));
}

TEST(Act, OfMoreFieldsThanAnyOfThisTreatyIsNotRead) {
  v1::Act act;
  v1::Petition& petition = *act.mutable_case_act()->mutable_petition_filed();
  while (petition.family_size() < authority::kMostActFields - 2) petition.add_family();
  v1::Act read;
  EXPECT_TRUE(authority::ParseAct(act.SerializeAsString(), &read));
  petition.add_family();
  EXPECT_FALSE(authority::ParseAct(act.SerializeAsString(), &read));
  EXPECT_EQ(read.ByteSizeLong(), 0u);
}

TEST_F(PushTest, OfMoreLeavesThanAnAuthoritySendsIsNotRead) {
  while (push_.leaves_size() < 4096) push_.add_leaves();
  AddForged(kz_, push_, SecondAct());
  EXPECT_EQ(Deliver(push_).status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(ru_.SizeOf(Side::kMirror), 0u);
}

// A quota that the other Party refused is not set for its author either: both see the same,
// and the author may set it again.
TEST_F(PushTest, ARefusedQuotaIsUndoneByItsAuthor) {
  push_.mutable_leaves(1)->clear_payload();
  const Outputs taken = ru_.Turn({PeerCall{kToken, PeerMethod::kPush, push_.SerializeAsString()}});
  Answer(ru_, taken.calls.at(0), kz_);
  for (Authority* authority : {&kz_, &ru_}) {
    EXPECT_EQ(authority->reader->GetQuota("quotas/kz/2026")->status(), v1::OPEN);
    EXPECT_EQ(authority->reader->GetQuota("quotas/kz/2027")->status(), v1::UNSET);
  }
  OfficerCall again = SettingQuota(2027);
  std::get<v1::SubmitQuotaCommandRequest>(again.request)
      .set_request_id("00000000-0000-4000-8000-000000000001");
  const Outputs made = kz_.Turn({again});
  ASSERT_TRUE(made.replies.at(0).answer.status.ok()) << made.replies.at(0).answer.status;
  EXPECT_EQ(kz_.reader->GetQuota("quotas/kz/2027")->limit(), 5u);
}

// Several at once as well: every act that did not arrive is undone, and nothing else is.
TEST_F(PushTest, WhatIsRefusedTogetherIsUndoneByItsAuthor) {
  for (int i = 0; i < 2; ++i) push_.mutable_leaves(i)->clear_payload();
  const Outputs taken = ru_.Turn({PeerCall{kToken, PeerMethod::kPush, push_.SerializeAsString()}});
  EXPECT_EQ(ru_.SizeOf(Side::kOwn), 2u);
  Answer(ru_, taken.calls.at(0), kz_);
  for (Authority* authority : {&kz_, &ru_}) {
    EXPECT_EQ(authority->reader->GetQuota("quotas/kz/2026")->status(), v1::UNSET);
    EXPECT_EQ(authority->reader->GetQuota("quotas/kz/2027")->status(), v1::UNSET);
    const Audited audited = AuditOf(authority->identity, authority->store, *authority->vault);
    EXPECT_TRUE(audited.done) << audited.status;
    EXPECT_EQ(audited.findings, std::vector<std::string>());
  }
}

// Its operator is told, in one line, whatever one push brings.
TEST_F(PushTest, WhoIsRefusedTellsTheOperator) {
  for (int i = 0; i < 2; ++i) push_.mutable_leaves(i)->clear_payload();
  const Outputs taken = ru_.Turn({PeerCall{kToken, PeerMethod::kPush, push_.SerializeAsString()}});
  Answer(ru_, taken.calls.at(0), kz_);
  std::vector<std::string> told;
  for (const std::string& event : kz_.events) {
    if (event.find("refused: ") == 0) told.push_back(event);
  }
  EXPECT_THAT(told, ::testing::ElementsAre("refused: own entry 0, by the counterpart, under rule "
                                           "exchange.commitment; and 1 more: it is undone "
                                           "(deploy/recovery.md)"));
}

// So it is with a notice of termination: nothing ends by an act that was refused.
class NoticeTest : public PushTest {
 protected:
  NoticeTest() : PushTest({SettingQuota(2026), Notice()}) {}

  static OfficerCall Notice() {
    v1::SubmitTreatyCommandRequest request;
    request.set_request_id("00000000-0000-4000-8000-000000000002");
    v1::TerminationNotice& received = *request.mutable_command()->mutable_record_termination_notice();
    received.set_from(v1::PARTY_RU);
    received.set_sent_on("2025-12-18");
    received.set_received_on("2025-12-19");
    received.set_note_number("N 1");
    received.set_written(true);
    received.set_by_party(true);
    return OfficerCall{kToken, "spiffe://test/officer", Sha256("notice"), request};
  }
};

TEST_F(NoticeTest, ThatIsRefusedIsUndoneByItsAuthor) {
  EXPECT_EQ(kz_.reader->GetTerm("", kNow)->treaty().terminates_on(), "2030-04-17");
  push_.mutable_leaves(1)->clear_payload();
  const Outputs taken = ru_.Turn({PeerCall{kToken, PeerMethod::kPush, push_.SerializeAsString()}});
  Answer(ru_, taken.calls.at(0), kz_);
  for (Authority* authority : {&kz_, &ru_}) {
    EXPECT_EQ(authority->reader->GetTerm("", kNow)->treaty().SerializeAsString(), "");
  }
}

// The time in a cosignature is the counterpart's: where it differs too much from ours, the
// operator is told once, and once when it does no more.
TEST(Clocks, ADifferenceIsToldToTheOperator) {
  for (const auto& [ahead, told] :
       {std::pair(29, 0), std::pair(31, 1), std::pair(-31, 1), std::pair(-29, 0)}) {
    Authority kz(v1::PARTY_KZ, kNow);
    Authority ru(v1::PARTY_RU, kNow + absl::Seconds(ahead));
    const Call from_kz = kz.Turn({authority::Tick()}).calls.at(0);
    const Call from_ru = ru.Turn({authority::Tick()}).calls.at(0);
    Answer(kz, from_kz, ru);
    Answer(ru, from_ru, kz);
    for (const int year : {2026, 2027}) Answer(kz, kz.Turn({SettingQuota(year)}).calls.at(0), ru);
    const auto of_clocks = std::count_if(kz.events.begin(), kz.events.end(), [](const std::string& event) {
      return event.find("clocks: ") == 0;
    });
    EXPECT_EQ(of_clocks, told) << ahead;
  }
}

// What is cosigned existed before; so an entry of a time to come waits for that time.
TEST_F(PushTest, EntriesOfATimeToComeWaitForIt) {
  const auto record_at = [this](absl::Duration ahead) {
    return [this, ahead](v1::Entry& entry, v1::Leaf&) {
      entry.set_recorded_at_us(absl::ToUnixMicros(ru_.now + ahead));
    };
  };
  v1::PushRequest late = push_;
  AddForged(kz_, late, SecondAct(), record_at(absl::Seconds(301)));
  for (int i = 0; i < 2; ++i) EXPECT_EQ(Deliver(late).status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ru_.SizeOf(Side::kMirror), 0u);
  EXPECT_EQ(ru_.SizeOf(Side::kOwn), 0u);
  EXPECT_EQ(std::count_if(ru_.events.begin(), ru_.events.end(),
                          [](const std::string& event) { return event.find("clocks: ") == 0; }),
            1);
  ru_.now += absl::Seconds(1);
  EXPECT_EQ(Response(Deliver(late)).mirror_size(), 3u);
}

// Its author is told as well, and why nothing gets across.
TEST(Clocks, WhoIsAheadIsToldThatNothingIsTaken) {
  Authority kz(v1::PARTY_KZ, kNow + absl::Seconds(400));
  Authority ru(v1::PARTY_RU, kNow);
  const Call from_kz = kz.Turn({authority::Tick()}).calls.at(0);
  const Call from_ru = ru.Turn({authority::Tick()}).calls.at(0);
  Answer(kz, from_kz, ru);
  Answer(ru, from_ru, kz);
  // Also after an outage, which is told of as well.
  const Call lost = kz.Turn({SettingQuota(2026)}).calls.at(0);
  kz.Turn({PeerReply{lost.call_id, absl::UnavailableError("no route"), ""}});
  kz.now += absl::Seconds(1);
  const Call again = kz.Turn({authority::Tick()}).calls.at(0);
  const Call push = kz.Turn({AnswerOf(ru, again)}).calls.at(0);
  const Outputs refused = ru.Turn({PeerCall{kToken, push.method, push.bytes}});
  const v1::NodeState state =
      kz.Turn({PeerReply{push.call_id, refused.replies.at(0).answer.status, ""}}).state;
  EXPECT_EQ(state.reason_key(), "reason.ahead");
  EXPECT_THAT(state.counterpart_problem(), ::testing::HasSubstr("clocks:"));
}

// One case of Kazakhstan, which sets it up; both authorities are at work on it.
class CaseTest : public ::testing::Test {
 protected:
  using Asked = std::pair<v1::Party, const char*>;
  static constexpr Asked kUntilPlace[] = {{v1::PARTY_KZ, "file_petition"}, {v1::PARTY_KZ, "confirm_scope"},
                                          {v1::PARTY_KZ, "offer"},         {v1::PARTY_RU, "accept"},
                                          {v1::PARTY_RU, "clear"},         {v1::PARTY_RU, "offer"},
                                          {v1::PARTY_KZ, "accept"}};

  CaseTest() {
    both_.Turn(v1::PARTY_KZ, {SettingQuota(2025)});
    both_.Exchange();
  }
  OfficerCall CallOf(v1::SubmitCaseCommandRequest request) {
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++asked_));
    return OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request};
  }
  v1::CaseState StateOf(v1::Party party) { return both_.of(party).reader->GetCase(name_, kNow)->state(); }
  v1::SubmitCaseCommandRequest RequestFor(v1::Party party, const std::string& action) {
    v1::SubmitCaseCommandRequest request;
    request.set_name(name_);
    if (action == "file_petition") {
      *request.mutable_command()->mutable_file_petition() = PetitionOf(party, 0, {}, today_);
    } else {
      *request.mutable_command() = PlausibleCommand(action, StateOf(party), today_, random_).value();
    }
    return request;
  }
  void Do(v1::Party party, const std::string& action) {
    std::vector<authority::Reply> replies = both_.Turn(party, {CallOf(RequestFor(party, action))});
    for (authority::Reply& late : both_.Exchange()) replies.push_back(std::move(late));
    ASSERT_EQ(replies.size(), 1u) << action;
    ASSERT_TRUE(replies[0].answer.status.ok()) << action << replies[0].answer.violation.rule();
    v1::SubmitCaseCommandResponse response;
    ASSERT_TRUE(response.ParseFromString(replies[0].answer.response));
    name_ = response.name();
  }
  // Russia sends a refusal of Kazakhstan's entry `index`, as `change` makes it, and says before
  // that it had processed so many at a time.
  void Refuse(
      uint64_t index, const std::vector<uint64_t>& progress, const v1::Refusal& refusal,
      const std::function<void(v1::Entry&)>& change = [](v1::Entry&) {}) {
    Authority& kz = both_.of(v1::PARTY_KZ);
    Authority& ru = both_.of(v1::PARTY_RU);
    v1::PushRequest push;
    ASSERT_TRUE(push.ParseFromString(ru.Turn({SettingQuota(2027)}).calls.at(0).bytes));
    for (const uint64_t position : progress) AddProgress(ru, push, position);
    AddRefusal(ru, push, kz, index, refusal, change);
    const Outputs taken = kz.Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
    ASSERT_TRUE(taken.replies.at(0).answer.status.ok()) << taken.replies.at(0).answer.status;
  }
  // What Russia gets in place of a push of Kazakhstan, and its refusal on the way back.
  void SendInPlaceOf(const Call& call, const v1::PushRequest& push) {
    const Outputs taken =
        both_.of(v1::PARTY_RU).Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
    both_.Turn(v1::PARTY_KZ,
               {PeerReply{call.call_id, absl::OkStatus(), taken.replies.at(0).answer.response}});
    ASSERT_EQ(taken.calls.size(), 1u);
    const Call& refusal = taken.calls.at(0);
    const auto cosigned = both_.Turn(v1::PARTY_KZ, {PeerCall{kToken, refusal.method, refusal.bytes}});
    both_.Turn(v1::PARTY_RU, {PeerReply{refusal.call_id, absl::OkStatus(), cosigned.at(0).answer.response}});
  }
  // Kazakhstan's case, which Russia has taken to clear.
  void OfferAndAccept() {
    for (const char* action : {"file_petition", "confirm_scope", "offer"}) Do(v1::PARTY_KZ, action);
    Do(v1::PARTY_RU, "accept");
  }
  // The rules under which the other Party refuses acts on the case that `author` signs unjudged.
  std::vector<std::string> RefusalsOf(v1::Party author, const std::vector<v1::CaseAct>& acts,
                                      const std::string& predecessor = "") {
    const Outputs made = both_.of(author).Turn({SettingQuota(2026)});
    v1::PushRequest push;
    EXPECT_TRUE(push.ParseFromString(made.calls.at(0).bytes));
    v1::Act act;
    EXPECT_TRUE(act.ParseFromString(push.leaves(push.leaves_size() - 1).payload()));
    act.set_subject_id(name_.substr(sizeof("cases/") - 1));
    act.set_predecessor(predecessor);
    for (const v1::CaseAct& one : acts) {
      *act.mutable_case_act() = one;
      // Its first leaf may tell how far the counterpart's ledger was read.
      AddForged(both_.of(author), push, act, [](v1::Entry& forged, v1::Leaf&) {
        forged.set_kind(v1::ENTRY_KIND_ACT);
        forged.set_addressed(true);
        forged.clear_reference();
        forged.set_commitment("some");
      });
    }
    Authority& other = both_.of(treaty::Other(author));
    const Outputs answer = other.Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
    EXPECT_TRUE(answer.replies.at(0).answer.status.ok()) << answer.replies.at(0).answer.status;
    return RefusalsIn(other);
  }
  // Who watches Kazakhstan from `cursor` on is told that the offers of these cases were refused,
  // each once, wherever it goes on in between.
  void ExpectRefusedAfter(const v1::WatchCursor& cursor, const std::vector<std::string>& names) {
    const authority::Reader& reader = *both_.of(v1::PARTY_KZ).reader;
    for (const size_t limit : {size_t{1}, size_t{1000}}) {
      v1::WatchCursor at = cursor;
      std::vector<v1::WatchActsResponse> told;
      for (v1::WatchCursor before;;) {
        before = at;
        const auto acts = reader.ReadActs(at, "", limit);
        for (const v1::WatchActsResponse& act : acts.value()) told.push_back(act);
        if (at.SerializeAsString() == before.SerializeAsString()) break;
      }
      ASSERT_EQ(told.size(), names.size()) << limit;
      for (size_t i = 0; i < told.size(); ++i) {
        EXPECT_EQ(told[i].name(), names[i]);
        EXPECT_TRUE(told[i].item().case_act().has_offered());
        EXPECT_EQ(told[i].item().evidence(), v1::REFUSED);
        EXPECT_EQ(told[i].item().refusal().rule(), "exchange.commitment");
        v1::WatchCursor resumed = told[i].cursor();
        EXPECT_EQ(reader.ReadActs(resumed, "", 1000)->size(), names.size() - i - 1);
        v1::WatchCursor of_one = cursor;
        EXPECT_EQ(reader.ReadActs(of_one, names[i], 1000)->size(), 1u);
      }
    }
  }
  // Two acts on the petition, which stays in Kazakhstan.
  void ReturnAndComplete(int fields = 1) {
    v1::SubmitCaseCommandRequest returned;
    returned.set_name(name_);
    for (int i = 0; i < fields; ++i)
      returned.mutable_command()->mutable_return_petition()->add_fields("head.birth_date");
    v1::SubmitCaseCommandRequest completed;
    completed.set_name(name_);
    *completed.mutable_command()->mutable_complete_petition() = PetitionOf(v1::PARTY_KZ, 0, {}, today_);
    for (const authority::Reply& reply : both_.Turn(v1::PARTY_KZ, {CallOf(returned), CallOf(completed)})) {
      ASSERT_TRUE(reply.answer.status.ok()) << reply.answer.status;
    }
  }

  Pair both_{kNow};
  SeededRandom random_{7};
  const std::string today_ = absl::FormatTime("%Y-%m-%d", kNow, absl::UTCTimeZone());
  std::string name_;
  uint64_t asked_ = 0;
};

// What is irreversible is told when the counterpart has it. What an officer asks of a
// case after an irreversible step would give that step away: it waits as well.
TEST_F(CaseTest, NothingIsToldBeforeItsIrreversibleStepIsCosigned) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  const v1::SubmitCaseCommandRequest issue = RequestFor(v1::PARTY_KZ, "issue_status");
  EXPECT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(issue)}).empty());
  // Not from a second one that is refused, nor from a rehearsal, nor from the next step.
  EXPECT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(issue)}).empty());
  v1::SubmitCaseCommandRequest rehearsed = issue;
  rehearsed.set_validate_only(true);
  EXPECT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(rehearsed)}).empty());
  v1::SubmitCaseCommandRequest next = RequestFor(v1::PARTY_KZ, "offer");
  next.set_validate_only(true);
  EXPECT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(next)}).empty());
  EXPECT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(RequestFor(v1::PARTY_KZ, "offer"))}).empty());
  EXPECT_EQ(both_.Exchange().size(), 5u);
}

// Nor is it told by what is refused or rehearsed in another matter, or anything built on it there.
TEST_F(CaseTest, NothingRestsOnWhatIsNotToldYet) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  v1::SubmitMatterStepRequest request;
  v1::EntitlementRequest& wish = *request.mutable_command()->mutable_entitlement()->mutable_request();
  wish.set_case_id(name_.substr(name_.find('/') + 1));
  wish.set_person_id("head");
  wish.set_kind(v1::EntitlementRequest::HOUSING_ASSISTANCE);
  wish.set_object("a flat");
  const auto ask = [&](v1::SubmitMatterStepRequest step) {
    step.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++asked_));
    return both_.Turn(v1::PARTY_KZ,
                      {OfficerCall{kToken, "spiffe://test/officer", Sha256(step.request_id()), step}});
  };
  v1::SubmitMatterStepResponse wished;
  ASSERT_TRUE(wished.ParseFromString(ask(request).at(0).answer.response));
  both_.Exchange();
  v1::SubmitMatterStepRequest grant;
  grant.set_name(wished.name());
  grant.mutable_command()->mutable_entitlement()->mutable_grant()->set_basis("decision 8");
  EXPECT_EQ(ask(grant).at(0).answer.violation.rule(), "4.1");

  EXPECT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(RequestFor(v1::PARTY_KZ, "issue_status"))}).empty());
  const uint64_t size = both_.of(v1::PARTY_KZ).SizeOf(Side::kOwn);
  EXPECT_TRUE(absl::IsUnavailable(ask(grant).at(0).answer.status));
  v1::SubmitMatterStepRequest rehearsed = grant;
  rehearsed.set_validate_only(true);
  EXPECT_TRUE(ask(rehearsed).empty());
  // A second petition for the same person is refused by what the first one has become.
  v1::SubmitCaseCommandRequest second = RequestFor(v1::PARTY_KZ, "file_petition");
  second.clear_name();
  EXPECT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(second)}).empty());
  EXPECT_EQ(both_.of(v1::PARTY_KZ).SizeOf(Side::kOwn), size);

  EXPECT_EQ(both_.Exchange().size(), 3u);
  EXPECT_TRUE(ask(grant).at(0).answer.status.ok());
}

// Nor is it recorded before the counterpart has confirmed what it has; what can be undone is.
TEST_F(CaseTest, BehindTheFenceNothingIrreversibleIsRecorded) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  const auto code_after_restart = [&](v1::Party party, const char* action) {
    both_.of(party).Restart();
    const std::vector<authority::Reply> replies = both_.Turn(party, {CallOf(RequestFor(party, action))});
    both_.Exchange();
    return replies.at(0).answer.status.code();
  };
  EXPECT_EQ(code_after_restart(v1::PARTY_KZ, "issue_status"), absl::StatusCode::kUnavailable);
  Do(v1::PARTY_KZ, "issue_status");
  EXPECT_EQ(code_after_restart(v1::PARTY_KZ, "offer"), absl::StatusCode::kOk);
  Do(v1::PARTY_RU, "accept");
  EXPECT_EQ(code_after_restart(v1::PARTY_RU, "record_exit"), absl::StatusCode::kUnavailable);
  Do(v1::PARTY_RU, "record_exit");
}

// A process that an older copy has replaced may have answered before: its answer says nothing of
// what there is now.
TEST_F(CaseTest, TheAnswerOfAReplacedProcessDoesNotCount) {
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  const Call push = kz.Turn({SettingQuota(2026)}).calls.at(0);
  const ledger::MemoryStore copy = ru.store;
  const MemoryAnchor anchor = ru.anchor;
  const Outputs taken = ru.Turn({PeerCall{kToken, push.method, push.bytes}});
  ru.store = copy;
  ru.anchor = anchor;
  ru.Restart();
  const Call greeting = ru.Turn({authority::Tick()}).calls.at(0);
  const auto greeted = both_.Turn(v1::PARTY_KZ, {PeerCall{kToken, greeting.method, greeting.bytes}});
  both_.Turn(v1::PARTY_KZ, {PeerReply{push.call_id, absl::OkStatus(), taken.replies.at(0).answer.response}});
  both_.Turn(v1::PARTY_RU, {PeerReply{greeting.call_id, absl::OkStatus(), greeted.at(0).answer.response}});
  both_.Exchange();
  kz.now += absl::Seconds(1);
  both_.Turn(v1::PARTY_KZ, {authority::Tick()});
  both_.Exchange();
  EXPECT_EQ(ru.SizeOf(Side::kMirror), kz.SizeOf(Side::kOwn));
}

// The counterpart may be away for days, while officers ask again and again: what waits for
// it has an end, and who comes after that is told to ask again.
TEST_F(CaseTest, WhatWaitsForTheCounterpartHasAnEnd) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  const v1::SubmitCaseCommandRequest issue = RequestFor(v1::PARTY_KZ, "issue_status");
  constexpr size_t kMost = 1024;
  std::vector<Input> asked;
  for (size_t i = 0; i < kMost + 3; ++i) asked.push_back(CallOf(issue));
  const std::vector<authority::Reply> at_once = both_.Turn(v1::PARTY_KZ, std::move(asked));
  ASSERT_EQ(at_once.size(), 3u);
  for (const authority::Reply& reply : at_once) {
    EXPECT_TRUE(absl::IsUnavailable(reply.answer.status));
    EXPECT_EQ(reply.answer.violation.rule(), "");
  }
  EXPECT_EQ(both_.Exchange().size(), kMost);
}

// An act follows the last one of its case, and a silence is that after an offer of one's
// own, when its day is over. Kazakhstan says otherwise of the case that it has offered.
TEST_F(CaseTest, WhatAnAuthorityMaySayOfAnOffer) {
  for (const char* action : {"file_petition", "confirm_scope", "offer"}) Do(v1::PARTY_KZ, action);
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  const v1::CaseState offered = StateOf(v1::PARTY_KZ);
  const Outputs made = kz.Turn({SettingQuota(2026)});
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(made.calls.at(0).bytes));
  v1::Act act;
  ASSERT_TRUE(act.ParseFromString(push.leaves(push.leaves_size() - 1).payload()));
  act.clear_quota_act();
  act.set_subject_id(offered.case_id());
  const auto overdue = [&](const std::string& offer, const std::string& due) {
    v1::Overdue& said = *act.mutable_case_act()->mutable_answer_overdue();
    said.set_offer_entry_id(offer);
    said.set_answer_due(due);
    AddForged(kz, push, act);
  };
  overdue(offered.head_entry_id(), "2025-12-19");          // another day
  overdue(std::string(16, 'e'), offered.answer_due());     // no offer
  overdue(offered.head_entry_id(), offered.answer_due());  // its day is still to come
  act.mutable_case_act()->mutable_withdrawn()->set_stated_on(today_);
  act.set_predecessor(std::string(16, 'e'));
  AddForged(kz, push, act);
  const Outputs taken = ru.Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
  ASSERT_TRUE(taken.replies.at(0).answer.status.ok()) << taken.replies.at(0).answer.status;
  EXPECT_EQ(RefusalsIn(ru),
            (std::vector<std::string>{"step.hand_off", "step.hand_off", "step.date", "step.chain"}));
  const v1::Case seen = ru.reader->GetCase(name_, kNow).value();
  for (const v1::TimelineItem& item : seen.timeline()) {
    EXPECT_NE(item.evidence(), v1::OVERDUE);
  }
}

// Nor of a case that the other Party has taken to clear.
class ClearanceTest : public CaseTest {
 protected:
  // The refusals of what `author` says: that the case which Russia has taken is overdue.
  std::vector<std::string> SaidBy(v1::Party author) {
    OfferAndAccept();
    const v1::CaseState taken = StateOf(author);
    v1::CaseAct act;
    act.mutable_answer_overdue()->set_offer_entry_id(taken.head_entry_id());
    act.mutable_answer_overdue()->set_answer_due(taken.answer_due());
    return RefusalsOf(author, {act});
  }
};

TEST_F(ClearanceTest, IsNotOverdueBeforeItsDayHasPassed) {
  EXPECT_EQ(SaidBy(v1::PARTY_KZ), std::vector<std::string>{"step.date"});
}

TEST_F(ClearanceTest, IsOverdueForWhoWaitsAlone) {
  EXPECT_EQ(SaidBy(v1::PARTY_RU), std::vector<std::string>{"step.hand_off"});
}

// 3.b asks for both conditions, and so does whoever takes the act of the other Party.
class ConvictTest : public CaseTest {
 protected:
  // Said of the head four times: with neither condition, with each of the two, with both.
  template <typename Said>
  static std::vector<v1::CaseAct> FourTimes(Said* (v1::CaseAct::*act)()) {
    std::vector<v1::CaseAct> acts;
    for (const auto& [convicted, held] :
         {std::pair(false, false), std::pair(true, false), std::pair(false, true), std::pair(true, true)}) {
      Said& said = *(acts.emplace_back().*act)();
      said.set_rule("3.b");
      said.set_person_id("head");
      said.set_basis("judgment 1-77");
      said.set_convicted(convicted);
      said.set_held(held);
    }
    return acts;
  }
  const std::vector<std::string> three_ = {"3.b", "3.b", "3.b"};
};

TEST_F(ConvictTest, IsExcludedWhenBothAreStated) {
  OfferAndAccept();
  const std::string last = StateOf(v1::PARTY_RU).head_entry_id();
  EXPECT_EQ(RefusalsOf(v1::PARTY_RU, FourTimes(&v1::CaseAct::mutable_excluded), last), three_);
  EXPECT_EQ(StateOf(v1::PARTY_KZ).status(), v1::EXCLUDED);
}

TEST_F(ConvictTest, IsReportedWhenBothAreStated) {
  OfferAndAccept();
  std::vector<v1::CaseAct> notices = FourTimes(&v1::CaseAct::mutable_notice_given);
  for (v1::CaseAct& notice : notices) {
    notice.mutable_notice_given()->set_kind(v1::Notice::OBSTACLE);
    notice.mutable_notice_given()->set_stated_on(today_);
  }
  EXPECT_EQ(RefusalsOf(v1::PARTY_KZ, notices), three_);
  EXPECT_EQ(StateOf(v1::PARTY_RU).notices_size(), 1);
}

// What the counterpart refuses is undone and says so, and the officer may do it again.
TEST_F(CaseTest, ARefusedActIsMarkedAndUndone) {
  for (const char* action : {"file_petition", "confirm_scope"}) Do(v1::PARTY_KZ, action);
  Authority& kz = both_.of(v1::PARTY_KZ);
  const Outputs made = kz.Turn({CallOf(RequestFor(v1::PARTY_KZ, "offer"))});
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(made.calls.at(0).bytes));
  push.mutable_leaves(push.leaves_size() - 1)->clear_payload();
  v1::WatchCursor cursor;
  const auto recorded = kz.reader->ReadActs(cursor, name_, 1000).value();
  EXPECT_EQ(recorded.back().item().evidence(), v1::RECORDED);
  SendInPlaceOf(made.calls.at(0), push);
  ExpectRefusedAfter(cursor, {name_});

  const v1::Case refused = kz.reader->GetCase(name_, kNow).value();
  EXPECT_EQ(refused.state().status(), v1::SCOPE_OK);
  EXPECT_EQ(refused.state().offered_hand_off(), 0u);
  EXPECT_EQ(refused.state().holder(), v1::PARTY_KZ);
  const v1::TimelineItem& offer = refused.timeline(refused.timeline_size() - 1);
  EXPECT_EQ(offer.evidence(), v1::REFUSED);
  EXPECT_EQ(offer.refusal().rule(), "exchange.commitment");
  Do(v1::PARTY_KZ, "offer");
  Do(v1::PARTY_RU, "accept");
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    EXPECT_EQ(StateOf(party).status(), v1::AWAIT_CLEARANCE);
  }
}

// Whatever number a counterpart writes there.
TEST_F(CaseTest, ARefusalOfWhatThereIsNotRefusesNothing) {
  Do(v1::PARTY_KZ, "file_petition");
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  const v1::CaseState before = StateOf(v1::PARTY_KZ);
  const Outputs made = ru.Turn({SettingQuota(2027)});
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(made.calls.at(0).bytes));
  constexpr uint64_t kLast = std::numeric_limits<uint64_t>::max();
  for (const uint64_t position : {uint64_t{0}, kLast, uint64_t{1}, kLast - 1}) {
    for (const uint64_t entries : {uint64_t{0}, kLast}) {
      for (const v1::EntryKind kind : {v1::ENTRY_KIND_PROGRESS, v1::ENTRY_KIND_REFUSAL}) {
        const bool progress = kind == v1::ENTRY_KIND_PROGRESS;
        v1::Refusal refusal;
        refusal.set_entries(entries);
        AddForged(ru, push, v1::Act(), [&](v1::Entry& forged, v1::Leaf& leaf) {
          forged.set_kind(kind);
          forged.mutable_reference()->set_position(progress ? position + 1 : position);
          if (progress) forged.clear_commitment();
          leaf.set_payload(progress ? "" : refusal.SerializeAsString());
        });
      }
    }
  }
  const Outputs taken = kz.Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
  ASSERT_TRUE(taken.replies.at(0).answer.status.ok()) << taken.replies.at(0).answer.status;
  EXPECT_EQ(StateOf(v1::PARTY_KZ).SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(VerifyAllDossiers(kz.identity, *kz.reader, kNow), "");
  EXPECT_EQ(AuditOf(kz.identity, kz.store, *kz.vault).findings, std::vector<std::string>());
}

// Acts that are refused together are undone in each of their cases, and each case proves it.
TEST_F(CaseTest, ActsRefusedTogetherAreUndoneInTheirCases) {
  std::vector<std::string> names;
  asked_ = 100;  // FilePetition counts its requests for itself
  for (int i = 0; i < 2; ++i) {
    v1::SubmitCaseCommandResponse filed;
    ASSERT_TRUE(filed.ParseFromString(both_.FilePetition(v1::PARTY_KZ).response));
    names.push_back(filed.name());
    name_ = filed.name();
    Do(v1::PARTY_KZ, "confirm_scope");
  }
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  std::vector<Input> offers;
  for (const std::string& name : names) {
    name_ = name;
    offers.push_back(CallOf(RequestFor(v1::PARTY_KZ, "offer")));
  }
  const Outputs made = kz.Turn(std::move(offers));
  for (const authority::Reply& reply : made.replies) {
    ASSERT_TRUE(reply.answer.status.ok()) << reply.answer.status << reply.answer.violation.rule();
  }
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(made.calls.at(0).bytes));
  for (v1::Leaf& leaf : *push.mutable_leaves()) leaf.clear_payload();
  v1::WatchCursor cursor;
  ASSERT_TRUE(kz.reader->ReadActs(cursor, "", 1000).ok());
  SendInPlaceOf(made.calls.at(0), push);
  EXPECT_EQ(RefusalsIn(ru), std::vector<std::string>{"exchange.commitment"});
  ExpectRefusedAfter(cursor, names);
  for (const std::string& name : names) {
    const v1::Case refused = kz.reader->GetCase(name, kNow).value();
    EXPECT_EQ(refused.state().status(), v1::SCOPE_OK);
    const v1::TimelineItem& offer = refused.timeline(refused.timeline_size() - 1);
    EXPECT_EQ(offer.evidence(), v1::REFUSED);
    EXPECT_EQ(offer.refusal().rule(), "exchange.commitment");
    // Lawful only where the first offer is seen to be refused.
    name_ = name;
    Do(v1::PARTY_KZ, "offer");
    Do(v1::PARTY_RU, "accept");
  }
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    const Authority& one = both_.of(party);
    EXPECT_EQ(VerifyAllDossiers(one.identity, *one.reader, kNow), "");
    EXPECT_EQ(AuditOf(one.identity, one.store, *one.vault).findings, std::vector<std::string>());
  }
}

// An act is refused when it is processed or never: what is built upon stands, and what has
// stayed at home is not the counterpart's to refuse.
TEST_F(CaseTest, WhatIsRefusedTooLateStands) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  const v1::CaseState before = StateOf(v1::PARTY_KZ);
  const Outputs made = ru.Turn({SettingQuota(2027)});
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(made.calls.at(0).bytes));
  int refused = 0;
  for (uint64_t index = 0; index < kz.SizeOf(Side::kOwn); ++index) {
    if (!kz.Payload<v1::Act>(index, v1::ENTRY_KIND_ACT)) continue;
    // With the PROGRESS entry that an honest refusal follows, and without one.
    for (const bool with_progress : {false, true}) {
      if (with_progress) AddProgress(ru, push, index + 1);
      v1::Refusal refusal;
      refusal.mutable_violation()->set_rule("step.chain");
      // Nor do several at once reach back to it.
      if (with_progress) refusal.set_entries(index + 1);
      AddRefusal(ru, push, kz, index, refusal);
    }
    ++refused;
  }
  ASSERT_GE(refused, 4);
  const Outputs taken = kz.Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
  ASSERT_TRUE(taken.replies.at(0).answer.status.ok()) << taken.replies.at(0).answer.status;
  EXPECT_EQ(StateOf(v1::PARTY_KZ).SerializeAsString(), before.SerializeAsString());
  const v1::Case seen = kz.reader->GetCase(name_, kNow).value();
  for (const v1::TimelineItem& item : seen.timeline()) EXPECT_NE(item.evidence(), v1::REFUSED);
}

// A refusal counts for the entry that it names by its hash, and as far back as what was
// processed with it.
struct RefusalOfTwo {
  const char* name;
  uint64_t processed_together;
  uint64_t entries;
  bool of_that_hash;
  bool counts;
};
class RefusalTest : public CaseTest, public ::testing::WithParamInterface<RefusalOfTwo> {};

TEST_P(RefusalTest, CountsForWhatWasProcessedWithIt) {
  for (const char* action : {"file_petition", "confirm_scope"}) Do(v1::PARTY_KZ, action);
  both_.Turn(v1::PARTY_KZ, {SettingQuota(2026), CallOf(RequestFor(v1::PARTY_KZ, "offer"))});
  const uint64_t size = both_.of(v1::PARTY_KZ).SizeOf(Side::kOwn);
  v1::Refusal refusal;
  refusal.mutable_violation()->set_rule("step.chain");
  refusal.set_entries(GetParam().entries);
  Refuse(size - 1, {size - GetParam().processed_together, size}, refusal, [](v1::Entry& entry) {
    if (!GetParam().of_that_hash) entry.mutable_reference()->set_hash(std::string(Hash::kSize, 'x'));
  });
  EXPECT_EQ(StateOf(v1::PARTY_KZ).offered_hand_off(), GetParam().counts ? 0u : 1u);
}

INSTANTIATE_TEST_SUITE_P(All, RefusalTest,
                         ::testing::Values(RefusalOfTwo{"OfTheNewest", 1, 1, true, true},
                                           RefusalOfTwo{"OfBoth", 2, 2, true, true},
                                           RefusalOfTwo{"OfOneProcessedBefore", 1, 2, true, false},
                                           RefusalOfTwo{"OfAnotherEntry", 1, 1, false, false}),
                         [](const auto& one) { return one.param.name; });

// What was built on a refused act falls with it, although nobody has refused that, and of an
// irreversible step that is undone nothing is held back.
TEST_F(CaseTest, WhatIsBuiltOnARefusedActFallsWithIt) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  const v1::SubmitCaseCommandRequest issue = RequestFor(v1::PARTY_KZ, "issue_status");
  ASSERT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(issue)}).empty());
  const uint64_t issued = both_.of(v1::PARTY_KZ).SizeOf(Side::kOwn) - 1;
  ASSERT_TRUE(both_.Turn(v1::PARTY_KZ, {CallOf(RequestFor(v1::PARTY_KZ, "offer"))}).empty());
  v1::Refusal refusal;
  refusal.mutable_violation()->set_rule("step.chain");
  Refuse(issued, {issued, issued + 1}, refusal);
  EXPECT_EQ(StateOf(v1::PARTY_KZ).status(), v1::QUOTA_RESERVED);
  EXPECT_EQ(StateOf(v1::PARTY_KZ).offered_hand_off(), 0u);
  v1::SubmitCaseCommandRequest again = issue;
  again.set_validate_only(true);
  const std::vector<authority::Reply> told = both_.Turn(v1::PARTY_KZ, {CallOf(again)});
  ASSERT_EQ(told.size(), 1u);
  EXPECT_TRUE(told[0].answer.status.ok()) << told[0].answer.violation.rule();
}

// What the counterpart does not call overdue is not shown as such. And who is not the
// authorised body calls nothing so (13.1kz).
TEST_F(CaseTest, ARefusedNoteOfSilenceMarksNothing) {
  for (const char* action : {"file_petition", "confirm_scope", "offer"}) Do(v1::PARTY_KZ, action);
  Authority& kz = both_.of(v1::PARTY_KZ);
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) both_.of(party).now += absl::Hours(24 * 60);
  const uint64_t size = kz.SizeOf(Side::kOwn);
  const std::string body = std::exchange(kz.identity.body, "nobody");
  kz.Turn({authority::Tick()});
  EXPECT_EQ(kz.SizeOf(Side::kOwn), size);
  kz.identity.body = body;
  kz.Turn({authority::Tick()});
  ASSERT_EQ(kz.SizeOf(Side::kOwn), size + 1);
  const auto evidence = [&] {
    const v1::Case seen = kz.reader->GetCase(name_, kz.now).value();
    for (const v1::TimelineItem& item : seen.timeline())
      if (item.case_act().has_offered()) return item.evidence();
    return v1::EVIDENCE_UNSPECIFIED;
  };
  EXPECT_EQ(evidence(), v1::OVERDUE);
  Refuse(size, {size, size + 1}, v1::Refusal());
  EXPECT_EQ(evidence(), v1::DELIVERED);
}

// A counterpart that has lost its copy is sent it again in parts: what it had cosigned before
// stays cosigned meanwhile.
TEST_F(CaseTest, WhatIsSentAgainStaysCosigned) {
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  const ledger::MemoryStore backup = ru.store;
  const MemoryAnchor anchor = ru.anchor;
  Do(v1::PARTY_KZ, "file_petition");
  for (int round = 0; round < 1200; ++round) {
    ReturnAndComplete();
    both_.Exchange();
  }
  const uint64_t cosigned = kz.Turn({authority::Tick()}).state.cosigned_size();
  ASSERT_EQ(cosigned, kz.SizeOf(Side::kOwn));
  ru.store = backup;
  ru.anchor = anchor;
  ru.Restart();
  const Call handshake = ru.Turn({authority::Tick()}).calls.at(0);
  Outputs outputs = kz.Turn({PeerCall{kToken, handshake.method, handshake.bytes}});
  ru.Turn({PeerReply{handshake.call_id, absl::OkStatus(), outputs.replies.at(0).answer.response}});
  int pushes = 0;
  for (int calls = 0; ru.SizeOf(Side::kMirror) < cosigned; ++calls) {
    ASSERT_LT(calls, 10);
    if (outputs.calls.empty()) {
      kz.now += absl::Seconds(10);
      outputs = kz.Turn({authority::Tick()});
    }
    const Call call = outputs.calls.at(0);
    const authority::Answer answer =
        ru.Turn({PeerCall{kToken, call.method, call.bytes}}).replies.at(0).answer;
    pushes += call.method == PeerMethod::kPush && answer.status.ok() ? 1 : 0;
    outputs = kz.Turn({PeerReply{call.call_id, answer.status, answer.response}});
    EXPECT_EQ(outputs.state.cosigned_size(), cosigned);
  }
  EXPECT_GT(pushes, 1);
}

// Instruments: of either Party, signed by both.
class InstrumentTest : public CaseTest {
 protected:
  authority::Answer Take(v1::Party party, const char* name) {
    const auto& kind = *v1::MatterStep::descriptor()->FindFieldByName("instrument");
    v1::MatterState state;
    if (!name_.empty()) state = both_.of(party).reader->GetMatter(name_, kNow)->state();
    v1::SubmitMatterStepRequest request;
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++asked_));
    request.set_name(name_);
    *request.mutable_command() = PlausibleStep(kind, name, state, party, "", today_).value();
    return Ask(party, request);
  }
  authority::Answer Ask(v1::Party party, const v1::SubmitMatterStepRequest& request) {
    const std::vector<authority::Reply> replies = both_.Turn(
        party, {OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request}});
    EXPECT_EQ(replies.size(), 1u);
    v1::SubmitMatterStepResponse response;
    if (replies[0].answer.status.ok() && response.ParseFromString(replies[0].answer.response))
      name_ = response.name();
    return replies[0].answer;
  }
};

// A document goes abroad with the step that tells of it, and not before.
TEST_F(InstrumentTest, ADraftsDocumentsAreFetchedByNobody) {
  const v1::Instrument draft = [&] {
    EXPECT_TRUE(Take(v1::PARTY_KZ, "draft").status.ok());
    return both_.of(v1::PARTY_KZ).reader->GetMatter(name_, kNow)->state().instrument().instrument();
  }();
  const auto may_fetch = [&] { return *both_.of(v1::PARTY_KZ).reader->MayFetch(draft.text_kk_sha256()); };
  EXPECT_FALSE(may_fetch());
  EXPECT_TRUE(Take(v1::PARTY_KZ, "propose").status.ok());
  EXPECT_TRUE(may_fetch());
}

// A protocol that was not signed by both is in force for neither.
TEST_F(InstrumentTest, ARefusedSignaturePutsNothingInForce) {
  EXPECT_TRUE(Take(v1::PARTY_RU, "draft").status.ok());
  EXPECT_TRUE(Take(v1::PARTY_RU, "propose").status.ok());
  both_.Exchange();
  EXPECT_TRUE(Take(v1::PARTY_KZ, "sign").status.ok());
  const auto protocols = [&] {
    return both_.of(v1::PARTY_KZ).reader->GetTerm("", kNow)->treaty().protocols_size();
  };
  EXPECT_EQ(protocols(), 1);
  const uint64_t size = both_.of(v1::PARTY_KZ).SizeOf(Side::kOwn);
  Refuse(size - 1, {size - 1, size}, v1::Refusal());
  EXPECT_EQ(protocols(), 0);
}

// The collection belongs to the name.
TEST_F(InstrumentTest, AMatterIsNotFoundUnderAnotherKind) {
  EXPECT_TRUE(Take(v1::PARTY_KZ, "draft").status.ok());
  v1::SubmitMatterStepRequest request;
  request.set_request_id("00000000-0000-4000-8000-000000000fff");
  request.set_name(absl::StrCat("complaints/", name_.substr(name_.find('/') + 1)));
  request.mutable_command()->mutable_complaint()->mutable_withdraw()->set_basis("not needed any more");
  EXPECT_TRUE(absl::IsNotFound(Ask(v1::PARTY_KZ, request).status));
}

// 1.2: a national number is one person's, whatever state is written beside it.
TEST(OnceOnly, ANumberIsOnePersonsUnderAnyState) {
  Pair both(kNow);
  Authority& ru = both.of(v1::PARTY_RU);
  std::vector<std::string> rules;
  for (const char* state : {"KAZ", "KAZ", "RUS"}) {
    v1::SubmitCaseCommandRequest request;
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012d", rules.size()));
    v1::Petition& petition = *request.mutable_command()->mutable_file_petition();
    petition = PetitionOf(v1::PARTY_RU, 1, {}, "2025-12-20");
    petition.mutable_head()->clear_identifiers();
    v1::Identifier& iin = *petition.mutable_head()->add_identifiers();
    iin.set_kind(v1::Identifier::IIN);
    iin.set_issuing_state(state);
    iin.set_number("850101300124");
    const Outputs made =
        ru.Turn({OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request}});
    ASSERT_EQ(made.replies.size(), 1u);
    const authority::Answer& answer = made.replies[0].answer;
    rules.push_back(answer.status.ok() ? "" : absl::StrCat(answer.violation.rule(), answer.status.message()));
  }
  EXPECT_EQ(rules[0], "");
  EXPECT_THAT(rules[1], ::testing::StartsWith("1.2"));
  EXPECT_THAT(rules[2], ::testing::StartsWith("1.2"));
}

// 1.2: nor does it matter how the number of a passport is spelt.
TEST(OnceOnly, APassportIsOneDocumentInAnySpelling) {
  Pair both(kNow);
  Authority& ru = both.of(v1::PARTY_RU);
  std::vector<std::string> rules;
  for (const char* number : {"N12345678", "N-1234 5678", "№ N12345678", "N12345679"}) {
    v1::SubmitCaseCommandRequest request;
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012d", rules.size()));
    v1::Petition& petition = *request.mutable_command()->mutable_file_petition();
    petition = PetitionOf(v1::PARTY_RU, 1, {}, "2025-12-20");
    petition.mutable_head()->clear_identifiers();
    v1::Identifier& passport = *petition.mutable_head()->add_identifiers();
    passport.set_kind(v1::Identifier::PASSPORT);
    passport.set_issuing_state("KAZ");
    passport.set_number(number);
    const Outputs made =
        ru.Turn({OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request}});
    ASSERT_EQ(made.replies.size(), 1u);
    const authority::Answer& answer = made.replies[0].answer;
    rules.emplace_back(answer.status.message());
  }
  EXPECT_THAT(rules, ::testing::ElementsAre("", "rule 1.2 is not met", "rule 1.2 is not met", ""));
}

// Nothing is shown to a court that the counterpart does not have.
// Nobody's question holds up the others: a list looks at so many cases and no more, and goes on
// at its token.
TEST(Lists, LookAtABoundedNumberOfCases) {
  Pair both(kNow);
  constexpr int kCases = 520;
  for (int i = 0; i < kCases; ++i) {
    v1::SubmitCaseCommandRequest request;
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012d", i));
    v1::Petition& petition = *request.mutable_command()->mutable_file_petition();
    petition = PetitionOf(v1::PARTY_KZ, 1, {}, "2025-12-20");
    petition.mutable_head()->clear_identifiers();
    v1::Identifier& passport = *petition.mutable_head()->add_identifiers();
    passport.set_kind(v1::Identifier::PASSPORT);
    passport.set_issuing_state("RUS");
    passport.set_number(absl::StrFormat("N%08d", i));
    const auto replies = both.Turn(
        v1::PARTY_KZ, {OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request}});
    ASSERT_TRUE(replies.at(0).answer.status.ok()) << replies.at(0).answer.status;
  }
  const Authority& kz = both.of(v1::PARTY_KZ);
  const auto pages = [&](v1::ListCasesRequest request) {
    std::vector<int> sizes;
    do {
      const v1::ListCasesResponse page = kz.reader->ListCases(request).value();
      sizes.push_back(page.cases_size());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty() && sizes.size() < 100);
    return sizes;
  };
  v1::ListCasesRequest all;
  all.set_page_size(500);
  EXPECT_EQ(pages(all), (std::vector<int>{500, 20}));
  v1::ListCasesRequest none;
  none.add_statuses(v1::WITHDRAWN);
  EXPECT_EQ(pages(none), (std::vector<int>{0, 0}));
  v1::ListCasesRequest some;
  some.add_statuses(v1::SUBMITTED);
  some.set_page_size(300);
  EXPECT_EQ(pages(some), (std::vector<int>{300, 220}));
}

TEST(Dossier, OfWhatNobodyHasCosignedThereIsNone) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  v1::SubmitCaseCommandRequest request;
  request.set_request_id("00000000-0000-4000-8000-000000000003");
  *request.mutable_command()->mutable_file_petition() = PetitionOf(v1::PARTY_KZ, 0, {}, "2025-12-20");
  const Outputs filed = kz.Turn({OfficerCall{kToken, "spiffe://test/officer", Sha256("filed"), request}});
  v1::SubmitCaseCommandResponse response;
  ASSERT_TRUE(response.ParseFromString(filed.replies.at(0).answer.response));
  const auto dossier = ExportToMemory({kz.identity, *kz.reader, nullptr}, response.name(), v1::CONTENT, kNow);
  EXPECT_TRUE(absl::IsNotFound(dossier.status())) << dossier.status();
}

// An officer who does not know the outcome sends the same again, although the case has moved since.
TEST_F(CaseTest, AHandOffWithoutItsNumberIsRepeated) {
  for (const char* action : {"file_petition", "confirm_scope"}) Do(v1::PARTY_KZ, action);
  const auto ask = [&](v1::Party party, const OfficerCall& call) {
    const std::vector<authority::Reply> replies = both_.Turn(party, {call});
    both_.Exchange();
    EXPECT_EQ(replies.size(), 1u);
    return replies.at(0).answer;
  };
  const auto call_of = [&](const char* command) {
    v1::SubmitCaseCommandRequest request;
    request.set_name(name_);
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(command, request.mutable_command()));
    return CallOf(request);
  };
  // Another number than the one that is due is refused, as ever.
  EXPECT_EQ(ask(v1::PARTY_KZ, call_of("offer { number: 2 }")).violation.rule(), "step.hand_off");
  std::vector<std::pair<std::pair<v1::Party, OfficerCall>, std::string>> done;
  for (const auto& [party, command] : {std::pair(v1::PARTY_KZ, "offer {}"),
                                       {v1::PARTY_RU, "decline { rule: '13.2' }"},
                                       {v1::PARTY_KZ, "offer {}"},
                                       {v1::PARTY_RU, "accept {}"}}) {
    const OfficerCall call = call_of(command);
    const authority::Answer answer = ask(party, call);
    ASSERT_TRUE(answer.status.ok()) << command << answer.violation.rule();
    done.push_back({{party, call}, answer.response});
  }
  EXPECT_EQ(StateOf(v1::PARTY_KZ).hand_offs_done(), 1u);
  Do(v1::PARTY_RU, "clear");
  ask(v1::PARTY_RU, call_of("offer {}"));
  EXPECT_EQ(StateOf(v1::PARTY_KZ).offered_hand_off(), 2u);
  const uint64_t size = both_.of(v1::PARTY_RU).SizeOf(Side::kOwn);
  for (const auto& [call, response] : done) {
    const authority::Answer again = ask(call.first, call.second);
    EXPECT_TRUE(again.status.ok()) << again.status;
    EXPECT_EQ(again.response, response);
  }
  EXPECT_EQ(both_.of(v1::PARTY_RU).SizeOf(Side::kOwn), size);
}

// Of a case that went on since, the page says that there is more.
TEST_F(CaseTest, ADossierSaysHowManyNewerActsItLeavesOut) {
  Do(v1::PARTY_KZ, "file_petition");
  Authority& kz = both_.of(v1::PARTY_KZ);
  const auto page = [&] {
    const auto dossier = ExportToMemory({kz.identity, *kz.reader, nullptr}, name_, v1::CONTENT, kNow);
    return dossier->files.at("timeline.en.html");
  };
  EXPECT_THAT(page(), ::testing::Not(::testing::HasSubstr("Newer acts left out")));
  ReturnAndComplete();
  EXPECT_THAT(page(), ::testing::HasSubstr("of the entries that belong to them: 2<"));
}

// A case of any length can be read: page after page, each of which fits an answer.
TEST_F(CaseTest, ATimelineComesInPages) {
  Do(v1::PARTY_KZ, "file_petition");
  for (int round = 0; round < 300; ++round) ReturnAndComplete(/*fields=*/200);
  both_.Exchange();
  const authority::Reader& reader = *both_.of(v1::PARTY_KZ).reader;
  const v1::Case whole = reader.GetCase(name_, kNow).value();
  ASSERT_EQ(whole.timeline_size(), 601);
  EXPECT_GT(whole.ByteSizeLong(), 1024u * 1024) << "is to be more than one answer may have";
  for (const int size : {0, 1, 7, 499, 100'000}) {
    v1::GetCaseRequest request;
    request.set_name(name_);
    request.set_page_size(size);
    v1::Case pages;
    do {
      const v1::Case page = reader.GetCase(request, kNow).value();
      EXPECT_LT(page.ByteSizeLong(), 1024u * 1024);
      EXPECT_GT(page.timeline_size(), 0);
      EXPECT_LE(page.timeline_size(), size == 0 ? 500 : std::min(size, 500));
      EXPECT_EQ(page.state().SerializeAsString(), whole.state().SerializeAsString());
      pages.mutable_timeline()->MergeFrom(page.timeline());
      request.set_page_token(page.next_page_token());
    } while (!request.page_token().empty() && pages.timeline_size() <= whole.timeline_size());
    ASSERT_EQ(pages.timeline_size(), whole.timeline_size()) << size;
    for (int i = 0; i < pages.timeline_size(); ++i) {
      ASSERT_EQ(pages.timeline(i).SerializeAsString(), whole.timeline(i).SerializeAsString()) << size;
    }
  }
  v1::GetCaseRequest wrong;
  wrong.set_name(name_);
  wrong.set_page_size(-1);
  EXPECT_EQ(reader.GetCase(wrong, kNow).status(), absl::InvalidArgumentError("page_size"));
  wrong.set_page_size(0);
  for (const char* token : {"x", "-1", "602", "4294967296", "99999999999999999999"}) {
    wrong.set_page_token(token);
    EXPECT_EQ(reader.GetCase(wrong, kNow).status(), absl::InvalidArgumentError("page_token")) << token;
  }
}

// One call looks at so many entries and no more, whether they are what it asks for or not;
// the cursor says whether there is more.
TEST_F(CaseTest, AWatchLooksAtABoundedNumberOfEntries) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  const authority::Reader& reader = *both_.of(v1::PARTY_KZ).reader;
  for (const std::string& name : {name_, std::string("cases/ffffffffffffffff")}) {
    v1::WatchCursor cursor;
    size_t found = 0;
    uint64_t calls = 0;
    for (v1::WatchCursor before;; before = cursor, ++calls) {
      const auto acts = reader.ReadActs(cursor, name, 2).value();
      EXPECT_LE(acts.size(), 2u);
      found += acts.size();
      const uint64_t looked_at =
          cursor.own_index() + cursor.mirror_index() - before.own_index() - before.mirror_index();
      EXPECT_LE(looked_at, 2u);
      if (looked_at == 0) break;
    }
    EXPECT_EQ(found, name == name_ ? std::size(kUntilPlace) + 1 : 0) << "an acceptance takes a place";
    EXPECT_GT(calls, 4u);
  }
}

// A store that changes once between two reads, after the first of those from which a watch sees how
// far it may go.
class ChangingStore final : public ledger::Store {
 public:
  explicit ChangingStore(const ledger::Store& store) : store_(store) {}
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    absl::StatusOr<std::optional<std::string>> value = store_.Get(key);
    const bool limit = key == kOwnSize || key == authority::kProcessedRow;
    if (limit && change != nullptr) std::exchange(change, nullptr)();
    return value;
  }
  absl::Status Scan(std::string_view begin, std::string_view end,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    return store_.Scan(begin, end, visit);
  }
  absl::Status Commit(const ledger::Batch&) override { return absl::UnimplementedError("is read alone"); }

  mutable std::function<void()> change;

 private:
  static constexpr std::string_view kOwnSize = "os";
  const ledger::Store& store_;
};

TEST_F(CaseTest, AWatchTellsAnOwnActBeforeItsAnswer) {
  Do(v1::PARTY_KZ, "file_petition");
  Do(v1::PARTY_KZ, "confirm_scope");
  Authority& kz = both_.of(v1::PARTY_KZ);
  ChangingStore store(kz.store);
  const authority::Reader reader(kz.identity, store, *kz.vault);
  v1::WatchCursor cursor;
  ASSERT_EQ(reader.ReadActs(cursor, name_, 1000)->size(), 2u);
  store.change = [&] {
    Do(v1::PARTY_KZ, "offer");
    Do(v1::PARTY_RU, "accept");
  };
  std::vector<v1::Party> told;
  for (int reads = 0; reads < 2; ++reads) {
    const auto acts = reader.ReadActs(cursor, name_, 1000);
    for (const auto& act : acts.value()) told.push_back(act.item().entry().ledger());
  }
  EXPECT_THAT(told, ::testing::ElementsAre(v1::PARTY_KZ, v1::PARTY_RU));
}

// What was lost is replaced by other acts under the same numbers. Who has read what was lost is
// told so, however long the ledger is by then; who has not goes on.
TEST_F(CaseTest, AWatchDoesNotGoOnFromWhatIsLost) {
  Do(v1::PARTY_KZ, "file_petition");
  Authority& kz = both_.of(v1::PARTY_KZ);
  const ledger::MemoryStore backup = kz.store;
  v1::WatchCursor kept;
  ASSERT_EQ(kz.reader->ReadActs(kept, "", 1000)->size(), 1u);
  const auto step = [&](const char* field) {
    v1::SubmitCaseCommandRequest returned;
    returned.set_name(name_);
    returned.mutable_command()->mutable_return_petition()->add_fields(field);
    return CallOf(returned);
  };
  ASSERT_TRUE(kz.Turn({step("head.birth_date")}).replies.at(0).answer.status.ok());
  v1::WatchCursor lost = kept;
  ASSERT_EQ(kz.reader->ReadActs(lost, "", 1000)->size(), 1u);
  v1::WatchCursor same = lost;
  EXPECT_TRUE(kz.reader->ReadActs(same, "", 1000).ok());

  kz.store = backup;
  kz.Restart();
  both_.Turn(v1::PARTY_KZ, {authority::Tick()});
  both_.Exchange();
  ReturnAndComplete();
  both_.Exchange();
  ASSERT_GT(kz.SizeOf(Side::kOwn), lost.own_index());
  EXPECT_EQ(kz.reader->ReadActs(lost, "", 1000).status(), absl::InvalidArgumentError("cursor"));
  EXPECT_EQ(kz.reader->ReadActs(kept, "", 1000)->size(), 2u);
}

// When both have lost something, the mirror alone may go on otherwise: what this node has
// recorded is all there, and its lineage is what it was.
TEST_F(CaseTest, AWatchDoesNotGoOnFromWhatTheCounterpartHasLost) {
  Do(v1::PARTY_KZ, "file_petition");
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  const std::pair<ledger::MemoryStore, ledger::MemoryStore> backup(kz.store, ru.store);
  both_.Turn(v1::PARTY_RU, {SettingQuota(2026)});
  both_.Exchange();
  v1::WatchCursor lost;
  ASSERT_TRUE(kz.reader->ReadActs(lost, "", 1000).ok());

  std::tie(kz.store, ru.store) = backup;
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) both_.of(party).Restart();
  for (const v1::Party party : {v1::PARTY_RU, v1::PARTY_KZ}) both_.Turn(party, {authority::Tick()});
  both_.Exchange();
  both_.Turn(v1::PARTY_RU, {SettingQuota(2027)});
  both_.Exchange();
  ASSERT_GT(kz.SizeOf(Side::kMirror), lost.mirror_index());
  ASSERT_EQ(kz.core->lineage(), 0u);
  EXPECT_EQ(kz.reader->ReadActs(lost, "", 1000).status(), absl::InvalidArgumentError("cursor"));
}

// In a recovery own entries are back before what they say was processed of the counterpart's:
// a watch waits for that.
TEST_F(CaseTest, AWatchGoesOnThroughARecovery) {
  for (const auto& [party, action] : kUntilPlace) Do(party, action);
  Authority& kz = both_.of(v1::PARTY_KZ);
  TakeOwnBackOnly(kz, both_.of(v1::PARTY_RU), kz.SizeOf(Side::kOwn));
  std::vector<std::string> told;
  const auto watch = [&](v1::WatchCursor& cursor) {
    const auto acts = kz.reader->ReadActs(cursor, "", 1000);
    ASSERT_TRUE(acts.ok()) << acts.status();
    for (const v1::WatchActsResponse& act : *acts) told.push_back(act.item().entry().entry_id());
  };
  v1::WatchCursor cursor;
  watch(cursor);
  kz.Restart();
  both_.Turn(v1::PARTY_KZ, {authority::Tick()});
  both_.Exchange();
  watch(cursor);
  const std::vector<std::string> through = std::exchange(told, {});
  EXPECT_GE(through.size(), 5u);
  v1::WatchCursor anew;
  watch(anew);
  EXPECT_EQ(through, told);
}

// The program of the other Party, with a configuration that is right for the first one.
TEST(Store, IsOnePartysAlone) {
  Authority kz(v1::PARTY_KZ, kNow);
  kz.Turn({authority::Tick()});
  authority::Identity other = kz.identity;
  other.profile.party = v1::PARTY_RU;
  const auto opened = authority::Core::Open(other, kz.store, *kz.vault, kz.random, *kz.anchor.Load());
  EXPECT_EQ(opened.status().code(), absl::StatusCode::kFailedPrecondition) << opened.status();
  EXPECT_THAT(std::string(opened.status().message()), ::testing::HasSubstr("not one of PARTY_RU"));
  EXPECT_TRUE(authority::Core::Open(kz.identity, kz.store, *kz.vault, kz.random, *kz.anchor.Load()).ok());
}

// A holiday more, and what was lawful is not: the ledgers keep the first protocol that they
// began with. In which order it names its holidays is no difference.
TEST(Store, KeepsTheFirstProtocol) {
  Authority kz(v1::PARTY_KZ, kNow);
  for (const char* day : {"2026-01-01", "2026-03-22"}) kz.identity.protocol.add_holidays_kz(day);
  kz.store = ledger::MemoryStore();
  kz.Restart();
  kz.Turn({authority::Tick()});
  const auto open_with = [&](const v1::Protocol& protocol) {
    authority::Identity other = kz.identity;
    other.protocol = protocol;
    return authority::Core::Open(other, kz.store, *kz.vault, kz.random, *kz.anchor.Load()).status();
  };
  v1::Protocol other = kz.identity.protocol;
  other.mutable_holidays_kz()->SwapElements(0, 1);
  EXPECT_TRUE(open_with(other).ok()) << open_with(other);
  other.add_holidays_kz("2027-01-01");
  EXPECT_EQ(open_with(other).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(open_with(other).message()),
              ::testing::AllOf(::testing::HasSubstr("put the old block back"),
                               ::testing::HasSubstr("kelisim instrument draft")));
  EXPECT_TRUE(open_with(kz.identity.protocol).ok());
}

// What one of them judges lawful the other one would refuse: they record nothing, until both
// begin with the same protocol.
TEST(Link, StaysClosedBetweenTwoFirstProtocols) {
  Authority kz(v1::PARTY_KZ, kNow);
  Authority ru(v1::PARTY_RU, kNow);
  const auto begin_with = [&](uint32_t answer_days) {
    ru.store = ledger::MemoryStore();
    ru.identity.protocol.set_answer_days(answer_days);
    ru.Restart();
  };
  // Each shakes hands with the other; gives what they say of themselves then.
  const auto meet = [&] {
    kz.now += absl::Seconds(10);
    ru.now += absl::Seconds(10);
    const Call from_kz = kz.Turn({authority::Tick()}).calls.at(0);
    const Call from_ru = ru.Turn({authority::Tick()}).calls.at(0);
    return std::vector<v1::NodeState>{Answer(kz, from_kz, ru).state, Answer(ru, from_ru, kz).state};
  };
  begin_with(14);
  for (int i = 0; i < 3; ++i) {
    for (const v1::NodeState& state : meet()) {
      EXPECT_EQ(state.mode(), v1::READ_ONLY);
      EXPECT_EQ(state.reason_key(), "reason.other_protocol");
      EXPECT_FALSE(state.counterpart_connected());
    }
  }
  for (Authority* authority : {&kz, &ru}) {
    const auto told = std::count_if(
        authority->events.begin(), authority->events.end(),
        [](const std::string& event) { return event.find("first protocol") != std::string::npos; });
    EXPECT_EQ(told, 1);
    const authority::Answer refused = authority->Turn({SettingQuota(2026)}).replies.at(0).answer;
    EXPECT_EQ(refused.status.code(), absl::StatusCode::kFailedPrecondition) << refused.status;
    EXPECT_EQ(authority->SizeOf(Side::kOwn), 0u);
  }
  begin_with(kz.identity.protocol.answer_days());
  for (const v1::NodeState& state : meet()) {
    EXPECT_EQ(state.mode(), v1::OPEN_FOR_ALL);
    EXPECT_EQ(state.reason_key(), "");
  }
}

// What `peer` answers to a handshake, with its position as `change` makes it and signed anew.
PeerReply AnswerWith(Authority& peer, const Call& call, const std::function<void(v1::Position&)>& change) {
  PeerReply reply = AnswerOf(peer, call);
  v1::HandshakeRequest request;
  v1::HandshakeResponse response;
  v1::Position position;
  EXPECT_TRUE(request.ParseFromString(call.bytes) && response.ParseFromString(reply.bytes) &&
              position.ParseFromString(response.position()));
  change(position);
  response.set_position(position.SerializeAsString());
  response.set_signature(peer.identity.log.SignRaw(
      absl::StrCat("kelisim handshake response\n", request.nonce(), response.nonce(), response.position())));
  reply.bytes = response.SerializeAsString();
  return reply;
}

// One that does not say by which protocol it judges may judge by any.
TEST(Link, StaysClosedToOneThatNamesNoFirstProtocol) {
  Authority kz(v1::PARTY_KZ, kNow);
  Authority ru(v1::PARTY_RU, kNow);
  const Call call = kz.Turn({authority::Tick()}).calls.at(0);
  const PeerReply reply =
      AnswerWith(ru, call, [](v1::Position& position) { position.clear_first_protocol(); });
  EXPECT_EQ(kz.Turn({reply}).state.reason_key(), "reason.other_protocol");
}

// Without an entry in the anchor nothing says that this ledger is new: the store may be
// lost together with its anchor. Not even what could be undone is recorded before the
// counterpart has said what it has.
TEST(Recovery, ANewAnchorVouchesForNothing) {
  Authority kz(v1::PARTY_KZ, kNow);
  const Outputs first = kz.Turn({authority::Tick(), SettingQuota(2026)});
  EXPECT_EQ(first.state.mode(), v1::READ_ONLY);
  EXPECT_TRUE(absl::IsUnavailable(first.replies.at(0).answer.status));
  EXPECT_EQ(kz.SizeOf(Side::kOwn), 0u);

  Pair both(kNow);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  Authority& lost = both.of(v1::PARTY_KZ);
  lost.store = ledger::MemoryStore();
  lost.anchor = MemoryAnchor();
  lost.Restart();
  const Outputs again = lost.Turn({authority::Tick(), SettingQuota(2026)});
  EXPECT_EQ(again.state.mode(), v1::READ_ONLY);
  EXPECT_EQ(lost.SizeOf(Side::kOwn), 0u);
}

// Store and anchor come from one backup, and the counterpart is the first to say that it
// has more: from then on nothing is recorded, until the node has asked it itself.
TEST(Recovery, WhoIsToldThatItIsBehindRecordsNothing) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  Authority& ru = both.of(v1::PARTY_RU);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  const ledger::MemoryStore backup = kz.store;
  const ledger::Head head = kz.anchor.Load().value().value();
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  kz.store = backup;
  kz.anchor = MemoryAnchor(head);
  kz.Restart();
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::FENCED);
  ru.Restart();
  const Call handshake = ru.Turn({authority::Tick()}).calls.at(0);
  const Outputs told = kz.Turn({PeerCall{kToken, handshake.method, handshake.bytes}, SettingQuota(2026)});
  EXPECT_EQ(told.state.mode(), v1::READ_ONLY);
  EXPECT_TRUE(absl::IsUnavailable(told.replies.at(1).answer.status));
  EXPECT_EQ(kz.SizeOf(Side::kOwn), head.size);
}

// That the counterpart has more must be shown with a checkpoint of ours.
TEST(Recovery, WhoIsToldSoWithoutEvidenceGoesOn) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  Authority& ru = both.of(v1::PARTY_RU);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  ru.Restart();
  v1::HandshakeRequest request;
  ASSERT_TRUE(request.ParseFromString(ru.Turn({authority::Tick()}).calls.at(0).bytes));
  v1::Position position;
  ASSERT_TRUE(position.ParseFromString(request.position()));
  for (const bool without : {false, true}) {
    position.set_mirror_size(uint64_t{1} << 60);
    if (without) position.clear_mirror_checkpoint();
    request.set_position(position.SerializeAsString());
    request.set_signature(ru.identity.log.SignRaw(
        absl::StrCat("kelisim handshake request\n", request.nonce(), request.position())));
    const Outputs told = kz.Turn({PeerCall{kToken, PeerMethod::kHandshake, request.SerializeAsString()}});
    EXPECT_TRUE(absl::IsInvalidArgument(told.replies.at(0).answer.status));
    EXPECT_EQ(told.state.mode(), v1::OPEN_FOR_ALL);
  }
}

// Own entries that come back without their content would leave registers that have
// forgotten them: nothing is taken, until the counterpart gives them back whole.
TEST(Recovery, TakesNoOwnEntryBackWithoutItsContent) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  both.Turn(v1::PARTY_KZ, {SettingQuota(2026)});
  both.Exchange();
  const uint64_t lost = kz.SizeOf(Side::kOwn);
  kz.store = ledger::MemoryStore();
  kz.Restart();
  std::vector<Call> calls = kz.Turn({authority::Tick()}).calls;
  while (!calls.empty()) {
    PeerReply reply = AnswerOf(both.of(v1::PARTY_RU), calls[0]);
    if (calls[0].method == PeerMethod::kPull) {
      v1::PullResponse pulled;
      ASSERT_TRUE(pulled.ParseFromString(reply.bytes));
      for (v1::Leaf& leaf : *pulled.mutable_leaves()) {
        leaf.clear_payload();
        leaf.clear_opening();
      }
      reply.bytes = pulled.SerializeAsString();
    }
    calls = kz.Turn({reply}).calls;
  }
  const v1::NodeState waiting = kz.Turn({authority::Tick()}).state;
  EXPECT_EQ(waiting.mode(), v1::RECOVERING);
  EXPECT_EQ(waiting.reason_key(), "reason.gives_less");
  EXPECT_THAT(waiting.counterpart_problem(), ::testing::HasSubstr("own entry back without its content"));
  EXPECT_EQ(kz.SizeOf(Side::kOwn), 0u);
  kz.Restart();
  both.Turn(v1::PARTY_KZ, {authority::Tick()});
  both.Exchange();
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::OPEN_FOR_ALL);
  EXPECT_GE(kz.SizeOf(Side::kOwn), lost);
}

// `lost` has lost its whole store, and is given back what `counterpart` has recorded without
// its content.
void TakeBackWithoutContent(Authority& lost, Authority& counterpart) {
  lost.store = ledger::MemoryStore();
  lost.Restart();
  std::vector<Call> calls = lost.Turn({authority::Tick()}).calls;
  while (!calls.empty()) {
    PeerReply reply = AnswerOf(counterpart, calls[0]);
    v1::PullRequest pull;
    v1::PullResponse pulled;
    if (calls[0].method == PeerMethod::kPull && pull.ParseFromString(calls[0].bytes) &&
        pull.ledger() == v1::ANSWERERS && pulled.ParseFromString(reply.bytes)) {
      for (v1::Leaf& leaf : *pulled.mutable_leaves()) leaf.clear_payload();
      reply.bytes = pulled.SerializeAsString();
    }
    calls = lost.Turn({reply}).calls;
  }
}

// Nor are the counterpart's entries judged again without the content that they had when
// they were judged: the registers would forget what it has granted.
TEST(Recovery, TakesNoJudgedEntryOfTheCounterpartWithoutItsContent) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  both.Turn(v1::PARTY_RU, {SettingQuota(2026)});
  both.Exchange();
  both.Turn(v1::PARTY_KZ, {SettingQuota(2026)});  // says what it has judged before
  both.Exchange();
  TakeBackWithoutContent(kz, both.of(v1::PARTY_RU));
  const v1::NodeState waiting = kz.Turn({authority::Tick()}).state;
  EXPECT_EQ(waiting.mode(), v1::RECOVERING);
  EXPECT_EQ(waiting.reason_key(), "reason.gives_less");
  EXPECT_THAT(waiting.counterpart_problem(), ::testing::HasSubstr("entry 0 back without its content"));
  EXPECT_EQ(kz.SizeOf(Side::kMirror), 0u);
  kz.Restart();
  both.Turn(v1::PARTY_KZ, {authority::Tick()});
  both.Exchange();
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::OPEN_FOR_ALL);
  EXPECT_EQ(kz.reader->GetQuota("quotas/ru/2026")->status(), v1::OPEN);
}

TEST(Recovery, WhatWasRefusedForWantOfItsContentComesBackWithoutIt) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  Authority& ru = both.of(v1::PARTY_RU);
  const Call call = ru.Turn({SettingQuota(2026)}).calls.at(0);
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(call.bytes));
  push.mutable_leaves(0)->clear_payload();
  const auto taken = both.Turn(v1::PARTY_KZ, {PeerCall{kToken, call.method, push.SerializeAsString()}});
  const authority::Answer& answer = taken.at(0).answer;
  both.Turn(v1::PARTY_RU, {PeerReply{call.call_id, answer.status, answer.response}});
  both.Exchange();
  both.Turn(v1::PARTY_KZ, {SettingQuota(2026)});
  both.Exchange();
  ASSERT_EQ(RefusalsIn(kz), std::vector<std::string>{"exchange.commitment"});
  TakeBackWithoutContent(kz, ru);
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::OPEN_FOR_ALL);
  EXPECT_EQ(RefusalsIn(kz), std::vector<std::string>{"exchange.commitment"});
}

// Nor are several that were refused together asked for.
TEST(Recovery, WhatWasRefusedTogetherComesBackWithoutContent) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  Authority& ru = both.of(v1::PARTY_RU);
  const Call call = ru.Turn({SettingQuota(2026), SettingQuota(2027)}).calls.at(0);
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(call.bytes));
  for (v1::Leaf& leaf : *push.mutable_leaves()) leaf.clear_payload();
  const auto taken = both.Turn(v1::PARTY_KZ, {PeerCall{kToken, call.method, push.SerializeAsString()}});
  const authority::Answer& answer = taken.at(0).answer;
  both.Turn(v1::PARTY_RU, {PeerReply{call.call_id, answer.status, answer.response}});
  both.Exchange();
  ASSERT_EQ(RefusalsIn(kz), std::vector<std::string>{"exchange.commitment"});
  TakeBackWithoutContent(kz, ru);
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::OPEN_FOR_ALL);
  EXPECT_EQ(RefusalsIn(kz), std::vector<std::string>{"exchange.commitment"});
}

// What was never told to the counterpart does not come back; a record of more of it than
// fits one message is several.
TEST_F(CaseTest, ALongLossIsSaidInSeveralRecords) {
  constexpr int kRounds = 550;
  Do(v1::PARTY_KZ, "file_petition");
  for (int round = 0; round < kRounds; ++round) {
    ReturnAndComplete();
    both_.Exchange();
  }
  Authority& kz = both_.of(v1::PARTY_KZ);
  kz.store = ledger::MemoryStore();
  kz.Restart();
  both_.Turn(v1::PARTY_KZ, {authority::Tick()});
  both_.Exchange();
  std::vector<int> said;
  for (uint64_t index = 0; index < kz.SizeOf(Side::kOwn); ++index) {
    const auto loss = kz.Payload<v1::LossRecord>(index, v1::ENTRY_KIND_LOSS);
    if (loss) said.push_back(loss->payloads_lost_size());
  }
  EXPECT_EQ(said, (std::vector<int>{1024, 1 + 2 * kRounds - 1024}));
  // And the counterpart has it all.
  EXPECT_EQ(both_.of(v1::PARTY_RU).SizeOf(Side::kMirror), kz.SizeOf(Side::kOwn));
  EXPECT_TRUE(both_.FilePetition(v1::PARTY_KZ).status.ok());
}

// The record of a loss may be lost as well, by one more restore before the counterpart has
// it. Until then the anchor remembers what was lost, and nothing new is recorded.
TEST(Recovery, WhatOneSaysIsNotLostByTheNext) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  const ledger::MemoryStore backup = kz.store;
  const uint64_t kept = kz.SizeOf(Side::kOwn);
  ASSERT_TRUE(kz.Turn({SettingQuota(2026), SettingQuota(2027)}).replies.at(1).answer.status.ok());
  const auto anchored = [&] { return kz.anchor.Load().value()->size; };
  ASSERT_EQ(anchored(), kept + 2);

  for (int restore = 1; restore <= 2; ++restore) {
    kz.store = backup;
    kz.Restart();
    const Call handshake = kz.Turn({authority::Tick()}).calls.at(0);
    const Outputs told = kz.Turn({AnswerOf(both.of(v1::PARTY_RU), handshake), SettingQuota(2028)});
    EXPECT_EQ(told.state.mode(), v1::RECOVERING) << restore;
    EXPECT_TRUE(absl::IsUnavailable(told.replies.at(0).answer.status)) << restore;
    EXPECT_EQ(anchored(), kept + 2) << restore;
    const auto loss = kz.Payload<v1::LossRecord>(kept, v1::ENTRY_KIND_LOSS);
    ASSERT_TRUE(loss.has_value()) << restore;
    EXPECT_EQ(loss->from_size(), kept) << restore;
    EXPECT_EQ(loss->to_size(), kept + 2) << restore;
  }
  // Nor by a crash after it.
  kz.Restart();
  EXPECT_EQ(kz.Turn({authority::Tick(), SettingQuota(2028)}).state.mode(), v1::READ_ONLY);
  kz.Restart();
  both.Turn(v1::PARTY_KZ, {authority::Tick()});
  both.Exchange();
  const auto replies = both.Turn(v1::PARTY_KZ, {SettingQuota(2028)});
  ASSERT_EQ(replies.size(), 1u);
  EXPECT_TRUE(replies[0].answer.status.ok()) << replies[0].answer.status;
}

// What was never sent is lost with the store; that is said for good, also when the store is
// lost once more, by the day on which it was recorded.
TEST(Recovery, NamesTheEntriesThatAreLost) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  const ledger::MemoryStore backup = kz.store;
  EXPECT_EQ(kz.Turn({SettingQuota(2026), SettingQuota(2027)}).state.lost_entries(), "");
  kz.store = backup;
  for (int loss = 1; loss <= 2; ++loss) {
    kz.Restart();
    both.Turn(v1::PARTY_KZ, {authority::Tick()});
    both.Exchange();
    const v1::NodeState state = kz.Turn({authority::Tick()}).state;
    EXPECT_EQ(state.mode(), v1::OPEN_FOR_ALL) << state.reason();
    EXPECT_EQ(state.lost_entries(), "1-2 (2025-12-20)") << loss;
    EXPECT_EQ(kz.core->lost_entries(), state.lost_entries());
    kz.store = ledger::MemoryStore();
    kz.now += absl::Hours(24);
    both.of(v1::PARTY_RU).now += absl::Hours(24);
  }
}

// A recovery that was not anchored goes on with the anchor of before, if the ledger says what
// became of the entries that it knows. An anchor of anything else is none of this ledger.
TEST(Recovery, AnOlderAnchorIsOneThatTheLedgerTellsOf) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  const ledger::MemoryStore backup = kz.store;
  const ledger::Head kept = kz.anchor.Load().value().value();
  ASSERT_TRUE(kz.Turn({SettingQuota(2026), SettingQuota(2027)}).replies.at(1).answer.status.ok());
  const ledger::Head lost = kz.anchor.Load().value().value();
  kz.store = backup;
  kz.Restart();
  both.Turn(v1::PARTY_KZ, {authority::Tick()});
  both.Exchange();
  ASSERT_EQ(kz.core->lineage(), 1u);

  const auto open_with = [&](const ledger::Head& anchored) {
    return authority::Core::Open(kz.identity, kz.store, *kz.vault, kz.random, anchored).status().code();
  };
  const ledger::Head nothing{0, tlog::EmptyRoot(), 0};
  for (const ledger::Head& known : {lost, kept, nothing})
    EXPECT_EQ(open_with(known), absl::StatusCode::kOk) << known.size;
  const Hash other = Sha256("other");
  for (const ledger::Head& foreign :
       {ledger::Head{lost.size, other, 0}, ledger::Head{lost.size + 1, lost.root, 0},
        ledger::Head{kept.size, other, 0}, ledger::Head{100, other, 0}, ledger::Head{kept.size, other, 1}}) {
    EXPECT_EQ(open_with(foreign), absl::StatusCode::kDataLoss) << foreign.size;
  }
  // One that knows of nothing vouches for nothing, whatever its lineage.
  kz.anchor = MemoryAnchor(nothing);
  kz.Restart();
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::READ_ONLY);
}

// An act from before hand-off 1 was acknowledged and its entry is cosigned; but its content
// was nowhere else. The entry comes back, and everybody is told which one is to be entered again.
TEST(Recovery, NamesTheEntriesWhoseContentsAreLost) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.lost_contents(), "");
  kz.store = ledger::MemoryStore();
  kz.Restart();
  both.Turn(v1::PARTY_KZ, {authority::Tick()});
  both.Exchange();
  const v1::NodeState state = kz.Turn({authority::Tick()}).state;
  EXPECT_EQ(state.mode(), v1::OPEN_FOR_ALL) << state.reason();
  EXPECT_EQ(state.lost_contents(), "0-2");
  EXPECT_THAT(kz.events, ::testing::Contains(::testing::HasSubstr("contents of own entries 0-2")));
  kz.Restart();
  const v1::NodeState again = kz.Turn({authority::Tick()}).state;
  EXPECT_EQ(again.lost_contents(), "0-2");
  EXPECT_EQ(again.mode(), v1::FENCED) << "the recovery has ended";
}

// What an earlier record names has been asked for: nobody is to enter it at each recovery again.
TEST(Recovery, NamesLostContentsOnce) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  const auto lose_the_store = [&] {
    kz.store = ledger::MemoryStore();
    kz.events.clear();
    kz.Restart();
    both.Turn(v1::PARTY_KZ, {authority::Tick()});
    both.Exchange();
  };
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  lose_the_store();
  const uint64_t size = kz.SizeOf(Side::kOwn);
  lose_the_store();
  EXPECT_EQ(kz.SizeOf(Side::kOwn), size) << "nothing new is lost, and nothing said";
  EXPECT_THAT(kz.events,
              ::testing::Not(::testing::Contains(::testing::HasSubstr("contents of own entries"))));
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.lost_contents(), "0-2") << "is a fact all the same";
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  lose_the_store();
  EXPECT_THAT(kz.events,
              ::testing::Contains(::testing::HasSubstr(absl::StrCat("contents of own entries ", size, ":"))));
  const auto loss = kz.Payload<v1::LossRecord>(kz.SizeOf(Side::kOwn) - 1, v1::ENTRY_KIND_LOSS);
  ASSERT_TRUE(loss.has_value());
  EXPECT_THAT(loss->payloads_lost(), ::testing::ElementsAre(size));
}

// A store that is lost whole forgets its recoveries too; what the anchor remembers counts
// on, so that it vouches for what is recorded after the second loss as after the first.
TEST(Recovery, GoesOnFromTheLineageOfTheAnchor) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  for (uint32_t losses = 1; losses <= 2; ++losses) {
    ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
    // Anchored, and never told to the counterpart.
    kz.anchor = MemoryAnchor(ledger::Head{kz.SizeOf(Side::kOwn) + 10, Sha256("lost"), losses - 1});
    kz.store = ledger::MemoryStore();
    kz.Restart();
    both.Turn(v1::PARTY_KZ, {authority::Tick()});
    both.Exchange();
    ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
    const ledger::Head anchored = kz.anchor.Load().value().value();
    EXPECT_EQ(anchored.lineage, losses);
    EXPECT_EQ(anchored.size, kz.SizeOf(Side::kOwn));
  }
}

// In the middle of a recovery the counterpart is restored as well, and no longer has what
// our own entries, just taken back, say was processed of it. The views cannot be made of
// that: nothing is recorded until it has it again, and the operator is told which entry.
TEST(Recovery, WaitsForWhatOwnEntriesSayWasProcessed) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  Authority& ru = both.of(v1::PARTY_RU);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_RU).status.ok());
  const ledger::MemoryStore backup = ru.store;
  const ledger::Head head = ru.anchor.Load().value().value();
  ASSERT_TRUE(both.FilePetition(v1::PARTY_RU).status.ok());
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  const ledger::MemoryStore whole = ru.store;
  const ledger::Head whole_head = ru.anchor.Load().value().value();
  const uint64_t lost = kz.SizeOf(Side::kOwn);
  TakeOwnBackOnly(kz, ru, lost);

  const auto restore = [&](const ledger::MemoryStore& store, const ledger::Head& anchored) {
    ru.store = store;
    ru.anchor = MemoryAnchor(anchored);
    ru.Restart();
    kz.Restart();
    both.Turn(v1::PARTY_KZ, {authority::Tick()});
    both.Exchange();
    return kz.Turn({authority::Tick()}).state;
  };
  const v1::NodeState waiting = restore(backup, head);
  EXPECT_EQ(waiting.mode(), v1::RECOVERING);
  EXPECT_EQ(waiting.reason_key(), "reason.gives_less");
  EXPECT_THAT(waiting.counterpart_problem(), ::testing::HasSubstr("own entry 0 says"));
  EXPECT_EQ(kz.SizeOf(Side::kOwn), lost);
  EXPECT_EQ(restore(whole, whole_head).mode(), v1::OPEN_FOR_ALL);
  EXPECT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
}

// Nobody signs nothing: a counterpart that does is wrong, and no proof of anything follows.
TEST(Recovery, ASignedCheckpointOfNothingHaltsNobody) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  Authority& ru = both.of(v1::PARTY_RU);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  kz.Restart();
  const Call call = kz.Turn({authority::Tick()}).calls.at(0);
  v1::HandshakeRequest request;
  ASSERT_TRUE(request.ParseFromString(call.bytes));
  v1::HandshakeResponse response;
  ASSERT_TRUE(response.ParseFromString(AnswerOf(ru, call).bytes));
  v1::Position position;
  ASSERT_TRUE(position.ParseFromString(response.position()));
  const std::string nothing =
      tlog::Checkpoint{ru.identity.log.verifier().name(), 0, Sha256("another")}.Text();
  position.set_checkpoint(absl::StrCat(nothing, "\n", ru.identity.log.SignNote(nothing)));
  response.set_position(position.SerializeAsString());
  response.set_signature(ru.identity.log.SignRaw(
      absl::StrCat("kelisim handshake response\n", request.nonce(), response.nonce(), response.position())));
  const Outputs told = kz.Turn({PeerReply{call.call_id, absl::OkStatus(), response.SerializeAsString()}});
  EXPECT_EQ(told.state.mode(), v1::FENCED);
  EXPECT_THAT(kz.events, ::testing::Contains(::testing::HasSubstr("a signed checkpoint of no entries")));
}

// In the middle of a recovery the head anchor is lost as well: nothing more is recorded,
// not even what the counterpart gives back.
TEST(Recovery, WithoutAnAnchorTakesNothingBack) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  ASSERT_TRUE(both.FilePetition(v1::PARTY_RU).status.ok());
  TakeOwnBackOnly(kz, both.of(v1::PARTY_RU), kz.SizeOf(Side::kOwn));
  kz.anchor = MemoryAnchor(std::nullopt);
  kz.Restart();
  both.Turn(v1::PARTY_KZ, {authority::Tick()});
  both.Exchange();
  EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::READ_ONLY);
  EXPECT_EQ(kz.SizeOf(Side::kMirror), 0u);
}

// One answer to a pull is spoilt: that is no other history, and a later answer is taken.
TEST(Recovery, GoesOnAfterASpoiltAnswer) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  for (const ledger::MemoryStore& backup : {ledger::MemoryStore(), kz.store}) {
    ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
    const uint64_t lost = kz.SizeOf(Side::kOwn);
    kz.store = backup;
    kz.Restart();
    const uint64_t kept = kz.SizeOf(Side::kOwn);
    std::vector<Call> calls = kz.Turn({authority::Tick()}).calls;
    int pulls = 0;
    while (!calls.empty()) {
      const Call call = calls[0];
      PeerReply reply = AnswerOf(both.of(v1::PARTY_RU), call);
      if (call.method == PeerMethod::kPull && ++pulls == 1) {
        v1::PullResponse pulled;
        ASSERT_TRUE(pulled.ParseFromString(reply.bytes));
        pulled.mutable_leaves(0)->mutable_entry()->append("x");
        reply.bytes = pulled.SerializeAsString();
      }
      calls = kz.Turn({reply}).calls;
    }
    EXPECT_EQ(pulls, 2);  // the second one showed that it is no other history
    EXPECT_EQ(kz.SizeOf(Side::kOwn), kept);
    EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::RECOVERING);

    kz.Restart();
    both.Turn(v1::PARTY_KZ, {authority::Tick()});
    both.Exchange();
    EXPECT_EQ(kz.Turn({authority::Tick()}).state.mode(), v1::OPEN_FOR_ALL);
    EXPECT_GE(kz.SizeOf(Side::kOwn), lost);
  }
}

// Store and anchor come from one backup, and before the counterpart is met the node records
// acts of its own, while the counterpart has others and more. One ledger has two signed
// histories now: the exchange ends, with a proof that stands for itself.
class ContinuationTest : public CaseTest, public ::testing::WithParamInterface<int> {};

TEST_P(ContinuationTest, AnotherThanTheCounterpartHasHalts) {
  Do(v1::PARTY_KZ, "file_petition");
  Authority& kz = both_.of(v1::PARTY_KZ);
  const ledger::MemoryStore backup = kz.store;
  const ledger::Head head = kz.anchor.Load().value().value();
  for (int round = 0; round < GetParam(); ++round) {
    ReturnAndComplete();
    both_.Exchange();
  }
  kz.store = backup;
  kz.anchor = MemoryAnchor(head);
  kz.Restart();
  for (int round = 1; round < GetParam(); ++round) ReturnAndComplete();
  both_.Turn(v1::PARTY_KZ, {SettingQuota(2026)});
  ASSERT_LT(kz.SizeOf(Side::kOwn), both_.of(v1::PARTY_RU).SizeOf(Side::kMirror));

  both_.Exchange();
  const v1::NodeState state = kz.Turn({authority::Tick()}).state;
  EXPECT_EQ(state.mode(), v1::HALTED);
  EXPECT_THAT(state.reason(), ::testing::HasSubstr("another continuation"));
  EXPECT_EQ(kz.SizeOf(Side::kOwn), head.size + 2 * GetParam() - 1);
  const v1::Equivocation evidence = kz.reader->GetEvidence().value();
  EXPECT_EQ(evidence.ledger(), v1::PARTY_KZ);
  EXPECT_TRUE(tlog::VerifyEquivocation(Read(evidence), kz.identity.log.verifier()).ok());
  // A new process knows it too; an officer is not told to come again later.
  kz.Restart();
  const Outputs again = kz.Turn({authority::Tick(), SettingQuota(2027)});
  EXPECT_EQ(again.state.mode(), v1::HALTED);
  EXPECT_EQ(again.replies.at(0).answer.status.code(), absl::StatusCode::kFailedPrecondition);
  // An auditor finds it, though all rows fit.
  const Audited audited = AuditOf(kz.identity, kz.store, *kz.vault);
  EXPECT_TRUE(audited.status.ok()) << audited.status;
  EXPECT_THAT(audited.findings, ::testing::ElementsAre(::testing::HasSubstr("has halted")));

  // The other one hears of it at its next call, and records nothing that may never be taken.
  Authority& ru = both_.of(v1::PARTY_RU);
  ru.Turn({PeerReply{ru.Turn({SettingQuota(2026)}).calls.at(0).call_id,
                     absl::FailedPreconditionError("halted: one ledger has two signed histories"), ""}});
  const Outputs heard = ru.Turn({authority::Tick(), SettingQuota(2027)});
  EXPECT_EQ(heard.state.mode(), v1::READ_ONLY);
  EXPECT_EQ(heard.state.reason_key(), "reason.peer_halted");
  // Time alone will not mend it.
  EXPECT_TRUE(absl::IsFailedPrecondition(heard.replies.at(0).answer.status));
  EXPECT_THAT(ru.events, ::testing::Contains(::testing::HasSubstr("counterpart: has halted")));
}

// The last of them is more than fits one answer to a pull.
INSTANTIATE_TEST_SUITE_P(Rounds, ContinuationTest, ::testing::Values(1, 2, 5, 300));

// The fence opens by the counterpart's own word in answer to our question, and by nothing else.
TEST(Link, OpensByARightAnswerAlone) {
  const auto in_response = [](PeerReply& reply, const std::function<void(v1::HandshakeResponse&)>& change) {
    v1::HandshakeResponse response;
    ASSERT_TRUE(response.ParseFromString(reply.bytes));
    change(response);
    reply.bytes = response.SerializeAsString();
  };
  const struct {
    const char* what;
    std::function<void(PeerReply&)> tamper;
    v1::NodeMode mode;
  } rows[] = {
      {"nothing", [](PeerReply&) {}, v1::OPEN_FOR_ALL},
      {"the answer to another call", [](PeerReply& reply) { ++reply.call_id; }, v1::FENCED},
      {"another signature",
       [&](PeerReply& reply) {
         in_response(reply, [](auto& response) { response.mutable_signature()->back() ^= 1; });
       },
       v1::FENCED},
      {"another version",
       [&](PeerReply& reply) {
         in_response(reply, [](auto& response) { response.set_exchange_version(2); });
       },
       v1::FENCED},
  };
  for (const auto& row : rows) {
    Pair both(kNow);
    Authority& kz = both.of(v1::PARTY_KZ);
    ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
    kz.Restart();
    PeerReply reply = AnswerOf(both.of(v1::PARTY_RU), kz.Turn({authority::Tick()}).calls.at(0));
    row.tamper(reply);
    EXPECT_EQ(kz.Turn({reply}).state.mode(), row.mode) << row.what;
  }
}

// What it says that it has must be what its evidence shows; and evidence of another history
// ends the exchange.
TEST(Link, APositionIsJudgedByItsEvidence) {
  const auto other_root = [](const tlog::NoteSigner& log, uint64_t size) {
    const std::string text = tlog::Checkpoint{log.verifier().name(), size, Sha256("another")}.Text();
    return absl::StrCat(text, "\n", log.SignNote(text));
  };
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  Authority& ru = both.of(v1::PARTY_RU);
  ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  ASSERT_TRUE(both.FilePetition(v1::PARTY_RU).status.ok());
  const ledger::MemoryStore before = kz.store;
  const struct {
    const char* what;
    std::function<void(v1::Position&)> change;
    const char* reason;
  } rows[] = {
      {"another root", [](auto& said) { said.mutable_mirror_root()->back() ^= 1; }, "reason.unconfirmed"},
      {"a smaller size", [](auto& said) { said.set_mirror_size(said.mirror_size() - 1); },
       "reason.unconfirmed"},
      {"another ledger of ours",
       [&](auto& said) {
         said.set_mirror_checkpoint(other_root(kz.identity.log, said.mirror_size()));
         said.set_mirror_root(std::string(Sha256("another").bytes()));
       },
       "reason.own_fork"},
      {"another ledger of its own",
       [&](auto& said) { said.set_checkpoint(other_root(ru.identity.log, ru.SizeOf(Side::kOwn))); },
       "reason.peer_fork"},
      {"another beginning of its own",
       [&](auto& said) { said.set_checkpoint(other_root(ru.identity.log, 1)); }, "reason.peer_fork"},
      {"another first protocol", [](auto& said) { said.clear_first_protocol(); }, "reason.other_protocol"},
  };
  for (const auto& row : rows) {
    kz.store = before;
    kz.Restart();
    const Call call = kz.Turn({authority::Tick()}).calls.at(0);
    const v1::NodeState state = kz.Turn({AnswerWith(ru, call, row.change)}).state;
    EXPECT_EQ(state.reason_key(), row.reason) << row.what;
    const std::string reason = row.reason;
    EXPECT_EQ(state.mode(), reason == "reason.unconfirmed"      ? v1::FENCED
                            : reason == "reason.other_protocol" ? v1::READ_ONLY
                                                                : v1::HALTED)
        << row.what;
  }
}

// A stranger's request changes nothing, and nothing is taken or given without a session; nor is
// anything taken before our own position is confirmed.
TEST(Link, AnswersWhoHasShakenHands) {
  Authority kz(v1::PARTY_KZ, kNow);
  Authority ru(v1::PARTY_RU, kNow);
  const auto ask = [&](PeerMethod method, const std::string& bytes) {
    return ru.Turn({PeerCall{kToken, method, bytes}}).replies.at(0).answer.status.code();
  };
  v1::PullRequest pull;
  pull.set_ledger(v1::ANSWERERS);
  EXPECT_EQ(ask(PeerMethod::kPush, ""), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(ask(PeerMethod::kPull, pull.SerializeAsString()), absl::StatusCode::kFailedPrecondition);

  const Call call = kz.Turn({authority::Tick()}).calls.at(0);
  v1::HandshakeRequest request;
  ASSERT_TRUE(request.ParseFromString(call.bytes));
  v1::HandshakeRequest unsigned_one = request;
  unsigned_one.mutable_signature()->back() ^= 1;
  EXPECT_EQ(ask(PeerMethod::kHandshake, unsigned_one.SerializeAsString()),
            absl::StatusCode::kPermissionDenied);
  v1::HandshakeRequest newer = request;
  newer.set_exchange_version(2);
  EXPECT_EQ(ask(PeerMethod::kHandshake, newer.SerializeAsString()), absl::StatusCode::kFailedPrecondition);

  ASSERT_EQ(Answer(kz, call, ru).state.mode(), v1::OPEN_FOR_ALL);
  const Call push = kz.Turn({SettingQuota(2026)}).calls.at(0);
  EXPECT_EQ(ask(PeerMethod::kPush, push.bytes), absl::StatusCode::kUnavailable);
  EXPECT_EQ(ru.SizeOf(Side::kMirror), 0u);
  pull.set_session("another");
  EXPECT_EQ(ask(PeerMethod::kPull, pull.SerializeAsString()), absl::StatusCode::kFailedPrecondition);
}

// An entry counts as received when both cosignatures are there and right, and for this size.
TEST(Link, OnlyARightAnswerToAPushCounts) {
  const auto without = [](v1::PushResponse& answer, const std::string& name) {
    std::string kept;
    for (const absl::string_view line : absl::StrSplit(answer.cosignatures(), '\n', absl::SkipEmpty())) {
      if (!absl::StrContains(line, name)) absl::StrAppend(&kept, line, "\n");
    }
    ASSERT_NE(kept, answer.cosignatures());
    answer.set_cosignatures(kept);
  };
  const struct {
    const char* what;
    std::function<void(v1::PushResponse&)> tamper;
    uint64_t cosigned;
  } rows[] = {
      {"nothing", [](auto&) {}, 1},
      {"another size", [](auto& answer) { answer.set_mirror_size(2); }, 0},
      {"no witness", [&](auto& answer) { without(answer, "/witness"); }, 0},
      {"no mirror", [&](auto& answer) { without(answer, "/mirror"); }, 0},
  };
  for (const auto& row : rows) {
    Authority kz(v1::PARTY_KZ, kNow);
    Authority ru(v1::PARTY_RU, kNow);
    const Call from_kz = kz.Turn({authority::Tick()}).calls.at(0);
    const Call from_ru = ru.Turn({authority::Tick()}).calls.at(0);
    Answer(kz, from_kz, ru);
    Answer(ru, from_ru, kz);
    PeerReply reply = AnswerOf(ru, kz.Turn({SettingQuota(2026)}).calls.at(0));
    v1::PushResponse answer;
    ASSERT_TRUE(answer.ParseFromString(reply.bytes));
    row.tamper(answer);
    reply.bytes = answer.SerializeAsString();
    EXPECT_EQ(kz.Turn({reply}).state.cosigned_size(), row.cosigned) << row.what;
  }
}

// Where nothing may be recorded, an officer still hears what was recorded before, and may
// rehearse; and is not told to come again when only people can mend it.
TEST(Officer, HearsInEveryModeWhatWasAnsweredBefore) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  const authority::Answer first = both.Turn(v1::PARTY_KZ, {SettingQuota(2026)}).at(0).answer;
  ASSERT_TRUE(first.status.ok()) << first.status;
  both.Exchange();
  kz.anchor = MemoryAnchor(std::nullopt);
  kz.Restart();
  OfficerCall other = SettingQuota(2026);
  other.request_digest = Sha256("another request");
  OfficerCall rehearsed = SettingQuota(2027);
  std::get<v1::SubmitQuotaCommandRequest>(rehearsed.request).set_validate_only(true);
  const Outputs told = kz.Turn({SettingQuota(2026), other, rehearsed, SettingQuota(2027)});
  ASSERT_EQ(told.state.mode(), v1::READ_ONLY);
  EXPECT_EQ(told.replies.at(0).answer.response, first.response);
  EXPECT_EQ(told.replies.at(1).answer.status.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(told.replies.at(2).answer.status.ok()) << told.replies.at(2).answer.status;
  EXPECT_EQ(told.replies.at(3).answer.status.code(), absl::StatusCode::kFailedPrecondition);
}

// Time passes there, too; what becomes overdue is recorded when acts are.
TEST_F(CaseTest, NothingBecomesOverdueWhereNothingMayBeRecorded) {
  for (const char* action : {"file_petition", "confirm_scope", "offer"}) Do(v1::PARTY_KZ, action);
  Authority& kz = both_.of(v1::PARTY_KZ);
  const ledger::Head head = kz.anchor.Load().value().value();
  const uint64_t size = kz.SizeOf(Side::kOwn);
  kz.now += absl::Hours(24 * 60);
  for (const auto& [anchor, added] : {std::pair(MemoryAnchor(std::nullopt), 0u), {MemoryAnchor(head), 1u}}) {
    kz.anchor = anchor;
    kz.Restart();
    kz.Turn({authority::Tick()});
    EXPECT_EQ(kz.SizeOf(Side::kOwn), size + added);
  }
}

// Nor does a refusal that comes in time refuse an act that has stayed at home.
TEST_F(CaseTest, WhatStaysAtHomeIsNotRefused) {
  Authority& kz = both_.of(v1::PARTY_KZ);
  Authority& ru = both_.of(v1::PARTY_RU);
  Do(v1::PARTY_KZ, "file_petition");  // its own entry 1
  const v1::CaseState before = StateOf(v1::PARTY_KZ);
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(ru.Turn({SettingQuota(2027)}).calls.at(0).bytes));
  ASSERT_EQ(push.leaves_size(), 2);  // PROGRESS, and the quota
  push.mutable_leaves()->RemoveLast();
  v1::Refusal refusal;
  refusal.mutable_violation()->set_rule("step.chain");
  AddRefusal(ru, push, kz, 1, refusal);
  const Outputs taken = kz.Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
  ASSERT_TRUE(taken.replies.at(0).answer.status.ok()) << taken.replies.at(0).answer.status;
  EXPECT_EQ(StateOf(v1::PARTY_KZ).SerializeAsString(), before.SerializeAsString());
  EXPECT_EQ(kz.reader->GetCase(name_, kNow)->timeline(0).refusal().rule(), "");
}

class NoAnchor final : public ledger::HeadAnchor {
 public:
  absl::StatusOr<std::optional<ledger::Head>> Load() override { return std::nullopt; }
  absl::Status Save(const ledger::Head&) override { return absl::UnavailableError("no disk"); }
};

// What the anchor could not remember is not told.
TEST(Turn, IsNotReleasedWithoutItsAnchor) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  NoAnchor anchor;
  authority::Turn turn = kz.core->Step(kNow, {SettingQuota(2026)}).value();
  const auto released = authority::Release(authority::Commit(std::move(turn), kz.store).value(), anchor,
                                           kz.identity.witness, kz.identity.mirror);
  EXPECT_TRUE(absl::IsUnavailable(released.status())) << released.status();
}

// Two roots for one size, both signed by the sender: evidence, and the end of the
// exchange until people decide.
TEST_F(PushTest, AnotherSignedRootForASizeHaltsTheExchange) {
  Deliver(push_);
  tlog::Checkpoint other{kz_.identity.log.verifier().name(), 2, Sha256("another ledger")};
  v1::PushRequest push = push_;
  push.set_checkpoint(absl::StrCat(other.Text(), "\n", kz_.identity.log.SignNote(other.Text())));
  EXPECT_EQ(Deliver(push).status.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(state_.mode(), v1::HALTED);
  // By these words the other one knows it.
  EXPECT_EQ(Deliver(push_).status,
            absl::FailedPreconditionError("halted: one ledger has two signed histories"));
  // Anybody can see it, without us.
  const v1::Equivocation evidence = ru_.reader->GetEvidence().value();
  EXPECT_EQ(evidence.ledger(), v1::PARTY_KZ);
  EXPECT_THAT((std::vector{evidence.first(), evidence.second()}),
              ::testing::UnorderedElementsAre(push.checkpoint(), push_.checkpoint()));
  EXPECT_TRUE(tlog::VerifyEquivocation(Read(evidence), kz_.identity.log.verifier()).ok());
}

}  // namespace
}  // namespace kelisim::testing
