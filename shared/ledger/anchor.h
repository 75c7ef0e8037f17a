#ifndef KELISIM_SHARED_LEDGER_ANCHOR_H_
#define KELISIM_SHARED_LEDGER_ANCHOR_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "shared/crypto/digest.h"

namespace kelisim::ledger {

// The head of the own ledger, remembered outside the store and outside every
// backup. A store that does not reach its anchor was rolled back.
struct Head {
  uint64_t size = 0;
  Hash root;
  // How many recoveries the ledger has been through.
  uint32_t lineage = 0;
  bool operator==(const Head&) const = default;
};

class HeadAnchor {
 public:
  virtual ~HeadAnchor() = default;
  // nullopt: there is no anchor. DATA_LOSS: there is one and it is damaged; FAILED_PRECONDITION:
  // it is that of another log.
  virtual absl::StatusOr<std::optional<Head>> Load() = 0;
  // Durable when it returns OK.
  virtual absl::Status Save(const Head& head) = 0;
};

// A file of two blocks, of one line of text with a checksum each; a new head is
// written over the older of the two and synced, so a crash leaves either the old
// or the new head. A block that is damaged counts as one that was being written:
// the other one is loaded, and the last turn alone is not vouched for. `log` names the log
// whose head it is, without spaces; it stands in the line.
std::unique_ptr<HeadAnchor> NewFileAnchor(std::string path, std::string log);

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_ANCHOR_H_
