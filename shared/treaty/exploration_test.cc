#include <algorithm>
#include <deque>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "gtest/gtest.h"
#include "shared/treaty/rules.h"
#include "shared/treaty/testing.h"

// Every state that a small case can come into, by every command of both Parties.

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

constexpr ptrdiff_t kMaxNotices = 1;  // and one that takes it back
constexpr size_t kMaxObstacles = 1;

struct World {
  absl::CivilDay today = kToday;
  v1::TreatyState treaty;
  FakeRegistry registry;
  v1::Protocol protocol = SampleProtocol();

  Context At(v1::Party author) const { return {author, today, today, treaty, protocol, protocol, registry}; }
};

// The usual day; a year whose quota is not set; after the validity of any
// document; after the termination.
std::vector<World> Worlds() {
  std::vector<World> worlds(4);
  for (World& world : worlds) world.registry.SetQuota(kRu, 2026, 10);
  worlds[1].registry.quotas.clear();
  worlds[2].today = absl::CivilDay(2028, 1, 1);
  worlds[3].treaty.set_terminates_on("2026-03-02");
  return worlds;
}

std::vector<v1::CaseCommand> Commands(const v1::CaseState& state) {
  std::vector<v1::CaseCommand> commands = {File(SamplePetition(kRu)), ClearAll(state)};
  v1::CaseCommand complete;
  *complete.mutable_complete_petition() = SamplePetition(kRu);
  complete.mutable_complete_petition()->add_papers(v1::PAPER_RESIDENCE_PROOF);
  commands.push_back(complete);
  std::vector<std::string> texts = {
      "return_petition { missing: PAPER_RESIDENCE_PROOF }",
      kConfirmScope,
      "confirm_scope { citizenship_confirmed_person_ids: 'head' }",
      "refuse_scope { rule: '2.1' finding { citizenship_confirmed_person_ids: 'head' } }",
      "refuse_scope { rule: '1.3' }",
      "clear { persons { person_id: 'head' } }",
      "reserve_place {}",
      "opt_out {}",
      kIssue,
      "issue_status { number: '77' }",
      "reissue_document { reason: 'lost' }",
      "record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }",
      "register_residence { registered_on: '2026-03-02' region: 'R1' }",
      "lapse {}",
      "close_by_termination {}",
      "remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-03-01' }",
      "remove_member { person_id: 'm1' reason: NOT_COVERED basis: 'No. 9' }",
      "remove_member { person_id: 'm1' reason: COMPELLED basis: 'No. 9' }",
      "give_notice { kind: WITHDRAWAL stated_on: '2026-03-01' }",
      "give_notice { kind: OBSTACLE rule: '3.b' person_id: 'head' basis: 'B' convicted: true held: true "
      "stated_on: '2026-03-01' }",
      "give_notice { kind: OBSTACLE_ENDED rule: '3.v' person_id: 'head' basis: 'B' stated_on: '2026-03-01' }",
      "give_notice { kind: ANNULMENT rule: '2.1' basis: 'B' stated_on: '2026-03-01' }",
      "suspend { rule: '3.b' person_id: 'head' basis: 'B' convicted: true held: true }",
      "resume { rule: '3.b' person_id: 'head' basis: 'B' }",
      "defer { rule: '3.v' person_id: 'head' basis: 'B' review_on: '2030-01-01' }",
      "defer { rule: '3.g' person_id: 'm1' basis: 'B' review_on: '2030-01-01' }",
      "end_deferral { rule: '3.v' person_id: 'head' basis: 'B' }",
      "end_deferral { rule: '3.g' person_id: 'm1' basis: 'B' fulfilled_in_full: true }",
      "exclude { rule: '3.a' person_id: 'head' basis: 'B' }",
      "exclude { rule: '3.a' person_id: 'm1' basis: 'B' }",
      kWithdraw,
      "annul { rule: '2.1' basis: 'B' }",
  };
  for (int number = 1; number <= 4; ++number) {
    texts.push_back(absl::StrCat("offer { number: ", number, " }"));
    texts.push_back(absl::StrCat("accept { number: ", number, " }"));
    texts.push_back(absl::StrCat("decline { number: ", number, " rule: '13.2' }"));
  }
  for (const v1::PendingNotice& notice : state.notices()) {
    const std::string named = absl::StrCat("resolves_notice: '", notice.entry_id(), "'");
    texts.push_back(
        "give_notice { kind: ANNULMENT_TAKEN_BACK rule: '2.1' basis: 'B' stated_on: '2026-03-01' order: '" +
        notice.entry_id() + "' }");
    texts.push_back("dismiss_notice { basis: 'B' " + named + " }");
    texts.push_back("annul { rule: '2.1' basis: 'B' " + named + " }");
    texts.push_back("withdraw { stated_on: '2026-03-01' " + named + " }");
    texts.push_back("suspend { rule: '3.b' person_id: 'head' basis: 'B' convicted: true held: true " + named +
                    " }");
    texts.push_back("exclude { rule: '3.b' person_id: 'head' basis: 'B' convicted: true held: true " + named +
                    " }");
  }
  for (const std::string& text : texts) commands.push_back(Command(text));
  return commands;
}

std::string ActionOf(const v1::CaseCommand& command) {
  const google::protobuf::OneofDescriptor* oneof = v1::CaseCommand::descriptor()->oneof_decl(0);
  return v1::CaseCommand::GetReflection()->GetOneofFieldDescriptor(command, oneof)->name();
}

class ExplorationTest : public ::testing::Test {
 protected:
  // One state, whenever its steps were taken.
  static std::string Key(v1::CaseState state) {
    state.clear_head_entry_id();
    state.clear_waiting_since_us();
    state.clear_queued_at();
    state.clear_place_at();
    state.clear_answer_due();
    if (state.has_document()) state.mutable_document()->clear_valid_until();
    if (state.has_document()) state.mutable_document()->clear_issued_on();
    return state.SerializeAsString() + (state.offered_hand_off() > 0 ? "!" : "");
  }

  // The state after acts that Judge made, each admitted where it stands.
  static v1::CaseState Follow(v1::CaseState state, const std::vector<v1::CaseAct>& acts, const World& world,
                              v1::Party author) {
    for (const v1::CaseAct& act : acts) {
      const auto violation = Admit(state, act, world.At(author));
      EXPECT_FALSE(violation.has_value()) << violation->rule();
      // An entry id says what the notice is, so that the same notice is one state.
      const std::string entry_id =
          act.has_notice_given()
              ? absl::StrCat(static_cast<int>(act.notice_given().kind()), "-", static_cast<int>(author))
              : "e";
      state = Apply(std::move(state), act, {author, "2026-03-02", entry_id, 1});
    }
    return state;
  }

  static void CheckState(const v1::CaseState& state) {
    ASSERT_TRUE(state.holder() == kKz || state.holder() == kRu);
    ASSERT_NE(state.status(), v1::CASE_STATUS_UNSPECIFIED);
    ASSERT_EQ(state.status() == v1::SUSPENDED, state.suspended_from() != v1::CASE_STATUS_UNSPECIFIED);
    ASSERT_EQ(state.status() == v1::SUSPENDED || state.status() == v1::DEFERRED, !state.obstacles().empty());
    const Effects effects = EffectsOf(state, kRu);
    ASSERT_FALSE(effects.reserved > 0 && effects.used > 0);
    ASSERT_EQ(effects.year == 0, effects.reserved + effects.used == 0);
    ASSERT_TRUE(
        !state.crossed_on().empty() ||
        (state.status() != v1::DEPARTED && state.status() != v1::ARRIVED && state.status() != v1::COMPLETED));
    if (!state.crossed_on().empty()) {
      // A claim comes free only where no benefit was used, or under compulsion.
      ASSERT_TRUE(effects.claim == Claim::kConsumed || state.closing_rule() == "1.3");
    } else if (!IsClosed(state.status())) {
      ASSERT_NE(effects.claim, Claim::kFree);
    }
    ASSERT_TRUE(!IsClosed(state.status()) || (state.notices().empty() && state.offered_hand_off() == 0));
    for (const v1::PendingNotice& one : state.notices()) {
      if (one.notice().kind() != v1::Notice::ANNULMENT_TAKEN_BACK) continue;
      const bool stands =
          std::any_of(state.notices().begin(), state.notices().end(),
                      [&](const v1::PendingNotice& o) { return o.entry_id() == one.notice().order(); });
      ASSERT_TRUE(stands) << state.ShortDebugString();
    }
  }
};

TEST_F(ExplorationTest, EveryReachableStateKeepsTheRules) {
  const std::vector<World> worlds = Worlds();
  std::set<std::string> seen;
  std::set<v1::CaseStatus> statuses;
  std::set<std::string> produced;  // every act that Judge made anywhere
  bool known_late = false;         // a departure, after the end
  std::deque<v1::CaseState> open;
  v1::CaseState fresh;
  fresh.set_case_id(kCaseId);
  open.push_back(fresh);
  std::vector<v1::CaseState> sample;  // states at which foreign acts are tried

  while (!open.empty()) {
    const v1::CaseState state = std::move(open.front());
    open.pop_front();
    if (seen.size() % 37 == 0) sample.push_back(state);
    bool moves = IsClosed(state.status());
    const std::vector<v1::CaseCommand> commands = Commands(state);
    for (const World& world : worlds) {
      std::set<std::pair<std::string, v1::Party>> allowed;
      for (const v1::AllowedAction& action : AllowedActions(state, world.At(kKz))) {
        ASSERT_NE(FindRule(action.rule()), nullptr) << action.rule();
        allowed.emplace(action.action(), action.by());
      }
      for (const v1::CaseCommand& command : commands) {
        for (const v1::Party author : {kKz, kRu}) {
          const CaseVerdict verdict = Judge(state, command, world.At(author));
          if (const auto* violation = std::get_if<v1::Violation>(&verdict)) {
            ASSERT_NE(FindRule(violation->rule()), nullptr) << violation->rule();
            continue;
          }
          // 1.2: a departure before the end, and nothing else, is recorded after it.
          ASSERT_TRUE(!IsClosed(state.status()) || command.has_record_exit()) << command.ShortDebugString();
          ASSERT_EQ(allowed.count({ActionOf(command), author}), 1u)
              << v1::CaseStatus_Name(state.status()) << " " << command.ShortDebugString();
          const auto& acts = std::get<std::vector<v1::CaseAct>>(verdict);
          // Nobody but the holder moves a case; but who has offered it for clearance closes it with
          // the Agreement (17.4).
          if (state.status() != v1::CASE_STATUS_UNSPECIFIED && !IsOutsideChain(acts.front())) {
            const bool own_offer = state.offered_hand_off() == 1 && author == state.entry_state();
            ASSERT_TRUE(author == state.holder() || (own_offer && command.has_close_by_termination()))
                << command.ShortDebugString();
            moves |= author == state.holder();
          }
          for (const v1::CaseAct& act : acts) produced.insert(act.SerializeAsString());
          const v1::CaseState next = Follow(state, acts, world, author);
          if (IsClosed(state.status())) {
            known_late = true;
            ASSERT_EQ(next.status(), state.status());
          }
          ASSERT_NO_FATAL_FAILURE(CheckState(next)) << command.ShortDebugString();
          const auto& notices = next.notices();
          const auto told = std::count_if(notices.begin(), notices.end(), [](const v1::PendingNotice& one) {
            return one.notice().kind() != v1::Notice::ANNULMENT_TAKEN_BACK;
          });
          if (told > kMaxNotices) continue;
          if (static_cast<size_t>(next.obstacles_size()) > kMaxObstacles) continue;
          statuses.insert(next.status());
          if (seen.insert(Key(next)).second) open.push_back(next);
        }
      }
    }
    // No dead end: the holder of an open case can always do something.
    ASSERT_TRUE(moves || state.status() == v1::CASE_STATUS_UNSPECIFIED) << state.ShortDebugString();
  }

  for (int status = v1::SUBMITTED; v1::CaseStatus_IsValid(status); ++status) {
    EXPECT_EQ(statuses.count(static_cast<v1::CaseStatus>(status)), 1u)
        << v1::CaseStatus_Name(static_cast<v1::CaseStatus>(status)) << " is never reached";
  }
  EXPECT_TRUE(known_late);
  RecordProperty("states", static_cast<int>(seen.size()));
  EXPECT_GT(seen.size(), 100u);

  // Acts made anywhere are admitted elsewhere only if Judge makes them there
  // too. Apart: a queue that the quota does not ask for, and a holder's notice.
  for (const v1::CaseState& state : sample) {
    const World& world = worlds.front();
    for (const v1::Party author : {kKz, kRu}) {
      std::set<std::string> here;
      for (const v1::CaseCommand& command : Commands(state)) {
        const CaseVerdict verdict = Judge(state, command, world.At(author));
        if (const auto* acts = std::get_if<std::vector<v1::CaseAct>>(&verdict)) {
          here.insert(acts->front().SerializeAsString());
        }
      }
      for (const std::string& bytes : produced) {
        v1::CaseAct act;
        ASSERT_TRUE(act.ParseFromString(bytes));
        if (act.has_waitlisted() || act.has_notice_given()) continue;
        if (state.status() == v1::CASE_STATUS_UNSPECIFIED && act.has_offered()) continue;
        ASSERT_EQ(!Admit(state, act, world.At(author)).has_value(), here.count(bytes) == 1)
            << v1::CaseStatus_Name(state.status()) << " " << act.ShortDebugString();
      }
    }
  }
}

}  // namespace
}  // namespace kelisim::treaty
