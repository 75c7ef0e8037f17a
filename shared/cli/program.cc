#include "shared/cli/program.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "absl/time/clock.h"
#include "shared/cli/help.h"
#include "shared/cli/json_input.h"

namespace kelisim::cli {
namespace {

constexpr char kFooter[] =
    "help.exit_codes\n"
    "\n"
    "help.examples\n"
    "  export KELISIM_PROFILE=kz-officer.textproto\n"
    "  kelisim petition file petition.json\n"
    "  kelisim case list --my-turn\n"
    "  kelisim case show 3f2a9c104be7d865 --lang kk\n"
    "  kelisim case clear 3f2a9c104be7d865 --all-clear --validate-only\n"
    "  kelisim COMMAND --help";

void AddOptions(CLI::App& app, Options& options) {
  v1::CliProfile& connection = options.connection;
  // CLI11 wants places to write to; strings of a message are such places.
  app.add_option("--profile", options.profile, "help.profile");
  app.add_option("--server", *connection.mutable_server(), "help.server");
  app.add_option("--tls-cert", *connection.mutable_tls_certificate(), "help.tls_cert");
  app.add_option("--tls-key", *connection.mutable_tls_private_key(), "help.tls_key");
  app.add_option("--tls-roots", *connection.mutable_tls_roots(), "help.tls_roots");
  app.add_option("--tls-name", *connection.mutable_tls_name(), "help.tls_name");
  app.add_option("--timeout", options.timeout, "help.timeout")->capture_default_str();
  app.add_option("--lang", *connection.mutable_lang(), "help.lang")->check(CLI::IsMember({"kk", "ru", "en"}));
  app.add_flag("--json", options.json, "help.json");
  app.add_option("--request-id", options.request_id, "help.request_id");
  app.add_flag("--validate-only", options.validate_only, "help.validate_only");
}

// Each command that may be recorded takes the day on which it happened.
bool Records(const CLI::App& command) { return command.get_option_no_throw("--happened-on") != nullptr; }

// The option that was given and means nothing to `command`; empty: there is none.
std::string Meaningless(const CLI::App& app, const CLI::App& command) {
  if (Records(command)) return "";
  for (const char* option : {"--validate-only", "--request-id"}) {
    if (app.count(option) > 0) return option;
  }
  return "";
}

// The value of the last `name VALUE` or `name=VALUE` anywhere; empty: there is none.
std::string LastOf(const std::vector<std::string>& arguments, const std::string& name) {
  std::string value;
  for (size_t i = 0; i < arguments.size(); ++i) {
    absl::string_view given = arguments[i];
    if (absl::ConsumePrefix(&given, name + "=")) value = std::string(given);
    if (given == name && i + 1 < arguments.size()) value = arguments[i + 1];
  }
  return value;
}

bool AreUtf8(const std::vector<std::string>& arguments) {
  return std::all_of(arguments.begin(), arguments.end(),
                     [](const std::string& one) { return FirstNotUtf8(one) == std::string::npos; });
}

// Help and usage errors come before anything is parsed: what counts is what stands anywhere.
Options AsFarAsGiven(const std::vector<std::string>& arguments, const Environment& environment) {
  Options options;
  options.json = std::count(arguments.begin(), arguments.end(), "--json") > 0;
  options.profile = LastOf(arguments, "--profile");
  options.connection.set_lang(LastOf(arguments, "--lang"));
  // A profile that cannot be read is told of by the command that needs it.
  return FillIn(options, environment).value_or(options);
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

// The option or argument that a sentence of CLI11 is about.
std::string NameIn(const std::string& sentence) {
  for (absl::string_view word : absl::StrSplit(sentence, absl::ByAnyChar(" :,"))) {
    const bool capitals = !word.empty() && word == absl::AsciiStrToUpper(word) && word.size() > 1;
    if (absl::StartsWith(word, "--") || capitals) return std::string(word);
  }
  return "";
}

// "--lang: de: {kk,ru,en}" of a sentence of CLI::IsMember, which ends in what there is; others
// are ours, and stay.
std::string WithoutEnglish(std::string sentence) {
  constexpr std::string_view kNotIn = " not in ";
  const size_t at = sentence.rfind(kNotIn);
  if (at != std::string::npos && sentence.back() == '}') sentence.replace(at, kNotIn.size(), ": ");
  return sentence;
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
  // CLI11's sentences are English; the heading says the same in the reader's language.
  const std::string what = error.what();
  if (required)
    return BadInput(std::string(absl::StripSuffix(what, " is required")), {}, "ui.argument_missing");
  if (dynamic_cast<const CLI::ExtrasError*>(&error) != nullptr)
    return BadInput(absl::StrJoin(unknown, " "), {}, "ui.argument_unknown");
  // Of these, only the names of options are said again.
  if (dynamic_cast<const CLI::ExcludesError*>(&error) != nullptr)
    return BadInput(absl::StrReplaceAll(what, {{" excludes ", ", "}}), {}, "ui.arguments_exclude");
  if (dynamic_cast<const CLI::ArgumentMismatch*>(&error) != nullptr)
    return BadInput(NameIn(what), {}, "ui.argument_count");
  if (dynamic_cast<const CLI::ConversionError*>(&error) != nullptr)
    return BadInput(NameIn(what), {}, "ui.argument_wrong");
  return BadInput(WithoutEnglish(what), {}, "ui.argument_wrong");
}

// The exit code of what ended with `exit`. What could not be written was not told; `recorded`:
// the request id of what was recorded meanwhile, or empty.
int Finished(int exit, const std::string& recorded, const Options& options, const World& world) {
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
    return TellUsage(BadInput(channel.status(), heading), options, world);
  }
  Client client(*channel, *ParseTimeout(options.timeout), lang);
  const absl::CivilDay today = absl::ToCivilDay(absl::Now(), absl::LocalTimeZone());
  Session session{options, world, {lang, world.look, today}, client};
  const int exit = program.action(session);
  return Finished(exit, session.recorded, options, world);
}

}  // namespace

Program::Program(Lang lang) : app("help.program", "kelisim") {
  app.formatter(HelpFormatter(lang));
  app.set_help_flag("-h,--help", "help.help");
  app.set_version_flag("--version", KELISIM_VERSION, "help.version");
  AddOptions(app, options);
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
  // Commands would inherit it: each has examples of its own.
  app.footer(kFooter);
  SayHelp(app, lang);
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
          "CASE", [name](const std::string& given) { *name = CaseName(given); }, "help.case")
      ->required();
}

int Run(const std::vector<std::string>& arguments, const World& world) {
  const Options given = AsFarAsGiven(arguments, world.environment);
  Program program(ChooseLang(given, world.environment));
  try {
    // CLI11 takes the arguments from the end.
    program.app.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) {  // --help, --version
      return Finished(program.app.exit(error, world.out, world.err), "", given, world);
    }
    const auto [name, command] = GivenCommand(program.app);
    return TellUsage(Explain(program.app, *command, error), given, world, name);
  }
  const auto [name, command] = GivenCommand(program.app);
  if (const std::string option = Meaningless(program.app, *command); !option.empty())
    return TellUsage(BadInput(option, {}, "ui.option_meaningless"), given, world, name);
  if (program.offline) return Finished(program.offline(program.options, world), "", program.options, world);
  // gRPC would send it, and nobody could read it.
  if (!AreUtf8(arguments)) return TellUsage(BadInput("", {}, "ui.arguments_not_utf8"), given, world, name);
  const absl::StatusOr<Options> options = FillIn(program.options, world.environment);
  if (!options.ok()) {
    return TellUsage(BadInput(options.status(), "ui.settings"), program.options, world);
  }
  return RunAction(program, *options, world);
}

}  // namespace kelisim::cli
