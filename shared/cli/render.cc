#include "shared/cli/render.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/time/time.h"
#include "google/protobuf/util/json_util.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/cli/program.h"
#include "shared/text/acts.h"
#include "shared/treaty/information.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/rules.h"

namespace kelisim::cli {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using Pairs = std::vector<std::pair<std::string, std::string>>;

std::string Section(const std::string& title, const std::string& table) {
  return table.empty() ? "" : absl::StrCat("\n", title, "\n", table);
}

// The day by which an answer is owed, with a warning before it has passed.
std::string DueText(const std::string& due, const Reader& reader) {
  const absl::StatusOr<absl::CivilDay> day = ParseDate(due);
  const bool soon = day.ok() && *day >= reader.today && *day <= reader.today + kDaysOfWarning;
  return soon ? absl::StrCat(due, " (", Say(reader.lang, "ui.due_soon"), ")") : due;
}

std::string VerdictText(Lang lang, dossier::Verdict verdict) {
  return Say(lang, absl::StrCat("verify.", static_cast<int>(verdict)));
}

std::string YesNo(Lang lang, bool yes) { return Say(lang, yes ? "ui.yes" : "ui.no"); }

// With the name that flags and JSON use.
template <typename Status>
std::string SayStatus(Lang lang, Status status) {
  if (status == Status()) return "";  // of what was only checked
  return absl::StrCat(SayEnum(lang, status), " (",
                      google::protobuf::GetEnumDescriptor<Status>()->FindValueByNumber(status)->name(), ")");
}

std::string Positions(const google::protobuf::RepeatedPtrField<v1::EntryReference>& entries) {
  return absl::StrJoin(entries, " ", [](std::string* out, const v1::EntryReference& entry) {
    absl::StrAppend(out, PositionText(entry));
  });
}

// ---- persons

std::string NameAndBirth(const v1::Person& person) {
  std::string text = person.name().surname();
  if (!person.name().given_name().empty()) absl::StrAppend(&text, " ", person.name().given_name());
  if (!person.name().patronymic().empty()) absl::StrAppend(&text, " ", person.name().patronymic());
  if (!person.birth_date().empty()) absl::StrAppend(&text, ", ", person.birth_date());
  return text;
}

const v1::MemberStanding* StandingOf(const v1::CaseState& state, const std::string& person_id) {
  for (const v1::MemberStanding& standing : state.family()) {
    if (standing.person_id() == person_id) return &standing;
  }
  return nullptr;
}

Row PersonRow(Lang lang, const v1::CaseState& state, const v1::FamilyMember& member) {
  const v1::MemberStanding* standing = StandingOf(state, member.person().person_id());
  return {member.person().person_id(), NameAndBirth(member.person()), SayEnum(lang, member.relation()),
          standing == nullptr ? "" : SayEnum(lang, standing->standing()),
          standing == nullptr ? "" : standing->rule()};
}

std::string Persons(const v1::CaseState& state, const Reader& reader) {
  const Lang lang = reader.lang;
  std::vector<Row> rows;
  if (state.petition().has_head()) {
    rows.push_back({state.petition().head().person_id(), NameAndBirth(state.petition().head()),
                    Say(lang, "ui.head"), std::string(), std::string()});
  }
  for (const v1::FamilyMember& member : state.petition().family())
    rows.push_back(PersonRow(lang, state, member));
  return DrawTable(
      {"#", Say(lang, "ui.person"), Say(lang, "ui.relation"), Say(lang, "ui.status"), Say(lang, "ui.rule")},
      rows, reader.look);
}

// What a petition says beside the table of persons.
v1::Petition BesidePersons(v1::Petition petition) {
  const auto strip = [](v1::Person& person) {
    person.clear_name();
    person.clear_birth_date();
  };
  petition.clear_entry_state();
  strip(*petition.mutable_head());
  for (v1::FamilyMember& member : *petition.mutable_family()) {
    strip(*member.mutable_person());
    member.clear_relation();
  }
  return petition;
}

std::string Facts(const Message& message, const Reader& reader) {
  std::vector<Row> rows;
  for (auto& [name, value] : FactsText(reader.lang, message)) rows.push_back({name, value});
  return DrawTable({Say(reader.lang, "ui.name"), Say(reader.lang, "ui.what")}, rows, reader.look);
}

// ---- timeline

const char* Colour(v1::Evidence evidence) {
  switch (evidence) {
    case v1::RECORDED:
      return "yellow";
    case v1::ANSWERED:
      return "green";
    case v1::REFUSED:
    case v1::OVERDUE:
      return "red";
    default:
      return nullptr;
  }
}

// A line under a row for each.
std::string Lines(const Pairs& pairs) {
  std::string lines;
  for (const auto& [name, value] : pairs)
    absl::StrAppend(&lines, "  ", Plain(name), ": ", Plain(value), "\n");
  return lines;
}

// "officer/1" of "spiffe://kz.example/officer/1": whose officer it is the entry says.
std::string OfficerText(const std::string& uri) {
  const size_t authority = uri.find("://");
  const size_t path = authority == std::string::npos ? authority : uri.find('/', authority + 3);
  return path == std::string::npos ? uri : uri.substr(path + 1);
}

// What the act says, and by which id an inquiry names it.
std::string Below(const v1::TimelineItem& item, Lang lang) {
  Pairs pairs = SaidText(lang, item);
  if (!item.entry().entry_id().empty())
    pairs.emplace_back(Say(lang, "ui.entry"), ToHex(item.entry().entry_id()));
  return Lines(pairs);
}

template <typename File>
std::string Timeline(const File& file, const Reader& reader) {
  const Lang lang = reader.lang;
  std::vector<Row> rows;
  std::vector<std::string> below;
  for (const v1::TimelineItem& item : file.timeline()) {
    below.push_back(Below(item, lang));
    rows.push_back({PositionText(item.entry()), item.happened_on(), ActText(lang, item),
                    Cell(EvidenceText(lang, item), Colour(item.evidence())), OfficerText(item.officer())});
  }
  return DrawTable(
      {"#", Say(lang, "ui.when"), Say(lang, "ui.what"), Say(lang, "ui.evidence"), Say(lang, "ui.who")}, rows,
      below, reader.look);
}

std::string Warnings(const v1::Case& file, const Reader& reader) {
  std::vector<std::pair<std::string, std::string>> rows;
  for (const v1::Warning& warning : file.warnings()) {
    rows.emplace_back(FieldText(reader.lang, warning.field()), Say(reader.lang, warning.key()));
  }
  return DrawPairs(rows, reader.look);
}

std::string Notices(const v1::CaseState& state, const Reader& reader) {
  const Lang lang = reader.lang;
  std::vector<Row> rows;
  std::vector<std::string> below;
  for (const v1::PendingNotice& pending : state.notices()) {
    below.push_back(Lines(DetailsText(lang, pending.notice())));
    rows.push_back({ToHex(pending.entry_id()), SayEnum(lang, pending.from()),
                    SayEnum(lang, pending.notice().kind()), pending.notice().rule(),
                    pending.notice().person_id()});
  }
  return DrawTable({Say(lang, "ui.entry"), Say(lang, "ui.by"), Say(lang, "ui.what"), Say(lang, "ui.rule"),
                    Say(lang, "ui.person")},
                   rows, below, reader.look);
}

// `family`: of the messages' keys for its commands, such as "action."; `typed` says what to type.
template <typename File, typename Typed>
std::string Actions(const File& file, const std::string& family, Typed typed, const Reader& reader) {
  const Lang lang = reader.lang;
  std::vector<Row> rows;
  for (const v1::AllowedAction& action : file.allowed_actions()) {
    rows.push_back({absl::StrCat(Say(lang, family + action.action()), " (", typed(action.action()), ")"),
                    SayEnum(lang, action.by()), RuleText(lang, action.rule())});
  }
  return DrawTable({Say(lang, "ui.what"), Say(lang, "ui.by"), Say(lang, "ui.rests_on")}, rows, reader.look);
}

// ---- case

std::string Offered(const v1::CaseState& state) {
  return state.offered_hand_off() == 0 ? "" : absl::StrCat(state.offered_hand_off());
}

std::string PlaceText(const v1::CaseState& state) {
  return state.has_place() ? absl::StrCat(state.place().year(), ": ", state.place().places()) : "";
}

std::string WaitingText(Lang lang, const v1::CaseState& state) {
  // A case keeps its position after it has left the queue; then it waits no more.
  if (!state.has_waiting()) return "";
  const absl::Time since = absl::FromUnixMicros(state.waiting_since_us());
  return absl::StrCat(absl::FormatTime("%Y-%m-%d %H:%MZ", since, absl::UTCTimeZone()), ": ",
                      SayEnum(lang, state.waiting().reason()), ", ", state.waiting().year());
}

std::string DocumentText(const v1::CaseState& state) {
  return state.has_document() ? absl::StrCat(state.document().series(), " ", state.document().number()) : "";
}

std::string Obstacles(const v1::CaseState& state) {
  return absl::StrJoin(state.obstacles(), "; ", [](std::string* out, const v1::Obstacle& obstacle) {
    absl::StrAppend(out, obstacle.rule(), " ", obstacle.person_id(), obstacle.review_on().empty() ? "" : " ",
                    obstacle.review_on());
  });
}

std::string Header(const v1::Case& file, const Reader& reader) {
  const Lang lang = reader.lang;
  const v1::CaseState& state = file.state();
  const Pairs pairs = {
      {Say(lang, "ui.case"), file.name()},
      {Say(lang, "ui.status"), SayStatus(lang, state.status())},
      {Say(lang, "ui.holder"), SayEnum(lang, state.holder())},
      {Say(lang, "ui.entry_state"), SayEnum(lang, state.entry_state())},
      {Say(lang, "ui.departure_state"), SayEnum(lang, state.departure_state())},
      {Say(lang, "ui.offered"), Offered(state)},
      {Say(lang, "ui.due"), DueText(treaty::DueOn(state), reader)},
      {Say(lang, "notice.OBSTACLE"), Obstacles(state)},
      {Say(lang, "ui.place"), PlaceText(state)},
      {Say(lang, "ui.waiting_since"), WaitingText(lang, state)},
      {Say(lang, "ui.document"), DocumentText(state)},
      {Say(lang, "ui.valid_until"), state.document().valid_until()},
      {Say(lang, "ui.rests_on"), state.closing_rule().empty() ? "" : RuleText(lang, state.closing_rule())},
  };
  return DrawPairs(pairs, reader.look);
}

// ---- term

// The last day of a period whose end is exclusive.
std::string DayBefore(const std::string& until) {
  const absl::StatusOr<absl::CivilDay> day = ParseDate(until);
  return day.ok() ? FormatDate(*day - 1) : until;
}

// How many days, and the next ones: --json has them all.
std::string Holidays(const google::protobuf::RepeatedPtrField<std::string>& days, const Reader& reader) {
  constexpr size_t kNext = 3;
  const std::string today = FormatDate(reader.today);
  std::vector<std::string> next;
  for (const std::string& day : days) {
    if (day >= today) next.push_back(day);
  }
  std::sort(next.begin(), next.end());
  next.resize(std::min(next.size(), kNext));
  const std::string count = absl::StrCat(days.size());
  return next.empty()
             ? count
             : absl::StrCat(count, " (", Say(reader.lang, "ui.next"), ": ", absl::StrJoin(next, ", "), ")");
}

std::string Notices(const char* title,
                    const google::protobuf::RepeatedPtrField<v1::TerminationNotice>& notices,
                    const Reader& reader) {
  const Lang lang = reader.lang;
  std::vector<Row> rows;
  for (const v1::TerminationNotice& notice : notices) {
    rows.push_back(
        {notice.sent_on(), notice.received_on(), SayEnum(lang, notice.from()), notice.note_number()});
  }
  return Section(Say(lang, title), DrawTable({Say(lang, "field.sent_on"), Say(lang, "field.received_on"),
                                              Say(lang, "ui.by"), "#"},
                                             rows, reader.look));
}

std::string TermEnd(const v1::TreatyState& treaty, const Reader& reader) {
  return DrawPairs({{Say(reader.lang, "ui.terminates_on"), treaty.terminates_on()}}, reader.look) +
         Notices("treaty_act.termination_notice_recorded", treaty.notices(), reader) +
         Notices("treaty_act.late_notice_recorded", treaty.late_notices(), reader);
}

// What every recorded command tells first. Empty entries: it was only checked.
std::string RecordedText(const google::protobuf::RepeatedPtrField<v1::EntryReference>& entries, Lang lang) {
  return entries.empty() ? absl::StrCat(Say(lang, "ui.validated"), "\n")
                         : absl::StrCat(Say(lang, "ui.recorded"), " ", Positions(entries), "\n");
}

}  // namespace

std::string Render(const v1::Case& file, const Reader& reader) {
  const Lang lang = reader.lang;
  std::string text = Header(file, reader);
  if (file.awaiting_cosignature()) absl::StrAppend(&text, Say(lang, "ui.awaiting_cosignature"), "\n");
  absl::StrAppend(&text, Section(Say(lang, "ui.warnings"), Warnings(file, reader)));
  absl::StrAppend(&text, Section(Say(lang, "ui.persons"), Persons(file.state(), reader)));
  absl::StrAppend(&text,
                  Section(Say(lang, "ui.facts"), Facts(BesidePersons(file.state().petition()), reader)));
  absl::StrAppend(&text, Section(Say(lang, "ui.timeline"), Timeline(file, reader)));
  absl::StrAppend(&text, Section(Say(lang, "ui.notices"), Notices(file.state(), reader)));
  absl::StrAppend(&text,
                  Section(Say(lang, "ui.allowed_actions"), Actions(file, "action.", CommandOfStep, reader)));
  return text;
}

std::string Render(const v1::ListCasesResponse& cases, const Reader& reader) {
  const Lang lang = reader.lang;
  if (cases.cases().empty()) return Say(lang, "ui.no_cases") + "\n";
  std::vector<Row> rows;
  for (const v1::CaseSummary& summary : cases.cases()) {
    rows.push_back({summary.name(), summary.head_surname(), absl::StrCat(summary.persons()),
                    SayEnum(lang, summary.entry_state()), SayEnum(lang, summary.holder()),
                    DueText(summary.answer_due(), reader), SayEnum(lang, summary.status())});
  }
  std::string text = DrawTable(
      {Say(lang, "ui.case"), Say(lang, "ui.head"), Say(lang, "ui.persons"), Say(lang, "ui.entry_state"),
       Say(lang, "ui.holder"), Say(lang, "ui.due"), Say(lang, "ui.status")},
      rows, reader.look);
  if (!cases.next_page_token().empty()) {
    absl::StrAppend(&text, Say(lang, "ui.next_page"), ": --page-token ", Plain(cases.next_page_token()),
                    "\n");
  }
  return text;
}

std::string Render(const v1::SubmitCaseCommandResponse& response, const Reader& reader) {
  const Lang lang = reader.lang;
  return RecordedText(response.entries(), lang) +
         DrawPairs({{Say(lang, "ui.case"), response.name()},
                    {Say(lang, "ui.status"), SayStatus(lang, response.status())},
                    {Say(lang, "ui.holder"), SayEnum(lang, response.holder())}},
                   reader.look);
}

namespace {

// Its holidays would fill the screen.
std::string ProtocolText(const v1::Protocol& protocol, const Reader& reader) {
  v1::Protocol rest = protocol;
  rest.clear_holidays_kz();
  rest.clear_holidays_ru();
  std::vector<Row> rows;
  for (auto& [name, value] : FactsText(reader.lang, rest)) rows.push_back({name, value});
  if (protocol.holidays_kz_size() > 0)
    rows.push_back({Say(reader.lang, "ui.holidays_kz"), Holidays(protocol.holidays_kz(), reader)});
  if (protocol.holidays_ru_size() > 0)
    rows.push_back({Say(reader.lang, "ui.holidays_ru"), Holidays(protocol.holidays_ru(), reader)});
  return DrawTable({Say(reader.lang, "ui.name"), Say(reader.lang, "ui.what")}, rows, reader.look);
}

std::string NextPage(const std::string& token, Lang lang) {
  return token.empty() ? "" : absl::StrCat(Say(lang, "ui.next_page"), ": --page-token ", Plain(token), "\n");
}

}  // namespace

std::string Render(const v1::MatterFile& file, const Reader& reader) {
  const Lang lang = reader.lang;
  const v1::MatterState& state = file.state();
  std::string text = DrawPairs({{Say(lang, "ui.name"), file.name()},
                                {Say(lang, "ui.status"), SayStatus(lang, state.status())},
                                {Say(lang, "ui.opened_by"), SayEnum(lang, state.opened_by())},
                                {Say(lang, "ui.holder"), SayEnum(lang, state.holder())},
                                {Say(lang, "ui.due"), DueText(state.answer_due(), reader)}},
                               reader.look);
  if (file.awaiting_cosignature()) absl::StrAppend(&text, Say(lang, "ui.awaiting_cosignature"), "\n");
  const FieldDescriptor* kind = FactsFieldOf(state);
  if (kind != nullptr) {
    const Message& facts = state.GetReflection()->GetMessage(state, kind);
    absl::StrAppend(&text, Section(Say(lang, "ui.facts"), Facts(facts, reader)));
  }
  std::vector<Row> attachments;
  for (const v1::Attachment& attachment : file.attachments()) {
    attachments.push_back({ToHex(attachment.sha256()), attachment.size() == 0
                                                           ? Say(lang, "ui.not_here")
                                                           : absl::StrCat(attachment.size())});
  }
  absl::StrAppend(&text, Section(Say(lang, "ui.attachments"),
                                 DrawTable({"SHA-256", Say(lang, "ui.size")}, attachments, reader.look)));
  absl::StrAppend(&text, Section(Say(lang, "ui.timeline"), Timeline(file, reader)));
  // Of its steps' messages: "step.dispute.".
  const std::string family = kind == nullptr ? "" : absl::StrCat("step.", kind->name(), ".");
  const auto typed = [kind](const std::string& step) {
    if (kind == nullptr) return step;
    const std::string group = kind->name().substr(kind->name().rfind('_') + 1);
    return absl::StrCat(group, " ", absl::StrReplaceAll(step, {{"_", "-"}}));
  };
  absl::StrAppend(&text, Section(Say(lang, "ui.allowed_actions"), Actions(file, family, typed, reader)));
  return text;
}

std::string Render(const v1::ListMattersResponse& matters, const Reader& reader) {
  const Lang lang = reader.lang;
  if (matters.matters().empty()) return Say(lang, "ui.nothing_here") + "\n";
  std::vector<Row> rows;
  for (const v1::MatterSummary& summary : matters.matters()) {
    rows.push_back({summary.name(), SayEnum(lang, summary.opened_by()), SayEnum(lang, summary.holder()),
                    DueText(summary.answer_due(), reader), SayEnum(lang, summary.status())});
  }
  return DrawTable({Say(lang, "ui.name"), Say(lang, "ui.opened_by"), Say(lang, "ui.holder"),
                    Say(lang, "ui.due"), Say(lang, "ui.status")},
                   rows, reader.look) +
         NextPage(matters.next_page_token(), lang);
}

std::string Render(const v1::SubmitMatterStepResponse& response, const Reader& reader) {
  const Lang lang = reader.lang;
  return RecordedText(response.entries(), lang) +
         DrawPairs({{Say(lang, "ui.name"), response.name()},
                    {Say(lang, "ui.status"), SayStatus(lang, response.status())},
                    {Say(lang, "ui.holder"), SayEnum(lang, response.holder())}},
                   reader.look);
}

std::string Render(const v1::SubmitQuotaCommandResponse& response, const Reader& reader) {
  std::string text = RecordedText(response.entries(), reader.lang);
  // What was only checked has no quota to show.
  if (response.has_quota()) text += Render(response.quota(), reader);
  if (!response.cases().empty()) absl::StrAppend(&text, Say(reader.lang, "ui.lost_place"), "\n");
  for (const std::string& name : response.cases()) absl::StrAppend(&text, "  ", Plain(name), "\n");
  return text;
}

std::string Render(const v1::SubmitTreatyCommandResponse& response, const Reader& reader) {
  return RecordedText(response.entries(), reader.lang) + TermEnd(response.treaty(), reader);
}

std::string Render(const v1::Attachment& attachment, const Reader& reader) {
  // In hexadecimal for flags, in base64 for JSON.
  return DrawPairs({{"SHA-256", ToHex(attachment.sha256())},
                    {"base64", ToBase64(attachment.sha256())},
                    {Say(reader.lang, "ui.size"), absl::StrCat(attachment.size())}},
                   reader.look);
}

std::string Render(const v1::QuotaState& quota, const Reader& reader) {
  const Lang lang = reader.lang;
  const bool known = quota.status() != v1::UNSET;
  const auto count = [known](uint32_t places) { return known ? absl::StrCat(places) : ""; };
  return DrawPairs({{Say(lang, "ui.quota"), SayEnum(lang, quota.entry_state())},
                    {Say(lang, "ui.year"), absl::StrCat(quota.year())},
                    {Say(lang, "ui.status"), SayEnum(lang, quota.status())},
                    {Say(lang, "ui.limit"), count(quota.limit())},
                    {Say(lang, "ui.reserved"), count(quota.reserved())},
                    {Say(lang, "ui.used"), count(quota.used())},
                    {Say(lang, "ui.rests_on"), quota.legal_act()}},
                   reader.look);
}

std::string Render(const v1::Term& term, const Reader& reader) {
  const Lang lang = reader.lang;
  std::vector<Row> bodies;
  for (const v1::Body& body : term.bodies()) {
    bodies.push_back({SayEnum(lang, body.party()), body.from(), body.id(), In(lang, body.name())});
  }
  const std::string period = term.period() == 0 ? ""
                                                : absl::StrCat(term.period(), ": ", term.period_from(), " - ",
                                                               DayBefore(term.period_until()));
  return absl::StrCat(Say(lang, "ui.term"), "\n",
                      DrawPairs({{Say(lang, "ui.in_force"), YesNo(lang, term.in_force())},
                                 {Say(lang, "ui.period"), period},
                                 {Say(lang, "ui.last_day_for_notice"), term.last_day_for_notice()},
                                 {Say(lang, "ui.safe_day_for_notice"), term.safe_day_for_notice()}},
                                reader.look),
                      TermEnd(term.treaty(), reader),
                      Section(Say(lang, "ui.bodies"),
                              DrawTable({Say(lang, "ui.by"), Say(lang, "ui.when"), "#", Say(lang, "ui.name")},
                                        bodies, reader.look)),
                      Section(Say(lang, "ui.protocol"), ProtocolText(term.protocol(), reader)));
}

std::string Render(const v1::RuleCatalogue& rules, const Reader& reader) {
  std::vector<Row> rows;
  for (const v1::Rule& rule : rules.rules()) rows.push_back({rule.id(), In(reader.lang, rule.text())});
  return DrawTable({"#", Say(reader.lang, "ui.rule")}, rows, reader.look);
}

std::string Render(const v1::PrecedenceList& list, const Reader& reader) {
  const Lang lang = reader.lang;
  if (list.precedences().empty()) return Say(lang, "ui.nothing_here") + "\n";
  std::string text;
  for (const v1::Precedence& one : list.precedences()) {
    absl::StrAppend(
        &text,
        DrawPairs({{Say(lang, "ui.rule"), absl::StrCat(one.rule().id(), " ", In(lang, one.rule().text()))},
                   {Say(lang, "ui.national_law"),
                    absl::StrCat(In(lang, one.norm().text()), " (", In(lang, one.norm().act()), ")")},
                   {Say(lang, "ui.applies"),
                    Say(lang, one.agreement_applies() ? "ui.the_agreement" : "ui.national_law")}},
                  reader.look),
        "\n");
  }
  return text;
}

std::string Render(const v1::Information& information, const Reader& reader) {
  const Lang lang = reader.lang;
  const auto say = [lang](std::string_view label) { return In(lang, treaty::InformationLabel(label)); };
  const auto list = [](const std::string& title, const std::vector<std::string>& lines) {
    return absl::StrCat("\n", title, "\n  - ", absl::StrJoin(lines, "\n  - "), "\n");
  };
  const v1::Term& term = information.term();
  std::string text =
      absl::StrCat(say("title"), "\n", say("intro"), "\n", say(term.in_force() ? "in_force" : "not_in_force"),
                   ". ", say("as_of"), ": ", information.on(), "\n");
  for (const v1::InformationSection& section : information.sections()) {
    std::vector<std::string> lines;
    for (const v1::InformationItem& item : section.items()) lines.push_back(In(lang, item.text()));
    absl::StrAppend(&text, list(In(lang, section.title()), lines));
  }
  std::vector<Row> rows;
  for (const v1::Deadline& deadline : information.deadlines()) {
    rows.push_back(
        {In(lang, deadline.what()), absl::StrReplaceAll(say(v1::Deadline::Unit_Name(deadline.unit())),
                                                        {{"{}", absl::StrCat(deadline.count())}})});
  }
  absl::StrAppend(&text,
                  Section(say("deadlines"), DrawTable({Say(lang, "ui.what"), "#"}, rows, reader.look)));
  absl::StrAppend(&text, "\n", say("quota"), "\n");
  for (const v1::QuotaState& quota : information.quotas())
    absl::StrAppend(&text, Render(quota, reader), "\n");
  for (const v1::Article& article : information.articles()) {
    std::vector<std::string> lines;
    for (const v1::Rule& rule : article.rules())
      lines.push_back(absl::StrCat(rule.id(), " ", In(lang, rule.text())));
    absl::StrAppend(
        &text,
        list(absl::StrCat(absl::StrReplaceAll(say("article"), {{"{}", absl::StrCat(article.number())}}), ". ",
                          In(lang, article.title())),
             lines));
  }
  return text;
}

std::string Render(const v1::Rule& rule, const Reader& reader) {
  return DrawPairs({{Say(reader.lang, "ui.rule"), rule.id()},
                    {" ", In(reader.lang, rule.text())},
                    {Say(reader.lang, "ui.what_to_do"), In(reader.lang, rule.remedy())}},
                   reader.look);
}

std::string Render(const v1::NodeState& node, const Reader& reader) {
  const Lang lang = reader.lang;
  return DrawPairs({{Say(lang, "ui.who"), SayEnum(lang, node.party())},
                    {Say(lang, "ui.node_mode"), SayEnum(lang, node.mode())},
                    {Say(lang, "ui.reason"), Say(lang, node.reason_key())},
                    {Say(lang, "ui.counterpart_connected"), YesNo(lang, node.counterpart_connected())},
                    // Of the other end, in English.
                    {Say(lang, "ui.technical"), node.counterpart_problem()},
                    {Say(lang, "ui.ledger_size"), absl::StrCat(node.own_size())},
                    {Say(lang, "ui.cosigned"), absl::StrCat(node.cosigned_size())},
                    {Say(lang, "ui.mirror"), absl::StrCat(node.mirror_size())},
                    {Say(lang, "ui.processed"), absl::StrCat(node.processed_size())},
                    {Say(lang, "ui.lineage"), absl::StrCat(node.lineage())},
                    {Say(lang, "ui.lost_contents"), node.lost_contents()},
                    {Say(lang, "ui.lost_entries"), node.lost_entries()}},
                   reader.look);
}

// First of all: that a dossier fits its own keys is what a forger sees to.
std::string VerdictLines(const dossier::Report& report, const std::vector<v1::Party>& own_keys, Lang lang) {
  if (own_keys.empty()) return absl::StrCat(VerdictText(lang, report.verdict), "\n");
  const std::string keys = absl::StrJoin(own_keys, ", ", [lang](std::string* out, v1::Party party) {
    absl::StrAppend(out, SayEnum(lang, party), party == v1::PARTY_KZ ? " (--policy-kz)" : " (--policy-ru)");
  });
  const std::string missing = absl::StrCat(Say(lang, "verify.own_keys"), ": ", keys, "\n");
  return report.verdict == dossier::Verdict::kValid
             ? absl::StrCat(Say(lang, "verify.consistent"), ". ", missing)
             : absl::StrCat(VerdictText(lang, report.verdict), "\n", missing);
}

std::string Render(const dossier::Report& report, const std::vector<v1::Party>& own_keys, Lang lang) {
  const v1::Manifest& manifest = report.manifest;
  std::string text = VerdictLines(report, own_keys, lang);
  Pairs pairs = {{Say(lang, "dossier.title"), manifest.name()},
                 {Say(lang, "dossier.exporter"), SayEnum(lang, manifest.exporter())},
                 {Say(lang, "dossier.exported_at"), manifest.exported_at()}};
  for (const auto& [party, size] : report.entries) {
    pairs.emplace_back(Say(lang, "dossier.ledger"),
                       absl::StrCat(party == v1::PARTY_KZ ? "kz " : "ru ", size));
  }
  // In mere evidence of two histories there are none.
  if (!manifest.name().empty()) {
    pairs.emplace_back(Say(lang, "verify.acts"), absl::StrCat(report.acts_judged));
    pairs.emplace_back(Say(lang, "verify.refused"), absl::StrCat(report.acts_refused));
  }
  absl::StrAppend(&text, DrawPairs(pairs, {}));
  for (const dossier::Finding& finding : report.findings) {
    absl::StrAppend(&text, Say(lang, "verify.found"), ": ", Plain(finding.where), ": ",
                    VerdictText(lang, finding.verdict), " (", Plain(FlawText(finding, lang)), ")\n");
    if (finding.broken.rule().empty()) continue;
    const std::string found = FoundText(lang, finding.broken.found());
    absl::StrAppend(&text, "  ", Plain(RuleText(lang, finding.broken.rule())),
                    found.empty() ? "" : absl::StrCat(" (", Plain(found), ")"), "\n");
  }
  for (const dossier::NotJudged& one : report.not_judged) {
    absl::StrAppend(&text, Say(lang, "verify.not_judged"), ": ", NotJudgedText(one, lang), "\n");
  }
  return text;
}

std::string FlawText(const dossier::Finding& finding, Lang lang) {
  const std::string problem = Say(lang, finding.problem_key);
  return finding.detail.empty() ? problem : absl::StrCat(problem, ": ", finding.detail);
}

std::string NotJudgedText(const dossier::NotJudged& one, Lang lang) {
  return absl::StrCat(Plain(one.where), one.where.empty() ? "" : ": ", Say(lang, one.why),
                      one.rule.empty() ? "" : " ", Plain(one.rule));
}

std::string Render(const v1::WatchActsResponse& act, const Reader& reader) {
  const v1::TimelineItem& item = act.item();
  return Plain(absl::StrJoin(
             {item.happened_on(), PositionText(item.entry()), act.name(), ActText(reader.lang, item),
              absl::StrCat("[", EvidenceText(reader.lang, item), "]")},
             "  ")) +
         "\n";
}

std::string ToJson(const Message& message, bool one_line) {
  google::protobuf::util::JsonPrintOptions options;
  options.preserve_proto_field_names = true;
  options.always_print_primitive_fields = true;
  options.add_whitespace = !one_line;
  std::string json;
  // Fails only for a message that contradicts its own descriptor.
  if (!google::protobuf::util::MessageToJsonString(message, &json, options).ok()) std::abort();
  if (json.back() != '\n') json += '\n';
  return json;
}

}  // namespace kelisim::cli
