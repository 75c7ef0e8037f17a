#include "shared/node/transport.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/synchronization/mutex.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/resource_quota.h"
#include "grpcpp/security/tls_certificate_provider.h"
#include "grpcpp/security/tls_certificate_verifier.h"
#include "grpcpp/security/tls_credentials_options.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/x509.h"
#include "shared/node/config.h"
#include "shared/rpc/log.h"
#include "shared/rpc/message.h"

namespace kelisim::node {
namespace {

namespace gx = grpc::experimental;

constexpr unsigned int kReloadSeconds = 1;
constexpr int kLargestAnswer = 1 << 20;
constexpr size_t kMemory = size_t{512} << 20;

// Puts `bytes` in the place of the file in memory `fd`, at once: who opens it by its path reads
// the old or the new ones whole. gRPC may do so for longer than anything here lives, and so it is
// never closed.
absl::Status PutInMemory(const std::string& bytes, int& fd) {
  const int made = memfd_create("kelisim-tls", MFD_CLOEXEC);
  bool put = made >= 0 && WriteAll(made, bytes);
  if (put && fd >= 0) put = dup3(made, fd, O_CLOEXEC) == fd;
  const absl::Status status =
      put ? absl::OkStatus() : absl::UnavailableError(absl::StrCat("tls: ", std::strerror(errno)));
  if (put && fd < 0) {
    fd = made;
  } else if (made >= 0) {
    close(made);
  }
  return status;
}

std::string PathOf(int fd) { return absl::StrCat("/proc/self/fd/", fd); }

// Half-open connections end within 40 seconds, on both sides.
constexpr std::pair<const char*, int> kKeepalive[] = {
    {GRPC_ARG_KEEPALIVE_TIME_MS, 30'000},
    {GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000},
    {GRPC_ARG_KEEPALIVE_PERMIT_WITHOUT_CALLS, 1},
    {GRPC_ARG_HTTP2_MAX_PINGS_WITHOUT_DATA, 0},
};

constexpr std::pair<const char*, int> kServerLimits[] = {
    {GRPC_ARG_MAX_CONCURRENT_STREAMS, 16},
    {GRPC_ARG_MAX_METADATA_SIZE, 8192},
    {GRPC_ARG_SERVER_HANDSHAKE_TIMEOUT_MS, 5'000},
    {GRPC_ARG_MAX_CONNECTION_AGE_MS, 600'000},
    // An upload, a dossier or an audit that is under way goes on for an hour, as the officers'
    // command line does; new calls take another connection.
    {GRPC_ARG_MAX_CONNECTION_AGE_GRACE_MS, 3'600'000},
    {GRPC_ARG_MAX_CONNECTION_IDLE_MS, 300'000},
    {GRPC_ARG_HTTP2_MIN_RECV_PING_INTERVAL_WITHOUT_DATA_MS, 10'000},
    {GRPC_ARG_HTTP2_MAX_PING_STRIKES, 2},
    {GRPC_ARG_ALLOW_REUSEPORT, 0},
    {GRPC_ARG_ENABLE_CHANNELZ, 0},
};

constexpr std::pair<const char*, int> kClientLimits[] = {
    {GRPC_ARG_MAX_RECEIVE_MESSAGE_LENGTH, kLargestAnswer},
    {GRPC_ARG_MAX_SEND_MESSAGE_LENGTH, static_cast<int>(rpc::kExchangeBytes)},
    {GRPC_ARG_MAX_METADATA_SIZE, 8192},
    {GRPC_ARG_ENABLE_HTTP_PROXY, 0},
    // Repeating is the core's business: the ledger is the outbox.
    {GRPC_ARG_ENABLE_RETRIES, 0},
    {GRPC_ARG_SERVICE_CONFIG_DISABLE_RESOLUTION, 1},
    {GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100},
    {GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 5'000},
    {GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 5'000},
    {GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1},
};

absl::StatusOr<std::string> ReadPem(const char* field, const std::string& file) {
  absl::StatusOr<std::string> pem = ReadFile(file);
  if (!pem.ok()) return absl::InvalidArgumentError(absl::StrCat(field, ": ", pem.status().message()));
  return pem;
}

absl::StatusOr<X509Pointer> CertificateIn(const std::string& pem, const char* field,
                                          const std::string& file) {
  X509Pointer certificate = ParseCertificate(pem);
  if (certificate == nullptr)
    return absl::InvalidArgumentError(absl::StrCat(field, ": ", file, ": is not a PEM certificate"));
  return certificate;
}

}  // namespace

void PrepareGrpc() {
  setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", /*overwrite=*/0);
  setenv("GRPC_DNS_RESOLVER", "native", /*overwrite=*/0);
  // Debian builds Abseil with its search for deadlocks switched on, and gRPC
  // takes these locks some dozens of times for each call.
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

std::shared_ptr<grpc::ServerCredentials> ServerTls(const TlsFiles& files,
                                                   std::shared_ptr<grpc::AuthMetadataProcessor> processor) {
  gx::TlsServerCredentialsOptions options(files.Provider());
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_cert_request_type(GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY);
  std::shared_ptr<grpc::ServerCredentials> credentials = gx::TlsServerCredentials(options);
  credentials->SetAuthMetadataProcessor(std::move(processor));
  return credentials;
}

std::shared_ptr<grpc::Channel> CounterpartChannel(const v1::NodeConfig& config, const TlsFiles& files) {
  gx::TlsChannelCredentialsOptions options;
  options.set_certificate_provider(files.Provider());
  options.watch_root_certs();
  options.watch_identity_key_cert_pairs();
  options.set_verify_server_certs(true);
  options.set_certificate_verifier(std::make_shared<gx::HostNameCertificateVerifier>());
  grpc::ChannelArguments arguments;
  // The address is a number; the name to expect is configured.
  arguments.SetSslTargetNameOverride(config.counterpart().tls_name());
  for (const auto& [name, value] : kKeepalive) arguments.SetInt(name, value);
  for (const auto& [name, value] : kClientLimits) arguments.SetInt(name, value);
  return grpc::CreateCustomChannel(config.counterpart().address(), gx::TlsCredentials(options), arguments);
}

void SetServerLimits(grpc::ServerBuilder& builder) {
  builder.SetMaxReceiveMessageSize(static_cast<int>(rpc::kExchangeBytes));
  builder.SetMaxSendMessageSize(kLargestAnswer);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_DEFLATE, false);
  builder.SetCompressionAlgorithmSupportStatus(GRPC_COMPRESS_GZIP, false);
  grpc::ResourceQuota quota("kelisim");
  quota.Resize(kMemory).SetMaxThreads(16);
  builder.SetResourceQuota(quota);
  for (const auto& [name, value] : kKeepalive) builder.AddChannelArgument(name, value);
  for (const auto& [name, value] : kServerLimits) builder.AddChannelArgument(name, value);
}

absl::StatusOr<CertificateFacts> CheckTlsFiles(const v1::NodeConfig& config, absl::Time now) {
  ASSIGN_OR_RETURN(const TlsFiles::Bytes bytes, TlsFiles::Read(config.tls()));
  return TlsFiles::Check(config, bytes, now);
}

absl::StatusOr<TlsFiles::Bytes> TlsFiles::Read(const v1::Tls& tls) {
  Bytes bytes;
  ASSIGN_OR_RETURN(bytes.certificate, ReadPem("tls.certificate", tls.certificate()));
  ASSIGN_OR_RETURN(bytes.roots, ReadPem("tls.roots", tls.roots()));
  ASSIGN_OR_RETURN(bytes.private_key, ReadPem("tls.private_key", tls.private_key()));
  return bytes;
}

absl::StatusOr<CertificateFacts> TlsFiles::Check(const v1::NodeConfig& config, const Bytes& bytes,
                                                 absl::Time now) {
  const v1::Tls& tls = config.tls();
  ASSIGN_OR_RETURN(const X509Pointer certificate,
                   CertificateIn(bytes.certificate, "tls.certificate", tls.certificate()));
  RETURN_IF_ERROR(CertificateIn(bytes.roots, "tls.roots", tls.roots()).status());
  if (!IsKeyOf(*certificate, bytes.private_key)) {
    return absl::InvalidArgumentError(
        absl::StrCat("tls.private_key: ", tls.private_key(), ": is not the key of tls.certificate"));
  }
  const std::vector<std::string> uris = UrisOf(*certificate);
  CertificateFacts facts{uris.size() == 1 ? uris[0] : "", ValidFrom(*certificate), ValidUntil(*certificate)};
  if (!IsValidAt(*certificate, now)) {
    return absl::InvalidArgumentError(absl::StrCat("tls.certificate: ", tls.certificate(), ": valid from ",
                                                   absl::FormatTime(facts.valid_from, absl::UTCTimeZone()),
                                                   " until ",
                                                   absl::FormatTime(facts.valid_until, absl::UTCTimeZone())));
  }
  for (const v1::Identity& identity : config.identities()) {
    if (identity.role() != v1::Identity::COUNTERPART || identity.uri() != facts.uri) continue;
    return absl::InvalidArgumentError(
        absl::StrCat("tls.certificate: ", tls.certificate(), ": is that of the counterpart, ", facts.uri));
  }
  return facts;
}

absl::StatusOr<std::unique_ptr<TlsFiles>> TlsFiles::Load(const v1::NodeConfig& config, absl::Time now) {
  ASSIGN_OR_RETURN(Bytes bytes, Read(config.tls()));
  RETURN_IF_ERROR(Check(config, bytes, now).status());
  std::unique_ptr<TlsFiles> files(new TlsFiles(config));
  RETURN_IF_ERROR(files->Take(std::move(bytes)));
  return files;
}

// Key and certificate are one file: they change together.
absl::Status TlsFiles::Take(Bytes bytes) {
  RETURN_IF_ERROR(PutInMemory(absl::StrCat(bytes.private_key, "\n", bytes.certificate), identity_));
  RETURN_IF_ERROR(PutInMemory(bytes.roots, roots_));
  in_use_ = std::move(bytes);
  return absl::OkStatus();
}

void TlsFiles::Refresh(absl::Time now) {
  absl::StatusOr<Bytes> found = Read(config_.tls());
  if (found.ok() && *found == in_use_ && problem_.empty()) return;
  absl::Status status = found.status();
  if (status.ok()) status = Check(config_, *found, now).status();
  if (status.ok()) status = Take(*std::move(found));
  if (std::exchange(problem_, std::string(status.message())) == status.message() && !status.ok()) return;
  if (status.ok()) {
    rpc::Log(rpc::LogLevel::kInfo, "tls",
             {{"message", "certificate, key and roots are taken from their files"}});
  } else {
    rpc::Log(rpc::LogLevel::kError, "tls", {{"problem", problem_}, {"in_use", "what was right before"}});
  }
}

std::shared_ptr<gx::CertificateProviderInterface> TlsFiles::Provider() const {
  return std::make_shared<gx::FileWatcherCertificateProvider>(PathOf(identity_), PathOf(identity_),
                                                              PathOf(roots_), kReloadSeconds);
}

}  // namespace kelisim::node
