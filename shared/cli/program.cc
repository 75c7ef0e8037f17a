#include "shared/cli/program.h"

#include <cerrno>
#include <cstring>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"

namespace kelisim::cli {
namespace {

constexpr char kDescription[] =
    "Cases, quotas and the term of the Agreement of 6 July 1998 between Kazakhstan and\n"
    "Russia on the rights of resettlers, as one authority's service keeps them.";

constexpr char kFooter[] =
    "Exit codes:\n"
    "  0  done\n"
    "  1  any other error\n"
    "  2  wrong use, or input that was not sent\n"
    "  3  refused by a rule of the Agreement or of its procedure\n"
    "  4  the service found errors in fields of the request\n"
    "  5  not found\n"
    "  6  not allowed to this officer\n"
    "  7  not reachable, or the outcome is unknown: repeat with the request id shown\n"
    "  8  the request id was used before with other content\n"
    "  10 to 15  kelisim verify: see its --help\n"
    "\n"
    "Examples:\n"
    "  export KELISIM_PROFILE=kz-officer.textproto\n"
    "  kelisim petition file petition.json\n"
    "  kelisim case list --my-turn\n"
    "  kelisim case show 3f2a9c104be7d865 --lang kk\n"
    "  kelisim case clear 3f2a9c104be7d865 --all-clear --validate-only\n"
    "  kelisim COMMAND --help";

void AddOptions(CLI::App& app, Options& options) {
  v1::CliProfile& connection = options.connection;
  // CLI11 wants places to write to; strings of a message are such places.
  app.add_option("--profile", options.profile, "Profile file with the options below (or KELISIM_PROFILE)");
  app.add_option("--server", *connection.mutable_server(), "HOST:PORT of the authority's service");
  app.add_option("--tls-cert", *connection.mutable_tls_certificate(), "Officer's certificate, PEM");
  app.add_option("--tls-key", *connection.mutable_tls_private_key(), "Officer's private key, PEM");
  app.add_option("--tls-roots", *connection.mutable_tls_roots(),
                 "Roots that the service's certificate chains to, PEM");
  app.add_option("--tls-name", *connection.mutable_tls_name(),
                 "Name in the service's certificate, if not HOST");
  app.add_option("--timeout", options.timeout, "How long to wait for an answer: 20s, 500ms; at most 30s")
      ->capture_default_str();
  app.add_option("--lang", *connection.mutable_lang(),
                 "kk, ru or en; default from the profile, then the locale")
      ->check(CLI::IsMember({"kk", "ru", "en"}));
  app.add_flag("--json", options.json, "Answers and errors as JSON");
  app.add_option("--request-id", options.request_id, "UUID of this request; give the same one to ask again");
  app.add_flag("--validate-only", options.validate_only, "Only ask whether the command would be accepted");
}

// Usage errors come before the options are complete: what counts is what stands anywhere.
Options AsFarAsGiven(const std::vector<std::string>& arguments) {
  Options options;
  for (size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--json") options.json = true;
    absl::string_view lang = arguments[i];
    if (absl::ConsumePrefix(&lang, "--lang=")) options.connection.set_lang(std::string(lang));
    if (lang == "--lang" && i + 1 < arguments.size()) options.connection.set_lang(arguments[i + 1]);
  }
  return options;
}

// `command`: whose help says more.
int TellUsage(const Failure& failure, const Options& options, const World& world,
              const std::string& command = "kelisim") {
  Fail(failure, options, world);
  if (!options.json) world.err << "  " << command << " --help\n";
  return failure.exit;
}

// The command that was given, as far as it is one: {"kelisim case", its App}.
std::pair<std::string, const CLI::App*> GivenCommand(const CLI::App& app) {
  std::string name = app.get_name();
  const CLI::App* at = &app;
  while (!at->get_subcommands().empty()) {
    at = at->get_subcommands().front();
    absl::StrAppend(&name, " ", at->get_name());
  }
  return {std::move(name), at};
}

Failure Explain(const CLI::App& app, const CLI::App& given, const CLI::ParseError& error) {
  std::vector<std::string> commands;
  for (const CLI::App* command : given.get_subcommands([](const CLI::App*) { return true; })) {
    commands.push_back(command->get_name());
  }
  const std::vector<std::string> unknown = app.remaining(/*recurse=*/true);
  const bool required = dynamic_cast<const CLI::RequiredError*>(&error) != nullptr;
  if (!commands.empty() && required) {
    const std::string list = absl::StrJoin(commands, ", ");
    return unknown.empty()
               ? BadInput(list, {}, "ui.command_missing")
               : BadInput(absl::StrCat(unknown.front(), " (", list, ")"), {}, "ui.command_unknown");
  }
  if (required) return BadInput(error.what(), {}, "ui.argument_missing");
  const bool extra = dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr;
  return BadInput(error.what(), {}, extra ? "ui.argument_unknown" : "ui.argument_wrong");
}

// The exit code of what ended with `exit`. What could not be written was not told; `recorded`:
// the request id of what was recorded meanwhile, or empty.
int Told(int exit, const std::string& recorded, const Options& options, const World& world) {
  if (world.out.flush()) return exit;
  Fail(NotWritten(std::strerror(errno), recorded), options, world);
  return exit == kOk ? kOther : exit;
}

int RunAction(const Program& program, const Options& options, const World& world) {
  const Lang lang = ChooseLang(options, world.environment);
  const auto channel = world.dial(options.connection);
  if (!channel.ok()) {
    const char* heading =
        absl::IsFailedPrecondition(channel.status()) ? "ui.own_certificate_not_valid" : "ui.settings";
    return TellUsage(BadInput(std::string(channel.status().message()), {}, heading), options, world);
  }
  Client client(*channel, *ParseTimeout(options.timeout), lang);
  const absl::CivilDay today = absl::ToCivilDay(absl::Now(), absl::LocalTimeZone());
  Session session{options, world, {lang, world.look, today}, client};
  const int exit = program.action(session);
  return Told(exit, session.recorded, options, world);
}

}  // namespace

Program::Program() : app(kDescription, "kelisim") {
  AddOptions(app, options);
  app.footer(kFooter);
  app.require_subcommand(1);
  // Options of the program may stand after a command as well.
  app.fallthrough();
  AddPetitionCommands(*this);
  AddCaseCommands(*this);
  AddMatterCommands(*this);
  AddCertificateCommands(*this);
  AddAttachmentCommands(*this);
  AddQuotaCommands(*this);
  AddTermCommands(*this);
  AddRuleCommands(*this);
  AddInformationCommand(*this);
  AddDossierCommands(*this);
  AddAuditCommand(*this);
  AddNodeCommands(*this);
  AddCompletionCommand(*this);
}

int Fail(const Session& session, const Failure& failure) {
  return Fail(failure, session.options, session.world);
}

int Fail(const Failure& failure, const Options& options, const World& world) {
  const Lang lang = ChooseLang(options, world.environment);
  world.err << (options.json ? FailureAsJson(failure, lang) : RenderFailure(failure, lang, world.look));
  return failure.exit;
}

std::string CaseName(const std::string& given) {
  return given.rfind("cases/", 0) == 0 ? given : "cases/" + given;
}

void AddCaseArgument(CLI::App& command, std::string* name) {
  command
      .add_option_function<std::string>(
          "CASE", [name](const std::string& given) { *name = CaseName(given); }, "Case: ID or cases/ID")
      ->required();
}

int Run(const std::vector<std::string>& arguments, const World& world) {
  Program program;
  try {
    // CLI11 takes the arguments from the end.
    program.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help
      return Told(program.app.exit(error, world.out, world.err), "", AsFarAsGiven(arguments), world);
    }
    const auto [name, given] = GivenCommand(program.app);
    return TellUsage(Explain(program.app, *given, error), AsFarAsGiven(arguments), world, name);
  }
  if (program.offline) return Told(program.offline(program.options, world), "", program.options, world);
  const absl::StatusOr<Options> options = FillIn(program.options, world.environment);
  if (!options.ok()) {
    return TellUsage(BadInput(std::string(options.status().message()), {}, "ui.settings"), program.options,
                     world);
  }
  return RunAction(program, *options, world);
}

}  // namespace kelisim::cli
