#include "shared/cli/flags.h"
#include "shared/cli/program.h"

// node status | checkpoint.

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

}  // namespace

void AddNodeCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("node", "The service itself: mode, ledgers, checkpoints");
  group->require_subcommand(1);
  CLI::App* status = group->add_subcommand("status", "Show what the service may do at present, and why");
  status->footer("Example:\n  kelisim node status");
  status->callback([&program] {
    program.action = [](Session& session) {
      return Show(session, session.client.Call(v1::GetNodeStateRequest()));
    };
  });
  CLI::App* checkpoint =
      group->add_subcommand("checkpoint", "Write the newest cosigned checkpoint, a signed note");
  checkpoint->footer("Example:\n  kelisim node checkpoint --ledger ru > ru.checkpoint");
  auto request = std::make_shared<v1::GetCheckpointRequest>();
  AddFlag(*checkpoint, request.get(), {"--ledger", "ledger", "Whose ledger; default the service's own"});
  checkpoint->callback([&program, request] {
    program.action = [request](Session& session) { return ShowCheckpoint(*request, session); };
  });
}

}  // namespace kelisim::cli
