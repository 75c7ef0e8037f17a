#include "shared/text/acts.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace kelisim {
namespace {

using testing::AllOf;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::Pair;

template <typename T>
T FromText(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::TimelineItem Item(const std::string& act) { return FromText<v1::TimelineItem>(act); }

TEST(FactsText, NamesTheActThatAnInquiryIsAbout) {
  const auto facts = FromText<v1::InquiryFacts>(R"(
    inquiry { subject: "cases/a" entry_id: "\x01\xff" }
    grant { superseding_entry_id: "\x02\xfe" })");
  EXPECT_THAT(FactsText(Lang::kRussian, facts),
              AllOf(Contains(Pair("Запрос › Запись", "01ff")), Contains(Pair(testing::_, "02fe"))));
}

// Of several papers it is known which is which.
TEST(FactsText, AHashStandsWithThePaperOrTheLanguageItIsOf) {
  const auto decision = FromText<v1::CourtDecision>(R"(
    papers { paper: DECISION_TEXT sha256: "\x01" }
    papers { paper: TRANSLATION sha256: "\x02" })");
  EXPECT_THAT(
      FactsText(Lang::kEnglish, decision),
      ElementsAre(Pair("Papers 1 › Paper", "text of the decision"), Pair("Papers 1 › SHA-256 hash", "01"),
                  Pair("Papers 2 › Paper", "translation"), Pair("Papers 2 › SHA-256 hash", "02")));
  const auto instrument = FromText<v1::Instrument>(R"(text_kk_sha256: "\x0a" text_ru_sha256: "\x0b")");
  EXPECT_THAT(FactsText(Lang::kEnglish, instrument), ElementsAre(Pair("SHA-256 of the Kazakh text", "0a"),
                                                                 Pair("SHA-256 of the Russian text", "0b")));
  const auto dispute = FromText<v1::DisputeFacts>(R"(
    consultations { minutes_sha256: "\x0c" } agreed { sha256: "\x0d" })");
  EXPECT_THAT(FactsText(Lang::kEnglish, dispute),
              ElementsAre(Pair("Consultation 1 › SHA-256 of the minutes", "0c"),
                          Pair("Agreed text › SHA-256 hash", "0d")));
}

TEST(SaidText, OfAStepOfACaseIsWhatTheActIsNotNamedBy) {
  EXPECT_THAT(
      SaidText(Lang::kEnglish, Item(R"(case_act { excluded {
                rule: "3.b" person_id: "head" basis: "7/2026" convicted: true held: true resolves_notice: "\x0a" } })")),
      ElementsAre(Pair("Basis", "7/2026"), Pair("Notice that it resolves", "0a"), Pair("Convicted", "yes"),
                  Pair("Held in a place of deprivation of liberty", "yes")));
  EXPECT_THAT(SaidText(Lang::kRussian, Item(R"(case_act { answer_overdue { offer_entry_id: "\x0a" } })")),
              ElementsAre(Pair("Запись, оставшаяся без ответа", "0a")));
}

TEST(SaidText, OfAClearanceIsALineForEachPerson) {
  EXPECT_THAT(
      SaidText(Lang::kEnglish, Item(R"(case_act { cleared {
                persons { person_id: "head" permanent_residence_confirmed: true not_refugee: true }
                persons { person_id: "m1" not_refugee: true } } })")),
      ElementsAre(Pair("head", "Permanent residence confirmed, No refugee"), Pair("m1", "No refugee")));
}

// The petition, and what opened a matter, are shown once: as facts.
TEST(SaidText, DoesNotRepeatTheFacts) {
  for (const char* act : {"case_act { petition_filed { head { birth_date: '1984-03-17' } } }",
                          "case_act { petition_completed { head { birth_date: '1984-03-17' } } }",
                          "case_act { offered { number: 2 answer_due: '2026-12-21' } }",
                          "matter_step { dispute { draft_notice { contact: 'x' } } }",
                          "matter_step { dispute { notify { contact: 'x' } } }"}) {
    EXPECT_THAT(SaidText(Lang::kEnglish, Item(act)), IsEmpty()) << act;
  }
  EXPECT_THAT(SaidText(Lang::kEnglish, Item("matter_step { dispute { answer { position: 'x' } } }")),
              Not(IsEmpty()));
}

// What the state of entry found stays at home until hand-off 1 is offered.
TEST(SaidText, TheFirstOfferTellsWhatWasFoundAboutTheScope) {
  EXPECT_THAT(
      SaidText(Lang::kEnglish, Item(R"(case_act { offered { number: 1 answer_due: "2026-12-21" opening {
                petition { filed_on: "2026-11-20" } scope_finding { free_will_confirmed: true }
                family { person_id: "m1" standing: INCLUDED } } } })")),
      ElementsAre(Pair("Free will confirmed", "yes")));
}

}  // namespace
}  // namespace kelisim
