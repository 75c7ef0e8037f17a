#include "shared/dossier/exporter.h"

#include <algorithm>
#include <limits>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "kelisim/v1/ledger.pb.h"
#include "shared/authority/judgement.h"
#include "shared/authority/matter.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/base/status_macros.h"
#include "shared/base/told.h"
#include "shared/dossier/dsse.h"
#include "shared/dossier/layout.h"
#include "shared/text/acts.h"
#include "shared/tlog/note.h"
#include "shared/tlog/proof.h"
#include "shared/tlog/tiles.h"
#include "shared/treaty/matter.h"

namespace kelisim {
// Generated from readme.txt.
std::string_view DossierReadme();
}  // namespace kelisim

namespace kelisim::dossier {
namespace {

constexpr size_t kChunk = 64 * 1024;
constexpr char kCases[] = "cases/";
// Announcements and losses of the counterpart that are shown: nothing rests on them, and it
// can make as many as it likes.
constexpr size_t kMostShown = 1000;

std::string Json(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.add_whitespace = true;
  options.preserve_proto_field_names = true;
  std::string json;
  // Our own messages can always be printed.
  (void)google::protobuf::util::MessageToJsonString(message, &json, options);
  return json;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Exporter>> Exporter::Begin(const Source& source,
                                                          const v1::ExportDossierRequest& request,
                                                          absl::Time now) {
  std::unique_ptr<Exporter> exporter(new Exporter(source, now));
  RETURN_IF_ERROR(exporter->Plan(request));
  return exporter;
}

absl::Status Exporter::Plan(const v1::ExportDossierRequest& request) {
  const v1::Disclosure disclosure =
      request.disclosure() == v1::DISCLOSURE_UNSPECIFIED ? v1::CONTENT : request.disclosure();
  if (!v1::Disclosure_IsValid(disclosure)) return absl::InvalidArgumentError("disclosure");
  manifest_.set_format(kManifestFormat);
  manifest_.set_name(request.name());
  manifest_.set_exporter(source_.identity.self());
  manifest_.set_exported_at(absl::FormatTime("%Y-%m-%dT%H:%M:%SZ", now_, absl::UTCTimeZone()));
  manifest_.set_disclosure(disclosure);
  *manifest_.mutable_initial_protocol() = source_.identity.protocol;

  Add(kReadmeFile, std::string(DossierReadme()));
  // In this order: what the own ledger says was processed is in the other one, also when the
  // node goes on meanwhile.
  RETURN_IF_ERROR(PlanLedger(source_.identity.self()));
  RETURN_IF_ERROR(PlanLedger(source_.identity.peer()));
  RETURN_IF_ERROR(FindAnswered());
  RETURN_IF_ERROR(PlanPages(request));

  // The manifest is signed as the own ledger is.
  if (FindLedger(manifest_.exporter()) == nullptr)
    return Told(absl::NotFoundError("not all cosignatures of our ledger are there yet"),
                "told.nothing_cosigned");

  Places acts;
  Places grounds;
  ASSIGN_OR_RETURN(const auto of_matter, source_.reader.ActsOf(request.name()));
  ASSIGN_OR_RETURN(const auto of_all, source_.reader.Grounds());
  for (const v1::EntryReference& act : of_matter) {
    if (Covers(act.ledger(), act.index())) acts.emplace(act.ledger(), act.index());
  }
  if (acts.empty())
    return Told(absl::NotFoundError("not all cosignatures of this are there yet"), "told.nothing_cosigned");
  for (const v1::EntryReference& act : of_all) {
    const std::pair place(act.ledger(), act.index());
    if (Covers(act.ledger(), act.index()) && acts.count(place) == 0) grounds.insert(place);
  }
  RETURN_IF_ERROR(AddRefusals(acts, grounds));
  RETURN_IF_ERROR(PlanEntries(kActs, acts));
  RETURN_IF_ERROR(PlanEntries(kGrounds, grounds));
  acts.merge(grounds);
  RETURN_IF_ERROR(PlanHistory(acts));
  RETURN_IF_ERROR(PlanEvidence());
  ASSIGN_OR_RETURN(const v1::RuleCatalogue rules, source_.reader.ListRules("", now_));
  manifest_.set_rules_version(rules.version());
  Add(kRulesFile, Json(rules));
  return absl::OkStatus();
}

// ---------------------------------------------------------------- what there is

const Exporter::Ledger* Exporter::FindLedger(v1::Party party) const {
  const auto found = std::find_if(ledgers_.begin(), ledgers_.end(),
                                  [&](const Ledger& ledger) { return ledger.party == party; });
  return found == ledgers_.end() ? nullptr : &*found;
}

bool Exporter::Covers(v1::Party party, uint64_t index) const {
  const Ledger* ledger = FindLedger(party);
  if (ledger == nullptr || index >= ledger->size) return false;
  return party == source_.identity.self() || index < answered_;
}

absl::Status Exporter::PlanLedger(v1::Party party) {
  Add(PolicyFile(party), authority::PolicyText(source_.identity, party));
  absl::StatusOr<std::string> checkpoint = source_.reader.CosignedCheckpoint(party, now_);
  if (absl::IsNotFound(checkpoint.status())) return absl::OkStatus();
  if (!checkpoint.ok()) return checkpoint.status();
  ASSIGN_OR_RETURN(const tlog::Checkpoint head, tlog::Checkpoint::InNote(*checkpoint));
  ledgers_.push_back({party, *checkpoint, head.size});
  Add(CheckpointFile(party), *std::move(checkpoint));
  for (const tlog::Tile& tile : tlog::TilesOf(head.size)) {
    AddLazily(absl::StrCat(FolderOf(party), "/", tlog::PathOf(tile)),
              [this, party, tile] { return source_.reader.GetTile(party, tile); });
  }
  return absl::OkStatus();
}

// The own checkpoint is always somewhat behind: an act of the counterpart may answer an own
// one that it does not cover yet, or be refused by such an entry. Shown without that, it
// would look unlawful.
absl::Status Exporter::FindAnswered() {
  const Ledger* own = FindLedger(source_.identity.self());
  if (own == nullptr) return absl::OkStatus();
  const auto entry_at = [&](uint64_t index) -> absl::StatusOr<v1::Entry> {
    ASSIGN_OR_RETURN(const std::string bytes, source_.reader.GetEntry(own->party, index));
    v1::Entry entry;
    if (!entry.ParseFromString(bytes)) return absl::DataLossError("an own entry cannot be read");
    return entry;
  };
  absl::StatusOr<v1::Entry> entry = entry_at(own->size);
  if (absl::IsNotFound(entry.status())) {
    // Nothing was said since: whatever is here was processed, and stands.
    answered_ = std::numeric_limits<uint64_t>::max();
    return absl::OkStatus();
  }
  // A PROGRESS entry says it of the time before it.
  for (uint64_t index = own->size; entry.ok() && entry->kind() != v1::ENTRY_KIND_PROGRESS && index-- > 0;)
    entry = entry_at(index);
  RETURN_IF_ERROR(entry.status());
  if (entry->kind() == v1::ENTRY_KIND_PROGRESS) answered_ = entry->reference().position();
  // A refusal stands directly behind it: only the first two entries can be one of these.
  for (const uint64_t index : {own->size, own->size + 1}) {
    entry = entry_at(index);
    if (absl::IsNotFound(entry.status())) break;
    RETURN_IF_ERROR(entry.status());
    const uint64_t last = entry->reference().position();
    if (entry->kind() != v1::ENTRY_KIND_REFUSAL || last >= answered_) continue;
    ASSIGN_OR_RETURN(const v1::Refusal refusal, RefusalAt(own->party, index));
    answered_ = authority::FirstRefused(refusal, last);
  }
  return absl::OkStatus();
}

// One without content covers the entry that it names.
absl::StatusOr<v1::Refusal> Exporter::RefusalAt(v1::Party party, uint64_t index) const {
  ASSIGN_OR_RETURN(const authority::Disclosed disclosed, source_.reader.Disclose(party, index));
  v1::Refusal refusal;
  if (disclosed.content && !refusal.ParseFromString(disclosed.content->payload)) refusal.Clear();
  return refusal;
}

// Each refusal beside what it refuses; what a restore has lost among the grounds.
absl::Status Exporter::AddRefusals(Places& acts, Places& grounds) const {
  const Places of_matter = acts;
  const Places of_all = grounds;
  for (const Ledger& ledger : ledgers_) {
    authority::RefusalTimes times;
    size_t shown = 0;
    for (uint64_t index = 0; index < ledger.size; ++index) {
      ASSIGN_OR_RETURN(const std::string bytes, source_.reader.GetEntry(ledger.party, index));
      v1::Entry entry;
      if (!entry.ParseFromString(bytes)) continue;
      if (entry.kind() == v1::ENTRY_KIND_LOSS || entry.kind() == v1::ENTRY_KIND_KEY) {
        if (ledger.party == source_.identity.self() || shown++ < kMostShown)
          grounds.emplace(ledger.party, index);
      }
      if (!authority::IsWellFormed(entry)) continue;
      // Any other refuses nothing, and the counterpart can make as many as it likes.
      const std::optional<authority::RefusalTimes::Span> in_time = times.Read(index, entry);
      if (!in_time) continue;
      ASSIGN_OR_RETURN(const v1::Refusal refusal, RefusalAt(ledger.party, index));
      const uint64_t last = in_time->last;
      const std::pair from(treaty::Other(ledger.party), authority::FirstRefused(refusal, last));
      const std::pair to(from.first, last);
      const auto covers_one_of = [&](const Places& places) {
        const auto next = places.lower_bound(from);
        return next != places.end() && *next <= to;
      };
      if (covers_one_of(of_matter)) acts.emplace(ledger.party, index);
      if (covers_one_of(of_all)) grounds.emplace(ledger.party, index);
    }
  }
  return absl::OkStatus();
}

// ---------------------------------------------------------------- files

void Exporter::Add(std::string path, std::string content) {
  AddLazily(std::move(path), [content = std::move(content)] { return content; });
}

void Exporter::AddLazily(std::string path, std::function<absl::StatusOr<std::string>()> read) {
  files_.push_back(
      {std::move(path),
       [read = std::move(read), done = false]() mutable -> absl::StatusOr<std::optional<std::string>> {
         if (std::exchange(done, true)) return std::nullopt;
         ASSIGN_OR_RETURN(std::string content, read());
         return content;
       }});
}

void Exporter::AddAttachment(const Hash& sha256) {
  // Opened when its turn comes.
  auto reader = std::make_shared<std::unique_ptr<ledger::Attachments::Reader>>();
  files_.push_back({absl::StrCat(kAttachments, "/", ToHex(sha256.bytes())),
                    [this, sha256, reader]() -> absl::StatusOr<std::optional<std::string>> {
                      if (*reader == nullptr) {
                        ASSIGN_OR_RETURN(*reader, source_.attachments->Read(sha256));
                      }
                      absl::StatusOr<std::string> piece = (*reader)->Next();
                      if (absl::IsDataLoss(piece.status())) {
                        RETURN_IF_ERROR(source_.attachments->SetAside(sha256));
                        return Told(
                            absl::UnavailableError("a document was damaged and is set aside: export again"),
                            "told.export_again");
                      }
                      RETURN_IF_ERROR(piece.status());
                      if (piece->empty()) return std::nullopt;
                      return *std::move(piece);
                    }});
}

absl::Status Exporter::PlanEntries(const std::string& folder, const Places& places) {
  for (const auto& [party, index] : places) {
    const std::string stem = StemOf(folder, party, index);
    ASSIGN_OR_RETURN(authority::Disclosed disclosed, source_.reader.Disclose(party, index));
    Add(stem + kEntrySuffix, std::move(disclosed.entry));
    AddLazily(stem + kProofSuffix, [this, place = std::pair(party, index)] {
      return source_.reader.ProofIn(place.first, place.second, FindLedger(place.first)->checkpoint);
    });
    if (manifest_.disclosure() != v1::CONTENT || !disclosed.content) continue;
    Add(stem + kPayloadSuffix, std::move(disclosed.content->payload));
    Add(stem + kOpeningSuffix, std::move(disclosed.content->opening));
  }
  return absl::OkStatus();
}

absl::Status Exporter::PlanHistory(const Places& relied_on) {
  Places sizes;
  for (const auto& [party, index] : relied_on) {
    // Places come in order: one that the last checkpoint covers needs no other.
    if (sizes.upper_bound({party, index}) != sizes.end() &&
        sizes.upper_bound({party, index})->first == party) {
      continue;
    }
    ASSIGN_OR_RETURN(std::string note, source_.reader.CheckpointCovering(party, index));
    ASSIGN_OR_RETURN(const tlog::Checkpoint checkpoint, tlog::Checkpoint::InNote(note));
    const uint64_t newest = FindLedger(party)->size;
    if (checkpoint.size > newest || !sizes.emplace(party, checkpoint.size).second) continue;
    const std::string stem = absl::StrCat(kHistory, "/", FolderOf(party), "-", checkpoint.size);
    Add(stem + kCheckpointSuffix, std::move(note));
    if (checkpoint.size == newest) continue;
    ASSIGN_OR_RETURN(const std::vector<Hash> proof,
                     source_.reader.Consistency(party, checkpoint.size, newest));
    Add(absl::StrCat(stem, "-", newest, kConsistencySuffix), tlog::HashLines(proof));
  }
  return absl::OkStatus();
}

absl::Status Exporter::PlanPages(const v1::ExportDossierRequest& request) {
  PageContent page;
  page.name = request.name();
  page.exporter = manifest_.exporter();
  page.exported_at = manifest_.exported_at();
  page.disclosure = manifest_.disclosure();
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
    const Ledger* ledger = FindLedger(party);
    if (ledger != nullptr) page.ledgers.push_back(absl::StrCat(FolderOf(party), ": ", ledger->size));
  }
  // Lives while the pages are made.
  v1::Case of_case;
  v1::MatterFile of_matter;
  const auto take_timeline = [&](const auto& file) {
    for (const v1::TimelineItem& item : file.timeline()) {
      if (!Covers(item.entry().ledger(), item.entry().index())) {
        ++page.left_out;
        continue;
      }
      page.timeline.push_back(item);
    }
  };
  std::vector<std::string> documents;
  if (request.name().rfind(kCases, 0) == 0) {
    ASSIGN_OR_RETURN(of_case, source_.reader.GetCase(request.name(), now_));
    take_timeline(of_case);
    page.facts = &of_case.state().petition();
  } else {
    ASSIGN_OR_RETURN(of_matter, source_.reader.GetMatter(request.name(), now_));
    take_timeline(of_matter);
    const v1::MatterState& state = of_matter.state();
    const auto* kind = FactsFieldOf(state);
    page.facts = kind == nullptr ? nullptr : &state.GetReflection()->GetMessage(state, kind);
    documents = treaty::DocumentsIn(of_matter.state());
  }
  if (page.disclosure != v1::CONTENT) page.facts = nullptr;
  if (page.disclosure != v1::CONTENT || source_.attachments == nullptr) documents.clear();
  for (const std::string& document : documents) {
    ASSIGN_OR_RETURN(const Hash sha256, Hash::FromBytes(document));
    const absl::StatusOr<uint64_t> size = source_.attachments->SizeOf(sha256);
    // It has not arrived here, or is not what arrived; verification says which are missing.
    if (absl::IsNotFound(size.status()) || absl::IsDataLoss(size.status())) continue;
    if (!size.ok()) return size.status();
    page.attachments.push_back(ToHex(document));
    AddAttachment(sha256);
  }
  for (const Lang lang : {Lang::kKazakh, Lang::kRussian, Lang::kEnglish}) {
    Add(PageFile(LangCode(lang)), TimelinePage(page, lang));
  }
  return absl::OkStatus();
}

absl::Status Exporter::PlanEvidence() {
  const absl::StatusOr<v1::Equivocation> evidence = source_.reader.GetEvidence();
  if (absl::IsNotFound(evidence.status())) return absl::OkStatus();
  if (!evidence.ok()) return evidence.status();
  for (auto& [name, content] : EvidenceFiles(*evidence)) Add(absl::StrCat(kEvidence, "/", name), content);
  return absl::OkStatus();
}

std::string Exporter::SignedManifest() const {
  return SealEnvelope(kManifestType, Json(manifest_),
                      authority::LogSigner(source_.identity, FindLedger(manifest_.exporter())->size));
}

// ---------------------------------------------------------------- chunks

absl::StatusOr<std::optional<v1::DossierChunk>> Exporter::Next() {
  for (;;) {
    if (file_ == files_.size()) {
      if (std::exchange(manifest_planned_, true)) return std::nullopt;
      // The manifest itself is the last file, and not in it.
      Add(kManifestFile, SignedManifest());
    }
    File& file = files_[file_];
    if (digest_ == nullptr) digest_ = std::make_unique<Sha256Stream>();
    if (taken_ == piece_.size()) {
      ASSIGN_OR_RETURN(std::optional<std::string> piece, file.pieces());
      // An empty file is one empty chunk.
      if (piece && (!piece->empty() || !begun_)) {
        piece_ = *std::move(piece);
        taken_ = 0;
      } else if (!piece) {
        v1::ManifestFile& listed = *manifest_.add_files();
        listed.set_path(file.path);
        listed.set_size(size_);
        listed.set_sha256(std::string(digest_->Digest().bytes()));
        digest_.reset();
        size_ = 0;
        begun_ = false;
        file.pieces = nullptr;
        ++file_;
        continue;
      }
    }
    v1::DossierChunk chunk;
    if (!std::exchange(begun_, true)) chunk.set_path(file.path);
    chunk.set_data(piece_.substr(taken_, kChunk));
    taken_ += chunk.data().size();
    digest_->Add(chunk.data());
    size_ += chunk.data().size();
    return chunk;
  }
}

}  // namespace kelisim::dossier
