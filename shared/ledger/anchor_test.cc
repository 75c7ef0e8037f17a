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
  absl::StatusOr<std::optional<Head>> LoadAnew() const { return NewFileAnchor(path_)->Load(); }
  void ExpectDamaged(const std::string& bytes) const {
    Write(path_, bytes);
    EXPECT_EQ(LoadAnew().status().code(), absl::StatusCode::kDataLoss) << bytes;
  }

  const std::string directory_ = ::testing::TempDir() + "anchor_test." + std::to_string(getpid());
  const std::string path_ = directory_ + "/head";
  const std::unique_ptr<HeadAnchor> anchor_ = NewFileAnchor(path_);
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

TEST_F(AnchorTest, IsOneLineOfText) {
  ASSERT_TRUE(anchor_->Save(HeadOf(12, 'A', 3)).ok());
  std::string root;
  for (size_t i = 0; i < Hash::kSize; ++i) root += "41";
  EXPECT_THAT(Bytes(),
              ::testing::MatchesRegex(absl::StrCat("kelisim-head/1 12 ", root, " 3 [0-9a-f]{64}\n")));
}

TEST_F(AnchorTest, NoFlippedBitGivesAnotherHead) {
  ASSERT_TRUE(anchor_->Save(HeadOf(1234, 'r', 5)).ok());
  const std::string good = Bytes();
  for (size_t at = 0; at < good.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string bad = good;
      bad[at] = static_cast<char>(bad[at] ^ (1 << bit));
      ExpectDamaged(bad);
    }
  }
}

TEST_F(AnchorTest, NothingCutOffOrAddedGivesAHead) {
  ASSERT_TRUE(anchor_->Save(HeadOf(1234, 'r', 5)).ok());
  const std::string good = Bytes();
  for (size_t size = 0; size < good.size(); ++size) ExpectDamaged(good.substr(0, size));
  for (const std::string& tail : {std::string("\n"), std::string(" "), good, std::string(10'000, 'x')}) {
    ExpectDamaged(good + tail);
    ExpectDamaged(tail + good);
  }
}

// A crash while the new head is written aside, at every length of it: the old
// head counts, and the next save goes through.
TEST_F(AnchorTest, ACrashBeforeTheRenameLeavesTheOldHead) {
  const Head older = HeadOf(10, 'a', 0);
  const Head newer = HeadOf(11, 'b', 0);
  ASSERT_TRUE(anchor_->Save(newer).ok());
  const std::string written = Bytes();
  for (size_t size = 0; size <= written.size(); ++size) {
    ASSERT_TRUE(anchor_->Save(older).ok());
    Write(path_ + ".new", written.substr(0, size));
    const auto loaded = LoadAnew();
    ASSERT_TRUE(loaded.ok()) << loaded.status();
    EXPECT_EQ(*loaded, older);
    ASSERT_TRUE(NewFileAnchor(path_)->Save(newer).ok());
    EXPECT_EQ(*LoadAnew(), newer);
  }
}

// A crash after the rename: nothing is left aside and the new head counts.
TEST_F(AnchorTest, LeavesNothingAside) {
  ASSERT_TRUE(anchor_->Save(HeadOf(10, 'a', 0)).ok());
  ASSERT_TRUE(anchor_->Save(HeadOf(11, 'b', 0)).ok());
  EXPECT_EQ(std::distance(fs::directory_iterator(directory_), fs::directory_iterator()), 1);
}

TEST_F(AnchorTest, AFailedSaveKeepsTheOldHead) {
  const Head older = HeadOf(10, 'a', 0);
  ASSERT_TRUE(anchor_->Save(older).ok());
  fs::create_directory(path_ + ".new");  // cannot be opened for writing
  EXPECT_FALSE(anchor_->Save(HeadOf(11, 'b', 0)).ok());
  EXPECT_EQ(*LoadAnew(), older);
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
  const absl::Status saved = NewFileAnchor("bare")->Save(HeadOf(1, 'r', 0));
  fs::current_path(before);
  EXPECT_TRUE(saved.ok()) << saved;
  EXPECT_TRUE(fs::exists(directory_ + "/bare"));
}

}  // namespace
}  // namespace kelisim::ledger
