#include <algorithm>
#include <set>

#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/procedure.h"

// Property of a resettler and the family (Arts. 6 and 10). The departure state opens:
// it takes the declaration and certifies it; the entry state admits what arrives.

namespace kelisim::treaty {
namespace {

using S = v1::PropertyStep;
using State = v1::MatterState;

const v1::PropertyItem* FindItem(const State& state, const std::string& item_id) {
  for (const v1::PropertyItem& item : state.property().declaration().items()) {
    if (item.item_id() == item_id) return &item;
  }
  return nullptr;
}

bool IsRefused(const State& state, const std::string& item_id) {
  const auto& refusals = state.property().refusals();
  return std::any_of(refusals.begin(), refusals.end(),
                     [&](const v1::ItemRefusal& refusal) { return refusal.item_id() == item_id; });
}

// What crosses the border with its owner. Deposits and assets lie in banks (6.c), and what is left
// behind stays (6.d).
bool IsTakenOut(const v1::PropertyItem& item) {
  return item.kind() != v1::PropertyItem::DEPOSIT && item.kind() != v1::PropertyItem::ASSET &&
         item.kind() != v1::PropertyItem::LEFT_BEHIND;
}

bool TakesAnythingOut(const State& state) {
  const auto& items = state.property().declaration().items();
  return std::any_of(items.begin(), items.end(), [&](const v1::PropertyItem& item) {
    return IsTakenOut(item) && !IsRefused(state, item.item_id());
  });
}

bool HasCrossed(const State& state) {
  return state.status() == v1::PROPERTY_FROZEN || state.status() == v1::PROPERTY_IMPORTED ||
         state.status() == v1::PROPERTY_RELEASED;
}

bool IsMoney(const v1::PropertyItem& item) {
  return item.kind() == v1::PropertyItem::MONEY || item.kind() == v1::PropertyItem::DEPOSIT ||
         item.kind() == v1::PropertyItem::ASSET;
}

// 2.2, 10.1: property of a resettler, and of the family that resettles together: of nobody who has left
// the case or was never in it. What is refused already does not go anyway.
std::optional<v1::Violation> OwnersMustBeInTheCase(const State& state,
                                                   const v1::PropertyDeclaration& declaration,
                                                   const Context& context) {
  for (const v1::PropertyItem& item : declaration.items()) {
    if (IsRefused(state, item.item_id())) continue;
    if (auto out = MustBeInTheCase(declaration.case_id(), item.owner_person_id(), context)) return out;
  }
  return std::nullopt;
}
std::optional<v1::Violation> OwnersMustBeInTheCase(const State& state, const Context& context) {
  return OwnersMustBeInTheCase(state, state.property().declaration(), context);
}

// What its author knew is not asked again on arrival.
std::optional<v1::Violation> CheckCase(const State& state, const v1::PropertyDeclaration& declaration,
                                       const Context& context) {
  const std::optional<v1::CaseState> of = context.of_counterpart
                                              ? context.registry.Case(declaration.case_id())
                                              : CaseUnderTheAgreement(declaration.case_id(), context);
  // Of the departure it knew: that is its own act.
  if (context.of_counterpart && (!of || of->crossed_on().empty())) return std::nullopt;
  if (!of) return Violates("step.case", "", "case_id");
  // 6.a: in the departure state.
  if (of->departure_state() != context.author) {
    return Violates("6.a", "", v1::Party_Name(of->departure_state()));
  }
  if (IsBeforeDeparture(of->status())) return std::nullopt;
  for (const v1::PropertyItem& item : declaration.items()) {
    const bool was_told = state.shared() && FindItem(state, item.item_id()) != nullptr;
    // 6.a: what is taken out is declared before the departure. 6.c, 6.d: nothing else need be.
    if (IsTakenOut(item) && !was_told) return Violates("6.a", "", v1::CaseStatus_Name(of->status()));
  }
  return std::nullopt;
}

// a17: more may come until the departure; what was submitted, and perhaps refused, stays as it is.
std::optional<v1::Violation> MustKeepWhatWasTold(const State& state, const v1::PropertyDeclaration& amended) {
  if (!state.shared()) return std::nullopt;
  for (const v1::PropertyItem& item : state.property().declaration().items()) {
    const bool kept =
        std::any_of(amended.items().begin(), amended.items().end(), [&](const v1::PropertyItem& other) {
          return other.item_id() == item.item_id() && other.SerializeAsString() == item.SerializeAsString();
        });
    if (!kept) return Violates("step.ground", "", "items");
  }
  return std::nullopt;
}

std::optional<v1::Violation> CheckDeclaration(const State& state, const v1::PropertyDeclaration& declaration,
                                              const Context& context) {
  if (auto violation = CheckCase(state, declaration, context)) return violation;
  if (auto out = OwnersMustBeInTheCase(state, declaration, context)) return out;
  std::set<std::string> seen;
  for (const v1::PropertyItem& item : declaration.items()) {
    if (!seen.insert(item.item_id()).second) return Violates("step.ground", "", "items");
    // 6.a: movable property in personal ownership.
    if (!item.in_personal_ownership()) return Violates("6.a", "", "in_personal_ownership");
    // 6.b, 6.c: any amount, in any currency; but an amount, in a currency.
    if (IsMoney(item) ? item.amount().empty() || item.currency().empty() : item.quantity() == 0) {
      return Violates("step.ground", "", IsMoney(item) ? "amount" : "quantity");
    }
  }
  return std::nullopt;
}

// One item, once, and only on a ground that the treaty gives to this Party.
std::optional<v1::Violation> CheckRefusal(const State& state, const v1::ItemRefusal& refusal, bool import,
                                          const Context& context) {
  const v1::PropertyItem* item = FindItem(state, refusal.item_id());
  if (item == nullptr || IsRefused(state, refusal.item_id())) return Violates("step.ground", "", "item_id");
  if (refusal.ground() == v1::ItemRefusal::OWNER_NOT_IN_CASE) {
    // 2.2: only when it is true. What the other Party knows of the case, it knew first.
    if (IsOutOfTheCase(state.property().declaration().case_id(), item->owner_person_id(), context))
      return std::nullopt;
    return Violates(import ? "10.1" : "6.a", item->owner_person_id(), "ground");
  }
  // 6.b, 6.c: money, deposits and assets are not limited.
  if (IsMoney(*item)) return Violates("6.b", "", "item_id");
  // 6.d: nor what stays.
  if (!IsTakenOut(*item)) return Violates("6.d", "", "item_id");
  // 6.a: national heritage and what the departure state bars from export; 10.1: what the
  // entry state bars from import.
  const bool of_import = refusal.ground() == v1::ItemRefusal::IMPORT_PROHIBITED;
  if (of_import != import) return Violates(import ? "10.1" : "6.a", "", "ground");
  return std::nullopt;
}

std::optional<v1::Violation> CheckTransfer(const State& state, const v1::Transfer& transfer,
                                           const Context& context) {
  const v1::PropertyItem* item = FindItem(state, transfer.item_id());
  // 6.b, 6.c: money, deposits and assets; 6.d: what is got for a thing that was left behind.
  if (item == nullptr || !(IsMoney(*item) || item->kind() == v1::PropertyItem::LEFT_BEHIND)) {
    return Violates("step.ground", "", "item_id");
  }
  // 6.b: money goes in the declared manner, over the border. 6.c, 6.d: the rest goes from bank to bank.
  if (IsTakenOut(*item) && !HasCrossed(state)) {
    return Violates("step.status", "", v1::MatterStatus_Name(state.status()));
  }
  // 2.2: of who is in the case.
  const std::string& case_id = state.property().declaration().case_id();
  if (auto out = MustBeInTheCase(case_id, item->owner_person_id(), context)) return out;
  // 10.2: free of fees and taxes, except payment for the transfer service.
  const bool charged = transfer.charge() != v1::Transfer::NO_CHARGE;
  if (charged && transfer.charge() != v1::Transfer::TRANSFER_SERVICE) {
    return Violates("10.2", "", v1::Transfer::Charge_Name(transfer.charge()));
  }
  if (charged == transfer.charged().empty()) return Violates("step.ground", "", "charged");
  return std::nullopt;
}

std::optional<v1::Violation> Check(const State& state, const v1::MatterStep& step, const Context& context) {
  const S& made = step.property();
  const std::string& case_id = state.property().declaration().case_id();
  switch (made.step_case()) {
    case S::kDeclare:
      return CheckDeclaration(state, made.declare(), context);
    case S::kAmendDeclaration:
      if (made.amend_declaration().case_id() != state.property().declaration().case_id()) {
        return Violates("step.ground", "", "case_id");
      }
      if (auto violation = MustKeepWhatWasTold(state, made.amend_declaration())) return violation;
      return CheckDeclaration(state, made.amend_declaration(), context);
    case S::kSubmitDeclaration:
      return CheckDeclaration(state, made.submit_declaration(), context);
    case S::kRefuseExport:
      return CheckRefusal(state, made.refuse_export(), /*import=*/false, context);
    case S::kRefuseImport:
      return CheckRefusal(state, made.refuse_import(), /*import=*/true, context);
    case S::kCertify: {
      // 6.a, a16: declared by who means to go, certified for who may.
      if (auto violation = MustHaveStatus(case_id, context)) return violation;
      if (auto out = OwnersMustBeInTheCase(state, context)) return out;
      // 6.a: a certificate is of what is taken out: nothing else crosses the border.
      if (!TakesAnythingOut(state)) return Violates("step.ground", "", "items");
      const v1::CustomsCertificate& certificate = made.certify();
      if (*DateOf(certificate.valid_until()) > *DateOf(certificate.issued_on())) return std::nullopt;
      return Violates("step.document", "", "valid_until");
    }
    case S::kRecordExit: {
      // 10.1: nothing is free of duty for who has lost the status since.
      if (auto violation = MustHaveStatus(case_id, context)) return violation;
      if (auto out = OwnersMustBeInTheCase(state, context)) return out;
      // 6.a: all that was certified may have been refused since.
      if (!TakesAnythingOut(state)) return Violates("step.ground", "", "items");
      const std::optional<absl::CivilDay> since = DateOf(state.property().certificate().issued_on());
      const std::optional<absl::CivilDay> until = DateOf(state.property().certificate().valid_until());
      const absl::CivilDay crossed_on = *DateOf(made.record_exit().crossed_on());
      // 13.2: the officer at the border checks a certificate that is there and valid.
      if (since && crossed_on < *since) return Violates("step.date", "", made.record_exit().crossed_on());
      if (until && crossed_on <= *until) return std::nullopt;
      return Violates("step.document", "", "valid_until");
    }
    case S::kRecordImport:
      if (auto violation = MustHaveDeparted(case_id, "10.1", context)) return violation;
      return OwnersMustBeInTheCase(state, context);
    case S::kRelease:
      // 10.1: while the resettler may still come, the goods wait; when nobody can come any more,
      // the Agreement holds them no longer.
      return MustHaveEnded(case_id, "10.1", context);
    case S::kRecordTransfer:
      if (auto violation = MustHaveDeparted(case_id, "10.2", context)) return violation;
      return CheckTransfer(state, made.record_transfer(), context);
    default:
      return std::nullopt;
  }
}

void Fold(State& state, const v1::MatterStep& step, v1::Party) {
  const S& made = step.property();
  v1::PropertyFacts& facts = *state.mutable_property();
  if (made.has_amend_declaration()) *facts.mutable_declaration() = made.amend_declaration();
  if (made.has_refuse_export()) *facts.add_refusals() = made.refuse_export();
  if (made.has_refuse_import()) *facts.add_refusals() = made.refuse_import();
  if (made.has_certify()) *facts.mutable_certificate() = made.certify();
  if (made.has_record_transfer()) *facts.add_transfers() = made.record_transfer();
  if (made.has_release()) *facts.mutable_release() = made.release();
  // The exemption is given after all, for a departure that became known late.
  if (made.has_record_import()) facts.clear_release();
}

v1::Party Holder(const State& state) { return HasCrossed(state) ? OtherOf(state) : OpenerOf(state); }

}  // namespace

const Procedure& PropertyProcedure() {
  constexpr By kD = By::kOpener;
  constexpr By kE = By::kOther;
  static const auto* const procedure = new Procedure{
      "propertyDeclarations",
      S::kDeclare,
      S::kSubmitDeclaration,
      {
          {S::kDeclare, kD, {v1::MATTER_STATUS_UNSPECIFIED}, v1::PROPERTY_DECLARED, "6.a"},
          // Until the certificate, which is of the items that it was issued for. More is declared for itself.
          {S::kAmendDeclaration, kD, {v1::PROPERTY_DECLARED, v1::PROPERTY_SUBMITTED}, std::nullopt, "6.a"},
          {S::kSubmitDeclaration, kD, {v1::PROPERTY_DECLARED}, v1::PROPERTY_SUBMITTED, "6.a"},
          // Until it leaves: a member may leave the family between the certificate and the border (2.2).
          {S::kRefuseExport, kD, {v1::PROPERTY_SUBMITTED, v1::PROPERTY_CERTIFIED}, std::nullopt, "6.a"},
          {S::kCertify, kD, {v1::PROPERTY_SUBMITTED}, v1::PROPERTY_CERTIFIED, "6.a"},
          {S::kRecordExit, kD, {v1::PROPERTY_CERTIFIED}, v1::PROPERTY_FROZEN, "6.a"},
          {S::kRefuseImport, kE, {v1::PROPERTY_FROZEN, v1::PROPERTY_RELEASED}, std::nullopt, "10.1"},
          // Also what was released, if it turns out that the owner had departed (1.2).
          {S::kRecordImport, kE, {v1::PROPERTY_FROZEN, v1::PROPERTY_RELEASED}, v1::PROPERTY_IMPORTED, "10.1"},
          {S::kRelease, kE, {v1::PROPERTY_FROZEN}, v1::PROPERTY_RELEASED, "10.1"},
          // Also years later (6.d), and of what never crosses the border (6.c).
          {S::kRecordTransfer,
           kE,
           {v1::PROPERTY_SUBMITTED, v1::PROPERTY_CERTIFIED, v1::PROPERTY_FROZEN, v1::PROPERTY_IMPORTED,
            v1::PROPERTY_RELEASED},
           std::nullopt,
           "10.2"},
          {S::kWithdraw,
           kD,
           {v1::PROPERTY_DECLARED, v1::PROPERTY_SUBMITTED, v1::PROPERTY_CERTIFIED},
           v1::PROPERTY_WITHDRAWN,
           "6.a"},
      },
      {},
      {v1::PROPERTY_WITHDRAWN},
      Holder,
      Check,
      Fold};
  return *procedure;
}

}  // namespace kelisim::treaty
