#include "shared/node/node.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <fcntl.h>
#include <httplib.h>
#include <netinet/in.h>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <map>
#include <mutex>
#include <random>
#include <thread>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/time/clock.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "grpcpp/security/credentials.h"
#include "grpcpp/support/error_details.h"
#include "gtest/gtest.h"
#include "kelisim/v1/case_service.grpc.pb.h"
#include "kelisim/v1/exchange_service.grpc.pb.h"
#include "kelisim/v1/ledger_service.grpc.pb.h"
#include "kelisim/v1/treaty_service.grpc.pb.h"
#include "shared/authority/views.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/anchor.h"
#include "shared/ledger/memory_store.h"
#include "shared/node/attachment_fetcher.h"
#include "shared/node/config.h"
#include "shared/node/doctor.h"
#include "shared/node/init.h"
#include "shared/node/input_queue.h"
#include "shared/node/keys.h"
#include "shared/node/service.h"
#include "shared/node/stop_limit.h"
#include "shared/node/test_pki.h"
#include "shared/node/transport.h"
#include "shared/rpc/access.h"
#include "shared/rpc/attachment_service.h"
#include "shared/rpc/log.h"
#include "shared/rpc/message.h"
#include "shared/testing/officer.h"
#include "shared/testing/parties.h"
#include "shared/text/acts.h"
#include "shared/tlog/proof.h"

// ---------------------------------------------------------------- a disk that does as it is told

// Stands before the machine's own calls, for the whole program.
class Disk {
 public:
  // A sync of a file whose path ends so waits.
  void Hold(std::string path_end) {
    const std::lock_guard lock(mutex_);
    held_ = std::move(path_end);
    failing_ = false;
  }
  void Release(bool failing = false) {
    const std::lock_guard lock(mutex_);
    held_.clear();
    failing_ = failing;
    released_.notify_all();
  }
  int waiting() {
    const std::lock_guard lock(mutex_);
    return waiting_;
  }
  // Bytes; negative: as it is.
  std::atomic<int64_t> free_bytes = -1;
  // No directory can be made whose path ends so.
  std::string full_at;

  // False: the sync fails.
  bool MaySync(int fd) {
    char path[4096] = {};
    const ssize_t length = readlink(absl::StrCat("/proc/self/fd/", fd).c_str(), path, sizeof(path) - 1);
    std::unique_lock lock(mutex_);
    const bool held = length > 0 && !held_.empty() && absl::EndsWith(path, held_);
    if (!held) return true;
    ++waiting_;
    released_.wait(lock, [&] { return held_.empty(); });
    --waiting_;
    return !failing_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable released_;
  std::string held_;
  bool failing_ = false;
  int waiting_ = 0;
};
Disk& TheDisk() {
  static Disk disk;
  return disk;
}

extern "C" int fsync(int fd) {
  static const auto real = reinterpret_cast<decltype(&fsync)>(dlsym(RTLD_NEXT, "fsync"));
  if (TheDisk().MaySync(fd)) return real(fd);
  errno = EIO;
  return -1;
}
extern "C" int fdatasync(int fd) {
  static const auto real = reinterpret_cast<decltype(&fdatasync)>(dlsym(RTLD_NEXT, "fdatasync"));
  if (TheDisk().MaySync(fd)) return real(fd);
  errno = EIO;
  return -1;
}
extern "C" int mkdir(const char* path, mode_t mode) noexcept {
  static const auto real = reinterpret_cast<int (*)(const char*, mode_t)>(dlsym(RTLD_NEXT, "mkdir"));
  const std::string& full = TheDisk().full_at;
  if (full.empty() || !absl::EndsWith(path, full)) return real(path, mode);
  errno = ENOSPC;
  return -1;
}
extern "C" int statvfs(const char* path, struct statvfs* facts) noexcept {
  static const auto real =
      reinterpret_cast<int (*)(const char*, struct statvfs*)>(dlsym(RTLD_NEXT, "statvfs"));
  const int result = real(path, facts);
  const int64_t free_bytes = TheDisk().free_bytes;
  if (result == 0 && free_bytes >= 0) {
    facts->f_bavail = facts->f_bfree = static_cast<fsblkcnt_t>(free_bytes) / facts->f_frsize;
  }
  return result;
}

namespace kelisim::node {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "kelisim_node_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) std::abort();
    path_ = name;
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

void Write(const std::string& path, const std::string& text) {
  std::filesystem::create_directories(std::filesystem::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

// Not among those that the kernel gives to connections: one of them could take it meanwhile.
int FreePort() {
  std::random_device device;
  std::uniform_int_distribution<int> among(10'000, 30'000);
  for (;;) {
    const int port = among(device);
    if (Listener::Bind("127.0.0.1", absl::StrCat(port)).ok()) return port;
  }
}

// ---------------------------------------------------------------- two authorities on one machine

const char* CodeOf(v1::Party party) { return party == v1::PARTY_KZ ? "kz" : "ru"; }

class TwoAuthorities {
 public:
  TwoAuthorities() {
    for (v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
      do {
        ports_[party] = FreePort();
      } while (ports_[v1::PARTY_KZ] == ports_[v1::PARTY_RU]);
      Issue(party, "node", absl::StrCat(CodeOf(party), ".example"));
      for (const char* role : {"officer", "auditor", "operator", "stranger"}) Issue(party, role, "");
    }
    const PublicKeys kz = MakeKeys(v1::PARTY_KZ);
    const PublicKeys ru = MakeKeys(v1::PARTY_RU);
    WritePolicy("kz.policy", kz, ru);
    WritePolicy("ru.policy", ru, kz);
    for (v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
      EXPECT_EQ(InitNode(Config(party), Profile(party)), absl::OkStatus());
    }
  }

  v1::NodeConfig Config(v1::Party party) const {
    const v1::Party peer = treaty::Other(party);
    const std::string home = directory_ / CodeOf(party);
    v1::NodeConfig config;
    config.set_listen(absl::StrCat("127.0.0.1:", ports_[party]));
    config.set_data_dir(home + "/store");
    config.set_anchor_file(home + "/anchor/head");
    config.set_attachments_dir(home + "/attachments");
    config.set_web_listen("127.0.0.1:0");
    config.mutable_tls()->set_certificate(home + "/node.crt");
    config.mutable_tls()->set_private_key(home + "/node.key");
    config.mutable_tls()->set_roots(directory_ / "roots.crt");
    config.mutable_keys()->set_log(home + "/log.skey");
    config.mutable_keys()->set_witness(home + "/witness.skey");
    config.mutable_keys()->set_mirror(home + "/mirror.skey");
    config.mutable_keys()->set_master(home + "/master.key");
    config.set_policy_file(directory_ / absl::StrCat(CodeOf(party), ".policy"));
    config.set_counterpart_policy_file(directory_ / absl::StrCat(CodeOf(peer), ".policy"));
    config.mutable_counterpart()->set_address(absl::StrCat("127.0.0.1:", ports_[peer]));
    config.mutable_counterpart()->set_tls_name(absl::StrCat(CodeOf(peer), ".example"));
    AddIdentity(config, UriOf(peer, "node"), v1::Identity::COUNTERPART);
    AddIdentity(config, UriOf(party, "officer"), v1::Identity::OFFICER);
    AddIdentity(config, UriOf(party, "auditor"), v1::Identity::AUDITOR);
    AddIdentity(config, UriOf(party, "operator"), v1::Identity::OPERATOR);
    *config.mutable_protocol() = testing::TestProtocol();
    config.set_body(testing::TestIdentity(party).body);
    return config;
  }

  authority::Profile Profile(v1::Party party) const { return testing::TestIdentity(party).profile; }

  void Start(v1::Party party) {
    auto node =
        Node::Start(Config(party), Profile(party), SystemClock(), [] { FAIL() << "the core stopped"; });
    ASSERT_TRUE(node.ok()) << node.status();
    nodes_[party] = *std::move(node);
  }
  // The node of `party`, which the other one has told that it is new, and left alone.
  void StartAlone(v1::Party party) {
    const v1::Party peer = treaty::Other(party);
    Start(peer);
    Start(party);
    AwaitOpen();
    Stop(peer);
  }
  void Stop(v1::Party party) {
    nodes_[party]->Stop(absl::Seconds(5));
    nodes_[party].reset();
  }
  Node& node(v1::Party party) { return *nodes_[party]; }

  // A caller's channel to the node of `party`, with the certificate of `role`.
  std::shared_ptr<grpc::Channel> Connect(v1::Party party, const std::string& role) const {
    const std::string home = directory_ / CodeOf(party);
    return ConnectWith(party, *ReadFile(home + "/" + role + ".crt"), *ReadFile(home + "/" + role + ".key"));
  }
  std::shared_ptr<grpc::Channel> ConnectWith(v1::Party party, const std::string& certificate,
                                             const std::string& key) const {
    grpc::SslCredentialsOptions options{Roots(), key, certificate};
    grpc::ChannelArguments arguments;
    arguments.SetSslTargetNameOverride(absl::StrCat(CodeOf(party), ".example"));
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(Config(party).listen(), grpc::SslCredentials(options), arguments);
  }

  std::shared_ptr<grpc::Channel> ConnectAsCounterpart(v1::Party party) const {
    const std::string home = directory_ / CodeOf(treaty::Other(party));
    return ConnectWith(party, *ReadFile(home + "/node.crt"), *ReadFile(home + "/node.key"));
  }

  // How an entry of the ledger of `party` becomes final.
  std::string PolicyFile(v1::Party party) const {
    return directory_ / (CodeOf(party) + std::string(".policy"));
  }

  // Until both can do everything.
  void AwaitOpen() {
    for (v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
      ASSERT_TRUE(Await([&] { return node(party).State().mode() == v1::OPEN_FOR_ALL; }))
          << node(party).State().ShortDebugString();
    }
  }

  template <typename Condition>
  static bool Await(Condition condition) {
    const absl::Time deadline = absl::Now() + absl::Seconds(10);
    while (!condition() && absl::Now() < deadline) std::this_thread::yield();
    return condition();
  }

  // The CA of a Party, which may issue its own names alone; both trust both.
  const TestPki& Pki(v1::Party party) const { return party == v1::PARTY_KZ ? kz_pki_ : ru_pki_; }
  std::string Roots() const { return kz_pki_.roots() + ru_pki_.roots(); }

  static std::string UriOf(v1::Party party, const std::string& role) {
    return absl::StrCat("spiffe://", CodeOf(party), ".example/", role);
  }

 private:
  static void AddIdentity(v1::NodeConfig& config, const std::string& uri, v1::Identity::Role role) {
    v1::Identity& identity = *config.add_identities();
    identity.set_uri(uri);
    identity.set_role(role);
  }

  void Issue(v1::Party party, const std::string& role, const std::string& dns) {
    const TestPki::Leaf leaf = Pki(party).Issue(UriOf(party, role), dns);
    const std::string home = directory_ / CodeOf(party);
    Write(home + "/" + role + ".crt", leaf.certificate);
    Write(home + "/" + role + ".key", leaf.private_key);
    Write(directory_ / "roots.crt", Roots());
  }

  struct PublicKeys {
    std::string log;
    std::string witness;
    std::string mirror;
  };
  PublicKeys MakeKeys(v1::Party party) {
    const std::string home = directory_ / CodeOf(party);
    const std::string host = absl::StrCat("migration.", CodeOf(party), ".example");
    EXPECT_EQ(GenerateMasterKey(home + "/master.key", SystemRandom()), absl::OkStatus());
    return {
        *GenerateKey(host + "/ledger/2026", tlog::KeyType::kEd25519, home + "/log.skey", SystemRandom()),
        *GenerateKey(host + "/witness", tlog::KeyType::kCosignature, home + "/witness.skey", SystemRandom()),
        *GenerateKey(host + "/mirror", tlog::KeyType::kCosignature, home + "/mirror.skey", SystemRandom())};
  }
  void WritePolicy(const std::string& file, const PublicKeys& of, const PublicKeys& counterpart) {
    Write(directory_ / file,
          absl::StrCat("log ", of.log, "\nwitness witness ", counterpart.witness, "\nwitness mirror ",
                       counterpart.mirror, "\ngroup treaty all witness mirror\nquorum treaty\n"));
  }

  TemporaryDirectory directory_;
  TestPki kz_pki_{"kz.example"};
  TestPki ru_pki_{"ru.example"};
  int ports_[3] = {};
  std::unique_ptr<Node> nodes_[3];
};

struct Context {
  explicit Context(std::chrono::seconds deadline = std::chrono::seconds(10)) {
    client.set_deadline(std::chrono::system_clock::now() + deadline);
  }
  grpc::ClientContext client;
};

google::rpc::ErrorInfo InfoOf(const grpc::Status& status) {
  google::rpc::Status rich;
  google::rpc::ErrorInfo info;
  EXPECT_TRUE(grpc::ExtractErrorDetails(status, &rich).ok());
  for (const google::protobuf::Any& any : rich.details()) any.UnpackTo(&info);
  return info;
}

v1::SubmitCaseCommandRequest Filing(const std::string& request_id, int number = 1) {
  v1::SubmitCaseCommandRequest request;
  request.set_request_id(request_id);
  *request.mutable_command()->mutable_file_petition() =
      testing::PetitionOf(v1::PARTY_RU, number, {}, "2026-01-15");
  return request;
}

constexpr char kFirstId[] = "00000000-0000-4000-8000-000000000001";

grpc::Status Submit(v1::CaseService::Stub& stub, const v1::SubmitCaseCommandRequest& request,
                    v1::SubmitCaseCommandResponse* response) {
  Context context;
  return stub.SubmitCaseCommand(&context.client, request, response);
}

v1::SubmitCaseCommandRequest Command(const std::string& request_id, const std::string& name,
                                     const std::string& text) {
  v1::SubmitCaseCommandRequest request;
  request.set_request_id(request_id);
  request.set_name(name);
  EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, request.mutable_command())) << text;
  return request;
}

// A request of these bytes to any method.
grpc::Status AskRaw(const std::shared_ptr<grpc::Channel>& channel, std::string_view method,
                    std::string* answer = nullptr, std::string_view bytes = "") {
  grpc::GenericStub stub(channel);
  Context context;
  grpc::ByteBuffer request = rpc::ToBuffer(bytes);
  grpc::ByteBuffer response;
  std::promise<grpc::Status> done;
  stub.UnaryCall(&context.client, std::string(method), grpc::StubOptions(), &request, &response,
                 [&](grpc::Status status) { done.set_value(std::move(status)); });
  grpc::Status status = done.get_future().get();
  if (status.ok() && answer != nullptr) *answer = *rpc::BytesOf(response, 100);
  return status;
}

// What the node says of its health to a caller of `role`: bytes, or the code of the error.
std::string HealthOf(const TwoAuthorities& two, v1::Party party, const std::string& role = "operator") {
  std::string answer;
  const grpc::Status status = AskRaw(two.Connect(party, role), "/grpc.health.v1.Health/Check", &answer);
  return status.ok() ? answer : absl::StrCat("code ", status.error_code());
}

TEST(Node, ACaseGoesFromOneAuthorityToTheOther) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  // New and alone, it may be what is left after a loss: it records nothing, and says so.
  EXPECT_EQ(two.node(v1::PARTY_RU).State().mode(), v1::READ_ONLY);
  EXPECT_EQ(HealthOf(two, v1::PARTY_RU), "\x08\x02");  // NOT_SERVING
  {
    v1::SubmitCaseCommandResponse refused;
    const auto alone = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
    EXPECT_EQ(Submit(*alone, Filing(kFirstId), &refused).error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(two.node(v1::PARTY_RU).State().own_size(), 0u);
  }
  two.Start(v1::PARTY_KZ);
  two.AwaitOpen();

  const auto ru = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  const auto kz = v1::CaseService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  v1::SubmitCaseCommandResponse filed;
  grpc::Status status = Submit(*ru, Filing(kFirstId), &filed);
  ASSERT_TRUE(status.ok()) << status.error_message() << InfoOf(status).ShortDebugString();
  EXPECT_THAT(filed.name(), StartsWith("cases/"));
  EXPECT_EQ(filed.status(), v1::SUBMITTED);

  // A watcher sees each act as it comes.
  const auto auditor = v1::CaseService::NewStub(two.Connect(v1::PARTY_KZ, "auditor"));
  grpc::ClientContext watching;
  const auto stream = auditor->WatchActs(&watching, v1::WatchActsRequest());

  v1::SubmitCaseCommandResponse response;
  status = Submit(*ru, Command("00000000-0000-4000-8000-000000000002", filed.name(), R"(confirm_scope {
    free_will_confirmed: true citizenship_confirmed_person_ids: "head" })"),
                  &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  status = Submit(*ru, Command("00000000-0000-4000-8000-000000000003", filed.name(), "offer { number: 1 }"),
                  &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.holder(), v1::PARTY_KZ);

  v1::WatchActsResponse seen;
  ASSERT_TRUE(stream->Read(&seen));
  EXPECT_EQ(seen.name(), filed.name());
  EXPECT_TRUE(seen.item().case_act().has_offered());
  status = Submit(*kz, Command("00000000-0000-4000-8000-000000000004", filed.name(), "accept { number: 1 }"),
                  &response);
  ASSERT_TRUE(status.ok()) << status.error_message() << InfoOf(status).ShortDebugString();
  EXPECT_EQ(response.status(), v1::AWAIT_CLEARANCE);
  ASSERT_TRUE(stream->Read(&seen));
  EXPECT_TRUE(seen.item().case_act().has_accepted());
  watching.TryCancel();
  EXPECT_FALSE(stream->Read(&seen));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::CANCELLED);

  // The acceptance reaches the one who offered.
  EXPECT_TRUE(TwoAuthorities::Await([&] {
    Context context;
    v1::Case view;
    v1::GetCaseRequest request;
    request.set_name(filed.name());
    return ru->GetCase(&context.client, request, &view).ok() && view.state().status() == v1::AWAIT_CLEARANCE;
  }));
  v1::ListCasesResponse list;
  Context listing;
  ASSERT_TRUE(kz->ListCases(&listing.client, v1::ListCasesRequest(), &list).ok());
  ASSERT_EQ(list.cases_size(), 1);
  EXPECT_EQ(list.cases(0).name(), filed.name());

  // Both cosigned: a checkpoint with three signatures can be had.
  const auto ledger = v1::LedgerService::NewStub(two.Connect(v1::PARTY_RU, "operator"));
  v1::GetCheckpointRequest of_own;
  of_own.set_ledger(v1::PARTY_RU);
  v1::GetCheckpointResponse checkpoint;
  Context asking;
  ASSERT_TRUE(ledger->GetCheckpoint(&asking.client, of_own, &checkpoint).ok());
  const auto note = tlog::Note::Parse(checkpoint.note());
  ASSERT_TRUE(note.ok());
  EXPECT_EQ(note->signatures.size(), 3u);

  // A wrong step: the rule, in the caller's language.
  Context in_russian;
  in_russian.client.AddMetadata("accept-language", "ru");
  status = ru->SubmitCaseCommand(
      &in_russian.client,
      Command("00000000-0000-4000-8000-000000000005", filed.name(), "offer { number: 1 }"), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_EQ(InfoOf(status).reason(), "RULE");
  EXPECT_THAT(status.error_details(), HasSubstr("LocalizedMessage"));

  const uint64_t size = two.node(v1::PARTY_RU).State().own_size();
  two.Stop(v1::PARTY_RU);
  two.Start(v1::PARTY_RU);
  EXPECT_EQ(two.node(v1::PARTY_RU).State().own_size(), size);
  two.AwaitOpen();
  const auto again = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  // The same request is answered by the same bytes, for ever.
  v1::SubmitCaseCommandResponse repeated;
  status = Submit(*again, Filing(kFirstId), &repeated);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(repeated.SerializeAsString(), filed.SerializeAsString());
  EXPECT_EQ(Submit(*again, Filing(kFirstId, 2), &repeated).error_code(), grpc::StatusCode::ALREADY_EXISTS);
  EXPECT_EQ(two.node(v1::PARTY_RU).State().own_size(), size);
}

// Sends `document` chunk by chunk; its hash.
absl::StatusOr<std::string> Upload(const std::shared_ptr<grpc::Channel>& channel,
                                   const std::string& document) {
  const auto stub = v1::AttachmentService::NewStub(channel);
  Context context;
  v1::Attachment stored;
  const auto stream = stub->UploadAttachment(&context.client, &stored);
  for (size_t at = 0; at < document.size(); at += ledger::Attachments::kChunk) {
    v1::AttachmentChunk chunk;
    if (at == 0) chunk.set_size(document.size());
    chunk.set_data(document.substr(at, ledger::Attachments::kChunk));
    if (!stream->Write(chunk)) break;
  }
  stream->WritesDone();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return rpc::FromGrpc(status);
  return stored.sha256();
}

template <typename Stub, typename Method>
absl::StatusOr<std::string> Download(Stub& stub, Method method, const std::string& sha256) {
  Context context;
  v1::DownloadAttachmentRequest request;
  request.set_sha256(sha256);
  const auto stream = (stub.*method)(&context.client, request);
  std::string document;
  v1::AttachmentChunk chunk;
  while (stream->Read(&chunk)) document += chunk.data();
  const grpc::Status status = stream->Finish();
  if (!status.ok()) return rpc::FromGrpc(status);
  return document;
}

// A step on an instrument of Kazakhstan; gives the matter's name.
std::string SubmitInstrument(TwoAuthorities& two, const char* request_id, const std::string& name,
                             const v1::InstrumentStep& step) {
  const auto kz = v1::MatterService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  v1::SubmitMatterStepRequest request;
  request.set_request_id(request_id);
  request.set_name(name);
  *request.mutable_command()->mutable_instrument() = step;
  v1::SubmitMatterStepResponse response;
  Context context;
  const grpc::Status status = kz->SubmitMatterStep(&context.client, request, &response);
  EXPECT_TRUE(status.ok()) << status.error_message() << InfoOf(status).ShortDebugString();
  return response.name();
}
// A protocol whose two texts are documents of these hashes: as it stays at home, and told to
// the counterpart.
std::string DraftProtocol(TwoAuthorities& two, const std::string& text_kk, const std::string& text_ru) {
  v1::InstrumentStep step;
  v1::Instrument& draft = *step.mutable_draft();
  draft.set_kind(v1::Instrument::PROTOCOL);
  draft.set_title("protocol 2");
  draft.set_text_kk_sha256(text_kk);
  draft.set_text_ru_sha256(text_ru);
  draft.set_effective_from("2199-01-01");
  *draft.mutable_protocol() = testing::TestProtocol();
  draft.mutable_protocol()->set_version("2199-1");
  return SubmitInstrument(two, kFirstId, "", step);
}
void ProposeProtocol(TwoAuthorities& two, const std::string& name) {
  v1::InstrumentStep step;
  step.mutable_propose();
  SubmitInstrument(two, "00000000-0000-4000-8000-000000000002", name, step);
}

// Streams that the counterpart opens and does not read leave officers theirs.
TEST(Node, TheCounterpartCannotTakeTheStreamsOfOfficers) {
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  two.Start(v1::PARTY_RU);
  two.AwaitOpen();
  // More than the connection buffers for a reader that does not read.
  const std::string document = SystemRandom().Bytes(200 * ledger::Attachments::kChunk);
  const auto sha256 = Upload(two.Connect(v1::PARTY_KZ, "officer"), document);
  ASSERT_TRUE(sha256.ok()) << sha256.status();
  ProposeProtocol(two, DraftProtocol(two, *sha256, *sha256));
  // Then the counterpart's own fetching is over.
  const auto ru = v1::AttachmentService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  ASSERT_TRUE(TwoAuthorities::Await(
      [&] { return Download(*ru, &v1::AttachmentService::Stub::DownloadAttachment, *sha256).ok(); }));

  const auto counterpart = v1::ExchangeService::NewStub(two.ConnectAsCounterpart(v1::PARTY_KZ));
  v1::DownloadAttachmentRequest request;
  request.set_sha256(*sha256);
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::AttachmentChunk>>> unread;
  v1::AttachmentChunk chunk;
  ASSERT_TRUE(TwoAuthorities::Await([&] {
    if (static_cast<int>(contexts.size()) == rpc::Streams().counterpart_attachments.most()) return true;
    auto context = std::make_unique<grpc::ClientContext>();
    auto stream = counterpart->FetchAttachment(context.get(), request);
    if (!stream->Read(&chunk)) {
      EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
      return false;
    }
    contexts.push_back(std::move(context));
    unread.push_back(std::move(stream));
    return false;
  }));
  EXPECT_TRUE(absl::IsResourceExhausted(
      Download(*counterpart, &v1::ExchangeService::Stub::FetchAttachment, *sha256).status()));
  const auto officer = v1::AttachmentService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  const auto downloaded = Download(*officer, &v1::AttachmentService::Stub::DownloadAttachment, *sha256);
  ASSERT_TRUE(downloaded.ok()) << downloaded.status();
  EXPECT_EQ(*downloaded, document);
  for (size_t i = 0; i < unread.size(); ++i) {
    contexts[i]->TryCancel();
    EXPECT_EQ(unread[i]->Finish().error_code(), grpc::StatusCode::CANCELLED);
  }
}

TEST(Node, AnAttachmentFollowsTheActThatNamesIt) {
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  two.Start(v1::PARTY_RU);
  two.AwaitOpen();
  const std::string document = SystemRandom().Bytes(4 * ledger::Attachments::kChunk + 123);
  const auto sha256 = Upload(two.Connect(v1::PARTY_KZ, "officer"), document);
  ASSERT_TRUE(sha256.ok()) << sha256.status();
  EXPECT_EQ(*sha256, Sha256(document).bytes());
  EXPECT_TRUE(absl::IsPermissionDenied(Upload(two.Connect(v1::PARTY_KZ, "auditor"), "x").status()));
  EXPECT_TRUE(absl::IsInvalidArgument(Upload(two.Connect(v1::PARTY_KZ, "officer"), "").status()));

  const auto own = v1::ExchangeService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  EXPECT_TRUE(absl::IsPermissionDenied(
      Download(*own, &v1::ExchangeService::Stub::FetchAttachment, *sha256).status()));
  // The counterpart has only what it was told of.
  const auto counterpart = v1::ExchangeService::NewStub(two.ConnectAsCounterpart(v1::PARTY_KZ));
  EXPECT_TRUE(absl::IsNotFound(
      Download(*counterpart, &v1::ExchangeService::Stub::FetchAttachment, *sha256).status()));

  const std::string name = DraftProtocol(two, *sha256, *sha256);
  EXPECT_TRUE(absl::IsNotFound(
      Download(*counterpart, &v1::ExchangeService::Stub::FetchAttachment, *sha256).status()));
  ProposeProtocol(two, name);

  // It comes by itself, and is the same.
  const auto ru = v1::MatterService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  v1::MatterFile file;
  EXPECT_TRUE(TwoAuthorities::Await([&] {
    Context context;
    v1::GetMatterRequest get;
    get.set_name(name);
    return ru->GetMatter(&context.client, get, &file).ok() && file.attachments_size() == 1 &&
           file.attachments(0).size() == document.size();
  })) << file.ShortDebugString();
  const auto officer = v1::AttachmentService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  const auto there = Download(*officer, &v1::AttachmentService::Stub::DownloadAttachment, *sha256);
  ASSERT_TRUE(there.ok()) << there.status();
  EXPECT_EQ(*there, document);
  EXPECT_TRUE(absl::IsNotFound(
      Download(*officer, &v1::AttachmentService::Stub::DownloadAttachment, std::string(32, 'x')).status()));
}

// The file of one document is damaged where it comes from: the other one arrives.
TEST(Node, ADamagedAttachmentHoldsUpNoOther) {
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  two.Start(v1::PARTY_RU);
  two.AwaitOpen();
  std::vector<std::string> sha256;
  for (const char* text : {"one", "two"}) {
    sha256.push_back(*Upload(two.Connect(v1::PARTY_KZ, "officer"), text));
  }
  // The first one asked for.
  std::sort(sha256.begin(), sha256.end());
  const std::string file = two.Config(v1::PARTY_KZ).attachments_dir() + "/" + ToHex(sha256[0]);
  std::filesystem::resize_file(file, std::filesystem::file_size(file) - 1);
  ProposeProtocol(two, DraftProtocol(two, sha256[0], sha256[1]));
  const auto officer = v1::AttachmentService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  EXPECT_TRUE(TwoAuthorities::Await(
      [&] { return Download(*officer, &v1::AttachmentService::Stub::DownloadAttachment, sha256[1]).ok(); }));
  EXPECT_FALSE(Download(*officer, &v1::AttachmentService::Stub::DownloadAttachment, sha256[0]).ok());
}

// gRPC's few threads also carry the exchange: none of them waits for a disk.
TEST(Node, UploadsThatWaitForTheDiskHoldUpNoOtherCall) {
  constexpr int kUploads = 4;
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  two.Start(v1::PARTY_RU);
  two.AwaitOpen();
  const auto channel = two.Connect(v1::PARTY_KZ, "officer");
  TheDisk().Hold(".upload.part");
  std::vector<std::future<absl::StatusOr<std::string>>> uploads;
  for (int i = 0; i < kUploads; ++i) {
    uploads.push_back(
        std::async(std::launch::async, [&, i] { return Upload(channel, absl::StrCat("document ", i)); }));
  }
  EXPECT_TRUE(TwoAuthorities::Await([] { return TheDisk().waiting() == kUploads; }));
  Context context(std::chrono::seconds(5));
  v1::NodeState state;
  const grpc::Status status = v1::LedgerService::NewStub(two.Connect(v1::PARTY_KZ, "operator"))
                                  ->GetNodeState(&context.client, v1::GetNodeStateRequest(), &state);
  TheDisk().Release();
  EXPECT_TRUE(status.ok()) << status.error_message();
  for (auto& upload : uploads) {
    const absl::StatusOr<std::string> sha256 = upload.get();
    EXPECT_TRUE(sha256.ok()) << sha256.status();
  }
}

// Serves documents as the counterpart does, except for those that it cannot read.
class FlawedCounterpart final : public v1::ExchangeService::Service {
 public:
  FlawedCounterpart(std::map<std::string, std::string> documents, grpc::Status of_others)
      : documents_(std::move(documents)), of_others_(std::move(of_others)) {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  std::shared_ptr<grpc::Channel> Connect() const {
    return grpc::CreateChannel(absl::StrCat("127.0.0.1:", port_), grpc::InsecureChannelCredentials());
  }
  grpc::Status FetchAttachment(grpc::ServerContext*, const v1::DownloadAttachmentRequest* request,
                               grpc::ServerWriter<v1::AttachmentChunk>* writer) override {
    const auto found = documents_.find(request->sha256());
    if (found == documents_.end()) return of_others_;
    v1::AttachmentChunk chunk;
    chunk.set_size(found->second.size());
    if (!request->size_only()) chunk.set_data(found->second);
    writer->Write(chunk);
    return grpc::Status::OK;
  }

 private:
  const std::map<std::string, std::string> documents_;
  const grpc::Status of_others_;
  int port_ = 0;
  std::unique_ptr<grpc::Server> server_;
};

// One document cannot be read there, for one there is no room here: the others come all the same.
// What the counterpart says of it could name anybody, and is not logged.
TEST(AttachmentFetcher, OneDocumentKeepsBackNoOther) {
  const TemporaryDirectory directory;
  const authority::Identity identity = testing::TestIdentity(v1::PARTY_KZ);
  ledger::MemoryStore store;
  ledger::Vault vault(std::string(32, 'm'), SystemRandom());
  std::vector<std::string> sha256;
  std::map<std::string, std::string> documents;
  for (const char* text : {"one", "two", "three", "four"}) {
    sha256.emplace_back(Sha256(text).bytes());
    documents[sha256.back()] = text;
  }
  std::sort(sha256.begin(), sha256.end());
  ledger::Batch batch;
  v1::AttachmentRow row;
  row.set_wanted(true);
  for (const std::string& one : sha256) batch.Put(authority::AttachmentRowKey(one), row.SerializeAsString());
  ASSERT_TRUE(store.Commit(batch).ok());
  const authority::Reader reader(identity, store, vault);
  const auto attachments =
      ledger::Attachments::Open(directory / "attachments", std::string(32, 'm'), SystemRandom());
  ASSERT_TRUE(attachments.ok());
  // Of the second one the part cannot be written: its place is taken.
  std::filesystem::create_directories(directory / ("attachments/" + ToHex(sha256[1]) + ".fetch.part"));
  documents.erase(sha256[0]);
  const FlawedCounterpart counterpart(documents, {grpc::StatusCode::UNAVAILABLE, "of Ivan Ivanov"});
  EXPECT_TRUE(rpc::FlushLog(absl::Minutes(1)));
  rpc::StartLog(rpc::LogLevel::kInfo);
  ::testing::internal::CaptureStderr();
  {
    AttachmentFetcher fetcher(reader, **attachments, counterpart.Connect());
    for (size_t i = 2; i < sha256.size(); ++i) {
      EXPECT_TRUE(TwoAuthorities::Await([&] {
        return (*attachments)->SizeOf(*Hash::FromBytes(sha256[i])).ok();
      })) << i;
    }
  }
  EXPECT_TRUE(rpc::FlushLog(absl::Minutes(1)));
  rpc::StartLog(rpc::LogLevel::kError);
  const std::string log = ::testing::internal::GetCapturedStderr();
  EXPECT_THAT(log, HasSubstr("UNAVAILABLE"));
  EXPECT_THAT(log, ::testing::Not(HasSubstr("Ivan")));
}

// How an audit of a node ends. `findings`: in English.
grpc::Status Audited(const TwoAuthorities& two, v1::Party party, std::vector<std::string>& findings) {
  Context context;
  const auto stub = v1::LedgerService::NewStub(two.Connect(party, "auditor"));
  const auto stream = stub->AuditLedgers(&context.client, v1::AuditLedgersRequest());
  v1::AuditProgress progress;
  while (stream->Read(&progress)) {
    if (progress.has_finding()) findings.push_back(AuditText(Lang::kEnglish, progress.finding()));
  }
  return stream->Finish();
}

std::vector<std::string> FindingsAt(const TwoAuthorities& two, v1::Party party) {
  std::vector<std::string> findings;
  const grpc::Status status = Audited(two, party, findings);
  EXPECT_TRUE(status.ok()) << status.error_message();
  return findings;
}

class LaterClock final : public Clock {
 public:
  explicit LaterClock(absl::Duration by) : by_(by) {}
  absl::Time Now() override { return SystemClock().Now() + by_; }

 private:
  const absl::Duration by_;
};

// Whether stderr, which is captured, comes to have this.
bool LogSays(const std::string& line) {
  return TwoAuthorities::Await([&] {
    EXPECT_TRUE(rpc::FlushLog(absl::Minutes(1)));
    return absl::StrContains(ReadFile("/proc/self/fd/2").value_or(""), line);
  });
}

// The certificates of the tests are valid for a day.
TEST(Node, SaysThatItsCertificateHasToBeRenewed) {
  TwoAuthorities two;
  LaterClock later(absl::Hours(20));
  ::testing::internal::CaptureStderr();
  auto node = Node::Start(two.Config(v1::PARTY_KZ), two.Profile(v1::PARTY_KZ), later, [] {});
  ASSERT_TRUE(node.ok()) << node.status();
  EXPECT_TRUE(LogSays("past half its life"));
  (*node)->Stop(absl::Seconds(5));
  (void)::testing::internal::GetCapturedStderr();
}

// While a certificate and its key are exchanged one after the other, or are damaged, the pair of
// before stays in use.
TEST(Node, KeepsTheLastGoodCertificate) {
  TwoAuthorities two;
  EXPECT_TRUE(rpc::FlushLog(absl::Minutes(1)));
  rpc::StartLog(rpc::LogLevel::kInfo);
  ::testing::internal::CaptureStderr();
  two.Start(v1::PARTY_KZ);
  const v1::Tls tls = two.Config(v1::PARTY_KZ).tls();
  const auto served = [&] {
    Context context;
    v1::NodeState state;
    const auto stub = v1::LedgerService::NewStub(two.Connect(v1::PARTY_KZ, "operator"));
    const grpc::Status status = stub->GetNodeState(&context.client, v1::GetNodeStateRequest(), &state);
    EXPECT_TRUE(status.ok()) << status.error_message();
    const auto found = context.client.auth_context()->FindPropertyValues(GRPC_X509_PEM_CERT_PROPERTY_NAME);
    return found.empty() ? "" : std::string(found[0].data(), found[0].size());
  };
  const std::string before = *ReadFile(tls.certificate());
  EXPECT_EQ(served(), before);
  Write(tls.private_key(), "garbage");
  EXPECT_TRUE(LogSays(absl::StrCat("tls.private_key: ", tls.private_key(), ": is not the key of")));
  EXPECT_EQ(served(), before);
  const TestPki::Leaf next =
      two.Pki(v1::PARTY_KZ).Issue(TwoAuthorities::UriOf(v1::PARTY_KZ, "node"), "kz.example");
  Write(tls.roots(), "nothing");
  EXPECT_TRUE(LogSays(absl::StrCat("tls.roots: ", tls.roots(), ": is not a PEM certificate")));
  Write(tls.roots(), two.Roots());
  Write(tls.certificate(), next.certificate);
  EXPECT_EQ(served(), before);
  Write(tls.private_key(), next.private_key);
  EXPECT_TRUE(TwoAuthorities::Await([&] { return served() == next.certificate; }));
  EXPECT_TRUE(LogSays("certificate, key and roots are taken from their files"));
  rpc::StartLog(rpc::LogLevel::kError);
  (void)::testing::internal::GetCapturedStderr();
}

// Also while there is nothing to send: to who asks, and once to the log.
TEST(Node, SaysThatTheCounterpartIsGone) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  two.Start(v1::PARTY_KZ);
  two.AwaitOpen();
  EXPECT_TRUE(rpc::FlushLog(absl::Minutes(1)));
  rpc::StartLog(rpc::LogLevel::kInfo);
  ::testing::internal::CaptureStderr();
  two.Stop(v1::PARTY_RU);
  const auto state = [&] { return two.node(v1::PARTY_KZ).State(); };
  EXPECT_TRUE(TwoAuthorities::Await([&] { return !state().counterpart_connected(); }));
  EXPECT_THAT(state().counterpart_problem(), HasSubstr("no connection"));
  two.Start(v1::PARTY_RU);
  EXPECT_TRUE(TwoAuthorities::Await([&] { return state().counterpart_connected(); }));
  EXPECT_EQ(state().counterpart_problem(), "");
  EXPECT_TRUE(rpc::FlushLog(absl::Minutes(1)));
  rpc::StartLog(rpc::LogLevel::kError);
  std::string log = ::testing::internal::GetCapturedStderr();
  const auto count = [&](absl::string_view line) {
    return std::vector<absl::string_view>(absl::StrSplit(log, line)).size() - 1;
  };
  EXPECT_EQ(count("counterpart: gone"), 1u) << log;
  // It may also have been waited for at the start.
  const size_t gone = std::min(log.find("counterpart: gone"), log.size());
  log.erase(0, gone);
  EXPECT_EQ(count("counterpart: answers again"), 1u) << log;
}

// A document is damaged on both sides. What came from the counterpart comes again; what is
// our own is asked for, and can be put again.
TEST(Node, ADamagedAttachmentIsFoundAndReplaced) {
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  two.Start(v1::PARTY_RU);
  two.AwaitOpen();
  const std::string document = "the text of a protocol";
  const std::string sha256 = *Upload(two.Connect(v1::PARTY_KZ, "officer"), document);
  ProposeProtocol(two, DraftProtocol(two, sha256, sha256));
  const auto ru = v1::AttachmentService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  const auto download = [&] {
    return Download(*ru, &v1::AttachmentService::Stub::DownloadAttachment, sha256);
  };
  ASSERT_TRUE(TwoAuthorities::Await([&] { return download().ok(); }));
  EXPECT_THAT(FindingsAt(two, v1::PARTY_RU), ::testing::IsEmpty());
  const auto damage = [&](v1::Party party) {
    const std::string file = two.Config(party).attachments_dir() + "/" + ToHex(sha256);
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekg(-1, std::ios::end);
    const char last = static_cast<char>(stream.get() ^ 1);
    stream.seekp(-1, std::ios::end);
    stream.put(last);
  };

  // Who asks for it is told; then it comes again.
  damage(v1::PARTY_RU);
  EXPECT_THAT(std::string(download().status().message()), HasSubstr("was damaged and is set aside"));
  // With the next act, or within half a minute.
  const auto cases = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  v1::SubmitCaseCommandResponse filed;
  EXPECT_TRUE(Submit(*cases, Filing(kFirstId), &filed).ok());
  ASSERT_TRUE(TwoAuthorities::Await([&] { return download().ok(); }));
  EXPECT_EQ(*download(), document);

  // An auditor finds it, the next one that it is missing.
  const std::string place = ToHex(sha256);
  damage(v1::PARTY_KZ);
  EXPECT_THAT(FindingsAt(two, v1::PARTY_KZ), ::testing::ElementsAre(place + ": the document is damaged"));
  EXPECT_THAT(FindingsAt(two, v1::PARTY_KZ), ::testing::ElementsAre(HasSubstr("it is not here")));
  two.Stop(v1::PARTY_KZ);
  std::vector<std::string> problems;
  Examine(two.Config(v1::PARTY_KZ), two.Profile(v1::PARTY_KZ), SystemClock(), [&](const Finding& finding) {
    if (!finding.ok) problems.push_back(finding.text);
  });
  EXPECT_THAT(problems,
              ::testing::ElementsAre(HasSubstr("attachment: " + place + ": own acts name the document")));
  two.Start(v1::PARTY_KZ);
  EXPECT_EQ(*Upload(two.Connect(v1::PARTY_KZ, "officer"), document), sha256);
  EXPECT_THAT(FindingsAt(two, v1::PARTY_KZ), ::testing::IsEmpty());
}

// What a stock tool does that knows nothing of us: tiles, entries, root; and a proof in a file.
TEST(Node, AnybodyCanCheckBothLedgers) {
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  two.Start(v1::PARTY_RU);
  two.AwaitOpen();
  const auto ru = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  v1::SubmitCaseCommandResponse filed;
  for (int i = 1; i <= 5; ++i) {
    ASSERT_TRUE(Submit(*ru, Filing(absl::StrCat("00000000-0000-4000-8000-00000000000", i), i), &filed).ok());
  }
  const auto get = [&](v1::Party of, const std::string& path) -> std::string {
    httplib::Client client("127.0.0.1", two.node(of).web_port());
    const auto answer = client.Get(path.c_str());
    return answer && answer->status == 200 ? answer->body : "";
  };
  for (const v1::Party of : {v1::PARTY_RU, v1::PARTY_KZ}) {
    tlog::Checkpoint checkpoint;
    ASSERT_TRUE(TwoAuthorities::Await([&] {
      const auto note = tlog::Note::Parse(get(of, "/ru/checkpoint"));
      if (!note.ok()) return false;
      checkpoint = *tlog::Checkpoint::Parse(note->text);
      return checkpoint.size >= 5;
    }));
    const std::string width = absl::StrCat("/000.p/", checkpoint.size);
    const std::string bundle = get(of, "/ru/tile/entries" + width);
    ASSERT_FALSE(bundle.empty());
    EXPECT_EQ(bundle.find("Примеров"), std::string::npos);
    tlog::RightEdge edge;
    std::string hashes;
    for (std::string_view rest = bundle; !rest.empty();) {
      const size_t length = ReadU16(rest);
      const Hash leaf = tlog::LeafHash(rest.substr(2, length));
      edge.Append(leaf);
      hashes += leaf.bytes();
      rest.remove_prefix(2 + length);
    }
    EXPECT_EQ(edge.size(), checkpoint.size);
    EXPECT_EQ(edge.Root(), checkpoint.root);
    EXPECT_EQ(get(of, "/ru/tile/0" + width), hashes);
    EXPECT_EQ(get(of, absl::StrCat("/ru/tile/0/000.p/", checkpoint.size + 50)), "");

    const auto ledger = v1::LedgerService::NewStub(two.Connect(of, "auditor"));
    v1::GetReceiptRequest request;
    request.set_ledger(v1::PARTY_RU);
    request.set_index(3);
    v1::Receipt receipt;
    {
      Context context;
      ASSERT_TRUE(ledger->GetReceipt(&context.client, request, &receipt).ok());
    }
    const auto proof = tlog::ParseProof(receipt.proof());
    ASSERT_TRUE(proof.ok()) << proof.status();
    const auto policy = tlog::Policy::Parse(*ReadFile(two.PolicyFile(v1::PARTY_RU)));
    const Hash leaf = Hash::FromBytes(std::string_view(hashes).substr(3 * 32, 32)).value();
    EXPECT_EQ(tlog::VerifyProof(*proof, leaf, *policy), absl::OkStatus());
    EXPECT_LE(receipt.proof().size(), 2048u);
    request.set_index(1000);
    Context context;
    EXPECT_EQ(ledger->GetReceipt(&context.client, request, &receipt).error_code(),
              grpc::StatusCode::NOT_FOUND);
  }
}

TEST(Node, LetsInWhomItKnowsForWhatTheyMay) {
  TwoAuthorities two;
  two.StartAlone(v1::PARTY_RU);
  const auto submit = [&](const std::shared_ptr<grpc::Channel>& channel) {
    v1::SubmitCaseCommandResponse response;
    return Submit(*v1::CaseService::NewStub(channel), Filing(kFirstId), &response).error_code();
  };
  EXPECT_EQ(submit(two.Connect(v1::PARTY_RU, "stranger")), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(submit(two.Connect(v1::PARTY_RU, "auditor")), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(submit(two.Connect(v1::PARTY_RU, "operator")), grpc::StatusCode::PERMISSION_DENIED);

  // Of another root, and with no certificate at all: no connection.
  const TestPki other;
  const TestPki::Leaf forged = other.Issue(TwoAuthorities::UriOf(v1::PARTY_RU, "officer"), "");
  EXPECT_EQ(submit(two.ConnectWith(v1::PARTY_RU, forged.certificate, forged.private_key)),
            grpc::StatusCode::UNAVAILABLE);
  EXPECT_EQ(submit(two.ConnectWith(v1::PARTY_RU, "", "")), grpc::StatusCode::UNAVAILABLE);
  // Nor an officer whom the other Party's CA has made, which is trusted for its own names.
  const TestPki::Leaf foreign =
      two.Pki(v1::PARTY_KZ).Issue(TwoAuthorities::UriOf(v1::PARTY_RU, "officer"), "");
  EXPECT_EQ(submit(two.ConnectWith(v1::PARTY_RU, foreign.certificate, foreign.private_key)),
            grpc::StatusCode::UNAVAILABLE);

  const auto exchange = v1::ExchangeService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  v1::PushResponse pushed;
  Context pushing;
  EXPECT_EQ(exchange->Push(&pushing.client, v1::PushRequest(), &pushed).error_code(),
            grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(submit(two.Connect(v1::PARTY_RU, "officer")), grpc::StatusCode::OK);

  // Health, for whom it knows only.
  EXPECT_EQ(HealthOf(two, v1::PARTY_RU), "\x08\x01");  // SERVING
  EXPECT_EQ(HealthOf(two, v1::PARTY_RU, "stranger"),
            absl::StrCat("code ", grpc::StatusCode::UNAUTHENTICATED));
}

// Every method of ours by everybody for whom it is not: refused by its handler, which says why.
TEST(Node, RefusesEveryMethodToEveryRoleThatMayNotCallIt) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  const auto recorded = [&] {
    v1::NodeState state = two.node(v1::PARTY_RU).State();
    state.clear_counterpart_problem();  // nobody answers there
    return state.SerializeAsString();
  };
  const std::string before = recorded();
  const std::map<rpc::Role, std::shared_ptr<grpc::Channel>> callers = {
      {v1::Identity::OFFICER, two.Connect(v1::PARTY_RU, "officer")},
      {v1::Identity::AUDITOR, two.Connect(v1::PARTY_RU, "auditor")},
      {v1::Identity::OPERATOR, two.Connect(v1::PARTY_RU, "operator")},
      {v1::Identity::COUNTERPART, two.ConnectAsCounterpart(v1::PARTY_RU)},
  };
  const auto stranger = two.Connect(v1::PARTY_RU, "stranger");
  int refused = 0;
  for (const rpc::MethodAccess& row : rpc::AccessTable()) {
    const grpc::Status strange = AskRaw(stranger, row.method);
    EXPECT_EQ(strange.error_code(), grpc::StatusCode::UNAUTHENTICATED) << row.method;
    if (row.method.rfind("/kelisim.", 0) != 0) continue;
    EXPECT_EQ(InfoOf(strange).reason(), "UNAUTHENTICATED") << row.method;
    for (const auto& [role, channel] : callers) {
      if (std::count(row.roles.begin(), row.roles.end(), role) > 0) continue;
      SCOPED_TRACE(absl::StrCat(std::string(row.method), " by ", v1::Identity::Role_Name(role)));
      const grpc::Status status = AskRaw(channel, row.method);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED) << status.error_message();
      EXPECT_THAT(status.error_message(), HasSubstr(v1::Identity::Role_Name(row.roles[0])));
      google::rpc::Status rich;
      google::rpc::ErrorInfo info;
      EXPECT_TRUE(rich.ParseFromString(status.error_details()) && rich.details_size() == 1 &&
                  rich.details(0).UnpackTo(&info));
      EXPECT_EQ(info.reason(), "PERMISSION_DENIED");
      ++refused;
    }
  }
  EXPECT_GT(refused, 50);
  EXPECT_EQ(recorded(), before);
}

// A caller without rights does not fill the disk with what is said of it.
TEST(Node, WhomItRefusesFillsNoLog) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  const auto stranger = two.Connect(v1::PARTY_RU, "stranger");
  constexpr int kCalls = 100;
  rpc::StartLog(rpc::LogLevel::kWarning);
  ::testing::internal::CaptureStderr();
  const absl::Time begin = absl::Now();
  for (int i = 0; i < kCalls; ++i) {
    EXPECT_EQ(AskRaw(stranger, "/kelisim.v1.CaseService/GetCase").error_code(),
              grpc::StatusCode::UNAUTHENTICATED);
  }
  EXPECT_TRUE(rpc::FlushLog(absl::Seconds(10)));
  const auto seconds = static_cast<size_t>(absl::ToInt64Seconds(absl::Now() - begin)) + 1;
  rpc::StartLog(rpc::LogLevel::kError);
  const std::string log = ::testing::internal::GetCapturedStderr();
  const std::vector<std::string> lines = absl::StrSplit(log, "\"event\":\"refused\"");
  EXPECT_GT(lines.size(), 1u) << log;
  EXPECT_LE(lines.size() - 1, 5 * (seconds + 1));
}

TEST(Node, RefusesCallsWithoutLimitsItCanKeep) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  const auto stub = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  v1::SubmitCaseCommandResponse response;
  grpc::ClientContext endless;
  EXPECT_EQ(stub->SubmitCaseCommand(&endless, Filing(kFirstId), &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  Context long_one(std::chrono::seconds(60));
  EXPECT_EQ(stub->SubmitCaseCommand(&long_one.client, Filing(kFirstId), &response).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);
  Context endless_read(std::chrono::seconds(60));
  v1::ListCasesResponse cases;
  EXPECT_EQ(stub->ListCases(&endless_read.client, v1::ListCasesRequest(), &cases).error_code(),
            grpc::StatusCode::INVALID_ARGUMENT);

  v1::SubmitCaseCommandRequest large = Filing(kFirstId);
  large.set_happened_on(std::string(rpc::kOfficerBytes, '1'));
  EXPECT_EQ(Submit(*stub, large, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);

  v1::SubmitCaseCommandRequest unknown = Filing(kFirstId);
  unknown.GetReflection()->MutableUnknownFields(&unknown)->AddVarint(77, 1);
  const grpc::Status status = Submit(*stub, unknown, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(InfoOf(status).reason(), "FORM");
  EXPECT_THAT(status.error_details(), HasSubstr("form.unknown_field"));

  // Nothing of all this was recorded.
  EXPECT_EQ(two.node(v1::PARTY_RU).State().own_size(), 0u);

  // Reads name the field too.
  Context reading;
  v1::ListCasesRequest page;
  page.set_page_size(-1);
  const grpc::Status refused = stub->ListCases(&reading.client, page, &cases);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_THAT(refused.error_details(), AllOf(HasSubstr("page_size"), HasSubstr("form.page")));
}

// An answer to something else than what was asked would look like one: "there are no cases".
TEST(Node, AQuestionThatItDoesNotUnderstandIsNotAnswered) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  const auto channel = two.Connect(v1::PARTY_RU, "officer");
  const auto cases = v1::CaseService::NewStub(channel);
  const auto matters = v1::MatterService::NewStub(channel);
  const auto expect = [](const grpc::Status& status, const char* field, const char* problem) {
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT) << status.error_message();
    EXPECT_THAT(status.error_details(), AllOf(HasSubstr(field), HasSubstr(problem)));
  };
  const auto list = [&](const v1::ListCasesRequest& request) {
    Context context;
    v1::ListCasesResponse listed;
    return cases->ListCases(&context.client, request, &listed);
  };
  v1::ListCasesRequest newer;
  newer.GetReflection()->MutableUnknownFields(&newer)->AddVarint(77, 1);
  expect(list(newer), "", "form.unknown_field");
  v1::ListCasesRequest status;
  status.add_statuses(static_cast<v1::CaseStatus>(999));
  expect(list(status), "statuses", "form.enum");
  status.set_statuses(0, v1::CaseStatus());
  expect(list(status), "statuses", "form.enum");

  v1::ListMattersRequest collection;
  collection.set_collection("dispute");
  Context listing;
  v1::ListMattersResponse listed;
  expect(matters->ListMatters(&listing.client, collection, &listed), "collection", "form.enum");

  const auto watch = [&](const v1::WatchActsRequest& request) {
    Context context;
    v1::WatchActsResponse seen;
    const auto stream = cases->WatchActs(&context.client, request);
    EXPECT_FALSE(stream->Read(&seen));
    return stream->Finish();
  };
  v1::WatchActsRequest beyond;
  beyond.mutable_cursor()->set_own_index(1);
  expect(watch(beyond), "cursor", "form.cursor");
  v1::WatchActsRequest after_others;
  after_others.mutable_cursor()->set_history("9d04c1e2b7a35f68");
  expect(watch(after_others), "cursor", "form.cursor");
  v1::WatchActsRequest unknown;
  unknown.GetReflection()->MutableUnknownFields(&unknown)->AddVarint(77, 1);
  expect(watch(unknown), "", "form.unknown_field");

  // What is no message at all is the fault of the question too, and no method that is missing.
  for (const rpc::MethodAccess& row : rpc::AccessTable()) {
    const google::protobuf::MethodDescriptor* const method =
        google::protobuf::DescriptorPool::generated_pool()->FindMethodByName(
            absl::StrReplaceAll(Absl(row.method.substr(1)), {{"/", "."}}));
    const bool officers = std::count(row.roles.begin(), row.roles.end(), v1::Identity::OFFICER) > 0;
    if (method == nullptr || !officers || method->client_streaming() || method->server_streaming()) continue;
    const grpc::Status malformed = AskRaw(channel, row.method, nullptr, "\xff\xff");
    EXPECT_EQ(malformed.error_code(), grpc::StatusCode::INVALID_ARGUMENT)
        << row.method << ": " << malformed.error_message();
    EXPECT_EQ(InfoOf(malformed).reason(), "INVALID_ARGUMENT") << row.method;
  }
}

TEST(Node, OneProcessPerStoreAndPerPort) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  const auto start = [&](const v1::NodeConfig& config) {
    return Node::Start(config, two.Profile(v1::PARTY_RU), SystemClock(), [] {}).status();
  };
  v1::NodeConfig same_store = two.Config(v1::PARTY_RU);
  same_store.set_listen("127.0.0.1:0");
  EXPECT_TRUE(absl::IsUnavailable(start(same_store))) << start(same_store);
  v1::NodeConfig same_port = two.Config(v1::PARTY_RU);
  same_port.set_data_dir(same_port.data_dir() + "2");
  EXPECT_TRUE(absl::IsUnavailable(start(same_port))) << start(same_port);
}

struct Outcome {
  int code;
  std::string out;
  std::string err;
};

Outcome Program(std::vector<std::string> arguments, v1::Party party = v1::PARTY_KZ) {
  arguments.insert(arguments.begin(), party == v1::PARTY_KZ ? "kz_agency" : "ru_service");
  std::vector<const char*> argv;
  for (const std::string& argument : arguments) argv.push_back(argument.c_str());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  const int code =
      RunService(static_cast<int>(argv.size()), argv.data(), testing::TestIdentity(party).profile);
  Outcome outcome{code, ::testing::internal::GetCapturedStdout(), ::testing::internal::GetCapturedStderr()};
  return outcome;
}

std::string WriteConfig(const TemporaryDirectory& directory, const v1::NodeConfig& config) {
  std::string text;
  EXPECT_TRUE(google::protobuf::TextFormat::PrintToString(config, &text));
  Write(directory / "config", text);
  return directory / "config";
}

// Runs `body` while no file may grow beyond 100 kB.
template <typename Body>
Outcome WithSmallFiles(Body body) {
  rlimit before{};
  EXPECT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 100'000;
  EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  Outcome outcome = body();
  EXPECT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  return outcome;
}

// Nothing can be made in /proc/self/fd, whoever tries.
TEST(Node, AnAuditThatCannotCopyTheStoreNamesTheDirectory) {
  TwoAuthorities two;
  v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  std::filesystem::create_directories(config.data_dir());
  const int fd = open(config.data_dir().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  ASSERT_GE(fd, 0);
  config.set_data_dir(absl::StrCat("/proc/self/fd/", fd));
  const TemporaryDirectory directory;
  const Outcome doctor = Program({"doctor", "--config", WriteConfig(directory, config)});
  EXPECT_EQ(doctor.code, kExitFailed);
  EXPECT_THAT(doctor.out, HasSubstr("problem  audit: an audit makes a copy of the store beside data_dir"));
  auto node = Node::Start(config, two.Profile(v1::PARTY_KZ), SystemClock(), [] {});
  ASSERT_TRUE(node.ok()) << node.status();
  std::vector<std::string> findings;
  const grpc::Status refused = Audited(two, v1::PARTY_KZ, findings);
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(refused.error_message(), HasSubstr("/proc/self/fd"));
  node->reset();
  close(fd);

  // Whatever else is in the way of the copy.
  two.Start(v1::PARTY_KZ);
  EXPECT_TRUE(Audited(two, v1::PARTY_KZ, findings).ok());
  const std::string copy = two.Config(v1::PARTY_KZ).data_dir() + ".audit";
  Write(copy + ".tmp", "no directory");
  const grpc::Status hindered = Audited(two, v1::PARTY_KZ, findings);
  EXPECT_EQ(hindered.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
  EXPECT_THAT(hindered.error_message(), HasSubstr(copy));
}

// A copy begins with a flush, and for one that fails the store takes nothing more.
TEST(Node, AnAuditDoesNotTakeTheLastRoom) {
  TwoAuthorities two;
  two.StartAlone(v1::PARTY_KZ);
  std::vector<std::string> findings;
  TheDisk().free_bytes = 4 << 20;
  const grpc::Status refused = Audited(two, v1::PARTY_KZ, findings);
  TheDisk().free_bytes = -1;
  EXPECT_EQ(refused.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << refused.error_message();
  EXPECT_THAT(refused.error_message(), HasSubstr(two.Config(v1::PARTY_KZ).data_dir()));

  // Met while it copies: no other audit is under way, and to wait does not help.
  TheDisk().full_at = ".audit.tmp";
  const grpc::Status hindered = Audited(two, v1::PARTY_KZ, findings);
  TheDisk().full_at.clear();
  EXPECT_EQ(hindered.error_code(), grpc::StatusCode::FAILED_PRECONDITION) << hindered.error_message();
  EXPECT_TRUE(Audited(two, v1::PARTY_KZ, findings).ok());
}

// One that was killed has left its copy, which keeps room that the store has given up.
TEST(Node, AStartRemovesTheCopyOfAnAudit) {
  TwoAuthorities two;
  const std::string copy = two.Config(v1::PARTY_KZ).data_dir() + ".audit";
  std::filesystem::create_directories(copy);
  std::filesystem::create_directories(copy + ".tmp");
  two.StartAlone(v1::PARTY_KZ);
  EXPECT_FALSE(std::filesystem::exists(copy));
  EXPECT_FALSE(std::filesystem::exists(copy + ".tmp"));
}

TEST(Node, AStopEndsStreamsAndLeavesNothingRunning) {
  TwoAuthorities two;
  two.StartAlone(v1::PARTY_RU);
  const auto stub = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  grpc::ClientContext watching;
  // What is not here would be waited for without end.
  grpc::ClientContext unknown;
  v1::WatchActsRequest of_nothing;
  of_nothing.set_name("cases/ffffffffffffffff");
  EXPECT_EQ(stub->WatchActs(&unknown, of_nothing)->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  grpc::ClientContext unknown_matter;
  of_nothing.set_name("disputes/ffffffffffffffff");
  EXPECT_EQ(stub->WatchActs(&unknown_matter, of_nothing)->Finish().error_code(), grpc::StatusCode::NOT_FOUND);
  const auto stream = stub->WatchActs(&watching, v1::WatchActsRequest());
  v1::SubmitCaseCommandResponse filed;
  ASSERT_TRUE(Submit(*stub, Filing(kFirstId), &filed).ok());
  v1::WatchActsResponse seen;
  ASSERT_TRUE(stream->Read(&seen));
  const v1::WatchCursor cursor = seen.cursor();
  std::thread stopping([&] { two.Stop(v1::PARTY_RU); });
  EXPECT_FALSE(stream->Read(&seen));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
  stopping.join();

  // From the cursor on there is nothing yet; what comes next comes first.
  two.Start(v1::PARTY_RU);
  const auto again = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  v1::WatchActsRequest request;
  *request.mutable_cursor() = cursor;
  grpc::ClientContext resumed;
  const auto rest = again->WatchActs(&resumed, request);
  v1::SubmitCaseCommandResponse returned;
  ASSERT_TRUE(Submit(*again,
                     Command("00000000-0000-4000-8000-000000000002", filed.name(),
                             "return_petition { missing: PAPER_PHOTOGRAPHS }"),
                     &returned)
                  .ok());
  ASSERT_TRUE(rest->Read(&seen));
  EXPECT_TRUE(seen.item().case_act().has_petition_returned());
  resumed.TryCancel();
}

int CountOf(const std::string& what, const std::string& text) {
  int count = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++count;
  return count;
}

// Whether a client that offers at most `version` gets through its handshake.
bool HandshakeSucceeds(int port, int version, const char* from = "127.0.0.1") {
  const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(SSL_CTX_new(TLS_client_method()),
                                                                  SSL_CTX_free);
  SSL_CTX_set_max_proto_version(context.get(), version);
  SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>("\x02h2"), 3);
  const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  inet_pton(AF_INET, from, &address.sin_addr);
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  EXPECT_EQ(bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = connect(fd, reinterpret_cast<sockaddr*>(&address), sizeof(address)) == 0;
  const bool shaken = connected && SSL_set_fd(ssl.get(), fd) == 1 && SSL_connect(ssl.get()) == 1;
  close(fd);
  return shaken;
}

TEST(Node, ADeadConnectionFloodDoesNotStopTheListener) {
  TwoAuthorities two;
  two.StartAlone(v1::PARTY_RU);
  const auto officer = two.Connect(v1::PARTY_RU, "officer");
  v1::SubmitCaseCommandResponse response;
  ASSERT_TRUE(Submit(*v1::CaseService::NewStub(officer), Filing(kFirstId), &response).ok());
  // More than it takes: those beyond are closed at once.
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(two.node(v1::PARTY_RU).port()));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  std::vector<int> idle;
  ::testing::internal::CaptureStderr();
  rpc::StartLog(rpc::LogLevel::kWarning);
  for (size_t i = 0; i < Listener::kMostOfOneAddress + 8; ++i) {
    idle.push_back(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    ASSERT_EQ(connect(idle.back(), reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  }
  char byte;
  EXPECT_EQ(read(idle.back(), &byte, 1), 0);
  EXPECT_TRUE(rpc::FlushLog(absl::Minutes(1)));
  rpc::StartLog(rpc::LogLevel::kError);
  // All of them in a row: one line.
  EXPECT_EQ(CountOf("connections_refused", ::testing::internal::GetCapturedStderr()), 1);
  EXPECT_TRUE(Submit(*v1::CaseService::NewStub(officer), Filing(kFirstId), &response).ok());
  // Who comes from elsewhere is let in.
  EXPECT_FALSE(HandshakeSucceeds(two.node(v1::PARTY_RU).port(), TLS1_3_VERSION));
  EXPECT_TRUE(HandshakeSucceeds(two.node(v1::PARTY_RU).port(), TLS1_3_VERSION, "127.0.0.2"));
  for (int fd : idle) close(fd);
  // Gone again, they leave room.
  EXPECT_TRUE(TwoAuthorities::Await([&] {
    return Submit(*v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer")), Filing(kFirstId),
                  &response)
        .ok();
  }));
}

// ---------------------------------------------------------------- queue

TEST(InputQueue, KeepsItsBoundsAndRoomForTheCounterpart) {
  InputQueue queue;
  const auto officer = [] { return authority::OfficerCall{}; };
  const auto peer = [] { return authority::PeerCall{0, authority::PeerMethod::kPush, "bytes"}; };
  for (size_t i = 0; i < InputQueue::kMostInputs - InputQueue::kMostPeerCalls; ++i) {
    ASSERT_TRUE(queue.Push(officer()).ok());
  }
  EXPECT_TRUE(absl::IsResourceExhausted(queue.Push(officer())));
  for (size_t i = 0; i < InputQueue::kMostPeerCalls; ++i) ASSERT_TRUE(queue.Push(peer()).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(queue.Push(peer())));
  EXPECT_TRUE(queue.Push(authority::PeerReply{1, absl::OkStatus(), ""}).ok());
  EXPECT_EQ(queue.Drain(absl::ZeroDuration()).size(), InputQueue::kInputsPerTurn);
  EXPECT_TRUE(queue.Push(officer()).ok());
  // There is room, but not for more of the counterpart's calls at a time.
  EXPECT_TRUE(absl::IsResourceExhausted(queue.Push(peer())));
  queue.Close();
  EXPECT_TRUE(absl::IsUnavailable(queue.Push(officer())));
  size_t drained = InputQueue::kInputsPerTurn;
  while (!queue.Done()) drained += queue.Drain(absl::ZeroDuration()).size();
  EXPECT_EQ(drained, InputQueue::kMostInputs + 2);
}

TEST(InputQueue, TheCounterpartsNextCallsWaitForItsLast) {
  InputQueue queue;
  const auto peer = [] { return authority::PeerCall{0, authority::PeerMethod::kPull, "bytes"}; };
  for (size_t i = 0; i < InputQueue::kMostPeerCalls; ++i) ASSERT_TRUE(queue.Push(peer()).ok());
  EXPECT_TRUE(absl::IsResourceExhausted(queue.Push(peer())));
  EXPECT_TRUE(queue.Push(authority::OfficerCall{}).ok());
  EXPECT_EQ(queue.Drain(absl::ZeroDuration()).size(), InputQueue::kMostPeerCalls + 1);
  EXPECT_TRUE(queue.Push(peer()).ok());
}

TEST(InputQueue, ATurnIsBoundedInBytesButTakesAtLeastOne) {
  InputQueue queue;
  const auto peer = [](size_t bytes) {
    return authority::PeerCall{0, authority::PeerMethod::kPush, std::string(bytes, 'x')};
  };
  for (size_t bytes :
       {InputQueue::kBytesPerTurn + 1, InputQueue::kBytesPerTurn - 10, size_t{10}, size_t{1}}) {
    ASSERT_TRUE(queue.Push(peer(bytes)).ok());
  }
  EXPECT_EQ(queue.Drain(absl::ZeroDuration()).size(), 1u);
  EXPECT_EQ(queue.Drain(absl::ZeroDuration()).size(), 2u);
  EXPECT_EQ(queue.Drain(absl::ZeroDuration()).size(), 1u);
  EXPECT_TRUE(queue.Drain(absl::ZeroDuration()).empty());
  authority::OfficerCall officer{};
  v1::SubmitCaseCommandRequest request;
  request.set_name(std::string(InputQueue::kBytesPerTurn - 4, 'x'));
  ASSERT_EQ(request.ByteSizeLong(), InputQueue::kBytesPerTurn);
  officer.request = request;
  size_t pushed = 0;
  while (queue.Push(officer).ok()) ++pushed;
  EXPECT_EQ(pushed, (InputQueue::kMostBytes - InputQueue::kBytesKeptForPeer) / InputQueue::kBytesPerTurn);
  // The rest is the counterpart's.
  EXPECT_TRUE(queue.Push(peer(InputQueue::kBytesPerTurn)).ok());
}

// ---------------------------------------------------------------- configuration

TEST(Config, ErrorsNameLineAndField) {
  const TemporaryDirectory directory;
  const std::pair<const char*, const char*> kTable[] = {
      {"listen: \"a:1\"\nlisten_on: \"b:2\"\n", "line 2, column 1"},
      {"listen: \"a:1\"\nlisten_on: \"b:2\"\n", "listen_on"},
      {"tls {\n  certificat: \"x\"\n}\n", "line 2, column 13"},
      {"stop_grace_seconds: \"ten\"\n", "line 1"},
      {"identities { role: CLERK }\n", "CLERK"},
      {"listen: \"a:1\"\nlisten: \"b:2\"\n", "line 2"},
      {"listen: \"a:1\n", "line 1"},
  };
  for (const auto& [text, expected] : kTable) {
    Write(directory / "config", text);
    const absl::Status status = ReadConfig(directory / "config").status();
    EXPECT_TRUE(absl::IsInvalidArgument(status)) << text;
    EXPECT_THAT(status.ToString(), HasSubstr(expected)) << text;
  }
  EXPECT_TRUE(absl::IsNotFound(ReadConfig(directory / "missing").status()));
}

TEST(Config, AFieldIsFoundOnItsLine) {
  const TemporaryDirectory directory;
  Write(directory / "config",
        "listen: \"here\"\n"
        "tls {\n"
        "  roots: \"ca.crt\"\n"
        "}\n"
        "identities { uri: \"spiffe://a\" role: OFFICER }\n"
        "identities {\n"
        "  uri: \"officer\"\n"
        "}\n");
  FieldLines lines;
  ASSERT_TRUE(ReadConfig(directory / "config", &lines).ok());
  const std::pair<const char*, int> kTable[] = {
      {"listen: must be", 1},        {"tls.roots: is", 3},         {"tls.certificate: is required", 2},
      {"identities: must name", 5},  {"identities[0].uri: is", 5}, {"identities[1].uri: must be", 7},
      {"identities[1].role: is", 6}, {"data_dir: is required", 0},
  };
  for (const auto& [problem, line] : kTable) EXPECT_EQ(LineOf(problem, lines), line) << problem;
}

TEST(Config, PathsAreRelativeToTheFile) {
  const TemporaryDirectory directory;
  Write(directory / "etc/config",
        "data_dir: \"store\" anchor_file: \"/var/anchor\" tls { roots: \"../ca.crt\" }");
  const auto config = ReadConfig(directory / "etc/config");
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->data_dir(), directory / "etc/store");
  EXPECT_EQ(config->anchor_file(), "/var/anchor");
  EXPECT_EQ(config->tls().roots(), directory / "etc/../ca.crt");
  EXPECT_EQ(config->policy_file(), "");
}

TEST(Config, EveryProblemNamesItsField) {
  const TwoAuthorities two;
  const v1::NodeConfig good = two.Config(v1::PARTY_KZ);
  EXPECT_THAT(ConfigProblems(good), IsEmpty());
  const std::pair<const char*, std::function<void(v1::NodeConfig&)>> kTable[] = {
      {"listen:", [](auto& config) { config.set_listen("7801"); }},
      {"listen:", [](auto& config) { config.set_listen("127.0.0.1:70000"); }},
      {"data_dir:", [](auto& config) { config.clear_data_dir(); }},
      {"anchor_file:", [](auto& config) { config.clear_anchor_file(); }},
      {"attachments_dir:", [](auto& config) { config.clear_attachments_dir(); }},
      {"anchor_file:", [](auto& config) { config.set_anchor_file(config.data_dir() + "/../store/head"); }},
      {"tls.certificate:", [](auto& config) { config.mutable_tls()->clear_certificate(); }},
      {"tls.private_key:", [](auto& config) { config.mutable_tls()->clear_private_key(); }},
      {"tls.roots:", [](auto& config) { config.mutable_tls()->clear_roots(); }},
      {"keys.log:", [](auto& config) { config.mutable_keys()->clear_log(); }},
      {"keys.master:", [](auto& config) { config.mutable_keys()->clear_master(); }},
      {"policy_file:", [](auto& config) { config.clear_policy_file(); }},
      {"counterpart_policy_file:", [](auto& config) { config.clear_counterpart_policy_file(); }},
      {"counterpart.address:", [](auto& config) { config.mutable_counterpart()->set_address("::1:7801"); }},
      {"counterpart.address:",
       [](auto& config) { config.mutable_counterpart()->set_address(config.listen()); }},
      {"counterpart.tls_name:", [](auto& config) { config.mutable_counterpart()->clear_tls_name(); }},
      {"identities[1].uri:", [](auto& config) { config.mutable_identities(1)->set_uri("officer"); }},
      {"identities[1].uri:",
       [](auto& config) { config.mutable_identities(1)->set_uri(config.identities(0).uri()); }},
      {"identities[2].role:", [](auto& config) { config.mutable_identities(2)->clear_role(); }},
      {"identities:", [](auto& config) { config.mutable_identities(0)->set_role(v1::Identity::AUDITOR); }},
      {"protocol.version:", [](auto& config) { config.mutable_protocol()->clear_version(); }},
      {"protocol.quota_unit:", [](auto& config) { config.mutable_protocol()->clear_quota_unit(); }},
      {"protocol.answer_days:", [](auto& config) { config.mutable_protocol()->set_answer_days(0); }},
      {"log_level:", [](auto& config) { config.set_log_level("loud"); }},
      {"stop_grace_seconds:", [](auto& config) { config.set_stop_grace_seconds(301); }},
  };
  for (const auto& [field, spoil] : kTable) {
    v1::NodeConfig config = good;
    spoil(config);
    EXPECT_THAT(ConfigProblems(config), ElementsAre(StartsWith(field)));
  }
}

TEST(Config, FlagsReachEveryFieldAndRefuseWhatIsNone) {
  v1::NodeConfig config;
  for (const std::string& field : FlagFields()) {
    const bool text = SetField(config, field, "a \"b\"").ok();
    const bool number = SetField(config, field, "7").ok();
    const bool truth = SetField(config, field, "true").ok();
    const bool unit = SetField(config, field, "FAMILY").ok();
    EXPECT_TRUE(text || number || truth || unit) << field;
  }
  EXPECT_THAT(FlagFields(),
              AllOf(Contains("listen"), Contains("tls.private_key"), Contains("protocol.answer_days")));
  EXPECT_EQ(FlagOf("tls.private_key"), "--tls-private-key");
  config.set_listen("old:1");
  ASSERT_TRUE(SetField(config, "listen", "new:2").ok());
  EXPECT_EQ(config.listen(), "new:2");
  ASSERT_TRUE(SetField(config, "listen", "a\" reflection: true #").ok());
  EXPECT_EQ(config.listen(), "a\" reflection: true #");
  EXPECT_THAT(SetField(config, "protocol.answer_days", "soon").ToString(),
              HasSubstr("--protocol-answer-days"));
  EXPECT_TRUE(absl::IsInvalidArgument(SetField(config, "no.such", "1")));
}

// ---------------------------------------------------------------- the program

TEST(Program, ChecksAConfiguration) {
  const TwoAuthorities two;
  const TemporaryDirectory directory;
  const std::string file = WriteConfig(directory, two.Config(v1::PARTY_KZ));
  EXPECT_EQ(Program({"check-config", "--config", file}).code, kExitOk);
  // A flag is stronger than the file.
  const Outcome wrong = Program({"check-config", "--config", file, "--listen", "nowhere"});
  EXPECT_EQ(wrong.code, kExitUsage);
  EXPECT_THAT(wrong.err, StartsWith("listen:"));
  // Without it, the line in the file is named.
  v1::NodeConfig bad = two.Config(v1::PARTY_KZ);
  bad.set_listen("nowhere");
  const TemporaryDirectory other;
  const std::string bad_file = WriteConfig(other, bad);
  EXPECT_THAT(Program({"check-config", "--config", bad_file}).err, StartsWith(bad_file + ":1: listen:"));
  EXPECT_EQ(Program({"--config", file, "check-config", "--log-level", "debug"}).code, kExitOk);
  const Outcome missing = Program({"check-config", "--config", file, "--keys-mirror", "/none"});
  EXPECT_EQ(missing.code, kExitUsage);
  EXPECT_THAT(missing.err, HasSubstr("keys.mirror: /none"));
  // Both cosigners stand in the policy; each says something else.
  const v1::Keys keys = two.Config(v1::PARTY_KZ).keys();
  for (const auto& [flag, key] :
       {std::pair("--keys-mirror", keys.witness()), std::pair("--keys-witness", keys.mirror())}) {
    const Outcome swapped = Program({"check-config", "--config", file, flag, key});
    EXPECT_EQ(swapped.code, kExitUsage) << flag;
    EXPECT_THAT(swapped.err, HasSubstr(absl::StrCat(key, ": is the key of migration.kz.example/")));
    EXPECT_EQ(Program({"run", "--config", file, flag, key}).code, kExitUsage) << flag;
  }
  // A body that nobody has named, and one of the other Party.
  for (const char* body : {"kz-labour-2202", "ru-interior-2016"}) {
    const Outcome outcome = Program({"check-config", "--config", file, "--body", body});
    EXPECT_EQ(outcome.code, kExitUsage) << body;
    EXPECT_THAT(outcome.err, HasSubstr(absl::StrCat("body: ", body)));
    EXPECT_EQ(Program({"run", "--config", file, "--body", body}).code, kExitUsage) << body;
  }
  // Who runs it is told the same as who asks beforehand.
  EXPECT_EQ(Program({"run", "--config", file, "--keys-mirror", "/none"}).code, kExitUsage);
  EXPECT_EQ(Program({"run", "--config", file, "--keys-master", file}).code, kExitUsage);
  EXPECT_EQ(Program({"run", "--config", file, "--tls-private-key", "/none"}).code, kExitUsage);
  EXPECT_EQ(Program({"check-config", "--no-such-flag", "1"}).code, kExitUsage);
  EXPECT_EQ(Program({"check-config"}).code, kExitUsage);
  const Outcome help = Program({"--help"});
  EXPECT_EQ(help.code, kExitOk);
  EXPECT_THAT(help.out, AllOf(HasSubstr("--data-dir"), HasSubstr("keygen"), HasSubstr("Exit codes")));
}

// The same, where neither store nor anchor was made yet.
v1::NodeConfig WithoutBooks(v1::NodeConfig config, const TemporaryDirectory& directory) {
  config.set_data_dir(directory / "store");
  config.set_anchor_file(directory / "head");
  return config;
}

TEST(Program, InitMakesAnAnchorOnlyWhereNothingIs) {
  const TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = WithoutBooks(two.Config(v1::PARTY_KZ), directory);
  const std::string file = WriteConfig(directory, config);
  EXPECT_EQ(Program({"init", "--config", file}).code, kExitOk);
  const Outcome again = Program({"init", "--config", file});
  EXPECT_EQ(again.code, kExitFailed);
  EXPECT_THAT(again.err, HasSubstr("anchor_file"));
  // A store without an anchor is what a restored backup looks like.
  std::filesystem::remove(config.anchor_file());
  Write(config.data_dir() + "/CURRENT", "x");
  const Outcome restored = Program({"init", "--config", file});
  EXPECT_EQ(restored.code, kExitFailed);
  EXPECT_THAT(restored.err, HasSubstr("data_dir"));
  EXPECT_FALSE(std::filesystem::exists(config.anchor_file()));
}

TEST(Program, StartsNothingWhereNothingWasMade) {
  const TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = WithoutBooks(two.Config(v1::PARTY_KZ), directory);
  const auto node = Node::Start(config, two.Profile(v1::PARTY_KZ), SystemClock(), [] {});
  EXPECT_EQ(node.status().code(), absl::StatusCode::kFailedPrecondition) << node.status();
  EXPECT_THAT(std::string(node.status().message()), HasSubstr("init"));
  EXPECT_EQ(Program({"init", "--config", WriteConfig(directory, config)}).code, kExitOk);
}

// As deploy/recovery.md says.
TEST(Program, AStoreThatLostItsAnchorGetsOneThatAsksTheCounterpart) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  const std::string file = WriteConfig(directory, config);
  const auto replace = [&] { return Program({"replace-anchor", "--config", file}); };
  const Outcome empty = replace();
  EXPECT_EQ(empty.code, kExitFailed);
  EXPECT_THAT(empty.err, HasSubstr("there is no store"));

  two.StartAlone(v1::PARTY_KZ);
  const auto stub = v1::CaseService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  v1::SubmitCaseCommandRequest filing = Filing(kFirstId);
  *filing.mutable_command()->mutable_file_petition() = testing::PetitionOf(v1::PARTY_KZ, 1, {}, "2026-01-15");
  v1::SubmitCaseCommandResponse response;
  ASSERT_TRUE(Submit(*stub, filing, &response).ok());
  EXPECT_THAT(replace().err, HasSubstr("in use"));
  two.Stop(v1::PARTY_KZ);
  EXPECT_THAT(replace().err, HasSubstr("anchor_file"));

  std::filesystem::remove(config.anchor_file());
  two.Start(v1::PARTY_KZ);
  EXPECT_EQ(two.node(v1::PARTY_KZ).State().mode(), v1::READ_ONLY);
  two.Stop(v1::PARTY_KZ);
  const Outcome made = replace();
  EXPECT_EQ(made.code, kExitOk) << made.err;
  two.Start(v1::PARTY_KZ);
  EXPECT_EQ(two.node(v1::PARTY_KZ).State().mode(), v1::READ_ONLY) << "before the counterpart was heard";
  two.Start(v1::PARTY_RU);
  two.AwaitOpen();
}

// The new anchor remembers how often the store was restored: with an older count the store would
// look like one whose last recovery was never anchored.
TEST(Program, AReplacedAnchorKnowsTheRecoveries) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  for (const v1::Party party : {v1::PARTY_RU, v1::PARTY_KZ}) two.Start(party);
  two.AwaitOpen();
  const auto stub = v1::CaseService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  v1::SubmitCaseCommandRequest filing = Filing(kFirstId);
  *filing.mutable_command()->mutable_file_petition() = testing::PetitionOf(v1::PARTY_KZ, 1, {}, "2026-01-15");
  v1::SubmitCaseCommandResponse response;
  ASSERT_TRUE(Submit(*stub, filing, &response).ok());
  two.Stop(v1::PARTY_KZ);
  std::filesystem::remove_all(config.data_dir());
  two.Start(v1::PARTY_KZ);
  two.AwaitOpen();
  ASSERT_EQ(two.node(v1::PARTY_KZ).State().lineage(), 1u);
  two.Stop(v1::PARTY_KZ);

  std::filesystem::remove(config.anchor_file());
  const Outcome made = Program({"replace-anchor", "--config", WriteConfig(directory, config)});
  EXPECT_EQ(made.code, kExitOk) << made.err;
  const std::string log_id = authority::LogIdOf(LoadIdentity(config, two.Profile(v1::PARTY_KZ)).value());
  EXPECT_EQ(ledger::NewFileAnchor(config.anchor_file(), log_id)->Load().value()->lineage, 1u);
}

TEST(Program, DoctorFindsWhatIsWrong) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig good = two.Config(v1::PARTY_KZ);
  const auto doctor = [&](const v1::NodeConfig& config) {
    return Program({"doctor", "--config", WriteConfig(directory, config)});
  };
  const Outcome fresh = doctor(good);
  EXPECT_EQ(fresh.code, kExitOk) << fresh.out;
  EXPECT_THAT(fresh.out, AllOf(HasSubstr("ok       certificate"), HasSubstr("ok       store: empty")));

  two.StartAlone(v1::PARTY_KZ);
  EXPECT_THAT(doctor(good).out, HasSubstr("ok       store: in use"));
  const auto stub = v1::CaseService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  v1::SubmitCaseCommandRequest filing = Filing(kFirstId);
  *filing.mutable_command()->mutable_file_petition() = testing::PetitionOf(v1::PARTY_KZ, 1, {}, "2026-01-15");
  v1::SubmitCaseCommandResponse response;
  ASSERT_TRUE(Submit(*stub, filing, &response).ok());
  two.Stop(v1::PARTY_KZ);
  EXPECT_THAT(doctor(good).out, HasSubstr("ok       store: 1 own entries, 0 mirrored"));

  // An old CA beside the new one.
  Write(directory / "both.crt", TestPki("kz.example", /*expired=*/true).roots() + two.Roots());
  v1::NodeConfig renewed = good;
  renewed.mutable_tls()->set_roots(directory / "both.crt");
  EXPECT_EQ(doctor(renewed).code, kExitOk);

  const std::pair<const char*, std::function<void(v1::NodeConfig&)>> kTable[] = {
      {"problem  config: listen", [](auto& config) { config.set_listen(""); }},
      {"problem  roots: one CA",
       [&](auto& config) {
         // As a careless Party would make its own.
         Write(directory / "all.crt", TestPki().roots() + two.Roots());
         config.mutable_tls()->set_roots(directory / "all.crt");
       }},
      {"problem  roots: no CA may issue the name of the counterpart",
       [&](auto& config) {
         Write(directory / "own.crt", two.Pki(v1::PARTY_KZ).roots());
         config.mutable_tls()->set_roots(directory / "own.crt");
       }},
      {"problem  roots: no CA may issue a name of our own",
       [&](auto& config) {
         Write(directory / "theirs.crt", two.Pki(v1::PARTY_RU).roots());
         config.mutable_tls()->set_roots(directory / "theirs.crt");
       }},
      {"problem  roots: no CA may issue a name of our own: no officer can ever connect (CN=Test root "
       "kz.example",
       [&](auto& config) {
         Write(directory / "old.crt",
               TestPki("kz.example", /*expired=*/true).roots() + two.Pki(v1::PARTY_RU).roots());
         config.mutable_tls()->set_roots(directory / "old.crt");
       }},
      {"problem  config: web_listen", [](auto& config) { config.set_web_listen(config.listen()); }},
      // With the private key of the other Party: it would be recognised as that.
      {"is that of the counterpart",
       [&](auto& config) { *config.mutable_tls() = two.Config(v1::PARTY_RU).tls(); }},
      {"problem  body: kz-labour-2004", [](auto& config) { config.set_body("kz-labour-2004"); }},
      {"body: ru-interior-2025 is of PARTY_RU",
       [&](auto& config) { config.set_body(two.Config(v1::PARTY_RU).body()); }},
      {"problem  body: nonsense", [](auto& config) { config.set_body("nonsense"); }},
      {"problem  certificate: tls.certificate",
       [](auto& config) { config.mutable_tls()->set_certificate("/none"); }},
      {"problem  certificate: tls.private_key",
       [&](auto& config) {
         config.mutable_tls()->set_private_key(two.Config(v1::PARTY_RU).tls().private_key());
       }},
      {"problem  keys and policy: keys.log",
       [&](auto& config) { config.mutable_keys()->set_log(config.keys().mirror()); }},
      {"problem  keys and policy: keys.witness",
       [&](auto& config) { config.mutable_keys()->set_witness(two.Config(v1::PARTY_RU).keys().log()); }},
      {"problem  master key: keys.master",
       [](auto& config) { config.mutable_keys()->set_master(config.keys().log()); }},
      {"problem  keys and policy: counterpart_policy_file",
       [](auto& config) { config.set_counterpart_policy_file(config.tls().roots()); }},
      {"problem  keys and policy: keys.log",
       [](auto& config) { config.set_policy_file(config.counterpart_policy_file()); }},
      {"problem  keys and policy: keys.witness",
       [](auto& config) { config.set_counterpart_policy_file(config.policy_file()); }},
      {"problem  keys and policy: policy_file",
       [](auto& config) { config.set_policy_file(config.tls().roots()); }},
      {"problem  anchor: is missing",
       [](auto& config) { config.set_anchor_file(config.anchor_file() + "2"); }},
      {"problem  anchor: head anchor",
       [&](auto& config) { config.set_anchor_file(two.Config(v1::PARTY_RU).anchor_file()); }},
      {"problem  store: protocol: differs from the one",
       [](auto& config) { config.mutable_protocol()->add_holidays_kz("2027-01-01"); }},
      {"problem  store: empty", [](auto& config) { config.set_data_dir(config.data_dir() + "2"); }},
  };
  for (const auto& [expected, spoil] : kTable) {
    v1::NodeConfig config = good;
    spoil(config);
    const Outcome outcome = doctor(config);
    EXPECT_EQ(outcome.code, kExitFailed) << expected;
    EXPECT_THAT(outcome.out, HasSubstr(expected));
  }
}

// Contents by name.
std::map<std::string, std::string> FilesIn(const std::string& directory) {
  std::map<std::string, std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(directory)) {
    std::ifstream file(entry.path(), std::ios::binary);
    files[entry.path().filename()] = std::string(std::istreambuf_iterator<char>(file), {});
  }
  return files;
}

TEST(Program, DoctorChangesNothingInTheStore) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  const auto doctor = [&] { return Program({"doctor", "--config", WriteConfig(directory, config)}); };
  two.StartAlone(v1::PARTY_KZ);
  two.Stop(v1::PARTY_KZ);
  const auto before = FilesIn(config.data_dir());
  EXPECT_EQ(doctor().code, kExitOk);
  EXPECT_TRUE(FilesIn(config.data_dir()) == before);

  // A second start has made a table of the log.
  two.StartAlone(v1::PARTY_KZ);
  two.Stop(v1::PARTY_KZ);
  for (const auto& [name, bytes] : FilesIn(config.data_dir())) {
    if (absl::StartsWith(name, "MANIFEST")) std::filesystem::resize_file(config.data_dir() + "/" + name, 60);
  }
  const auto damaged = FilesIn(config.data_dir());
  const Outcome cut = doctor();
  EXPECT_EQ(cut.code, kExitFailed);
  EXPECT_THAT(cut.out, HasSubstr("problem  store: "));
  EXPECT_THAT(cut.out, ::testing::Not(HasSubstr("store: store: ")));
  EXPECT_THAT(cut.out, ::testing::Not(HasSubstr("rolled back")));
  EXPECT_TRUE(FilesIn(config.data_dir()) == damaged);
}

// One bit, in what nobody has read yet: doctor names it, and an audit of the running node.
TEST(Program, ADamagedTableIsFoundBeforeItIsRead) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  const std::string file = WriteConfig(directory, config);
  two.StartAlone(v1::PARTY_KZ);
  two.Stop(v1::PARTY_KZ);
  // A second start has made a table of the log.
  two.StartAlone(v1::PARTY_KZ);
  const auto flip = [&] {
    for (const auto& [name, bytes] : FilesIn(config.data_dir())) {
      if (!absl::EndsWith(name, ".sst")) continue;
      std::fstream table(config.data_dir() + "/" + name, std::ios::in | std::ios::out | std::ios::binary);
      table.seekp(10);
      table.put(static_cast<char>(bytes[10] ^ 1));
      return name;
    }
    return std::string();
  };
  EXPECT_THAT(FindingsAt(two, v1::PARTY_KZ), ::testing::IsEmpty());
  const std::string name = flip();
  ASSERT_NE(name, "");
  EXPECT_THAT(
      FindingsAt(two, v1::PARTY_KZ),
      ::testing::ElementsAre(::testing::AllOf(HasSubstr("files of the store are damaged"), HasSubstr(name))));
  two.Stop(v1::PARTY_KZ);
  const Outcome doctor = Program({"doctor", "--config", file});
  EXPECT_EQ(doctor.code, kExitFailed);
  EXPECT_THAT(doctor.out, ::testing::AllOf(HasSubstr("problem  store: "), HasSubstr(name)));
}

TEST(Program, DoctorTellsALockThatIsTakenFromOneThatCannotBeOpened) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  two.StartAlone(v1::PARTY_KZ);
  two.Stop(v1::PARTY_KZ);
  std::filesystem::remove(config.data_dir() + "/LOCK");
  std::filesystem::create_directory(config.data_dir() + "/LOCK");
  const Outcome doctor = Program({"doctor", "--config", WriteConfig(directory, config)});
  EXPECT_EQ(doctor.code, kExitFailed);
  EXPECT_THAT(doctor.out, AllOf(HasSubstr("problem  store: "), HasSubstr("LOCK")));
}

// A limit on the size of files stands for a disk that is full.
TEST(Program, DoctorFindsThatThereIsNoRoom) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  two.StartAlone(v1::PARTY_KZ);
  two.Stop(v1::PARTY_KZ);
  const std::string file = WriteConfig(directory, config);
  const Outcome doctor = WithSmallFiles([&] { return Program({"doctor", "--config", file}); });
  EXPECT_EQ(doctor.code, kExitFailed);
  EXPECT_THAT(doctor.out, AllOf(HasSubstr("ok       certificate"), HasSubstr("problem  room: store: "),
                                HasSubstr(config.data_dir()), HasSubstr("ok       store: 0 own entries")));
}

TEST(Program, KeygenMakesKeysThatFitAndNeverOverwrites) {
  const TemporaryDirectory directory;
  const Outcome log =
      Program({"keygen", "--name", "a.example/ledger/2026", "--type", "log", "--out", directory / "log"});
  ASSERT_EQ(log.code, kExitOk) << log.err;
  std::string secret = *ReadFile(directory / "log");
  ASSERT_TRUE(absl::EndsWith(secret, "\n"));
  secret.pop_back();
  const auto signer = tlog::NoteSigner::Parse(secret);
  ASSERT_TRUE(signer.ok()) << signer.status();
  EXPECT_EQ(signer->verifier().ToString() + "\n", log.out);
  struct stat info {};
  ASSERT_EQ(stat((directory / "log").c_str(), &info), 0);
  EXPECT_EQ(info.st_mode & 0777, 0600u);
  const std::string before = *ReadFile(directory / "log");
  EXPECT_EQ(
      Program({"keygen", "--name", "a.example/ledger/2026", "--type", "log", "--out", directory / "log"})
          .code,
      kExitFailed);
  EXPECT_EQ(*ReadFile(directory / "log"), before);

  EXPECT_EQ(Program({"keygen", "--type", "master", "--out", directory / "master"}).code, kExitOk);
  v1::NodeConfig config;
  config.mutable_keys()->set_master(directory / "master");
  EXPECT_EQ(LoadMasterKey(config).value().size(), 32u);
  // Readable by others: no secret.
  chmod((directory / "master").c_str(), 0640);
  EXPECT_TRUE(absl::IsInvalidArgument(LoadMasterKey(config).status()));
  EXPECT_EQ(Program({"keygen", "--type", "rsa", "--out", directory / "x"}).code, kExitUsage);
  EXPECT_EQ(Program({"keygen", "--type", "log", "--out", directory / "x"}).code, kExitUsage);
  const Outcome no_year =
      Program({"keygen", "--name", "a.example/ledger", "--type", "log", "--out", directory / "x"});
  EXPECT_EQ(no_year.code, kExitUsage);
  EXPECT_THAT(no_year.err, HasSubstr("HOST/ledger/YEAR"));
}

// deploy/key-ceremony.md, and what is done wrong in it.
TEST(Program, ALogKeyFollowsWithoutAGap) {
  TwoAuthorities two;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  const TemporaryDirectory directory;
  std::filesystem::create_directory(directory / "kz");
  const std::string file = directory / "kz/config.textproto";
  Write(file, config.DebugString());
  const std::string key = directory / "kz/log-2";
  const std::string next = config.policy_file() + ".next";
  const auto rotate = [&](std::vector<std::string> arguments) {
    arguments.insert(arguments.begin(), "rotate-key");
    arguments.insert(arguments.end(), {"--config", file});
    return Program(arguments);
  };
  const auto begin = [&](int from) {
    return rotate({"begin", "--out", std::filesystem::proximate(key).string(), "--from", absl::StrCat(from)});
  };

  two.StartAlone(v1::PARTY_KZ);
  const auto stub = v1::CaseService::NewStub(two.Connect(v1::PARTY_KZ, "officer"));
  for (int i = 1; i <= 2; ++i) {
    v1::SubmitCaseCommandRequest filing = Filing(absl::StrCat("00000000-0000-4000-8000-00000000000", i));
    *filing.mutable_command()->mutable_file_petition() =
        testing::PetitionOf(v1::PARTY_KZ, i, {}, "2026-01-15");
    v1::SubmitCaseCommandResponse response;
    ASSERT_TRUE(Submit(*stub, filing, &response).ok());
  }
  // Also while it runs.
  const Outcome early = begin(1);
  EXPECT_EQ(early.code, kExitUsage);
  EXPECT_THAT(early.err, HasSubstr("--from 1: the ledger has 2 entries already; at least 2"));
  Write(next, "of another attempt");
  const Outcome twice = begin(2);
  EXPECT_EQ(twice.code, kExitFailed);
  EXPECT_THAT(twice.err, AllOf(HasSubstr(next), HasSubstr("remove it")));
  EXPECT_FALSE(std::filesystem::exists(key)) << "left behind, it would be in the way of the next attempt";
  std::filesystem::remove(next);
  // What nobody follows does not end.
  EXPECT_THAT(rotate({"end", "--until", "9"}).err, HasSubstr("no key of migration.kz.example/ledger/2026 "
                                                             "counts for a ledger of size 9"));
  EXPECT_FALSE(std::filesystem::exists(next));

  const Outcome begun = begin(2);
  ASSERT_EQ(begun.code, kExitOk) << begun.err;
  EXPECT_THAT(begun.out, HasSubstr("Set keys.next_log to \"log-2\" with")) << "relative to the configuration";
  std::filesystem::rename(next, config.policy_file());
  const Outcome late = rotate({"end", "--until", "2"});
  EXPECT_EQ(late.code, kExitUsage);
  EXPECT_THAT(late.err, HasSubstr("--until 2: the ledger has 2 entries already; at least 3"));
  ASSERT_EQ(rotate({"end", "--until", "3"}).code, kExitOk);
  std::filesystem::rename(next, config.policy_file());
  two.Stop(v1::PARTY_KZ);

  // The old key counts no more for what comes.
  const Outcome alone = Program({"check-config", "--config", file});
  EXPECT_EQ(alone.code, kExitUsage);
  EXPECT_THAT(alone.err, HasSubstr("counts no more for what comes after 2 entries"));
  EXPECT_EQ(Program({"check-config", "--config", file, "--keys-next-log", key}).code, kExitOk);
  const std::string agreed = *ReadFile(config.policy_file());
  const auto with_policy = [&](const std::string& from, const std::string& to, const char* command) {
    Write(config.policy_file(), absl::StrReplaceAll(agreed, {{from, to}}));
    return Program({command, "--config", file, "--keys-next-log", key});
  };
  EXPECT_THAT(with_policy(" 0 3", " 0 3", "doctor").out, ::testing::Not(HasSubstr("problem  key")));
  // Policies that were written by hand.
  const Outcome gap = with_policy(" 2 -", " 7 -", "check-config");
  EXPECT_EQ(gap.code, kExitUsage);
  EXPECT_THAT(gap.err, HasSubstr("counts for a ledger of size 3"));
  Write(config.policy_file(), absl::StrReplaceAll(agreed, {{" 0 3", " 0 1"}, {" 2 -", " 1 -"}}));
  EXPECT_THAT(Program({"doctor", "--config", file, "--keys-next-log", key}).out,
              AllOf(HasSubstr("problem  keys: policy_file: ends the log key"), HasSubstr("at size 1")));

  // The old key is destroyed. A new anchor knows nothing of the ledger's size, and may not keep
  // the node from asking the counterpart.
  Write(config.policy_file(), agreed);
  const auto with_new_key = [&](const char* command) {
    const Outcome done = Program({command, "--config", file, "--keys-log", key});
    EXPECT_EQ(done.code, kExitOk) << command << ": " << done.err;
  };
  std::filesystem::remove(config.anchor_file());
  with_new_key("replace-anchor");
  with_new_key("check-config");
  EXPECT_THAT(Program({"check-config", "--config", file}).err, HasSubstr("after 2 entries"));
  EXPECT_THAT(begin(1).err, HasSubstr("--from 1: the ledger has 2 entries already"));
  std::filesystem::remove(config.anchor_file());
  std::filesystem::remove_all(config.data_dir());
  with_new_key("init");
  with_new_key("check-config");
}

// A body that an instrument has named stands in the store alone, which nobody else reads while a
// node runs.
TEST(Program, SaysThatABodyIsNotLookedUpWhileANodeRuns) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  const std::string file = WriteConfig(directory, two.Config(v1::PARTY_KZ));
  two.StartAlone(v1::PARTY_KZ);
  const auto ask = [&](const char* command) {
    return Program({command, "--config", file, "--body", "kz-nothing"});
  };
  EXPECT_THAT(ask("check-config").err, HasSubstr("body: kz-nothing: the Agreement of 1998 names none such"));
  EXPECT_THAT(ask("doctor").out, HasSubstr("unsure   body: kz-nothing"));
  EXPECT_THAT(Program({"check-config", "--config", file}).err, IsEmpty());
  two.Stop(v1::PARTY_KZ);
  EXPECT_EQ(ask("check-config").code, kExitUsage);
  EXPECT_THAT(ask("doctor").out, HasSubstr("problem  body: kz-nothing"));
}

// ---------------------------------------------------------------- a life of the process

TEST(Program, StopsWhenTheOutcomeIsUnknownAndFindsOutAtTheNextStart) {
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_RU);
  const std::string file = WriteConfig(directory, config);
  const auto run = [&] {
    return std::async(std::launch::async, [&] {
      const char* const argv[] = {"ru_service", "--config", file.c_str(), "--log-level", "error"};
      return RunService(5, argv, two.Profile(v1::PARTY_RU));
    });
  };
  const auto submit = [&] {
    Context context;
    context.client.set_wait_for_ready(true);
    v1::SubmitCaseCommandResponse response;
    return v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"))
        ->SubmitCaseCommand(&context.client, Filing(kFirstId), &response);
  };
  // The anchor can no longer be written: the entry is in the store, and nobody may say so.
  const std::string anchors = std::filesystem::path(config.anchor_file()).parent_path();
  std::future<int> first = run();
  ASSERT_TRUE(TwoAuthorities::Await([&] { return std::filesystem::exists(config.data_dir() + "/CURRENT"); }));
  const auto ledger = v1::LedgerService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
  ASSERT_TRUE(TwoAuthorities::Await([&] {
    Context context;
    context.client.set_wait_for_ready(true);
    v1::NodeState state;
    return ledger->GetNodeState(&context.client, v1::GetNodeStateRequest(), &state).ok() &&
           state.mode() == v1::OPEN_FOR_ALL;
  }));
  std::filesystem::rename(anchors, anchors + ".away");
  const grpc::Status unknown = submit();
  EXPECT_EQ(unknown.error_code(), grpc::StatusCode::UNAVAILABLE);
  EXPECT_THAT(unknown.error_message(), HasSubstr("outcome unknown"));
  EXPECT_EQ(InfoOf(unknown).reason(), "OUTCOME_UNKNOWN");
  EXPECT_EQ(first.get(), kExitOutcomeUnknown);

  std::filesystem::rename(anchors + ".away", anchors);
  std::future<int> second = run();
  const grpc::Status known = submit();
  EXPECT_TRUE(known.ok()) << known.error_message();
  kill(getpid(), SIGTERM);
  EXPECT_EQ(second.get(), kExitOk);
  const Outcome doctor = Program({"doctor", "--config", file}, v1::PARTY_RU);
  EXPECT_THAT(doctor.out, HasSubstr("ok       store: 1 own entries"));
}

// Runs the service of `party` in this process.
std::future<int> Service(const TwoAuthorities& two, v1::Party party, const std::string& file) {
  return std::async(std::launch::async, [&two, party, file] {
    const char* const argv[] = {"service", "--config", file.c_str(), "--log-level", "error"};
    return RunService(5, argv, two.Profile(party));
  });
}
void AwaitMode(const TwoAuthorities& two, v1::Party party, v1::NodeMode mode) {
  const auto stub = v1::LedgerService::NewStub(two.Connect(party, "officer"));
  ASSERT_TRUE(TwoAuthorities::Await([&] {
    Context context;
    context.client.set_wait_for_ready(true);
    v1::NodeState state;
    return stub->GetNodeState(&context.client, v1::GetNodeStateRequest(), &state).ok() &&
           state.mode() == mode;
  }));
}

TEST(Program, ATurnThatFailsAfterTheSignalIsAnUnknownOutcome) {
  TwoAuthorities two;
  two.Start(v1::PARTY_KZ);
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_RU);
  std::future<int> service = Service(two, v1::PARTY_RU, WriteConfig(directory, config));
  AwaitMode(two, v1::PARTY_RU, v1::OPEN_FOR_ALL);
  TheDisk().Hold(config.anchor_file());
  std::future<grpc::Status> unknown = std::async(std::launch::async, [&] {
    v1::SubmitCaseCommandResponse response;
    const auto stub = v1::CaseService::NewStub(two.Connect(v1::PARTY_RU, "officer"));
    return Submit(*stub, Filing(kFirstId), &response);
  });
  ASSERT_TRUE(TwoAuthorities::Await([] { return TheDisk().waiting() == 1; }));
  kill(getpid(), SIGTERM);
  TheDisk().Release(/*failing=*/true);
  EXPECT_EQ(service.get(), kExitOutcomeUnknown);
  EXPECT_FALSE(unknown.get().ok());
}

TEST(Program, AStrangerWhoDripsDoesNotHoldItsEnd) {
  TwoAuthorities two;
  const TemporaryDirectory directory;
  v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  const int port = FreePort();
  config.set_web_listen(absl::StrCat("127.0.0.1:", port));
  std::future<int> service = Service(two, v1::PARTY_KZ, WriteConfig(directory, config));
  httplib::Client page("127.0.0.1", port);
  ASSERT_TRUE(TwoAuthorities::Await([&] { return page.Get("/information.json"); }));
  const int stranger = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  ASSERT_EQ(connect(stranger, reinterpret_cast<sockaddr*>(&address), sizeof(address)), 0);
  const std::string begun = "GET / HTTP/1.1\r\nA: ";
  ASSERT_GT(send(stranger, begun.data(), begun.size(), MSG_NOSIGNAL), 0);
  kill(getpid(), SIGTERM);
  const auto ended = [&] {
    return service.wait_for(std::chrono::milliseconds(200)) == std::future_status::ready;
  };
  const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!ended() && std::chrono::steady_clock::now() < give_up) (void)send(stranger, "x", 1, MSG_NOSIGNAL);
  EXPECT_TRUE(ended());
  close(stranger);
  EXPECT_EQ(service.get(), kExitOk);
}

TEST(StopLimitDeathTest, EndsTheProcessThatDoesNotStop) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto hang = [] {
    rpc::StartLog(rpc::LogLevel::kError);
    const StopLimit limit(absl::Milliseconds(1), [] { return kExitOutcomeUnknown; });
    for (;;) pause();
  };
  EXPECT_EXIT(hang(), ::testing::ExitedWithCode(kExitOutcomeUnknown), "stop_hangs");
  const StopLimit in_time(absl::Hours(1), [] { return kExitFailed; });
}

// What is left of uploads may be what takes the room.
TEST(Program, AStartWithoutRoomRemovesWhatUploadsLeft) {
  const TwoAuthorities two;
  const TemporaryDirectory directory;
  const v1::NodeConfig config = two.Config(v1::PARTY_KZ);
  std::filesystem::create_directories(config.data_dir());
  const std::string left = config.attachments_dir() + "/00.upload.part";
  Write(left, "left by a stop");
  const std::string file = WriteConfig(directory, config);
  const Outcome limited = WithSmallFiles([&] { return Program({"--config", file, "--log-level", "error"}); });
  EXPECT_EQ(limited.code, kExitFailed);
  EXPECT_THAT(limited.err, HasSubstr("takes no"));
  EXPECT_FALSE(std::filesystem::exists(left));
}

// As a function of a profile that cannot be copied for want of memory.
struct ThrowsWhenCopied {
  explicit ThrowsWhenCopied(const bool& when) : armed(when) {}
  ThrowsWhenCopied(const ThrowsWhenCopied& other) : armed(other.armed) {
    if (armed) throw std::runtime_error("no more of it");
  }
  std::optional<std::string> operator()(const v1::Identifier&) const { return std::nullopt; }
  const bool& armed;
};

TEST(Program, AStartThatThrowsOrMayNotWriteSaysSo) {
  const TwoAuthorities two;
  const TemporaryDirectory directory;
  const std::string file = WriteConfig(directory, two.Config(v1::PARTY_KZ));
  const char* const argv[] = {"kz_agency", "--config", file.c_str(), "--log-level", "error"};
  bool armed = false;
  authority::Profile profile = two.Profile(v1::PARTY_KZ);
  profile.check_identifier = ThrowsWhenCopied(armed);
  armed = true;
  ::testing::internal::CaptureStderr();
  EXPECT_EQ(RunService(5, argv, profile), kExitFailed);
  EXPECT_THAT(::testing::internal::GetCapturedStderr(),
              AllOf(HasSubstr("not_started"), HasSubstr("no more of it")));

  const Outcome limited = WithSmallFiles([&] {
    signal(SIGXFSZ, SIG_DFL);
    return Program({"--config", file, "--log-level", "error"});
  });
  EXPECT_EQ(limited.code, kExitFailed);
  EXPECT_THAT(limited.err, AllOf(HasSubstr("not_started"), HasSubstr(two.Config(v1::PARTY_KZ).data_dir())));
}

TEST(Transport, SpeaksOnlyTls13) {
  TwoAuthorities two;
  two.Start(v1::PARTY_RU);
  EXPECT_TRUE(HandshakeSucceeds(two.node(v1::PARTY_RU).port(), TLS1_3_VERSION));
  EXPECT_FALSE(HandshakeSucceeds(two.node(v1::PARTY_RU).port(), TLS1_2_VERSION));
}

// Before anything of gRPC is used.
const int prepared = [] {
  PrepareGrpc();
  rpc::StartLog(rpc::LogLevel::kError);
  return 0;
}();

}  // namespace
}  // namespace kelisim::node
