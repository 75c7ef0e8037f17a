#include "shared/authority/evidence.h"

#include <string>

namespace kelisim::authority {

v1::Equivocation EvidenceOf(v1::Party ledger, const tlog::Equivocation& proven) {
  v1::Equivocation evidence;
  evidence.set_ledger(ledger);
  evidence.set_first(proven.first);
  evidence.set_second(proven.second);
  evidence.set_prefix_root(std::string(proven.prefix_root.bytes()));
  for (const Hash& hash : proven.proof) evidence.add_proof(std::string(hash.bytes()));
  return evidence;
}

}  // namespace kelisim::authority
