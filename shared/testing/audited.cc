#include "shared/testing/audited.h"

#include "shared/authority/audit.h"
#include "shared/text/acts.h"

namespace kelisim::testing {

Audited AuditOf(const authority::Identity& identity, const ledger::MemoryStore& store,
                const ledger::Vault& vault) {
  ledger::MemoryStore copy(store);
  Audited audited;
  audited.status = authority::Audit(identity, copy, vault, nullptr, [&](const v1::AuditProgress& progress) {
    if (progress.has_finding()) audited.findings.push_back(AuditText(Lang::kEnglish, progress.finding()));
    const bool ended = progress.done() == progress.total() && !progress.has_finding();
    if (progress.stage() == v1::AuditProgress::ENTRIES && ended) audited.entries += progress.total();
    audited.done = progress.stage() == v1::AuditProgress::DONE;
    return true;
  });
  return audited;
}

}  // namespace kelisim::testing
