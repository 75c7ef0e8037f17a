#ifndef KELISIM_SHARED_TESTING_OFFICER_H_
#define KELISIM_SHARED_TESTING_OFFICER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/court_decision.pb.h"
#include "shared/testing/parties.h"

// An officer for simulations and stories: writes plausible petitions and the
// commands that a case allows.

namespace kelisim::testing {

// One of a few plainly fictitious people, 0 to kPeople - 1, a citizen of both
// states, so that each can be claimed from both sides.
inline constexpr int kPeople = 20;
v1::Person FictitiousPerson(int number, v1::Party entry_state);

// A petition of person `head`, with the persons `family` as spouse and children.
v1::Petition PetitionOf(v1::Party entry_state, int head, const std::vector<int>& family,
                        const std::string& filed_on);

// The command named `action` (field name of CaseCommand) for a case in `state`,
// filled in as an honest officer would on `today`. nullopt for actions that need
// a person's choice the simulation does not make.
std::optional<v1::CaseCommand> PlausibleCommand(std::string_view action, const v1::CaseState& state,
                                                const std::string& today, SeededRandom& random);

// A decision of a court of `departure_state` on the property of the resettler of a
// case: in scope, and in legal force or not.
v1::CourtDecision DecisionOf(v1::Party departure_state, const std::string& case_id, bool in_legal_force,
                             const std::string& today);

// As above, for a court decision. nullopt also when the step would not be honest.
std::optional<v1::CourtDecisionCommand> PlausibleCommand(std::string_view action,
                                                         const v1::CourtDecisionState& state,
                                                         const std::string& today);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_OFFICER_H_
