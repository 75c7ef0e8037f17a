// Runs every story of tests/stories: see shared/testing/story.h.

#include "shared/testing/story.h"

#include <gtest/gtest.h>

#include <map>
#include <string>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/testing/dossiers.h"

namespace kelisim::testing {
namespace {

class StoryTest : public ::testing::TestWithParam<std::string> {};

// Of every act that is watched: what is seen there is what its matter shows, where an answer
// is shown as well.
std::string CompareWatched(const Node& node, absl::Time now) {
  std::map<std::string, v1::TimelineItem> watched;
  v1::WatchCursor cursor;
  for (;;) {
    const auto acts = node.reader->ReadActs(cursor, "", 100);
    if (!acts.ok()) return acts.status().ToString();
    for (const v1::WatchActsResponse& act : *acts) watched[act.item().entry().entry_id()] = act.item();
    if (acts->empty()) break;
  }
  std::string differences;
  const auto compare = [&](const std::string& name, const auto& timeline) {
    for (const v1::TimelineItem& shown : timeline) {
      const auto seen = watched.find(shown.entry().entry_id());
      if (seen == watched.end() || shown.evidence() == v1::ANSWERED) continue;
      if (seen->second.evidence() == shown.evidence() &&
          seen->second.refusal().rule() == shown.refusal().rule())
        continue;
      absl::StrAppend(&differences, node.name(), " shows an act of ", name, " as ",
                      v1::Evidence_Name(shown.evidence()), " and watches it as ",
                      v1::Evidence_Name(seen->second.evidence()), "\n");
    }
  };
  for (const std::string& name : NamesOfAll(*node.reader)) {
    const bool of_case = absl::StartsWith(name, "cases/");
    if (of_case) compare(name, node.reader->GetCase(name, now).value().timeline());
    if (!of_case) compare(name, node.reader->GetMatter(name, now).value().timeline());
  }
  return differences;
}

// What a story leaves behind, refusals included: its rows follow from the ledgers, and a
// stranger finds it to be true and lawful.
std::string Examine(const Node& node, absl::Time now) {
  return AuditFindings(node) + VerifyAllDossiers(node.identity, *node.reader, now) +
         CompareWatched(node, now);
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
