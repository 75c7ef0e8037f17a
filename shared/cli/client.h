#ifndef KELISIM_SHARED_CLI_CLIENT_H_
#define KELISIM_SHARED_CLI_CLIENT_H_

#include <functional>
#include <istream>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/channel.h"
#include "grpcpp/support/status.h"
#include "kelisim/v1/attachment_service.grpc.pb.h"
#include "kelisim/v1/case_service.grpc.pb.h"
#include "kelisim/v1/information_service.grpc.pb.h"
#include "kelisim/v1/ledger_service.grpc.pb.h"
#include "kelisim/v1/matter_service.grpc.pb.h"
#include "kelisim/v1/messages.pb.h"
#include "kelisim/v1/quota_service.grpc.pb.h"
#include "kelisim/v1/treaty_service.grpc.pb.h"
#include "shared/text/messages.h"

namespace kelisim::cli {

// What gRPC reads from the environment: TLS 1.3 only, no log lines of its own
// among our answers. What is set already stays. To be called before gRPC is used
// for the first time.
void PrepareGrpc();

// A channel with mutual TLS; nothing is sent yet. INVALID_ARGUMENT when an
// address or file is missing or cannot be read; FAILED_PRECONDITION when the time of the
// officer's certificate is over, or has not begun.
absl::StatusOr<std::shared_ptr<grpc::Channel>> Dial(const v1::CliProfile& profile);

template <typename Response>
struct Result {
  grpc::Status status;
  Response response;
};

// The services of one authority. Every call has a deadline and names the
// caller's language. Not thread-safe.
class Client {
 public:
  Client(const std::shared_ptr<grpc::Channel>& channel, absl::Duration timeout, Lang lang);

  Result<v1::SubmitCaseCommandResponse> Call(const v1::SubmitCaseCommandRequest& request);
  Result<v1::SubmitQuotaCommandResponse> Call(const v1::SubmitQuotaCommandRequest& request);
  Result<v1::SubmitTreatyCommandResponse> Call(const v1::SubmitTreatyCommandRequest& request);
  Result<v1::Case> Call(const v1::GetCaseRequest& request);
  Result<v1::ListCasesResponse> Call(const v1::ListCasesRequest& request);
  Result<v1::SubmitMatterStepResponse> Call(const v1::SubmitMatterStepRequest& request);
  Result<v1::MatterFile> Call(const v1::GetMatterRequest& request);
  Result<v1::ListMattersResponse> Call(const v1::ListMattersRequest& request);
  // Sends `size` bytes of `content`, chunk by chunk; within an hour.
  Result<v1::Attachment> Upload(std::istream& content, uint64_t size);
  // Gives each chunk to `take`, which returns false to break off; within an hour.
  Result<v1::Attachment> Download(const std::string& sha256,
                                  const std::function<bool(const std::string&)>& take);
  Result<v1::QuotaState> Call(const v1::GetQuotaRequest& request);
  Result<v1::Term> Call(const v1::GetTermRequest& request);
  Result<v1::RuleCatalogue> Call(const v1::ListRulesRequest& request);
  Result<v1::PrecedenceList> Call(const v1::ListPrecedencesRequest& request);
  Result<v1::Information> Call(const v1::GetInformationRequest& request);
  Result<v1::NodeState> Call(const v1::GetNodeStateRequest& request);
  Result<v1::Receipt> Call(const v1::GetReceiptRequest& request);
  Result<v1::Equivocation> Call(const v1::GetEvidenceRequest& request);
  // Gives each message to `take`; within an hour.
  grpc::Status Audit(const std::function<void(const v1::AuditProgress&)>& take);
  // Gives each chunk to `take`, which returns false to break off; within an hour.
  grpc::Status Export(const v1::ExportDossierRequest& request,
                      const std::function<bool(const v1::DossierChunk&)>& take);
  Result<v1::GetCheckpointResponse> Call(const v1::GetCheckpointRequest& request);

  // Calls `each` for every message until the stream ends. A stream lives for an
  // hour at most and then ends with DEADLINE_EXCEEDED. `again`: it was connected before, so
  // wait until the service is back. A pause between two attempts would not do: while nothing
  // is asked, nothing works on the connection either.
  grpc::Status Watch(const v1::WatchActsRequest& request, bool again,
                     const std::function<void(const v1::WatchActsResponse&)>& each);

 private:
  void Prepare(grpc::ClientContext& context, absl::Duration timeout) const;
  template <typename Response, typename Stub, typename Request>
  Result<Response> Unary(Stub& stub,
                         grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&, Response*),
                         const Request& request);

  const absl::Duration timeout_;
  const std::string lang_;
  const std::unique_ptr<v1::CaseService::StubInterface> cases_;
  const std::unique_ptr<v1::MatterService::StubInterface> matters_;
  const std::unique_ptr<v1::QuotaService::StubInterface> quotas_;
  const std::unique_ptr<v1::TreatyService::StubInterface> treaty_;
  const std::unique_ptr<v1::AttachmentService::StubInterface> attachments_;
  const std::unique_ptr<v1::InformationService::StubInterface> information_;
  const std::unique_ptr<v1::LedgerService::StubInterface> ledger_;
};

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_CLIENT_H_
