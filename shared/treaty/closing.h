#ifndef KELISIM_SHARED_TREATY_CLOSING_H_
#define KELISIM_SHARED_TREATY_CLOSING_H_

#include <optional>

#include "kelisim/v1/case.pb.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/verdict.h"

// Early ends of a case (steps a22-a25), members who leave it, and the notices
// that ask for either. Private to this module; see resettlement.h.

namespace kelisim::treaty {

std::optional<v1::Violation> AdmitWithdrawn(const v1::CaseState& state, const v1::Withdrawal& act);
std::optional<v1::Violation> AdmitAnnulled(const v1::CaseState& state, const v1::Annulment& act,
                                           const Context& context);
std::optional<v1::Violation> AdmitLapsed(const v1::CaseState& state, const v1::Lapse& act);
std::optional<v1::Violation> AdmitClosedByTermination(const v1::TermClosure& act, const Context& context);
std::optional<v1::Violation> AdmitMemberLeft(const v1::CaseState& state, const v1::MemberDeparture& act,
                                             const Context& context);
void ApplyWithdrawn(v1::CaseState& state, const v1::Withdrawal& act, const Recorded& recorded);
void ApplyAnnulled(v1::CaseState& state, const v1::Annulment& act, const Recorded& recorded);
void ApplyMemberLeft(v1::CaseState& state, const v1::MemberDeparture& act, const Recorded& recorded);

// A notice, when it reaches the case: whatever the turn is by now.
std::optional<v1::Violation> AdmitNotice(const v1::CaseState& state, const v1::Notice& act, v1::Party author);
// A notice that an officer asks for: the holder acts itself and needs none.
// Only an annulment is the entry state's to decide, so that the departure state
// reports one even while it holds the case.
std::optional<v1::Violation> MayGiveNotice(const v1::CaseState& state, const v1::Notice& notice,
                                           v1::Party author);
std::optional<v1::Violation> AdmitDismissed(const v1::CaseState& state, const v1::Dismissal& act,
                                            const Context& context);
std::optional<v1::Violation> AdmitOverdue(const v1::CaseState& state, const v1::Overdue& act,
                                          const Context& context);

// True when the entry state has decided to annul and left it to the departure
// state, which holds the case, to say so. `of_counterpart`: that the order was taken back may
// have crossed an act of `author`.
bool MustGiveEffectToAnnulment(const v1::CaseState& state, v1::Party author, bool of_counterpart);
// True when some pending notice may be dismissed by `author`.
bool MayDismissAny(const v1::CaseState& state, v1::Party author);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_CLOSING_H_
