// Both authorities as they are run: real processes, mutual TLS, stores on disk.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <functional>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/ledger_service.pb.h"
#include "kelisim/v1/matter_service.grpc.pb.h"
#include "shared/testing/officer.h"
#include "shared/tlog/policy.h"
#include "shared/treaty/resettlement.h"
#include "tests/course.h"
#include "tests/processes.h"

namespace kelisim::testing {
namespace {

namespace fs = std::filesystem;

using ::testing::AnyOf;

constexpr v1::Party kParties[] = {v1::PARTY_KZ, v1::PARTY_RU};
constexpr char kGetNodeState[] = "/kelisim.v1.LedgerService/GetNodeState";
constexpr char kGetCheckpoint[] = "/kelisim.v1.LedgerService/GetCheckpoint";

// A request that was answered.
struct Answered {
  v1::Party party;
  std::string method;
  std::string request;
  std::string response;
};

using EntryKey = std::tuple<int, uint64_t, std::string>;

EntryKey KeyOf(const v1::EntryReference& entry) { return {entry.ledger(), entry.index(), entry.entry_id()}; }

constexpr uint64_t kLoadSeed = 7;

class EndToEndTest : public ::testing::Test {
 protected:
  void SetUp() override {
    absl::StatusOr<std::unique_ptr<Authorities>> made = Authorities::Create();
    ASSERT_TRUE(made.ok()) << made.status();
    both_ = *std::move(made);
    const absl::Status open = both_->StartBoth();
    ASSERT_TRUE(open.ok()) << open;
    for (v1::Party party : kParties) {
      Ask(party, kSubmitQuotaCommand, QuotaRequest(party, 10'000, random_).SerializeAsString());
    }
  }

  void TearDown() override {
    if (!HasFailure() || both_ == nullptr) return;
    both_->KeepFiles();
    std::cerr << "the logs are in " << both_->directory() << "\n";
  }

  // Asks until there is an answer: by the same bytes, while it is unknown whether
  // the last call had an effect. Thread-safe.
  RawAnswer Ask(v1::Party party, const std::string& method, const std::string& request) {
    RawAnswer answer;
    const bool answered = WaitUntil(
        [&] {
          answer = CallRaw(both_->officer(party), method, request, absl::Seconds(5));
          const grpc::StatusCode code = answer.status.error_code();
          return code != grpc::StatusCode::UNAVAILABLE && code != grpc::StatusCode::DEADLINE_EXCEEDED &&
                 code != grpc::StatusCode::CANCELLED;
        },
        absl::Seconds(40));
    EXPECT_TRUE(answered && answer.status.ok())
        << v1::Party_Name(party) << " " << method << ": " << answer.status.error_code() << " "
        << answer.status.error_message();
    const std::lock_guard lock(mutex_);
    answered_.push_back({party, method, request, answer.bytes});
    progress_.notify_all();
    return answer;
  }

  // One step; false when the test has failed.
  bool Go(Course& course, SeededRandom& random) {
    if (course.ChangesHands() && !AwaitTurn(course)) return false;
    const RawAnswer answer =
        Ask(course.author(), kSubmitCaseCommand, course.Next(random).SerializeAsString());
    v1::SubmitCaseCommandResponse response;
    if (!answer.status.ok() || !response.ParseFromString(answer.bytes)) return false;
    course.Took(response);
    return true;
  }

  bool GoTo(Course& course, const char* action, SeededRandom& random) {
    while (!course.Done() && course.action() != std::string_view(action)) {
      if (!Go(course, random)) return false;
    }
    return true;
  }

  bool GoToTheEnd(Course& course, SeededRandom& random) { return GoTo(course, "", random); }

  // Until the author of the next step sees that it is its turn.
  bool AwaitTurn(const Course& course) {
    const bool its_turn = WaitUntil(
        [&] {
          const absl::StatusOr<v1::Case> seen = both_->GetCase(course.author(), course.name());
          if (!seen.ok()) return false;
          for (const v1::AllowedAction& allowed : seen->allowed_actions()) {
            if (allowed.action() == course.action() && allowed.by() == course.author()) return true;
          }
          return false;
        },
        absl::Seconds(40));
    EXPECT_TRUE(its_turn) << v1::Party_Name(course.author()) << " never came to " << course.action();
    return its_turn;
  }

  void AwaitSettled() {
    ASSERT_TRUE(WaitUntil([&] { return both_->Settled(); }, absl::Seconds(30)))
        << StateOf(v1::PARTY_KZ).ShortDebugString() << "\n"
        << StateOf(v1::PARTY_RU).ShortDebugString();
  }

  v1::NodeState StateOf(v1::Party party) {
    const absl::StatusOr<v1::NodeState> state = both_->State(party);
    EXPECT_TRUE(state.ok()) << state.status();
    return state.ok() ? *state : v1::NodeState();
  }

  v1::Case CaseAt(v1::Party party, const std::string& name) {
    const absl::StatusOr<v1::Case> found = both_->GetCase(party, name);
    EXPECT_TRUE(found.ok()) << v1::Party_Name(party) << " " << name << ": " << found.status();
    return found.ok() ? *found : v1::Case();
  }

  void ExpectSameView(const std::string& name, v1::CaseStatus status) {
    const v1::CaseState kz = CaseAt(v1::PARTY_KZ, name).state();
    EXPECT_EQ(kz.SerializeAsString(), CaseAt(v1::PARTY_RU, name).state().SerializeAsString()) << name;
    EXPECT_EQ(v1::CaseStatus_Name(kz.status()), v1::CaseStatus_Name(status));
  }

  void ExpectFinalCheckpoints() {
    for (v1::Party party : kParties) {
      v1::GetCheckpointRequest request;
      request.set_ledger(party);
      const RawAnswer answer = CallRaw(both_->officer(party), kGetCheckpoint, request.SerializeAsString());
      v1::GetCheckpointResponse response;
      ASSERT_TRUE(response.ParseFromString(answer.bytes));
      const absl::StatusOr<tlog::Note> note = tlog::Note::Parse(response.note());
      ASSERT_TRUE(note.ok()) << note.status();
      EXPECT_EQ(note->signatures.size(), 3u);
      const absl::StatusOr<tlog::Policy> policy = tlog::Policy::Parse(
          ReadAll(both_->directory() / (party == v1::PARTY_KZ ? "kz.policy" : "ru.policy")));
      ASSERT_TRUE(policy.ok()) << policy.status();
      const absl::StatusOr<tlog::Checkpoint> checkpoint = policy->Verify(response.note());
      ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
      EXPECT_EQ(checkpoint->size, StateOf(party).own_size());
    }
  }

  // Clerks of both Parties carry cases to their end while `disturb` runs. Then nothing is
  // lost: every act that was acknowledged stands once in the ledgers and in both views.
  void UnderLoad(const std::function<void()>& disturb) {
    constexpr int kClerks = 6;
    std::atomic<bool> closing = false;
    std::atomic<int> next_number = 0;
    std::mutex names_mutex;
    std::vector<std::string> names;
    std::vector<std::thread> clerks;
    for (int clerk = 0; clerk < kClerks; ++clerk) {
      clerks.emplace_back([&, clerk] {
        SeededRandom random(kLoadSeed * 1000 + static_cast<uint64_t>(clerk));
        while (!closing) {
          Course course(kParties[clerk % 2], next_number++);
          if (!GoToTheEnd(course, random)) return;
          const std::lock_guard lock(names_mutex);
          names.push_back(course.name());
        }
      });
    }

    disturb();
    closing = true;
    for (std::thread& clerk : clerks) clerk.join();
    ASSERT_FALSE(HasFailure());
    AwaitSettled();
    ASSERT_GE(names.size(), static_cast<size_t>(kClerks));

    std::multiset<EntryKey> in_ledgers;
    for (const std::string& name : names) {
      ExpectSameView(name, v1::COMPLETED);
      for (v1::Party party : kParties) {
        const v1::Case found = CaseAt(party, name);
        const bool by_kz = found.state().entry_state() == v1::PARTY_KZ;
        EXPECT_EQ(found.state().document().series(), by_kz ? "KZ-R" : "RU-P");
        for (const v1::TimelineItem& item : found.timeline()) {
          if (item.entry().ledger() == party) in_ledgers.insert(KeyOf(item.entry()));
        }
      }
    }
    std::multiset<EntryKey> acknowledged;
    for (const Answered& one : answered_) {
      v1::SubmitCaseCommandResponse response;
      if (one.method != kSubmitCaseCommand) continue;
      ASSERT_TRUE(response.ParseFromString(one.response));
      for (const v1::EntryReference& entry : response.entries()) acknowledged.insert(KeyOf(entry));
    }
    EXPECT_EQ(in_ledgers, acknowledged);
    EXPECT_EQ(std::set<EntryKey>(acknowledged.begin(), acknowledged.end()).size(), acknowledged.size());

    const uint64_t kz_size = StateOf(v1::PARTY_KZ).own_size();
    const uint64_t ru_size = StateOf(v1::PARTY_RU).own_size();
    for (const Answered& one : answered_) {
      const RawAnswer again = CallRaw(both_->officer(one.party), one.method, one.request);
      ASSERT_TRUE(again.status.ok()) << again.status.error_message();
      ASSERT_EQ(again.bytes, one.response);
    }
    EXPECT_EQ(StateOf(v1::PARTY_KZ).own_size(), kz_size);
    EXPECT_EQ(StateOf(v1::PARTY_RU).own_size(), ru_size);
    ExpectFinalCheckpoints();
  }

  size_t AnsweredCount() {
    const std::lock_guard lock(mutex_);
    return answered_.size();
  }

  std::unique_ptr<Authorities> both_;
  SeededRandom random_{1998};

  std::mutex mutex_;
  std::condition_variable progress_;
  std::vector<Answered> answered_;  // guarded by mutex_
};

// ---------------------------------------------------------------- the normal course

// Of the acts of a case that goes its way: those before hand-off 1, which sums them up.
bool StaysHome(const v1::TimelineItem& item) {
  return item.case_act().has_petition_filed() || item.case_act().has_scope_confirmed();
}

TEST_F(EndToEndTest, BothSeeTheSameCaseInBothDirections) {
  std::vector<std::string> names;
  for (v1::Party entry : kParties) {
    Course course(entry, static_cast<int>(names.size()));
    ASSERT_TRUE(GoToTheEnd(course, random_));
    names.push_back(course.name());
  }
  AwaitSettled();
  for (const std::string& name : names) {
    ExpectSameView(name, v1::COMPLETED);
    for (v1::Party party : kParties) {
      const v1::Case found = CaseAt(party, name);
      EXPECT_FALSE(found.awaiting_cosignature());
      EXPECT_EQ(found.state().hand_offs_done(), 4u);
      int offers = 0;
      for (const v1::TimelineItem& item : found.timeline()) {
        // Of all acts only an offer asks the other Party for an answer; accepting
        // it, the other goes on, and that is the answer.
        const bool offer = item.case_act().has_offered();
        offers += offer ? 1 : 0;
        EXPECT_THAT(v1::Evidence_Name(item.evidence()), AnyOf("ANSWERED", offer             ? "ANSWERED"
                                                                          : StaysHome(item) ? "RECORDED"
                                                                                            : "DELIVERED"));
      }
      EXPECT_EQ(offers, 4);
    }
    const v1::Party entry = CaseAt(v1::PARTY_KZ, name).state().entry_state();
    EXPECT_EQ(CaseAt(entry, name).timeline_size(), kCourseActs);
    // The other side is told of the case with hand-off 1, all in one act.
    EXPECT_EQ(CaseAt(treaty::Other(entry), name).timeline_size(), kCourseActs - 2);
  }
  ExpectFinalCheckpoints();

  // A clean stop, and everything is as it was.
  std::vector<std::string> before;
  for (v1::Party party : kParties) {
    for (const std::string& name : names) before.push_back(CaseAt(party, name).SerializeAsString());
  }
  const uint64_t size = StateOf(v1::PARTY_KZ).own_size();
  for (v1::Party party : kParties) {
    const absl::StatusOr<int> exit_code = both_->process(party).Stop();
    ASSERT_TRUE(exit_code.ok()) << exit_code.status();
    EXPECT_EQ(*exit_code, 0);
  }
  ASSERT_TRUE(both_->StartBoth().ok());
  std::vector<std::string> after;
  for (v1::Party party : kParties) {
    for (const std::string& name : names) after.push_back(CaseAt(party, name).SerializeAsString());
  }
  EXPECT_EQ(before, after);
  EXPECT_EQ(StateOf(v1::PARTY_KZ).own_size(), size);
  EXPECT_EQ(StateOf(v1::PARTY_KZ).lineage(), 0u);
}

// ---------------------------------------------------------------- crashes under load

TEST_F(EndToEndTest, NothingIsLostOrDoneTwiceWhenProcessesAreKilled) {
  constexpr int kKills = 8;
  SCOPED_TRACE(absl::StrCat("seed ", kLoadSeed));
  UnderLoad([&] {
    SeededRandom random(kLoadSeed);
    for (int kill = 0; kill < kKills && !HasFailure(); ++kill) {
      const v1::Party victim = kParties[random.Below(2)];
      const size_t answers = AnsweredCount() + 5 + random.Below(30);
      const auto moment = std::chrono::microseconds(random.Below(20'000));
      {
        std::unique_lock lock(mutex_);
        EXPECT_TRUE(
            progress_.wait_for(lock, std::chrono::seconds(40), [&] { return answered_.size() >= answers; }))
            << "no progress after " << kill << " kills";
        progress_.wait_for(lock, moment, [] { return false; });
      }
      EXPECT_TRUE(both_->process(victim).Running()) << v1::Party_Name(victim) << " ended by itself";
      both_->process(victim).Kill9();
      EXPECT_TRUE(both_->Start(victim).ok());
    }
  });
}

// ---------------------------------------------------------------- key ceremony

// deploy/key-ceremony.md, step by step.
TEST_F(EndToEndTest, ALogKeyFollowsAnotherUnderLoad) {
  const std::filesystem::path directory = both_->directory();
  const std::string config = (directory / "kz/config.textproto").string();
  const auto rotate = [&](const std::vector<std::string>& arguments) {
    std::vector<std::string> command = {both_->program(v1::PARTY_KZ), "rotate-key"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    command.insert(command.end(), {"--config", config});
    auto process = Process::Spawn(command, {}, (directory / "rotate.log").string());
    ASSERT_TRUE(process.ok()) << process.status();
    ASSERT_EQ((*process)->Wait(absl::Seconds(20)).value_or(-1), 0) << ReadAll(directory / "rotate.log");
    std::filesystem::rename(directory / "kz.policy.next", directory / "kz.policy");
  };
  const auto set_keys = [&](const std::string& from, const std::string& to) {
    const std::string text = ReadAll(config);
    ASSERT_TRUE(absl::StrContains(text, from));
    std::ofstream(config) << absl::StrReplaceAll(text, {{from, to}});
  };
  const auto restart = [&](v1::Party party) {
    const absl::StatusOr<int> stopped = both_->process(party).Stop();
    EXPECT_EQ(stopped.value_or(-1), 0);
    ASSERT_TRUE(both_->Start(party).ok());
  };
  const auto await_size = [&](uint64_t size) {
    while (StateOf(v1::PARTY_KZ).own_size() < size && !HasFailure()) absl::SleepFor(absl::Milliseconds(20));
  };
  // Sizes are named ahead: the ledger grows meanwhile.
  constexpr uint64_t kAhead = 200;
  uint64_t until = 0;
  UnderLoad([&] {
    await_size(20);
    const uint64_t from = StateOf(v1::PARTY_KZ).own_size() + kAhead;
    rotate({"begin", "--out", (directory / "kz/keys/log-2").string(), "--from", absl::StrCat(from)});
    set_keys("log: \"keys/log\"", "log: \"keys/log\"\n  next_log: \"keys/log-2\"");
    for (const v1::Party party : kParties) restart(party);
    await_size(from + 20);
    until = StateOf(v1::PARTY_KZ).own_size() + kAhead;
    rotate({"end", "--until", absl::StrCat(until)});
    for (const v1::Party party : kParties) restart(party);
    await_size(until + 20);
    set_keys("log: \"keys/log\"\n  next_log: \"keys/log-2\"", "log: \"keys/log-2\"");
    restart(v1::PARTY_KZ);
    await_size(StateOf(v1::PARTY_KZ).own_size() + 20);
  });
  EXPECT_GT(StateOf(v1::PARTY_KZ).own_size(), until);
}

// Both read them anew; connections that are open go on.
TEST_F(EndToEndTest, TlsCertificatesAreExchangedWithoutARestart) {
  const std::filesystem::path directory = both_->directory();
  const auto fingerprint = [&](v1::Party party) {
    const std::string out = (directory / "s_client.log").string();
    std::filesystem::remove(out);
    const std::string pki = (directory / "pki").string();
    auto process =
        Process::Spawn({"/bin/sh", "-c",
                        absl::StrCat("openssl s_client -connect ", both_->address(party),
                                     " -alpn h2 -CAfile ", pki, "/", party == v1::PARTY_KZ ? "kz" : "ru",
                                     "-ca.pem </dev/null 2>/dev/null | openssl x509 -noout "
                                     "-fingerprint -sha256")},
                       {}, out);
    EXPECT_TRUE(process.ok() && (*process)->Wait(absl::Seconds(20)).ok());
    return ReadAll(out);
  };
  const std::string before = fingerprint(v1::PARTY_KZ);
  ASSERT_TRUE(absl::StrContains(before, "Fingerprint")) << before;
  UnderLoad([&] {
    // A copy with a new certificate of the same CA, exchanged at once by a symlink.
    std::filesystem::copy(directory / "pki", directory / "pki-2");
    for (const char* file : {"kz-service.pem", "kz-service.key"})
      std::filesystem::remove(directory / "pki-2" / file);
    auto minted =
        Process::Spawn({absl::StrCat(KELISIM_SOURCE_DIR, "/deploy/mint-pki"), (directory / "pki-2").string()},
                       {}, (directory / "renew.log").string());
    ASSERT_TRUE(minted.ok());
    ASSERT_EQ((*minted)->Wait(absl::Seconds(30)).value_or(-1), 0) << ReadAll(directory / "renew.log");
    std::filesystem::rename(directory / "pki", directory / "pki-1");
    std::filesystem::create_directory_symlink("pki-1", directory / "pki");
    std::filesystem::create_directory_symlink("pki-2", directory / "pki-next");
    std::filesystem::rename(directory / "pki-next", directory / "pki");
    const absl::Time deadline = absl::Now() + absl::Seconds(30);
    while (fingerprint(v1::PARTY_KZ) == before && absl::Now() < deadline)
      absl::SleepFor(absl::Milliseconds(50));
  });
  EXPECT_NE(fingerprint(v1::PARTY_KZ), before);
}

// Step by step, with a kill of the author after each.
TEST_F(EndToEndTest, ADisputeIsNotifiedAndAnswered) {
  const auto stub = [&](v1::Party party) { return v1::MatterService::NewStub(both_->officer(party)); };
  std::string name;
  const auto found_at = [&](v1::Party party) {
    v1::GetMatterRequest request;
    request.set_name(name);
    v1::MatterFile file;
    grpc::ClientContext context;
    PrepareCall(context);
    const grpc::Status status = stub(party)->GetMatter(&context, request, &file);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return file;
  };
  const auto& kind = *v1::MatterStep::descriptor()->FindFieldByName("dispute");
  for (const auto& [party, action] :
       {std::pair(v1::PARTY_KZ, "draft_notice"), std::pair(v1::PARTY_KZ, "notify"),
        std::pair(v1::PARTY_RU, "receive"), std::pair(v1::PARTY_RU, "answer"),
        std::pair(v1::PARTY_KZ, "consult")}) {
    v1::SubmitMatterStepRequest request;
    request.set_request_id(NewRequestId(random_));
    request.set_name(name);
    const v1::MatterState state = name.empty() ? v1::MatterState() : found_at(party).state();
    *request.mutable_command() = PlausibleStep(kind, action, state, party, "", Today(party)).value();
    v1::SubmitMatterStepResponse response;
    grpc::ClientContext context;
    PrepareCall(context);
    const grpc::Status status = stub(party)->SubmitMatterStep(&context, request, &response);
    ASSERT_TRUE(status.ok()) << status.error_message();
    name = response.name();
    AwaitSettled();
    both_->process(party).Kill9();
    ASSERT_TRUE(both_->Start(party).ok());
    ASSERT_TRUE(both_->AwaitOpen().ok());
  }
  const v1::MatterFile kz = found_at(v1::PARTY_KZ);
  const v1::MatterFile ru = found_at(v1::PARTY_RU);
  EXPECT_EQ(kz.state().status(), v1::DISPUTE_CONSULTING);
  EXPECT_EQ(kz.state().SerializeAsString(), ru.state().SerializeAsString());
  // The draft stayed at home.
  EXPECT_EQ(kz.timeline_size(), ru.timeline_size() + 1);
}

// ---------------------------------------------------------------- access and bad input

TEST_F(EndToEndTest, RefusesStrangersAndBadInputAndRecordsNothing) {
  Course course(v1::PARTY_KZ, 0);
  ASSERT_TRUE(GoTo(course, "offer", random_));
  AwaitSettled();
  const std::string kz_before = StateOf(v1::PARTY_KZ).SerializeAsString();
  const std::string ru_before = StateOf(v1::PARTY_RU).SerializeAsString();

  // A PKI of the same names, by other CAs.
  const fs::path strange = both_->directory() / "strange";
  ASSERT_EQ(
      std::system(
          absl::StrCat(KELISIM_SOURCE_DIR, "/deploy/mint-pki ", strange.string(), " >/dev/null").c_str()),
      0);
  // An officer of Kazakhstan, as the other Party's CA would have him.
  const std::string pki = both_->directory() / "pki";
  const std::string forged = strange / "forged";
  std::ofstream(forged + ".ext") << "basicConstraints = critical,CA:FALSE\n"
                                    "keyUsage = critical,digitalSignature\n"
                                    "extendedKeyUsage = clientAuth\n"
                                    "subjectAltName = URI:spiffe://kz.kelisim.example/officer/1\n";
  ASSERT_EQ(std::system(absl::StrCat("openssl req -newkey rsa:2048 -nodes -keyout ", forged,
                                     ".key -subj /CN=forged 2>/dev/null | openssl x509 -req -days 5 -CA ",
                                     pki, "/ru-ca.pem -CAkey ", pki, "/ru-ca.key -set_serial 5 -out ", forged,
                                     ".pem -extfile ", strange.string(), "/forged.ext 2>/dev/null")
                            .c_str()),
            0);
  const v1::SubmitCaseCommandRequest good = course.Next(random_);
  v1::SubmitCaseCommandRequest replayed;
  ASSERT_TRUE(replayed.ParseFromString(answered_.back().request));
  replayed.set_happened_on(Today(v1::PARTY_KZ));
  v1::SubmitCaseCommandRequest large = good;
  large.mutable_command()->mutable_offer()->set_answer_due(std::string(70'000, '9'));
  v1::SubmitCaseCommandRequest oversized = good;
  oversized.mutable_command()->mutable_offer()->set_answer_due(std::string(300'000, '9'));
  // Field 99, and field 98 of the command: an officer must not believe that it was heeded.
  const std::string unknown_field = good.SerializeAsString() + std::string("\x9a\x06\x01x", 4);
  v1::SubmitCaseCommandRequest nested = good;
  nested.mutable_command()->GetReflection()->MutableUnknownFields(nested.mutable_command())->AddVarint(98, 1);

  // A petition in which one thing is wrong.
  const auto petition = [&](const auto& spoil) {
    v1::SubmitCaseCommandRequest request = Course(v1::PARTY_KZ, 1).Next(random_);
    spoil(*request.mutable_command()->mutable_file_petition()->mutable_head());
    return request.SerializeAsString();
  };
  const std::string bad_iin = petition([](v1::Person& head) {
    v1::Identifier& iin = *head.add_identifiers();
    iin.set_kind(v1::Identifier::IIN);
    iin.set_issuing_state("KZ");
    iin.set_number("850101300009");
  });
  const std::string no_such_day = petition([](v1::Person& head) { head.set_birth_date("1985-02-30"); });
  const std::string two_scripts =
      petition([](v1::Person& head) { head.mutable_name()->set_surname("Иbaнoв"); });
  v1::SubmitCaseCommandRequest rehearsed = good;
  rehearsed.set_request_id(NewRequestId(random_));
  rehearsed.set_validate_only(true);
  v1::SubmitCaseCommandRequest out_of_turn = rehearsed;
  out_of_turn.mutable_command()->mutable_accept()->set_number(1);

  constexpr char kPush[] = "/kelisim.v1.ExchangeService/Push";
  constexpr char kNobody[] = "/kelisim.v1.CaseService/DropCase";
  const std::string offer = good.SerializeAsString();
  using grpc::StatusCode;
  const struct {
    const char* what;
    std::string certificate;
    const char* method;
    std::string request;
    bool deadline;
    StatusCode code;
    const char* reason;  // of the ErrorInfo; empty: refused by gRPC, which carries no details then
  } cases[] = {
      {"another CA", strange / "kz-officer", kSubmitCaseCommand, offer, true, StatusCode::UNAVAILABLE, ""},
      {"our identity from their CA", forged, kSubmitCaseCommand, offer, true, StatusCode::UNAVAILABLE, ""},
      {"an identity nobody named", "ru-officer", kSubmitCaseCommand, offer, true, StatusCode::UNAUTHENTICATED,
       "UNAUTHENTICATED"},
      {"an auditor submits", "kz-auditor", kSubmitCaseCommand, offer, true, StatusCode::PERMISSION_DENIED,
       "PERMISSION_DENIED"},
      {"an operator submits", "kz-operator", kSubmitCaseCommand, offer, true, StatusCode::PERMISSION_DENIED,
       "PERMISSION_DENIED"},
      {"an officer exchanges", "kz-officer", kPush, "", true, StatusCode::PERMISSION_DENIED,
       "PERMISSION_DENIED"},
      {"the counterpart submits", "ru-service", kSubmitCaseCommand, offer, true,
       StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED"},
      {"a method there is not", "kz-officer", kNobody, offer, true, StatusCode::PERMISSION_DENIED, ""},
      {"no deadline", "kz-officer", kSubmitCaseCommand, offer, false, StatusCode::INVALID_ARGUMENT,
       "INVALID_ARGUMENT"},
      {"no deadline for a question", "kz-officer", kGetNodeState, "", false, StatusCode::INVALID_ARGUMENT,
       "INVALID_ARGUMENT"},
      {"more than an officer has to say", "kz-officer", kSubmitCaseCommand, large.SerializeAsString(), true,
       StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {"more than is read", "kz-officer", kSubmitCaseCommand, oversized.SerializeAsString(), true,
       StatusCode::RESOURCE_EXHAUSTED, ""},
      {"the same id, other bytes", "kz-officer", kSubmitCaseCommand, replayed.SerializeAsString(), true,
       StatusCode::ALREADY_EXISTS, "ALREADY_EXISTS"},
      {"an unknown field", "kz-officer", kSubmitCaseCommand, unknown_field, true,
       StatusCode::INVALID_ARGUMENT, "FORM"},
      {"an unknown field inside", "kz-officer", kSubmitCaseCommand, nested.SerializeAsString(), true,
       StatusCode::INVALID_ARGUMENT, "FORM"},
      {"not a message", "kz-officer", kSubmitCaseCommand, "\xff\xff\xff", true, StatusCode::INVALID_ARGUMENT,
       "INVALID_ARGUMENT"},
      {"cut off", "kz-officer", kSubmitCaseCommand, offer.substr(0, offer.size() - 1), true,
       StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {"an IIN of which the last digit is wrong", "kz-officer", kSubmitCaseCommand, bad_iin, true,
       StatusCode::INVALID_ARGUMENT, "FORM"},
      {"born on a day there was not", "kz-officer", kSubmitCaseCommand, no_such_day, true,
       StatusCode::INVALID_ARGUMENT, "FORM"},
      {"a name in two scripts", "kz-officer", kSubmitCaseCommand, two_scripts, true,
       StatusCode::INVALID_ARGUMENT, "FORM"},
      {"would it be accepted? yes", "kz-officer", kSubmitCaseCommand, rehearsed.SerializeAsString(), true,
       StatusCode::OK, ""},
      {"would it be accepted? no", "kz-officer", kSubmitCaseCommand, out_of_turn.SerializeAsString(), true,
       StatusCode::FAILED_PRECONDITION, "RULE"},
      {"nothing", "kz-officer", kSubmitCaseCommand, "", true, StatusCode::INVALID_ARGUMENT, "FORM"},
  };
  for (const auto& one : cases) {
    SCOPED_TRACE(one.what);
    grpc::ClientContext context;
    if (one.deadline) context.set_deadline(absl::ToChronoTime(absl::Now() + absl::Seconds(10)));
    const RawAnswer answer =
        CallRaw(both_->Connect(v1::PARTY_KZ, one.certificate), one.method, one.request, context);
    EXPECT_EQ(answer.status.error_code(), one.code) << answer.status.error_message();
    if (one.reason == std::string_view()) continue;
    google::rpc::Status rich;
    google::rpc::ErrorInfo info;
    ASSERT_TRUE(rich.ParseFromString(answer.status.error_details()));
    EXPECT_EQ(rich.code(), one.code);
    EXPECT_FALSE(rich.message().empty());
    ASSERT_GE(rich.details_size(), 1);
    ASSERT_TRUE(rich.details(0).UnpackTo(&info));
    EXPECT_EQ(info.reason(), one.reason);
    EXPECT_EQ(info.domain(), "kelisim");
  }

  EXPECT_EQ(StateOf(v1::PARTY_KZ).SerializeAsString(), kz_before);
  EXPECT_EQ(StateOf(v1::PARTY_RU).SerializeAsString(), ru_before);
  // And the request that all of them bent is as good as before.
  EXPECT_TRUE(CallRaw(both_->officer(v1::PARTY_KZ), kSubmitCaseCommand, offer).status.ok());

  // The log tells of the refusals, and of no person.
  const std::string log = ReadAll(both_->directory() / "kz" / "log");
  EXPECT_THAT(log, ::testing::HasSubstr("refused"));
  const v1::SubmitCaseCommandRequest filed = Course(v1::PARTY_KZ, 0).Next(random_);
  const v1::Person& person = filed.command().file_petition().head();
  for (const std::string& personal :
       {person.name().surname(), person.name().given_name(), person.identifiers(0).number(),
        person.birth_date(), std::string("850101300009"), std::string("Иbaнoв")}) {
    EXPECT_THAT(log, ::testing::Not(::testing::HasSubstr(personal)));
  }
}

// What one state has issued it alone can check: the other one carries it as it is, and is
// told at hand-off 1. What is only unusual (edge 118) is shown to the officers of the state
// that issued it, and stops nothing.
TEST_F(EndToEndTest, IdentifiersAreCheckedByTheStateThatIssuedThem) {
  const struct {
    v1::Party entry;
    v1::Identifier::Kind kind;
    const char* state;
    const char* number;
    const char* wrong;  // key of what the departure state says; empty: nothing
    const char* unusual;
  } rows[] = {
      {v1::PARTY_RU, v1::Identifier::IIN, "KAZ", "850101300125", "form.iin_check", "warn.iin_date"},
      {v1::PARTY_RU, v1::Identifier::IIN, "KAZ", "850101300124", "", "warn.iin_date"},
      {v1::PARTY_RU, v1::Identifier::PASSPORT, "KAZ", "1", "", "warn.passport"},
      {v1::PARTY_KZ, v1::Identifier::SNILS, "RUS", "11223344500", "form.snils_check", ""},
      {v1::PARTY_KZ, v1::Identifier::SNILS, "RUS", "11223344595", "", ""},
  };
  int number = 0;
  for (const auto& row : rows) {
    SCOPED_TRACE(row.number);
    Course course(row.entry, number++);
    v1::SubmitCaseCommandRequest filing = course.Next(random_);
    v1::Identifier& identifier =
        *filing.mutable_command()->mutable_file_petition()->mutable_head()->add_identifiers();
    identifier.set_kind(row.kind);
    identifier.set_issuing_state(row.state);
    identifier.set_number(row.number);
    const std::string field =
        absl::StrCat("petition.head.identifiers[",
                     filing.command().file_petition().head().identifiers_size() - 1, "].number");
    v1::SubmitCaseCommandResponse filed;
    ASSERT_TRUE(filed.ParseFromString(Ask(row.entry, kSubmitCaseCommand, filing.SerializeAsString()).bytes));
    course.Took(filed);
    ASSERT_TRUE(GoTo(course, "accept", random_) && AwaitTurn(course));
    const v1::Party departure = treaty::Other(row.entry);
    const RawAnswer accepted =
        CallRaw(both_->officer(departure), kSubmitCaseCommand, course.Next(random_).SerializeAsString());
    if (*row.wrong == '\0') {
      EXPECT_TRUE(accepted.status.ok()) << accepted.status.error_message();
    } else {
      EXPECT_EQ(accepted.status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
      EXPECT_THAT(accepted.status.error_details(),
                  ::testing::AllOf(::testing::HasSubstr(field), ::testing::HasSubstr(row.wrong)));
    }
    const v1::Case seen = CaseAt(departure, course.name());
    ASSERT_EQ(seen.warnings_size(), *row.unusual == '\0' ? 0 : 1);
    for (const v1::Warning& warning : seen.warnings()) {
      EXPECT_EQ(warning.field(), field);
      EXPECT_EQ(warning.key(), row.unusual);
    }
    EXPECT_EQ(CaseAt(row.entry, course.name()).warnings_size(), 0);
  }
}

// ---------------------------------------------------------------- away, and restored

TEST_F(EndToEndTest, AnAuthorityThatWasAwayIsToldEverything) {
  AwaitSettled();
  ASSERT_EQ(both_->process(v1::PARTY_RU).Stop().value_or(-1), 0);
  Course course(v1::PARTY_KZ, 0);
  ASSERT_TRUE(GoTo(course, "accept", random_));
  const v1::NodeState alone = StateOf(v1::PARTY_KZ);
  EXPECT_LT(alone.cosigned_size(), alone.own_size());
  const v1::Case recorded = CaseAt(v1::PARTY_KZ, course.name());
  ASSERT_EQ(recorded.timeline_size(), 3);
  for (const v1::TimelineItem& item : recorded.timeline()) {
    EXPECT_EQ(v1::Evidence_Name(item.evidence()), "RECORDED");
  }

  ASSERT_TRUE(both_->Start(v1::PARTY_RU).ok());
  ASSERT_TRUE(both_->AwaitOpen().ok());
  AwaitSettled();
  const v1::Case delivered = CaseAt(v1::PARTY_KZ, course.name());
  for (const v1::TimelineItem& item : delivered.timeline()) {
    EXPECT_EQ(v1::Evidence_Name(item.evidence()), StaysHome(item) ? "RECORDED" : "DELIVERED");
  }
  ASSERT_TRUE(GoToTheEnd(course, random_));
  AwaitSettled();
  ExpectSameView(course.name(), v1::COMPLETED);
}

TEST_F(EndToEndTest, AStoreRestoredFromABackupIsMadeWholeByTheCounterpart) {
  Course course(v1::PARTY_KZ, 0);
  ASSERT_TRUE(GoTo(course, "clear", random_));
  ASSERT_EQ(both_->process(v1::PARTY_RU).Stop().value_or(-1), 0);
  const fs::path store = both_->store(v1::PARTY_RU);
  const fs::path backup = both_->directory() / "backup";
  fs::copy(store, backup, fs::copy_options::recursive);
  ASSERT_TRUE(both_->Start(v1::PARTY_RU).ok());
  ASSERT_TRUE(both_->AwaitOpen().ok());

  // Much happens after the backup, also irreversible things.
  ASSERT_TRUE(GoTo(course, "register_residence", random_));
  Course other(v1::PARTY_RU, 1);
  ASSERT_TRUE(GoTo(other, "record_exit", random_));
  AwaitSettled();
  const uint64_t size = StateOf(v1::PARTY_RU).own_size();
  const std::string state = CaseAt(v1::PARTY_RU, course.name()).state().SerializeAsString();

  ASSERT_EQ(both_->process(v1::PARTY_RU).Stop().value_or(-1), 0);
  fs::remove_all(store);
  fs::copy(backup, store, fs::copy_options::recursive);
  ASSERT_TRUE(both_->Start(v1::PARTY_RU).ok());
  ASSERT_TRUE(both_->AwaitOpen().ok());

  // What is irreversible shows again once the counterpart has cosigned it again.
  AwaitSettled();
  EXPECT_EQ(StateOf(v1::PARTY_RU).lineage(), 1u);
  EXPECT_GE(StateOf(v1::PARTY_RU).own_size(), size);
  EXPECT_EQ(CaseAt(v1::PARTY_RU, course.name()).state().SerializeAsString(), state);
  // Nothing that was acknowledged is done again. What was never told to the
  // counterpart came back without its content, and its answer is gone with it:
  // repeated, it is refused by the rules.
  const uint64_t healed = StateOf(v1::PARTY_RU).own_size();
  int without_content = 0;
  for (const Answered& one : answered_) {
    const RawAnswer again = CallRaw(both_->officer(one.party), one.method, one.request);
    if (again.status.error_code() == grpc::StatusCode::FAILED_PRECONDITION) {
      ++without_content;
      continue;
    }
    ASSERT_TRUE(again.status.ok()) << again.status.error_message();
    EXPECT_EQ(again.bytes, one.response);
  }
  // Petition and scope of the case that Russia opened after the backup.
  EXPECT_EQ(without_content, 2);
  EXPECT_EQ(StateOf(v1::PARTY_RU).own_size(), healed);
  ASSERT_TRUE(GoToTheEnd(course, random_));
  ASSERT_TRUE(GoToTheEnd(other, random_));
  AwaitSettled();
  ExpectSameView(course.name(), v1::COMPLETED);
  ExpectSameView(other.name(), v1::COMPLETED);
  ExpectFinalCheckpoints();
}

}  // namespace
}  // namespace kelisim::testing
