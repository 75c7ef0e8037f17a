#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "shared/cli/flags.h"
#include "shared/cli/program.h"
#include "shared/treaty/rules.h"

// quota, term, rules, information.

namespace kelisim::cli {
namespace {

using google::protobuf::Message;

// A command that submits one field of the command message of `Request`.
template <typename Request>
struct Submission {
  Request request;
  std::optional<MessageOptions> content;
};

template <typename Request>
void AddSubmission(Program& program, CLI::App& command, const char* field, const std::vector<Flag>& flags) {
  auto state = std::make_shared<Submission<Request>>();
  auto* wrapper = state->request.mutable_command();
  Message* content =
      wrapper->GetReflection()->MutableMessage(wrapper, wrapper->GetDescriptor()->FindFieldByName(field));
  state->content.emplace(command, content, flags);
  AddHappenedOn(command, state->request);
  command.callback([&program, state] {
    program.action = [state](Session& session) {
      if (std::optional<Failure> failure = state->content->Finish()) return Fail(session, *failure);
      return Submit(session, state->request);
    };
  });
}

// ---- quota

constexpr Flag kYear = {"--year", "year", "help.year"};
constexpr Flag kLimit = {"--limit", "limit", "help.limit"};
constexpr Flag kLegalAct = {"--legal-act", "legal_act", "help.legal_act"};

void AddQuotaStep(Program& program, CLI::App& group, const char* name, const char* field, const char* help,
                  const char* example, const std::vector<Flag>& flags) {
  CLI::App* command = group.add_subcommand(name, help);
  command->footer(absl::StrCat("help.example\n  kelisim quota ", name, " ", example));
  AddSubmission<v1::SubmitQuotaCommandRequest>(program, *command, field, flags);
}

void AddQuotaShow(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("show", "help.quota_show");
  command->footer("help.example\n  kelisim quota show --party kz --year 2026");
  auto party = std::make_shared<std::string>();
  auto year = std::make_shared<int>(0);
  command->add_option("--party", *party, "help.entry_state")
      ->required()
      ->type_name("PARTY")
      ->transform(CLI::IsMember({"kz", "ru"}, CLI::ignore_case));
  command->add_option("--year", *year, "help.year")->required()->type_name("NUMBER");
  command->callback([&program, party, year] {
    program.action = [party, year](Session& session) {
      v1::GetQuotaRequest request;
      request.set_name(absl::StrCat("quotas/", *party, "/", *year));
      return Show(session, session.client.Call(request));
    };
  });
}

// ---- term

constexpr Flag kFrom = {"--from", "from", "help.notice_from"};
constexpr Flag kSentOn = {"--sent-on", "sent_on", "help.note_sent_on"};
constexpr Flag kReceivedOn = {"--received-on", "received_on", "help.received_on"};
constexpr Flag kNoteNumber = {"--note-number", "note_number", "help.note_number"};

void AddTermShow(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("show", "help.term_show");
  command->footer("help.examples\n  kelisim term show\n  kelisim term show --on 2029-10-17");
  auto request = std::make_shared<v1::GetTermRequest>();
  command->add_option("--on", *request->mutable_on(), "help.on")->type_name("DATE");
  command->callback([&program, request] {
    program.action = [request](Session& session) { return Show(session, session.client.Call(*request)); };
  });
}

void AddTermSteps(Program& program, CLI::App& group) {
  CLI::App* notice = group.add_subcommand("record-notice", "treaty_command.record_termination_notice");
  notice->footer(
      "help.example\n"
      "  kelisim term record-notice --from ru --sent-on 2029-09-28 --received-on 2029-09-30 "
      "--note-number 41/n --written --by-party");
  AddSubmission<v1::SubmitTreatyCommandRequest>(program, *notice, "record_termination_notice",
                                                {kFrom,
                                                 kSentOn,
                                                 kReceivedOn,
                                                 kNoteNumber,
                                                 {"--written", "written", "help.written"},
                                                 {"--by-party", "by_party", "help.by_party"}});
  CLI::App* revocation = group.add_subcommand("record-revocation", "treaty_command.record_revocation");
  revocation->footer(
      "help.example\n  kelisim term record-revocation --from ru --received-on 2029-12-01 --note-number 55/n");
  AddSubmission<v1::SubmitTreatyCommandRequest>(program, *revocation, "record_revocation",
                                                {kFrom, kReceivedOn, kNoteNumber});
}

// ---- rules

void AddOn(CLI::App& command, v1::ListRulesRequest& request) {
  command.add_option("--on", *request.mutable_on(), "help.wording_on")->type_name("DATE");
}

int ShowRule(const std::string& id, const v1::ListRulesRequest& request, Session& session) {
  const Result<v1::RuleCatalogue> rules = session.client.Call(request);
  if (!rules.status.ok()) return Show(session, rules);
  for (const v1::Rule& rule : rules.response.rules()) {
    if (rule.id() == treaty::RuleIdAsCited(id))
      return Show(session, Result<v1::Rule>{grpc::Status::OK, rule});
  }
  return Fail(session, FailureOf({grpc::StatusCode::NOT_FOUND, id}, "", session.reader.lang));
}

}  // namespace

void AddQuotaCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("quota", "help.quota");
  group->require_subcommand(1);
  AddQuotaStep(program, *group, "set", "set_quota", "quota_command.set_quota",
               "--year 2027 --limit 250 --legal-act \"91, 2026-11-01\"", {kYear, kLimit, kLegalAct});
  AddQuotaStep(program, *group, "adjust", "adjust_quota", "quota_command.adjust_quota",
               "--year 2027 --limit 300 --legal-act \"17, 2027-03-01\"", {kYear, kLimit, kLegalAct});
  AddQuotaStep(program, *group, "close", "close_year", "quota_command.close_year", "--year 2026", {kYear});
  AddQuotaStep(program, *group, "report", "report_year", "quota_command.report_year", "--year 2026", {kYear});
  AddQuotaShow(program, *group);
}

void AddTermCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("term", "help.term");
  group->require_subcommand(1);
  AddTermShow(program, *group);
  AddTermSteps(program, *group);
}

void AddRuleCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("rules", "help.rules");
  group->require_subcommand(1);
  CLI::App* list = group->add_subcommand("list", "help.rules_list");
  list->footer("help.example\n  kelisim rules list --lang ru");
  auto request = std::make_shared<v1::ListRulesRequest>();
  AddOn(*list, *request);
  list->callback([&program, request] {
    program.action = [request](Session& session) { return Show(session, session.client.Call(*request)); };
  });
  CLI::App* precedence = group->add_subcommand("precedence", "help.precedence");
  precedence->footer("help.example\n  kelisim rules precedence --lang ru");
  auto precedences = std::make_shared<v1::ListPrecedencesRequest>();
  precedence->add_option("--on", *precedences->mutable_on(), "help.on")->type_name("DATE");
  precedence->callback([&program, precedences] {
    program.action = [precedences](Session& session) {
      return Show(session, session.client.Call(*precedences));
    };
  });
  CLI::App* show = group->add_subcommand("show", "help.rules_show");
  show->footer("help.example\n  kelisim rules show 3.g");
  auto id = std::make_shared<std::string>();
  show->add_option("ID", *id, "help.rule_id")->required();
  AddOn(*show, *request);
  show->callback([&program, id, request] {
    program.action = [id, request](Session& session) { return ShowRule(*id, *request, session); };
  });
}

void AddInformationCommand(Program& program) {
  CLI::App* command = program.app.add_subcommand("information", "help.information");
  command->footer("help.example\n  kelisim information --lang kk");
  command->callback([&program] {
    program.action = [](Session& session) {
      return Show(session, session.client.Call(v1::GetInformationRequest()));
    };
  });
}

}  // namespace kelisim::cli
