#include "shared/treaty/form.h"

#include <unicode/normalizer2.h>
#include <unicode/uchar.h>
#include <unicode/ucurr.h>
#include <unicode/unistr.h>
#include <unicode/uscript.h>

#include <optional>
#include <set>
#include <string_view>
#include <type_traits>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kelisim/v1/form.pb.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/treaty/rules.h"

namespace kelisim::treaty {
namespace {

// Every problem there is.
constexpr char kRequired[] = "form.required";             // the field must not be empty
constexpr char kByService[] = "form.by_service";          // the field must be empty: the service fills it
constexpr char kDate[] = "form.date";                     // not an existing day, YYYY-MM-DD
constexpr char kFuture[] = "form.future";                 // after the step, or after today
constexpr char kEnum[] = "form.enum";                     // not one of the values there are
constexpr char kLength[] = "form.length";                 // too long
constexpr char kNotNfc[] = "form.not_nfc";                // Unicode text not in form NFC
constexpr char kMixedScript[] = "form.mixed_script";      // Cyrillic and Latin in one word
constexpr char kCharacters[] = "form.characters";         // a character that cannot stand there
constexpr char kCount[] = "form.count";                   // too many or too few of them
constexpr char kRange[] = "form.range";                   // a number out of its range
constexpr char kDuplicate[] = "form.duplicate";           // the same twice
constexpr char kRule[] = "form.rule";                     // no rule of the Agreement
constexpr char kYear[] = "form.year";                     // not one of kFirstYear to kLastYear
constexpr char kStateCode[] = "form.state_code";          // not three capital letters
constexpr char kCurrency[] = "form.currency";             // no currency of ISO 4217
constexpr char kAmount[] = "form.amount";                 // not "1250" or "1250.50"
constexpr char kShare[] = "form.share";                   // not a part of the whole: "1/2"
constexpr char kReference[] = "form.reference";           // not "cases/3f2a"
constexpr char kCaseId[] = "form.case_id";                // not what follows "cases/"
constexpr char kDispute[] = "form.dispute";               // not "disputes/3f2a"
constexpr char kNotAsked[] = "form.not_asked";            // says nothing beside what else is stated
constexpr char kPetitionField[] = "form.petition_field";  // not the name of a field of the petition

constexpr size_t kMaxProblems = 50;
constexpr int kMaxFamily = 19;
constexpr int kMaxIdentifiers = 10;
constexpr int kMaxSpellings = 5;
constexpr int kMaxCitizenships = 5;
constexpr int kMaxListed = 200;
constexpr int kMaxNameLength = 100;
constexpr int kMaxNumberLength = 40;
constexpr int kMaxTextLength = 200;
constexpr int kMaxLongTextLength = 2000;
constexpr size_t kMaxNoticeId = 16;
constexpr uint32_t kMaxPlaces = 1'000'000;
constexpr int kFirstYear = 2000;
constexpr int kLastYear = 2199;

using Strings = google::protobuf::RepeatedPtrField<std::string>;

std::string At(const std::string& path, std::string_view field) {
  return path.empty() ? std::string(field) : absl::StrCat(path, ".", Absl(field));
}

std::string At(const std::string& path, std::string_view field, int index) {
  return absl::StrCat(At(path, field), "[", index, "]");
}

// The script of a letter a name can hold; USCRIPT_UNKNOWN of anything else.
// Cyrillic holds the Kazakh letters too.
UScriptCode NameScript(UChar32 c) {
  UErrorCode error = U_ZERO_ERROR;
  const UScriptCode script = uscript_getScript(c, &error);
  const bool of_names = u_isalpha(c) && (script == USCRIPT_CYRILLIC || script == USCRIPT_LATIN);
  return U_SUCCESS(error) && of_names ? script : USCRIPT_UNKNOWN;
}

// Hyphen, apostrophes and space part the words of a name.
bool PartsWords(UChar32 c) { return c == '-' || c == ' ' || c == '\'' || c == 0x2019 || c == 0x02BC; }

// What stands in document numbers beside capital letters and digits.
bool IsNumberSign(UChar32 c) { return c == ' ' || c == '-' || c == '/' || c == 0x2116; }

bool IsNumberLetter(UChar32 c) {
  const bool latin = c >= 'A' && c <= 'Z';
  const bool russian = (c >= 0x0410 && c <= 0x042F) || c == 0x0401;
  const icu::UnicodeString kazakh(u"ӘҒҚҢӨҰҮҺІ");
  return latin || russian || kazakh.indexOf(c) >= 0;
}

bool IsNfc(const icu::UnicodeString& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  const bool normalized = U_SUCCESS(error) && nfc->isNormalized(text, error);
  return normalized && U_SUCCESS(error);
}

// Collects what is wrong with one message.
class Form {
 public:
  explicit Form(std::optional<absl::CivilDay> last_day) : last_day_(last_day) {}

  std::vector<FieldProblem> problems() && { return std::move(problems_); }

  void Report(const std::string& path, const char* problem) {
    if (problems_.size() < kMaxProblems) problems_.push_back({path, problem});
  }

  bool Present(const std::string& path, const std::string& value) {
    if (value.empty()) Report(path, kRequired);
    return !value.empty();
  }

  // Any line of text; empty is allowed.
  void Text(const std::string& path, const std::string& value) { Words(path, value, kMaxTextLength, false); }

  // Several lines, of a statement or position.
  void LongText(const std::string& path, const std::string& value) {
    Words(path, value, kMaxLongTextLength, true);
  }

  void RequiredText(const std::string& path, const std::string& value) {
    if (Present(path, value)) Text(path, value);
  }

  void Words(const std::string& path, const std::string& value, int longest, bool lines) {
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(value);
    if (text.countChar32() > longest) return Report(path, kLength);
    if (!IsNfc(text)) return Report(path, kNotNfc);
    for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
      const UChar32 c = text.char32At(i);
      if (u_iscntrl(c) && !(lines && c == '\n')) return Report(path, kCharacters);
    }
  }

  // An existing day; empty is allowed. May be in the future.
  void Date(const std::string& path, const std::string& value) {
    if (!value.empty() && !ParseDate(value).ok()) Report(path, kDate);
  }

  // For the service to fill; what an officer wrote there would go unheeded.
  void LeftEmpty(const std::string& path, const std::string& value) {
    if (!value.empty()) Report(path, kByService);
  }

  // Is not asked for here; what an officer said with it would go unheeded.
  void LeftOut(const std::string& path, bool said) {
    if (said) Report(path, kNotAsked);
  }

  void RequiredDate(const std::string& path, const std::string& value) {
    if (Present(path, value)) Date(path, value);
  }

  // A day that has come; must be stated.
  void PastDate(const std::string& path, const std::string& value) {
    if (!Present(path, value)) return;
    const absl::StatusOr<absl::CivilDay> date = ParseDate(value);
    if (!date.ok()) return Report(path, kDate);
    if (last_day_ && *date > *last_day_) Report(path, kFuture);
  }

  // A closed set of values, of which 0 means "not stated".
  void Value(const std::string& path, int value, bool known) {
    if (value == 0) return Report(path, kRequired);
    if (!known) Report(path, kEnum);
  }

  void State(const std::string& path, const std::string& value) {
    if (!Present(path, value)) return;
    bool code = value.size() == 3;
    for (const char c : value) code = code && c >= 'A' && c <= 'Z';
    if (!code) Report(path, kStateCode);
  }

  // A rule of the Agreement, not one of ours about the course of a case.
  void Rule(const std::string& path, const std::string& value) {
    if (!Present(path, value)) return;
    if (!absl::ascii_isdigit(value[0]) || FindRule(value) == nullptr) Report(path, kRule);
  }

  // "head", "m1" ... "m19".
  void PersonId(const std::string& path, const std::string& value) {
    if (!Present(path, value) || value == "head") return;
    const auto number = value[0] == 'm' ? ParseDecimal(std::string_view(value).substr(1)) : std::nullopt;
    if (!number || *number == 0 || *number > kMaxFamily) Report(path, kEnum);
  }

  void OptionalPersonId(const std::string& path, const std::string& value) {
    if (!value.empty()) PersonId(path, value);
  }

  void PersonIds(const std::string& path, std::string_view field, const Strings& ids) {
    Count(At(path, field), ids.size(), 0, kMaxFamily + 1);
    std::set<std::string> seen;
    for (int i = 0; i < ids.size(); ++i) {
      PersonId(At(path, field, i), ids[i]);
      if (!seen.insert(ids[i]).second) Report(At(path, field, i), kDuplicate);
    }
  }

  void EntryId(const std::string& path, const std::string& value) {
    if (value.size() > kMaxNoticeId) Report(path, kLength);
  }

  void Count(const std::string& path, int64_t count, int64_t least, int64_t most) {
    if (count < least || count > most) Report(path, kCount);
  }

  void Range(const std::string& path, int64_t number, int64_t least, int64_t most) {
    if (number < least || number > most) Report(path, kRange);
  }

  // One part of a name; empty is allowed.
  void NamePart(const std::string& path, const std::string& value) {
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(value);
    if (text.countChar32() > kMaxNameLength) return Report(path, kLength);
    if (!IsNfc(text)) return Report(path, kNotNfc);
    bool letters = false;
    UScriptCode script = USCRIPT_UNKNOWN;  // of the current word, once it has a letter
    for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
      const UChar32 c = text.char32At(i);
      if (PartsWords(c)) {
        script = USCRIPT_UNKNOWN;
        continue;
      }
      const UScriptCode own = NameScript(c);
      if (own == USCRIPT_UNKNOWN) return Report(path, kCharacters);
      if (script != USCRIPT_UNKNOWN && script != own) return Report(path, kMixedScript);
      script = own;
      letters = true;
    }
    if (!value.empty() && !letters) Report(path, kCharacters);
  }

  void Number(const std::string& path, const std::string& value) {
    if (!Present(path, value)) return;
    const icu::UnicodeString text = icu::UnicodeString::fromUTF8(value);
    if (text.countChar32() > kMaxNumberLength) return Report(path, kLength);
    bool meaning = false;
    for (int32_t i = 0; i < text.length(); i = text.moveIndex32(i, 1)) {
      const UChar32 c = text.char32At(i);
      const bool sign = IsNumberLetter(c) || (c >= '0' && c <= '9');
      if (!sign && !IsNumberSign(c)) return Report(path, kCharacters);
      meaning = meaning || sign;
    }
    if (!meaning) Report(path, kCharacters);
  }

 private:
  std::optional<absl::CivilDay> last_day_;  // that a day which has come can be
  std::vector<FieldProblem> problems_;
};

// ---------------------------------------------------------------- persons

// Identities met so far in one petition.
using Seen = std::set<std::string>;

void Check(Form& form, const std::string& path, const v1::PersonName& name) {
  // A surname, a given name or both; a patronymic is never asked for.
  if (name.surname().empty() && name.given_name().empty()) form.Report(At(path, "surname"), kRequired);
  form.NamePart(At(path, "surname"), name.surname());
  form.NamePart(At(path, "given_name"), name.given_name());
  form.NamePart(At(path, "patronymic"), name.patronymic());
}

void Check(Form& form, const std::string& path, const v1::Identifier& identifier, Seen& seen) {
  form.Value(At(path, "kind"), identifier.kind(), v1::Identifier::Kind_IsValid(identifier.kind()));
  form.State(At(path, "issuing_state"), identifier.issuing_state());
  form.Number(At(path, "number"), identifier.number());
  form.Date(At(path, "valid_until"), identifier.valid_until());
  if (!seen.insert(IdentityOf(identifier)).second) form.Report(path, kDuplicate);
}

void Check(Form& form, const std::string& path, const v1::Person& person, Seen& seen) {
  Check(form, At(path, "name"), person.name());
  form.Count(At(path, "other_spellings"), person.other_spellings_size(), 0, kMaxSpellings);
  for (int i = 0; i < person.other_spellings_size(); ++i) {
    Check(form, At(path, "other_spellings", i), person.other_spellings(i));
  }
  form.PastDate(At(path, "birth_date"), person.birth_date());
  form.Count(At(path, "citizenships"), person.citizenships_size(), 0, kMaxCitizenships);
  std::set<std::string> citizenships;
  for (int i = 0; i < person.citizenships_size(); ++i) {
    form.State(At(path, "citizenships", i), person.citizenships(i));
    if (!citizenships.insert(person.citizenships(i)).second)
      form.Report(At(path, "citizenships", i), kDuplicate);
  }
  // Empty: a visitor, whom 2.1 does not cover; that is for the rules to say.
  if (!person.permanent_residence().empty()) {
    form.State(At(path, "permanent_residence"), person.permanent_residence());
  }
  form.Count(At(path, "identifiers"), person.identifiers_size(), 1, kMaxIdentifiers);
  for (int i = 0; i < person.identifiers_size(); ++i) {
    Check(form, At(path, "identifiers", i), person.identifiers(i), seen);
  }
}

void CheckPapers(Form& form, const std::string& path, std::string_view field,
                 const google::protobuf::RepeatedField<int>& papers) {
  form.Count(At(path, field), papers.size(), 0, kMaxListed);
  for (int i = 0; i < papers.size(); ++i) {
    form.Value(At(path, field, i), papers[i], v1::Paper_IsValid(papers[i]));
  }
}

void Check(Form& form, const std::string& path, const v1::Petition& petition) {
  form.Value(At(path, "entry_state"), petition.entry_state(), v1::Party_IsValid(petition.entry_state()));
  form.PastDate(At(path, "filed_on"), petition.filed_on());
  Seen seen;
  Check(form, At(path, "head"), petition.head(), seen);
  form.Count(At(path, "family"), petition.family_size(), 0, kMaxFamily);
  for (int i = 0; i < petition.family_size(); ++i) {
    const v1::FamilyMember& member = petition.family(i);
    const std::string at = At(path, "family", i);
    Check(form, At(at, "person"), member.person(), seen);
    form.Value(At(at, "relation"), member.relation(), v1::Relation_IsValid(member.relation()));
  }
  CheckPapers(form, path, "papers", petition.papers());
}

// What the service sets in a petition that has become an act.
void CheckPersonIds(Form& form, const std::string& path, const v1::Petition& petition) {
  if (petition.head().person_id() != "head") form.Report(At(path, "head.person_id"), kEnum);
  for (int i = 0; i < petition.family_size(); ++i) {
    if (petition.family(i).person().person_id() != absl::StrCat("m", i + 1)) {
      form.Report(At(At(path, "family", i), "person.person_id"), kEnum);
    }
  }
}

void CheckFiled(Form& form, const std::string& path, const v1::Petition& petition) {
  Check(form, path, petition);
  CheckPersonIds(form, path, petition);
}

// ---------------------------------------------------------------- contents of steps

void Check(Form& form, const std::string& path, const v1::PetitionReturn& content) {
  if (content.missing().empty() && content.fields().empty()) form.Report(At(path, "missing"), kRequired);
  CheckPapers(form, path, "missing", content.missing());
  form.Count(At(path, "fields"), content.fields_size(), 0, kMaxListed);
  for (int i = 0; i < content.fields_size(); ++i) form.RequiredText(At(path, "fields", i), content.fields(i));
}

// "head.birth_date", "family[2].person.name.surname": the place of a field in a petition.
bool IsPetitionField(std::string_view path) {
  const google::protobuf::Descriptor* message = v1::Petition::descriptor();
  for (std::string_view rest = path;;) {
    const size_t dot = rest.find('.');
    std::string_view name = rest.substr(0, dot);
    const size_t bracket = name.find('[');
    const bool indexed = bracket != std::string_view::npos;
    if (indexed) {
      if (name.back() != ']' || !ParseDecimal(name.substr(bracket + 1, name.size() - bracket - 2)))
        return false;
      name = name.substr(0, bracket);
    }
    const auto* field = message == nullptr ? nullptr : message->FindFieldByName(std::string(name));
    if (field == nullptr || (indexed && !field->is_repeated())) return false;
    if (dot == std::string_view::npos) return true;
    message = field->message_type();
    rest = rest.substr(dot + 1);
  }
}

void CheckPetitionFields(Form& form, const std::string& path, const v1::PetitionReturn& content) {
  for (int i = 0; i < content.fields_size(); ++i) {
    if (!content.fields(i).empty() && !IsPetitionField(content.fields(i)))
      form.Report(At(path, "fields", i), kPetitionField);
  }
}

void Check(Form& form, const std::string& path, const v1::ScopeFinding& finding) {
  form.PersonIds(path, "conscript_person_ids", finding.conscript_person_ids());
  form.PersonIds(path, "citizenship_confirmed_person_ids", finding.citizenship_confirmed_person_ids());
}

void Check(Form& form, const std::string& path, const v1::ScopeRefusal& refusal) {
  form.Rule(At(path, "rule"), refusal.rule());
  Check(form, At(path, "finding"), refusal.finding());
}

void Check(Form& form, const std::string& path, const v1::CaseOpening& opening) {
  CheckFiled(form, At(path, "petition"), opening.petition());
  Check(form, At(path, "scope_finding"), opening.scope_finding());
  if (opening.family_size() != opening.petition().family_size()) form.Report(At(path, "family"), kCount);
  for (int i = 0; i < opening.family_size(); ++i) {
    const v1::MemberStanding& member = opening.family(i);
    const std::string at = At(path, "family", i);
    if (member.person_id() != absl::StrCat("m", i + 1)) form.Report(At(at, "person_id"), kEnum);
    form.Value(At(at, "standing"), member.standing(),
               v1::MemberStanding::Standing_IsValid(member.standing()));
    if (!member.rule().empty()) form.Rule(At(at, "rule"), member.rule());
  }
}

void CheckHandOffNumber(Form& form, const std::string& path, uint32_t number) {
  if (number == 0) return form.Report(At(path, "number"), kRequired);
  form.Range(At(path, "number"), number, 1, 4);
}

// Of a command: 0 is for the service to fill.
void CheckAskedNumber(Form& form, const std::string& path, uint32_t number) {
  form.Range(At(path, "number"), number, 0, 4);
}

void Check(Form& form, const std::string& path, const v1::HandOff& offer) {
  CheckHandOffNumber(form, path, offer.number());
  form.Date(At(path, "answer_due"), offer.answer_due());
  if (offer.has_opening()) Check(form, At(path, "opening"), offer.opening());
}

void Check(Form& form, const std::string& path, const v1::Acceptance& acceptance) {
  CheckHandOffNumber(form, path, acceptance.number());
  form.Date(At(path, "clearance_due"), acceptance.clearance_due());
}

void CheckGround(Form& form, const std::string& path, const v1::Decline& decline) {
  form.Rule(At(path, "rule"), decline.rule());
  form.OptionalPersonId(At(path, "person_id"), decline.person_id());
}

void Check(Form& form, const std::string& path, const v1::Decline& decline) {
  CheckHandOffNumber(form, path, decline.number());
  CheckGround(form, path, decline);
}

void Check(Form& form, const std::string& path, const v1::Clearance& clearance) {
  form.Count(At(path, "persons"), clearance.persons_size(), 1, kMaxFamily + 1);
  std::set<std::string> seen;
  for (int i = 0; i < clearance.persons_size(); ++i) {
    const std::string& id = clearance.persons(i).person_id();
    form.PersonId(At(At(path, "persons", i), "person_id"), id);
    if (!seen.insert(id).second) form.Report(At(At(path, "persons", i), "person_id"), kDuplicate);
  }
}

// 3.b alone asks whether somebody is convicted and held.
template <typename Said>
void CheckNothingOfConvicts(Form& form, const std::string& path, const Said& said) {
  form.LeftOut(At(path, "convicted"), said.convicted());
  form.LeftOut(At(path, "held"), said.held());
}

void Check(Form& form, const std::string& path, const v1::Obstacle& obstacle) {
  form.Rule(At(path, "rule"), obstacle.rule());
  form.PersonId(At(path, "person_id"), obstacle.person_id());
  form.RequiredText(At(path, "basis"), obstacle.basis());
  form.Date(At(path, "review_on"), obstacle.review_on());
  form.EntryId(At(path, "resolves_notice"), obstacle.resolves_notice());
  if (obstacle.rule() != "3.b") CheckNothingOfConvicts(form, path, obstacle);
}

void Check(Form& form, const std::string& path, const v1::ObstacleEnd& end) {
  form.Rule(At(path, "rule"), end.rule());
  form.PersonId(At(path, "person_id"), end.person_id());
  form.RequiredText(At(path, "basis"), end.basis());
  form.EntryId(At(path, "resolves_notice"), end.resolves_notice());
}

void Check(Form& form, const std::string& path, const v1::StatusDocument& document) {
  form.Number(At(path, "number"), document.number());
  if (!document.series().empty()) form.Number(At(path, "series"), document.series());
  form.Date(At(path, "issued_on"), document.issued_on());
  form.Date(At(path, "valid_until"), document.valid_until());
  form.Text(At(path, "form_version"), document.form_version());
}

void Check(Form& form, const std::string& path, const v1::Reissue& reissue) {
  const bool known = reissue.reason() == "lost" || reissue.reason() == "damaged";
  if (form.Present(At(path, "reason"), reissue.reason()) && !known) form.Report(At(path, "reason"), kEnum);
  form.Date(At(path, "reissued_on"), reissue.reissued_on());
}

void Check(Form& form, const std::string& path, const v1::Exit& exit) {
  form.PastDate(At(path, "crossed_on"), exit.crossed_on());
  form.RequiredText(At(path, "crossing_point"), exit.crossing_point());
}

void Check(Form& form, const std::string& path, const v1::ResidenceRegistration& registration) {
  form.PastDate(At(path, "registered_on"), registration.registered_on());
  form.RequiredText(At(path, "region"), registration.region());
}

void Check(Form& form, const std::string& path, const v1::Withdrawal& withdrawal) {
  form.PastDate(At(path, "stated_on"), withdrawal.stated_on());
  form.EntryId(At(path, "resolves_notice"), withdrawal.resolves_notice());
}

void Check(Form& form, const std::string& path, const v1::Annulment& annulment) {
  form.Rule(At(path, "rule"), annulment.rule());
  form.OptionalPersonId(At(path, "person_id"), annulment.person_id());
  form.RequiredText(At(path, "basis"), annulment.basis());
  form.EntryId(At(path, "resolves_notice"), annulment.resolves_notice());
}

void Check(Form& form, const std::string& path, const v1::MemberDeparture& departure) {
  form.PersonId(At(path, "person_id"), departure.person_id());
  form.Value(At(path, "reason"), departure.reason(), v1::MemberDeparture::Reason_IsValid(departure.reason()));
  // A will has its day and needs no ground.
  if (departure.reason() == v1::MemberDeparture::OWN_WILL) {
    form.PastDate(At(path, "stated_on"), departure.stated_on());
    return form.Text(At(path, "basis"), departure.basis());
  }
  if (!departure.stated_on().empty()) form.PastDate(At(path, "stated_on"), departure.stated_on());
  form.RequiredText(At(path, "basis"), departure.basis());
}

void Check(Form& form, const std::string& path, const v1::Notice& notice) {
  form.Value(At(path, "kind"), notice.kind(), v1::Notice::Kind_IsValid(notice.kind()));
  form.OptionalPersonId(At(path, "person_id"), notice.person_id());
  form.PastDate(At(path, "stated_on"), notice.stated_on());
  form.EntryId(At(path, "order"), notice.order());
  const bool tells = notice.kind() == v1::Notice::OBSTACLE || notice.kind() == v1::Notice::ANNULMENT;
  if (!tells || notice.rule() != "3.b") CheckNothingOfConvicts(form, path, notice);
  // A will needs no ground.
  if (notice.kind() == v1::Notice::WITHDRAWAL) return form.Text(At(path, "basis"), notice.basis());
  form.Rule(At(path, "rule"), notice.rule());
  form.RequiredText(At(path, "basis"), notice.basis());
  if (notice.kind() == v1::Notice::ANNULMENT_TAKEN_BACK) form.Present(At(path, "order"), notice.order());
}

void Check(Form& form, const std::string& path, const v1::Dismissal& dismissal) {
  form.Present(At(path, "resolves_notice"), dismissal.resolves_notice());
  form.EntryId(At(path, "resolves_notice"), dismissal.resolves_notice());
  form.RequiredText(At(path, "basis"), dismissal.basis());
}

void CheckYear(Form& form, const std::string& path, int year) {
  if (year < kFirstYear || year > kLastYear) form.Report(At(path, "year"), kYear);
}

void Check(Form& form, const std::string& path, const v1::Waiting& waiting) {
  form.Value(At(path, "reason"), waiting.reason(), v1::Waiting::Reason_IsValid(waiting.reason()));
  CheckYear(form, path, waiting.year());
}

void Check(Form& form, const std::string& path, const v1::Place& place) {
  CheckYear(form, path, place.year());
  form.Range(At(path, "places"), place.places(), 1, kMaxFamily + 1);
}

void Check(Form& form, const std::string& path, const v1::Overdue& overdue) {
  form.Present(At(path, "offer_entry_id"), overdue.offer_entry_id());
  form.EntryId(At(path, "offer_entry_id"), overdue.offer_entry_id());
  form.RequiredDate(At(path, "answer_due"), overdue.answer_due());
}

// ---------------------------------------------------------------- matters

bool HasOnly(std::string_view text, std::string_view allowed) {
  return !text.empty() && text.find_first_not_of(allowed) == text.npos;
}

// "1250" or "1250.50", without leading zeros.
bool IsAmount(const std::string& text) {
  const size_t point = text.find('.');
  const std::string whole = text.substr(0, point);
  const std::string cents = point == std::string::npos ? "00" : text.substr(point + 1);
  const auto digits = [](const std::string& part) { return HasOnly(part, "0123456789"); };
  return whole.size() <= 15 && digits(whole) && (whole.size() == 1 || whole[0] != '0') && cents.size() == 2 &&
         digits(cents);
}

// "1/2": a part of the whole, at most all of it.
bool IsShare(const std::string& text) {
  const size_t slash = text.find('/');
  if (slash == std::string::npos) return false;
  const auto part = ParseDecimal(std::string_view(text).substr(0, slash));
  const auto whole = ParseDecimal(std::string_view(text).substr(slash + 1));
  return part && whole && *part > 0 && *part <= *whole && *whole <= 10'000;
}

// "1f": a part of a name.
bool IsId(std::string_view text) {
  return text.size() <= kMaxNumberLength && HasOnly(text, "abcdefghijklmnopqrstuvwxyz0123456789-");
}

// "cases/1f", "disputes/2a": a collection and an id.
bool IsName(std::string_view text) {
  const size_t slash = text.find('/');
  return slash <= 20 && IsId(text.substr(slash + 1)) &&
         HasOnly(text.substr(0, slash), "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
}

bool IsCurrency(const std::string& text) {
  if (text.size() != 3 || !HasOnly(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ")) return false;
  return ucurr_getNumericCode(icu::UnicodeString::fromUTF8(text).getTerminatedBuffer()) != 0;
}

// A text or bytes field as its options say; it is not empty.
void CheckContent(Form& form, const std::string& path, v1::Content content, const std::string& value) {
  switch (content) {
    case v1::CONTENT_DATE:
      return form.Date(path, value);
    case v1::CONTENT_PAST_DATE:
      return form.PastDate(path, value);
    case v1::CONTENT_STATE:
      return form.State(path, value);
    case v1::CONTENT_CURRENCY:
      return IsCurrency(value) ? void() : form.Report(path, kCurrency);
    case v1::CONTENT_RULE:
      return form.Rule(path, value);
    case v1::CONTENT_PERSON_ID:
      return form.PersonId(path, value);
    case v1::CONTENT_AMOUNT:
      return IsAmount(value) ? void() : form.Report(path, kAmount);
    case v1::CONTENT_SHARE:
      return IsShare(value) ? void() : form.Report(path, kShare);
    case v1::CONTENT_NAME:
      return IsName(value) ? void() : form.Report(path, kReference);
    case v1::CONTENT_CASE_ID:
      return IsId(value) ? void() : form.Report(path, kCaseId);
    case v1::CONTENT_DISPUTE:
      return IsName(value) && value.starts_with("disputes/") ? void() : form.Report(path, kDispute);
    case v1::CONTENT_SHA256:
      return value.size() == 32 ? void() : form.Report(path, kLength);
    default:
      return form.LongText(path, value);
  }
}

// One value of `field`: the only one, or the one at `index`.
void CheckMessage(Form& form, const std::string& path, const google::protobuf::Message& message);
void CheckValue(Form& form, const std::string& path, const google::protobuf::Message& message,
                const google::protobuf::FieldDescriptor& field, int index) {
  using google::protobuf::FieldDescriptor;
  const auto& reflection = *message.GetReflection();
  const bool listed = field.is_repeated();
  std::string scratch;
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return CheckMessage(form, path,
                          listed ? reflection.GetRepeatedMessage(message, &field, index)
                                 : reflection.GetMessage(message, &field));
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = listed ? reflection.GetRepeatedEnumValue(message, &field, index)
                               : reflection.GetEnumValue(message, &field);
      return form.Value(path, value, field.enum_type()->FindValueByNumber(value) != nullptr);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string& value = listed
                                     ? reflection.GetRepeatedStringReference(message, &field, index, &scratch)
                                     : reflection.GetStringReference(message, &field, &scratch);
      if (!form.Present(path, value)) return;
      const v1::Content content = field.options().GetExtension(v1::content);
      const bool is_id = field.type() == FieldDescriptor::TYPE_BYTES && content == v1::CONTENT_TEXT;
      return is_id ? form.EntryId(path, value) : CheckContent(form, path, content, value);
    }
    case FieldDescriptor::CPPTYPE_UINT32:
      if (field.options().HasExtension(v1::most)) {
        form.Range(path, reflection.GetUInt32(message, &field), 1, field.options().GetExtension(v1::most));
      }
      return;
    default:
      // Truth values are always stated.
      return;
  }
}

void CheckMessage(Form& form, const std::string& path, const google::protobuf::Message& message) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const auto& field = *message.GetDescriptor()->field(i);
    const bool optional = field.options().GetExtension(v1::optional);
    const bool message_field =
        !field.is_repeated() && field.cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE;
    if (optional && message_field && !reflection.HasField(message, &field)) continue;
    const std::string at = At(path, field.name());
    if (field.is_repeated()) {
      const int size = reflection.FieldSize(message, &field);
      form.Count(at, size, optional ? 0 : 1, kMaxListed);
      for (int k = 0; k < size; ++k) CheckValue(form, At(path, field.name(), k), message, field, k);
      continue;
    }
    using google::protobuf::FieldDescriptor;
    std::string scratch;
    const bool empty_text = field.cpp_type() == FieldDescriptor::CPPTYPE_STRING &&
                            reflection.GetStringReference(message, &field, &scratch).empty();
    if (!optional || !empty_text) CheckValue(form, at, message, field, 0);
  }
}

// ---------------------------------------------------------------- quota and term

void Check(Form& form, const std::string& path, const v1::QuotaLimit& limit) {
  CheckYear(form, path, limit.year());
  if (!limit.has_limit()) form.Report(At(path, "limit"), kRequired);
  form.Range(At(path, "limit"), limit.limit(), 0, kMaxPlaces);
  form.RequiredText(At(path, "legal_act"), limit.legal_act());
}

template <typename Message>
void CheckNote(Form& form, const std::string& path, const Message& note) {
  form.Value(At(path, "from"), note.from(), v1::Party_IsValid(note.from()));
  form.RequiredDate(At(path, "received_on"), note.received_on());
  form.RequiredText(At(path, "note_number"), note.note_number());
  if constexpr (std::is_same_v<Message, v1::TerminationNotice>) {
    form.RequiredDate(At(path, "sent_on"), note.sent_on());
  }
}

}  // namespace

std::vector<FieldProblem> CheckForm(const v1::CaseCommand& command, absl::CivilDay happened_on) {
  Form form(happened_on);
  switch (command.command_case()) {
    case v1::CaseCommand::kFilePetition:
      Check(form, "file_petition", command.file_petition());
      break;
    case v1::CaseCommand::kReturnPetition:
      Check(form, "return_petition", command.return_petition());
      // Not of an act: what was recorded once may name a field of its time.
      CheckPetitionFields(form, "return_petition", command.return_petition());
      break;
    case v1::CaseCommand::kCompletePetition:
      Check(form, "complete_petition", command.complete_petition());
      break;
    case v1::CaseCommand::kConfirmScope:
      Check(form, "confirm_scope", command.confirm_scope());
      break;
    case v1::CaseCommand::kRefuseScope:
      Check(form, "refuse_scope", command.refuse_scope());
      break;
    case v1::CaseCommand::kOffer:
      CheckAskedNumber(form, "offer", command.offer().number());
      break;
    case v1::CaseCommand::kAccept:
      CheckAskedNumber(form, "accept", command.accept().number());
      form.LeftEmpty("accept.clearance_due", command.accept().clearance_due());
      break;
    case v1::CaseCommand::kDecline:
      CheckAskedNumber(form, "decline", command.decline().number());
      CheckGround(form, "decline", command.decline());
      break;
    case v1::CaseCommand::kClear:
      Check(form, "clear", command.clear());
      break;
    case v1::CaseCommand::kDefer:
      Check(form, "defer", command.defer());
      form.Present("defer.review_on", command.defer().review_on());
      break;
    case v1::CaseCommand::kEndDeferral:
      Check(form, "end_deferral", command.end_deferral());
      break;
    case v1::CaseCommand::kExclude:
      Check(form, "exclude", command.exclude());
      break;
    case v1::CaseCommand::kIssueStatus:
      Check(form, "issue_status", command.issue_status());
      form.LeftEmpty("issue_status.series", command.issue_status().series());
      form.LeftEmpty("issue_status.issued_on", command.issue_status().issued_on());
      form.LeftEmpty("issue_status.valid_until", command.issue_status().valid_until());
      form.LeftEmpty("issue_status.form_version", command.issue_status().form_version());
      break;
    case v1::CaseCommand::kReissueDocument:
      Check(form, "reissue_document", command.reissue_document());
      form.LeftEmpty("reissue_document.reissued_on", command.reissue_document().reissued_on());
      break;
    case v1::CaseCommand::kRecordExit:
      Check(form, "record_exit", command.record_exit());
      break;
    case v1::CaseCommand::kRegisterResidence:
      Check(form, "register_residence", command.register_residence());
      break;
    case v1::CaseCommand::kSuspend:
      Check(form, "suspend", command.suspend());
      break;
    case v1::CaseCommand::kResume:
      Check(form, "resume", command.resume());
      break;
    case v1::CaseCommand::kWithdraw:
      Check(form, "withdraw", command.withdraw());
      break;
    case v1::CaseCommand::kAnnul:
      Check(form, "annul", command.annul());
      break;
    case v1::CaseCommand::kRemoveMember:
      Check(form, "remove_member", command.remove_member());
      break;
    case v1::CaseCommand::kGiveNotice:
      Check(form, "give_notice", command.give_notice());
      break;
    case v1::CaseCommand::kDismissNotice:
      Check(form, "dismiss_notice", command.dismiss_notice());
      break;
    // What they say, the service fills in.
    case v1::CaseCommand::kReservePlace:
    case v1::CaseCommand::kOptOut:
    case v1::CaseCommand::kLapse:
    case v1::CaseCommand::kCloseByTermination:
      break;
    case v1::CaseCommand::COMMAND_NOT_SET:
      form.Report("command", kRequired);
      break;
  }
  return std::move(form).problems();
}

std::vector<FieldProblem> CheckForm(const v1::CaseAct& act, absl::CivilDay happened_on) {
  Form form(happened_on);
  switch (act.act_case()) {
    case v1::CaseAct::kPetitionFiled:
      CheckFiled(form, "petition_filed", act.petition_filed());
      break;
    case v1::CaseAct::kPetitionReturned:
      Check(form, "petition_returned", act.petition_returned());
      break;
    case v1::CaseAct::kPetitionCompleted:
      CheckFiled(form, "petition_completed", act.petition_completed());
      break;
    case v1::CaseAct::kScopeConfirmed:
      Check(form, "scope_confirmed", act.scope_confirmed());
      break;
    case v1::CaseAct::kScopeRefused:
      Check(form, "scope_refused", act.scope_refused());
      break;
    case v1::CaseAct::kOffered:
      Check(form, "offered", act.offered());
      break;
    case v1::CaseAct::kAccepted:
      Check(form, "accepted", act.accepted());
      break;
    case v1::CaseAct::kDeclined:
      Check(form, "declined", act.declined());
      break;
    case v1::CaseAct::kCleared:
      Check(form, "cleared", act.cleared());
      break;
    case v1::CaseAct::kDeferred:
      Check(form, "deferred", act.deferred());
      break;
    case v1::CaseAct::kDeferralEnded:
      Check(form, "deferral_ended", act.deferral_ended());
      break;
    case v1::CaseAct::kExcluded:
      Check(form, "excluded", act.excluded());
      break;
    case v1::CaseAct::kPlaceReserved:
      Check(form, "place_reserved", act.place_reserved());
      break;
    case v1::CaseAct::kStatusIssued:
      Check(form, "status_issued", act.status_issued());
      break;
    case v1::CaseAct::kDocumentReissued:
      Check(form, "document_reissued", act.document_reissued());
      break;
    case v1::CaseAct::kExitRecorded:
      Check(form, "exit_recorded", act.exit_recorded());
      break;
    case v1::CaseAct::kResidenceRegistered:
      Check(form, "residence_registered", act.residence_registered());
      break;
    case v1::CaseAct::kSuspended:
      Check(form, "suspended", act.suspended());
      break;
    case v1::CaseAct::kResumed:
      Check(form, "resumed", act.resumed());
      break;
    case v1::CaseAct::kWithdrawn:
      Check(form, "withdrawn", act.withdrawn());
      break;
    case v1::CaseAct::kAnnulled:
      Check(form, "annulled", act.annulled());
      break;
    case v1::CaseAct::kLapsed:
      form.RequiredDate("lapsed.valid_until", act.lapsed().valid_until());
      break;
    case v1::CaseAct::kClosedByTermination:
      form.RequiredDate("closed_by_termination.terminated_on", act.closed_by_termination().terminated_on());
      break;
    case v1::CaseAct::kMemberLeft:
      Check(form, "member_left", act.member_left());
      break;
    case v1::CaseAct::kNoticeGiven:
      Check(form, "notice_given", act.notice_given());
      break;
    case v1::CaseAct::kNoticeDismissed:
      Check(form, "notice_dismissed", act.notice_dismissed());
      break;
    case v1::CaseAct::kWaitlisted:
      Check(form, "waitlisted", act.waitlisted());
      break;
    case v1::CaseAct::kAnswerOverdue:
      Check(form, "answer_overdue", act.answer_overdue());
      break;
    case v1::CaseAct::kOptedOut:
      break;
    case v1::CaseAct::ACT_NOT_SET:
      form.Report("act", kRequired);
      break;
  }
  return std::move(form).problems();
}

namespace {

void CollectDisputes(const google::protobuf::Message& message, const std::string& path,
                     std::vector<NamedField>& names) {
  using google::protobuf::FieldDescriptor;
  const auto& reflection = *message.GetReflection();
  std::vector<const FieldDescriptor*> set;
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const std::string at = At(path, field->name());
    const v1::Content content = field->options().GetExtension(v1::content);
    if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE && !field->is_repeated()) {
      CollectDisputes(reflection.GetMessage(message, field), at, names);
    } else if (content == v1::CONTENT_DISPUTE) {
      names.push_back({at, reflection.GetString(message, field)});
    }
  }
}

}  // namespace

std::vector<NamedField> DisputesIn(const v1::MatterStep& step) {
  std::vector<NamedField> names;
  CollectDisputes(step, "", names);
  return names;
}

std::vector<FieldProblem> CheckForm(const v1::MatterStep& step, absl::CivilDay happened_on) {
  Form form(happened_on);
  // The one field set in the kind that is set.
  const auto set_in = [](const google::protobuf::Message& message) {
    std::vector<const google::protobuf::FieldDescriptor*> set;
    message.GetReflection()->ListFields(message, &set);
    return set;
  };
  const auto* kind = v1::MatterStep::descriptor()->FindFieldByNumber(step.matter_case());
  if (kind == nullptr) {
    form.Report("command", kRequired);
    return std::move(form).problems();
  }
  const google::protobuf::Message& inner = step.GetReflection()->GetMessage(step, kind);
  const auto set = set_in(inner);
  if (set.empty()) {
    form.Report(kind->name(), kRequired);
    return std::move(form).problems();
  }
  const google::protobuf::Message& content = inner.GetReflection()->GetMessage(inner, set[0]);
  const bool left_out = set[0]->options().GetExtension(v1::filled) && content.ByteSizeLong() == 0;
  if (!left_out) CheckMessage(form, At(kind->name(), set[0]->name()), content);
  return std::move(form).problems();
}

std::vector<FieldProblem> CheckForm(const v1::Protocol& protocol) {
  Form form(absl::CivilDay::max());
  CheckMessage(form, "", protocol);
  return std::move(form).problems();
}

std::vector<FieldProblem> CheckForm(const v1::QuotaCommand& command) {
  Form form(std::nullopt);
  switch (command.command_case()) {
    case v1::QuotaCommand::kSetQuota:
      Check(form, "set_quota", command.set_quota());
      break;
    case v1::QuotaCommand::kAdjustQuota:
      Check(form, "adjust_quota", command.adjust_quota());
      break;
    case v1::QuotaCommand::kCloseYear:
      CheckYear(form, "close_year", command.close_year().year());
      break;
    case v1::QuotaCommand::kReportYear:
      CheckYear(form, "report_year", command.report_year().year());
      break;
    case v1::QuotaCommand::COMMAND_NOT_SET:
      form.Report("command", kRequired);
      break;
  }
  return std::move(form).problems();
}

std::vector<FieldProblem> CheckForm(const v1::QuotaAct& act) {
  Form form(std::nullopt);
  switch (act.act_case()) {
    case v1::QuotaAct::kQuotaSet:
      Check(form, "quota_set", act.quota_set());
      break;
    case v1::QuotaAct::kQuotaAdjusted:
      Check(form, "quota_adjusted", act.quota_adjusted());
      break;
    case v1::QuotaAct::kYearClosed:
      CheckYear(form, "year_closed", act.year_closed().year());
      break;
    case v1::QuotaAct::kYearReported:
      CheckYear(form, "year_reported", act.year_reported().year());
      break;
    case v1::QuotaAct::ACT_NOT_SET:
      form.Report("act", kRequired);
      break;
  }
  return std::move(form).problems();
}

std::vector<FieldProblem> CheckForm(const v1::TreatyCommand& command) {
  Form form(std::nullopt);
  switch (command.command_case()) {
    case v1::TreatyCommand::kRecordTerminationNotice:
      CheckNote(form, "record_termination_notice", command.record_termination_notice());
      break;
    case v1::TreatyCommand::kRecordRevocation:
      CheckNote(form, "record_revocation", command.record_revocation());
      break;
    case v1::TreatyCommand::COMMAND_NOT_SET:
      form.Report("command", kRequired);
      break;
  }
  return std::move(form).problems();
}

std::vector<FieldProblem> CheckForm(const v1::TreatyAct& act) {
  Form form(std::nullopt);
  switch (act.act_case()) {
    case v1::TreatyAct::kTerminationNoticeRecorded:
      CheckNote(form, "termination_notice_recorded", act.termination_notice_recorded());
      break;
    case v1::TreatyAct::kRevocationRecorded:
      CheckNote(form, "revocation_recorded", act.revocation_recorded());
      break;
    case v1::TreatyAct::kLateNoticeRecorded:
      CheckNote(form, "late_notice_recorded", act.late_notice_recorded());
      break;
    case v1::TreatyAct::ACT_NOT_SET:
      form.Report("act", kRequired);
      break;
  }
  return std::move(form).problems();
}

std::string PlainNumber(const std::string& number) {
  const std::string joined = absl::StrReplaceAll(number, {{"А", "A"},
                                                          {"В", "B"},
                                                          {"Е", "E"},
                                                          {"Ё", "E"},
                                                          {"К", "K"},
                                                          {"М", "M"},
                                                          {"Н", "H"},
                                                          {"О", "O"},
                                                          {"Р", "P"},
                                                          {"С", "C"},
                                                          {"Т", "T"},
                                                          {"У", "Y"},
                                                          {"Ү", "Y"},
                                                          {"Х", "X"},
                                                          {"І", "I"},
                                                          {" ", ""},
                                                          {"№", ""}});
  std::string plain;
  for (size_t i = 0; i < joined.size(); ++i) {
    // 12-3 is not 1-23; beside a letter a hyphen says nothing.
    const bool parts = i > 0 && i + 1 < joined.size() && absl::ascii_isdigit(joined[i - 1]) &&
                       absl::ascii_isdigit(joined[i + 1]);
    if (joined[i] != '-' || parts) plain += joined[i];
  }
  return plain;
}

std::string IdentityOf(const v1::Identifier& identifier) {
  const bool national =
      identifier.kind() == v1::Identifier::IIN || identifier.kind() == v1::Identifier::SNILS;
  return absl::StrCat(v1::Identifier::Kind_Name(identifier.kind()), "\n",
                      national ? "" : identifier.issuing_state(), "\n", PlainNumber(identifier.number()));
}

std::optional<v1::Violation> Malformed(const std::vector<FieldProblem>& problems) {
  if (problems.empty()) return std::nullopt;
  return Violates("exchange.format", "", problems.front().field);
}

}  // namespace kelisim::treaty
