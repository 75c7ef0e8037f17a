#ifndef KELISIM_SHARED_TREATY_COURT_DECISION_H_
#define KELISIM_SHARED_TREATY_COURT_DECISION_H_

#include <optional>
#include <variant>
#include <vector>

#include "kelisim/v1/court_decision.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/treaty/form.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/verdict.h"

// Recognition of court decisions (Art. 8, procedure b). The departure state is that
// of the court; the entry state recognises. Pure.

namespace kelisim::treaty {

using CourtDecisionVerdict = std::variant<std::vector<v1::CourtDecisionAct>, v1::Violation>;
CourtDecisionVerdict Judge(const v1::CourtDecisionState& state, const v1::CourtDecisionCommand& command,
                           const Context& context);
std::optional<v1::Violation> Admit(const v1::CourtDecisionState& state, const v1::CourtDecisionAct& act,
                                   const Context& context);
v1::CourtDecisionState Apply(v1::CourtDecisionState state, const v1::CourtDecisionAct& act,
                             const Recorded& recorded);

// The registration, and a withdrawal of what was only registered, stay at home.
bool IsAddressed(const v1::CourtDecisionState& state_before, const v1::CourtDecisionAct& act);
// A recognition cannot be taken back by who gave it.
bool IsIrreversible(const v1::CourtDecisionAct& act);
// The transmission carries everything that was registered before it.
bool IsOpening(const v1::CourtDecisionAct& act);
// What the departure state tells of a review, which may cross a step of the entry
// state on its way.
bool IsOutsideChain(const v1::CourtDecisionAct& act);

// True for statuses from which nothing leads on.
bool IsClosed(v1::CourtDecisionStatus status);

// The treaty's grounds against the decision that are true of it (8.1, 12.2b).
std::vector<v1::OutOfScopeReason> OutOfScope(const v1::CourtDecision& decision, v1::Party departure_state);

std::vector<v1::AllowedAction> AllowedActions(const v1::CourtDecisionState& state, const Context& context);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_COURT_DECISION_H_
