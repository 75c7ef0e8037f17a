#ifndef KELISIM_SHARED_RPC_ATTACHMENT_SERVICE_H_
#define KELISIM_SHARED_RPC_ATTACHMENT_SERVICE_H_

#include "kelisim/v1/attachment_service.grpc.pb.h"
#include "shared/rpc/desk.h"

namespace kelisim::rpc {

// Streams of chunks between a caller and the attachments: each holds one chunk in memory,
// and waits for its caller and for the disk on a thread of its own.
class AttachmentServiceAdapter final : public v1::AttachmentService::CallbackService {
 public:
  explicit AttachmentServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerReadReactor<v1::AttachmentChunk>* UploadAttachment(grpc::CallbackServerContext* context,
                                                                 v1::Attachment* response) override;
  grpc::ServerWriteReactor<v1::AttachmentChunk>* DownloadAttachment(
      grpc::CallbackServerContext* context, const v1::DownloadAttachmentRequest* request) override;

 private:
  const Desk& desk_;
};

// The stream of a document's chunks, or one that ends with the reason why not. What the desk
// refers to must outlive the stream.
grpc::ServerWriteReactor<v1::AttachmentChunk>* SendAttachment(const Desk& desk, Shares& shares,
                                                              const std::string& caller,
                                                              const v1::DownloadAttachmentRequest& request);
grpc::ServerWriteReactor<v1::AttachmentChunk>* RefuseAttachment(const absl::Status& status);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_ATTACHMENT_SERVICE_H_
