#include "shared/authority/books.h"

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "shared/base/status_macros.h"
#include "shared/ledger/memory_store.h"
#include "shared/testing/parties.h"

namespace kelisim::authority {
namespace {

using ledger::Side;
using testing::SeededRandom;
using Stretch = Books::Stretch;

// The own ledger in turns of a few acts, some addressed, small ones and large ones: more
// than the books keep in memory.
class BooksTest : public ::testing::Test {
 protected:
  static constexpr int kTurns = 30;

  void SetUp() override {
    books_ = Open();
    for (int turn = 0; turn < kTurns; ++turn) {
      for (uint64_t acts = 1 + random_.Below(4); acts > 0; --acts) ASSERT_TRUE(Append().ok());
      ASSERT_TRUE(books_->Checkpoint().ok());
      ASSERT_TRUE(store_.Commit(books_->rows().Take()).ok());
      signed_.push_back(books_->own().size());
    }
  }

  std::unique_ptr<Books> Open() {
    absl::StatusOr<std::unique_ptr<Books>> books = Books::Open(identity_, store_, vault_, random_);
    EXPECT_TRUE(books.ok()) << books.status();
    return *std::move(books);
  }

  absl::Status Append() {
    v1::Act act;
    act.mutable_quota_act()->mutable_quota_set()->set_year(2026);
    act.set_officer(std::string(random_.Below(random_.Chance(0.2) ? 40'000 : 400), 'x'));
    return books_->AppendAct(act, random_.Chance(0.7), absl::UnixEpoch());
  }

  static size_t BytesOf(const Stretch& stretch) {
    size_t bytes = 0;
    for (const v1::Leaf& leaf : stretch.leaves) bytes += leaf.ByteSizeLong() + 8;
    return bytes;
  }

  const Identity identity_ = testing::TestIdentity(v1::PARTY_KZ);
  SeededRandom random_{20'260'101};
  ledger::MemoryStore store_;
  ledger::Vault vault_{testing::TestMasterKey(v1::PARTY_KZ), random_};
  std::unique_ptr<Books> books_;
  std::vector<uint64_t> signed_;  // sizes with a checkpoint
};

TEST_F(BooksTest, AStretchEndsAtTheLastCheckpointWithinTheLimit) {
  for (uint64_t first = 0; first < books_->own().size(); ++first) {
    const auto next = std::upper_bound(signed_.begin(), signed_.end(), first);
    // What each checkpoint that follows would take.
    std::vector<size_t> bytes;
    for (auto at = next; at != signed_.end(); ++at) {
      size_t sum = bytes.empty() ? 0 : bytes.back();
      for (uint64_t index = at == next ? first : *(at - 1); index < *at; ++index) {
        const absl::StatusOr<Stretch> one = books_->StretchFrom(Side::kOwn, index, 1);
        ASSERT_TRUE(one.ok()) << one.status();
        sum += one->leaves[0].ByteSizeLong() + 8;
      }
      bytes.push_back(sum);
    }
    for (const size_t limit : {1, 1'000, 30'000, 100'000, 10'000'000}) {
      const absl::StatusOr<Stretch> stretch = books_->StretchFrom(Side::kOwn, first, limit);
      ASSERT_TRUE(stretch.ok()) << stretch.status();
      // At least to the next checkpoint, and to no further one than fits.
      const auto fit = std::upper_bound(bytes.begin() + 1, bytes.end(), limit) - bytes.begin();
      EXPECT_EQ(stretch->end, *(next + fit - 1)) << "from " << first << ", limit " << limit;
      EXPECT_EQ(BytesOf(*stretch), bytes[static_cast<size_t>(fit) - 1]);
      EXPECT_EQ(static_cast<uint64_t>(stretch->leaves.size()), stretch->end - first);
      const auto opened = identity_.own_log.Open(stretch->checkpoint);
      ASSERT_TRUE(opened.ok()) << opened.status();
      EXPECT_EQ(opened->checkpoint().size, stretch->end);
    }
  }
  const absl::StatusOr<Stretch> nothing = books_->StretchFrom(Side::kOwn, books_->own().size(), 1'000);
  ASSERT_TRUE(nothing.ok());
  EXPECT_TRUE(nothing->leaves.empty());
  EXPECT_EQ(nothing->end, 0u);
}

// The counterpart may keep the ledger up to any checkpoint, and the rest be lost. A note of
// what was processed without the refusal that follows it would be taken for "accepted".
TEST_F(BooksTest, NoCheckpointComesBetweenWhatWasProcessedAndItsRefusal) {
  for (int i = 0; i < 150; ++i) ASSERT_TRUE(Append().ok());
  ASSERT_TRUE(books_->Checkpoint().ok());
  const Identity identity = testing::TestIdentity(v1::PARTY_RU);
  ledger::MemoryStore store;
  ledger::Vault vault(testing::TestMasterKey(v1::PARTY_RU), random_);
  const std::unique_ptr<Books> counterpart = *Books::Open(identity, store, vault, random_);
  while (counterpart->mirror().size() < books_->own().size()) {
    const Stretch stretch = books_->StretchFrom(Side::kOwn, counterpart->mirror().size(), 10'000'000).value();
    const auto checkpoint = identity.peer_log.Open(stretch.checkpoint);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    ASSERT_TRUE(counterpart->TakeMirror(stretch.leaves, *checkpoint).ok());
  }
  // So that the notes stand at odd places, too.
  v1::Act act;
  act.mutable_quota_act()->mutable_quota_set()->set_year(2026);
  ASSERT_TRUE(counterpart->AppendAct(act, true, absl::UnixEpoch()).ok());
  // None of these acts is one: each is refused.
  ASSERT_TRUE(counterpart->ProcessMirror(absl::UnixEpoch()).ok());
  ASSERT_TRUE(counterpart->Checkpoint().ok());
  int checkpoints = 0;
  for (uint64_t first = 0; first < counterpart->own().size(); ++checkpoints) {
    const Stretch stretch = counterpart->StretchFrom(Side::kOwn, first, 1).value();
    v1::Entry last;
    ASSERT_TRUE(last.ParseFromString(stretch.leaves[stretch.leaves.size() - 1].entry()));
    EXPECT_NE(last.kind(), v1::ENTRY_KIND_PROGRESS) << "at " << stretch.end;
    first = stretch.end;
  }
  EXPECT_GT(checkpoints, 2);
}

TEST_F(BooksTest, AStretchIsTheSameFromMemoryAndFromTheStore) {
  const std::unique_ptr<Books> again = Open();
  int payloads = 0;
  for (uint64_t first = 0; first < books_->own().size(); ++first) {
    for (const size_t limit : {1, 30'000, 10'000'000}) {
      const absl::StatusOr<Stretch> kept = books_->StretchFrom(Side::kOwn, first, limit);
      const absl::StatusOr<Stretch> read = again->StretchFrom(Side::kOwn, first, limit);
      ASSERT_TRUE(kept.ok() && read.ok()) << kept.status() << read.status();
      ASSERT_EQ(kept->end, read->end);
      EXPECT_EQ(kept->checkpoint, read->checkpoint);
      for (int i = 0; i < kept->leaves.size(); ++i) {
        EXPECT_EQ(kept->leaves[i].SerializeAsString(), read->leaves[i].SerializeAsString());
        if (!kept->leaves[i].payload().empty()) ++payloads;
      }
    }
  }
  EXPECT_GT(payloads, 0);
}

}  // namespace
}  // namespace kelisim::authority
