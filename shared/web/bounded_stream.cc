#include "shared/web/bounded_stream.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace kelisim::web {

using std::chrono::steady_clock;

void BoundedStream::Allow(size_t bytes, std::chrono::milliseconds time) {
  left_ = bytes;
  until_ = steady_clock::now() + time;
}

bool BoundedStream::AwaitMore(std::chrono::milliseconds time) {
  return at_ < end_ || Await(POLLIN, steady_clock::now() + time);
}

bool BoundedStream::Await(short events, Time until) const {
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd wait{socket_, events, 0};
    const int ready = poll(&wait, 1, static_cast<int>(left.count()));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

bool BoundedStream::is_readable() const { return at_ < end_ || Await(POLLIN, until_); }
bool BoundedStream::is_writable() const { return Await(POLLOUT, until_); }

ssize_t BoundedStream::read(char* to, size_t size) {
  if (left_ == 0) return -1;
  if (at_ == end_) {
    if (!is_readable()) return -1;
    const ssize_t got = recv(socket_, buffer_.data(), buffer_.size(), 0);
    if (got <= 0) return got;
    at_ = 0;
    end_ = static_cast<size_t>(got);
  }
  const size_t taken = std::min({size, end_ - at_, left_});
  std::memcpy(to, buffer_.data() + at_, taken);
  at_ += taken;
  left_ -= taken;
  return static_cast<ssize_t>(taken);
}

ssize_t BoundedStream::write(const char* from, size_t size) {
  if (!is_writable()) return -1;
  const ssize_t sent = send(socket_, from, size, MSG_NOSIGNAL | MSG_DONTWAIT);
  return sent < 0 && (errno == EAGAIN || errno == EINTR) ? 0 : sent;
}

}  // namespace kelisim::web
