#ifndef KELISIM_SHARED_AUTHORITY_VIEWS_H_
#define KELISIM_SHARED_AUTHORITY_VIEWS_H_

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/ledger.pb.h"
#include "kelisim/v1/quota.pb.h"
#include "kelisim/v1/treaty.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/authority/records.h"
#include "shared/authority/refusal_times.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/ledger/log.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/vault.h"
#include "shared/tlog/log_keys.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/verdict.h"

namespace kelisim::authority {

// An entry with its payload, taken apart.
struct OpenedEntry {
  v1::EntryReference reference;
  v1::Entry entry;
  std::string payload;
};

inline std::string AttachmentRowKey(std::string_view sha256) { return absl::StrCat("vf", Absl(sha256)); }

// The views of a node: views = fold(own ledger, mirror). Nothing here decides;
// it keeps what acts that were admitted have made of cases and registers.
//
// Rows, all beginning with 'v', all rebuilt from the ledgers:
//
//   vc <case id>                     CaseRecord, sealed
//   vm <matter id>                   MatterRecord, sealed
//   vi <pseudonym of an identifier>  ClaimRow
//   vq <party> <year u32>            QuotaState
//   vw <party> <queued at u64> <case id>  waiting list: persons (u32), blocked (0 or 1), filed on
//   vr <party> <year u32> <case id>  reserved places: where reserved (index, u64)
//   vn <party> <pseudonym of the number of a status document>  id of the case it was issued in
//   vt                               TreatyState
//   vd <answer due> <case id>        own offer not answered yet, or case that the counterpart took to
//                                    clear and did not decide yet: entry id of offer or acceptance
//   vo <answer due> <matter id>      own question not answered yet: empty
//   va <request id>                  ReplyRow
//   vf <sha256>                      AttachmentRow
//   vg <party> <index u64>           an act on which all matters rest: empty, or "refused"
//   vk <party> <key id u32>          KeyRange as announced
//   vp                               the counterpart's newest PROGRESS: its position (u64), its index (u64),
//                                    the position of the one before (u64)
//
// Single-threaded. As a Registry it cannot return errors; the first failed read
// is kept in status(), which the caller checks before it trusts a verdict.
class Views final : public treaty::Registry {
 public:
  // All must outlive the views.
  Views(v1::Party self, ledger::Overlay& rows, ledger::Vault& vault)
      : self_(self), rows_(rows), vault_(vault), records_(rows, vault) {}

  absl::Status status() const { return status_; }

  // As Records::Load: later folds do not change what was returned.
  template <typename Record>
  absl::StatusOr<std::shared_ptr<const Record>> Load(const std::string& id) const {
    return records_.Load<Record>(id);
  }
  // What may be told of a matter while the own ledger is cosigned up to `cosigned`:
  // its state, or what it was before the irreversible act that is not covered.
  template <typename Record>
  absl::StatusOr<typename Matter<Record>::State> ToldState(const Record& record, uint64_t cosigned) const;
  absl::StatusOr<v1::QuotaState> LoadQuota(v1::Party entry_state, int year) const;
  absl::StatusOr<v1::TreatyState> LoadTreaty() const;
  absl::StatusOr<std::optional<v1::ReplyRow>> LoadReply(std::string_view request_id) const;
  // Cases in which the counterpart owes an answer or a clearance since before `date`: case id, and
  // entry id of the offer or acceptance.
  absl::StatusOr<std::vector<std::pair<std::string, std::string>>> OverdueOffers(
      const std::string& date) const;

  // Matters in which the counterpart owes an answer since before `date`: their ids.
  absl::StatusOr<std::vector<std::string>> OverdueMatters(const std::string& date) const;

  // Who names a document; nothing set: nobody.
  absl::StatusOr<v1::AttachmentRow> LoadAttachment(std::string_view sha256) const;

  // The acts on which all matters rest, ledger by ledger, also those that were refused.
  absl::StatusOr<std::vector<v1::EntryReference>> Grounds() const;

  // What the ledger of `party` has last announced of a log key: a KeyRange, serialised;
  // empty: nothing.
  absl::StatusOr<std::string> LoadKey(v1::Party party, uint32_t key_id) const;
  // What the ledger of `party` announces of log keys otherwise than `keys`, the agreed
  // policy, has it: vkeys.
  absl::StatusOr<std::vector<std::string>> KeysBeside(const tlog::LogKeys& keys, v1::Party party) const;
  // Folds an announcement of a log key. Which keys count is the policy's to say.
  absl::Status FoldKey(const OpenedEntry& opened);

  // Folds an admitted act. `act` is the parsed payload.
  absl::Status Fold(const OpenedEntry& opened, const v1::Act& act);
  // Notes in the matter that this node refused an act of the counterpart.
  absl::Status FoldOwnRefusal(const OpenedEntry& refused, const v1::Act& act, const v1::Violation& violation);
  // Notes how much of the own ledger the counterpart says it has processed.
  absl::Status FoldProgress(const OpenedEntry& opened);
  // Folds a refusal by the counterpart: the matter, the quota or the treaty becomes what it
  // is without the own acts that it refuses. One that refuses nothing changes nothing; nor
  // does one that comes later than its time: an act is refused when it is processed, directly
  // after the PROGRESS entry that says so, or never.
  absl::Status FoldRefusal(const OpenedEntry& opened);
  // Own acts of which FoldRefusal was told since this was last asked: how many, and the first
  // one with the rule that the counterpart names.
  struct Refused {
    uint64_t count = 0;
    uint64_t index = 0;
    std::string rule;
  };
  Refused TakeRefused() { return std::exchange(refused_, {}); }

  // An entry of either ledger, with its payload when that is here. One that cannot be
  // parsed is shown by its place alone.
  absl::StatusOr<OpenedEntry> OpenEntry(ledger::Side side, uint64_t index) const;
  absl::StatusOr<OpenedEntry> OpenEntry(const v1::EntryReference& reference) const {
    return OpenEntry(reference.ledger() == self_ ? ledger::Side::kOwn : ledger::Side::kMirror,
                     reference.index());
  }

  // How much of the own ledger must be cosigned before what the registers have said since this was
  // last asked may be told, or built on: they know of irreversible acts before anybody else may.
  uint64_t TakeToldFrom() const { return std::exchange(told_from_, 0); }

  // Deletes every view row, before a rebuild.
  absl::Status Clear();

  // treaty::Registry
  treaty::Claim ClaimOf(const v1::Person& person, const std::string& case_id) const override;
  v1::QuotaState Quota(v1::Party entry_state, int year) const override;
  std::vector<treaty::Queued> WaitingList(v1::Party entry_state) const override;
  std::vector<v1::CaseState> Reserved(v1::Party entry_state, int year) const override;
  bool IsIssued(v1::Party entry_state, const std::string& number, const std::string& case_id) const override;
  std::optional<v1::CaseState> Case(const std::string& case_id) const override;

 private:
  // What the registers say because of one case, as a function of its state.
  struct Registered {
    v1::Party entry_state = v1::PARTY_UNSPECIFIED;
    treaty::Claim claim = treaty::Claim::kFree;
    std::vector<std::string> identifiers;  // on which the claim lies
    int year = 0;                          // of the place; 0: none
    uint32_t reserved = 0;
    uint64_t place_at = 0;  // index of the act that reserved it
    uint32_t used = 0;
    std::string document_row;  // empty: none is issued
    std::string waiting_row;   // empty: does not wait
    std::string waiting;       // its value
    std::string due_row;       // empty: the counterpart owes no answer
    bool clearing = false;     // what it owes is its decision about a case it took to clear
  };
  Registered RegisteredFor(const v1::CaseState& state) const;

  template <typename Record>
  absl::Status FoldAct(const OpenedEntry& opened, const v1::Act& act);
  template <typename Record>
  absl::StatusOr<typename Matter<Record>::State> Refold(const Record& record, uint64_t own_end) const;
  // Those of Grounds() that stand, each ledger's in its order.
  absl::Status ForEachGround(
      const std::function<void(const v1::EntryReference&, const v1::Act&)>& each) const;
  absl::Status RefoldQuota(int year);
  absl::Status RefoldNotices();
  absl::StatusOr<RefusalTimes> LoadRefusalTimes() const;
  absl::Status FoldRefusalOf(uint64_t own_index, const v1::Violation& violation);
  absl::Status FoldRefusalOfOwn(const OpenedEntry& refused, const v1::Act& act,
                                const v1::Violation& violation);
  absl::Status UpdateRegisters(const Registered& before, const v1::CaseState& state);
  absl::Status UpdateTreaty(const v1::MatterState& state);
  absl::Status NoteAttachments(const OpenedEntry& opened, const v1::MatterStep& step);
  void UpdateDue(const std::string& before, const std::string& after);
  absl::Status UpdateQuota(const Registered& of, int sign, const std::string& case_id);
  absl::Status UpdateClaims(const std::string& case_id, treaty::Claim claim,
                            const std::vector<std::string>& identifiers);
  absl::Status RecordReply(const OpenedEntry& opened, const v1::Act& act);
  std::string IdentifierRow(const std::string& identifier) const;
  std::string DocumentRow(v1::Party entry_state, const std::string& number) const;
  template <typename T>
  T Keep(absl::StatusOr<T> value) const;
  // The case, which the answer of a register rests on.
  std::shared_ptr<const v1::CaseRecord> Consult(const std::string& case_id) const;

  const v1::Party self_;
  ledger::Overlay& rows_;
  ledger::Vault& vault_;
  Records records_;
  mutable std::optional<v1::TreatyState> treaty_;
  // Requests of which not all acts are folded yet.
  struct Unfinished {
    std::vector<v1::EntryReference> entries;
    std::vector<std::string> cases;  // ids, as far as the acts are of cases
  };
  std::map<std::string, Unfinished> unfinished_;
  Refused refused_;
  mutable uint64_t told_from_ = 0;
  mutable absl::Status status_;
};

// Rows that readers outside the core use too.
std::string QuotaRow(v1::Party entry_state, int year);
inline constexpr std::string_view kTreatyRow = "vt";
inline constexpr char kProcessedRow[] = "Mp";
inline constexpr char kCosignedRow[] = "Mc";
inline constexpr char kRecoveringRow[] = "Mr";
inline constexpr char kEvidenceRow[] = "Mv";
// Present when the node has halted: why, as a key of shared/text/messages.textproto.
inline constexpr char kHaltedRow[] = "Mh";
// What is signed of a KeyChange begins with it.
inline constexpr char kKeyChangeDomain[] = "kelisim key change\n";
// A row of eight bytes; 0 when there is none. `rows`: a Store or an Overlay.
template <typename Rows>
absl::StatusOr<uint64_t> ReadNumber(const Rows& rows, std::string_view row) {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows.Get(row));
  if (!bytes) return 0;
  if (bytes->size() != 8) return absl::DataLossError("a number in the store is malformed");
  return ReadU64(*bytes);
}

// The context under which the payload of an entry is sealed.
std::string PayloadContext(ledger::Side side, uint64_t index);
// payload and opening as one sealed plaintext: opening (32) || payload.
struct PayloadAndOpening {
  std::string payload;
  std::string opening;
};
absl::StatusOr<PayloadAndOpening> SplitPayload(std::string_view unsealed);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_VIEWS_H_
