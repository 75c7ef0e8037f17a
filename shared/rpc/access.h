#ifndef KELISIM_SHARED_RPC_ACCESS_H_
#define KELISIM_SHARED_RPC_ACCESS_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "grpcpp/security/auth_context.h"
#include "grpcpp/security/auth_metadata_processor.h"
#include "kelisim/v1/config.pb.h"
#include "shared/rpc/log.h"

// Who may call what. The one place; what the table does not name is refused.

namespace kelisim::rpc {

using Role = v1::Identity::Role;

struct MethodAccess {
  // As on the wire: "/kelisim.v1.CaseService/GetCase".
  std::string_view method;
  std::vector<Role> roles;
};
const std::vector<MethodAccess>& AccessTable();

struct Caller {
  std::string uri;
  Role role;
};

// Thread-safe.
class Access {
 public:
  explicit Access(const google::protobuf::RepeatedPtrField<v1::Identity>& identities);

  // `uris`: the URI SANs of the caller's certificate; there must be exactly one.
  // UNAUTHENTICATED: nobody we know.
  absl::StatusOr<Caller> Identify(const std::vector<std::string>& uris) const;
  // PERMISSION_DENIED: not for this role; the message names those that may.
  absl::StatusOr<Caller> Check(std::string_view method, const std::vector<std::string>& uris) const;
  // The same of a call, and a refusal is logged. Not every one of many: how many were left out
  // is logged afterwards, by a later refusal or by LogLeftOut.
  absl::StatusOr<Caller> Check(std::string_view method, const grpc::AuthContext& context) const;
  // To be called now and then.
  void LogLeftOut(absl::Time now) const;

 private:
  std::map<std::string, Role, std::less<>> role_of_;
  mutable LogLimit refusals_;
};

// Refuses what is not a method of ours (health, reflection, what there is not) before
// anything of the call is read, where interceptors never are. What it refuses has a code
// and a message but no details: so our own methods are refused by their handlers (Admit),
// the first thing that they do.
class AccessProcessor final : public grpc::AuthMetadataProcessor {
 public:
  // `access` must outlive the processor.
  explicit AccessProcessor(const Access& access) : access_(access) {}
  bool IsBlocking() const override { return false; }
  grpc::Status Process(const InputMetadata& metadata, grpc::AuthContext* context, OutputMetadata* consumed,
                       OutputMetadata* response) override;

 private:
  const Access& access_;
};

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_ACCESS_H_
