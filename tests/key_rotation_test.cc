// A log key is followed by another one while acts go on: announced in the ledger, an
// overlap in which both sign, and an end. Nothing is lost, what the old key signed stays as
// good as it was, and from its end on it signs nothing that anybody believes.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/base/bytes.h"
#include "shared/dossier/verifier.h"
#include "shared/testing/audited.h"
#include "shared/testing/dossiers.h"
#include "shared/testing/officer.h"
#include "shared/testing/pair.h"
#include "shared/tlog/proof.h"

namespace kelisim::testing {
namespace {

using authority::Input;
using tlog::LogKeys;

const absl::Time kNow = absl::FromUnixSeconds(1'772'452'800);  // 2 March 2026

class KeyRotationTest : public ::testing::Test {
 protected:
  // An act of Kazakhstan that is cosigned: a petition, which stays at home.
  void File() {
    const authority::Answer answer = pair_.FilePetition(v1::PARTY_KZ);
    ASSERT_TRUE(answer.status.ok()) << answer.status;
    ASSERT_EQ(ru_.SizeOf(ledger::Side::kMirror), kz_.SizeOf(ledger::Side::kOwn));
  }

  // Both policies name these keys of Kazakhstan's log; both services start again.
  void Agree(std::vector<LogKeys::Key> keys) {
    kz_.identity.own_log = LogKeys::Make(keys).value();
    ru_.identity.peer_log = kz_.identity.own_log;
    // The one that has acts to send comes last: time stands still here, and a session that
    // has broken is tried again only later.
    Restart(ru_);
    Restart(kz_);
  }
  void Restart(Authority& node) {
    node.Restart();
    pair_.Turn(node.identity.self(), {authority::Tick()});
    pair_.Exchange();
  }
  uint64_t Size() const { return kz_.SizeOf(ledger::Side::kOwn); }
  // How many lines of the log stand under the newest cosigned checkpoint.
  int LogLines() {
    const tlog::Note note = *tlog::Note::Parse(*kz_.reader->GetCheckpoint(v1::PARTY_KZ));
    int lines = 0;
    for (const auto& signature : note.signatures) lines += signature.name == old_.verifier().name() ? 1 : 0;
    return lines;
  }
  std::vector<v1::KeyRange> Announced() {
    std::vector<v1::KeyRange> ranges;
    for (uint64_t index = 0; index < Size(); ++index) {
      const authority::Disclosed disclosed = *kz_.reader->Disclose(v1::PARTY_KZ, index);
      v1::Entry entry;
      v1::KeyChange change;
      if (!entry.ParseFromString(disclosed.entry) || entry.kind() != v1::ENTRY_KIND_KEY) continue;
      EXPECT_TRUE(change.ParseFromString(disclosed.content->payload));
      EXPECT_EQ(change.signatures_size(), 2) << "by the old key and by the new one";
      EXPECT_TRUE(ranges.emplace_back().ParseFromString(change.statement()));
    }
    return ranges;
  }
  void ExpectValid(const Authority& node) {
    EXPECT_EQ(VerifyAllDossiers(node.identity, *node.reader, kNow), "");
    const Audited audited = AuditOf(node.identity, node.store, *node.vault);
    EXPECT_TRUE(audited.status.ok()) << audited.status;
    EXPECT_THAT(audited.findings, ::testing::IsEmpty());
  }

  Pair pair_{kNow};
  Authority& kz_ = pair_.of(v1::PARTY_KZ);
  Authority& ru_ = pair_.of(v1::PARTY_RU);
  const tlog::NoteSigner old_ = kz_.identity.log;
  const tlog::NoteSigner new_ = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
      old_.verifier().name(), tlog::KeyType::kEd25519, Sha256("new key").bytes()));
};

TEST_F(KeyRotationTest, OneKeyFollowsAnotherWhileActsGoOn) {
  for (int i = 0; i < 3; ++i) File();
  const std::string old_receipt = kz_.reader->GetReceipt(v1::PARTY_KZ, 0, kNow)->proof();
  const std::string old_entry = *kz_.reader->GetEntry(v1::PARTY_KZ, 0);
  EXPECT_EQ(LogLines(), 1);

  // The overlap.
  kz_.identity.next_log = new_;
  const uint64_t from = Size();
  Agree({{old_.verifier()}, {new_.verifier(), from}});
  ASSERT_EQ(Announced().size(), 1u);
  EXPECT_EQ(Announced()[0].key(), new_.verifier().ToString());
  for (int i = 0; i < 3; ++i) File();
  EXPECT_EQ(LogLines(), 2);
  ExpectValid(kz_);
  ExpectValid(ru_);

  // The end is announced before it comes, and signed by both.
  const uint64_t until = Size() + 4;
  Agree({{old_.verifier(), 0, until}, {new_.verifier(), from}});
  ASSERT_EQ(Announced().size(), 2u);
  EXPECT_EQ(Announced()[1].key(), old_.verifier().ToString());
  EXPECT_EQ(Announced()[1].until_size(), until);
  while (Size() < until + 2) File();
  EXPECT_EQ(LogLines(), 1);

  // The old key is put away.
  kz_.identity.log = new_;
  kz_.identity.next_log.reset();
  Restart(kz_);
  for (int i = 0; i < 3; ++i) File();
  EXPECT_EQ(Announced().size(), 2u) << "said once";
  EXPECT_EQ(kz_.reader->GetReceipt(v1::PARTY_KZ, Size() - 1, kNow)->cosigned_size(), Size());
  ExpectValid(kz_);
  ExpectValid(ru_);

  // An old receipt, under the policy of today.
  const tlog::Policy policy = *tlog::Policy::Parse(authority::PolicyText(kz_.identity, v1::PARTY_KZ));
  EXPECT_TRUE(tlog::VerifyProof(*tlog::ParseProof(old_receipt), tlog::LeafHash(old_entry), policy).ok());
}

// The new key does not count for the first entries, and the old one is destroyed.
TEST_F(KeyRotationTest, WhatIsLostAfterASuccessionComesBack) {
  for (int i = 0; i < 3; ++i) File();
  kz_.identity.next_log = new_;
  const uint64_t from = Size();
  const uint64_t until = Size() + 3;
  Agree({{old_.verifier(), 0, until}, {new_.verifier(), from}});
  while (Size() < until) File();
  kz_.identity.log = new_;
  kz_.identity.next_log.reset();
  Restart(kz_);
  const uint64_t lost = Size();
  kz_.store = ledger::MemoryStore();
  kz_.anchor = MemoryAnchor();
  Restart(kz_);
  EXPECT_EQ(kz_.core->lineage(), 1u);
  EXPECT_GE(Size(), lost);
  File();
  EXPECT_EQ(LogLines(), 1);
}

TEST_F(KeyRotationTest, AKeyThatHasEndedSignsNothingMore) {
  File();
  kz_.identity.next_log = new_;
  const uint64_t until = Size() + 3;
  Agree({{old_.verifier(), 0, until}, {new_.verifier(), Size()}});
  while (Size() < until) File();
  // A thief of the old key signs what the log would sign next.
  const std::string text = tlog::Checkpoint{old_.verifier().name(), Size() + 1, Sha256("theft")}.Text();
  EXPECT_EQ(ru_.identity.peer_log.Open(absl::StrCat(text, "\n", old_.SignNote(text))).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_TRUE(ru_.identity.peer_log.Open(absl::StrCat(text, "\n", new_.SignNote(text))).ok());
  EXPECT_FALSE(ru_.identity.peer_log.VerifyRaw("a handshake", old_.SignRaw("a handshake"), Size()));
}

// A stolen key may name its own successor in the ledger: the counterpart takes the policy
// that was agreed by telephone, and says that the ledger tells another story.
TEST_F(KeyRotationTest, AnAnnouncementThatWasNotAgreedIsSaidToTheOperator) {
  const auto warnings = [&](const Authority& node) {
    return std::count_if(node.events.begin(), node.events.end(), [&](const std::string& event) {
      return absl::StrContains(event, new_.verifier().ToString());
    });
  };
  File();
  kz_.identity.next_log = new_;
  kz_.identity.own_log = LogKeys::Make({{old_.verifier()}, {new_.verifier(), Size()}}).value();
  Restart(kz_);
  ASSERT_EQ(Announced().size(), 1u);
  EXPECT_EQ(warnings(ru_), 1);
  for (int i = 0; i < 3; ++i) File();
  EXPECT_EQ(warnings(ru_), 1) << "once";
  const uint64_t from = kz_.identity.own_log.keys().back().from;
  kz_.identity.own_log = LogKeys::Make({{old_.verifier(), 0, Size() + 20}, {new_.verifier(), from}}).value();
  Restart(kz_);
  ASSERT_EQ(Announced().size(), 2u);
  EXPECT_EQ(warnings(ru_), 1) << "also when something else is announced";
  Restart(ru_);
  EXPECT_EQ(warnings(ru_), 2) << "and again at every start";
  // Agreed upon, it is what the policy says.
  Agree(kz_.identity.own_log.keys());
  File();
  EXPECT_EQ(warnings(ru_), 2);
  EXPECT_EQ(warnings(kz_), 0);
  ru_.identity.peer_log = LogKeys::Make({{old_.verifier()}, {new_.verifier(), Size() + 7}}).value();
  Restart(ru_);
  EXPECT_EQ(warnings(ru_), 3) << "from another size than was agreed";
}

// deploy/key-ceremony.md: both are stopped, and start with another witness and another mirror of
// one Party. What was cosigned before is proven by the new keys without a further act.
TEST_F(KeyRotationTest, ReceiptsGoOnWhenACosignerHasAnotherKey) {
  const auto another = [](const tlog::NoteSigner& old) {
    return *tlog::NoteSigner::Parse(
        *tlog::NoteSigner::NewSecret(old.verifier().name(), tlog::KeyType::kCosignature,
                                     Sha256(old.verifier().name() + " again").bytes()));
  };
  for (int i = 0; i < 3; ++i) File();
  const uint64_t size = Size();
  for (const bool mirror : {false, true}) {
    tlog::NoteSigner& key = mirror ? ru_.identity.mirror : ru_.identity.witness;
    key = another(key);
    (mirror ? kz_.identity.peer_mirror : kz_.identity.peer_witness) = key.verifier();
    Restart(ru_);
    Restart(kz_);
    ASSERT_EQ(Size(), size) << "nothing was recorded for it";
    const absl::StatusOr<v1::Receipt> receipt = kz_.reader->GetReceipt(v1::PARTY_KZ, 0, kNow);
    ASSERT_TRUE(receipt.ok()) << receipt.status();
    EXPECT_EQ(receipt->cosigned_size(), size);
    ExpectValid(kz_);
    ExpectValid(ru_);
  }
  EXPECT_TRUE(pair_.Turn(v1::PARTY_KZ, {authority::Tick()}).empty());
  File();
  ExpectValid(kz_);
}

// One Party has changed its key and the other does not know: it is said, and not tried without end.
TEST_F(KeyRotationTest, ACosignerThatThePolicyDoesNotNameIsTriedLessAndLess) {
  File();
  ru_.identity.witness = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
      ru_.identity.witness.verifier().name(), tlog::KeyType::kCosignature, Sha256("unknown").bytes()));
  kz_.identity.peer_witness = *tlog::NoteVerifier::Parse(
      tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(ru_.identity.witness.verifier().name(),
                                                           tlog::KeyType::kCosignature,
                                                           Sha256("agreed").bytes()))
          ->verifier()
          .ToString());
  Restart(ru_);
  Restart(kz_);
  const size_t told = kz_.events.size();
  for (int second = 0; second < 60; ++second) {
    kz_.now += absl::Seconds(1);
    ru_.now = kz_.now;
    pair_.Turn(v1::PARTY_KZ, {authority::Tick()});
    pair_.Exchange();
  }
  EXPECT_LE(kz_.events.size(), told + 2);
}

TEST_F(KeyRotationTest, WithoutACountingKeyTheNodeSaysSoAndSignsNothing) {
  File();
  kz_.identity.own_log =
      LogKeys::Make({{old_.verifier(), 0, Size() + 1}, {new_.verifier(), Size() + 1}}).value();
  kz_.Restart();
  v1::SubmitCaseCommandRequest request;
  request.set_request_id("00000000-0000-4000-8000-0000000000ff");
  *request.mutable_command()->mutable_file_petition() = PetitionOf(v1::PARTY_KZ, 7, {}, "2026-03-02");
  const auto turn = kz_.core->Step(
      kNow, {authority::OfficerCall{1, "spiffe://test/officer", Sha256(request.request_id()), request}});
  EXPECT_EQ(turn.status().code(), absl::StatusCode::kFailedPrecondition) << turn.status();
}

TEST(PolicyRanges, AreReadAndWritten) {
  const authority::Identity kz = TestIdentity(v1::PARTY_KZ);
  const std::string vkey = kz.log.verifier().ToString();
  const std::string id = absl::StrFormat("%08x", kz.log.verifier().key_id());
  const auto parse = [&](const std::string& range) {
    return tlog::Policy::Parse(absl::StrCat("log ", vkey, "\n", range, "\nquorum none\n"));
  };
  ASSERT_TRUE(parse(absl::StrCat("#key ", id, " 3 7")).ok());
  const LogKeys keys = *parse(absl::StrCat("#key ", id, " 3 7"))->KeysOf(kz.log.verifier().name());
  EXPECT_FALSE(keys.keys()[0].CountsAt(2));
  EXPECT_TRUE(keys.keys()[0].CountsAt(3));
  EXPECT_TRUE(keys.keys()[0].CountsAt(6));
  EXPECT_FALSE(keys.keys()[0].CountsAt(7));
  EXPECT_TRUE(parse(absl::StrCat("#key ", id, " 3 -")).ok());
  EXPECT_TRUE(parse("# key of the ledger").ok()) << "any other comment";
  for (const std::string& wrong :
       {absl::StrCat("#key ", id, " 7 7"), absl::StrCat("#key ", id, " 3"), std::string("#key zz 3 7"),
        absl::StrCat("#key ", id, " 3 7\n#key ", id, " 3 8"), absl::StrCat("#key ", id, " -1 7")}) {
    EXPECT_EQ(parse(wrong).status().code(), absl::StatusCode::kInvalidArgument) << wrong;
  }
}

// Some ask for a URL on the line of every cosigner, and take no keyword for a name.
TEST(PolicyOfALedger, IsReadByParsersOfOthers) {
  authority::Identity kz = TestIdentity(v1::PARTY_KZ);
  const tlog::NoteSigner third = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
      "third.example/witness", tlog::KeyType::kCosignature, Sha256("third").bytes()));
  kz.third_witness = {third.verifier(), "http://third.example", true};
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    const std::string text = authority::PolicyText(kz, party);
    EXPECT_TRUE(tlog::Policy::Parse(text).ok()) << text;
    for (const std::string& line : std::vector<std::string>(absl::StrSplit(text, '\n'))) {
      if (!absl::StartsWith(line, "witness ")) continue;
      const std::vector<std::string> words = absl::StrSplit(line, ' ');
      ASSERT_EQ(words.size(), 4u) << line;
      EXPECT_TRUE(absl::StartsWith(words[3], "http")) << line;
      for (const char* keyword : {"log", "witness", "group", "quorum", "all", "any", "none"})
        EXPECT_NE(words[1], keyword) << line;
    }
  }
}

TEST(LogKeysTest, AGapIsASizeWithoutAKey) {
  const tlog::NoteVerifier key = TestIdentity(v1::PARTY_KZ).log.verifier();
  const uint64_t none = LogKeys::kNoEnd;
  const std::pair<std::vector<LogKeys::Key>, uint64_t> rows[] = {
      {{{key}}, none},
      {{{key, 3}}, 0},
      {{{key, 0, 7}}, 7},
      // The newest stands first in a policy.
      {{{key, 7}, {key, 3, 7}, {key, 0, 5}}, none},
      {{{key, 0, 5}, {key, 5}}, none},
      {{{key, 0, 5}, {key, 6}}, 5},
  };
  for (const auto& [keys, gap] : rows) EXPECT_EQ(LogKeys::Make(keys)->FirstGap(), gap);
}

}  // namespace
}  // namespace kelisim::testing
