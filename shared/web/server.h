#ifndef KELISIM_SHARED_WEB_SERVER_H_
#define KELISIM_SHARED_WEB_SERVER_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kelisim/v1/information_service.pb.h"
#include "shared/tlog/tiles.h"

namespace kelisim::web {

// Read-only HTTP for everybody, without login: what Art. 5 has told, and the ledgers. It shows nothing
// that is personal, and reads no body but that of a witness request. Whatever strangers send, a
// request has a size and a time, and its answer is whole: ranges are not looked at. Meant to stand
// behind a reverse proxy, which adds TLS and limits.
//
//   GET /                  the page, in the language of ?lang= or of Accept-Language
//   GET /information.json  the same as protobuf JSON, in all languages
//   GET /kz/checkpoint     the ledger of a Party as C2SP tlog-tiles, which holds commitments
//   GET /kz/tile/...       and nothing that is personal: of this node what is cosigned, of
//   GET /ru/...            the counterpart what is mirrored here
//   POST /witness/add-checkpoint               C2SP tlog-witness, for logs that are not of
//   GET /witness/<sha256 of origin>/checkpoint the treaty; cosigns what only grows
class Server {
 public:
  // At a time; more wait to be accepted. The ledger is kept by the same process: strangers
  // must not take the files that it needs.
  static constexpr int kMostConnections = 16;

  struct Sources {
    // Called on several threads at once.
    std::function<absl::StatusOr<v1::Information>()> information;
    std::function<absl::StatusOr<std::string>(v1::Party)> checkpoint;
    std::function<absl::StatusOr<std::string>(v1::Party, const tlog::Tile&)> tile;
    // The body of add-checkpoint, and the SHA-256 of an origin. Empty: this node is no
    // witness of other logs.
    std::function<absl::StatusOr<std::string>(const std::string&)> add_checkpoint = nullptr;
    std::function<absl::StatusOr<std::string>(const std::string&)> cosigned = nullptr;
    // Is told, once for each fault, why no connection can be accepted at the moment.
    std::function<void(const std::string&)> trouble = nullptr;
  };

  // `port` 0: any that is free. UNAVAILABLE: the address is taken or not ours.
  static absl::StatusOr<std::unique_ptr<Server>> Start(const std::string& host, int port, Sources sources);
  // Stops. Answers that are on their way get two seconds to leave.
  ~Server();

  int port() const;

 private:
  class Http;
  explicit Server(std::unique_ptr<Http> http);
  const std::unique_ptr<Http> http_;
};

}  // namespace kelisim::web

#endif  // KELISIM_SHARED_WEB_SERVER_H_
