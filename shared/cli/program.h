#ifndef KELISIM_SHARED_CLI_PROGRAM_H_
#define KELISIM_SHARED_CLI_PROGRAM_H_

#include <algorithm>
#include <csignal>
#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/status/statusor.h"
#include "grpcpp/channel.h"
#include "shared/cli/client.h"
#include "shared/cli/errors.h"
#include "shared/cli/interrupt.h"
#include "shared/cli/options.h"
#include "shared/cli/render.h"
#include "shared/treaty/matter.h"

// The command line: a tree of commands, each of which leaves an action behind
// when it is parsed. One action is then run against the services.

namespace kelisim::cli {

// What the program takes from outside.
struct World {
  Environment environment;
  Look look;
  std::function<absl::StatusOr<std::shared_ptr<grpc::Channel>>(const v1::CliProfile&)> dial;
  // Waits before the next attempt to reconnect.
  std::function<void(absl::Duration)> pause;
  std::ostream& out;
  std::ostream& err;
};

// What an action works with.
struct Session {
  const Options& options;
  const World& world;
  Reader reader;
  Client& client;
  // Of a command that may be recorded, until its outcome is told.
  std::optional<CommandUnderWay> under_way = {};
  // The request id of what was recorded.
  std::string recorded = {};
};

using Action = std::function<int(Session&)>;

// The command tree and what parsing leaves behind.
struct Program {
  // `lang`: of the help.
  explicit Program(Lang lang);
  CLI::App app;
  Options options;
  // Set by the command that was parsed. Exactly one of the two.
  Action action;
  // For a command that needs no service.
  std::function<int(const Options&, const World&)> offline;
};

// Writes the failure as the options ask for; returns its exit code.
int Fail(const Session& session, const Failure& failure);
int Fail(const Failure& failure, const Options& options, const World& world);

// Writes an answer, or the failure of a call that changes nothing.
template <typename Response>
int Show(const Session& session, const Result<Response>& result) {
  if (!result.status.ok()) return Fail(session, FailureOf(result.status, "", session.reader.lang));
  session.world.out << (session.options.json ? ToJson(result.response)
                                             : Render(result.response, session.reader));
  return kOk;
}

// A case or a matter with its whole timeline, page after page. Everything else is as the last
// page says.
template <typename Request>
auto CallForAll(Client& client, Request request) {
  auto all = client.Call(request);
  while (all.status.ok() && !all.response.next_page_token().empty()) {
    request.set_page_token(all.response.next_page_token());
    auto next = client.Call(request);
    all.response.mutable_timeline()->MergeFrom(next.response.timeline());
    next.response.mutable_timeline()->Swap(all.response.mutable_timeline());
    all = std::move(next);
  }
  return all;
}

inline int SizeOf(const v1::ListCasesResponse& page) { return page.cases_size(); }
inline int SizeOf(const v1::ListMattersResponse& page) { return page.matters_size(); }

// A page of a list: as many as were asked for, if there are so many. One answer may have fewer
// and not be the last.
template <typename Request>
auto CallForPage(Client& client, Request request) {
  constexpr int kDefaultPage = 50;
  const int wanted = request.page_size() == 0 ? kDefaultPage : request.page_size();
  request.set_page_size(wanted);
  auto page = client.Call(request);
  while (page.status.ok() && !page.response.next_page_token().empty() && SizeOf(page.response) < wanted) {
    request.set_page_size(wanted - SizeOf(page.response));
    request.set_page_token(page.response.next_page_token());
    auto more = client.Call(request);
    page.status = more.status;
    page.response.MergeFrom(more.response);
    page.response.set_next_page_token(more.response.next_page_token());
  }
  return page;
}

// Sends a command of an officer, with the request id of the options or a new one.
template <typename Request>
int Submit(Session& session, Request request) {
  const Options& options = session.options;
  request.set_request_id(options.request_id.empty() ? NewRequestId() : options.request_id);
  request.set_validate_only(options.validate_only);
  // Who was to read the answer may be gone; the request id is told all the same.
  std::signal(SIGPIPE, SIG_IGN);
  if (!options.validate_only) session.under_way.emplace();
  const auto result = session.client.Call(request);
  const std::string changing = options.validate_only ? "" : request.request_id();
  if (result.status.ok()) {
    session.recorded = changing;
    return Show(session, result);
  }
  return Fail(session, FailureOf(result.status, changing, session.reader.lang));
}

// "court_decision" is "decision" for short.
std::string GroupOf(const treaty::MatterKind& kind);

// What is typed for a step of a case: "case notice" for "give_notice". What is no step stays.
std::string CommandOfStep(const std::string& step);

// "cases/ID" of "cases/ID" or "ID".
std::string CaseName(const std::string& given);

// A positional CASE, kept in `name`.
void AddCaseArgument(CLI::App& command, std::string* name);

template <typename Request>
void AddHappenedOn(CLI::App& command, Request& request) {
  command.add_option("--happened-on", *request.mutable_happened_on(), "help.happened_on")->type_name("DATE");
}

void AddPetitionCommands(Program& program);
void AddCaseCommands(Program& program);
// One command under `group` for each step of a case.
void AddCaseSteps(Program& program, CLI::App& group);
// One command for each step, made from the messages.
void AddMatterCommands(Program& program);
// Under "property"; after AddMatterCommands.
void AddCertificateCommands(Program& program);
// Documents: up and down.
void AddAttachmentCommands(Program& program);
void AddQuotaCommands(Program& program);
void AddTermCommands(Program& program);
void AddRuleCommands(Program& program);
void AddInformationCommand(Program& program);
void AddNodeCommands(Program& program);
// audit.
void AddAuditCommand(Program& program);
// dossier, verify.
void AddDossierCommands(Program& program);
void AddCompletionCommand(Program& program);

// Parses and runs; returns the exit code. `arguments` are without the program's name.
int Run(const std::vector<std::string>& arguments, const World& world);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_PROGRAM_H_
