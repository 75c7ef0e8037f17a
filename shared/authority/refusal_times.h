#ifndef KELISIM_SHARED_AUTHORITY_REFUSAL_TIMES_H_
#define KELISIM_SHARED_AUTHORITY_REFUSAL_TIMES_H_

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kelisim/v1/ledger.pb.h"

namespace kelisim::authority {

// Entries that one refusal may cover: as many as one push may have.
inline constexpr uint64_t kMostRefusedTogether = 4096;
// The first of the entries that a refusal of those up to `position` covers.
inline uint64_t FirstRefused(const v1::Refusal& refusal, uint64_t position) {
  const uint64_t before = std::clamp<uint64_t>(refusal.entries(), 1, kMostRefusedTogether) - 1;
  return position - std::min(before, position);
}

// Which refusals of one ledger come in their time (decision 23): directly behind the PROGRESS
// entry that says of what they refuse that it was processed. Reads the entries of good form
// (IsWellFormed) one by one, in their order; only PROGRESS and REFUSAL matter. A value type.
class RefusalTimes {
 public:
  struct Span {
    uint64_t first = 0;
    uint64_t last = 0;
  };

  // What the entry at `index` may refuse of the other ledger: the entry at `last`, which it
  // names, and if its content says so (FirstRefused) others before that, from `first` on; a
  // content that goes further back refuses nothing. nullopt: it is no refusal, or not in its
  // time.
  std::optional<Span> Read(uint64_t index, const v1::Entry& entry);

  // Of what was read so far, as a row of a store; empty: nothing.
  std::string ToRow() const;
  static RefusalTimes FromRow(std::string_view row);

 private:
  // Of the newest PROGRESS that says more than all before it.
  std::optional<uint64_t> position_;
  uint64_t index_ = 0;
  uint64_t before_ = 0;  // the position of the one before
};

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_REFUSAL_TIMES_H_
