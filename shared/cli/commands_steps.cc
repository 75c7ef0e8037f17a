#include <optional>

#include "absl/strings/str_cat.h"
#include "shared/cli/flags.h"
#include "shared/cli/program.h"
#include "shared/treaty/resettlement.h"

// The steps of a case, one command for each field of kelisim.v1.CaseCommand.

namespace kelisim::cli {
namespace {

constexpr Flag kRule = {"--rule", "rule", "help.rule"};
constexpr Flag kPerson = {"--person", "person_id", "help.person"};
constexpr Flag kBasis = {"--basis", "basis", "help.basis"};
constexpr Flag kConvicted = {"--convicted", "convicted", "help.convicted"};
constexpr Flag kHeld = {"--held", "held", "help.held"};
constexpr Flag kNotice = {"--notice", "resolves_notice", "help.notice"};
constexpr Flag kHandOff = {"--number", "number", "help.hand_off"};

// What the program fills in from the case as it stands.
enum class FillIn { kNothing, kScope, kClearance };

struct Step {
  const char* name;
  // Of CaseCommand.command.
  const char* field;
  const char* example;
  std::vector<Flag> flags;
  FillIn fill_in = FillIn::kNothing;
};

const std::vector<Step>& Steps() {
  static const auto* const steps = new std::vector<Step>{
      {"confirm-scope",
       "confirm_scope",
       "--all-confirmed",
       {{"--citizenship-confirmed", "citizenship_confirmed_person_ids", "help.citizenship_confirmed"},
        {"--free-will-confirmed", "free_will_confirmed", "help.free_will"},
        {"--compulsion-found", "compulsion_found", "help.compulsion"},
        {"--conscript", "conscript_person_ids", "help.conscript"}},
       FillIn::kScope},
      {"refuse-scope",
       "refuse_scope",
       "--rule 1.3 --compulsion-found",
       {kRule,
        {"--citizenship-confirmed", "finding.citizenship_confirmed_person_ids", "help.citizenship_confirmed"},
        {"--free-will-confirmed", "finding.free_will_confirmed", "help.free_will"},
        {"--compulsion-found", "finding.compulsion_found", "help.compulsion"},
        {"--conscript", "finding.conscript_person_ids", "help.conscript"}}},
      // Without a number the service knows which one is due: what is sent does not depend on the case,
      // so the same request id may be used again.
      {"offer", "offer", "", {kHandOff}},
      {"accept", "accept", "", {kHandOff}},
      {"decline", "decline", "--rule 2.1 --person head", {kHandOff, kRule, kPerson}},
      {"clear", "clear", "--all-clear", {}, FillIn::kClearance},
      {"defer",
       "defer",
       "--rule 3.g --person head --basis \"12/2026\" --review-on 2027-02-01",
       {kRule, kPerson, kBasis, {"--review-on", "review_on", "help.review_on"}}},
      {"end-deferral",
       "end_deferral",
       "--rule 3.g --person head --fulfilled-in-full --basis \"14/2027, 2027-01-20\"",
       {kRule, kPerson, kBasis, {"--fulfilled-in-full", "fulfilled_in_full", "help.fulfilled"}, kNotice}},
      {"exclude",
       "exclude",
       "--rule 3.b --person head --convicted --held --basis \"7/2026, 2026-10-11\"",
       {kRule, kPerson, kBasis, kConvicted, kHeld, kNotice}},
      {"reserve-place", "reserve_place", "", {}},
      {"opt-out", "opt_out", "", {}},
      {"issue-status",
       "issue_status",
       "--number 0001234 --citizenship-confirmed --no-obstacle-known",
       {{"--number", "number", "help.document_number"},
        {"--citizenship-confirmed", "citizenship_confirmed", "help.citizenship_checked"},
        {"--no-obstacle-known", "no_obstacle_known", "help.no_obstacle"}}},
      {"reissue-document",
       "reissue_document",
       "--reason lost",
       {{"--reason", "reason", "help.reissue_reason"}}},
      {"record-exit",
       "record_exit",
       "--crossed-on 2027-04-12 --crossing-point RU-0412",
       {{"--crossed-on", "crossed_on", "field.crossed_on"},
        {"--crossing-point", "crossing_point", "help.crossing_point"}}},
      {"register-residence",
       "register_residence",
       "--registered-on 2027-04-20 --region KZ-71",
       {{"--registered-on", "registered_on", "help.registered_on"}, {"--region", "region", "help.region"}}},
      {"suspend",
       "suspend",
       "--rule 3.v --person head --basis \"3/2027, 2027-02-15\"",
       {kRule, kPerson, kBasis, kConvicted, kHeld, kNotice}},
      {"resume",
       "resume",
       "--rule 3.v --person head --basis \"5/2027, 2027-03-15\"",
       {kRule, kPerson, kBasis, {"--fulfilled-in-full", "fulfilled_in_full", "help.fulfilled"}, kNotice}},
      {"withdraw",
       "withdraw",
       "--stated-on 2026-12-03",
       {{"--stated-on", "stated_on", "help.will_stated_on"}, kNotice}},
      {"annul",
       "annul",
       "--rule 1.3 --person head --basis \"8/2027, 2027-05-06\"",
       {kRule, kPerson, kBasis, kNotice}},
      {"lapse", "lapse", "", {}},
      {"close-by-termination", "close_by_termination", "", {}},
      {"remove-member",
       "remove_member",
       "--person m2 --reason NOT_COVERED --basis \"15/2026, 2026-10-12\"",
       {kPerson,
        {"--reason", "reason", "field.reason"},
        kBasis,
        {"--stated-on", "stated_on", "help.will_stated_on"}}},
      {"notice",
       "give_notice",
       "--kind WITHDRAWAL --stated-on 2026-12-03",
       {{"--kind", "kind", "help.notice_kind"},
        kRule,
        kPerson,
        kBasis,
        kConvicted,
        kHeld,
        {"--stated-on", "stated_on", "help.known_on"},
        {"--order", "order", "field.order"}}},
      {"dismiss-notice",
       "dismiss_notice",
       "--notice 00112233445566778899aabbccddeeff --basis \"9/2027, 2027-05-10\"",
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

void FillFrom(const v1::CaseState& state, v1::CaseCommand* command) {
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
  // Of no other step: a request made from the case as it stands is another one when that has changed.
  const bool clears = step.fill_in == FillIn::kClearance && !step.content->FromFile();
  if (clears && !step.all_clear) return Fail(session, BadInput("", {}, "ui.clear_everybody"));
  if (clears || step.all_confirmed) {
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
    step.content->Excludes(command.add_flag("--all-clear", step.all_clear, "help.all_clear"));
  }
  if (step.fill_in == FillIn::kScope) {
    step.content->Excludes(command.add_flag("--all-confirmed", step.all_confirmed, "help.all_confirmed"));
  }
}

void AddStep(Program& program, CLI::App& group, const Step& step) {
  CLI::App* command = group.add_subcommand(step.name, absl::StrCat("action.", step.field));
  command->footer(
      absl::StrCat("help.example\n  kelisim case ", step.name, " 3f2a9c104be7d865 ", step.example));
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

std::string CommandOfStep(const std::string& step) {
  for (const Step& one : Steps()) {
    if (one.field == step) return absl::StrCat("case ", one.name);
  }
  for (const char* name : {"file", "complete", "return"}) {
    if (step == absl::StrCat(name, "_petition")) return absl::StrCat("petition ", name);
  }
  return step;
}

void AddCaseSteps(Program& program, CLI::App& group) {
  for (const Step& step : Steps()) AddStep(program, group, step);
}

}  // namespace kelisim::cli
