#include "shared/dossier/dsse.h"

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/crypto/digest.h"

namespace kelisim::dossier {
namespace {

tlog::NoteSigner SignerOf(std::string_view seed) {
  return *tlog::NoteSigner::Parse(
      *tlog::NoteSigner::NewSecret("kz.example/ledger/1", tlog::KeyType::kEd25519, Sha256(seed).bytes()));
}

// The vector of dsse/protocol.md.
TEST(Dsse, PreAuthEncodingOfTheSpecification) {
  EXPECT_EQ(PreAuthEncoding("http://example.com/HelloWorld", "hello world"),
            "DSSEv1 29 http://example.com/HelloWorld 11 hello world");
  EXPECT_EQ(PreAuthEncoding("", ""), "DSSEv1 0  0 ");
}

TEST(Dsse, OpensWhatWasSealed) {
  const tlog::NoteSigner signer = SignerOf("one");
  const std::string envelope = SealEnvelope("type/a", "a body", signer);
  EXPECT_EQ(OpenEnvelope(envelope, "type/a", signer.verifier()).value(), "a body");
  EXPECT_EQ(PeekIntoEnvelope(envelope, "type/a").value(), "a body");
}

TEST(Dsse, RefusesAnotherTypeAndAnotherKey) {
  const std::string envelope = SealEnvelope("type/a", "a body", SignerOf("one"));
  EXPECT_EQ(OpenEnvelope(envelope, "type/b", SignerOf("one").verifier()).status().code(),
            absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(OpenEnvelope(envelope, "type/a", SignerOf("two").verifier()).status().code(),
            absl::StatusCode::kPermissionDenied);
}

// Also of those that no signature covers.
TEST(Dsse, NoByteChangesUnseen) {
  const tlog::NoteSigner signer = SignerOf("one");
  const std::string envelope = SealEnvelope("type/a", "a body", signer);
  for (size_t i = 0; i < envelope.size(); ++i) {
    std::string flipped = envelope;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(OpenEnvelope(flipped, "type/a", signer.verifier()).ok()) << i;
    EXPECT_FALSE(OpenEnvelope(envelope.substr(0, i), "type/a", signer.verifier()).ok()) << i;
  }
  EXPECT_FALSE(OpenEnvelope(envelope + "\n", "type/a", signer.verifier()).ok());
}

}  // namespace
}  // namespace kelisim::dossier
