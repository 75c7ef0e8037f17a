#include "shared/treaty/matter_testing.h"
#include "shared/treaty/working_days.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

// Kazakhstan's body asks; Russia's answers.
std::string Ask(const std::string& kind, const std::string& more = "") {
  return absl::StrCat("ask { subject: 'cases/c1' kind: ", kind, " reason: UNCLEAR text: 'what is meant?' ",
                      more, " }");
}
constexpr char kOfAct[] = "entry_id: 'e1'";
constexpr char kAnswer[] = "answer { text: 'this' }";
constexpr char kGrant[] = "grant { text: 'so be it' superseding_entry_id: 'e2' }";
constexpr char kRefuse[] = "refuse { rule: '13.2' text: 'no ground' }";
constexpr char kImpossible[] = "declare_impossible { reason: ARCHIVE_LOST text: 'burnt in 1999' }";

TEST(Inquiry, WhoMayDoWhatInEveryStatus) {
  v1::MatterState sample;
  sample.mutable_inquiry();
  sample.set_shared(true);
  ExpectActions("inquiry", kKz,
                {{v1::INQUIRY_OPEN, {"remind withdraw", "answer declare_impossible grant refuse"}},
                 {v1::INQUIRY_ANSWERED, {"", ""}},
                 {v1::INQUIRY_IMPOSSIBLE, {"", ""}},
                 {v1::INQUIRY_GRANTED, {"", ""}},
                 {v1::INQUIRY_REFUSED, {"", ""}},
                 {v1::INQUIRY_WITHDRAWN, {"", ""}}},
                sample);
}

// A question is answered; a request is granted or refused; either may be impossible.
TEST(Inquiry, EachKindHasItsAnswers) {
  const std::pair<std::string, std::string> kinds[] = {
      {"CLARIFICATION", ""},
      {"CORRECTION", kOfAct},
      {"INVALIDATION", absl::StrCat(kOfAct, " consequences: STEP_IS_REPEATED")},
      {"REOPENING", ""}};
  for (const auto& [kind, more] : kinds) {
    const bool question = kind == "CLARIFICATION";
    for (const auto& [answer, fits] : {std::pair(kAnswer, question), std::pair(kGrant, !question),
                                       std::pair(kRefuse, !question), std::pair(kImpossible, true)}) {
      MatterDesk desk("inquiry", kKz);
      ASSERT_EQ(desk.Do(kKz, Ask(kind, more)), "") << kind;
      EXPECT_EQ(desk.Do(kRu, answer), fits ? "" : "13.2") << kind << " " << answer;
    }
  }
}

// An act is corrected or invalidated by reference; an invalidation says what follows.
TEST(Inquiry, AnInvalidationNamesTheActAndWhatFollows) {
  const auto ask = [](const std::string& kind, const std::string& more) {
    return MatterDesk("inquiry", kKz).Do(kKz, Ask(kind, more));
  };
  EXPECT_EQ(ask("INVALIDATION", "consequences: CASE_IS_ANNULLED"), "13.2");
  EXPECT_EQ(ask("INVALIDATION", kOfAct), "13.2");
  EXPECT_EQ(ask("CORRECTION", ""), "13.2");
  EXPECT_EQ(ask("CORRECTION", absl::StrCat(kOfAct, " consequences: CASE_IS_ANNULLED")), "13.2");
  EXPECT_EQ(MatterDesk("inquiry", kKz)
                .Do(kKz, "ask { subject: 'somewhere' kind: CLARIFICATION reason: UNCLEAR text: 'what?' }"),
            "form: inquiry.ask.subject");
}

// 2026-03-02 is a Monday, 9 March a holiday in Russia: ten working days later it is the
// 17th there and the 16th in Kazakhstan.
TEST(Inquiry, TheTimeToAnswerIsInWorkingDaysOfWhoAnswers) {
  MatterDesk to_russia("inquiry", kKz);
  ASSERT_EQ(to_russia.Do(kKz, Ask("CLARIFICATION")), "");
  EXPECT_EQ(to_russia.state().answer_due(), "2026-03-17");
  MatterDesk to_kazakhstan("inquiry", kRu);
  ASSERT_EQ(to_kazakhstan.Do(kRu, Ask("CLARIFICATION")), "");
  EXPECT_EQ(to_kazakhstan.state().answer_due(), "2026-03-16");
}

// Overdue is recorded by who waits, when the last day is over in both capitals and not before,
// and a late answer is an answer.
TEST(Inquiry, AnAnswerThatDidNotComeIsRecorded) {
  MatterDesk desk("inquiry", kKz);
  ASSERT_EQ(desk.Do(kKz, Ask("CLARIFICATION")), "");
  v1::MatterStep overdue = OverdueStep(desk.state());
  const auto rule = [&](v1::Party author) {
    const auto broken = Admit(desk.copy(author), overdue, desk.At(author));
    return broken ? broken->rule() : "";
  };
  desk.today = absl::CivilDay(2026, 3, 18);
  EXPECT_EQ(rule(kKz), "step.status");
  desk.today = absl::CivilDay(2026, 3, 19);
  EXPECT_EQ(rule(kRu), "step.turn");
  EXPECT_EQ(rule(kKz), "");
  // It says nothing else, and is said once.
  const v1::MatterStep honest = overdue;
  overdue.mutable_inquiry()->mutable_answer()->set_text("more");
  EXPECT_EQ(rule(kKz), "exchange.format");
  overdue = honest;
  desk.Record(kKz, overdue);
  EXPECT_EQ(rule(kKz), "exchange.format");
  EXPECT_TRUE(desk.copy(kRu).overdue());
  EXPECT_EQ(desk.Do(kKz, "remind { basis: 'letter 4' }"), "");
  EXPECT_EQ(desk.Do(kRu, kAnswer), "");
  EXPECT_FALSE(desk.state().overdue());
  EXPECT_EQ(desk.state().inquiry().reminders(), 1u);
  // Nothing is owed any more.
  EXPECT_EQ(rule(kKz), "step.status");
}

TEST(WorkingDays, WeekendsAndHolidaysDoNotCount) {
  const v1::Protocol protocol = SampleProtocol();
  EXPECT_TRUE(IsWorkingDay(absl::CivilDay(2026, 3, 6), kRu, protocol));   // Friday
  EXPECT_FALSE(IsWorkingDay(absl::CivilDay(2026, 3, 7), kRu, protocol));  // Saturday
  EXPECT_FALSE(IsWorkingDay(absl::CivilDay(2026, 3, 8), kRu, protocol));  // Sunday
  EXPECT_FALSE(IsWorkingDay(absl::CivilDay(2026, 3, 9), kRu, protocol));  // a holiday there
  EXPECT_TRUE(IsWorkingDay(absl::CivilDay(2026, 3, 9), kKz, protocol));
  EXPECT_EQ(AddWorkingDays(absl::CivilDay(2026, 3, 6), 1, kRu, protocol), absl::CivilDay(2026, 3, 10));
  EXPECT_EQ(AddWorkingDays(absl::CivilDay(2026, 3, 7), 1, kKz, protocol), absl::CivilDay(2026, 3, 9));
  EXPECT_EQ(AddWorkingDays(absl::CivilDay(2026, 3, 7), 0, kKz, protocol), absl::CivilDay(2026, 3, 7));
}

}  // namespace
}  // namespace kelisim::treaty
