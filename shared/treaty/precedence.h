#ifndef KELISIM_SHARED_TREATY_PRECEDENCE_H_
#define KELISIM_SHARED_TREATY_PRECEDENCE_H_

#include <string_view>
#include <vector>

#include "absl/time/civil_time.h"
#include "kelisim/v1/treaty.pb.h"

// Art. 14: where national law says otherwise, the Agreement applies. Pure.

namespace kelisim::treaty {

// The norms in a NormList in text form. Aborts on a text that is none: it is part of the
// program, and tested.
std::vector<v1::NationalNorm> ParseNorms(std::string_view text);

// For each norm in force on `day`: the rule in the wording of that day, the norm, and
// which applies. What is more favourable to the person stands beside the Agreement, whose
// rights are the least that is given (shared/decisions/0016).
std::vector<v1::Precedence> PrecedencesOn(const std::vector<v1::NationalNorm>& norms,
                                          const v1::TreatyState& treaty, absl::CivilDay day);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_PRECEDENCE_H_
