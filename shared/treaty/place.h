#ifndef KELISIM_SHARED_TREATY_PLACE_H_
#define KELISIM_SHARED_TREATY_PLACE_H_

#include <optional>

#include "kelisim/v1/case.pb.h"
#include "shared/treaty/verdict.h"

// Places in the yearly quota (steps a11-a14; Art. 12). Private to this module;
// see resettlement.h.

namespace kelisim::treaty {

// A case waits for a place of that year.
v1::CaseAct Waitlisted(v1::Waiting::Reason reason, int year);

// The places a case needs, in the protocol's unit.
uint32_t PlacesNeeded(const v1::CaseState& state, const v1::Protocol& protocol);

// What becomes of a case that asks for a place: a place when the queue and the
// quota allow one; else the queue (from CLEARED), or the rule in the way (12.1,
// when it waits already). First come, first served is the entry state's own
// order of business: asked here, of its own commands, and not in Admit, because
// the departure state may already know of places that have become free.
std::variant<v1::CaseAct, v1::Violation> TakePlace(const v1::CaseState& state, const Context& context);

std::optional<v1::Violation> AdmitReserved(const v1::CaseState& state, const v1::Place& act,
                                           const Context& context);
std::optional<v1::Violation> AdmitWaitlisted(const v1::CaseState& state, const v1::Waiting& act,
                                             const Context& context);

// `index`: of the act in the ledger of the state of entry.
void ApplyReserved(v1::CaseState& state, const v1::Place& act, uint64_t index);
void ApplyWaitlisted(v1::CaseState& state, const v1::Waiting& act);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_PLACE_H_
