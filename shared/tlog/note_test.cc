#include "shared/tlog/note.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/tlog/merkle.h"
#include "shared/tlog/policy.h"

namespace kelisim::tlog {
namespace {

// The example of the signed-note specification.
constexpr char kExampleKey[] = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
constexpr char kExample[] =
    "This is an example message.\n\n"
    "\xe2\x80\x94 example.com/foo "
    "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

NoteSigner SignerFor(const std::string& name, KeyType type) {
  return *NoteSigner::Parse(*NoteSigner::NewSecret(name, type, Sha256(name).bytes()));
}

TEST(Note, ExampleOfTheSpecification) {
  const NoteVerifier key = *NoteVerifier::Parse(kExampleKey);
  EXPECT_EQ(key.ToString(), kExampleKey);
  EXPECT_EQ(key.name(), "example.com/foo");
  EXPECT_EQ(key.key_id(), 0x530d903au);
  const Note note = *Note::Parse(kExample);
  EXPECT_EQ(note.text, "This is an example message.\n");
  EXPECT_TRUE(VerifyNote(note, key).ok());
  EXPECT_EQ(note.ToString(), kExample);
}

TEST(Note, EveryFlippedBitOfTheExampleIsRefused) {
  const NoteVerifier key = *NoteVerifier::Parse(kExampleKey);
  const std::string bytes = kExample;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const auto note = Note::Parse(flipped);
      EXPECT_FALSE(note.ok() && VerifyNote(*note, key).ok()) << i << "." << bit;
    }
  }
}

TEST(Note, MalformedNotes) {
  const std::string line = "\xe2\x80\x94 a AAAAAAAA\n";
  EXPECT_TRUE(Note::Parse("text\n\n" + line).ok());
  // The last empty line divides text and signatures.
  EXPECT_EQ(Note::Parse("a\n\nb\n\n" + line)->text, "a\n\nb\n");
  const std::string bad[] = {"",
                             "text",
                             "text\n",
                             "text\n\n",
                             "text\n" + line,
                             "text\n\n" + line.substr(0, line.size() - 1),
                             "text\n\n- a AAAAAAAA\n",
                             "text\n\n\xe2\x80\x94 a AAAA\n",
                             "text\n\n\xe2\x80\x94 a AAAAAAA\n",
                             "text\n\n\xe2\x80\x94 AAAAAAAA\n",
                             "text\n\n\xe2\x80\x94 a+b AAAAAAAA\n",
                             "te\txt\n\n" + line,
                             "te\rxt\n\n" + line,
                             "te\xffxt\n\n" + line,
                             "te\xc0\x80xt\n\n" + line,
                             "te\xed\xa0\x80xt\n\n" + line,
                             "text\n\n" + line + "junk\n",
                             "text\n\n" + line + "\n"};
  for (const std::string& one : bad) EXPECT_FALSE(Note::Parse(one).ok()) << one;
  std::string many = "text\n\n";
  for (int i = 0; i < 100; ++i) many += line;
  EXPECT_TRUE(Note::Parse(many).ok());
  EXPECT_FALSE(Note::Parse(many + line).ok());
  EXPECT_FALSE(Note::Parse(std::string(1 << 20, 'x') + "\n\n" + line).ok());
}

TEST(Note, KeysMustBeConsistent) {
  const std::string vkey = kExampleKey;
  EXPECT_FALSE(NoteVerifier::Parse("").ok());
  EXPECT_FALSE(NoteVerifier::Parse("example.com/foo").ok());
  EXPECT_FALSE(NoteVerifier::Parse("example.com/fop" + vkey.substr(15)).ok()) << "id of another name";
  EXPECT_FALSE(NoteVerifier::Parse("example.com foo" + vkey.substr(15)).ok()) << "space in a name";
  EXPECT_FALSE(NoteVerifier::Parse(vkey.substr(0, vkey.size() - 1)).ok());
  for (const KeyType type : {KeyType::kEd25519, KeyType::kCosignature}) {
    const std::string secret = *NoteSigner::NewSecret("kz.example/x", type, std::string(32, 's'));
    const NoteSigner signer = *NoteSigner::Parse(secret);
    EXPECT_EQ(NoteVerifier::Parse(signer.verifier().ToString())->key_id(), signer.verifier().key_id());
    EXPECT_FALSE(NoteSigner::Parse(secret + "A").ok());
    EXPECT_FALSE(NoteSigner::Parse(secret.substr(12)).ok());
  }
  EXPECT_NE(SignerFor("a", KeyType::kEd25519).verifier().key_id(),
            SignerFor("a", KeyType::kCosignature).verifier().key_id());
  EXPECT_FALSE(NoteSigner::NewSecret("no good", KeyType::kEd25519, std::string(32, 's')).ok());
  EXPECT_FALSE(NoteSigner::NewSecret("good", KeyType::kEd25519, "short").ok());
}

TEST(Note, UnknownSignaturesAreIgnoredWrongOnesAreNot) {
  const NoteSigner known = SignerFor("known", KeyType::kEd25519);
  const NoteSigner other = SignerFor("other", KeyType::kEd25519);
  const std::string text = "text\n";
  EXPECT_TRUE(
      VerifyNote(*Note::Parse(text + "\n" + other.SignNote(text) + known.SignNote(text)), known.verifier())
          .ok());
  EXPECT_TRUE(
      absl::IsNotFound(VerifyNote(*Note::Parse(text + "\n" + other.SignNote(text)), known.verifier())));
  EXPECT_TRUE(absl::IsInvalidArgument(VerifyNote(
      *Note::Parse(text + "\n" + known.SignNote(text) + known.SignNote("else\n")), known.verifier())));
}

TEST(Cosignature, CoversTimeAndWholeText) {
  const NoteSigner witness = SignerFor("ru.example/witness", KeyType::kCosignature);
  const std::string text = Checkpoint{"kz.example/ledger", 7, EmptyRoot()}.Text();
  const std::string line = witness.Cosign(text, 1679315147);
  uint64_t seconds = 0;
  EXPECT_TRUE(VerifyNote(*Note::Parse(text + "\n" + line), witness.verifier(), &seconds).ok());
  EXPECT_EQ(seconds, 1679315147u);
  // 4 bytes of key id, 8 of time, 64 of signature.
  EXPECT_EQ(FromBase64(line.substr(line.rfind(' ') + 1, line.size() - line.rfind(' ') - 2))->size(), 76u);
  // The bytes signed are those of the specification.
  const std::string signed_bytes = absl::StrCat("cosignature/v1\ntime 1679315147\n", text);
  EXPECT_TRUE(witness.verifier().VerifyRaw(signed_bytes,
                                           Note::Parse(text + "\n" + line)->signatures[0].bytes.substr(8)));
  Note note = *Note::Parse(text + "\n" + line);
  note.signatures[0].bytes[7] = static_cast<char>(note.signatures[0].bytes[7] ^ 1);
  EXPECT_FALSE(VerifyNote(note, witness.verifier()).ok()) << "another time";
  EXPECT_FALSE(VerifyNote(*Note::Parse("x" + text + "\n" + line), witness.verifier()).ok());
}

TEST(Checkpoint, HasOneSpelling) {
  const std::string root = ToBase64(EmptyRoot().bytes());
  const std::string good = "kz.example/ledger\n20\n" + root + "\n";
  const Checkpoint checkpoint = *Checkpoint::Parse(good);
  EXPECT_EQ(checkpoint.origin, "kz.example/ledger");
  EXPECT_EQ(checkpoint.size, 20u);
  EXPECT_EQ(checkpoint.Text(), good);
  const std::string bad[] = {"",
                             "o\n20\n" + root,
                             "o\n020\n" + root + "\n",
                             "o\n-1\n" + root + "\n",
                             "o\n\n" + root + "\n",
                             "\n20\n" + root + "\n",
                             "o\n20\n" + root.substr(1) + "\n",
                             "o\n20\nAAAA\n",
                             "o\n18446744073709551616\n" + root + "\n",
                             good + "extension\n",
                             good + "\n"};
  for (const std::string& one : bad) EXPECT_FALSE(Checkpoint::Parse(one).ok()) << one;
}

class PolicyTest : public ::testing::Test {
 protected:
  std::string Signed(bool log, bool witness, bool mirror) const {
    const std::string text = Checkpoint{"kz.example/ledger", 7, EmptyRoot()}.Text();
    std::string note = text + "\n";
    if (log) note += log_.SignNote(text);
    if (witness) note += witness_.Cosign(text, 1);
    if (mirror) note += mirror_.Cosign(text, 1);
    if (!log && !witness && !mirror) note += SignerFor("stranger", KeyType::kEd25519).SignNote(text);
    return note;
  }
  std::string PolicyText(const std::string& threshold) const {
    return "# a comment\n\nlog " + log_.verifier().ToString() + " https://kz.example/\nwitness w " +
           witness_.verifier().ToString() + " https://w.example/\nwitness m " +
           mirror_.verifier().ToString() + "\ngroup both " + threshold + " w m\nquorum both\n";
  }
  const NoteSigner log_ = SignerFor("kz.example/ledger", KeyType::kEd25519);
  const NoteSigner witness_ = SignerFor("ru.example/witness", KeyType::kCosignature);
  const NoteSigner mirror_ = SignerFor("ru.example/mirror", KeyType::kCosignature);
};

TEST_F(PolicyTest, QuorumDecides) {
  struct Row {
    const char* threshold;
    bool log, witness, mirror;
    absl::StatusCode code;
  };
  const Row rows[] = {
      {"all", true, true, true, absl::StatusCode::kOk},
      {"all", true, true, false, absl::StatusCode::kFailedPrecondition},
      {"all", true, false, false, absl::StatusCode::kFailedPrecondition},
      {"any", true, false, true, absl::StatusCode::kOk},
      {"any", true, false, false, absl::StatusCode::kFailedPrecondition},
      {"1", true, true, false, absl::StatusCode::kOk},
      {"2", true, true, false, absl::StatusCode::kFailedPrecondition},
      {"2", true, true, true, absl::StatusCode::kOk},
      {"all", false, true, true, absl::StatusCode::kPermissionDenied},
      {"all", false, false, false, absl::StatusCode::kPermissionDenied},
  };
  for (const Row& row : rows) {
    const Policy policy = *Policy::Parse(PolicyText(row.threshold));
    const auto result = policy.Verify(*Note::Parse(Signed(row.log, row.witness, row.mirror)));
    EXPECT_EQ(result.status().code(), row.code) << row.threshold << row.log << row.witness << row.mirror;
  }
  const Policy policy = *Policy::Parse(PolicyText("all"));
  EXPECT_NE(policy.FindLog("kz.example/ledger"), nullptr);
  EXPECT_EQ(policy.FindLog("ru.example/ledger"), nullptr);
  EXPECT_NE(policy.FindWitness("ru.example/mirror"), nullptr);
}

TEST_F(PolicyTest, MistakesNameTheLine) {
  const std::string log = "log " + log_.verifier().ToString() + "\n";
  const std::string witness = "witness w " + witness_.verifier().ToString() + "\n";
  const std::pair<std::string, std::string> rows[] = {
      {log, "no quorum"},
      {log + "quorum w\n", "line 2"},
      {log + witness + witness + "quorum w\n", "line 3"},
      {log + witness + "group g 2 w\nquorum g\n", "line 3"},
      {log + witness + "group g 0 w\nquorum g\n", "line 3"},
      {log + witness + "group g all w w\nquorum g\n", "line 3"},
      {log + witness + "group g all x\nquorum g\n", "line 3"},
      {log + witness + "quorum w\nquorum w\n", "line 4"},
      {"log " + witness_.verifier().ToString() + "\nquorum none\n", "line 1"},
      {"logs x\nquorum none\n", "line 1"},
  };
  for (const auto& [text, mention] : rows) {
    const auto policy = Policy::Parse(text);
    ASSERT_FALSE(policy.ok()) << text;
    EXPECT_NE(policy.status().message().find(mention), absl::string_view::npos) << policy.status();
  }
  EXPECT_TRUE(Policy::Parse(log + "quorum none\n").ok());
}

}  // namespace
}  // namespace kelisim::tlog
