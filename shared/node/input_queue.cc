#include "shared/node/input_queue.h"

#include <utility>

#include "shared/base/told.h"

namespace kelisim::node {
namespace {

size_t BytesOf(const authority::Input& input) {
  if (const auto* call = std::get_if<authority::OfficerCall>(&input)) {
    return std::visit([](const auto& request) { return request.ByteSizeLong(); }, call->request);
  }
  if (const auto* call = std::get_if<authority::PeerCall>(&input)) return call->bytes.size();
  if (const auto* reply = std::get_if<authority::PeerReply>(&input)) return reply->bytes.size();
  return 0;
}

}  // namespace

absl::Status InputQueue::Push(authority::Input input) {
  const size_t bytes = BytesOf(input);
  const bool from_officer = std::holds_alternative<authority::OfficerCall>(input);
  const bool from_peer = std::holds_alternative<authority::PeerCall>(input);
  const bool bounded = from_officer || from_peer;
  const size_t most_inputs = kMostInputs - (from_officer ? kMostPeerCalls : 0);
  const size_t most_bytes = kMostBytes - (from_officer ? kBytesKeptForPeer : 0);
  const std::lock_guard lock(mutex_);
  if (closed_) return Told(absl::UnavailableError("the node stops; nothing was recorded"), "told.stopping");
  if (from_peer && peer_calls_ >= kMostPeerCalls)
    return absl::ResourceExhaustedError("calls of this authority wait already; nothing was recorded");
  if (bounded && (items_.size() >= most_inputs || bytes_ + bytes > most_bytes)) {
    return Told(absl::ResourceExhaustedError("too many calls wait; nothing was recorded"), "told.busy");
  }
  bytes_ += bytes;
  peer_calls_ += from_peer ? 1 : 0;
  items_.push_back({std::move(input), bytes});
  arrived_.notify_one();
  return absl::OkStatus();
}

std::vector<authority::Input> InputQueue::Drain(absl::Duration wait) {
  std::vector<authority::Input> inputs;
  size_t bytes = 0;
  std::unique_lock lock(mutex_);
  arrived_.wait_for(lock, absl::ToChronoNanoseconds(wait), [this] { return !items_.empty() || closed_; });
  while (!items_.empty() && inputs.size() < kInputsPerTurn &&
         (inputs.empty() || bytes + items_.front().bytes <= kBytesPerTurn)) {
    bytes += items_.front().bytes;
    bytes_ -= items_.front().bytes;
    peer_calls_ -= std::holds_alternative<authority::PeerCall>(items_.front().input) ? 1 : 0;
    inputs.push_back(std::move(items_.front().input));
    items_.pop_front();
  }
  return inputs;
}

void InputQueue::Close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  arrived_.notify_all();
}

bool InputQueue::Done() const {
  const std::lock_guard lock(mutex_);
  return closed_ && items_.empty();
}

}  // namespace kelisim::node
