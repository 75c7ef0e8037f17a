#ifndef KELISIM_SHARED_WEB_CLIENT_H_
#define KELISIM_SHARED_WEB_CLIENT_H_

#include <string>

#include "absl/status/statusor.h"

namespace kelisim::web {

struct HttpAnswer {
  int status = 0;
  std::string body;
};

// POSTs `body` to `url` ("http://host:port/path"). Waits at most ten seconds for each address of
// the host to connect, and ten for the exchange; for the host's name as long as the machine's
// resolver does. UNAVAILABLE: no answer, or one of more than 64 KiB or with a head of more than 8.
// INVALID_ARGUMENT: no such URL.
absl::StatusOr<HttpAnswer> Post(const std::string& url, const std::string& body);

}  // namespace kelisim::web

#endif  // KELISIM_SHARED_WEB_CLIENT_H_
