// A neutral third witness, over HTTP: the node that asks and the node that answers speak
// C2SP tlog-witness to each other, and a receipt can require the witness's line.

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <functional>
#include <memory>
#include <string>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/ledger/witness_book.h"
#include "shared/node/witness_client.h"
#include "shared/testing/pair.h"
#include "shared/tlog/proof.h"
#include "shared/tlog/witness.h"
#include "shared/web/client.h"
#include "shared/web/server.h"

namespace kelisim::testing {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'772'452'800);

class FixedClock final : public Clock {
 public:
  absl::Time Now() override { return kNow; }
};

class ThirdWitnessTest : public ::testing::Test {
 protected:
  ThirdWitnessTest() {
    std::filesystem::create_directories(directory_);
    StartWitness();
    kz_.identity.third_witness = {key_.verifier(),
                                  absl::StrCat("http://127.0.0.1:", server_->port(), "/witness"), true};
    StartClient();
  }
  ~ThirdWitnessTest() override { std::filesystem::remove_all(directory_); }

  void StartWitness() {
    book_ = *ledger::WitnessBook::Open(directory_ + "/book", {kz_.identity.own_log}, key_, clock_);
    web::Server::Sources sources{[] { return absl::UnavailableError("not here"); },
                                 [](v1::Party) { return absl::NotFoundError("not here"); },
                                 [](v1::Party, const tlog::Tile&) { return absl::NotFoundError("not here"); },
                                 [this](const std::string& body) { return book_->Add(body); },
                                 [this](const std::string& origin) { return book_->Newest(origin); }};
    server_ = *web::Server::Start("127.0.0.1", 0, sources);
  }
  void StartClient() {
    client_ = std::make_unique<node::WitnessClient>(kz_.identity, directory_ + "/third");
    reader_ = std::make_unique<authority::Reader>(kz_.identity, kz_.store, *kz_.vault,
                                                  [this] { return client_->Newest(); });
  }
  void File() { ASSERT_TRUE(pair_.FilePetition(v1::PARTY_KZ).status.ok()); }
  v1::Receipt ReceiptOf(uint64_t index) { return reader_->GetReceipt(v1::PARTY_KZ, index, kNow).value(); }

  const std::string directory_ = ::testing::TempDir() + "third_witness." + std::to_string(getpid());
  Pair pair_{kNow};
  Authority& kz_ = pair_.of(v1::PARTY_KZ);
  FixedClock clock_;
  const tlog::NoteSigner key_ = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
      "witness.example/1", tlog::KeyType::kCosignature, Sha256("third").bytes()));
  std::unique_ptr<ledger::WitnessBook> book_;
  std::unique_ptr<web::Server> server_;
  std::unique_ptr<node::WitnessClient> client_;
  std::unique_ptr<authority::Reader> reader_;
};

TEST_F(ThirdWitnessTest, AReceiptWaitsForItsLine) {
  File();
  EXPECT_TRUE(ReceiptOf(0).proof().empty()) << "the third witness has seen nothing yet";
  ASSERT_TRUE(client_->SendOnce(*reader_).ok());
  const tlog::Proof proof = *tlog::ParseProof(ReceiptOf(0).proof());
  EXPECT_EQ(tlog::Note::Parse(proof.checkpoint)->signatures.size(), 4u);
  EXPECT_TRUE(tlog::VerifyNote(*tlog::Note::Parse(proof.checkpoint), key_.verifier()).ok());

  // It grows; the witness is sent the proof, also by a new process of either.
  for (int i = 0; i < 3; ++i) {
    File();
    ASSERT_TRUE(client_->SendOnce(*reader_).ok());
    EXPECT_FALSE(ReceiptOf(kz_.SizeOf(ledger::Side::kOwn) - 1).proof().empty());
    StartClient();
    book_ = *ledger::WitnessBook::Open(directory_ + "/book", {kz_.identity.own_log}, key_, clock_);
  }
  // Anybody may ask it what it has cosigned.
  const std::string name = ToHex(Sha256(kz_.identity.own_log.name()).bytes());
  EXPECT_TRUE(tlog::VerifyNote(*tlog::Note::Parse(book_->Newest(name).value()), key_.verifier()).ok());
}

TEST_F(ThirdWitnessTest, AClientThatHasForgottenIsToldWhereToBegin) {
  File();
  ASSERT_TRUE(client_->SendOnce(*reader_).ok());
  File();
  std::filesystem::remove(directory_ + "/third");
  StartClient();
  EXPECT_EQ(client_->SendOnce(*reader_).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(client_->SendOnce(*reader_).ok());
  EXPECT_FALSE(ReceiptOf(1).proof().empty());
}

TEST_F(ThirdWitnessTest, AnotherHistoryIsAnAlarm) {
  File();
  // The witness has seen another ledger of this log, signed by its key, as large as ours will be.
  const std::string text = tlog::Checkpoint{kz_.identity.own_log.name(), 1, Sha256("another history")}.Text();
  ASSERT_TRUE(
      book_
          ->Add(tlog::FormatAddCheckpoint({0, {}, absl::StrCat(text, "\n", kz_.identity.log.SignNote(text))}))
          .ok());
  EXPECT_EQ(client_->SendOnce(*reader_).code(), absl::StatusCode::kUnavailable);  // asks again from size 1
  EXPECT_EQ(client_->SendOnce(*reader_).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(ReceiptOf(0).proof().empty());
}

TEST_F(ThirdWitnessTest, AWitnessThatIsAwayIsAskedAgain) {
  File();
  const int port = server_->port();
  server_.reset();
  EXPECT_EQ(client_->SendOnce(*reader_).code(), absl::StatusCode::kUnavailable);
  EXPECT_TRUE(ReceiptOf(0).proof().empty());
  StartWitness();
  kz_.identity.third_witness->url = absl::StrCat("http://127.0.0.1:", server_->port(), "/witness");
  EXPECT_TRUE(client_->SendOnce(*reader_).ok()) << "was on port " << port;
  EXPECT_FALSE(ReceiptOf(0).proof().empty());
}

// What it has cosigned carries the counterpart's lines too: those of keys that are no more prove nothing.
TEST_F(ThirdWitnessTest, AReceiptGoesOnWhenTheCounterpartHasAnotherKey) {
  File();
  ASSERT_TRUE(client_->SendOnce(*reader_).ok());
  Authority& ru = pair_.of(v1::PARTY_RU);
  ru.identity.witness = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
      ru.identity.witness.verifier().name(), tlog::KeyType::kCosignature, Sha256("new").bytes()));
  kz_.identity.peer_witness = ru.identity.witness.verifier();
  ru.Restart();
  kz_.Restart();
  StartClient();
  EXPECT_TRUE(client_->SendOnce(*reader_).ok());
  EXPECT_TRUE(ReceiptOf(0).proof().empty()) << "the counterpart has not cosigned it again yet";
  for (const v1::Party party : {v1::PARTY_RU, v1::PARTY_KZ}) {
    pair_.Turn(party, {authority::Tick()});
    pair_.Exchange();
  }
  ASSERT_TRUE(client_->SendOnce(*reader_).ok());
  EXPECT_FALSE(ReceiptOf(0).proof().empty());
}

// A line that the policy's key did not make is none.
TEST_F(ThirdWitnessTest, AnotherKeysLineIsNotKept) {
  File();
  const tlog::NoteSigner other = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
      key_.verifier().name(), tlog::KeyType::kCosignature, Sha256("other").bytes()));
  book_ = *ledger::WitnessBook::Open(directory_ + "/other", {kz_.identity.own_log}, other, clock_);
  EXPECT_EQ(client_->SendOnce(*reader_).code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(client_->Newest(), "");
  EXPECT_TRUE(ReceiptOf(0).proof().empty());
}

// Where nobody requires its line, a receipt does not wait for it, and has it where it is there.
TEST_F(ThirdWitnessTest, ALineThatNobodyRequiresHoldsUpNothing) {
  kz_.identity.third_witness->required = false;
  File();
  const auto lines = [&](uint64_t index) {
    const tlog::Proof proof = *tlog::ParseProof(ReceiptOf(index).proof());
    return tlog::Note::Parse(proof.checkpoint)->signatures.size();
  };
  EXPECT_EQ(lines(0), 3u);
  ASSERT_TRUE(client_->SendOnce(*reader_).ok());
  EXPECT_EQ(lines(0), 4u);
  File();
  EXPECT_EQ(lines(1), 3u);
  ASSERT_TRUE(client_->SendOnce(*reader_).ok());
  EXPECT_EQ(lines(1), 4u);
}

// The status of each answer, as stock witnesses give it.
TEST_F(ThirdWitnessTest, StatusCodesOfHttp) {
  File();
  ASSERT_TRUE(client_->SendOnce(*reader_).ok());
  const std::string url = kz_.identity.third_witness->url + "/add-checkpoint";
  const std::string checkpoint = *reader_->GetCheckpoint(v1::PARTY_KZ);
  const auto post = [&](const tlog::AddCheckpoint& request) {
    return web::Post(url, tlog::FormatAddCheckpoint(request)).value();
  };
  EXPECT_EQ(web::Post(url, "nonsense")->status, 400);
  const web::HttpAnswer stale = post({0, {}, checkpoint});
  EXPECT_EQ(stale.status, 409);
  EXPECT_EQ(stale.body, absl::StrCat(kz_.SizeOf(ledger::Side::kOwn), "\n"));
  std::string other = checkpoint;
  other[0] = 'x';
  EXPECT_EQ(post({0, {}, other}).status, 404);
  EXPECT_EQ(post({kz_.SizeOf(ledger::Side::kOwn), {Hash()}, checkpoint}).status, 422);
  EXPECT_EQ(post({kz_.SizeOf(ledger::Side::kOwn), {}, checkpoint}).status, 200);
  EXPECT_EQ(web::Post(url, std::string(20'000, 'x'))->status, 413);
}

}  // namespace
}  // namespace kelisim::testing
