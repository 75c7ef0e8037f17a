#ifndef KELISIM_SHARED_AUTHORITY_JUDGEMENT_H_
#define KELISIM_SHARED_AUTHORITY_JUDGEMENT_H_

#include <cstdint>
#include <optional>
#include <string_view>

#include "absl/status/statusor.h"
#include "kelisim/v1/ledger.pb.h"
#include "kelisim/v1/treaty.pb.h"
#include "shared/authority/views.h"

namespace kelisim::authority {

inline constexpr uint32_t kEntryFormat = 1;
inline constexpr size_t kEntryIdSize = 16;
// Whether it is an id as every node makes them for its cases and matters: eight bytes in
// hexadecimal. It stands in names, keys and logs.
bool IsSubjectId(std::string_view id);

// Whether a node takes notice of what the entry says: one of another form is refused as it
// is, of whatever kind.
bool IsWellFormed(const v1::Entry& entry);

// An addressed act and the rule that it breaks, if any.
struct Judgement {
  v1::Act act;  // without subject when it cannot be read
  std::optional<v1::Violation> violation;
};

// What the treaty says of an entry that stands in a ledger, where `views` are folded from
// everything before it. It is judged as by somebody who was told of it: what only its
// author could know is no reason against it. `initial`: the protocol before the first
// signed one. nullopt: an entry that is no act, or stayed at home (and is well-formed).
// Not OK: the store cannot be trusted.
absl::StatusOr<std::optional<Judgement>> JudgeEntry(const OpenedEntry& opened, const v1::Protocol& initial,
                                                    Views& views);

// The same for an act known to be whole, addressed or not.
absl::StatusOr<std::optional<v1::Violation>> JudgeAct(const OpenedEntry& opened, const v1::Act& act,
                                                      const v1::Protocol& initial, Views& views);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_JUDGEMENT_H_
