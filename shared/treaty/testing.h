#ifndef KELISIM_SHARED_TREATY_TESTING_H_
#define KELISIM_SHARED_TREATY_TESTING_H_

#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/civil_time.h"
#include "google/protobuf/text_format.h"
#include "shared/base/civil.h"
#include "shared/treaty/form.h"
#include "shared/treaty/quota.h"
#include "shared/treaty/resettlement.h"

// For tests of this and other modules: a registry held in memory, a sample
// petition, and a desk at which both Parties work on one case. All persons are
// invented.

namespace kelisim::treaty::testing {

inline constexpr v1::Party kKz = v1::PARTY_KZ;
inline constexpr v1::Party kRu = v1::PARTY_RU;
inline constexpr absl::CivilDay kToday(2026, 3, 2);
inline constexpr char kCaseId[] = "case-1";

// A message from its text form; a wrong text is a wrong test.
template <typename Message>
Message Text(const std::string& text) {
  Message message;
  if (!google::protobuf::TextFormat::ParseFromString(text, &message)) std::abort();
  return message;
}
inline v1::CaseCommand Command(const std::string& text) { return Text<v1::CaseCommand>(text); }

class FakeRegistry final : public Registry {
 public:
  // What other cases hold, by identifier number.
  std::map<std::string, Claim> claims;
  std::map<std::pair<v1::Party, int>, v1::QuotaState> quotas;
  std::vector<Queued> waiting;
  std::vector<v1::CaseState> reserved;
  std::map<std::string, v1::CaseState> cases;
  std::set<std::string> issued;  // numbers of documents, in other cases

  void SetQuota(v1::Party entry_state, int year, uint32_t limit) {
    v1::QuotaAct act;
    act.mutable_quota_set()->set_year(year);
    act.mutable_quota_set()->set_limit(limit);
    quotas[{entry_state, year}] = Apply(Quota(entry_state, year), act, entry_state);
  }

  // What another case holds, as one of the Parties has it.
  void Hold(const Effects& effects) {
    for (const v1::Person* person : effects.persons) {
      for (const v1::Identifier& identifier : person->identifiers()) {
        Claim& claim = claims[identifier.number()];
        claim = std::max(claim, effects.claim);
      }
    }
  }

  // Counts what a case has taken or given back.
  void Move(v1::Party entry_state, const Effects& before, const Effects& after) {
    Add(entry_state, before, -1);
    Add(entry_state, after, +1);
  }

  Claim ClaimOf(const v1::Person& person, const std::string& /*case_id*/) const override {
    Claim strongest = Claim::kFree;
    for (const v1::Identifier& identifier : person.identifiers()) {
      const auto it = claims.find(identifier.number());
      if (it != claims.end()) strongest = std::max(strongest, it->second);
    }
    return strongest;
  }
  v1::QuotaState Quota(v1::Party entry_state, int year) const override {
    const auto it = quotas.find({entry_state, year});
    if (it != quotas.end()) return it->second;
    v1::QuotaState unset;
    unset.set_entry_state(entry_state);
    unset.set_year(year);
    unset.set_status(v1::UNSET);
    return unset;
  }
  std::vector<Queued> WaitingList(v1::Party /*entry_state*/) const override { return waiting; }
  std::vector<v1::CaseState> Reserved(v1::Party /*entry_state*/, int year) const override {
    std::vector<v1::CaseState> found;
    for (const v1::CaseState& state : reserved) {
      if (state.place().year() == year) found.push_back(state);
    }
    return found;
  }
  bool IsIssued(v1::Party /*entry_state*/, const std::string& number,
                const std::string& /*case_id*/) const override {
    return issued.contains(number);
  }
  std::optional<v1::CaseState> Case(const std::string& case_id) const override {
    const auto it = cases.find(case_id);
    if (it == cases.end()) return std::nullopt;
    return it->second;
  }

 private:
  void Add(v1::Party entry_state, const Effects& effects, int sign) {
    if (effects.year == 0) return;
    quotas[{entry_state, effects.year}] =
        Count(Quota(entry_state, effects.year), sign * static_cast<int64_t>(effects.reserved),
              sign * static_cast<int64_t>(effects.used));
  }
};

inline v1::Protocol SampleProtocol() {
  return Text<v1::Protocol>(
      "version: '2026-1' quota_unit: PERSON answer_days: 20 status_validity_months: 12 status_form_version: "
      "'F1' dispute_answer_days: 30 dispute_consultation_days: 60 matter_answer_working_days: 10 "
      "clearance_working_days: 20 "
      "holidays_ru: "
      "'2026-03-09'");
}

inline std::string CodeOf(v1::Party party) { return party == kKz ? "KAZ" : "RUS"; }

// Who a test calls `number` has this number in the documents too.
inline v1::Person SamplePerson(v1::Party entry, const std::string& number, const std::string& birth_date) {
  v1::Person person;
  person.mutable_name()->set_surname("Образцов");
  person.mutable_name()->set_given_name("Үлгі");
  person.set_birth_date(birth_date);
  person.add_citizenships(CodeOf(entry));
  person.set_permanent_residence(CodeOf(Other(entry)));
  v1::Identifier* passport = person.add_identifiers();
  passport->set_kind(v1::Identifier::PASSPORT);
  passport->set_issuing_state(CodeOf(entry));
  passport->set_number(number);
  return person;
}

inline v1::FamilyMember SampleMember(v1::Party entry, const std::string& number, v1::Relation relation,
                                     const std::string& birth_date) {
  v1::FamilyMember member;
  *member.mutable_person() = SamplePerson(entry, number, birth_date);
  member.set_relation(relation);
  member.set_resettles_together(true);
  return member;
}

// A head (passport 1) and a spouse (passport 2) who resettle to `entry`.
inline v1::Petition SamplePetition(v1::Party entry) {
  v1::Petition petition;
  petition.set_entry_state(entry);
  petition.set_filed_on("2026-02-20");
  *petition.mutable_head() = SamplePerson(entry, "1", "1980-05-17");
  *petition.add_family() = SampleMember(entry, "2", v1::SPOUSE, "1982-01-09");
  petition.set_of_own_free_will(true);
  petition.set_not_used_before(true);
  return petition;
}

inline v1::CaseCommand File(const v1::Petition& petition) {
  v1::CaseCommand command;
  *command.mutable_file_petition() = petition;
  return command;
}

inline v1::CaseCommand ClearAll(const v1::CaseState& state) {
  v1::CaseCommand command;
  for (const v1::Person* person : IncludedPersons(state)) {
    *command.mutable_clear()->add_persons() = Text<v1::PersonClearance>(absl::StrCat(
        "person_id: '", person->person_id(),
        "' permanent_residence_confirmed: true not_refugee: true not_imprisoned_convict: true "
        "no_security_bar: true "
        "no_postponement: true not_temporary_stay: true not_migrant_worker: true not_conscript: true"));
  }
  return command;
}

// What 3.b asks to be said of a person; nothing under another rule.
inline std::string OfConvict(const std::string& rule) {
  return rule == "3.b" ? " convicted: true held: true" : "";
}

inline constexpr char kConfirmScope[] =
    "confirm_scope { free_will_confirmed: true citizenship_confirmed_person_ids: 'head' }";
inline constexpr char kIssue[] =
    "issue_status { number: '77' citizenship_confirmed: true no_obstacle_known: true }";
inline constexpr char kWithdraw[] = "withdraw { stated_on: '2026-03-01' }";

// Both Parties at work on one case. Every act goes to the other Party's copy as
// soon as it is addressed to it, and is admitted there by the same rules.
class Desk {
 public:
  explicit Desk(v1::Party entry = kRu) : entry_(entry) {
    for (const v1::Party party : {kKz, kRu}) copies_[party].set_case_id(kCaseId);
    registry.SetQuota(entry, static_cast<int>(today.year()), 10);
    petition = SamplePetition(entry);
  }

  FakeRegistry registry;
  v1::TreatyState treaty;
  v1::Protocol protocol = SampleProtocol();
  v1::Petition petition;
  absl::CivilDay today = kToday;

  v1::Party entry() const { return entry_; }
  v1::Party departure() const { return Other(entry_); }
  // The copy of the state of entry, which knows everything.
  const v1::CaseState& state() const { return copies_.at(entry_); }
  const v1::CaseState& copy(v1::Party party) const { return copies_.at(party); }
  // When what is done happens; `today` if not set.
  std::optional<absl::CivilDay> happened_on;
  Context At(v1::Party author) const {
    return {author, today, happened_on.value_or(today), treaty, protocol, protocol, registry, false};
  }
  // The same act, judged by the other Party when it arrives there.
  Context OnArrival(v1::Party author) const {
    Context context = At(author);
    context.of_counterpart = true;
    return context;
  }
  std::string LastEntry() const { return absl::StrCat("e", entries_); }

  // "" when done; else the rule broken, "form: <field>", or what is wrong with
  // the other Party's copy.
  std::string Do(v1::Party author, const v1::CaseCommand& command) {
    for (const FieldProblem& problem : CheckForm(command, today))
      return absl::StrCat("form: ", problem.field);
    CaseVerdict verdict = Judge(copies_[author], command, At(author));
    if (auto* broken = std::get_if<v1::Violation>(&verdict)) {
      violation = *broken;
      return broken->rule();
    }
    for (const v1::CaseAct& act : std::get<std::vector<v1::CaseAct>>(verdict)) {
      if (std::string trouble = Record(author, act); !trouble.empty()) return trouble;
    }
    return "";
  }
  std::string Do(v1::Party author, const std::string& command) { return Do(author, Command(command)); }
  std::string E(const std::string& command) { return Do(entry(), command); }
  std::string D(const std::string& command) { return Do(departure(), command); }

  std::string Record(v1::Party author, const v1::CaseAct& act) {
    const bool addressed = IsAddressed(copies_[author], act);
    const int64_t number = ++entries_;
    const Recorded recorded = {author, FormatDate(happened_on.value_or(today)), absl::StrCat("e", number),
                               number, static_cast<uint64_t>(number),           FormatDate(today)};
    const v1::Party other = Other(author);
    if (addressed) {
      if (auto broken = Admit(copies_[other], act, OnArrival(author)))
        return absl::StrCat("copy: ", broken->rule());
      copies_[other] = Apply(copies_[other], act, recorded);
    }
    const Effects before = EffectsOf(copies_[entry_], entry_);
    copies_[author] = Apply(copies_[author], act, recorded);
    registry.Move(entry_, before, EffectsOf(copies_[entry_], entry_));
    if (addressed && copies_[other].SerializeAsString() != copies_[author].SerializeAsString())
      return "copies differ";
    return "";
  }

  // Walks the normal course until `status` is reached; "" when it was.
  std::string Reach(v1::CaseStatus status) {
    while (state().status() != status) {
      const std::string trouble = Next();
      if (!trouble.empty()) return absl::StrCat(v1::CaseStatus_Name(state().status()), ": ", trouble);
    }
    return "";
  }

  // One step of the normal course.
  std::string Next() {
    switch (state().status()) {
      case v1::CASE_STATUS_UNSPECIFIED:
        return Do(entry(), File(petition));
      case v1::SUBMITTED:
        return E(kConfirmScope);
      case v1::SCOPE_OK:
        return HandOver(1);
      case v1::AWAIT_CLEARANCE:
        return Do(departure(), ClearAll(state()));
      case v1::CLEARED:
        return HandOver(2);
      case v1::QUOTA_RESERVED:
        return E(kIssue);
      case v1::STATUS_ISSUED:
        return HandOver(3);
      case v1::PREPARING:
        return D("record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }");
      case v1::DEPARTED:
        return HandOver(4);
      case v1::ARRIVED:
        return E("register_residence { registered_on: '2026-03-02' region: 'R1' }");
      default:
        return "no next step";
    }
  }

  // The latest rule broken.
  v1::Violation violation;

 private:
  std::string HandOver(int number) {
    if (state().offered_hand_off() == 0)
      return Do(state().holder(), absl::StrCat("offer { number: ", number, " }"));
    return Do(state().holder(), absl::StrCat("accept { number: ", number, " }"));
  }

  v1::Party entry_;
  std::map<v1::Party, v1::CaseState> copies_;
  int64_t entries_ = 0;
};

}  // namespace kelisim::treaty::testing

#endif  // KELISIM_SHARED_TREATY_TESTING_H_
