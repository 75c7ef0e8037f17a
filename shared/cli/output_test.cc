#include "shared/cli/output.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace kelisim::cli {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

std::string Slurp(const fs::path& path) {
  std::ostringstream out;
  out << std::ifstream(path, std::ios::binary).rdbuf();
  return std::move(out).str();
}
void Spill(const fs::path& path, const std::string& bytes) { std::ofstream(path, std::ios::binary) << bytes; }

class OutputTest : public ::testing::Test {
 protected:
  OutputTest() {
    std::string pattern = ::testing::TempDir() + "/output.XXXXXX";
    home_ = mkdtemp(pattern.data());
  }
  ~OutputTest() override { fs::remove_all(home_); }
  size_t Count() const { return static_cast<size_t>(std::distance(fs::directory_iterator(home_), {})); }

  fs::path home_;
};

TEST_F(OutputTest, AFileHasItsNameWhenItIsWhole) {
  const fs::path path = home_ / "act.pdf";
  {
    NewFile file(path);
    ASSERT_FALSE(file.Begin());
    ASSERT_FALSE(file.Append("one "));
    EXPECT_FALSE(fs::exists(path));
    ASSERT_FALSE(file.Append("two"));
    ASSERT_FALSE(file.Finish());
  }
  EXPECT_EQ(Slurp(path), "one two");
  EXPECT_EQ(Count(), 1u);
  // It may be personal.
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
}

TEST_F(OutputTest, WhatIsNotFinishedLeavesNothing) {
  {
    NewFile file(home_ / "act.pdf");
    ASSERT_FALSE(file.Begin());
    ASSERT_FALSE(file.Append("one"));
    NewDirectory directory(home_ / "dossier");
    ASSERT_FALSE(directory.Begin());
    ASSERT_FALSE(directory.Open("acts/kz-1.entry"));
    ASSERT_FALSE(directory.Append("one"));
  }
  EXPECT_EQ(Count(), 0u);
}

TEST_F(OutputTest, NothingThatIsThereIsTouched) {
  Spill(home_ / "file", "precious");
  Spill(home_ / "file.part", "precious, too");
  fs::create_directory(home_ / "directory");
  Spill(home_ / "directory" / "inside", "precious as well");
  fs::create_directory(home_ / "directory.part");
  Spill(home_ / "directory.part" / "inside", "and this");
  for (const char* name : {"file", "directory", "directory/"}) {
    NewFile file(home_ / name);
    const auto failure = file.Begin();
    ASSERT_TRUE(failure) << name;
    EXPECT_EQ(failure->exit, kBadInput);
    EXPECT_EQ(failure->heading_key, "ui.exists");
    NewDirectory directory(home_ / name);
    ASSERT_TRUE(directory.Begin()) << name;
  }
  // Made by somebody else meanwhile.
  {
    NewFile late(home_ / "late");
    ASSERT_FALSE(late.Begin());
    Spill(home_ / "late", "of another");
    EXPECT_TRUE(late.Finish());
  }
  EXPECT_EQ(Slurp(home_ / "late"), "of another");
  EXPECT_EQ(Slurp(home_ / "file"), "precious");
  EXPECT_EQ(Slurp(home_ / "file.part"), "precious, too");
  EXPECT_EQ(Slurp(home_ / "directory" / "inside"), "precious as well");
  EXPECT_EQ(Slurp(home_ / "directory.part" / "inside"), "and this");
  EXPECT_EQ(Count(), 5u);
}

TEST_F(OutputTest, ADirectoryOfFiles) {
  {
    NewDirectory directory((home_ / "dossier").string() + "/");
    ASSERT_FALSE(directory.Begin());
    ASSERT_FALSE(directory.Open("acts/kz-1.entry"));
    ASSERT_FALSE(directory.Append("a"));
    ASSERT_FALSE(directory.Append("b"));
    ASSERT_FALSE(directory.Open("README.txt"));
    for (const char* outside : {"../x", "/x", "", "a/../../x", "a b", "a\nb"}) {
      const auto failure = directory.Open(outside);
      ASSERT_TRUE(failure) << outside;
      EXPECT_EQ(failure->told, "ui.foreign_path") << outside;
    }
    ASSERT_FALSE(directory.Append("c"));
    ASSERT_FALSE(directory.Finish());
  }
  EXPECT_EQ(Slurp(home_ / "dossier/acts/kz-1.entry"), "ab");
  EXPECT_EQ(Slurp(home_ / "dossier/README.txt"), "c");
  EXPECT_EQ(Count(), 1u);
}

TEST_F(OutputTest, SaysWhyNothingCanBeWritten) {
  NewFile file(home_ / "missing" / "file");
  const auto failure = file.Begin();
  ASSERT_TRUE(failure);
  EXPECT_EQ(failure->heading_key, "ui.cannot_write");
  EXPECT_EQ(failure->told, "ui.no_directory");
  EXPECT_EQ(failure->detail, (home_ / "missing" / "file").string());
}

}  // namespace
}  // namespace kelisim::cli
