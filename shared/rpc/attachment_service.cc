#include "shared/rpc/attachment_service.h"

#include <utility>

#include "shared/base/status_macros.h"
#include "shared/base/told.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/log.h"
#include "shared/rpc/slow_stream.h"

namespace kelisim::rpc {
namespace {

using ledger::Attachments;
using Chunk = v1::AttachmentChunk;
using Upload = SlowReader<Chunk>;
using Download = SlowWriter<Chunk>;

// The operator hears of what the disk refuses.
absl::Status Noted(const absl::Status& status) {
  if (absl::IsUnavailable(status))
    Log(LogLevel::kError, "attachment_refused", {{"status", status.ToString()}});
  return absl::IsUnavailable(status) ? Told(status, "told.attachment_disk") : status;
}

absl::Status Receive(const Attachments& attachments, Upload& stream, v1::Attachment& response) {
  Chunk chunk;
  if (!stream.Receive(chunk)) return absl::InvalidArgumentError("attachment: nothing was sent");
  const uint64_t size = chunk.size();
  ASSIGN_OR_RETURN(const std::unique_ptr<Attachments::Writer> writer, attachments.Write(size));
  do {
    RETURN_IF_ERROR(writer->Append(chunk.data()));
  } while (stream.Receive(chunk));
  // A caller that went away comes here too: then bytes are missing.
  ASSIGN_OR_RETURN(const Hash sha256, writer->Finish());
  response.set_size(size);
  response.set_sha256(std::string(sha256.bytes()));
  return absl::OkStatus();
}

// What a caller is told of `status`. A document that turns out to be damaged is set aside:
// from then on it is not here, and can be fetched or put again.
absl::Status Explained(const absl::Status& status, const Attachments& attachments, const Hash& sha256) {
  if (absl::IsNotFound(status)) return Told(status, "told.attachment_not_here");
  if (!absl::IsDataLoss(status)) return Noted(status);
  const absl::Status set_aside = attachments.SetAside(sha256);
  Log(LogLevel::kError, "attachment_damaged", {{"set_aside", set_aside.ok() ? "yes" : set_aside.ToString()}});
  if (!set_aside.ok()) return set_aside;
  return Told(absl::NotFoundError("attachment: was damaged and is set aside; it has to come or be put again"),
              "told.attachment_damaged");
}

absl::Status Send(const Attachments& attachments, const Hash& sha256,
                  const v1::DownloadAttachmentRequest& request, Download& stream) {
  ASSIGN_OR_RETURN(const std::unique_ptr<Attachments::Reader> reader,
                   attachments.Read(sha256, request.from()));
  // The first one says how much there is, also where nothing is left to send.
  Chunk chunk;
  chunk.set_size(reader->size());
  for (bool first = true;; first = false) {
    if (!request.size_only()) {
      ASSIGN_OR_RETURN(*chunk.mutable_data(), reader->Next());
    }
    if (chunk.data().empty() && !first) return absl::OkStatus();
    if (!stream.Send(std::exchange(chunk, {})) || request.size_only()) return absl::OkStatus();
  }
}

}  // namespace

grpc::ServerWriteReactor<Chunk>* RefuseAttachment(const absl::Status& status) {
  return new Refused<grpc::ServerWriteReactor<Chunk>>(status);
}

grpc::ServerWriteReactor<Chunk>* SendAttachment(const Desk& desk, Shares& shares, const std::string& caller,
                                                const v1::DownloadAttachmentRequest& request) {
  absl::StatusOr<Shares::Share> share = shares.Take(caller);
  if (!share.ok()) return RefuseAttachment(share.status());
  const absl::StatusOr<Hash> sha256 = Hash::FromBytes(request.sha256());
  if (!sha256.ok()) return RefuseAttachment(sha256.status());
  return RunSlowly(desk.threads, new Download(*std::move(share)),
                   [&desk, sha256 = *sha256, request](Download& stream) {
                     const absl::Status sent = Send(desk.attachments, sha256, request, stream);
                     return sent.ok() ? sent : Explained(sent, desk.attachments, sha256);
                   });
}

grpc::ServerReadReactor<Chunk>* AttachmentServiceAdapter::UploadAttachment(
    grpc::CallbackServerContext* context, v1::Attachment* response) {
  const absl::StatusOr<Caller> caller =
      AdmitStream(desk_, "/kelisim.v1.AttachmentService/UploadAttachment", *context);
  if (!caller.ok()) return new Refused<grpc::ServerReadReactor<Chunk>>(caller.status());
  absl::StatusOr<Shares::Share> share = desk_.streams.attachments.Take(caller->uri);
  if (!share.ok()) return new Refused<grpc::ServerReadReactor<Chunk>>(share.status());
  return RunSlowly(desk_.threads, new Upload(*std::move(share)), [this, response](Upload& stream) {
    return Noted(Receive(desk_.attachments, stream, *response));
  });
}

grpc::ServerWriteReactor<Chunk>* AttachmentServiceAdapter::DownloadAttachment(
    grpc::CallbackServerContext* context, const v1::DownloadAttachmentRequest* request) {
  constexpr std::string_view kMethod = "/kelisim.v1.AttachmentService/DownloadAttachment";
  const absl::StatusOr<Caller> caller = AdmitStream(desk_, kMethod, *context);
  if (!caller.ok()) return RefuseAttachment(caller.status());
  Log(LogLevel::kInfo, "read", {{"method", std::string(kMethod)}, {"caller", caller->uri}});
  return SendAttachment(desk_, desk_.streams.attachments, caller->uri, *request);
}

}  // namespace kelisim::rpc
