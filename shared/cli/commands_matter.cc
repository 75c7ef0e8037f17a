#include <deque>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "shared/cli/flags.h"
#include "shared/cli/program.h"

// decision: list, show, and one command for each step, made from the
// message that carries the step.

namespace kelisim::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// One kind of matter.
struct Kind {
  const char* group;   // "decision"
  const char* help;    // of the group
  const char* prefix;  // of names: "courtDecisions/"
  const char* begins;  // the step that names none
  const char* list_help;
  const char* show_help;
};

// Flags keep pointers to their texts.
const char* Forever(std::string text) {
  static auto* const texts = new std::deque<std::string>;
  return texts->emplace_back(std::move(text)).c_str();
}

std::string Hyphens(const std::string& name) { return absl::StrReplaceAll(name, {{"_", "-"}}); }
std::string Words(const std::string& name) { return absl::StrReplaceAll(name, {{"_", " "}}); }

// A flag for each field that fits one, also of messages inside; lists of messages
// are given by --from-json.
void CollectFlags(const Descriptor& type, const std::string& path, std::vector<Flag>& flags) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    const std::string at = path.empty() ? field.name() : absl::StrCat(path, ".", field.name());
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (!field.is_repeated() && path.empty()) CollectFlags(*field.message_type(), at, flags);
      continue;
    }
    flags.push_back({Forever("--" + Hyphens(field.name())), Forever(at), Forever(Words(field.name()))});
  }
}

std::string NameIn(const Kind& kind, const std::string& given) {
  return absl::StartsWith(given, kind.prefix) ? given : absl::StrCat(kind.prefix, given);
}

void AddName(CLI::App& command, const Kind& kind, std::string* name) {
  command
      .add_option_function<std::string>(
          "NAME", [&kind, name](const std::string& given) { *name = NameIn(kind, given); },
          absl::StrCat("ID or ", kind.prefix, "ID"))
      ->required();
}

template <typename Request>
void AddList(Program& program, CLI::App& group, const Kind& kind) {
  CLI::App* command = group.add_subcommand("list", kind.list_help);
  command->footer(absl::StrCat("Example:\n  kelisim ", kind.group, " list --my-turn"));
  auto request = std::make_shared<Request>();
  AddFlag(*command, request.get(), {"--my-turn", "my_turn", "Only those whose turn it is here"});
  AddFlag(*command, request.get(),
          {"--page-size", "page_size", "How many on a page; default 50, at most 500"});
  AddFlag(*command, request.get(), {"--page-token", "page_token", "Where to go on, as the page before says"});
  command->callback([&program, request] {
    program.action = [request](Session& session) { return Show(session, session.client.Call(*request)); };
  });
}

template <typename Request>
void AddShow(Program& program, CLI::App& group, const Kind& kind) {
  CLI::App* command = group.add_subcommand("show", kind.show_help);
  command->footer(absl::StrCat("Example:\n  kelisim ", kind.group, " show 3f2a --lang kk"));
  auto request = std::make_shared<Request>();
  AddName(*command, kind, request->mutable_name());
  command->callback([&program, request] {
    program.action = [request](Session& session) { return Show(session, session.client.Call(*request)); };
  });
}

template <typename Request>
struct StepCommand {
  Request request;
  std::optional<MessageOptions> content;
};

template <typename Request>
void AddStep(Program& program, CLI::App& group, const Kind& kind, const FieldDescriptor& field) {
  const std::string name = Hyphens(field.name());
  const bool begins = field.name() == kind.begins;
  CLI::App* command = group.add_subcommand(name, Say(Lang::kEnglish, MessageKey(field)));
  command->footer(absl::StrCat("Example:\n  kelisim ", kind.group, " ", name, begins ? "" : " 3f2a",
                               " --from-json step.json"));
  auto step = std::make_shared<StepCommand<Request>>();
  if (!begins) AddName(*command, kind, step->request.mutable_name());
  auto* wrapper = step->request.mutable_command();
  Message* content = wrapper->GetReflection()->MutableMessage(wrapper, &field);
  std::vector<Flag> flags;
  CollectFlags(*field.message_type(), "", flags);
  step->content.emplace(*command, content, flags);
  AddHappenedOn(*command, step->request);
  command->callback([&program, step] {
    program.action = [step](Session& session) {
      if (std::optional<Failure> failure = step->content->Finish()) return Fail(session, *failure);
      return Submit(session, step->request);
    };
  });
}

template <typename Request>
CLI::App* AddGroup(Program& program, const Kind& kind) {
  CLI::App* group = program.app.add_subcommand(kind.group, kind.help);
  group->require_subcommand(1);
  const Descriptor& command = *Request::descriptor()->FindFieldByName("command")->message_type();
  for (int i = 0; i < command.field_count(); ++i) AddStep<Request>(program, *group, kind, *command.field(i));
  return group;
}

constexpr Kind kDecision = {"decision",
                            "Court decisions: recognition and enforcement (Art. 8)",
                            "courtDecisions/",
                            "register_decision",
                            "List court decisions",
                            "Show a court decision: course, what may be done"};
}  // namespace

void AddCourtDecisionCommands(Program& program) {
  CLI::App* group = AddGroup<v1::SubmitCourtDecisionCommandRequest>(program, kDecision);
  AddList<v1::ListCourtDecisionsRequest>(program, *group, kDecision);
  AddShow<v1::GetCourtDecisionRequest>(program, *group, kDecision);
}

}  // namespace kelisim::cli
