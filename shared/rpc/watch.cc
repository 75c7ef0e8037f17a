#include "shared/rpc/watch.h"

#include <chrono>
#include <deque>
#include <utility>
#include <vector>

#include "shared/base/told.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/status.h"

namespace kelisim::rpc {
namespace {

using Reactor = grpc::ServerWriteReactor<v1::WatchActsResponse>;

// Of either ledger: other streams wait until they are read.
constexpr size_t kEntriesPerRead = 64;

bool Moved(const v1::WatchCursor& before, const v1::WatchCursor& after) {
  return before.own_index() != after.own_index() || before.mirror_index() != after.mirror_index() ||
         before.refused() != after.refused();
}

absl::Duration Since(std::chrono::steady_clock::time_point then) {
  return absl::FromChrono(std::chrono::steady_clock::now() - then);
}

grpc::Status Stopping() {
  return ToGrpc(Told(absl::UnavailableError("the node stops; go on from the last cursor"), "told.stopping"));
}

}  // namespace

Reactor* RefuseStream(const grpc::Status& status) { return new Refused<Reactor>(status); }

// All fields are guarded by the hub's mutex, except while the stream is in state
// kReading: then they belong to the hub's thread.
class WatchHub::Stream final : public Reactor {
 public:
  enum class State { kIdle, kReading, kWriting };

  Stream(WatchHub& hub, v1::WatchCursor cursor, std::string name, Shares::Share share)
      : hub_(hub), share_(std::move(share)), cursor_(std::move(cursor)), name_(std::move(name)) {}
  void OnWriteDone(bool ok) override { hub_.WriteDone(*this, ok); }
  void OnCancel() override { hub_.Cancel(*this); }
  void OnDone() override { delete this; }

 private:
  friend class WatchHub;
  WatchHub& hub_;
  const Shares::Share share_;
  v1::WatchCursor cursor_;
  const std::string name_;
  State state_ = State::kIdle;
  bool cancelled_ = false;
  // The message being written stays at the front.
  std::deque<v1::WatchActsResponse> pending_;
  // Of a clock that nobody sets back.
  std::chrono::steady_clock::time_point last_written_ = std::chrono::steady_clock::now();
};

WatchHub::WatchHub(const authority::Reader& reader, absl::Duration heartbeat)
    : reader_(reader), heartbeat_(heartbeat), thread_([this] { Run(); }) {}

WatchHub::~WatchHub() {
  Stop();
  thread_.join();
}

Reactor* WatchHub::Open(const v1::WatchCursor& cursor, const std::string& name, Shares::Share share) {
  const std::lock_guard lock(mutex_);
  if (stopping_) return RefuseStream(Stopping());
  auto* stream = new Stream(*this, cursor, name, std::move(share));
  streams_.insert(stream);
  dirty_ = true;
  wake_.notify_one();
  return stream;
}

void WatchHub::Wake() {
  const std::lock_guard lock(mutex_);
  if (streams_.empty()) return;
  dirty_ = true;
  wake_.notify_one();
}

void WatchHub::Run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    wake_.wait_for(lock, absl::ToChronoNanoseconds(heartbeat_ / 4), [this] { return dirty_ || stopping_; });
    dirty_ = false;
    std::vector<Stream*> idle;
    for (Stream* stream : streams_) {
      if (stream->state_ != Stream::State::kIdle) continue;
      stream->state_ = Stream::State::kReading;
      idle.push_back(stream);
    }
    lock.unlock();
    for (Stream* stream : idle) Serve(*stream);
    lock.lock();
  }
}

void WatchHub::Serve(Stream& stream) {
  const v1::WatchCursor before = stream.cursor_;
  using Acts = absl::StatusOr<std::vector<v1::WatchActsResponse>>;
  Acts acts = Guarded<Acts>([&] { return reader_.ReadActs(stream.cursor_, stream.name_, kEntriesPerRead); });
  if (acts.ok()) {
    for (v1::WatchActsResponse& act : *acts) stream.pending_.push_back(std::move(act));
    if (acts->empty() && Since(stream.last_written_) >= heartbeat_) {
      *stream.pending_.emplace_back().mutable_cursor() = stream.cursor_;
    }
  }
  std::unique_lock lock(mutex_);
  if (!acts.ok() || stream.cancelled_ || stopping_) {
    streams_.erase(&stream);
    lock.unlock();
    stream.Finish(acts.ok() ? Stopping() : ToGrpc(acts.status()));
    return;
  }
  stream.state_ = stream.pending_.empty() ? Stream::State::kIdle : Stream::State::kWriting;
  if (stream.state_ == Stream::State::kIdle) {
    // Nothing of what it waits for so far, and there is more to look at.
    dirty_ = dirty_ || Moved(before, stream.cursor_);
    return;
  }
  lock.unlock();
  stream.StartWrite(&stream.pending_.front());
}

void WatchHub::WriteDone(Stream& stream, bool ok) {
  std::unique_lock lock(mutex_);
  stream.pending_.pop_front();
  stream.last_written_ = std::chrono::steady_clock::now();
  if (!ok || stream.cancelled_ || stopping_) {
    streams_.erase(&stream);
    lock.unlock();
    stream.Finish(Stopping());
    return;
  }
  if (stream.pending_.empty()) {
    stream.state_ = Stream::State::kIdle;
    dirty_ = true;
    wake_.notify_one();
    return;
  }
  lock.unlock();
  stream.StartWrite(&stream.pending_.front());
}

void WatchHub::Cancel(Stream& stream) {
  std::unique_lock lock(mutex_);
  stream.cancelled_ = true;
  // Otherwise whoever is at work on it, or has finished it, sees to its end.
  if (stream.state_ != Stream::State::kIdle || streams_.erase(&stream) == 0) return;
  lock.unlock();
  stream.Finish(grpc::Status::CANCELLED);
}

void WatchHub::Stop() {
  std::vector<Stream*> idle;
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    for (Stream* stream : streams_) {
      if (stream->state_ == Stream::State::kIdle) idle.push_back(stream);
    }
    for (Stream* stream : idle) streams_.erase(stream);
    wake_.notify_one();
  }
  for (Stream* stream : idle) stream->Finish(Stopping());
}

}  // namespace kelisim::rpc
