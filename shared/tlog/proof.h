#ifndef KELISIM_SHARED_TLOG_PROOF_H_
#define KELISIM_SHARED_TLOG_PROOF_H_

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/tlog/merkle.h"
#include "shared/tlog/policy.h"

// C2SP tlog-proof: that an entry is in a ledger, in one file that stands for itself.
//
//   c2sp.org/tlog-proof@v1
//   index 421
//   <base64 hash>            leaf sibling first
//                            empty line
//   <checkpoint with all its signature lines, verbatim>
//
// Pure; thread-safe.

namespace kelisim::tlog {

// A line of base64 for each hash, as all C2SP texts have them.
std::string HashLines(const std::vector<Hash>& hashes);
// INVALID_ARGUMENT: anything else, also a last line without its end.
absl::StatusOr<std::vector<Hash>> ParseHashLines(std::string_view text);

struct Proof {
  uint64_t index = 0;
  std::vector<Hash> path;
  std::string checkpoint;  // a note
};

std::string FormatProof(const Proof& proof);
// Also with an "extra" line, which proves nothing and is passed over. INVALID_ARGUMENT.
absl::StatusOr<Proof> ParseProof(std::string_view text);

// OK: the checkpoint meets `policy` and has the leaf at the index. The codes of
// Policy::Verify; DATA_LOSS: the path leads elsewhere.
absl::Status VerifyProof(const Proof& proof, const Hash& leaf, const Policy& policy);

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_PROOF_H_
