#ifndef KELISIM_SHARED_BASE_PORTS_H_
#define KELISIM_SHARED_BASE_PORTS_H_

#include <cstddef>
#include <string>

#include "absl/time/time.h"

namespace kelisim {

// Time and chance are asked for, never fetched: a component that needs them is
// given one of these.

// The wall clock. For dates and records only; never for order or timeouts.
// Implementations are thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual absl::Time Now() = 0;
};

// Unpredictable bytes for ids, nonces and keys. Implementations are thread-safe.
class Random {
 public:
  virtual ~Random() = default;
  virtual std::string Bytes(size_t count) = 0;
};

// The machine's clock. Lives for ever.
Clock& SystemClock();

}  // namespace kelisim

#endif  // KELISIM_SHARED_BASE_PORTS_H_
