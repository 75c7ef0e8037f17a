#include "shared/rpc/exchange_service.h"

#include <utility>

#include "shared/base/status_macros.h"
#include "shared/rpc/attachment_service.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/message.h"

namespace kelisim::rpc {
namespace {

using authority::PeerMethod;

grpc::ServerUnaryReactor* Hand(const Desk& desk, PeerMethod method, grpc::CallbackServerContext& context,
                               const grpc::ByteBuffer& request, grpc::ByteBuffer* response) {
  absl::StatusOr<std::string> bytes =
      Guarded<absl::StatusOr<std::string>>([&]() -> absl::StatusOr<std::string> {
        RETURN_IF_ERROR(Admit(desk, MethodPath(method), context).status());
        return BytesOf(request, kExchangeBytes);
      });
  if (!bytes.ok()) return Finished(context, ToGrpc(bytes.status()));
  return AskCore(desk, context, response, authority::PeerCall{0, method, *std::move(bytes)});
}

}  // namespace

const char* MethodPath(PeerMethod method) {
  switch (method) {
    case PeerMethod::kHandshake:
      return "/kelisim.v1.ExchangeService/Handshake";
    case PeerMethod::kPush:
      return "/kelisim.v1.ExchangeService/Push";
    case PeerMethod::kPull:
      return "/kelisim.v1.ExchangeService/Pull";
  }
  return "";
}

grpc::ServerUnaryReactor* ExchangeServiceAdapter::Handshake(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request,
                                                            grpc::ByteBuffer* response) {
  return Hand(desk_, PeerMethod::kHandshake, *context, *request, response);
}

grpc::ServerUnaryReactor* ExchangeServiceAdapter::Push(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return Hand(desk_, PeerMethod::kPush, *context, *request, response);
}

grpc::ServerUnaryReactor* ExchangeServiceAdapter::Pull(grpc::CallbackServerContext* context,
                                                       const grpc::ByteBuffer* request,
                                                       grpc::ByteBuffer* response) {
  return Hand(desk_, PeerMethod::kPull, *context, *request, response);
}

grpc::ServerWriteReactor<v1::AttachmentChunk>* ExchangeServiceAdapter::FetchAttachment(
    grpc::CallbackServerContext* context, const v1::DownloadAttachmentRequest* request) {
  const absl::StatusOr<Caller> caller = Guarded<absl::StatusOr<Caller>>([&]() -> absl::StatusOr<Caller> {
    ASSIGN_OR_RETURN(Caller admitted,
                     AdmitStream(desk_, "/kelisim.v1.ExchangeService/FetchAttachment", *context));
    ASSIGN_OR_RETURN(const bool told, desk_.reader.MayFetch(request->sha256()));
    // What the counterpart was not told of is not there for it.
    if (!told) return absl::NotFoundError("attachment: not here");
    return admitted;
  });
  if (!caller.ok()) return RefuseAttachment(caller.status());
  return SendAttachment(desk_, desk_.streams.counterpart_attachments, caller->uri, *request);
}

}  // namespace kelisim::rpc
