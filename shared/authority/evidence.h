#ifndef KELISIM_SHARED_AUTHORITY_EVIDENCE_H_
#define KELISIM_SHARED_AUTHORITY_EVIDENCE_H_

#include "kelisim/v1/ledger_service.pb.h"
#include "shared/tlog/equivocation.h"

namespace kelisim::authority {

// What a node keeps and hands out of the proof that the log of `ledger` has signed two
// histories.
v1::Equivocation EvidenceOf(v1::Party ledger, const tlog::Equivocation& proven);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_EVIDENCE_H_
