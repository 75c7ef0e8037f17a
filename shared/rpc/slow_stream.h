#ifndef KELISIM_SHARED_RPC_SLOW_STREAM_H_
#define KELISIM_SHARED_RPC_SLOW_STREAM_H_

#include <condition_variable>
#include <mutex>
#include <optional>
#include <utility>

#include "absl/status/status.h"
#include "grpcpp/support/server_callback.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/shares.h"
#include "shared/rpc/status.h"
#include "shared/rpc/threads.h"

// Streams that wait for a disk, or work long between two messages. gRPC has few threads, and they
// also carry the exchange with the counterpart: such a stream works on a thread of its own.

namespace kelisim::rpc {

// What a stream's thread waits for: that gRPC is done with the message of its last call.
class Turns {
 public:
  // False: the other end has gone, and nothing more will come of it.
  bool Await() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [&] { return !busy_; });
    return !ended_;
  }
  void Begin() {
    const std::lock_guard lock(mutex_);
    busy_ = true;
  }
  void Done(bool ok) {
    const std::lock_guard lock(mutex_);
    busy_ = false;
    ended_ = ended_ || !ok;
    changed_.notify_one();
  }
  void Cancel() {
    const std::lock_guard lock(mutex_);
    ended_ = true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool busy_ = false;   // guarded by mutex_
  bool ended_ = false;  // guarded by mutex_
};

// What the two kinds of stream have in common. `share`: its place among the streams of its kind.
template <typename Reactor>
class SlowStream : public Reactor {
 public:
  explicit SlowStream(Shares::Share share) : share_(std::move(share)) {}
  void End(const grpc::Status& status) {
    // A caller that does not read keeps its place; one that has read it all may ask again at once.
    turns_.Await();
    share_.reset();
    this->Finish(status);
  }

  void OnCancel() override { turns_.Cancel(); }
  void OnDone() override { delete this; }

 protected:
  Turns turns_;

 private:
  std::optional<Shares::Share> share_;
};

// Written to by the thread of RunSlowly().
template <typename Message>
class SlowWriter final : public SlowStream<grpc::ServerWriteReactor<Message>> {
 public:
  using SlowStream<grpc::ServerWriteReactor<Message>>::SlowStream;
  // Waits until the message before has left. False: nobody listens any more.
  bool Send(Message message) {
    if (!this->turns_.Await()) return false;
    message_ = std::move(message);
    this->turns_.Begin();
    this->StartWrite(&message_);
    return true;
  }
  void OnWriteDone(bool ok) override { this->turns_.Done(ok); }

 private:
  Message message_;
};

// The same, read from.
template <typename Message>
class SlowReader final : public SlowStream<grpc::ServerReadReactor<Message>> {
 public:
  using SlowStream<grpc::ServerReadReactor<Message>>::SlowStream;
  // The next message. False: there is none, or the other end has gone.
  bool Receive(Message& message) {
    this->turns_.Begin();
    this->StartRead(&message);
    return this->turns_.Await();
  }
  void OnReadDone(bool ok) override { this->turns_.Done(ok); }
};

// Runs `work` on a thread of its own and ends `stream`, a new one, with the status it gives, or
// with the reason why there is no thread. Gives the stream back, for gRPC.
template <typename Stream, typename Work>
Stream* RunSlowly(Threads& threads, Stream* stream, Work work) {
  const absl::Status started = threads.Run([stream, work = std::move(work)] {
    stream->End(ToGrpc(Guarded<absl::Status>([&] { return work(*stream); })));
  });
  if (!started.ok()) stream->End(ToGrpc(started));
  return stream;
}

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_SLOW_STREAM_H_
