#include "shared/cli/errors.h"

#include "gmock/gmock.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "gtest/gtest.h"
#include "nlohmann/json.hpp"

namespace kelisim::cli {
namespace {

using grpc::StatusCode;
using testing::HasSubstr;

constexpr char kId[] = "0b5f3f7e-5d3b-4c52-9e55-6b5f0a1d2c3e";

grpc::Status With(StatusCode code, const std::vector<const google::protobuf::Message*>& details) {
  google::rpc::Status status;
  status.set_code(code);
  status.set_message("for programmers");
  for (const auto* detail : details) status.add_details()->PackFrom(*detail);
  return {code, status.message(), status.SerializeAsString()};
}

google::rpc::ErrorInfo Info(const std::string& reason) {
  google::rpc::ErrorInfo info;
  info.set_reason(reason);
  return info;
}

grpc::Status Refusal() {
  google::rpc::ErrorInfo info = Info("RULE");
  (*info.mutable_metadata())["rule"] = "3.g";
  (*info.mutable_metadata())["found"] = "2026-11-20";
  (*info.mutable_metadata())["person_id"] = "m1";
  google::rpc::LocalizedMessage text;
  text.set_message("The rule says.");
  google::rpc::LocalizedMessage remedy;
  remedy.set_message("Do this.");
  return With(StatusCode::FAILED_PRECONDITION, {&info, &text, &remedy});
}

TEST(FailureOf, ExitCodes) {
  const google::rpc::ErrorInfo mode = Info("MODE");
  const google::rpc::ErrorInfo rule = Info("RULE");
  struct Row {
    grpc::Status status;
    int exit;      // of a call that changes nothing
    int changing;  // of one that does
    bool unknown;  // whether the latter may have been carried out
  };
  const Row rows[] = {
      {{StatusCode::INVALID_ARGUMENT, ""}, 4, 4, false},
      {WithReason(StatusCode::INVALID_ARGUMENT, "", kInputReason), 2, 2, false},
      {With(StatusCode::FAILED_PRECONDITION, {&rule}), 3, 3, false},
      // What may not be recorded now: as of a node that has lost its head anchor.
      {{StatusCode::FAILED_PRECONDITION, ""}, 7, 7, false},
      {WithReason(StatusCode::FAILED_PRECONDITION, "", "FAILED_PRECONDITION"), 7, 7, false},
      {{StatusCode::NOT_FOUND, ""}, 5, 5, false},
      {{StatusCode::PERMISSION_DENIED, ""}, 6, 6, false},
      {{StatusCode::UNAUTHENTICATED, ""}, 6, 6, false},
      {{StatusCode::UNAVAILABLE, ""}, 7, 7, true},
      {{StatusCode::UNAVAILABLE, "Socket closed"}, 7, 7, true},
      // Without a connection nothing was sent.
      {{StatusCode::UNAVAILABLE, "failed to connect to all addresses; last error: UNKNOWN: refused"},
       7,
       7,
       false},
      {{StatusCode::UNAVAILABLE, "Ssl handshake failed: certificate verify failed"}, 7, 7, false},
      {{StatusCode::UNAVAILABLE, "Peer name ru.example is not in peer certificate"}, 7, 7, false},
      {With(StatusCode::UNAVAILABLE, {&mode}), 7, 7, false},
      {WithReason(StatusCode::UNAVAILABLE, "", kOutcomeUnknownReason), 7, 7, true},
      {{StatusCode::DEADLINE_EXCEEDED, ""}, 7, 7, true},
      {With(StatusCode::DEADLINE_EXCEEDED, {&mode}), 7, 7, true},
      {{StatusCode::CANCELLED, ""}, 1, 7, true},
      {{StatusCode::UNKNOWN, ""}, 1, 7, true},
      {{StatusCode::INTERNAL, ""}, 1, 7, true},
      {{StatusCode::ALREADY_EXISTS, ""}, 8, 8, false},
      {{StatusCode::RESOURCE_EXHAUSTED, ""}, 1, 1, false},
      {{StatusCode::UNIMPLEMENTED, ""}, 1, 1, false},
      {{StatusCode::DATA_LOSS, ""}, 1, 1, false},
  };
  for (const Row& row : rows) {
    EXPECT_EQ(FailureOf(row.status, "", Lang::kEnglish).exit, row.exit) << row.status.error_code();
    const Failure changing = FailureOf(row.status, kId, Lang::kEnglish);
    EXPECT_EQ(changing.exit, row.changing) << row.status.error_code();
    EXPECT_EQ(changing.unknown_request_id, row.unknown ? kId : "") << row.status.error_code();
    EXPECT_EQ(FailureOf(row.status, "", Lang::kEnglish).unknown_request_id, "") << row.status.error_code();
  }
}

TEST(RenderFailure, RefusalByARule) {
  EXPECT_EQ(RenderFailure(FailureOf(Refusal(), kId, Lang::kEnglish), Lang::kEnglish, {}),
            "Refused because\n"
            "Rule       3.g\n"
            "           The rule says.\n"
            "Person     m1\n"
            "Found      2026-11-20\n"
            "What to do Do this.\n");
}

TEST(RenderFailure, RuleTextOfTheCatalogueWhenTheServiceSendsNone) {
  google::rpc::ErrorInfo info = Info("RULE");
  (*info.mutable_metadata())["rule"] = "1.2";
  const grpc::Status status = With(StatusCode::FAILED_PRECONDITION, {&info});
  EXPECT_THAT(RenderFailure(FailureOf(status, "", Lang::kRussian), Lang::kRussian, {}),
              HasSubstr("однократно"));
}

TEST(RenderFailure, Fields) {
  google::rpc::BadRequest bad;
  auto* field = bad.add_field_violations();
  field->set_field("defer.review_on");
  field->set_description("form.date");
  const Failure failure = FailureOf(With(StatusCode::INVALID_ARGUMENT, {&bad}), kId, Lang::kRussian);
  EXPECT_EQ(RenderFailure(failure, Lang::kRussian, {}),
            "В запросе есть ошибки. Ничего не записано.\n"
            "Поле                                               Проблема\n"
            "Отложить выезд › День пересмотра (defer.review_on) Дата записана неверно. Укажите существующую "
            "дату в виде ГГГГ-ММ-ДД.\n");
}

TEST(RenderFailure, PlainWords) {
  struct Row {
    grpc::Status status;
    const char* contains;
  };
  const google::rpc::ErrorInfo mode = Info("MODE");
  const Row rows[] = {
      {{StatusCode::NOT_FOUND, ""}, "Not found."},
      {{StatusCode::PERMISSION_DENIED, ""}, "Your role may not do this."},
      {{StatusCode::ALREADY_EXISTS, ""}, "This request id was used with other content."},
      {{StatusCode::UNAVAILABLE, ""}, "The service cannot be reached."},
      {With(StatusCode::UNAVAILABLE, {&mode}), "The service cannot record now."},
      {WithReason(StatusCode::UNAVAILABLE, "the node stops", kOutcomeUnknownReason),
       "The service could not say whether the step is recorded: look at the case before you enter it "
       "anew.\nThe outcome is unknown. Ask again with the same request id.\n  --request-id "
       "0b5f"},
      {{StatusCode::UNAUTHENTICATED, ""}, "does not know your certificate"},
      {{StatusCode::UNAVAILABLE, "Ssl handshake failed: certificate verify failed"}, "or it has expired"},
      {{StatusCode::UNAVAILABLE, "Peer name ru.example is not in peer certificate"},
       "not the one that the profile names"},
      {{StatusCode::DEADLINE_EXCEEDED, ""},
       "The outcome is unknown. Ask again with the same request id.\n  --request-id 0b5f"},
      {WithReason(StatusCode::FAILED_PRECONDITION, "", "FAILED_PRECONDITION"),
       "tell the operator: it will not mend by itself"},
      {{StatusCode::DATA_LOSS, "broken"}, "Error\n  Technical detail: broken\n"},
      // gRPC's own word for a code is no news.
      {{StatusCode::CANCELLED, "CANCELLED"}, "before you enter it anew.\nThe outcome"},
      {{StatusCode::DEADLINE_EXCEEDED, "Deadline Exceeded"}, ".\nThe outcome is unknown."},
      {WithReason(StatusCode::UNAVAILABLE, "3 entries", kNotCosignedReason),
       "has not cosigned this entry yet"},
      {WithReason(StatusCode::INVALID_ARGUMENT, "70000 bytes", kInputReason), "70000 bytes"},
  };
  for (const Row& row : rows) {
    EXPECT_THAT(RenderFailure(FailureOf(row.status, kId, Lang::kEnglish), Lang::kEnglish, {}),
                HasSubstr(row.contains));
  }
}

// What a service tells with keys is said in the reader's language, and its English text is not.
TEST(RenderFailure, WhatIsToldWithKeys) {
  const grpc::Status roles = WithReason(StatusCode::PERMISSION_DENIED, "not for the role AUDITOR",
                                        "PERMISSION_DENIED", "told.for_roles,role.OFFICER,role.OPERATOR");
  EXPECT_EQ(
      RenderFailure(FailureOf(roles, "", Lang::kKazakh), Lang::kKazakh, {}),
      "Сіздің рөліңізге бұл әрекет рұқсат етілмеген.\nБұған рұқсаты бар рөлдер: лауазымды адам, оператор\n");
  const grpc::Status read_only = WithReason(StatusCode::UNAVAILABLE, "nothing was recorded: READ_ONLY",
                                            "UNAVAILABLE", "reason.unconfirmed");
  EXPECT_EQ(RenderFailure(FailureOf(read_only, "", Lang::kRussian), Lang::kRussian, {}),
            "Служба сейчас не может делать записи. Ничего не изменено; повторите позже.\n"
            "Ожидается, что другая Сторона подтвердит, какие записи у неё есть\n");
  // Of a newer service: better English than nothing.
  const grpc::Status newer =
      WithReason(StatusCode::UNAVAILABLE, "the moon is full", "UNAVAILABLE", "told.moon");
  EXPECT_THAT(RenderFailure(FailureOf(newer, "", Lang::kRussian), Lang::kRussian, {}),
              HasSubstr("the moon is full"));
}

// The heading says so already, in the reader's language.
TEST(RenderFailure, NoSuchName) {
  const grpc::Status status = WithReason(StatusCode::NOT_FOUND, "no such name here", "NOT_FOUND");
  EXPECT_EQ(RenderFailure(FailureOf(status, "", Lang::kEnglish), Lang::kEnglish, {}), "Not found.\n");
}

// A question changes nothing, and needs no warning of a step.
TEST(RenderFailure, NoAnswerToAQuestion) {
  const grpc::Status status(StatusCode::DEADLINE_EXCEEDED, "");
  EXPECT_THAT(RenderFailure(FailureOf(status, "", Lang::kEnglish), Lang::kEnglish, {}),
              AllOf(HasSubstr("No answer came in time. Ask again later."), Not(HasSubstr("step"))));
}

TEST(RenderFailure, CannotCommandATerminal) {
  const grpc::Status status(StatusCode::DATA_LOSS,
                            "a\033[2Jb\xc2\x9b"
                            "31m\n");
  EXPECT_EQ(RenderFailure(FailureOf(status, "", Lang::kEnglish), Lang::kEnglish, {}),
            "Error\n  Technical detail: a?[2Jb?31m?\n");
}

TEST(FailureAsJson, NamesEverything) {
  const auto json =
      nlohmann::json::parse(FailureAsJson(FailureOf(Refusal(), kId, Lang::kEnglish), Lang::kEnglish));
  EXPECT_EQ(json["code"], "FAILED_PRECONDITION");
  EXPECT_EQ(json["reason"], "RULE");
  EXPECT_EQ(json["rule"], "3.g");
  EXPECT_EQ(json["found"], "2026-11-20");
  EXPECT_EQ(json["person_id"], "m1");
  EXPECT_EQ(json["text"], "The rule says.");
  EXPECT_EQ(json["remedy"], "Do this.");
  EXPECT_EQ(json["outcome_unknown"], false);
  EXPECT_TRUE(json["fields"].empty());
}

TEST(FailureAsJson, UnknownOutcomeAndBrokenText) {
  const Failure failure = FailureOf({StatusCode::DEADLINE_EXCEEDED, "\xff"}, kId, Lang::kEnglish);
  const auto json = nlohmann::json::parse(FailureAsJson(failure, Lang::kEnglish));
  EXPECT_EQ(json["outcome_unknown"], true);
  EXPECT_EQ(json["request_id"], kId);
}

}  // namespace
}  // namespace kelisim::cli
