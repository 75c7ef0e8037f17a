#include <algorithm>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <sstream>

#include "absl/strings/str_split.h"
#include "gmock/gmock.h"
#include "google/protobuf/text_format.h"
#include "google/protobuf/util/json_util.h"
#include "google/protobuf/util/message_differencer.h"
#include "grpcpp/server.h"
#include "grpcpp/server_builder.h"
#include "gtest/gtest.h"
#include "kelisim/v1/form.pb.h"
#include "nlohmann/json.hpp"
#include "shared/cli/flags.h"
#include "shared/cli/program.h"
#include "shared/treaty/matter.h"

// The program as a whole, against services that note what they are asked.

namespace kelisim::cli {
namespace {

using google::protobuf::Message;
using google::protobuf::TextFormat;
using google::protobuf::util::MessageDifferencer;
using testing::AllOf;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Not;
using testing::StartsWith;

template <typename T>
T Proto(const std::string& text) {
  T message;
  EXPECT_TRUE(TextFormat::ParseFromString(text, &message)) << text;
  return message;
}

// What the services were asked, and what they answer.
struct Notes {
  grpc::Status answer;
  int calls = 0;
  std::string lang;
  bool had_deadline = false;
  v1::SubmitCaseCommandRequest case_command;
  v1::SubmitQuotaCommandRequest quota_command;
  v1::SubmitTreatyCommandRequest treaty_command;
  v1::SubmitMatterStepRequest matter_step;
  v1::GetMatterRequest matter;
  v1::ListMattersRequest matters;
  v1::ListCasesRequest list;
  // What the next calls for a list give, as far as there are any.
  std::deque<v1::ListCasesResponse> lists;
  v1::GetQuotaRequest quota;
  v1::GetTermRequest term;
  v1::GetCheckpointRequest checkpoint;
  v1::Case file;
  // If there are any, these instead, by token: "" is the first, "1" the next.
  std::vector<v1::Case> pages;
  // One stream after the other: its messages, then its status.
  std::vector<v1::WatchActsRequest> watched;
  std::vector<std::pair<std::vector<v1::WatchActsResponse>, grpc::Status>> streams;
  std::vector<v1::AuditProgress> audit;

  template <typename Request>
  grpc::Status Take(const grpc::ServerContext& context, const Request& request, Request& kept) {
    kept = request;
    return Take(context);
  }
  grpc::Status Take(const grpc::ServerContext& context) {
    ++calls;
    had_deadline = context.deadline() < std::chrono::system_clock::now() + std::chrono::hours(2);
    const auto found = context.client_metadata().find("accept-language");
    if (found != context.client_metadata().end()) lang.assign(found->second.data(), found->second.size());
    return answer;
  }
};

class Cases : public v1::CaseService::Service {
 public:
  explicit Cases(Notes& notes) : notes_(notes) {}
  grpc::Status SubmitCaseCommand(grpc::ServerContext* context, const v1::SubmitCaseCommandRequest* request,
                                 v1::SubmitCaseCommandResponse* response) override {
    response->set_name("cases/new");
    response->set_status(v1::SUBMITTED);
    response->set_holder(v1::PARTY_KZ);
    if (!request->validate_only()) response->add_entries()->set_index(12);
    return notes_.Take(*context, *request, notes_.case_command);
  }
  grpc::Status GetCase(grpc::ServerContext* context, const v1::GetCaseRequest* request,
                       v1::Case* response) override {
    *response = notes_.file;
    if (!notes_.pages.empty()) *response = notes_.pages.at(std::stoul("0" + request->page_token()));
    response->set_name(request->name());
    return notes_.Take(*context);
  }
  grpc::Status ListCases(grpc::ServerContext* context, const v1::ListCasesRequest* request,
                         v1::ListCasesResponse* response) override {
    if (!notes_.lists.empty()) {
      *response = notes_.lists.front();
      notes_.lists.pop_front();
    }
    return notes_.Take(*context, *request, notes_.list);
  }
  grpc::Status WatchActs(grpc::ServerContext* context, const v1::WatchActsRequest* request,
                         grpc::ServerWriter<v1::WatchActsResponse>* writer) override {
    (void)notes_.Take(*context);
    notes_.watched.push_back(*request);
    const auto& [messages, status] = notes_.streams.at(notes_.watched.size() - 1);
    for (const v1::WatchActsResponse& message : messages) writer->Write(message);
    return status;
  }

 private:
  Notes& notes_;
};

class Quotas : public v1::QuotaService::Service {
 public:
  explicit Quotas(Notes& notes) : notes_(notes) {}
  grpc::Status SubmitQuotaCommand(grpc::ServerContext* context, const v1::SubmitQuotaCommandRequest* request,
                                  v1::SubmitQuotaCommandResponse*) override {
    return notes_.Take(*context, *request, notes_.quota_command);
  }
  grpc::Status GetQuota(grpc::ServerContext* context, const v1::GetQuotaRequest* request,
                        v1::QuotaState*) override {
    return notes_.Take(*context, *request, notes_.quota);
  }

 private:
  Notes& notes_;
};

class Matters : public v1::MatterService::Service {
 public:
  explicit Matters(Notes& notes) : notes_(notes) {}
  grpc::Status SubmitMatterStep(grpc::ServerContext* context, const v1::SubmitMatterStepRequest* request,
                                v1::SubmitMatterStepResponse*) override {
    return notes_.Take(*context, *request, notes_.matter_step);
  }
  grpc::Status GetMatter(grpc::ServerContext* context, const v1::GetMatterRequest* request,
                         v1::MatterFile* response) override {
    *response = Proto<v1::MatterFile>(
        "name: 'courtDecisions/x' state { status: DECISION_OUT_OF_SCOPE opened_by: PARTY_KZ holder: PARTY_RU "
        "court_decision { decision { court: 'Court 1' subject: CIVIL_STATUS property_of_resettler: true "
        "papers { "
        "paper: TRANSLATION sha256: 'h' } } missing_papers: PROOF_OF_SERVICE } } timeline { entry { ledger: "
        "PARTY_RU index: 7 } matter_step { court_decision { find_out_of_scope { reason: NOT_CIVIL } } } "
        "happened_on: '2026-11-20' evidence: DELIVERED } timeline { entry { ledger: PARTY_KZ index: 8 } "
        "matter_step { court_decision {} answer_due: '2026-11-21' answer_overdue: true } } "
        "allowed_actions { action: 'recognise' by: PARTY_RU rule: '8.2' }");
    return notes_.Take(*context, *request, notes_.matter);
  }
  grpc::Status ListMatters(grpc::ServerContext* context, const v1::ListMattersRequest* request,
                           v1::ListMattersResponse* response) override {
    *response = Proto<v1::ListMattersResponse>(
        "matters { name: 'disputes/y' status: DISPUTE_RECEIVED opened_by: PARTY_KZ holder: PARTY_RU "
        "answer_due: "
        "'2026-12-01' }");
    return notes_.Take(*context, *request, notes_.matters);
  }

 private:
  Notes& notes_;
};

class Treaty : public v1::TreatyService::Service {
 public:
  explicit Treaty(Notes& notes) : notes_(notes) {}
  grpc::Status SubmitTreatyCommand(grpc::ServerContext* context,
                                   const v1::SubmitTreatyCommandRequest* request,
                                   v1::SubmitTreatyCommandResponse*) override {
    return notes_.Take(*context, *request, notes_.treaty_command);
  }
  grpc::Status GetTerm(grpc::ServerContext* context, const v1::GetTermRequest* request, v1::Term*) override {
    return notes_.Take(*context, *request, notes_.term);
  }
  grpc::Status ListRules(grpc::ServerContext* context, const v1::ListRulesRequest*,
                         v1::RuleCatalogue* response) override {
    *response = Proto<v1::RuleCatalogue>("rules { id: '3.g' text { ru: 'Текст' } remedy { ru: 'Совет' } }");
    return notes_.Take(*context);
  }

 private:
  Notes& notes_;
};

class Ledger : public v1::LedgerService::Service {
 public:
  explicit Ledger(Notes& notes) : notes_(notes) {}
  grpc::Status GetNodeState(grpc::ServerContext* context, const v1::GetNodeStateRequest*,
                            v1::NodeState* response) override {
    response->set_party(v1::PARTY_RU);
    return notes_.Take(*context);
  }
  grpc::Status GetCheckpoint(grpc::ServerContext* context, const v1::GetCheckpointRequest* request,
                             v1::GetCheckpointResponse* response) override {
    response->set_note("origin\n12\nroot\n\n\u2014 sig\n");
    return notes_.Take(*context, *request, notes_.checkpoint);
  }
  grpc::Status GetEvidence(grpc::ServerContext* context, const v1::GetEvidenceRequest*,
                           v1::Equivocation*) override {
    return notes_.Take(*context);
  }
  grpc::Status AuditLedgers(grpc::ServerContext* context, const v1::AuditLedgersRequest*,
                            grpc::ServerWriter<v1::AuditProgress>* writer) override {
    for (const v1::AuditProgress& progress : notes_.audit) writer->Write(progress);
    return notes_.Take(*context);
  }

 private:
  Notes& notes_;
};

class CliTest : public testing::Test {
 protected:
  CliTest() {
    grpc::ServerBuilder builder;
    for (grpc::Service* service :
         std::initializer_list<grpc::Service*>{&cases_, &quotas_, &matters_, &treaty_, &ledger_}) {
      builder.RegisterService(service);
    }
    server_ = builder.BuildAndStart();
  }
  ~CliTest() override { server_->Shutdown(); }

  int RunCli(const std::vector<std::string>& arguments) {
    out_.str("");
    err_.str("");
    return RunCli(arguments, out_);
  }
  int RunCli(const std::vector<std::string>& arguments, std::ostream& out) {
    const World world{environment_,
                      {},
                      [this](const v1::CliProfile&) { return server_->InProcessChannel({}); },
                      [this](absl::Duration time) { pauses_.push_back(time); },
                      out,
                      err_};
    return cli::Run(arguments, world);
  }

  std::string FileWith(const std::string& name, const std::string& text) {
    const std::string path = testing::TempDir() + "/" + name;
    std::ofstream(path) << text;
    return path;
  }

  Notes notes_;
  Environment environment_;
  std::ostringstream out_;
  std::ostringstream err_;
  std::vector<absl::Duration> pauses_;

 private:
  Cases cases_{notes_};
  Quotas quotas_{notes_};
  Matters matters_{notes_};
  Treaty treaty_{notes_};
  Ledger ledger_{notes_};
  std::unique_ptr<grpc::Server> server_;
};

// What is found at the end of a ledger is told with its size, and before the ledger is told to be done.
TEST_F(CliTest, AnAuditCountsEachLedgerOnce) {
  for (const char* progress :
       {"stage: ENTRIES done: 7 total: 7 finding { place: 'kz/7' problem_keys: 'audit.cosigned_root' }",
        "stage: ENTRIES done: 7 total: 7", "stage: ENTRIES done: 5 total: 5",
        "stage: ENTRIES done: 7 total: 7 finding { problem_keys: 'audit.halted' }", "stage: DONE"}) {
    notes_.audit.push_back(Proto<v1::AuditProgress>(progress));
  }
  EXPECT_EQ(RunCli({"audit", "--json"}), kOther) << err_.str();
  EXPECT_THAT(out_.str(), HasSubstr("\"entries\": 12,"));
}

// ---- flags

struct CommandRow {
  std::vector<std::string> arguments;
  // CaseCommand, as text.
  std::string command;
};

const std::vector<CommandRow>& CommandRows() {
  static const auto* const rows = new std::vector<CommandRow>{
      {{"petition", "return", "x", "--missing", "photographs", "MINOR_CONSENT", "--field", "head.birth_date"},
       "return_petition { missing: PAPER_PHOTOGRAPHS missing: PAPER_MINOR_CONSENT fields: 'head.birth_date' "
       "}"},
      {{"case", "confirm-scope", "x", "--all-confirmed"},
       "confirm_scope { free_will_confirmed: true citizenship_confirmed_person_ids: 'head' }"},
      {{"case", "confirm-scope", "x", "--free-will-confirmed", "--citizenship-confirmed", "head", "m1",
        "--conscript", "m2"},
       "confirm_scope { free_will_confirmed: true citizenship_confirmed_person_ids: ['head', 'm1'] "
       "conscript_person_ids: 'm2' }"},
      {{"case", "refuse-scope", "x", "--rule", "1.3", "--compulsion-found"},
       "refuse_scope { rule: '1.3' finding { compulsion_found: true } }"},
      {{"case", "offer", "x"}, "offer {}"},
      {{"case", "offer", "x", "--number", "1"}, "offer { number: 1 }"},
      {{"case", "accept", "x"}, "accept {}"},
      {{"case", "accept", "x", "--number", "4"}, "accept { number: 4 }"},
      {{"case", "decline", "x", "--rule", "2.1", "--person", "head"},
       "decline { rule: '2.1' person_id: 'head' }"},
      {{"case", "defer", "x", "--rule", "3.g", "--person", "m1", "--basis", "12", "--review-on",
        "2027-02-01"},
       "defer { rule: '3.g' person_id: 'm1' basis: '12' review_on: '2027-02-01' }"},
      {{"case", "end-deferral", "x", "--rule", "3.g", "--fulfilled-in-full", "--notice", "00ff"},
       "end_deferral { rule: '3.g' fulfilled_in_full: true resolves_notice: '\\000\\377' }"},
      {{"case", "exclude", "x", "--rule", "3.b", "--person", "head", "--convicted", "--held"},
       "exclude { rule: '3.b' person_id: 'head' convicted: true held: true }"},
      {{"case", "reserve-place", "x"}, "reserve_place {}"},
      {{"case", "opt-out", "x"}, "opt_out {}"},
      {{"case", "issue-status", "x", "--number", "7", "--citizenship-confirmed", "--no-obstacle-known"},
       "issue_status { number: '7' citizenship_confirmed: true no_obstacle_known: "
       "true }"},
      {{"case", "reissue-document", "x", "--reason", "lost"}, "reissue_document { reason: 'lost' }"},
      {{"case", "record-exit", "x", "--crossed-on", "2027-04-12", "--crossing-point", "RU-1"},
       "record_exit { crossed_on: '2027-04-12' crossing_point: 'RU-1' }"},
      {{"case", "register-residence", "x", "--registered-on", "2027-04-20", "--region", "KZ-71"},
       "register_residence { registered_on: '2027-04-20' region: 'KZ-71' }"},
      {{"case", "suspend", "x", "--rule", "3.v", "--person", "head"},
       "suspend { rule: '3.v' person_id: 'head' }"},
      {{"case", "suspend", "x", "--rule", "3.b", "--person", "head", "--convicted"},
       "suspend { rule: '3.b' person_id: 'head' convicted: true }"},
      {{"case", "resume", "x", "--rule", "3.v", "--person", "head"},
       "resume { rule: '3.v' person_id: 'head' }"},
      {{"case", "withdraw", "x", "--stated-on", "2026-12-03"}, "withdraw { stated_on: '2026-12-03' }"},
      {{"case", "annul", "x", "--rule", "1.3", "--person", "head"},
       "annul { rule: '1.3' person_id: 'head' }"},
      {{"case", "lapse", "x"}, "lapse {}"},
      {{"case", "close-by-termination", "x"}, "close_by_termination {}"},
      {{"case", "remove-member", "x", "--person", "m2", "--reason", "not-covered", "--basis", "15"},
       "remove_member { person_id: 'm2' reason: NOT_COVERED basis: '15' }"},
      {{"case", "remove-member", "x", "--person", "m1", "--reason", "own-will", "--stated-on", "2026-12-03"},
       "remove_member { person_id: 'm1' reason: OWN_WILL stated_on: '2026-12-03' }"},
      {{"case", "notice", "x", "--kind", "obstacle-ended", "--rule", "3.v", "--person", "m1"},
       "give_notice { kind: OBSTACLE_ENDED rule: '3.v' person_id: 'm1' }"},
      {{"case", "notice", "x", "--kind", "obstacle", "--rule", "3.b", "--person", "m1", "--convicted",
        "--held"},
       "give_notice { kind: OBSTACLE rule: '3.b' person_id: 'm1' convicted: true held: true }"},
      {{"case", "notice", "x", "--kind", "annulment-taken-back", "--rule", "2.1", "--order", "61"},
       "give_notice { kind: ANNULMENT_TAKEN_BACK rule: '2.1' order: 'a' }"},
      {{"case", "dismiss-notice", "x", "--notice", "61", "--basis", "9"},
       "dismiss_notice { resolves_notice: 'a' basis: '9' }"},
      // Everybody still in the case, and nobody else; a residence nobody has stated is not confirmed.
      {{"case", "clear", "x", "--all-clear"},
       "clear { persons { person_id: 'head' permanent_residence_confirmed: true not_refugee: true "
       "not_imprisoned_convict: true no_security_bar: true no_postponement: true not_temporary_stay: true "
       "not_migrant_worker: true not_conscript: true } "
       "persons { person_id: 'm2' not_refugee: true "
       "not_imprisoned_convict: true no_security_bar: true no_postponement: true not_temporary_stay: true "
       "not_migrant_worker: true not_conscript: true } }"},
  };
  return *rows;
}

constexpr char kState[] =
    "state { entry_state: PARTY_RU departure_state: PARTY_KZ hand_offs_done: 2 offered_hand_off: 4 "
    "petition { head { person_id: 'head' citizenships: 'RUS' permanent_residence: 'KAZ' } "
    "family { person { person_id: 'm1' } } family { person { person_id: 'm2' permanent_residence: 'UZB' } } "
    "family { person { person_id: 'm3' } } } "
    "family { person_id: 'm1' standing: EXCLUDED } family { person_id: 'm2' standing: INCLUDED } "
    "family { person_id: 'm3' standing: LEFT } }";

TEST_F(CliTest, FlagsBecomeCommands) {
  notes_.file = Proto<v1::Case>(kState);
  for (const CommandRow& row : CommandRows()) {
    EXPECT_EQ(RunCli(row.arguments), 0) << err_.str();
    EXPECT_EQ(notes_.case_command.name(), "cases/x");
    EXPECT_TRUE(
        MessageDifferencer::Equals(notes_.case_command.command(), Proto<v1::CaseCommand>(row.command)))
        << notes_.case_command.command().DebugString() << row.command;
  }
}

// Where the outcome of a hand-off is unknown, the same is sent again, although it may have moved the case.
TEST_F(CliTest, AHandOffIsSentWithoutALookAtTheCase) {
  for (const char* step : {"offer", "accept", "decline"}) {
    std::set<std::string> sent;
    for (const char* state : {"state { offered_hand_off: 1 }", "state { hand_offs_done: 1 }"}) {
      notes_.file = Proto<v1::Case>(state);
      notes_.calls = 0;
      std::vector<std::string> arguments = {"case", step, "x", "--request-id", "u"};
      if (step == std::string("decline")) arguments.insert(arguments.end(), {"--rule", "13.2"});
      EXPECT_EQ(RunCli(arguments), 0) << err_.str();
      EXPECT_EQ(notes_.calls, 1) << step;
      sent.insert(notes_.case_command.SerializeAsString());
    }
    EXPECT_EQ(sent.size(), 1u) << step;
  }
}

TEST_F(CliTest, AllConfirmedConfirmsNoCitizenshipThatThePetitionDoesNotState) {
  notes_.file = Proto<v1::Case>("state { entry_state: PARTY_KZ petition { head { citizenships: 'UZB' } } }");
  EXPECT_EQ(RunCli({"case", "confirm-scope", "x", "--all-confirmed"}), 0) << err_.str();
  EXPECT_TRUE(notes_.case_command.command().confirm_scope().free_will_confirmed());
  EXPECT_TRUE(notes_.case_command.command().confirm_scope().citizenship_confirmed_person_ids().empty());
}

TEST_F(CliTest, JsonBecomesTheSameCommands) {
  notes_.file = Proto<v1::Case>(kState);
  for (const CommandRow& row : CommandRows()) {
    const auto command = Proto<v1::CaseCommand>(row.command);
    const auto* field = command.GetReflection()->GetOneofFieldDescriptor(
        command, v1::CaseCommand::descriptor()->FindOneofByName("command"));
    const std::string file =
        FileWith("command.json", ToJson(command.GetReflection()->GetMessage(command, field)));
    EXPECT_EQ(RunCli({row.arguments[0], row.arguments[1], "cases/x", "--from-json", file}), 0) << err_.str();
    EXPECT_EQ(notes_.case_command.name(), "cases/x");
    EXPECT_TRUE(MessageDifferencer::Equals(notes_.case_command.command(), command)) << row.command;
  }
}

TEST_F(CliTest, EveryCommandOfACaseCanBeGiven) {
  std::set<int> given = {v1::CaseCommand::kFilePetition, v1::CaseCommand::kCompletePetition};  // below
  for (const CommandRow& row : CommandRows())
    given.insert(Proto<v1::CaseCommand>(row.command).command_case());
  EXPECT_EQ(given.size(), static_cast<size_t>(v1::CaseCommand::descriptor()->field_count()));
}

// Every step of every matter, by a file; by flags those that have any.
TEST_F(CliTest, EveryStepOfEveryMatterCanBeGiven) {
  for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
    const std::string group = kind.kind->name().substr(kind.kind->name().rfind('_') + 1);
    const auto* steps = kind.kind->message_type();
    for (int i = 0; i < steps->field_count(); ++i) {
      std::string name = steps->field(i)->name();
      const bool begins = name == kind.begins;
      std::replace(name.begin(), name.end(), '_', '-');
      std::vector<std::string> arguments = {group, name};
      if (!begins) arguments.push_back("x");
      if (!steps->field(i)->options().GetExtension(v1::filled)) {
        arguments.insert(arguments.end(), {"--from-json", FileWith("empty.json", "{}")});
      }
      EXPECT_EQ(RunCli(arguments), 0) << group << " " << name << err_.str();
      EXPECT_EQ(notes_.matter_step.name(), begins ? "" : absl::StrCat(std::string(kind.collection), "/x"));
      const auto& step = notes_.matter_step.command();
      EXPECT_EQ(step.matter_case(), kind.kind->number());
      const auto& inner = step.GetReflection()->GetMessage(step, kind.kind);
      EXPECT_TRUE(inner.GetReflection()->HasField(inner, steps->field(i))) << name;
      EXPECT_FALSE(notes_.matter_step.request_id().empty());
    }
  }
  const auto given = [&] { return notes_.matter_step.command().ShortDebugString(); };
  EXPECT_EQ(RunCli({"decision", "receive", "courtDecisions/x", "--basis", "letter 21"}), 0);
  EXPECT_EQ(given(), "court_decision { receive { basis: \"letter 21\" } }");
  EXPECT_EQ(RunCli({"decision", "return-for-papers", "x", "--papers", "translation"}), 0);
  EXPECT_EQ(given(), "court_decision { return_for_papers { papers: TRANSLATION } }");
  EXPECT_EQ(RunCli({"property", "record-transfer", "x", "--amount", "1.50", "--currency", "KZT", "--charge",
                    "tax"}),
            0);
  EXPECT_EQ(given(), "property { record_transfer { amount: \"1.50\" currency: \"KZT\" charge: TAX } }");
  EXPECT_EQ(RunCli({"decision", "recognise"}), 2);
  EXPECT_EQ(RunCli({"decision", "recognise", "x", "--ground", "public-order"}), 2);
}

TEST_F(CliTest, AMatterIsShownInThreeLanguages) {
  for (const auto& [lang, words] :
       {std::pair("en", std::array{"Finding: outside the scope of Article 8: not a civil dispute on property",
                                   "Decision › Papers 1 › Paper", "Missing papers 1"}),
        std::pair("ru",
                  std::array{"Установлено, что статья 8 не применяется: не гражданский спор об имуществе",
                             "Решение › Документы 1 › Документ", "Недостающие документы 1"}),
        std::pair("kk", std::array{"8-баптың қолданылмайтынын анықтау: мүлік туралы азаматтық дау емес",
                                   "Шешім › Құжаттар 1 › Құжат", "Жетіспейтін құжаттар 1"})}) {
    EXPECT_EQ(RunCli({"decision", "show", "x", "--lang", lang}), 0) << err_.str();
    EXPECT_EQ(notes_.matter.name(), "courtDecisions/x");
    for (const char* expected : {"DECISION_OUT_OF_SCOPE", "ru/7", words[0], words[1], words[2], "recognise",
                                 "Court 1", "2026-11-21"}) {
      EXPECT_NE(out_.str().find(expected), std::string::npos) << expected << "\n" << out_.str();
    }
    EXPECT_EQ(RunCli({"dispute", "list", "--my-turn", "--lang", lang}), 0) << err_.str();
    EXPECT_EQ(notes_.matters.collection(), "disputes");
    EXPECT_TRUE(notes_.matters.my_turn());
    EXPECT_NE(out_.str().find("disputes/y"), std::string::npos);
    EXPECT_EQ(out_.str().find("ui."), std::string::npos);
  }
}

TEST_F(CliTest, PetitionsComeFromFiles) {
  const std::string file =
      FileWith("petition.json", R"({"entry_state": "PARTY_RU", "head": {"birth_date": "1984-03-17"}})");
  const std::string expected = "{ entry_state: PARTY_RU head { birth_date: '1984-03-17' } }";
  EXPECT_EQ(RunCli({"petition", "file", file, "--happened-on", "2026-11-20"}), 0) << err_.str();
  EXPECT_EQ(notes_.case_command.name(), "");
  EXPECT_EQ(notes_.case_command.happened_on(), "2026-11-20");
  EXPECT_TRUE(MessageDifferencer::Equals(notes_.case_command.command(),
                                         Proto<v1::CaseCommand>("file_petition " + expected)));
  EXPECT_EQ(RunCli({"petition", "complete", "x", file}), 0) << err_.str();
  EXPECT_EQ(notes_.case_command.name(), "cases/x");
  EXPECT_TRUE(MessageDifferencer::Equals(notes_.case_command.command(),
                                         Proto<v1::CaseCommand>("complete_petition " + expected)));
}

TEST_F(CliTest, OtherServices) {
  EXPECT_EQ(RunCli({"quota", "set", "--year", "2027", "--limit", "0", "--legal-act", "91"}), 0);
  EXPECT_EQ(notes_.quota_command.command().ShortDebugString(),
            "set_quota { year: 2027 limit: 0 legal_act: \"91\" }");
  EXPECT_EQ(RunCli({"quota", "adjust", "--year", "2027", "--limit", "5"}), 0);
  EXPECT_EQ(notes_.quota_command.command().ShortDebugString(), "adjust_quota { year: 2027 limit: 5 }");
  EXPECT_EQ(RunCli({"quota", "close", "--year", "2026"}), 0);
  EXPECT_EQ(notes_.quota_command.command().ShortDebugString(), "close_year { year: 2026 }");
  EXPECT_EQ(RunCli({"quota", "report", "--year", "2026"}), 0);
  EXPECT_EQ(notes_.quota_command.command().ShortDebugString(), "report_year { year: 2026 }");
  EXPECT_EQ(RunCli({"quota", "show", "--party", "KZ", "--year", "2026"}), 0);
  EXPECT_EQ(notes_.quota.name(), "quotas/kz/2026");
  EXPECT_EQ(RunCli({"term", "show", "--on", "2029-10-17"}), 0);
  EXPECT_EQ(notes_.term.on(), "2029-10-17");
  EXPECT_EQ(RunCli({"term", "record-notice", "--from", "ru", "--sent-on", "2029-09-28", "--received-on",
                    "2029-09-30", "--written"}),
            0);
  EXPECT_EQ(notes_.treaty_command.command().ShortDebugString(),
            "record_termination_notice { from: PARTY_RU received_on: \"2029-09-30\" written: true sent_on: "
            "\"2029-09-28\" }");
  EXPECT_EQ(RunCli({"term", "record-revocation", "--from", "ru", "--note-number", "5"}), 0);
  EXPECT_EQ(notes_.treaty_command.command().ShortDebugString(),
            "record_revocation { from: PARTY_RU note_number: \"5\" }");
  EXPECT_EQ(RunCli({"case", "list", "--status", "submitted", "CLEARED", "--my-turn", "--page-size", "7"}), 0);
  EXPECT_EQ(notes_.list.ShortDebugString(),
            "page_size: 7 statuses: SUBMITTED statuses: CLEARED my_turn: true");
}

TEST_F(CliTest, ShowsWhatItReads) {
  EXPECT_EQ(RunCli({"rules", "show", "3.g", "--lang", "ru"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Совет"));
  EXPECT_EQ(RunCli({"rules", "list", "--lang", "ru"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("3.g Текст\n"));
  EXPECT_EQ(RunCli({"rules", "show", "9.z"}), kNotFound);
  EXPECT_EQ(RunCli({"node", "status"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Russia"));
  EXPECT_EQ(RunCli({"node", "checkpoint"}), 0);
  EXPECT_EQ(notes_.checkpoint.ledger(), v1::PARTY_RU) << "the node's own by default";
  EXPECT_EQ(out_.str(), "origin\n12\nroot\n\n\u2014 sig\n");
  EXPECT_EQ(RunCli({"node", "checkpoint", "--ledger", "kz"}), 0);
  EXPECT_EQ(notes_.checkpoint.ledger(), v1::PARTY_KZ);
  EXPECT_EQ(RunCli({"case", "show", "x"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("cases/x"));
}

// However many answers it takes, a case is shown whole.
TEST_F(CliTest, ALongCaseIsShownWhole) {
  notes_.pages = {
      Proto<v1::Case>("state { status: SUBMITTED } next_page_token: '1' "
                      "timeline { entry { ledger: PARTY_KZ index: 7 } case_act { petition_filed {} } }"),
      Proto<v1::Case>("state { status: RETURNED } next_page_token: '2' "
                      "timeline { entry { ledger: PARTY_KZ index: 8 } case_act { petition_returned {} } }"),
      Proto<v1::Case>("state { status: SUBMITTED } "
                      "timeline { entry { ledger: PARTY_KZ index: 9 } case_act { petition_completed {} } }")};
  EXPECT_EQ(RunCli({"case", "show", "x"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("kz/7"), HasSubstr("kz/8"), HasSubstr("kz/9")));
  EXPECT_EQ(RunCli({"case", "show", "x", "--json"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("petition_filed"), HasSubstr("petition_returned"),
                                HasSubstr("petition_completed"), HasSubstr("\"next_page_token\": \"\"")));
  EXPECT_LT(out_.str().find("petition_filed"), out_.str().find("petition_returned"));
  EXPECT_EQ(notes_.calls, 6);
}

// A service may give fewer than there are, or none, and say that there is more.
TEST_F(CliTest, APageIsFilledFromAsManyAnswersAsItTakes) {
  const auto lists = {Proto<v1::ListCasesResponse>("next_page_token: 'a'"),
                      Proto<v1::ListCasesResponse>("cases { name: 'cases/1' } next_page_token: 'b'"),
                      Proto<v1::ListCasesResponse>("cases { name: 'cases/2' } next_page_token: 'c'")};
  notes_.lists = lists;
  EXPECT_EQ(RunCli({"case", "list", "--my-turn", "--page-size", "2"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("cases/1"), HasSubstr("cases/2"), HasSubstr("--page-token c")));
  EXPECT_EQ(notes_.list.ShortDebugString(), "page_size: 1 page_token: \"b\" my_turn: true");
  notes_.lists = lists;
  notes_.lists.back().clear_next_page_token();
  EXPECT_EQ(RunCli({"case", "list"}), 0) << err_.str();
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("cases/2"), Not(HasSubstr("--page-token"))));
  EXPECT_EQ(notes_.calls, 6);
}

// ---- requests

TEST_F(CliTest, EveryRequestHasItsOwnId) {
  std::set<std::string> ids;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(RunCli({"case", "lapse", "x"}), 0);
    EXPECT_THAT(notes_.case_command.request_id(),
                MatchesRegex("[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"));
    ids.insert(notes_.case_command.request_id());
  }
  EXPECT_EQ(ids.size(), 3u);
  EXPECT_EQ(RunCli({"--request-id", "mine", "case", "lapse", "x"}), 0);
  EXPECT_EQ(notes_.case_command.request_id(), "mine");
}

TEST_F(CliTest, ValidateOnlySaysThatNothingWasRecorded) {
  EXPECT_EQ(RunCli({"case", "lapse", "x", "--validate-only"}), 0);
  EXPECT_TRUE(notes_.case_command.validate_only());
  EXPECT_THAT(out_.str(), HasSubstr("Nothing was recorded."));
  EXPECT_THAT(out_.str(), Not(HasSubstr("UNSPECIFIED")));
  EXPECT_EQ(RunCli({"case", "lapse", "x"}), 0);
  EXPECT_FALSE(notes_.case_command.validate_only());
  EXPECT_THAT(out_.str(), HasSubstr("Recorded."));
}

TEST_F(CliTest, ValidateOnlyShowsNothingElse) {
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{"quota", "set", "--year", "2027", "--limit", "250"},
                                             {"quota", "close", "--year", "2026"},
                                             {"term", "record-notice", "--from", "ru"},
                                             {"decision", "recognise", "x"}}) {
    std::vector<std::string> only = arguments;
    only.push_back("--validate-only");
    EXPECT_EQ(RunCli(only), 0) << err_.str();
    EXPECT_EQ(out_.str(), "Checked: nothing stands in the way. Nothing was recorded.\n") << arguments[0];
  }
}

TEST_F(CliTest, LanguageComesFromFlagThenProfileThenLocale) {
  environment_.locale = "kk_KZ.UTF-8";
  RunCli({"case", "list"});
  EXPECT_EQ(notes_.lang, "kk");
  EXPECT_EQ(out_.str(), "Істер жоқ.\n");
  environment_.profile = FileWith("profile.textproto", "lang: 'ru'");
  RunCli({"case", "list"});
  EXPECT_EQ(notes_.lang, "ru");
  RunCli({"case", "list", "--lang", "en"});
  EXPECT_EQ(notes_.lang, "en");
  EXPECT_TRUE(notes_.had_deadline);
}

TEST_F(CliTest, JsonAnswersAreOneDocument) {
  EXPECT_EQ(RunCli({"--json", "case", "lapse", "x"}), 0);
  v1::SubmitCaseCommandResponse response;
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(out_.str(), &response).ok()) << out_.str();
  EXPECT_EQ(response.status(), v1::SUBMITTED);
  EXPECT_THAT(out_.str(), HasSubstr("\"entry_id\""));
}

TEST_F(CliTest, UnknownOutcomeShowsTheIdToRepeat) {
  notes_.answer = {grpc::StatusCode::UNAVAILABLE, ""};
  EXPECT_EQ(RunCli({"case", "lapse", "x"}), kUnreachable);
  EXPECT_THAT(err_.str(), HasSubstr("--request-id " + notes_.case_command.request_id()));
  EXPECT_EQ(RunCli({"case", "lapse", "x", "--validate-only"}), kUnreachable);
  EXPECT_THAT(err_.str(), testing::Not(HasSubstr("--request-id")));
  EXPECT_EQ(RunCli({"case", "show", "x"}), kUnreachable);
  EXPECT_THAT(err_.str(), testing::Not(HasSubstr("--request-id")));
}

TEST_F(CliTest, WhatWasRecordedAndCannotBeWrittenIsToldWithItsId) {
  std::ostream full(nullptr);
  EXPECT_EQ(RunCli({"case", "lapse", "x"}, full), kOther);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("The step was recorded"),
                                HasSubstr("--request-id " + notes_.case_command.request_id())));
  err_.str("");
  EXPECT_EQ(RunCli({"case", "lapse", "x", "--json"}, full), kOther);
  EXPECT_THAT(err_.str(), AllOf(HasSubstr("\"outcome_unknown\": false"),
                                HasSubstr("\"request_id\": \"" + notes_.case_command.request_id())));
  for (const std::vector<std::string>& nothing_recorded : std::vector<std::vector<std::string>>{
           {"case", "lapse", "x", "--validate-only"}, {"case", "show", "x"}}) {
    err_.str("");
    EXPECT_EQ(RunCli(nothing_recorded, full), kOther);
    EXPECT_THAT(err_.str(),
                AllOf(HasSubstr("The answer could not be written."), Not(HasSubstr("--request-id"))));
  }
}

TEST_F(CliTest, WhatIsNotFoundIsNamedWithItsList) {
  notes_.answer = {grpc::StatusCode::NOT_FOUND, "no such name here"};
  const std::tuple<std::vector<std::string>, const char*, const char*> rows[] = {
      {{"case", "show", "3f2a"}, "cases/3f2a", ": kelisim case list\n"},
      {{"case", "lapse", "3f2a"}, "cases/3f2a", ": kelisim case list\n"},
      {{"dispute", "show", "3f2a"}, "disputes/3f2a", ": kelisim dispute list\n"},
      {{"decision", "recognise", "3f2a"}, "courtDecisions/3f2a", ": kelisim decision list\n"},
      {{"property", "certificate", "3f2a"}, "propertyDeclarations/3f2a", ": kelisim property list\n"},
  };
  for (const auto& [arguments, name, list] : rows) {
    for (const char* lang : {"kk", "ru", "en"}) {
      std::vector<std::string> in_lang = arguments;
      in_lang.insert(in_lang.end(), {"--lang", lang});
      EXPECT_EQ(RunCli(in_lang), kNotFound);
      const Lang in = *ParseLang(lang);
      EXPECT_EQ(err_.str(),
                Say(in, "ui.not_found") + "\n  " + name + "\n" + Say(in, "ui.what_there_is") + list);
    }
  }
}

TEST_F(CliTest, AFailedLookAtTheCaseSendsNoCommand) {
  notes_.answer = {grpc::StatusCode::NOT_FOUND, ""};
  EXPECT_EQ(RunCli({"case", "clear", "x", "--all-clear"}), kNotFound);
  EXPECT_EQ(notes_.calls, 1);
  EXPECT_EQ(notes_.case_command.request_id(), "");
}

// ---- wrong use

TEST_F(CliTest, WrongUseSendsNothing) {
  const std::string json = FileWith("empty.json", "{}");
  const std::string broken = FileWith("broken.json", "{\"filed_on\": }");
  const std::string profile = FileWith("bad.textproto", "server: 'a'\nservr: 'b'\n");
  const std::pair<std::vector<std::string>, std::string> rows[] = {
      {{}, "A command is needed. There are:\n  petition, case"},
      {{"case"}, "A command is needed. There are:\n  list, show"},
      {{"casee"}, "There is no such command.\n  casee (petition, case"},
      {{"case", "sow", "x"}, "There is no such command.\n  sow (list, show"},
      {{"case", "list", "--status", "open"}, "--status: open (SUBMITTED|RETURNED"},
      {{"quota", "set", "--year", "27a"}, "--year: 27a (0 ... 2147483647)"},
      {{"case", "list", "--page-size", "0"}, "--page-size: 0 (1 ... 500)"},
      {{"dispute", "list", "--page-size", "501"}, "--page-size: 501 (1 ... 500)"},
      {{"case", "list", "--page-size", "-1"}, "--page-size: -1 (1 ... 500)"},
      {{"case", "list", "--page-size", "+1"}, "--page-size: +1 (1 ... 500)"},
      {{"case", "list", "--page-size", "01"}, "--page-size: 01 (1 ... 500)"},
      {{"case", "list", "--page-size", " 1"}, "--page-size:  1 (1 ... 500)"},
      {{"case", "list", "--page-size", "4294967297"}, "--page-size: 4294967297 (1 ... 500)"},
      {{"case", "list", "--page-size", "18446744073709551617"},
       "--page-size: 18446744073709551617 (1 ... 500)"},
      {{"case", "show"}, "An argument is missing.\n  CASE\n"},
      {{"case", "defer", "x", "--nonsense"}, "--nonsense"},
      {{"case", "clear", "x"}, "--all-clear"},
      {{"case", "clear", "x", "--all-clear", "--from-json", json}, "--from-json, --all-clear\n"},
      {{"case", "defer", "x", "--rule", "3.g", "--from-json", json}, "--from-json, --rule\n"},
      {{"case", "notice", "x", "--kind", "rumour"}, "--kind"},
      {{"case", "notice", "x", "--kind", "KIND_UNSPECIFIED"}, "--kind"},
      {{"case", "withdraw", "x", "--notice", "0g"}, "--notice"},
      {{"case", "offer", "x", "--number", "-1"}, "--number"},
      {{"case", "offer", "x", "--number", "4294967297"}, "--number"},
      {{"case", "watch", "--from", "12"}, "--from"},
      {{"case", "watch", "--from", "12,x"}, "--from"},
      {{"quota", "show", "--party", "uz", "--year", "2026"}, "--party"},
      {{"quota", "show", "--party", "kz"}, "An argument is missing.\n  --year\n"},
      {{"petition", "file", "/nowhere.json"},
       "The file cannot be read. Nothing was sent.\n  /nowhere.json\n"},
      {{"petition", "file", broken}, "Line 1, column 14"},
      {{"case", "list", "--lang", "de"}, "--lang"},
      {{"case", "list", "--timeout", "0"}, "timeout"},
      {{"case", "list", "--timeout", "31s"}, "--timeout: 31s (> 0s, <= 30s)"},
      // Papers, things and events are lists, which no flag gives.
      {{"decision", "register-decision"}, "An argument is missing.\n  --from-json\n"},
      {{"case", "list", "--timeout", "soon"}, "timeout"},
      {{"case", "list", "--profile", "/nowhere"}, "--profile: /nowhere\n"},
      {{"case", "list", "--profile", profile}, ".textproto:2:6\n"},
  };
  for (const auto& [arguments, message] : rows) {
    EXPECT_EQ(RunCli(arguments), kBadInput) << testing::PrintToString(arguments);
    EXPECT_THAT(err_.str(), HasSubstr(message)) << testing::PrintToString(arguments);
    EXPECT_EQ(out_.str(), "");
    for (const char* lang : {"kk", "ru"}) {
      if (std::count(arguments.begin(), arguments.end(), "--lang") > 0) continue;
      std::vector<std::string> in_words = arguments;
      in_words.insert(in_words.end(), {"--lang", lang});
      RunCli(in_words);
      // Names and paths stand alone; a sentence of another language has words side by side. The
      // last line is what to type.
      const std::string told = err_.str().substr(0, err_.str().find("\n  kelisim "));
      EXPECT_THAT(told, testing::Not(testing::ContainsRegex("[A-Za-z][a-z]+ [a-z][a-z]+"))) << lang;
    }
    std::vector<std::string> with_json = arguments;
    with_json.push_back("--json");
    EXPECT_EQ(RunCli(with_json), kBadInput) << testing::PrintToString(arguments);
    EXPECT_THAT(err_.str(), HasSubstr("\"reason\": \"INPUT\"")) << testing::PrintToString(arguments);
  }
  EXPECT_EQ(notes_.calls, 0);
}

// A terminal of another encoding: what nobody can read is not sent.
TEST_F(CliTest, WhatIsTypedIsUtf8) {
  for (const std::string broken : {"\xcf\xf0", "\xff", "a\xd0", "\xed\xa0\x80", "\xc0\xaf"}) {
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"case", "show", broken},
             {"case", "list", "--page-token", broken},
             {"case", "watch", "--case", broken},
             {"petition", "return", "x", "--field", broken},
             {"petition", "return", "x", "--field", "y", "--request-id", broken},
             {"property", "check", "KELISIM/1/" + broken + "/2026-09-01/C"},
             {"term", "show", "--on=" + broken}}) {
      EXPECT_EQ(RunCli(arguments), kBadInput) << testing::PrintToString(arguments);
      EXPECT_THAT(err_.str(), StartsWith(Say(Lang::kEnglish, "ui.arguments_not_utf8")));
    }
  }
  EXPECT_EQ(notes_.calls, 0);
  EXPECT_EQ(RunCli({"petition", "return", "x", "--field", "Әсел"}), 0) << err_.str();
}

// What CLI11 says in English of a value is not, and the value itself stays as it was given.
TEST_F(CliTest, AWrongValueIsToldInTheLanguageAskedFor) {
  const std::pair<std::vector<std::string>, std::string> rows[] = {
      {{"case", "list", "--validate-only=perhaps"}, "--validate-only\n"},
      {{"case", "list", "--status", "a not in {b"}, "--status: a not in {b (SUBMITTED|"},
      {{"dossier", "a not in b", "3f2a", "--out", "x"}, "KIND: a not in b: {"},
  };
  for (const auto& [arguments, told] : rows) {
    for (const char* lang : {"kk", "ru", "en"}) {
      std::vector<std::string> in_lang = arguments;
      in_lang.insert(in_lang.end(), {"--lang", lang});
      EXPECT_EQ(RunCli(in_lang), kBadInput);
      EXPECT_THAT(err_.str(), StartsWith(Say(*ParseLang(lang), "ui.argument_wrong") + "\n  " + told));
    }
  }
  EXPECT_EQ(notes_.calls, 0);
}

// Who asks only whether something would be accepted must not find it done.
TEST_F(CliTest, AnOptionOfStepsIsRefusedByWhatIsNone) {
  const std::string file = FileWith("decision.pdf", "%PDF");
  const std::vector<std::string> commands[] = {
      {"attachment", "put", file}, {"case", "list"}, {"verify", "x"}, {"node", "status"}};
  for (const auto& command : commands) {
    for (const std::vector<std::string>& option : std::vector<std::vector<std::string>>{
             {"--validate-only"}, {"--request-id", "00000000-0000-4000-8000-000000000001"}}) {
      for (const char* lang : {"kk", "ru", "en"}) {
        std::vector<std::string> arguments = command;
        arguments.insert(arguments.end(), option.begin(), option.end());
        arguments.insert(arguments.end(), {"--lang", lang});
        EXPECT_EQ(RunCli(arguments), kBadInput);
        EXPECT_THAT(err_.str(),
                    StartsWith(Say(*ParseLang(lang), "ui.option_meaningless") + "\n  " + option[0] + "\n"));
      }
    }
  }
  EXPECT_EQ(notes_.calls, 0);
}

TEST_F(CliTest, FilesThatDoNotFitAreToldInTheLanguageAskedFor) {
  const std::string large = FileWith("large.json", std::string((1 << 20) + 1, ' '));
  const std::string empty = FileWith("empty.pdf", "");
  const std::string sparse = FileWith("sparse.pdf", "");
  std::filesystem::resize_file(sparse, (1LL << 30) + 1);
  const std::tuple<std::vector<std::string>, const char*, std::string> rows[] = {
      {{"petition", "file", large}, "ui.file_too_large", large},
      {{"attachment", "put", "/nowhere.pdf"}, "ui.no_file", "/nowhere.pdf"},
      {{"attachment", "put", empty}, "ui.attachment_size", empty},
      {{"attachment", "put", sparse}, "ui.attachment_size", sparse},
      {{"attachment", "get", "9f86", "--out", empty + ".new"}, "ui.not_sha256", ""},
      {{"node", "receipt", "12"}, "ui.not_entry", ""},
      {{"case", "clear", "x"}, "ui.clear_everybody", ""},
  };
  for (const auto& [arguments, key, path] : rows) {
    for (const char* lang : {"kk", "ru", "en"}) {
      std::vector<std::string> in_lang = arguments;
      in_lang.insert(in_lang.end(), {"--lang", lang});
      EXPECT_EQ(RunCli(in_lang), kBadInput);
      EXPECT_EQ(err_.str(), Say(*ParseLang(lang), key) + "\n" + (path.empty() ? "" : "  " + path + "\n"));
    }
  }
  EXPECT_EQ(notes_.calls, 0);
  std::filesystem::remove(sparse);
}

TEST_F(CliTest, MoreThanAServiceReadsIsNotSent) {
  for (const size_t size : {66'000, 300'000}) {
    const std::string file = FileWith("large.json", "{\"filed_on\": \"" + std::string(size, '1') + "\"}");
    EXPECT_EQ(RunCli({"petition", "file", file}), kBadInput);
    EXPECT_THAT(err_.str(), HasSubstr(" > 65536\n"));
  }
  EXPECT_EQ(notes_.calls, 0);
}

TEST(Dial, NamesWhatIsMissing) {
  v1::CliProfile profile;
  EXPECT_THAT(std::string(Dial(profile).status().message()), HasSubstr("--server"));
  profile.set_server("127.0.0.1:1");
  EXPECT_THAT(std::string(Dial(profile).status().message()), HasSubstr("--tls-cert"));
  profile.set_tls_certificate("/nowhere.crt");
  profile.set_tls_private_key("/nowhere.key");
  profile.set_tls_roots("/nowhere.ca");
  EXPECT_THAT(std::string(Dial(profile).status().message()), HasSubstr("--tls-cert: /nowhere.crt"));
}

TEST(Profile, PathsAreRelativeToTheFileAndFlagsWin) {
  const std::string directory = testing::TempDir() + "/profiles";
  std::filesystem::create_directories(directory);
  const std::string path = directory + "/officer.textproto";
  std::ofstream(path) << "server: 'a:1' tls_certificate: 'tls/o.crt' tls_roots: '/etc/ca.pem' tls_name: 'n'";
  Options given;
  given.connection.set_server("b:2");
  const absl::StatusOr<Options> options = FillIn(given, {path, ""});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->connection.server(), "b:2");
  EXPECT_EQ(options->connection.tls_certificate(), directory + "/tls/o.crt");
  EXPECT_EQ(options->connection.tls_roots(), "/etc/ca.pem");
  EXPECT_EQ(options->connection.tls_private_key(), "");
  EXPECT_EQ(options->connection.tls_name(), "n");
}

// Each byte lost or another, and cut anywhere: it is read, or the place of what is wrong is told.
TEST(Profile, ADamagedOneIsReadOrItsFaultIsPlaced) {
  const std::string path = testing::TempDir() + "/damaged.textproto";
  const std::string profile = "server: 'a:1'  # ours\ntls_roots: \"/etc/ca.pem\"\nlang: 'kk'\n";
  int read = 0;
  const auto look = [&](const std::string& text) {
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
    const absl::StatusOr<v1::CliProfile> given = ReadProfile(path);
    read += given.ok() ? 1 : 0;
    if (given.ok()) return;
    EXPECT_THAT(std::string(given.status().message()),
                testing::MatchesRegex("--profile: .*/damaged.textproto:[0-9]+:[0-9]+"))
        << testing::PrintToString(text);
  };
  for (size_t at = 0; at < profile.size(); ++at) {
    look(profile.substr(0, at));
    std::string other = profile;
    look(other.erase(at, 1));
    for (const char c : std::string("\0\n'\"{}:<[\\#\xff", 12)) {
      other = profile;
      other[at] = c;
      look(other);
    }
  }
  EXPECT_GT(read, 0);
}

TEST(Profile, Timeouts) {
  EXPECT_EQ(*ParseTimeout("20s"), absl::Seconds(20));
  EXPECT_EQ(*ParseTimeout("20"), absl::Seconds(20));
  EXPECT_EQ(*ParseTimeout("500ms"), absl::Milliseconds(500));
  EXPECT_EQ(*ParseTimeout("30s"), absl::Seconds(30));
}

// Above zero and at most 30 s, in one spelling of digits, whatever does not fit a number.
TEST(Profile, TimeoutsHaveTheirLimits) {
  const std::pair<const char*, absl::Duration> good[] = {
      {"1", absl::Seconds(1)},           {"30", absl::Seconds(30)},
      {"1ns", absl::Nanoseconds(1)},     {"29.999s", absl::Seconds(29) + absl::Milliseconds(999)},
      {"0.5m", absl::Seconds(30)},       {"30.000s", absl::Seconds(30)},
      {"30000ms", absl::Seconds(30)},    {"30000000000ns", absl::Seconds(30)},
      {"0.001s", absl::Milliseconds(1)},
  };
  for (const auto& [text, timeout] : good) {
    const absl::StatusOr<absl::Duration> parsed = ParseTimeout(text);
    ASSERT_TRUE(parsed.ok()) << text;
    EXPECT_EQ(*parsed, timeout) << text;
  }
  for (const std::string_view text : {"",
                                      " ",
                                      "0",
                                      "00",
                                      "01",
                                      "030",
                                      "31",
                                      "+1",
                                      "-1",
                                      "-20s",
                                      "0s",
                                      "0ms",
                                      "-0s",
                                      "0.0s",
                                      "31s",
                                      "30001ms",
                                      "30s1ns",
                                      "30.000000001s",
                                      "30000000001ns",
                                      "0.51m",
                                      "1h",
                                      "inf",
                                      "-inf",
                                      "+inf",
                                      "nan",
                                      "1e1",
                                      "1e1s",
                                      "0x10",
                                      "0x10s",
                                      " 20s",
                                      "20s ",
                                      " 20",
                                      "20 ",
                                      "20 s",
                                      "2 0s",
                                      "20S",
                                      "20sec",
                                      "20ss",
                                      "s",
                                      ".s",
                                      ".",
                                      "20,5s",
                                      "1.5",
                                      "\xd9\xa2\xd9\xa0",
                                      "\xd9\xa2s",
                                      "0.0000000000000000000000000000000001s",
                                      "9223372036854775807",
                                      "9223372036854775808",
                                      "18446744073709551615",
                                      "18446744073709551616",
                                      "18446744073709551646",
                                      "9223372036854775807s",
                                      "9223372036854775808s",
                                      "18446744073709551621s",
                                      "9223372036854775807ns",
                                      "18446744073709551616ns",
                                      "36893488147419103237s",
                                      "-9223372036854775808s"}) {
    EXPECT_FALSE(ParseTimeout(text).ok()) << text;
  }
  EXPECT_FALSE(ParseTimeout(std::string_view("20\0", 3)).ok());
  EXPECT_FALSE(ParseTimeout(std::string_view("20s\0", 4)).ok());
  EXPECT_FALSE(ParseTimeout(std::string_view("20s\0001s", 6)).ok());
}

TEST_F(CliTest, EvidenceIsADirectoryAndOneDocumentSaysWhere) {
  const std::string directory = testing::TempDir() + "/evidence";
  std::filesystem::remove_all(directory);
  EXPECT_EQ(RunCli({"node", "evidence", "--out", directory, "--json"}), 0) << err_.str();
  EXPECT_EQ(nlohmann::json::parse(out_.str()), (nlohmann::json{{"directory", directory}}));
  EXPECT_TRUE(std::filesystem::is_directory(directory));
  std::filesystem::remove_all(directory);
  EXPECT_EQ(RunCli({"node", "evidence", "--out", directory}), 0) << err_.str();
  EXPECT_EQ(out_.str(), directory + "\n");
}

// ---- watch

v1::WatchActsResponse Seen(uint64_t own, const std::string& name) {
  return Proto<v1::WatchActsResponse>(
      "cursor { own_index: " + std::to_string(own) + " mirror_index: 5 } name: '" + name +
      "' item { entry { ledger: PARTY_KZ index: " + std::to_string(own - 1) +
      " } case_act { lapsed {} } evidence: RECORDED happened_on: '2026-11-20' }");
}

// Two numbers, each in its one spelling, the digits of the history, and perhaps a number more.
TEST_F(CliTest, ACursorIsNumbersAndAHistory) {
  const std::pair<const char*, const char*> good[] = {
      {"0,0,", ""},
      {"1,0,9d04c1e2b7a35f68", "own_index: 1 history: \"9d04c1e2b7a35f68\""},
      {"12,7,9d04c1e2b7a35f68,0", "own_index: 12 mirror_index: 7 history: \"9d04c1e2b7a35f68\""},
      {"12,7,9d04c1e2b7a35f68,3", "own_index: 12 mirror_index: 7 history: \"9d04c1e2b7a35f68\" refused: 3"},
      {"18446744073709551615,18446744073709551614,00",
       "own_index: 18446744073709551615 mirror_index: 18446744073709551614 history: \"00\""},
  };
  for (const auto& [text, cursor] : good) {
    notes_.streams = {{{}, grpc::Status::OK}};
    notes_.watched.clear();
    EXPECT_EQ(RunCli({"case", "watch", "--from", text}), 0) << err_.str();
    ASSERT_EQ(notes_.watched.size(), 1u) << text;
    EXPECT_EQ(notes_.watched[0].cursor().ShortDebugString(), cursor);
  }
  notes_.watched.clear();
  for (const char* text : {"",
                           ",",
                           "12",
                           "12,",
                           "12,7",
                           ",7,00",
                           "12,,00",
                           "12,7,x",
                           "12,7,0",
                           "12,7,00,",
                           "12,7,00,x",
                           "12,7,00,1,",
                           "12,7, 00",
                           ",12,7,00",
                           "12;7;00",
                           "12.7.00",
                           "012,7,00",
                           "12,07,00",
                           "+12,7,00",
                           "-1,7,00",
                           "12,-7,00",
                           " 12,7,00",
                           "12, 7,00",
                           "12,7,00 ",
                           "0x1,7,00",
                           "1e1,7,00",
                           "12,x,00",
                           "18446744073709551616,0,00",
                           "0,18446744073709551616,00",
                           "99999999999999999999,0,00",
                           "\xd9\xa2,7,00",
                           "12\n,7,00"}) {
    EXPECT_EQ(RunCli({"case", "watch", "--from", text}), kBadInput) << text;
    EXPECT_THAT(err_.str(), HasSubstr("--from")) << text;
  }
  EXPECT_TRUE(notes_.watched.empty());
}

TEST_F(CliTest, WatchGoesOnWhereItBroke) {
  const grpc::Status broken(grpc::StatusCode::UNAVAILABLE, "");
  const auto heartbeat = Proto<v1::WatchActsResponse>("cursor { own_index: 9 mirror_index: 5 }");
  notes_.streams = {
      {{Seen(8, "cases/x"), heartbeat}, broken}, {{}, broken}, {{Seen(10, "cases/y")}, grpc::Status::OK}};
  EXPECT_EQ(RunCli({"case", "watch", "--case", "x", "--from", "7,5,00"}), 0) << err_.str();
  ASSERT_EQ(notes_.watched.size(), 3u);
  EXPECT_EQ(notes_.watched[0].ShortDebugString(),
            "cursor { own_index: 7 mirror_index: 5 history: \"00\" } name: \"cases/x\"");
  EXPECT_EQ(notes_.watched[1].cursor().own_index(), 9u) << "a heartbeat moves the cursor";
  EXPECT_EQ(notes_.watched[2].cursor().own_index(), 9u);
  EXPECT_EQ(out_.str(), "2026-11-20  kz/7  cases/x  " + Say(Lang::kEnglish, "act.lapsed") +
                            "  [Recorded in the ledger]\n" + "2026-11-20  kz/9  cases/y  " +
                            Say(Lang::kEnglish, "act.lapsed") + "  [Recorded in the ledger]\n");
  ASSERT_EQ(pauses_.size(), 2u);
  EXPECT_GT(pauses_[1], pauses_[0]);
}

// A server that still counts the streams that broke says so until it has missed them.
TEST_F(CliTest, WatchGoesOnWhereItsBrokenStreamsAreStillCounted) {
  const grpc::Status broken(grpc::StatusCode::UNAVAILABLE, "broken");
  const grpc::Status too_many(grpc::StatusCode::RESOURCE_EXHAUSTED, "too many streams");
  notes_.streams = {{{Seen(8, "cases/x")}, broken}, {{}, too_many}, {{Seen(9, "cases/x")}, grpc::Status::OK}};
  EXPECT_EQ(RunCli({"case", "watch"}), 0) << err_.str();
  EXPECT_EQ(notes_.watched.size(), 3u);
  EXPECT_EQ(pauses_.size(), 2u);
  // Whoever has too many of them from the start is told.
  notes_.watched.clear();
  notes_.streams = {{{}, too_many}};
  EXPECT_NE(RunCli({"case", "watch"}), 0);
  EXPECT_EQ(notes_.watched.size(), 1u);
}

TEST_F(CliTest, WatchGivesUp) {
  notes_.streams = {{{}, {grpc::StatusCode::UNAVAILABLE, ""}},
                    {{Seen(8, "cases/x")}, {grpc::StatusCode::PERMISSION_DENIED, ""}}};
  EXPECT_EQ(RunCli({"case", "watch"}), kUnreachable) << "never connected";
  EXPECT_EQ(RunCli({"case", "watch"}), kNotAllowed);
  EXPECT_TRUE(pauses_.empty());
}

// After a restore the service may not know any more what was shown. To begin anew unasked would
// show everything again, and hide that something is gone.
TEST_F(CliTest, WatchEndsWhenItsCursorIsTakenNoMore) {
  const grpc::Status unknown(grpc::StatusCode::INVALID_ARGUMENT, "the request has fields in error");
  notes_.streams = {{{Seen(8, "cases/x")}, {grpc::StatusCode::UNAVAILABLE, ""}}, {{}, unknown}};
  EXPECT_EQ(RunCli({"case", "watch"}), kInvalidRequest);
  EXPECT_EQ(notes_.watched.size(), 2u);
  EXPECT_THAT(err_.str(), HasSubstr("fields in error"));
}

TEST_F(CliTest, WatchAsJsonIsOneDocumentPerLine) {
  notes_.streams = {{{Seen(8, "cases/x"), Seen(9, "cases/y")}, grpc::Status::OK}};
  EXPECT_EQ(RunCli({"case", "watch", "--json"}), 0);
  std::istringstream lines(out_.str());
  std::vector<v1::WatchActsResponse> messages;
  for (std::string line; std::getline(lines, line);) {
    ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(line, &messages.emplace_back()).ok()) << line;
  }
  ASSERT_EQ(messages.size(), 2u);
  EXPECT_EQ(messages[1].cursor().own_index(), 9u);
}

// ---- help and completion

TEST(Help, EveryCommandHasAnExampleOfItself) {
  const Program program(Lang::kEnglish);
  std::vector<std::pair<const CLI::App*, std::string>> todo = {{&program.app, "kelisim"}};
  while (!todo.empty()) {
    const auto [command, path] = todo.back();
    todo.pop_back();
    EXPECT_FALSE(command->get_description().empty()) << path;
    const auto subs = command->get_subcommands(nullptr);
    if (subs.empty()) {
      EXPECT_THAT(command->get_footer(), HasSubstr("\n  " + path)) << path;
    }
    for (const CLI::App* sub : subs) todo.emplace_back(sub, path + " " + sub->get_name());
  }
}

// What an officer copies from the help is understood; only a list of messages needs a file.
TEST(Help, ExamplesOfTheStepsOfMattersAreUnderstood) {
  const Program program(Lang::kEnglish);
  int with_flags = 0;
  for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
    for (const CLI::App* command : program.app.get_subcommand(GroupOf(kind))->get_subcommands(nullptr)) {
      const std::string footer = command->get_footer();
      const size_t begin = footer.find("\n  kelisim ");
      ASSERT_NE(begin, std::string::npos) << footer;
      const std::string example = footer.substr(begin + 11, footer.find('\n', begin + 1) - begin - 11);
      Program parsed(Lang::kEnglish);
      EXPECT_NO_THROW(parsed.app.parse(example)) << example;
      if (example.find("step.json") == std::string::npos) ++with_flags;
    }
  }
  EXPECT_NE(
      program.app.get_subcommand("inquiry")->get_subcommand("refuse")->get_footer().find("--rule 8.2 --text"),
      std::string::npos);
  EXPECT_GT(with_flags, 50);
}

// `visit` gets each text of the help, of all commands; of footers the lines that are no example.
void ForEachHelpText(const CLI::App& command, const std::function<void(const std::string&)>& visit) {
  visit(command.get_description());
  for (const std::string& line : std::vector<std::string>(absl::StrSplit(command.get_footer(), '\n'))) {
    if (!line.empty() && line[0] != ' ') visit(line);
  }
  for (const CLI::Option* option : command.get_options()) visit(option->get_description());
  for (const CLI::App* sub : command.get_subcommands(nullptr)) ForEachHelpText(*sub, visit);
}

bool HasCyrillic(const std::string& text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return (c & 0xf0) == 0xd0; });
}

TEST(Help, IsWhollyInTheLanguageOfTheReader) {
  for (const Lang lang : {Lang::kKazakh, Lang::kRussian, Lang::kEnglish}) {
    int texts = 0;
    ForEachHelpText(Program(lang).app, [&](const std::string& text) {
      ++texts;
      EXPECT_EQ(HasCyrillic(text), lang != Lang::kEnglish) << LangCode(lang) << ": " << text;
    });
    EXPECT_GT(texts, 1000);
  }
}

TEST(Help, NoTextIsLeftOver) {
  std::string all = Program(Lang::kEnglish).app.help();
  ForEachHelpText(Program(Lang::kEnglish).app, [&](const std::string& text) { all += text + "\n"; });
  all += Program(Lang::kEnglish).app.get_subcommand("verify")->help();
  all += Program(Lang::kEnglish).app.get_subcommand("audit")->help();
  for (const char* command : {"evidence", "receipt"}) {
    all += Program(Lang::kEnglish).app.get_subcommand("node")->get_subcommand(command)->help();
  }
  all += Program(Lang::kEnglish).app.get_subcommand("case")->get_subcommand("clear")->help();
  for (const v1::Message& message : Messages().messages()) {
    if (message.key().rfind("help.", 0) != 0) continue;
    EXPECT_THAT(all, HasSubstr(message.text().en())) << message.key();
  }
}

TEST(Help, TypesOfValuesAreInTheLanguageOfTheReader) {
  Program program(Lang::kRussian);
  EXPECT_THAT(program.app.help(), HasSubstr("--lang ТЕКСТ:{kk,ru,en}"));
  const auto help = [&](const char* group, const char* command) {
    return program.app.get_subcommand(group)->get_subcommand(command)->help();
  };
  EXPECT_THAT(help("quota", "show"), HasSubstr("--party СТОРОНА:{kz,ru}"));
  EXPECT_THAT(help("case", "withdraw"), HasSubstr("--stated-on ДАТА "));
  EXPECT_THAT(help("case", "defer"),
              testing::AllOf(HasSubstr("--review-on ДАТА "), HasSubstr("--basis ТЕКСТ ")));
  EXPECT_THAT(help("term", "record-notice"), HasSubstr("--received-on ДАТА "));
  EXPECT_THAT(help("property", "certify"), HasSubstr("--valid-until ДАТА "));
}

// Columns are of characters, whatever these take in bytes.
TEST(Help, ItsColumnsAreStraight) {
  const std::string help = Program(Lang::kKazakh).app.get_subcommand("dossier")->help();
  EXPECT_THAT(help, HasSubstr("\nҚолданылуы: dossier [ПАРАМЕТРЛЕР] KIND ID\n"));
  EXPECT_THAT(help, HasSubstr("\n  ID МӘТІН МІНДЕТТІ           Идентификатор"));
  EXPECT_THAT(help, HasSubstr("\n  --proofs-only               Актілердің"));
}

// A locale is what the machine was set up with; --lang is what the officer reads.
TEST_F(CliTest, WrongUseIsToldInTheLanguageAskedFor) {
  EXPECT_EQ(RunCli({"case", "shw", "--lang", "kk"}), kBadInput);
  EXPECT_THAT(err_.str(), testing::AllOf(StartsWith(Say(Lang::kKazakh, "ui.command_unknown")),
                                         HasSubstr("shw"), HasSubstr("kelisim case --help")));
  EXPECT_EQ(RunCli({"--lang=ru", "case", "show"}), kBadInput);
  EXPECT_THAT(err_.str(), HasSubstr(Say(Lang::kRussian, "ui.argument_missing")));
}

TEST_F(CliTest, HelpIsNoError) {
  EXPECT_EQ(RunCli({"--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("Exit codes"));
  // A group of commands does not repeat what the program says.
  EXPECT_EQ(RunCli({"dispute", "--help"}), 0);
  EXPECT_THAT(out_.str(), AllOf(HasSubstr("draft-notice"), Not(HasSubstr("Exit codes"))));
  EXPECT_EQ(RunCli({"--version"}), 0);
  EXPECT_THAT(out_.str(), testing::MatchesRegex("[0-9]+\\.[0-9]+\\.[0-9]+\n"));
  EXPECT_EQ(RunCli({"case", "clear", "--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr("--all-clear"));
}

TEST_F(CliTest, HelpIsInTheLanguageAskedForOrOfTheProfile) {
  EXPECT_EQ(RunCli({"case", "clear", "--help", "--lang", "kk"}), 0);
  EXPECT_THAT(out_.str(), StartsWith(Say(Lang::kKazakh, "action.clear")));
  EXPECT_EQ(RunCli({"--profile=" + FileWith("ru.textproto", "lang: \"ru\""), "case", "clear", "--help"}), 0);
  EXPECT_THAT(out_.str(), HasSubstr(Say(Lang::kRussian, "action.clear")));
  // Which is also that of what goes wrong before there is any command.
  EXPECT_EQ(RunCli({"--profile", FileWith("ru.textproto", "lang: \"ru\""), "case", "shw"}), kBadInput);
  EXPECT_THAT(err_.str(), HasSubstr(Say(Lang::kRussian, "ui.command_unknown")));
}

std::string Complete(const std::string& script, const std::string& words, int word) {
  const std::string command = "bash -c 'source " + script + "; COMP_WORDS=(" + words +
                              "); COMP_CWORD=" + std::to_string(word) +
                              "; _kelisim; echo -n ${COMPREPLY[@]}'";
  FILE* pipe = popen(command.c_str(), "r");
  char buffer[4096];
  std::string text(buffer, fread(buffer, 1, sizeof(buffer), pipe));
  EXPECT_EQ(pclose(pipe), 0);
  return text;
}

TEST_F(CliTest, CompletionWorksInBash) {
  EXPECT_EQ(RunCli({"completion", "bash"}), 0);
  const std::string script = FileWith("completion.bash", out_.str());
  EXPECT_EQ(Complete(script, "kelisim qu", 1), "quota");
  EXPECT_EQ(Complete(script, "kelisim --json case conf", 3), "confirm-scope");
  EXPECT_EQ(Complete(script, "kelisim case clear 3f2a --all", 4), "--all-clear");
  EXPECT_EQ(Complete(script, "kelisim case clear 3f2a --req", 4), "--request-id");
}

}  // namespace
}  // namespace kelisim::cli
