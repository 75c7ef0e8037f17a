#include <algorithm>
#include <optional>

#include "absl/strings/str_cat.h"
#include "shared/cli/flags.h"
#include "shared/cli/program.h"
#include "shared/treaty/resettlement.h"

// The steps of a case, one command for each field of kelisim.v1.CaseCommand.

namespace kelisim::cli {
namespace {

constexpr Flag kRule = {"--rule", "rule", "Rule it rests on, such as 3.g"};
constexpr Flag kPerson = {"--person", "person_id", "Person concerned: head, m1, m2, ..."};
constexpr Flag kBasis = {"--basis", "basis", "Number and date of the formal act; no personal data"};
constexpr Flag kNotice = {"--notice", "resolves_notice",
                          "Entry id of the notice this answers, as case show lists it"};
constexpr Flag kHandOff = {"--number", "number", "Number of the hand-off; default the one now due"};

// What the program fills in from the case as it stands.
enum class FillIn { kNothing, kScope, kNextHandOff, kOfferedHandOff, kClearance };

struct Step {
  const char* name;
  // Of CaseCommand.command.
  const char* field;
  const char* help;
  const char* example;
  std::vector<Flag> flags;
  FillIn fill_in = FillIn::kNothing;
};

const std::vector<Step>& Steps() {
  static const auto* const steps = new std::vector<Step>{
      {"confirm-scope",
       "confirm_scope",
       "Confirm that the Agreement applies (a4)",
       "--all-confirmed",
       {{"--citizenship-confirmed", "citizenship_confirmed_person_ids",
         "Persons whose citizenship was confirmed"},
        {"--free-will-confirmed", "free_will_confirmed", "Own free will was confirmed in an interview"},
        {"--compulsion-found", "compulsion_found", "There is evidence of compulsion"},
        {"--conscript", "conscript_person_ids", "Persons in compulsory military service of the entry state"}},
       FillIn::kScope},
      {"refuse-scope",
       "refuse_scope",
       "Refuse: the Agreement does not apply (a5)",
       "--rule 1.3 --compulsion-found",
       {kRule,
        {"--citizenship-confirmed", "finding.citizenship_confirmed_person_ids",
         "Persons whose citizenship was confirmed"},
        {"--free-will-confirmed", "finding.free_will_confirmed",
         "Own free will was confirmed in an interview"},
        {"--compulsion-found", "finding.compulsion_found", "There is evidence of compulsion"},
        {"--conscript", "finding.conscript_person_ids",
         "Persons in compulsory military service of the entry state"}}},
      {"offer", "offer", "Offer the case to the other Party", "", {kHandOff}, FillIn::kNextHandOff},
      {"accept", "accept", "Accept the hand-off that is offered", "", {kHandOff}, FillIn::kOfferedHandOff},
      {"decline",
       "decline",
       "Decline the hand-off that is offered",
       "--rule 2.1 --person head",
       {kHandOff, kRule, kPerson},
       FillIn::kOfferedHandOff},
      {"clear",
       "clear",
       "Certify that nothing stands in the way (a7)",
       "--all-clear",
       {},
       FillIn::kClearance},
      {"defer",
       "defer",
       "Defer a person's departure (a8)",
       "--rule 3.g --person head --basis \"12/2026 of 2026-11-02\" --review-on 2027-02-01",
       {kRule, kPerson, kBasis, {"--review-on", "review_on", "Day of the next review"}}},
      {"end-deferral",
       "end_deferral",
       "The reason of a deferral has ended (a9)",
       "--rule 3.g --person head --fulfilled-in-full --basis \"14/2027 of 2027-01-20\"",
       {kRule,
        kPerson,
        kBasis,
        {"--fulfilled-in-full", "fulfilled_in_full", "Obligations are met in full"},
        kNotice}},
      {"exclude",
       "exclude",
       "Exclude a person under Article 3 (a10)",
       "--rule 3.b --person head --basis \"7/2026 of 2026-10-11\"",
       {kRule, kPerson, kBasis, kNotice}},
      {"reserve-place", "reserve_place", "Reserve places in the quota (a11)", "", {}},
      {"opt-out", "opt_out", "The person resettles independently (a14)", "", {}},
      {"issue-status",
       "issue_status",
       "Issue the status document (a15)",
       "--number 0001234 --citizenship-confirmed --no-obstacle-known",
       {{"--number", "number", "Number of the document"},
        {"--citizenship-confirmed", "citizenship_confirmed",
         "The head's citizenship was checked on this day"},
        {"--no-obstacle-known", "no_obstacle_known", "No Article 3 circumstance is known on this day"}}},
      {"reissue-document",
       "reissue_document",
       "Issue a lost or damaged document again",
       "--reason lost",
       {{"--reason", "reason", "lost or damaged"}}},
      {"record-exit",
       "record_exit",
       "Record that the border was crossed (a17)",
       "--crossed-on 2027-04-12 --crossing-point RU-0412",
       {{"--crossed-on", "crossed_on", "Day of crossing"},
        {"--crossing-point", "crossing_point", "Code of the crossing point"}}},
      {"register-residence",
       "register_residence",
       "Register residence in the entry state (a19)",
       "--registered-on 2027-04-20 --region KZ-71",
       {{"--registered-on", "registered_on", "Day of registration"},
        {"--region", "region", "Region by ISO 3166-2"}}},
      {"suspend",
       "suspend",
       "Suspend: an Article 3 circumstance appeared (a20)",
       "--rule 3.v --person head --basis \"3/2027 of 2027-02-15\"",
       {kRule, kPerson, kBasis, kNotice}},
      {"resume",
       "resume",
       "Resume: the circumstance has ended (a21)",
       "--rule 3.v --person head --basis \"5/2027 of 2027-03-15\"",
       {kRule,
        kPerson,
        kBasis,
        {"--fulfilled-in-full", "fulfilled_in_full", "Obligations are met in full"},
        kNotice}},
      {"withdraw",
       "withdraw",
       "End the case by the person's will (a22)",
       "--stated-on 2026-12-03",
       {{"--stated-on", "stated_on", "Day on which the will was stated"}, kNotice}},
      {"annul",
       "annul",
       "Annul an issued status (a23)",
       "--rule 1.3 --person head --basis \"8/2027 of 2027-05-06\"",
       {kRule, kPerson, kBasis, kNotice}},
      {"lapse", "lapse", "The status document's time has run out (a24)", "", {}},
      {"close-by-termination", "close_by_termination", "The Agreement has ended (a25)", "", {}},
      {"remove-member",
       "remove_member",
       "A family member leaves the case; the case goes on",
       "--person m2 --reason NOT_COVERED",
       {kPerson, {"--reason", "reason", "Why"}}},
      {"notice",
       "give_notice",
       "Tell the holder what became known",
       "--kind WITHDRAWAL --stated-on 2026-12-03",
       {{"--kind", "kind", "What about"},
        kRule,
        kPerson,
        kBasis,
        {"--stated-on", "stated_on", "Day on which it was stated or became known"},
        {"--order", "order", "Entry id of the order to annul that is taken back, as case show lists it"}}},
      {"dismiss-notice",
       "dismiss_notice",
       "A notice was examined and not confirmed, or was taken back",
       "--notice 00112233445566778899aabbccddeeff --basis \"9/2027 of 2027-05-10\"",
       {kNotice, kBasis}},
  };
  return *steps;
}

// ---- what is filled in from the case

// Residence is confirmed of who has stated it.
void ClearEverybody(const v1::CaseState& state, v1::Clearance* clearance) {
  const std::string departure = treaty::StateCode(state.departure_state());
  for (const v1::Person* of_case : treaty::IncludedPersons(state)) {
    v1::PersonClearance* person = clearance->add_persons();
    person->set_person_id(of_case->person_id());
    person->set_permanent_residence_confirmed(of_case->permanent_residence() == departure);
    person->set_not_refugee(true);
    person->set_not_imprisoned_convict(true);
    person->set_no_security_bar(true);
    person->set_no_postponement(true);
    person->set_not_temporary_stay(true);
    person->set_not_migrant_worker(true);
    person->set_not_conscript(true);
  }
}

// Citizenship is confirmed as the petition states it: the shortcut does not
// confirm what nobody has claimed.
void ConfirmScopeAsStated(const v1::CaseState& state, v1::ScopeFinding* finding) {
  finding->set_free_will_confirmed(true);
  const std::string entry = treaty::StateCode(state.entry_state());
  for (const std::string& citizenship : state.petition().head().citizenships()) {
    if (citizenship == entry) finding->add_citizenship_confirmed_person_ids("head");
  }
}

bool NeedsCase(FillIn fill_in, const v1::CaseCommand& command) {
  switch (fill_in) {
    case FillIn::kNextHandOff:
      return command.offer().number() == 0;
    case FillIn::kOfferedHandOff:
      return command.has_accept() ? command.accept().number() == 0 : command.decline().number() == 0;
    case FillIn::kClearance:
      return command.clear().persons().empty();
    default:
      return false;
  }
}

void FillFrom(const v1::CaseState& state, v1::CaseCommand* command) {
  const uint32_t next = std::min(state.hand_offs_done() + 1, 4u);
  // Where none is offered, the service says so of the next one.
  const uint32_t offered = state.offered_hand_off() == 0 ? next : state.offered_hand_off();
  if (command->has_offer()) command->mutable_offer()->set_number(next);
  if (command->has_accept()) command->mutable_accept()->set_number(offered);
  if (command->has_decline()) command->mutable_decline()->set_number(offered);
  if (command->has_clear()) ClearEverybody(state, command->mutable_clear());
  if (command->has_confirm_scope()) ConfirmScopeAsStated(state, command->mutable_confirm_scope());
}

// ---- the command of a step

struct CaseStepCommand {
  FillIn fill_in;
  v1::SubmitCaseCommandRequest request;
  std::optional<MessageOptions> content;
  bool all_clear = false;
  bool all_confirmed = false;
};

int RunStep(CaseStepCommand& step, Session& session) {
  if (std::optional<Failure> failure = step.content->Finish()) return Fail(session, *failure);
  const bool from_case =
      !step.content->FromFile() && (step.all_confirmed || NeedsCase(step.fill_in, step.request.command()));
  if (from_case && step.fill_in == FillIn::kClearance && !step.all_clear) {
    return Fail(session, BadInput("", {}, "ui.clear_everybody"));
  }
  if (from_case) {
    v1::GetCaseRequest get;
    get.set_name(step.request.name());
    const Result<v1::Case> found = session.client.Call(get);
    if (!found.status.ok()) return Show(session, found);
    FillFrom(found.response.state(), step.request.mutable_command());
  }
  return Submit(session, step.request);
}

// Switches that set more than one field.
void AddShortcuts(CLI::App& command, CaseStepCommand& step) {
  if (step.fill_in == FillIn::kClearance) {
    step.content->Excludes(
        command.add_flag("--all-clear", step.all_clear,
                         "Every register was asked about every person of the case; nothing found"));
  }
  if (step.fill_in == FillIn::kScope) {
    step.content->Excludes(command.add_flag(
        "--all-confirmed", step.all_confirmed,
        "The head's citizenship, as the petition states it, and own free will are confirmed"));
  }
}

void AddStep(Program& program, CLI::App& group, const Step& step) {
  CLI::App* command = group.add_subcommand(step.name, step.help);
  command->footer(absl::StrCat("Example:\n  kelisim case ", step.name, " 3f2a9c104be7d865 ", step.example));
  auto state = std::make_shared<CaseStepCommand>();
  state->fill_in = step.fill_in;
  AddCaseArgument(*command, state->request.mutable_name());
  v1::CaseCommand* wrapper = state->request.mutable_command();
  google::protobuf::Message* content = wrapper->GetReflection()->MutableMessage(
      wrapper, v1::CaseCommand::descriptor()->FindFieldByName(step.field));
  state->content.emplace(*command, content, step.flags);
  AddShortcuts(*command, *state);
  AddHappenedOn(*command, state->request);
  command->callback(
      [&program, state] { program.action = [state](Session& session) { return RunStep(*state, session); }; });
}

}  // namespace

void AddCaseSteps(Program& program, CLI::App& group) {
  for (const Step& step : Steps()) AddStep(program, group, step);
}

}  // namespace kelisim::cli
