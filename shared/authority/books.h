#ifndef KELISIM_SHARED_AUTHORITY_BOOKS_H_
#define KELISIM_SHARED_AUTHORITY_BOOKS_H_

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "kelisim/v1/ledger.pb.h"
#include "shared/authority/identity.h"
#include "shared/authority/views.h"
#include "shared/ledger/anchor.h"
#include "shared/ledger/log.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/vault.h"
#include "shared/tlog/merkle.h"
#include "shared/tlog/note.h"

namespace kelisim::authority {

// The books of a node: its own ledger, its mirror of the counterpart's, and the
// views folded from both. Every change goes into one overlay, which the core
// commits as one batch.
//
// The order in which the two ledgers interleave is part of the books: a PROGRESS
// entry stands in the own ledger before the first own entry written after more
// of the counterpart's was processed. So the views can be rebuilt, to the byte.
//
// Rows beside those of Log, Vault and Views:
//   Mo  owner: the Party whose own ledger this is (u64)
//   Mf  the first protocol, by which the ledgers began: its hash
//   Mp  how much of the mirror is processed (u64)
//   Mg  up to where the last PROGRESS entry says so (u64)
//   Mc  how much of the own ledger the counterpart has cosigned (u64)
//   Ml  lineage: how many recoveries the own ledger has been through (u32)
//   Mr  present while a recovery is under way
//   Mx  of which own entries the contents are lost: "122-124, 130"
//   Mn  which own entries were lost, and when that was recorded: "122-124 (2026-11-27)"
//   Mh  present when the node has halted: why
//   Mv  evidence: v1.Equivocation
//
// Single-threaded. A failed call leaves the overlay half-written: the caller
// must drop the whole turn and stop.
class Books {
 public:
  // All must outlive the books. An empty store becomes that of the identity's Party.
  // FAILED_PRECONDITION: it is the other Party's, or was begun with another first protocol;
  // DATA_LOSS: it is not whole.
  static absl::StatusOr<std::unique_ptr<Books>> Open(const Identity& identity, const ledger::Store& store,
                                                     ledger::Vault& vault, Random& random);

  ledger::Overlay& rows() { return rows_; }
  Views& views() { return views_; }
  const ledger::Log& own() const { return own_; }
  const ledger::Log& mirror() const { return mirror_; }
  uint64_t processed() const { return processed_; }
  uint64_t cosigned() const { return cosigned_; }
  uint32_t lineage() const { return lineage_; }
  // Of which own entries the contents did not come back in a recovery: "122-124, 130".
  const std::string& lost_contents() const { return lost_contents_; }
  // Which own entries were lost in recoveries: "122-124 (2026-11-27)".
  const std::string& lost_entries() const { return lost_entries_; }
  bool recovering() const { return recovering_; }
  const std::string& halted() const { return halted_; }
  ledger::Head head() const { return {own_.size(), own_.root(), lineage_}; }

  // ---- writing to the own ledger

  // Appends an admitted act and folds it. `addressed`: the payload goes to the
  // counterpart.
  // Before several acts of one request: so that no checkpoint comes between them, after which
  // a loss could keep some and not the others. More than fit one message are cut all the same.
  absl::Status MakeRoomFor(uint64_t entries);
  absl::Status AppendAct(const v1::Act& act, bool addressed, absl::Time now);
  // After a recovery: says which entries up to the head that the anchor remembers, and
  // which payloads, did not come back. Gives the entries whose payloads no earlier record says
  // to be lost: "122-124, 130", or "". nullopt: nothing was lost since then, nothing is said.
  absl::StatusOr<std::optional<std::string>> AppendLoss(const ledger::Head& remembered, absl::Time now);
  // Whether a record of a loss in the own ledger says that entries up to exactly this head are lost.
  absl::StatusOr<bool> TellsLossOf(const ledger::Head& head) const;
  // Announces every own log key, and the end of one, that the policy names and the ledger
  // does not yet: signed by the keys that are here, the old one and the new one.
  absl::Status AnnounceKeys(absl::Time now);
  // Signs the present size, unless it is signed already.
  absl::Status Checkpoint();
  // The signed checkpoint of `size`, which must be one of those signed.
  absl::StatusOr<std::string> CheckpointAt(uint64_t size) const;

  // ---- the counterpart's word

  // Takes leaves that follow the mirror's end, vouched for by the counterpart's
  // checkpoint over exactly the result. INVALID_ARGUMENT: they do not fit; nothing
  // was taken.
  absl::Status TakeMirror(const google::protobuf::RepeatedPtrField<v1::Leaf>& leaves,
                          const tlog::SignedCheckpoint& checkpoint);
  // Judges what the mirror has and is not processed: folds acts, appends refusals. Each act that
  // breaks a rule gets its own; entries in which no act can be read, which an honest counterpart
  // does not make, get one together as far as no act stands between them.
  absl::Status ProcessMirror(absl::Time now);
  // Whether a key of the counterpart's log was announced since this was last asked.
  bool TakeKeyAnnounced() { return std::exchange(key_announced_, false); }
  absl::Status SetCosigned(uint64_t size, std::string note);

  // ---- recovery

  absl::Status BeginRecovery();
  // As TakeMirror, for own entries; the checkpoint is of the own log key. FAILED_PRECONDITION:
  // the content of an entry that was addressed to the counterpart is missing; nothing was taken.
  absl::Status TakeOwnBack(const google::protobuf::RepeatedPtrField<v1::Leaf>& leaves,
                           const tlog::SignedCheckpoint& checkpoint);
  // As TakeMirror, when all own entries are here. FAILED_PRECONDITION: what they say was judged
  // comes back without its content; nothing was taken.
  absl::Status TakeMirrorBack(const google::protobuf::RepeatedPtrField<v1::Leaf>& leaves,
                              const tlog::SignedCheckpoint& checkpoint);
  // OK: the mirror has, byte for byte, what own PROGRESS entries say was processed of it.
  // FAILED_PRECONDITION names the first one that it does not have that of.
  absl::Status CheckProcessed() const;
  // Folds all views anew from the ledgers, after CheckProcessed. views = fold(own, mirror).
  absl::Status RebuildViews();
  // `remembered_lineage`: of the head anchor.
  absl::Status EndRecovery(uint32_t remembered_lineage);
  // Stops everything for good. Keeps the evidence: two notes that the log of `ledger` has
  // signed, and how they contradict each other in `tree`, which is that of the larger one.
  void HaltWith(std::string reason, v1::Party ledger, const std::string& one, const std::string& other,
                const tlog::NodeReader& tree);

  // Leaves [first, ...) of `side` for the counterpart, up to a checkpoint and at
  // most `limit_bytes` (but at least one checkpoint's worth); with that checkpoint.
  // Empty when there is nothing.
  struct Stretch {
    google::protobuf::RepeatedPtrField<v1::Leaf> leaves;
    std::string checkpoint;
    uint64_t end = 0;
  };
  absl::StatusOr<Stretch> StretchFrom(ledger::Side side, uint64_t first, size_t limit_bytes) const;

 private:
  Books(const Identity& identity, const ledger::Store& store, ledger::Vault& vault, Random& random);

  absl::Status CheckOwner();
  absl::Status CheckProtocol();
  absl::Status AppendEntry(v1::Entry entry, const std::string& payload, const std::string& subject_id,
                           absl::Time now, OpenedEntry* opened);
  // Up to `position`, unless it was said before.
  absl::Status AppendProgress(uint64_t position, absl::Time now);
  // Entries of the counterpart that are refused together.
  struct Refused {
    uint64_t first = 0;
    v1::EntryReference last;
    v1::Violation violation;  // of the last
  };
  absl::Status AppendRefusal(const Refused& refused, absl::Time now);
  // Refuses what `unreadable_` has gathered.
  absl::Status RefuseUnreadable(absl::Time now);
  absl::StatusOr<std::vector<uint64_t>> LostPayloads() const;
  // What own entries say of the counterpart's: up to where they were judged, and which of
  // them were refused.
  struct JudgedBefore {
    uint64_t end = 0;
    std::set<uint64_t> refused;
  };
  absl::StatusOr<JudgedBefore> ReadJudgedBefore() const;
  // Every own entry, in order, until `each` fails.
  absl::Status ForEachOwn(
      const std::function<absl::Status(uint64_t index, const v1::Entry& entry)>& each) const;
  // Every record of a loss in the own ledger, in order.
  absl::Status ForEachLoss(
      const std::function<void(const v1::LossRecord& loss, absl::Time recorded)>& each) const;
  absl::StatusOr<std::string> ReadLostEntries() const;
  absl::Status ProcessEntry(const OpenedEntry& opened, absl::Time now);
  // As OpenEntry will read it.
  absl::StatusOr<OpenedEntry> AppendLeaf(ledger::Log& log, ledger::Side side, const v1::Leaf& leaf);
  absl::Status Take(ledger::Log& log, ledger::Side side,
                    const google::protobuf::RepeatedPtrField<v1::Leaf>& leaves,
                    const tlog::SignedCheckpoint& vouched);
  void Remember(v1::Leaf leaf);
  absl::StatusOr<v1::Leaf> LeafAt(ledger::Side side, uint64_t index) const;
  void PutNumber(std::string_view row, uint64_t value);
  absl::StatusOr<uint64_t> SignedSize() const;

  const Identity& identity_;
  ledger::Vault& vault_;
  Random& random_;
  ledger::Overlay rows_;
  Views views_;
  ledger::Log own_{ledger::Side::kOwn};
  ledger::Log mirror_{ledger::Side::kMirror};
  uint64_t processed_ = 0;
  uint64_t progress_ = 0;
  uint64_t cosigned_ = 0;
  uint32_t lineage_ = 0;
  bool recovering_ = false;
  // During a recovery, from when all own entries are here.
  std::optional<JudgedBefore> judged_before_;
  bool key_announced_ = false;
  std::string lost_contents_;
  std::string lost_entries_;
  std::string halted_;
  // The last own entries, as they go to the counterpart: what was sealed a moment ago need
  // not be read and opened again to be pushed.
  static constexpr size_t kNewestBytes = 256 * 1024;
  std::deque<v1::Leaf> newest_;
  size_t newest_bytes_ = 0;
  // Entries in which no act can be read, and that are processed and not refused yet; none
  // outside ProcessMirror.
  std::optional<Refused> unreadable_;
  // The end of the mirror, as it was taken in this turn and is to be processed.
  std::vector<OpenedEntry> taken_;
  // Entries and payload bytes since the last signed checkpoint.
  uint64_t signed_size_ = 0;
  size_t unsigned_bytes_ = 0;
};

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_BOOKS_H_
