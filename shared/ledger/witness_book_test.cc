#include "shared/ledger/witness_book.h"

#include <unistd.h>

#include <filesystem>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/base/bytes.h"
#include "shared/crypto/digest.h"
#include "shared/tlog/merkle.h"
#include "shared/tlog/witness.h"

namespace kelisim::ledger {
namespace {

using absl::StatusCode;
using tlog::KeyType;
using tlog::NoteSigner;

class FixedClock final : public Clock {
 public:
  absl::Time Now() override { return absl::FromUnixSeconds(1'772'445'600); }
};

NoteSigner SignerOf(const std::string& name, KeyType type) {
  return *NoteSigner::Parse(*NoteSigner::NewSecret(name, type, Sha256(name).bytes()));
}

// A log of others, of numbers, and what it would publish.
class WitnessBookTest : public ::testing::Test {
 protected:
  WitnessBookTest() {
    for (int i = 0; i < 12; ++i) {
      for (const auto& [node, hash] : edge_.Append(tlog::LeafHash(std::to_string(i)))) {
        nodes_[{node.level, node.index}] = hash;
      }
      roots_.push_back(edge_.Root());
    }
    Restart();
  }
  ~WitnessBookTest() override { std::filesystem::remove_all(directory_); }
  void Restart() {
    book_.reset();
    book_ = *WitnessBook::Open(directory_, {tlog::LogKeys(log_.verifier())}, witness_, clock_);
  }

  std::string Checkpoint(uint64_t size, const NoteSigner& by) const {
    const Hash root = size == 0 ? tlog::EmptyRoot() : roots_[size - 1];
    const std::string text = tlog::Checkpoint{by.verifier().name(), size, root}.Text();
    return absl::StrCat(text, "\n", by.SignNote(text));
  }
  std::vector<Hash> Proof(uint64_t from, uint64_t to) const {
    return *tlog::ConsistencyProof(from, to, [&](tlog::Node node) -> absl::StatusOr<Hash> {
      return nodes_.at({node.level, node.index});
    });
  }
  absl::StatusOr<std::string> Add(uint64_t old_size, uint64_t size) {
    return book_->Add(tlog::FormatAddCheckpoint(
        {old_size, old_size == 0 || old_size >= size ? std::vector<Hash>() : Proof(old_size, size),
         Checkpoint(size, log_)}));
  }
  StatusCode CodeOf(const tlog::AddCheckpoint& request) {
    return book_->Add(tlog::FormatAddCheckpoint(request)).status().code();
  }

  const std::string directory_ = ::testing::TempDir() + "witness_book." + std::to_string(getpid());
  FixedClock clock_;
  const NoteSigner log_ = SignerOf("log.example/1", KeyType::kEd25519);
  const NoteSigner witness_ = SignerOf("migration.kz.example/witness", KeyType::kCosignature);
  tlog::RightEdge edge_;
  std::map<std::pair<int, uint64_t>, Hash> nodes_;
  std::vector<Hash> roots_;
  std::unique_ptr<WitnessBook> book_;
};

// Anybody may bring a checkpoint: of its lines only the log's own are kept.
TEST_F(WitnessBookTest, KeepsNoLineThatNobodyVerified) {
  std::string brought = Checkpoint(3, log_);
  for (int i = 0; i < 90; ++i) absl::StrAppend(&brought, "\u2014 nobody", i, " AAAAAAAA\n");
  const auto line = book_->Add(tlog::FormatAddCheckpoint({0, {}, brought}));
  ASSERT_TRUE(line.ok()) << line.status();
  EXPECT_EQ(book_->Newest(ToHex(Sha256(log_.verifier().name()).bytes())).value(),
            Checkpoint(3, log_) + *line);
  EXPECT_TRUE(Add(3, 5).ok());
}

TEST_F(WitnessBookTest, CosignsWhatOnlyGrows) {
  uint64_t old = 0;
  for (const uint64_t size : {1, 1, 4, 5, 12, 12}) {
    const absl::StatusOr<std::string> line = Add(old, size);
    ASSERT_TRUE(line.ok()) << line.status();
    const tlog::Note note = *tlog::Note::Parse(Checkpoint(size, log_) + *line);
    uint64_t seconds = 0;
    EXPECT_TRUE(tlog::VerifyNote(note, witness_.verifier(), &seconds).ok());
    EXPECT_EQ(seconds, 1'772'445'600u);
    EXPECT_EQ(book_->Newest(ToHex(Sha256(log_.verifier().name()).bytes())).value(), note.ToString());
    old = size;
    Restart();
  }
}

TEST_F(WitnessBookTest, AnswersAsTheSpecificationSays) {
  ASSERT_TRUE(Add(0, 5).ok());
  const NoteSigner stranger = SignerOf("stranger.example/1", KeyType::kEd25519);
  const NoteSigner thief = *NoteSigner::Parse(*NoteSigner::NewSecret(
      log_.verifier().name(), KeyType::kEd25519, Sha256(std::string_view("thief")).bytes()));
  EXPECT_EQ(CodeOf({5, {}, Checkpoint(8, stranger)}), StatusCode::kNotFound);
  EXPECT_EQ(CodeOf({5, Proof(5, 8), Checkpoint(8, thief)}), StatusCode::kPermissionDenied);
  EXPECT_EQ(CodeOf({9, {}, Checkpoint(8, log_)}), StatusCode::kInvalidArgument);
  const auto stale = book_->Add(tlog::FormatAddCheckpoint({4, Proof(4, 8), Checkpoint(8, log_)})).status();
  EXPECT_EQ(stale.code(), StatusCode::kAborted);
  EXPECT_EQ(stale.message(), "5") << "the size that the caller should begin with";
  EXPECT_EQ(CodeOf({5, Proof(4, 8), Checkpoint(8, log_)}), StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf({5, {}, Checkpoint(8, log_)}), StatusCode::kFailedPrecondition);
  EXPECT_EQ(CodeOf({5, Proof(5, 8), Checkpoint(5, log_)}), StatusCode::kFailedPrecondition);
  // Another root for the size that was cosigned.
  const std::string text =
      tlog::Checkpoint{log_.verifier().name(), 5, Sha256(std::string_view("fork"))}.Text();
  EXPECT_EQ(CodeOf({5, {}, absl::StrCat(text, "\n", log_.SignNote(text))}), StatusCode::kFailedPrecondition);
  for (const std::string body : {"", "old 5", "old 5\n\n", "old x\n\n", "5\n\n", "old 5\n!\n\n"}) {
    EXPECT_EQ(book_->Add(body + Checkpoint(8, log_)).status().code() == StatusCode::kOk, false) << body;
  }
  // Nothing of all this has changed what is cosigned.
  EXPECT_TRUE(Add(5, 8).ok());
}

TEST_F(WitnessBookTest, FromNothingNeedsNoProof) {
  EXPECT_EQ(CodeOf({0, Proof(4, 8), Checkpoint(8, log_)}), StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Add(0, 0).ok());
  EXPECT_TRUE(Add(0, 8).ok());
}

TEST_F(WitnessBookTest, DamageIsNotTakenForANewLog) {
  ASSERT_TRUE(Add(0, 5).ok());
  std::filesystem::resize_file(directory_ + "/" + ToHex(Sha256(log_.verifier().name()).bytes()), 20);
  EXPECT_EQ(Add(0, 8).status().code(), StatusCode::kDataLoss);
}

}  // namespace
}  // namespace kelisim::ledger
