// Two Parties, simulated faults, one seed per run. By default 1,000 seeds and
// the seeds kept in tests/seeds.txt; a single one with
//
//   simulation_test --seed=123          prints the trace when it fails
//   simulation_test --seeds=20000       more of them
//   simulation_test --first=5000

#include "shared/testing/simulation.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"

namespace kelisim::testing {
namespace {

struct Flags {
  uint64_t first = 1;
  uint64_t seeds = 1000;
  uint64_t seed = 0;
} flags;

std::string Describe(uint64_t seed, const SimulationResult& result) {
  const size_t shown = flags.seed != 0 ? result.trace.size() : std::min<size_t>(result.trace.size(), 60);
  return absl::StrCat(
      "SEED=", seed, "\n", absl::StrJoin(result.violations, "\n"), "\n",
      absl::StrJoin(result.trace.end() - static_cast<ptrdiff_t>(shown), result.trace.end(), "\n"));
}

struct Totals {
  uint64_t acts = 0, crashes = 0, restores = 0, issued = 0, late_departures = 0;
  std::map<std::string, uint64_t> refusals;
  std::vector<std::string> failures;
};

void Add(Totals& totals, uint64_t seed, const SimulationResult& result) {
  totals.acts += result.acts;
  totals.crashes += result.crashes;
  totals.restores += result.restores;
  for (const auto& [what, count] : result.refusals) totals.refusals[what] += count;
  totals.issued += result.issued_told;
  totals.late_departures += result.late_departures;
  if (!result.violations.empty()) totals.failures.push_back(Describe(seed, result));
}

std::vector<uint64_t> KeptSeeds() {
  std::vector<uint64_t> seeds;
  std::ifstream file(KELISIM_SEEDS_FILE);
  for (std::string line; std::getline(file, line);) {
    uint64_t seed = 0;
    if (absl::SimpleAtoi(line.substr(0, line.find(' ')), &seed)) seeds.push_back(seed);
  }
  return seeds;
}

TEST(Simulation, InvariantsHoldForEverySeed) {
  std::vector<uint64_t> seeds = KeptSeeds();
  if (flags.seed != 0) {
    seeds = {flags.seed};
  } else {
    for (uint64_t i = 0; i < flags.seeds; ++i) seeds.push_back(flags.first + i);
  }
  // Seeds are independent: two threads halve the wait.
  Totals totals;
  std::mutex mutex;
  std::atomic<size_t> next{0};
  const auto work = [&] {
    for (size_t i = next++; i < seeds.size(); i = next++) {
      const SimulationResult result = RunSimulation({.seed = seeds[i]});
      const std::lock_guard lock(mutex);
      Add(totals, seeds[i], result);
      if (totals.failures.size() >= 3) next = seeds.size();
    }
  };
  std::thread other(work);
  work();
  other.join();
  std::cout << seeds.size() << " seeds: " << totals.acts << " acts, " << totals.issued
            << " status documents told, " << totals.crashes << " crashes, " << totals.restores
            << " restores, " << totals.late_departures << " departures known after the end, "
            << totals.failures.size() << " failures\n";
  for (const auto& [what, count] : totals.refusals)
    std::cout << "  refused by the counterpart: " << what << ": " << count << "\n";
  EXPECT_TRUE(totals.failures.empty()) << absl::StrJoin(totals.failures, "\n\n");
  if (flags.seed != 0) return;
  // The faults were really there, and cases really moved.
  EXPECT_GT(totals.acts, seeds.size() * 20);
  EXPECT_GT(totals.crashes, seeds.size() / 2);
  EXPECT_GT(totals.restores, seeds.size() / 50);
  EXPECT_GT(totals.issued, seeds.size() / 2);
  EXPECT_GT(totals.late_departures, seeds.size() / 100);
}

TEST(Simulation, TheSameSeedIsTheSameRun) {
  for (uint64_t seed = 1; seed <= 10; ++seed) {
    EXPECT_EQ(RunSimulation({.seed = seed}).fingerprint, RunSimulation({.seed = seed}).fingerprint) << seed;
  }
}

// A harness that cannot fail proves nothing: each bug must be found.
struct Seeded {
  const char* name;
  Bug bug;
  // Where to begin; a rare one is looked for near where it was found last.
  uint64_t first;
  uint64_t within;
};

class SeededBug : public ::testing::TestWithParam<Seeded> {};

TEST_P(SeededBug, IsFound) {
  for (uint64_t seed = GetParam().first; seed < GetParam().first + GetParam().within; ++seed) {
    const SimulationResult result = RunSimulation({.seed = seed, .bug = GetParam().bug});
    if (result.violations.empty()) continue;
    std::cout << "found at seed " << seed << ": " << result.violations[0].substr(0, 120) << "\n";
    return;
  }
  FAIL() << "not found in " << GetParam().within << " seeds";
}

INSTANTIATE_TEST_SUITE_P(All, SeededBug,
                         ::testing::Values(Seeded{"AnswerBeforeSync", Bug::kAnswerBeforeSync, 1, 300},
                                           Seeded{"CursorAndEffectInTwoBatches",
                                                  Bug::kCursorAndEffectInTwoBatches, 1, 300},
                                           Seeded{"NoFence", Bug::kNoFence, 1, 300},
                                           Seeded{"ToldBeforeCosigned", Bug::kToldBeforeCosigned, 580, 1000}),
                         [](const auto& seeded) { return seeded.param.name; });

}  // namespace
}  // namespace kelisim::testing

int main(int argc, char** argv) {
  testing::InitGoogleTest(&argc, argv);
  using kelisim::testing::flags;
  for (int i = 1; i < argc; ++i) {
    const absl::string_view argument = argv[i];
    const size_t equals = argument.find('=');
    uint64_t* target = absl::StartsWith(argument, "--seed=")    ? &flags.seed
                       : absl::StartsWith(argument, "--seeds=") ? &flags.seeds
                       : absl::StartsWith(argument, "--first=") ? &flags.first
                                                                : nullptr;
    if (target == nullptr || !absl::SimpleAtoi(argument.substr(equals + 1), target)) {
      std::cerr << "unknown argument " << argument << "\n";
      return 2;
    }
  }
  return RUN_ALL_TESTS();
}
