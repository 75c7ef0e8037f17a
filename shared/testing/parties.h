#ifndef KELISIM_SHARED_TESTING_PARTIES_H_
#define KELISIM_SHARED_TESTING_PARTIES_H_

#include <cstdint>
#include <optional>
#include <random>
#include <string>

#include "absl/status/statusor.h"
#include "shared/authority/books.h"
#include "shared/base/ports.h"
#include "shared/ledger/anchor.h"

// Two authorities for tests: identities with fixed keys, chance from a seed, an
// anchor in memory. Keys here are public and worthless.

namespace kelisim::testing {

// The same bytes for the same seed. Not thread-safe, not random.
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(uint64_t seed) : engine_(seed) {}
  std::string Bytes(size_t count) override;
  // Uniform in [0, bound). Requires bound > 0.
  uint64_t Below(uint64_t bound) { return engine_() % bound; }
  bool Chance(double probability) { return static_cast<double>(engine_() >> 11) * 0x1p-53 < probability; }

 private:
  std::mt19937_64 engine_;
};

class MemoryAnchor final : public ledger::HeadAnchor {
 public:
  explicit MemoryAnchor(std::optional<ledger::Head> head = ledger::Head{0, tlog::EmptyRoot(), 0})
      : head_(head) {}
  absl::StatusOr<std::optional<ledger::Head>> Load() override { return head_; }
  absl::Status Save(const ledger::Head& head) override {
    head_ = head;
    return absl::OkStatus();
  }

 private:
  std::optional<ledger::Head> head_;
};

// The identity of one Party with profile, keys and the counterpart's keys.
authority::Identity TestIdentity(v1::Party party);
v1::Protocol TestProtocol();
std::string TestMasterKey(v1::Party party);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_PARTIES_H_
