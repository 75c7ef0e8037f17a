#ifndef KELISIM_SHARED_TREATY_VERDICT_H_
#define KELISIM_SHARED_TREATY_VERDICT_H_

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "absl/time/civil_time.h"
#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/common.pb.h"
#include "kelisim/v1/quota.pb.h"
#include "kelisim/v1/treaty.pb.h"

// The treaty module is pure: every function is a function of its arguments. No
// clock, no chance, no I/O, no global state; all functions are thread-safe.
//
// Three words carry it, the same in every procedure:
//   Judge(state, command, context)  what acts a command becomes, or the rule it breaks
//   Admit(state, act, context)      the rule an act breaks, if any; the same test for
//                                   an act of our own and for one of the counterpart
//   Apply(state, act, ...)          the state after an admitted act

namespace kelisim::treaty {

// A person's once-only use of the Agreement (Art. 1.2), as one node knows it.
enum class Claim {
  kFree,
  // An open case of this node's knowledge holds it.
  kReserved,
  // A status document was issued on it.
  kClaimed,
  // The person departed under the Agreement. For ever.
  kConsumed,
};

// A case that waits for a place.
struct Queued {
  std::string case_id;
  uint32_t persons;
  // The day by which its protocol goes.
  std::string filed_on;
  // A notice is open, so that it cannot be given a place now.
  bool blocked;
};

// What a rule may ask about matters outside the case at hand. Answers reflect
// everything this node has applied so far. Must outlive the call.
class Registry {
 public:
  virtual ~Registry() = default;
  // The strongest claim that a case other than `case_id` holds on any
  // identifier of `person`.
  virtual Claim ClaimOf(const v1::Person& person, const std::string& case_id) const = 0;
  // UNSET when the year is unknown.
  virtual v1::QuotaState Quota(v1::Party entry_state, int year) const = 0;
  // The cases in WAITLISTED for this state, first come first.
  virtual std::vector<Queued> WaitingList(v1::Party entry_state) const = 0;
  // Cases in QUOTA_RESERVED with a place in this year, oldest reservation first.
  virtual std::vector<v1::CaseState> Reserved(v1::Party entry_state, int year) const = 0;
  // Whether a status document of `entry_state` with this number was issued in a case other
  // than `case_id`.
  virtual bool IsIssued(v1::Party entry_state, const std::string& number,
                        const std::string& case_id) const = 0;
  // Nothing when this node knows no such case.
  virtual std::optional<v1::CaseState> Case(const std::string& case_id) const = 0;
};

struct Context {
  // Whose act or command is judged.
  v1::Party author;
  // The civil date of the author's state on which the act is recorded. Every
  // rule is evaluated on this date.
  absl::CivilDay today;
  // When it happened, as the author claims. Equals `today` if not stated.
  absl::CivilDay happened_on;
  const v1::TreatyState& treaty;
  // By which the act is judged: of a case, that of the day on which it was filed.
  const v1::Protocol& protocol;
  // Agreed before the first signed one. With `treaty`, it gives the protocol of any day.
  const v1::Protocol& initial;
  const Registry& registry;
  // Set when an act of the counterpart is judged on its arrival. What its author
  // could not know when it made the act is then no reason against it: a claim in
  // our register, which we bring up when the case is offered to us, and a notice
  // of ours, which may still have been on its way.
  bool of_counterpart = false;
};

using CaseVerdict = std::variant<std::vector<v1::CaseAct>, v1::Violation>;

// Articles 1 and 13 have a rule for each Party. Of the scope: 1.1a for who resettles to
// Kazakhstan, 1.1b to Russia; of the authorised body: 13.1kz, 13.1ru.
std::string ScopeRule(v1::Party entry_state);
std::string BodyRule(v1::Party party);

v1::Violation Violates(std::string rule, std::string person_id = "", std::string found = "");

// "KAZ", "RUS".
std::string StateCode(v1::Party party);

// KZ for RU, RU for KZ.
v1::Party Other(v1::Party party);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_VERDICT_H_
