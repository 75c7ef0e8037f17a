// Runs every story of tests/stories: see shared/testing/story.h.

#include "shared/testing/story.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "shared/testing/dossiers.h"

namespace kelisim::testing {
namespace {

std::vector<std::string> Stories() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(KELISIM_STORIES)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class StoryTest : public ::testing::TestWithParam<std::string> {};

// What a story leaves behind, a stranger finds to be true and lawful.
std::string DossiersOf(const Node& node, absl::Time now) {
  return VerifyAllDossiers(node.identity, *node.reader, now);
}

TEST_P(StoryTest, GoesAsTold) {
  std::ifstream file(std::filesystem::path(KELISIM_STORIES) / (GetParam() + ".txt"));
  std::stringstream text;
  text << file.rdbuf();
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_EQ(RunStory(text.str(), seed, DossiersOf), "") << GetParam() << ", link seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(All, StoryTest, ::testing::ValuesIn(Stories()),
                         [](const auto& story) { return story.param; });

// A story that tells something else than what happens must fail.
TEST(Story, FailsWhenItIsNotTrue) {
  EXPECT_NE(RunStory("RU file_petition anna head 0 -> COMPLETED", 1), "");
  EXPECT_NE(RunStory("RU file_petition anna head 0 !! 1.1", 1), "");
  EXPECT_NE(RunStory("RU file_petition anna head 0 -> SUBMITTED\nboth see anna SUBMITTED", 1), "");
  EXPECT_EQ(RunStory("RU file_petition anna head 0 -> SUBMITTED\nKZ sees anna nothing", 1), "");
}

}  // namespace
}  // namespace kelisim::testing
