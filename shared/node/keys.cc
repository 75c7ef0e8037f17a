#include "shared/node/keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <system_error>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/strings/str_split.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/ledger/anchor.h"
#include "shared/ledger/log.h"
#include "shared/ledger/rocks_store.h"
#include "shared/node/config.h"
#include "shared/tlog/policy.h"
#include "shared/treaty/instrument.h"

namespace kelisim::node {
namespace {

constexpr size_t kMasterKeySize = 32;
constexpr char kLedger[] = "/ledger/";

absl::Status Wrong(std::string_view field, const std::string& file, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(Absl(field), ": ", file, ": ", Absl(what)));
}

// Never over a key that is there: what it has signed could not be continued.
absl::Status WriteSecret(const std::string& file, const std::string& secret) {
  const absl::Status written = WriteNewFile(file, secret + "\n");
  if (!absl::IsAlreadyExists(written)) return written;
  return absl::AlreadyExistsError(absl::StrCat(file, ": exists; keys are never overwritten"));
}

// One line. A secret that others can read is no secret.
absl::StatusOr<std::string> ReadSecret(std::string_view field, const std::string& file) {
  struct stat info {};
  if (stat(file.c_str(), &info) != 0) return Wrong(field, file, "cannot be opened");
  if ((info.st_mode & (S_IRWXG | S_IRWXO)) != 0)
    return Wrong(field, file, "must be readable by its owner only");
  const absl::StatusOr<std::string> text = ReadFile(file);
  if (!text.ok()) return Wrong(field, file, "cannot be read");
  return std::string(absl::StripAsciiWhitespace(*text));
}

absl::StatusOr<tlog::NoteSigner> LoadSigner(std::string_view field, const std::string& file,
                                            tlog::KeyType type) {
  ASSIGN_OR_RETURN(const std::string secret, ReadSecret(field, file));
  absl::StatusOr<tlog::NoteSigner> signer = tlog::NoteSigner::Parse(secret);
  if (!signer.ok()) return Wrong(field, file, "is not a secret note key");
  if (signer->verifier().type() != type) return Wrong(field, file, "is a key of another type");
  return signer;
}

struct PolicyFile {
  const char* field;
  const std::string& path;
};

absl::StatusOr<tlog::Policy> ReadPolicy(const PolicyFile& file) {
  const absl::StatusOr<std::string> text = ReadFile(file.path);
  if (!text.ok()) return Wrong(file.field, file.path, "cannot be read");
  absl::StatusOr<tlog::Policy> policy = tlog::Policy::Parse(*text);
  if (!policy.ok()) return Wrong(file.field, file.path, Std(policy.status().message()));
  if (policy->logs().empty() || !policy->KeysOf(policy->logs()[0].name()).ok()) {
    return Wrong(file.field, file.path, "must name one log");
  }
  return policy;
}

// nullptr: the policy has no such key.
const tlog::NoteVerifier* FindKey(const tlog::LogKeys& keys, const tlog::NoteSigner& own) {
  for (const tlog::LogKeys::Key& key : keys.keys()) {
    if (key.verifier.ToString() == own.verifier().ToString()) return &key.verifier;
  }
  return nullptr;
}

absl::Status CheckOwn(const tlog::NoteVerifier* in_policy, const tlog::NoteSigner& own,
                      std::string_view field, const std::string& file) {
  const bool same = in_policy != nullptr && in_policy->ToString() == own.verifier().ToString();
  return same ? absl::OkStatus()
              : Wrong(field, file,
                      absl::StrCat("is not the key that the policies give to ", own.verifier().name()));
}

absl::Status CheckNoGap(const tlog::LogKeys& keys, const PolicyFile& file) {
  const uint64_t gap = keys.FirstGap();
  return gap == tlog::LogKeys::kNoEnd
             ? absl::OkStatus()
             : Wrong(file.field, file.path,
                     absl::StrCat("no key of ", keys.name(), " counts for a ledger of size ", gap));
}

absl::StatusOr<std::string> HostOf(const tlog::LogKeys& log, const PolicyFile& file) {
  const size_t end = log.name().rfind(kLedger);
  if (end == std::string::npos) return Wrong(file.field, file.path, "its log must be named HOST/ledger/YEAR");
  return log.name().substr(0, end);
}

// Each cosigner says something else: what one has stored, the other has not.
absl::Status CheckName(const tlog::NoteSigner& own, const std::string& name, std::string_view field,
                       const std::string& file) {
  return own.verifier().name() == name
             ? absl::OkStatus()
             : Wrong(field, file,
                     absl::StrCat("is the key of ", own.verifier().name(), ", and not of ", name));
}

std::string RangeLine(const tlog::NoteVerifier& key, uint64_t from, const std::string& until) {
  return absl::StrFormat("#key %08x %d %s", key.key_id(), from, until);
}

// Beside the policy in use, for people to compare.
std::string NextPolicyFile(const v1::NodeConfig& config) { return config.policy_file() + ".next"; }

// Before anything is written.
absl::Status CheckNextPolicy(const v1::NodeConfig& config, const std::string& text) {
  const std::string file = NextPolicyFile(config);
  std::error_code error;
  if (std::filesystem::exists(file, error)) {
    return absl::AlreadyExistsError(
        absl::StrCat(file, ": exists, and nothing was made; move it to where it belongs (",
                     config.policy_file(), "), or remove it if nobody has agreed to it"));
  }
  ASSIGN_OR_RETURN(const tlog::Policy policy, tlog::Policy::Parse(text));
  ASSIGN_OR_RETURN(const tlog::LogKeys keys, policy.KeysOf(policy.logs()[0].name()));
  return CheckNoGap(keys, {"policy_file", file});
}

}  // namespace

absl::StatusOr<authority::Identity> LoadIdentity(const v1::NodeConfig& config, authority::Profile profile) {
  // The program of one Party must never sign for the other one.
  for (const v1::Body& body : treaty::InitialBodies().bodies()) {
    if (body.id() == config.body() && body.party() != profile.party) {
      return absl::InvalidArgumentError(
          absl::StrCat("body: ", config.body(), " is of ", v1::Party_Name(body.party()),
                       ", and this program is of ", v1::Party_Name(profile.party)));
    }
  }
  const v1::Keys& keys = config.keys();
  ASSIGN_OR_RETURN(tlog::NoteSigner log, LoadSigner("keys.log", keys.log(), tlog::KeyType::kEd25519));
  ASSIGN_OR_RETURN(tlog::NoteSigner witness,
                   LoadSigner("keys.witness", keys.witness(), tlog::KeyType::kCosignature));
  ASSIGN_OR_RETURN(tlog::NoteSigner mirror,
                   LoadSigner("keys.mirror", keys.mirror(), tlog::KeyType::kCosignature));
  const PolicyFile own{"policy_file", config.policy_file()};
  const PolicyFile peer{"counterpart_policy_file", config.counterpart_policy_file()};
  ASSIGN_OR_RETURN(const tlog::Policy of_own, ReadPolicy(own));
  ASSIGN_OR_RETURN(const tlog::Policy of_peer, ReadPolicy(peer));

  ASSIGN_OR_RETURN(tlog::LogKeys own_log, of_own.KeysOf(of_own.logs()[0].name()));
  RETURN_IF_ERROR(CheckOwn(FindKey(own_log, log), log, "keys.log", keys.log()));
  RETURN_IF_ERROR(CheckNoGap(own_log, own));
  std::optional<tlog::NoteSigner> next_log;
  if (!keys.next_log().empty()) {
    ASSIGN_OR_RETURN(next_log, LoadSigner("keys.next_log", keys.next_log(), tlog::KeyType::kEd25519));
    RETURN_IF_ERROR(CheckOwn(FindKey(own_log, *next_log), *next_log, "keys.next_log", keys.next_log()));
  }
  RETURN_IF_ERROR(
      CheckOwn(of_peer.FindWitness(witness.verifier().name()), witness, "keys.witness", keys.witness()));
  RETURN_IF_ERROR(
      CheckOwn(of_peer.FindWitness(mirror.verifier().name()), mirror, "keys.mirror", keys.mirror()));
  ASSIGN_OR_RETURN(const std::string own_host, HostOf(own_log, own));
  RETURN_IF_ERROR(CheckName(witness, own_host + "/witness", "keys.witness", keys.witness()));
  RETURN_IF_ERROR(CheckName(mirror, own_host + "/mirror", "keys.mirror", keys.mirror()));

  ASSIGN_OR_RETURN(tlog::LogKeys peer_log, of_peer.KeysOf(of_peer.logs()[0].name()));
  RETURN_IF_ERROR(CheckNoGap(peer_log, peer));
  ASSIGN_OR_RETURN(const std::string host, HostOf(peer_log, peer));
  const tlog::NoteVerifier* const peer_witness = of_own.FindWitness(host + "/witness");
  const tlog::NoteVerifier* const peer_mirror = of_own.FindWitness(host + "/mirror");
  if (peer_witness == nullptr || peer_mirror == nullptr) {
    return Wrong(own.field, own.path,
                 absl::StrCat("must name the cosigners ", host, "/witness and ", host, "/mirror"));
  }
  std::optional<authority::Identity::ThirdWitness> third;
  if (config.has_third_witness()) {
    ASSIGN_OR_RETURN(tlog::NoteVerifier key, tlog::NoteVerifier::Parse(config.third_witness().vkey()));
    third = {std::move(key), config.third_witness().url(), config.third_witness().required()};
  }
  return authority::Identity{std::move(profile),  config.protocol(),  config.body(),
                             std::move(log),      std::move(witness), std::move(mirror),
                             std::move(peer_log), *peer_witness,      *peer_mirror,
                             std::move(own_log),  std::move(third),   std::move(next_log)};
}

absl::StatusOr<std::string> LoadMasterKey(const v1::NodeConfig& config) {
  const std::string& file = config.keys().master();
  ASSIGN_OR_RETURN(const std::string hex, ReadSecret("keys.master", file));
  absl::StatusOr<std::string> key = FromHex(hex);
  if (!key.ok() || key->size() != kMasterKeySize)
    return Wrong("keys.master", file, "is not 32 bytes in hexadecimal");
  return key;
}

absl::StatusOr<std::string> GenerateKey(const std::string& name, tlog::KeyType type, const std::string& file,
                                        Random& random) {
  // What LoadIdentity asks of a log's name: a key of another one starts no node.
  if (type == tlog::KeyType::kEd25519 && name.rfind(kLedger) == std::string::npos)
    return absl::InvalidArgumentError(absl::StrCat(name, ": a log is named HOST/ledger/YEAR"));
  ASSIGN_OR_RETURN(const std::string secret, tlog::NoteSigner::NewSecret(name, type, random.Bytes(32)));
  ASSIGN_OR_RETURN(const tlog::NoteSigner signer, tlog::NoteSigner::Parse(secret));
  RETURN_IF_ERROR(WriteSecret(file, secret));
  return signer.verifier().ToString();
}

absl::StatusOr<std::optional<uint64_t>> OwnSize(const v1::NodeConfig& config,
                                                const authority::Identity& identity) {
  ASSIGN_OR_RETURN(const std::optional<ledger::Head> anchor,
                   ledger::NewFileAnchor(config.anchor_file(), authority::LogIdOf(identity))->Load());
  if (anchor && anchor->size > 0) return anchor->size;
  if (IsEmptyDirectory(config.data_dir())) return std::nullopt;
  const auto store = ledger::OpenRocksStoreForReading({config.data_dir(), nullptr});
  if (!store.ok()) return std::nullopt;
  ASSIGN_OR_RETURN(const uint64_t size, ledger::LogRows<ledger::Store>(ledger::Side::kOwn, **store).Size());
  if (size == 0) return std::nullopt;
  return size;
}

absl::StatusOr<std::string> BeginKeySuccession(const v1::NodeConfig& config,
                                               const authority::Identity& identity, const std::string& file,
                                               uint64_t from, Random& random) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> size, OwnSize(config, identity));
  // What is signed already, the new key has not signed.
  if (size && from < *size) {
    return absl::InvalidArgumentError(
        absl::StrCat("--from ", from, ": the ledger has ", *size, " entries already; at least ", *size));
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(config.policy_file()));
  ASSIGN_OR_RETURN(
      const std::string secret,
      tlog::NoteSigner::NewSecret(identity.log.verifier().name(), tlog::KeyType::kEd25519, random.Bytes(32)));
  ASSIGN_OR_RETURN(const tlog::NoteSigner signer, tlog::NoteSigner::Parse(secret));
  const tlog::NoteVerifier& key = signer.verifier();
  const std::string next = absl::StrCat("log ", key.ToString(), "\n", RangeLine(key, from, "-"), "\n", text);
  RETURN_IF_ERROR(CheckNextPolicy(config, next));
  RETURN_IF_ERROR(WriteSecret(file, secret));
  if (const absl::Status written = WriteNewFile(NextPolicyFile(config), next); !written.ok()) {
    // Nobody knows of the new key: it would be in the way of another attempt.
    std::error_code error;
    std::filesystem::remove(file, error);
    return written;
  }
  return NextPolicyFile(config);
}

absl::StatusOr<std::string> EndKey(const v1::NodeConfig& config, const authority::Identity& identity,
                                   uint64_t until) {
  ASSIGN_OR_RETURN(const std::optional<uint64_t> size, OwnSize(config, identity));
  if (size && until <= *size) {
    return absl::InvalidArgumentError(absl::StrCat("--until ", until, ": the ledger has ", *size,
                                                   " entries already; at least ", *size + 1));
  }
  ASSIGN_OR_RETURN(const std::string text, ReadFile(config.policy_file()));
  const tlog::NoteVerifier& ending = identity.log.verifier();
  uint64_t from = 0;
  for (const tlog::LogKeys::Key& key : identity.own_log.keys()) {
    if (key.verifier.ToString() == ending.ToString()) from = key.from;
  }
  const std::string begin = RangeLine(ending, from, "");
  std::string next = RangeLine(ending, from, absl::StrCat(until));
  for (absl::string_view line : absl::StrSplit(text, '\n')) {
    // One range for each key.
    if (!absl::StartsWith(line, begin)) absl::StrAppend(&next, "\n", line);
  }
  RETURN_IF_ERROR(CheckNextPolicy(config, next));
  RETURN_IF_ERROR(WriteNewFile(NextPolicyFile(config), next));
  return NextPolicyFile(config);
}

absl::Status GenerateMasterKey(const std::string& file, Random& random) {
  return WriteSecret(file, ToHex(random.Bytes(kMasterKeySize)));
}

}  // namespace kelisim::node
