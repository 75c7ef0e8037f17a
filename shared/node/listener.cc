#include "shared/node/listener.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/rpc/log.h"

namespace kelisim::node {
namespace {

constexpr int kBacklog = 128;
// Out of file descriptors: what is there frees some, or its time runs out.
constexpr int kPauseMs = 50;

int PortOf(int fd) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  const bool v6 = address.ss_family == AF_INET6;
  return ntohs(v6 ? reinterpret_cast<sockaddr_in6*>(&address)->sin6_port
                  : reinterpret_cast<sockaddr_in*>(&address)->sin_port);
}

// Of the other end, without its port.
std::string AddressOf(const sockaddr_storage& peer) {
  char text[INET6_ADDRSTRLEN] = "";
  const bool v6 = peer.ss_family == AF_INET6;
  const void* const bytes =
      v6 ? static_cast<const void*>(&reinterpret_cast<const sockaddr_in6&>(peer).sin6_addr)
         : static_cast<const void*>(&reinterpret_cast<const sockaddr_in&>(peer).sin_addr);
  return inet_ntop(peer.ss_family, bytes, text, sizeof(text)) == nullptr ? "" : text;
}

// 0 when the descriptor is closed.
ino_t InodeOf(int fd) {
  struct stat info {};
  return fstat(fd, &info) == 0 && S_ISSOCK(info.st_mode) ? info.st_ino : 0;
}

bool BindAndListen(int fd, const addrinfo& address) {
  const int on = 1;
  // Never SO_REUSEPORT: two processes would share the port and nobody would know.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  return bind(fd, address.ai_addr, address.ai_addrlen) == 0 && listen(fd, kBacklog) == 0;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Listener>> Listener::Bind(const std::string& host, const std::string& port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (const int failed = getaddrinfo(host.c_str(), port.c_str(), &hints, &found); failed != 0) {
    return absl::UnavailableError(absl::StrCat("listen: ", host, ": ", gai_strerror(failed)));
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> addresses(found, freeaddrinfo);
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (fd < 0 || !BindAndListen(fd, *found)) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) close(fd);
    return absl::UnavailableError(absl::StrCat("listen: ", host, ":", port, ": ", why));
  }
  const int stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  return std::unique_ptr<Listener>(new Listener(fd, stop_fd, PortOf(fd)));
}

Listener::~Listener() {
  Stop();
  close(fd_);
  close(stop_fd_);
}

void Listener::Serve(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor) {
  acceptor_ = std::move(acceptor);
  thread_ = std::thread([this] { Run(); });
}

void Listener::Stop() {
  if (!thread_.joinable()) return;
  const uint64_t one = 1;
  if (write(stop_fd_, &one, sizeof(one)) != sizeof(one)) std::abort();  // an eventfd takes it, always
  thread_.join();
}

void Listener::Run() {
  pollfd waits[] = {{fd_, POLLIN, 0}, {stop_fd_, POLLIN, 0}};
  for (;;) {
    waits[0].revents = waits[1].revents = 0;
    if (poll(waits, std::size(waits), -1) < 0) continue;  // a signal
    if (waits[1].revents != 0) return;
    if (waits[0].revents != 0) Accept();
  }
}

void Listener::Accept() {
  sockaddr_storage peer{};
  socklen_t size = sizeof(peer);
  const int fd = accept4(fd_, reinterpret_cast<sockaddr*>(&peer), &size, SOCK_CLOEXEC | SOCK_NONBLOCK);
  if (fd < 0) {
    if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS && errno != ENOMEM) return;
    rpc::Log(rpc::LogLevel::kError, "accept", {{"error", std::strerror(errno)}});
    pollfd stop{stop_fd_, POLLIN, 0};
    poll(&stop, 1, kPauseMs);
    return;
  }
  DropClosed();
  std::string address = AddressOf(peer);
  if (!HasRoomFor(address)) {
    // Once for all that are refused in a row: strangers must not fill the disk with lines.
    if (!std::exchange(refusing_, true)) {
      rpc::Log(rpc::LogLevel::kWarning, "connections_refused",
               {{"open", static_cast<int64_t>(open_.size())}});
    }
    close(fd);
    return;
  }
  refusing_ = false;
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  open_.push_back({fd, InodeOf(fd), std::move(address)});
  grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters connection;
  connection.listener_fd = fd_;
  connection.fd = fd;
  acceptor_->HandleNewConnection(&connection);
}

bool Listener::HasRoomFor(const std::string& address) const {
  const auto same = [&](const Connection& connection) { return connection.address == address; };
  return open_.size() < kMostConnections &&
         static_cast<size_t>(std::count_if(open_.begin(), open_.end(), same)) < kMostOfOneAddress;
}

void Listener::DropClosed() {
  const auto closed = [](const Connection& connection) { return InodeOf(connection.fd) != connection.inode; };
  open_.erase(std::remove_if(open_.begin(), open_.end(), closed), open_.end());
}

}  // namespace kelisim::node
