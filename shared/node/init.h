#ifndef KELISIM_SHARED_NODE_INIT_H_
#define KELISIM_SHARED_NODE_INIT_H_

#include <optional>

#include "absl/status/status.h"
#include "kelisim/v1/config.pb.h"
#include "shared/authority/profile.h"
#include "shared/ledger/anchor.h"

namespace kelisim::node {

// Makes the head anchor of a new, empty node. FAILED_PRECONDITION when there is
// a store or an anchor: an anchor made anew would vouch for a store that was
// rolled back.
absl::Status InitNode(const v1::NodeConfig& config, const authority::Profile& profile);

// Makes the head anchor of a store that has lost its own: one that knows of no entry, so
// that the node appends nothing before the counterpart has said what it has. What was
// recorded, was not sent and is not in the store is not known to anybody then.
// FAILED_PRECONDITION when there is no store or there is an anchor; UNAVAILABLE while a
// node runs; DATA_LOSS when the store is not whole.
absl::Status ReplaceAnchor(const v1::NodeConfig& config, const authority::Profile& profile);

// FAILED_PRECONDITION: there is neither a head anchor nor a store; nothing was made here.
absl::Status CheckInitialised(const v1::NodeConfig& config, const std::optional<ledger::Head>& anchor);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_INIT_H_
