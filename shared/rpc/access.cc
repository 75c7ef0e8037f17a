#include "shared/rpc/access.h"

#include <algorithm>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/time/clock.h"
#include "grpc/grpc_security_constants.h"
#include "shared/base/status_macros.h"
#include "shared/base/told.h"
#include "shared/rpc/log.h"
#include "shared/rpc/status.h"

namespace kelisim::rpc {
namespace {

constexpr Role kOfficer = v1::Identity::OFFICER;
constexpr Role kAuditor = v1::Identity::AUDITOR;
constexpr Role kCounterpart = v1::Identity::COUNTERPART;
constexpr Role kOperator = v1::Identity::OPERATOR;

const MethodAccess* FindMethod(std::string_view method) {
  const std::vector<MethodAccess>& table = AccessTable();
  const auto row =
      std::find_if(table.begin(), table.end(), [&](const auto& of) { return of.method == method; });
  return row == table.end() ? nullptr : &*row;
}

void RoleName(std::string* out, Role role) { out->append(v1::Identity::Role_Name(role)); }

std::vector<std::string> UrisOf(const grpc::AuthContext& context) {
  std::vector<std::string> uris;
  for (const grpc::string_ref& uri : context.FindPropertyValues(GRPC_PEER_URI_PROPERTY_NAME)) {
    uris.emplace_back(uri.data(), uri.size());
  }
  return uris;
}

void TellLeftOut(int64_t count) {
  if (count > 0) Log(LogLevel::kWarning, "refused_more", {{"count", count}});
}

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

absl::StatusOr<Caller> Access::Identify(const std::vector<std::string>& uris) const {
  const auto known = uris.size() == 1 ? role_of_.find(uris[0]) : role_of_.end();
  if (known == role_of_.end()) return absl::UnauthenticatedError("this certificate is not known here");
  return Caller{known->first, known->second};
}

absl::StatusOr<Caller> Access::Check(std::string_view method, const std::vector<std::string>& uris) const {
  ASSIGN_OR_RETURN(Caller caller, Identify(uris));
  const MethodAccess* const row = FindMethod(method);
  if (row == nullptr) return absl::PermissionDeniedError("there is no such method");
  if (std::count(row->roles.begin(), row->roles.end(), caller.role) > 0) return caller;
  return Told(
      absl::PermissionDeniedError(absl::StrCat("not for the role ", v1::Identity::Role_Name(caller.role),
                                               "; for: ", absl::StrJoin(row->roles, ", ", RoleName))),
      absl::StrCat("told.for_roles,role.", absl::StrJoin(row->roles, ",role.", RoleName)));
}

absl::StatusOr<Caller> Access::Check(std::string_view method, const grpc::AuthContext& context) const {
  const std::vector<std::string> uris = UrisOf(context);
  absl::StatusOr<Caller> caller = Check(method, uris);
  if (caller.ok()) return caller;
  const LogLimit::Taken taken = refusals_.Take(absl::Now());
  TellLeftOut(taken.left_out_before);
  if (taken.may_write) {
    Log(LogLevel::kWarning, "refused",
        {{"method", FindMethod(method) == nullptr ? "unknown" : std::string(method)},
         {"caller", uris.empty() ? "" : uris[0]},
         {"why", std::string(caller.status().message())}});
  }
  return caller;
}

void Access::LogLeftOut(absl::Time now) const { TellLeftOut(refusals_.TakeLeftOut(now)); }

grpc::Status AccessProcessor::Process(const InputMetadata& metadata, grpc::AuthContext* context,
                                      OutputMetadata*, OutputMetadata*) {
  const auto path = metadata.find(":path");
  const std::string method =
      path == metadata.end() ? "" : std::string(path->second.data(), path->second.size());
  const bool ours = absl::StartsWith(method, "/kelisim.v1.") && FindMethod(method) != nullptr;
  return ours ? grpc::Status::OK : ToGrpc(access_.Check(method, *context).status());
}

}  // namespace kelisim::rpc
