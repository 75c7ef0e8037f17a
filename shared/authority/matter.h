#ifndef KELISIM_SHARED_AUTHORITY_MATTER_H_
#define KELISIM_SHARED_AUTHORITY_MATTER_H_

#include <string>
#include <utility>

#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/court_decision_service.pb.h"
#include "kelisim/v1/ledger.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/treaty/court_decision.h"
#include "shared/treaty/form.h"
#include "shared/treaty/resettlement.h"

// A matter is what the authorities hand to and fro act by act: a case, a court
// decision. Each has a state, folded from its acts, and a record in the views. The
// treaty has the same functions for each (Judge, Admit, Apply, ...); here stands what
// else differs, by the type of the record.

namespace kelisim::authority {

template <typename Record>
struct Matter;

template <>
struct Matter<v1::CaseRecord> {
  using State = v1::CaseState;
  using Act = v1::CaseAct;
  using Response = v1::SubmitCaseCommandResponse;
  static constexpr char kRowPrefix[] = "vc";
  static constexpr char kNamePrefix[] = "cases/";
  static const Act& In(const v1::Act& act) { return act.case_act(); }
  static Act& In(v1::Act& act) { return *act.mutable_case_act(); }
  static Act& In(v1::TimelineItem& item) { return *item.mutable_case_act(); }
  static const std::string& Id(const State& state) { return state.case_id(); }
  static void SetId(State& state, std::string id) { state.set_case_id(std::move(id)); }
  // A command that begins a matter; any other one names it.
  static bool Begins(const v1::CaseCommand& command) { return command.has_file_petition(); }
};

template <>
struct Matter<v1::CourtDecisionRecord> {
  using State = v1::CourtDecisionState;
  using Act = v1::CourtDecisionAct;
  using Response = v1::SubmitCourtDecisionCommandResponse;
  static constexpr char kRowPrefix[] = "vj";
  static constexpr char kNamePrefix[] = "courtDecisions/";
  static const Act& In(const v1::Act& act) { return act.court_decision_act(); }
  static Act& In(v1::Act& act) { return *act.mutable_court_decision_act(); }
  static Act& In(v1::TimelineItem& item) { return *item.mutable_court_decision_act(); }
  static const std::string& Id(const State& state) { return state.id(); }
  static void SetId(State& state, std::string id) { state.set_id(std::move(id)); }
  static bool Begins(const v1::CourtDecisionCommand& command) { return command.has_register_decision(); }
};

// Calls `body(record)` with an empty record of the kind that `act` is about; gives
// `none` for an act on the quota or the treaty.
template <typename Result, typename Body>
Result WithMatterOf(const v1::Act& act, Result none, Body body) {
  switch (act.subject_case()) {
    case v1::Act::kCaseAct:
      return body(v1::CaseRecord());
    case v1::Act::kCourtDecisionAct:
      return body(v1::CourtDecisionRecord());
    case v1::Act::kQuotaAct:
    case v1::Act::kTreatyAct:
    case v1::Act::SUBJECT_NOT_SET:
      break;
  }
  return none;
}

// No act of it has been folded.
template <typename State>
bool IsUnknown(const State& state) {
  return static_cast<int>(state.status()) == 0;
}

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_MATTER_H_
