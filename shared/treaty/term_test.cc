#include "shared/treaty/term.h"

#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "shared/base/civil.h"
#include "shared/treaty/testing.h"

namespace kelisim::treaty {
namespace {

using absl::CivilDay;
using namespace testing;  // NOLINT: the vocabulary of these tests

struct PeriodRow {
  int number;
  const char* from;
  const char* until;
  int days;
  const char* last_day;
  int days_from_last_day;
};

// 1826 or 1827 days, 182 or 183 days of notice: calendar years, never days.
constexpr PeriodRow kPeriods[] = {
    {1, "2000-04-17", "2005-04-17", 1826, "2004-10-17", 182},
    {2, "2005-04-17", "2010-04-17", 1826, "2009-10-17", 182},
    {3, "2010-04-17", "2015-04-17", 1826, "2014-10-17", 182},
    {4, "2015-04-17", "2020-04-17", 1827, "2019-10-17", 183},
    {5, "2020-04-17", "2025-04-17", 1826, "2024-10-17", 182},
    {6, "2025-04-17", "2030-04-17", 1826, "2029-10-17", 182},
    {7, "2030-04-17", "2035-04-17", 1826, "2034-10-17", 182},
    {8, "2035-04-17", "2040-04-17", 1827, "2039-10-17", 183},
    {9, "2040-04-17", "2045-04-17", 1826, "2044-10-17", 182},
    {10, "2045-04-17", "2050-04-17", 1826, "2049-10-17", 182},
};

TEST(TermTest, Edge113FiveYearsAcrossLeapYears) {
  for (const PeriodRow& row : kPeriods) {
    const Period period = PeriodNumber(row.number);
    EXPECT_EQ(FormatDate(period.from), row.from);
    EXPECT_EQ(FormatDate(period.until), row.until);
    EXPECT_EQ(period.until - period.from, row.days);
    EXPECT_EQ(FormatDate(period.last_day_for_notice), row.last_day);
    EXPECT_EQ(period.until - period.last_day_for_notice, row.days_from_last_day);
  }
}

TEST(TermTest, EveryDayLiesInExactlyThePeriodThatContainsIt) {
  for (CivilDay day(2000, 4, 17); day < CivilDay(2050, 4, 17); ++day) {
    const auto period = PeriodOn(day);
    ASSERT_TRUE(period.has_value());
    ASSERT_LE(period->from, day);
    ASSERT_LT(day, period->until);
    ASSERT_EQ(period->from, PeriodNumber(period->number).from);
  }
}

TEST(TermTest, Edge112TheDayBeforeTheExchangeOfInstrumentsIsInNoPeriod) {
  EXPECT_FALSE(PeriodOn(CivilDay(2000, 4, 16)).has_value());
  EXPECT_FALSE(InForce({}, CivilDay(2000, 4, 16)));
  EXPECT_EQ(PeriodOn(CivilDay(2000, 4, 17))->number, 1);
  EXPECT_TRUE(InForce({}, CivilDay(2000, 4, 17)));
}

// What KZ records of a notice by RU.
std::string Notice(const std::string& received_on, const std::string& more = "written: true by_party: true") {
  return "record_termination_notice { from: PARTY_RU sent_on: '" + received_on + "' received_on: '" +
         received_on + "' note_number: '1-n' " + more + " }";
}

std::string Revocation(const std::string& received_on) {
  return "record_revocation { from: PARTY_RU received_on: '" + received_on + "' note_number: '2-n' }";
}

class TermDesk {
 public:
  // "" when recorded; else the rule.
  std::string Do(v1::Party author, const std::string& command, CivilDay today = CivilDay(2030, 4, 16)) {
    const FakeRegistry registry;
    const v1::Protocol protocol;
    const auto parsed = Text<v1::TreatyCommand>(command);
    EXPECT_TRUE(CheckForm(parsed).empty()) << command;
    const TreatyVerdict verdict =
        Judge(state, parsed, {author, today, today, state, protocol, protocol, registry});
    if (const auto* violation = std::get_if<v1::Violation>(&verdict)) {
      found = violation->found();
      return violation->rule();
    }
    for (const v1::TreatyAct& act : std::get<std::vector<v1::TreatyAct>>(verdict)) state = Apply(state, act);
    return "";
  }

  v1::TreatyState state;
  std::string found;
};

// What the counterpart sends is not taken on trust.
TEST(TermTest, ANoticeWithoutItsNoteIsNone) {
  const FakeRegistry registry;
  const v1::Protocol protocol;
  const auto found = [&](const std::string& text, CivilDay happened_on) {
    const auto violation = Admit(v1::TreatyState(), Text<v1::TreatyAct>(text),
                                 {kKz, CivilDay(2026, 3, 2), happened_on, {}, protocol, protocol, registry});
    return violation ? violation->rule() + " " + violation->found() : "";
  };
  const std::string notice =
      "termination_notice_recorded { from: PARTY_RU sent_on: '2026-03-02' received_on: '2026-03-02' written: "
      "true by_party: true ";
  EXPECT_EQ(found(notice + "}", CivilDay(2026, 3, 2)),
            "exchange.format termination_notice_recorded.note_number");
  EXPECT_EQ(found(notice + "note_number: '1-n' }", CivilDay(2026, 3, 2)), "");
  // Recorded before it was received, in days to come, before the Agreement.
  EXPECT_EQ(found(notice + "note_number: '1-n' }", CivilDay(2026, 3, 1)), "step.date 2026-03-02");
  EXPECT_EQ(found(notice + "note_number: '1-n' }", CivilDay(2026, 3, 3)), "step.date 2026-03-03");
  EXPECT_EQ(found(notice + "note_number: '1-n' }", CivilDay(2000, 4, 16)), "17.2 2000-04-16");
}

// The day before each deadline, the day itself, and the day after: in time until the end
// of that day, and never a day later, for this period or the next.
TEST(TermTest, TheTenPeriodsDayByDayAroundTheirDeadlines) {
  for (const PeriodRow& row : kPeriods) {
    const CivilDay deadline = PeriodNumber(row.number).last_day_for_notice;
    for (const int shift : {-1, 0, 1}) {
      TermDesk desk;
      EXPECT_EQ(desk.Do(kKz, Notice(FormatDate(deadline + shift)), /*today=*/deadline + 2), "");
      EXPECT_EQ(desk.state.terminates_on(), shift <= 0 ? row.until : "") << row.number << " " << shift;
      EXPECT_EQ(desk.state.late_notices_size(), shift <= 0 ? 0 : 1) << row.number << " " << shift;
    }
  }
}

// Each of those periods has extended itself, and both went by that: neither a year that was
// written wrongly nor a note that lay in a drawer ends the Agreement years ago. It is kept
// for the ministries to see.
TEST(TermTest, ANoticeOfAPeriodThatIsOverHasNoEffect) {
  TermDesk desk;
  EXPECT_EQ(desk.Do(kKz, Notice("2004-10-01")), "");
  EXPECT_EQ(desk.state.terminates_on(), "");
  EXPECT_EQ(desk.Do(kKz, Notice("2004-10-01")), "17.4");
  EXPECT_EQ(desk.found, "1-n");
  TermDesk late;
  EXPECT_EQ(late.Do(kKz, Notice("2029-10-01"), CivilDay(2030, 4, 17)), "");
  EXPECT_EQ(late.state.terminates_on(), "");
  EXPECT_EQ(late.state.late_notices(0).received_on(), "2029-10-01");
  // The same note, with its true year, has its effect.
  EXPECT_EQ(desk.Do(kKz, Notice("2029-10-01"), CivilDay(2030, 4, 16)), "");
  EXPECT_EQ(desk.state.terminates_on(), "2030-04-17");
}

// What the counterpart calls late or in time is judged here.
TEST(TermTest, LateIsWhatIsLate) {
  const FakeRegistry registry;
  const v1::Protocol protocol;
  const auto rule = [&](const std::string& act, const std::string& received_on, CivilDay today) {
    const auto violation =
        Admit(v1::TreatyState(),
              Text<v1::TreatyAct>(act + " { from: PARTY_RU sent_on: '2029-10-01' received_on: '" +
                                  received_on + "' note_number: '1-n' written: true by_party: true }"),
              {kKz, today, today, {}, protocol, protocol, registry});
    return violation ? violation->rule() + " " + violation->found() : "";
  };
  const std::string in_time = "termination_notice_recorded";
  const std::string late = "late_notice_recorded";
  EXPECT_EQ(rule(in_time, "2029-10-17", CivilDay(2030, 4, 16)), "");
  EXPECT_EQ(rule(late, "2029-10-17", CivilDay(2030, 4, 16)), "17.4 2029-10-17");
  EXPECT_EQ(rule(in_time, "2029-10-18", CivilDay(2030, 4, 16)), "17.4 2029-10-17");
  EXPECT_EQ(rule(late, "2029-10-18", CivilDay(2030, 4, 16)), "");
  EXPECT_EQ(rule(in_time, "2029-10-17", CivilDay(2030, 4, 17)), "17.4 2029-10-17");
  EXPECT_EQ(rule(late, "2029-10-17", CivilDay(2030, 4, 17)), "");
}

// Notes are numbered anew every year.
TEST(TermTest, ALateNoteIsKnownByItsNumberAndDate) {
  TermDesk desk;
  ASSERT_EQ(desk.Do(kKz, Notice("2029-10-18")), "");
  EXPECT_EQ(desk.Do(kKz, Notice("2029-10-18")), "17.4");
  EXPECT_EQ(desk.Do(kKz, Notice("2034-10-18"), CivilDay(2035, 4, 16)), "");
  EXPECT_EQ(desk.state.late_notices_size(), 2);
}

TEST(TermTest, LateNoticesOfAPartyAreSixteenAtMost) {
  TermDesk desk;
  const auto late = [](int number) {
    return absl::StrCat(
        "record_termination_notice { from: PARTY_RU sent_on: '2029-10-18' received_on: '2029-10-18' "
        "note_number: '",
        number, "' written: true by_party: true }");
  };
  for (int number = 1; number <= 16; ++number) ASSERT_EQ(desk.Do(kKz, late(number)), "");
  EXPECT_EQ(desk.Do(kKz, late(17)), "17.4");
  EXPECT_EQ(desk.found, "16");
}

struct NoticeRow {
  const char* name;
  v1::Party author;
  std::string command;
  const char* rule;
  const char* found;
  const char* terminates_on;
};

class NoticeTest : public ::testing::TestWithParam<NoticeRow> {};

TEST_P(NoticeTest, IsJudgedByTheDayItWasReceived) {
  TermDesk desk;
  EXPECT_EQ(desk.Do(GetParam().author, GetParam().command), GetParam().rule);
  EXPECT_EQ(desk.found, GetParam().found);
  EXPECT_EQ(desk.state.terminates_on(), GetParam().terminates_on);
  const bool is_late = std::string(GetParam().rule).empty() && std::string(GetParam().terminates_on).empty();
  EXPECT_EQ(desk.state.late_notices_size(), is_late ? 1 : 0);
}

INSTANTIATE_TEST_SUITE_P(
    Notices, NoticeTest,
    ::testing::Values(
        // clang-format off
        NoticeRow{"Edge102ReceivedOnTheLastDay",        kKz, Notice("2029-10-17"), "",          "",           "2030-04-17"},
        NoticeRow{"Edge108ReceivedAfterMidnightThere",  kKz, Notice("2029-10-18"), "",          ""          , ""},
        NoticeRow{"Edge105Exactly180DaysBefore",        kKz, Notice("2029-10-19"), "",          ""          , ""},
        NoticeRow{"LateNoticeIsNotForTheNextPeriod",    kKz, Notice("2030-04-16"), "",          ""          , ""},
        NoticeRow{"ReceivedOnTheFirstDayOfThePeriod",   kKz, Notice("2025-04-17"), "",          "",           "2030-04-17"},
        NoticeRow{"WeekendDoesNotMoveTheDay",           kKz, Notice("2004-10-18"), "",          ""          , ""},
        NoticeRow{"Edge107Oral",     kKz, Notice("2029-10-17", "by_party: true"),  "17.4",      "written",    ""},
        NoticeRow{"Edge107ByTheMigrationBody",
                                     kKz, Notice("2029-10-17", "written: true"),   "17.4",      "by_party",   ""},
        NoticeRow{"Edge108TheSenderDoesNotFixTheDate",  kRu, Notice("2029-10-17"), "step.turn", "PARTY_KZ",   ""},
        NoticeRow{"SentAfterItWasReceived",  kKz,
                  "record_termination_notice { from: PARTY_RU sent_on: '2029-10-18' received_on: '2029-10-17' note_number: '1-n' written: true by_party: true }",
                                                                               "step.date", "2029-10-18", ""},
        NoticeRow{"NotYetReceived",                     kKz, Notice("2031-01-02"), "step.date", "2031-01-02", ""},
        NoticeRow{"Edge112BeforeTheEntryIntoForce",     kKz, Notice("2000-04-16"), "17.2",      "2000-04-16", ""}
        // clang-format on
        ),
    [](const auto& row) { return row.param.name; });

TEST(TermTest, InForceUntilTheEndOfThePeriodAndNotOnThatDay) {
  TermDesk desk;
  ASSERT_EQ(desk.Do(kKz, Notice("2029-10-17")), "");
  EXPECT_TRUE(InForce(desk.state, CivilDay(2030, 4, 16)));
  EXPECT_FALSE(InForce(desk.state, CivilDay(2030, 4, 17)));
}

TEST(TermTest, WithoutNoticeItExtendsFromPeriodToPeriod) {
  EXPECT_TRUE(InForce({}, CivilDay(2030, 4, 17)));
  EXPECT_TRUE(InForce({}, CivilDay(2049, 12, 31)));
}

TEST(TermTest, Edge109RevokedBeforeTheEndItIsInForceAgain) {
  TermDesk desk;
  ASSERT_EQ(desk.Do(kKz, Notice("2029-10-17")), "");
  EXPECT_EQ(desk.Do(kKz, Revocation("2030-04-16")), "");
  EXPECT_EQ(desk.state.terminates_on(), "");
  EXPECT_TRUE(InForce(desk.state, CivilDay(2030, 4, 17)));
}

TEST(TermTest, ARevocationIsOfAStandingNoticeByItsPartyBeforeItsEffect) {
  TermDesk desk;
  EXPECT_EQ(desk.Do(kKz, Revocation("2029-11-01")), "17.4");
  ASSERT_EQ(desk.Do(kKz, Notice("2029-10-17")), "");
  EXPECT_EQ(desk.Do(kRu, Revocation("2029-11-01")), "step.turn");
  EXPECT_EQ(desk.Do(kKz, Revocation("2029-10-16")), "step.date");
  EXPECT_EQ(desk.Do(kKz, Revocation("2030-04-17"), CivilDay(2031, 1, 1)), "17.4");
  EXPECT_EQ(desk.Do(kKz, Revocation("2029-11-01"), CivilDay(2029, 10, 31)), "step.date");
  EXPECT_EQ(desk.state.terminates_on(), "2030-04-17");
}

TEST(TermTest, ASecondNoticeOfTheSamePartyAddsNothing) {
  TermDesk desk;
  ASSERT_EQ(desk.Do(kKz, Notice("2029-10-16")), "");
  EXPECT_EQ(desk.Do(kKz, Notice("2029-10-17")), "17.4");
}

TEST(TermTest, NoticesOfBothPartiesAreIndependentAndOfOneOrder) {
  const std::string by_ru = Notice("2029-10-01");
  const std::string by_kz =
      "record_termination_notice { from: PARTY_KZ sent_on: '2029-10-02' received_on: '2029-10-02' "
      "note_number: '3-n' written: true "
      "by_party: true }";
  TermDesk one;
  ASSERT_EQ(one.Do(kKz, by_ru), "");
  ASSERT_EQ(one.Do(kRu, by_kz), "");
  TermDesk two;
  ASSERT_EQ(two.Do(kRu, by_kz), "");
  ASSERT_EQ(two.Do(kKz, by_ru), "");
  EXPECT_EQ(one.state.SerializeAsString(), two.state.SerializeAsString());
  ASSERT_EQ(one.Do(kKz, Revocation("2029-11-01")), "");
  EXPECT_EQ(one.state.terminates_on(), "2030-04-17");
}

TEST(TermTest, AfterTheEndNothingIsLeftToTerminate) {
  TermDesk desk;
  ASSERT_EQ(desk.Do(kKz, Notice("2029-10-17")), "");
  EXPECT_EQ(desk.Do(kRu,
                    "record_termination_notice { from: PARTY_KZ sent_on: '2030-05-01' received_on: "
                    "'2030-05-01' note_number: '4-n' "
                    "written: true by_party: true }",
                    CivilDay(2031, 1, 1)),
            "17.4");
  EXPECT_EQ(desk.found, "2030-04-17");
}

TEST(TermTest, AnActWithoutContentIsNone) {
  const FakeRegistry registry;
  const v1::Protocol protocol;
  const v1::TreatyState state;
  const auto violation =
      Admit(state, v1::TreatyAct(), {kKz, kToday, kToday, state, protocol, protocol, registry});
  ASSERT_TRUE(violation.has_value());
  EXPECT_EQ(violation->rule(), "exchange.format");
}

}  // namespace
}  // namespace kelisim::treaty
