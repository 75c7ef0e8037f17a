#ifndef KELISIM_SHARED_TESTING_SIMULATION_H_
#define KELISIM_SHARED_TESTING_SIMULATION_H_

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "shared/testing/environment.h"

// Both Parties' real cores under simulated time, link and disk, driven by one
// seed. Faults: loss, repetition, delay and reordering of messages; crashes
// before and after a commit; restore of one side from an older backup (never its
// head anchor); jumps of time. Then faults stop and everything must come to rest.

namespace kelisim::testing {

struct SimulationOptions {
  uint64_t seed = 1;
  Bug bug = Bug::kNone;
  int events = 400;
};

struct SimulationResult {
  // Invariants broken, in words that name them (I1-I6); empty: none.
  std::vector<std::string> violations;
  // What happened, for people; filled when there are violations.
  std::vector<std::string> trace;
  uint64_t acts = 0;
  uint64_t crashes = 0;
  uint64_t restores = 0;
  // Acts refused by the counterpart, by "<act> <rule>".
  std::map<std::string, uint64_t> refusals;
  uint64_t issued_told = 0;
  // Cases whose departure became known after their end.
  uint64_t late_departures = 0;
  // Equal for equal seeds.
  uint64_t fingerprint = 0;
};

SimulationResult RunSimulation(const SimulationOptions& options);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_SIMULATION_H_
