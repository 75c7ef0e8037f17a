#ifndef KELISIM_SHARED_RPC_OFFICER_SERVICES_H_
#define KELISIM_SHARED_RPC_OFFICER_SERVICES_H_

#include "kelisim/v1/case_service.grpc.pb.h"
#include "kelisim/v1/information_service.grpc.pb.h"
#include "kelisim/v1/ledger_service.grpc.pb.h"
#include "kelisim/v1/matter_service.grpc.pb.h"
#include "kelisim/v1/quota_service.grpc.pb.h"
#include "kelisim/v1/treaty_service.grpc.pb.h"
#include "shared/rpc/desk.h"

// The services for officers, auditors and operators. Commands are taken raw: the
// bytes hashed are the bytes received. Questions are answered at once, from
// committed rows.

namespace kelisim::rpc {

using CaseServiceMethods = v1::CaseService::WithRawCallbackMethod_SubmitCaseCommand<
    v1::CaseService::WithCallbackMethod_GetCase<v1::CaseService::WithCallbackMethod_ListCases<
        v1::CaseService::WithCallbackMethod_WatchActs<v1::CaseService::Service>>>>;

class CaseServiceAdapter final : public CaseServiceMethods {
 public:
  explicit CaseServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitCaseCommand(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetCase(grpc::CallbackServerContext* context, const v1::GetCaseRequest* request,
                                    v1::Case* response) override;
  grpc::ServerUnaryReactor* ListCases(grpc::CallbackServerContext* context,
                                      const v1::ListCasesRequest* request,
                                      v1::ListCasesResponse* response) override;
  grpc::ServerWriteReactor<v1::WatchActsResponse>* WatchActs(grpc::CallbackServerContext* context,
                                                             const v1::WatchActsRequest* request) override;

 private:
  const Desk& desk_;
};

using MatterServiceMethods =
    v1::MatterService::WithRawCallbackMethod_SubmitMatterStep<v1::MatterService::WithCallbackMethod_GetMatter<
        v1::MatterService::WithCallbackMethod_ListMatters<v1::MatterService::Service>>>;

class MatterServiceAdapter final : public MatterServiceMethods {
 public:
  explicit MatterServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitMatterStep(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetMatter(grpc::CallbackServerContext* context,
                                      const v1::GetMatterRequest* request, v1::MatterFile* response) override;
  grpc::ServerUnaryReactor* ListMatters(grpc::CallbackServerContext* context,
                                        const v1::ListMattersRequest* request,
                                        v1::ListMattersResponse* response) override;

 private:
  const Desk& desk_;
};

using QuotaServiceMethods = v1::QuotaService::WithRawCallbackMethod_SubmitQuotaCommand<
    v1::QuotaService::WithCallbackMethod_GetQuota<v1::QuotaService::Service>>;

class QuotaServiceAdapter final : public QuotaServiceMethods {
 public:
  explicit QuotaServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitQuotaCommand(grpc::CallbackServerContext* context,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetQuota(grpc::CallbackServerContext* context, const v1::GetQuotaRequest* request,
                                     v1::QuotaState* response) override;

 private:
  const Desk& desk_;
};

using TreatyServiceMethods = v1::TreatyService::WithRawCallbackMethod_SubmitTreatyCommand<
    v1::TreatyService::WithCallbackMethod_GetTerm<v1::TreatyService::WithCallbackMethod_ListRules<
        v1::TreatyService::WithCallbackMethod_ListPrecedences<v1::TreatyService::Service>>>>;

class TreatyServiceAdapter final : public TreatyServiceMethods {
 public:
  explicit TreatyServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitTreatyCommand(grpc::CallbackServerContext* context,
                                                const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetTerm(grpc::CallbackServerContext* context, const v1::GetTermRequest* request,
                                    v1::Term* response) override;
  grpc::ServerUnaryReactor* ListRules(grpc::CallbackServerContext* context,
                                      const v1::ListRulesRequest* request,
                                      v1::RuleCatalogue* response) override;
  grpc::ServerUnaryReactor* ListPrecedences(grpc::CallbackServerContext* context,
                                            const v1::ListPrecedencesRequest* request,
                                            v1::PrecedenceList* response) override;

 private:
  const Desk& desk_;
};

class InformationServiceAdapter final : public v1::InformationService::CallbackService {
 public:
  explicit InformationServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* GetInformation(grpc::CallbackServerContext* context,
                                           const v1::GetInformationRequest* request,
                                           v1::Information* response) override;

 private:
  const Desk& desk_;
};

class LedgerServiceAdapter final : public v1::LedgerService::CallbackService {
 public:
  explicit LedgerServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* GetNodeState(grpc::CallbackServerContext* context,
                                         const v1::GetNodeStateRequest* request,
                                         v1::NodeState* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const v1::GetCheckpointRequest* request,
                                          v1::GetCheckpointResponse* response) override;
  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context,
                                       const v1::GetReceiptRequest* request, v1::Receipt* response) override;
  grpc::ServerUnaryReactor* GetEvidence(grpc::CallbackServerContext* context,
                                        const v1::GetEvidenceRequest* request,
                                        v1::Equivocation* response) override;
  grpc::ServerWriteReactor<v1::DossierChunk>* ExportDossier(grpc::CallbackServerContext* context,
                                                            const v1::ExportDossierRequest* request) override;
  grpc::ServerWriteReactor<v1::AuditProgress>* AuditLedgers(grpc::CallbackServerContext* context,
                                                            const v1::AuditLedgersRequest* request) override;

 private:
  const Desk& desk_;
};

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_OFFICER_SERVICES_H_
