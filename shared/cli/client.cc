#include "shared/cli/client.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "grpcpp/client_context.h"
#include "grpcpp/create_channel.h"
#include "grpcpp/security/credentials.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/base/told.h"
#include "shared/cli/errors.h"
#include "shared/cli/interrupt.h"
#include "shared/cli/options.h"
#include "shared/crypto/x509.h"

namespace kelisim::cli {
namespace {

// What a service reads of an officer, so that much more than that gets the same answer here:
// gRPC there would refuse it without saying what to do.
constexpr size_t kLargestRequest = 64 << 10;
constexpr int kLargestAnswer = 4 << 20;
constexpr int kLargestMetadata = 8 << 10;
constexpr int kKeepaliveMs = 30'000;
constexpr int kKeepaliveTimeoutMs = 10'000;
constexpr size_t kAttachmentChunk = 64 << 10;
constexpr absl::Duration kAttachmentTimeout = absl::Hours(1);
constexpr absl::Duration kStreamLife = absl::Hours(1);

// Not OK, naming the flag, when the option was given nowhere.
absl::Status Required(const std::string& value, const char* flag) {
  if (!value.empty()) return absl::OkStatus();
  return absl::InvalidArgumentError(absl::StrCat(flag, "? (--profile, KELISIM_PROFILE)"));
}

// `key`: of what is wrong with the file at `path`, which `flag` gives.
absl::Status Wrong(const char* flag, const std::string& path, std::string_view key) {
  return Told(absl::InvalidArgumentError(absl::StrCat(flag, ": ", path)), key);
}

absl::Status Read(const char* flag, const std::string& path, std::string& bytes) {
  absl::StatusOr<std::string> read = ReadFile(path);
  if (!read.ok()) return Wrong(flag, path, "ui.setting_unreadable");
  bytes = *std::move(read);
  return absl::OkStatus();
}

grpc::ChannelArguments Arguments(const v1::CliProfile& profile) {
  grpc::ChannelArguments arguments;
  arguments.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, kKeepaliveMs);
  arguments.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, kKeepaliveTimeoutMs);
  arguments.SetInt(GRPC_ARG_MAX_METADATA_SIZE, kLargestMetadata);
  arguments.SetMaxReceiveMessageSize(kLargestAnswer);
  if (!profile.tls_name().empty()) arguments.SetSslTargetNameOverride(profile.tls_name());
  return arguments;
}

// What was not found says which name was asked for.
template <typename Request>
grpc::Status Naming(const Request& request, grpc::Status status) {
  if constexpr (requires { request.name(); }) {
    if (status.error_code() == grpc::StatusCode::NOT_FOUND && !request.name().empty())
      return {status.error_code(), request.name(), status.error_details()};
  }
  return status;
}

std::string DayAndTime(absl::Time time) {
  return absl::FormatTime("%Y-%m-%d %H:%M:%SZ", time, absl::UTCTimeZone());
}

}  // namespace

void PrepareGrpc() {
  // gRPC has no option for the version. With a TLS 1.2 cipher that needs a
  // pre-shared key, which nobody has, TLS 1.2 cannot be agreed on.
  setenv("GRPC_SSL_CIPHER_SUITES", "PSK-AES256-GCM-SHA384", /*overwrite=*/0);
  setenv("GRPC_VERBOSITY", "NONE", /*overwrite=*/0);
}

absl::StatusOr<std::shared_ptr<grpc::Channel>> Dial(const v1::CliProfile& profile) {
  RETURN_IF_ERROR(Required(profile.server(), "--server"));
  RETURN_IF_ERROR(Required(profile.tls_certificate(), "--tls-cert"));
  RETURN_IF_ERROR(Required(profile.tls_private_key(), "--tls-key"));
  RETURN_IF_ERROR(Required(profile.tls_roots(), "--tls-roots"));
  grpc::SslCredentialsOptions tls;
  RETURN_IF_ERROR(Read("--tls-cert", profile.tls_certificate(), tls.pem_cert_chain));
  RETURN_IF_ERROR(Read("--tls-key", profile.tls_private_key(), tls.pem_private_key));
  RETURN_IF_ERROR(Read("--tls-roots", profile.tls_roots(), tls.pem_root_certs));
  // gRPC would only say that the service cannot be reached.
  const X509Pointer certificate = ParseCertificate(tls.pem_cert_chain);
  if (certificate == nullptr)
    return Wrong("--tls-cert", profile.tls_certificate(), "ui.setting_no_certificate");
  if (!IsValidAt(*certificate, absl::Now())) {
    return absl::FailedPreconditionError(absl::StrCat(profile.tls_certificate(), ": ", HolderOf(*certificate),
                                                      ": ", DayAndTime(ValidFrom(*certificate)), " - ",
                                                      DayAndTime(ValidUntil(*certificate))));
  }
  if (!IsKeyOf(*certificate, tls.pem_private_key))
    return Wrong("--tls-key", profile.tls_private_key(), "ui.setting_other_key");
  if (ParseCertificate(tls.pem_root_certs) == nullptr)
    return Wrong("--tls-roots", profile.tls_roots(), "ui.setting_no_certificate");
  return grpc::CreateCustomChannel(profile.server(), grpc::SslCredentials(tls), Arguments(profile));
}

Client::Client(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout, Lang lang)
    : timeout_(timeout),
      lang_(LangCode(lang)),
      cases_(v1::CaseService::NewStub(channel)),
      matters_(v1::MatterService::NewStub(channel)),
      quotas_(v1::QuotaService::NewStub(channel)),
      treaty_(v1::TreatyService::NewStub(channel)),
      attachments_(v1::AttachmentService::NewStub(channel)),
      information_(v1::InformationService::NewStub(channel)),
      ledger_(v1::LedgerService::NewStub(channel)) {}

void Client::Prepare(grpc::ClientContext& context, absl::Duration timeout) const {
  context.set_deadline(absl::ToChronoTime(absl::Now() + timeout));
  context.AddMetadata("accept-language", lang_);
}

template <typename Response, typename Stub, typename Request>
Result<Response> Client::Unary(Stub& stub,
                               grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                               const Request& request) {
  Result<Response> result;
  if (const size_t size = request.ByteSizeLong(); size > kLargestRequest) {
    result.status = WithReason(grpc::StatusCode::INVALID_ARGUMENT, absl::StrCat(size, " > ", kLargestRequest),
                               kInputReason, "ui.message_too_large");
    return result;
  }
  grpc::ClientContext context;
  Prepare(context, timeout_);
  const BreakableCall call(context);
  result.status = Naming(request, (stub.*method)(&context, request, &result.response));
  return result;
}

Result<v1::SubmitCaseCommandResponse> Client::Call(const v1::SubmitCaseCommandRequest& request) {
  return Unary(*cases_, &v1::CaseService::StubInterface::SubmitCaseCommand, request);
}
Result<v1::SubmitQuotaCommandResponse> Client::Call(const v1::SubmitQuotaCommandRequest& request) {
  return Unary(*quotas_, &v1::QuotaService::StubInterface::SubmitQuotaCommand, request);
}
Result<v1::SubmitTreatyCommandResponse> Client::Call(const v1::SubmitTreatyCommandRequest& request) {
  return Unary(*treaty_, &v1::TreatyService::StubInterface::SubmitTreatyCommand, request);
}
Result<v1::Case> Client::Call(const v1::GetCaseRequest& request) {
  return Unary(*cases_, &v1::CaseService::StubInterface::GetCase, request);
}
Result<v1::ListCasesResponse> Client::Call(const v1::ListCasesRequest& request) {
  return Unary(*cases_, &v1::CaseService::StubInterface::ListCases, request);
}
Result<v1::SubmitMatterStepResponse> Client::Call(const v1::SubmitMatterStepRequest& request) {
  return Unary(*matters_, &v1::MatterService::StubInterface::SubmitMatterStep, request);
}
Result<v1::MatterFile> Client::Call(const v1::GetMatterRequest& request) {
  return Unary(*matters_, &v1::MatterService::StubInterface::GetMatter, request);
}
Result<v1::ListMattersResponse> Client::Call(const v1::ListMattersRequest& request) {
  return Unary(*matters_, &v1::MatterService::StubInterface::ListMatters, request);
}
Result<v1::Attachment> Client::Upload(std::istream& content, uint64_t size) {
  grpc::ClientContext context;
  Prepare(context, kAttachmentTimeout);
  Result<v1::Attachment> result;
  const auto stream = attachments_->UploadAttachment(&context, &result.response);
  v1::AttachmentChunk chunk;
  chunk.set_size(size);
  std::string bytes(kAttachmentChunk, '\0');
  bool open = true;
  while (open && content.read(bytes.data(), static_cast<std::streamsize>(bytes.size())).gcount() > 0) {
    chunk.set_data(bytes.data(), static_cast<size_t>(content.gcount()));
    open = stream->Write(chunk);
    chunk.clear_size();
  }
  stream->WritesDone();
  result.status = stream->Finish();
  return result;
}
Result<v1::Attachment> Client::Download(const std::string& sha256,
                                        const std::function<bool(const std::string&)>& take) {
  grpc::ClientContext context;
  Prepare(context, kAttachmentTimeout);
  v1::DownloadAttachmentRequest request;
  request.set_sha256(sha256);
  Result<v1::Attachment> result;
  result.response.set_sha256(sha256);
  const auto stream = attachments_->DownloadAttachment(&context, request);
  v1::AttachmentChunk chunk;
  while (stream->Read(&chunk)) {
    if (chunk.size() > 0) result.response.set_size(chunk.size());
    if (take(chunk.data())) continue;
    context.TryCancel();
    break;
  }
  result.status = stream->Finish();
  return result;
}
Result<v1::Equivocation> Client::Call(const v1::GetEvidenceRequest& request) {
  return Unary(*ledger_, &v1::LedgerService::StubInterface::GetEvidence, request);
}
grpc::Status Client::Audit(const std::function<void(const v1::AuditProgress&)>& take) {
  grpc::ClientContext context;
  Prepare(context, kAttachmentTimeout);
  const auto stream = ledger_->AuditLedgers(&context, v1::AuditLedgersRequest());
  v1::AuditProgress progress;
  while (stream->Read(&progress)) take(progress);
  return stream->Finish();
}
grpc::Status Client::Export(const v1::ExportDossierRequest& request,
                            const std::function<bool(const v1::DossierChunk&)>& take) {
  grpc::ClientContext context;
  Prepare(context, kAttachmentTimeout);
  const auto stream = ledger_->ExportDossier(&context, request);
  v1::DossierChunk chunk;
  while (stream->Read(&chunk)) {
    if (take(chunk)) continue;
    context.TryCancel();
    break;
  }
  return Naming(request, stream->Finish());
}
Result<v1::QuotaState> Client::Call(const v1::GetQuotaRequest& request) {
  return Unary(*quotas_, &v1::QuotaService::StubInterface::GetQuota, request);
}
Result<v1::Term> Client::Call(const v1::GetTermRequest& request) {
  return Unary(*treaty_, &v1::TreatyService::StubInterface::GetTerm, request);
}
Result<v1::RuleCatalogue> Client::Call(const v1::ListRulesRequest& request) {
  return Unary(*treaty_, &v1::TreatyService::StubInterface::ListRules, request);
}
Result<v1::PrecedenceList> Client::Call(const v1::ListPrecedencesRequest& request) {
  return Unary(*treaty_, &v1::TreatyService::StubInterface::ListPrecedences, request);
}
Result<v1::Information> Client::Call(const v1::GetInformationRequest& request) {
  return Unary(*information_, &v1::InformationService::StubInterface::GetInformation, request);
}
Result<v1::NodeState> Client::Call(const v1::GetNodeStateRequest& request) {
  return Unary(*ledger_, &v1::LedgerService::StubInterface::GetNodeState, request);
}
Result<v1::Receipt> Client::Call(const v1::GetReceiptRequest& request) {
  return Unary(*ledger_, &v1::LedgerService::StubInterface::GetReceipt, request);
}
Result<v1::GetCheckpointResponse> Client::Call(const v1::GetCheckpointRequest& request) {
  return Unary(*ledger_, &v1::LedgerService::StubInterface::GetCheckpoint, request);
}

grpc::Status Client::Watch(const v1::WatchActsRequest& request, bool again,
                           const std::function<void(const v1::WatchActsResponse&)>& each) {
  grpc::ClientContext context;
  Prepare(context, kStreamLife);
  context.set_wait_for_ready(again);
  const auto stream = cases_->WatchActs(&context, request);
  v1::WatchActsResponse response;
  while (stream->Read(&response)) each(response);
  return stream->Finish();
}

}  // namespace kelisim::cli
