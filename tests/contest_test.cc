// Many at once want what there is only once: the last places of a quota, and the one
// time that each person has.

#include <gtest/gtest.h>

#include <algorithm>
#include <barrier>
#include <map>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "shared/node/input_queue.h"
#include "shared/testing/officer.h"
#include "shared/testing/pair.h"
#include "shared/treaty/verdict.h"

namespace kelisim::testing {
namespace {

using authority::Input;
using authority::OfficerCall;
using authority::Reply;

const absl::Time kNow = absl::FromUnixSeconds(1'772'452'800);  // 2 March 2026
constexpr char kToday[] = "2026-03-02";

std::string RequestId() {
  static uint64_t last = 0;
  return absl::StrFormat("00000000-0000-4000-8000-%012x", ++last);
}

template <typename Request>
Input CallOf(uint64_t token, Request request) {
  request.set_request_id(RequestId());
  return OfficerCall{token, "spiffe://test/officer", Sha256(request.request_id()), std::move(request)};
}
v1::SubmitCaseCommandRequest Filing(v1::Party entry_state, int person) {
  v1::SubmitCaseCommandRequest request;
  *request.mutable_command()->mutable_file_petition() = PetitionOf(entry_state, person, {}, kToday);
  return request;
}

class Contest {
 public:
  // What became of `action` on each of `cases`, by the authority of `party`, as one turn:
  // "" or the rule in the way.
  std::vector<std::string> All(v1::Party party, const std::string& action,
                               const std::vector<std::string>& cases) {
    std::vector<Input> inputs;
    for (size_t i = 0; i < cases.size(); ++i) inputs.push_back(CommandOn(party, action, cases[i], i));
    std::vector<std::string> rules(cases.size());
    std::vector<Reply> replies = pair.Turn(party, std::move(inputs));
    for (Reply& late : pair.Exchange()) replies.push_back(std::move(late));
    EXPECT_EQ(replies.size(), cases.size()) << action;
    for (const Reply& reply : replies) rules[reply.token] = RuleOf(reply);
    return rules;
  }
  // Of Russia's quota for 2026.
  void SetLimit(uint32_t places) {
    v1::SubmitQuotaCommandRequest quota;
    const bool first = Quota(v1::PARTY_RU).status() == v1::UNSET;
    v1::QuotaLimit& set = first ? *quota.mutable_command()->mutable_set_quota()
                                : *quota.mutable_command()->mutable_adjust_quota();
    set.set_year(2026);
    set.set_limit(places);
    set.set_legal_act("91");
    EXPECT_EQ(RuleOf(pair.Turn(v1::PARTY_RU, {CallOf(0, quota)}).at(0)), "");
    pair.Exchange();
  }
  // From the petition to a place in the quota of Russia, all side by side.
  void WalkToPlaces(const std::vector<std::string>& cases) {
    const std::pair<v1::Party, const char*> way[] = {
        {v1::PARTY_RU, "confirm_scope"}, {v1::PARTY_RU, "offer"}, {v1::PARTY_KZ, "accept"},
        {v1::PARTY_KZ, "clear"},         {v1::PARTY_KZ, "offer"}, {v1::PARTY_RU, "accept"}};
    for (const auto& [party, action] : way) {
      for (const std::string& rule : All(party, action, cases)) ASSERT_EQ(rule, "") << action;
    }
  }
  Input CommandOn(v1::Party party, const std::string& action, const std::string& name, uint64_t token) {
    const v1::CaseState state = StateOf(party, name);
    v1::SubmitCaseCommandRequest request;
    request.set_name(name);
    // In the status that the table of steps asks for.
    const auto command = PlausibleCommand(action, state, kToday, random);
    if (command) *request.mutable_command() = *command;
    return CallOf(token, std::move(request));
  }
  v1::CaseState StateOf(v1::Party party, const std::string& name) {
    const auto found = pair.of(party).reader->GetCase(name, kNow);
    return found.ok() ? found->state() : v1::CaseState();
  }
  v1::QuotaState Quota(v1::Party party) { return *pair.of(party).reader->GetQuota("quotas/ru/2026"); }
  static std::string RuleOf(const Reply& reply) {
    if (reply.answer.status.ok()) return "";
    const std::string& rule = reply.answer.violation.rule();
    return rule.empty() ? reply.answer.status.ToString() : rule;
  }
  static std::string NameIn(const Reply& reply) {
    v1::SubmitCaseCommandResponse response;
    EXPECT_TRUE(response.ParseFromString(reply.answer.response));
    return response.name();
  }

  Pair pair{kNow};
  SeededRandom random{1};
};

// Rule 12.1: who reserved last gives back first when the quota is lowered, whatever the
// clocks say (here they stand still), and a family does not lose its turn with a member
// who leaves it.
TEST(Contest, PlacesAreGivenBackInTheReverseOrderOfTheLedger) {
  Contest contest;
  contest.SetLimit(20);
  std::vector<std::string> cases;
  for (int family = 0; family < 5; ++family) {
    v1::SubmitCaseCommandRequest filing;
    *filing.mutable_command()->mutable_file_petition() =
        PetitionOf(v1::PARTY_RU, 2 * family, {2 * family + 1}, kToday);
    cases.push_back(Contest::NameIn(contest.pair.Turn(v1::PARTY_RU, {CallOf(0, filing)}).at(0)));
  }
  contest.WalkToPlaces(cases);
  v1::SubmitCaseCommandRequest leaves;
  leaves.set_name(cases[0]);
  leaves.mutable_command()->mutable_remove_member()->set_person_id("m1");
  leaves.mutable_command()->mutable_remove_member()->set_reason(v1::MemberDeparture::OWN_WILL);
  leaves.mutable_command()->mutable_remove_member()->set_stated_on(kToday);
  ASSERT_EQ(Contest::RuleOf(contest.pair.Turn(v1::PARTY_RU, {CallOf(0, leaves)}).at(0)), "");
  contest.pair.Exchange();
  for (size_t last = cases.size() - 1; last > 0; --last) {
    contest.SetLimit(contest.Quota(v1::PARTY_RU).reserved() - 1);
    for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
      EXPECT_EQ(contest.StateOf(party, cases[last]).status(), v1::WAITLISTED) << last;
      EXPECT_EQ(contest.StateOf(party, cases[last - 1]).status(), v1::QUOTA_RESERVED) << last;
    }
  }
}

// Rule 4.1: two officers write the same number on two documents at once: one is issued. The
// number stays that document's when the status is annulled.
TEST(Contest, ANumberIsOnOneDocument) {
  Contest contest;
  contest.SetLimit(5);
  std::vector<std::string> cases;
  for (int person = 0; person < 3; ++person) {
    cases.push_back(
        Contest::NameIn(contest.pair.Turn(v1::PARTY_RU, {CallOf(0, Filing(v1::PARTY_RU, person))}).at(0)));
  }
  contest.WalkToPlaces(cases);
  const auto issue = [&](const std::string& name) {
    v1::SubmitCaseCommandRequest request;
    request.set_name(name);
    v1::StatusDocument& document = *request.mutable_command()->mutable_issue_status();
    document.set_number("1998");
    document.set_citizenship_confirmed(true);
    document.set_no_obstacle_known(true);
    return CallOf(0, std::move(request));
  };
  std::vector<Reply> replies = contest.pair.Turn(v1::PARTY_RU, {issue(cases[0]), issue(cases[1])});
  for (Reply& late : contest.pair.Exchange()) replies.push_back(std::move(late));
  std::vector<std::string> rules;
  for (const Reply& reply : replies) rules.push_back(Contest::RuleOf(reply));
  std::sort(rules.begin(), rules.end());
  EXPECT_EQ(rules, (std::vector<std::string>{"", "4.1"}));
  v1::SubmitCaseCommandRequest annulment;
  annulment.set_name(cases[0]);
  annulment.mutable_command()->mutable_annul()->set_rule("2.1");
  annulment.mutable_command()->mutable_annul()->set_basis("No. 1");
  ASSERT_EQ(Contest::RuleOf(contest.pair.Turn(v1::PARTY_RU, {CallOf(0, annulment)}).at(0)), "");
  contest.pair.Exchange();
  EXPECT_EQ(Contest::RuleOf(contest.pair.Turn(v1::PARTY_RU, {issue(cases[2])}).at(0)), "4.1");
}

// Rule 12.1: sixteen clients, each on a thread of its own, want the last five places,
// 1,000 times.
TEST(Contest, TheLastPlacesOfAQuotaAreGivenOnceEach) {
  constexpr int kClients = 16;
  constexpr int kPlaces = 5;
  constexpr int kRounds = 1000;
  // Each stint has ledgers of its own, so that memory stays small.
  constexpr int kRoundsOfAStint = 50;
  uint64_t granted = 0;
  std::map<int, int> wins;  // by client
  for (int stint = 0; stint < kRounds / kRoundsOfAStint; ++stint) {
    Contest contest;
    int person = 0;
    uint32_t limit = 0;
    for (int round = 0; round < kRoundsOfAStint; ++round) {
      std::vector<Input> filings;
      for (int i = 0; i < kClients; ++i) {
        filings.push_back(CallOf(static_cast<uint64_t>(i), Filing(v1::PARTY_RU, person++)));
      }
      std::vector<std::string> cases(kClients);
      for (const Reply& reply : contest.pair.Turn(v1::PARTY_RU, std::move(filings))) {
        ASSERT_TRUE(reply.answer.status.ok()) << reply.answer.status;
        cases[reply.token] = Contest::NameIn(reply);
      }
      const std::pair<v1::Party, const char*> way[] = {{v1::PARTY_RU, "confirm_scope"},
                                                       {v1::PARTY_RU, "offer"},
                                                       {v1::PARTY_KZ, "accept"},
                                                       {v1::PARTY_KZ, "clear"},
                                                       {v1::PARTY_KZ, "offer"}};
      for (const auto& [party, action] : way) {
        for (const std::string& rule : contest.All(party, action, cases)) ASSERT_EQ(rule, "") << action;
      }
      // Exactly five places are left.
      limit += kPlaces;
      contest.SetLimit(limit);

      std::vector<Input> wanted;
      for (int i = 0; i < kClients; ++i) {
        wanted.push_back(contest.CommandOn(v1::PARTY_RU, "accept", cases[static_cast<size_t>(i)],
                                           static_cast<uint64_t>(i)));
      }
      node::InputQueue queue;
      std::barrier start(kClients);
      std::vector<std::thread> clients;
      for (Input& want : wanted) {
        clients.emplace_back([&] {
          start.arrive_and_wait();
          EXPECT_TRUE(queue.Push(std::move(want)).ok());
        });
      }
      for (int answers = 0; answers < kClients;) {
        std::vector<Input> inputs = queue.Drain(absl::Milliseconds(50));
        if (inputs.empty()) continue;
        for (const Reply& reply : contest.pair.Turn(v1::PARTY_RU, std::move(inputs))) {
          ASSERT_EQ(Contest::RuleOf(reply), "");
          ++answers;
        }
        const v1::QuotaState now = contest.Quota(v1::PARTY_RU);
        ASSERT_LE(now.reserved() + now.used(), now.limit());
      }
      for (std::thread& client : clients) client.join();

      contest.pair.Exchange();
      std::vector<std::string> losers;
      for (size_t i = 0; i < kClients; ++i) {
        const v1::CaseStatus status = contest.StateOf(v1::PARTY_RU, cases[i]).status();
        ASSERT_TRUE(status == v1::QUOTA_RESERVED || status == v1::WAITLISTED) << v1::CaseStatus_Name(status);
        if (status == v1::WAITLISTED) losers.push_back(cases[i]);
        if (status == v1::QUOTA_RESERVED) ++wins[static_cast<int>(i)];
      }
      ASSERT_EQ(losers.size(), kClients - kPlaces) << "stint " << stint << ", round " << round;
      granted += kClients - losers.size();
      // The counterpart counts the same.
      const v1::QuotaState here = contest.Quota(v1::PARTY_RU);
      const v1::QuotaState there = contest.Quota(v1::PARTY_KZ);
      ASSERT_EQ(here.reserved(), limit);
      ASSERT_EQ(here.SerializeAsString(), there.SerializeAsString());
      for (const std::string& rule : contest.All(v1::PARTY_RU, "opt_out", losers)) ASSERT_EQ(rule, "");
    }
  }
  EXPECT_EQ(granted, static_cast<uint64_t>(kRounds) * kPlaces);
  // The order was not always the same: the clients did contest.
  EXPECT_GT(wins.size(), static_cast<size_t>(kPlaces));
}

struct Filed {
  v1::Party entry_state;
  int person;
  std::string name;
};

// The step of the normal course that `party` can take; "" when it is not its turn.
std::string NextStep(const v1::CaseState& state, v1::Party party) {
  if (state.holder() != party) return "";
  const bool offered = state.offered_hand_off() != 0;
  switch (state.status()) {
    case v1::SUBMITTED:
      return "confirm_scope";
    case v1::SCOPE_OK:
    case v1::CLEARED:
      return offered ? "accept" : "offer";
    case v1::AWAIT_CLEARANCE:
      return "clear";
    case v1::QUOTA_RESERVED:
      return "issue_status";
    default:
      return "";
  }
}

// Both Parties go on with all cases until nothing moves any more.
void GoOn(Contest& contest, const std::vector<Filed>& cases) {
  for (bool moved = true; moved;) {
    moved = false;
    for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
      std::vector<Input> inputs;
      for (const Filed& filed : cases) {
        const std::string action = NextStep(contest.StateOf(party, filed.name), party);
        if (!action.empty()) inputs.push_back(contest.CommandOn(party, action, filed.name, 0));
      }
      for (const Reply& reply : contest.pair.Turn(party, std::move(inputs)))
        moved |= reply.answer.status.ok();
    }
    // Both have acted before either hears of the other.
    contest.pair.Exchange();
  }
}

// Rule 1.2: 10,000 petitions of a hundred citizens of both states, filed with both
// authorities at the same time, and each taken as far as it goes.
TEST(Contest, NobodyIsGrantedTwiceFromBothSides) {
  constexpr int kPersons = 100;
  constexpr int kPetitions = 10'000;
  constexpr int kClients = 16;
  Contest contest;
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    v1::SubmitQuotaCommandRequest quota;
    v1::QuotaLimit& set = *quota.mutable_command()->mutable_set_quota();
    set.set_year(2026);
    set.set_limit(kPetitions);
    set.set_legal_act("91");
    ASSERT_EQ(Contest::RuleOf(contest.pair.Turn(party, {CallOf(0, quota)}).at(0)), "");
  }
  contest.pair.Exchange();

  // Sixteen clients file, half of them with each authority.
  std::map<v1::Party, node::InputQueue> queues;
  std::map<v1::Party, std::vector<std::vector<Input>>> filings;
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    filings[party].resize(kClients / 2);
    for (int i = 0; i < kPetitions / 2; ++i) {
      filings[party][static_cast<size_t>(i % (kClients / 2))].push_back(
          CallOf(static_cast<uint64_t>(i), Filing(party, i % kPersons)));
    }
    queues.try_emplace(party);
  }
  std::vector<std::thread> clients;
  for (auto& [party, of_party] : filings) {
    for (std::vector<Input>& of_client : of_party) {
      clients.emplace_back([&queue = queues.at(party), &of_client] {
        for (Input& filing : of_client) {
          const Input again = filing;
          while (!queue.Push(again).ok()) std::this_thread::yield();  // full: the core is behind
        }
      });
    }
  }
  std::vector<Filed> open;
  int answers = 0;
  int refused = 0;
  while (answers < kPetitions) {
    for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
      std::vector<Input> inputs = queues.at(party).Drain(absl::Milliseconds(1));
      if (inputs.empty()) continue;
      for (const Reply& reply : contest.pair.Turn(party, std::move(inputs))) {
        ++answers;
        const std::string rule = Contest::RuleOf(reply);
        ASSERT_TRUE(rule.empty() || rule == "1.2") << rule;
        rule.empty()
            ? open.push_back({party, static_cast<int>(reply.token % kPersons), Contest::NameIn(reply)})
            : void(++refused);
      }
    }
    // What one has recorded reaches the other now and then.
    if (answers % 7 == 0) contest.pair.Exchange();
  }
  for (std::thread& client : clients) client.join();
  contest.pair.Exchange();

  // Each case goes on as far as anything leads on; both directions at once.
  GoOn(contest, open);
  // Two of one person stand in each other's way: neither state may accept. Each person
  // takes one of them back, from the authority that holds it.
  for (const Filed& filed : open) {
    ASSERT_EQ(contest.StateOf(filed.entry_state, filed.name).status(), v1::SCOPE_OK);
    if ((filed.person % 2 == 0) != (filed.entry_state == v1::PARTY_KZ)) continue;
    ASSERT_EQ(contest.All(treaty::Other(filed.entry_state), "withdraw", {filed.name}).at(0), "");
  }
  GoOn(contest, open);

  std::map<int, int> granted;
  for (const Filed& filed : open) {
    const v1::CaseStatus here = contest.StateOf(filed.entry_state, filed.name).status();
    if (here == v1::STATUS_ISSUED) ++granted[filed.person];
  }
  // Everybody got the one time, nobody a second.
  EXPECT_EQ(granted.size(), static_cast<size_t>(kPersons));
  for (const auto& [person, times] : granted) EXPECT_EQ(times, 1) << person;
  EXPECT_EQ(static_cast<int>(open.size()) + refused, kPetitions);
}

}  // namespace
}  // namespace kelisim::testing
