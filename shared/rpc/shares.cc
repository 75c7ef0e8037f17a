#include "shared/rpc/shares.h"

#include "absl/status/status.h"
#include "shared/base/told.h"

namespace kelisim::rpc {

absl::StatusOr<Shares::Share> Shares::Take(const std::string& caller) {
  const std::lock_guard lock(mutex_);
  const auto found = callers_.find(caller);
  if (found != callers_.end() && found->second >= most_for_one_) {
    return Told(absl::ResourceExhaustedError("this caller has as many streams of this kind open as one may"),
                "told.own_streams");
  }
  if (open_ >= most_)
    return Told(absl::ResourceExhaustedError("too many streams of this kind are open"), "told.busy");
  ++open_;
  ++callers_[caller];
  return Share(*this, caller);
}

void Shares::GiveBack(const std::string& caller) {
  const std::lock_guard lock(mutex_);
  --open_;
  const auto found = callers_.find(caller);
  if (--found->second == 0) callers_.erase(found);
}

}  // namespace kelisim::rpc
