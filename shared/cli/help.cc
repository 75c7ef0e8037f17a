#include "shared/cli/help.h"

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"

namespace kelisim::cli {
namespace {

// Of UTF-8: one column each, for our three languages.
size_t Characters(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; }));
}

class Formatter final : public CLI::Formatter {
 public:
  std::string make_option(const CLI::Option* option, bool is_positional) const override {
    return Line(make_option_name(option, is_positional) + make_option_opts(option), make_option_desc(option));
  }
  std::string make_option_opts(const CLI::Option* option) const override {
    const std::string text = CLI::Formatter::make_option_opts(option);
    const std::string type = option->get_type_name();
    const size_t colon = type.find(':');
    if (colon == std::string::npos) return text;
    // CLI11 has labels for what is a type alone, and not for "TEXT:{kk,ru,en}".
    return absl::StrReplaceAll(text, {{type, get_label(type.substr(0, colon)) + type.substr(colon)}});
  }
  std::string make_subcommand(const CLI::App* command) const override {
    return Line(command->get_name(), command->get_description());
  }

 private:
  std::string Line(const std::string& name, const std::string& description) const {
    const size_t width = get_column_width();
    const size_t taken = 2 + Characters(name);
    // A name that fills its column has the line for itself.
    const std::string gap = taken < width ? std::string(width - taken, ' ') : "\n" + std::string(width, ' ');
    return absl::StrCat("  ", name, description.empty() ? "" : gap, description, "\n");
  }
};

// What CLI11 says by itself.
constexpr std::pair<const char*, const char*> kLabels[] = {
    {"Usage", "help.usage"},
    {"OPTIONS", "help.usage_options"},
    {"SUBCOMMAND", "help.usage_command"},
    {"Positionals", "help.arguments"},
    {"REQUIRED", "help.required"},
    {"Excludes", "help.excludes"},
    {"TEXT", "type.text"},
    {"NUMBER", "type.number"},
    {"DATE", "type.date"},
    {"PARTY", "type.party"},
};

}  // namespace

std::shared_ptr<CLI::FormatterBase> HelpFormatter(Lang lang) {
  auto formatter = std::make_shared<Formatter>();
  for (const auto& [label, key] : kLabels) formatter->label(label, Say(lang, key));
  return formatter;
}

void SayHelp(CLI::App& app, Lang lang) {
  app.description(Say(lang, app.get_description()));
  std::vector<std::string> footer = absl::StrSplit(app.get_footer(), '\n');
  for (std::string& line : footer) line = Say(lang, line);
  app.footer(absl::StrJoin(footer, "\n"));
  for (CLI::Option* option : app.get_options()) {
    option->description(Say(lang, option->get_description()))->group(Say(lang, "help.options"));
  }
  for (CLI::App* command : app.get_subcommands(nullptr)) {
    command->group(Say(lang, "help.commands"));
    SayHelp(*command, lang);
  }
}

}  // namespace kelisim::cli
