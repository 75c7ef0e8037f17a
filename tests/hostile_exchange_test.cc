// What the counterpart's machine may send when it is in hostile hands: calls and answers of any
// bytes, and a ledger of any content under its own good signature. Nothing of it stops the
// process, spoils what is kept, or keeps the two from going on afterwards.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/crypto/seal.h"
#include "shared/dossier/exporter.h"
#include "shared/dossier/verifier.h"
#include "shared/ledger/log.h"
#include "shared/testing/audited.h"
#include "shared/testing/dossiers.h"
#include "shared/testing/pair.h"
#include "shared/testing/story.h"
#include "shared/tlog/note.h"
#include "tests/mutation.h"

namespace kelisim::testing {
namespace {

using authority::Call;
using authority::Outputs;
using authority::PeerCall;
using authority::PeerMethod;
using authority::PeerReply;
using ledger::Side;

constexpr uint64_t kToken = 7;
const absl::Time kNow = absl::FromUnixSeconds(1'766'224'800);  // 20 December 2025

void ExpectWhole(const Authority& node) {
  const Audited audited = AuditOf(node.identity, node.store, *node.vault);
  EXPECT_TRUE(audited.done) << audited.status;
  EXPECT_EQ(audited.findings, std::vector<std::string>());
}

// ---------------------------------------------------------------- any bytes

// Both authorities, and between them somebody who changes what passes, as often as `chance`
// says.
class Wire {
 public:
  explicit Wire(SeededRandom& random) : random_(random) {}

  void Exchange(double chance) {
    for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU})
      Send(party, both.of(party).Turn({authority::Tick()}));
    while (!waiting_.empty()) {
      auto [caller, call] = std::move(waiting_.back());
      waiting_.pop_back();
      Deliver(caller, call, chance);
    }
  }
  // Until nothing is to be said any more, undisturbed.
  void GoOn() {
    for (int i = 0; i < 4; ++i) {
      for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) both.of(party).now += absl::Seconds(10);
      Exchange(0);
    }
  }

  Pair both{kNow};

 private:
  void Send(v1::Party from, Outputs outputs) {
    for (Call& call : outputs.calls) waiting_.emplace_back(from, std::move(call));
  }
  std::string OnTheWay(const std::string& bytes, double chance) {
    const std::string changed = random_.Chance(chance) ? Mutated(random_, bytes, last_) : bytes;
    last_ = bytes;
    return changed;
  }
  void Deliver(v1::Party caller, const Call& call, double chance) {
    const v1::Party called = treaty::Other(caller);
    // Some come to another door.
    const auto method = random_.Chance(chance / 10) ? static_cast<PeerMethod>(random_.Below(3)) : call.method;
    Authority& answers = both.of(called);
    const uint64_t own = answers.SizeOf(Side::kOwn);
    const uint64_t mirror = answers.SizeOf(Side::kMirror);
    Outputs answered = answers.Turn({PeerCall{kToken, method, OnTheWay(call.bytes, chance)}});
    ASSERT_FALSE(answered.replies.empty());
    const authority::Answer answer = answered.replies.at(0).answer;
    if (!answer.status.ok()) {
      EXPECT_FALSE(absl::IsInternal(answer.status) || absl::IsDataLoss(answer.status)) << answer.status;
      EXPECT_EQ(answers.SizeOf(Side::kOwn), own) << answer.status;
      EXPECT_EQ(answers.SizeOf(Side::kMirror), mirror) << answer.status;
    }
    Send(called, std::move(answered));
    Send(caller,
         both.of(caller).Turn({PeerReply{call.call_id, answer.status, OnTheWay(answer.response, chance)}}));
  }

  SeededRandom& random_;
  std::string last_;
  std::vector<std::pair<v1::Party, Call>> waiting_;
};

TEST(HostileExchange, ChangedCallsAndAnswersHoldUpAndSpoilNothing) {
  ForSeeds(60, [&](SeededRandom& random) {
    Wire wire(random);
    Authority& kz = wire.both.of(v1::PARTY_KZ);
    Authority& ru = wire.both.of(v1::PARTY_RU);
    for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU})
      ASSERT_TRUE(wire.both.FilePetition(party).status.ok());
    if (random.Chance(0.5)) {
      kz.store = ledger::MemoryStore();
      kz.Restart();
    } else {
      kz.Restart();
      ru.Restart();
    }
    for (int i = 0; i < 10; ++i) {
      for (Authority* node : {&kz, &ru}) node->now += absl::Seconds(10);
      wire.Exchange(0.4);
    }
    wire.GoOn();
    for (Authority* node : {&kz, &ru}) {
      EXPECT_EQ(node->Turn({authority::Tick()}).state.mode(), v1::OPEN_FOR_ALL)
          << node->identity.self() << ": " << absl::StrJoin(node->events, "\n");
      ExpectWhole(*node);
    }
    EXPECT_EQ(kz.SizeOf(Side::kOwn), ru.SizeOf(Side::kMirror));
    EXPECT_EQ(ru.SizeOf(Side::kOwn), kz.SizeOf(Side::kMirror));
    ASSERT_TRUE(wire.both.FilePetition(v1::PARTY_KZ).status.ok());
  });
}

// ---------------------------------------------------------------- any content

// What both have at some point of a story, and when that was.
struct Moment {
  ledger::MemoryStore stores[2];  // 0: KZ, 1: RU
  MemoryAnchor anchors[2];
  absl::Time now;

  void Restore(Authority& node) const {
    const int side = node.identity.self() == v1::PARTY_KZ ? 0 : 1;
    node.store = stores[side];
    node.anchor = anchors[side];
    node.Restart();
  }
};

// After a third of its lines, two thirds and all.
std::vector<Moment> MomentsOf(const std::string& story) {
  const std::vector<std::string> lines = absl::StrSplit(story, '\n');
  std::vector<Moment> moments(3);
  for (size_t i = 0; i < moments.size(); ++i) {
    const auto taken = static_cast<std::ptrdiff_t>(lines.size() * (i + 1) / moments.size());
    const auto keep = [&](const Node& node, absl::Time now) {
      moments[i].stores[node.side] = node.store;
      moments[i].anchors[node.side] = node.anchor;
      moments[i].now = now;
      return std::string();
    };
    EXPECT_EQ(RunStory(absl::StrJoin(lines.begin(), lines.begin() + taken, "\n"), 1, keep), "");
  }
  return moments;
}

// A leaf as the counterpart has it.
v1::Leaf LeafOf(const Authority& author, uint64_t index) {
  const ledger::LogRows<ledger::Store> own(Side::kOwn, author.store);
  v1::Leaf leaf;
  leaf.set_entry(own.Entry(index).value());
  const std::optional<std::string> sealed = own.SealedPayload(index).value();
  if (!sealed || sealed->empty()) return leaf;
  const std::string opened =
      author.vault->Unseal(author.store, authority::PayloadContext(Side::kOwn, index), *sealed).value();
  const authority::PayloadAndOpening split = authority::SplitPayload(opened).value();
  leaf.set_payload(split.payload);
  leaf.set_opening(split.opening);
  return leaf;
}

// The author says something else than it would.
void Forge(SeededRandom& random, v1::Leaf& leaf, const v1::Leaf& other) {
  if (random.Chance(0.6)) leaf.set_payload(Mutated(random, leaf.payload(), other.payload()));
  v1::Entry entry;
  if (entry.ParseFromString(leaf.entry())) {
    constexpr int64_t kTimes[] = {0, -1, INT64_MIN, INT64_MIN + 1, 1'766'224'800'000'000};
    constexpr uint64_t kPositions[] = {0, 1, INT64_MAX, UINT64_MAX - 1, UINT64_MAX};
    if (random.Chance(0.1)) entry.set_recorded_at_us(kTimes[random.Below(5)]);
    if (random.Chance(0.1)) entry.mutable_reference()->set_position(kPositions[random.Below(5)]);
    if (random.Chance(0.1)) entry.set_addressed(!entry.addressed());
    if (random.Chance(0.1)) entry.set_kind(static_cast<v1::EntryKind>(random.Below(7)));
    if (random.Chance(0.1)) entry.set_entry_id(Mutated(random, entry.entry_id(), other.entry()));
    if (random.Chance(0.9) && !entry.commitment().empty())
      entry.set_commitment(std::string(kelisim::Commit(leaf.opening(), leaf.payload()).bytes()));
    leaf.set_entry(entry.SerializeAsString());
  }
  if (random.Chance(0.1)) leaf.set_entry(Mutated(random, leaf.entry(), other.entry()));
}

// What each says of itself, and to the other: the session in which KZ may push to RU.
std::string ShakeHands(Authority& kz, Authority& ru) {
  const Call from_kz = kz.Turn({authority::Tick()}).calls.at(0);
  const Call from_ru = ru.Turn({authority::Tick()}).calls.at(0);
  const auto answer = [](Authority& caller, const Call& call, Authority& called) {
    const Outputs answered = called.Turn({PeerCall{kToken, call.method, call.bytes}});
    const std::string response = answered.replies.at(0).answer.response;
    caller.Turn({PeerReply{call.call_id, absl::OkStatus(), response}});
    v1::HandshakeRequest asked;
    v1::HandshakeResponse said;
    EXPECT_TRUE(asked.ParseFromString(call.bytes) && said.ParseFromString(response));
    return asked.nonce() + said.nonce();
  };
  answer(ru, from_ru, kz);
  return answer(kz, from_kz, ru);
}

// Whatever `ru` pushes, with `calls` and then on, is cosigned by the keys of `kz`.
void CosignAll(const Authority& kz, Authority& ru, std::vector<Call> calls) {
  while (!calls.empty()) {
    v1::PushRequest push;
    ASSERT_EQ(calls[0].method, PeerMethod::kPush);
    ASSERT_TRUE(push.ParseFromString(calls[0].bytes));
    const v1::PushResponse response = CosignPush(kz.identity, push, ru.now);
    calls = ru.Turn({PeerReply{calls[0].call_id, absl::OkStatus(), response.SerializeAsString()}}).calls;
  }
}

TEST(HostileExchange, ALedgerOfAnyContentIsTakenOrRefused) {
  std::vector<Moment> moments;
  const std::string stories[] = {
      absl::StrCat(StoryText("a_case_completed_to_kazakhstan"), "\n", StoryText("court_decision_recognised")),
      StoryText("a_case_completed_to_russia"), StoryText("dispute_to_the_diplomatic_channel"),
      StoryText("property_declared_examined_and_imported"), StoryText("a_protocol_is_signed_by_both_bodies")};
  // For each moment, the one at which its story ends.
  std::vector<size_t> ends;
  for (const std::string& story : stories) {
    for (Moment& moment : MomentsOf(story)) moments.push_back(std::move(moment));
    ends.resize(moments.size(), moments.size() - 1);
  }
  int accepted = 0;
  int refusals = 0;
  uint64_t shown_refused = 0;
  ForSeeds(60, [&](SeededRandom& random) {
    const size_t at = random.Below(moments.size());
    Authority kz(v1::PARTY_KZ, moments[ends[at]].now);
    Authority ru(v1::PARTY_RU, moments[ends[at]].now);
    // What the author goes on to say in the story.
    moments[ends[at]].Restore(kz);
    std::vector<v1::Leaf> leaves;
    for (uint64_t index = 0; index < kz.SizeOf(Side::kOwn); ++index) leaves.push_back(LeafOf(kz, index));
    moments[at].Restore(kz);
    moments[at].Restore(ru);
    v1::PushRequest push;
    push.set_session(ShakeHands(kz, ru));
    const uint64_t known = ru.SizeOf(Side::kMirror);
    push.set_first_index(known);
    for (uint64_t index = known; index < known + 1 + random.Below(40); ++index) {
      v1::Leaf leaf =
          index < leaves.size() && random.Chance(0.9) ? leaves[index] : leaves[random.Below(leaves.size())];
      if (random.Chance(0.5)) Forge(random, leaf, leaves[random.Below(leaves.size())]);
      *push.add_leaves() = std::move(leaf);
    }
    const ledger::LogRows<ledger::Store> mirror(Side::kMirror, ru.store);
    const uint64_t pushed = SignPush(kz.identity, mirror, push).size;

    const uint64_t own = ru.SizeOf(Side::kOwn);
    const Outputs taken = ru.Turn({PeerCall{kToken, PeerMethod::kPush, push.SerializeAsString()}});
    // A dossier shows of it what the author has cosigned the answers to.
    if (random.Chance(0.7)) CosignAll(kz, ru, taken.calls);
    const absl::Status& status = taken.replies.at(0).answer.status;
    EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status) || absl::IsUnavailable(status)) << status;
    if (status.ok()) {
      ++accepted;
      EXPECT_EQ(ru.SizeOf(Side::kMirror), pushed);
      refusals += static_cast<int>(ru.SizeOf(Side::kOwn) - own);
    } else {
      EXPECT_EQ(ru.SizeOf(Side::kMirror), known);
    }
    ExpectWhole(ru);
    // What officers see of it can be read, and proven.
    EXPECT_TRUE(ru.reader->ListCases({}).ok());
    EXPECT_TRUE(ru.reader->ListMatters({}).ok());
    v1::WatchCursor cursor;
    EXPECT_TRUE(ru.reader->ReadActs(cursor, "", 1000).ok());
    const dossier::Source source{ru.identity, *ru.reader, nullptr};
    for (const std::string& name : NamesOfAll(*ru.reader)) {
      const absl::StatusOr<dossier::MemoryFolder> folder = ExportToMemory(source, name, v1::CONTENT, ru.now);
      if (absl::IsNotFound(folder.status())) continue;  // nobody has cosigned it
      ASSERT_TRUE(folder.ok()) << folder.status();
      // Whatever the author says or keeps to itself: it is not for this dossier to answer for.
      const dossier::Report report = dossier::Verify(*folder, {});
      shown_refused += report.acts_refused;
      if (report.verdict == dossier::Verdict::kValid) continue;
      const dossier::Finding& finding = report.findings.front();
      ADD_FAILURE() << name << ": " << finding.where << " " << finding.problem_key << " " << finding.detail
                    << " " << finding.broken.rule();
    }
    ru.Restart();
  });
  std::cout << accepted << " pushes were taken, with " << refusals << " entries in answer; dossiers show "
            << shown_refused << " refused acts\n";
  EXPECT_TRUE(::testing::Test::HasFailure() || (accepted > 0 && shown_refused > 0));
}

}  // namespace
}  // namespace kelisim::testing
