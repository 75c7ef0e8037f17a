#include "shared/node/doctor.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/authority/audit.h"
#include "shared/authority/core.h"
#include "shared/authority/views.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/x509.h"
#include "shared/ledger/anchor.h"
#include "shared/ledger/attachments.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/rocks_store.h"
#include "shared/node/config.h"
#include "shared/node/keys.h"
#include "shared/node/transport.h"
#include "shared/text/messages.h"
#include "shared/treaty/instrument.h"

namespace kelisim::node {
namespace {

Finding Problem(absl::string_view what, const absl::Status& status) {
  const std::string begin = absl::StrCat(what, ": ");
  // Some say themselves what they are about.
  return {false, absl::StrCat(absl::StartsWith(status.message(), begin) ? "" : begin, status.message())};
}

// A CA that may issue both the counterpart's name and one of ours could let the other Party
// act as our officer. Of a name that none may issue nobody can connect; nor by one that has
// expired, of which a new one may stand beside it.
Finding ExamineRoots(const v1::NodeConfig& config, absl::Time now) {
  const absl::StatusOr<std::string> pem = ReadFile(config.tls().roots());
  if (!pem.ok()) return Problem("roots", pem.status());
  bool of_own = false;
  bool of_counterpart = false;
  std::string expired;
  for (const X509Pointer& ca : ParseCertificates(*pem)) {
    if (!IsValidAt(*ca, now)) {
      absl::StrAppend(&expired, " (", HolderOf(*ca), " is not valid now)");
      continue;
    }
    std::string own;
    std::string counterpart;
    for (const v1::Identity& identity : config.identities()) {
      if (!MayIssue(*ca, identity.uri())) continue;
      (identity.role() == v1::Identity::COUNTERPART ? counterpart : own) = identity.uri();
    }
    of_own = of_own || !own.empty();
    of_counterpart = of_counterpart || !counterpart.empty();
    if (own.empty() || counterpart.empty()) continue;
    return {false, absl::StrCat("roots: one CA may issue certificates for ", own, " and for ", counterpart,
                                ": constrain the names of each (nameConstraints)")};
  }
  if (!of_counterpart)
    return {false, absl::StrCat("roots: no CA may issue the name of the counterpart: it can never connect",
                                expired)};
  if (!of_own)
    return {false,
            absl::StrCat("roots: no CA may issue a name of our own: no officer can ever connect", expired)};
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

// The same before there is a day to ask for: whether the node's Party can have such a body at
// all. A successor that came by an instrument is known to the store alone.
Finding ExamineBodyName(const v1::NodeConfig& config, const authority::Identity& identity) {
  const std::string name = absl::StrCat("body: ", identity.body);
  for (const v1::Body& body : treaty::InitialBodies().bodies()) {
    if (body.id() != identity.body) continue;
    if (body.party() == identity.self()) return {true, name};
    return {false, absl::StrCat(name, ": is a body of the other Party")};
  }
  const Finding unknown{false, absl::StrCat(name, ": there is no such body of ",
                                            v1::Party_Name(identity.self()), " (kelisim term show)")};
  if (IsEmptyDirectory(config.data_dir())) return unknown;
  const auto store = ledger::OpenRocksStoreForReading({config.data_dir(), nullptr});
  // In use, or damaged: that is for others to say.
  const Finding unsure{
      true,
      absl::StrCat(name, ": the Agreement of 1998 names none such; whether an instrument has ",
                   "is in the store, which cannot be read: is a node running?"),
      /*unsure=*/true};
  if (!store.ok()) return unsure;
  const auto bytes = (*store)->Get(authority::kTreatyRow);
  v1::TreatyState treaty;
  if (!bytes.ok() || (*bytes && !treaty.ParseFromString(**bytes))) return unsure;
  for (const v1::Succession& succession : treaty.successions()) {
    if (succession.body().id() == identity.body && succession.body().party() == identity.self())
      return {true, name};
  }
  return unknown;
}

// A node that could sign nothing of what comes next, as far as anchor or store say how much that
// is. Errors of these are for others to say.
Finding ExamineLogKeys(const v1::NodeConfig& config, const authority::Identity& identity) {
  const absl::StatusOr<std::optional<uint64_t>> size = OwnSize(config, identity);
  if (!size.ok() || !*size || !authority::LogSigners(identity, **size + 1).empty()) return {true, ""};
  return {false, absl::StrCat("keys.log: ", config.keys().log(), ": counts no more for what comes after ",
                              **size, " entries, as policy_file says; set it to the key that follows")};
}

// A key that ended before its successor began to sign.
absl::Status CheckEnds(const authority::Identity& identity, const ledger::LogRows<ledger::Store>& own,
                       uint64_t size) {
  for (const tlog::LogKeys::Key& key : identity.own_log.keys()) {
    if (key.until > size) continue;
    ASSIGN_OR_RETURN(const std::string checkpoint, own.CheckpointFrom(key.until));
    if (!absl::IsNotFound(identity.own_log.Open(checkpoint).status())) continue;
    return absl::FailedPreconditionError(
        absl::StrCat("policy_file: ends the log key ", key.verifier.ToString(), " at size ", key.until,
                     ", and no other key has signed the ledger there: it must end later"));
  }
  return absl::OkStatus();
}

// What there is to say of books that are whole.
void ExamineState(const authority::Core& core, const ledger::LogRows<ledger::Store>& own, uint64_t size,
                  absl::Time now, const Tell& tell) {
  if (!core.halted().empty()) {
    tell({false, absl::StrCat("halted: ", Say(Lang::kEnglish, core.halted()),
                              ": people of both Parties decide (deploy/recovery.md)")});
  }
  // Facts that stay, whether or not they have been entered again since.
  if (!core.lost_contents().empty()) {
    tell({true, absl::StrCat("lost: the contents of own entries ", core.lost_contents(),
                             ": to be entered again, unless that was done")});
  }
  if (!core.lost_entries().empty()) {
    tell({true, absl::StrCat("lost: own entries ", core.lost_entries(),
                             ": nobody else had them; to be entered again, unless that was done")});
  }
  if (size == 0) return;
  const absl::StatusOr<std::string> last = own.Entry(size - 1);
  v1::Entry entry;
  if (!last.ok() || !entry.ParseFromString(*last)) return tell(Problem("store", last.status()));
  const absl::Duration ahead = absl::FromUnixMicros(entry.recorded_at_us()) - now;
  if (ahead <= authority::kMostAhead) return;
  tell({false, absl::StrCat("clock: own entry ", size - 1, " bears a time ", absl::ToInt64Seconds(ahead),
                            " seconds ahead: the counterpart takes none before that time")});
}

void ExamineDocuments(const v1::NodeConfig& config, const ledger::Store& store, const std::string& master_key,
                      const Tell& tell) {
  const auto attachments =
      ledger::Attachments::OpenForReading(config.attachments_dir(), master_key, SystemRandom());
  uint64_t whole = 0;
  const auto heard = [&](const Hash& sha256, authority::DocumentIs is) {
    if (is == authority::DocumentIs::kWhole) {
      ++whole;
    } else {
      tell({false, absl::StrCat("attachment: ", ToHex(sha256.bytes()), ": ",
                                Say(Lang::kEnglish, authority::ProblemKey(is)))});
    }
    return absl::OkStatus();
  };
  const absl::Status examined = authority::ExamineAttachments(store, *attachments, heard);
  tell(examined.ok() ? Finding{true, absl::StrCat("attachments: ", whole, " whole")}
                     : Problem("attachments", examined));
}

void ExamineBooks(const v1::NodeConfig& config, const authority::Identity& identity,
                  const std::string& master_key, absl::Time now, const Tell& tell) {
  const absl::StatusOr<std::optional<ledger::Head>> anchor =
      ledger::NewFileAnchor(config.anchor_file(), authority::LogIdOf(identity))->Load();
  if (!anchor.ok()) return tell(Problem("anchor", anchor.status()));
  if (!*anchor)
    return tell({false, "anchor: is missing: the node would append nothing (deploy/recovery.md)"});
  tell({true, absl::StrCat("anchor: ", (*anchor)->size, " own entries, lineage ", (*anchor)->lineage)});

  if (IsEmptyDirectory(config.data_dir())) {
    const bool fresh = (*anchor)->size == 0;
    if (fresh) tell(ExamineBody(identity, {}, now));
    return tell({fresh, fresh ? "store: empty, as the anchor says"
                              : "store: empty, and the anchor says otherwise: it was lost"});
  }
  const absl::StatusOr<std::unique_ptr<ledger::Store>> store =
      ledger::OpenRocksStoreForReading({config.data_dir(), nullptr});
  if (absl::IsUnavailable(store.status())) {
    return tell({true, "store: in use by a running node; stop it to have the store examined"});
  }
  if (const absl::Status room = ledger::CheckRoom({config.data_dir(), nullptr}); !room.ok()) {
    tell(Problem("room", room));
  }
  if (!store.ok()) return tell(Problem("store", store.status()));
  // What nobody has read yet may be damaged as well.
  if (const absl::Status whole = ledger::VerifyChecksums(**store); !whole.ok()) {
    return tell(Problem("store", whole));
  }
  ledger::Vault vault(master_key, SystemRandom());
  const auto core = authority::Core::Open(identity, **store, vault, SystemRandom(), *anchor);
  if (!core.ok()) return tell(Problem("store", core.status()));
  const absl::StatusOr<uint64_t> own = ledger::LogRows<ledger::Store>(ledger::Side::kOwn, **store).Size();
  const absl::StatusOr<uint64_t> mirror =
      ledger::LogRows<ledger::Store>(ledger::Side::kMirror, **store).Size();
  if (!own.ok()) return tell(Problem("store", own.status()));
  if (!mirror.ok()) return tell(Problem("store", mirror.status()));
  const std::string sizes = absl::StrCat("store: ", *own, " own entries, ", *mirror, " mirrored");
  if (*own < (*anchor)->size) return tell({false, sizes + ": smaller than its anchor: rolled back"});
  tell({true, sizes});
  const ledger::LogRows<ledger::Store> log(ledger::Side::kOwn, **store);
  if (const absl::Status ends = CheckEnds(identity, log, *own); !ends.ok()) tell(Problem("keys", ends));
  ExamineState(**core, log, *own, now, tell);
  ledger::Overlay rows(**store);
  const authority::Views views(identity.self(), rows, vault);
  const absl::StatusOr<v1::TreatyState> treaty = views.LoadTreaty();
  if (!treaty.ok()) return tell(Problem("store", treaty.status()));
  tell(ExamineBody(identity, *treaty, now));
  const absl::StatusOr<std::vector<std::string>> beside =
      views.KeysBeside(identity.peer_log, treaty::Other(identity.self()));
  if (!beside.ok()) return tell(Problem("store", beside.status()));
  for (const std::string& key : *beside) {
    tell({false, absl::StrCat("counterpart: its ledger announces the log key ", key,
                              " otherwise than counterpart_policy_file has it")});
  }
  ExamineDocuments(config, **store, master_key, tell);
}

}  // namespace

namespace {

// The identity, when all is well with what ExamineFiles looks at.
std::optional<authority::Identity> Examined(const v1::NodeConfig& config, const authority::Profile& profile,
                                            absl::Time now, std::string& master_key, const Tell& tell) {
  const std::vector<std::string> problems = ConfigProblems(config);
  for (const std::string& problem : problems) tell({false, "config: " + problem});
  if (!problems.empty()) return std::nullopt;
  tell({true, "config"});
  tell(ExamineCertificate(config, now));
  absl::StatusOr<authority::Identity> identity = LoadIdentity(config, profile);
  absl::StatusOr<std::string> key = LoadMasterKey(config);
  if (!identity.ok()) tell(Problem("keys and policy", identity.status()));
  if (!key.ok()) tell(Problem("master key", key.status()));
  if (!identity.ok() || !key.ok()) return std::nullopt;
  tell({true, absl::StrCat("keys and policy: ", identity->log.verifier().name(), " faces ",
                           identity->peer_log.name())});
  const Finding body = ExamineBodyName(config, *identity);
  if (!body.ok || body.unsure) tell(body);
  const Finding log_keys = ExamineLogKeys(config, *identity);
  if (!log_keys.ok) tell(log_keys);
  master_key = *std::move(key);
  return *std::move(identity);
}

}  // namespace

Finding ExamineCertificate(const v1::NodeConfig& config, absl::Time now) {
  const absl::StatusOr<CertificateFacts> facts = CheckTlsFiles(config, now);
  if (!facts.ok()) return Problem("certificate", facts.status());
  if (facts->uri.empty()) {
    return {false, "certificate: needs exactly one URI name: the counterpart knows this node by it"};
  }
  const std::string until = absl::FormatTime("%Y-%m-%d %H:%M", facts->valid_until, absl::UTCTimeZone());
  const bool old = now - facts->valid_from > (facts->valid_until - facts->valid_from) / 2;
  if (old)
    return {false, absl::StrCat("certificate: past half its life, valid until ", until, " UTC: renew it")};
  return {true, absl::StrCat("certificate: ", facts->uri, ", valid until ", until, " UTC")};
}

absl::Status CheckFiles(const v1::NodeConfig& config, const authority::Profile& profile, absl::Time now) {
  ASSIGN_OR_RETURN(const authority::Identity identity, LoadIdentity(config, profile));
  RETURN_IF_ERROR(LoadMasterKey(config).status());
  RETURN_IF_ERROR(CheckTlsFiles(config, now).status());
  const Finding body = ExamineBodyName(config, identity);
  if (!body.ok) return absl::InvalidArgumentError(body.text);
  const Finding log_keys = ExamineLogKeys(config, identity);
  return log_keys.ok ? absl::OkStatus() : absl::InvalidArgumentError(log_keys.text);
}

void ExamineFiles(const v1::NodeConfig& config, const authority::Profile& profile, Clock& clock,
                  const Tell& tell) {
  std::string master_key;
  (void)Examined(config, profile, clock.Now(), master_key, tell);
}

void Examine(const v1::NodeConfig& config, const authority::Profile& profile, Clock& clock,
             const Tell& tell) {
  std::string master_key;
  const auto identity = Examined(config, profile, clock.Now(), master_key, tell);
  if (!identity) return;
  tell(ExamineRoots(config, clock.Now()));
  if (const absl::Status place = CheckAuditDirectory(config); !place.ok()) tell(Problem("audit", place));
  ExamineBooks(config, *identity, master_key, clock.Now(), tell);
}

}  // namespace kelisim::node
