#ifndef KELISIM_SHARED_AUTHORITY_FOLD_H_
#define KELISIM_SHARED_AUTHORITY_FOLD_H_

#include <cstdint>
#include <functional>
#include <optional>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kelisim/v1/treaty.pb.h"
#include "shared/authority/judgement.h"
#include "shared/authority/views.h"

// views = fold(own ledger, mirror): the same ledgers always give the same views, byte for
// byte.

namespace kelisim::authority {

// Folds an entry of the mirror that JudgeEntry has judged: what breaks a rule is refused.
absl::Status FoldJudged(const OpenedEntry& opened, const std::optional<Judgement>& judged, Views& views);

// The same with judging it first.
absl::Status FoldMirrorEntry(const v1::Protocol& initial, uint64_t index, Views& views);

// Folds the first `own_size` own entries into `views`, which must be empty, and before
// each of them what of the mirror was processed before it, as PROGRESS entries say.
// `between` is called between any two own entries with the number of those done; what
// it returns, if not OK, ends the fold. Gives how much of the mirror is folded.
// DATA_LOSS: the mirror has less than `mirror_size` says, or an act cannot be read.
absl::StatusOr<uint64_t> FoldLedgers(const v1::Protocol& initial, uint64_t own_size, uint64_t mirror_size,
                                     Views& views, const std::function<absl::Status(uint64_t)>& between);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_FOLD_H_
