#include <algorithm>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/base/bytes.h"
#include "shared/cli/flags.h"
#include "shared/cli/program.h"

// case list | show | watch.

namespace kelisim::cli {
namespace {

constexpr absl::Duration kFirstPause = absl::Milliseconds(500);
constexpr absl::Duration kLongestPause = absl::Seconds(15);

void AddList(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("list", "help.case_list");
  command->footer(
      "help.examples\n"
      "  kelisim case list --my-turn\n"
      "  kelisim case list --status SUBMITTED RETURNED --page-size 20");
  auto request = std::make_shared<v1::ListCasesRequest>();
  // The names of all statuses would fill the screen.
  AddFlag(*command, request.get(), {"--status", "statuses", "help.statuses"})->type_name("STATUS");
  AddFlag(*command, request.get(), {"--my-turn", "my_turn", "help.my_turn"});
  AddFlag(*command, request.get(), {"--page-size", "page_size", "help.page_size"});
  AddFlag(*command, request.get(), {"--page-token", "page_token", "help.page_token"});
  command->callback([&program, request] {
    program.action = [request](Session& session) {
      return Show(session, CallForPage(session.client, *request));
    };
  });
}

void AddShow(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("show", "help.case_show");
  command->footer("help.example\n  kelisim case show 3f2a9c104be7d865 --lang kk");
  auto request = std::make_shared<v1::GetCaseRequest>();
  AddCaseArgument(*command, request->mutable_name());
  command->callback([&program, request] {
    program.action = [request](Session& session) {
      return Show(session, CallForAll(session.client, *request));
    };
  });
}

// "12,7,3f2a9c104be7d865" as --json shows a cursor: own_index, mirror_index, history; and
// refused, which may be left out.
bool ParseCursor(const std::string& text, v1::WatchCursor* cursor) {
  const std::vector<std::string> parts = absl::StrSplit(text, ',');
  if (parts.size() != 3 && parts.size() != 4) return false;
  const std::optional<uint64_t> own = ParseDecimal(parts[0]);
  const std::optional<uint64_t> mirror = ParseDecimal(parts[1]);
  const std::optional<uint64_t> refused = parts.size() == 4 ? ParseDecimal(parts[3]) : 0;
  if (!own || !mirror || !FromHex(parts[2]).ok() || !refused) return false;
  cursor->set_own_index(*own);
  cursor->set_mirror_index(*mirror);
  cursor->set_history(parts[2]);
  cursor->set_refused(*refused);
  return true;
}

void Print(const Session& session, const v1::WatchActsResponse& response) {
  if (response.name().empty()) return;  // a heartbeat
  session.world.out << (session.options.json ? ToJson(response, /*one_line=*/true)
                                             : Render(response, session.reader))
                    << std::flush;
}

// True when a stream ended for no fault of ours: the connection broke, the service
// stops, the stream's life was over, or the service counts streams that broke as if they were alive.
bool MayGoOn(const grpc::Status& status) {
  return status.error_code() == grpc::StatusCode::UNAVAILABLE ||
         status.error_code() == grpc::StatusCode::RESOURCE_EXHAUSTED ||
         status.error_code() == grpc::StatusCode::CANCELLED ||
         status.error_code() == grpc::StatusCode::DEADLINE_EXCEEDED;
}

// A broken stream is taken up again at the cursor. Only the first attempt may
// fail for good: then the address or the certificate is wrong. A cursor that is taken no
// more ends it as well: who has shown what was lost since must be told.
int Watch(v1::WatchActsRequest request, Session& session) {
  bool connected = false;
  absl::Duration pause = kFirstPause;
  for (;;) {
    const grpc::Status status =
        session.client.Watch(request, connected, [&](const v1::WatchActsResponse& response) {
          connected = true;
          pause = kFirstPause;
          *request.mutable_cursor() = response.cursor();
          Print(session, response);
        });
    if (status.ok()) return kOk;
    if (!connected || !MayGoOn(status)) return Fail(session, FailureOf(status, "", session.reader.lang));
    if (!session.options.json) session.world.err << Say(session.reader.lang, "ui.reconnecting") << std::endl;
    session.world.pause(pause);
    pause = std::min(pause * 2, kLongestPause);
  }
}

void AddWatch(Program& program, CLI::App& group) {
  CLI::App* command = group.add_subcommand("watch", "help.watch");
  command->footer(
      "help.watch_note\n"
      "help.examples\n"
      "  kelisim case watch\n"
      "  kelisim case watch --case 3f2a9c104be7d865 --from 12,7,9d04c1e2b7a35f68 --json");
  auto request = std::make_shared<v1::WatchActsRequest>();
  command
      ->add_option_function<std::string>(
          "--case", [request](const std::string& given) { request->set_name(CaseName(given)); },
          "help.watch_case")
      ->type_name("CASE");
  command
      ->add_option(
          "--from",
          [request](const CLI::results_t& given) {
            return ParseCursor(given.at(0), request->mutable_cursor());
          },
          "help.watch_from")
      ->type_name("OWN,MIRROR,HISTORY[,REFUSED]");
  command->callback([&program, request] {
    program.action = [request](Session& session) { return Watch(*request, session); };
  });
}

}  // namespace

void AddCaseCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("case", "help.cases");
  group->require_subcommand(1);
  AddList(program, *group);
  AddShow(program, *group);
  AddWatch(program, *group);
  AddCaseSteps(program, *group);
}

}  // namespace kelisim::cli
