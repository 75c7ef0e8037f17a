// What a counterpart may send, and what becomes of it. Two cores on memory stores;
// one of them sends a push that somebody has tampered with on the way, or that the
// sender itself got wrong.

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/authority/core.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/log.h"
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

// KZ has recorded two acts, and its push of them is on its way to RU.
class PushTest : public ::testing::Test {
 protected:
  PushTest() {
    // Each shakes hands with the other.
    const Call from_kz = kz_.Turn({authority::Tick()}).calls.at(0);
    const Call from_ru = ru_.Turn({authority::Tick()}).calls.at(0);
    Answer(kz_, from_kz, ru_);
    Answer(ru_, from_ru, kz_);
    std::vector<Input> acts;
    for (int year : {2026, 2027}) acts.push_back(SettingQuota(year));
    const Outputs made = kz_.Turn(std::move(acts));
    for (const authority::Reply& reply : made.replies) {
      EXPECT_TRUE(reply.answer.status.ok()) << reply.answer.status;
    }
    EXPECT_TRUE(push_.ParseFromString(made.calls.at(0).bytes));
    EXPECT_EQ(push_.leaves_size(), 2);
  }

  static void Answer(Authority& caller, const Call& call, Authority& called) {
    const Outputs outputs = called.Turn({PeerCall{kToken, call.method, call.bytes}});
    const authority::Answer& answer = outputs.replies.at(0).answer;
    EXPECT_TRUE(answer.status.ok()) << answer.status;
    caller.Turn({PeerReply{call.call_id, absl::OkStatus(), answer.response}});
  }
  authority::Answer Deliver(const v1::PushRequest& push) { return DeliverBytes(push.SerializeAsString()); }
  authority::Answer DeliverBytes(std::string bytes) {
    Outputs outputs = ru_.Turn({PeerCall{kToken, PeerMethod::kPush, std::move(bytes)}});
    state_ = outputs.state;
    return outputs.replies.at(0).answer;
  }
  static v1::PushResponse Response(const authority::Answer& answer) {
    v1::PushResponse response;
    EXPECT_TRUE(response.ParseFromString(answer.response));
    return response;
  }
  // The rules under which RU has refused what it took, in order.
  std::vector<std::string> Refusals() const {
    std::vector<std::string> rules;
    const ledger::LogRows<ledger::Store> own(Side::kOwn, ru_.store);
    for (uint64_t index = 0; index < ru_.SizeOf(Side::kOwn); ++index) {
      v1::Entry entry;
      EXPECT_TRUE(entry.ParseFromString(own.Entry(index).value()));
      if (entry.kind() != v1::ENTRY_KIND_REFUSAL) continue;
      const std::string sealed = own.SealedPayload(index).value().value();
      v1::Refusal refusal;
      const std::string opened =
          ru_.vault->Unseal(ru_.store, authority::PayloadContext(Side::kOwn, index), sealed).value();
      EXPECT_TRUE(refusal.ParseFromString(authority::SplitPayload(opened).value().payload));
      rules.push_back(refusal.violation().rule());
    }
    return rules;
  }

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

// Signed by its author and opening its commitment, and still nothing that a case may be
// called: it is mirrored and refused, and what comes after it is welcome.
TEST_F(PushTest, AnActOnAnIdWithoutEndIsMirroredAndRefused) {
  v1::Act act;
  ASSERT_TRUE(act.ParseFromString(push_.leaves(1).payload()));
  act.clear_quota_act();
  act.mutable_case_act()->mutable_cleared();
  act.set_subject_id(std::string(300, 'a'));
  v1::Leaf& leaf = *push_.add_leaves();
  leaf.set_payload(act.SerializeAsString());
  leaf.set_opening(std::string(Hash::kSize, 'o'));
  v1::Entry entry;
  ASSERT_TRUE(entry.ParseFromString(push_.leaves(1).entry()));
  entry.set_entry_id(std::string(16, 'e'));
  entry.set_commitment(std::string(kelisim::Commit(leaf.opening(), leaf.payload()).bytes()));
  leaf.set_entry(entry.SerializeAsString());
  tlog::RightEdge edge;
  for (const v1::Leaf& one : push_.leaves()) edge.Append(tlog::LeafHash(one.entry()));
  const std::string text =
      tlog::Checkpoint{kz_.identity.log.verifier().name(), edge.size(), edge.Root()}.Text();
  push_.set_checkpoint(absl::StrCat(text, "\n", kz_.identity.log.SignNote(text)));

  EXPECT_EQ(Response(Deliver(push_)).mirror_size(), 3u);
  EXPECT_EQ(Refusals(), std::vector<std::string>{"exchange.format"});
  ru_.Restart();
  EXPECT_EQ(ru_.SizeOf(Side::kMirror), 3u);
}

// What is irreversible is told when the counterpart has it. What an officer asks of a
// case after an irreversible step would give that step away: it waits as well.
TEST(Told, NothingOfACaseBeforeItsIrreversibleStepIsCosigned) {
  Pair both(kNow);
  SeededRandom random(7);
  const std::string today = absl::FormatTime("%Y-%m-%d", kNow, absl::UTCTimeZone());
  uint64_t asked = 0;
  const auto officer_call = [&](v1::SubmitCaseCommandRequest request) {
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++asked));
    return OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request};
  };
  both.Turn(v1::PARTY_KZ, {SettingQuota(2025)});
  both.Exchange();

  std::string name;
  const auto request_for = [&](v1::Party party, const std::string& action) {
    v1::SubmitCaseCommandRequest request;
    request.set_name(name);
    if (action == "file_petition") {
      *request.mutable_command()->mutable_file_petition() = PetitionOf(party, 0, {}, today);
    } else {
      const v1::Case found = both.of(party).reader->GetCase(name, kNow).value();
      *request.mutable_command() = PlausibleCommand(action, found.state(), today, random).value();
    }
    return request;
  };
  using Asked = std::pair<v1::Party, const char*>;
  for (const auto& [party, action] :
       {Asked{v1::PARTY_KZ, "file_petition"}, Asked{v1::PARTY_KZ, "confirm_scope"},
        Asked{v1::PARTY_KZ, "offer"}, Asked{v1::PARTY_RU, "accept"}, Asked{v1::PARTY_RU, "clear"},
        Asked{v1::PARTY_RU, "offer"}, Asked{v1::PARTY_KZ, "accept"}}) {
    const auto replies = both.Turn(party, {officer_call(request_for(party, action))});
    ASSERT_EQ(replies.size(), 1u) << action;
    ASSERT_TRUE(replies[0].answer.status.ok()) << action << replies[0].answer.violation.rule();
    v1::SubmitCaseCommandResponse response;
    ASSERT_TRUE(response.ParseFromString(replies[0].answer.response));
    name = response.name();
    both.Exchange();
  }
  const v1::SubmitCaseCommandRequest issue = request_for(v1::PARTY_KZ, "issue_status");
  EXPECT_TRUE(both.Turn(v1::PARTY_KZ, {officer_call(issue)}).empty());
  // Not from a second one that is refused, nor from a rehearsal, nor from the next step.
  EXPECT_TRUE(both.Turn(v1::PARTY_KZ, {officer_call(issue)}).empty());
  v1::SubmitCaseCommandRequest rehearsed = issue;
  rehearsed.set_validate_only(true);
  EXPECT_TRUE(both.Turn(v1::PARTY_KZ, {officer_call(rehearsed)}).empty());
  EXPECT_TRUE(both.Turn(v1::PARTY_KZ, {officer_call(request_for(v1::PARTY_KZ, "offer"))}).empty());
  EXPECT_EQ(both.Exchange().size(), 4u);
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

// Two roots for one size, both signed by the sender: evidence, and the end of the
// exchange until people decide.
TEST_F(PushTest, AnotherSignedRootForASizeHaltsTheExchange) {
  Deliver(push_);
  tlog::Checkpoint other{kz_.identity.log.verifier().name(), 2, Sha256("another ledger")};
  v1::PushRequest push = push_;
  push.set_checkpoint(absl::StrCat(other.Text(), "\n", kz_.identity.log.SignNote(other.Text())));
  EXPECT_EQ(Deliver(push).status.code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(state_.mode(), v1::HALTED);
  EXPECT_EQ(Deliver(push_).status.code(), absl::StatusCode::kUnavailable);
  int kept = 0;
  EXPECT_TRUE(ru_.store
                  .Scan("Mv", "Mw",
                        [&](std::string_view, std::string_view note) {
                          EXPECT_TRUE(note == push.checkpoint() || note == push_.checkpoint());
                          ++kept;
                          return true;
                        })
                  .ok());
  EXPECT_EQ(kept, 2);
  // Anybody can see it, without us.
  const v1::Equivocation evidence = ru_.reader->GetEvidence().value();
  EXPECT_EQ(evidence.ledger(), v1::PARTY_KZ);
  const tlog::Equivocation small{
      evidence.first(), evidence.second(), Hash::FromBytes(evidence.prefix_root()).value(), {}};
  EXPECT_TRUE(tlog::VerifyEquivocation(small, kz_.identity.log.verifier()).ok());
}

}  // namespace
}  // namespace kelisim::testing
