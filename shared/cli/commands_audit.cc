#include <chrono>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "nlohmann/json.hpp"
#include "shared/cli/program.h"
#include "shared/text/acts.h"

// audit.

namespace kelisim::cli {
namespace {

std::string Amount(uint64_t done, uint64_t total) {
  return total == 0 ? absl::StrCat(done) : absl::StrFormat("%d / %d", done, total);
}

int Audit(Session& session) {
  const Lang lang = session.reader.lang;
  const bool at_terminal = session.reader.look.width > 0;
  std::vector<v1::AuditProgress::Finding> findings;
  uint64_t entries = 0;
  uint64_t rows = 0;
  bool complete = false;
  const auto began = std::chrono::steady_clock::now();
  const grpc::Status status = session.client.Audit([&](const v1::AuditProgress& progress) {
    // What is found at the end of a ledger is told with its size as well.
    const bool ended = progress.done() == progress.total() && !progress.has_finding();
    // The stage is reported once for each ledger.
    if (progress.stage() == v1::AuditProgress::ENTRIES && ended) entries += progress.total();
    if (progress.stage() == v1::AuditProgress::ROWS && ended) rows = progress.total();
    complete = complete || progress.stage() == v1::AuditProgress::DONE;
    if (progress.has_finding()) findings.push_back(progress.finding());
    if (!at_terminal || complete) return;
    session.world.err << absl::StrFormat("\r%-30s %s   ", SayEnum(lang, progress.stage()),
                                         Amount(progress.done(), progress.total()));
    session.world.err.flush();
  });
  if (at_terminal) session.world.err << "\n";
  if (!status.ok()) return Fail(session, FailureOf(status, "", lang));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  const auto rate = static_cast<uint64_t>(static_cast<double>(entries) / took.count());
  if (session.options.json) {
    nlohmann::json found = nlohmann::json::array();
    for (const v1::AuditProgress::Finding& finding : findings) {
      found.push_back({{"place", finding.place()},
                       {"problem", finding.problem_keys(0)},
                       {"text", AuditText(lang, finding)}});
    }
    session.world.out << nlohmann::json{{"complete", complete},
                                        {"entries", entries},
                                        {"rows", rows},
                                        {"entries_per_second", rate},
                                        {"findings", found}}
                             .dump(2)
                      << "\n";
  } else {
    for (const v1::AuditProgress::Finding& finding : findings) {
      session.world.out << Say(lang, "verify.found") << ": " << Plain(AuditText(lang, finding)) << "\n";
    }
    session.world.out << Say(lang, findings.empty() && complete ? "audit.fits" : "audit.does_not_fit") << "\n"
                      << DrawPairs({{Say(lang, "audit.entries"), absl::StrCat(entries)},
                                    {Say(lang, "audit.rows"), absl::StrCat(rows)},
                                    {Say(lang, "audit.rate"), absl::StrCat(rate)}},
                                   session.reader.look);
  }
  return findings.empty() && complete ? kOk : kOther;
}

}  // namespace

void AddAuditCommand(Program& program) {
  CLI::App* command = program.app.add_subcommand("audit", "help.audit");
  command->footer("help.example\n  kelisim audit\nhelp.audit_note");
  command->callback([&program] { program.action = Audit; });
}

}  // namespace kelisim::cli
