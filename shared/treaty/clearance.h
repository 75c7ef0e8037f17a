#ifndef KELISIM_SHARED_TREATY_CLEARANCE_H_
#define KELISIM_SHARED_TREATY_CLEARANCE_H_

#include <optional>

#include "kelisim/v1/case.pb.h"
#include "shared/treaty/verdict.h"

// The obstacles of Article 3 (steps a7-a10, a20, a21). Private to this module;
// see resettlement.h.

namespace kelisim::treaty {

// 3.b unless what is said under it is said of a person who is convicted and held. Of an Obstacle,
// or of a Notice that tells of one.
template <typename Said>
std::optional<v1::Violation> MustBeConvictedAndHeld(const Said& said) {
  if (said.rule() != "3.b") return std::nullopt;
  // 3.b: both; neither detention before trial nor a suspended sentence is enough.
  if (!said.convicted()) return Violates("3.b", said.person_id(), "convicted");
  if (!said.held()) return Violates("3.b", said.person_id(), "held");
  return std::nullopt;
}

std::optional<v1::Violation> AdmitCleared(const v1::CaseState& state, const v1::Clearance& act);
std::optional<v1::Violation> AdmitDeferred(const v1::CaseState& state, const v1::Obstacle& act,
                                           const Context& context);
std::optional<v1::Violation> AdmitExcluded(const v1::CaseState& state, const v1::Obstacle& act,
                                           const Context& context);
std::optional<v1::Violation> AdmitSuspended(const v1::CaseState& state, const v1::Obstacle& act,
                                            const Context& context);
// The end of an obstacle to clearance (a9) or of one after the issue (a21).
std::optional<v1::Violation> AdmitEnded(const v1::CaseState& state, const v1::ObstacleEnd& act,
                                        const Context& context);

void ApplyDeferred(v1::CaseState& state, const v1::Obstacle& act);
void ApplyExcluded(v1::CaseState& state, const v1::Obstacle& act);
void ApplySuspended(v1::CaseState& state, const v1::Obstacle& act);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_CLEARANCE_H_
