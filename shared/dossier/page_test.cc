#include "shared/dossier/page.h"

#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "gtest/gtest.h"

namespace kelisim::dossier {
namespace {

using testing::HasSubstr;
using testing::Not;

PageContent Sample() {
  PageContent content;
  content.name = "cases/3f2a";
  content.timeline.resize(1);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    entry { ledger: PARTY_RU index: 3 entry_id: "\x01\xff" }
    case_act { deferred { rule: "3.g" person_id: "head" basis: "7 <2026>" } })",
                                                            &content.timeline[0]));
  return content;
}

TEST(TimelinePage, SaysWhichActItIsAndWhatItSays) {
  const std::string page = TimelinePage(Sample(), Lang::kRussian);
  EXPECT_THAT(page, HasSubstr("<td>ru/3<br><small>01ff</small></td>"));
  EXPECT_THAT(page, HasSubstr("3.g, head<br><small>Основание: 7 &lt;2026&gt;</small></td>"));
}

TEST(TimelinePage, OfProofsOnlySaysNothingOfContents) {
  PageContent content = Sample();
  content.disclosure = v1::PROOFS_ONLY;
  const std::string page = TimelinePage(content, Lang::kRussian);
  EXPECT_THAT(page, HasSubstr("ru/3"));
  EXPECT_THAT(page, Not(HasSubstr("2026")));
}

}  // namespace
}  // namespace kelisim::dossier
