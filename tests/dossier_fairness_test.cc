// What one Party's machine does, in hostile hands or by a fault, does not spoil the dossiers
// of the other Party; and what an exporter keeps back of its own is found. Kazakhstan is the
// counterpart here, and Russia exports.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/util/json_util.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/base/bytes.h"
#include "shared/crypto/seal.h"
#include "shared/dossier/dsse.h"
#include "shared/dossier/exporter.h"
#include "shared/dossier/layout.h"
#include "shared/dossier/verifier.h"
#include "shared/ledger/log.h"
#include "shared/testing/audited.h"
#include "shared/testing/dossiers.h"
#include "shared/testing/officer.h"
#include "shared/testing/pair.h"
#include "shared/tlog/note.h"

namespace kelisim::dossier {
namespace {

using authority::Call;
using authority::OfficerCall;
using authority::Outputs;
using authority::PeerCall;
using authority::PeerMethod;
using authority::PeerReply;
using kelisim::testing::Authority;
using kelisim::testing::ExportToMemory;
using kelisim::testing::Pair;
using kelisim::testing::SeededRandom;
using ledger::Side;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::Not;

constexpr uint64_t kToken = 7;
const absl::Time kNow = absl::FromUnixSeconds(1'766'224'800);  // 20 December 2025

std::string Describe(const Report& report) {
  std::string text = absl::StrCat("verdict ", static_cast<int>(report.verdict));
  for (const Finding& finding : report.findings)
    absl::StrAppend(&text, "\n  ", finding.where, ": ", finding.problem_key, " ", finding.detail, " ",
                    finding.broken.rule());
  for (const NotJudged& one : report.not_judged)
    absl::StrAppend(&text, "\n  not judged: ", one.where, ": ", one.why, " ", one.rule);
  return text;
}

// A case that Kazakhstan has offered and Russia has accepted.
class FairnessTest : public ::testing::Test {
 protected:
  FairnessTest() {
    v1::SubmitQuotaCommandRequest quota;
    quota.set_request_id("00000000-0000-4000-8000-ffffffffffff");
    quota.mutable_command()->mutable_set_quota()->set_year(2025);
    quota.mutable_command()->mutable_set_quota()->set_limit(5);
    quota.mutable_command()->mutable_set_quota()->set_legal_act("91");
    both_.Turn(v1::PARTY_KZ, {OfficerCall{kToken, "spiffe://test/officer", Sha256("quota"), quota}});
    both_.Exchange();
    for (const char* action : {"file_petition", "confirm_scope", "offer"}) Do(kz_, action);
    Do(ru_, "accept");
    accepted_ = ru_.SizeOf(Side::kOwn) - 1;
  }

  // ---- both as they should be

  OfficerCall Asks(const Authority& node, const std::string& action) {
    const std::string today = absl::FormatTime("%Y-%m-%d", kNow, absl::UTCTimeZone());
    v1::SubmitCaseCommandRequest request;
    if (action == "file_petition") {
      *request.mutable_command()->mutable_file_petition() =
          kelisim::testing::PetitionOf(node.identity.self(), static_cast<int>(asked_), {}, today);
    } else {
      request.set_name(name_);
      const v1::CaseState state = node.reader->GetCase(name_, kNow)->state();
      *request.mutable_command() = kelisim::testing::PlausibleCommand(action, state, today, random_).value();
    }
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++asked_));
    return OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request};
  }
  void Record(Authority& node, const std::string& action) {
    Outputs made = node.Turn({Asks(node, action)});
    ASSERT_EQ(made.replies.size(), 1u) << action;
    const authority::Answer& answer = made.replies[0].answer;
    ASSERT_TRUE(answer.status.ok()) << action << " " << answer.violation.rule() << answer.status;
    v1::SubmitCaseCommandResponse response;
    ASSERT_TRUE(response.ParseFromString(answer.response));
    name_ = response.name();
    Wait(node, std::move(made));
  }
  // What a node wants to send waits until it is delivered, here or elsewhere.
  void Wait(Authority& caller, Outputs outputs) {
    for (Call& call : outputs.calls) calls_.emplace_back(&caller, std::move(call));
  }
  std::pair<Authority*, Call> TakeCall() {
    auto taken = calls_.at(0);
    calls_.erase(calls_.begin());
    return taken;
  }
  // What `to` answers to what the other one has sent.
  PeerReply Deliver(const Call& call, Authority& to) {
    Outputs answered = to.Turn({PeerCall{kToken, call.method, call.bytes}});
    const authority::Answer& answer = answered.replies.at(0).answer;
    PeerReply reply{call.call_id, answer.status, answer.response};
    Wait(to, std::move(answered));
    return reply;
  }
  void Do(Authority& node, const std::string& action) {
    Record(node, action);
    Exchange();
  }
  void Exchange() {
    while (!calls_.empty()) {
      const auto [caller, call] = TakeCall();
      Wait(*caller, caller->Turn({Deliver(call, caller == &kz_ ? ru_ : kz_)}));
    }
  }

  // ---- Kazakhstan's machine in other hands, with its good keys

  v1::Leaf Forged(
      v1::EntryKind kind, const std::string& payload,
      const std::function<void(v1::Entry&)>& change = [](v1::Entry&) {}) {
    v1::Leaf leaf;
    v1::Entry entry;
    entry.set_format(1);
    entry.set_entry_id(absl::StrFormat("%016d", ++forged_));
    entry.set_kind(kind);
    entry.set_addressed(true);
    entry.set_recorded_at_us(absl::ToUnixMicros(kNow));
    if (kind != v1::ENTRY_KIND_PROGRESS) {
      leaf.set_payload(payload);
      leaf.set_opening(std::string(Hash::kSize, 'o'));
      entry.set_commitment(std::string(Commit(leaf.opening(), payload).bytes()));
    }
    change(entry);
    leaf.set_entry(entry.SerializeAsString());
    return leaf;
  }
  static v1::Leaf WithoutContent(v1::Leaf leaf) {
    leaf.clear_payload();
    leaf.clear_opening();
    return leaf;
  }
  v1::Leaf Progress(
      uint64_t position, const std::function<void(v1::Entry&)>& change = [](v1::Entry&) {}) {
    return Forged(v1::ENTRY_KIND_PROGRESS, "", [&](v1::Entry& entry) {
      entry.mutable_reference()->set_position(position);
      entry.mutable_reference()->set_hash(std::string(Hash::kSize, 'h'));
      change(entry);
    });
  }
  // Of Russia's entry at `position`.
  v1::Leaf Refusal(uint64_t position, const std::string& payload) {
    return Forged(v1::ENTRY_KIND_REFUSAL, payload, [&](v1::Entry& entry) {
      const ledger::LogRows<ledger::Store> own(Side::kOwn, ru_.store);
      entry.mutable_reference()->set_position(position);
      entry.mutable_reference()->set_hash(std::string(tlog::LeafHash(own.Entry(position).value()).bytes()));
    });
  }
  static std::string RefusalUnder(const std::string& rule) {
    v1::Refusal refusal;
    refusal.mutable_violation()->set_rule(rule);
    return refusal.SerializeAsString();
  }
  // Of the case, and not lawful: it does not follow the last one.
  v1::Act UnlawfulActAfter(const std::string& predecessor) {
    v1::Act act;
    act.set_subject_id(name_.substr(name_.find('/') + 1));
    act.set_predecessor(predecessor);
    act.set_happened_on("2025-12-20");
    act.set_effective_on("2025-12-20");
    act.set_protocol_version(kz_.identity.protocol.version());
    act.set_body(kz_.identity.body);
    act.set_officer("spiffe://test/officer");
    return act;
  }
  v1::Leaf UnlawfulAct() {
    v1::Act act = UnlawfulActAfter(std::string(16, 'e'));
    act.mutable_case_act()->mutable_withdrawn()->set_stated_on("2025-12-20");
    return Forged(v1::ENTRY_KIND_ACT, act.SerializeAsString());
  }
  // Pushes them; gives where the first one stands.
  uint64_t Say(const std::vector<v1::Leaf>& leaves, int signatures = 1) {
    v1::PushRequest push;
    if (session_.empty()) {
      // What Kazakhstan itself would send next: it is never delivered.
      v1::PushRequest honest;
      EXPECT_TRUE(honest.ParseFromString(kz_.Turn({Asks(kz_, "file_petition")}).calls.at(0).bytes));
      session_ = honest.session();
    }
    push.set_session(session_);
    const ledger::LogRows<ledger::Store> mirror(Side::kMirror, ru_.store);
    const uint64_t first = ru_.SizeOf(Side::kMirror);
    push.set_first_index(first);
    push.mutable_leaves()->Assign(leaves.begin(), leaves.end());
    const tlog::Checkpoint said = kelisim::testing::SignPush(kz_.identity, mirror, push);
    for (int i = 1; i < signatures; ++i)
      push.mutable_checkpoint()->append(kz_.identity.log.SignNote(said.Text()));
    Deliver({1, PeerMethod::kPush, push.SerializeAsString()}, ru_);
    EXPECT_EQ(ru_.SizeOf(Side::kMirror), said.size);
    return first;
  }
  // It cosigns everything that Russia has.
  void Cosign() {
    while (!calls_.empty()) {
      const auto [caller, call] = TakeCall();
      v1::PushRequest push;
      ASSERT_EQ(call.method, PeerMethod::kPush);
      ASSERT_TRUE(push.ParseFromString(call.bytes));
      const v1::PushResponse response = kelisim::testing::CosignPush(kz_.identity, push, kNow);
      Wait(ru_, ru_.Turn({PeerReply{call.call_id, absl::OkStatus(), response.SerializeAsString()}}));
    }
  }

  // Russia's newest act as another machine of its own would have recorded it, with all
  // signatures of both.
  void ReplaceNewest(const std::function<void(v1::Entry&)>& change) {
    ledger::Overlay rows(ru_.store);
    const uint64_t index = ru_.SizeOf(Side::kOwn) - 1;
    ASSERT_NE(index % 8, 7u) << "a node of the tree would change as well";
    v1::Entry entry;
    ASSERT_TRUE(entry.ParseFromString(ru_.reader->GetEntry(v1::PARTY_RU, index).value()));
    change(entry);
    rows.Put("oe" + U64(index), entry.SerializeAsString());
    const ledger::Log log = ledger::Log::Load(Side::kOwn, rows).value();
    const tlog::NoteSigner& signer = ru_.identity.log;
    const std::string text = tlog::Checkpoint{signer.verifier().name(), log.size(), log.root()}.Text();
    const std::string note = absl::StrCat(text, "\n", signer.SignNote(text));
    const auto seconds = static_cast<uint64_t>(absl::ToUnixSeconds(kNow));
    log.PutCheckpoint(rows, log.size(), note);
    log.PutCosigned(
        rows, note + kz_.identity.witness.Cosign(text, seconds) + kz_.identity.mirror.Cosign(text, seconds));
    ASSERT_TRUE(ru_.store.Commit(rows.Take()).ok());
  }

  // ---- what Russia exports

  MemoryFolder Export() {
    const auto folder = ExportToMemory({ru_.identity, *ru_.reader, nullptr}, name_, v1::CONTENT, kNow);
    EXPECT_TRUE(folder.ok()) << folder.status();
    return folder.value_or(MemoryFolder());
  }
  Report ReportOf(const MemoryFolder& folder) { return Verify(folder, {}); }
  // The dossier is valid, and the node's books are whole.
  Report ExpectValid() {
    const Report report = ReportOf(Export());
    EXPECT_EQ(report.verdict, Verdict::kValid) << Describe(report);
    EXPECT_THAT(kelisim::testing::AuditOf(ru_.identity, ru_.store, *ru_.vault).findings, IsEmpty());
    return report;
  }
  // Russia signs for the files as they are now.
  void SignAgain(MemoryFolder& folder) { kelisim::testing::SignAgain(folder, ru_.identity.log); }
  static bool Says(const Report& report, const std::string& where, const std::string& why) {
    return std::any_of(report.not_judged.begin(), report.not_judged.end(),
                       [&](const NotJudged& one) { return one.where == where && one.why == why; });
  }

  Pair both_{kNow};
  Authority& kz_ = both_.of(v1::PARTY_KZ);
  Authority& ru_ = both_.of(v1::PARTY_RU);
  SeededRandom random_{7};
  std::string name_;
  uint64_t asked_ = 0;
  int forged_ = 0;
  std::string session_;
  std::vector<std::pair<Authority*, Call>> calls_;
  uint64_t accepted_ = 0;  // where Russia's acceptance stands
};

// ---------------------------------------------------------------- keys

TEST_F(FairnessTest, AnAnnouncementOfTheCounterpartWithoutContentIsNamed) {
  const uint64_t place = Say({WithoutContent(Forged(v1::ENTRY_KIND_KEY, "a key"))});
  const Report named = ExpectValid();
  EXPECT_TRUE(Says(named, absl::StrCat("grounds/kz-", place), "not_judged.no_content")) << Describe(named);
}

TEST_F(FairnessTest, AnAnnouncementOfTheCounterpartBesideThePolicyIsNamed) {
  const uint64_t place = Say({Forged(v1::ENTRY_KIND_KEY, "no announcement")});
  const Report named = ExpectValid();
  EXPECT_TRUE(Says(named, absl::StrCat("grounds/kz-", place), "not_judged.other_key")) << Describe(named);
}

// Well-made, by Kazakhstan's own node, and not what both had agreed upon: this is for
// Kazakhstan's own dossier to answer for.
TEST_F(FairnessTest, OnlyAnOwnAnnouncementBesideThePolicyDecides) {
  const tlog::NoteSigner other = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
      kz_.identity.log.verifier().name(), tlog::KeyType::kEd25519, Sha256("new key").bytes()));
  kz_.identity.next_log = other;
  kz_.identity.own_log =
      tlog::LogKeys::Make({{kz_.identity.log.verifier()}, {other.verifier(), kz_.SizeOf(Side::kOwn)}})
          .value();
  kz_.Restart();
  both_.Turn(v1::PARTY_KZ, {authority::Tick()});
  both_.Exchange();
  const uint64_t place = ru_.SizeOf(Side::kMirror) - 1;
  const std::string where = absl::StrCat("grounds/kz-", place);
  const Report named = ExpectValid();
  EXPECT_TRUE(Says(named, where, "not_judged.other_key")) << Describe(named);

  const MemoryFolder own =
      ExportToMemory({kz_.identity, *kz_.reader, nullptr}, name_, v1::CONTENT, kNow).value();
  const KnownPolicies agreed{authority::PolicyText(ru_.identity, v1::PARTY_KZ), ""};
  const Report report = Verify(own, agreed);
  ASSERT_EQ(report.verdict, Verdict::kBadSignature) << Describe(report);
  EXPECT_EQ(report.findings.front().problem_key, "flaw.other_key") << Describe(report);
  EXPECT_EQ(report.findings.front().where, where + ".payload");
}

// ---------------------------------------------------------------- content that is kept back

// Of what stands in a dossier the exporter has the content: nobody can make it silent.
TEST_F(FairnessTest, AnActWithoutItsContentIsFound) {
  Say({UnlawfulAct()});
  Cosign();
  const MemoryFolder whole = Export();
  ASSERT_EQ(ReportOf(whole).verdict, Verdict::kValid) << Describe(ReportOf(whole));
  std::set<std::string> stems;
  for (const auto& [path, content] : whole.files) {
    if (absl::EndsWith(path, kPayloadSuffix)) stems.insert(path.substr(0, path.rfind('.')));
  }
  ASSERT_GE(stems.size(), 4u);  // among them Russia's refusal
  for (const std::string& stem : stems) {
    MemoryFolder folder = whole;
    folder.files.erase(stem + kPayloadSuffix);
    folder.files.erase(stem + kOpeningSuffix);
    SignAgain(folder);
    const Report report = ReportOf(folder);
    EXPECT_EQ(report.verdict, Verdict::kUnreadable) << stem << " " << Describe(report);
    EXPECT_THAT(report.findings, Contains(Field(&Finding::where, stem + kPayloadSuffix)));
  }
}

// An exporter that shows an act shows what became of it.
TEST_F(FairnessTest, ARefusalThatIsKeptBackIsFound) {
  Say({UnlawfulAct()});
  const uint64_t by_russia = ru_.SizeOf(Side::kOwn) - 1;
  Cosign();
  const uint64_t by_kazakhstan = Say({Progress(accepted_ + 1), Refusal(accepted_, RefusalUnder("3.a"))}) + 1;
  const MemoryFolder whole = Export();
  ASSERT_EQ(ReportOf(whole).verdict, Verdict::kValid) << Describe(ReportOf(whole));
  for (const std::string& stem :
       {absl::StrCat("acts/ru-", by_russia), absl::StrCat("acts/kz-", by_kazakhstan)}) {
    MemoryFolder folder = whole;
    for (const char* suffix : {kEntrySuffix, kProofSuffix, kPayloadSuffix, kOpeningSuffix})
      ASSERT_EQ(folder.files.erase(stem + suffix), 1u) << stem;
    SignAgain(folder);
    const Report report = ReportOf(folder);
    ASSERT_EQ(report.verdict, Verdict::kUnreadable) << Describe(report);
    EXPECT_EQ(report.findings.front().where, stem + kEntrySuffix) << Describe(report);
  }
}

// What no node took for an act of the case is not shown as one.
TEST_F(FairnessTest, AnActThatWasNotAddressedIsFound) {
  v1::Leaf leaf = UnlawfulAct();
  v1::Entry entry;
  ASSERT_TRUE(entry.ParseFromString(leaf.entry()));
  entry.clear_addressed();
  leaf.set_entry(entry.SerializeAsString());
  const uint64_t place = Say({leaf});
  ExpectValid();
  MemoryFolder folder = Export();
  const std::string stem = absl::StrCat("acts/kz-", place);
  ASSERT_EQ(folder.files.count(stem + kEntrySuffix), 0u);
  folder.files[stem + kEntrySuffix] = leaf.entry();
  folder.files[stem + kPayloadSuffix] = leaf.payload();
  folder.files[stem + kOpeningSuffix] = leaf.opening();
  folder.files[stem + kProofSuffix] =
      ru_.reader->ProofIn(v1::PARTY_KZ, place, folder.files.at("kz/checkpoint")).value();
  SignAgain(folder);
  const Report report = ReportOf(folder);
  ASSERT_EQ(report.verdict, Verdict::kUnreadable) << Describe(report);
  EXPECT_EQ(report.findings.front().where, stem) << Describe(report);
}

// An exporter cannot have answered in silence, or in a form that the other Party's node had to
// refuse: what it tells a court now, it told the other Party then.
TEST_F(FairnessTest, AnOwnActThatWasNotToldIsFound) {
  Do(ru_, "clear");
  const std::string stem = absl::StrCat("acts/ru-", ru_.SizeOf(Side::kOwn) - 1);
  ReplaceNewest([](v1::Entry&) {});
  ASSERT_EQ(ReportOf(Export()).verdict, Verdict::kValid) << Describe(ReportOf(Export()));
  const std::function<void(v1::Entry&)> changes[] = {[](v1::Entry& entry) { entry.set_addressed(false); },
                                                     [](v1::Entry& entry) { entry.set_format(2); }};
  const kelisim::ledger::MemoryStore honest = ru_.store;
  for (const auto& change : changes) {
    ru_.store = honest;
    ReplaceNewest(change);
    const Report report = ReportOf(Export());
    ASSERT_EQ(report.verdict, Verdict::kUnreadable) << Describe(report);
    EXPECT_EQ(report.findings.front().where, stem) << Describe(report);
  }
}

// ---------------------------------------------------------------- refusals

// The counterpart says that it refuses, and not why: so the act is undone all the same, here
// as by the exporter's node.
TEST_F(FairnessTest, ARefusalWithoutContentUndoesWhatItNames) {
  const uint64_t place =
      Say({Progress(accepted_ + 1), WithoutContent(Refusal(accepted_, RefusalUnder("3.a")))}) + 1;
  Record(ru_, "accept");
  Cosign();
  const Report report = ExpectValid();
  EXPECT_EQ(report.acts_refused, 1u);
  EXPECT_TRUE(Says(report, absl::StrCat("acts/kz-", place), "not_judged.no_content")) << Describe(report);
}

// What a node takes no notice of is nothing in a dossier either.
TEST_F(FairnessTest, AnEntryOfNoFormSaysNothing) {
  Say({Progress(accepted_ + 1, [](v1::Entry& entry) { entry.set_format(2); }),
       Refusal(accepted_, RefusalUnder("3.a"))});
  Record(ru_, "clear");
  Cosign();
  EXPECT_EQ(ExpectValid().acts_refused, 0u);
}

TEST_F(FairnessTest, ARefusalOutOfItsTimeRefusesNothing) {
  std::vector<v1::Leaf> leaves;
  for (int i = 0; i < 50; ++i) leaves.push_back(Refusal(accepted_, RefusalUnder("3.a")));
  const uint64_t first = Say(leaves);
  Record(ru_, "clear");
  Cosign();
  const Report report = ExpectValid();
  EXPECT_EQ(report.acts_refused, 0u);
  EXPECT_THAT(report.not_judged, Not(Contains(Field(&NotJudged::why, "not_judged.refused"))));
  // Nor can they fill a dossier.
  EXPECT_EQ(Export().files.count(absl::StrCat("acts/kz-", first, kEntrySuffix)), 0u);
}

// Whether it covers another act as well, its content would say.
TEST_F(FairnessTest, ARefusalThatMayCoverMoreIsNamed) {
  Record(ru_, "clear");
  Record(ru_, "offer");
  Cosign();
  const uint64_t last = ru_.SizeOf(Side::kOwn) - 1;
  const uint64_t place = Say({Progress(last + 1), WithoutContent(Refusal(last, RefusalUnder("3.a")))}) + 1;
  const Report named = ExpectValid();
  EXPECT_TRUE(Says(named, absl::StrCat("acts/kz-", place), "not_judged.may_cover")) << Describe(named);
  EXPECT_TRUE(Says(named, absl::StrCat("acts/ru-", last), "not_judged.refused_unsaid")) << Describe(named);
}

// Nor can the exporter hide what it has refused: of a refusal that is not shown, and of what was
// processed with acts that are, this much is said.
TEST_F(FairnessTest, AnOwnRefusalThatMayCoverMoreIsNamed) {
  for (const char* action : {"clear", "offer"}) Do(ru_, action);
  Record(kz_, "accept");
  v1::PushRequest push;
  ASSERT_TRUE(push.ParseFromString(TakeCall().second.bytes));
  session_ = push.session();
  std::vector<v1::Leaf> leaves(push.leaves().begin(), push.leaves().end());
  leaves.push_back(Forged(v1::ENTRY_KIND_ACT, "no act"));
  Say(leaves);
  Cosign();
  const std::string refusal = absl::StrCat("acts/ru-", ru_.SizeOf(Side::kOwn) - 1);
  const Report named = ExpectValid();
  EXPECT_TRUE(Says(named, refusal, "not_judged.own_may_cover")) << Describe(named);
}

// Of a refusal that reaches beyond what the counterpart has cosigned, nobody can see here
// whether it is right; that it is there is said.
TEST_F(FairnessTest, ARefusalBeyondTheOwnCheckpointIsNamed) {
  Record(ru_, "clear");
  Cosign();
  Record(ru_, "offer");
  const uint64_t last = ru_.SizeOf(Side::kOwn) - 1;
  v1::Refusal both;
  both.mutable_violation()->set_rule("3.a");
  both.set_entries(2);
  const uint64_t place = Say({Progress(last + 1), Refusal(last, both.SerializeAsString())}) + 1;
  const Report named = ExpectValid();
  EXPECT_TRUE(Says(named, absl::StrCat("acts/kz-", place), "not_judged.may_cover")) << Describe(named);
}

// What the exporter's restore has lost excuses its own next act, and nobody else's.
TEST_F(FairnessTest, AnActOfTheCounterpartThatNamesALostStepIsJudged) {
  const std::string name = name_;
  Do(ru_, "file_petition");  // stays at home, and is lost
  name_ = name;
  const uint64_t lost = ru_.SizeOf(Side::kOwn) - 1;
  v1::Entry step;
  ASSERT_TRUE(step.ParseFromString(ru_.reader->GetEntry(v1::PARTY_RU, lost).value()));
  ru_.store = ledger::MemoryStore();
  for (Authority* node : {&ru_, &kz_}) {
    node->Restart();
    Wait(*node, node->Turn({authority::Tick()}));
    Exchange();
  }
  ASSERT_FALSE(ru_.reader->Disclose(v1::PARTY_RU, lost)->content);
  ExpectValid();

  v1::Act act = UnlawfulActAfter(step.entry_id());
  act.mutable_case_act()->mutable_offered()->set_number(1);
  Say({Forged(v1::ENTRY_KIND_ACT, act.SerializeAsString())});
  Record(ru_, "clear");
  Cosign();
  EXPECT_EQ(ExpectValid().acts_refused, 1u);
}

// ---------------------------------------------------------------- what is not cosigned yet

// The act is refused at once; that Kazakhstan has not cosigned the refusal is its own doing.
TEST_F(FairnessTest, AnActWhoseRefusalIsNotCosignedIsLeftOut) {
  const uint64_t place = Say({UnlawfulAct()});
  EXPECT_EQ(ExpectValid().acts_refused, 0u);
  const std::string act = absl::StrCat("acts/kz-", place, kEntrySuffix);
  EXPECT_EQ(Export().files.count(act), 0u);
  Cosign();
  EXPECT_EQ(ExpectValid().acts_refused, 1u);
  EXPECT_EQ(Export().files.count(act), 1u);
}

// Both as they should be, and a cosignature that is lost on the way.
TEST_F(FairnessTest, AnActThatAnswersWhatIsNotCosignedIsLeftOut) {
  Do(ru_, "clear");
  Record(ru_, "offer");
  const PeerReply cosigned = Deliver(TakeCall().second, kz_);
  Record(kz_, "accept");
  const uint64_t place = kz_.SizeOf(Side::kOwn) - 1;
  Deliver(TakeCall().second, ru_);
  const uint64_t judged = ExpectValid().acts_judged;
  const std::string act = absl::StrCat("acts/kz-", place, kEntrySuffix);
  EXPECT_EQ(Export().files.count(act), 0u);
  Wait(ru_, ru_.Turn({cosigned}));
  EXPECT_GE(ExpectValid().acts_judged, judged + 2);
  EXPECT_EQ(Export().files.count(act), 1u);
}

// The rows of a node that goes on while they are read.
class BusyStore final : public ledger::Store {
 public:
  BusyStore(const ledger::Store& store, std::string when, std::function<void()> meanwhile)
      : store_(store), when_(std::move(when)), meanwhile_(std::move(meanwhile)) {}
  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    if (key == when_ && meanwhile_) std::exchange(meanwhile_, nullptr)();
    return store_.Get(key);
  }
  absl::Status Scan(std::string_view begin, std::string_view end,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    return store_.Scan(begin, end, visit);
  }
  absl::Status Commit(const ledger::Batch&) override { return absl::UnimplementedError("is read alone"); }
  bool went_on() const { return meanwhile_ == nullptr; }

 private:
  const ledger::Store& store_;
  const std::string when_;
  mutable std::function<void()> meanwhile_;
};

// Rows of LogRows: of which cosigned checkpoint of the own ledger, and of which size of the
// mirror it is told.
TEST_F(FairnessTest, WhatComesBetweenTheTwoLedgersDoesNotContradict) {
  const std::string name = name_;
  for (const char* row : {"ok", "ms"}) {
    const BusyStore busy(ru_.store, row, [&] {
      Do(kz_, "file_petition");
      Do(ru_, "file_petition");
    });
    const authority::Reader reader(ru_.identity, busy, *ru_.vault);
    const auto folder = ExportToMemory({ru_.identity, reader, nullptr}, name, v1::CONTENT, kNow);
    ASSERT_TRUE(folder.ok()) << folder.status();
    EXPECT_TRUE(busy.went_on()) << row;
    const Report report = ReportOf(*folder);
    EXPECT_EQ(report.verdict, Verdict::kValid) << row << " " << Describe(report);
  }
}

// ---------------------------------------------------------------- signatures and sizes

// A note has room for a hundred signatures, and the exporter adds its own.
TEST_F(FairnessTest, AsManySignaturesAsANoteHoldsLeaveRoomForOurs) {
  Say({Forged(v1::ENTRY_KIND_LOSS, "")}, 100);
  ExpectValid();
}

TEST_F(FairnessTest, MoreAnnouncementsThanThereAreKeysAreNotAllShown) {
  const std::vector<v1::Leaf> leaves(1100, Forged(v1::ENTRY_KIND_KEY, "no announcement"));
  const uint64_t first = Say(leaves);
  ExpectValid();
  const MemoryFolder folder = Export();
  EXPECT_EQ(folder.files.count(absl::StrCat("grounds/kz-", first, kEntrySuffix)), 1u);
  EXPECT_EQ(folder.files.count(absl::StrCat("grounds/kz-", first + 1099, kEntrySuffix)), 0u);
}

}  // namespace
}  // namespace kelisim::dossier
