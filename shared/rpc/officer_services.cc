#include "shared/rpc/officer_services.h"

#include <utility>

#include "absl/strings/match.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/digest.h"
#include "shared/rpc/dossier_stream.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/log.h"
#include "shared/rpc/message.h"
#include "shared/treaty/matter.h"

namespace kelisim::rpc {
namespace {

using authority::Answer;
using authority::OfficerCall;

// The same to commands and questions: nobody must believe that such a field was heeded.
Answer CheckFields(const google::protobuf::Message& request) {
  auto unknown = UnknownFields(request);
  if (unknown.empty()) return {};
  return {absl::InvalidArgumentError("the request has fields that are not known here"),
          "",
          {},
          std::move(unknown)};
}

// Of bytes as received; `bytes` receives them.
template <typename Request>
Answer ReadRequest(const grpc::ByteBuffer& buffer, Request& request, std::string& bytes) {
  absl::StatusOr<std::string> read = BytesOf(buffer, kOfficerBytes);
  if (!read.ok()) return Only(read.status());
  bytes = *std::move(read);
  if (absl::Status parsed = Parse(bytes, &request); !parsed.ok()) return Only(std::move(parsed));
  return CheckFields(request);
}

// Reads and checks a command. `call` is whole when the answer's status is OK.
template <typename Request>
Answer ReadCommand(const Desk& desk, std::string_view method, const grpc::CallbackServerContext& context,
                   const grpc::ByteBuffer& buffer, OfficerCall& call) {
  absl::StatusOr<Caller> caller = Admit(desk, method, context);
  if (!caller.ok()) return Only(caller.status());
  Request request;
  std::string bytes;
  if (Answer read = ReadRequest(buffer, request, bytes); !read.status.ok()) return read;
  call.officer = std::move(caller->uri);
  call.request_digest = Sha256({method, "\n", bytes});
  call.request = std::move(request);
  return {};
}

template <typename Request>
grpc::ServerUnaryReactor* Submit(const Desk& desk, std::string_view method,
                                 grpc::CallbackServerContext& context, const grpc::ByteBuffer& request,
                                 grpc::ByteBuffer* response) {
  OfficerCall call{};
  const Answer read =
      Guarded<Answer>([&] { return ReadCommand<Request>(desk, method, context, request, call); });
  if (!read.status.ok()) return Finished(context, ToGrpc(read, LangOf(context)));
  return AskCore(desk, context, response, std::move(call));
}

// The reader names the field that is wrong; people get the kind of mistake.
Answer ToAnswer(const absl::Status& status) {
  if (!absl::IsInvalidArgument(status)) return Only(status);
  const std::string field(status.message());
  const char* problem = "form.name";
  if (field == "page_size" || field == "page_token") problem = "form.page";
  if (field == "on") problem = "form.date";
  if (field == "ledger" || field == "statuses" || field == "collection") problem = "form.enum";
  if (field == "cursor") problem = "form.cursor";
  return {absl::InvalidArgumentError("the request has fields in error"), "", {}, {{field, problem}}};
}

// Reading personal data is itself recorded. `name` only of what exists: what a
// caller makes up may be anything.
void LogRead(std::string_view method, const Caller& caller, const std::string& name) {
  Log(LogLevel::kInfo, "read", {{"method", std::string(method)}, {"caller", caller.uri}, {"name", name}});
}

// `read(caller, request)` gives a StatusOr of the response.
template <typename Request, typename Read>
grpc::ServerUnaryReactor* Question(const Desk& desk, std::string_view method,
                                   grpc::CallbackServerContext& context, const grpc::ByteBuffer& buffer,
                                   grpc::ByteBuffer* response, Read read) {
  const absl::StatusOr<Caller> caller =
      Guarded<absl::StatusOr<Caller>>([&] { return Admit(desk, method, context); });
  if (!caller.ok()) return Finished(context, ToGrpc(caller.status()));
  Request request;
  std::string bytes;
  const Answer known = Guarded<Answer>([&] { return ReadRequest(buffer, request, bytes); });
  if (!known.status.ok()) return Finished(context, ToGrpc(known, LangOf(context)));
  const auto answer = Guarded<absl::StatusOr<std::string>>([&]() -> absl::StatusOr<std::string> {
    ASSIGN_OR_RETURN(const auto found, read(*caller, request));
    return found.SerializeAsString();
  });
  if (!answer.ok()) return Finished(context, ToGrpc(ToAnswer(answer.status()), LangOf(context)));
  *response = ToBuffer(*answer);
  return Finished(context, grpc::Status::OK);
}

// What is not here would be waited for without end: a name that is unknown, or a cursor
// behind entries that were lost.
absl::Status CheckWatch(const Desk& desk, const v1::WatchActsRequest& request) {
  v1::WatchCursor cursor = request.cursor();
  RETURN_IF_ERROR(desk.reader.ReadActs(cursor, request.name(), 0).status());
  if (request.name().empty()) return absl::OkStatus();
  const absl::Time now = desk.clock.Now();
  if (absl::StartsWith(request.name(), "cases/")) {
    v1::GetCaseRequest get;
    get.set_name(request.name());
    get.set_page_size(1);
    return desk.reader.GetCase(get, now).status();
  }
  v1::GetMatterRequest get;
  get.set_name(request.name());
  get.set_page_size(1);
  return desk.reader.GetMatter(get, now).status();
}

}  // namespace

// ---------------------------------------------------------------- CaseService

grpc::ServerUnaryReactor* CaseServiceAdapter::SubmitCaseCommand(grpc::CallbackServerContext* context,
                                                                const grpc::ByteBuffer* request,
                                                                grpc::ByteBuffer* response) {
  return Submit<v1::SubmitCaseCommandRequest>(desk_, "/kelisim.v1.CaseService/SubmitCaseCommand", *context,
                                              *request, response);
}

grpc::ServerUnaryReactor* CaseServiceAdapter::GetCase(grpc::CallbackServerContext* context,
                                                      const grpc::ByteBuffer* request,
                                                      grpc::ByteBuffer* response) {
  constexpr std::string_view kMethod = "/kelisim.v1.CaseService/GetCase";
  return Question<v1::GetCaseRequest>(
      desk_, kMethod, *context, *request, response,
      [&](const Caller& caller, const v1::GetCaseRequest& asked) -> absl::StatusOr<v1::Case> {
        ASSIGN_OR_RETURN(v1::Case found, desk_.reader.GetCase(asked, desk_.clock.Now()));
        LogRead(kMethod, caller, found.name());
        return found;
      });
}

grpc::ServerUnaryReactor* CaseServiceAdapter::ListCases(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request,
                                                        grpc::ByteBuffer* response) {
  constexpr std::string_view kMethod = "/kelisim.v1.CaseService/ListCases";
  return Question<v1::ListCasesRequest>(desk_, kMethod, *context, *request, response,
                                        [&](const Caller& caller, const v1::ListCasesRequest& asked) {
                                          LogRead(kMethod, caller, "");
                                          return desk_.reader.ListCases(asked);
                                        });
}

grpc::ServerWriteReactor<v1::WatchActsResponse>* CaseServiceAdapter::WatchActs(
    grpc::CallbackServerContext* context, const v1::WatchActsRequest* request) {
  constexpr std::string_view kMethod = "/kelisim.v1.CaseService/WatchActs";
  const absl::StatusOr<Caller> caller = AdmitStream(desk_, kMethod, *context);
  if (!caller.ok()) return RefuseStream(ToGrpc(caller.status()));
  LogRead(kMethod, *caller, "");
  const Answer known = Guarded<Answer>([&] {
    Answer fields = CheckFields(*request);
    return fields.status.ok() ? ToAnswer(CheckWatch(desk_, *request)) : fields;
  });
  if (!known.status.ok()) return RefuseStream(ToGrpc(known, LangOf(*context)));
  absl::StatusOr<Shares::Share> share = desk_.streams.watches.Take(caller->uri);
  if (!share.ok()) return RefuseStream(ToGrpc(share.status()));
  return desk_.watch.Open(request->cursor(), request->name(), *std::move(share));
}

// ---------------------------------------------------------------- MatterService

grpc::ServerUnaryReactor* MatterServiceAdapter::SubmitMatterStep(grpc::CallbackServerContext* context,
                                                                 const grpc::ByteBuffer* request,
                                                                 grpc::ByteBuffer* response) {
  return Submit<v1::SubmitMatterStepRequest>(desk_, "/kelisim.v1.MatterService/SubmitMatterStep", *context,
                                             *request, response);
}

grpc::ServerUnaryReactor* MatterServiceAdapter::GetMatter(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request,
                                                          grpc::ByteBuffer* response) {
  constexpr std::string_view kMethod = "/kelisim.v1.MatterService/GetMatter";
  return Question<v1::GetMatterRequest>(
      desk_, kMethod, *context, *request, response,
      [&](const Caller& caller, const v1::GetMatterRequest& asked) -> absl::StatusOr<v1::MatterFile> {
        ASSIGN_OR_RETURN(v1::MatterFile found, desk_.reader.GetMatter(asked, desk_.clock.Now()));
        for (const std::string& document : treaty::DocumentsIn(found.state())) {
          ASSIGN_OR_RETURN(const Hash sha256, Hash::FromBytes(document));
          const absl::StatusOr<uint64_t> size = desk_.attachments.SizeOf(sha256);
          v1::Attachment& attachment = *found.add_attachments();
          attachment.set_sha256(document);
          attachment.set_size(size.ok() ? *size : 0);
        }
        LogRead(kMethod, caller, found.name());
        return found;
      });
}

grpc::ServerUnaryReactor* MatterServiceAdapter::ListMatters(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request,
                                                            grpc::ByteBuffer* response) {
  constexpr std::string_view kMethod = "/kelisim.v1.MatterService/ListMatters";
  return Question<v1::ListMattersRequest>(desk_, kMethod, *context, *request, response,
                                          [&](const Caller& caller, const v1::ListMattersRequest& asked) {
                                            LogRead(kMethod, caller, "");
                                            return desk_.reader.ListMatters(asked);
                                          });
}

// ---------------------------------------------------------------- QuotaService

grpc::ServerUnaryReactor* QuotaServiceAdapter::SubmitQuotaCommand(grpc::CallbackServerContext* context,
                                                                  const grpc::ByteBuffer* request,
                                                                  grpc::ByteBuffer* response) {
  return Submit<v1::SubmitQuotaCommandRequest>(desk_, "/kelisim.v1.QuotaService/SubmitQuotaCommand", *context,
                                               *request, response);
}

grpc::ServerUnaryReactor* QuotaServiceAdapter::GetQuota(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request,
                                                        grpc::ByteBuffer* response) {
  return Question<v1::GetQuotaRequest>(
      desk_, "/kelisim.v1.QuotaService/GetQuota", *context, *request, response,
      [&](const Caller&, const v1::GetQuotaRequest& asked) { return desk_.reader.GetQuota(asked.name()); });
}

// ---------------------------------------------------------------- TreatyService

grpc::ServerUnaryReactor* TreatyServiceAdapter::SubmitTreatyCommand(grpc::CallbackServerContext* context,
                                                                    const grpc::ByteBuffer* request,
                                                                    grpc::ByteBuffer* response) {
  return Submit<v1::SubmitTreatyCommandRequest>(desk_, "/kelisim.v1.TreatyService/SubmitTreatyCommand",
                                                *context, *request, response);
}

grpc::ServerUnaryReactor* TreatyServiceAdapter::GetTerm(grpc::CallbackServerContext* context,
                                                        const grpc::ByteBuffer* request,
                                                        grpc::ByteBuffer* response) {
  return Question<v1::GetTermRequest>(desk_, "/kelisim.v1.TreatyService/GetTerm", *context, *request,
                                      response, [&](const Caller&, const v1::GetTermRequest& asked) {
                                        return desk_.reader.GetTerm(asked.on(), desk_.clock.Now());
                                      });
}

grpc::ServerUnaryReactor* TreatyServiceAdapter::ListRules(grpc::CallbackServerContext* context,
                                                          const grpc::ByteBuffer* request,
                                                          grpc::ByteBuffer* response) {
  return Question<v1::ListRulesRequest>(desk_, "/kelisim.v1.TreatyService/ListRules", *context, *request,
                                        response, [&](const Caller&, const v1::ListRulesRequest& asked) {
                                          return desk_.reader.ListRules(asked.on(), desk_.clock.Now());
                                        });
}

grpc::ServerUnaryReactor* TreatyServiceAdapter::ListPrecedences(grpc::CallbackServerContext* context,
                                                                const grpc::ByteBuffer* request,
                                                                grpc::ByteBuffer* response) {
  return Question<v1::ListPrecedencesRequest>(
      desk_, "/kelisim.v1.TreatyService/ListPrecedences", *context, *request, response,
      [&](const Caller&, const v1::ListPrecedencesRequest& asked) {
        return desk_.reader.ListPrecedences(asked.on(), desk_.clock.Now());
      });
}

// ---------------------------------------------------------------- InformationService

grpc::ServerUnaryReactor* InformationServiceAdapter::GetInformation(grpc::CallbackServerContext* context,
                                                                    const grpc::ByteBuffer* request,
                                                                    grpc::ByteBuffer* response) {
  return Question<v1::GetInformationRequest>(desk_, "/kelisim.v1.InformationService/GetInformation", *context,
                                             *request, response,
                                             [&](const Caller&, const v1::GetInformationRequest&) {
                                               return desk_.reader.GetInformation(desk_.clock.Now());
                                             });
}

// ---------------------------------------------------------------- LedgerService

grpc::ServerUnaryReactor* LedgerServiceAdapter::GetNodeState(grpc::CallbackServerContext* context,
                                                             const grpc::ByteBuffer* request,
                                                             grpc::ByteBuffer* response) {
  return Question<v1::GetNodeStateRequest>(
      desk_, "/kelisim.v1.LedgerService/GetNodeState", *context, *request, response,
      [&](const Caller&, const v1::GetNodeStateRequest&) -> absl::StatusOr<v1::NodeState> {
        return desk_.backend.State();
      });
}

grpc::ServerUnaryReactor* LedgerServiceAdapter::GetCheckpoint(grpc::CallbackServerContext* context,
                                                              const grpc::ByteBuffer* request,
                                                              grpc::ByteBuffer* response) {
  return Question<v1::GetCheckpointRequest>(
      desk_, "/kelisim.v1.LedgerService/GetCheckpoint", *context, *request, response,
      [&](const Caller&, const v1::GetCheckpointRequest& asked) -> absl::StatusOr<v1::GetCheckpointResponse> {
        v1::GetCheckpointResponse found;
        ASSIGN_OR_RETURN(*found.mutable_note(), desk_.reader.GetCheckpoint(asked.ledger()));
        return found;
      });
}

grpc::ServerUnaryReactor* LedgerServiceAdapter::GetReceipt(grpc::CallbackServerContext* context,
                                                           const grpc::ByteBuffer* request,
                                                           grpc::ByteBuffer* response) {
  return Question<v1::GetReceiptRequest>(desk_, "/kelisim.v1.LedgerService/GetReceipt", *context, *request,
                                         response, [&](const Caller&, const v1::GetReceiptRequest& asked) {
                                           return desk_.reader.GetReceipt(asked.ledger(), asked.index(),
                                                                          desk_.clock.Now());
                                         });
}

grpc::ServerUnaryReactor* LedgerServiceAdapter::GetEvidence(grpc::CallbackServerContext* context,
                                                            const grpc::ByteBuffer* request,
                                                            grpc::ByteBuffer* response) {
  return Question<v1::GetEvidenceRequest>(
      desk_, "/kelisim.v1.LedgerService/GetEvidence", *context, *request, response,
      [&](const Caller&, const v1::GetEvidenceRequest&) { return desk_.reader.GetEvidence(); });
}

grpc::ServerWriteReactor<v1::DossierChunk>* LedgerServiceAdapter::ExportDossier(
    grpc::CallbackServerContext* context, const v1::ExportDossierRequest* request) {
  constexpr std::string_view kMethod = "/kelisim.v1.LedgerService/ExportDossier";
  const absl::StatusOr<Caller> caller = AdmitStream(desk_, kMethod, *context);
  using Refusal = Refused<grpc::ServerWriteReactor<v1::DossierChunk>>;
  if (!caller.ok()) return new Refusal(caller.status());
  const Answer known = Guarded<Answer>([&] { return CheckFields(*request); });
  if (!known.status.ok()) return new Refusal(ToGrpc(known, LangOf(*context)));
  return SendDossier(desk_, *caller, *request);
}

grpc::ServerWriteReactor<v1::AuditProgress>* LedgerServiceAdapter::AuditLedgers(
    grpc::CallbackServerContext* context, const v1::AuditLedgersRequest*) {
  constexpr std::string_view kMethod = "/kelisim.v1.LedgerService/AuditLedgers";
  const absl::StatusOr<Caller> caller = AdmitStream(desk_, kMethod, *context);
  if (!caller.ok()) return new Refused<grpc::ServerWriteReactor<v1::AuditProgress>>(caller.status());
  Log(LogLevel::kInfo, "audit", {{"caller", caller->uri}});
  return desk_.audit.Open();
}

}  // namespace kelisim::rpc
