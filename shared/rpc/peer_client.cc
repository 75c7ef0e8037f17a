#include "shared/rpc/peer_client.h"

#include <chrono>
#include <utility>

#include "grpcpp/client_context.h"
#include "shared/rpc/exchange_service.h"
#include "shared/rpc/message.h"
#include "shared/rpc/status.h"

namespace kelisim::rpc {
namespace {

constexpr std::chrono::seconds kDeadline{10};
// What a counterpart within the limits never sends.
constexpr size_t kLargestAnswer = 1 << 20;

}  // namespace

struct PeerClient::Exchange {
  uint64_t call_id;
  grpc::ClientContext context;
  grpc::ByteBuffer request;
  grpc::ByteBuffer response;
};

PeerClient::PeerClient(std::shared_ptr<grpc::Channel> channel,
                       std::function<void(authority::PeerReply)> deliver)
    : channel_(std::move(channel)), stub_(channel_), deliver_(std::move(deliver)) {}

PeerClient::~PeerClient() {
  std::unique_lock lock(mutex_);
  for (Exchange* exchange : under_way_) exchange->context.TryCancel();
  idle_.wait(lock, [this] { return under_way_.empty(); });
}

void PeerClient::Send(authority::Call call) {
  auto* exchange = new Exchange;
  exchange->call_id = call.call_id;
  exchange->context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  exchange->request = ToBuffer(call.bytes);
  {
    const std::lock_guard lock(mutex_);
    under_way_.insert(exchange);
  }
  stub_.UnaryCall(&exchange->context, MethodPath(call.method), grpc::StubOptions(), &exchange->request,
                  &exchange->response,
                  [this, exchange](const grpc::Status& status) { Done(exchange, status); });
}

void PeerClient::Done(Exchange* exchange, const grpc::Status& status) {
  authority::PeerReply reply{exchange->call_id, FromGrpc(status), ""};
  if (status.ok()) {
    absl::StatusOr<std::string> bytes = BytesOf(exchange->response, kLargestAnswer);
    if (bytes.ok()) {
      reply.bytes = *std::move(bytes);
    } else {
      reply.status = bytes.status();
    }
  }
  deliver_(std::move(reply));
  const std::lock_guard lock(mutex_);
  under_way_.erase(exchange);
  delete exchange;
  idle_.notify_all();
}

}  // namespace kelisim::rpc
