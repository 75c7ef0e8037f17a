#include "shared/dossier/verifier.h"

#include <algorithm>
#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "google/protobuf/util/json_util.h"
#include "kelisim/v1/ledger.pb.h"
#include "shared/authority/judgement.h"
#include "shared/authority/matter.h"
#include "shared/authority/views.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/dossier/dsse.h"
#include "shared/dossier/layout.h"
#include "shared/ledger/log.h"
#include "shared/ledger/memory_store.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/vault.h"
#include "shared/tlog/equivocation.h"
#include "shared/tlog/policy.h"
#include "shared/tlog/proof.h"
#include "shared/tlog/tiles.h"
#include "shared/treaty/rules.h"

namespace kelisim::dossier {
namespace {

namespace fs = std::filesystem;
using authority::OpenedEntry;
using ledger::Side;

constexpr v1::Party kParties[] = {v1::PARTY_KZ, v1::PARTY_RU};
// More than any file but an attachment can have.
constexpr uint64_t kLargestFile = 64 * 1024 * 1024;

// Of the findings, in the order in which they decide.
int RankOf(Verdict verdict) {
  switch (verdict) {
    case Verdict::kEquivocation:
      return 0;
    case Verdict::kBadSignature:
      return 1;
    case Verdict::kBadProof:
      return 2;
    case Verdict::kMissingCosigner:
      return 3;
    case Verdict::kUnlawful:
      return 4;
    case Verdict::kUnreadable:
      return 5;
    case Verdict::kValid:
      break;
  }
  return 6;
}

// What Policy::Verify and VerifyProof say, as a verdict.
Verdict VerdictOf(const absl::Status& status) {
  switch (status.code()) {
    case absl::StatusCode::kFailedPrecondition:
      return Verdict::kMissingCosigner;
    case absl::StatusCode::kDataLoss:
      return Verdict::kBadProof;
    default:
      return Verdict::kBadSignature;
  }
}

// "kz-12" of "acts/kz-12.entry": the Party and the number behind it.
std::optional<std::pair<v1::Party, uint64_t>> PlaceIn(absl::string_view name) {
  const std::vector<std::string> parts = absl::StrSplit(name, '-');
  if (parts.size() != 2 || (parts[0] != "kz" && parts[0] != "ru")) return std::nullopt;
  const std::optional<uint64_t> number = ParseDecimal(parts[1]);
  if (!number) return std::nullopt;
  return std::pair(parts[0] == "kz" ? v1::PARTY_KZ : v1::PARTY_RU, *number);
}

// An act that was told to the other Party, which alone can be refused.
bool IsAct(const std::string& bytes) {
  v1::Entry entry;
  return entry.ParseFromString(bytes) && entry.kind() == v1::ENTRY_KIND_ACT && entry.addressed();
}

// Whether its author had to tell the other Party of it: what it did not tell, it did not do.
absl::StatusOr<bool> MustBeTold(const v1::Act& act, const authority::Views& views) {
  return authority::WithMatterOf(
      act, absl::StatusOr<bool>(true), [&]<typename Record>(const Record&) -> absl::StatusOr<bool> {
        ASSIGN_OR_RETURN(const auto record, views.Load<Record>(act.subject_id()));
        return treaty::IsAddressed(record->state(), authority::Matter<Record>::In(act));
      });
}

// One ledger of the dossier, once its tree is known to be what its checkpoint says.
struct Ledger {
  std::optional<tlog::Policy> policy;
  bool exists = false;  // something of it is published
  bool whole = false;   // and everything fits the signed root
  uint64_t size = 0;
  Side side = Side::kOwn;
  // Where its entries of a kind stand: acts are far more than all others.
  std::map<v1::EntryKind, std::vector<uint64_t>> places;
};

class Verification {
 public:
  Verification(const Folder& folder, const KnownPolicies& known)
      : folder_(folder), known_(known), vault_(std::string(Hash::kSize, 'v'), SystemRandom()) {}

  Report Run() {
    ListFiles();
    if (IsEvidenceAlone()) {
      CheckEvidenceAlone();
      return Finish();
    }
    if (!ReadManifest()) return Finish();
    CompareFiles();
    for (const v1::Party party : kParties) ReadLedger(party);
    CheckEntries(kActs);
    CheckEntries(kGrounds);
    CheckHistory();
    CheckKeys();
    CheckEvidence(absl::StrCat(kEvidence, "/"));
    CheckLaw();
    return Finish();
  }

 private:
  void Find(Verdict verdict, std::string where, std::string problem_key, std::string detail = "") {
    report_.findings.push_back({verdict, std::move(where), std::move(problem_key), std::move(detail)});
  }
  Report Finish();

  // ---- files
  void ListFiles();
  bool ReadManifest();
  void CompareFiles();
  absl::StatusOr<std::string> Read(const std::string& path) const;
  // Also finds what keeps it from being read.
  std::optional<std::string> Require(const std::string& path);

  // ---- ledgers
  void ReadPolicy(v1::Party party);
  void ReadLedger(v1::Party party);
  bool ReadEntries(v1::Party party, const tlog::Checkpoint& checkpoint);
  std::string SealedPayload(v1::Party party, uint64_t index, const v1::Entry& entry);
  ledger::LogRows<ledger::Overlay> Rows(v1::Party party) { return {ledgers_[party].side, rows_}; }
  absl::StatusOr<Hash> RootAt(v1::Party party, uint64_t size) {
    return tlog::RootAt(size, Rows(party).Nodes());
  }

  void CheckEntries(const std::string& folder);
  void CheckEntry(const std::string& stem, v1::Party party, uint64_t index);
  void CheckSilent(const std::string& stem, v1::Party party, const std::string& bytes);
  const absl::StatusOr<tlog::Checkpoint>& VerifiedOnce(v1::Party party, const std::string& bytes);
  absl::StatusOr<tlog::SignedCheckpoint> OpenByLog(const std::string& note, v1::Party party);
  void CheckKeys();
  bool IsKeyChange(const std::string& payload, v1::Party party, uint64_t index);
  void CheckHistory();
  void CheckSigned(const std::string& path, const tlog::SignedCheckpoint& checkpoint, v1::Party party);
  void CheckConsistency(const std::string& path);
  void CheckEvidence(const std::string& prefix);
  bool IsEvidenceAlone() const;
  void CheckEvidenceAlone();
  void CheckTwoHistories(const std::string& prefix);
  absl::StatusOr<tlog::LogKeys> KeysOf(v1::Party party) const;

  // ---- law
  void CheckLaw();
  absl::Status Replay();
  // Of those that the act names.
  void ListMissingDocuments(const v1::Act& act);
  absl::Status ReplayOwn(authority::Views& views, const OpenedEntry& opened);
  absl::Status ReplayMirror(authority::Views& views, uint64_t index);
  absl::Status FindRefused();
  absl::Status TakeRefusal(v1::Party party, uint64_t index, const v1::Entry& entry,
                           const authority::RefusalTimes::Span& span);
  // Whether the dossier has an act of `author` there, `end` not included.
  absl::StatusOr<bool> ShowsActIn(v1::Party author, uint64_t from, uint64_t end);
  std::string FolderWith(v1::Party party, uint64_t index) const;
  void FindLost();
  // Whether the act stands. One that breaks a rule and is not refused is found.
  absl::StatusOr<bool> Stands(const OpenedEntry& opened, const v1::Act& act, authority::Views& views);

  const Folder& folder_;
  const KnownPolicies& known_;
  Report report_;
  std::vector<Finding> altered_;
  std::set<std::string> files_;  // relative, all regular

  ledger::MemoryStore nothing_;
  ledger::Overlay rows_{nothing_};
  // Seals payloads in memory, as the rows of a ledger have them.
  ledger::Vault vault_;
  std::map<v1::Party, Ledger> ledgers_;
  std::map<std::pair<v1::Party, std::string>, absl::StatusOr<tlog::Checkpoint>> verified_;
  // Places that the other Party has refused in time, and the rule that it named.
  std::map<std::pair<v1::Party, uint64_t>, v1::Violation> refused_;
  std::set<std::string> lost_;
  bool has_acts_ = false;
};

Report Verification::Finish() {
  auto& findings = report_.findings;
  std::stable_sort(findings.begin(), findings.end(),
                   [](const Finding& a, const Finding& b) { return RankOf(a.verdict) < RankOf(b.verdict); });
  findings.insert(findings.end(), altered_.begin(), altered_.end());
  if (!findings.empty()) report_.verdict = findings.front().verdict;
  return std::move(report_);
}

// ---------------------------------------------------------------- files

void Verification::ListFiles() {
  const absl::StatusOr<std::set<std::string>> listed = folder_.List();
  if (!listed.ok())
    return Find(Verdict::kUnreadable, ".", "flaw.folder", std::string(listed.status().message()));
  for (const std::string& path : *listed) {
    if (!path.empty() && path.back() == '/') {
      Find(Verdict::kUnreadable, path, "flaw.no_file");
    } else {
      files_.insert(path);
    }
  }
}

absl::StatusOr<std::string> Verification::Read(const std::string& path) const {
  if (files_.count(path) == 0) return absl::NotFoundError("is missing");
  std::string bytes;
  bool too_large = false;
  RETURN_IF_ERROR(folder_.Read(path, [&](std::string_view piece) {
    too_large = too_large || bytes.size() + piece.size() > kLargestFile;
    if (!too_large) bytes += piece;
  }));
  if (too_large) return absl::InvalidArgumentError("is too large");
  return bytes;
}

std::optional<std::string> Verification::Require(const std::string& path) {
  absl::StatusOr<std::string> bytes = Read(path);
  if (bytes.ok()) return *std::move(bytes);
  if (absl::IsNotFound(bytes.status())) {
    Find(Verdict::kUnreadable, path, "flaw.missing");
  } else {
    Find(Verdict::kUnreadable, path, "flaw.unreadable", std::string(bytes.status().message()));
  }
  return std::nullopt;
}

bool Verification::ReadManifest() {
  const std::optional<std::string> envelope = Require(kManifestFile);
  if (!envelope) return false;
  const absl::StatusOr<std::string> body = PeekIntoEnvelope(*envelope, kManifestType);
  if (!body.ok()) {
    Find(Verdict::kUnreadable, kManifestFile, "flaw.unreadable", std::string(body.status().message()));
    return false;
  }
  // Who has signed it stands in it: it says which key to ask for.
  v1::Manifest manifest;
  if (!google::protobuf::util::JsonStringToMessage(*body, &manifest).ok() ||
      manifest.format() != kManifestFormat || !v1::Party_IsValid(manifest.exporter()) ||
      manifest.exporter() == v1::PARTY_UNSPECIFIED) {
    Find(Verdict::kUnreadable, kManifestFile, "flaw.unreadable");
    return false;
  }
  for (const v1::Party party : kParties) {
    ledgers_[party].side = party == manifest.exporter() ? Side::kOwn : Side::kMirror;
    ReadPolicy(party);
  }
  const std::optional<tlog::Policy>& policy = ledgers_[manifest.exporter()].policy;
  if (!policy) return false;
  const bool is_signed = std::any_of(policy->logs().begin(), policy->logs().end(), [&](const auto& key) {
    return OpenEnvelope(*envelope, kManifestType, key).ok();
  });
  if (!is_signed) {
    Find(Verdict::kBadSignature, kManifestFile, "flaw.not_by_exporter");
    return false;
  }
  report_.manifest = std::move(manifest);
  return true;
}

void Verification::CompareFiles() {
  std::set<std::string> listed = {kManifestFile};
  for (const v1::ManifestFile& file : report_.manifest.files()) {
    listed.insert(file.path());
    if (files_.count(file.path()) == 0) {
      Find(Verdict::kUnreadable, file.path(), "flaw.missing");
      continue;
    }
    Sha256Stream digest;
    uint64_t size = 0;
    const absl::Status read = folder_.Read(file.path(), [&](std::string_view piece) {
      digest.Add(piece);
      size += piece.size();
    });
    const Hash found = digest.Digest();
    if (!read.ok() || size != file.size() || found.bytes() != file.sha256()) {
      altered_.push_back({Verdict::kBadSignature, file.path(), "flaw.altered", ""});
    }
    const std::string prefix = absl::StrCat(kAttachments, "/");
    if (file.path().rfind(prefix, 0) == 0 && ToHex(found.bytes()) != file.path().substr(prefix.size())) {
      Find(Verdict::kBadProof, file.path(), "flaw.other_document");
    }
  }
  for (const std::string& path : files_) {
    const bool third_party = path.rfind(absl::StrCat(kTime, "/"), 0) == 0;
    if (third_party) report_.not_judged.push_back({path, "not_judged.third_party", ""});
    if (!third_party && listed.count(path) == 0) Find(Verdict::kUnreadable, path, "flaw.foreign");
  }
}

// ---------------------------------------------------------------- ledgers

void Verification::ReadPolicy(v1::Party party) {
  const std::string& known = party == v1::PARTY_KZ ? known_.kz : known_.ru;
  const std::optional<std::string> own = known.empty() ? Require(PolicyFile(party)) : known;
  if (!own) return;
  absl::StatusOr<tlog::Policy> policy = tlog::Policy::Parse(*own);
  if (!policy.ok() || policy->logs().empty()) {
    return Find(Verdict::kUnreadable, PolicyFile(party), "flaw.no_policy");
  }
  // One that was given for the other Party would make every signature look forged.
  const absl::StatusOr<std::string> here = Read(PolicyFile(party));
  const absl::StatusOr<tlog::Policy> beside = here.ok() ? tlog::Policy::Parse(*here) : here.status();
  const std::string name = policy->logs().front().name();
  if (beside.ok() && !beside->logs().empty() && beside->logs().front().name() != name) {
    return Find(Verdict::kBadSignature, PolicyFile(party), "flaw.other_log",
                absl::StrCat(name, ", not ", beside->logs().front().name()));
  }
  ledgers_[party].policy = *std::move(policy);
}

void Verification::ReadLedger(v1::Party party) {
  Ledger& ledger = ledgers_[party];
  const std::string path = CheckpointFile(party);
  const auto listed = std::any_of(report_.manifest.files().begin(), report_.manifest.files().end(),
                                  [&](const v1::ManifestFile& file) { return file.path() == path; });
  if (!ledger.policy || !listed) return;
  ledger.exists = true;
  const std::optional<std::string> bytes = Require(path);
  if (!bytes) return;
  if (!tlog::Note::Parse(*bytes).ok()) return Find(Verdict::kUnreadable, path, "flaw.no_note");
  const absl::StatusOr<tlog::Checkpoint>& checkpoint = VerifiedOnce(party, *bytes);
  if (!checkpoint.ok()) {
    return Find(VerdictOf(checkpoint.status()), path, "flaw.checkpoint",
                std::string(checkpoint.status().message()));
  }
  if (!ReadEntries(party, *checkpoint)) return;
  for (const tlog::Tile& tile : tlog::TilesOf(checkpoint->size)) {
    if (tile.level == tlog::kEntriesLevel) continue;
    const std::string of_tile = absl::StrCat(FolderOf(party), "/", tlog::PathOf(tile));
    const std::optional<std::string> stored = Require(of_tile);
    const absl::StatusOr<std::string> recomputed = tlog::ReadTile(tile, Rows(party).Nodes(), nullptr);
    if (stored && (!recomputed.ok() || *stored != *recomputed)) {
      Find(Verdict::kBadProof, of_tile, "flaw.tile_differs");
    }
  }
  ledger.whole = true;
}

bool Verification::ReadEntries(v1::Party party, const tlog::Checkpoint& checkpoint) {
  Ledger& ledger = ledgers_[party];
  ledger::Log log(ledger.side);
  for (const tlog::Tile& tile : tlog::TilesOf(checkpoint.size)) {
    if (tile.level != tlog::kEntriesLevel) continue;
    const std::string path = absl::StrCat(FolderOf(party), "/", tlog::PathOf(tile));
    const std::optional<std::string> bundle = Require(path);
    if (!bundle) return false;
    const auto entries = tlog::SplitEntries(*bundle, tile.width);
    if (!entries.ok()) {
      Find(Verdict::kUnreadable, path, "flaw.entries", std::string(entries.status().message()));
      return false;
    }
    for (const std::string_view bytes : *entries) {
      v1::Entry entry;
      // What cannot be read commits to nothing.
      if (!entry.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) entry.Clear();
      if (entry.kind() != v1::ENTRY_KIND_ACT) ledger.places[entry.kind()].push_back(log.size());
      log.Append(rows_, bytes, SealedPayload(party, log.size(), entry));
    }
  }
  if (log.root() != checkpoint.root) {
    Find(Verdict::kBadProof, CheckpointFile(party), "flaw.root_differs");
    return false;
  }
  ledger.size = log.size();
  report_.entries[party] = log.size();
  return true;
}

// The payload of an entry, if the dossier discloses it and it is what was committed to.
std::string Verification::SealedPayload(v1::Party party, uint64_t index, const v1::Entry& entry) {
  for (const char* folder : {kActs, kGrounds}) {
    const std::string stem = StemOf(folder, party, index);
    if (files_.count(stem + kPayloadSuffix) == 0) continue;
    const std::optional<std::string> payload = Require(stem + kPayloadSuffix);
    const std::optional<std::string> opening = Require(stem + kOpeningSuffix);
    if (!payload || !opening) return "";
    if (opening->size() != Hash::kSize || Commit(*opening, *payload).bytes() != entry.commitment()) {
      Find(Verdict::kBadProof, stem + kPayloadSuffix, "flaw.payload_differs");
      return "";
    }
    absl::StatusOr<std::string> sealed =
        vault_.Seal(rows_, "", authority::PayloadContext(ledgers_[party].side, index), *opening + *payload);
    return sealed.ok() ? *std::move(sealed) : "";
  }
  return "";
}

void Verification::CheckEntries(const std::string& folder) {
  const std::string prefix = folder + "/";
  std::set<std::string> stems;
  for (const std::string& path : files_) {
    if (path.rfind(prefix, 0) == 0) stems.insert(path.substr(prefix.size(), path.find('.') - prefix.size()));
  }
  for (const std::string& stem : stems) {
    const auto place = PlaceIn(stem);
    if (!place) {
      Find(Verdict::kUnreadable, prefix + stem, "flaw.no_entry_name");
    } else if (ledgers_[place->first].whole) {
      CheckEntry(prefix + stem, place->first, place->second);
    }
  }
}

// All proofs of a dossier carry the same checkpoint.
const absl::StatusOr<tlog::Checkpoint>& Verification::VerifiedOnce(v1::Party party,
                                                                   const std::string& bytes) {
  const auto known = verified_.find({party, bytes});
  if (known != verified_.end()) return known->second;
  return verified_.emplace(std::pair(party, bytes), ledgers_[party].policy->Verify(bytes)).first->second;
}

void Verification::CheckEntry(const std::string& stem, v1::Party party, uint64_t index) {
  const std::optional<std::string> entry = Require(stem + kEntrySuffix);
  const std::optional<std::string> text = Require(stem + kProofSuffix);
  if (!entry || !text) return;
  const absl::StatusOr<std::string> in_ledger = Rows(party).Entry(index);
  if (!in_ledger.ok() || *in_ledger != *entry) {
    return Find(Verdict::kBadProof, stem + kEntrySuffix, "flaw.other_entry");
  }
  const bool content = report_.manifest.disclosure() == v1::CONTENT;
  if (content && files_.count(stem + kPayloadSuffix) == 0) CheckSilent(stem, party, *entry);
  const absl::StatusOr<tlog::Proof> proof = tlog::ParseProof(*text);
  if (!proof.ok()) return Find(Verdict::kUnreadable, stem + kProofSuffix, "flaw.no_proof");
  const absl::StatusOr<tlog::Checkpoint>& signed_by_all = VerifiedOnce(party, proof->checkpoint);
  if (!signed_by_all.ok()) {
    return Find(VerdictOf(signed_by_all.status()), stem + kProofSuffix, "flaw.checkpoint",
                std::string(signed_by_all.status().message()));
  }
  const absl::Status verified = tlog::VerifyInclusion(
      proof->index, signed_by_all->size, tlog::LeafHash(*entry), proof->path, signed_by_all->root);
  if (!verified.ok())
    Find(Verdict::kBadProof, stem + kProofSuffix, "flaw.proof", std::string(verified.message()));
  if (proof->index != index) Find(Verdict::kBadProof, stem + kProofSuffix, "flaw.proof_of_other");
}

// An entry without its content. An exporter has that of its own entries, and of every act
// that it shows: one that comes without is refused, and is part of no matter. Refusals,
// announcements and losses of the other Party are not judged, and may have come without.
void Verification::CheckSilent(const std::string& stem, v1::Party party, const std::string& bytes) {
  v1::Entry entry;
  const bool act = entry.ParseFromString(bytes) && entry.kind() == v1::ENTRY_KIND_ACT;
  if (act || party == report_.manifest.exporter() || files_.count(stem + kOpeningSuffix) != 0) {
    Find(Verdict::kUnreadable, stem + kPayloadSuffix, "flaw.missing");
  } else {
    report_.not_judged.push_back({stem, "not_judged.no_content", ""});
  }
}

// A checkpoint that its log has signed contradicts the tree, or fits it.
void Verification::CheckSigned(const std::string& path, const tlog::SignedCheckpoint& checkpoint,
                               v1::Party party) {
  const tlog::Checkpoint& said = checkpoint.checkpoint();
  if (!ledgers_[party].whole || said.size > ledgers_[party].size) return;
  const absl::StatusOr<Hash> root = RootAt(party, said.size);
  if (!root.ok() || *root != said.root) {
    Find(Verdict::kEquivocation, path, "flaw.contradicts", FolderOf(party));
  }
}

void Verification::CheckHistory() {
  const std::string prefix = absl::StrCat(kHistory, "/");
  for (const std::string& path : files_) {
    if (path.rfind(prefix, 0) != 0) continue;
    const std::string name = fs::path(path).stem().string();
    const std::string suffix = fs::path(path).extension().string();
    if (suffix == kConsistencySuffix) {
      CheckConsistency(path);
      continue;
    }
    const auto place = PlaceIn(name);
    const std::optional<std::string> note = Require(path);
    if (!note) continue;
    if (!place || suffix != kCheckpointSuffix || !ledgers_[place->first].policy) {
      Find(Verdict::kUnreadable, path, "flaw.foreign");
      continue;
    }
    const auto opened = OpenByLog(*note, place->first);
    if (!opened.ok()) {
      Find(Verdict::kBadSignature, path, "flaw.not_by_log");
      continue;
    }
    if (opened->checkpoint().size != place->second) Find(Verdict::kBadProof, path, "flaw.other_size");
    CheckSigned(path, *opened, place->first);
  }
}

absl::StatusOr<tlog::LogKeys> Verification::KeysOf(v1::Party party) const {
  const auto ledger = ledgers_.find(party);
  if (ledger == ledgers_.end() || !ledger->second.policy) return absl::NotFoundError("no policy");
  const tlog::Policy& policy = *ledger->second.policy;
  return policy.KeysOf(policy.logs().front().name());
}

absl::StatusOr<tlog::SignedCheckpoint> Verification::OpenByLog(const std::string& note, v1::Party party) {
  ASSIGN_OR_RETURN(const tlog::LogKeys keys, KeysOf(party));
  return keys.Open(note);
}

// A key that the exporter announces is one of the policy, for the same sizes, and signed by
// itself and by a key that counted. What the other Party announces is not the exporter's to
// answer for, and makes no signature good or bad: the policy does.
void Verification::CheckKeys() {
  for (const v1::Party party : kParties) {
    if (!ledgers_[party].whole || report_.manifest.disclosure() != v1::CONTENT) continue;
    bool left_out = false;
    for (const uint64_t index : ledgers_[party].places[v1::ENTRY_KIND_KEY]) {
      const std::string stem = StemOf(kGrounds, party, index);
      const std::string path = stem + kPayloadSuffix;
      if (party == report_.manifest.exporter()) {
        const std::optional<std::string> payload = Require(path);
        if (payload && !IsKeyChange(*payload, party, index))
          Find(Verdict::kBadSignature, path, "flaw.other_key");
        continue;
      }
      const absl::StatusOr<std::string> payload = Read(path);
      if (payload.ok() && !IsKeyChange(*payload, party, index))
        report_.not_judged.push_back({stem, "not_judged.other_key", ""});
      // Of those that are not shown at all, the first is named.
      if (files_.count(stem + kEntrySuffix) == 0 && !std::exchange(left_out, true))
        report_.not_judged.push_back({stem, "not_judged.no_content", ""});
    }
  }
}

bool Verification::IsKeyChange(const std::string& payload, v1::Party party, uint64_t index) {
  v1::KeyChange change;
  v1::KeyRange range;
  const auto keys = ledgers_[party].policy->KeysOf(ledgers_[party].policy->logs().front().name());
  if (!keys.ok() || !change.ParseFromString(payload) || !range.ParseFromString(change.statement()))
    return false;
  const std::string message = absl::StrCat(authority::kKeyChangeDomain, change.statement());
  bool by_itself = false;
  bool by_one_that_counts = false;
  bool in_policy = false;
  for (const tlog::LogKeys::Key& key : keys->keys()) {
    const std::string vkey = key.verifier.ToString();
    if (vkey == range.key()) in_policy = key.from == range.from_size();
    for (const v1::KeySignature& signature : change.signatures()) {
      if (signature.key() != vkey) continue;
      if (!key.verifier.VerifyRaw(message, signature.signature())) return false;
      by_itself = by_itself || vkey == range.key();
      by_one_that_counts = by_one_that_counts || key.CountsAt(index + 1);
    }
  }
  return in_policy && by_one_that_counts && by_itself;
}

// "history/kz-12-240.consistency"
void Verification::CheckConsistency(const std::string& path) {
  const std::string name = fs::path(path).stem().string();
  const size_t last = name.rfind('-');
  const auto first = PlaceIn(absl::string_view(name).substr(0, last));
  // 0 is no size of a proof.
  const uint64_t second = last == std::string::npos ? 0 : ParseDecimal(name.substr(last + 1)).value_or(0);
  const std::optional<std::string> text = Require(path);
  if (!text) return;
  const absl::StatusOr<std::vector<Hash>> proof = tlog::ParseHashLines(*text);
  if (!first || second == 0 || !proof.ok()) return Find(Verdict::kUnreadable, path, "flaw.no_consistency");
  Ledger& ledger = ledgers_[first->first];
  if (!ledger.whole) return;
  if (first->second == 0 || first->second > second || second > ledger.size) {
    return Find(Verdict::kBadProof, path, "flaw.no_such_size");
  }
  const absl::StatusOr<Hash> first_root = RootAt(first->first, first->second);
  const absl::StatusOr<Hash> second_root = RootAt(first->first, second);
  if (!first_root.ok() || !second_root.ok() ||
      !tlog::VerifyConsistency(first->second, second, *first_root, *second_root, *proof).ok()) {
    Find(Verdict::kBadProof, path, "flaw.inconsistent");
  }
}

// What `kelisim node evidence` writes: no dossier, and stands for itself.
bool Verification::IsEvidenceAlone() const {
  return files_.count(kManifestFile) == 0 && files_.count(kFirstNote) != 0 && files_.count(kSecondNote) != 0;
}

void Verification::CheckEvidenceAlone() {
  if (known_.kz.empty() && known_.ru.empty()) return Find(Verdict::kUnreadable, ".", "flaw.needs_policy");
  for (const v1::Party party : kParties) {
    if (!(party == v1::PARTY_KZ ? known_.kz : known_.ru).empty()) ReadPolicy(party);
  }
  // Without it the two notes show nothing by themselves.
  (void)Require(kTwoHistories);
  CheckEvidence("");
}

// Whatever signed checkpoint lies here is held against the ledger.
void Verification::CheckEvidence(const std::string& prefix) {
  for (const std::string& path : files_) {
    if (path.rfind(prefix, 0) != 0 || fs::path(path).extension() != kCheckpointSuffix) continue;
    const std::optional<std::string> note = Require(path);
    if (!note) continue;
    bool is_signed = false;
    for (const v1::Party party : kParties) {
      const auto opened = OpenByLog(*note, party);
      if (!opened.ok()) continue;
      is_signed = true;
      CheckSigned(path, *opened, party);
    }
    if (!is_signed) Find(Verdict::kBadSignature, path, "flaw.not_by_any_log");
  }
  if (files_.count(prefix + kTwoHistories) != 0) CheckTwoHistories(prefix);
}

// They stand for themselves, also where the ledger here is shorter than both.
void Verification::CheckTwoHistories(const std::string& prefix) {
  const std::string path = prefix + kTwoHistories;
  const std::optional<std::string> first = Require(prefix + kFirstNote);
  const std::optional<std::string> second = Require(prefix + kSecondNote);
  const std::optional<std::string> text = Require(path);
  if (!first || !second || !text) return;
  const absl::StatusOr<std::vector<Hash>> hashes = tlog::ParseHashLines(*text);
  if (!hashes.ok() || hashes->empty()) return Find(Verdict::kUnreadable, path, "flaw.no_consistency");
  const tlog::Equivocation evidence{*first, *second, hashes->front(), {hashes->begin() + 1, hashes->end()}};
  for (const v1::Party party : kParties) {
    const absl::StatusOr<tlog::LogKeys> keys = KeysOf(party);
    if (!keys.ok()) continue;
    for (const tlog::LogKeys::Key& key : keys->keys()) {
      if (!tlog::VerifyEquivocation(evidence, key.verifier).ok()) continue;
      return Find(Verdict::kEquivocation, path, "flaw.two_histories", FolderOf(party));
    }
  }
  Find(Verdict::kBadProof, path, "flaw.no_two_histories");
}

// ---------------------------------------------------------------- law

void Verification::CheckLaw() {
  const v1::Manifest& manifest = report_.manifest;
  if (!report_.findings.empty() || !ledgers_[manifest.exporter()].whole) {
    report_.not_judged.push_back({"", "not_judged.findings", ""});
    return;
  }
  if (manifest.disclosure() != v1::CONTENT) {
    report_.not_judged.push_back({"", "not_judged.undisclosed", ""});
    return;
  }
  if (manifest.rules_version() != treaty::Rules().version()) {
    return Find(Verdict::kUnreadable, kRulesFile, "flaw.rules_version",
                absl::StrCat(manifest.rules_version(), ", not ", treaty::Rules().version()));
  }
  report_.not_judged.push_back({"", "not_judged.other_cases", ""});
  const absl::Status replayed = Replay();
  if (!replayed.ok()) Find(Verdict::kUnreadable, kActs, "flaw.replay", std::string(replayed.message()));
  if (!has_acts_ && report_.findings.empty()) {
    Find(Verdict::kUnreadable, kActs, "flaw.no_acts");
  }
}

absl::Status Verification::FindRefused() {
  for (const v1::Party party : kParties) {
    if (!ledgers_[party].whole) continue;
    std::set<uint64_t> places;
    for (const v1::EntryKind kind : {v1::ENTRY_KIND_PROGRESS, v1::ENTRY_KIND_REFUSAL})
      places.insert(ledgers_[party].places[kind].begin(), ledgers_[party].places[kind].end());
    authority::RefusalTimes times;
    for (const uint64_t index : places) {
      ASSIGN_OR_RETURN(const std::string bytes, Rows(party).Entry(index));
      v1::Entry entry;
      if (!entry.ParseFromString(bytes) || !authority::IsWellFormed(entry)) continue;
      const std::optional<authority::RefusalTimes::Span> span = times.Read(index, entry);
      if (span) RETURN_IF_ERROR(TakeRefusal(party, index, entry, *span));
    }
  }
  return absl::OkStatus();
}

absl::Status Verification::TakeRefusal(v1::Party party, uint64_t index, const v1::Entry& entry,
                                       const authority::RefusalTimes::Span& span) {
  const v1::Party author = treaty::Other(party);
  if (!ledgers_[author].whole) return absl::OkStatus();
  // Of what it names behind the other checkpoint nothing is known here.
  const bool names_known = span.last < ledgers_[author].size;
  std::string refused;
  if (names_known) {
    ASSIGN_OR_RETURN(refused, Rows(author).Entry(span.last));
    if (tlog::LeafHash(refused).bytes() != entry.reference().hash()) return absl::OkStatus();
  }
  const std::string folder = FolderWith(party, index);
  // Who shows an act shows that it was refused.
  const std::string beside = FolderWith(author, span.last);
  if (folder.empty() && !beside.empty() && IsAct(refused))
    Find(Verdict::kUnreadable, StemOf(beside, party, index) + kEntrySuffix, "flaw.missing");
  const absl::StatusOr<std::string> payload =
      folder.empty() ? absl::NotFoundError("") : Read(StemOf(folder, party, index) + kPayloadSuffix);
  v1::Refusal refusal;
  // As a node takes it: without content it refuses what it names, with an unreadable one
  // nothing.
  if (payload.ok() && !refusal.ParseFromString(*payload)) return absl::OkStatus();
  const uint64_t first = authority::FirstRefused(refusal, span.last);
  if (first < span.first) return absl::OkStatus();
  if (names_known) {
    for (uint64_t at = first; at <= span.last; ++at) refused_[{author, at}] = refusal.violation();
    if (payload.ok()) return absl::OkStatus();
  }
  // It may be one of several acts; which ones, its content says.
  const uint64_t most = std::min(span.last - span.first, authority::kMostRefusedTogether - 1);
  const uint64_t from = payload.ok() ? first : span.last - most;
  ASSIGN_OR_RETURN(const bool may_cover,
                   ShowsActIn(author, from, std::min(span.last, ledgers_[author].size)));
  if (!may_cover) return absl::OkStatus();
  const char* why =
      author == report_.manifest.exporter() ? "not_judged.may_cover" : "not_judged.own_may_cover";
  report_.not_judged.push_back({StemOf(folder.empty() ? kActs : folder, party, index), why, ""});
  return absl::OkStatus();
}

absl::StatusOr<bool> Verification::ShowsActIn(v1::Party author, uint64_t from, uint64_t end) {
  for (uint64_t at = from; at < end; ++at) {
    if (FolderWith(author, at).empty()) continue;
    ASSIGN_OR_RETURN(const std::string entry, Rows(author).Entry(at));
    if (IsAct(entry)) return true;
  }
  return false;
}

// Where the dossier has the entry; empty: nowhere.
std::string Verification::FolderWith(v1::Party party, uint64_t index) const {
  for (const char* folder : {kActs, kGrounds}) {
    if (files_.count(StemOf(folder, party, index) + kEntrySuffix) != 0) return folder;
  }
  return "";
}

// Own steps whose content a restore has lost: entry ids, as loss records say.
void Verification::FindLost() {
  const v1::Party self = report_.manifest.exporter();
  for (const uint64_t index : ledgers_[self].places[v1::ENTRY_KIND_LOSS]) {
    v1::LossRecord loss;
    const absl::StatusOr<std::string> payload = Read(StemOf(kGrounds, self, index) + kPayloadSuffix);
    if (!payload.ok() || !loss.ParseFromString(*payload)) continue;
    for (const uint64_t lost : loss.payloads_lost()) {
      v1::Entry of_lost;
      const absl::StatusOr<std::string> lost_bytes = Rows(self).Entry(lost);
      if (lost_bytes.ok() && of_lost.ParseFromString(*lost_bytes)) lost_.insert(of_lost.entry_id());
    }
  }
}

absl::Status Verification::Replay() {
  RETURN_IF_ERROR(FindRefused());
  FindLost();
  const v1::Party self = report_.manifest.exporter();
  const v1::Party peer = treaty::Other(self);
  authority::Views views(self, rows_, vault_);
  uint64_t processed = 0;
  const auto process_up_to = [&](uint64_t end) -> absl::Status {
    for (; processed < end; ++processed) RETURN_IF_ERROR(ReplayMirror(views, processed));
    return absl::OkStatus();
  };
  for (uint64_t index = 0; index < ledgers_[self].size; ++index) {
    ASSIGN_OR_RETURN(const OpenedEntry opened, views.OpenEntry(Side::kOwn, index));
    if (opened.entry.kind() == v1::ENTRY_KIND_PROGRESS) {
      const v1::Reference& seen = opened.entry.reference();
      const bool known = seen.position() <= ledgers_[peer].size;
      const absl::StatusOr<Hash> root = known ? RootAt(peer, seen.position()) : Hash();
      if (!known || !root.ok() || root->bytes() != seen.hash()) {
        Find(Verdict::kBadProof, StemOf(kActs, self, index), "flaw.saw_other");
        return absl::OkStatus();
      }
      RETURN_IF_ERROR(process_up_to(seen.position()));
    } else if (opened.entry.kind() == v1::ENTRY_KIND_ACT && !opened.payload.empty()) {
      RETURN_IF_ERROR(ReplayOwn(views, opened));
    }
  }
  return process_up_to(ledgers_[peer].size);
}

absl::StatusOr<bool> Verification::Stands(const OpenedEntry& opened, const v1::Act& act,
                                          authority::Views& views) {
  const v1::Manifest& manifest = report_.manifest;
  const v1::Party author = opened.reference.ledger();
  const uint64_t index = opened.reference.index();
  const bool ground = files_.count(StemOf(kGrounds, author, index) + kEntrySuffix) > 0;
  const std::string id = manifest.name().substr(manifest.name().find('/') + 1);
  const std::string where = StemOf(ground ? kGrounds : kActs, author, index);
  if (!ground && act.subject_id() != id) {
    Find(Verdict::kUnreadable, where, "flaw.other_matter");
    return false;
  }
  has_acts_ = has_acts_ || !ground;
  if (!ground) ListMissingDocuments(act);
  const bool opening = authority::WithMatterOf(act, false, [&]<typename Record>(const Record&) {
    return treaty::IsOpening(authority::Matter<Record>::In(act));
  });
  // The steps are the exporter's: the other Party had not heard of them.
  if (opening && author == manifest.exporter() && lost_.count(act.predecessor()) > 0) {
    // It sums up what was lost, and was judged by that when it was made.
    report_.not_judged.push_back({where, "not_judged.step_lost", ""});
    return true;
  }
  ASSIGN_OR_RETURN(const auto violation,
                   authority::JudgeAct(opened, act, manifest.initial_protocol(), views));
  const auto refused = refused_.find({author, index});
  if (!ground) ++report_.acts_judged;
  if (refused != refused_.end()) {
    if (!ground) ++report_.acts_refused;
    if (!violation) {
      const std::string& rule = refused->second.rule();
      report_.not_judged.push_back(
          {where, rule.empty() ? "not_judged.refused_unsaid" : "not_judged.refused", rule});
    }
    // An own one stood until the refusal came, unless it never could.
    return !violation && author == manifest.exporter();
  }
  if (!violation) return true;
  report_.findings.push_back({Verdict::kUnlawful, where, "flaw.breaks", "", *violation});
  return false;
}

void Verification::ListMissingDocuments(const v1::Act& act) {
  for (const std::string& sha256 : treaty::DocumentsIn(act)) {
    const std::string path = absl::StrCat(kAttachments, "/", ToHex(sha256));
    const bool said = std::any_of(report_.not_judged.begin(), report_.not_judged.end(),
                                  [&](const NotJudged& one) { return one.where == path; });
    if (!said && files_.count(path) == 0) report_.not_judged.push_back({path, "not_judged.document", ""});
  }
}

absl::Status Verification::ReplayOwn(authority::Views& views, const OpenedEntry& opened) {
  v1::Act act;
  if (!authority::ParseAct(opened.payload, &act)) return absl::InvalidArgumentError("an act cannot be read");
  ASSIGN_OR_RETURN(const bool must_be_told, MustBeTold(act, views));
  if (!authority::IsWellFormed(opened.entry) || (must_be_told && !opened.entry.addressed())) {
    const v1::Party self = opened.reference.ledger();
    const uint64_t index = opened.reference.index();
    Find(Verdict::kUnreadable, StemOf(FolderWith(self, index), self, index), "flaw.foreign");
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const bool stands, Stands(opened, act, views));
  return stands ? views.Fold(opened, act) : absl::OkStatus();
}

absl::Status Verification::ReplayMirror(authority::Views& views, uint64_t index) {
  ASSIGN_OR_RETURN(const OpenedEntry opened, views.OpenEntry(Side::kMirror, index));
  // As the exporter's node takes it: what has another form is refused and says nothing, and
  // a refusal needs no content to undo what it names.
  const bool noticed = authority::IsWellFormed(opened.entry);
  if (noticed && opened.entry.kind() == v1::ENTRY_KIND_PROGRESS) return views.FoldProgress(opened);
  if (noticed && opened.entry.kind() == v1::ENTRY_KIND_REFUSAL) return views.FoldRefusal(opened);
  // What is not disclosed is of other matters.
  if (opened.entry.kind() != v1::ENTRY_KIND_ACT || opened.payload.empty()) return absl::OkStatus();
  if (!noticed || !opened.entry.addressed()) {
    // It was nobody's to judge, and is part of no matter.
    Find(Verdict::kUnreadable,
         StemOf(FolderWith(opened.reference.ledger(), index), opened.reference.ledger(), index),
         "flaw.foreign");
    return absl::OkStatus();
  }
  v1::Act act;
  if (!authority::ParseAct(opened.payload, &act)) return absl::InvalidArgumentError("an act cannot be read");
  ASSIGN_OR_RETURN(const bool stands, Stands(opened, act, views));
  if (stands) return views.Fold(opened, act);
  const auto refused = refused_.find({opened.reference.ledger(), index});
  return refused == refused_.end() ? absl::OkStatus() : views.FoldOwnRefusal(opened, act, refused->second);
}

}  // namespace

bool IsPolicy(const std::string& text) {
  const absl::StatusOr<tlog::Policy> policy = tlog::Policy::Parse(text);
  return policy.ok() && !policy->logs().empty();
}

Report Verify(const Folder& folder, const KnownPolicies& known) { return Verification(folder, known).Run(); }

}  // namespace kelisim::dossier
