#ifndef KELISIM_SHARED_TREATY_INSTRUMENT_H_
#define KELISIM_SHARED_TREATY_INSTRUMENT_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "kelisim/v1/matter.pb.h"
#include "kelisim/v1/treaty.pb.h"

// What the instruments in force make of the Agreement: which protocol, which bodies,
// which wording of a rule, each on a date (Arts. 13, 15). Pure.

namespace kelisim::treaty {

// The treaty state with what the instrument in `state` adds to it, or without it when it
// is not, or no longer, in force.
v1::TreatyState WithInstrument(v1::TreatyState treaty, const v1::MatterState& state);

// The protocol for what begins on `day`: the newest signed one, or `initial`. Part of
// the arguments.
const v1::Protocol& ProtocolOn(const v1::TreatyState& treaty, const v1::Protocol& initial,
                               absl::CivilDay day);
// The protocol for what is done on `today` in a case: that of the day on which it was filed, or of
// `today` when that is earlier, as it may be in Moscow, or when there is no case (empty).
const v1::Protocol& ProtocolOfCase(const v1::TreatyState& treaty, const v1::Protocol& initial,
                                   const std::string& filed_on, absl::CivilDay today);
// The protocol of that version, if it is in force on `day`; nullptr else.
const v1::Protocol* ProtocolNamed(const v1::TreatyState& treaty, const v1::Protocol& initial,
                                  const std::string& version, absl::CivilDay day);

// The bodies of bodies.textproto, of both Parties and of all days.
const v1::BodyList& InitialBodies();
// The bodies of bodies.textproto and the successors that were acknowledged, in office on
// `day`.
std::vector<v1::Body> BodiesOn(const v1::TreatyState& treaty, absl::CivilDay day);
// `id` is an authorised body of `party` on `day`.
bool IsAuthorised(const v1::TreatyState& treaty, const std::string& id, v1::Party party, absl::CivilDay day);
// The same for who judges an act of the other Party: a succession that was signed while the
// act was on its way is no reason against the body before it.
bool MayBeAuthorised(const v1::TreatyState& treaty, const std::string& id, v1::Party party,
                     absl::CivilDay day);

// The rule catalogue in the wording of `day`.
v1::RuleCatalogue RulesOn(const v1::TreatyState& treaty, absl::CivilDay day);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_INSTRUMENT_H_
