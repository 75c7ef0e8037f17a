#include "shared/treaty/form.h"

#include <functional>
#include <string>

#include "gtest/gtest.h"
#include "shared/treaty/testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

std::string Problems(const std::vector<FieldProblem>& problems) {
  std::string text;
  for (const FieldProblem& problem : problems) text += problem.field + " " + problem.problem + "\n";
  return text;
}

struct PetitionRow {
  const char* name;
  std::function<void(v1::Petition&)> change;
  const char* problems;
};

void Surname(v1::Petition& p, const std::string& surname) {
  p.mutable_head()->mutable_name()->set_surname(surname);
}
void Number(v1::Petition& p, const std::string& number) {
  p.mutable_head()->mutable_identifiers(0)->set_number(number);
}

std::string Repeated(const std::string& what, int times) {
  std::string text;
  for (int i = 0; i < times; ++i) text += what;
  return text;
}

const PetitionRow kPetitions[] = {
    {"Right", [](v1::Petition&) {}, ""},
    // Names.
    {"Edge119NoPatronymic", [](v1::Petition& p) { p.mutable_head()->mutable_name()->clear_patronymic(); },
     ""},
    {"NoSurname", [](v1::Petition& p) { p.mutable_head()->mutable_name()->clear_surname(); }, ""},
    {"NoNameAtAll",
     [](v1::Petition& p) {
       p.mutable_head()->mutable_name()->clear_surname();
       p.mutable_head()->mutable_name()->clear_given_name();
     },
     "file_petition.head.name.surname form.required\n"},
    {"KazakhLetters", [](v1::Petition& p) { Surname(p, "Әбіш-Ғұмарұлы Қаңһүөі"); }, ""},
    {"Latin", [](v1::Petition& p) { Surname(p, "O'Example d’Exemple"); }, ""},
    {"CyrillicWordBesideLatinWord", [](v1::Petition& p) { Surname(p, "Образец Sample"); }, ""},
    {"MixedScriptInOneWord", [](v1::Petition& p) { Surname(p, "Обpазец"); },
     "file_petition.head.name.surname form.mixed_script\n"},
    {"Digit", [](v1::Petition& p) { Surname(p, "Образец2"); },
     "file_petition.head.name.surname form.characters\n"},
    {"OtherScript", [](v1::Petition& p) { Surname(p, "Παράδειγμα"); },
     "file_petition.head.name.surname form.characters\n"},
    {"OnlyAHyphen", [](v1::Petition& p) { Surname(p, "-"); },
     "file_petition.head.name.surname form.characters\n"},
    {"Composed", [](v1::Petition& p) { Surname(p, "\u0419\u0401"); }, ""},
    {"Decomposed", [](v1::Petition& p) { Surname(p, "\u0418\u0306"); },
     "file_petition.head.name.surname form.not_nfc\n"},
    {"HundredLetters", [](v1::Petition& p) { Surname(p, Repeated("Қ", 100)); }, ""},
    {"HundredAndOneLetters", [](v1::Petition& p) { Surname(p, Repeated("Қ", 101)); },
     "file_petition.head.name.surname form.length\n"},
    // Dates.
    {"BornToday", [](v1::Petition& p) { p.mutable_head()->set_birth_date("2026-03-02"); }, ""},
    {"BornTomorrow", [](v1::Petition& p) { p.mutable_head()->set_birth_date("2026-03-03"); },
     "file_petition.head.birth_date form.future\n"},
    {"NoSuchDay", [](v1::Petition& p) { p.mutable_head()->set_birth_date("1981-02-29"); },
     "file_petition.head.birth_date form.date\n"},
    {"NoBirthDate", [](v1::Petition& p) { p.mutable_head()->clear_birth_date(); },
     "file_petition.head.birth_date form.required\n"},
    {"FiledTomorrow", [](v1::Petition& p) { p.set_filed_on("2026-03-03"); },
     "file_petition.filed_on form.future\n"},
    // States.
    {"StateOfTwoLetters", [](v1::Petition& p) { p.mutable_head()->set_permanent_residence("KZ"); },
     "file_petition.head.permanent_residence form.state_code\n"},
    {"StateInSmallLetters", [](v1::Petition& p) { p.mutable_head()->set_citizenships(0, "rus"); },
     "file_petition.head.citizenships[0] form.state_code\n"},
    {"CitizenshipTwice", [](v1::Petition& p) { p.mutable_head()->add_citizenships("RUS"); },
     "file_petition.head.citizenships[1] form.duplicate\n"},
    {"NoResidence", [](v1::Petition& p) { p.mutable_head()->clear_permanent_residence(); }, ""},
    // Identifiers.
    {"NumberWithKazakhLetterAndSigns", [](v1::Petition& p) { Number(p, "Ә-12/№ 3"); }, ""},
    {"NumberWithSmallLetter", [](v1::Petition& p) { Number(p, "n12345678"); },
     "file_petition.head.identifiers[0].number form.characters\n"},
    {"NumberOfSignsOnly", [](v1::Petition& p) { Number(p, "- -"); },
     "file_petition.head.identifiers[0].number form.characters\n"},
    {"NumberOf40", [](v1::Petition& p) { Number(p, Repeated("7", 40)); }, ""},
    {"NumberOf41", [](v1::Petition& p) { Number(p, Repeated("7", 41)); },
     "file_petition.head.identifiers[0].number form.length\n"},
    {"NoIdentifier", [](v1::Petition& p) { p.mutable_head()->clear_identifiers(); },
     "file_petition.head.identifiers form.count\n"},
    {"ElevenIdentifiers",
     [](v1::Petition& p) {
       for (int i = 0; i < 10; ++i) {
         *p.mutable_head()->add_identifiers() = p.head().identifiers(0);
         p.mutable_head()->mutable_identifiers(i + 1)->set_number(absl::StrCat("10", i));
       }
     },
     "file_petition.head.identifiers form.count\n"},
    {"SameIdentifierOfTwoPersons",
     [](v1::Petition& p) { p.mutable_family(0)->mutable_person()->mutable_identifiers(0)->set_number("1"); },
     "file_petition.family[0].person.identifiers[0] form.duplicate\n"},
    {"SameNumberOfAnotherState",
     [](v1::Petition& p) {
       p.mutable_family(0)->mutable_person()->mutable_identifiers(0)->set_number("1");
       p.mutable_family(0)->mutable_person()->mutable_identifiers(0)->set_issuing_state("KAZ");
     },
     ""},
    {"SameNumberSpeltOtherwise",
     [](v1::Petition& p) {
       p.mutable_head()->mutable_identifiers(0)->set_number("HA1234567");
       // Its letters are Cyrillic.
       p.mutable_family(0)->mutable_person()->mutable_identifiers(0)->set_number("НА-№ 12 34 567");
     },
     "file_petition.family[0].person.identifiers[0] form.duplicate\n"},
    {"SameNationalNumberOfAnotherState",
     [](v1::Petition& p) {
       for (v1::Identifier* identifier : {p.mutable_head()->mutable_identifiers(0),
                                          p.mutable_family(0)->mutable_person()->mutable_identifiers(0)}) {
         identifier->set_kind(v1::Identifier::IIN);
         identifier->set_number("850101300124");
       }
       p.mutable_head()->mutable_identifiers(0)->set_issuing_state("KAZ");
     },
     "file_petition.family[0].person.identifiers[0] form.duplicate\n"},
    {"UnknownKindOfIdentifier",
     [](v1::Petition& p) {
       p.mutable_head()->mutable_identifiers(0)->set_kind(static_cast<v1::Identifier::Kind>(99));
     },
     "file_petition.head.identifiers[0].kind form.enum\n"},
    // Counts and closed sets.
    {"NineteenMembers",
     [](v1::Petition& p) {
       for (int i = 1; i < 19; ++i)
         *p.add_family() = SampleMember(kRu, absl::StrCat("9", i), v1::SPOUSE, "1990-01-01");
     },
     ""},
    {"TwentyMembers",
     [](v1::Petition& p) {
       for (int i = 1; i < 20; ++i)
         *p.add_family() = SampleMember(kRu, absl::StrCat("9", i), v1::SPOUSE, "1990-01-01");
     },
     "file_petition.family form.count\n"},
    {"NoEntryState", [](v1::Petition& p) { p.clear_entry_state(); },
     "file_petition.entry_state form.required\n"},
    {"UnknownEntryState", [](v1::Petition& p) { p.set_entry_state(static_cast<v1::Party>(7)); },
     "file_petition.entry_state form.enum\n"},
    {"UnknownPaper", [](v1::Petition& p) { p.add_papers(static_cast<v1::Paper>(77)); },
     "file_petition.papers[0] form.enum\n"},
    {"NoRelation", [](v1::Petition& p) { p.mutable_family(0)->clear_relation(); },
     "file_petition.family[0].relation form.required\n"},
    {"TwoProblemsInFieldOrder",
     [](v1::Petition& p) {
       p.mutable_family(0)->clear_relation();
       p.clear_filed_on();
     },
     "file_petition.filed_on form.required\nfile_petition.family[0].relation form.required\n"},
};

class PetitionFormTest : public ::testing::TestWithParam<PetitionRow> {};

TEST_P(PetitionFormTest, SaysWhereAndWhat) {
  v1::Petition petition = SamplePetition(kRu);
  GetParam().change(petition);
  EXPECT_EQ(Problems(CheckForm(File(petition), kToday)), GetParam().problems);
}

INSTANTIATE_TEST_SUITE_P(Petitions, PetitionFormTest, ::testing::ValuesIn(kPetitions),
                         [](const auto& row) { return row.param.name; });

TEST(FormTest, OfEveryOtherCommand) {
  const std::string long_text = Repeated("я", 201);
  const struct {
    std::string command;
    std::string problems;
  } rows[] = {
      // clang-format off
      {"", "command form.required\n"},
      {"return_petition {}", "return_petition.missing form.required\n"},
      {"return_petition { fields: 'head.birth_date' fields: 'family' fields: 'family[2].person.name.surname' "
       "fields: 'head.identifiers[0].number' }",
       ""},
      {"return_petition { fields: ['head.birthdate', 'head.birth_date.year', 'head[0].birth_date', 'family[x]', "
       "'family[0]person', '.', 'head.'] }",
       "return_petition.fields[0] form.petition_field\nreturn_petition.fields[1] form.petition_field\n"
       "return_petition.fields[2] form.petition_field\nreturn_petition.fields[3] form.petition_field\n"
       "return_petition.fields[4] form.petition_field\nreturn_petition.fields[5] form.petition_field\n"
       "return_petition.fields[6] form.petition_field\n"},
      {"return_petition { missing: PAPER_UNSPECIFIED }", "return_petition.missing[0] form.required\n"},
      {"complete_petition {}", "complete_petition.entry_state form.required\ncomplete_petition.filed_on form.required\n"
                               "complete_petition.head.name.surname form.required\ncomplete_petition.head.birth_date form.required\n"
                               "complete_petition.head.identifiers form.count\n"},
      {"confirm_scope { conscript_person_ids: 'm20' }", "confirm_scope.conscript_person_ids[0] form.enum\n"},
      {"confirm_scope { conscript_person_ids: 'm1' conscript_person_ids: 'm1' }", "confirm_scope.conscript_person_ids[1] form.duplicate\n"},
      {"refuse_scope {}", "refuse_scope.rule form.required\n"},
      {"refuse_scope { rule: '99.9' }", "refuse_scope.rule form.rule\n"},
      {"offer {}", ""},  // the number is for the service to fill
      {"offer { number: 5 }", "offer.number form.range\n"},
      {"accept {}", ""},
      {"accept { number: 5 }", "accept.number form.range\n"},
      {"accept { number: 4 }", ""},
      {"accept { number: 1 clearance_due: '2026-03-30' }", "accept.clearance_due form.by_service\n"},
      {"decline { number: 1 }", "decline.rule form.required\n"},
      {"decline { number: 5 rule: '1.2' }", "decline.number form.range\n"},
      {"decline { rule: '1.2' }", ""},
      {"decline { number: 1 rule: '1.2' person_id: 'x' }", "decline.person_id form.enum\n"},
      {"clear {}", "clear.persons form.count\n"},
      {"clear { persons { person_id: 'head' } persons { person_id: 'head' } }", "clear.persons[1].person_id form.duplicate\n"},
      {"defer { rule: '3.g' person_id: 'head' review_on: '2026-09-01' }", "defer.basis form.required\n"},
      {"defer { rule: '3.g' person_id: 'head' basis: 'No. 1' }", "defer.review_on form.required\n"},
      {"defer { rule: '3.g' person_id: 'head' basis: 'No. 1' review_on: '2026-09-31' }", "defer.review_on form.date\n"},
      {"exclude { rule: '3.a' person_id: 'head' basis: '" + long_text + "' }", "exclude.basis form.length\n"},
      {"exclude { rule: '3.a' person_id: 'head' basis: 'line\\nline' }", "exclude.basis form.characters\n"},
      // 3.b: one of the two conditions is for the rules to judge; under another rule both say nothing.
      {"exclude { rule: '3.b' person_id: 'head' basis: 'No. 1' convicted: true }", ""},
      {"exclude { rule: '3.a' person_id: 'head' basis: 'No. 1' convicted: true held: true }", "exclude.convicted form.not_asked\nexclude.held form.not_asked\n"},
      {"suspend { rule: '3.v' person_id: 'head' basis: 'No. 1' held: true }", "suspend.held form.not_asked\n"},
      {"defer { rule: '3.v' person_id: 'head' basis: 'No. 1' review_on: '2026-09-01' held: true }", "defer.held form.not_asked\n"},
      {"give_notice { kind: OBSTACLE rule: '3.b' person_id: 'head' basis: 'No. 1' stated_on: '2026-03-01' held: true }", ""},
      {"give_notice { kind: ANNULMENT rule: '3.b' basis: 'No. 1' stated_on: '2026-03-01' convicted: true held: true }", ""},
      {"give_notice { kind: OBSTACLE rule: '3.v' person_id: 'head' basis: 'No. 1' stated_on: '2026-03-01' held: true }", "give_notice.held form.not_asked\n"},
      {"give_notice { kind: OBSTACLE_ENDED rule: '3.b' person_id: 'head' basis: 'No. 1' stated_on: '2026-03-01' convicted: true }", "give_notice.convicted form.not_asked\n"},
      {"give_notice { kind: WITHDRAWAL stated_on: '2026-03-01' held: true }", "give_notice.held form.not_asked\n"},
      {"suspend { rule: '3.v' person_id: 'head' basis: 'No. 1' resolves_notice: '12345678901234567' }", "suspend.resolves_notice form.length\n"},
      {"end_deferral { rule: '3.v' basis: 'No. 1' }", "end_deferral.person_id form.required\n"},
      {"resume { rule: '3.v' person_id: 'head' }", "resume.basis form.required\n"},
      {"reserve_place {}", ""},
      {"opt_out {}", ""},
      {"issue_status {}", "issue_status.number form.required\n"},
      {"issue_status { number: '1' series: 'a' }",
       "issue_status.series form.characters\nissue_status.series form.by_service\n"},
      {"issue_status { number: '1' series: 'KZ-R' issued_on: '2026-03-02' valid_until: '2027-03-02' "
       "form_version: 'F1' }",
       "issue_status.series form.by_service\nissue_status.issued_on form.by_service\n"
       "issue_status.valid_until form.by_service\nissue_status.form_version form.by_service\n"},
      {"reissue_document { reason: 'lost' reissued_on: '2026-03-02' }",
       "reissue_document.reissued_on form.by_service\n"},
      {"reissue_document { reason: 'sold' }", "reissue_document.reason form.enum\n"},
      {"reissue_document {}", "reissue_document.reason form.required\n"},
      {"record_exit { crossed_on: '2026-03-03' crossing_point: 'P1' }", "record_exit.crossed_on form.future\n"},
      {"record_exit { crossed_on: '2026-03-02' }", "record_exit.crossing_point form.required\n"},
      {"register_residence { registered_on: '2026-03-02' }", "register_residence.region form.required\n"},
      {"withdraw {}", "withdraw.stated_on form.required\n"},
      {"annul { rule: '2.1' }", "annul.basis form.required\n"},
      {"lapse {}", ""},
      {"close_by_termination {}", ""},
      {"remove_member { person_id: 'm1' basis: 'No. 1' }", "remove_member.reason form.required\n"},
      {"remove_member { reason: DIED basis: 'No. 1' }", "remove_member.person_id form.required\n"},
      {"remove_member { person_id: 'm1' reason: DIVORCED }", "remove_member.basis form.required\n"},
      {"remove_member { person_id: 'm1' reason: DIVORCED basis: 'No. 1' stated_on: '2026-03-03' }", "remove_member.stated_on form.future\n"},
      {"remove_member { person_id: 'm1' reason: OWN_WILL }", "remove_member.stated_on form.required\n"},
      {"remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-03-01' }", ""},
      {"remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-03-03' }", "remove_member.stated_on form.future\n"},
      {"give_notice { kind: WITHDRAWAL stated_on: '2026-03-01' }", ""},
      {"give_notice { kind: OBSTACLE stated_on: '2026-03-01' }", "give_notice.rule form.required\ngive_notice.basis form.required\n"},
      {"give_notice { kind: WITHDRAWAL }", "give_notice.stated_on form.required\n"},
      {"give_notice { stated_on: '2026-03-01' rule: '2.1' basis: 'No. 1' }", "give_notice.kind form.required\n"},
      {"dismiss_notice { basis: 'No. 1' }", "dismiss_notice.resolves_notice form.required\n"},
      {"dismiss_notice { resolves_notice: 'n' }", "dismiss_notice.basis form.required\n"},
      // clang-format on
  };
  for (const auto& [command, problems] : rows) {
    EXPECT_EQ(Problems(CheckForm(Command(command), kToday)), problems) << command;
  }
}

TEST(FormTest, OfQuotaCommands) {
  const auto problems = [](const std::string& command) {
    return Problems(CheckForm(Text<v1::QuotaCommand>(command)));
  };
  EXPECT_EQ(problems(""), "command form.required\n");
  EXPECT_EQ(problems("set_quota { year: 2026 limit: 0 legal_act: 'No. 1' }"), "");
  EXPECT_EQ(problems("set_quota { year: 26 limit: 0 legal_act: 'No. 1' }"), "set_quota.year form.year\n");
  EXPECT_EQ(problems("set_quota { year: 2026 limit: 1000001 legal_act: 'No. 1' }"),
            "set_quota.limit form.range\n");
  EXPECT_EQ(problems("adjust_quota { year: 2026 limit: 0 }"), "adjust_quota.legal_act form.required\n");
  // Zero is a quota, and nothing is not zero.
  EXPECT_EQ(problems("adjust_quota { year: 2026 legal_act: 'No. 1' }"), "adjust_quota.limit form.required\n");
  EXPECT_EQ(problems("close_year {}"), "close_year.year form.year\n");
  EXPECT_EQ(problems("report_year { year: 2200 }"), "report_year.year form.year\n");
}

TEST(FormTest, OfTreatyCommands) {
  const auto problems = [](const std::string& command) {
    return Problems(CheckForm(Text<v1::TreatyCommand>(command)));
  };
  EXPECT_EQ(problems(""), "command form.required\n");
  EXPECT_EQ(problems("record_termination_notice { from: PARTY_RU sent_on: '2029-10-16' received_on: "
                     "'2029-10-17' note_number: '1-n' }"),
            "");
  EXPECT_EQ(problems("record_termination_notice { received_on: '2029-02-29' note_number: '1-n' }"),
            "record_termination_notice.from form.required\nrecord_termination_notice.received_on form.date\n"
            "record_termination_notice.sent_on form.required\n");
  EXPECT_EQ(problems("record_revocation { from: PARTY_RU }"),
            "record_revocation.received_on form.required\nrecord_revocation.note_number form.required\n");
}

TEST(FormTest, ReportsAtMostFiftyProblems) {
  v1::CaseCommand command;
  for (int i = 0; i < 60; ++i) command.mutable_file_petition()->add_family();
  EXPECT_EQ(CheckForm(command, kToday).size(), 50u);
}

TEST(FormTest, NeverTellsTheValue) {
  v1::Petition petition = SamplePetition(kRu);
  Surname(petition, "Секрет7");
  Number(petition, "secret");
  const std::string problems = Problems(CheckForm(File(petition), kToday));
  EXPECT_EQ(problems.find("екрет"), std::string::npos);
  EXPECT_EQ(problems.find("secret"), std::string::npos);
}

TEST(FormTest, OfActsAsOfCommands) {
  const auto problems = [](const v1::CaseAct& act) { return Problems(CheckForm(act, kToday)); };
  v1::CaseAct filed;
  *filed.mutable_petition_filed() = SamplePetition(kRu);
  EXPECT_EQ(problems(filed),
            "petition_filed.head.person_id form.enum\npetition_filed.family[0].person.person_id form.enum\n");
  filed.mutable_petition_filed()->mutable_head()->set_person_id("head");
  filed.mutable_petition_filed()->mutable_family(0)->mutable_person()->set_person_id("m1");
  EXPECT_EQ(problems(filed), "");
  EXPECT_EQ(problems(v1::CaseAct()), "act form.required\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("status_issued { number: '1' series: 'a' }")),
            "status_issued.series form.characters\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("excluded { rule: '3.a' person_id: 'head' basis: 'N' held: true }")),
            "excluded.held form.not_asked\n");
  // Only commands leave the number of a hand-off to the service.
  EXPECT_EQ(problems(Text<v1::CaseAct>("offered {}")), "offered.number form.required\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("accepted {}")), "accepted.number form.required\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("declined { rule: '13.2' }")), "declined.number form.required\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("lapsed {}")), "lapsed.valid_until form.required\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("waitlisted { year: 2026 }")), "waitlisted.reason form.required\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("place_reserved { year: 2026 }")),
            "place_reserved.places form.range\n");
  EXPECT_EQ(problems(Text<v1::CaseAct>("answer_overdue { offer_entry_id: 'e' answer_due: 'soon' }")),
            "answer_overdue.answer_due form.date\n");
}

}  // namespace
}  // namespace kelisim::treaty
