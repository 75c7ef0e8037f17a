#include "shared/rpc/status.h"

#include <string>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/support/error_details.h"
#include "shared/base/bytes.h"
#include "shared/base/told.h"
#include "shared/crypto/seal.h"
#include "shared/rpc/log.h"
#include "shared/treaty/rules.h"

namespace kelisim::rpc {
namespace {

constexpr size_t kMostForeignWords = 200;
constexpr char kDomain[] = "kelisim";
// Details travel as a header, of which a peer takes 8 KiB, in base64.
constexpr size_t kMostDetailBytes = 3000;
constexpr int kRetryAfterSeconds = 1;

google::rpc::ErrorInfo Info(std::string reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(std::move(reason));
  info.set_domain(kDomain);
  return info;
}

google::rpc::Status Begin(const absl::Status& status) {
  google::rpc::Status begun;
  begun.set_code(static_cast<int>(status.code()));
  begun.set_message(std::string(status.message()));
  return begun;
}

grpc::Status End(const google::rpc::Status& status) {
  grpc::Status out;
  (void)grpc::SetErrorDetails(status, &out);  // fails only when `out` is missing
  return out;
}

void AddText(google::rpc::Status& status, Lang lang, const v1::LocalizedText& text) {
  google::rpc::LocalizedMessage message;
  message.set_locale(LangCode(lang));
  message.set_message(In(lang, text));
  status.add_details()->PackFrom(message);
}

grpc::Status Broken(const absl::Status& status, const v1::Violation& violation, Lang lang) {
  google::rpc::Status out = Begin(status);
  google::rpc::ErrorInfo info = Info("RULE");
  (*info.mutable_metadata())["rule"] = violation.rule();
  (*info.mutable_metadata())["found"] = violation.found();
  (*info.mutable_metadata())["person_id"] = violation.person_id();
  out.add_details()->PackFrom(info);
  if (const v1::Rule* rule = treaty::FindRule(violation.rule())) {
    AddText(out, lang, rule->text());
    AddText(out, lang, rule->remedy());
  }
  google::rpc::PreconditionFailure failure;
  google::rpc::PreconditionFailure::Violation& broken = *failure.add_violations();
  broken.set_type("RULE");
  broken.set_subject(violation.rule());
  broken.set_description(violation.found());
  out.add_details()->PackFrom(failure);
  return End(out);
}

grpc::Status Malformed(const absl::Status& status, const std::vector<treaty::FieldProblem>& problems) {
  google::rpc::Status out = Begin(status);
  out.add_details()->PackFrom(Info("FORM"));
  google::rpc::BadRequest request;
  for (const treaty::FieldProblem& problem : problems) {
    if (request.ByteSizeLong() >= kMostDetailBytes) break;
    google::rpc::BadRequest::FieldViolation& violation = *request.add_field_violations();
    violation.set_field(problem.field);
    violation.set_description(problem.problem);
  }
  out.add_details()->PackFrom(request);
  return End(out);
}

// A fault of ours: what happened is for the operator, not for the caller.
grpc::Status Fault(const absl::Status& status) {
  const std::string reference = ToHex(SystemRandom().Bytes(8));
  Log(LogLevel::kError, "fault", {{"reference", reference}, {"status", status.ToString()}});
  google::rpc::Status out = Begin(absl::InternalError(absl::StrCat("internal error, reference ", reference)));
  google::rpc::ErrorInfo info = Info("INTERNAL");
  (*info.mutable_metadata())["reference"] = reference;
  (*info.mutable_metadata())["told"] = absl::StrCat("told.internal,", reference);
  out.add_details()->PackFrom(info);
  return End(out);
}

bool IsFault(absl::StatusCode code) {
  switch (code) {
    case absl::StatusCode::kUnknown:
    case absl::StatusCode::kInternal:
    case absl::StatusCode::kDataLoss:
    case absl::StatusCode::kUnimplemented:
      return true;
    default:
      return false;
  }
}

}  // namespace

grpc::Status ToGrpc(const authority::Answer& answer, Lang lang) {
  if (!answer.violation.rule().empty()) return Broken(answer.status, answer.violation, lang);
  if (!answer.problems.empty()) return Malformed(answer.status, answer.problems);
  return ToGrpc(answer.status);
}

grpc::Status ToGrpc(const absl::Status& status) {
  if (status.ok()) return grpc::Status::OK;
  if (IsFault(status.code())) return Fault(status);
  google::rpc::Status out = Begin(status);
  google::rpc::ErrorInfo info =
      Info(authority::IsOutcomeUnknown(status) ? "OUTCOME_UNKNOWN" : absl::StatusCodeToString(status.code()));
  if (std::string keys = KeysTold(status); !keys.empty())
    (*info.mutable_metadata())["told"] = std::move(keys);
  out.add_details()->PackFrom(info);
  if (absl::IsResourceExhausted(status)) {
    google::rpc::RetryInfo retry;
    retry.mutable_retry_delay()->set_seconds(kRetryAfterSeconds);
    out.add_details()->PackFrom(retry);
  }
  return End(out);
}

absl::Status FromGrpc(const grpc::Status& status) {
  // The words of the other end: any bytes, of any length.
  std::string words = status.error_message().substr(0, kMostForeignWords);
  for (char& c : words) {
    if (!absl::ascii_isprint(static_cast<unsigned char>(c))) c = '?';
  }
  return absl::Status(static_cast<absl::StatusCode>(status.error_code()), words);
}

}  // namespace kelisim::rpc
