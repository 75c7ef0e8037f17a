#ifndef KELISIM_SHARED_RPC_PEER_CLIENT_H_
#define KELISIM_SHARED_RPC_PEER_CLIENT_H_

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <set>

#include "grpcpp/channel.h"
#include "grpcpp/generic/generic_stub.h"
#include "shared/authority/turn.h"

namespace kelisim::rpc {

// Our calls to the counterpart: bytes out, bytes back, each with a deadline of
// ten seconds. Thread-safe.
class PeerClient {
 public:
  // `deliver` is called once for each call, from a thread of gRPC; it must not block.
  PeerClient(std::shared_ptr<grpc::Channel> channel, std::function<void(authority::PeerReply)> deliver);
  // Cancels what is on its way and waits for its end.
  ~PeerClient();

  void Send(authority::Call call);

 private:
  struct Exchange;
  void Done(Exchange* exchange, const grpc::Status& status);

  // A channel must not be destroyed by one of its callbacks: see the destructor.
  const std::shared_ptr<grpc::Channel> channel_;
  grpc::GenericStub stub_;
  const std::function<void(authority::PeerReply)> deliver_;

  std::mutex mutex_;
  std::condition_variable idle_;
  std::set<Exchange*> under_way_;  // guarded by mutex_
};

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_PEER_CLIENT_H_
