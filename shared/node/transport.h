#ifndef KELISIM_SHARED_NODE_TRANSPORT_H_
#define KELISIM_SHARED_NODE_TRANSPORT_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "grpcpp/security/server_credentials.h"
#include "grpcpp/server_builder.h"
#include "kelisim/v1/config.pb.h"

// Mutual TLS and the limits of gRPC, all of them explicit.

namespace kelisim::node {

// What gRPC reads from the environment: TLS 1.3 only, the system's resolver.
// What is set already stays. Before the first use of gRPC.
void PrepareGrpc();

// Certificate, key and roots are read anew every second. Certificate and key
// must change together: exchange their directory by a symlink.
std::shared_ptr<grpc::ServerCredentials> ServerTls(const v1::Tls& tls,
                                                   std::shared_ptr<grpc::AuthMetadataProcessor> processor);
std::shared_ptr<grpc::Channel> CounterpartChannel(const v1::NodeConfig& config);
void SetServerLimits(grpc::ServerBuilder& builder);

// The files of `config.tls`, looked at without a connection. INVALID_ARGUMENT names field
// and file: not there, not PEM, key and certificate do not fit, expired, or the certificate
// of the counterpart.
struct CertificateFacts {
  std::string uri;  // its only URI SAN; empty: none, or more than one
  absl::Time valid_from;
  absl::Time valid_until;
};
absl::StatusOr<CertificateFacts> CheckTlsFiles(const v1::NodeConfig& config, absl::Time now);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_TRANSPORT_H_
