#ifndef KELISIM_SHARED_TREATY_MATTER_TESTING_H_
#define KELISIM_SHARED_TREATY_MATTER_TESTING_H_

#include <map>
#include <set>
#include <string>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "gtest/gtest.h"
#include "shared/treaty/form.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/testing.h"

// For the tests of matters: both Parties' copies of one matter, and what each does with
// it. The case "c1", of a family of three who resettle from Kazakhstan to Russia, is known to
// both; their departure is being prepared.

namespace kelisim::treaty::testing {

// How a case ends, and the rule under which the Agreement gives its persons nothing more.
struct End {
  v1::CaseStatus status;
  const char* closing_rule;
  const char* rule;
};
inline constexpr End kEnds[] = {{v1::INDEPENDENT, "12.2a", "12.2b"},
                                {v1::REFUSED_SCOPE, "2.1", "2.1"},
                                {v1::REFUSED_SCOPE, "12.2b", "12.2b"},
                                {v1::EXCLUDED, "3.e", "3.e"},
                                {v1::WITHDRAWN, "", "4.1"},
                                {v1::WITHDRAWN, "2.1", "2.1"},
                                {v1::ANNULLED, "1.3", "1.3"},
                                {v1::ANNULLED, "3.b", "3.b"},
                                {v1::LAPSED, "13.2", "13.2"},
                                {v1::CLOSED_TERM, "17.4", "17.4"}};

class MatterDesk {
 public:
  // `kind`: field of MatterStep, such as "dispute".
  MatterDesk(std::string kind, v1::Party opener) : kind_(std::move(kind)), opener_(opener) {
    v1::CaseState& of = registry.cases["c1"];
    of.set_entry_state(kRu);
    of.set_departure_state(kKz);
    of.set_status(v1::PREPARING);
    of.set_holder(kKz);
    of.set_hand_offs_done(3);
    of.mutable_document()->set_number("77");
    for (const char* member : {"m1", "m2"}) {
      v1::MemberStanding* standing = of.add_family();
      standing->set_person_id(member);
      standing->set_standing(v1::MemberStanding::INCLUDED);
    }
    for (const v1::Party party : {kKz, kRu}) copies_[party].set_id("m");
  }

  FakeRegistry registry;
  v1::TreatyState treaty;
  v1::Protocol protocol = SampleProtocol();
  absl::CivilDay today = kToday;

  v1::Party opener() const { return opener_; }
  v1::Party other() const { return Other(opener_); }
  const v1::MatterState& copy(v1::Party party) const { return copies_.at(party); }
  const v1::MatterState& state() const { return copies_.at(opener_); }
  std::string Status() const { return v1::MatterStatus_Name(state().status()); }

  Context At(v1::Party author, bool of_counterpart = false) const {
    return {author, today, happened_on.value_or(today), treaty, protocol, protocol, registry, of_counterpart};
  }
  std::optional<absl::CivilDay> happened_on;

  v1::MatterStep Step(const std::string& text) const {
    return Text<v1::MatterStep>(absl::StrCat(kind_, " { ", text, " }"));
  }

  // "" when done; else the rule broken, or "form: <field>". What one may do, the other
  // admits, and both copies are equal after it.
  std::string Do(v1::Party author, const std::string& text) { return Do(author, Step(text)); }
  std::string Do(v1::Party author, const v1::MatterStep& command) {
    for (const FieldProblem& problem : CheckForm(command, today)) return "form: " + problem.field;
    v1::MatterState& mine = copies_[author];
    const MatterVerdict verdict = Judge(mine, command, At(author));
    if (const auto* broken = std::get_if<v1::Violation>(&verdict)) {
      violation = *broken;
      return broken->rule();
    }
    for (const v1::MatterStep& step : std::get<std::vector<v1::MatterStep>>(verdict)) Record(author, step);
    return "";
  }
  void Record(v1::Party author, const v1::MatterStep& step) {
    const Recorded recorded{
        author,           FormatDate(happened_on.value_or(today)), absl::StrCat("entry-", ++number_), 1, 0,
        FormatDate(today)};
    v1::MatterState& mine = copies_[author];
    v1::MatterState& theirs = copies_[Other(author)];
    const bool addressed = IsAddressed(mine, step);
    if (addressed) {
      const auto refusal = Admit(theirs, step, At(author, /*of_counterpart=*/true));
      EXPECT_FALSE(refusal) << refusal->ShortDebugString();
      theirs = Apply(theirs, step, recorded);
    }
    mine = Apply(mine, step, recorded);
    if (addressed) {
      EXPECT_EQ(mine.SerializeAsString(), theirs.SerializeAsString());
    } else {
      EXPECT_EQ(theirs.status(), v1::MATTER_STATUS_UNSPECIFIED);
    }
  }

  // The rule by which the other Party refuses what `author` may have done before it heard of
  // what was done here; "" when it admits it.
  std::string Refuses(v1::Party author, const v1::MatterState& state, const std::string& text) const {
    const auto refusal = Admit(state, Step(text), At(author, /*of_counterpart=*/true));
    return refusal ? refusal->rule() : "";
  }

  // The latest rule broken.
  v1::Violation violation;

 private:
  const std::string kind_;
  const v1::Party opener_;
  std::map<v1::Party, v1::MatterState> copies_;
  int number_ = 0;
};

inline std::string ActionsOf(const v1::MatterState& state, v1::Party party, const MatterDesk& desk) {
  std::set<std::string> names;
  for (const v1::AllowedAction& action : AllowedActions(state, desk.At(party))) {
    if (action.by() == party) names.insert(action.action());
  }
  return absl::StrJoin(names, " ");
}

// Every status of a kind: what its opener may do, and what the other Party. What is not
// in the table is refused in that status, whatever it says: exhaustively.
using ActionTable = std::map<v1::MatterStatus, std::pair<std::string, std::string>>;
inline void ExpectActions(const std::string& kind, v1::Party opener, const ActionTable& table,
                          const v1::MatterState& sample) {
  const MatterDesk desk(kind, opener);
  const auto* field = v1::MatterStep::descriptor()->FindFieldByName(kind);
  for (const auto& [status, expected] : table) {
    v1::MatterState state = sample;
    state.set_status(status);
    state.set_opened_by(opener);
    for (const v1::Party party : {opener, Other(opener)}) {
      const std::string allowed = ActionsOf(state, party, desk);
      EXPECT_EQ(allowed, party == opener ? expected.first : expected.second)
          << v1::MatterStatus_Name(status) << " " << v1::Party_Name(party);
      for (int i = 0; i < field->message_type()->field_count(); ++i) {
        const auto* step_field = field->message_type()->field(i);
        if (absl::StrCat(" ", allowed, " ").find(absl::StrCat(" ", step_field->name(), " ")) !=
            std::string::npos)
          continue;
        v1::MatterStep step;
        auto* inner = step.GetReflection()->MutableMessage(&step, field);
        inner->GetReflection()->MutableMessage(inner, step_field);
        const auto verdict = Judge(state, step, desk.At(party));
        EXPECT_TRUE(std::holds_alternative<v1::Violation>(verdict))
            << v1::MatterStatus_Name(status) << " " << step_field->name();
      }
    }
  }
}

}  // namespace kelisim::treaty::testing

#endif  // KELISIM_SHARED_TREATY_MATTER_TESTING_H_
