#include "shared/rpc/audit_desk.h"

#include <condition_variable>

#include "shared/base/told.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/status.h"

namespace kelisim::rpc {
namespace {

// Written to by the audit's thread, which waits for each message to leave.
class Stream final : public grpc::ServerWriteReactor<v1::AuditProgress> {
 public:
  // False: nobody listens any more.
  bool Send(const v1::AuditProgress& progress) {
    if (!AwaitSent()) return false;
    message_ = progress;
    {
      const std::lock_guard lock(mutex_);
      writing_ = true;
    }
    StartWrite(&message_);
    return true;
  }
  // Waits until the last message has left. False: nobody listens any more.
  bool AwaitSent() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !writing_; });
    return !ended_;
  }

  void OnWriteDone(bool ok) override {
    const std::lock_guard lock(mutex_);
    writing_ = false;
    ended_ = ended_ || !ok;
    changed_.notify_one();
  }
  void OnCancel() override {
    const std::lock_guard lock(mutex_);
    ended_ = true;
    changed_.notify_one();
  }
  void OnDone() override { delete this; }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool writing_ = false;  // guarded by mutex_
  bool ended_ = false;    // guarded by mutex_
  v1::AuditProgress message_;
};

}  // namespace

AuditDesk::~AuditDesk() {
  if (thread_.joinable()) thread_.join();
}

grpc::ServerWriteReactor<v1::AuditProgress>* AuditDesk::Open() {
  const std::lock_guard lock(mutex_);
  if (under_way_) {
    return new Refused<grpc::ServerWriteReactor<v1::AuditProgress>>(
        Told(absl::ResourceExhaustedError("an audit is under way"), "told.audit_under_way"));
  }
  // The one before has ended, or is about to.
  if (thread_.joinable()) thread_.join();
  auto* const stream = new Stream;
  const absl::Status started = Guarded<absl::Status>([&] {
    thread_ = std::thread([this, stream] {
      const absl::Status audited = Guarded<absl::Status>([&] {
        return audit_([stream](const v1::AuditProgress& progress) { return stream->Send(progress); });
      });
      // A caller that does not read keeps its place; the next one would wait for this thread.
      stream->AwaitSent();
      {
        const std::lock_guard ended(mutex_);
        under_way_ = false;
      }
      stream->Finish(ToGrpc(audited));
    });
    return absl::OkStatus();
  });
  under_way_ = started.ok();
  if (!started.ok()) stream->Finish(ToGrpc(started));
  return stream;
}

}  // namespace kelisim::rpc
