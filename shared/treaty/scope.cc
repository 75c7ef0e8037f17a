#include "shared/treaty/scope.h"

#include <algorithm>
#include <string>

#include "absl/strings/str_cat.h"
#include "shared/base/civil.h"
#include "shared/treaty/case_state.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/form.h"
#include "shared/treaty/resettlement.h"

namespace kelisim::treaty {
namespace {

constexpr int kMajority = 18;

bool Lists(const google::protobuf::RepeatedPtrField<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

std::string Name(Claim claim) {
  switch (claim) {
    case Claim::kFree:
      return "free";
    case Claim::kReserved:
      return "reserved";
    case Claim::kClaimed:
      return "claimed";
    case Claim::kConsumed:
      return "consumed";
  }
  return "";
}

std::optional<v1::Violation> ClaimTaken(const v1::Person& person, const std::string& case_id,
                                        const Context& context) {
  if (context.of_counterpart) return std::nullopt;
  const Claim claim = context.registry.ClaimOf(person, case_id);
  if (claim == Claim::kFree) return std::nullopt;
  return Violates("1.2", person.person_id(), Name(claim));
}

// Persons found in the entry state's compulsory service, or family of such a
// serviceman: members among them are left out of the case, not judged by 2.2.
bool IsConscript(const v1::ScopeFinding& finding, const std::string& person_id) {
  return Lists(finding.conscript_person_ids(), person_id);
}

void AddCitizenshipBreaches(const v1::Person& head, const v1::CaseState& state,
                            const v1::ScopeFinding& finding, std::vector<v1::Violation>& breaches) {
  // Citizenship counts on the day of the decision: acquired since the petition
  // it is enough, lost since then it is not.
  if (Lists(finding.citizenship_confirmed_person_ids(), kHead)) return;
  if (head.citizenships().empty()) {
    // 2.1: a citizen of a Party's state; the stateless are not.
    breaches.push_back(Violates("2.1", kHead, "stateless"));
    return;
  }
  // 1.1a, 1.1b: applies to citizens of the state of entry.
  breaches.push_back(Violates(ScopeRule(state.entry_state()), kHead, "citizenship"));
  // 2.1: resettles in the state of own citizenship.
  breaches.push_back(Violates("2.1", kHead, "citizenship"));
}

void AddResidenceBreach(const v1::Person& head, const v1::CaseState& state,
                        std::vector<v1::Violation>& breaches) {
  const std::string& residence = head.permanent_residence();
  if (residence == StateCode(state.departure_state())) return;
  if (residence.empty() || residence == StateCode(state.entry_state())) {
    // 2.1: leaves the state of permanent residence. A visitor has none there.
    breaches.push_back(Violates("2.1", kHead, "permanent_residence"));
  } else {
    // 1.1a, 1.1b: resettlement from one Party's state, not from a third state.
    breaches.push_back(Violates(ScopeRule(state.entry_state()), kHead, "permanent_residence"));
  }
}

}  // namespace

std::vector<v1::Violation> ScopeBreaches(const v1::CaseState& state, const v1::ScopeFinding& finding,
                                         const Context& context) {
  const v1::Petition& petition = state.petition();
  const v1::Person& head = petition.head();
  std::vector<v1::Violation> breaches;
  AddCitizenshipBreaches(head, state, finding, breaches);
  AddResidenceBreach(head, state, breaches);
  // 1.2: the head's own statement; then what the registers know of everybody.
  if (!petition.not_used_before()) breaches.push_back(Violates("1.2", kHead, "statement"));
  for (const v1::Person* person : IncludedPersons(state)) {
    if (IsConscript(finding, person->person_id())) continue;
    if (auto taken = ClaimTaken(*person, state.case_id(), context)) breaches.push_back(*taken);
  }
  // 1.3: compulsion to resettle is inadmissible.
  if (finding.compulsion_found()) breaches.push_back(Violates("1.3", kHead));
  // 2.1: of own free will, stated in the petition and found after an interview.
  if (!petition.of_own_free_will() || !finding.free_will_confirmed()) {
    breaches.push_back(Violates("2.1", kHead, "free_will"));
  }
  // 2.2: who is a family member.
  for (const v1::FamilyMember& member : petition.family()) {
    const std::string& id = member.person().person_id();
    if (!IsIncluded(state, id) || IsConscript(finding, id)) continue;
    if (!IsCovered(member, petition)) breaches.push_back(Violates("2.2", id));
  }
  // 3.zh: compulsory service in the entry state's own forces.
  if (IsConscript(finding, kHead)) breaches.push_back(Violates("3.zh", kHead));
  // 12.2b: who resettles independently is outside the Agreement.
  if (petition.independent()) breaches.push_back(Violates("12.2b", kHead));
  return breaches;
}

std::optional<v1::Violation> ClaimTaken(const v1::CaseState& state, const Context& context) {
  for (const v1::Person* person : IncludedPersons(state)) {
    if (auto taken = ClaimTaken(*person, state.case_id(), context)) return taken;
  }
  return std::nullopt;
}

bool IsCovered(const v1::FamilyMember& member, const v1::Petition& petition) {
  // "Resettling together" binds every category: the Russian text can be read
  // so, and what meets both authentic texts is right in either.
  if (!member.resettles_together()) return false;
  if (member.incapable_dependant()) return true;
  switch (member.relation()) {
    case v1::SPOUSE:
    case v1::PARENT:
      return true;
    case v1::CHILD: {
      const auto birth = DateOf(member.person().birth_date());
      const auto filed = DateOf(petition.filed_on());
      const bool minor = birth && filed && AgeOn(*birth, *filed) < kMajority;
      return minor || member.common_household();
    }
    case v1::OTHER_RELATIVE:
      return member.common_household();
    case v1::NOT_RELATED:
    default:
      return false;
  }
}

namespace {

bool IsSamePerson(const v1::Person& one, const v1::Person& other) {
  if (one.birth_date() == other.birth_date() &&
      one.name().SerializeAsString() == other.name().SerializeAsString()) {
    return true;
  }
  for (const v1::Identifier& identifier : one.identifiers()) {
    for (const v1::Identifier& known : other.identifiers()) {
      if (IdentityOf(identifier) == IdentityOf(known)) return true;
    }
  }
  return false;
}

}  // namespace

v1::Petition WithPersonIds(v1::Petition petition) {
  petition.mutable_head()->set_person_id(kHead);
  for (int i = 0; i < petition.family_size(); ++i) {
    petition.mutable_family(i)->mutable_person()->set_person_id(absl::StrCat("m", i + 1));
  }
  return petition;
}

std::optional<v1::Violation> AdmitFiled(const v1::CaseState& state, const v1::Petition& act,
                                        const Context& context) {
  // The entry state decides who enters its case: it takes the petition.
  if (act.entry_state() != context.author) {
    return Violates("step.turn", "", v1::Party_Name(act.entry_state()));
  }
  // 17.2: nothing rests on the Agreement before its entry into force.
  const auto filed = DateOf(act.filed_on());
  if (filed && *filed < kInForceSince) return Violates("17.2", "", act.filed_on());
  // 1.2: nobody in it has another case or has used the Agreement.
  if (auto violation = ClaimTaken(act.head(), state.case_id(), context)) return violation;
  for (const v1::FamilyMember& member : act.family()) {
    if (auto violation = ClaimTaken(member.person(), state.case_id(), context)) return violation;
  }
  return std::nullopt;
}

std::optional<v1::Violation> AdmitCompleted(const v1::CaseState& state, const v1::Petition& act,
                                            const Context& context) {
  // The direction of a case does not change.
  if (act.entry_state() != state.entry_state()) {
    return Violates("step.ground", "", v1::Party_Name(act.entry_state()));
  }
  // 13.2, 2.2: nor the day of filing, by which its protocol goes and who is a minor.
  if (act.filed_on() != state.petition().filed_on()) return Violates("step.ground", "", "filed_on");
  // Nor does whose case it is: either the identifiers or name and day of birth stay.
  if (!IsSamePerson(act.head(), state.petition().head())) return Violates("step.person", kHead);
  // 13.2: completed by what was missing.
  for (const int paper : state.missing()) {
    const auto& papers = act.papers();
    if (std::find(papers.begin(), papers.end(), paper) == papers.end())
      return Violates("13.2", "", v1::Paper_Name(static_cast<v1::Paper>(paper)));
  }
  return AdmitFiled(state, act, context);
}

std::optional<v1::Violation> AdmitScopeConfirmed(const v1::CaseState& state, const v1::ScopeFinding& act,
                                                 const Context& context) {
  for (const auto* ids : {&act.conscript_person_ids(), &act.citizenship_confirmed_person_ids()}) {
    for (const std::string& id : *ids) {
      if (auto violation = MustBeIncluded(state, id)) return violation;
    }
  }
  const std::vector<v1::Violation> breaches = ScopeBreaches(state, act, context);
  if (breaches.empty()) return std::nullopt;
  return breaches.front();
}

std::optional<v1::Violation> AdmitScopeRefused(const v1::CaseState& state, const v1::ScopeRefusal& act,
                                               const Context& context) {
  for (const v1::Violation& breach : ScopeBreaches(state, act.finding(), context)) {
    if (breach.rule() == act.rule() && breach.person_id() == kHead) return std::nullopt;
  }
  // a4: what the departure state has found in its registers closes the case, too: a petition
  // that it declined cannot be mended, but filed anew. A member alone is taken out of it.
  const bool of_head = state.declined_person().empty() || state.declined_person() == kHead;
  if (!state.declined_under().empty() && act.rule() == state.declined_under() && of_head) return std::nullopt;
  return Violates("step.ground", "", act.rule());
}

void ApplyPetition(v1::CaseState& state, const v1::Petition& act) {
  state.set_entry_state(act.entry_state());
  state.set_departure_state(Other(act.entry_state()));
  state.set_holder(act.entry_state());
  *state.mutable_petition() = act;
  state.clear_missing();
  state.clear_family();
  for (const v1::FamilyMember& member : act.family()) {
    v1::MemberStanding* standing = state.add_family();
    standing->set_person_id(member.person().person_id());
    standing->set_standing(v1::MemberStanding::INCLUDED);
  }
}

void ApplyScopeConfirmed(v1::CaseState& state, const v1::ScopeFinding& act) {
  *state.mutable_scope_finding() = act;
  for (const std::string& id : act.conscript_person_ids()) {
    TakeOut(state, id, v1::MemberStanding::EXCLUDED, "3.zh");
  }
}

}  // namespace kelisim::treaty
