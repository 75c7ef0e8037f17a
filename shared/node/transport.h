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
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/server_builder.h"
#include "kelisim/v1/config.pb.h"

// Mutual TLS and the limits of gRPC, all of them explicit.

namespace kelisim::node {

// What gRPC reads from the environment: TLS 1.3 only, the system's resolver.
// What is set already stays. Before the first use of gRPC.
void PrepareGrpc();

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

// Certificate, key and roots that are in use: the last that were right together. For one thread.
class TlsFiles {
 public:
  // INVALID_ARGUMENT: as CheckTlsFiles says.
  static absl::StatusOr<std::unique_ptr<TlsFiles>> Load(const v1::NodeConfig& config, absl::Time now);

  // Looks at the files and takes them when they have changed and CheckTlsFiles finds nothing
  // wrong; otherwise what is in use stays. The log has a line for each problem, and one when
  // files are taken.
  void Refresh(absl::Time now);

  // What is taken later is in use within a second.
  std::shared_ptr<grpc::experimental::CertificateProviderInterface> Provider() const;

 private:
  struct Bytes {
    std::string certificate;
    std::string private_key;
    std::string roots;
    bool operator==(const Bytes&) const = default;
  };
  explicit TlsFiles(const v1::NodeConfig& config) : config_(config) {}
  static absl::StatusOr<Bytes> Read(const v1::Tls& tls);
  static absl::StatusOr<CertificateFacts> Check(const v1::NodeConfig& config, const Bytes& bytes,
                                                absl::Time now);
  friend absl::StatusOr<CertificateFacts> CheckTlsFiles(const v1::NodeConfig& config, absl::Time now);
  absl::Status Take(Bytes bytes);

  const v1::NodeConfig config_;
  Bytes in_use_;
  std::string problem_;
  // Files in memory, which gRPC knows by their paths. -1: none yet.
  int identity_ = -1;
  int roots_ = -1;
};

std::shared_ptr<grpc::ServerCredentials> ServerTls(const TlsFiles& files,
                                                   std::shared_ptr<grpc::AuthMetadataProcessor> processor);
std::shared_ptr<grpc::Channel> CounterpartChannel(const v1::NodeConfig& config, const TlsFiles& files);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_TRANSPORT_H_
