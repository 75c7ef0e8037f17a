#ifndef KELISIM_SHARED_AUTHORITY_MATTER_H_
#define KELISIM_SHARED_AUTHORITY_MATTER_H_

#include <string>
#include <string_view>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/ledger.pb.h"
#include "kelisim/v1/matter_service.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/base/bytes.h"
#include "shared/base/wire.h"
#include "shared/treaty/form.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/resettlement.h"

// The authorities hand cases and matters to and fro act by act. Each has a state, folded
// from its acts, and a record in the views. The treaty has the same functions for both
// (Judge, Admit, Apply, ...); here stands what else differs, by the type of the record.

namespace kelisim::authority {

// A little more than a command may have: an act repeats it and adds what is of the act.
inline constexpr int kMostActFields = 3000;
inline constexpr int kActDepth = 32;

// The act in an entry's payload, whoever made it. False: it is none, or none of this treaty
// has so many fields; `act` is empty then.
inline bool ParseAct(const std::string& payload, v1::Act* act) {
  if (CheckFields(payload, *v1::Act::descriptor(), kActDepth, kMostActFields).ok() &&
      act->ParseFromString(payload)) {
    return true;
  }
  act->Clear();
  return false;
}

template <typename Record>
struct Matter;

template <>
struct Matter<v1::CaseRecord> {
  using State = v1::CaseState;
  using Act = v1::CaseAct;
  using Response = v1::SubmitCaseCommandResponse;
  static constexpr char kRowPrefix[] = "vc";
  // For an act, a command or a state.
  template <typename Of>
  static std::string_view CollectionOf(const Of&) {
    return "cases";
  }
  static const Act& In(const v1::Act& act) { return act.case_act(); }
  static Act& In(v1::Act& act) { return *act.mutable_case_act(); }
  static Act& In(v1::TimelineItem& item) { return *item.mutable_case_act(); }
  static const std::string& Id(const State& state) { return state.case_id(); }
  static void SetId(State& state, std::string id) { state.set_case_id(std::move(id)); }
  // A command that begins a matter; any other one names it.
  static bool Begins(const v1::CaseCommand& command) { return command.has_file_petition(); }
};

template <>
struct Matter<v1::MatterRecord> {
  using State = v1::MatterState;
  using Act = v1::MatterStep;
  using Response = v1::SubmitMatterStepResponse;
  static constexpr char kRowPrefix[] = "vm";
  static std::string_view CollectionOf(const v1::MatterStep& step) { return treaty::CollectionOf(step); }
  static std::string_view CollectionOf(const State& state) { return treaty::CollectionOf(state); }
  static const Act& In(const v1::Act& act) { return act.matter_step(); }
  static Act& In(v1::Act& act) { return *act.mutable_matter_step(); }
  static Act& In(v1::TimelineItem& item) { return *item.mutable_matter_step(); }
  static const std::string& Id(const State& state) { return state.id(); }
  static void SetId(State& state, std::string id) { state.set_id(std::move(id)); }
  static bool Begins(const v1::MatterStep& step) { return treaty::Begins(step); }
};

// Calls `body(record)` with an empty record of the type that `act` is about; gives
// `none` for an act on the quota or the treaty.
template <typename Result, typename Body>
Result WithMatterOf(const v1::Act& act, Result none, Body body) {
  switch (act.subject_case()) {
    case v1::Act::kCaseAct:
      return body(v1::CaseRecord());
    case v1::Act::kMatterStep:
      return body(v1::MatterRecord());
    case v1::Act::kQuotaAct:
    case v1::Act::kTreatyAct:
    case v1::Act::SUBJECT_NOT_SET:
      break;
  }
  return none;
}

// "cases/3f", "disputes/2a": the name of what an act, a command or a state is about.
template <typename Record, typename Of>
std::string NameOf(const Of& of, std::string_view id) {
  return absl::StrCat(Absl(Matter<Record>::CollectionOf(of)), "/", Absl(id));
}

// No act of it has been folded.
template <typename State>
bool IsUnknown(const State& state) {
  return static_cast<int>(state.status()) == 0;
}

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_MATTER_H_
