#ifndef KELISIM_SHARED_TESTING_OFFICER_H_
#define KELISIM_SHARED_TESTING_OFFICER_H_

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/matter.pb.h"
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

// The same command, when it is the first to tell of a circumstance of Article 3, under 3.b: of a
// person who is convicted and held. nullopt of all others.
std::optional<v1::CaseCommand> OfConvict(v1::CaseCommand command);

// The step `step` (a field name) of the kind `kind` (a field of MatterStep) by `author`,
// filled in as an honest officer would on `today`: on a new matter of the case
// `case_id`, or on one in `state`. nullopt when the step would not be honest. Which dispute is
// linked the caller says.
std::optional<v1::MatterStep> PlausibleStep(const google::protobuf::FieldDescriptor& kind,
                                            const std::string& step, const v1::MatterState& state,
                                            v1::Party author, const std::string& case_id,
                                            const std::string& today);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_OFFICER_H_
