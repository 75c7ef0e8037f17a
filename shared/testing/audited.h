#ifndef KELISIM_SHARED_TESTING_AUDITED_H_
#define KELISIM_SHARED_TESTING_AUDITED_H_

#include <cstdint>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "shared/authority/identity.h"
#include "shared/ledger/memory_store.h"
#include "shared/ledger/vault.h"

namespace kelisim::testing {

// What an audit says, and how it ended.
struct Audited {
  absl::Status status;
  std::vector<std::string> findings;  // in English
  uint64_t entries = 0;
  bool done = false;
};

// Audits a copy of `store`, without documents.
Audited AuditOf(const authority::Identity& identity, const ledger::MemoryStore& store,
                const ledger::Vault& vault);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_AUDITED_H_
