#include "shared/tlog/policy.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/tlog/merkle.h"

namespace kelisim::tlog {
namespace {

NoteSigner SignerFor(const std::string& name, KeyType type) {
  return *NoteSigner::Parse(*NoteSigner::NewSecret(name, type, Sha256(name).bytes()));
}

// The key of `name` under another name.
NoteSigner Renamed(const std::string& name, const std::string& new_name, KeyType type) {
  return *NoteSigner::Parse(*NoteSigner::NewSecret(new_name, type, Sha256(name).bytes()));
}

std::string CheckpointText() { return Checkpoint{"kz.example/ledger", 7, EmptyRoot()}.Text(); }

class PolicyTest : public ::testing::Test {
 protected:
  std::string Signed(bool log, bool witness, bool mirror) const {
    const std::string text = CheckpointText();
    std::string note = text + "\n" + SignerFor("stranger", KeyType::kEd25519).SignNote(text);
    if (log) note += log_.SignNote(text);
    if (witness) note += witness_.Cosign(text, 1);
    if (mirror) note += mirror_.Cosign(text, 1);
    return note;
  }
  std::string LogLine() const { return "log " + log_.verifier().ToString() + "\n"; }
  std::string WitnessLine(const std::string& name) const {
    return absl::StrCat("witness ", name, " ", witness_.verifier().ToString(), "\n");
  }
  std::string MirrorLine(const std::string& name) const {
    return absl::StrCat("witness ", name, " ", mirror_.verifier().ToString(), "\n");
  }
  std::string PolicyText(const std::string& quorum) const {
    return LogLine() + WitnessLine("w") + MirrorLine("m") + quorum;
  }
  absl::StatusCode Code(const std::string& policy, const std::string& note) const {
    return Policy::Parse(policy)->Verify(note).status().code();
  }
  const NoteSigner log_ = SignerFor("kz.example/ledger", KeyType::kEd25519);
  const NoteSigner witness_ = SignerFor("ru.example/witness", KeyType::kCosignature);
  const NoteSigner mirror_ = SignerFor("ru.example/mirror", KeyType::kCosignature);
};

TEST_F(PolicyTest, QuorumDecides) {
  constexpr auto kOk = absl::StatusCode::kOk;
  constexpr auto kUnmet = absl::StatusCode::kFailedPrecondition;
  constexpr auto kDenied = absl::StatusCode::kPermissionDenied;
  struct Row {
    const char* quorum;
    bool log, witness, mirror;
    absl::StatusCode code;
  };
  const Row rows[] = {
      {"group g all w m\nquorum g\n", true, true, true, kOk},
      {"group g all w m\nquorum g\n", true, true, false, kUnmet},
      {"group g all w m\nquorum g\n", true, false, false, kUnmet},
      {"group g any w m\nquorum g\n", true, false, true, kOk},
      {"group g any w m\nquorum g\n", true, false, false, kUnmet},
      {"group g 1 w m\nquorum g\n", true, true, false, kOk},
      {"group g 2 w m\nquorum g\n", true, true, false, kUnmet},
      {"group g 2 w m\nquorum g\n", true, true, true, kOk},
      {"quorum w\n", true, true, false, kOk},
      {"quorum w\n", true, false, true, kUnmet},
      {"quorum none\n", true, false, false, kOk},
      {"quorum none\n", false, true, true, kDenied},
      {"group g all w m\nquorum g\n", false, true, true, kDenied},
      {"group g all w m\nquorum g\n", false, false, false, kDenied},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(Code(PolicyText(row.quorum), Signed(row.log, row.witness, row.mirror)), row.code)
        << row.quorum << row.log << row.witness << row.mirror;
  }
}

// The example of the specification: two of X1 X2 X3, and any of Y1 Y2 Y3.
TEST_F(PolicyTest, NestedGroupsForEverySetOfCosigners) {
  const std::vector<std::string> names = {"X1", "X2", "X3", "Y1", "Y2", "Y3"};
  std::string text = LogLine();
  for (const std::string& name : names) {
    const NoteSigner signer = SignerFor(name, KeyType::kCosignature);
    text += absl::StrCat("witness ", name, " ", signer.verifier().ToString(), "\n");
  }
  text +=
      "group X-witnesses 2 X1 X2 X3\ngroup Y-witnesses any Y1 Y2 Y3\n"
      "group X-and-Y all X-witnesses Y-witnesses\nquorum X-and-Y\n";
  for (unsigned set = 0; set < 64; ++set) {
    std::string note = Signed(true, false, false);
    int x = 0;
    int y = 0;
    for (size_t i = 0; i < names.size(); ++i) {
      if ((set >> i & 1) == 0) continue;
      note += SignerFor(names[i], KeyType::kCosignature).Cosign(CheckpointText(), set);
      ++(i < 3 ? x : y);
    }
    const bool is_met = x >= 2 && y >= 1;
    EXPECT_EQ(Code(text, note), is_met ? absl::StatusCode::kOk : absl::StatusCode::kFailedPrecondition)
        << set;
  }
}

TEST_F(PolicyTest, WrongSignaturesAreNotOutvoted) {
  const std::string text = CheckpointText();
  const std::string good = Signed(true, true, true);
  // Of a witness that the quorum could do without, of the log, of nobody known.
  const std::string policy = PolicyText("group g any w m\nquorum g\n");
  EXPECT_EQ(Code(policy, good), absl::StatusCode::kOk);
  EXPECT_EQ(Code(policy, good + witness_.Cosign("other\n", 1)), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(policy, good + log_.SignNote("other\n")), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Code(policy, good + SignerFor("nobody", KeyType::kEd25519).SignNote("other\n")),
            absl::StatusCode::kOk);
  // A signature given twice is still one signature.
  EXPECT_EQ(
      Code(PolicyText("group g 2 w m\nquorum g\n"), Signed(true, true, false) + witness_.Cosign(text, 2)),
      absl::StatusCode::kFailedPrecondition);
}

TEST_F(PolicyTest, OnlyCheckpointsOfItsLogs) {
  const std::string policy = LogLine() + "quorum none\n";
  for (const std::string& text : {std::string("a text\n"), CheckpointText() + "extension\n"}) {
    EXPECT_EQ(Code(policy, text + "\n" + log_.SignNote(text)), absl::StatusCode::kInvalidArgument) << text;
  }
  // The log's key does not speak for another origin.
  const std::string other = Checkpoint{"ru.example/ledger", 7, EmptyRoot()}.Text();
  EXPECT_EQ(Code(policy, other + "\n" + log_.SignNote(other)), absl::StatusCode::kPermissionDenied);
  const auto checkpoint = Policy::Parse(policy)->Verify(Signed(true, false, false));
  EXPECT_EQ(checkpoint->Text(), CheckpointText());
}

TEST_F(PolicyTest, OneLogMayHaveTwoKeys) {
  const NoteSigner next = Renamed("next", "kz.example/ledger", KeyType::kEd25519);
  const std::string policy = LogLine() + "log " + next.verifier().ToString() + "\nquorum none\n";
  const std::string text = CheckpointText();
  EXPECT_EQ(Code(policy, text + "\n" + log_.SignNote(text)), absl::StatusCode::kOk);
  EXPECT_EQ(Code(policy, text + "\n" + next.SignNote(text)), absl::StatusCode::kOk);
  EXPECT_EQ(Code(policy, text + "\n" + log_.SignNote(text) + next.SignNote("other\n")),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(Policy::Parse(policy)->FindLog("kz.example/ledger")->ToString(), log_.verifier().ToString());
}

TEST_F(PolicyTest, FindsKeysByTheirNames) {
  const Policy policy = *Policy::Parse(PolicyText("quorum w\n"));
  ASSERT_NE(policy.FindLog("kz.example/ledger"), nullptr);
  EXPECT_EQ(policy.FindLog("kz.example/ledger")->ToString(), log_.verifier().ToString());
  EXPECT_EQ(policy.FindLog("ru.example/ledger"), nullptr);
  ASSERT_NE(policy.FindWitness("ru.example/mirror"), nullptr);
  EXPECT_EQ(policy.FindWitness("ru.example/mirror")->ToString(), mirror_.verifier().ToString());
  EXPECT_EQ(policy.FindWitness("m"), nullptr) << "a name of the file, not of the key";
}

TEST_F(PolicyTest, MistakesNameTheLine) {
  const std::string log = LogLine();
  const std::string witness = WitnessLine("w");
  const std::string both = log + witness + MirrorLine("m");
  const std::string same_key =
      "witness v " +
      Renamed("ru.example/witness", "other.example", KeyType::kCosignature).verifier().ToString() + "\n";
  const std::string same_log =
      "log " + Renamed("kz.example/ledger", "other.example", KeyType::kEd25519).verifier().ToString() + "\n";
  const std::pair<std::string, std::string> rows[] = {
      {"", "no quorum"},
      {log, "no quorum"},
      {log + "quorum w\n", "line 2"},
      {log + witness + witness + "quorum w\n", "line 3: this name is taken"},
      {log + witness + WitnessLine("v") + "quorum w\n", "line 3: another witness has this public key"},
      {log + witness + same_key + "quorum w\n", "line 3: another witness has this public key"},
      {log + log + "quorum none\n", "line 2: another log has this public key"},
      {log + same_log + "quorum none\n", "line 2: another log has this public key"},
      {log + WitnessLine("none") + "quorum none\n", "line 2: this name is taken"},
      {log + witness + "group w all w\nquorum w\n", "line 3: this name is taken"},
      {log + witness + "group none all w\nquorum w\n", "line 3: this name is taken"},
      {log + witness + "group g 2 w\nquorum g\n", "line 3: the threshold"},
      {log + witness + "group g 0 w\nquorum g\n", "line 3: the threshold"},
      {log + witness + "group g 01 w\nquorum g\n", "line 3: the threshold"},
      {log + witness + "group g -1 w\nquorum g\n", "line 3: the threshold"},
      {log + witness + "group g most w\nquorum g\n", "line 3: the threshold"},
      {log + witness + "group g all\nquorum g\n", "line 3: expected"},
      {log + witness + "group g all w w\nquorum g\n", "line 3: a member of the group is in a group already"},
      {both + "group g all w m\ngroup h all w\nquorum g\n",
       "line 5: a member of the group is in a group already"},
      {log + witness + "group g all x\nquorum g\n", "line 3: a member of the group is not defined"},
      {log + witness + "group g all none\nquorum g\n", "line 3: a member of the group is not defined"},
      {log + witness + "group g all g\nquorum g\n", "line 3: a member of the group is not defined"},
      {log + witness + "quorum g\ngroup g all w\n", "line 3: the quorum is not defined"},
      {log + witness + "quorum w\nquorum w\n", "line 4: there is a quorum already"},
      {log + "quorum none none\n", "line 2: expected"},
      {"log " + witness_.verifier().ToString() + "\nquorum none\n", "line 1: not a log's vkey"},
      {"log kz.example\nquorum none\n", "line 1: not a log's vkey"},
      {"log\nquorum none\n", "line 1: expected"},
      {"witness w " + log_.verifier().ToString() + "\nquorum w\n", "line 1: not a cosigner's vkey"},
      {"witness w\nquorum w\n", "line 1: expected"},
      {"logs x\nquorum none\n", "line 1: expected"},
      {"Quorum none\n", "line 1: expected"},
      {"\n\nquorum none\r\n", "line 3: has a control character"},
      {"# \x7f\nquorum none\n", "line 1: has a control character"},
      {std::string("quorum none\n#\0\n", 15), "line 2: has a control character"},
  };
  for (const auto& [text, mention] : rows) {
    const auto policy = Policy::Parse(text);
    ASSERT_FALSE(policy.ok()) << text;
    EXPECT_EQ(policy.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_NE(policy.status().message().find(mention), absl::string_view::npos) << policy.status() << "\n"
                                                                                << text;
  }
}

TEST_F(PolicyTest, SpacesTabsCommentsAndAddresses) {
  const std::string text = absl::StrCat(
      "# a comment\n\n \t \n  # another, \xd2\x9b\n\tlog  ", log_.verifier().ToString(),
      " https://kz.example/ \nwitness\tw ", witness_.verifier().ToString(), "\thttps://w.example/\n",
      "witness \xe2\x84\xaa ", mirror_.verifier().ToString(), "\ngroup K all w \xe2\x84\xaa\nquorum K");
  EXPECT_EQ(Code(text, Signed(true, true, true)), absl::StatusCode::kOk);
  EXPECT_EQ(Code(text, Signed(true, true, false)), absl::StatusCode::kFailedPrecondition);
}

// The specification asks for 32 of each at least.
TEST_F(PolicyTest, ManyLogsWitnessesAndGroups) {
  std::string text;
  for (int i = 0; i < 40; ++i) {
    const std::string name = absl::StrCat("many", i);
    text += "log " + SignerFor(name + "/log", KeyType::kEd25519).verifier().ToString() + "\n";
    text +=
        absl::StrCat("witness w", i, " ", SignerFor(name, KeyType::kCosignature).verifier().ToString(), "\n");
    // Each group holds the one before it.
    text += absl::StrCat("group g", i, " all w", i, i == 0 ? "" : absl::StrCat(" g", i - 1), "\n");
  }
  text += LogLine() + "quorum g39\n";
  std::string note = Signed(true, false, false);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(Code(text, note), absl::StatusCode::kFailedPrecondition) << i;
    note += SignerFor(absl::StrCat("many", i), KeyType::kCosignature).Cosign(CheckpointText(), 1);
  }
  EXPECT_EQ(Code(text, note), absl::StatusCode::kOk);
}

}  // namespace
}  // namespace kelisim::tlog
