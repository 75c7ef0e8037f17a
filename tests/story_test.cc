// Runs every story of tests/stories: see shared/testing/story.h.

#include "shared/testing/story.h"

#include <gtest/gtest.h>

#include <string>

#include "shared/testing/dossiers.h"

namespace kelisim::testing {
namespace {

class StoryTest : public ::testing::TestWithParam<std::string> {};

// What a story leaves behind, refusals included: its rows follow from the ledgers, and a
// stranger finds it to be true and lawful.
std::string Examine(const Node& node, absl::Time now) {
  return AuditFindings(node) + VerifyAllDossiers(node.identity, *node.reader, now);
}

TEST_P(StoryTest, GoesAsTold) {
  const std::string text = StoryText(GetParam());
  for (uint64_t seed = 1; seed <= 3; ++seed) {
    EXPECT_EQ(RunStory(text, seed, Examine), "") << GetParam() << ", link seed " << seed;
  }
}

INSTANTIATE_TEST_SUITE_P(All, StoryTest, ::testing::ValuesIn(StoryNames()),
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
