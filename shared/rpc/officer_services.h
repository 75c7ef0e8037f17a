#ifndef KELISIM_SHARED_RPC_OFFICER_SERVICES_H_
#define KELISIM_SHARED_RPC_OFFICER_SERVICES_H_

#include "kelisim/v1/case_service.grpc.pb.h"
#include "kelisim/v1/information_service.grpc.pb.h"
#include "kelisim/v1/ledger_service.grpc.pb.h"
#include "kelisim/v1/matter_service.grpc.pb.h"
#include "kelisim/v1/quota_service.grpc.pb.h"
#include "kelisim/v1/treaty_service.grpc.pb.h"
#include "shared/rpc/desk.h"

// The services for officers, auditors and operators. Commands and questions are taken
// raw: of a command the bytes hashed are the bytes received, and what gRPC cannot read
// it calls UNIMPLEMENTED, as if there were no such method. So it still does where an
// answer is a stream. Questions are answered at once, from committed rows.

namespace kelisim::rpc {

using CaseServiceMethods = v1::CaseService::WithRawCallbackMethod_SubmitCaseCommand<
    v1::CaseService::WithRawCallbackMethod_GetCase<v1::CaseService::WithRawCallbackMethod_ListCases<
        v1::CaseService::WithCallbackMethod_WatchActs<v1::CaseService::Service>>>>;

class CaseServiceAdapter final : public CaseServiceMethods {
 public:
  explicit CaseServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitCaseCommand(grpc::CallbackServerContext* context,
                                              const grpc::ByteBuffer* request,
                                              grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetCase(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListCases(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<v1::WatchActsResponse>* WatchActs(grpc::CallbackServerContext* context,
                                                             const v1::WatchActsRequest* request) override;

 private:
  const Desk& desk_;
};

using MatterServiceMethods = v1::MatterService::WithRawCallbackMethod_SubmitMatterStep<
    v1::MatterService::WithRawCallbackMethod_GetMatter<
        v1::MatterService::WithRawCallbackMethod_ListMatters<v1::MatterService::Service>>>;

class MatterServiceAdapter final : public MatterServiceMethods {
 public:
  explicit MatterServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitMatterStep(grpc::CallbackServerContext* context,
                                             const grpc::ByteBuffer* request,
                                             grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetMatter(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListMatters(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;

 private:
  const Desk& desk_;
};

using QuotaServiceMethods = v1::QuotaService::WithRawCallbackMethod_SubmitQuotaCommand<
    v1::QuotaService::WithRawCallbackMethod_GetQuota<v1::QuotaService::Service>>;

class QuotaServiceAdapter final : public QuotaServiceMethods {
 public:
  explicit QuotaServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitQuotaCommand(grpc::CallbackServerContext* context,
                                               const grpc::ByteBuffer* request,
                                               grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetQuota(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                     grpc::ByteBuffer* response) override;

 private:
  const Desk& desk_;
};

using TreatyServiceMethods = v1::TreatyService::WithRawCallbackMethod_SubmitTreatyCommand<
    v1::TreatyService::WithRawCallbackMethod_GetTerm<v1::TreatyService::WithRawCallbackMethod_ListRules<
        v1::TreatyService::WithRawCallbackMethod_ListPrecedences<v1::TreatyService::Service>>>>;

class TreatyServiceAdapter final : public TreatyServiceMethods {
 public:
  explicit TreatyServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* SubmitTreatyCommand(grpc::CallbackServerContext* context,
                                                const grpc::ByteBuffer* request,
                                                grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetTerm(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                    grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListRules(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                      grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* ListPrecedences(grpc::CallbackServerContext* context,
                                            const grpc::ByteBuffer* request,
                                            grpc::ByteBuffer* response) override;

 private:
  const Desk& desk_;
};

using InformationServiceMethods =
    v1::InformationService::WithRawCallbackMethod_GetInformation<v1::InformationService::Service>;

class InformationServiceAdapter final : public InformationServiceMethods {
 public:
  explicit InformationServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* GetInformation(grpc::CallbackServerContext* context,
                                           const grpc::ByteBuffer* request,
                                           grpc::ByteBuffer* response) override;

 private:
  const Desk& desk_;
};

using LedgerServiceMethods = v1::LedgerService::WithRawCallbackMethod_GetNodeState<
    v1::LedgerService::WithRawCallbackMethod_GetCheckpoint<
        v1::LedgerService::WithRawCallbackMethod_GetReceipt<
            v1::LedgerService::WithRawCallbackMethod_GetEvidence<
                v1::LedgerService::WithCallbackMethod_ExportDossier<
                    v1::LedgerService::WithCallbackMethod_AuditLedgers<v1::LedgerService::Service>>>>>>;

class LedgerServiceAdapter final : public LedgerServiceMethods {
 public:
  explicit LedgerServiceAdapter(const Desk& desk) : desk_(desk) {}
  grpc::ServerUnaryReactor* GetNodeState(grpc::CallbackServerContext* context,
                                         const grpc::ByteBuffer* request,
                                         grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetCheckpoint(grpc::CallbackServerContext* context,
                                          const grpc::ByteBuffer* request,
                                          grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetReceipt(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                       grpc::ByteBuffer* response) override;
  grpc::ServerUnaryReactor* GetEvidence(grpc::CallbackServerContext* context, const grpc::ByteBuffer* request,
                                        grpc::ByteBuffer* response) override;
  grpc::ServerWriteReactor<v1::DossierChunk>* ExportDossier(grpc::CallbackServerContext* context,
                                                            const v1::ExportDossierRequest* request) override;
  grpc::ServerWriteReactor<v1::AuditProgress>* AuditLedgers(grpc::CallbackServerContext* context,
                                                            const v1::AuditLedgersRequest* request) override;

 private:
  const Desk& desk_;
};

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_OFFICER_SERVICES_H_
