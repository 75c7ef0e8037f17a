#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "shared/cli/program.h"

// completion bash: a script made from the command tree.

namespace kelisim::cli {
namespace {

std::string OptionNames(const CLI::App& command) {
  return absl::StrJoin(command.get_options(), " ", [](std::string* out, const CLI::Option* option) {
    if (!option->get_lnames().empty()) absl::StrAppend(out, "--", option->get_lnames().front());
  });
}

// One case arm for each command: its path, and the words that may follow.
void AddArms(const CLI::App& command, const std::string& path, const std::string& global_options,
             std::string& paths, std::string& words) {
  std::vector<std::string> names;
  for (const CLI::App* sub : command.get_subcommands(nullptr)) {
    names.push_back(sub->get_name());
    AddArms(*sub, absl::StrCat(path, "/", sub->get_name()), global_options, paths, words);
  }
  if (!path.empty()) absl::StrAppend(&paths, paths.empty() ? "" : "|", path);
  absl::StrAppend(&words, "    \"", path, "\") words=\"", absl::StrJoin(names, " "), " ",
                  OptionNames(command), " ", path.empty() ? "" : global_options, "\" ;;\n");
}

std::string BashScript(const CLI::App& app) {
  std::string paths;
  std::string words;
  AddArms(app, "", OptionNames(app), paths, words);
  return absl::StrCat(
      "_kelisim() {\n"
      "  local path=\"\" words=\"\" word\n"
      "  for word in \"${COMP_WORDS[@]:1:COMP_CWORD-1}\"; do\n"
      "    case \"$path/$word\" in\n"
      "      ",
      paths,
      ") path=\"$path/$word\" ;;\n"
      "    esac\n"
      "  done\n"
      "  case \"$path\" in\n",
      words,
      "  esac\n"
      "  COMPREPLY=($(compgen -W \"$words\" -- \"${COMP_WORDS[COMP_CWORD]}\"))\n"
      "}\n"
      "complete -o default -F _kelisim kelisim\n");
}

}  // namespace

void AddCompletionCommand(Program& program) {
  CLI::App* group = program.app.add_subcommand("completion", "help.completion");
  group->require_subcommand(1);
  CLI::App* bash = group->add_subcommand("bash", "help.completion_bash");
  bash->footer(
      "help.example\n  kelisim completion bash > ~/.local/share/bash-completion/completions/kelisim");
  bash->callback([&program] {
    program.offline = [&program](const Options&, const World& world) {
      world.out << BashScript(program.app);
      return kOk;
    };
  });
}

}  // namespace kelisim::cli
