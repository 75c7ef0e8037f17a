#ifndef KELISIM_SHARED_NODE_ATTACHMENT_FETCHER_H_
#define KELISIM_SHARED_NODE_ATTACHMENT_FETCHER_H_

#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/client_context.h"
#include "kelisim/v1/exchange_service.grpc.pb.h"
#include "shared/authority/reader.h"
#include "shared/ledger/attachments.h"

namespace kelisim::node {

// Brings here the documents that acts of the counterpart name, on a thread of its own,
// one after the other, a chunk at a time. What broke off goes on where it was; what the
// counterpart does not have yet is asked for again, and what was found damaged here, too. One
// that cannot be had keeps back no other.
class AttachmentFetcher {
 public:
  // `retry`: between two rounds when nothing new was heard. All must outlive it.
  AttachmentFetcher(const authority::Reader& reader, const ledger::Attachments& attachments,
                    const std::shared_ptr<grpc::Channel>& channel, absl::Duration retry = absl::Seconds(30));
  // Breaks off what is under way.
  ~AttachmentFetcher();

  // There may be something new. Never blocks.
  void Wake();

 private:
  void Run();
  absl::Status FetchAll();
  absl::Status Fetch(const Hash& sha256);
  bool IsConnected() const;
  // One call; `take` gets each chunk.
  template <typename Take>
  absl::Status Stream(const v1::DownloadAttachmentRequest& request, Take take);

  const authority::Reader& reader_;
  const ledger::Attachments& attachments_;
  const std::shared_ptr<grpc::Channel> channel_;
  const std::unique_ptr<v1::ExchangeService::Stub> stub_;
  const absl::Duration retry_;
  std::set<std::string> looked_at_;  // of the thread

  std::mutex mutex_;
  std::condition_variable wake_;
  bool dirty_ = true;                         // guarded by mutex_
  bool stopping_ = false;                     // guarded by mutex_
  grpc::ClientContext* under_way_ = nullptr;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_ATTACHMENT_FETCHER_H_
