#include "shared/cli/json_input.h"

#include <unicode/utf8.h>

#include <algorithm>
#include <iterator>
#include <memory>
#include <set>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "google/protobuf/util/json_util.h"
#include "kelisim/v1/form.pb.h"
#include "nlohmann/json.hpp"
#include "shared/base/files.h"
#include "shared/cli/options.h"
#include "shared/treaty/rules.h"

namespace kelisim::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::util::JsonStringToMessage;
using nlohmann::json;

constexpr size_t kDeepest = 32;
constexpr size_t kMostFaults = 50;

FieldFault At(const std::string& text, size_t offset, const char* problem) {
  const std::string before = text.substr(0, std::min(offset, text.size()));
  const auto line = 1 + std::count(before.begin(), before.end(), '\n');
  const std::string in_line = before.substr(before.rfind('\n') + 1);
  // Characters, not bytes: continuation bytes do not count.
  const auto column =
      std::count_if(in_line.begin(), in_line.end(), [](char c) { return (c & 0xc0) != 0x80; });
  return {"", problem, line, std::max<int64_t>(column, 1)};
}

// A place in a text that tells how far it was read: the parser does not say where what it has
// understood stands.
class Reading {
 public:
  using iterator_category = std::input_iterator_tag;
  using value_type = char;
  using difference_type = std::ptrdiff_t;
  using pointer = const char*;
  using reference = const char&;

  Reading(const char* at, const char** reached) : at_(at), reached_(reached) {}
  reference operator*() const { return *at_; }
  Reading& operator++() {
    *reached_ = ++at_;
    return *this;
  }
  bool operator==(const Reading& other) const { return at_ == other.at_; }
  bool operator!=(const Reading& other) const { return at_ != other.at_; }

 private:
  const char* at_;
  const char** reached_;
};

// Listens to the parser: where it stops, how deep it goes, and names that occur
// twice in one object (protobuf would silently keep the last).
class Syntax : public nlohmann::json_sax<json> {
 public:
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_array(size_t) override { return Enter(); }
  bool end_array() override { return Leave(); }
  bool start_object(size_t) override { return Enter(); }
  bool end_object() override { return Leave(); }
  bool key(string_t& name) override {
    if (!names_.back().insert(name).second) twice = name;
    return !twice;
  }
  bool parse_error(size_t position, const std::string&, const nlohmann::detail::exception&) override {
    stopped_at = position;
    return false;
  }

  size_t stopped_at = 0;
  bool too_deep = false;
  std::optional<std::string> twice;

 private:
  bool Enter() {
    names_.emplace_back();
    too_deep = names_.size() > kDeepest;
    return !too_deep;
  }
  bool Leave() {
    names_.pop_back();
    return true;
  }
  std::vector<std::set<std::string>> names_;
};

std::optional<Failure> CheckSyntax(const std::string& text) {
  const char* const begin = text.data();
  const char* reached = begin;
  Syntax syntax;
  const bool understood =
      json::sax_parse(Reading(begin, &reached), Reading(begin + text.size(), &reached), &syntax);
  const auto offset = static_cast<size_t>(reached - begin);
  if (syntax.twice) {
    FieldFault fault = At(text, offset, "form.duplicate");
    fault.field = *syntax.twice;
    return BadInput("", {std::move(fault)});
  }
  if (syntax.too_deep) return BadInput("", {At(text, offset, "form.too_deep")});
  // To the parser a zero byte is the end, whatever follows.
  const size_t zero = text.find('\0');
  if (understood && zero != std::string::npos) return BadInput("", {At(text, zero + 1, "form.json")});
  if (understood) return std::nullopt;
  const bool is_broken = FirstNotUtf8(text) < syntax.stopped_at;
  return BadInput("", {At(text, syntax.stopped_at, is_broken ? "form.not_utf8" : "form.json")});
}

// Whether protobuf takes `value` in `field`: a number may be out of range, and base64 none.
bool IsTaken(const json& value, const FieldDescriptor& field) {
  const std::unique_ptr<Message> alone(
      google::protobuf::MessageFactory::generated_factory()->GetPrototype(field.containing_type())->New());
  json object;
  object[field.name()] = field.is_repeated() ? json::array({value}) : value;
  return JsonStringToMessage(object.dump(), alone.get()).ok();
}

// Compares values with the fields of a message, and notes every fault. Rules that are cited
// become their ids.
class Shape {
 public:
  void Object(json& value, const Descriptor& type, const std::string& path) {
    if (!value.is_object()) return Note(path, "form.type");
    for (auto& [name, member] : value.items()) {
      const std::string shown = name.empty() ? "\"\"" : name;
      const std::string member_path = path.empty() ? shown : absl::StrCat(path, ".", shown);
      const FieldDescriptor* field = type.FindFieldByName(name);
      field == nullptr ? Note(member_path, "form.unknown_field") : Field(member, *field, member_path);
    }
  }
  std::vector<FieldFault> faults;

 private:
  void Note(const std::string& path, const char* problem) {
    if (faults.size() < kMostFaults) faults.push_back({path, problem});
  }
  void Field(json& value, const FieldDescriptor& field, const std::string& path) {
    if (value.is_null()) return;  // protobuf JSON: not given
    if (!field.is_repeated()) return Single(value, field, path);
    if (!value.is_array()) return Note(path, "form.type");
    for (size_t i = 0; i < value.size(); ++i) Single(value[i], field, absl::StrCat(path, "[", i, "]"));
  }
  void Single(json& value, const FieldDescriptor& field, const std::string& path) {
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE)
      return Object(value, *field.message_type(), path);
    if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) return Enum(value, field, path);
    if (!Fits(value, field)) return Note(path, "form.type");
    if (NamesRule(field)) value = treaty::RuleIdAsCited(value.get<std::string>());
  }
  void Enum(const json& value, const FieldDescriptor& field, const std::string& path) {
    if (!value.is_string()) return Note(path, "form.type");
    if (field.enum_type()->FindValueByName(value.get_ref<const std::string&>()) == nullptr)
      Note(path, "form.enum");
  }
  static bool Fits(const json& value, const FieldDescriptor& field) {
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_STRING:
        return value.is_string() && (field.type() != FieldDescriptor::TYPE_BYTES || IsTaken(value, field));
      case FieldDescriptor::CPPTYPE_BOOL:
        return value.is_boolean();
      default:  // 64-bit integers are strings in protobuf JSON
        return (value.is_number_integer() || value.is_string()) && IsTaken(value, field);
    }
  }
};

}  // namespace

size_t FirstNotUtf8(const std::string& text) {
  size_t at = 0;
  for (size_t next = 0; next < text.size(); at = next) {
    UChar32 c = 0;
    U8_NEXT(text.data(), next, text.size(), c);
    if (c < 0) return at;
  }
  return std::string::npos;
}

bool NamesRule(const FieldDescriptor& field) {
  return field.type() == FieldDescriptor::TYPE_STRING &&
         (field.name() == "rule" || field.options().GetExtension(v1::content) == v1::CONTENT_RULE);
}

std::optional<Failure> ParseJson(const std::string& with_mark, google::protobuf::Message* message) {
  // Some editors begin UTF-8 with a byte order mark.
  const std::string text(absl::StripPrefix(with_mark, "\xEF\xBB\xBF"));
  if (std::optional<Failure> failure = CheckSyntax(text)) return failure;
  json value = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!value.is_object()) return BadInput("", {At(text, text.find_first_not_of(" \t\r\n") + 1, "form.type")});
  Shape shape;
  shape.Object(value, *message->GetDescriptor(), "");
  if (!shape.faults.empty()) return BadInput("", shape.faults);
  // What is left: two of what only one can be. No message that is read from a file has such.
  if (!JsonStringToMessage(value.dump(), message).ok()) return BadInput("", {{"", "form.type"}});
  return std::nullopt;
}

std::optional<Failure> ReadJsonFile(const std::string& path, google::protobuf::Message* message) {
  const absl::StatusOr<std::string> text = ReadFile(path);
  if (!text.ok()) return NotRead(path, text.status());
  std::optional<Failure> failure = ParseJson(*text, message);
  if (failure) failure->detail = path;
  return failure;
}

}  // namespace kelisim::cli
