// Bytes of people and machines that nobody answers for: what officers call with, and every text
// that is read. Each is an error of the kind that is documented, or read as what it says.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/ledger_service.pb.h"
#include "kelisim/v1/matter_service.pb.h"
#include "kelisim/v1/quota_service.pb.h"
#include "kelisim/v1/treaty_service.pb.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/dossier/dsse.h"
#include "shared/node/config.h"
#include "shared/rpc/message.h"
#include "shared/testing/officer.h"
#include "shared/testing/pair.h"
#include "shared/tlog/note.h"
#include "shared/tlog/policy.h"
#include "shared/tlog/proof.h"
#include "shared/tlog/tiles.h"
#include "shared/tlog/witness.h"
#include "tests/mutation.h"

namespace kelisim::testing {
namespace {

const absl::Time kNow = absl::FromUnixSeconds(1'772'452'800);  // 2 March 2026
constexpr char kToday[] = "2026-03-02";

// ---------------------------------------------------------------- texts

// `again`: what was read as it is written, or what is wrong.
struct Format {
  const char* name;
  std::string sample;
  std::function<absl::StatusOr<std::string>(const std::string&)> again;
};

constexpr char kConfig[] = R"(listen: "127.0.0.1:7801"  # officers
tls { certificate: "tls.crt" private_key: "tls.key" roots: "roots.pem" }
counterpart { address: "[::1]:7802" tls_name: "ru.example" }
identities { uri: "spiffe://kz/clerk" role: COUNTERPART }
identities { uri: "spiffe://kz/other" }
witnessed_logs: ["a+1+b", "c+2+d"]
stop_grace_seconds: 10
)";

std::vector<Format> Formats() {
  const authority::Identity kz = TestIdentity(v1::PARTY_KZ);
  const tlog::NoteSigner& signer = kz.log;
  const std::string text =
      tlog::Checkpoint{signer.verifier().name(), 300, Sha256(std::string_view("root"))}.Text();
  const std::string note =
      absl::StrCat(text, "\n", signer.SignNote(text), kz.witness.Cosign(text, 1'700'000'000));
  const std::vector<Hash> path(3, Sha256(std::string_view("node")));
  std::string bundle;
  for (const char* entry : {"first", "", "third"}) {
    AppendU16(bundle, static_cast<uint16_t>(std::string_view(entry).size()));
    bundle += entry;
  }
  std::vector<Format> formats;
  const auto add = [&](const char* name, const std::string& sample, auto again) {
    formats.push_back({name, sample, again});
  };
  using Text = absl::StatusOr<std::string>;
  add("vkey", signer.verifier().ToString(), [](const std::string& bytes) -> Text {
    const auto key = tlog::NoteVerifier::Parse(bytes);
    if (!key.ok()) return key.status();
    return key->ToString();
  });
  add("note", note, [](const std::string& bytes) -> Text {
    const auto read = tlog::Note::Parse(bytes);
    if (!read.ok()) return read.status();
    return read->ToString();
  });
  add("checkpoint", text, [](const std::string& bytes) -> Text {
    const auto read = tlog::Checkpoint::Parse(bytes);
    if (!read.ok()) return read.status();
    return read->Text();
  });
  add("hash lines", tlog::HashLines(path), [](const std::string& bytes) -> Text {
    const auto read = tlog::ParseHashLines(bytes);
    if (!read.ok()) return read.status();
    return tlog::HashLines(*read);
  });
  add("add-checkpoint", tlog::FormatAddCheckpoint({299, path, note}), [](const std::string& bytes) -> Text {
    const auto read = tlog::ParseAddCheckpoint(bytes);
    if (!read.ok()) return read.status();
    (void)tlog::OriginOf(*read);
    return tlog::FormatAddCheckpoint(*read);
  });
  add("tile", "tile/1/x001/234.p/56", [](const std::string& bytes) -> Text {
    const auto read = tlog::ParseTilePath(bytes);
    if (!read) return absl::InvalidArgumentError("no tile");
    for (const uint64_t size : {uint64_t{0}, uint64_t{1} << 40, UINT64_MAX}) (void)tlog::HasTile(*read, size);
    return tlog::PathOf(*read);
  });
  add("entries", bundle, [](const std::string& bytes) -> Text {
    const auto read = tlog::SplitEntries(bytes, 3);
    if (!read.ok()) return read.status();
    std::string again;
    for (const std::string_view entry : *read) {
      AppendU16(again, static_cast<uint16_t>(entry.size()));
      again += entry;
    }
    return again;
  });
  add("date", kToday, [](const std::string& bytes) -> Text {
    const auto read = ParseDate(bytes);
    if (!read.ok()) return read.status();
    return FormatDate(*read);
  });
  return formats;
}

TEST(HostileBytes, ATextIsReadAsItIsWrittenOrNotAtAll) {
  const std::vector<Format> formats = Formats();
  for (const Format& format : formats)
    EXPECT_EQ(format.again(format.sample).value(), format.sample) << format.name;
  ForSeeds(2000, [&](SeededRandom& random) {
    const Format& other = formats[random.Below(formats.size())];
    for (const Format& format : formats) {
      const std::string bytes = Mutated(random, format.sample, other.sample);
      const absl::StatusOr<std::string> again = format.again(bytes);
      if (again.ok()) {
        EXPECT_EQ(*again, bytes) << format.name;
      }
      if (!again.ok()) {
        EXPECT_TRUE(absl::IsInvalidArgument(again.status())) << format.name << ": " << again.status();
      }
    }
  });
}

// Texts that may be written in more than one way, and what proves by them.
TEST(HostileBytes, PoliciesProofsAndEnvelopesAreReadOrRefused) {
  const authority::Identity kz = TestIdentity(v1::PARTY_KZ);
  const std::string policy_text = authority::PolicyText(kz, v1::PARTY_KZ);
  const tlog::Policy policy = tlog::Policy::Parse(policy_text).value();
  const std::string text =
      tlog::Checkpoint{kz.log.verifier().name(), 8, Sha256(std::string_view("root"))}.Text();
  const std::string note = absl::StrCat(text, "\n", kz.log.SignNote(text), kz.witness.Cosign(text, 1));
  const std::vector<Hash> path(3, Sha256(std::string_view("node")));
  const std::string proof_text = tlog::FormatProof({5, path, note});
  constexpr char kType[] = "application/json";
  const std::string envelope = dossier::SealEnvelope(kType, R"({"a": 1})", kz.log);
  ForSeeds(2000, [&](SeededRandom& random) {
    const std::string changed = Mutated(random, policy_text, note);
    const auto read = tlog::Policy::Parse(changed);
    if (!read.ok()) {
      EXPECT_TRUE(absl::IsInvalidArgument(read.status())) << read.status();
    }
    if (read.ok()) {
      (void)read->Verify(note);
      (void)read->KeysOf(kz.log.verifier().name());
    }
    const auto proof = tlog::ParseProof(Mutated(random, proof_text, policy_text));
    if (!proof.ok()) {
      EXPECT_TRUE(absl::IsInvalidArgument(proof.status())) << proof.status();
    }
    if (proof.ok()) {
      EXPECT_FALSE(tlog::VerifyProof(*proof, tlog::LeafHash("leaf"), policy).ok());
    }
    const std::string sealed = Mutated(random, envelope, policy_text);
    const auto opened = dossier::OpenEnvelope(sealed, kType, kz.log.verifier());
    EXPECT_TRUE(sealed == envelope || !opened.ok());
    (void)dossier::PeekIntoEnvelope(sealed, kType);
  });
}

TEST(HostileBytes, AConfigurationIsReadOrRefused) {
  const std::filesystem::path path =
      std::filesystem::temp_directory_path() / absl::StrCat("kelisim_hostile_", getpid(), ".textproto");
  const std::vector<std::string> fields = node::FlagFields();
  ForSeeds(300, [&](SeededRandom& random) {
    std::ofstream(path, std::ios::binary) << Mutated(random, kConfig, kConfig);
    node::FieldLines lines;
    absl::StatusOr<v1::NodeConfig> config = node::ReadConfig(path.string(), &lines);
    if (!config.ok()) {
      EXPECT_TRUE(absl::IsInvalidArgument(config.status())) << config.status();
      config = v1::NodeConfig();
    }
    const absl::Status set = node::SetField(*config, fields[random.Below(fields.size())],
                                            Mutated(random, "127.0.0.1:7801", kConfig));
    EXPECT_TRUE(set.ok() || absl::IsInvalidArgument(set)) << set;
    for (const std::string& problem : node::ConfigProblems(*config)) (void)node::LineOf(problem, lines);
  });
  std::filesystem::remove(path);
}

// ---------------------------------------------------------------- officers' calls

// What an officer may hear of a request that is wrong.
void ExpectTold(const absl::Status& status) {
  EXPECT_TRUE(status.ok() || absl::IsInvalidArgument(status) || absl::IsNotFound(status) ||
              absl::IsFailedPrecondition(status) || absl::IsUnavailable(status) || absl::IsAborted(status) ||
              absl::IsAlreadyExists(status))
      << status;
}

// The request as the service takes it; nullopt: it is refused there.
template <typename Request>
std::optional<Request> Taken(const std::string& bytes) {
  Request request;
  const absl::Status parsed = rpc::Parse(bytes, &request);
  if (!parsed.ok()) {
    EXPECT_TRUE(absl::IsInvalidArgument(parsed)) << parsed;
  }
  if (!parsed.ok() || !rpc::UnknownFields(request).empty()) return std::nullopt;
  return request;
}

TEST(HostileBytes, AChangedCommandIsRefusedOrLawful) {
  Pair both(kNow);
  Authority& kz = both.of(v1::PARTY_KZ);
  v1::SubmitCaseCommandRequest filing;
  filing.set_request_id("00000000-0000-4000-8000-000000000001");
  *filing.mutable_command()->mutable_file_petition() = PetitionOf(v1::PARTY_KZ, 1, {2, 3}, kToday);
  v1::SubmitQuotaCommandRequest quota;
  quota.set_request_id("00000000-0000-4000-8000-000000000002");
  quota.mutable_command()->mutable_set_quota()->set_year(2026);
  quota.mutable_command()->mutable_set_quota()->set_limit(10);
  quota.mutable_command()->mutable_set_quota()->set_legal_act("91");
  int taken = 0;
  int recorded = 0;
  const auto submit = [&]<typename Request>(SeededRandom& random, const Request& request) {
    const std::string bytes = Mutated(random, request.SerializeAsString(), filing.SerializeAsString());
    const std::optional<Request> read = Taken<Request>(bytes);
    if (!read) return;
    ++taken;
    const uint64_t before = kz.SizeOf(ledger::Side::kOwn);
    for (const authority::Reply& reply : both.Turn(
             v1::PARTY_KZ, {authority::OfficerCall{1, "spiffe://test/officer", Sha256(bytes), *read}})) {
      ExpectTold(reply.answer.status);
      const uint64_t after = kz.SizeOf(ledger::Side::kOwn);
      if (!reply.answer.status.ok()) {
        EXPECT_EQ(after, before) << reply.answer.status;
      }
      recorded += after > before ? 1 : 0;
    }
  };
  ForSeeds(500, [&](SeededRandom& random) {
    submit(random, filing);
    submit(random, quota);
  });
  std::cout << taken << " requests were read, " << recorded << " recorded\n";
  // The counterpart judges what came of it as this one did.
  both.Exchange();
  EXPECT_EQ(both.of(v1::PARTY_RU).SizeOf(ledger::Side::kMirror), kz.SizeOf(ledger::Side::kOwn));
  v1::WatchCursor cursor;
  const auto acts = kz.reader->ReadActs(cursor, "", 10'000);
  for (const v1::WatchActsResponse& act : acts.value())
    EXPECT_FALSE(act.item().has_refusal()) << act.item().refusal().rule();
}

// ---------------------------------------------------------------- beside the limits

absl::Status Refused(const char* what) { return absl::InvalidArgumentError(what); }

TEST(HostileBytes, APageBeginsWhereThereIsOne) {
  Pair both(kNow);
  for (int i = 0; i < 3; ++i) ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  const authority::Reader& reader = *both.of(v1::PARTY_KZ).reader;
  const v1::ListCasesResponse all = reader.ListCases({}).value();
  ASSERT_EQ(all.cases_size(), 3);

  v1::GetCaseRequest get;
  get.set_name(all.cases(0).name());
  const std::pair<std::string, int> places[] = {{"", 1}, {"0", 1}, {"1", 0}};  // it has one act
  for (const auto& [token, acts] : places) {
    get.set_page_token(token);
    EXPECT_EQ(reader.GetCase(get, kNow).value().timeline_size(), acts) << token;
  }
  for (const std::string& token :
       std::vector<std::string>{"2", "-0", "-1", "+1", "00", "01", " 1", "1 ", "1\n", "0x1", "1e0", "\u0661",
                                "2147483647", "2147483648", "4294967296", "4294967297",
                                "18446744073709551615", "18446744073709551616", std::string("1\0", 2)}) {
    get.set_page_token(token);
    EXPECT_EQ(reader.GetCase(get, kNow).status(), Refused("page_token")) << token;
  }

  // The id of a case, in the one spelling that it has.
  const std::string id = all.cases(0).name().substr(sizeof("cases/") - 1);
  const std::pair<std::string, int> tokens[] = {
      {"", 3}, {std::string(16, '0'), 3}, {id, 2}, {std::string(16, 'f'), 0}};
  v1::ListCasesRequest list;
  for (const auto& [token, cases] : tokens) {
    list.set_page_token(token);
    EXPECT_EQ(reader.ListCases(list).value().cases_size(), cases) << token;
  }
  for (const std::string& token : std::vector<std::string>{
           "0", id.substr(1), id + "0", id.substr(1) + " ", std::string(16, 'F'), std::string(16, 'g'),
           "cases/" + id, std::string(16, '\0'), std::string(16, '\xff'), std::string(16, '/')}) {
    list.set_page_token(token);
    EXPECT_EQ(reader.ListCases(list).status(), Refused("page_token")) << token;
  }

  list.clear_page_token();
  get.clear_page_token();
  for (const auto& [size, cases] : {std::pair(0, 3), {1, 1}, {3, 3}, {500, 3}, {501, 3}, {INT32_MAX, 3}}) {
    list.set_page_size(size);
    get.set_page_size(size);
    EXPECT_EQ(reader.ListCases(list).value().cases_size(), cases) << size;
    EXPECT_TRUE(reader.GetCase(get, kNow).ok()) << size;
  }
  for (const int size : {-1, INT32_MIN}) {
    list.set_page_size(size);
    get.set_page_size(size);
    EXPECT_EQ(reader.ListCases(list).status(), Refused("page_size")) << size;
    EXPECT_EQ(reader.GetCase(get, kNow).status(), Refused("page_size")) << size;
  }
}

TEST(HostileBytes, ACursorEndsWithTheLedgers) {
  Pair both(kNow);
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU, v1::PARTY_KZ})
    ASSERT_TRUE(both.FilePetition(party).status.ok());
  const authority::Reader& reader = *both.of(v1::PARTY_KZ).reader;
  v1::WatchCursor end;
  std::vector<v1::WatchCursor> seen;
  for (int entries = 0; entries < 20; ++entries) {
    seen.push_back(end);
    ASSERT_TRUE(reader.ReadActs(end, "", 1).ok());
  }
  ASSERT_GT(end.own_index(), 2u);
  ASSERT_GT(end.mirror_index(), 0u);
  const uint64_t own = end.own_index();
  const uint64_t mirror = end.mirror_index();
  const auto read = [&](v1::WatchCursor cursor) { return reader.ReadActs(cursor, "", 1000).status(); };
  for (const v1::WatchCursor& cursor : seen) {
    EXPECT_TRUE(read(cursor).ok()) << cursor.ShortDebugString();
    // Nor is there anything after entries that are others.
    for (const std::string& history : {std::string(), std::string(16, '0'), seen.at(1).history()}) {
      v1::WatchCursor other = cursor;
      other.set_history(history);
      EXPECT_EQ(read(other), history == cursor.history() ? absl::OkStatus() : Refused("cursor"));
    }
  }
  for (const uint64_t beyond : {uint64_t{1}, uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX - own}) {
    v1::WatchCursor own_beyond = end;
    own_beyond.set_own_index(own + beyond);
    EXPECT_EQ(read(own_beyond), Refused("cursor")) << beyond;
    v1::WatchCursor mirror_beyond = end;
    mirror_beyond.set_mirror_index(mirror + beyond);
    EXPECT_EQ(read(mirror_beyond), Refused("cursor")) << beyond;
    v1::WatchCursor refused_beyond = seen.front();
    refused_beyond.set_refused(beyond);
    EXPECT_TRUE(read(refused_beyond).ok()) << beyond;
  }

  for (const v1::Party ledger : {v1::PARTY_KZ, v1::PARTY_RU}) {
    const uint64_t size = ledger == v1::PARTY_KZ ? own : mirror;
    for (const uint64_t index : {size, uint64_t{1} << 32, uint64_t{1} << 63, UINT64_MAX - 1, UINT64_MAX})
      EXPECT_TRUE(absl::IsNotFound(reader.GetReceipt(ledger, index, kNow).status())) << index;
    EXPECT_TRUE(reader.GetReceipt(ledger, size - 1, kNow).ok());
  }
}

TEST(HostileBytes, AYearAndADayHaveOneSpelling) {
  Pair both(kNow);
  const authority::Reader& reader = *both.of(v1::PARTY_KZ).reader;
  const std::pair<const char*, bool> quotas[] = {{"quotas/kz/2000", true},
                                                 {"quotas/ru/2199", true},
                                                 {"quotas/kz/1999", false},
                                                 {"quotas/kz/2200", false},
                                                 {"quotas/kz/02026", false},
                                                 {"quotas/kz/+2026", false},
                                                 {"quotas/kz/2026 ", false},
                                                 {"quotas/kz/-2026", false},
                                                 {"quotas/kz/", false},
                                                 {"quotas/kz/4294969322", false},
                                                 {"quotas/kz/18446744073709553642", false},
                                                 {"quotas/KZ/2026", false},
                                                 {"quotas/kz/2026/", false},
                                                 {"/quotas/kz/2026", false}};
  for (const auto& [name, good] : quotas)
    EXPECT_EQ(reader.GetQuota(name).status(), good ? absl::OkStatus() : Refused("name")) << name;
  const std::pair<const char*, bool> days[] = {
      {"1900-01-01", true},   {"2199-12-31", true},   {"1899-12-31", false}, {"2200-01-01", false},
      {"2026-02-29", false},  {"2024-02-29", true},   {"2026-00-01", false}, {"2026-13-01", false},
      {"2026-01-00", false},  {"2026-01-32", false},  {"2026-1-1", false},   {"+026-01-01", false},
      {"2026-01-01 ", false}, {" 2026-01-01", false}, {"2026-01-0\n", false}};
  for (const auto& [day, good] : days) {
    const absl::Status status = good ? absl::OkStatus() : Refused("on");
    EXPECT_EQ(reader.GetTerm(day, kNow).status(), status) << day;
    EXPECT_EQ(reader.ListRules(day, kNow).status(), status) << day;
    EXPECT_EQ(reader.ListPrecedences(day, kNow).status(), status) << day;
  }
}

// ---------------------------------------------------------------- questions

TEST(HostileBytes, AChangedQuestionIsAnsweredOrRefused) {
  Pair both(kNow);
  for (int i = 0; i < 5; ++i) ASSERT_TRUE(both.FilePetition(v1::PARTY_KZ).status.ok());
  const authority::Reader& reader = *both.of(v1::PARTY_KZ).reader;
  v1::ListCasesRequest list;
  list.set_page_size(2);
  list.add_statuses(v1::SUBMITTED);
  const v1::ListCasesResponse first = reader.ListCases(list).value();
  list.set_page_token(first.next_page_token());
  ASSERT_TRUE(reader.ListCases(list).ok());
  v1::GetCaseRequest get;
  get.set_name(first.cases(0).name());
  get.set_page_size(1);
  get.set_page_token("0");
  ASSERT_TRUE(reader.GetCase(get, kNow).ok());
  v1::ListMattersRequest matters;
  matters.set_collection("disputes");
  matters.set_page_token(first.next_page_token());
  ASSERT_TRUE(reader.ListMatters(matters).ok());
  v1::WatchActsRequest watch;
  ASSERT_TRUE(reader.ReadActs(*watch.mutable_cursor(), "", 3).ok());
  watch.set_name(get.name());
  v1::GetReceiptRequest receipt;
  receipt.set_ledger(v1::PARTY_KZ);
  receipt.set_index(2);
  v1::GetTermRequest term;
  term.set_on(kToday);
  v1::GetQuotaRequest quota;
  quota.set_name("quotas/kz/2026");

  const auto ask = [&]<typename Request>(SeededRandom& random, const Request& request, auto question) {
    const auto read = Taken<Request>(Mutated(random, request.SerializeAsString(), get.SerializeAsString()));
    if (read) ExpectTold(question(*read));
  };
  ForSeeds(500, [&](SeededRandom& random) {
    ask(random, list, [&](const auto& asked) { return reader.ListCases(asked).status(); });
    ask(random, get, [&](const auto& asked) { return reader.GetCase(asked, kNow).status(); });
    ask(random, matters, [&](const auto& asked) { return reader.ListMatters(asked).status(); });
    ask(random, watch, [&](const v1::WatchActsRequest& asked) {
      v1::WatchCursor cursor = asked.cursor();
      return reader.ReadActs(cursor, asked.name(), 64).status();
    });
    ask(random, receipt, [&](const v1::GetReceiptRequest& asked) {
      return reader.GetReceipt(asked.ledger(), asked.index(), kNow).status();
    });
    ask(random, term,
        [&](const v1::GetTermRequest& asked) { return reader.GetTerm(asked.on(), kNow).status(); });
    ask(random, term,
        [&](const v1::GetTermRequest& asked) { return reader.ListRules(asked.on(), kNow).status(); });
    ask(random, quota,
        [&](const v1::GetQuotaRequest& asked) { return reader.GetQuota(asked.name()).status(); });
  });
}

}  // namespace
}  // namespace kelisim::testing
