#include "shared/rpc/attachment_service.h"

#include <utility>

#include "shared/base/told.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/log.h"

namespace kelisim::rpc {
namespace {

using ledger::Attachments;
using Chunk = v1::AttachmentChunk;

// The operator hears of what the disk refuses.
absl::Status Noted(const absl::Status& status) {
  if (absl::IsUnavailable(status))
    Log(LogLevel::kError, "attachment_refused", {{"status", status.ToString()}});
  return absl::IsUnavailable(status) ? Told(status, "told.attachment_disk") : status;
}

class Upload final : public grpc::ServerReadReactor<Chunk> {
 public:
  Upload(const Attachments& attachments, Shares::Share share, v1::Attachment* response)
      : share_(std::move(share)), attachments_(attachments), response_(response) {
    StartRead(&chunk_);
  }
  void OnReadDone(bool ok) override {
    const absl::Status status = Guarded<absl::StatusOr<bool>>([&]() -> absl::StatusOr<bool> {
                                  absl::Status taken = ok ? Take() : End();
                                  if (!taken.ok()) return taken;
                                  return true;
                                }).status();
    if (!ok || !status.ok()) return Finish(ToGrpc(Noted(status)));
    StartRead(&chunk_);
  }
  void OnDone() override { delete this; }

 private:
  absl::Status Take() {
    if (writer_ == nullptr) {
      auto begun = attachments_.Write(chunk_.size());
      if (!begun.ok()) return begun.status();
      writer_ = *std::move(begun);
      response_->set_size(chunk_.size());
    }
    return writer_->Append(chunk_.data());
  }
  // A caller that went away comes here too: then bytes are missing.
  absl::Status End() {
    if (writer_ == nullptr) return absl::InvalidArgumentError("attachment: nothing was sent");
    const absl::StatusOr<Hash> sha256 = writer_->Finish();
    if (!sha256.ok()) return sha256.status();
    response_->set_sha256(std::string(sha256->bytes()));
    return absl::OkStatus();
  }

  const Shares::Share share_;
  const Attachments& attachments_;
  v1::Attachment* const response_;
  std::unique_ptr<Attachments::Writer> writer_;
  Chunk chunk_;
};

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

class Download final : public grpc::ServerWriteReactor<Chunk> {
 public:
  Download(const Attachments& attachments, Shares::Share share, const Hash& sha256,
           std::unique_ptr<Attachments::Reader> reader, bool size_only)
      : share_(std::move(share)),
        attachments_(attachments),
        sha256_(sha256),
        reader_(std::move(reader)),
        size_only_(size_only) {
    chunk_.set_size(reader_->size());
    Next();
  }
  void OnWriteDone(bool ok) override {
    if (!ok || size_only_) return Finish(grpc::Status::OK);
    chunk_.Clear();
    Next();
  }
  void OnDone() override { delete this; }

 private:
  void Next() {
    if (size_only_) return StartWrite(&chunk_);
    absl::StatusOr<std::string> bytes = Guarded<absl::StatusOr<std::string>>([&] { return reader_->Next(); });
    if (!bytes.ok()) return Finish(ToGrpc(Explained(bytes.status(), attachments_, sha256_)));
    if (bytes->empty() && chunk_.size() == 0) return Finish(grpc::Status::OK);
    chunk_.set_data(*std::move(bytes));
    StartWrite(&chunk_);
  }

  const Shares::Share share_;
  const Attachments& attachments_;
  const Hash sha256_;
  const std::unique_ptr<Attachments::Reader> reader_;
  const bool size_only_;
  Chunk chunk_;
};

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
  auto reader = Guarded<absl::StatusOr<std::unique_ptr<Attachments::Reader>>>(
      [&] { return desk.attachments.Read(*sha256, request.from()); });
  if (!reader.ok()) return RefuseAttachment(Explained(reader.status(), desk.attachments, *sha256));
  return new Download(desk.attachments, *std::move(share), *sha256, *std::move(reader), request.size_only());
}

grpc::ServerReadReactor<Chunk>* AttachmentServiceAdapter::UploadAttachment(
    grpc::CallbackServerContext* context, v1::Attachment* response) {
  const absl::StatusOr<Caller> caller =
      AdmitStream(desk_, "/kelisim.v1.AttachmentService/UploadAttachment", *context);
  if (!caller.ok()) return new Refused<grpc::ServerReadReactor<Chunk>>(caller.status());
  absl::StatusOr<Shares::Share> share = desk_.streams.attachments.Take(caller->uri);
  if (!share.ok()) return new Refused<grpc::ServerReadReactor<Chunk>>(share.status());
  return new Upload(desk_.attachments, *std::move(share), response);
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
