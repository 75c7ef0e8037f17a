#include "shared/cli/json_input.h"

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/dispute.pb.h"

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
      {R"({"filed_on": "\ud800"})", "1:21 form.json; "},
      {R"({"filed_on": "1", "filed_on": "2"})", "filed_on form.duplicate; "},
      {"{\"papers\": " + deep + "}", " form.too_deep; "},
      {R"({"hed": {}})", "hed form.unknown_field; "},
      {R"({"entryState": "PARTY_KZ"})", "entryState form.unknown_field; "},
      {R"({"family": [{}, {"relation": "COUSIN", "kin": 1}]})",
       "family[1].kin form.unknown_field; family[1].relation form.enum; "},
      {R"({"entry_state": 2})", "entry_state form.type; "},
      {R"({"papers": ["PAPER_PHOTOGRAPHS", "PAPER_X"]})", "papers[1] form.enum; "},
      {R"({"head": 5})", "head form.type; "},
      {R"({"head": {"birth_date": 19840317}})", "head.birth_date form.type; "},
      {R"({"independent": "yes"})", "independent form.type; "},
      {R"({"family": {}})", "family form.type; "},
      {R"([])", " form.type; "},
      {R"("text")", " form.type; "},
  };
  for (const auto& [json, expected] : rows) {
    v1::Petition petition;
    EXPECT_EQ(Describe(ParseJson(json, &petition)), expected) << json;
  }
}

TEST(ParseJson, ValuesThatTheShapeDoesNotShow) {
  v1::Dismissal dismissal;
  EXPECT_EQ(Describe(ParseJson(R"({"resolves_notice": "?"})", &dismissal)), " form.type; ");
  v1::Acceptance acceptance;
  EXPECT_EQ(Describe(ParseJson(R"({"number": -1})", &acceptance)), " form.type; ");
  EXPECT_EQ(Describe(ParseJson(R"({"number": 5000000000})", &acceptance)), " form.type; ");
  EXPECT_EQ(Describe(ParseJson(R"({"number": 2})", &acceptance)), "fine");
  EXPECT_EQ(acceptance.number(), 2u);
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
