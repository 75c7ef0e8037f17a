#ifndef KELISIM_TESTS_MUTATION_H_
#define KELISIM_TESTS_MUTATION_H_

#include <cstdint>
#include <functional>
#include <string>

#include "shared/testing/parties.h"

// Bytes as somebody hostile would send them.

namespace kelisim::testing {

// `original` with one to four changes: a bit flipped, a piece cut out, repeated or taken from
// `other`, a number made huge, a piece wrapped in many layers.
std::string Mutated(SeededRandom& random, std::string original, const std::string& other);

// Calls `one` with `rounds` seeds, from a fixed one on. KELISIM_SEED and KELISIM_ROUNDS take
// their places. Says which seeds, and stops at the first that fails.
void ForSeeds(int rounds, const std::function<void(SeededRandom& random)>& one);

}  // namespace kelisim::testing

#endif  // KELISIM_TESTS_MUTATION_H_
