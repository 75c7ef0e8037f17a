#include "shared/tlog/note.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/tlog/merkle.h"

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

// Made once by a second, independent implementation of RFC 8032 and of the
// formats; seeds are the bytes 0 to 31 and 32 to 63.
constexpr char kLogSecret[] =
    "PRIVATE+KEY+kz.example/ledger+069b65fc+AQABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f";
constexpr char kLogKey[] = "kz.example/ledger+069b65fc+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
constexpr char kWitnessSecret[] =
    "PRIVATE+KEY+ru.example/witness+daaf0809+BCAhIiMkJSYnKCkqKywtLi8wMTIzNDU2Nzg5Ojs8PT4/";
constexpr char kWitnessKey[] = "ru.example/witness+daaf0809+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X";
constexpr char kCosignedCheckpoint[] =
    "kz.example/ledger\n3\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n\n"
    "\xe2\x80\x94 kz.example/ledger "
    "Bptl/OAJs9eqECGOJweSoWBDzBPllNtc84WEjEkq8AGjoH7FxW6sTbr2zuuSo3arUaMDneBqfys9HxVHRyr5xtBF2gE=\n"
    "\xe2\x80\x94 ru.example/witness "
    "2q8ICQAAAABkGFDLGImHu8gPGsuY/uLVe+/pJqJpVO13/m7mHRCIRq/E8szIOL0StwWKXrynF356Q41PY0e2dNp4YxJ3qLfg0FjnCA="
    "=\n";

TEST(Note, BytesOfOurOwnVector) {
  std::string seeds;
  for (char c = 0; c < 64; ++c) seeds.push_back(c);
  EXPECT_EQ(*NoteSigner::NewSecret("kz.example/ledger", KeyType::kEd25519, seeds.substr(0, 32)), kLogSecret);
  EXPECT_EQ(*NoteSigner::NewSecret("ru.example/witness", KeyType::kCosignature, seeds.substr(32)),
            kWitnessSecret);
  const NoteSigner log = *NoteSigner::Parse(kLogSecret);
  const NoteSigner witness = *NoteSigner::Parse(kWitnessSecret);
  EXPECT_EQ(log.verifier().ToString(), kLogKey);
  EXPECT_EQ(witness.verifier().ToString(), kWitnessKey);
  EXPECT_EQ(witness.verifier().key_id(), 0xdaaf0809u);

  const std::string text = Checkpoint{"kz.example/ledger", 3, *Hash::FromBytes(seeds.substr(0, 32))}.Text();
  EXPECT_EQ(text + "\n" + log.SignNote(text) + witness.Cosign(text, 1679315147), kCosignedCheckpoint);

  const Note note = *Note::Parse(kCosignedCheckpoint);
  uint64_t seconds = 0;
  EXPECT_TRUE(VerifyNote(note, *NoteVerifier::Parse(kLogKey), &seconds).ok());
  EXPECT_EQ(seconds, 0u) << "a log's signature has no time";
  EXPECT_TRUE(VerifyNote(note, *NoteVerifier::Parse(kWitnessKey), &seconds).ok());
  EXPECT_EQ(seconds, 1679315147u);
  EXPECT_EQ(Checkpoint::Parse(note.text)->size, 3u);
}

TEST(Note, EveryFlippedBitOfACosignedCheckpointIsRefused) {
  const NoteVerifier log = *NoteVerifier::Parse(kLogKey);
  const NoteVerifier witness = *NoteVerifier::Parse(kWitnessKey);
  const std::string bytes = kCosignedCheckpoint;
  for (size_t i = 0; i < bytes.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = bytes;
      flipped[i] = static_cast<char>(flipped[i] ^ (1 << bit));
      const auto note = Note::Parse(flipped);
      EXPECT_FALSE(note.ok() && VerifyNote(*note, log).ok() && VerifyNote(*note, witness).ok())
          << i << "." << bit;
    }
  }
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
  EXPECT_EQ(Note::Parse("a\n\n\n" + line)->text, "a\n\n");
  // The control characters meant are those below U+0020; all other text is free.
  EXPECT_TRUE(Note::Parse("\x7f \xd2\x9b \xe2\x80\x94 \xf0\x9f\x8c\x8d\n\n" + line).ok());
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
                             "te\xe0\x80\x80xt\n\n" + line,
                             "te\xf0\x80\x80\x80xt\n\n" + line,
                             "te\xf4\x90\x80\x80xt\n\n" + line,
                             "te\xe2\x80\n\n" + line,
                             std::string("te\0xt\n\n", 7) + line,
                             "te\x1fxt\n\n" + line,
                             "text\r\n\r\n" + line,
                             "text\n\n\xe2\x80\x94"
                             "a AAAAAAAA\n",
                             "text\n\n\xe2\x80\x94  AAAAAAAA\n",
                             "text\n\n\xe2\x80\x94 a  AAAAAAAA\n",
                             "text\n\n\xe2\x80\x94 a b AAAAAAAA\n",
                             "text\n\n\xe2\x80\x94 a AAAAAAAA \n",
                             "text\n\n\xe2\x80\x94 a AAAAAAA=A\n",
                             "text\n\n\xe2\x80\x94 a AAAAAAB=\n",
                             "text\n\n\xe2\x80\x94 a AAAAAA--\n",
                             "text\n\n\xe2\x80\x94 a\n",
                             "text\n\n\xe2\x80\x94 a\xc2\xa0z AAAAAAAA\n",
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

TEST(Note, MalformedKeys) {
  const std::string vkey = kLogKey;
  const std::string body = vkey.substr(17);  // "+<id>+<key>"
  ASSERT_TRUE(NoteVerifier::Parse("kz.example/ledger" + body).ok());
  const auto with_key = [](std::string_view name, const std::string& bytes) {
    // A right key id, so that it is the bytes that are refused.
    const std::string id = ToHex(Sha256({name, "\n", bytes}).bytes().substr(0, 4));
    return absl::StrCat(std::string(name), "+", id, "+", ToBase64(bytes));
  };
  const std::string key = FromBase64(body.substr(10))->substr(1);
  ASSERT_TRUE(NoteVerifier::Parse(with_key("a", "\x01" + key)).ok());
  ASSERT_TRUE(NoteVerifier::Parse(with_key("a", "\x04" + key)).ok());
  for (const char* type : {"\x02", "\x03", "\x05", "\x06", "\xff"})
    EXPECT_FALSE(NoteVerifier::Parse(with_key("a", type + key)).ok()) << "type " << ToHex(type);
  EXPECT_FALSE(NoteVerifier::Parse(with_key("a", "\x01" + key + "x")).ok()) << "too long";
  EXPECT_FALSE(NoteVerifier::Parse(with_key("a", "\x01" + key.substr(1))).ok()) << "too short";
  EXPECT_FALSE(NoteVerifier::Parse(with_key("a", "")).ok()) << "empty";
  EXPECT_FALSE(NoteVerifier::Parse("kz.example/ledger+069B65FC" + body.substr(9)).ok()) << "upper case";
  EXPECT_FALSE(NoteVerifier::Parse("kz.example/ledger+69b65fc" + body.substr(9)).ok()) << "short id";
  EXPECT_FALSE(NoteVerifier::Parse(vkey + "\n").ok());
  EXPECT_FALSE(NoteVerifier::Parse(" " + vkey).ok());
  // Key names: no space of Unicode, no plus, no control character, not empty.
  for (const char* name : {"", "a b", "a+b", "a\nb", "a\tb", "a\xc2\x85z", "a\xc2\xa0z", "\xe1\x9a\x80",
                           "\xe2\x80\x80", "\xe2\x80\x8a", "\xe2\x80\xa8", "\xe2\x80\xa9", "\xe2\x80\xaf",
                           "\xe2\x81\x9f", "\xe3\x80\x80", "\xff"}) {
    EXPECT_FALSE(NoteVerifier::Parse(with_key(name, "\x01" + key)).ok()) << ToHex(name);
    EXPECT_FALSE(NoteSigner::NewSecret(name, KeyType::kEd25519, key).ok()) << ToHex(name);
  }
  for (const char* name : {"a", "\xd2\x9b\xd0\xb0\xd0\xb7", "\xe2\x80\x8b", "\xe2\x80\x94", "a\xc3\x85"})
    EXPECT_TRUE(NoteVerifier::Parse(with_key(name, "\x01" + key)).ok()) << ToHex(name);
  // A secret key is no public one, nor the other way round.
  EXPECT_FALSE(NoteVerifier::Parse(kLogSecret).ok());
  EXPECT_FALSE(NoteSigner::Parse(kLogKey).ok());
}

TEST(Note, SameNameOrSameIdIsNotTheSameKey) {
  const NoteSigner signer = *NoteSigner::Parse(kLogSecret);
  const std::string text = "text\n";
  Note note = *Note::Parse(text + "\n" + signer.SignNote(text));
  note.signatures[0].key_id ^= 1;
  EXPECT_TRUE(absl::IsNotFound(VerifyNote(note, signer.verifier())));
  note.signatures[0].key_id ^= 1;
  note.signatures[0].name += "x";
  EXPECT_TRUE(absl::IsNotFound(VerifyNote(note, signer.verifier())));
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

TEST(Cosignature, TimeHasALimitAndIsToldOnlyWhenRight) {
  const NoteSigner witness = *NoteSigner::Parse(kWitnessSecret);
  const std::string text = Checkpoint{"kz.example/ledger", 7, EmptyRoot()}.Text();
  constexpr uint64_t kMaxTime = (uint64_t{1} << 63) - 1;
  uint64_t seconds = 0;
  EXPECT_TRUE(
      VerifyNote(*Note::Parse(text + "\n" + witness.Cosign(text, kMaxTime)), witness.verifier(), &seconds)
          .ok());
  EXPECT_EQ(seconds, kMaxTime);
  seconds = 42;
  Note note = *Note::Parse(text + "\n" + witness.Cosign(text, kMaxTime + 1));
  EXPECT_TRUE(absl::IsInvalidArgument(VerifyNote(note, witness.verifier(), &seconds)));
  note = *Note::Parse(text + "\n" + witness.Cosign("other\n", 1));
  EXPECT_TRUE(absl::IsInvalidArgument(VerifyNote(note, witness.verifier(), &seconds)));
  // 8 bytes of time and 64 of signature, no more, no less.
  const std::string good = Note::Parse(text + "\n" + witness.Cosign(text, 1))->signatures[0].bytes;
  ASSERT_EQ(good.size(), 72u);
  for (const std::string& bytes : {good + "x", good.substr(0, 71), good.substr(0, 8), good.substr(8)}) {
    note.signatures[0].bytes = bytes;
    EXPECT_TRUE(absl::IsInvalidArgument(VerifyNote(note, witness.verifier(), &seconds))) << bytes.size();
  }
  EXPECT_EQ(seconds, 42u);
  note.signatures[0].bytes = good;
  EXPECT_TRUE(VerifyNote(note, witness.verifier(), &seconds).ok());
  EXPECT_EQ(seconds, 1u);
}

TEST(Checkpoint, HasOneSpelling) {
  const std::string root = ToBase64(EmptyRoot().bytes());
  const std::string good = "kz.example/ledger\n20\n" + root + "\n";
  const Checkpoint checkpoint = *Checkpoint::Parse(good);
  EXPECT_EQ(checkpoint.origin, "kz.example/ledger");
  EXPECT_EQ(checkpoint.size, 20u);
  EXPECT_EQ(checkpoint.Text(), good);
  // The smallest and the largest.
  for (const char* size : {"0", "1", "18446744073709551615"}) {
    const std::string text = absl::StrCat("o\n", size, "\n", root, "\n");
    EXPECT_EQ(Checkpoint::Parse(text)->Text(), text);
  }
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
                             good + "\nextension\n",
                             "\n" + good,
                             "o\n20\n",
                             "o\n+20\n" + root + "\n",
                             "o\n00\n" + root + "\n",
                             "o\n 20\n" + root + "\n",
                             "o\n20 \n" + root + "\n",
                             "o\n0x20\n" + root + "\n",
                             "o\n2e1\n" + root + "\n",
                             "o\r\n20\r\n" + root + "\r\n",
                             "o\n20\n\n",
                             "o\n20\n" + root + " \n",
                             "o\n20\n" + root.substr(0, root.size() - 1) + "\n",
                             "o\n20\n" + root.substr(0, root.size() - 2) + "V=\n",
                             "o\n20\n" + ToBase64(std::string(31, 'x')) + "\n",
                             "o\n20\n" + ToBase64(std::string(33, 'x')) + "\n",
                             good + "\n"};
  for (const std::string& one : bad) EXPECT_FALSE(Checkpoint::Parse(one).ok()) << one;
}

}  // namespace
}  // namespace kelisim::tlog
