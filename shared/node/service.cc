#include "shared/node/service.h"

#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <exception>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "CLI/CLI.hpp"
#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/node/config.h"
#include "shared/node/doctor.h"
#include "shared/node/init.h"
#include "shared/node/keys.h"
#include "shared/node/node.h"
#include "shared/node/stop_limit.h"
#include "shared/node/transport.h"
#include "shared/rpc/log.h"

namespace kelisim::node {
namespace {

constexpr uint32_t kDefaultGraceSeconds = 10;

constexpr char kExamples[] = R"(
Examples:
  keygen --name migration.kz.example/ledger/2026 --type log --out keys/log.skey
  init --config kz.textproto
  doctor --config kz.textproto
  rotate-key begin --config kz.textproto --out keys/log-2.skey --from 1200
  run --config kz.textproto --listen 127.0.0.1:7801

Exit codes: 0 done, 1 failed, 2 command line or configuration is wrong,
75 the outcome of the last turn is unknown: start again. After `store_damaged` in the log a
backup has to be put back first: deploy/recovery.md.)";

struct Arguments {
  std::string config_file;
  // Field and value, in the order given.
  std::vector<std::pair<std::string, std::string>> overrides;
  std::string key_name;
  std::string key_type;
  std::string key_file;
  uint64_t size = 0;
};

int Usage(const std::string& problem) {
  std::cerr << problem << "\n";
  return kExitUsage;
}

// `lines` receives where the fields stand that no flag overrides.
absl::StatusOr<v1::NodeConfig> Configure(const Arguments& arguments, FieldLines& lines) {
  v1::NodeConfig config;
  if (!arguments.config_file.empty()) {
    ASSIGN_OR_RETURN(config, ReadConfig(arguments.config_file, &lines));
  }
  for (const auto& [field, value] : arguments.overrides) {
    RETURN_IF_ERROR(SetField(config, field, value));
    lines[field] = 0;
  }
  return config;
}

// ---------------------------------------------------------------- run

// What the process waits for: a signal, or the core's end.
constexpr char kSignalled = 's';
constexpr char kFailed = 'f';
int wake_pipe[2];

void Wake(char why) {
  // Full only when the process is already woken.
  (void)!write(wake_pipe[1], &why, 1);
}

void OnSignal(int) {
  const int saved = errno;
  Wake(kSignalled);
  errno = saved;
}

char WaitForWake() {
  char why = kSignalled;
  while (read(wake_pipe[0], &why, 1) < 0 && errno == EINTR) {
  }
  return why;
}

// What a stop may take beside the grace. A thread of the node that asks another machine, or syncs a
// large document to a slow disk, rarely needs more.
constexpr absl::Duration kTimeToClose = absl::Seconds(30);
// How long a stop waits for whoever reads the log.
constexpr absl::Duration kLogPatience = absl::Seconds(2);

// A start that is refused a thread or memory throws. `code` receives what a failure means.
absl::StatusOr<std::unique_ptr<Node>> StartNode(const v1::NodeConfig& config,
                                                const authority::Profile& profile,
                                                std::function<void()> failed, int& code) {
  code = kExitFailed;
  try {
    if (absl::Status fit = CheckFiles(config, profile, SystemClock().Now()); !fit.ok()) {
      code = kExitUsage;
      return fit;
    }
    return Node::Start(config, profile, SystemClock(), std::move(failed));
  } catch (const std::exception& e) {
    return absl::InternalError(e.what());
  }
}

int RunNode(const v1::NodeConfig& config, const authority::Profile& profile) {
  PrepareGrpc();
  rpc::StartLog(rpc::ParseLogLevel(config.log_level()));
  if (pipe(wake_pipe) != 0) return kExitFailed;
  struct sigaction action {};
  action.sa_handler = OnSignal;
  sigaction(SIGTERM, &action, nullptr);
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);

  int code = kExitFailed;
  std::atomic<bool> failed = false;
  const auto on_failure = [&failed] {
    failed = true;
    Wake(kFailed);
  };
  absl::StatusOr<std::unique_ptr<Node>> node = StartNode(config, profile, on_failure, code);
  if (!node.ok()) {
    rpc::Log(rpc::LogLevel::kError, "not_started", {{"status", node.status().ToString()}});
    return code;
  }
  const char why = WaitForWake();
  const uint32_t grace =
      config.stop_grace_seconds() == 0 ? kDefaultGraceSeconds : config.stop_grace_seconds();
  const absl::Duration patience = why == kFailed ? absl::ZeroDuration() : absl::Seconds(grace);
  const StopLimit limit(patience + kTimeToClose,
                        [&failed] { return failed ? kExitOutcomeUnknown : kExitFailed; });
  (*node)->Stop(patience);
  node->reset();
  // Also of a turn that failed after the signal.
  return failed ? kExitOutcomeUnknown : kExitOk;
}

int Run(const v1::NodeConfig& config, const authority::Profile& profile) {
  const int code = RunNode(config, profile);
  (void)rpc::FlushLog(kLogPatience);
  return code;
}

// ---------------------------------------------------------------- the other commands

int MakeAnchor(const v1::NodeConfig& config, const absl::Status& made) {
  if (!made.ok()) {
    std::cerr << made.message() << "\n";
    return kExitFailed;
  }
  std::cout << "ok: " << config.anchor_file() << "\n";
  return kExitOk;
}

int Doctor(const v1::NodeConfig& config, const authority::Profile& profile) {
  bool ok = true;
  Examine(config, profile, SystemClock(), [&](const Finding& finding) {
    // At once: what was found so far is there whatever comes next.
    const char* const label = finding.unsure ? "unsure   " : finding.ok ? "ok       " : "problem  ";
    std::cout << label << finding.text << std::endl;
    ok = ok && finding.ok;
  });
  return ok ? kExitOk : kExitFailed;
}

int CheckConfig(const v1::NodeConfig& config, const authority::Profile& profile) {
  bool ok = true;
  ExamineFiles(config, profile, SystemClock(), [&](const Finding& finding) {
    if (!finding.ok || finding.unsure) std::cerr << finding.text << "\n";
    ok = ok && finding.ok;
  });
  if (ok) std::cout << "ok\n";
  return ok ? kExitOk : kExitUsage;
}

int Keygen(const Arguments& arguments) {
  if (arguments.key_type == "master") {
    const absl::Status made = GenerateMasterKey(arguments.key_file, SystemRandom());
    if (!made.ok()) std::cerr << made.message() << "\n";
    return made.ok() ? kExitOk : kExitFailed;
  }
  const tlog::KeyType type =
      arguments.key_type == "log" ? tlog::KeyType::kEd25519 : tlog::KeyType::kCosignature;
  const absl::StatusOr<std::string> vkey =
      GenerateKey(arguments.key_name, type, arguments.key_file, SystemRandom());
  if (!vkey.ok()) {
    std::cerr << vkey.status().message() << "\n";
    return absl::IsInvalidArgument(vkey.status()) ? kExitUsage : kExitFailed;
  }
  std::cout << *vkey << "\n";
  return kExitOk;
}

// As it is written in the configuration, whose paths are relative to it.
std::string InConfiguration(const std::string& path, const std::string& config_file) {
  if (config_file.empty() || std::filesystem::path(path).is_absolute()) return path;
  std::error_code error;
  const auto directory = std::filesystem::absolute(config_file, error).parent_path();
  return std::filesystem::proximate(path, directory, error).string();
}

absl::StatusOr<std::string> NextPolicy(const v1::NodeConfig& config, const authority::Profile& profile,
                                       const Arguments& arguments, bool begins) {
  ASSIGN_OR_RETURN(const authority::Identity identity, LoadIdentity(config, profile));
  return begins ? BeginKeySuccession(config, identity, arguments.key_file, arguments.size, SystemRandom())
                : EndKey(config, identity, arguments.size);
}

int RotateKey(const v1::NodeConfig& config, const authority::Profile& profile, const Arguments& arguments,
              bool begins) {
  const absl::StatusOr<std::string> policy = NextPolicy(config, profile, arguments, begins);
  if (!policy.ok()) {
    std::cerr << policy.status().message() << "\n";
    return absl::IsInvalidArgument(policy.status()) ? kExitUsage : kExitFailed;
  }
  const absl::StatusOr<std::string> text = ReadFile(*policy);
  std::cout
      << "policy   " << *policy << "\n"
      << "sha256   " << ToHex(Sha256(text.value_or("")).bytes()) << "\n"
      << "Hand it to the other Party, compare the hash in another way, then both move it to the place of\n"
      << config.policy_file() << " and start their services again.\n"
      << (begins
              ? absl::StrCat("Set keys.next_log to \"",
                             InConfiguration(arguments.key_file, arguments.config_file),
                             "\" with the same restart.\n")
              : "When the ledger has grown so far, set keys.log to the new key and clear keys.next_log.\n");
  return kExitOk;
}

CLI::App* AddKeygen(CLI::App& app, Arguments& arguments) {
  CLI::App* keygen = app.add_subcommand("keygen", "make a secret key in a new file and print its public key");
  keygen->add_option("--name", arguments.key_name, "key name, such as migration.kz.example/ledger/2026");
  keygen->add_option("--type", arguments.key_type, "log, cosigner (witness or mirror) or master")
      ->required()
      ->check(CLI::IsMember({"log", "cosigner", "master"}));
  keygen->add_option("--out", arguments.key_file, "the new file")->required();
  return keygen;
}

}  // namespace

int RunService(int argc, const char* const* argv, const authority::Profile& profile) {
  // A limit on the size of files is then an error of whoever writes, and no silent end.
  signal(SIGXFSZ, SIG_IGN);
  Arguments arguments;
  CLI::App app(absl::StrCat("The authority of ", v1::Party_Name(profile.party),
                            " under the Agreement of 6 July 1998."));
  app.set_version_flag("--version", KELISIM_VERSION);
  app.footer(kExamples);
  app.require_subcommand(0, 1);
  app.fallthrough();
  app.add_option("--config", arguments.config_file, "configuration file, protobuf text format of NodeConfig");
  for (const std::string& field : FlagFields()) {
    app.add_option_function<std::string>(
           FlagOf(field),
           [&arguments, field](const std::string& value) { arguments.overrides.emplace_back(field, value); },
           absl::StrCat("instead of `", field, "` of the file"))
        ->group("Configuration");
  }
  app.add_subcommand("run", "run the service (also without a command)");
  const CLI::App* init = app.add_subcommand("init", "make the head anchor of a new, empty node");
  const CLI::App* replace = app.add_subcommand(
      "replace-anchor", "make the head anchor of a store that has lost its own: deploy/recovery.md");
  const CLI::App* check = app.add_subcommand("check-config", "say whether the configuration can be used");
  const CLI::App* doctor =
      app.add_subcommand("doctor", "examine configuration, keys, certificate, store and anchor");
  const CLI::App* keygen = AddKeygen(app, arguments);
  CLI::App* rotate =
      app.add_subcommand("rotate-key", "let one log key follow another: deploy/key-ceremony.md");
  rotate->require_subcommand(1);
  CLI::App* begin = rotate->add_subcommand("begin", "make a new log key, and the policy in which both count");
  begin->add_option("--out", arguments.key_file, "file of the new key")->required();
  begin
      ->add_option("--from", arguments.size,
                   "size of the ledger from which it counts: at least the present one")
      ->required();
  CLI::App* end = rotate->add_subcommand("end", "make the policy in which the key of keys.log ends");
  end->add_option("--until", arguments.size, "size of the ledger from which it counts no more: a later one")
      ->required();
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? kExitOk : kExitUsage;
  }
  if (keygen->parsed()) return Keygen(arguments);

  FieldLines lines;
  const absl::StatusOr<v1::NodeConfig> config = Configure(arguments, lines);
  if (!config.ok()) return Usage(std::string(config.status().message()));
  if (doctor->parsed()) return Doctor(*config, profile);
  const std::vector<std::string> problems = ConfigProblems(*config);
  for (const std::string& problem : problems) {
    const int line = LineOf(problem, lines);
    if (line > 0) std::cerr << arguments.config_file << ":" << line << ": ";
    std::cerr << problem << "\n";
  }
  if (!problems.empty()) return kExitUsage;
  if (check->parsed()) return CheckConfig(*config, profile);
  if (rotate->parsed()) return RotateKey(*config, profile, arguments, begin->parsed());
  if (init->parsed()) return MakeAnchor(*config, InitNode(*config, profile));
  if (replace->parsed()) return MakeAnchor(*config, ReplaceAnchor(*config, profile));
  return Run(*config, profile);
}

}  // namespace kelisim::node
