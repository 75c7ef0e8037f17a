#include "tests/mutation.h"

#include <gtest/gtest.h>

#include <cstdlib>
#include <iostream>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"

namespace kelisim::testing {
namespace {

constexpr uint64_t kFirstSeed = 20261128;
constexpr size_t kLongestPiece = 64;
constexpr size_t kMostLayers = 200;

std::string PieceOf(SeededRandom& random, const std::string& text) {
  const size_t at = random.Below(text.size() + 1);
  return text.substr(at, random.Below(kLongestPiece) + 1);
}

void Change(SeededRandom& random, std::string& bytes, const std::string& other) {
  const size_t at = random.Below(bytes.size() + 1);
  const std::string piece = bytes.substr(at, random.Below(kLongestPiece) + 1);
  switch (random.Below(9)) {
    case 0:
      if (at < bytes.size()) bytes[at] = static_cast<char>(bytes[at] ^ (1 << random.Below(8)));
      return;
    case 1:
      if (at < bytes.size()) bytes[at] = static_cast<char>(random.Below(256));
      return;
    case 2:
      bytes.erase(at, piece.size());
      return;
    case 3:
      bytes.resize(at);
      return;
    case 4:
      for (uint64_t times = random.Below(40) + 1; times > 0; --times) bytes.insert(at, piece);
      return;
    case 5:
      bytes.insert(at, PieceOf(random, other));
      return;
    case 6:
      bytes.replace(at, piece.size(), PieceOf(random, other));
      return;
    case 7: {  // a number of ten bytes on the wire, or of twenty digits
      const char* const huge[] = {"\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01",
                                  "18446744073709551615",
                                  "9223372036854775808",
                                  "\xff\xff\xff\xff\x0f",
                                  "4294967296",
                                  "-1"};
      bytes.replace(at, random.Below(3), huge[random.Below(6)]);
      return;
    }
    default: {
      const std::string open = random.Chance(0.5) ? std::string(1, "[{(\""[random.Below(4)]) : "\xa3\x1f";
      std::string layers;
      for (uint64_t i = random.Below(kMostLayers); i > 0; --i) layers += open;
      bytes.insert(at, layers);
    }
  }
}

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* const text = std::getenv(name);
  uint64_t number = 0;
  return text != nullptr && absl::SimpleAtoi(text, &number) ? number : otherwise;
}

}  // namespace

std::string Mutated(SeededRandom& random, std::string original, const std::string& other) {
  for (uint64_t changes = random.Below(4) + 1; changes > 0; --changes) Change(random, original, other);
  return original;
}

void ForSeeds(int rounds, const std::function<void(SeededRandom& random)>& one) {
  const uint64_t first = FromEnvironment("KELISIM_SEED", kFirstSeed);
  const uint64_t end = first + FromEnvironment("KELISIM_ROUNDS", static_cast<uint64_t>(rounds));
  std::cout << "seeds " << first << " to " << end - 1 << "\n" << std::flush;
  for (uint64_t seed = first; seed < end && !::testing::Test::HasFailure(); ++seed) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    SeededRandom random(seed);
    one(random);
  }
}

}  // namespace kelisim::testing
