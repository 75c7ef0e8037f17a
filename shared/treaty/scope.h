#ifndef KELISIM_SHARED_TREATY_SCOPE_H_
#define KELISIM_SHARED_TREATY_SCOPE_H_

#include <optional>
#include <vector>

#include "kelisim/v1/case.pb.h"
#include "shared/treaty/verdict.h"

// Petition and scope (steps a1-a5): Arts. 1, 2, 12.2 and, for the entry state's
// own forces, 3.zh. Private to this module; see resettlement.h.

namespace kelisim::treaty {

// Every rule of scope that the recorded facts and the finding break on the day
// of the decision, in the order of the Agreement. Breaches of the head end the
// case; those of a member end when the member is taken out.
std::vector<v1::Violation> ScopeBreaches(const v1::CaseState& state, const v1::ScopeFinding& finding,
                                         const Context& context);

// 1.2: somebody included holds a claim in another case.
std::optional<v1::Violation> ClaimTaken(const v1::CaseState& state, const Context& context);

// 2.2, judged on the day of the petition.
bool IsCovered(const v1::FamilyMember& member, const v1::Petition& petition);

// The petition with person ids as the service sets them.
v1::Petition WithPersonIds(v1::Petition petition);

std::optional<v1::Violation> AdmitFiled(const v1::CaseState& state, const v1::Petition& act,
                                        const Context& context);
std::optional<v1::Violation> AdmitCompleted(const v1::CaseState& state, const v1::Petition& act,
                                            const Context& context);
std::optional<v1::Violation> AdmitScopeConfirmed(const v1::CaseState& state, const v1::ScopeFinding& act,
                                                 const Context& context);
std::optional<v1::Violation> AdmitScopeRefused(const v1::CaseState& state, const v1::ScopeRefusal& act,
                                               const Context& context);

void ApplyPetition(v1::CaseState& state, const v1::Petition& act);
void ApplyScopeConfirmed(v1::CaseState& state, const v1::ScopeFinding& act);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_SCOPE_H_
