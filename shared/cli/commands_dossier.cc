#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <map>
#include <system_error>

#include "absl/strings/str_cat.h"
#include "nlohmann/json.hpp"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/cli/output.h"
#include "shared/cli/program.h"
#include "shared/dossier/verifier.h"

// dossier, verify.

namespace kelisim::cli {
namespace {

namespace fs = std::filesystem;

// Group names, as everywhere on the command line, and what they stand for: "decision".
const std::map<std::string, std::string>& Collections() {
  static const auto* const collections = [] {
    auto* made = new std::map<std::string, std::string>{{"case", "cases"}};
    for (const treaty::MatterKind& kind : treaty::MatterKinds())
      made->emplace(GroupOf(kind), kind.collection);
    return made;
  }();
  return *collections;
}

int Export(const v1::ExportDossierRequest& request, const std::string& out, Session& session) {
  NewDirectory directory(out);
  std::optional<Failure> failure = directory.Begin();
  if (failure) return Fail(session, *failure);
  const grpc::Status status = session.client.Export(request, [&](const v1::DossierChunk& chunk) {
    if (!chunk.path().empty()) failure = directory.Open(chunk.path());
    if (!failure) failure = directory.Append(chunk.data());
    return !failure;
  });
  if (!failure && !status.ok()) return Fail(session, FailureOf(status, "", session.reader.lang));
  if (!failure) failure = directory.Finish();
  if (failure) return Fail(session, *failure);
  if (session.options.json) {
    session.world.out << nlohmann::json{{"name", request.name()}, {"directory", out}}.dump() << "\n";
  } else {
    session.world.out << request.name() << ": " << out << "\n";
  }
  return kOk;
}

const char* Code(v1::Party party) { return party == v1::PARTY_KZ ? "kz" : "ru"; }

nlohmann::json AsJson(const dossier::Report& report, const std::vector<v1::Party>& own_keys, Lang lang) {
  nlohmann::json findings = nlohmann::json::array();
  for (const dossier::Finding& finding : report.findings) {
    findings.push_back({{"code", static_cast<int>(finding.verdict)},
                        {"where", finding.where},
                        {"problem", finding.problem_key},
                        {"what", FlawText(finding, lang)},
                        {"rule", finding.broken.rule()}});
  }
  nlohmann::json not_judged = nlohmann::json::array();
  for (const dossier::NotJudged& one : report.not_judged) not_judged.push_back(NotJudgedText(one, lang));
  nlohmann::json entries;
  for (const auto& [party, size] : report.entries) entries[Code(party)] = size;
  nlohmann::json own = nlohmann::json::array();
  for (const v1::Party party : own_keys) own.push_back(Code(party));
  return {{"verdict", static_cast<int>(report.verdict)},
          {"name", report.manifest.name()},
          {"exported_at", report.manifest.exported_at()},
          {"entries", entries},
          {"own_keys", own},
          {"acts_judged", report.acts_judged},
          {"acts_refused", report.acts_refused},
          {"findings", findings},
          {"not_judged", not_judged}};
}

struct VerifyArguments {
  std::string directory;
  std::string policy_kz;
  std::string policy_ru;
};

int Verify(const VerifyArguments& arguments, const Options& options, const World& world) {
  dossier::KnownPolicies known;
  for (const auto& [path, text] :
       {std::pair(&arguments.policy_kz, &known.kz), std::pair(&arguments.policy_ru, &known.ru)}) {
    if (path->empty()) continue;
    absl::StatusOr<std::string> read = ReadFile(*path);
    if (!read.ok()) return Fail(NotRead(*path, read.status()), options, world);
    // An empty one would be taken for none.
    if (!dossier::IsPolicy(*read)) return Fail(BadInput(*path, {}, "ui.no_policy"), options, world);
    *text = *std::move(read);
  }
  std::error_code error;
  if (!fs::is_directory(arguments.directory, error)) {
    return Fail(BadInput(arguments.directory, {}, "ui.no_directory"), options, world);
  }
  const dossier::Report report = dossier::Verify(dossier::DiskFolder(arguments.directory), known);
  std::vector<v1::Party> own_keys;
  if (known.kz.empty()) own_keys.push_back(v1::PARTY_KZ);
  if (known.ru.empty()) own_keys.push_back(v1::PARTY_RU);
  const Lang lang = ChooseLang(options, world.environment);
  if (options.json) {
    // What stands in a damaged file need not be UTF-8.
    world.out << AsJson(report, own_keys, lang).dump(2, ' ', false, nlohmann::json::error_handler_t::replace)
              << "\n";
  } else {
    world.out << Render(report, own_keys, lang);
  }
  return static_cast<int>(report.verdict);
}

}  // namespace

void AddDossierCommands(Program& program) {
  CLI::App* command = program.app.add_subcommand("dossier", "help.dossier");
  command->footer(
      "help.examples\n  kelisim dossier case 3f2a9c104be7d865 --out dossier\n"
      "  kelisim dossier decision 1b --proofs-only --out for-anybody\n"
      "help.dossier_note");
  auto request = std::make_shared<v1::ExportDossierRequest>();
  auto kind = std::make_shared<std::string>();
  auto id = std::make_shared<std::string>();
  auto out = std::make_shared<std::string>();
  auto proofs_only = std::make_shared<bool>(false);
  std::vector<std::string> kinds;
  for (const auto& [group, collection] : Collections()) kinds.push_back(group);
  command->add_option("KIND", *kind, "help.kind")->required()->check(CLI::IsMember(kinds));
  command->add_option("ID", *id, "help.id")->required();
  command->add_option("--out", *out, "help.out_directory")->required();
  command->add_flag("--proofs-only", *proofs_only, "help.proofs_only");
  command->callback([=, &program] {
    program.action = [=](Session& session) {
      const std::string prefix = Collections().at(*kind) + "/";
      request->set_name(id->rfind(prefix, 0) == 0 ? *id : prefix + *id);
      request->set_disclosure(*proofs_only ? v1::PROOFS_ONLY : v1::CONTENT);
      return Export(*request, *out, session);
    };
  });

  CLI::App* verify = program.app.add_subcommand("verify", "help.verify");
  verify->footer(
      "help.example\n  kelisim verify dossier --policy-kz kz.policy --policy-ru ru.policy\n"
      "help.verify_note\n"
      "help.verify_exit_codes");
  auto arguments = std::make_shared<VerifyArguments>();
  verify->add_option("DIR", arguments->directory, "help.dossier_directory")->required();
  verify->add_option("--policy-kz", arguments->policy_kz, "help.policy_kz");
  verify->add_option("--policy-ru", arguments->policy_ru, "help.policy_ru");
  verify->callback([&program, arguments] {
    program.offline = [arguments](const Options& options, const World& world) {
      return Verify(*arguments, options, world);
    };
  });
}

}  // namespace kelisim::cli
