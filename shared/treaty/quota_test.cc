#include "shared/treaty/quota.h"

#include <string>

#include "gtest/gtest.h"
#include "shared/treaty/testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

v1::CaseState ReservedCase(const std::string& case_id, uint32_t places) {
  v1::CaseState state;
  state.set_case_id(case_id);
  state.set_status(v1::QUOTA_RESERVED);
  state.mutable_place()->set_year(2026);
  state.mutable_place()->set_places(places);
  return state;
}

std::string Set(const std::string& verb, int year, int limit) {
  return absl::StrCat(verb, " { year: ", year, " limit: ", limit, " legal_act: 'No. 1' }");
}

// The entry state RU at work on its quota of one year.
class QuotaDesk {
 public:
  explicit QuotaDesk(int year = 2026) {
    state.set_entry_state(kRu);
    state.set_year(year);
    state.set_status(v1::UNSET);
  }

  std::string Do(v1::Party author, const std::string& command) {
    const auto parsed = Text<v1::QuotaCommand>(command);
    EXPECT_TRUE(CheckForm(parsed).empty()) << command;
    verdict = Judge(state, parsed, At(author));
    if (const auto* violation = std::get_if<v1::Violation>(&verdict)) return violation->rule();
    const auto& acts = std::get<QuotaActs>(verdict);
    // The cases' acts come first; the limit holds at every prefix.
    for (const auto& [case_id, act] : acts.case_acts) {
      for (size_t i = 0; i < registry.reserved.size(); ++i) {
        if (registry.reserved[i].case_id() != case_id) continue;
        state = Count(state, -static_cast<int64_t>(registry.reserved[i].place().places()), 0);
        registry.reserved.erase(registry.reserved.begin() + static_cast<std::ptrdiff_t>(i));
        break;
      }
    }
    for (const v1::QuotaAct& act : acts.acts) {
      const auto violation = Admit(state, act, At(author));
      EXPECT_FALSE(violation.has_value()) << violation->rule();
      state = Apply(state, act, author);
      EXPECT_LE(state.reserved() + state.used(), state.limit());
    }
    return "";
  }

  std::optional<absl::CivilDay> happened_on;
  Context At(v1::Party author) const {
    return {author, today, happened_on.value_or(today), treaty, protocol, protocol, registry};
  }

  void Reserve(const std::string& case_id, uint32_t places) {
    registry.reserved.push_back(ReservedCase(case_id, places));
    state = Count(state, places, 0);
  }

  v1::QuotaState state;
  QuotaVerdict verdict;
  FakeRegistry registry;
  v1::TreatyState treaty;
  v1::Protocol protocol = SampleProtocol();
  absl::CivilDay today = kToday;
};

TEST(QuotaTest, TheYearGoesItsCourse) {
  QuotaDesk desk;
  EXPECT_EQ(desk.Do(kRu, Set("set_quota", 2026, 3)), "");
  EXPECT_EQ(desk.state.status(), v1::OPEN);
  desk.state = Count(desk.state, 3, 0);
  EXPECT_EQ(desk.state.status(), v1::EXHAUSTED);
  desk.state = Count(desk.state, -2, 1);
  EXPECT_EQ(desk.state.status(), v1::OPEN);
  desk.state = Count(desk.state, -1, 0);
  EXPECT_EQ(desk.Do(kRu, Set("adjust_quota", 2026, 1)), "");
  EXPECT_EQ(desk.state.status(), v1::EXHAUSTED);
  EXPECT_EQ(desk.Do(kRu, Set("adjust_quota", 2026, 2)), "");
  EXPECT_EQ(desk.state.status(), v1::OPEN);
  desk.today = absl::CivilDay(2027, 1, 1);
  // A year that is over is closed, and not changed (d5).
  EXPECT_EQ(desk.Do(kRu, Set("adjust_quota", 2026, 3)), "12.1");
  EXPECT_EQ(desk.Do(kRu, "close_year { year: 2026 }"), "");
  EXPECT_EQ(desk.state.status(), v1::CLOSED);
  EXPECT_EQ(desk.Do(kRu, "report_year { year: 2026 }"), "");
  EXPECT_EQ(desk.state.status(), v1::REPORTED);
  const auto& report = std::get<QuotaActs>(desk.verdict).acts.front().year_reported();
  EXPECT_EQ(report.limit(), 2u);
  EXPECT_EQ(report.used(), 1u);
  EXPECT_EQ(report.reserved(), 0u);
}

TEST(QuotaTest, ZeroIsAQuota) {
  QuotaDesk desk;
  EXPECT_EQ(desk.Do(kRu, Set("set_quota", 2026, 0)), "");
  EXPECT_EQ(desk.state.status(), v1::EXHAUSTED);
}

TEST(QuotaTest, Edge86TheDepartureStateHasNoVote) {
  QuotaDesk desk;
  for (const std::string& command :
       {Set("set_quota", 2026, 5), Set("adjust_quota", 2026, 5), std::string("close_year { year: 2026 }"),
        std::string("report_year { year: 2026 }")}) {
    EXPECT_EQ(desk.Do(kKz, command), "12.1") << command;
  }
  const auto act = Text<v1::QuotaAct>("quota_set { year: 2026 limit: 5 legal_act: 'Act 1' }");
  EXPECT_EQ(Admit(desk.state, act, desk.At(kKz))->rule(), "12.1");
  EXPECT_FALSE(Admit(desk.state, act, desk.At(kRu)).has_value());
}

TEST(QuotaTest, DatesAreBounded) {
  QuotaDesk desk;
  for (const auto& [day, rule] :
       {std::pair(kToday + 1, "step.date"), {absl::CivilDay(2000, 4, 16), "17.2"}, {kToday - 30, ""}}) {
    desk.happened_on = day;
    EXPECT_EQ(desk.Do(kRu, Set("set_quota", 2026, 5)), rule);
  }
}

// By a clock that was set back, a case would wait from before it got its place: the other
// Party would refuse that.
TEST(QuotaTest, NoCaseGoesBackToTheQueueBeforeItsLastStep) {
  QuotaDesk desk;
  ASSERT_EQ(desk.Do(kRu, Set("set_quota", 2026, 5)), "");
  v1::CaseState reserved = ReservedCase("c1", 2);
  reserved.set_happened_on(FormatDate(kToday + 1));
  reserved.set_acted_by(kRu);
  desk.registry.reserved = {reserved};
  desk.state = Count(desk.state, 2, 0);
  EXPECT_EQ(desk.Do(kRu, Set("adjust_quota", 2026, 1)), "step.date");
}

// What the counterpart sends is not taken on trust.
TEST(QuotaTest, AnActWithoutTheNationalActIsNone) {
  QuotaDesk desk;
  const auto field = [&](const std::string& text) {
    const auto violation = Admit(desk.state, Text<v1::QuotaAct>(text), desk.At(kRu));
    return violation ? violation->rule() + " " + violation->found() : "";
  };
  EXPECT_EQ(field("quota_set { year: 2026 limit: 5 }"), "exchange.format quota_set.legal_act");
  EXPECT_EQ(field("quota_set { year: 2026 limit: 4000000000 legal_act: 'No. 1' }"),
            "exchange.format quota_set.limit");
  EXPECT_EQ(field("quota_set { year: 2026 limit: 5 legal_act: 'No. 1' }"), "");
}

TEST(QuotaTest, Edge81NothingIsCarriedOver) {
  QuotaDesk desk;
  ASSERT_EQ(desk.Do(kRu, Set("set_quota", 2026, 5)), "");
  const FakeRegistry& registry = desk.registry;
  EXPECT_EQ(registry.Quota(kRu, 2027).status(), v1::UNSET);
}

TEST(QuotaTest, OnlyWhatItsStatusAllows) {
  struct Row {
    v1::QuotaStatus status;
    bool set, adjust, close, report;
  };
  constexpr Row rows[] = {
      // clang-format off
      {v1::UNSET,     true,  false, false, false},
      {v1::OPEN,      false, true,  true,  false},
      {v1::EXHAUSTED, false, true,  true,  false},
      {v1::CLOSED,    false, false, false, true},
      {v1::REPORTED,  false, false, false, false},
      // clang-format on
  };
  for (const Row& row : rows) {
    const auto rule = [&](const std::string& command, int year, absl::CivilDay today) {
      QuotaDesk desk(year);
      desk.today = today;
      desk.state.set_status(row.status);
      desk.state.set_limit(row.status == v1::UNSET ? 0 : 4);
      return desk.Do(kRu, command);
    };
    SCOPED_TRACE(v1::QuotaStatus_Name(row.status));
    const absl::CivilDay next_year(2027, 1, 1);
    EXPECT_EQ(rule(Set("set_quota", 2026, 4), 2026, kToday), row.set ? "" : "step.quota");
    EXPECT_EQ(rule(Set("adjust_quota", 2026, 4), 2026, kToday), row.adjust ? "" : "step.quota");
    EXPECT_EQ(rule("close_year { year: 2026 }", 2026, next_year), row.close ? "" : "step.quota");
    EXPECT_EQ(rule("report_year { year: 2026 }", 2026, next_year), row.report ? "" : "step.quota");
  }
}

TEST(QuotaTest, AQuotaIsNotSetForAYearGoneBy) {
  QuotaDesk desk(2025);
  EXPECT_EQ(desk.Do(kRu, Set("set_quota", 2025, 5)), "12.1");
  QuotaDesk next(2027);
  EXPECT_EQ(next.Do(kRu, Set("set_quota", 2027, 5)), "");
}

TEST(QuotaTest, LoweringGivesBackTheNewestReservationsAndNeverWhatIsIssued) {
  QuotaDesk desk;
  ASSERT_EQ(desk.Do(kRu, Set("set_quota", 2026, 10)), "");
  desk.state = Count(desk.state, 0, 3);
  desk.Reserve("oldest", 2);
  desk.Reserve("middle", 1);
  desk.Reserve("newest", 3);
  EXPECT_EQ(desk.Do(kRu, Set("adjust_quota", 2026, 2)), "12.1");
  EXPECT_EQ(std::get<v1::Violation>(desk.verdict).found(), "taken:3");
  EXPECT_EQ(desk.Do(kRu, Set("adjust_quota", 2026, 5)), "");
  const auto& case_acts = std::get<QuotaActs>(desk.verdict).case_acts;
  ASSERT_EQ(case_acts.size(), 2u);
  EXPECT_EQ(case_acts[0].first, "newest");
  EXPECT_EQ(case_acts[1].first, "middle");
  EXPECT_EQ(case_acts[0].second.waitlisted().reason(), v1::Waiting::QUOTA_LOWERED);
  EXPECT_EQ(case_acts[0].second.waitlisted().year(), 2026);
  EXPECT_EQ(desk.state.reserved(), 2u);
  EXPECT_EQ(desk.state.used(), 3u);
  EXPECT_EQ(desk.state.status(), v1::EXHAUSTED);
}

TEST(QuotaTest, AnActLowerThanWhatIsTakenIsRefused) {
  QuotaDesk desk;
  ASSERT_EQ(desk.Do(kRu, Set("set_quota", 2026, 10)), "");
  desk.state = Count(desk.state, 2, 3);
  const auto act = [](int limit) {
    return Text<v1::QuotaAct>(
        absl::StrCat("quota_adjusted { year: 2026 legal_act: 'Act 2' limit: ", limit, " }"));
  };
  EXPECT_EQ(Admit(desk.state, act(4), desk.At(kRu))->rule(), "12.1");
  EXPECT_FALSE(Admit(desk.state, act(5), desk.At(kRu)).has_value());
}

TEST(QuotaTest, ClosingTheYearMovesReservationsToTheNextOne) {
  QuotaDesk desk;
  ASSERT_EQ(desk.Do(kRu, Set("set_quota", 2026, 10)), "");
  desk.state = Count(desk.state, 0, 4);
  desk.Reserve("waits", 2);
  desk.today = absl::CivilDay(2026, 12, 31);
  EXPECT_EQ(desk.Do(kRu, "close_year { year: 2026 }"), "12.1");
  EXPECT_EQ(std::get<v1::Violation>(desk.verdict).found(), "2026-12-31");
  desk.today = absl::CivilDay(2027, 1, 1);
  EXPECT_EQ(desk.Do(kRu, "close_year { year: 2026 }"), "");
  const auto& acts = std::get<QuotaActs>(desk.verdict);
  ASSERT_EQ(acts.case_acts.size(), 1u);
  EXPECT_EQ(acts.case_acts[0].second.waitlisted().reason(), v1::Waiting::YEAR_CLOSED);
  EXPECT_EQ(acts.case_acts[0].second.waitlisted().year(), 2027);
  EXPECT_EQ(acts.acts[0].year_closed().used(), 4u);
  EXPECT_EQ(desk.state.reserved(), 0u);
  // A place released later does not open the year again.
  EXPECT_EQ(Count(desk.state, 0, -1).status(), v1::CLOSED);
}

TEST(QuotaTest, CountsMustBeThoseOfTheLedger) {
  QuotaDesk desk;
  ASSERT_EQ(desk.Do(kRu, Set("set_quota", 2026, 10)), "");
  desk.state = Count(desk.state, 0, 4);
  desk.today = absl::CivilDay(2027, 1, 1);
  const auto closed = [](int limit, int reserved, int used) {
    return Text<v1::QuotaAct>(absl::StrCat("year_closed { year: 2026 limit: ", limit, " reserved: ", reserved,
                                           " used: ", used, " }"));
  };
  EXPECT_FALSE(Admit(desk.state, closed(10, 0, 4), desk.At(kRu)).has_value());
  // The other Party may know of a release that the author did not know of yet.
  EXPECT_FALSE(Admit(desk.state, closed(10, 0, 5), desk.At(kRu)).has_value());
  EXPECT_EQ(Admit(desk.state, closed(10, 0, 3), desk.At(kRu))->rule(), "12.1");
  EXPECT_EQ(Admit(desk.state, closed(10, 0, 11), desk.At(kRu))->rule(), "12.1");
  EXPECT_EQ(Admit(desk.state, closed(11, 0, 4), desk.At(kRu))->rule(), "12.1");
  EXPECT_EQ(Admit(desk.state, closed(10, 1, 4), desk.At(kRu))->rule(), "12.1");
  EXPECT_EQ(Admit(desk.state, v1::QuotaAct(), desk.At(kRu))->rule(), "exchange.format");
}

TEST(QuotaTest, AnActOfAnotherYearIsNone) {
  const QuotaDesk desk;
  const auto violation = Admit(desk.state, Text<v1::QuotaAct>(Set("quota_set", 2027, 10)), desk.At(kRu));
  ASSERT_TRUE(violation.has_value());
  EXPECT_EQ(violation->rule(), "step.quota");
  EXPECT_EQ(violation->found(), "2026");
}

TEST(QuotaTest, YearOfCommandAndAct) {
  EXPECT_EQ(YearOf(Text<v1::QuotaCommand>("set_quota { year: 2026 }")), 2026);
  EXPECT_EQ(YearOf(Text<v1::QuotaCommand>("adjust_quota { year: 2027 }")), 2027);
  EXPECT_EQ(YearOf(Text<v1::QuotaCommand>("close_year { year: 2028 }")), 2028);
  EXPECT_EQ(YearOf(Text<v1::QuotaCommand>("report_year { year: 2029 }")), 2029);
  EXPECT_EQ(YearOf(Text<v1::QuotaAct>("quota_set { year: 2026 }")), 2026);
  EXPECT_EQ(YearOf(Text<v1::QuotaAct>("quota_adjusted { year: 2027 }")), 2027);
  EXPECT_EQ(YearOf(Text<v1::QuotaAct>("year_closed { year: 2028 }")), 2028);
  EXPECT_EQ(YearOf(Text<v1::QuotaAct>("year_reported { year: 2029 }")), 2029);
}

}  // namespace
}  // namespace kelisim::treaty
