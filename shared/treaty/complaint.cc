#include <algorithm>

#include "shared/treaty/procedure.h"

// Complaints (Arts. 1.3, 5.0 and 9). Whoever takes it opens; the Party in whose
// territory it happened examines, which may be the same.

namespace kelisim::treaty {
namespace {

using S = v1::ComplaintStep;
using State = v1::MatterState;

bool Has(const google::protobuf::RepeatedField<int>& acts, int act) {
  return std::find(acts.begin(), acts.end(), act) != acts.end();
}

std::optional<v1::Violation> CheckComplaint(const v1::Complaint& complaint, const Context& context) {
  // 5.0, 9.1: who has not filed a petition yet, or has in the other state, is protected too.
  const bool of_no_case = complaint.case_id().empty() && complaint.person_id().empty();
  if (!of_no_case && (complaint.case_id().empty() || !KnowsCase(complaint.case_id(), context)))
    return Violates("step.case", "", "case_id");
  if (!of_no_case && complaint.person_id().empty()) return Violates("step.person", "", "person_id");
  // 9.2: discrimination has a ground; what has none is another act.
  if (Has(complaint.acts(), v1::DISCRIMINATION) == complaint.grounds().empty()) {
    return Violates("9.2", "", "grounds");
  }
  return std::nullopt;
}

std::optional<v1::Violation> Check(const State& state, const v1::MatterStep& step, const Context& context) {
  const S& made = step.complaint();
  const v1::Complaint& complaint = state.complaint().complaint();
  switch (made.step_case()) {
    case S::kFile:
      return CheckComplaint(made.file(), context);
    case S::kReport:
      // 9.1: each Party protects in its own territory; what happened here stays here.
      if (made.report().happened_in() == context.author) {
        return Violates("9.1", "", v1::Party_Name(context.author));
      }
      return CheckComplaint(made.report(), context);
    case S::kExamine:
      // 9.1: the Party in whose territory it happened, and no other.
      if (complaint.happened_in() == context.author) return std::nullopt;
      return Violates("9.1", "", v1::Party_Name(complaint.happened_in()));
    case S::kConfirm:
      for (const int act : made.confirm().acts()) {
        if (!Has(complaint.acts(), act)) return Violates("step.ground", "", "acts");
      }
      return std::nullopt;
    default:
      return std::nullopt;
  }
}

void Fold(State& state, const v1::MatterStep& step, v1::Party) {
  if (step.complaint().has_confirm()) {
    *state.mutable_complaint()->mutable_finding() = step.complaint().confirm();
  }
}

v1::Party Holder(const State& state) {
  return state.status() == v1::COMPLAINT_FILED ? OpenerOf(state)
                                               : state.complaint().complaint().happened_in();
}

}  // namespace

const Procedure& ComplaintProcedure() {
  static const auto* const procedure = new Procedure{
      "complaints",
      S::kFile,
      S::kReport,
      {
          {S::kFile, By::kOpener, {v1::MATTER_STATUS_UNSPECIFIED}, v1::COMPLAINT_FILED, "9.1"},
          {S::kReport, By::kOpener, {v1::COMPLAINT_FILED}, v1::COMPLAINT_REPORTED, "9.1", kAsks},
          {S::kExamine,
           By::kHolder,
           {v1::COMPLAINT_FILED, v1::COMPLAINT_REPORTED},
           v1::COMPLAINT_EXAMINED,
           "9.1"},
          {S::kConfirm, By::kHolder, {v1::COMPLAINT_EXAMINED}, v1::COMPLAINT_CONFIRMED, "9.1"},
          {S::kNotConfirm, By::kHolder, {v1::COMPLAINT_EXAMINED}, v1::COMPLAINT_NOT_CONFIRMED, "9.1"},
          {S::kRemedy, By::kHolder, {v1::COMPLAINT_CONFIRMED}, v1::COMPLAINT_REMEDIED, "9.1"},
          {S::kWithdraw, By::kOpener, {v1::COMPLAINT_FILED}, v1::COMPLAINT_WITHDRAWN, "9.1"},
      },
      {},
      {v1::COMPLAINT_NOT_CONFIRMED, v1::COMPLAINT_REMEDIED, v1::COMPLAINT_WITHDRAWN},
      Holder,
      Check,
      Fold};
  return *procedure;
}

}  // namespace kelisim::treaty
