#include <unistd.h>

#include <numeric>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor_database.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "grpcpp/server_builder.h"
#include "grpcpp/support/error_details.h"
#include "gtest/gtest.h"
#include "kelisim/v1/case_service.grpc.pb.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "kelisim/v1/ledger_service.pb.h"
#include "kelisim/v1/quota_service.pb.h"
#include "kelisim/v1/treaty_service.pb.h"
#include "nlohmann/json.hpp"
#include "shared/authority/turn.h"
#include "shared/base/bytes.h"
#include "shared/ledger/log.h"
#include "shared/ledger/memory_store.h"
#include "shared/ledger/overlay.h"
#include "shared/rpc/access.h"
#include "shared/rpc/log.h"
#include "shared/rpc/message.h"
#include "shared/rpc/shares.h"
#include "shared/rpc/status.h"
#include "shared/rpc/watch.h"
#include "shared/testing/officer.h"
#include "shared/testing/parties.h"
#include "shared/treaty/form.h"
#include "shared/treaty/rules.h"

namespace kelisim::rpc {
namespace {

using authority::Answer;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

// ---------------------------------------------------------------- status

template <typename Detail>
std::vector<Detail> DetailsOf(const grpc::Status& status) {
  google::rpc::Status rich;
  EXPECT_TRUE(grpc::ExtractErrorDetails(status, &rich).ok());
  std::vector<Detail> found;
  for (const google::protobuf::Any& any : rich.details()) {
    Detail detail;
    if (any.UnpackTo(&detail)) found.push_back(detail);
  }
  return found;
}

TEST(Status, EveryCodeHasItsReasonAndExactlyOneErrorInfo) {
  const struct {
    absl::Status status;
    grpc::StatusCode code;
    const char* reason;
  } kTable[] = {
      {absl::AlreadyExistsError("x"), grpc::StatusCode::ALREADY_EXISTS, "ALREADY_EXISTS"},
      {absl::NotFoundError("x"), grpc::StatusCode::NOT_FOUND, "NOT_FOUND"},
      {absl::UnavailableError("x"), grpc::StatusCode::UNAVAILABLE, "UNAVAILABLE"},
      {absl::InvalidArgumentError("x"), grpc::StatusCode::INVALID_ARGUMENT, "INVALID_ARGUMENT"},
      {absl::UnauthenticatedError("x"), grpc::StatusCode::UNAUTHENTICATED, "UNAUTHENTICATED"},
      {absl::PermissionDeniedError("x"), grpc::StatusCode::PERMISSION_DENIED, "PERMISSION_DENIED"},
      {absl::ResourceExhaustedError("x"), grpc::StatusCode::RESOURCE_EXHAUSTED, "RESOURCE_EXHAUSTED"},
      {absl::InternalError("x"), grpc::StatusCode::INTERNAL, "INTERNAL"},
      {absl::DataLossError("x"), grpc::StatusCode::INTERNAL, "INTERNAL"},
      {absl::UnknownError("x"), grpc::StatusCode::INTERNAL, "INTERNAL"},
  };
  for (const auto& row : kTable) {
    const grpc::Status status = ToGrpc(Only(row.status), Lang::kEnglish);
    EXPECT_EQ(status.error_code(), row.code) << row.status;
    const auto infos = DetailsOf<google::rpc::ErrorInfo>(status);
    ASSERT_EQ(infos.size(), 1u) << row.status;
    EXPECT_EQ(infos[0].reason(), row.reason);
    EXPECT_EQ(infos[0].domain(), "kelisim");
  }
  EXPECT_TRUE(ToGrpc(absl::OkStatus()).ok());
}

TEST(Status, BusyTellsWhenToComeBack) {
  EXPECT_EQ(DetailsOf<google::rpc::RetryInfo>(ToGrpc(absl::ResourceExhaustedError("x"))).size(), 1u);
  EXPECT_EQ(DetailsOf<google::rpc::RetryInfo>(ToGrpc(absl::UnavailableError("x"))).size(), 0u);
  EXPECT_EQ(DetailsOf<google::rpc::ErrorInfo>(ToGrpc(authority::OutcomeUnknown("x"))).at(0).reason(),
            "OUTCOME_UNKNOWN");
}

// The other end may say anything.
TEST(Status, WordsOfTheOtherEndAreShortAndPlain) {
  const absl::Status heard =
      FromGrpc({grpc::StatusCode::UNAVAILABLE, "\xff\xfe \033[2J" + std::string(5000, 'x')});
  EXPECT_TRUE(absl::IsUnavailable(heard));
  EXPECT_EQ(heard.message(), "?? ?[2J" + std::string(193, 'x'));
}

TEST(Status, WhatHappenedInsideStaysInside) {
  const grpc::Status one = ToGrpc(absl::DataLossError("row vc 1234 of person X"));
  const grpc::Status two = ToGrpc(absl::DataLossError("row vc 1234 of person X"));
  EXPECT_THAT(one.error_message(), ::testing::Not(HasSubstr("1234")));
  EXPECT_THAT(one.error_details(), ::testing::Not(HasSubstr("1234")));
  const std::string reference = DetailsOf<google::rpc::ErrorInfo>(one)[0].metadata().at("reference");
  EXPECT_EQ(reference.size(), 16u);
  EXPECT_THAT(one.error_message(), HasSubstr(reference));
  EXPECT_NE(one.error_message(), two.error_message());
}

TEST(Status, EveryRuleSpeaksTheCallersLanguage) {
  for (const v1::Rule& rule : treaty::Rules().rules()) {
    Answer answer{absl::FailedPreconditionError("rule"), "", {}, {}};
    answer.violation.set_rule(rule.id());
    answer.violation.set_found("2026-01-01");
    answer.violation.set_person_id("m1");
    const std::pair<Lang, std::pair<const char*, const v1::LocalizedText*>> kTable[] = {
        {Lang::kKazakh, {"kk", &rule.text()}},
        {Lang::kRussian, {"ru", &rule.text()}},
        {Lang::kEnglish, {"en", &rule.text()}}};
    for (const auto& [language, expected] : kTable) {
      const grpc::Status status = ToGrpc(answer, language);
      EXPECT_EQ(status.error_code(), grpc::StatusCode::FAILED_PRECONDITION);
      const auto infos = DetailsOf<google::rpc::ErrorInfo>(status);
      ASSERT_EQ(infos.size(), 1u);
      EXPECT_EQ(infos[0].reason(), "RULE");
      EXPECT_EQ(infos[0].metadata().at("rule"), rule.id());
      EXPECT_EQ(infos[0].metadata().at("found"), "2026-01-01");
      EXPECT_EQ(infos[0].metadata().at("person_id"), "m1");
      const auto texts = DetailsOf<google::rpc::LocalizedMessage>(status);
      ASSERT_EQ(texts.size(), 2u) << rule.id();
      EXPECT_EQ(texts[0].locale(), expected.first);
      const auto in = [&](const v1::LocalizedText& text) {
        return language == Lang::kKazakh ? text.kk() : language == Lang::kRussian ? text.ru() : text.en();
      };
      EXPECT_EQ(texts[0].message(), in(rule.text()));
      EXPECT_EQ(texts[1].message(), in(rule.remedy()));
      EXPECT_EQ(DetailsOf<google::rpc::PreconditionFailure>(status).size(), 1u);
      // As a header in base64, below what a peer takes.
      EXPECT_LT(status.error_details().size(), 5000u) << rule.id();
    }
  }
}

TEST(Status, FieldsInErrorAreNamedAndFitAHeader) {
  Answer answer{absl::InvalidArgumentError("fields"), "", {}, {}};
  for (int i = 0; i < 50; ++i) {
    answer.problems.push_back(
        {absl::StrCat("file_petition.family[", i, "].person.identifiers[0].valid_until"), "form.date"});
  }
  const grpc::Status status = ToGrpc(answer, Lang::kEnglish);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailsOf<google::rpc::ErrorInfo>(status)[0].reason(), "FORM");
  const auto requests = DetailsOf<google::rpc::BadRequest>(status);
  ASSERT_EQ(requests.size(), 1u);
  ASSERT_GT(requests[0].field_violations_size(), 10);
  EXPECT_EQ(requests[0].field_violations(0).field(), answer.problems[0].field);
  EXPECT_EQ(requests[0].field_violations(0).description(), "form.date");
  EXPECT_LT(status.error_details().size(), 5000u);
}

// ---------------------------------------------------------------- access

google::protobuf::RepeatedPtrField<v1::Identity> Identities() {
  google::protobuf::RepeatedPtrField<v1::Identity> identities;
  for (Role role :
       {v1::Identity::OFFICER, v1::Identity::AUDITOR, v1::Identity::COUNTERPART, v1::Identity::OPERATOR}) {
    v1::Identity& identity = *identities.Add();
    identity.set_uri(absl::StrCat("spiffe://kz.example/", v1::Identity::Role_Name(role)));
    identity.set_role(role);
  }
  return identities;
}

TEST(Access, TheTableNamesEveryMethodAndNoOther) {
  // Whatever service is compiled in, also one this test does not know.
  std::vector<std::string> files;
  ASSERT_TRUE(google::protobuf::DescriptorPool::internal_generated_database()->FindAllFileNames(&files));
  std::set<std::string> in_schema;
  for (const std::string& name : files) {
    const auto* file = google::protobuf::DescriptorPool::generated_pool()->FindFileByName(name);
    ASSERT_NE(file, nullptr) << name;
    for (int s = 0; s < file->service_count(); ++s) {
      const google::protobuf::ServiceDescriptor& service = *file->service(s);
      for (int m = 0; m < service.method_count(); ++m) {
        in_schema.insert(absl::StrCat("/", service.full_name(), "/", service.method(m)->name()));
      }
    }
  }
  EXPECT_GE(in_schema.size(), 14u);
  std::set<std::string> in_table;
  for (const MethodAccess& row : AccessTable()) {
    EXPECT_TRUE(in_table.insert(std::string(row.method)).second) << row.method << " stands twice";
    EXPECT_FALSE(row.roles.empty()) << row.method;
  }
  for (const std::string& method : in_schema)
    EXPECT_EQ(in_table.count(method), 1u) << method << " is missing";
  for (const std::string& method : in_table) {
    EXPECT_TRUE(in_schema.count(method) == 1 || method.rfind("/grpc.", 0) == 0)
        << method << " does not exist";
  }
}

TEST(Access, OnlyOfficersCommandAndOnlyTheCounterpartExchanges) {
  for (const MethodAccess& row : AccessTable()) {
    if (row.method.find("/Submit") != std::string_view::npos) {
      EXPECT_THAT(row.roles, ElementsAre(v1::Identity::OFFICER));
    }
    if (row.method.find("ExchangeService") != std::string_view::npos) {
      EXPECT_THAT(row.roles, ElementsAre(v1::Identity::COUNTERPART));
    }
  }
}

TEST(Access, AsksForExactlyOneKnownUriAndARoleThatMay) {
  const Access access(Identities());
  const std::string officer = "spiffe://kz.example/OFFICER";
  const std::string auditor = "spiffe://kz.example/AUDITOR";
  const std::string get = "/kelisim.v1.CaseService/GetCase";
  const struct {
    std::string method;
    std::vector<std::string> uris;
    absl::StatusCode expected;
  } kTable[] = {
      {get, {officer}, absl::StatusCode::kOk},
      {get, {auditor}, absl::StatusCode::kOk},
      {get, {}, absl::StatusCode::kUnauthenticated},
      {get, {officer, officer}, absl::StatusCode::kUnauthenticated},
      {get, {officer + "/"}, absl::StatusCode::kUnauthenticated},
      {get, {"spiffe://kz.example/officer"}, absl::StatusCode::kUnauthenticated},
      {get, {"spiffe://kz.example/COUNTERPART"}, absl::StatusCode::kPermissionDenied},
      {"/kelisim.v1.CaseService/SubmitCaseCommand", {auditor}, absl::StatusCode::kPermissionDenied},
      {"/kelisim.v1.CaseService/NoSuchMethod", {officer}, absl::StatusCode::kPermissionDenied},
      {"/kelisim.v1.CaseService/NoSuchMethod", {"spiffe://nobody"}, absl::StatusCode::kUnauthenticated},
      {"", {officer}, absl::StatusCode::kPermissionDenied},
      {"/grpc.health.v1.Health/Check", {auditor}, absl::StatusCode::kOk},
  };
  for (const auto& row : kTable) {
    const absl::StatusOr<Caller> caller = access.Check(row.method, row.uris);
    EXPECT_EQ(caller.status().code(), row.expected) << row.method;
    if (caller.ok()) {
      EXPECT_EQ(caller->uri, row.uris[0]);
    }
  }
}

// ---------------------------------------------------------------- messages

TEST(Message, BytesComeBackAsTheyWentUpToTheLimit) {
  const std::string bytes(1000, '\x7f');
  EXPECT_EQ(BytesOf(ToBuffer(bytes), 1000).value(), bytes);
  EXPECT_TRUE(absl::IsInvalidArgument(BytesOf(ToBuffer(bytes), 999).status()));
  EXPECT_EQ(BytesOf(ToBuffer(""), 0).value(), "");
  // In many slices, as the network delivers them.
  const grpc::Slice slices[] = {grpc::Slice("ab"), grpc::Slice("cd"), grpc::Slice("e")};
  EXPECT_EQ(BytesOf(grpc::ByteBuffer(slices, 3), 5).value(), "abcde");
}

// A field of a number no message of ours has, as a group that holds itself.
std::string Nested(int depth) {
  std::string bytes;
  for (int i = 0; i < depth; ++i) bytes += "\xa3\x1f";  // field 500, group begins
  for (int i = 0; i < depth; ++i) bytes += "\xa4\x1f";  // group ends
  return bytes;
}

TEST(Message, DepthIsLimited) {
  v1::SubmitCaseCommandRequest request;
  EXPECT_TRUE(Parse(Nested(kMessageDepth), &request).ok());
  EXPECT_TRUE(absl::IsInvalidArgument(Parse(Nested(kMessageDepth + 1), &request)));
}

// The head and nineteen others, each with all that the form allows.
v1::SubmitCaseCommandRequest LargestPetition() {
  v1::SubmitCaseCommandRequest request;
  request.set_request_id("00000000-0000-4000-8000-000000000001");
  request.set_happened_on("2026-01-15");
  v1::Petition& petition = *request.mutable_command()->mutable_file_petition();
  std::vector<int> family(19);
  std::iota(family.begin(), family.end(), 2);
  petition = testing::PetitionOf(v1::PARTY_RU, 1, family, "2026-01-15");
  petition.set_independent(true);
  int documents = 0;
  const auto fill = [&documents](v1::Person& person) {
    person.set_person_id("m1");
    person.mutable_name()->set_patronymic("Асқарұлы");
    while (person.other_spellings_size() < 5) *person.add_other_spellings() = person.name();
    while (person.citizenships_size() < 5)
      person.add_citizenships(std::string("AA") + static_cast<char>('A' + person.citizenships_size()));
    while (person.identifiers_size() < 10) {
      v1::Identifier& identifier = *person.add_identifiers();
      identifier.set_kind(v1::Identifier::OTHER_DOCUMENT);
      identifier.set_issuing_state("KAZ");
      identifier.set_number(absl::StrCat("N", ++documents));
      identifier.set_valid_until("2036-01-15");
    }
  };
  fill(*petition.mutable_head());
  for (v1::FamilyMember& member : *petition.mutable_family()) {
    member.set_resettles_together(true);
    member.set_common_household(true);
    member.set_incapable_dependant(true);
    fill(*member.mutable_person());
  }
  return request;
}

TEST(Message, FieldsAreCountedBeforeMemoryIsTakenForThem) {
  const v1::SubmitCaseCommandRequest largest = LargestPetition();
  const auto problems = treaty::CheckForm(largest.command(), absl::CivilDay(2026, 1, 15));
  EXPECT_TRUE(problems.empty()) << problems[0].field << " " << problems[0].problem;
  v1::SubmitCaseCommandRequest request;
  EXPECT_EQ(Parse(largest.SerializeAsString(), &request), absl::OkStatus());
  EXPECT_EQ(request.SerializeAsString(), largest.SerializeAsString());

  // Empty persons, of two bytes each, below the petition: two fields lead there.
  request.Clear();
  v1::Petition& petition = *request.mutable_command()->mutable_file_petition();
  while (petition.family_size() < kMessageFields - 2) petition.add_family();
  const std::string most = request.SerializeAsString();
  EXPECT_EQ(Parse(most, &request), absl::OkStatus());
  request.mutable_command()->mutable_file_petition()->add_family();
  const std::string more = request.SerializeAsString();
  request.Clear();
  EXPECT_THAT(Parse(more, &request).ToString(), HasSubstr("more than 2500 fields"));
  EXPECT_EQ(request.ByteSizeLong(), 0u);

  // Fields that no message of ours has count as well: the parser keeps each.
  std::string unknown;
  for (int i = 0; i <= kMessageFields; ++i) unknown += "\xa0\x1f\x01";  // field 500, a number
  EXPECT_THAT(Parse(unknown, &request).ToString(), HasSubstr("more than 2500 fields"));
}

TEST(Message, AMessageInsideIsNoLongerThanWhatIsLeft) {
  v1::SubmitCaseCommandRequest request;
  // Field 5 is the command.
  for (const std::string& bytes : {std::string("\x2a\x02\x0a"), std::string("\x2a\xff\xff\xff\xff\x0f"),
                                   std::string("\x2a"), std::string("\x2a\x03\x0a\x05\x0a")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Parse(bytes, &request))) << ToHex(bytes);
  }
}

TEST(Message, WhatIsNoMessageIsRefused) {
  v1::SubmitCaseCommandRequest request;
  request.set_request_id("id");
  const std::string whole = request.SerializeAsString();
  EXPECT_TRUE(Parse(whole, &request).ok());
  for (const std::string& bytes :
       {whole.substr(0, whole.size() - 1), whole + "\x0c", std::string("\xff\xff")}) {
    EXPECT_TRUE(absl::IsInvalidArgument(Parse(bytes, &request)));
  }
  // Text that is not UTF-8.
  EXPECT_TRUE(absl::IsInvalidArgument(Parse("\x0a\x01\xff", &request)));
}

TEST(Message, UnknownFieldsAreNamedWhereTheyStand) {
  v1::SubmitCaseCommandRequest request;
  EXPECT_TRUE(UnknownFields(request).empty());
  v1::Petition& petition = *request.mutable_command()->mutable_file_petition();
  petition.add_family();
  petition.mutable_head()->mutable_name()->set_surname("A");
  EXPECT_TRUE(UnknownFields(request).empty());
  google::protobuf::Message* const kPlaces[] = {&request, &petition, petition.add_family()->mutable_person()};
  const char* const kPaths[] = {"999", "command.file_petition.999",
                                "command.file_petition.family[1].person.999"};
  for (size_t i = 0; i < std::size(kPlaces); ++i) {
    auto* unknown = kPlaces[i]->GetReflection()->MutableUnknownFields(kPlaces[i]);
    unknown->AddVarint(999, 1);
    const auto problems = UnknownFields(request);
    ASSERT_EQ(problems.size(), 1u);
    EXPECT_EQ(problems[0].field, kPaths[i]);
    EXPECT_EQ(problems[0].problem, "form.unknown_field");
    unknown->Clear();
  }
}

// ---------------------------------------------------------------- watching

class WatchOnly final : public v1::CaseService::WithCallbackMethod_WatchActs<v1::CaseService::Service> {
 public:
  explicit WatchOnly(WatchHub& hub) : hub_(hub) {}
  grpc::ServerWriteReactor<v1::WatchActsResponse>* WatchActs(grpc::CallbackServerContext*,
                                                             const v1::WatchActsRequest* request) override {
    absl::StatusOr<Shares::Share> share = streams_.watches.Take("officer");
    if (!share.ok()) return RefuseStream(ToGrpc(share.status()));
    return hub_.Open(request->cursor(), request->name(), *std::move(share));
  }

 private:
  WatchHub& hub_;
  Streams streams_;
};

TEST(Watch, HeartbeatsRepeatTheCursorAndStreamsAreBounded) {
  const authority::Identity identity = testing::TestIdentity(v1::PARTY_KZ);
  ledger::MemoryStore store;
  ledger::Overlay rows(store);
  ledger::Log mirror(ledger::Side::kMirror);
  for (const char* entry : {"one", "two", "three"}) mirror.Append(rows, entry, "");
  rows.Put(std::string(authority::kProcessedRow), U64(3));
  ASSERT_TRUE(store.Commit(rows.Take()).ok());
  testing::SeededRandom random(1);
  ledger::Vault vault(testing::TestMasterKey(v1::PARTY_KZ), random);
  const authority::Reader reader(identity, store, vault);
  WatchHub hub(reader, absl::Milliseconds(4));
  WatchOnly service(hub);
  grpc::ServerBuilder builder;
  builder.RegisterService(&service);
  const std::unique_ptr<grpc::Server> server = builder.BuildAndStart();
  const auto stub = v1::CaseService::NewStub(server->InProcessChannel({}));

  v1::WatchActsResponse seen;
  // Of ledgers that were longer than these, and of ones that have other entries.
  for (const uint64_t index : {uint64_t{4}, uint64_t{3}}) {
    v1::WatchActsRequest of_others;
    of_others.mutable_cursor()->set_mirror_index(index);
    of_others.mutable_cursor()->set_history("9d04c1e2b7a35f68");
    grpc::ClientContext late;
    const auto lost = stub->WatchActs(&late, of_others);
    EXPECT_FALSE(lost->Read(&seen));
    EXPECT_EQ(lost->Finish().error_code(), grpc::StatusCode::INVALID_ARGUMENT) << index;
  }

  v1::WatchActsRequest request;
  std::vector<std::unique_ptr<grpc::ClientContext>> contexts;
  std::vector<std::unique_ptr<grpc::ClientReader<v1::WatchActsResponse>>> streams;
  for (int i = 0; i < Streams().watches.most_for_one(); ++i) {
    contexts.push_back(std::make_unique<grpc::ClientContext>());
    streams.push_back(stub->WatchActs(contexts.back().get(), request));
    ASSERT_TRUE(streams.back()->Read(&seen));
    EXPECT_EQ(seen.cursor().mirror_index(), 3u);
    EXPECT_FALSE(seen.has_item());
    *request.mutable_cursor() = seen.cursor();
  }
  grpc::ClientContext beyond;
  const auto refused = stub->WatchActs(&beyond, request);
  EXPECT_FALSE(refused->Read(&seen));
  EXPECT_EQ(refused->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
  contexts[0]->TryCancel();
  while (streams[0]->Read(&seen)) {
  }
  EXPECT_EQ(streams[0]->Finish().error_code(), grpc::StatusCode::CANCELLED);
  hub.Stop();
  for (size_t i = 1; i < streams.size(); ++i) {
    while (streams[i]->Read(&seen)) {
    }
    const grpc::Status stopped = streams[i]->Finish();
    EXPECT_EQ(stopped.error_code(), grpc::StatusCode::UNAVAILABLE);
    EXPECT_EQ(DetailsOf<google::rpc::ErrorInfo>(stopped).at(0).metadata().at("told"), "told.stopping");
  }
  server->Shutdown();
}

// ---------------------------------------------------------------- shares

TEST(Shares, NobodyTakesThePlacesOfAll) {
  Shares shares(3, 2);
  std::vector<Shares::Share> taken;
  const auto take = [&](const std::string& caller) {
    absl::StatusOr<Shares::Share> share = shares.Take(caller);
    if (share.ok()) taken.push_back(*std::move(share));
    return share.status();
  };
  EXPECT_TRUE(take("one").ok());
  EXPECT_TRUE(take("one").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(take("one")));
  EXPECT_TRUE(take("other").ok());
  EXPECT_TRUE(absl::IsResourceExhausted(take("third")));
  // Each place is given back once, to who had it.
  taken.pop_back();
  EXPECT_TRUE(absl::IsResourceExhausted(take("one")));
  EXPECT_TRUE(take("third").ok());
  taken.clear();
  for (const char* caller : {"one", "one", "third"}) EXPECT_TRUE(take(caller).ok()) << caller;
}

// ---------------------------------------------------------------- log

TEST(Log, IsOneLineOfJsonWhateverTheText) {
  const std::string line = LogLine(LogLevel::kWarning, "refused",
                                   {{"why", "a \"quote\"\nand\xff"}, {"count", 3}}, "2026-01-01T00:00:00Z");
  EXPECT_EQ(line.find('\n'), std::string::npos);
  const nlohmann::json parsed = nlohmann::json::parse(line);
  EXPECT_EQ(parsed["level"], "warning");
  EXPECT_EQ(parsed["event"], "refused");
  EXPECT_EQ(parsed["count"], 3);
  EXPECT_THAT(parsed["why"].get<std::string>(), HasSubstr("\"quote\"\nand"));
}

// What callers cause: some lines each second, and the number of the others when it is over.
TEST(Log, ALimitCountsWhatItLeavesOut) {
  LogLimit limit;
  const absl::Time begin = absl::UnixEpoch();
  const auto take = [&](absl::Duration at, int times) {
    std::pair<int, int64_t> written;
    for (int i = 0; i < times; ++i) {
      const LogLimit::Taken taken = limit.Take(begin + at);
      written.first += taken.may_write ? 1 : 0;
      written.second += taken.left_out_before;
    }
    return written;
  };
  constexpr int kMost = LogLimit::kMostInASecond;
  EXPECT_EQ(take(absl::ZeroDuration(), kMost), std::pair(kMost, int64_t{0}));
  EXPECT_EQ(limit.TakeLeftOut(begin + absl::Hours(1)), 0);
  EXPECT_EQ(take(absl::Milliseconds(500), 7), std::pair(0, int64_t{0}));
  EXPECT_EQ(limit.TakeLeftOut(begin + absl::Milliseconds(999)), 0) << "there may be more";
  // Told once, by the next line or without one.
  EXPECT_EQ(take(absl::Seconds(1), 2), std::pair(2, int64_t{7}));
  EXPECT_EQ(take(absl::Milliseconds(1100), 100), std::pair(kMost - 2, int64_t{0}));
  EXPECT_EQ(limit.TakeLeftOut(begin + absl::Seconds(2)), 102 - kMost);
  EXPECT_EQ(limit.TakeLeftOut(begin + absl::Seconds(3)), 0);
  // A clock that was set back does not silence it.
  EXPECT_EQ(take(-absl::Hours(1), 1), std::pair(1, int64_t{0}));
}

// As with a reader of the log that hangs.
TEST(Log, NobodyWaitsForItsReaderAndWhatIsDroppedIsCounted) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int saved = dup(STDERR_FILENO);
  StartLog(LogLevel::kInfo);
  dup2(ends[1], STDERR_FILENO);
  constexpr size_t kLines = 4 * kMostWaitingLines;
  for (size_t i = 0; i < kLines; ++i) Log(LogLevel::kInfo, "line", {{"number", static_cast<int64_t>(i)}});
  EXPECT_FALSE(FlushLog(absl::Milliseconds(1)));

  std::string text;
  std::thread reader([&] {
    char some[4096];
    for (ssize_t n; (n = read(ends[0], some, sizeof(some))) > 0;) text.append(some, static_cast<size_t>(n));
  });
  EXPECT_TRUE(FlushLog(absl::Minutes(1)));
  dup2(saved, STDERR_FILENO);
  close(saved);
  close(ends[1]);
  reader.join();
  close(ends[0]);
  size_t written = 0;
  size_t dropped = 0;
  int64_t last = -1;
  for (const absl::string_view line : absl::StrSplit(text, '\n', absl::SkipEmpty())) {
    const nlohmann::json parsed = nlohmann::json::parse(line);
    if (parsed["event"] == "log_lines_dropped") {
      dropped += parsed["count"].get<size_t>();
    } else {
      ++written;
      last = parsed["number"].get<int64_t>();
    }
  }
  EXPECT_GT(dropped, 0u);
  EXPECT_EQ(written + dropped, kLines);
  EXPECT_EQ(last, static_cast<int64_t>(kLines) - 1) << "the oldest are dropped";
}

}  // namespace
}  // namespace kelisim::rpc
