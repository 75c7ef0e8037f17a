#include "shared/authority/audit.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/authority/fold.h"
#include "shared/authority/matter.h"
#include "shared/authority/views.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/log.h"
#include "shared/ledger/overlay.h"
#include "shared/text/messages.h"

namespace kelisim::authority {
namespace {

using ledger::LogRows;
using ledger::Overlay;
using ledger::Side;
using ledger::Store;
using Progress = v1::AuditProgress;

constexpr uint64_t kEntriesPerReport = 1024;
constexpr uint64_t kEntriesPerCommit = 256;
// A damaged size row alone makes more.
constexpr uint64_t kMostFindings = 1000;
constexpr char kViews = 'v';
constexpr char kNewViews = 'w';

// Ids, pseudonyms and dates; nothing personal.
std::string RowText(std::string_view key) {
  return absl::StrCat(std::string(key.substr(0, 2)), " ", ToHex(key.substr(2)));
}

Progress::Finding Found(std::string place, std::string problem_key) {
  Progress::Finding finding;
  finding.set_place(std::move(place));
  finding.add_problem_keys(std::move(problem_key));
  return finding;
}

// A store in which the views are those that are being made: rows 'v' are rows 'w' below.
class NewViews final : public Store {
 public:
  explicit NewViews(Store& store) : store_(store) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    return store_.Get(Below(key));
  }
  absl::Status Scan(std::string_view begin, std::string_view end,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    // No caller scans from one kind of row into another.
    const bool views = !begin.empty() && begin[0] == kViews;
    std::string key;
    return store_.Scan(Below(begin), views ? BelowEnd(end) : std::string(end),
                       [&](std::string_view below, std::string_view value) {
                         key = below;
                         if (views) key[0] = kViews;
                         return visit(key, value);
                       });
  }
  absl::Status Commit(const ledger::Batch& batch) override {
    ledger::Batch below;
    for (const auto& [key, value] : batch.changes()) {
      value ? below.Put(Below(key), *value) : below.Delete(Below(key));
    }
    return store_.Commit(below);
  }

 private:
  static std::string Below(std::string_view key) {
    std::string below(key);
    if (!below.empty() && below[0] == kViews) below[0] = kNewViews;
    return below;
  }
  // "w" ends all rows that begin with 'v'.
  static std::string BelowEnd(std::string_view end) {
    std::string below(end);
    below[0] = static_cast<char>(below[0] + (kNewViews - kViews));
    return below;
  }
  Store& store_;
};

class Auditor {
 public:
  Auditor(const Identity& identity, Store& store, ledger::Vault& vault,
          const ledger::Attachments* attachments, const std::function<bool(const Progress&)>& tell,
          const std::function<absl::Status()>& check_room)
      : identity_(identity),
        store_(store),
        vault_(vault),
        attachments_(attachments),
        tell_(tell),
        check_room_(check_room) {}

  absl::Status Run() {
    const absl::Status looked = Look();
    return full_ && absl::IsOutOfRange(looked) ? absl::OkStatus() : looked;
  }

 private:
  absl::Status Look() {
    for (const Side side : {Side::kOwn, Side::kMirror}) RETURN_IF_ERROR(CheckLedger(side));
    ASSIGN_OR_RETURN(const std::optional<std::string> recovering, store_.Get(kRecoveringRow));
    RETURN_IF_ERROR(ReportState(recovering.has_value()));
    // The views are folded when the ledgers are whole again.
    if (!recovering) {
      RETURN_IF_ERROR(FoldAnew());
      RETURN_IF_ERROR(CompareRows());
    }
    if (attachments_ != nullptr) RETURN_IF_ERROR(CheckAttachments());
    return Report(Progress::DONE, 0, 0);
  }
  absl::Status Report(Progress::Stage stage, uint64_t done, uint64_t total,
                      std::optional<Progress::Finding> finding = std::nullopt) {
    if (finding && ++findings_ > kMostFindings) full_ = true;
    if (full_) finding = Found("", "audit.more_findings");
    Progress progress;
    progress.set_stage(stage);
    progress.set_done(done);
    progress.set_total(total);
    if (finding) *progress.mutable_finding() = *std::move(finding);
    if (!tell_(progress)) return absl::CancelledError("the audit was broken off");
    return full_ ? absl::OutOfRangeError("more findings than are told") : absl::OkStatus();
  }
  absl::Status ReportSome(Progress::Stage stage, uint64_t done, uint64_t total) {
    return done % kEntriesPerReport == 0 ? Report(stage, done, total) : absl::OkStatus();
  }
  v1::Party PartyOf(Side side) const { return side == Side::kOwn ? identity_.self() : identity_.peer(); }

  // Reports what is wrong with an entry; `problem_key` is empty when nothing is.
  absl::Status Complain(Side side, uint64_t index, uint64_t size, const std::string& problem_key) {
    if (problem_key.empty()) return absl::OkStatus();
    const std::string place = absl::StrCat(PartyOf(side) == v1::PARTY_KZ ? "kz/" : "ru/", index);
    return Report(Progress::ENTRIES, index, size, Found(place, problem_key));
  }

  absl::Status CheckLedger(Side side);
  // The key of a problem. Empty: the payload is what the entry commits to, or is not here.
  absl::StatusOr<std::string> PayloadProblem(Side side, uint64_t index, const std::string& entry);
  absl::StatusOr<std::string> CheckpointProblem(Side side, const tlog::RightEdge& edge, bool required);
  absl::StatusOr<std::string> CosignedProblem(const tlog::RightEdge& edge);
  absl::Status ReportState(bool recovering);
  absl::Status FoldAnew();
  absl::Status CompareRows();
  absl::Status CheckAttachments();
  absl::StatusOr<std::string> Plain(std::string_view key, std::string_view value);

  const Identity& identity_;
  Store& store_;
  ledger::Vault& vault_;
  const ledger::Attachments* const attachments_;
  const std::function<bool(const Progress&)>& tell_;
  const std::function<absl::Status()>& check_room_;
  uint64_t own_size_ = 0;
  uint64_t findings_ = 0;
  // More was found than is told; the rest is not looked at.
  bool full_ = false;
};

absl::StatusOr<std::string> Auditor::PayloadProblem(Side side, uint64_t index, const std::string& bytes) {
  ASSIGN_OR_RETURN(const std::optional<std::string> sealed,
                   (LogRows<Store>(side, store_).SealedPayload(index)));
  v1::Entry entry;
  if (!sealed || !entry.ParseFromString(bytes)) return std::string();
  const absl::StatusOr<std::string> unsealed = vault_.Unseal(store_, PayloadContext(side, index), *sealed);
  // The key of its case is not here: it cannot be read, and its proofs stay.
  if (absl::IsNotFound(unsealed.status())) return std::string();
  if (!unsealed.ok()) return std::string("audit.payload_sealed");
  const absl::StatusOr<PayloadAndOpening> split = SplitPayload(*unsealed);
  if (!split.ok() || Commit(split->opening, split->payload).bytes() != entry.commitment()) {
    return std::string("audit.payload_differs");
  }
  return std::string();
}

// Of the checkpoint that is stored for exactly these entries, if there is one.
absl::StatusOr<std::string> Auditor::CheckpointProblem(Side side, const tlog::RightEdge& edge,
                                                       bool required) {
  const absl::StatusOr<std::string> note = LogRows<Store>(side, store_).Checkpoint(edge.size());
  if (absl::IsNotFound(note.status())) {
    return std::string(required ? "audit.no_checkpoint" : "");
  }
  if (!note.ok()) return note.status();
  const auto opened = LogKeysOf(identity_, PartyOf(side)).Open(*note);
  if (!opened.ok() || opened->checkpoint().size != edge.size()) {
    return std::string("audit.checkpoint_unsigned");
  }
  return std::string(opened->checkpoint().root == edge.Root() ? "" : "audit.root_differs");
}

absl::StatusOr<std::string> Auditor::CosignedProblem(const tlog::RightEdge& edge) {
  const LogRows<Store> log(Side::kOwn, store_);
  const absl::StatusOr<std::string> cosigned = log.Cosigned();
  if (absl::IsNotFound(cosigned.status())) return std::string();
  if (!cosigned.ok()) return cosigned.status();
  const absl::StatusOr<tlog::Checkpoint> said = OpenCosigned(identity_, *cosigned);
  if (!said.ok() || said->size > edge.size()) return std::string("audit.cosigned_policy");
  ASSIGN_OR_RETURN(const Hash root, tlog::RootAt(said->size, log.Nodes()));
  return std::string(root == said->root ? "" : "audit.cosigned_root");
}

absl::Status Auditor::CheckLedger(Side side) {
  const LogRows<Store> log(side, store_);
  ASSIGN_OR_RETURN(const uint64_t size, log.Size());
  if (side == Side::kOwn) own_size_ = size;
  const tlog::NodeReader nodes = log.Nodes();
  tlog::RightEdge edge;
  for (uint64_t index = 0; index < size; ++index) {
    RETURN_IF_ERROR(ReportSome(Progress::ENTRIES, index, size));
    const absl::StatusOr<std::string> entry = log.Entry(index);
    if (absl::IsNotFound(entry.status())) {
      RETURN_IF_ERROR(Complain(side, index, size, "audit.entry_missing"));
      edge.Append(Hash());
      continue;
    }
    if (!entry.ok()) return entry.status();
    for (const auto& [node, hash] : edge.Append(tlog::LeafHash(*entry))) {
      const absl::StatusOr<Hash> stored = nodes(node);
      if (stored.ok() && *stored == hash) continue;
      RETURN_IF_ERROR(Complain(side, index, size, "audit.hash_differs"));
    }
    ASSIGN_OR_RETURN(const std::string payload, PayloadProblem(side, index, *entry));
    RETURN_IF_ERROR(Complain(side, index, size, payload));
    ASSIGN_OR_RETURN(const std::string checkpoint, CheckpointProblem(side, edge, index + 1 == size));
    RETURN_IF_ERROR(Complain(side, index, size, checkpoint));
  }
  if (side == Side::kOwn) {
    ASSIGN_OR_RETURN(const std::string cosigned, CosignedProblem(edge));
    RETURN_IF_ERROR(Complain(side, size, size, cosigned));
  }
  return Report(Progress::ENTRIES, size, size);
}

// A node that has halted is not well, though its rows fit each other; its recovery does not end.
absl::Status Auditor::ReportState(bool recovering) {
  ASSIGN_OR_RETURN(const std::optional<std::string> halted, store_.Get(kHaltedRow));
  if (!halted && recovering) {
    return Report(Progress::VIEWS, 0, own_size_, Found("", "audit.recovering"));
  }
  if (!halted) return absl::OkStatus();
  Progress::Finding finding = Found("", "audit.halted");
  finding.add_problem_keys(*halted);
  return Report(Progress::ENTRIES, own_size_, own_size_, std::move(finding));
}

absl::Status Auditor::FoldAnew() {
  NewViews store(store_);
  Overlay rows(store);
  Views views(identity_.self(), rows, vault_);
  ASSIGN_OR_RETURN(const uint64_t mirror_size, (LogRows<Store>(Side::kMirror, store_).Size()));
  ASSIGN_OR_RETURN(const uint64_t processed, ReadNumber(store_, kProcessedRow));
  if (processed > mirror_size) {
    return Report(Progress::VIEWS, 0, own_size_, Found("", "audit.processed"));
  }
  const auto commit = [&]() -> absl::Status {
    RETURN_IF_ERROR(check_room_());
    return store.Commit(rows.Take());
  };
  const auto between = [&](uint64_t done) -> absl::Status {
    RETURN_IF_ERROR(ReportSome(Progress::VIEWS, done, own_size_));
    return done % kEntriesPerCommit == 0 ? commit() : absl::OkStatus();
  };
  const absl::Status folded = [&]() -> absl::Status {
    ASSIGN_OR_RETURN(uint64_t index, FoldLedgers(identity_.protocol, own_size_, mirror_size, views, between));
    for (; index < processed; ++index) {
      RETURN_IF_ERROR(FoldMirrorEntry(identity_.protocol, index, views));
      RETURN_IF_ERROR(between(index));
    }
    return views.status();
  }();
  if (absl::IsDataLoss(folded) || absl::IsNotFound(folded)) {
    Progress::Finding finding = Found("", "audit.not_foldable");
    finding.set_detail(std::string(folded.message()));
    return Report(Progress::VIEWS, 0, own_size_, std::move(finding));
  }
  RETURN_IF_ERROR(folded);
  RETURN_IF_ERROR(commit());
  return Report(Progress::VIEWS, own_size_, own_size_);
}

// What a row says, however it was sealed.
absl::StatusOr<std::string> Auditor::Plain(std::string_view key, std::string_view value) {
  const std::string_view kind = key.substr(0, 2);
  const bool sealed =
      kind == Matter<v1::CaseRecord>::kRowPrefix || kind == Matter<v1::MatterRecord>::kRowPrefix;
  return sealed ? vault_.Unseal(store_, key, value) : std::string(value);
}

absl::Status Auditor::CompareRows() {
  uint64_t compared = 0;
  absl::Status failed;
  const auto compare = [&](std::string_view key, std::string_view value) -> absl::Status {
    RETURN_IF_ERROR(ReportSome(Progress::ROWS, ++compared, 0));
    std::string below(key);
    below[0] = kNewViews;
    ASSIGN_OR_RETURN(const std::optional<std::string> made, store_.Get(below));
    const absl::StatusOr<std::string> stored = Plain(key, value);
    absl::StatusOr<std::string> anew = std::string();
    if (made) anew = Plain(key, *made);
    if (made && stored.ok() && anew.ok() && *stored == *anew) return absl::OkStatus();
    return Report(Progress::ROWS, compared, 0,
                  Found(RowText(key), made ? "audit.row_differs" : "audit.row_extra"));
  };
  RETURN_IF_ERROR(store_.Scan("v", "w", [&](std::string_view key, std::string_view value) {
    failed = compare(key, value);
    return failed.ok();
  }));
  RETURN_IF_ERROR(failed);
  RETURN_IF_ERROR(store_.Scan("w", "x", [&](std::string_view key, std::string_view) {
    std::string stored(key);
    stored[0] = kViews;
    const absl::StatusOr<std::optional<std::string>> there = store_.Get(stored);
    failed = there.status();
    if (failed.ok() && !*there) {
      failed = Report(Progress::ROWS, compared, 0, Found(RowText(stored), "audit.row_missing"));
    }
    return failed.ok();
  }));
  RETURN_IF_ERROR(failed);
  return Report(Progress::ROWS, compared, compared);
}

absl::Status Auditor::CheckAttachments() {
  uint64_t done = 0;
  return ExamineAttachments(store_, *attachments_, [&](const Hash& sha256, DocumentIs is) -> absl::Status {
    ++done;
    if (is == DocumentIs::kWhole) return Report(Progress::ATTACHMENTS, done, 0);
    // So that it can be fetched or put again.
    if (is == DocumentIs::kDamaged) RETURN_IF_ERROR(attachments_->SetAside(sha256));
    return Report(Progress::ATTACHMENTS, done, 0, Found(ToHex(sha256.bytes()), ProblemKey(is)));
  });
}

}  // namespace

absl::Status Audit(const Identity& identity, Store& copy, const ledger::Vault& vault,
                   const ledger::Attachments* attachments, const std::function<bool(const Progress&)>& tell,
                   const std::function<absl::Status()>& check_room) {
  const std::unique_ptr<ledger::Vault> fresh = vault.Fresh();
  return Auditor(identity, copy, *fresh, attachments, tell, check_room).Run();
}

const char* ProblemKey(DocumentIs is) {
  return is == DocumentIs::kDamaged ? "audit.document_damaged" : "audit.document_missing";
}

absl::Status ExamineAttachments(const Store& store, const ledger::Attachments& attachments,
                                const std::function<absl::Status(const Hash& sha256, DocumentIs is)>& tell) {
  ASSIGN_OR_RETURN(const std::vector<Hash> here, attachments.List());
  for (const Hash& sha256 : here) {
    const absl::Status whole = attachments.Check(sha256);
    // Set aside meanwhile.
    if (absl::IsNotFound(whole)) continue;
    if (!whole.ok() && !absl::IsDataLoss(whole)) return whole;
    RETURN_IF_ERROR(tell(sha256, whole.ok() ? DocumentIs::kWhole : DocumentIs::kDamaged));
  }
  absl::Status failed;
  const std::string prefix = AttachmentRowKey("");
  RETURN_IF_ERROR(
      store.Scan(prefix, ledger::PrefixEnd(prefix), [&](std::string_view key, std::string_view bytes) {
        failed = [&]() -> absl::Status {
          v1::AttachmentRow row;
          ASSIGN_OR_RETURN(const Hash sha256, Hash::FromBytes(key.substr(prefix.size())));
          if (!row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())))
            return absl::DataLossError("a row of an attachment cannot be read");
          // One that the counterpart is to send may not be there yet.
          if (!row.told() || std::binary_search(here.begin(), here.end(), sha256)) return absl::OkStatus();
          return tell(sha256, DocumentIs::kMissing);
        }();
        return failed.ok();
      }));
  return failed;
}

}  // namespace kelisim::authority
