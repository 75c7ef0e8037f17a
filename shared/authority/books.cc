#include "shared/authority/books.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "shared/authority/evidence.h"
#include "shared/authority/fold.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/tlog/equivocation.h"

namespace kelisim::authority {
namespace {

using google::protobuf::RepeatedPtrField;
using ledger::Side;

constexpr char kOwner[] = "Mo";
constexpr char kFirstProtocol[] = "Mf";
constexpr char kProgress[] = "Mg";
constexpr char kLineage[] = "Ml";
constexpr char kLostContents[] = "Mx";
constexpr char kLostEntries[] = "Mn";

constexpr size_t kMaxEntryBytes = 65'535;

// A checkpoint at least this often, so that what lies between two of them fits
// one message to the counterpart.
constexpr uint64_t kMaxUnsignedEntries = 128;
constexpr size_t kMaxUnsignedBytes = 96 * 1024;

// In one record of a loss; the others follow in records that say the same else.
constexpr int kMaxLossPayloads = 1024;

// How much of what was lost is told in one line.
constexpr size_t kMostStretches = 50;

// "122-124" or "130".
std::string RangeOf(uint64_t first, uint64_t last) {
  return first == last ? absl::StrCat(first) : absl::StrCat(first, "-", last);
}

// "122-124, 130", and how many more when there are many stretches.
std::string RangesOf(const std::vector<uint64_t>& indices) {
  std::vector<std::string> stretches;
  size_t i = 0;
  while (i < indices.size() && stretches.size() < kMostStretches) {
    const uint64_t first = indices[i];
    while (i + 1 < indices.size() && indices[i + 1] == indices[i] + 1) ++i;
    stretches.push_back(RangeOf(first, indices[i++]));
  }
  if (i < indices.size()) stretches.push_back(absl::StrCat("and ", indices.size() - i, " more"));
  return absl::StrJoin(stretches, ", ");
}

bool Opens(const v1::Entry& entry, const v1::Leaf& leaf) {
  return leaf.opening().size() == Hash::kSize &&
         ConstantTimeEquals(kelisim::Commit(leaf.opening(), leaf.payload()).bytes(), entry.commitment());
}

// The matter an entry's payload belongs to; decides under which key it is sealed. What
// is no id names none: its act is kept, and refused when it is processed.
std::string SubjectIdOf(const v1::Entry& entry, const std::string& payload) {
  v1::Act act;
  const bool of_matter =
      entry.kind() == v1::ENTRY_KIND_ACT && ParseAct(payload, &act) && IsSubjectId(act.subject_id());
  return of_matter ? act.subject_id() : "";
}

}  // namespace

Books::Books(const Identity& identity, const ledger::Store& store, ledger::Vault& vault, Random& random)
    : identity_(identity),
      vault_(vault),
      random_(random),
      rows_(store),
      views_(identity.self(), rows_, vault) {}

absl::StatusOr<std::unique_ptr<Books>> Books::Open(const Identity& identity, const ledger::Store& store,
                                                   ledger::Vault& vault, Random& random) {
  std::unique_ptr<Books> books(new Books(identity, store, vault, random));
  RETURN_IF_ERROR(books->CheckOwner());
  RETURN_IF_ERROR(books->CheckProtocol());
  ASSIGN_OR_RETURN(books->own_, ledger::Log::Load(Side::kOwn, books->rows_));
  ASSIGN_OR_RETURN(books->mirror_, ledger::Log::Load(Side::kMirror, books->rows_));
  ASSIGN_OR_RETURN(books->processed_, ReadNumber(books->rows_, kProcessedRow));
  ASSIGN_OR_RETURN(books->progress_, ReadNumber(books->rows_, kProgress));
  ASSIGN_OR_RETURN(books->cosigned_, ReadNumber(books->rows_, kCosignedRow));
  ASSIGN_OR_RETURN(const uint64_t lineage, ReadNumber(books->rows_, kLineage));
  books->lineage_ = static_cast<uint32_t>(lineage);
  ASSIGN_OR_RETURN(const std::optional<std::string> recovering, books->rows_.Get(kRecoveringRow));
  books->recovering_ = recovering.has_value();
  ASSIGN_OR_RETURN(const std::optional<std::string> halted, books->rows_.Get(kHaltedRow));
  books->halted_ = halted.value_or("");
  ASSIGN_OR_RETURN(const std::optional<std::string> lost, books->rows_.Get(kLostContents));
  books->lost_contents_ = lost.value_or("");
  ASSIGN_OR_RETURN(const std::optional<std::string> lost_entries, books->rows_.Get(kLostEntries));
  books->lost_entries_ = lost_entries.value_or("");
  ASSIGN_OR_RETURN(books->signed_size_, books->SignedSize());
  return books;
}

// Views are told from the side of one Party: folded from the other one's, they would be
// wrong, and nothing else would notice.
absl::Status Books::CheckOwner() {
  ASSIGN_OR_RETURN(const std::optional<std::string> owner, rows_.Get(kOwner));
  const std::string self = U64(identity_.self());
  if (!owner) rows_.Put(kOwner, self);
  if (!owner || *owner == self) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("the store is not one of ", v1::Party_Name(identity_.self()),
                   ": this is the program, or data_dir the directory, of the other Party"));
}

// What was judged by one first protocol would be judged otherwise by another: in an audit, a
// dossier, a recovery. And nothing else would notice.
absl::Status Books::CheckProtocol() {
  ASSIGN_OR_RETURN(const std::optional<std::string> began_with, rows_.Get(kFirstProtocol));
  const std::string ours(FirstProtocolHash(identity_.protocol).bytes());
  if (!began_with) rows_.Put(kFirstProtocol, ours);
  if (!began_with || *began_with == ours) return absl::OkStatus();
  return absl::FailedPreconditionError(
      "protocol: differs from the one that these ledgers began with: put the old block back into the "
      "configuration; a new protocol is an instrument (kelisim instrument draft)");
}

absl::StatusOr<uint64_t> Books::SignedSize() const {
  // A turn ends with a checkpoint, so the newest one is that of the whole ledger.
  if (own_.size() == 0) return 0;
  const absl::StatusOr<std::string> note = CheckpointAt(own_.size());
  if (note.ok()) return own_.size();
  // Entries taken back in a recovery may not end at one of ours.
  return 0;
}

void Books::PutNumber(std::string_view row, uint64_t value) { rows_.Put(std::string(row), U64(value)); }

// ---------------------------------------------------------------- own ledger

absl::Status Books::AppendEntry(v1::Entry entry, const std::string& payload, const std::string& subject_id,
                                absl::Time now, OpenedEntry* opened) {
  entry.set_format(kEntryFormat);
  if (entry.entry_id().empty()) entry.set_entry_id(random_.Bytes(kEntryIdSize));
  entry.set_recorded_at_us(absl::ToUnixMicros(now));
  v1::Leaf leaf;
  std::string sealed;
  if (entry.kind() != v1::ENTRY_KIND_PROGRESS) {
    const std::string opening = random_.Bytes(Hash::kSize);
    entry.set_commitment(std::string(kelisim::Commit(opening, payload).bytes()));
    ASSIGN_OR_RETURN(
        sealed, vault_.Seal(rows_, subject_id, PayloadContext(Side::kOwn, own_.size()), opening + payload));
    if (entry.addressed()) {
      leaf.set_opening(opening);
      leaf.set_payload(payload);
    }
  }
  if (opened != nullptr) {
    opened->reference.set_ledger(identity_.self());
    opened->reference.set_index(own_.size());
    opened->reference.set_entry_id(entry.entry_id());
    opened->entry = entry;
    opened->payload = payload;
  }
  leaf.set_entry(entry.SerializeAsString());
  own_.Append(rows_, leaf.entry(), sealed);
  unsigned_bytes_ += leaf.entry().size() + sealed.size();
  Remember(std::move(leaf));
  const bool enough =
      own_.size() - signed_size_ >= kMaxUnsignedEntries || unsigned_bytes_ >= kMaxUnsignedBytes;
  // Never behind what was processed: of a loss that keeps just this much, the refusal that
  // follows would not be made again, and the other Party would never hear of it.
  return enough && entry.kind() != v1::ENTRY_KIND_PROGRESS ? Checkpoint() : absl::OkStatus();
}

absl::Status Books::MakeRoomFor(uint64_t entries) {
  // The first may have a note of what was processed before it.
  return own_.size() - signed_size_ + entries + 1 > kMaxUnsignedEntries ? Checkpoint() : absl::OkStatus();
}

void Books::Remember(v1::Leaf leaf) {
  newest_bytes_ += leaf.ByteSizeLong();
  newest_.push_back(std::move(leaf));
  while (newest_bytes_ > kNewestBytes) {
    newest_bytes_ -= newest_.front().ByteSizeLong();
    newest_.pop_front();
  }
}

absl::Status Books::AppendProgress(uint64_t position, absl::Time now) {
  if (progress_ == position) return absl::OkStatus();
  v1::Entry entry;
  entry.set_kind(v1::ENTRY_KIND_PROGRESS);
  entry.mutable_reference()->set_position(position);
  ASSIGN_OR_RETURN(const Hash root, mirror_.RootAt(rows_, position));
  entry.mutable_reference()->set_hash(std::string(root.bytes()));
  RETURN_IF_ERROR(AppendEntry(std::move(entry), "", "", now, nullptr));
  progress_ = position;
  PutNumber(kProgress, progress_);
  return absl::OkStatus();
}

absl::Status Books::AppendAct(const v1::Act& act, bool addressed, absl::Time now) {
  RETURN_IF_ERROR(AppendProgress(processed_, now));
  v1::Entry entry;
  entry.set_kind(v1::ENTRY_KIND_ACT);
  entry.set_addressed(addressed);
  OpenedEntry opened;
  RETURN_IF_ERROR(AppendEntry(std::move(entry), act.SerializeAsString(), act.subject_id(), now, &opened));
  return views_.Fold(opened, act);
}

absl::Status Books::AppendRefusal(const Refused& refused, absl::Time now) {
  const uint64_t last = refused.last.index();
  RETURN_IF_ERROR(AppendProgress(last + 1, now));
  ASSIGN_OR_RETURN(const std::string refused_bytes,
                   ledger::LogRows<ledger::Overlay>(Side::kMirror, rows_).Entry(last));
  const Hash leaf = tlog::LeafHash(refused_bytes);
  v1::Entry entry;
  entry.set_kind(v1::ENTRY_KIND_REFUSAL);
  entry.set_addressed(true);
  // Derived, so that the same refusal made again after a restore is the same.
  entry.set_entry_id(
      std::string(Sha256({"kelisim refusal\n", leaf.bytes()}).bytes().substr(0, kEntryIdSize)));
  entry.mutable_reference()->set_position(last);
  entry.mutable_reference()->set_hash(std::string(leaf.bytes()));
  v1::Refusal refusal;
  *refusal.mutable_violation() = refused.violation;
  *refusal.mutable_refused() = refused.last;
  if (refused.first < last) refusal.set_entries(last - refused.first + 1);
  return AppendEntry(std::move(entry), refusal.SerializeAsString(), "", now, nullptr);
}

absl::Status Books::AnnounceKeys(absl::Time now) {
  for (const tlog::LogKeys::Key& key : identity_.own_log.keys()) {
    // The key with which the ledger began, as long as it has no end, stands in the policy alone.
    if (key.from == 0 && key.until == tlog::LogKeys::kNoEnd) continue;
    v1::KeyRange range;
    range.set_key(key.verifier.ToString());
    range.set_from_size(key.from);
    range.set_until_size(key.until == tlog::LogKeys::kNoEnd ? 0 : key.until);
    const std::string statement = range.SerializeAsString();
    ASSIGN_OR_RETURN(const std::string announced, views_.LoadKey(identity_.self(), key.verifier.key_id()));
    if (announced == statement) continue;
    v1::KeyChange change;
    change.set_statement(statement);
    const std::string message = absl::StrCat(kKeyChangeDomain, statement);
    std::vector<const tlog::NoteSigner*> signers = {&identity_.log};
    if (identity_.next_log) signers.push_back(&*identity_.next_log);
    for (const tlog::NoteSigner* signer : signers) {
      v1::KeySignature& signature = *change.add_signatures();
      signature.set_key(signer->verifier().ToString());
      signature.set_signature(signer->SignRaw(message));
    }
    RETURN_IF_ERROR(AppendProgress(processed_, now));
    v1::Entry entry;
    entry.set_kind(v1::ENTRY_KIND_KEY);
    entry.set_addressed(true);
    OpenedEntry opened;
    RETURN_IF_ERROR(AppendEntry(std::move(entry), change.SerializeAsString(), "", now, &opened));
    RETURN_IF_ERROR(views_.FoldKey(opened));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<uint64_t>> Books::LostPayloads() const {
  std::vector<uint64_t> lost;
  const ledger::LogRows<ledger::Overlay> log(Side::kOwn, rows_);
  for (uint64_t index = 0; index < own_.size(); ++index) {
    ASSIGN_OR_RETURN(const std::optional<std::string> sealed, log.SealedPayload(index));
    if (sealed) continue;
    ASSIGN_OR_RETURN(const OpenedEntry opened, views_.OpenEntry(Side::kOwn, index));
    if (opened.entry.kind() != v1::ENTRY_KIND_PROGRESS) lost.push_back(index);
  }
  return lost;
}

absl::StatusOr<std::optional<std::string>> Books::AppendLoss(const ledger::Head& remembered, absl::Time now) {
  ASSIGN_OR_RETURN(std::vector<uint64_t> payloads, LostPayloads());
  lost_contents_ = RangesOf(payloads);
  rows_.Put(kLostContents, lost_contents_);
  // What an earlier record names has been asked for.
  std::set<uint64_t> named;
  RETURN_IF_ERROR(ForEachLoss([&](const v1::LossRecord& loss, absl::Time) {
    named.insert(loss.payloads_lost().begin(), loss.payloads_lost().end());
  }));
  payloads.erase(std::remove_if(payloads.begin(), payloads.end(),
                                [&](uint64_t index) { return named.count(index) > 0; }),
                 payloads.end());
  if (remembered.size <= own_.size() && payloads.empty()) return std::nullopt;
  const ledger::Head& lost = remembered.size > own_.size() ? remembered : head();
  v1::LossRecord loss;
  loss.set_from_size(own_.size());
  loss.set_to_size(lost.size);
  loss.set_lost_root(std::string(lost.root.bytes()));
  loss.set_lineage(lineage_);
  size_t said = 0;
  do {
    for (loss.clear_payloads_lost(); said < payloads.size() && loss.payloads_lost_size() < kMaxLossPayloads;)
      loss.add_payloads_lost(payloads[said++]);
    v1::Entry entry;
    entry.set_kind(v1::ENTRY_KIND_LOSS);
    entry.set_addressed(true);
    RETURN_IF_ERROR(AppendEntry(std::move(entry), loss.SerializeAsString(), "", now, nullptr));
  } while (said < payloads.size());
  return RangesOf(payloads);
}

absl::Status Books::Checkpoint() {
  if (own_.size() == signed_size_) return absl::OkStatus();
  const std::string text = tlog::Checkpoint{identity_.log.verifier().name(), own_.size(), own_.root()}.Text();
  const std::vector<const tlog::NoteSigner*> signers = LogSigners(identity_, own_.size());
  if (signers.empty()) {
    return absl::FailedPreconditionError(absl::StrCat("no log key that is here counts at size ", own_.size(),
                                                      ": the policy names its successor"));
  }
  std::string note = text + "\n";
  for (const tlog::NoteSigner* signer : signers) note += signer->SignNote(text);
  own_.PutCheckpoint(rows_, own_.size(), std::move(note));
  signed_size_ = own_.size();
  unsigned_bytes_ = 0;
  return absl::OkStatus();
}

absl::StatusOr<std::string> Books::CheckpointAt(uint64_t size) const {
  return ledger::LogRows<ledger::Overlay>(Side::kOwn, rows_).Checkpoint(size);
}

// ---------------------------------------------------------------- the counterpart's word

absl::StatusOr<OpenedEntry> Books::AppendLeaf(ledger::Log& log, Side side, const v1::Leaf& leaf) {
  OpenedEntry opened;
  opened.reference.set_ledger(side == Side::kOwn ? identity_.self() : identity_.peer());
  opened.reference.set_index(log.size());
  std::string sealed;
  if (opened.entry.ParseFromString(leaf.entry())) {
    opened.reference.set_entry_id(opened.entry.entry_id());
    // A payload that does not open its commitment proves nothing and is not kept;
    // the entry is refused when it is processed.
    if (opened.entry.kind() != v1::ENTRY_KIND_PROGRESS && Opens(opened.entry, leaf)) {
      ASSIGN_OR_RETURN(sealed,
                       vault_.Seal(rows_, SubjectIdOf(opened.entry, leaf.payload()),
                                   PayloadContext(side, log.size()), leaf.opening() + leaf.payload()));
      opened.payload = leaf.payload();
    }
  } else {
    opened.entry.Clear();
  }
  log.Append(rows_, leaf.entry(), sealed);
  return opened;
}

absl::Status Books::Take(ledger::Log& log, Side side, const RepeatedPtrField<v1::Leaf>& leaves,
                         const tlog::SignedCheckpoint& vouched) {
  const tlog::Checkpoint& checkpoint = vouched.checkpoint();
  const std::string& origin =
      side == Side::kOwn ? identity_.log.verifier().name() : identity_.peer_log.name();
  if (checkpoint.origin != origin) return absl::InvalidArgumentError("checkpoint of another ledger");
  const uint64_t first = log.size();
  if (checkpoint.size != first + static_cast<uint64_t>(leaves.size())) {
    return absl::InvalidArgumentError("the checkpoint is not for these entries");
  }
  // The root is recomputed from the leaves before anything is kept.
  tlog::RightEdge edge = log.edge();
  for (const v1::Leaf& leaf : leaves) {
    if (leaf.entry().size() > kMaxEntryBytes) return absl::InvalidArgumentError("an entry is too long");
    edge.Append(tlog::LeafHash(leaf.entry()));
  }
  if (edge.Root() != checkpoint.root)
    return absl::InvalidArgumentError("the entries do not give the signed root");
  taken_.clear();
  for (const v1::Leaf& leaf : leaves) {
    ASSIGN_OR_RETURN(OpenedEntry opened, AppendLeaf(log, side, leaf));
    if (side == Side::kMirror) taken_.push_back(std::move(opened));
  }
  log.PutCheckpoint(rows_, checkpoint.size, vouched.note());
  return absl::OkStatus();
}

absl::Status Books::TakeMirror(const RepeatedPtrField<v1::Leaf>& leaves,
                               const tlog::SignedCheckpoint& checkpoint) {
  return Take(mirror_, Side::kMirror, leaves, checkpoint);
}

absl::Status Books::ProcessMirror(absl::Time now) {
  while (processed_ < mirror_.size()) {
    const bool taken = mirror_.size() - processed_ <= taken_.size();
    if (taken) {
      RETURN_IF_ERROR(ProcessEntry(taken_[taken_.size() - (mirror_.size() - processed_)], now));
    } else {
      ASSIGN_OR_RETURN(const OpenedEntry opened, views_.OpenEntry(Side::kMirror, processed_));
      RETURN_IF_ERROR(ProcessEntry(opened, now));
    }
  }
  taken_.clear();
  PutNumber(kProcessedRow, processed_);
  return RefuseUnreadable(now);
}

absl::Status Books::ProcessEntry(const OpenedEntry& opened, absl::Time now) {
  // Processed from here on: a refusal of it stands after it.
  processed_ = opened.reference.index() + 1;
  key_announced_ = key_announced_ || opened.entry.kind() == v1::ENTRY_KIND_KEY;
  ASSIGN_OR_RETURN(const std::optional<Judgement> judged, JudgeEntry(opened, identity_.protocol, views_));
  if (judged && judged->violation && judged->act.subject_case() == v1::Act::SUBJECT_NOT_SET) {
    if (!unreadable_) unreadable_.emplace().first = opened.reference.index();
    unreadable_->last = opened.reference;
    unreadable_->violation = *judged->violation;
    const bool enough = opened.reference.index() - unreadable_->first + 1 >= kMostRefusedTogether;
    return enough ? RefuseUnreadable(now) : absl::OkStatus();
  }
  // Before an act a stretch ends: every act in it is refused.
  if (judged) RETURN_IF_ERROR(RefuseUnreadable(now));
  if (judged && judged->violation) {
    const Refused refused{opened.reference.index(), opened.reference, *judged->violation};
    RETURN_IF_ERROR(AppendRefusal(refused, now));
  }
  return FoldJudged(opened, judged, views_);
}

absl::Status Books::RefuseUnreadable(absl::Time now) {
  if (!unreadable_) return absl::OkStatus();
  const Refused refused = *std::exchange(unreadable_, std::nullopt);
  return AppendRefusal(refused, now);
}

absl::Status Books::SetCosigned(uint64_t size, std::string note) {
  own_.PutCosigned(rows_, std::move(note));
  cosigned_ = size;
  PutNumber(kCosignedRow, size);
  return absl::OkStatus();
}

absl::StatusOr<v1::Leaf> Books::LeafAt(Side side, uint64_t index) const {
  if (side == Side::kOwn && own_.size() - index <= newest_.size())
    return newest_[newest_.size() - (own_.size() - index)];
  const ledger::LogRows<ledger::Overlay> log(side, rows_);
  v1::Leaf leaf;
  ASSIGN_OR_RETURN(*leaf.mutable_entry(), log.Entry(index));
  v1::Entry entry;
  if (!entry.ParseFromString(leaf.entry()) || !entry.addressed()) return leaf;
  ASSIGN_OR_RETURN(const std::optional<std::string> sealed, log.SealedPayload(index));
  if (!sealed) return leaf;
  ASSIGN_OR_RETURN(const std::string unsealed, vault_.Unseal(rows_, PayloadContext(side, index), *sealed));
  ASSIGN_OR_RETURN(PayloadAndOpening split, SplitPayload(unsealed));
  *leaf.mutable_payload() = std::move(split.payload);
  *leaf.mutable_opening() = std::move(split.opening);
  return leaf;
}

absl::StatusOr<Books::Stretch> Books::StretchFrom(Side side, uint64_t first, size_t limit_bytes) const {
  const ledger::LogRows<ledger::Overlay> log(side, rows_);
  const uint64_t size = side == Side::kOwn ? own_.size() : mirror_.size();
  Stretch stretch;
  // Ends the stretch after `kept` of its leaves, if there is a checkpoint.
  const auto cut_at = [&](int kept) -> absl::Status {
    absl::StatusOr<std::string> checkpoint = log.Checkpoint(first + static_cast<uint64_t>(kept));
    if (absl::IsNotFound(checkpoint.status())) return absl::OkStatus();
    RETURN_IF_ERROR(checkpoint.status());
    stretch.leaves.DeleteSubrange(kept, stretch.leaves.size() - kept);
    stretch.checkpoint = *std::move(checkpoint);
    stretch.end = first + static_cast<uint64_t>(kept);
    return absl::OkStatus();
  };
  // The same at the last checkpoint within its leaves.
  const auto cut = [&]() -> absl::Status {
    for (int kept = stretch.leaves.size(); kept > 0 && stretch.end == 0; --kept)
      RETURN_IF_ERROR(cut_at(kept));
    return absl::OkStatus();
  };
  size_t bytes = 0;
  bool beyond = false;
  for (uint64_t index = first; index < size; ++index) {
    ASSIGN_OR_RETURN(v1::Leaf leaf, LeafAt(side, index));
    bytes += leaf.ByteSizeLong() + 8;
    if (bytes > limit_bytes) {
      // Looked for once among what is gathered; then only behind each further leaf.
      RETURN_IF_ERROR(beyond ? cut_at(stretch.leaves.size()) : cut());
      if (stretch.end != 0) return stretch;
      beyond = true;
    }
    *stretch.leaves.Add() = std::move(leaf);
  }
  RETURN_IF_ERROR(beyond ? cut_at(stretch.leaves.size()) : cut());
  if (stretch.end == 0) stretch.leaves.Clear();
  return stretch;
}

// ---------------------------------------------------------------- recovery

absl::Status Books::BeginRecovery() {
  recovering_ = true;
  judged_before_.reset();
  rows_.Put(kRecoveringRow, "1");
  return absl::OkStatus();
}

absl::Status Books::TakeOwnBack(const RepeatedPtrField<v1::Leaf>& leaves,
                                const tlog::SignedCheckpoint& checkpoint) {
  // What was addressed to the counterpart it has, and can give back whole. Without it the
  // registers would forget acts that stand.
  for (const v1::Leaf& leaf : leaves) {
    v1::Entry entry;
    const bool told =
        entry.ParseFromString(leaf.entry()) && entry.addressed() && entry.kind() != v1::ENTRY_KIND_PROGRESS;
    if (told && !Opens(entry, leaf))
      return absl::FailedPreconditionError("the counterpart gives an own entry back without its content");
  }
  RETURN_IF_ERROR(Take(own_, Side::kOwn, leaves, checkpoint));
  newest_.clear();
  newest_bytes_ = 0;
  signed_size_ = own_.size();
  unsigned_bytes_ = 0;
  return absl::OkStatus();
}

absl::Status Books::ForEachOwn(
    const std::function<absl::Status(uint64_t index, const v1::Entry& entry)>& each) const {
  const ledger::LogRows<ledger::Overlay> log(Side::kOwn, rows_);
  for (uint64_t index = 0; index < own_.size(); ++index) {
    ASSIGN_OR_RETURN(const std::string bytes, log.Entry(index));
    v1::Entry entry;
    if (!entry.ParseFromString(bytes)) return absl::DataLossError("an own entry cannot be read");
    RETURN_IF_ERROR(each(index, entry));
  }
  return absl::OkStatus();
}

absl::Status Books::ForEachLoss(
    const std::function<void(const v1::LossRecord& loss, absl::Time recorded)>& each) const {
  return ForEachOwn([&](uint64_t index, const v1::Entry& entry) -> absl::Status {
    if (entry.kind() != v1::ENTRY_KIND_LOSS) return absl::OkStatus();
    ASSIGN_OR_RETURN(const OpenedEntry opened, views_.OpenEntry(Side::kOwn, index));
    v1::LossRecord loss;
    if (!loss.ParseFromString(opened.payload))
      return absl::DataLossError("an own record of a loss cannot be read");
    each(loss, absl::FromUnixMicros(entry.recorded_at_us()));
    return absl::OkStatus();
  });
}

absl::StatusOr<bool> Books::TellsLossOf(const ledger::Head& head) const {
  bool told = false;
  RETURN_IF_ERROR(ForEachLoss([&](const v1::LossRecord& loss, absl::Time) {
    told = told || (loss.to_size() == head.size && loss.lost_root() == head.root.bytes());
  }));
  return told;
}

// Of all recoveries: those before a store was lost whole are in the ledger that came back.
absl::StatusOr<std::string> Books::ReadLostEntries() const {
  std::vector<std::string> stretches;
  size_t more = 0;
  RETURN_IF_ERROR(ForEachLoss([&](const v1::LossRecord& loss, absl::Time recorded) {
    if (loss.from_size() >= loss.to_size()) return;
    std::string stretch = absl::StrCat(RangeOf(loss.from_size(), loss.to_size() - 1), " (",
                                       FormatDate(identity_.profile.DateAt(recorded)), ")");
    // One loss may stand in several records.
    if (!stretches.empty() && stretches.back() == stretch) return;
    if (stretches.size() == kMostStretches) {
      ++more;
    } else {
      stretches.push_back(std::move(stretch));
    }
  }));
  if (more > 0) stretches.push_back(absl::StrCat("and ", more, " more"));
  return absl::StrJoin(stretches, ", ");
}

absl::StatusOr<Books::JudgedBefore> Books::ReadJudgedBefore() const {
  JudgedBefore judged;
  RETURN_IF_ERROR(ForEachOwn([&](uint64_t own_index, const v1::Entry& entry) -> absl::Status {
    const uint64_t position = entry.reference().position();
    if (entry.kind() == v1::ENTRY_KIND_PROGRESS) judged.end = std::max(judged.end, position);
    if (entry.kind() != v1::ENTRY_KIND_REFUSAL) return absl::OkStatus();
    ASSIGN_OR_RETURN(const OpenedEntry opened, views_.OpenEntry(Side::kOwn, own_index));
    v1::Refusal refusal;
    if (!refusal.ParseFromString(opened.payload)) return absl::DataLossError("an own refusal cannot be read");
    for (uint64_t index = FirstRefused(refusal, position); index <= position; ++index)
      judged.refused.insert(index);
    return absl::OkStatus();
  }));
  return judged;
}

absl::Status Books::TakeMirrorBack(const RepeatedPtrField<v1::Leaf>& leaves,
                                   const tlog::SignedCheckpoint& checkpoint) {
  if (!judged_before_) {
    ASSIGN_OR_RETURN(judged_before_, ReadJudgedBefore());
  }
  // What had its content when it was judged is not judged again without it: the registers
  // would forget what the counterpart has granted or claimed.
  uint64_t index = mirror_.size();
  for (const v1::Leaf& leaf : leaves) {
    v1::Entry entry;
    const bool told = entry.ParseFromString(leaf.entry()) && entry.addressed() &&
                      entry.kind() == v1::ENTRY_KIND_ACT && index < judged_before_->end &&
                      judged_before_->refused.count(index) == 0;
    if (told && !Opens(entry, leaf)) {
      return absl::FailedPreconditionError(
          absl::StrCat("the counterpart gives its entry ", index, " back without its content"));
    }
    ++index;
  }
  return TakeMirror(leaves, checkpoint);
}

absl::Status Books::CheckProcessed() const {
  return ForEachOwn([&](uint64_t index, const v1::Entry& entry) -> absl::Status {
    if (entry.kind() != v1::ENTRY_KIND_PROGRESS) return absl::OkStatus();
    const uint64_t position = entry.reference().position();
    if (position <= mirror_.size()) {
      ASSIGN_OR_RETURN(const Hash root, mirror_.RootAt(rows_, position));
      if (root.bytes() == entry.reference().hash()) return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        absl::StrCat("own entry ", index, " says that ", position,
                     " entries of the counterpart were processed, and the counterpart has ",
                     position <= mirror_.size() ? "other ones" : "fewer"));
  });
}

absl::Status Books::RebuildViews() {
  RETURN_IF_ERROR(views_.Clear());
  ASSIGN_OR_RETURN(processed_, FoldLedgers(identity_.protocol, own_.size(), mirror_.size(), views_,
                                           [](uint64_t) { return absl::OkStatus(); }));
  (void)views_.TakeRefused();  // were told when they came
  progress_ = processed_;
  PutNumber(kProcessedRow, processed_);
  PutNumber(kProgress, progress_);
  return absl::OkStatus();
}

absl::Status Books::EndRecovery(uint32_t remembered_lineage) {
  recovering_ = false;
  judged_before_.reset();
  rows_.Delete(kRecoveringRow);
  ASSIGN_OR_RETURN(lost_entries_, ReadLostEntries());
  rows_.Put(kLostEntries, lost_entries_);
  // A store that was lost whole has forgotten its earlier recoveries; the anchor has not.
  lineage_ = std::max(lineage_, remembered_lineage) + 1;
  PutNumber(kLineage, lineage_);
  return absl::OkStatus();
}

void Books::HaltWith(std::string reason, v1::Party ledger, const std::string& one, const std::string& other,
                     const tlog::NodeReader& tree) {
  v1::Equivocation evidence;
  evidence.set_ledger(ledger);
  evidence.set_first(one);
  evidence.set_second(other);
  for (const tlog::LogKeys::Key& key : LogKeysOf(identity_, ledger).keys()) {
    const auto proven = tlog::ProveEquivocation(one, other, key.verifier, tree);
    if (!proven.ok()) continue;
    evidence = EvidenceOf(ledger, *proven);
    break;
  }
  rows_.Put(kEvidenceRow, evidence.SerializeAsString());
  rows_.Put(kHaltedRow, reason);
  halted_ = std::move(reason);
}

}  // namespace kelisim::authority
