#include "shared/node/keys.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/node/config.h"
#include "shared/tlog/policy.h"

namespace kelisim::node {
namespace {

constexpr size_t kMasterKeySize = 32;
constexpr char kLedger[] = "/ledger/";

absl::Status Wrong(std::string_view field, const std::string& file, std::string_view what) {
  return absl::InvalidArgumentError(absl::StrCat(Absl(field), ": ", file, ": ", Absl(what)));
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
  if (policy->logs().size() != 1) return Wrong(file.field, file.path, "must name one log");
  return policy;
}

absl::Status CheckOwn(const tlog::NoteVerifier* in_policy, const tlog::NoteSigner& own,
                      std::string_view field, const std::string& file) {
  const bool same = in_policy != nullptr && in_policy->ToString() == own.verifier().ToString();
  return same ? absl::OkStatus()
              : Wrong(field, file,
                      absl::StrCat("is not the key that the policies give to ", own.verifier().name()));
}

absl::Status WriteNewFile(const std::string& file, const std::string& line) {
  const int fd = open(file.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (fd < 0 && errno == EEXIST)
    return absl::AlreadyExistsError(absl::StrCat(file, ": exists; keys are never overwritten"));
  if (fd < 0) return absl::UnavailableError(absl::StrCat(file, ": ", std::strerror(errno)));
  const std::string bytes = line + "\n";
  const bool written =
      write(fd, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()) && fsync(fd) == 0;
  const bool closed = close(fd) == 0;
  if (!written || !closed) return absl::UnavailableError(absl::StrCat(file, ": cannot be written"));
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<authority::Identity> LoadIdentity(const v1::NodeConfig& config, authority::Profile profile) {
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

  RETURN_IF_ERROR(CheckOwn(&of_own.logs()[0], log, "keys.log", keys.log()));
  RETURN_IF_ERROR(
      CheckOwn(of_peer.FindWitness(witness.verifier().name()), witness, "keys.witness", keys.witness()));
  RETURN_IF_ERROR(
      CheckOwn(of_peer.FindWitness(mirror.verifier().name()), mirror, "keys.mirror", keys.mirror()));

  const tlog::NoteVerifier& peer_log = of_peer.logs()[0];
  const size_t host_end = peer_log.name().rfind(kLedger);
  if (host_end == std::string::npos)
    return Wrong(peer.field, peer.path, "its log must be named HOST/ledger/YEAR");
  const std::string host = peer_log.name().substr(0, host_end);
  const tlog::NoteVerifier* const peer_witness = of_own.FindWitness(host + "/witness");
  const tlog::NoteVerifier* const peer_mirror = of_own.FindWitness(host + "/mirror");
  if (peer_witness == nullptr || peer_mirror == nullptr) {
    return Wrong(own.field, own.path,
                 absl::StrCat("must name the cosigners ", host, "/witness and ", host, "/mirror"));
  }
  return authority::Identity{std::move(profile), config.protocol(),  config.body(),
                             std::move(log),     std::move(witness), std::move(mirror),
                             peer_log,           *peer_witness,      *peer_mirror};
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
  ASSIGN_OR_RETURN(const std::string secret, tlog::NoteSigner::NewSecret(name, type, random.Bytes(32)));
  ASSIGN_OR_RETURN(const tlog::NoteSigner signer, tlog::NoteSigner::Parse(secret));
  RETURN_IF_ERROR(WriteNewFile(file, secret));
  return signer.verifier().ToString();
}

absl::Status GenerateMasterKey(const std::string& file, Random& random) {
  return WriteNewFile(file, ToHex(random.Bytes(kMasterKeySize)));
}

}  // namespace kelisim::node
