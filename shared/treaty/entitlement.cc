#include <algorithm>
#include <string>
#include <vector>

#include "shared/treaty/case_state.h"
#include "shared/treaty/procedure.h"

// Housing and cooperative property (Arts. 6.d, 7 and 11). The Party that owes it opens
// and decides; the other one sees it.

namespace kelisim::treaty {
namespace {

using S = v1::EntitlementStep;
using Request = v1::EntitlementRequest;
using State = v1::MatterState;

const char* RuleOf(Request::Kind kind) {
  switch (kind) {
    case Request::COOPERATIVE_OWNERSHIP:
      return "7.1";
    case Request::EARLY_SHARE_PAYMENT:
      return "7.2";
    case Request::KEEP_PROPERTY:
      return "6.d";
    case Request::SALE_ASSISTANCE:
      return "11.1";
    case Request::PRIVATISATION:
      return "11.2";
    case Request::HOUSING_ASSISTANCE:
      return "11.3";
    default:
      return "11.4";
  }
}

// What stands against the request, each a fact and the rule that makes it one.
std::vector<v1::Violation> Against(const Request& request, const Context& context) {
  std::vector<v1::Violation> against;
  // 12.2b: the Agreement does not apply to who resettled independently; nor, under the rule of its
  // end, where the case ended. On arrival it may have ended since.
  const std::optional<v1::CaseState> of = context.registry.Case(request.case_id());
  if (!context.of_counterpart && of && !IsUnderTheAgreement(*of)) {
    against.push_back(Violates(EndedUnder(*of), "", "case_id"));
  }
  // 2.2: nor to a member of the family who is not in the case any more.
  if (auto out = MustBeInTheCase(request.case_id(), request.person_id(), context)) against.push_back(*out);
  const bool cooperative =
      request.kind() == Request::COOPERATIVE_OWNERSHIP || request.kind() == Request::EARLY_SHARE_PAYMENT;
  // 7.1, 7.2: resettlers are named, members of the family are not.
  if (cooperative && request.person_id() != kHead) {
    against.push_back(Violates(RuleOf(request.kind()), request.person_id(), "person_id"));
  }
  // 7.1: whose share contribution is paid in full; else 7.2, early payment.
  if (request.kind() == Request::COOPERATIVE_OWNERSHIP && !request.share_paid_in_full()) {
    against.push_back(Violates("7.1", "", "share_paid_in_full"));
  }
  if (request.kind() == Request::EARLY_SHARE_PAYMENT && request.share_paid_in_full()) {
    against.push_back(Violates("7.2", "", "share_paid_in_full"));
  }
  if (request.kind() == Request::PRIVATISATION) {
    // 11.2: housing actually occupied on lawful grounds, except service and departmental flats.
    if (!request.occupied_lawfully()) against.push_back(Violates("11.2", "", "occupied_lawfully"));
    if (request.service_or_departmental()) {
      against.push_back(Violates("11.2", "", "service_or_departmental"));
    }
  }
  // 11.4: exchange between resettlers.
  if (request.kind() == Request::HOUSING_EXCHANGE && !request.between_resettlers()) {
    against.push_back(Violates("11.4", "", "between_resettlers"));
  }
  return against;
}

// Whether the case as it is now, or one that is not known here, gives `rule` as a ground to refuse.
bool IsOfTheCase(const std::string& rule, const Request& request, Context context) {
  const std::optional<v1::CaseState> of = context.registry.Case(request.case_id());
  if (!of) return MayEndACase(rule) || (rule == "2.2" && request.person_id() != kHead);
  // A case that has ended.
  if (!IsUnderTheAgreement(*of) && rule == EndedUnder(*of)) return true;
  // 2.2, 1.2, Art. 3: a member who is out of it.
  context.of_counterpart = false;
  const auto out = MustBeInTheCase(request.case_id(), request.person_id(), context);
  return out && out->rule() == rule;
}

std::optional<v1::Violation> CheckRequest(const Request& request, const Context& context) {
  if (context.of_counterpart) return std::nullopt;
  const std::optional<v1::CaseState> of = CaseUnderTheAgreement(request.case_id(), context);
  if (!of) return Violates("step.case", "", "case_id");
  if (!IsNamed(*of, request.person_id())) return Violates("step.person", request.person_id());
  const bool owed_by_entry = request.kind() == Request::HOUSING_ASSISTANCE;
  const v1::Party owes = owed_by_entry ? of->entry_state() : Other(of->entry_state());
  // 11.4: neither obstructs an exchange. All others: one Party owes it.
  if (request.kind() == Request::HOUSING_EXCHANGE || owes == context.author) return std::nullopt;
  return Violates(RuleOf(request.kind()), "", v1::Party_Name(owes));
}

std::optional<v1::Violation> Check(const State& state, const v1::MatterStep& step, const Context& context) {
  const S& made = step.entitlement();
  const Request& request = state.entitlement().request();
  switch (made.step_case()) {
    case S::kRequest:
      // 11.2: on a par with citizens: stricter terms are a breach, whoever asks for them.
      if (made.request().kind() == Request::PRIVATISATION && !made.request().terms_as_for_citizens()) {
        return Violates("11.2", "", "terms_as_for_citizens");
      }
      return CheckRequest(made.request(), context);
    case S::kGrant: {
      const std::vector<v1::Violation> against = Against(request, context);
      if (!against.empty()) return against.front();
      // 4.1: a request may come before the status, what it asks for does not.
      return MustHaveStatus(request.case_id(), context);
    }
    case S::kFulfil:
      // 2.2: what was granted to a member who has left the case since is not given.
      if (auto out = MustBeInTheCase(request.case_id(), request.person_id(), context)) return out;
      return MustHaveStatus(request.case_id(), context);
    case S::kRefuse: {
      // No ground but the treaty's own, and only when it is true.
      const std::vector<v1::Violation> against = Against(request, context);
      // What the other Party knows of the case, it knew first.
      if (context.of_counterpart && IsOfTheCase(made.refuse().rule(), request, context)) return std::nullopt;
      const bool holds = std::any_of(against.begin(), against.end(), [&](const v1::Violation& one) {
        return one.rule() == made.refuse().rule();
      });
      return holds ? std::nullopt : std::optional(Violates(RuleOf(request.kind()), "", made.refuse().rule()));
    }
    default:
      return std::nullopt;
  }
}

void Fold(State& state, const v1::MatterStep& step, v1::Party) {
  if (step.entitlement().has_refuse()) {
    state.mutable_entitlement()->set_refused_under(step.entitlement().refuse().rule());
  }
}

v1::Party Holder(const State& state) { return OpenerOf(state); }

}  // namespace

const Procedure& EntitlementProcedure() {
  constexpr By kBy = By::kOpener;
  static const auto* const procedure = new Procedure{
      "entitlements",
      S::kRequest,
      S::kRequest,
      {
          {S::kRequest, kBy, {v1::MATTER_STATUS_UNSPECIFIED}, v1::ENTITLEMENT_REQUESTED, "11.1"},
          {S::kGrant, kBy, {v1::ENTITLEMENT_REQUESTED}, v1::ENTITLEMENT_GRANTED, "11.1"},
          {S::kRefuse, kBy, {v1::ENTITLEMENT_REQUESTED}, v1::ENTITLEMENT_REFUSED, "11.1"},
          {S::kFulfil, kBy, {v1::ENTITLEMENT_GRANTED}, v1::ENTITLEMENT_FULFILLED, "11.1"},
          {S::kWithdraw,
           kBy,
           {v1::ENTITLEMENT_REQUESTED, v1::ENTITLEMENT_GRANTED},
           v1::ENTITLEMENT_WITHDRAWN,
           "11.1"},
      },
      {},
      {v1::ENTITLEMENT_REFUSED, v1::ENTITLEMENT_FULFILLED, v1::ENTITLEMENT_WITHDRAWN},
      Holder,
      Check,
      Fold};
  return *procedure;
}

}  // namespace kelisim::treaty
