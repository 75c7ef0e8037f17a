#include "shared/authority/refusal_times.h"

#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/string_view.h"
#include "gtest/gtest.h"

namespace kelisim::authority {
namespace {

// "p3": it was processed up to size 3. "r2": entry 2 is refused. "a": an act.
v1::Entry EntryOf(absl::string_view word) {
  v1::Entry entry;
  entry.set_kind(word[0] == 'p'   ? v1::ENTRY_KIND_PROGRESS
                 : word[0] == 'r' ? v1::ENTRY_KIND_REFUSAL
                                  : v1::ENTRY_KIND_ACT);
  uint64_t position = 0;
  if (absl::SimpleAtoi(word.substr(1), &position)) entry.mutable_reference()->set_position(position);
  return entry;
}

struct Row {
  // The entries of a ledger, in order.
  const char* entries;
  // What each of them may refuse: "0-2" the entries from 0 to 2, "." nothing.
  const char* refuses;
};

constexpr Row kRows[] = {
    // Directly behind what says that it was processed, and back to what was processed before.
    {"p1 r0", ". 0-0"},
    {"p3 r2", ". 0-2"},
    {"p2 a p5 r4", ". . . 2-4"},
    {"a p3 r2 a p4 r3", ". . 0-2 . . 3-3"},
    // Nothing was processed, or nothing more than before.
    {"r0", "."},
    {"p0 r0", ". ."},
    {"p3 p3 r2", ". . ."},
    {"p3 p2 r1", ". . ."},
    {"p3 r2 p3 r2", ". 0-2 . ."},
    {"p3 p2 p4 r3", ". . . 3-3"},
    // Not the last entry that was processed.
    {"p3 r1", ". ."},
    {"p3 r3", ". ."},
    // Not directly behind.
    {"p3 a r2", ". . ."},
    {"p3 r2 r2", ". 0-2 ."},
};

std::string Read(const std::string& entries, bool through_rows) {
  std::string refuses;
  RefusalTimes times;
  uint64_t index = 0;
  for (const absl::string_view word : absl::StrSplit(entries, ' ')) {
    if (through_rows) times = RefusalTimes::FromRow(times.ToRow());
    const auto span = times.Read(index++, EntryOf(word));
    absl::StrAppend(&refuses, refuses.empty() ? "" : " ",
                    span ? absl::StrCat(span->first, "-", span->last) : ".");
  }
  return refuses;
}

TEST(RefusalTimesTest, ARefusalHasItsTime) {
  for (const Row& row : kRows)
    EXPECT_EQ(Read(row.entries, /*through_rows=*/false), row.refuses) << row.entries;
}

// A node that restarts between any two entries reads the same.
TEST(RefusalTimesTest, ARowKeepsAllOfIt) {
  for (const Row& row : kRows)
    EXPECT_EQ(Read(row.entries, /*through_rows=*/true), row.refuses) << row.entries;
}

TEST(RefusalTimesTest, ARefusalReachesNoFurtherThanOnePush) {
  v1::Refusal refusal;
  EXPECT_EQ(FirstRefused(refusal, 7), 7u);
  refusal.set_entries(3);
  EXPECT_EQ(FirstRefused(refusal, 7), 5u);
  refusal.set_entries(9);
  EXPECT_EQ(FirstRefused(refusal, 7), 0u);
  refusal.set_entries(kMostRefusedTogether + 1);
  EXPECT_EQ(FirstRefused(refusal, kMostRefusedTogether), 1u);
}

}  // namespace
}  // namespace kelisim::authority
