#include "shared/cli/flags.h"
#include "shared/cli/json_input.h"
#include "shared/cli/program.h"

// petition file | complete | return: steps a1 to a3.

namespace kelisim::cli {
namespace {

using RequestPtr = std::shared_ptr<v1::SubmitCaseCommandRequest>;

// A command whose petition comes from a JSON file.
void TakePetitionFrom(CLI::App& command, Program& program, const RequestPtr& request,
                      v1::Petition* petition) {
  auto path = std::make_shared<std::string>();
  command.add_option("FILE", *path, "help.json_file")->required()->type_name("FILE:kelisim.v1.Petition");
  AddHappenedOn(command, *request);
  command.callback([&program, request, petition, path] {
    program.action = [request, petition, path](Session& session) {
      if (std::optional<Failure> failure = ReadJsonFile(*path, petition)) return Fail(session, *failure);
      return Submit(session, *request);
    };
  });
}

void AddFile(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("file", "action.file_petition");
  command->footer("help.example\n  kelisim petition file petition.json");
  auto request = std::make_shared<v1::SubmitCaseCommandRequest>();
  TakePetitionFrom(*command, program, request, request->mutable_command()->mutable_file_petition());
}

void AddComplete(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("complete", "action.complete_petition");
  command->footer("help.example\n  kelisim petition complete 3f2a9c104be7d865 petition.json");
  auto request = std::make_shared<v1::SubmitCaseCommandRequest>();
  AddCaseArgument(*command, request->mutable_name());
  TakePetitionFrom(*command, program, request, request->mutable_command()->mutable_complete_petition());
}

void AddReturn(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("return", "action.return_petition");
  command->footer(
      "help.examples\n"
      "  kelisim petition return 3f2a9c104be7d865 --missing MARRIAGE_CERTIFICATE PHOTOGRAPHS\n"
      "  kelisim petition return 3f2a9c104be7d865 --field head.birth_date\n"
      "  kelisim petition return 3f2a9c104be7d865 --from-json return.json");
  auto request = std::make_shared<v1::SubmitCaseCommandRequest>();
  AddCaseArgument(*command, request->mutable_name());
  const MessageOptions content(
      *command, request->mutable_command()->mutable_return_petition(),
      {{"--missing", "missing", "help.missing"}, {"--field", "fields", "help.fields"}});
  AddHappenedOn(*command, *request);
  command->callback([&program, request, content] {
    program.action = [request, content](Session& session) {
      if (std::optional<Failure> failure = content.Finish()) return Fail(session, *failure);
      return Submit(session, *request);
    };
  });
}

}  // namespace

void AddPetitionCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("petition", "help.petitions");
  group->require_subcommand(1);
  AddFile(program, *group);
  AddComplete(program, *group);
  AddReturn(program, *group);
}

}  // namespace kelisim::cli
