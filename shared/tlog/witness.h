#ifndef KELISIM_SHARED_TLOG_WITNESS_H_
#define KELISIM_SHARED_TLOG_WITNESS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/tlog/log_keys.h"
#include "shared/tlog/merkle.h"
#include "shared/tlog/note.h"

// C2SP tlog-witness v1.0.0, the call add-checkpoint: its body, and what a witness has to
// say to one. Pure; thread-safe.
//
//   old <size>
//   <base64 hash>            at most 63
//                            empty line
//   <checkpoint, a signed note>

namespace kelisim::tlog {

struct AddCheckpoint {
  uint64_t old_size = 0;
  std::vector<Hash> proof;
  std::string checkpoint;
};

std::string FormatAddCheckpoint(const AddCheckpoint& request);
// INVALID_ARGUMENT.
absl::StatusOr<AddCheckpoint> ParseAddCheckpoint(std::string_view body);

// The origin that the checkpoint names, before anything of it is believed.
absl::StatusOr<std::string> OriginOf(const AddCheckpoint& request);

// The checkpoint, when a witness that last cosigned `latest` of this log (nothing: none)
// may cosign it. The codes, and the HTTP status that the specification gives them:
//   INVALID_ARGUMENT (400)     malformed, or the old size is larger than the new one
//   PERMISSION_DENIED (403)    not signed by the log
//   ABORTED (409)              the old size is not that of `latest`
//   FAILED_PRECONDITION (422)  the proof does not lead there, or another root for one size
absl::StatusOr<Checkpoint> JudgeAddCheckpoint(const AddCheckpoint& request, const LogKeys& keys,
                                              const std::optional<Checkpoint>& latest);

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_WITNESS_H_
