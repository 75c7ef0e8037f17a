#ifndef KELISIM_SHARED_RPC_SHARES_H_
#define KELISIM_SHARED_RPC_SHARES_H_

#include <map>
#include <mutex>
#include <string>
#include <utility>

#include "absl/status/statusor.h"

namespace kelisim::rpc {

// How many streams of one kind may be open: in all, and for one caller, so that the streams
// that somebody has forgotten keep nobody else out. Thread-safe; must outlive its shares.
class Shares {
 public:
  // One stream's place, given back when it is destroyed.
  class Share {
   public:
    Share(Share&& other) noexcept
        : of_(std::exchange(other.of_, nullptr)), caller_(std::move(other.caller_)) {}
    Share& operator=(Share&&) = delete;
    ~Share() {
      if (of_ != nullptr) of_->GiveBack(caller_);
    }

   private:
    friend class Shares;
    Share(Shares& of, std::string caller) : of_(&of), caller_(std::move(caller)) {}
    Shares* of_;
    std::string caller_;
  };

  Shares(int most, int most_for_one) : most_(most), most_for_one_(most_for_one) {}

  int most() const { return most_; }
  int most_for_one() const { return most_for_one_; }

  // RESOURCE_EXHAUSTED when the caller, or all together, have as many as they may.
  absl::StatusOr<Share> Take(const std::string& caller);

 private:
  void GiveBack(const std::string& caller);

  const int most_;
  const int most_for_one_;
  std::mutex mutex_;
  int open_ = 0;                        // guarded by mutex_
  std::map<std::string, int> callers_;  // guarded by mutex_; only who has some
};

// The streams of a node, by kind. The counterpart, which fetches one document after the
// other, has places of its own; reading a whole ledger for a dossier takes a while.
struct Streams {
  Shares watches{64, 8};
  Shares attachments{16, 4};
  Shares counterpart_attachments{2, 2};
  Shares dossiers{2, 1};
};

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_SHARES_H_
