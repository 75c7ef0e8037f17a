#include "shared/cli/render.h"

#include <algorithm>

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"
#include "shared/text/acts.h"
#include "shared/treaty/rules.h"

namespace kelisim::cli {
namespace {

template <typename T>
T FromText(const std::string& text) {
  T message;
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

v1::Case Sample() {
  return FromText<v1::Case>(R"(
    name: "cases/3f2a"
    state {
      entry_state: PARTY_RU departure_state: PARTY_KZ status: AWAIT_CLEARANCE holder: PARTY_KZ
      offered_hand_off: 1 answer_due: "2026-12-21"
      petition {
        head { person_id: "head" name { surname: "Примеров" given_name: "Алексей" } birth_date: "1984-03-17"
               citizenships: "RUS" identifiers { kind: SNILS number: "112-233-445 95" } }
        family { relation: SPOUSE person { person_id: "m1" name { surname: "Үлгібаева" given_name: "Әсел" } } }
      }
      family { person_id: "m1" standing: LEFT rule: "2.2" }
      notices { entry_id: "\x01\xff" from: PARTY_KZ notice { kind: WITHDRAWAL stated_on: "2026-11-19" basis: "4/2026" } }
    }
    timeline {
      entry { ledger: PARTY_RU index: 3 } case_act { petition_filed {} } happened_on: "2026-11-20" evidence: RECORDED
      officer: "o1"
    }
    timeline {
      entry { ledger: PARTY_RU index: 4 entry_id: "\x02\xfe" } case_act { offered { number: 1 } } happened_on: "2026-11-21" evidence: REFUSED
      refusal { rule: "1.2" found: "x" } officer: "o1"
    }
    timeline {
      entry { ledger: PARTY_KZ index: 2 } case_act { deferred { rule: "3.b" basis: "7/2026" held: true } }
      happened_on: "2026-11-22" evidence: RECORDED officer: "o2"
    }
    allowed_actions { action: "accept" by: PARTY_KZ rule: "9.new" })");
}

TEST(Render, CaseInEnglish) {
  EXPECT_EQ(Render(Sample(), {Lang::kEnglish, {}}), R"(Case               cases/3f2a
Status             Awaiting clearance by the state of departure (AWAIT_CLEARANCE)
Holder             Kazakhstan
State of entry     Russia
State of departure Kazakhstan
Hand-off offered   1
Due                2026-12-21

Persons
#    Person                       Relation  Status        Rule
head Примеров Алексей, 1984-03-17 Resettler
m1   Үлгібаева Әсел               Spouse    Left the case 2.2

Facts
Name                                        What
Resettler › Id of the person                head
Resettler › Citizenship 1                   RUS
Resettler › Identifier 1 › Kind             SNILS
Resettler › Identifier 1 › Number           112-233-445 95
Family member 1 › Person › Id of the person m1

Timeline
#    When       What                    Evidence                            Who
ru/3 2026-11-20 Petition filed          Recorded in the ledger              o1
ru/4 2026-11-21 Hand-off offered: 1     Refused by the other Party: 1.2 (x) o1
  Entry: 02fe
kz/2 2026-11-22 Departure deferred: 3.b Recorded in the ledger              o2
  Basis: 7/2026
  Held in a place of deprivation of liberty: yes

Notices awaiting an answer
Entry Party      What                          Rule Person
01ff  Kazakhstan The person wishes to withdraw
  Basis: 4/2026
  Stated on: 2026-11-19

Allowed actions
What                              Party      Rests on
Accept the hand-off (case accept) Kazakhstan 9.new
)");
}

TEST(Render, CaseInRussian) {
  EXPECT_EQ(Render(Sample(), {Lang::kRussian, {}}), R"(Дело                cases/3f2a
Состояние           Ожидается проверка государством выезда (AWAIT_CLEARANCE)
Ведёт дело          Казахстан
Государство въезда  Россия
Государство выезда  Казахстан
Предложена передача 1
Срок                2026-12-21

Лица
#    Лицо                         Родство            Состояние     Правило
head Примеров Алексей, 1984-03-17 Переселенец
m1   Үлгібаева Әсел               Супруг или супруга Выбыл из дела 2.2

Сведения
Имя                                    Что
Переселенец › Обозначение лица         head
Переселенец › Гражданство 1            RUS
Переселенец › Документ 1 › Вид         СНИЛС
Переселенец › Документ 1 › Номер       112-233-445 95
Член семьи 1 › Лицо › Обозначение лица m1

Ход дела
#    Когда      Что                         Доказательство                    Кто
ru/3 2026-11-20 Ходатайство подано          Записано в журнал                 o1
ru/4 2026-11-21 Передача дела предложена: 1 Другая Сторона отклонила: 1.2 (x) o1
  Запись: 02fe
kz/2 2026-11-22 Выезд отложен: 3.b          Записано в журнал                 o2
  Основание: 7/2026
  Содержится в месте лишения свободы: да

Уведомления, ожидающие ответа
Запись Сторона   Что                                   Правило Лицо
01ff   Казахстан Лицо заявило об отказе от переселения
  Основание: 4/2026
  День заявления: 2026-11-19

Разрешённые действия
Что                        Сторона   Основание
Принять дело (case accept) Казахстан 9.new
)");
}

TEST(Render, CaseInKazakh) {
  EXPECT_EQ(Render(Sample(), {Lang::kKazakh, {}}), R"(Іс                     cases/3f2a
Күйі                   Көшіп кететін мемлекеттің тексеруі күтілуде (AWAIT_CLEARANCE)
Істі жүргізуші         Қазақстан
Көшіп келетін мемлекет Ресей
Көшіп кететін мемлекет Қазақстан
Ұсынылған беру         1
Мерзімі                2026-12-21

Адамдар
#    Адам                         Туыстығы       Күйі         Қағида
head Примеров Алексей, 1984-03-17 Қоныс аударушы
m1   Үлгібаева Әсел               Жұбайы         Істен шыққан 2.2

Мәліметтер
Атауы                                    Не
Қоныс аударушы › Адамның белгісі         head
Қоныс аударушы › Азаматтығы 1            RUS
Қоныс аударушы › Құжаты 1 › Түрі         СНИЛС
Қоныс аударушы › Құжаты 1 › Нөмірі       112-233-445 95
Отбасы мүшесі 1 › Адам › Адамның белгісі m1

Істің барысы
#    Қашан      Не                           Дәлел                             Кім
ru/3 2026-11-20 Өтінішхат берілді            Журналға жазылды                  o1
ru/4 2026-11-21 Істі беру ұсынылды: 1        Екінші Тарап қабылдамады: 1.2 (x) o1
  Жазба: 02fe
kz/2 2026-11-22 Кету кейінге қалдырылды: 3.b Журналға жазылды                  o2
  Негізі: 7/2026
  Бас бостандығынан айыру орнында ұсталады: иә

Жауап күтіп тұрған хабарламалар
Жазба Тарап     Не                                            Қағида Адам
01ff  Қазақстан Адам қоныс аударудан бас тартатынын мәлімдеді
  Негізі: 4/2026
  Мәлімделген күні: 2026-11-19

Рұқсат етілген әрекеттер
Не                          Тарап     Негізі
Істі қабылдау (case accept) Қазақстан 9.new
)");
}

TEST(Render, List) {
  const auto cases = FromText<v1::ListCasesResponse>(R"(
    cases { name: "cases/a" status: SUBMITTED entry_state: PARTY_KZ holder: PARTY_KZ head_surname: "Үлгіев" persons: 2 }
    next_page_token: "t1")");
  EXPECT_EQ(Render(cases, {Lang::kEnglish, {}}),
            "Case    Resettler Persons State of entry Holder     Due Status\n"
            "cases/a Үлгіев    2       Kazakhstan     Kazakhstan     Petition submitted\n"
            "Next page: --page-token t1\n");
  EXPECT_EQ(Render(v1::ListCasesResponse(), {Lang::kEnglish, {}}), "There are no cases.\n");
}

TEST(Render, Term) {
  const auto term = FromText<v1::Term>(R"(
    in_force: true period: 6 period_from: "2025-04-17" period_until: "2030-04-17" last_day_for_notice: "2029-10-17"
    protocol { holidays_kz: ["2026-01-01", "2026-01-02"] holidays_ru: "2026-01-07" }
    treaty { terminates_on: "2030-04-17" notices { from: PARTY_RU sent_on: "2029-09-28" received_on: "2029-09-30" note_number: "41/n" }
             late_notices { from: PARTY_KZ sent_on: "2024-10-17" received_on: "2024-10-18" note_number: "3/n" } })");
  EXPECT_EQ(Render(term, {Lang::kEnglish, {}, absl::CivilDay(2026, 1, 2)}), R"(Term of the Agreement
In force            yes
Five-year term      6: 2025-04-17 - 2030-04-16
Last day for notice 2029-10-17
The Agreement ends on 2030-04-17

Notice of termination recorded
Dated      Received on Party  #
2029-09-28 2029-09-30  Russia 41/n

Late notice of termination recorded: without effect, for the foreign ministries to see
Dated      Received on Party      #
2024-10-17 2024-10-18  Kazakhstan 3/n

Protocol
Name                                 What
Public holidays in Kazakhstan (days) 2 (next: 2026-01-02)
Public holidays in Russia (days)     1 (next: 2026-01-07)
)");
}

TEST(Render, Quota) {
  EXPECT_EQ(
      Render(FromText<v1::QuotaState>("entry_state: PARTY_KZ year: 2027 status: OPEN limit: 5 reserved: 2"),
             {Lang::kEnglish, {}}),
      R"(Resettlement quota Kazakhstan
Year               2027
Status             Open
Limit              5
Reserved           2
Used               0
)");
  EXPECT_EQ(Render(FromText<v1::QuotaState>("entry_state: PARTY_RU year: 2027 status: UNSET"),
                   {Lang::kEnglish, {}}),
            R"(Resettlement quota Russia
Year               2027
Status             Not set
)");
}

TEST(Render, AwaitingCosignature) {
  v1::Case file = Sample();
  EXPECT_THAT(Render(file, {}), testing::Not(testing::HasSubstr("Awaiting the other Party's cosignature")));
  file.set_awaiting_cosignature(true);
  EXPECT_THAT(Render(file, {}), testing::HasSubstr("Awaiting the other Party's cosignature"));
}

TEST(Render, AWarningNamesItsFieldAndWhatToDo) {
  v1::Case file = Sample();
  EXPECT_THAT(Render(file, {}), testing::Not(testing::HasSubstr("Please check")));
  v1::Warning& warning = *file.add_warnings();
  warning.set_field("petition.head.identifiers[0].number");
  warning.set_key("warn.iin_date");
  EXPECT_THAT(Render(file, {}), testing::HasSubstr("Petition › Resettler › Identifier 1 › Number"));
  EXPECT_THAT(Render(file, {}), testing::HasSubstr("differ from the birth date"));
}

TEST(Render, OnlyWhatWaitsIsSaidToWait) {
  v1::Case file;
  file.mutable_state()->set_waiting_since_us(1);
  EXPECT_EQ(Render(file, Reader{}).find("Waiting since"), std::string::npos);
  file.mutable_state()->mutable_waiting()->set_year(2026);
  EXPECT_NE(Render(file, Reader{}).find("Waiting since"), std::string::npos);
}

TEST(Render, WordsOfANewerService) {
  v1::Case file;
  file.add_timeline();
  file.add_allowed_actions()->set_action("teleport");
  EXPECT_THAT(Render(file, {}), testing::HasSubstr("action.teleport (teleport)"));
}

TEST(Render, WhatADossierProvesInTheReadersLanguage) {
  dossier::Report report;
  report.verdict = dossier::Verdict::kBadProof;
  report.manifest.set_name("cases/3f2a");
  report.manifest.set_exporter(v1::PARTY_KZ);
  report.findings.push_back({dossier::Verdict::kBadProof, "kz/tile/0/000", "flaw.tile_differs", "", {}});
  report.findings.push_back(
      {dossier::Verdict::kUnlawful, "acts/kz-4", "flaw.breaks", "", FromText<v1::Violation>("rule: '12.1'")});
  const v1::LocalizedText& rule = treaty::FindRule("12.1")->text();
  const std::string russian = Render(report, /*own_keys=*/{}, Lang::kRussian);
  EXPECT_THAT(russian,
              testing::HasSubstr("Обнаружено: kz/tile/0/000: Доказательство не сходится (хэши не те"));
  EXPECT_THAT(russian, testing::HasSubstr("Обнаружено: acts/kz-4: Действует акт, нарушающий правило"));
  EXPECT_THAT(russian, testing::HasSubstr("  12.1: " + rule.ru() + "\n"));
  EXPECT_THAT(russian, testing::HasSubstr("Проверено актов"));
  const std::string kazakh = Render(report, {v1::PARTY_RU}, Lang::kKazakh);
  EXPECT_THAT(kazakh, testing::HasSubstr("Табылғаны: acts/kz-4: Қағиданы бұзатын акт күшінде тұр"));
  EXPECT_THAT(kazakh, testing::HasSubstr("  12.1: " + rule.kk() + "\n"));
  EXPECT_THAT(kazakh, testing::HasSubstr("салыстырылуы тиіс кілттер: Ресей (--policy-ru)\n"));
  EXPECT_THAT(kazakh, testing::Not(testing::HasSubstr("--policy-kz")));
}

TEST(Render, EvidenceOfTwoHistoriesHasNoActs) {
  dossier::Report report;
  report.verdict = dossier::Verdict::kEquivocation;
  EXPECT_THAT(Render(report, {}, Lang::kRussian), testing::Not(testing::HasSubstr("Проверено актов")));
}

TEST(Render, ADossierWithItsOwnKeysIsNoMoreThanConsistent) {
  dossier::Report report;
  EXPECT_THAT(Render(report, {}, Lang::kEnglish), testing::StartsWith("The dossier is valid\n"));
  EXPECT_THAT(
      Render(report, {v1::PARTY_KZ, v1::PARTY_RU}, Lang::kEnglish),
      testing::StartsWith("The dossier is consistent with its own keys. Keys that are to be obtained in "
                          "another way and compared: Kazakhstan (--policy-kz), Russia (--policy-ru)\n"));
  EXPECT_THAT(
      Render(report, {v1::PARTY_KZ}, Lang::kRussian),
      testing::StartsWith("Досье согласуется с ключами из него самого. Ключи, которые следует получить "
                          "иным путём и сравнить: Казахстан (--policy-kz)\n"));
}

TEST(Render, WhatIsAllowedIsNamedAsItIsTyped) {
  v1::Case file;
  for (const char* step : {"give_notice", "remove_member", "return_petition"})
    file.add_allowed_actions()->set_action(step);
  const std::string text = Render(file, {});
  EXPECT_THAT(text, testing::HasSubstr("(case notice)"));
  EXPECT_THAT(text, testing::HasSubstr("(case remove-member)"));
  EXPECT_THAT(text, testing::HasSubstr("(petition return)"));
  v1::MatterFile matter;
  matter.mutable_state()->mutable_court_decision();
  matter.add_allowed_actions()->set_action("return_for_papers");
  EXPECT_THAT(Render(matter, {}), testing::HasSubstr("(decision return-for-papers)"));
}

TEST(Render, WhatTheStepsOfAMatterSaidStandsUnderThem) {
  const auto file = FromText<v1::MatterFile>(R"(
    name: "inquiries/3f2a"
    state { status: INQUIRY_ANSWERED inquiry { inquiry { text: "Who?" } } }
    timeline {
      entry { ledger: PARTY_KZ index: 3 } matter_step { inquiry { ask { text: "Who?" } } }
      happened_on: "2026-11-20" evidence: RECORDED officer: "o1"
    }
    timeline {
      entry { ledger: PARTY_RU index: 4 }
      matter_step { inquiry { answer { text: "A. Примеров\n1984" annexes { title: "List" sha256: "h" } } } }
      happened_on: "2026-11-21" evidence: RECORDED officer: "o2"
    }
    timeline {
      entry { ledger: PARTY_KZ index: 5 } matter_step { inquiry { remind { basis: "17 of 2026-11-22" } } }
      happened_on: "2026-11-22" evidence: RECORDED officer: "o1"
    })");
  const std::string english = Render(file, {Lang::kEnglish, {}});
  EXPECT_THAT(english, ::testing::ContainsRegex("\nru/4 +2026-11-21 .* o2\n"
                                                "  Text: A. Примеров.1984\n"
                                                "  .* 1 .+: List\n"
                                                "  .* 1 .+: 68\n"
                                                "kz/5 +2026-11-22 .* o1\n"
                                                "  Basis: 17 of 2026-11-22\n"));
  EXPECT_THAT(english, ::testing::HasSubstr(" o1\nru/4 "));
  EXPECT_THAT(Render(file, {Lang::kKazakh, {}}), ::testing::HasSubstr("\n  Негізі: 17 of 2026-11-22\n"));
}

TEST(Table, CannotCommandATerminal) {
  EXPECT_EQ(DrawPairs({{"a", "b\033[2J\nc"}}, {}), "a b\\x1b[2J\\x0ac\n");
}

TEST(Table, ColoursAndWrapsOnATerminalOnly) {
  const std::vector<Row> rows = {{Cell("жоқ", "red"), std::string("бір екі үш төрт бес алты")}};
  EXPECT_EQ(DrawTable({"А", "Б"}, rows, {}), "А   Б\nжоқ бір екі үш төрт бес алты\n");
  const std::string drawn = DrawTable({"А", "Б"}, rows, {true, 20});
  EXPECT_THAT(drawn, testing::HasSubstr("\033[31mжоқ\033[0m бір"));
  EXPECT_EQ(std::count(drawn.begin(), drawn.end(), '\n'), 3);
}

TEST(Table, WrapsAtBlanksAndBreaksNoWord) {
  const std::vector<Row> rows = {{std::string("kz/12"), std::string("Күту тізіміне қойылды"),
                                  std::string("орын күтілуде, кезек бойынша")},
                                 {std::string("kz/13"), std::string(), std::string("a\n\xff b")}};
  EXPECT_EQ(DrawTable({"#", "Не", "Күйі"}, rows, {false, 32}),
            "#     Не           Күйі\n"
            "kz/12 Күту         орын\n"
            "      тізіміне     күтілуде,\n"
            "      қойылды      кезек бойынша\n"
            "kz/13              a\\x0a\\xff b\n");
  // What does not fit makes the table wider.
  EXPECT_EQ(DrawTable({"А", "Б"}, {{std::string("екі сөз"), std::string(30, 'a')}}, {false, 20}),
            "А   Б\nекі " + std::string(30, 'a') + "\nсөз\n");
  // What fits exactly is not wrapped.
  EXPECT_EQ(DrawTable({"А", "Б"}, {{std::string("екі сөз"), std::string("үш")}}, {false, 10}),
            "А       Б\nекі сөз үш\n");
  // Nor are headings.
  EXPECT_EQ(
      DrawTable({"Көшіп келетін мемлекет", "Б"}, {{std::string("a b"), std::string("c d")}}, {false, 10}),
      "Көшіп    Б\nкелетін\nмемлекет\na b      c\n         d\n");
}

TEST(Render, ATimelineNamesAnOfficerShortly) {
  v1::Case file;
  file.add_timeline()->set_officer("spiffe://kz.kelisim.example/officer/1");
  file.add_timeline()->set_officer("o2");
  const std::string text = Render(file, Reader{Lang::kEnglish, {}, absl::CivilDay(2026, 3, 2)});
  EXPECT_THAT(text, testing::AllOf(testing::HasSubstr(" officer/1\n"), testing::HasSubstr(" o2\n"),
                                   testing::Not(testing::HasSubstr("spiffe"))));
}

TEST(Render, ATimelineSaysWhichPapersAreMissing) {
  v1::Case file;
  v1::PetitionReturn& returned = *file.add_timeline()->mutable_case_act()->mutable_petition_returned();
  returned.add_missing(v1::PAPER_QUESTIONNAIRE);
  returned.add_missing(v1::PAPER_PHOTOGRAPHS);
  returned.add_fields("head.birth_date");
  EXPECT_THAT(Render(file, Reader{Lang::kEnglish, {}, absl::CivilDay(2026, 3, 2)}),
              testing::AllOf(testing::HasSubstr(": Questionnaire, Photographs, Resettler › Date of birth")));
}

// The day to answer by is of an offer that waits for its answer.
TEST(Render, AnAnswerIsDueOnlyWhileOneIsAwaited) {
  v1::Case file;
  file.mutable_state()->set_answer_due("2026-03-16");
  EXPECT_THAT(Render(file, Reader{Lang::kEnglish, {}, absl::CivilDay(2026, 3, 2)}),
              testing::Not(testing::HasSubstr("2026-03-16")));
  file.mutable_state()->set_offered_hand_off(1);
  EXPECT_THAT(Render(file, Reader{Lang::kEnglish, {}, absl::CivilDay(2026, 3, 2)}),
              testing::HasSubstr("2026-03-16"));
}

// A warning from three days before the day to the day itself; not when it has passed.
TEST(Render, WarnsBeforeAnAnswerIsOverdue) {
  v1::MatterFile file;
  file.mutable_state()->set_answer_due("2026-03-16");
  const absl::CivilDay due(2026, 3, 16);
  for (const auto& [today, warned] : {std::pair(due - 4, false), std::pair(due - 3, true),
                                      std::pair(due, true), std::pair(due + 1, false)}) {
    const std::string text = Render(file, Reader{Lang::kRussian, {}, today});
    EXPECT_EQ(text.find("2026-03-16 (срок близок)") != std::string::npos, warned) << today;
  }
}

TEST(FoundText, SpeaksTheReadersLanguage) {
  const std::pair<const char*, const char*> rows[] = {
      {"no_obstacle_known", "не подтверждено, что препятствий нет (--no-obstacle-known)"},
      {"held", "не указано, что лицо содержится в месте лишения свободы (--held)"},
      {"PAPER_BIRTH_CERTIFICATES", "Свидетельства о рождении"},
      {"taken:7", "мест выдано и зарезервировано: 7"},
      {"PARTY_KZ", "Казахстан"},
      {"2026-11-20", "2026-11-20"},
  };
  for (const auto& [found, text] : rows) EXPECT_EQ(FoundText(Lang::kRussian, found), text);
  // A rule of the Agreement with its text.
  EXPECT_THAT(FoundText(Lang::kRussian, "3.b"), testing::StartsWith("3.b: "));
}

}  // namespace
}  // namespace kelisim::cli
