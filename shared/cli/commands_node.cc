#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "nlohmann/json.hpp"
#include "shared/base/bytes.h"
#include "shared/cli/flags.h"
#include "shared/cli/output.h"
#include "shared/cli/program.h"
#include "shared/dossier/layout.h"

// node status | checkpoint | evidence | receipt.

namespace kelisim::cli {
namespace {

int ShowCheckpoint(v1::GetCheckpointRequest request, Session& session) {
  if (request.ledger() == v1::PARTY_UNSPECIFIED) {
    const Result<v1::NodeState> node = session.client.Call(v1::GetNodeStateRequest());
    if (!node.status.ok()) return Show(session, node);
    request.set_ledger(node.response.party());
  }
  const Result<v1::GetCheckpointResponse> result = session.client.Call(request);
  if (!result.status.ok()) return Fail(session, FailureOf(result.status, "", session.reader.lang));
  // A signed note is text, to be kept byte for byte.
  session.world.out << (session.options.json ? ToJson(result.response) : result.response.note());
  return kOk;
}

// "kz/12", as timelines show where an act stands.
bool ParsePosition(const std::string& text, v1::GetReceiptRequest* request) {
  const std::vector<std::string> parts = absl::StrSplit(text, '/');
  const std::optional<uint64_t> index = parts.size() == 2 ? ParseDecimal(parts[1]) : std::nullopt;
  if (!index || (parts[0] != "kz" && parts[0] != "ru")) return false;
  request->set_ledger(parts[0] == "kz" ? v1::PARTY_KZ : v1::PARTY_RU);
  request->set_index(*index);
  return true;
}

int ShowReceipt(const std::string& position, Session& session) {
  v1::GetReceiptRequest request;
  if (!ParsePosition(position, &request)) return Fail(session, BadInput("", {}, "ui.not_entry"));
  const Result<v1::Receipt> result = session.client.Call(request);
  if (!result.status.ok()) return Fail(session, FailureOf(result.status, "", session.reader.lang));
  if (result.response.proof().empty()) {
    const grpc::Status not_yet = WithReason(
        grpc::StatusCode::UNAVAILABLE, absl::StrCat(result.response.cosigned_size(), " entries are cosigned"),
        kNotCosignedReason, absl::StrCat("ui.cosigned,", result.response.cosigned_size()));
    return Fail(session, FailureOf(not_yet, "", session.reader.lang));
  }
  // Text, to be kept byte for byte.
  session.world.out << (session.options.json ? ToJson(result.response) : result.response.proof());
  return kOk;
}

int WriteEvidence(const std::string& directory, Session& session) {
  const Result<v1::Equivocation> result = session.client.Call(v1::GetEvidenceRequest());
  if (!result.status.ok()) return Fail(session, FailureOf(result.status, "", session.reader.lang));
  NewDirectory made(directory);
  std::optional<Failure> failure = made.Begin();
  for (const auto& [name, content] : dossier::EvidenceFiles(result.response)) {
    if (!failure) failure = made.Open(name);
    if (!failure) failure = made.Append(content);
  }
  if (!failure) failure = made.Finish();
  if (failure) return Fail(session, *failure);
  if (session.options.json) {
    session.world.out << nlohmann::json{{"directory", directory}}.dump() << "\n";
  } else {
    session.world.out << directory << "\n";
  }
  return kOk;
}

}  // namespace

void AddNodeCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("node", "help.node");
  group->require_subcommand(1);
  CLI::App* status = group->add_subcommand("status", "help.status");
  status->footer("help.example\n  kelisim node status");
  status->callback([&program] {
    program.action = [](Session& session) {
      return Show(session, session.client.Call(v1::GetNodeStateRequest()));
    };
  });
  CLI::App* checkpoint = group->add_subcommand("checkpoint", "help.checkpoint");
  checkpoint->footer("help.example\n  kelisim node checkpoint --ledger ru > ru.checkpoint");
  auto request = std::make_shared<v1::GetCheckpointRequest>();
  AddFlag(*checkpoint, request.get(), {"--ledger", "ledger", "help.ledger"});
  checkpoint->callback([&program, request] {
    program.action = [request](Session& session) { return ShowCheckpoint(*request, session); };
  });
  CLI::App* evidence = group->add_subcommand("evidence", "help.evidence");
  evidence->footer("help.example\n  kelisim node evidence --out evidence\nhelp.evidence_note");
  auto directory = std::make_shared<std::string>();
  evidence->add_option("--out", *directory, "help.out_directory")->required();
  evidence->callback([&program, directory] {
    program.action = [directory](Session& session) { return WriteEvidence(*directory, session); };
  });
  CLI::App* receipt = group->add_subcommand("receipt", "help.receipt");
  receipt->footer("help.example\n  kelisim node receipt kz/12 > act.tlog-proof\nhelp.receipt_note");
  auto position = std::make_shared<std::string>();
  receipt->add_option("ENTRY", *position, "help.entry")->required();
  receipt->callback([&program, position] {
    program.action = [position](Session& session) { return ShowReceipt(*position, session); };
  });
}

}  // namespace kelisim::cli
