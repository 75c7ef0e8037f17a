// Files as hands and editors break them: each is refused with the place of its fault, or read as
// what it says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/message_differencer.h"
#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/court_decision.pb.h"
#include "kelisim/v1/dispute.pb.h"
#include "kelisim/v1/property.pb.h"
#include "nlohmann/json.hpp"
#include "shared/base/files.h"
#include "shared/cli/json_input.h"
#include "shared/cli/render.h"

namespace kelisim::cli {
namespace {

using google::protobuf::Message;
using google::protobuf::util::MessageDifferencer;
using nlohmann::ordered_json;
using Pointer = ordered_json::json_pointer;

// A file of deploy/samples.
struct SampleFile {
  std::string path;
  std::string text;
  ordered_json json;
  std::shared_ptr<Message> message;  // as it is read
  std::vector<std::string> values;   // what no error may repeat
};

// Calls `see` with every value in `value` and where it stands.
template <typename See>
void ForEachValue(const ordered_json& value, const Pointer& at, See see) {
  see(at, value);
  if (value.is_object()) {
    for (const auto& [name, member] : value.items()) ForEachValue(member, at / name, see);
  } else if (value.is_array()) {
    for (size_t i = 0; i < value.size(); ++i) ForEachValue(value[i], at / i, see);
  }
}

SampleFile Load(const std::string& path, std::shared_ptr<Message> message) {
  SampleFile sample{path, *ReadFile(path), {}, std::move(message), {}};
  EXPECT_FALSE(ParseJson(sample.text, sample.message.get())) << path;
  sample.json = ordered_json::parse(sample.text);
  ForEachValue(sample.json, Pointer(), [&](const Pointer&, const ordered_json& value) {
    // Shorter ones may stand in the name of a field.
    if (value.is_string() && value.get_ref<const std::string&>().size() >= 6) sample.values.push_back(value);
  });
  EXPECT_FALSE(sample.values.empty()) << path;
  return sample;
}

// One of each type.
std::vector<SampleFile> Samples() {
  const std::string samples = absl::StrCat(KELISIM_SAMPLES, "/");
  const std::string matters = samples + "matters/";
  return {Load(samples + "10-kz-resettler-with-dependant.json", std::make_shared<v1::Petition>()),
          Load(matters + "kz-court-decision.json", std::make_shared<v1::CourtDecision>()),
          Load(matters + "kz-dispute.json", std::make_shared<v1::DisputeNotice>()),
          Load(matters + "kz-property.json", std::make_shared<v1::PropertyDeclaration>())};
}

// What is wrong with the answer to `text`; "": nothing.
std::string Complaint(const Failure& failure, const std::string& text,
                      const std::vector<std::string>& values) {
  if (failure.fields.empty()) return "no fault";
  const std::vector<std::string> lines = absl::StrSplit(text, '\n');
  for (const FieldFault& fault : failure.fields) {
    if (fault.line == 0 && fault.field.empty()) return "neither place nor field: " + fault.problem;
    if (fault.line == 0) continue;
    if (fault.line > static_cast<int64_t>(lines.size())) return "no such line";
    const auto length = static_cast<int64_t>(lines[static_cast<size_t>(fault.line) - 1].size());
    if (fault.column < 1 || fault.column > length + 1) return "no such column";
  }
  const std::string shown = FailureAsJson(failure, Lang::kRussian);
  for (const std::string& value : values) {
    if (absl::StrContains(shown, value)) return "repeats " + value;
  }
  return "";
}

// Whether `text` was read as a message like `sample`'s.
bool Reads(const std::string& text, const SampleFile& sample, const std::vector<std::string>& values) {
  const std::unique_ptr<Message> message(sample.message->New());
  message->CopyFrom(*sample.message);
  const std::optional<Failure> failure = ParseJson(text, message.get());
  if (failure) {
    EXPECT_EQ(Complaint(*failure, text, values), "") << sample.path << "\n" << text;
    EXPECT_TRUE(MessageDifferencer::Equals(*message, *sample.message)) << text;
    return false;
  }
  // Nothing stays of what was in it, and it is what is shown.
  const std::unique_ptr<Message> again(sample.message->New());
  EXPECT_FALSE(ParseJson(ToJson(*message, true), again.get())) << text;
  EXPECT_TRUE(MessageDifferencer::Equals(*message, *again)) << text;
  return true;
}
bool Reads(const std::string& text, const SampleFile& sample) { return Reads(text, sample, sample.values); }

// "family[1].relation" for "/family/1/relation".
std::string FieldAt(const Pointer& pointer) {
  std::string field;
  for (Pointer at = pointer; !at.empty(); at.pop_back()) {
    const std::string& step = at.back();
    const bool index = std::all_of(step.begin(), step.end(), [](char c) { return c >= '0' && c <= '9'; });
    field = index ? absl::StrCat("[", step, "]", field) : absl::StrCat(".", step, field);
  }
  return field.substr(field.empty() ? 0 : 1);
}

TEST(JsonMutation, OneByteIsLostOrAnother) {
  // One of them at each place: each comes to many.
  constexpr std::string_view kOthers("{}[]:,\"\\-0e.\n\0\xff\xd0\x80", 17);
  int read = 0;
  size_t next = 0;
  for (const SampleFile& sample : Samples()) {
    const std::string text = sample.json.dump();
    for (size_t at = 0; at < text.size() && !::testing::Test::HasFailure(); ++at) {
      std::string other = text;
      read += Reads(other.erase(at, 1), sample) ? 1 : 0;
      other = text;
      other[at] = kOthers[next++ % kOthers.size()];
      read += Reads(other, sample) ? 1 : 0;
    }
  }
  EXPECT_GT(read, 0);  // a letter of a name
}

TEST(JsonMutation, AFileThatEndsEarlyIsRefused) {
  for (const SampleFile& sample : Samples()) {
    const std::string text = sample.json.dump();
    for (size_t at = 0; at < text.size(); ++at) EXPECT_FALSE(Reads(text.substr(0, at), sample)) << at;
  }
}

// What stands behind the object is part of the file, whatever it is.
TEST(JsonMutation, NothingFollows) {
  const SampleFile sample = Samples().at(0);
  for (const std::string& more : {std::string("}"), std::string("{}"), std::string(1, '\0'),
                                  std::string("\0{}", 3), std::string("\n\0\n", 3), std::string("\xff"),
                                  std::string("// done"), std::string("\xEF\xBB\xBF"), std::string(",")}) {
    EXPECT_FALSE(Reads(sample.text + more, sample)) << ::testing::PrintToString(more);
  }
  for (const char* more : {"", "\n", " \t\r\n"}) EXPECT_TRUE(Reads(sample.text + more, sample));
}

// At every level, before its value and behind it.
TEST(JsonMutation, NoNameIsGivenTwice) {
  for (const SampleFile& sample : Samples()) {
    const std::string text = sample.json.dump();
    size_t doubled = 0;
    for (size_t end = text.find("\":"); end != std::string::npos; end = text.find("\":", end + 1)) {
      const size_t begin = text.rfind('"', end - 1);
      const std::string name = text.substr(begin + 1, end - begin - 1);
      std::string twice = text;
      twice.insert(begin, absl::StrCat("\"", name, "\":null,"));
      const std::unique_ptr<Message> message(sample.message->New());
      const std::optional<Failure> failure = ParseJson(twice, message.get());
      ASSERT_TRUE(failure) << twice;
      EXPECT_EQ(Complaint(*failure, twice, sample.values), "");
      EXPECT_EQ(failure->fields.at(0).field, name);
      EXPECT_EQ(failure->fields.at(0).problem, "form.duplicate");
      // The second of them.
      EXPECT_EQ(failure->fields.at(0).line, 1);
      ++doubled;
    }
    EXPECT_GT(doubled, 10u);
  }
}

// A fault is told where it is, and the field in it is not repeated.
TEST(JsonMutation, EveryFieldHasItsType) {
  const std::vector<std::string> secrets = {"Secretov", "840317391011"};
  const ordered_json others[] = {nullptr,
                                 true,
                                 0,
                                 -1,
                                 0.5,
                                 1e300,
                                 int64_t{840317391011},
                                 -int64_t{840317391011},
                                 UINT64_MAX,
                                 "",
                                 "Secretov",
                                 "840317391011",
                                 std::string("Secretov\0\x1b[2J", 13),
                                 ordered_json::array(),
                                 ordered_json::object(),
                                 ordered_json::array({"Secretov"}),
                                 ordered_json::array({nullptr}),
                                 ordered_json::array({ordered_json::array()}),
                                 ordered_json::object({{"name", "Secretov"}}),
                                 ordered_json::object({{"", "Secretov"}})};
  int refused = 0;
  for (const SampleFile& sample : Samples()) {
    ForEachValue(sample.json, Pointer(), [&](const Pointer& at, const ordered_json&) {
      for (const ordered_json& other : others) {
        ordered_json changed = sample.json;
        changed[at] = other;
        const std::string text = changed.dump();
        if (Reads(text, sample, secrets)) continue;
        ++refused;
        const std::unique_ptr<Message> message(sample.message->New());
        const Failure failure = *ParseJson(text, message.get());
        for (const FieldFault& fault : failure.fields)
          EXPECT_TRUE(absl::StartsWith(fault.field, FieldAt(at))) << fault.field << ": " << text;
      }
    });
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace kelisim::cli
