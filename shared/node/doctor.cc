#include "shared/node/doctor.h"

#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/authority/core.h"
#include "shared/authority/views.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/x509.h"
#include "shared/ledger/anchor.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/rocks_store.h"
#include "shared/node/config.h"
#include "shared/node/keys.h"
#include "shared/node/transport.h"
#include "shared/treaty/instrument.h"

namespace kelisim::node {
namespace {

using Findings = std::vector<Finding>;

Finding Problem(absl::string_view what, const absl::Status& status) {
  return {false, absl::StrCat(what, ": ", status.message())};
}

Finding ExamineCertificate(const v1::NodeConfig& config, absl::Time now) {
  const absl::StatusOr<CertificateFacts> facts = CheckTlsFiles(config, now);
  if (!facts.ok()) return Problem("certificate", facts.status());
  if (facts->uri.empty()) {
    return {false, "certificate: needs exactly one URI name: the counterpart knows this node by it"};
  }
  const std::string until = absl::FormatTime("%Y-%m-%d %H:%M", facts->valid_until, absl::UTCTimeZone());
  // At half its life there is time to find out why it was not renewed.
  const bool old = now - facts->valid_from > (facts->valid_until - facts->valid_from) / 2;
  if (old)
    return {false, absl::StrCat("certificate: past half its life, valid until ", until, " UTC: renew it")};
  return {true, absl::StrCat("certificate: ", facts->uri, ", valid until ", until, " UTC")};
}

// A CA that may issue both the counterpart's name and one of ours could let the other Party
// act as our officer.
Finding ExamineRoots(const v1::NodeConfig& config) {
  const absl::StatusOr<std::string> pem = ReadFile(config.tls().roots());
  if (!pem.ok()) return Problem("roots", pem.status());
  for (const X509Pointer& ca : ParseCertificates(*pem)) {
    std::string own;
    std::string counterpart;
    for (const v1::Identity& identity : config.identities()) {
      if (!MayIssue(*ca, identity.uri())) continue;
      (identity.role() == v1::Identity::COUNTERPART ? counterpart : own) = identity.uri();
    }
    if (own.empty() || counterpart.empty()) continue;
    return {false, absl::StrCat("roots: one CA may issue certificates for ", own, " and for ", counterpart,
                                ": constrain the names of each (nameConstraints)")};
  }
  return {true, "roots: no CA may issue the names of both Parties"};
}

// 13.1kz, 13.1ru: the node signs for a body of its own Party, in office today.
Finding ExamineBody(const authority::Identity& identity, const v1::TreatyState& treaty, absl::Time now) {
  const absl::CivilDay today = identity.profile.DateAt(now);
  if (treaty::IsAuthorised(treaty, identity.body, identity.self(), today))
    return {true, absl::StrCat("body: ", identity.body)};
  return {false, absl::StrCat("body: ", identity.body, ": is no authorised body of ",
                              v1::Party_Name(identity.self()), " today: it could record nothing")};
}

void ExamineBooks(const v1::NodeConfig& config, const authority::Identity& identity,
                  const std::string& master_key, absl::Time now, Findings& findings) {
  const absl::StatusOr<std::optional<ledger::Head>> anchor =
      ledger::NewFileAnchor(config.anchor_file())->Load();
  if (!anchor.ok()) return findings.push_back(Problem("anchor", anchor.status()));
  if (!*anchor)
    return findings.push_back(
        {false, "anchor: is missing: the node would append nothing (deploy/recovery.md)"});
  findings.push_back(
      {true, absl::StrCat("anchor: ", (*anchor)->size, " own entries, lineage ", (*anchor)->lineage)});

  if (IsEmptyDirectory(config.data_dir())) {
    const bool fresh = (*anchor)->size == 0;
    if (fresh) findings.push_back(ExamineBody(identity, {}, now));
    return findings.push_back({fresh, fresh ? "store: empty, as the anchor says"
                                            : "store: empty, and the anchor says otherwise: it was lost"});
  }
  const absl::StatusOr<std::unique_ptr<ledger::Store>> store =
      ledger::OpenRocksStore({config.data_dir(), nullptr});
  if (absl::IsUnavailable(store.status())) {
    return findings.push_back({true, "store: in use by a running node; stop it to have the store examined"});
  }
  if (!store.ok()) return findings.push_back(Problem("store", store.status()));
  ledger::Vault vault(master_key, SystemRandom());
  const auto core = authority::Core::Open(identity, **store, vault, SystemRandom(), *anchor);
  if (!core.ok()) return findings.push_back(Problem("store", core.status()));
  const absl::StatusOr<uint64_t> own = ledger::LogRows<ledger::Store>(ledger::Side::kOwn, **store).Size();
  const absl::StatusOr<uint64_t> mirror =
      ledger::LogRows<ledger::Store>(ledger::Side::kMirror, **store).Size();
  if (!own.ok()) return findings.push_back(Problem("store", own.status()));
  if (!mirror.ok()) return findings.push_back(Problem("store", mirror.status()));
  const std::string sizes = absl::StrCat("store: ", *own, " own entries, ", *mirror, " mirrored");
  if (*own < (*anchor)->size)
    return findings.push_back({false, sizes + ": smaller than its anchor: rolled back"});
  findings.push_back({true, sizes});
  ledger::Overlay rows(**store);
  const authority::Views views(identity.self(), rows, vault);
  const absl::StatusOr<v1::TreatyState> treaty = views.LoadTreaty();
  if (!treaty.ok()) return findings.push_back(Problem("store", treaty.status()));
  findings.push_back(ExamineBody(identity, *treaty, now));
  const absl::StatusOr<std::vector<std::string>> beside =
      views.KeysBeside(identity.peer_log, treaty::Other(identity.self()));
  if (!beside.ok()) return findings.push_back(Problem("store", beside.status()));
  for (const std::string& key : *beside) {
    findings.push_back({false, absl::StrCat("counterpart: its ledger announces the log key ", key,
                                            " otherwise than counterpart_policy_file has it")});
  }
}

}  // namespace

namespace {

// The identity, when all is well with what ExamineFiles looks at.
std::optional<authority::Identity> Examined(const v1::NodeConfig& config, const authority::Profile& profile,
                                            absl::Time now, std::string& master_key, Findings& findings) {
  for (const std::string& problem : ConfigProblems(config)) findings.push_back({false, "config: " + problem});
  if (!findings.empty()) return std::nullopt;
  findings.push_back({true, "config"});
  findings.push_back(ExamineCertificate(config, now));
  absl::StatusOr<authority::Identity> identity = LoadIdentity(config, profile);
  absl::StatusOr<std::string> key = LoadMasterKey(config);
  if (!identity.ok()) findings.push_back(Problem("keys and policy", identity.status()));
  if (!key.ok()) findings.push_back(Problem("master key", key.status()));
  if (!identity.ok() || !key.ok()) return std::nullopt;
  findings.push_back({true, absl::StrCat("keys and policy: ", identity->log.verifier().name(), " faces ",
                                         identity->peer_log.name())});
  master_key = *std::move(key);
  return *std::move(identity);
}

}  // namespace

Findings ExamineFiles(const v1::NodeConfig& config, const authority::Profile& profile, Clock& clock) {
  Findings findings;
  std::string master_key;
  (void)Examined(config, profile, clock.Now(), master_key, findings);
  return findings;
}

Findings Examine(const v1::NodeConfig& config, const authority::Profile& profile, Clock& clock) {
  Findings findings;
  std::string master_key;
  const auto identity = Examined(config, profile, clock.Now(), master_key, findings);
  if (!identity) return findings;
  findings.push_back(ExamineRoots(config));
  ExamineBooks(config, *identity, master_key, clock.Now(), findings);
  return findings;
}

}  // namespace kelisim::node
