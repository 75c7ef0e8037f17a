#include "shared/node/node.h"

#include <chrono>
#include <filesystem>
#include <system_error>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "grpcpp/ext/proto_server_reflection_plugin.h"
#include "grpcpp/health_check_service_interface.h"
#include "grpcpp/server_builder.h"
#include "shared/authority/audit.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/rocks_store.h"
#include "shared/node/config.h"
#include "shared/node/doctor.h"
#include "shared/node/init.h"
#include "shared/node/keys.h"
#include "shared/node/transport.h"
#include "shared/rpc/log.h"

namespace kelisim::node {
namespace {

using rpc::Log;
using rpc::LogLevel;

constexpr absl::Duration kTick = absl::Milliseconds(100);
constexpr absl::Duration kCertificateCheck = absl::Hours(24);
constexpr absl::Duration kTlsRefresh = absl::Seconds(1);
constexpr char kHealthName[] = "kelisim.v1.CaseService";

}  // namespace

bool IsServing(v1::NodeMode mode) { return mode == v1::FENCED || mode == v1::OPEN_FOR_ALL; }

// ---------------------------------------------------------------- start

absl::StatusOr<std::unique_ptr<Node>> Node::Start(const v1::NodeConfig& config, authority::Profile profile,
                                                  Clock& clock, std::function<void()> failed) {
  ASSIGN_OR_RETURN(authority::Identity identity, LoadIdentity(config, std::move(profile)));
  ASSIGN_OR_RETURN(const std::string master_key, LoadMasterKey(config));
  ASSIGN_OR_RETURN(std::unique_ptr<TlsFiles> tls, TlsFiles::Load(config, clock.Now()));
  std::unique_ptr<Node> node(new Node(config, std::move(identity), master_key, clock, std::move(failed)));
  node->tls_ = std::move(tls);
  RETURN_IF_ERROR(node->OpenBooks(master_key));
  RETURN_IF_ERROR(node->OpenDoors());
  return node;
}

Node::Node(const v1::NodeConfig& config, authority::Identity identity, const std::string& master_key,
           Clock& clock, std::function<void()> failed)
    : config_(config),
      identity_(std::move(identity)),
      clock_(clock),
      failed_(std::move(failed)),
      anchor_(ledger::NewFileAnchor(config_.anchor_file(), authority::LogIdOf(identity_))),
      vault_(master_key, SystemRandom()),
      access_(config_.identities()) {}

absl::Status Node::OpenBooks(const std::string& master_key) {
  ASSIGN_OR_RETURN(const std::optional<ledger::Head> head, anchor_->Load());
  RETURN_IF_ERROR(CheckInitialised(config_, head));
  const auto make_room = [this] {
    ledger::Attachments::RemoveUnfinished(config_.attachments_dir());
    // The copy of an audit that was killed keeps tables that the store has dropped.
    std::error_code error;
    for (const char* state : {"", ".tmp"})
      std::filesystem::remove_all(AuditDirectory(config_) + state, error);
  };
  ASSIGN_OR_RETURN(store_, ledger::OpenRocksStore({config_.data_dir(), nullptr, make_room}));
  ASSIGN_OR_RETURN(core_, authority::Core::Open(identity_, *store_, vault_, SystemRandom(), head));
  RETURN_IF_ERROR(OpenWitnesses());
  std::function<std::string()> newest;
  if (third_ != nullptr) newest = [this] { return third_->Newest(); };
  reader_ = std::make_unique<authority::Reader>(identity_, *store_, vault_, std::move(newest));
  if (third_ != nullptr) third_->Start(*reader_);
  // After the store: its lock says that no other process is at work here.
  ASSIGN_OR_RETURN(attachments_,
                   ledger::Attachments::Open(config_.attachments_dir(), master_key, SystemRandom()));
  return absl::OkStatus();
}

namespace {

// What the machine refuses to a copy is no fault of the store, and for the operator to mend. A full
// disk is not what a later attempt finds better, either.
absl::Status OfCopy(const absl::Status& status, const std::string& directory) {
  if (!absl::IsInternal(status) && !absl::IsResourceExhausted(status)) return status;
  return absl::FailedPreconditionError(
      absl::StrCat("audit: no copy of the store at ", directory, ": ", status.message()));
}

}  // namespace

// On a copy, beside the core: the store itself is never written to by anybody else.
absl::Status Node::Audit(const rpc::AuditDesk::Tell& tell) {
  const std::string directory = AuditDirectory(config_);
  std::error_code error;
  std::filesystem::remove_all(directory, error);
  if (error) return absl::FailedPreconditionError(absl::StrCat("audit: ", directory, ": ", error.message()));
  RETURN_IF_ERROR(CheckAuditDirectory(config_));
  RETURN_IF_ERROR(OfCopy(ledger::BackUp(*store_, directory), directory));
  absl::Status audited = [&]() -> absl::Status {
    ledger::RocksStoreOptions as_it_is{directory, nullptr};
    as_it_is.compacts = false;
    const auto copy = ledger::OpenRocksStore(as_it_is);
    RETURN_IF_ERROR(OfCopy(copy.status(), directory));
    v1::AuditProgress begun;
    begun.set_stage(v1::AuditProgress::ENTRIES);
    RETURN_IF_ERROR(ledger::VerifyChecksums(**copy, [&] { return tell(begun); }));
    return authority::Audit(identity_, **copy, vault_, attachments_.get(), tell,
                            [&] { return OfCopy(ledger::CheckRoomForBackUp(*store_), directory); });
  }();
  std::filesystem::remove_all(directory, error);
  if (!absl::IsDataLoss(audited)) return audited;
  // Is what an auditor looks for, and no fault of the call.
  v1::AuditProgress damaged;
  damaged.set_stage(v1::AuditProgress::ENTRIES);
  damaged.mutable_finding()->add_problem_keys("audit.store_damaged");
  damaged.mutable_finding()->set_detail(std::string(audited.message()));
  return tell(damaged) ? absl::OkStatus() : absl::CancelledError("the audit was broken off");
}

web::Server::Sources Node::WebSources() {
  web::Server::Sources sources{
      [this] { return reader_->GetInformation(clock_.Now()); },
      [this](v1::Party ledger) { return reader_->GetCheckpoint(ledger); },
      [this](v1::Party ledger, const tlog::Tile& tile) { return reader_->GetTile(ledger, tile); }};
  sources.trouble = [](const std::string& why) { Log(LogLevel::kError, "web", {{"not_accepting", why}}); };
  if (witnessed_ == nullptr) return sources;
  sources.add_checkpoint = [this](const std::string& body) { return witnessed_->Add(body); };
  sources.cosigned = [this](const std::string& origin) { return witnessed_->Newest(origin); };
  return sources;
}

absl::Status Node::OpenWitnesses() {
  if (config_.witness_dir().empty()) return absl::OkStatus();
  std::vector<tlog::LogKeys> logs;
  for (const std::string& vkey : config_.witnessed_logs()) {
    ASSIGN_OR_RETURN(tlog::NoteVerifier key, tlog::NoteVerifier::Parse(vkey));
    logs.emplace_back(std::move(key));
  }
  if (!logs.empty()) {
    ASSIGN_OR_RETURN(witnessed_, ledger::WitnessBook::Open(config_.witness_dir(), std::move(logs),
                                                           identity_.witness, clock_));
  }
  if (identity_.third_witness) {
    std::error_code error;
    std::filesystem::create_directories(config_.witness_dir(), error);
    if (error) {
      return absl::UnavailableError(
          absl::StrCat("witness_dir: ", config_.witness_dir(), ": ", error.message()));
    }
    third_ = std::make_unique<WitnessClient>(identity_, config_.witness_dir() + "/third");
  }
  return absl::OkStatus();
}

absl::Status Node::OpenDoors() {
  ASSIGN_OR_RETURN(const HostPort at, ParseHostPort(config_.listen()));
  ASSIGN_OR_RETURN(listener_, Listener::Bind(at.host, at.port));
  watch_ = std::make_unique<rpc::WatchHub>(*reader_);
  audit_ = std::make_unique<rpc::AuditDesk>([this](const rpc::AuditDesk::Tell& tell) { return Audit(tell); });
  desk_ = std::make_unique<rpc::Desk>(rpc::Desk{identity_, access_, calls_, *this, *reader_, *watch_, clock_,
                                                *attachments_, *audit_, streams_, threads_});
  case_service_ = std::make_unique<rpc::CaseServiceAdapter>(*desk_);
  matter_service_ = std::make_unique<rpc::MatterServiceAdapter>(*desk_);
  attachment_service_ = std::make_unique<rpc::AttachmentServiceAdapter>(*desk_);
  quota_service_ = std::make_unique<rpc::QuotaServiceAdapter>(*desk_);
  treaty_service_ = std::make_unique<rpc::TreatyServiceAdapter>(*desk_);
  information_service_ = std::make_unique<rpc::InformationServiceAdapter>(*desk_);
  ledger_service_ = std::make_unique<rpc::LedgerServiceAdapter>(*desk_);
  exchange_service_ = std::make_unique<rpc::ExchangeServiceAdapter>(*desk_);
  counterpart_ = CounterpartChannel(config_, *tls_);
  peer_ = std::make_unique<rpc::PeerClient>(counterpart_, [this](authority::PeerReply reply) {
    // Refused only by a closed queue: the node stops, and the ledger is the outbox.
    (void)queue_.Push(std::move(reply));
  });
  fetcher_ = std::make_unique<AttachmentFetcher>(*reader_, *attachments_, counterpart_);

  grpc::EnableDefaultHealthCheckService(true);
  if (config_.reflection()) grpc::reflection::InitProtoReflectionServerBuilderPlugin();
  grpc::ServerBuilder builder;
  SetServerLimits(builder);
  auto acceptor = builder.experimental().AddExternalConnectionAcceptor(
      grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
      ServerTls(*tls_, std::make_shared<rpc::AccessProcessor>(access_)));
  for (grpc::Service* service : std::initializer_list<grpc::Service*>{
           case_service_.get(), matter_service_.get(), attachment_service_.get(), quota_service_.get(),
           treaty_service_.get(), information_service_.get(), ledger_service_.get(),
           exchange_service_.get()}) {
    builder.RegisterService(service);
  }
  server_ = builder.BuildAndStart();
  if (server_ == nullptr) return absl::UnavailableError("the server does not start; the log says why");
  // The first turn has no input; it says in which mode the node starts.
  ASSIGN_OR_RETURN(authority::CommittedTurn first, Turn({}));
  RETURN_IF_ERROR(Release(std::move(first)));
  core_thread_ = std::thread([this] { RunCore(); });
  release_thread_ = std::thread([this] { RunRelease(); });
  listener_->Serve(std::move(acceptor));
  if (!config_.web_listen().empty()) {
    ASSIGN_OR_RETURN(const HostPort web, ParseHostPort(config_.web_listen()));
    ASSIGN_OR_RETURN(web_,
                     web::Server::Start(web.host, static_cast<int>(*ParseDecimal(web.port)), WebSources()));
    Log(LogLevel::kInfo, "web", {{"listen", config_.web_listen()}, {"port", web_->port()}});
  }
  Log(LogLevel::kInfo, "started",
      {{"party", v1::Party_Name(identity_.self())}, {"listen", config_.listen()}, {"port", port()}});
  return absl::OkStatus();
}

// ---------------------------------------------------------------- the core's thread

namespace {

// Runs `body`, which gives a Status or StatusOr; an exception becomes INTERNAL.
template <typename Body>
auto Caught(Body body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::exception& e) {
    return absl::InternalError(e.what());
  }
}

}  // namespace

absl::Status Node::Submit(authority::Input input) noexcept { return queue_.Push(std::move(input)); }

void Node::RunCore() {
  absl::Time last_tick = absl::InfinitePast();
  while (!queue_.Done() && !has_failed_) {
    std::vector<authority::Input> inputs = queue_.Drain(kTick);
    // Pace only, never order: a clock set back delays one tick at most by kTick.
    const absl::Time now = absl::Now();
    if (inputs.empty() || now < last_tick || now - last_tick >= kTick) {
      calls_.FinishEnded();
      inputs.emplace_back(authority::Tick{});
      last_tick = now;
      WatchCounterpart();
      WatchCertificate();
      access_.LogLeftOut(now);
    }
    auto turned = Caught([&] { return Turn(std::move(inputs)); });
    if (!turned.ok()) return Fail(turned.status());
    committed_.Push(*std::move(turned));
  }
}

// The exchange notices that the counterpart is gone when it next has something to send. While
// there is nothing, the connection is looked at, and made again.
void Node::WatchCounterpart() {
  const grpc_connectivity_state connection = counterpart_->GetState(/*try_to_connect=*/true);
  const bool lost = connection == GRPC_CHANNEL_TRANSIENT_FAILURE;
  const bool there = connection == GRPC_CHANNEL_READY;
  const std::lock_guard lock(state_mutex_);
  // Until it is there again: between two attempts the channel is in neither state.
  gone_ = (gone_ || lost) && !there;
  const bool in_session = state_.counterpart_connected();
  // Where a call has failed the exchange tells of it, and of its end.
  if (in_session && lost && !gone_told_) Log(LogLevel::kInfo, "exchange", {{"message", "counterpart: gone"}});
  if (in_session && there && gone_told_) {
    Log(LogLevel::kInfo, "exchange", {{"message", "counterpart: answers again"}});
  }
  gone_told_ = in_session && (lost || (gone_told_ && !there));
}

void Node::WatchCertificate() {
  const absl::Time now = clock_.Now();
  if (now < tls_refreshed_ || now - tls_refreshed_ >= kTlsRefresh) {
    tls_refreshed_ = now;
    tls_->Refresh(now);
  }
  if (now >= certificate_checked_ && now - certificate_checked_ < kCertificateCheck) return;
  certificate_checked_ = now;
  const Finding finding = ExamineCertificate(config_, now);
  if (finding.ok) return;
  Log(LogLevel::kError, "certificate", {{"problem", finding.text}});
}

absl::StatusOr<authority::CommittedTurn> Node::Turn(std::vector<authority::Input> inputs) {
  ASSIGN_OR_RETURN(authority::Turn turn, core_->Step(clock_.Now(), std::move(inputs)));
  const bool changes = !turn.batch().empty();
  ASSIGN_OR_RETURN(authority::CommittedTurn committed, authority::Commit(std::move(turn), *store_));
  if (changes) {
    watch_->Wake();
    fetcher_->Wake();
  }
  return committed;
}

// ---------------------------------------------------------------- the releasing thread

void Node::RunRelease() {
  while (std::optional<authority::CommittedTurn> turn = committed_.Pop()) {
    const absl::Status released = Caught([&] { return Release(*std::move(turn)); });
    if (!released.ok()) return Fail(released);
  }
}

absl::Status Node::Release(authority::CommittedTurn turn) {
  ASSIGN_OR_RETURN(authority::Outputs outputs,
                   authority::Release(std::move(turn), *anchor_, identity_.witness, identity_.mirror));
  Deliver(std::move(outputs));
  return absl::OkStatus();
}

void Node::Deliver(authority::Outputs outputs) {
  v1::NodeMode before;
  {
    const std::lock_guard lock(state_mutex_);
    before = state_.mode();
    state_ = outputs.state;
  }
  // Before the answers: who is told something may look at the state at once.
  if (outputs.state.mode() != before) {
    Log(outputs.state.mode() == v1::HALTED ? LogLevel::kError : LogLevel::kInfo, "mode",
        {{"mode", v1::NodeMode_Name(outputs.state.mode())}, {"reason", outputs.state.reason()}});
    ReportHealth(IsServing(outputs.state.mode()));
  }
  for (const authority::Event& event : outputs.events) {
    Log(event.alarm ? LogLevel::kError : LogLevel::kInfo, "exchange", {{"message", event.text}});
  }
  for (const authority::Reply& reply : outputs.replies) calls_.Answer(reply.token, reply.answer);
  for (authority::Call& call : outputs.calls) peer_->Send(std::move(call));
}

void Node::Fail(const absl::Status& status) {
  if (has_failed_.exchange(true)) return;
  Log(LogLevel::kError, absl::IsDataLoss(status) ? "store_damaged" : "outcome_unknown",
      {{"status", status.ToString()}});
  ReportHealth(false);
  queue_.Close();
  committed_.Close();
  calls_.GiveUp(authority::OutcomeUnknown("the outcome of a turn is not known"));
  failed_();
}

v1::NodeState Node::State() const {
  const std::lock_guard lock(state_mutex_);
  v1::NodeState state = state_;
  if (!gone_) return state;
  state.set_counterpart_connected(false);
  if (state.counterpart_problem().empty()) state.set_counterpart_problem("no connection to its address");
  return state;
}

void Node::ReportHealth(bool serving) {
  grpc::HealthCheckServiceInterface* const health = server_->GetHealthCheckService();
  health->SetServingStatus("", serving);
  health->SetServingStatus(kHealthName, serving);
}

// ---------------------------------------------------------------- stop

Node::~Node() { Stop(absl::ZeroDuration()); }

void Node::Stop(absl::Duration grace) {
  if (std::exchange(stopped_, true)) return;
  Log(LogLevel::kInfo, "stopping");
  if (listener_ != nullptr) listener_->Stop();
  if (server_ != nullptr) {
    // From here on nothing can set it to serving again.
    server_->GetHealthCheckService()->Shutdown();
    watch_->Stop();
    server_->Shutdown(std::chrono::system_clock::now() + absl::ToChronoMilliseconds(grace));
  }
  queue_.Close();
  if (core_thread_.joinable()) core_thread_.join();
  committed_.Close();
  if (release_thread_.joinable()) release_thread_.join();
  // Calls that were taken in after the last turn.
  calls_.GiveUp(authority::OutcomeUnknown("the node stops"));
  fetcher_.reset();
  peer_.reset();
  server_.reset();
  watch_.reset();
  core_.reset();
  // They read, until they have ended: a stranger who reads slowly, or a witness, for some seconds.
  third_.reset();
  web_.reset();
  reader_.reset();
  store_.reset();
  Log(LogLevel::kInfo, "stopped");
}

}  // namespace kelisim::node
