#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "nlohmann/json.hpp"
#include "shared/base/civil.h"
#include "shared/cli/certificate.h"
#include "shared/cli/program.h"

// property certificate | check: the short form of a customs certificate, and what an
// officer at the border asks of it.

namespace kelisim::cli {
namespace {

constexpr char kCollection[] = "propertyDeclarations/";

Result<v1::MatterFile> Get(Session& session, const std::string& id) {
  v1::GetMatterRequest request;
  request.set_name(absl::StrCat(kCollection, id));
  return session.client.Call(request);
}

int ShowCertificate(const std::string& name, Session& session) {
  const std::string id = name.substr(name.rfind('/') == std::string::npos ? 0 : name.rfind('/') + 1);
  const Result<v1::MatterFile> found = Get(session, id);
  if (!found.status.ok()) return Show(session, found);
  const std::string text = ShortFormOf(found.response.state());
  if (text.empty()) {
    const grpc::Status none =
        WithReason(grpc::StatusCode::NOT_FOUND, "nothing is certified", kAnswerReason, "ui.certificate_none");
    return Fail(session, FailureOf(none, "", session.reader.lang));
  }
  session.world.out << (session.options.json ? nlohmann::json{{"certificate", text}}.dump(2)
                                             : DrawQr(text) + text)
                    << "\n";
  return kOk;
}

int CheckCertificate(const std::string& text, const std::string& on, Session& session) {
  const std::optional<ShortForm> parsed = ParseShortForm(text);
  const absl::StatusOr<absl::CivilDay> day =
      on.empty() ? absl::ToCivilDay(absl::Now(), absl::LocalTimeZone()) : ParseDate(on);
  if (!parsed || !day.ok()) return Fail(session, BadInput("", {}, "ui.not_certificate"));
  const Result<v1::MatterFile> found = Get(session, parsed->id);
  if (!found.status.ok()) return Show(session, found);
  const std::string problem = ProblemOf(*parsed, found.response.state(), *day);
  const std::string answer = Say(session.reader.lang, problem.empty() ? "ui.certificate_valid" : problem);
  if (session.options.json) {
    session.world.out << nlohmann::json{{"valid", problem.empty()}, {"text", answer}}.dump(2) << "\n";
  } else {
    session.world.out << answer << "\n\n" << Render(found.response, session.reader);
  }
  return problem.empty() ? kOk : kRefusedByRule;
}

}  // namespace

void AddCertificateCommands(Program& program) {
  CLI::App* group = program.app.get_subcommand("property");
  CLI::App* show = group->add_subcommand("certificate", "help.certificate");
  show->footer("help.example\n  kelisim property certificate 9546248187d454b7");
  auto name = std::make_shared<std::string>();
  show->add_option("NAME", *name, "help.declaration")->required();
  show->callback([&program, name] {
    program.action = [name](Session& session) { return ShowCertificate(*name, session); };
  });
  CLI::App* check = group->add_subcommand("check", "help.check");
  check->footer("help.example\n  kelisim property check KELISIM/1/9546248187d454b7/2026-09-01/C-17");
  auto on = std::make_shared<std::string>();
  check->add_option("TEXT", *name, "help.certificate_text")->required();
  check->add_option("--on", *on, "help.on")->type_name("DATE");
  check->callback([&program, name, on] {
    program.action = [name, on](Session& session) { return CheckCertificate(*name, *on, session); };
  });
}

}  // namespace kelisim::cli
