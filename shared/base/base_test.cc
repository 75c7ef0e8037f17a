#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/base/files.h"

namespace kelisim {
namespace {

TEST(Bytes, Base64AcceptsOnlyWhatItWrites) {
  for (std::string bytes : {"", "a", "ab", "abc", "\xff\xfe"}) {
    EXPECT_EQ(*FromBase64(ToBase64(bytes)), bytes);
  }
  for (std::string_view bad : {"YQ", "YQ=", "Y Q==", "YR==", "YQ==\n", "_-8=", "YQ==YQ=="}) {
    EXPECT_FALSE(FromBase64(bad).ok()) << bad;
  }
}

TEST(Bytes, HexRefusesOddAndForeignDigits) {
  EXPECT_EQ(*FromHex("00fF"), std::string("\x00\xff", 2));
  EXPECT_FALSE(FromHex("0").ok());
  EXPECT_FALSE(FromHex("0g").ok());
}

TEST(Bytes, DecimalHasOneSpelling) {
  EXPECT_EQ(ParseDecimal("0"), 0u);
  EXPECT_EQ(ParseDecimal("18446744073709551615"), UINT64_MAX);
  for (std::string_view bad : {"", "00", "01", "+1", "-1", " 1", "1 ", "18446744073709551616"}) {
    EXPECT_FALSE(ParseDecimal(bad)) << bad;
  }
}

TEST(Bytes, KeysSortLikeNumbers) {
  EXPECT_LT(U64(255), U64(256));
  EXPECT_EQ(ReadU64(U64(0x0102030405060708)), 0x0102030405060708u);
}

TEST(Civil, DatesMustExist) {
  EXPECT_EQ(*ParseDate("2024-02-29"), absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(FormatDate(*ParseDate("2000-04-17")), "2000-04-17");
  for (std::string_view bad : {"", "2023-02-29", "2023-13-01", "2023-00-10", "2023-1-01", "23-01-01",
                               "2023/01/01", "2023-01-01 ", "1899-12-31"}) {
    EXPECT_FALSE(ParseDate(bad).ok()) << bad;
  }
}

TEST(Civil, MonthsClampToTheLastDay) {
  EXPECT_EQ(AddMonths(absl::CivilDay(2023, 8, 31), 6), absl::CivilDay(2024, 2, 29));
  EXPECT_EQ(AddMonths(absl::CivilDay(2030, 4, 17), -6), absl::CivilDay(2029, 10, 17));
  EXPECT_EQ(AddMonths(absl::CivilDay(2024, 2, 29), 60), absl::CivilDay(2029, 2, 28));
}

// Edge case 27: born on 29 February, eighteen in a common year.
TEST(Civil, Edge27BornOnLeapDayComesOfAgeOnFirstOfMarch) {
  EXPECT_EQ(AgeOn(absl::CivilDay(2008, 2, 29), absl::CivilDay(2026, 2, 28)), 17);
  EXPECT_EQ(AgeOn(absl::CivilDay(2008, 2, 29), absl::CivilDay(2026, 3, 1)), 18);
  EXPECT_EQ(AgeOn(absl::CivilDay(2008, 2, 29), absl::CivilDay(2028, 2, 29)), 20);
}

TEST(Files, AreWrittenWholeForTheirOwnerAlone) {
  const std::filesystem::path directory = ::testing::TempDir() + "files." + std::to_string(getpid());
  std::filesystem::create_directories(directory);
  const std::string path = directory / "one";
  EXPECT_TRUE(absl::IsNotFound(ReadFile(path).status()));
  ASSERT_TRUE(WriteNewFile(path, "first").ok());
  EXPECT_TRUE(absl::IsAlreadyExists(WriteNewFile(path, "second")));
  EXPECT_EQ(*ReadFile(path), "first");
  struct stat info {};
  ASSERT_EQ(stat(path.c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, S_IRUSR | S_IWUSR);

  const std::string large(1 << 20, 'x');
  ASSERT_TRUE(ReplaceFile(path, large).ok());
  EXPECT_EQ(*ReadFile(path), large);
  ASSERT_TRUE(ReplaceFile(path, large + "y").ok());
  EXPECT_TRUE(absl::IsInvalidArgument(ReadFile(path).status()));
  // What cannot be replaced stays; what cannot be written leaves nothing.
  EXPECT_TRUE(absl::IsUnavailable(ReplaceFile(directory, "x")));
  EXPECT_TRUE(absl::IsUnavailable(WriteNewFile(directory / "none" / "two", "x")));
  EXPECT_TRUE(absl::IsUnavailable(SyncFile(directory / "two")));
  EXPECT_TRUE(absl::IsNotFound(ReadFile(directory).status()));
  std::filesystem::remove_all(directory);
  std::filesystem::remove(directory.string() + ".part");
}

// A key that is there stays there, whatever the machine refuses.
TEST(Files, ANewFileDoesNotTouchWhatItHasNotMade) {
  const std::string path = ::testing::TempDir() + "kept." + std::to_string(getpid());
  ASSERT_TRUE(WriteNewFile(path, "first").ok());
  struct rlimit before {};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  struct rlimit none = before;
  none.rlim_cur = 0;
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &none), 0);
  const absl::Status written = WriteNewFile(path, "second");
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_TRUE(absl::IsUnavailable(written)) << written;
  EXPECT_EQ(ReadFile(path).value_or("gone"), "first");
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace kelisim
