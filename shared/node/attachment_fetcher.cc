#include "shared/node/attachment_fetcher.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "absl/cleanup/cleanup.h"
#include "absl/strings/str_cat.h"
#include "shared/base/status_macros.h"
#include "shared/rpc/log.h"
#include "shared/rpc/status.h"

namespace kelisim::node {
namespace {

// Rounds begin no closer together: acts come in bursts.
constexpr std::chrono::milliseconds kPause{500};
// A call that lasts longer is broken off, and goes on with the next one.
constexpr std::chrono::minutes kDeadline{10};

}  // namespace

AttachmentFetcher::AttachmentFetcher(const authority::Reader& reader, const ledger::Attachments& attachments,
                                     const std::shared_ptr<grpc::Channel>& channel, absl::Duration retry)
    : reader_(reader),
      attachments_(attachments),
      channel_(channel),
      stub_(v1::ExchangeService::NewStub(channel)),
      retry_(retry),
      thread_([this] { Run(); }) {}

AttachmentFetcher::~AttachmentFetcher() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    if (under_way_ != nullptr) under_way_->TryCancel();
    wake_.notify_one();
  }
  thread_.join();
}

void AttachmentFetcher::Wake() {
  const std::lock_guard lock(mutex_);
  if (std::exchange(dirty_, true)) return;
  wake_.notify_one();
}

void AttachmentFetcher::Run() {
  std::string said = absl::OkStatus().ToString();
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, absl::ToChronoNanoseconds(retry_), [this] { return dirty_ || stopping_; });
    dirty_ = false;
    lock.unlock();
    absl::Status fetched;
    try {
      fetched = FetchAll();
    } catch (const std::exception& e) {
      fetched = absl::InternalError(e.what());
    }
    // Once for each change, not every half minute.
    if (std::string now = fetched.ToString(); now != said) {
      said = std::move(now);
      rpc::Log(fetched.ok() ? rpc::LogLevel::kInfo : rpc::LogLevel::kWarning, "attachments",
               {{"status", said}});
    }
    lock.lock();
    wake_.wait_for(lock, kPause, [this] { return stopping_; });
  }
}

absl::Status AttachmentFetcher::FetchAll() {
  ASSIGN_OR_RETURN(const std::vector<std::string> wanted, reader_.WantedAttachments());
  ASSIGN_OR_RETURN(const std::vector<Hash> here, attachments_.List());
  absl::Status first_failed;
  for (const std::string& document : wanted) {
    ASSIGN_OR_RETURN(const Hash sha256, Hash::FromBytes(document));
    // One that is not what its header says is fetched again; to see it once is enough.
    if (std::binary_search(here.begin(), here.end(), sha256) &&
        (looked_at_.count(document) > 0 || attachments_.SizeOf(sha256).ok())) {
      looked_at_.insert(document);
      continue;
    }
    const absl::Status fetched = Fetch(sha256);
    // Not there yet, other bytes, no room for it, or not to be read at the other end: the others
    // may be there.
    if (!absl::IsNotFound(fetched)) first_failed.Update(fetched);
    // This node stops, or the counterpart is gone: so with all others.
    if (absl::IsCancelled(fetched) || (!fetched.ok() && !IsConnected())) break;
  }
  return first_failed;
}

absl::Status AttachmentFetcher::Fetch(const Hash& sha256) {
  v1::DownloadAttachmentRequest request;
  request.set_sha256(std::string(sha256.bytes()));
  request.set_size_only(true);
  uint64_t size = 0;
  RETURN_IF_ERROR(Stream(request, [&](const v1::AttachmentChunk& chunk) {
    size = chunk.size();
    return absl::OkStatus();
  }));
  ASSIGN_OR_RETURN(const auto writer, attachments_.Resume(sha256, size));
  request.set_size_only(false);
  request.set_from(writer->written());
  if (writer->written() < size) {
    RETURN_IF_ERROR(
        Stream(request, [&](const v1::AttachmentChunk& chunk) { return writer->Append(chunk.data()); }));
  }
  RETURN_IF_ERROR(writer->Finish().status());
  rpc::Log(rpc::LogLevel::kInfo, "attachment",
           {{"bytes", absl::StrCat(size)}, {"resumed_at", absl::StrCat(request.from())}});
  return absl::OkStatus();
}

bool AttachmentFetcher::IsConnected() const {
  return channel_->GetState(/*try_to_connect=*/false) == GRPC_CHANNEL_READY;
}

template <typename Take>
absl::Status AttachmentFetcher::Stream(const v1::DownloadAttachmentRequest& request, Take take) {
  grpc::ClientContext context;
  context.set_deadline(std::chrono::system_clock::now() + kDeadline);
  {
    const std::lock_guard lock(mutex_);
    if (stopping_) return absl::CancelledError("the node stops");
    under_way_ = &context;
  }
  const absl::Cleanup ended_here = [this] {
    const std::lock_guard lock(mutex_);
    under_way_ = nullptr;
  };
  const auto stream = stub_->FetchAttachment(&context, request);
  v1::AttachmentChunk chunk;
  absl::Status taken;
  while (taken.ok() && stream->Read(&chunk)) taken = take(chunk);
  if (!taken.ok()) context.TryCancel();
  const grpc::Status ended = stream->Finish();
  if (!taken.ok() || ended.ok()) return taken;
  // Of its words the log gets none: they could name anybody.
  return absl::Status(rpc::FromGrpc(ended).code(), "attachment: the counterpart does not give it");
}

}  // namespace kelisim::node
