#ifndef KELISIM_SHARED_TREATY_RESETTLEMENT_H_
#define KELISIM_SHARED_TREATY_RESETTLEMENT_H_

#include <optional>
#include <string>
#include <vector>

#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/treaty/verdict.h"

// The resettlement case (procedure a). The steps a1-a25 stand as one table in
// resettlement.cc; what each step asks of its content stands in the file of its
// subject (scope, clearance, place, status, closing).

namespace kelisim::treaty {

// What an officer's command becomes, or the rule it breaks. A new case is a
// state with only `case_id` set. Fields that the service fills (see case.proto)
// are filled here. `command` must have been checked by CheckForm (form.h).
CaseVerdict Judge(const v1::CaseState& state, const v1::CaseCommand& command, const Context& context);

// The rule that `act` by `context.author` breaks in `state`, if any. Used for
// our own acts before they are recorded and for the counterpart's when they
// arrive; both sides therefore decide alike. The order of the queue is asked
// by Judge alone: the counterpart may already know of places that came free.
std::optional<v1::Violation> Admit(const v1::CaseState& state, const v1::CaseAct& act,
                                   const Context& context);

// Who made an act, when, and in which entry, for the fields of the state that say so.
struct Recorded {
  v1::Party author;
  std::string happened_on;
  std::string entry_id;
  int64_t at_us;
  uint64_t index = 0;  // in the ledger of its author
  // The civil day of its author on which it was recorded.
  std::string effective_on = "";
};

// The state after an admitted act. Requires Admit(...) == nullopt.
// For hand-off 1 the state after it depends on the act alone, so that both
// sides hold the same from then on.
v1::CaseState Apply(v1::CaseState state, const v1::CaseAct& act, const Recorded& recorded);

// True for acts outside the chain (notice_given, answer_overdue, document_reissued): they
// name no predecessor, wait for nobody's turn, and never move the case.
bool IsOutsideChain(const v1::CaseAct& act);
// Acts that sum up everything that stayed at home before them: the offer of
// hand-off 1. They stand without what they name as their predecessor.
bool IsOpening(const v1::CaseAct& act);

// Acts told outside only when the counterpart's cosignature covers them:
// status_issued and exit_recorded.
bool IsIrreversible(const v1::CaseAct& act);

// Acts that stay in the entry state until hand-off 1 carries what matters of
// them: everything while the counterpart does not know the case.
bool IsAddressed(const v1::CaseState& state_before, const v1::CaseAct& act);

// True for statuses from which nothing leads on (COMPLETED, WITHDRAWN, ...). A departure that
// was before the end can still become known (exit_recorded); the status stays.
bool IsClosed(v1::CaseStatus status);

// The last day on which the holder has to answer the offer, or to decide about the case that it
// took to clear. Empty: nothing of this is open.
std::string DueOn(const v1::CaseState& state);

// Persons INCLUDED in the case: head first, then members in order. Parts of
// `state`.
std::vector<const v1::Person*> IncludedPersons(const v1::CaseState& state);

// What the case takes from the registers, as a function of its state alone.
struct Effects {
  Claim claim = Claim::kFree;
  std::vector<const v1::Person*> persons;  // on whom the claim lies; parts of the state
  int year = 0;                            // 0: no place
  uint32_t reserved = 0;
  uint32_t used = 0;
  bool waiting = false;
};
// `self`: the entry state claims from the filing on, the departure state from
// its acceptance of hand-off 1.
Effects EffectsOf(const v1::CaseState& state, v1::Party self);

// The notice that an act of the chain answers; empty if none.
std::string AnsweredNotice(const v1::CaseAct& act);

// What may be done now, by whom and under which rule: the first part of Admit
// (turn, status, treaty in force, notices that must be answered first), run for
// every command of both Parties. `context.author` is ignored.
std::vector<v1::AllowedAction> AllowedActions(const v1::CaseState& state, const Context& context);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_RESETTLEMENT_H_
