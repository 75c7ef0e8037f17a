#ifndef KELISIM_SHARED_TREATY_PROCEDURE_H_
#define KELISIM_SHARED_TREATY_PROCEDURE_H_

#include <optional>
#include <string>
#include <vector>

#include "kelisim/v1/matter.pb.h"
#include "shared/treaty/verdict.h"

// How one kind of matter goes: for matter.cc and the files of the kinds.

namespace kelisim::treaty {

// Who may take a step. The opener is the Party whose step began the matter; the holder
// is the one whose turn it is by Procedure::holder.
enum class By { kOpener, kOther, kHolder, kEither };

// What is special about a step.
enum StepFlags : unsigned {
  kPlain = 0,
  // In another status its very rule is broken, and not merely the order of steps.
  kRuleAsksForStatus = 1,
  // Stands outside the chain, may cross any step and that which closes the matter; `fold`
  // makes the same of it in whatever order they come.
  kOutside = 2,
  kIrreversible = 4,
  // The other Party owes an answer, by a date.
  kAsks = 8,
};

struct Step {
  int number;  // field of the kind's step message
  By by;
  // Nothing, outside the chain: any, once the counterpart knows of the matter; it follows no
  // step then, whatever its day.
  std::vector<v1::MatterStatus> from;
  // Nothing: back to where an interruption began, else where `fold` puts or leaves it.
  std::optional<v1::MatterStatus> to;
  const char* rule;  // that it rests on
  unsigned flags = kPlain;

  bool Is(StepFlags flag) const { return (flags & flag) != 0; }
};

struct Procedure {
  const char* collection;  // of names
  int begins;              // the step that begins a matter
  int opens;               // the step by which the counterpart learns of it
  std::vector<Step> steps;
  std::vector<v1::MatterStatus> interruptions;
  std::vector<v1::MatterStatus> closed;
  // Whose turn it is in the status of `state`; PARTY_UNSPECIFIED: either's.
  v1::Party (*holder)(const v1::MatterState& state);
  // The rule that the content of an admissible step breaks.
  std::optional<v1::Violation> (*check)(const v1::MatterState& state, const v1::MatterStep& step,
                                        const Context& context);
  // What the step makes of the facts, besides what every step does.
  void (*fold)(v1::MatterState& state, const v1::MatterStep& step, v1::Party author);
};

const Procedure& CourtDecisionProcedure();
const Procedure& DisputeProcedure();
const Procedure& PropertyProcedure();
const Procedure& EntitlementProcedure();
const Procedure& ComplaintProcedure();
const Procedure& InquiryProcedure();
const Procedure& InstrumentProcedure();

// A matter names a case of the Agreement. Its author must know it; what it knew is not
// asked again on arrival.
bool KnowsCase(const std::string& case_id, const Context& context);
// Whether the Agreement applies to the persons of that case: it was not refused, excluded,
// annulled or ended otherwise, and nobody chose to resettle independently (12.2b). What ended
// after the departure, as it turned out, has not ended the status.
bool IsUnderTheAgreement(const v1::CaseState& state);
// The rule under which a case that is not under the Agreement gives its persons nothing: 12.2b of
// who chose to resettle independently; of all others that which ended it, as both Parties have it.
// 4.1 when it was a will: there is no status any more.
std::string EndedUnder(const v1::CaseState& state);
// `rule` may be one of these.
bool MayEndACase(const std::string& rule);
// The case, when it is known here and under the Agreement.
std::optional<v1::CaseState> CaseUnderTheAgreement(const std::string& case_id, const Context& context);

// What the Agreement gives, it gives to who has the status of a resettler (4.1). The next two
// ask for the case as it is on that day, however the matter began.
//
// What the author is asked it must know from its own ledger: the state of entry that it issued
// the document, the state of departure that it took the case over to prepare the departure.
// Both come before the step in the same ledger, so the receiver knows them too, whatever else
// crosses. That the case was suspended or ended counts against the Party that holds it, for
// it alone moves it; the other one may have acted before it heard of that, and what it did then
// stands. A case that is not known to the receiver (a dossier holds one matter alone) is not
// asked about.

// 4.1, a15, a16: the status is issued and not suspended, and the case has not ended.
std::optional<v1::Violation> MustHaveStatus(const std::string& case_id, const Context& context);
// a18: the person has departed under that status; else `rule`, which asks for that, is broken.
std::optional<v1::Violation> MustHaveDeparted(const std::string& case_id, const char* rule,
                                              const Context& context);

// The case has ended, and not after a departure under the Agreement; else `rule`, which gives what
// this would take away, is broken. That a departure before the end has become known may have
// crossed the step.
std::optional<v1::Violation> MustHaveEnded(const std::string& case_id, const char* rule,
                                           const Context& context);

// 2.2, Art. 3: the person is in the case: a member of the family who has left it, or was excluded,
// does not resettle with the family. Else the rule under which the person is out; step.person: no
// person of the case. Like an end of the case, it counts against an author who may not have heard of
// it only if that is the Party which holds the case.
std::optional<v1::Violation> MustBeInTheCase(const std::string& case_id, const std::string& person_id,
                                             const Context& context);
// The person is named in the case and out of it, or is not named, or the case is not known here: for
// who refuses something on that ground. What an author knows of it stands in its ledger before.
bool IsOutOfTheCase(const std::string& case_id, const std::string& person_id, Context context);

inline v1::Party OpenerOf(const v1::MatterState& state) { return state.opened_by(); }
inline v1::Party OtherOf(const v1::MatterState& state) { return Other(state.opened_by()); }

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_PROCEDURE_H_
