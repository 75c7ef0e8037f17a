#include <deque>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "kelisim/v1/form.pb.h"
#include "shared/base/bytes.h"
#include "shared/cli/flags.h"
#include "shared/cli/program.h"
#include "shared/crypto/digest.h"
#include "shared/treaty/matter.h"

// decision, dispute, property, entitlement, complaint, inquiry, instrument: list, show,
// and one command for each step, made from the message that carries the step.

namespace kelisim::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// One kind of matter.
struct Kind {
  const FieldDescriptor* field;  // of MatterStep
  std::string group;             // "decision"
  std::string prefix;            // of names: "courtDecisions/"
  std::string begins;            // the step that names none
};

// Flags keep pointers to their texts.
const char* Forever(std::string text) {
  static auto* const texts = new std::deque<std::string>;
  return texts->emplace_back(std::move(text)).c_str();
}

std::string Hyphens(const std::string& name) { return absl::StrReplaceAll(name, {{"_", "-"}}); }

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
    flags.push_back({Forever("--" + Hyphens(field.name())), Forever(at), Forever("field." + field.name())});
  }
}

// A value that the flag of a field takes.
std::string SampleOf(const FieldDescriptor& field) {
  if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM)
    return absl::AsciiStrToLower(Hyphens(field.enum_type()->value(1)->name()));
  if (field.type() == FieldDescriptor::TYPE_BYTES) return std::string(2 * Hash::kSize, 'a');
  if (field.cpp_type() != FieldDescriptor::CPPTYPE_STRING) return field.name() == "year" ? "2027" : "1";
  switch (field.options().GetExtension(v1::content)) {
    case v1::CONTENT_DATE:
    case v1::CONTENT_PAST_DATE:
      return "2027-03-01";
    case v1::CONTENT_STATE:
      return "KAZ";
    case v1::CONTENT_CURRENCY:
      return "KZT";
    case v1::CONTENT_AMOUNT:
      return "1250.50";
    case v1::CONTENT_RULE:
      return "8.2";
    case v1::CONTENT_NAME:
      return "cases/3f2a9c104be7d865";
    case v1::CONTENT_CASE_ID:
      return "3f2a9c104be7d865";
    case v1::CONTENT_DISPUTE:
      return "disputes/9546248187d454b7";
    case v1::CONTENT_SHARE:
      return "1/2";
    case v1::CONTENT_PERSON_ID:
      return "head";
    default:
      return "\"...\"";
  }
}

// Adds the flags without which a message is not whole; false: a list of messages, which flags
// cannot give, is among them.
bool AddExample(const Descriptor& type, bool inside, std::string& words) {
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.options().GetExtension(v1::optional)) continue;
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
      if (field.is_repeated() || inside || !AddExample(*field.message_type(), true, words)) return false;
      continue;
    }
    absl::StrAppend(&words, " --", Hyphens(field.name()));
    if (field.cpp_type() != FieldDescriptor::CPPTYPE_BOOL) absl::StrAppend(&words, " ", SampleOf(field));
  }
  return true;
}

std::string NameIn(const Kind& kind, const std::string& given) {
  return absl::StartsWith(given, kind.prefix) ? given : absl::StrCat(kind.prefix, given);
}

void AddName(CLI::App& command, const Kind& kind, std::string* name) {
  command
      .add_option_function<std::string>(
          "NAME", [&kind, name](const std::string& given) { *name = NameIn(kind, given); }, "help.id")
      ->required();
}

void AddList(Program& program, CLI::App& group, const Kind& kind) {
  CLI::App* command = group.add_subcommand("list", "help.matter_list");
  command->footer(absl::StrCat("help.example\n  kelisim ", kind.group, " list --my-turn"));
  auto request = std::make_shared<v1::ListMattersRequest>();
  request->set_collection(kind.prefix.substr(0, kind.prefix.size() - 1));
  AddFlag(*command, request.get(), {"--my-turn", "my_turn", "help.my_turn"});
  AddFlag(*command, request.get(), {"--page-size", "page_size", "help.page_size"});
  AddFlag(*command, request.get(), {"--page-token", "page_token", "help.page_token"});
  command->callback([&program, request] {
    program.action = [request](Session& session) {
      return Show(session, CallForPage(session.client, *request));
    };
  });
}

void AddShow(Program& program, CLI::App& group, const Kind& kind) {
  CLI::App* command = group.add_subcommand("show", "help.matter_show");
  command->footer(absl::StrCat("help.example\n  kelisim ", kind.group, " show 3f2a9c104be7d865 --lang kk"));
  auto request = std::make_shared<v1::GetMatterRequest>();
  AddName(*command, kind, request->mutable_name());
  command->callback([&program, request] {
    program.action = [request](Session& session) {
      return Show(session, CallForAll(session.client, *request));
    };
  });
}

struct MatterStepCommand {
  v1::SubmitMatterStepRequest request;
  std::optional<MessageOptions> content;
};

void AddStep(Program& program, CLI::App& group, const Kind& kind, const FieldDescriptor& field) {
  const std::string name = Hyphens(field.name());
  const bool begins = field.name() == kind.begins;
  const bool filled = field.options().GetExtension(v1::filled);
  CLI::App* command = group.add_subcommand(name, MessageKey(field));
  std::string example;
  const bool flags_suffice = filled || AddExample(*field.message_type(), false, example);
  if (!flags_suffice) example = " --from-json step.json";
  command->footer(absl::StrCat("help.example\n  kelisim ", kind.group, " ", name,
                               begins ? "" : " 3f2a9c104be7d865", example));
  auto step = std::make_shared<MatterStepCommand>();
  if (!begins) AddName(*command, kind, step->request.mutable_name());
  v1::MatterStep* wrapper = step->request.mutable_command();
  Message* inner = wrapper->GetReflection()->MutableMessage(wrapper, kind.field);
  Message* content = inner->GetReflection()->MutableMessage(inner, &field);
  if (!filled) {
    std::vector<Flag> flags;
    if (flags_suffice) CollectFlags(*field.message_type(), "", flags);
    step->content.emplace(*command, content, flags);
    if (!flags_suffice) step->content->RequireFile();
  }
  AddHappenedOn(*command, step->request);
  command->callback([&program, step] {
    program.action = [step](Session& session) {
      if (step->content) {
        if (std::optional<Failure> failure = step->content->Finish()) return Fail(session, *failure);
      }
      return Submit(session, step->request);
    };
  });
}

void AddKind(Program& program, const Kind& kind) {
  CLI::App* group = program.app.add_subcommand(kind.group, "kind." + kind.field->name());
  group->require_subcommand(1);
  const Descriptor& steps = *kind.field->message_type();
  for (int i = 0; i < steps.field_count(); ++i) AddStep(program, *group, kind, *steps.field(i));
  AddList(program, *group, kind);
  AddShow(program, *group, kind);
}

}  // namespace

std::string GroupOf(const treaty::MatterKind& kind) {
  const std::string& name = kind.kind->name();
  return name.substr(name.rfind('_') + 1);
}

void AddMatterCommands(Program& program) {
  static const auto* const kinds = [] {
    auto* made = new std::deque<Kind>;
    for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
      made->push_back({kind.kind, GroupOf(kind), absl::StrCat(Absl(kind.collection), "/"), kind.begins});
    }
    return made;
  }();
  for (const Kind& kind : *kinds) AddKind(program, kind);
}

}  // namespace kelisim::cli
