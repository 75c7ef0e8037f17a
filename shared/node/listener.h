#ifndef KELISIM_SHARED_NODE_LISTENER_H_
#define KELISIM_SHARED_NODE_LISTENER_H_

#include <sys/types.h>

#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/server_builder.h"

namespace kelisim::node {

// Accepts connections and hands them to gRPC. gRPC's own listener dies for good
// when it once runs out of file descriptors (CVE-2023-4785), and has no limit on
// connections; this one waits and goes on, and refuses beyond kMostConnections, or
// beyond kMostOfOneAddress, so that one machine does not keep out all others.
class Listener {
 public:
  static constexpr size_t kMostConnections = 256;
  static constexpr size_t kMostOfOneAddress = 64;

  // UNAVAILABLE: the address is taken or not ours.
  static absl::StatusOr<std::unique_ptr<Listener>> Bind(const std::string& host, const std::string& port);
  // Stops.
  ~Listener();

  int port() const { return port_; }
  // Once. Connections that came before wait in the backlog.
  void Serve(std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor);
  // After the return nothing more is handed over.
  void Stop();

 private:
  // gRPC does not tell when it closes a connection; the socket's inode does.
  struct Connection {
    int fd;
    ino_t inode;
    std::string address;
  };

  Listener(int fd, int stop_fd, int port) : fd_(fd), stop_fd_(stop_fd), port_(port) {}
  void Run();
  void Accept();
  void DropClosed();
  bool HasRoomFor(const std::string& address) const;

  const int fd_;
  const int stop_fd_;
  const int port_;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor_;
  std::vector<Connection> open_;
  bool refusing_ = false;  // the last connection was refused
  std::thread thread_;
};

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_LISTENER_H_
