#ifndef KELISIM_SHARED_RPC_EXCHANGE_SERVICE_H_
#define KELISIM_SHARED_RPC_EXCHANGE_SERVICE_H_

#include "kelisim/v1/exchange_service.grpc.pb.h"
#include "shared/rpc/desk.h"

namespace kelisim::rpc {

using ExchangeServiceMethods = v1::ExchangeService::WithRawCallbackMethod_Handshake<
    v1::ExchangeService::WithRawCallbackMethod_Push<v1::ExchangeService::WithRawCallbackMethod_Pull<
        v1::ExchangeService::WithCallbackMethod_FetchAttachment<v1::ExchangeService::Service>>>>;

// The counterpart's calls, handed to the core as the bytes they are; documents go beside
// the core.
class ExchangeServiceAdapter final : public ExchangeServiceMethods {
 public:
  explicit ExchangeServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* Handshake(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Push(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                 grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* Pull(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                 grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<v1::AttachmentChunk>* FetchAttachment(
      grpc::CallbackServerContext* context, const v1::DownloadAttachmentRequest* request) override;

 private:
  const Desk& desk_;
};

// "/kelisim.v1.ExchangeService/Push".
const char* MethodPath(authority::PeerMethod method);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_EXCHANGE_SERVICE_H_
