#ifndef KELISIM_SHARED_TREATY_STATUS_H_
#define KELISIM_SHARED_TREATY_STATUS_H_

#include <optional>

#include "kelisim/v1/case.pb.h"
#include "shared/treaty/verdict.h"

// The status document and what it carries the person through (steps a15, a17,
// a19; Art. 4). Private to this module; see resettlement.h.

namespace kelisim::treaty {

// The document with what the protocol of the day of issue says filled in (4.2).
v1::StatusDocument FillDocument(v1::StatusDocument document, const Context& context);

std::optional<v1::Violation> AdmitIssued(const v1::CaseState& state, const v1::StatusDocument& act,
                                         const Context& context);
// The document is the state of entry's; it is issued again whoever holds the case. What
// ends the case at the other Party may be on its way (`of_counterpart`).
std::optional<v1::Violation> MayReissue(const v1::CaseState& state, const Context& context);
std::optional<v1::Violation> AdmitReissued(const v1::CaseState& state, const v1::Reissue& act,
                                           const Context& context);
std::optional<v1::Violation> AdmitExit(const v1::CaseState& state, const v1::Exit& act,
                                       const Context& context);
std::optional<v1::Violation> AdmitResidence(const v1::CaseState& state, const v1::ResidenceRegistration& act);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_STATUS_H_
