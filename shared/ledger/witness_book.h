#ifndef KELISIM_SHARED_LEDGER_WITNESS_BOOK_H_
#define KELISIM_SHARED_LEDGER_WITNESS_BOOK_H_

#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "shared/base/ports.h"
#include "shared/tlog/log_keys.h"
#include "shared/tlog/note.h"

namespace kelisim::ledger {

// What this node has cosigned as a witness of logs that are not of the treaty: one file
// for each, named by the SHA-256 of its origin, with the newest checkpoint and the line
// under it. A new one is durable before it is told. Thread-safe.
class WitnessBook {
 public:
  // Makes the directory when it is not there. `signer` and `clock` must outlive the book.
  static absl::StatusOr<std::unique_ptr<WitnessBook>> Open(std::string directory,
                                                           std::vector<tlog::LogKeys> logs,
                                                           const tlog::NoteSigner& signer, Clock& clock);

  // The body of add-checkpoint (tlog/witness.h); gives the witness's line. NOT_FOUND: no
  // such log; others as JudgeAddCheckpoint; INTERNAL: could not be made durable.
  absl::StatusOr<std::string> Add(const std::string& body);
  // The newest cosigned checkpoint of the log with this SHA-256 of its origin, in
  // hexadecimal. NOT_FOUND.
  absl::StatusOr<std::string> Newest(const std::string& origin_sha256) const;

 private:
  WitnessBook(std::string directory, std::vector<tlog::LogKeys> logs, const tlog::NoteSigner& signer,
              Clock& clock)
      : directory_(std::move(directory)), logs_(std::move(logs)), signer_(signer), clock_(clock) {}
  absl::Status Save(const std::string& origin_sha256, const std::string& note);

  const std::string directory_;
  const std::vector<tlog::LogKeys> logs_;
  const tlog::NoteSigner& signer_;
  Clock& clock_;
  mutable std::mutex mutex_;  // compare and save as one
};

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_WITNESS_BOOK_H_
