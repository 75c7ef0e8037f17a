#ifndef KELISIM_SHARED_TREATY_COURT_DECISION_H_
#define KELISIM_SHARED_TREATY_COURT_DECISION_H_

#include <vector>

#include "kelisim/v1/court_decision.pb.h"
#include "shared/treaty/verdict.h"

namespace kelisim::treaty {

// The treaty's grounds against the decision that are true of it (8.1, 12.2b).
std::vector<v1::OutOfScopeReason> OutOfScope(const v1::CourtDecision& decision, v1::Party departure_state,
                                             bool under_the_agreement);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_COURT_DECISION_H_
