#include "shared/authority/identity.h"

#include <algorithm>
#include <initializer_list>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "shared/base/status_macros.h"
#include "shared/tlog/policy.h"

namespace kelisim::authority {
namespace {

using tlog::LogKeys;

bool CountsAt(const LogKeys& keys, const tlog::NoteSigner& signer, uint64_t size) {
  for (const LogKeys::Key& key : keys.keys()) {
    if (key.verifier.ToString() == signer.verifier().ToString()) return key.CountsAt(size);
  }
  return false;
}

// A keyword of policies is no name for some parsers.
std::string WitnessLine(absl::string_view name, const tlog::NoteVerifier& key) {
  return absl::StrCat("witness ", name, " ", key.ToString(), " https://", key.name(), "\n");
}

std::string PolicyAsking(const Identity& identity, v1::Party ledger,
                         const std::optional<Identity::ThirdWitness>& third) {
  const bool own = ledger == identity.self();
  const tlog::NoteVerifier& witness = own ? identity.peer_witness : identity.witness.verifier();
  const tlog::NoteVerifier& mirror = own ? identity.peer_mirror : identity.mirror.verifier();
  std::string text;
  for (const LogKeys::Key& key : LogKeysOf(identity, ledger).keys()) {
    absl::StrAppend(&text, "log ", key.verifier.ToString(), "\n");
    if (key.from == 0 && key.until == LogKeys::kNoEnd) continue;
    absl::StrAppend(&text, absl::StrFormat("#key %08x %d ", key.verifier.key_id(), key.from),
                    key.until == LogKeys::kNoEnd ? "-" : absl::StrCat(key.until), "\n");
  }
  absl::StrAppend(&text, WitnessLine("peer-witness", witness), WitnessLine("peer-mirror", mirror));
  if (third) absl::StrAppend(&text, "witness third ", third->key.ToString(), " ", third->url, "\n");
  const bool required = third && third->required;
  return absl::StrCat(text, "group treaty all peer-witness peer-mirror", required ? " third" : "",
                      "\nquorum treaty\n");
}

}  // namespace

Hash FirstProtocolHash(const v1::Protocol& protocol) {
  v1::Protocol sorted = protocol;
  for (auto* holidays : {sorted.mutable_holidays_kz(), sorted.mutable_holidays_ru()})
    std::sort(holidays->begin(), holidays->end());
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    (void)sorted.SerializeToCodedStream(&coded);  // to memory: does not fail
  }
  return Sha256({"kelisim first protocol\n", bytes});
}

const LogKeys& LogKeysOf(const Identity& identity, v1::Party ledger) {
  return ledger == identity.self() ? identity.own_log : identity.peer_log;
}

std::string PolicyText(const Identity& identity, v1::Party ledger) {
  return PolicyAsking(identity, ledger, ledger == identity.self() ? identity.third_witness : std::nullopt);
}

absl::StatusOr<tlog::Checkpoint> OpenCosigned(const Identity& identity, std::string_view note) {
  ASSIGN_OR_RETURN(const tlog::Policy policy,
                   tlog::Policy::Parse(PolicyAsking(identity, identity.self(), std::nullopt)));
  return policy.Verify(note);
}

std::string LogIdOf(const Identity& identity) {
  const std::vector<LogKeys::Key>& keys = identity.own_log.keys();
  // A policy has its newest keys first.
  const auto first = std::min_element(
      keys.rbegin(), keys.rend(), [](const auto& one, const auto& other) { return one.from < other.from; });
  return absl::StrFormat("%s+%08x", identity.own_log.name(), first->verifier.key_id());
}

std::vector<const tlog::NoteSigner*> LogSigners(const Identity& identity, uint64_t size) {
  std::vector<const tlog::NoteSigner*> signers;
  if (CountsAt(identity.own_log, identity.log, size)) signers.push_back(&identity.log);
  if (identity.next_log && CountsAt(identity.own_log, *identity.next_log, size)) {
    signers.push_back(&*identity.next_log);
  }
  return signers;
}

const tlog::NoteSigner& LogSigner(const Identity& identity, uint64_t size) {
  const auto signers = LogSigners(identity, size);
  return signers.empty() ? identity.log : *signers.front();
}

}  // namespace kelisim::authority
