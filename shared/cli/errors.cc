#include "shared/cli/errors.h"

#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "google/rpc/code.pb.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "nlohmann/json.hpp"
#include "shared/base/told.h"
#include "shared/cli/program.h"
#include "shared/text/acts.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/rules.h"

namespace kelisim::cli {
namespace {

// True when the status says that the service itself answered, and not that
// something between it and us gave up.
bool AnsweredByService(const Failure& failure) { return !failure.reason.empty(); }

// What gRPC says of a certificate of the server that is of other roots or has expired; it does
// not tell which.
bool IsUntrusted(const Failure& failure) {
  return !AnsweredByService(failure) && absl::StrContains(failure.detail, "certificate verify failed");
}

// What gRPC says of a certificate of another server.
bool IsOfAnotherServer(const Failure& failure) {
  return !AnsweredByService(failure) && absl::StrContains(failure.detail, "in peer certificate");
}

// There was no connection by which the call could have been sent.
bool NeverSent(const Failure& failure) {
  const bool no_connection =
      !AnsweredByService(failure) && absl::StartsWith(failure.detail, "failed to connect to all addresses");
  return no_connection || IsUntrusted(failure) || IsOfAnotherServer(failure);
}

ExitCode ExitFor(grpc::StatusCode code, const Failure& failure, bool changes) {
  switch (code) {
    case grpc::StatusCode::INVALID_ARGUMENT:
      return failure.reason == kInputReason ? kBadInput : kInvalidRequest;
    case grpc::StatusCode::FAILED_PRECONDITION:
      // Anything else: the service may not do it now.
      return failure.reason == "RULE" ? kRefusedByRule : kUnreachable;
    case grpc::StatusCode::NOT_FOUND:
      return kNotFound;
    case grpc::StatusCode::PERMISSION_DENIED:
    case grpc::StatusCode::UNAUTHENTICATED:
      return kNotAllowed;
    case grpc::StatusCode::ALREADY_EXISTS:
      return kRequestReused;
    case grpc::StatusCode::UNAVAILABLE:
    case grpc::StatusCode::DEADLINE_EXCEEDED:
      return kUnreachable;
    case grpc::StatusCode::CANCELLED:
    case grpc::StatusCode::UNKNOWN:
    case grpc::StatusCode::INTERNAL:
      return changes ? kUnreachable : kOther;
    default:
      return kOther;
  }
}

// Whether the call may have been carried out although it failed.
bool OutcomeUnknown(grpc::StatusCode code, const Failure& failure) {
  if (failure.exit != kUnreachable) return false;
  if (failure.reason == kOutcomeUnknownReason) return true;
  if (code == grpc::StatusCode::FAILED_PRECONDITION) return false;
  if (code == grpc::StatusCode::UNAVAILABLE && NeverSent(failure)) return false;
  return code != grpc::StatusCode::UNAVAILABLE || !AnsweredByService(failure);
}

void TakeDetails(const google::rpc::Status& details, Failure& failure) {
  for (const google::protobuf::Any& detail : details.details()) {
    if (google::rpc::ErrorInfo info; detail.UnpackTo(&info)) {
      failure.reason = info.reason();
      failure.rule = info.metadata().count("rule") ? info.metadata().at("rule") : "";
      failure.found = info.metadata().count("found") ? info.metadata().at("found") : "";
      failure.told = info.metadata().count("told") ? info.metadata().at("told") : "";
      failure.person_id = info.metadata().count("person_id") ? info.metadata().at("person_id") : "";
    } else if (google::rpc::LocalizedMessage message; detail.UnpackTo(&message)) {
      // The rule's text comes first, then what to do.
      (failure.text.empty() ? failure.text : failure.remedy) = message.message();
    } else if (google::rpc::BadRequest bad; detail.UnpackTo(&bad)) {
      for (const auto& field : bad.field_violations())
        failure.fields.push_back({field.field(), field.description()});
    }
  }
}

// What gRPC says where nobody says more: the name of its code, in English. The heading has
// said that.
bool RepeatsItsCode(const Failure& failure) {
  return absl::EqualsIgnoreCase(absl::StrReplaceAll(failure.detail, {{" ", "_"}}), failure.code);
}

// What the heading says, as a key of the catalogue.
std::string HeadingKey(const Failure& failure) {
  if (!failure.heading_key.empty()) return failure.heading_key;
  switch (failure.exit) {
    case kBadInput:
      return "ui.bad_input";
    case kRefusedByRule:
      return "ui.refused_because";
    case kInvalidRequest:
      return "ui.invalid_request";
    case kNotFound:
      return "ui.not_found";
    case kNotAllowed:
      return failure.code == "UNAUTHENTICATED" ? "ui.unknown_certificate" : "ui.not_allowed";
    case kRequestReused:
      return "ui.request_reused";
    case kUnreachable:
      if (failure.code == "FAILED_PRECONDITION") return "ui.not_until_operator";
      if (failure.reason == kNotCosignedReason) return "ui.not_cosigned";
      if (failure.reason == kOutcomeUnknownReason) return "ui.may_be_recorded";
      if (failure.code == "DEADLINE_EXCEEDED")
        return failure.unknown_request_id.empty() ? "ui.no_answer" : "ui.no_answer_yet";
      if (failure.code == "CANCELLED") return "ui.broken_off";
      if (IsUntrusted(failure)) return "ui.untrusted_server";
      if (IsOfAnotherServer(failure)) return "ui.other_server";
      if (!AnsweredByService(failure)) return "ui.not_reachable";
      return failure.code == "UNAVAILABLE" ? "ui.not_now" : "ui.error";
    default:
      return "ui.error";
  }
}

// "kelisim dispute list" for "disputes/3f2a"; empty: there is no list of such.
std::string ListFor(const std::string& name) {
  const std::string collection = name.substr(0, name.find('/'));
  if (collection == "cases") return "kelisim case list";
  for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
    if (kind.collection == collection) return absl::StrCat("kelisim ", GroupOf(kind), " list");
  }
  return "";
}

// "Allowed to: officer, auditor" for "told.for_roles,role.OFFICER,role.AUDITOR"; empty when a
// newer service's first word is not known here.
std::string ToldText(const std::string& keys, Lang lang) {
  std::vector<std::string> words = absl::StrSplit(keys, ',');
  const std::string first = Say(lang, words.front());
  if (first == words.front()) return "";
  words.erase(words.begin());
  for (std::string& word : words) word = Say(lang, word);
  return words.empty() ? first : absl::StrCat(first, ": ", absl::StrJoin(words, ", "));
}

// What people are told under the heading; empty: nothing.
std::string TextFor(const Failure& failure, Lang lang) {
  return failure.text.empty() ? ToldText(failure.told, lang) : failure.text;
}

// Whether the heading says all that an English text could say.
bool HeadingSaysIt(const Failure& failure) {
  const bool answered = AnsweredByService(failure);
  return RepeatsItsCode(failure) || failure.exit == kRequestReused ||
         (failure.code == "NOT_FOUND" && failure.detail == "no such name here") ||  // of authority::Reader
         failure.reason == kOutcomeUnknownReason || (answered && failure.code == "UNAUTHENTICATED");
}

// Paths and names are the same in every language. What is an English sentence, for those who
// look after the service, is marked as such.
std::string DetailLine(const Failure& failure, Lang lang) {
  if (failure.detail.empty()) return "";
  const bool ours = failure.reason == kInputReason || failure.reason == kOutputReason;
  // The name that was asked for has no blanks, and a sentence has.
  if (ours || (failure.code == "NOT_FOUND" && !absl::StrContains(failure.detail, " ")))
    return absl::StrCat("  ", Plain(failure.detail), "\n");
  // The fields say more than that there are some.
  if (!ToldText(failure.told, lang).empty() || !failure.fields.empty() || HeadingSaysIt(failure)) return "";
  return absl::StrCat("  ", Say(lang, "ui.technical"), ": ", Plain(failure.detail), "\n");
}

std::string ColouredHeading(const std::string& heading, const Look& look) {
  return look.colour ? absl::StrCat("\033[31m", heading, "\033[0m") : heading;
}

std::string RenderRefusal(const Failure& failure, Lang lang, const Look& look) {
  return absl::StrCat(ColouredHeading(Say(lang, "ui.refused_because"), look), "\n",
                      DrawPairs({{Say(lang, "ui.rule"), failure.rule},
                                 {"", failure.text},
                                 {Say(lang, "ui.person"), failure.person_id},
                                 {Say(lang, "ui.found"), FoundText(lang, failure.found)},
                                 {Say(lang, "ui.what_to_do"), failure.remedy}},
                                look));
}

std::string RenderFields(const Failure& failure, Lang lang, const Look& look) {
  std::vector<Row> rows;
  for (const FieldFault& fault : failure.fields) {
    // The path as well: it is what stands in the file that is to be mended.
    std::string where = FieldText(lang, fault.field);
    if (where != fault.field) absl::StrAppend(&where, " (", fault.field, ")");
    if (fault.line > 0)
      where = absl::StrCat(Say(lang, "ui.line"), " ", fault.line, ", ", Say(lang, "ui.column"), " ",
                           fault.column);
    rows.push_back({std::move(where), Say(lang, fault.problem)});
  }
  return DrawTable({Say(lang, "ui.field"), Say(lang, "ui.problem")}, rows, look);
}

}  // namespace

grpc::Status WithReason(grpc::StatusCode code, const std::string& detail, const char* reason,
                        const std::string& told) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  if (!told.empty()) (*info.mutable_metadata())["told"] = told;
  google::rpc::Status details;
  details.set_code(code);
  details.add_details()->PackFrom(info);
  return {code, detail, details.SerializeAsString()};
}

Failure BadInput(std::string detail, std::vector<FieldFault> fields, std::string heading_key) {
  Failure failure;
  failure.exit = kBadInput;
  failure.code = "INVALID_ARGUMENT";
  failure.reason = kInputReason;
  failure.detail = std::move(detail);
  failure.heading_key = std::move(heading_key);
  failure.fields = std::move(fields);
  return failure;
}

Failure BadInput(const absl::Status& status, std::string heading_key) {
  Failure failure = BadInput(std::string(status.message()), {}, std::move(heading_key));
  failure.told = KeysTold(status);
  return failure;
}

Failure NotRead(const std::string& path, const absl::Status& why) {
  const bool too_large = absl::IsInvalidArgument(why);
  return BadInput(path, {}, too_large ? "ui.file_too_large" : "ui.file_unreadable");
}

Failure NotWritten(std::string why, const std::string& request_id) {
  Failure failure;
  failure.code = "UNKNOWN";
  failure.reason = kOutputReason;
  failure.detail = std::move(why);
  failure.heading_key = request_id.empty() ? "ui.answer_not_written" : "ui.recorded_untold";
  failure.untold_request_id = request_id;
  return failure;
}

Failure FailureOf(const grpc::Status& status, const std::string& request_id, Lang lang) {
  Failure failure;
  failure.code = google::rpc::Code_Name(static_cast<google::rpc::Code>(status.error_code()));
  failure.detail = status.error_message();
  google::rpc::Status details;
  if (details.ParseFromString(status.error_details())) TakeDetails(details, failure);
  failure.exit = ExitFor(status.error_code(), failure, !request_id.empty());
  if (OutcomeUnknown(status.error_code(), failure)) failure.unknown_request_id = request_id;
  failure.text = TextFor(failure, lang);
  const v1::Rule* rule = treaty::FindRule(failure.rule);
  if (rule != nullptr && failure.text.empty()) failure.text = In(lang, rule->text());
  if (rule != nullptr && failure.remedy.empty()) failure.remedy = In(lang, rule->remedy());
  const std::string list = failure.exit == kNotFound && failure.told.empty() ? ListFor(failure.detail) : "";
  if (!list.empty()) failure.remedy = absl::StrCat(Say(lang, "ui.what_there_is"), ": ", list);
  return failure;
}

std::string RenderFailure(const Failure& failure, Lang lang, const Look& look) {
  if (failure.exit == kRefusedByRule) return RenderRefusal(failure, lang, look);
  std::string out = absl::StrCat(ColouredHeading(Say(lang, HeadingKey(failure)), look), "\n");
  const std::string text = TextFor(failure, lang);
  if (!text.empty()) absl::StrAppend(&out, Plain(text), "\n");
  absl::StrAppend(&out, DetailLine(failure, lang));
  if (!failure.remedy.empty()) absl::StrAppend(&out, Plain(failure.remedy), "\n");
  absl::StrAppend(&out, RenderFields(failure, lang, look));
  if (!failure.unknown_request_id.empty()) {
    absl::StrAppend(&out, Say(lang, "ui.outcome_unknown"), "\n  --request-id ",
                    Plain(failure.unknown_request_id), "\n");
  }
  if (!failure.untold_request_id.empty())
    absl::StrAppend(&out, "  --request-id ", Plain(failure.untold_request_id), "\n");
  return out;
}

std::string FailureAsJson(const Failure& failure, Lang lang) {
  std::string text = TextFor(failure, lang);
  if (text.empty()) text = Say(lang, HeadingKey(failure));
  nlohmann::ordered_json json = {{"code", failure.code},           {"reason", failure.reason},
                                 {"rule", failure.rule},           {"found", failure.found},
                                 {"person_id", failure.person_id}, {"text", text},
                                 {"remedy", failure.remedy},       {"detail", failure.detail}};
  json["fields"] = nlohmann::ordered_json::array();
  for (const FieldFault& fault : failure.fields) {
    nlohmann::ordered_json field = {
        {"field", fault.field}, {"problem", fault.problem}, {"text", Say(lang, fault.problem)}};
    if (fault.line > 0) {
      field["line"] = fault.line;
      field["column"] = fault.column;
    }
    json["fields"].push_back(std::move(field));
  }
  json["outcome_unknown"] = !failure.unknown_request_id.empty();
  json["request_id"] =
      failure.unknown_request_id.empty() ? failure.untold_request_id : failure.unknown_request_id;
  // A broken character from outside is replaced, not thrown at.
  return json.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace kelisim::cli
