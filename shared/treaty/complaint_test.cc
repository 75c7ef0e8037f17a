#include "shared/treaty/matter_testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

std::string FileComplaint(const std::string& where, const std::string& acts, const std::string& more = "") {
  return absl::StrCat("file { case_id: 'c1' person_id: 'head' happened_in: ", where,
                      " occurred_on: '2026-02-28' acts: ", acts, " against: STATE_OFFICIAL statement: 's' ",
                      more, " }");
}
constexpr char kExamine[] = "examine { basis: 'file 3' }";

TEST(Complaint, WhoMayDoWhatInEveryStatus) {
  v1::MatterState sample;
  sample.mutable_complaint()->mutable_complaint()->set_happened_in(kRu);
  sample.set_shared(true);
  sample.set_holder(kRu);
  ExpectActions("complaint", kKz,
                {{v1::COMPLAINT_REPORTED, {"", "examine"}},
                 {v1::COMPLAINT_EXAMINED, {"", "confirm not_confirm"}},
                 {v1::COMPLAINT_CONFIRMED, {"", "remedy"}},
                 {v1::COMPLAINT_NOT_CONFIRMED, {"", ""}},
                 {v1::COMPLAINT_REMEDIED, {"", ""}},
                 {v1::COMPLAINT_WITHDRAWN, {"", ""}}},
                sample);
  sample.set_shared(false);
  sample.set_holder(kKz);
  ExpectActions("complaint", kKz, {{v1::COMPLAINT_FILED, {"examine report withdraw", ""}}}, sample);
}

// 9.1: the Party in whose territory it happened examines, and nobody else.
TEST(Complaint, ReportedToThePartyInWhoseTerritoryItHappened) {
  MatterDesk desk("complaint", kKz);
  ASSERT_EQ(desk.Do(kKz, FileComplaint("PARTY_RU", "VIOLENCE")), "");
  EXPECT_EQ(desk.Do(kKz, kExamine), "9.1");
  EXPECT_EQ(desk.Do(kKz, "report {}"), "");
  EXPECT_EQ(desk.Do(kKz, kExamine), "step.turn");
  EXPECT_EQ(desk.Do(kRu, kExamine), "");
  EXPECT_EQ(desk.Do(kRu, "confirm { basis: 'f' acts: THREAT }"), "step.ground");
  EXPECT_EQ(desk.Do(kRu, "confirm { basis: 'f' acts: VIOLENCE }"), "");
  EXPECT_EQ(desk.Do(kRu, "remedy { basis: 'order 8' }"), "");
  EXPECT_EQ(desk.Status(), "COMPLAINT_REMEDIED");
}

// What happened at home stays at home: the counterpart learns nothing of it.
TEST(Complaint, ExaminedAtHome) {
  MatterDesk desk("complaint", kKz);
  ASSERT_EQ(desk.Do(kKz, FileComplaint("PARTY_KZ", "THREAT")), "");
  EXPECT_EQ(desk.Do(kKz, "report {}"), "9.1");
  EXPECT_EQ(desk.Do(kKz, kExamine), "");
  EXPECT_EQ(desk.Do(kKz, "not_confirm { basis: 'f' }"), "");
  EXPECT_EQ(desk.copy(kRu).status(), v1::MATTER_STATUS_UNSPECIFIED);
}

// 9.2: discrimination has a ground, of those listed or another one; other acts have none.
TEST(Complaint, DiscriminationHasAGround) {
  EXPECT_EQ(MatterDesk("complaint", kKz).Do(kKz, FileComplaint("PARTY_KZ", "DISCRIMINATION")), "9.2");
  for (int ground = v1::DiscriminationGround_MIN + 1; ground <= v1::DiscriminationGround_MAX; ++ground) {
    EXPECT_EQ(MatterDesk("complaint", kKz)
                  .Do(kKz, FileComplaint("PARTY_KZ", "DISCRIMINATION", absl::StrCat("grounds: ", ground))),
              "");
  }
  EXPECT_EQ(MatterDesk("complaint", kKz).Do(kKz, FileComplaint("PARTY_KZ", "VIOLENCE", "grounds: SEX")),
            "9.2");
}

// 12: compulsion to resettle is complained of and confirmed; the case is annulled under
// 1.3, which uses nothing. 52: so is a fee asked for information.
TEST(Complaint, Edges12And52CompulsionAndFees) {
  for (const char* act : {"COMPULSION_TO_RESETTLE", "FEE_FOR_INFORMATION"}) {
    MatterDesk desk("complaint", kKz);
    ASSERT_EQ(desk.Do(kKz, FileComplaint("PARTY_KZ", act)), "");
    ASSERT_EQ(desk.Do(kKz, kExamine), "");
    EXPECT_EQ(desk.Do(kKz, absl::StrCat("confirm { basis: 'f' acts: ", act, " }")), "");
  }
}

TEST(Complaint, OfACaseThatIsKnown) {
  MatterDesk desk("complaint", kKz);
  desk.registry.cases.clear();
  EXPECT_EQ(desk.Do(kKz, FileComplaint("PARTY_KZ", "THREAT")), "step.case");
}

// 5.0, 9.1: somebody who was asked for a fee before there was a petition, or was threatened
// before the counterpart told of the case, is heard as well.
TEST(Complaint, OfNoCase) {
  const auto file = [](const std::string& of) {
    return "file { " + of +
           " happened_in: PARTY_KZ occurred_on: '2026-02-28' acts: FEE_FOR_INFORMATION against: "
           "STATE_OFFICIAL "
           "statement: 's' }";
  };
  MatterDesk desk("complaint", kKz);
  desk.registry.cases.clear();
  EXPECT_EQ(desk.Do(kKz, file("person_id: 'head'")), "step.case");
  EXPECT_EQ(desk.Do(kKz, file("")), "");
  EXPECT_EQ(desk.Do(kKz, kExamine), "");
  EXPECT_EQ(MatterDesk("complaint", kKz).Do(kKz, file("case_id: 'c1'")), "step.person");
}

}  // namespace
}  // namespace kelisim::treaty
