#ifndef KELISIM_SHARED_WEB_BOUNDED_STREAM_H_
#define KELISIM_SHARED_WEB_BOUNDED_STREAM_H_

#include <httplib.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <string>

namespace kelisim::web {

// A socket as the HTTP library reads and writes it, with what the library does not have: a
// limit on all that the other end sends, and a time at which everything ends, however slowly
// the bytes come. One thread at a time; the socket must outlive it.
class BoundedStream final : public httplib::Stream {
 public:
  explicit BoundedStream(socket_t socket) : socket_(socket) {}

  // From here on: so many bytes more, and so much time for reading and writing together.
  void Allow(size_t bytes, std::chrono::milliseconds time);
  void AllowBytes(size_t bytes) { left_ = bytes; }
  // Whether there is something to read, or the end, before `time` has passed.
  bool AwaitMore(std::chrono::milliseconds time);

  bool is_readable() const override;
  bool is_writable() const override;
  // -1: a limit is reached, or the connection is broken. 0: its end.
  ssize_t read(char* to, size_t size) override;
  ssize_t write(const char* from, size_t size) override;
  // Nobody asks where strangers are.
  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return socket_; }

 private:
  using Time = std::chrono::steady_clock::time_point;
  bool Await(short events, Time until) const;

  const socket_t socket_;
  size_t left_ = 0;
  Time until_ = {};
  std::array<char, 4096> buffer_;
  size_t at_ = 0;
  size_t end_ = 0;
};

}  // namespace kelisim::web

#endif  // KELISIM_SHARED_WEB_BOUNDED_STREAM_H_
