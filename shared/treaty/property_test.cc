#include "shared/treaty/matter_testing.h"

namespace kelisim::treaty {
namespace {

using namespace testing;  // NOLINT: the vocabulary of these tests

constexpr v1::Party kD = kKz;
constexpr v1::Party kE = kRu;

constexpr char kItems[] =
    "case_id: 'c1' "
    "items { item_id: '1' kind: MOVABLE description: 'furniture' quantity: 12 owner_person_id: 'head' "
    "in_personal_ownership: true } "
    "items { item_id: '2' kind: CULTURAL_VALUABLE description: 'painting' quantity: 1 owner_person_id: 'm1' "
    "share: '1/2' in_personal_ownership: true } "
    "items { item_id: '3' kind: MONEY description: 'from the sale of the flat' amount: '999999999999.00' "
    "currency: 'USD' owner_person_id: 'head' in_personal_ownership: true } "
    "items { item_id: '4' kind: DEPOSIT description: 'savings' amount: '100' currency: 'KZT' "
    "owner_person_id: "
    "'head' in_personal_ownership: true } "
    "items { item_id: '5' kind: VEHICLE description: 'car' quantity: 1 owner_person_id: 'head' "
    "in_personal_ownership: true }";

constexpr char kCertify[] = "certify { number: 'C-1' issued_on: '2026-03-02' valid_until: '2026-09-02' }";
constexpr char kExit[] = "record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }";
constexpr char kImport[] = "record_import { basis: 'customs entry 5' }";
constexpr char kTransfer[] =
    "record_transfer { item_id: '4' amount: '100' currency: 'KZT' charge: NO_CHARGE }";

class Desk : public MatterDesk {
 public:
  Desk() : MatterDesk("property", kD) {}
  void Declare() { ASSERT_EQ(Do(kD, absl::StrCat("declare { ", kItems, " }")), ""); }
  void Submit() {
    Declare();
    ASSERT_EQ(Do(kD, "submit_declaration {}"), "");
  }
  void Certify() {
    Submit();
    ASSERT_EQ(Do(kD, "certify { number: 'C-1' issued_on: '2026-03-02' valid_until: '2026-09-02' }"), "");
  }
  void Exit() {
    Certify();
    ASSERT_EQ(Do(kD, kExit), "");
    Depart();
  }
  v1::CaseState& of() { return registry.cases["c1"]; }
  void Depart() {
    of().set_status(v1::DEPARTED);
    of().set_crossed_on("2026-03-02");
  }
  void Arrive() {
    Depart();
    of().set_status(v1::ARRIVED);
    of().set_holder(kE);
    of().set_hand_offs_done(4);
  }
  // m1, who owns a half of the painting.
  void TakeOut(v1::MemberStanding::Standing standing = v1::MemberStanding::LEFT, const char* rule = "") {
    of().mutable_family(0)->set_standing(standing);
    of().mutable_family(0)->set_rule(rule);
  }
  // By whoever holds it.
  void End(v1::CaseStatus status) {
    of().set_closed_from(of().status());
    of().set_status(status);
  }
  std::string Refuse(v1::Party by, const char* step, const char* item, const char* ground) {
    return Do(by, absl::StrCat(step, " { item_id: '", item, "' ground: ", ground, " legal_act: 'list 4' }"));
  }
  std::string Transfer(const std::string& fields) {
    return Do(kE,
              absl::StrCat("record_transfer { item_id: '4' amount: '100' currency: 'KZT' ", fields, " }"));
  }
};

TEST(Property, WhoMayDoWhatInEveryStatus) {
  v1::MatterState sample;
  sample.mutable_property();
  sample.set_shared(true);
  const ActionTable table = {
      {v1::PROPERTY_DECLARED, {"amend_declaration submit_declaration withdraw", ""}},
      {v1::PROPERTY_SUBMITTED, {"amend_declaration certify refuse_export withdraw", "record_transfer"}},
      {v1::PROPERTY_CERTIFIED, {"record_exit refuse_export withdraw", "record_transfer"}},
      {v1::PROPERTY_FROZEN, {"", "record_import record_transfer refuse_import release"}},
      {v1::PROPERTY_IMPORTED, {"", "record_transfer"}},
      {v1::PROPERTY_WITHDRAWN, {"", ""}},
      {v1::PROPERTY_RELEASED, {"", "record_import record_transfer refuse_import"}},
  };
  ExpectActions("property", kD, table, sample);
}

// 53: one item is national heritage; the rest goes.
TEST(Property, Edge53NationalHeritageIsRefusedAlone) {
  Desk desk;
  desk.Submit();
  EXPECT_EQ(desk.Refuse(kD, "refuse_export", "2", "NATIONAL_HERITAGE"), "");
  EXPECT_EQ(desk.Refuse(kD, "refuse_export", "2", "EXPORT_PROHIBITED"), "step.ground");
  EXPECT_EQ(desk.Refuse(kD, "refuse_export", "9", "NATIONAL_HERITAGE"), "step.ground");
  // 6.a: on no other ground.
  EXPECT_EQ(desk.Refuse(kD, "refuse_export", "1", "IMPORT_PROHIBITED"), "6.a");
  EXPECT_EQ(desk.Do(kD, "certify { number: 'C-1' issued_on: '2026-03-02' valid_until: '2026-09-02' }"), "");
  ASSERT_EQ(desk.state().property().refusals_size(), 1);
  EXPECT_EQ(desk.state().property().refusals(0).item_id(), "2");
}

// 6.d: what stays is not taken out, and nothing of it is refused.
TEST(Property, WhatStaysIsNotRefused) {
  Desk desk;
  const std::string flat =
      "items { item_id: '6' kind: LEFT_BEHIND description: 'flat' quantity: 1 owner_person_id: 'head' "
      "in_personal_ownership: true } ";
  ASSERT_EQ(desk.Do(kD, absl::StrCat("declare { ", kItems, flat, " }")), "");
  ASSERT_EQ(desk.Do(kD, "submit_declaration {}"), "");
  EXPECT_EQ(desk.Refuse(kD, "refuse_export", "6", "NATIONAL_HERITAGE"), "6.d");
}

// 6.a: all that was certified may be refused before the border; then nothing crosses it.
TEST(Property, AnExitIsOfSomething) {
  Desk desk;
  ASSERT_EQ(
      desk.Do(kD,
              "declare { case_id: 'c1' items { item_id: '1' kind: VEHICLE description: 'car' quantity: 1 "
              "owner_person_id: 'm1' in_personal_ownership: true } }"),
      "");
  ASSERT_EQ(desk.Do(kD, "submit_declaration {}"), "");
  ASSERT_EQ(desk.Do(kD, kCertify), "");
  desk.TakeOut();
  ASSERT_EQ(desk.Refuse(kD, "refuse_export", "1", "OWNER_NOT_IN_CASE"), "");
  EXPECT_EQ(desk.Do(kD, kExit), "step.ground");
}

// A declaration of one more item, and nothing of what kItems has.
std::string Item(const std::string& kind, const std::string& id = "6") {
  return absl::StrCat(
      "items { item_id: '", id, "' kind: ", kind,
      " description: 'one more' quantity: 1 amount: '5' currency: 'KZT' owner_person_id: 'head' "
      "in_personal_ownership: true } ");
}

// The departure is the departure state's own act: what it says after it, it knew.
TEST(Property, Edge55IsAskedOnArrivalToo) {
  Desk desk;
  desk.Submit();
  const std::string more = absl::StrCat("amend_declaration { ", kItems, Item("VEHICLE"), " }");
  EXPECT_EQ(desk.Refuses(kD, desk.copy(kE), more), "");
  desk.Depart();
  EXPECT_EQ(desk.Refuses(kD, desk.copy(kE), more), "6.a");
}

// 54: what the entry state bars from import has no exemption; nothing else is touched.
TEST(Property, Edge54ImportBan) {
  Desk desk;
  desk.Exit();
  EXPECT_EQ(desk.Refuse(kE, "refuse_import", "1", "NATIONAL_HERITAGE"), "10.1");
  EXPECT_EQ(desk.Refuse(kE, "refuse_import", "1", "EXPORT_PROHIBITED"), "10.1");
  EXPECT_EQ(desk.Refuse(kE, "refuse_import", "1", "IMPORT_PROHIBITED"), "");
  EXPECT_EQ(desk.Do(kE, "record_import { basis: 'customs entry 5' }"), "");
  EXPECT_EQ(desk.Status(), "PROPERTY_IMPORTED");
}

constexpr const char* kTakenOut[] = {"MOVABLE", "VEHICLE", "CULTURAL_VALUABLE", "MONEY"};
constexpr const char* kNotTakenOut[] = {"DEPOSIT", "ASSET", "LEFT_BEHIND"};

// 55: what is taken out is declared before the departure (6.a). 6.c and 6.d do not ask for that:
// deposits, assets and what was left behind may be declared later.
TEST(Property, Edge55WhatIsTakenOutIsNotAddedAfterDeparture) {
  const auto declare = [](Desk desk, const char* kind) {
    return desk.Do(kD, absl::StrCat("declare { case_id: 'c1' ", Item(kind), " }"));
  };
  const auto amend = [](Desk desk, const char* kind) {
    return desk.Do(kD, absl::StrCat("amend_declaration { ", kItems, Item(kind), " }"));
  };
  Desk none;
  Desk submitted;
  submitted.Submit();
  for (const char* kind : kTakenOut) {
    EXPECT_EQ(declare(none, kind), "") << kind;
    EXPECT_EQ(amend(submitted, kind), "") << kind;
  }
  for (const v1::CaseStatus status : {v1::DEPARTED, v1::ARRIVED, v1::COMPLETED}) {
    for (Desk* one : {&none, &submitted}) {
      one->Depart();
      one->of().set_status(status);
    }
    for (const char* kind : kTakenOut) {
      EXPECT_EQ(declare(none, kind), "6.a") << kind;
      EXPECT_EQ(amend(submitted, kind), "6.a") << kind;
    }
    for (const char* kind : kNotTakenOut) {
      EXPECT_EQ(declare(none, kind), "") << kind;
      EXPECT_EQ(amend(submitted, kind), "") << kind;
    }
  }
}

// 6.a, a17: items are added until the departure; to what was submitted nothing but that. A
// certificate is of the items that it was issued for: what comes after it has a declaration of its own.
TEST(Property, ItemsAreAddedUntilTheCertificate) {
  Desk desk;
  desk.Declare();
  const std::string less = absl::StrCat("amend_declaration { case_id: 'c1' ", Item("MOVABLE"), " }");
  const std::string more = absl::StrCat("amend_declaration { ", kItems, Item("MOVABLE"), " }");
  const std::string still_more =
      absl::StrCat("amend_declaration { ", kItems, Item("MOVABLE"), Item("VEHICLE", "7"), " }");
  const std::string another = absl::StrCat("amend_declaration { ", kItems, Item("VEHICLE"), " }");
  EXPECT_EQ(Desk(desk).Do(kD, less), "");
  EXPECT_EQ(desk.Do(kD, "submit_declaration {}"), "");
  EXPECT_EQ(desk.Refuse(kD, "refuse_export", "2", "NATIONAL_HERITAGE"), "");
  desk.today = kToday + 8;
  EXPECT_EQ(desk.Do(kD, more), "");
  EXPECT_EQ(desk.Do(kD, still_more), "");
  EXPECT_EQ(desk.Status(), "PROPERTY_SUBMITTED");
  EXPECT_EQ(desk.state().property().declaration().items_size(), 7);
  EXPECT_EQ(desk.state().property().refusals_size(), 1);
  for (const std::string& changed : {less, more, another}) {
    EXPECT_EQ(desk.Do(kD, changed), "step.ground");
    EXPECT_EQ(desk.Refuses(kD, desk.state(), changed), "step.ground");
  }
  EXPECT_EQ(desk.Do(kD, kCertify), "");
  EXPECT_EQ(desk.Do(kD, still_more), "step.status");
}

// 58, 59: any amount in any currency, of a sale or of savings; no ground against money.
TEST(Property, Edges58And59MoneyHasNoCap) {
  for (const char* item : {"3", "4"}) {
    Desk desk;
    desk.Submit();
    EXPECT_EQ(desk.Refuse(kD, "refuse_export", item, "EXPORT_PROHIBITED"), "6.b");
    Desk gone;
    gone.Exit();
    EXPECT_EQ(gone.Refuse(kE, "refuse_import", item, "IMPORT_PROHIBITED"), "6.b");
  }
}

// 60, 61: the bank's commission is allowed, a tax is not.
TEST(Property, Edges60And61WhatMayBeChargedForATransfer) {
  Desk desk;
  desk.Exit();
  EXPECT_EQ(desk.Transfer("charge: TRANSFER_SERVICE charged: '1.00'"), "");
  EXPECT_EQ(desk.Transfer("charge: NO_CHARGE"), "");
  for (const char* charge : {"TAX", "DUTY", "OTHER_FEE"}) {
    EXPECT_EQ(desk.Transfer(absl::StrCat("charge: ", charge, " charged: '1.00'")), "10.2") << charge;
  }
  EXPECT_EQ(desk.Transfer("charge: NO_CHARGE charged: '1.00'"), "step.ground");
  EXPECT_EQ(desk.Transfer("charge: TRANSFER_SERVICE"), "step.ground");
  EXPECT_EQ(desk.Do(kE, "record_transfer { item_id: '1' amount: '1' currency: 'KZT' charge: NO_CHARGE }"),
            "step.ground");
  EXPECT_EQ(desk.state().property().transfers_size(), 2);
}

// 62: a flat stays behind, its owner comes to live in the state of entry, and sells it ten years
// later (6.d). What it brings goes out free of fees, whenever that is, also if nobody thought of
// the flat before the departure (6.b, 10.2).
TEST(Property, Edge62AFlatIsSoldTenYearsLater) {
  constexpr char kProceeds[] = "record_transfer { item_id: '6' amount: '250000.00' currency: 'USD' charge: ";
  const std::string with_a_flat = absl::StrCat("declare { ", kItems, Item("LEFT_BEHIND"), " }");
  const std::string flat = absl::StrCat("declare { case_id: 'c1' ", Item("LEFT_BEHIND"), " }");
  Desk before;
  ASSERT_EQ(before.Do(kD, with_a_flat), "");
  ASSERT_EQ(before.Do(kD, "submit_declaration {}"), "");
  ASSERT_EQ(before.Do(kD, kCertify), "");
  ASSERT_EQ(before.Do(kD, kExit), "");
  before.Arrive();
  ASSERT_EQ(before.Do(kE, kImport), "");
  Desk after;
  for (Desk* desk : {&before, &after}) {
    desk->Arrive();
    desk->of().set_status(v1::COMPLETED);
    desk->today = absl::CivilDay(2036, 3, 2);
  }
  ASSERT_EQ(after.Do(kD, flat), "");
  ASSERT_EQ(after.Do(kD, "submit_declaration {}"), "");
  for (Desk* desk : {&before, &after}) {
    for (const char* charge : {"TAX", "DUTY", "OTHER_FEE"}) {
      EXPECT_EQ(desk->Do(kE, absl::StrCat(kProceeds, charge, " charged: '1' }")), "10.2");
    }
    EXPECT_EQ(desk->Do(kE, absl::StrCat(kProceeds, "TRANSFER_SERVICE charged: '25.00' }")), "");
    EXPECT_EQ(desk->state().property().transfers_size(), 1);
  }
}

// 6.c: deposits and assets go from bank to bank: no certificate, no border, no last day. Money that
// is taken out is declared and crosses the border (6.b).
TEST(Property, DepositsAskForNoCertificate) {
  constexpr char kMoney[] = "record_transfer { item_id: '3' amount: '1' currency: 'USD' charge: NO_CHARGE }";
  Desk desk;
  desk.Submit();
  EXPECT_EQ(desk.Do(kE, kTransfer), "10.2");
  desk.Depart();
  EXPECT_EQ(desk.Do(kE, kTransfer), "");
  EXPECT_EQ(desk.Do(kE, kMoney), "step.status");
  EXPECT_EQ(desk.Do(kD, kCertify), "");
  EXPECT_EQ(desk.Do(kE, kTransfer), "");
  EXPECT_EQ(desk.Do(kE, kMoney), "step.status");
  EXPECT_EQ(desk.Do(kD, kExit), "");
  EXPECT_EQ(desk.Do(kE, kMoney), "");
  EXPECT_EQ(desk.Do(kE, kImport), "");
  desk.today = absl::CivilDay(2036, 3, 2);
  EXPECT_EQ(desk.Do(kE, kTransfer), "");
  EXPECT_EQ(desk.Do(kE, kMoney), "");
}

// 6.a, 10.1: a certificate is of what crosses the border: of nothing else, and not of nothing.
TEST(Property, ACertificateIsOfWhatIsTakenOut) {
  Desk desk;
  const auto refuse = [&](const char* id) {
    return desk.Refuse(kD, "refuse_export", id, "EXPORT_PROHIBITED");
  };
  ASSERT_EQ(desk.Do(kD, absl::StrCat("declare { case_id: 'c1' ", Item("DEPOSIT", "1"), Item("ASSET", "2"),
                                     Item("LEFT_BEHIND", "3"), " }")),
            "");
  ASSERT_EQ(desk.Do(kD, "submit_declaration {}"), "");
  EXPECT_EQ(desk.Do(kD, kCertify), "step.ground");
  EXPECT_EQ(desk.Refuses(kD, desk.state(), kCertify), "step.ground");
  const std::string more = absl::StrCat("amend_declaration { case_id: 'c1' ", Item("DEPOSIT", "1"),
                                        Item("ASSET", "2"), Item("LEFT_BEHIND", "3"));
  ASSERT_EQ(desk.Do(kD, absl::StrCat(more, Item("VEHICLE", "4"), " }")), "");
  EXPECT_EQ(Desk(desk).Do(kD, kCertify), "");
  ASSERT_EQ(refuse("4"), "");
  EXPECT_EQ(desk.Do(kD, kCertify), "step.ground");
  ASSERT_EQ(desk.Do(kD, absl::StrCat(more, Item("VEHICLE", "4"), Item("MONEY", "5"), " }")), "");
  EXPECT_EQ(desk.Do(kD, kCertify), "");
}

// 6.a: taken out of the departure state of the case, declared there before the departure, of
// people to whom the Agreement applies.
TEST(Property, DeclaredWhereTheyDepartFromAndBefore) {
  for (const v1::CaseStatus status : {v1::DEPARTED, v1::ARRIVED, v1::COMPLETED}) {
    Desk desk;
    desk.registry.cases["c1"].set_status(status);
    EXPECT_EQ(desk.Do(kD, absl::StrCat("declare { ", kItems, " }")), "6.a");
    Desk declared;
    declared.Declare();
    declared.registry.cases["c1"].set_status(status);
    EXPECT_EQ(declared.Do(kD, "submit_declaration {}"), "6.a");
  }
  Desk independent;
  independent.registry.cases["c1"].set_status(v1::INDEPENDENT);
  EXPECT_EQ(independent.Do(kD, absl::StrCat("declare { ", kItems, " }")), "step.case");
  MatterDesk of_entry("property", kE);
  EXPECT_EQ(of_entry.Do(kE, absl::StrCat("declare { ", kItems, " }")), "6.a");
}

// 4.1, a16: declared by who means to go, certified for who has the status and is about to go.
TEST(Property, CertifiedUnderTheStatusOnly) {
  for (const v1::CaseStatus status : {v1::SCOPE_OK, v1::AWAIT_CLEARANCE, v1::CLEARED, v1::DEFERRED,
                                      v1::WAITLISTED, v1::QUOTA_RESERVED, v1::STATUS_ISSUED}) {
    Desk desk;
    desk.of().set_status(status);
    desk.of().set_hand_offs_done(2);
    if (status != v1::STATUS_ISSUED) desk.of().clear_document();
    desk.Submit();
    EXPECT_EQ(desk.Do(kD, kCertify), "4.1") << v1::CaseStatus_Name(status);
    // Nor is it taken from the other Party.
    for (const v1::Party holder : {kD, kE}) {
      desk.of().set_holder(holder);
      EXPECT_EQ(desk.Refuses(kD, desk.state(), kCertify), "4.1") << v1::CaseStatus_Name(status);
    }
  }
  // 6.a: what was declared in time may follow.
  Desk later;
  later.Submit();
  later.Arrive();
  EXPECT_EQ(later.Do(kD, kCertify), "");
  EXPECT_EQ(later.Do(kD, kExit), "");
}

// 29; 2.2, 10.1: of who resettles with the family. What belongs to one who has left the case, or was
// excluded, or to somebody who was never in it, does not go free of duty, at whatever step it shows.
TEST(Property, Edge29OfWhoIsInTheCase) {
  std::string of_a_stranger = kItems;
  of_a_stranger.replace(of_a_stranger.find("'m1'"), 4, "'m7'");
  EXPECT_EQ(Desk().Do(kD, absl::StrCat("declare { ", of_a_stranger, " }")), "step.person");
  const struct {
    v1::MemberStanding::Standing standing;
    const char* by_rule;  // as the case has it
    const char* rule;
  } rows[] = {{v1::MemberStanding::LEFT, "", "2.2"},
              {v1::MemberStanding::LEFT, "1.2", "1.2"},
              {v1::MemberStanding::EXCLUDED, "3.zh", "3.zh"}};
  for (const auto& row : rows) {
    const auto out = [&](Desk& desk) { desk.TakeOut(row.standing, row.by_rule); };
    Desk before;
    out(before);
    EXPECT_EQ(before.Do(kD, absl::StrCat("declare { ", kItems, " }")), row.rule);
    EXPECT_EQ(before.violation.person_id(), "m1");
    Desk declared;
    declared.Declare();
    out(declared);
    EXPECT_EQ(declared.Do(kD, absl::StrCat("amend_declaration { ", kItems, " }")), row.rule);
    EXPECT_EQ(declared.Do(kD, "submit_declaration {}"), row.rule);

    // That one item is refused, and the rest goes.
    Desk submitted;
    submitted.Submit();
    EXPECT_EQ(submitted.Refuse(kD, "refuse_export", "2", "OWNER_NOT_IN_CASE"), "6.a");
    out(submitted);
    EXPECT_EQ(submitted.Do(kD, kCertify), row.rule);
    EXPECT_EQ(submitted.Refuse(kD, "refuse_export", "1", "OWNER_NOT_IN_CASE"), "6.a");
    EXPECT_EQ(submitted.Refuse(kD, "refuse_export", "2", "OWNER_NOT_IN_CASE"), "");
    EXPECT_EQ(submitted.Do(kD, kCertify), "");
    EXPECT_EQ(submitted.Do(kD, kExit), "");

    // Divorced between the certificate and the border.
    Desk certified;
    certified.Certify();
    out(certified);
    EXPECT_EQ(certified.Do(kD, kExit), row.rule);
    EXPECT_EQ(certified.Refuse(kD, "refuse_export", "2", "OWNER_NOT_IN_CASE"), "");
    EXPECT_EQ(certified.Do(kD, kExit), "");

    // Between the border and the customs of the state of entry; also of goods that were released.
    for (const bool released : {false, true}) {
      Desk gone;
      gone.Certify();
      ASSERT_EQ(gone.Do(kD, kExit), "");
      if (released) {
        gone.End(v1::WITHDRAWN);
        ASSERT_EQ(gone.Do(kE, "release { outcome: RETURNED basis: 'note 7' }"), "");
      }
      gone.Depart();
      out(gone);
      EXPECT_EQ(gone.Do(kE, kImport), row.rule);
      EXPECT_EQ(gone.Refuse(kE, "refuse_import", "1", "OWNER_NOT_IN_CASE"), "10.1");
      EXPECT_EQ(gone.Refuse(kE, "refuse_import", "2", "OWNER_NOT_IN_CASE"), "");
      EXPECT_EQ(gone.Do(kE, kImport), "");
    }
  }
  // 10.2: money has no limit, but it has an owner.
  std::string money = kItems;
  money.replace(money.find("'head'", money.find("'3'")), 6, "'m1'");
  Desk of_the_member;
  ASSERT_EQ(of_the_member.Do(kD, absl::StrCat("declare { ", money, " }")), "");
  ASSERT_EQ(of_the_member.Do(kD, "submit_declaration {}"), "");
  of_the_member.TakeOut();
  EXPECT_EQ(of_the_member.Refuse(kD, "refuse_export", "3", "OWNER_NOT_IN_CASE"), "");
  EXPECT_EQ(of_the_member.Do(kD, kCertify), "2.2");
  EXPECT_EQ(of_the_member.Refuse(kD, "refuse_export", "2", "OWNER_NOT_IN_CASE"), "");
  EXPECT_EQ(of_the_member.Do(kD, kCertify), "");
  EXPECT_EQ(of_the_member.Do(kD, kExit), "");
  of_the_member.Depart();
  EXPECT_EQ(
      of_the_member.Do(kE, "record_transfer { item_id: '3' amount: '1' currency: 'USD' charge: NO_CHARGE }"),
      "2.2");
}

// Who holds the case knew of it. The other one may have acted before it heard of it, and what it
// refuses, it refuses because it has heard.
TEST(Property, ThatAMemberHasLeftMayCross) {
  constexpr char kRefuse[] = "refuse_export { item_id: '2' ground: OWNER_NOT_IN_CASE legal_act: 'record 3' }";
  Desk desk;
  desk.Submit();
  desk.TakeOut();
  for (const v1::Party holder : {kD, kE}) {
    desk.of().set_holder(holder);
    EXPECT_EQ(desk.Refuses(kD, desk.state(), kCertify), holder == kD ? "2.2" : "");
    EXPECT_EQ(desk.Refuses(kD, desk.state(), kRefuse), "");
  }
  // A dossier of the matter alone does not have the case.
  desk.registry.cases.clear();
  EXPECT_EQ(desk.Refuses(kD, desk.state(), kCertify), "");
  EXPECT_EQ(desk.Refuses(kD, desk.state(), kRefuse), "");
}

// Art. 3: lost or at rest, the status frees nothing of duty. The rule is that under which the case
// ended: 12.2b is of who resettled independently, and of nobody else.
TEST(Property, StaysWhenTheStatusIsLost) {
  Desk desk;
  desk.Certify();
  desk.of().set_status(v1::SUSPENDED);
  EXPECT_EQ(desk.Do(kD, kExit), "step.obstacle");
  for (const auto& end : kEnds) {
    Desk ended;
    ended.Submit();
    ended.End(end.status);
    ended.of().set_closing_rule(end.closing_rule);
    EXPECT_EQ(ended.Do(kD, kCertify), end.rule);
    EXPECT_EQ(ended.Refuses(kD, ended.state(), kCertify), end.rule);
  }
}

// 10.1, 10.2, a18: into the state of entry with the resettler, and not before.
TEST(Property, FollowsTheResettlerIntoTheStateOfEntry) {
  Desk desk;
  desk.Certify();
  ASSERT_EQ(desk.Do(kD, kExit), "");
  EXPECT_EQ(desk.Do(kE, kImport), "10.1");
  EXPECT_EQ(desk.Do(kE, kTransfer), "10.2");
  EXPECT_EQ(desk.Refuses(kE, desk.state(), kImport), "10.1");
  Desk back = desk;
  back.End(v1::WITHDRAWN);
  EXPECT_EQ(back.Do(kE, kImport), "4.1");
  EXPECT_EQ(back.Do(kE, kTransfer), "4.1");
  // Ended before the departure: nobody can have seen one.
  EXPECT_EQ(back.Refuses(kE, back.state(), kImport), "10.1");
  desk.Depart();
  EXPECT_EQ(Desk(desk).Do(kE, kImport), "");
  desk.Arrive();
  EXPECT_EQ(Desk(desk).Do(kE, kImport), "");
  EXPECT_EQ(desk.Do(kE, kTransfer), "");
}

// 1.2: a departure that becomes known after the end was one under the Agreement, unless the scope
// itself was lost.
TEST(Property, FollowsWhoDepartedBeforeTheEnd) {
  const struct {
    v1::CaseStatus status;
    const char* closing_rule;
    const char* rule;
  } rows[] = {{v1::WITHDRAWN, "", ""},
              {v1::LAPSED, "13.2", ""},
              {v1::ANNULLED, "3.b", ""},
              {v1::ANNULLED, "2.1", "2.1"},
              {v1::ANNULLED, "1.3", "1.3"}};
  for (const auto& row : rows) {
    Desk desk;
    desk.Certify();
    ASSERT_EQ(desk.Do(kD, kExit), "");
    desk.End(row.status);
    desk.of().set_closing_rule(row.closing_rule);
    EXPECT_EQ(desk.Do(kE, kImport), *row.closing_rule == '\0' ? "4.1" : row.closing_rule);
    desk.of().set_crossed_on("2026-03-02");
    EXPECT_EQ(desk.Do(kE, kImport), row.rule) << v1::CaseStatus_Name(row.status) << row.closing_rule;
  }
}

// 10.1: goods wait for who may still come, and for nobody else.
TEST(Property, IsReleasedWhenNobodyComes) {
  for (const char* outcome : {"RETURNED", "ADMITTED_WITHOUT_EXEMPTION"}) {
    const std::string release = absl::StrCat("release { outcome: ", outcome, " basis: 'note 7' }");
    for (const v1::CaseStatus status :
         {v1::PREPARING, v1::SUSPENDED, v1::DEPARTED, v1::ARRIVED, v1::COMPLETED}) {
      Desk desk;
      desk.Certify();
      ASSERT_EQ(desk.Do(kD, kExit), "");
      desk.of().set_status(status);
      EXPECT_EQ(desk.Do(kE, release), "10.1") << v1::CaseStatus_Name(status);
      EXPECT_EQ(desk.Refuses(kE, desk.state(), release), "10.1") << v1::CaseStatus_Name(status);
    }
    for (const v1::CaseStatus status : {v1::WITHDRAWN, v1::ANNULLED, v1::LAPSED}) {
      Desk desk;
      desk.Certify();
      ASSERT_EQ(desk.Do(kD, kExit), "");
      desk.End(status);
      Desk departed = desk;
      EXPECT_EQ(desk.Do(kD, release), "step.turn");
      EXPECT_EQ(desk.Do(kE, release), "");
      EXPECT_EQ(desk.Status(), "PROPERTY_RELEASED");
      EXPECT_EQ(desk.state().holder(), kE);
      EXPECT_EQ(desk.Do(kE, kImport), "4.1");
      // The departure became known: nothing to release, and what was released in ignorance of it
      // is admitted, and free of duty after all.
      for (Desk* one : {&departed, &desk}) {
        one->of().set_crossed_on("2026-03-02");
        one->of().set_closing_rule(status == v1::ANNULLED ? "3.b" : "");
      }
      EXPECT_EQ(departed.Do(kE, release), "10.1");
      EXPECT_EQ(departed.Refuses(kE, departed.state(), release), "");
      EXPECT_EQ(desk.Do(kE, kImport), "");
      EXPECT_FALSE(desk.state().property().has_release());
    }
  }
  // The status was lost after the departure.
  Desk annulled;
  annulled.Exit();
  annulled.End(v1::ANNULLED);
  EXPECT_EQ(annulled.Do(kE, "release { outcome: RETURNED }"), "form: property.release.basis");
  EXPECT_EQ(annulled.Do(kE, "release { basis: 'note 7' }"), "form: property.release.outcome");
  EXPECT_EQ(annulled.Do(kE, "release { outcome: RETURNED basis: 'note 7' }"), "");
}

// What was done before it was heard that the case has ended stands.
TEST(Property, TheEndOfTheCaseMayCross) {
  Desk departed;
  departed.Exit();
  departed.End(v1::ANNULLED);
  EXPECT_EQ(departed.Do(kE, kImport), "4.1");
  EXPECT_EQ(departed.Refuses(kE, departed.state(), kImport), "");
  Desk arrived;
  arrived.Submit();
  arrived.Arrive();
  arrived.End(v1::ANNULLED);
  EXPECT_EQ(arrived.Refuses(kD, arrived.state(), kCertify), "");
  // A dossier of the matter alone does not have the case.
  arrived.registry.cases.clear();
  EXPECT_EQ(arrived.Refuses(kD, arrived.state(), kCertify), "");
  EXPECT_EQ(arrived.Do(kD, kCertify), "step.case");
}

TEST(Property, ADeclarationIsOfACaseAndOfOwnThings) {
  Desk desk;
  const auto declare = [&](std::string from, const std::string& to) {
    std::string items = kItems;
    items.replace(items.find(from), from.size(), to);
    Desk fresh;
    return fresh.Do(kD, absl::StrCat("declare { ", items, " }"));
  };
  EXPECT_EQ(declare("case_id: 'c1'", "case_id: 'c2'"), "step.case");
  EXPECT_EQ(declare("in_personal_ownership: true", "in_personal_ownership: false"), "6.a");
  EXPECT_EQ(declare("item_id: '2'", "item_id: '1'"), "step.ground");
  EXPECT_EQ(declare("quantity: 12", "quantity: 0"), "step.ground");
  EXPECT_EQ(declare("amount: '100'", ""), "step.ground");
  for (const char* no_currency : {"tenge", "KAZ", "kzt", "XQZ"}) {
    EXPECT_EQ(declare("currency: 'KZT'", absl::StrCat("currency: '", no_currency, "'")),
              "form: property.declare.items[3].currency")
        << no_currency;
  }
  for (const char* currency : {"KZT", "RUB", "USD", "XAU"}) {
    EXPECT_EQ(declare("currency: 'KZT'", absl::StrCat("currency: '", currency, "'")), "") << currency;
  }
  for (const char* share : {"2/1", "0/2", "1/0", "half", "1/"}) {
    EXPECT_EQ(declare("share: '1/2'", absl::StrCat("share: '", share, "'")),
              "form: property.declare.items[1].share")
        << share;
  }
  EXPECT_EQ(declare("owner_person_id: 'm1'", "owner_person_id: 'x'"),
            "form: property.declare.items[1].owner_person_id");
}

TEST(Property, TheCertificateMustBeValidAtTheBorder) {
  Desk desk;
  desk.Submit();
  EXPECT_EQ(desk.Do(kD, "certify { number: 'C-1' issued_on: '2026-03-02' valid_until: '2026-03-02' }"),
            "step.document");
  EXPECT_EQ(desk.Do(kD, "certify { number: 'C-1' issued_on: '2026-03-01' valid_until: '2026-03-02' }"), "");
  desk.today = kToday + 1;
  EXPECT_EQ(desk.Do(kD, "record_exit { crossed_on: '2026-02-28' crossing_point: 'P1' }"), "step.date");
  EXPECT_EQ(desk.Do(kD, "record_exit { crossed_on: '2026-03-03' crossing_point: 'P1' }"), "step.document");
  EXPECT_EQ(desk.Do(kD, "record_exit { crossed_on: '2026-03-02' crossing_point: 'P1' }"), "");
}

}  // namespace
}  // namespace kelisim::treaty
