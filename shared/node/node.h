#ifndef KELISIM_SHARED_NODE_NODE_H_
#define KELISIM_SHARED_NODE_NODE_H_

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/server.h"
#include "kelisim/v1/config.pb.h"
#include "shared/authority/core.h"
#include "shared/authority/reader.h"
#include "shared/base/ports.h"
#include "shared/ledger/anchor.h"
#include "shared/ledger/attachments.h"
#include "shared/ledger/store.h"
#include "shared/ledger/vault.h"
#include "shared/ledger/witness_book.h"
#include "shared/node/attachment_fetcher.h"
#include "shared/node/input_queue.h"
#include "shared/node/listener.h"
#include "shared/node/release_queue.h"
#include "shared/node/transport.h"
#include "shared/node/witness_client.h"
#include "shared/rpc/attachment_service.h"
#include "shared/rpc/audit_desk.h"
#include "shared/rpc/exchange_service.h"
#include "shared/rpc/officer_services.h"
#include "shared/rpc/peer_client.h"
#include "shared/web/server.h"

namespace kelisim::node {

// One running authority: store, core and server, put together, started and
// stopped in the right order. One thread runs the core: it drains what waits,
// steps and commits. Another one releases what is committed, in order: head
// anchor, cosignatures, answers. So the core need not wait for the anchor's disk
// and for gRPC.
class Node final : private rpc::Backend {
 public:
  // `config` without ConfigProblems. `failed` is called once, from another thread,
  // when the core had to stop: the outcome of its last turn is unknown, and only a
  // new process can find out. `clock` must outlive the node.
  // UNAVAILABLE: address or directory is in use; DATA_LOSS: the store is not whole.
  static absl::StatusOr<std::unique_ptr<Node>> Start(const v1::NodeConfig& config, authority::Profile profile,
                                                     Clock& clock, std::function<void()> failed);
  // Stop without grace, unless stopped.
  ~Node() override;

  // Refuses new calls, gives open ones `grace` to end, works off what waits and
  // closes everything. Once.
  void Stop(absl::Duration grace);

  int port() const { return listener_->port(); }
  // Of the public page; 0: there is none.
  int web_port() const { return web_ == nullptr ? 0 : web_->port(); }
  v1::NodeState State() const override;

 private:
  Node(const v1::NodeConfig& config, authority::Identity identity, const std::string& master_key,
       Clock& clock, std::function<void()> failed);
  absl::Status OpenBooks(const std::string& master_key);
  absl::Status OpenWitnesses();
  web::Server::Sources WebSources();
  absl::Status OpenDoors();
  absl::Status Audit(const rpc::AuditDesk::Tell& tell);
  // Tells the operator when the connection to the counterpart ends, and when it is there again.
  void WatchCounterpart();
  // Tells the operator once a day that the own certificate has to be renewed.
  void WatchCertificate();

  absl::Status Submit(authority::Input input) noexcept override;
  void RunCore();
  void RunRelease();
  absl::StatusOr<authority::CommittedTurn> Turn(std::vector<authority::Input> inputs);
  absl::Status Release(authority::CommittedTurn turn);
  void Deliver(authority::Outputs outputs);
  void ReportHealth(bool serving);
  void Fail(const absl::Status& status);

  const v1::NodeConfig config_;
  const authority::Identity identity_;
  Clock& clock_;
  const std::function<void()> failed_;

  std::unique_ptr<ledger::Store> store_;
  const std::unique_ptr<ledger::HeadAnchor> anchor_;  // used by release_thread_ only
  ledger::Vault vault_;
  std::unique_ptr<authority::Core> core_;  // used by core_thread_ only

  InputQueue queue_;
  ReleaseQueue committed_;
  mutable std::mutex state_mutex_;
  v1::NodeState state_;  // guarded by state_mutex_
  bool gone_ = false;    // guarded by state_mutex_: there is no connection to the counterpart

  const rpc::Access access_;
  rpc::Calls calls_;
  rpc::Streams streams_;
  rpc::Threads threads_;
  std::unique_ptr<authority::Reader> reader_;
  std::unique_ptr<ledger::Attachments> attachments_;
  std::unique_ptr<AttachmentFetcher> fetcher_;
  std::unique_ptr<rpc::WatchHub> watch_;
  std::unique_ptr<rpc::AuditDesk> audit_;
  std::unique_ptr<rpc::Desk> desk_;
  std::unique_ptr<rpc::CaseServiceAdapter> case_service_;
  std::unique_ptr<rpc::MatterServiceAdapter> matter_service_;
  std::unique_ptr<rpc::AttachmentServiceAdapter> attachment_service_;
  std::unique_ptr<rpc::QuotaServiceAdapter> quota_service_;
  std::unique_ptr<rpc::TreatyServiceAdapter> treaty_service_;
  std::unique_ptr<rpc::InformationServiceAdapter> information_service_;
  std::unique_ptr<rpc::LedgerServiceAdapter> ledger_service_;
  std::unique_ptr<rpc::ExchangeServiceAdapter> exchange_service_;
  std::unique_ptr<TlsFiles> tls_;  // after the start, of the core's thread
  std::shared_ptr<grpc::Channel> counterpart_;
  std::unique_ptr<rpc::PeerClient> peer_;
  std::unique_ptr<Listener> listener_;
  std::unique_ptr<grpc::Server> server_;
  std::unique_ptr<ledger::WitnessBook> witnessed_;         // null: witness of no other log
  std::unique_ptr<WitnessClient> third_;                   // null: without a third witness
  std::unique_ptr<web::Server> web_;                       // null without web_listen
  bool gone_told_ = false;                                 // of the core's thread
  absl::Time certificate_checked_ = absl::InfinitePast();  // of the core's thread
  absl::Time tls_refreshed_ = absl::InfinitePast();        // of the core's thread
  std::thread core_thread_;
  std::thread release_thread_;
  std::atomic<bool> has_failed_ = false;
  bool stopped_ = false;
};

// A node in these modes can sign and append.
bool IsServing(v1::NodeMode mode);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_NODE_H_
