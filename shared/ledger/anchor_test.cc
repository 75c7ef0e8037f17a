#include "shared/ledger/anchor.h"

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <sstream>
#include <string>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kelisim::ledger {
namespace {

namespace fs = std::filesystem;
using ::testing::MatchesRegex;

constexpr size_t kBlock = 4096;
constexpr char kLog[] = "kz.example/ledger/2026+0123abcd";

Head HeadOf(uint64_t size, char root, uint32_t lineage) {
  return {size, *Hash::FromBytes(std::string(Hash::kSize, root)), lineage};
}

class AnchorTest : public ::testing::Test {
 protected:
  AnchorTest() {
    fs::remove_all(directory_);
    fs::create_directory(directory_);
  }
  ~AnchorTest() override { fs::remove_all(directory_); }

  std::string Bytes() const {
    std::ostringstream bytes;
    bytes << std::ifstream(path_, std::ios::binary).rdbuf();
    return bytes.str();
  }
  static void Write(const std::string& path, const std::string& bytes) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
  }
  // What a process that starts now finds.
  absl::StatusOr<std::optional<Head>> LoadAnew() const { return NewFileAnchor(path_, kLog)->Load(); }
  void ExpectDamaged(const std::string& bytes) const {
    Write(path_, bytes);
    EXPECT_EQ(LoadAnew().status().code(), absl::StatusCode::kDataLoss) << bytes;
  }

  const std::string directory_ = ::testing::TempDir() + "anchor_test." + std::to_string(getpid());
  const std::string path_ = directory_ + "/head";
  const std::unique_ptr<HeadAnchor> anchor_ = NewFileAnchor(path_, kLog);
};

TEST_F(AnchorTest, ThereIsNoneAtFirst) {
  const auto loaded = anchor_->Load();
  ASSERT_TRUE(loaded.ok()) << loaded.status();
  EXPECT_EQ(*loaded, std::nullopt);
}

TEST_F(AnchorTest, KeepsTheLastHead) {
  const Head heads[] = {
      HeadOf(0, '\0', 0),
      HeadOf(1, 'r', 0),
      HeadOf(std::numeric_limits<uint64_t>::max(), '\xff', std::numeric_limits<uint32_t>::max()),
      HeadOf(7, ' ', 2),
  };
  for (const Head& head : heads) {
    ASSERT_TRUE(anchor_->Save(head).ok());
    const auto loaded = LoadAnew();
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(*loaded, head);
  }
}

TEST_F(AnchorTest, IsTwoBlocksOfOneLineOfText) {
  ASSERT_TRUE(anchor_->Save(HeadOf(12, 'A', 3)).ok());
  ASSERT_TRUE(anchor_->Save(HeadOf(13, 'B', 3)).ok());
  std::string older;
  std::string newer;
  for (size_t i = 0; i < Hash::kSize; ++i) older += "41", newer += "42";
  const std::string bytes = Bytes();
  ASSERT_EQ(bytes.size(), 2 * kBlock);
  EXPECT_THAT(bytes.substr(0, kBlock),
              MatchesRegex(absl::StrCat("kelisim-head/3 2 kz.example/ledger/2026.0123abcd 13 ", newer,
                                        " 3 [0-9a-f]{64}\n+")));
  EXPECT_THAT(bytes.substr(kBlock),
              MatchesRegex(absl::StrCat("kelisim-head/3 1 kz.example/ledger/2026.0123abcd 12 ", older,
                                        " 3 [0-9a-f]{64}\n+")));
}

// A block is whole or counts for nothing; then the other one is what is known.
TEST_F(AnchorTest, NoFlippedBitGivesAHeadThatWasNotSaved) {
  const Head older = HeadOf(1233, 'q', 5);
  const Head newer = HeadOf(1234, 'r', 5);
  ASSERT_TRUE(anchor_->Save(older).ok());
  ASSERT_TRUE(anchor_->Save(newer).ok());
  const std::string good = Bytes();
  // The newest head is in the first block. Of the padding a few bytes will do.
  for (size_t at = 0; at < 200; ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      Write(path_, bad);
      EXPECT_EQ(LoadAnew().value(), older) << at;
      bad[kBlock + at] = static_cast<char>(bad[kBlock + at] ^ (1 << bit));
      ExpectDamaged(bad);
      bad[at] = good[at];
      Write(path_, bad);
      EXPECT_EQ(LoadAnew().value(), newer) << at;
    }
  }
}

TEST_F(AnchorTest, NothingCutOffOrAddedGivesAHead) {
  ASSERT_TRUE(anchor_->Save(HeadOf(1234, 'r', 5)).ok());
  const std::string good = Bytes();
  for (size_t size = 0; size < good.size(); size += size < 200 ? 1 : 97) ExpectDamaged(good.substr(0, size));
  for (const std::string& tail : {std::string("\n"), std::string(" "), good, std::string(10'000, 'x')}) {
    ExpectDamaged(good + tail);
    ExpectDamaged(tail + good);
  }
}

// A crash while a head is written, at every length of what reached the disk: the
// old head counts until the new one is whole, and the next save goes through.
TEST_F(AnchorTest, ACrashInTheMiddleOfASaveLeavesTheOldHead) {
  const Head oldest = HeadOf(9, 'z', 0);
  const Head older = HeadOf(10, 'a', 0);
  const Head newer = HeadOf(11, 'b', 0);
  for (const Head& head : {oldest, older}) ASSERT_TRUE(anchor_->Save(head).ok());
  const std::string before = Bytes();
  ASSERT_TRUE(anchor_->Save(newer).ok());
  const std::string after = Bytes();
  ASSERT_EQ(before.substr(0, kBlock), after.substr(0, kBlock));
  const size_t line = after.find('\n', kBlock) - kBlock;
  for (size_t size = 0; size <= line + 1; ++size) {
    const std::string torn =
        before.substr(0, kBlock) + after.substr(kBlock, size) + before.substr(kBlock + size);
    Write(path_, torn);
    // What comes after the line is the same in every block, so it is whole at
    // its last digit.
    EXPECT_EQ(LoadAnew().value(), torn == after ? newer : older) << size;
    const Head next = HeadOf(12, 'c', 0);
    ASSERT_TRUE(NewFileAnchor(path_, kLog)->Save(next).ok());
    EXPECT_EQ(LoadAnew().value(), next);
  }
}

// A crash before the first file is renamed into its place.
TEST_F(AnchorTest, AFileLeftAsideIsNoAnchor) {
  ASSERT_TRUE(anchor_->Save(HeadOf(10, 'a', 0)).ok());
  fs::rename(path_, path_ + ".new");
  EXPECT_EQ(LoadAnew().value(), std::nullopt);
  ASSERT_TRUE(NewFileAnchor(path_, kLog)->Save(HeadOf(11, 'b', 0)).ok());
  EXPECT_EQ(LoadAnew().value(), HeadOf(11, 'b', 0));
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(AnchorTest, AFailedSaveKeepsTheOldHead) {
  fs::create_directory(path_ + ".new");  // cannot be opened for writing
  EXPECT_FALSE(anchor_->Save(HeadOf(11, 'b', 0)).ok());
  EXPECT_EQ(LoadAnew().value(), std::nullopt);
}

TEST_F(AnchorTest, AFileThatWasTakenAwayIsNotWrittenTo) {
  ASSERT_TRUE(anchor_->Save(HeadOf(10, 'a', 0)).ok());
  const std::string bytes = Bytes();
  fs::remove(path_);
  EXPECT_EQ(anchor_->Save(HeadOf(11, 'b', 0)).code(), absl::StatusCode::kFailedPrecondition);
  Write(path_, bytes);  // another file of the same name
  EXPECT_EQ(anchor_->Save(HeadOf(11, 'b', 0)).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(LoadAnew().value(), HeadOf(10, 'a', 0));
}

// Neither believed nor written over.
TEST_F(AnchorTest, AnAnchorOfAnotherLogIsRefused) {
  ASSERT_TRUE(anchor_->Save(HeadOf(10, 'a', 0)).ok());
  const std::string bytes = Bytes();
  for (const char* other : {"kz.example/ledger/2026+ffffffff", "ru.example/ledger/2026+0123abcd"}) {
    const std::unique_ptr<HeadAnchor> of_other = NewFileAnchor(path_, other);
    for (const absl::Status& status : {of_other->Load().status(), of_other->Save(HeadOf(11, 'b', 0))}) {
      EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
      EXPECT_THAT(std::string(status.message()),
                  ::testing::AllOf(::testing::HasSubstr(kLog), ::testing::HasSubstr(other)));
    }
  }
  EXPECT_EQ(Bytes(), bytes);
}

TEST_F(AnchorTest, ADamagedAnchorIsNotWrittenOver) {
  Write(path_, "something else");
  EXPECT_EQ(NewFileAnchor(path_, kLog)->Save(HeadOf(1, 'r', 0)).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(Bytes(), "something else");
}

TEST_F(AnchorTest, AMissingDirectoryIsNotAMissingAnchor) {
  fs::remove_all(directory_);
  for (const absl::Status& status : {anchor_->Load().status(), anchor_->Save(HeadOf(1, 'r', 0))}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(status.message()), ::testing::HasSubstr(directory_));
  }
  EXPECT_FALSE(fs::exists(directory_));
}

TEST_F(AnchorTest, WorksWithoutADirectoryInItsPath) {
  const fs::path before = fs::current_path();
  fs::current_path(directory_);
  const absl::Status saved = NewFileAnchor("bare", kLog)->Save(HeadOf(1, 'r', 0));
  fs::current_path(before);
  EXPECT_TRUE(saved.ok()) << saved;
  EXPECT_TRUE(fs::exists(directory_ + "/bare"));
}

}  // namespace
}  // namespace kelisim::ledger
