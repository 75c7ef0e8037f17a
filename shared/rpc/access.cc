#include "shared/rpc/access.h"

#include <algorithm>

#include "grpc/grpc_security_constants.h"
#include "shared/rpc/log.h"
#include "shared/rpc/status.h"

namespace kelisim::rpc {
namespace {

constexpr Role kOfficer = v1::Identity::OFFICER;
constexpr Role kAuditor = v1::Identity::AUDITOR;
constexpr Role kCounterpart = v1::Identity::COUNTERPART;
constexpr Role kOperator = v1::Identity::OPERATOR;

}  // namespace

const std::vector<MethodAccess>& AccessTable() {
  static const auto* const table = new std::vector<MethodAccess>{
      {"/kelisim.v1.CaseService/SubmitCaseCommand", {kOfficer}},
      {"/kelisim.v1.CaseService/GetCase", {kOfficer, kAuditor}},
      {"/kelisim.v1.CaseService/ListCases", {kOfficer, kAuditor}},
      {"/kelisim.v1.CaseService/WatchActs", {kOfficer, kAuditor}},
      {"/kelisim.v1.MatterService/SubmitMatterStep", {kOfficer}},
      {"/kelisim.v1.MatterService/GetMatter", {kOfficer, kAuditor}},
      {"/kelisim.v1.MatterService/ListMatters", {kOfficer, kAuditor}},
      {"/kelisim.v1.AttachmentService/UploadAttachment", {kOfficer}},
      {"/kelisim.v1.AttachmentService/DownloadAttachment", {kOfficer, kAuditor}},
      {"/kelisim.v1.QuotaService/SubmitQuotaCommand", {kOfficer}},
      {"/kelisim.v1.QuotaService/GetQuota", {kOfficer, kAuditor}},
      {"/kelisim.v1.TreatyService/SubmitTreatyCommand", {kOfficer}},
      {"/kelisim.v1.TreatyService/GetTerm", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.TreatyService/ListRules", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.TreatyService/ListPrecedences", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.InformationService/GetInformation", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.LedgerService/GetNodeState", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.LedgerService/GetCheckpoint", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.LedgerService/GetReceipt", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.LedgerService/GetEvidence", {kOfficer, kAuditor, kOperator}},
      {"/kelisim.v1.LedgerService/ExportDossier", {kOfficer, kAuditor}},
      {"/kelisim.v1.LedgerService/AuditLedgers", {kAuditor, kOperator}},
      {"/kelisim.v1.ExchangeService/Handshake", {kCounterpart}},
      {"/kelisim.v1.ExchangeService/Push", {kCounterpart}},
      {"/kelisim.v1.ExchangeService/Pull", {kCounterpart}},
      {"/kelisim.v1.ExchangeService/FetchAttachment", {kCounterpart}},
      {"/grpc.health.v1.Health/Check", {kOfficer, kAuditor, kCounterpart, kOperator}},
      {"/grpc.health.v1.Health/Watch", {kOfficer, kAuditor, kCounterpart, kOperator}},
      // Answers in development only: the service is not registered otherwise.
      {"/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo", {kOfficer, kAuditor, kOperator}},
  };
  return *table;
}

Access::Access(const google::protobuf::RepeatedPtrField<v1::Identity>& identities) {
  for (const v1::Identity& identity : identities) role_of_.emplace(identity.uri(), identity.role());
}

absl::StatusOr<Caller> Access::Check(std::string_view method, const std::vector<std::string>& uris) const {
  const auto known = uris.size() == 1 ? role_of_.find(uris[0]) : role_of_.end();
  if (known == role_of_.end()) return absl::UnauthenticatedError("this certificate is not known here");
  const std::vector<MethodAccess>& table = AccessTable();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const auto& of) { return of.method == method; });
  const bool allowed =
      row != table.end() && std::count(row->roles.begin(), row->roles.end(), known->second) > 0;
  if (!allowed) return absl::PermissionDeniedError("this role may not call this method");
  return Caller{known->first, known->second};
}

absl::StatusOr<Caller> Access::Check(std::string_view method, const grpc::AuthContext& context) const {
  std::vector<std::string> uris;
  for (const grpc::string_ref& uri : context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    uris.emplace_back(uri.data(), uri.size());
  }
  return Check(method, uris);
}

grpc::Status AccessProcessor::Process(const InputMetadata& metadata, grpc::AuthContext* context,
                                      OutputMetadata*, OutputMetadata*) {
  const auto path = metadata.find(":path");
  const std::string method =
      path == metadata.end() ? "" : std::string(path->second.data(), path->second.size());
  const absl::StatusOr<Caller> caller = access_.Check(method, *context);
  if (caller.ok()) return grpc::Status::OK;
  const auto uris = context->FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME);
  Log(LogLevel::kWarning, "refused",
      {{"method", method},
       {"caller", uris.empty() ? "" : std::string(uris[0].data(), uris[0].size())},
       {"why", std::string(caller.status().message())}});
  return ToGrpc(caller.status());
}

}  // namespace kelisim::rpc
