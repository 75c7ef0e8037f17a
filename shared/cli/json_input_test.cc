#include "shared/cli/json_input.h"

#include <filesystem>
#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/dispute.pb.h"
#include "kelisim/v1/quota.pb.h"

namespace kelisim::cli {
namespace {

// Place or field and problem of every fault, then the detail.
std::string Describe(const std::optional<Failure>& failure) {
  if (!failure) return "fine";
  std::string text;
  for (const FieldFault& fault : failure->fields) {
    if (fault.line > 0) text += absl::StrCat(fault.line, ":", fault.column);
    text += fault.field + " " + fault.problem + "; ";
  }
  return text + failure->detail;
}

TEST(ParseJson, NamesWhatIsWrong) {
  const std::string deep = std::string(40, '[') + std::string(40, ']');
  const std::pair<std::string, std::string> rows[] = {
      {R"({})", "fine"},
      {R"({"head": {"birth_date": "1984-03-17"}, "entry_state": "PARTY_RU"})", "fine"},
      {R"({"head": null})", "fine"},
      {"", "1:1 form.json; "},
      {"{\n  \"filed_on\": \"2026-11-20\",\n}", "3:1 form.json; "},
      {"{\"filed_on\": \"Әсел\" \"x\"}", "1:23 form.json; "},
      {"\xEF\xBB\xBF{}", "fine"},  // a byte order mark
      {"{\"filed_on\": \"\xff\"}", "1:15 form.not_utf8; "},
      {"{\"name\": \"\xc8\xe2\xe0\xed\"}", "1:12 form.not_utf8; "},  // Windows-1251
      {"{\"filed_on\": x \"\xff\"}", "1:14 form.json; "},            // what comes first
      {R"({"filed_on": "\ud800"})", "1:21 form.json; "},
      {R"({"filed_on": "\udc00\ud800"})", "1:20 form.json; "},
      {"{\"filed_on\": \"\xed\xa0\x80\"}", "1:15 form.not_utf8; "},  // half of a pair
      {"{\"filed_on\": \"\xc0\xaf\"}", "1:15 form.not_utf8; "},      // longer than it need be
      {std::string("{}\0{}", 5), "1:3 form.json; "},
      {std::string("{}\0", 3), "1:3 form.json; "},
      {std::string("{\"filed_on\":\0\"\"}", 16), "1:13 form.json; "},
      {"{\"filed_on\": 1e999}", "1:18 form.json; "},
      {R"({"filed_on": "1", "filed_on": "2"})", "1:28filed_on form.duplicate; "},
      {"{\"family\": [{},\n  {\"\": 1, \"\": 2}]}", "2:12 form.duplicate; "},
      {"{\"papers\": " + deep + "}", "1:43 form.too_deep; "},
      {R"({"hed": {}})", "hed form.unknown_field; "},
      {R"({"": 1, "head": {"": 1}})", "\"\" form.unknown_field; head.\"\" form.unknown_field; "},
      {R"({"entryState": "PARTY_KZ"})", "entryState form.unknown_field; "},
      {R"({"family": [{}, {"relation": "COUSIN", "kin": 1}]})",
       "family[1].kin form.unknown_field; family[1].relation form.enum; "},
      {R"({"entry_state": 2})", "entry_state form.type; "},
      {R"({"papers": ["PAPER_PHOTOGRAPHS", "PAPER_X"]})", "papers[1] form.enum; "},
      {R"({"head": 5})", "head form.type; "},
      {R"({"head": {"birth_date": 19840317}})", "head.birth_date form.type; "},
      {R"({"independent": "yes"})", "independent form.type; "},
      {R"({"family": {}})", "family form.type; "},
      {R"([])", "1:1 form.type; "},
      {"\n \"text\"", "2:2 form.type; "},
  };
  for (const auto& [json, expected] : rows) {
    v1::Petition petition;
    EXPECT_EQ(Describe(ParseJson(json, &petition)), expected) << json;
  }
}

// Each number has a type, and bytes are base64. What is none is named by its field.
TEST(ParseJson, ValuesHaveTheirRange) {
  const v1::Acceptance unsigned32;
  const v1::QuotaState signed32;
  const v1::WatchCursor unsigned64;
  const v1::Dismissal bytes;
  struct Row {
    const google::protobuf::Message& type;
    const char* field;
    std::vector<const char*> good;
    std::vector<const char*> bad;
  };
  const Row rows[] = {
      {unsigned32,
       "number",
       {"0", "-0", "1", "4294967295", "\"0\"", "\"4294967295\""},
       {"-1", "4294967296", "18446744073709551616", "1.0", "0.5", "1e1", "\"-1\"", "\"4294967296\"", "\"\"",
        "\" 1\"", "\"1 \"", "\"1x\"", "\"0x1\"", "\"1.5\"", "\"\\u0661\"", "\"1\\u0000\""}},
      {signed32,
       "year",
       {"-2147483648", "2147483647", "\"-2147483648\"", "\"2147483647\""},
       {"-2147483649", "2147483648", "9223372036854775808", "\"-2147483649\"", "\"2147483648\"", "\"--1\""}},
      {unsigned64,
       "own_index",
       {"0", "18446744073709551615", "\"18446744073709551615\""},
       {"-1", "18446744073709551616", "\"18446744073709551616\"", "\"-1\"", "true"}},
      {bytes,
       "resolves_notice",
       {"\"\"", "\"AA==\"", "\"AA\"", "\"-_8=\"", "\"+/8\""},
       {"0", "\"?\"", "\"A\"", "\"AB==\"", "\"A A==\"", "\"AAAA\\u0000\"", "[]"}},
  };
  for (const auto& [type, field, good, bad] : rows) {
    const std::unique_ptr<google::protobuf::Message> message(type.New());
    const auto read = [&](const char* value) {
      return Describe(ParseJson(absl::StrCat("{\"", field, "\": ", value, "}"), message.get()));
    };
    for (const char* value : good) EXPECT_EQ(read(value), "fine") << field << ": " << value;
    const std::string before = message->SerializeAsString();
    for (const char* value : bad)
      EXPECT_EQ(read(value), absl::StrCat(field, " form.type; ")) << field << ": " << value;
    EXPECT_EQ(message->SerializeAsString(), before);
  }
}

TEST(ParseJson, TakesRulesAsTheTextIsCited) {
  v1::Obstacle obstacle;
  EXPECT_EQ(Describe(ParseJson(R"({"rule": "3.г"})", &obstacle)), "fine");
  EXPECT_EQ(obstacle.rule(), "3.g");
  v1::DisputeNotice notice;
  EXPECT_EQ(Describe(ParseJson(R"({"rules": ["3.в", "8.2"], "position": "3.г"})", &notice)), "fine");
  EXPECT_THAT(notice.rules(), testing::ElementsAre("3.v", "8.2"));
  EXPECT_EQ(notice.position(), "3.г");
}

TEST(ParseJson, NeverRepeatsAValue) {
  v1::Petition petition;
  const auto failure =
      ParseJson(R"({"head": {"birth_date": 840317391011}, "entry_state": "Secretov"})", &petition);
  ASSERT_TRUE(failure.has_value());
  for (Lang lang : {Lang::kKazakh, Lang::kRussian, Lang::kEnglish}) {
    EXPECT_THAT(RenderFailure(*failure, lang, {}), testing::Not(testing::HasSubstr("840317391011")));
    EXPECT_THAT(FailureAsJson(*failure, lang), testing::Not(testing::HasSubstr("Secretov")));
  }
}

// A name that is unknown is shown, and cannot draw on the terminal.
TEST(ParseJson, ShowsForeignNamesPlainly) {
  for (const char* name : {"\\u001b[2J", "\\u009b2J", "\\u0000", "\\n", "\\u007f"}) {
    v1::Petition petition;
    for (const char* value : {"1", "1, \"head\": {}, \"head\": {}"}) {
      const auto failure = ParseJson(absl::StrCat("{\"", name, "\": ", value, "}"), &petition);
      ASSERT_TRUE(failure) << name;
      const std::string shown = RenderFailure(*failure, Lang::kEnglish, {});
      EXPECT_EQ(shown.find_first_of(std::string("\x1b\x7f\0", 3)), std::string::npos) << name;
      EXPECT_EQ(shown.find("\xc2\x9b"), std::string::npos) << name;
    }
  }
}

TEST(ReadJsonFile, SaysWhichFile) {
  v1::Petition petition;
  EXPECT_EQ(Describe(ReadJsonFile("/nowhere/petition.json", &petition)), "/nowhere/petition.json");
  EXPECT_EQ(Describe(ReadJsonFile("/", &petition)), "/");
}

TEST(ReadJsonFile, EverySamplePetition) {
  int read = 0;
  for (const auto& file : std::filesystem::directory_iterator(KELISIM_SAMPLES)) {
    if (file.path().extension() != ".json") continue;
    v1::Petition petition;
    EXPECT_EQ(Describe(ReadJsonFile(file.path().string(), &petition)), "fine") << file.path();
    EXPECT_TRUE(petition.has_head()) << file.path();
    ++read;
  }
  EXPECT_GT(read, 0);
}

}  // namespace
}  // namespace kelisim::cli
