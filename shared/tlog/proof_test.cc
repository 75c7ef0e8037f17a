#include "shared/tlog/proof.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/tlog/note.h"

namespace kelisim::tlog {
namespace {

NoteSigner SignerFor(const std::string& name, KeyType type) {
  return *NoteSigner::Parse(*NoteSigner::NewSecret(name, type, Sha256(name).bytes()));
}

// A ledger of 21 entries, its checkpoint signed by log, witness and mirror.
class ProofTest : public ::testing::Test {
 protected:
  ProofTest() {
    RightEdge edge;
    for (uint64_t i = 0; i < 21; ++i) {
      for (const auto& [node, hash] : edge.Append(LeafOf(i))) nodes_.emplace_back(node, hash);
    }
    const std::string text = Checkpoint{"kz.example/ledger", 21, edge.Root()}.Text();
    checkpoint_ = text + "\n" + log_.SignNote(text) + witness_.Cosign(text, 7) + mirror_.Cosign(text, 8);
    policy_ = *Policy::Parse(
        absl::StrCat("log ", log_.verifier().ToString(), "\nwitness w ", witness_.verifier().ToString(),
                     "\nwitness m ", mirror_.verifier().ToString(), "\ngroup both all w m\nquorum both\n"));
  }
  static Hash LeafOf(uint64_t i) { return LeafHash(absl::StrCat("entry ", i)); }
  Proof ProofOf(uint64_t index) const {
    const NodeReader reader = [&](Node node) -> absl::StatusOr<Hash> {
      for (const auto& [known, hash] : nodes_) {
        if (known == node) return hash;
      }
      return absl::NotFoundError("node");
    };
    return {index, InclusionProof(index, 21, reader).value(), checkpoint_};
  }
  absl::Status Check(const std::string& text, uint64_t index) const {
    const auto proof = ParseProof(text);
    return proof.ok() ? VerifyProof(*proof, LeafOf(index), *policy_) : proof.status();
  }

  const NoteSigner log_ = SignerFor("kz.example/ledger", KeyType::kEd25519);
  const NoteSigner witness_ = SignerFor("ru.example/witness", KeyType::kCosignature);
  const NoteSigner mirror_ = SignerFor("ru.example/mirror", KeyType::kCosignature);
  std::vector<std::pair<Node, Hash>> nodes_;
  std::string checkpoint_;
  std::optional<Policy> policy_;
};

TEST_F(ProofTest, OfEveryEntryStandsForItself) {
  for (uint64_t i = 0; i < 21; ++i) {
    const std::string text = FormatProof(ProofOf(i));
    EXPECT_TRUE(Check(text, i).ok()) << Check(text, i);
    EXPECT_EQ(FormatProof(*ParseProof(text)), text);
    EXPECT_TRUE(absl::IsDataLoss(Check(text, (i + 1) % 21)));
  }
}

TEST_F(ProofTest, AnExtraLineIsPassedOver) {
  std::string text = FormatProof(ProofOf(3));
  text.insert(text.find('\n') + 1, "extra aGk=\n");
  EXPECT_TRUE(Check(text, 3).ok());
  text.replace(text.find("aGk="), 4, "aG==");
  EXPECT_TRUE(absl::IsInvalidArgument(Check(text, 3)));
}

// No byte of it can be changed, and none cut off, without its being noticed.
TEST_F(ProofTest, EveryChangeIsNoticed) {
  const std::string text = FormatProof(ProofOf(13));
  for (size_t i = 0; i < text.size(); ++i) {
    std::string changed = text;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    EXPECT_FALSE(Check(changed, 13).ok()) << i;
    EXPECT_FALSE(Check(text.substr(0, i), 13).ok()) << i;
  }
}

TEST_F(ProofTest, WithoutACosignerItIsNone) {
  Proof proof = ProofOf(13);
  proof.checkpoint.resize(proof.checkpoint.rfind("\n", proof.checkpoint.size() - 2) + 1);
  EXPECT_TRUE(absl::IsFailedPrecondition(Check(FormatProof(proof), 13)));
}

}  // namespace
}  // namespace kelisim::tlog
