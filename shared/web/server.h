#ifndef KELISIM_SHARED_WEB_SERVER_H_
#define KELISIM_SHARED_WEB_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kelisim/v1/information_service.pb.h"

namespace kelisim::web {

// Read-only HTTP for everybody, without login: what Art. 5 has told. It shows nothing
// that is personal, writes nothing and reads no body. Meant to stand behind a reverse
// proxy, which adds TLS and limits.
//
//   GET /                  the page, in the language of ?lang= or of Accept-Language
//   GET /information.json  the same as protobuf JSON, in all languages
class Server {
 public:
  struct Sources {
    // Called on several threads at once.
    std::function<absl::StatusOr<v1::Information>()> information;
  };

  // `port` 0: any that is free. UNAVAILABLE: the address is taken or not ours.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& host, int port, Sources sources);
  // Stops: open answers end first.
  ~Server();

  int port() const;

 private:
  class Http;
  explicit Server(std::unique_ptr<Http> http);
  const std::unique_ptr<Http> http_;
};

}  // namespace kelisim::web

#endif  // KELISIM_SHARED_WEB_SERVER_H_
