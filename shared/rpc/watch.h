#ifndef KELISIM_SHARED_RPC_WATCH_H_
#define KELISIM_SHARED_RPC_WATCH_H_

#include <condition_variable>
#include <mutex>
#include <set>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "grpcpp/support/server_callback.h"
#include "kelisim/v1/case_service.pb.h"
#include "shared/authority/reader.h"
#include "shared/rpc/shares.h"

namespace kelisim::rpc {

// The streams of WatchActs. One thread of its own reads for all of them: neither
// the core nor a gRPC callback thread ever waits for a reader or its disk.
// Thread-safe; must outlive the server.
class WatchHub {
 public:
  static constexpr absl::Duration kHeartbeat = absl::Seconds(15);

  // `reader` must outlive the hub. A stream on which nothing was sent for
  // `heartbeat` gets a message with its cursor only.
  explicit WatchHub(const authority::Reader& reader, absl::Duration heartbeat = kHeartbeat);
  ~WatchHub();

  // A stream from `cursor` on, which has the place `share`; `name` empty: all cases and
  // matters. What the handler returns.
  grpc::ServerWriteReactor<v1::WatchActsResponse>* Open(const v1::WatchCursor& cursor,
                                                        const std::string& name, Shares::Share share);

  // There may be something new. Never blocks on a stream.
  void Wake();

  // Ends every stream, and refuses new ones.
  void Stop();

 private:
  class Stream;

  void Run();
  // Reads for a stream that is in state kReading, and lets it go on.
  void Serve(Stream& stream);
  void WriteDone(Stream& stream, bool ok);
  void Cancel(Stream& stream);

  const authority::Reader& reader_;
  const absl::Duration heartbeat_;

  std::mutex mutex_;
  std::condition_variable wake_;
  bool dirty_ = false;         // guarded by mutex_
  bool stopping_ = false;      // guarded by mutex_
  std::set<Stream*> streams_;  // guarded by mutex_; not finished ones
  std::thread thread_;
};

// A stream that ends at once.
grpc::ServerWriteReactor<v1::WatchActsResponse>* RefuseStream(const grpc::Status& status);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_WATCH_H_
