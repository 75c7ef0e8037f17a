#include "shared/cli/flags.h"

#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <limits>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "kelisim/v1/form.pb.h"
#include "shared/base/bytes.h"
#include "shared/cli/json_input.h"
#include "shared/treaty/rules.h"

namespace kelisim::cli {
namespace {

using google::protobuf::EnumDescriptor;
using google::protobuf::EnumValueDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// A field and the message it stands in.
struct Target {
  Message* message;
  const FieldDescriptor* field;
};

Target Find(Message* message, const std::string& path) {
  const std::vector<std::string> names = absl::StrSplit(path, '.');
  for (size_t i = 0; i < names.size(); ++i) {
    const FieldDescriptor* field = message->GetDescriptor()->FindFieldByName(names[i]);
    if (field == nullptr) std::abort();  // a table of flags names what does not exist; tests build them all
    if (i + 1 == names.size()) return {message, field};
    message = message->GetReflection()->MutableMessage(message, field);
  }
  std::abort();
}

// "PARTY_" for Party: what names of values may begin with.
std::string Prefix(const EnumDescriptor& type) { return absl::AsciiStrToUpper(type.name()) + "_"; }

bool SetEnum(const Target& target, const std::string& given) {
  const EnumValueDescriptor* value = FindEnumValue(*target.field->enum_type(), given);
  if (value == nullptr) return false;
  const auto* reflection = target.message->GetReflection();
  target.field->is_repeated() ? reflection->AddEnum(target.message, target.field, value)
                              : reflection->SetEnum(target.message, target.field, value);
  return true;
}

bool SetString(const Target& target, const std::string& given) {
  const auto* reflection = target.message->GetReflection();
  std::string value = NamesRule(*target.field) ? treaty::RuleIdAsCited(given) : given;
  if (target.field->type() == FieldDescriptor::TYPE_BYTES) {
    absl::StatusOr<std::string> bytes = FromHex(given);
    if (!bytes.ok()) return false;
    value = *std::move(bytes);
  }
  target.field->is_repeated() ? reflection->AddString(target.message, target.field, std::move(value))
                              : reflection->SetString(target.message, target.field, std::move(value));
  return true;
}

struct Range {
  uint64_t least;
  uint64_t most;
};

Range RangeOf(const FieldDescriptor& field) {
  if (field.name() == "page_size") return {1, kLargestPage};
  return {0, std::numeric_limits<int32_t>::max()};
}

bool SetNumber(const Target& target, const std::string& given) {
  const std::optional<uint64_t> value = ParseDecimal(given);
  const Range range = RangeOf(*target.field);
  if (!value || *value < range.least || *value > range.most) return false;
  const auto* reflection = target.message->GetReflection();
  if (target.field->cpp_type() == FieldDescriptor::CPPTYPE_UINT32) {
    reflection->SetUInt32(target.message, target.field, static_cast<uint32_t>(*value));
  } else {
    reflection->SetInt32(target.message, target.field, static_cast<int32_t>(*value));
  }
  return true;
}

bool Set(const Target& target, const std::string& given) {
  switch (target.field->cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM:
      return SetEnum(target, given);
    case FieldDescriptor::CPPTYPE_STRING:
      return SetString(target, given);
    default:
      return SetNumber(target, given);
  }
}

// Those of matters say so; the others bear it in their names.
bool IsDate(const FieldDescriptor& field) {
  const v1::Content content = field.options().GetExtension(v1::content);
  return content == v1::CONTENT_DATE || content == v1::CONTENT_PAST_DATE ||
         absl::EndsWith(field.name(), "_on");
}

// How the help shows the value.
std::string TypeName(const FieldDescriptor& field) {
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_ENUM: {
      std::vector<std::string> names;
      for (int i = 1; i < field.enum_type()->value_count(); ++i) {
        std::string name = field.enum_type()->value(i)->name();
        const std::string prefix = Prefix(*field.enum_type());
        names.push_back(name.rfind(prefix, 0) == 0 ? name.substr(prefix.size()) : name);
      }
      return absl::StrJoin(names, "|");
    }
    case FieldDescriptor::CPPTYPE_STRING:
      if (field.type() == FieldDescriptor::TYPE_BYTES) return "HEX";
      return IsDate(field) ? "DATE" : "TEXT";
    default:
      return "NUMBER";
  }
}

// What fits in place of a value that does not.
std::string Expected(const FieldDescriptor& field) {
  const Range range = RangeOf(field);
  const bool number = TypeName(field) == "NUMBER";
  return number ? absl::StrCat(range.least, " ... ", range.most) : TypeName(field);
}

}  // namespace

const EnumValueDescriptor* FindEnumValue(const EnumDescriptor& type, std::string given) {
  absl::AsciiStrToUpper(&given);
  std::replace(given.begin(), given.end(), '-', '_');
  const EnumValueDescriptor* value = type.FindValueByName(given);
  if (value == nullptr) value = type.FindValueByName(Prefix(type) + given);
  return value == nullptr || value->number() == 0 ? nullptr : value;
}

CLI::Option* AddFlag(CLI::App& command, Message* message, const Flag& flag) {
  const Target target = Find(message, flag.field);
  if (target.field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
    return command.add_flag_callback(
        flag.name, [target] { target.message->GetReflection()->SetBool(target.message, target.field, true); },
        flag.help);
  }
  CLI::Option* option = command.add_option(
      flag.name,
      [target, name = flag.name](const CLI::results_t& given) {
        for (const std::string& one : given) {
          if (!Set(target, one))
            throw CLI::ValidationError(name, absl::StrCat(one, " (", Expected(*target.field), ")"));
        }
        return true;
      },
      flag.help);
  option->type_name(TypeName(*target.field));
  if (target.field->is_repeated())
    option->expected(1, CLI::detail::expected_max_vector_size)->allow_extra_args();
  return option;
}

MessageOptions::MessageOptions(CLI::App& command, Message* message, const std::vector<Flag>& flags)
    : message_(message), file_flag_(command.add_option("--from-json", *file_, "help.json_file")) {
  file_flag_->type_name("FILE:" + message->GetTypeName());
  for (const Flag& flag : flags) file_flag_->excludes(AddFlag(command, message, flag));
}

std::optional<Failure> MessageOptions::Finish() const {
  return FromFile() ? ReadJsonFile(*file_, message_) : std::nullopt;
}

}  // namespace kelisim::cli
