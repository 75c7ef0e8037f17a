#include "shared/authority/views.h"

#include <algorithm>
#include <limits>
#include <type_traits>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "kelisim/v1/quota_service.pb.h"
#include "kelisim/v1/treaty_service.pb.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/tlog/note.h"
#include "shared/treaty/form.h"
#include "shared/treaty/instrument.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/quota.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/term.h"

namespace kelisim::authority {
namespace {

using treaty::Claim;
using treaty::Effects;

std::string PartyKey(std::string_view prefix, v1::Party party) {
  return absl::StrCat(Absl(prefix), std::string(1, static_cast<char>(party)));
}

std::string YearKey(std::string_view prefix, v1::Party party, int year) {
  std::string key = PartyKey(prefix, party);
  AppendU32(key, static_cast<uint32_t>(year));
  return key;
}

std::string WaitingRow(v1::Party party, uint64_t queued_at, std::string_view case_id) {
  return absl::StrCat(PartyKey("vw", party), U64(queued_at), Absl(case_id));
}

std::string ReservedRow(v1::Party party, int year, std::string_view case_id) {
  return absl::StrCat(YearKey("vr", party, year), Absl(case_id));
}

std::string DueRow(std::string_view due, std::string_view case_id) {
  return absl::StrCat("vd", Absl(due), Absl(case_id));
}

// An own question that the counterpart has not answered; empty when there is none.
std::string MatterDueRow(v1::Party self, const v1::MatterState& state) {
  const bool waits = !state.answer_due().empty() && !state.overdue() && state.holder() == treaty::Other(self);
  return waits ? absl::StrCat("vo", state.answer_due(), state.id()) : "";
}

// In the row of an own one that the counterpart has refused: what was built on it before
// the refusal came is still read with it.
constexpr char kRefused[] = "refused";

std::string GroundRow(v1::Party ledger, uint64_t index) {
  return absl::StrCat(PartyKey("vg", ledger), U64(index));
}

// An act on which all matters rest.
bool IsGround(const v1::Act& act) {
  return act.matter_step().has_instrument() || act.has_quota_act() || act.has_treaty_act();
}

// Refused acts in the record of one matter.
constexpr int kMostRefusalsShown = 32;

constexpr char kCounterpartsProgress[] = "vp";

std::string ReplyKey(std::string_view request_id) { return absl::StrCat("va", Absl(request_id)); }

absl::Status Unreadable(std::string_view what) {
  return absl::DataLossError(absl::StrCat(Absl(what), " in the store cannot be read"));
}

template <typename Message>
absl::StatusOr<Message> ParseRow(const std::optional<std::string>& bytes, std::string_view what) {
  Message message;
  if (bytes && !message.ParseFromString(*bytes)) return Unreadable(what);
  return message;
}

// The act of this case that `act` answers, if any: its notice or its predecessor.
std::string Answers(const v1::Act& act) {
  const std::string notice = treaty::AnsweredNotice(act.case_act());
  return notice.empty() ? act.predecessor() : notice;
}

template <typename Record>
void SetOverdue(Record& record, const std::string& entry_id, bool overdue) {
  for (v1::ActRecord& made : *record.mutable_acts()) {
    if (made.entry().entry_id() == entry_id) made.set_overdue(overdue);
  }
}

// The act that the note at `note` has marked as overdue: the offer that it names, or the
// newest marked step before it. Empty: it is no such note.
std::string MarkedBy(const v1::EntryReference&, const v1::CaseAct& what, const v1::CaseRecord&) {
  return what.answer_overdue().offer_entry_id();
}
std::string MarkedBy(const v1::EntryReference& note, const v1::MatterStep& what,
                     const v1::MatterRecord& record) {
  std::string marked;
  if (!what.answer_overdue()) return marked;
  for (const v1::ActRecord& made : record.acts()) {
    if (made.entry().entry_id() == note.entry_id()) break;
    if (made.overdue()) marked = made.entry().entry_id();
  }
  return marked;
}

}  // namespace

std::string QuotaRow(v1::Party entry_state, int year) { return YearKey("vq", entry_state, year); }

std::string PayloadContext(ledger::Side side, uint64_t index) {
  return absl::StrCat("payload ", std::string(1, static_cast<char>(side)), " ", index);
}

absl::StatusOr<PayloadAndOpening> SplitPayload(std::string_view unsealed) {
  if (unsealed.size() < Hash::kSize) return Unreadable("a payload");
  return PayloadAndOpening{std::string(unsealed.substr(Hash::kSize)),
                           std::string(unsealed.substr(0, Hash::kSize))};
}

absl::StatusOr<v1::QuotaState> Views::LoadQuota(v1::Party entry_state, int year) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows_.Get(QuotaRow(entry_state, year)));
  ASSIGN_OR_RETURN(v1::QuotaState state, ParseRow<v1::QuotaState>(bytes, "a quota"));
  if (bytes) return state;
  state.set_entry_state(entry_state);
  state.set_year(year);
  state.set_status(v1::UNSET);
  return state;
}

absl::StatusOr<v1::TreatyState> Views::LoadTreaty() const {
  if (treaty_) return *treaty_;
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows_.Get(kTreatyRow));
  ASSIGN_OR_RETURN(treaty_, ParseRow<v1::TreatyState>(bytes, "the treaty state"));
  return *treaty_;
}

absl::StatusOr<std::optional<v1::ReplyRow>> Views::LoadReply(std::string_view request_id) const {
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows_.Get(ReplyKey(request_id)));
  if (!bytes) return std::nullopt;
  ASSIGN_OR_RETURN(v1::ReplyRow row, ParseRow<v1::ReplyRow>(bytes, "an answer"));
  return row;
}

absl::StatusOr<std::vector<std::pair<std::string, std::string>>> Views::OverdueOffers(
    const std::string& date) const {
  std::vector<std::pair<std::string, std::string>> overdue;
  RETURN_IF_ERROR(rows_.Scan("vd", DueRow(date, ""), [&](std::string_view key, std::string_view entry_id) {
    overdue.emplace_back(key.substr(DueRow(date, "").size()), entry_id);
    return true;
  }));
  return overdue;
}

absl::StatusOr<std::vector<std::string>> Views::OverdueMatters(const std::string& date) const {
  std::vector<std::string> overdue;
  RETURN_IF_ERROR(rows_.Scan("vo", absl::StrCat("vo", date), [&](std::string_view key, std::string_view) {
    overdue.emplace_back(key.substr(2 + date.size()));
    return true;
  }));
  return overdue;
}

absl::StatusOr<OpenedEntry> Views::OpenEntry(ledger::Side side, uint64_t index) const {
  const ledger::LogRows<ledger::Overlay> log(side, rows_);
  OpenedEntry opened;
  ASSIGN_OR_RETURN(const std::string bytes, log.Entry(index));
  opened.reference.set_ledger(side == ledger::Side::kOwn ? self_ : treaty::Other(self_));
  opened.reference.set_index(index);
  if (!opened.entry.ParseFromString(bytes)) {
    // Readable by nobody: shown by its place alone.
    opened.entry.Clear();
    return opened;
  }
  opened.reference.set_entry_id(opened.entry.entry_id());
  ASSIGN_OR_RETURN(const std::optional<std::string> sealed, log.SealedPayload(index));
  if (sealed) {
    ASSIGN_OR_RETURN(const std::string unsealed, vault_.Unseal(rows_, PayloadContext(side, index), *sealed));
    ASSIGN_OR_RETURN(PayloadAndOpening split, SplitPayload(unsealed));
    opened.payload = std::move(split.payload);
  }
  return opened;
}

absl::StatusOr<std::string> Views::LoadKey(v1::Party party, uint32_t key_id) const {
  std::string row = PartyKey("vk", party);
  AppendU32(row, key_id);
  ASSIGN_OR_RETURN(std::optional<std::string> announced, rows_.Get(row));
  return std::move(announced).value_or("");
}

absl::StatusOr<std::vector<std::string>> Views::KeysBeside(const tlog::LogKeys& keys, v1::Party party) const {
  std::vector<std::string> beside;
  absl::Status readable;
  const std::string prefix = PartyKey("vk", party);
  RETURN_IF_ERROR(
      rows_.Scan(prefix, ledger::PrefixEnd(prefix), [&](std::string_view, std::string_view statement) {
        v1::KeyRange announced;
        if (!announced.ParseFromString(std::string(statement))) readable = Unreadable("a key");
        const bool agreed = std::any_of(keys.keys().begin(), keys.keys().end(), [&](const auto& key) {
          const bool same_end = announced.until_size() == 0 || announced.until_size() == key.until;
          return key.verifier.ToString() == announced.key() && key.from == announced.from_size() && same_end;
        });
        if (!agreed) beside.push_back(announced.key());
        return readable.ok();
      }));
  RETURN_IF_ERROR(readable);
  return beside;
}

absl::Status Views::FoldKey(const OpenedEntry& opened) {
  v1::KeyChange change;
  v1::KeyRange range;
  if (!change.ParseFromString(opened.payload) || !range.ParseFromString(change.statement()))
    return absl::OkStatus();
  const absl::StatusOr<tlog::NoteVerifier> key = tlog::NoteVerifier::Parse(range.key());
  if (!key.ok()) return absl::OkStatus();
  std::string row = PartyKey("vk", opened.reference.ledger());
  AppendU32(row, key->key_id());
  rows_.Put(std::move(row), change.statement());
  return absl::OkStatus();
}

absl::StatusOr<std::vector<v1::EntryReference>> Views::Grounds() const {
  std::vector<v1::EntryReference> grounds;
  RETURN_IF_ERROR(rows_.Scan("vg", ledger::PrefixEnd("vg"), [&](std::string_view key, std::string_view) {
    v1::EntryReference& ground = grounds.emplace_back();
    ground.set_ledger(static_cast<v1::Party>(key[2]));
    ground.set_index(ReadU64(key.substr(3)));
    return true;
  }));
  return grounds;
}

absl::Status Views::Fold(const OpenedEntry& opened, const v1::Act& act) {
  if (IsGround(act)) rows_.Put(GroundRow(opened.reference.ledger(), opened.reference.index()), "");
  switch (act.subject_case()) {
    case v1::Act::kCaseAct:
      RETURN_IF_ERROR(FoldAct<v1::CaseRecord>(opened, act));
      break;
    case v1::Act::kMatterStep:
      RETURN_IF_ERROR(FoldAct<v1::MatterRecord>(opened, act));
      break;
    case v1::Act::kQuotaAct: {
      const v1::Party author = opened.reference.ledger();
      ASSIGN_OR_RETURN(v1::QuotaState state, LoadQuota(author, treaty::YearOf(act.quota_act())));
      state = treaty::Apply(std::move(state), act.quota_act(), author);
      rows_.Put(QuotaRow(author, state.year()), state.SerializeAsString());
      break;
    }
    case v1::Act::kTreatyAct: {
      ASSIGN_OR_RETURN(v1::TreatyState state, LoadTreaty());
      treaty_ = treaty::Apply(std::move(state), act.treaty_act());
      rows_.Put(std::string(kTreatyRow), treaty_->SerializeAsString());
      break;
    }
    case v1::Act::SUBJECT_NOT_SET:
      return absl::InternalError("an act without subject was admitted");
  }
  if (opened.reference.ledger() == self_ && !act.request_id().empty()) return RecordReply(opened, act);
  return absl::OkStatus();
}

template <typename Record>
absl::Status Views::FoldAct(const OpenedEntry& opened, const v1::Act& act) {
  constexpr bool kIsCase = std::is_same_v<Record, v1::CaseRecord>;
  const auto& what = Matter<Record>::In(act);
  ASSIGN_OR_RETURN(std::shared_ptr<Record> record, records_.Edit<Record>(act.subject_id()));
  Registered before;
  std::string due_before;
  if constexpr (kIsCase) {
    before = RegisteredFor(record->state());
  } else {
    due_before = MatterDueRow(self_, record->state());
  }
  if (opened.reference.ledger() == self_ && treaty::IsIrreversible(what)) {
    record->set_told_from_size(opened.reference.index() + 1);
  }
  *record->mutable_state() =
      treaty::Apply(std::move(*record->mutable_state()), what,
                    {opened.reference.ledger(), act.happened_on(), opened.entry.entry_id(),
                     opened.entry.recorded_at_us(), opened.reference.index(), act.effective_on()});
  v1::ActRecord* made = record->add_acts();
  *made->mutable_entry() = opened.reference;
  made->set_answers(kIsCase ? Answers(act) : act.predecessor());
  if constexpr (kIsCase) {
    if (what.has_answer_overdue()) {
      SetOverdue(*record, what.answer_overdue().offer_entry_id(), true);
      // The same day may be that of an offer of ours which is still to be answered.
      if (opened.reference.ledger() == self_)
        rows_.Delete(DueRow(what.answer_overdue().answer_due(), act.subject_id()));
    }
    RETURN_IF_ERROR(UpdateRegisters(before, record->state()));
  } else {
    UpdateDue(due_before, MatterDueRow(self_, record->state()));
    RETURN_IF_ERROR(UpdateTreaty(record->state()));
    RETURN_IF_ERROR(NoteAttachments(opened, what));
    // The step that asked is the newest in the chain: the next one would have answered it.
    if (what.answer_overdue()) SetOverdue(*record, record->state().head_entry_id(), true);
  }
  return records_.Save(std::move(record));
}

absl::Status Views::FoldOwnRefusal(const OpenedEntry& refused, const v1::Act& act,
                                   const v1::Violation& violation) {
  return WithMatterOf(act, absl::OkStatus(), [&]<typename Record>(const Record&) -> absl::Status {
    ASSIGN_OR_RETURN(std::shared_ptr<Record> record, records_.Edit<Record>(act.subject_id()));
    if (IsUnknown(record->state())) return absl::OkStatus();
    // All are in the ledgers. A record that shows every one could be made too long to read.
    const auto refusals = std::count_if(record->acts().begin(), record->acts().end(),
                                        [](const v1::ActRecord& other) { return other.has_refusal(); });
    if (refusals >= kMostRefusalsShown) return absl::OkStatus();
    v1::ActRecord* made = record->add_acts();
    *made->mutable_entry() = refused.reference;
    *made->mutable_refusal() = violation;
    return records_.Save(std::move(record));
  });
}

absl::StatusOr<RefusalTimes> Views::LoadRefusalTimes() const {
  ASSIGN_OR_RETURN(const std::optional<std::string> row, rows_.Get(kCounterpartsProgress));
  return RefusalTimes::FromRow(row.value_or(""));
}

absl::Status Views::FoldProgress(const OpenedEntry& opened) {
  ASSIGN_OR_RETURN(RefusalTimes times, LoadRefusalTimes());
  const std::string before = times.ToRow();
  (void)times.Read(opened.reference.index(), opened.entry);
  if (std::string after = times.ToRow(); after != before) rows_.Put(kCounterpartsProgress, std::move(after));
  return absl::OkStatus();
}

absl::Status Views::FoldRefusal(const OpenedEntry& opened) {
  v1::Refusal refusal;
  if (!refusal.ParseFromString(opened.payload)) return absl::OkStatus();
  ASSIGN_OR_RETURN(RefusalTimes times, LoadRefusalTimes());
  const std::optional<RefusalTimes::Span> span = times.Read(opened.reference.index(), opened.entry);
  if (!span) return absl::OkStatus();
  const uint64_t index = span->last;
  const uint64_t first = FirstRefused(refusal, index);
  if (first < span->first) return absl::OkStatus();
  const ledger::LogRows<ledger::Overlay> own(ledger::Side::kOwn, rows_);
  ASSIGN_OR_RETURN(const uint64_t size, own.Size());
  if (index >= size) return absl::OkStatus();
  ASSIGN_OR_RETURN(const std::string refused_bytes, own.Entry(index));
  if (tlog::LeafHash(refused_bytes).bytes() != opened.entry.reference().hash()) return absl::OkStatus();
  for (uint64_t own_index = first; own_index <= index; ++own_index)
    RETURN_IF_ERROR(FoldRefusalOf(own_index, refusal.violation()));
  return absl::OkStatus();
}

absl::Status Views::FoldRefusalOf(uint64_t own_index, const v1::Violation& violation) {
  ASSIGN_OR_RETURN(const OpenedEntry refused, OpenEntry(ledger::Side::kOwn, own_index));
  v1::Act act;
  // What stays at home was not the counterpart's to judge.
  if (refused.entry.kind() != v1::ENTRY_KIND_ACT || !refused.entry.addressed() ||
      !ParseAct(refused.payload, &act)) {
    return absl::OkStatus();
  }
  if (refused_.count++ == 0) {
    refused_.index = own_index;
    refused_.rule = violation.rule();
  }
  return FoldRefusalOfOwn(refused, act, violation);
}

absl::Status Views::FoldRefusalOfOwn(const OpenedEntry& refused, const v1::Act& act,
                                     const v1::Violation& violation) {
  if (IsGround(act)) rows_.Put(GroundRow(self_, refused.reference.index()), kRefused);
  if (act.has_quota_act()) return RefoldQuota(treaty::YearOf(act.quota_act()));
  if (act.has_treaty_act()) return RefoldNotices();
  return WithMatterOf(act, absl::OkStatus(), [&]<typename Record>(const Record&) -> absl::Status {
    ASSIGN_OR_RETURN(std::shared_ptr<Record> record, records_.Edit<Record>(act.subject_id()));
    for (v1::ActRecord& made : *record->mutable_acts()) {
      if (made.entry().entry_id() == refused.reference.entry_id()) *made.mutable_refusal() = violation;
    }
    // What the counterpart refuses to call overdue, it does not show as overdue either.
    SetOverdue(*record, MarkedBy(refused.reference, Matter<Record>::In(act), *record), false);
    if (record->told_from_size() == refused.reference.index() + 1) record->clear_told_from_size();
    ASSIGN_OR_RETURN(auto state, Refold(*record, std::numeric_limits<uint64_t>::max()));
    if constexpr (std::is_same_v<Record, v1::CaseRecord>) {
      const Registered before = RegisteredFor(record->state());
      RETURN_IF_ERROR(UpdateRegisters(before, state));
    } else {
      UpdateDue(MatterDueRow(self_, record->state()), MatterDueRow(self_, state));
      RETURN_IF_ERROR(UpdateTreaty(state));
    }
    *record->mutable_state() = std::move(state);
    return records_.Save(std::move(record));
  });
}

template <typename Record>
absl::StatusOr<typename Matter<Record>::State> Views::ToldState(const Record& record,
                                                                uint64_t cosigned) const {
  if (record.told_from_size() <= cosigned) return record.state();
  return Refold(record, record.told_from_size() - 1);
}
template absl::StatusOr<v1::CaseState> Views::ToldState(const v1::CaseRecord&, uint64_t) const;
template absl::StatusOr<v1::MatterState> Views::ToldState(const v1::MatterRecord&, uint64_t) const;

absl::Status Views::ForEachGround(
    const std::function<void(const v1::EntryReference&, const v1::Act&)>& each) const {
  ASSIGN_OR_RETURN(const std::vector<v1::EntryReference> grounds, Grounds());
  for (const v1::EntryReference& ground : grounds) {
    ASSIGN_OR_RETURN(const std::optional<std::string> refused,
                     rows_.Get(GroundRow(ground.ledger(), ground.index())));
    if (refused == kRefused) continue;
    ASSIGN_OR_RETURN(const OpenedEntry opened, OpenEntry(ground));
    v1::Act act;
    if (!ParseAct(opened.payload, &act)) return Unreadable("an act");
    each(ground, act);
  }
  return absl::OkStatus();
}

// What cases have taken of the year stays; limit and status are those of the acts that
// stand.
absl::Status Views::RefoldQuota(int year) {
  ASSIGN_OR_RETURN(const v1::QuotaState before, LoadQuota(self_, year));
  v1::QuotaState state;
  state.set_entry_state(self_);
  state.set_year(year);
  state.set_status(v1::UNSET);
  state.set_reserved(before.reserved());
  state.set_used(before.used());
  RETURN_IF_ERROR(ForEachGround([&](const v1::EntryReference& ground, const v1::Act& act) {
    const bool of_year = act.has_quota_act() && treaty::YearOf(act.quota_act()) == year;
    if (ground.ledger() == self_ && of_year) state = treaty::Apply(std::move(state), act.quota_act(), self_);
  }));
  rows_.Put(QuotaRow(self_, year), state.SerializeAsString());
  return absl::OkStatus();
}

// A Party's notice is recorded by the other one alone, so that the order in which the
// ledgers are read does not matter.
absl::Status Views::RefoldNotices() {
  ASSIGN_OR_RETURN(v1::TreatyState state, LoadTreaty());
  state.clear_notices();
  state.clear_late_notices();
  state.clear_terminates_on();
  RETURN_IF_ERROR(ForEachGround([&](const v1::EntryReference&, const v1::Act& act) {
    if (act.has_treaty_act()) state = treaty::Apply(std::move(state), act.treaty_act());
  }));
  treaty_ = std::move(state);
  rows_.Put(std::string(kTreatyRow), treaty_->SerializeAsString());
  return absl::OkStatus();
}

// The state that the acts of `record` make, up to the first own one at `own_end`
// or later.
template <typename Record>
absl::StatusOr<typename Matter<Record>::State> Views::Refold(const Record& record, uint64_t own_end) const {
  typename Matter<Record>::State state;
  Matter<Record>::SetId(state, Matter<Record>::Id(record.state()));
  for (const v1::ActRecord& made : record.acts()) {
    if (made.has_refusal()) continue;
    const ledger::Side side = made.entry().ledger() == self_ ? ledger::Side::kOwn : ledger::Side::kMirror;
    const ledger::LogRows<ledger::Overlay> log(side, rows_);
    const uint64_t index = made.entry().index();
    if (side == ledger::Side::kOwn && index >= own_end) break;
    ASSIGN_OR_RETURN(const std::string entry_bytes, log.Entry(index));
    ASSIGN_OR_RETURN(const std::optional<std::string> sealed, log.SealedPayload(index));
    // A payload that a restore has lost was a step that stayed at home; what the
    // counterpart was told later carries all that matters of it.
    if (!sealed) continue;
    ASSIGN_OR_RETURN(const std::string unsealed, vault_.Unseal(rows_, PayloadContext(side, index), *sealed));
    ASSIGN_OR_RETURN(const PayloadAndOpening opened, SplitPayload(unsealed));
    v1::Entry entry;
    v1::Act act;
    if (!entry.ParseFromString(entry_bytes) || !ParseAct(opened.payload, &act)) return Unreadable("an act");
    const auto& what = Matter<Record>::In(act);
    const bool in_chain = !treaty::IsOpening(what) && !treaty::IsOutsideChain(what);
    // What was built on a refused act falls with it.
    if (in_chain && !IsUnknown(state) && act.predecessor() != state.head_entry_id()) continue;
    state = treaty::Apply(std::move(state), what,
                          {made.entry().ledger(), act.happened_on(), entry.entry_id(), entry.recorded_at_us(),
                           index, act.effective_on()});
  }
  return state;
}

Views::Registered Views::RegisteredFor(const v1::CaseState& state) const {
  const Effects effects = treaty::EffectsOf(state, self_);
  Registered registered;
  registered.entry_state = state.entry_state();
  registered.claim = effects.claim;
  for (const v1::Person* person : effects.persons) {
    for (const v1::Identifier& identifier : person->identifiers()) {
      registered.identifiers.push_back(treaty::IdentityOf(identifier));
    }
  }
  registered.year = effects.year;
  registered.reserved = effects.reserved;
  registered.place_at = state.place_at();
  registered.used = effects.used;
  if (state.has_document()) {
    registered.document_row = DocumentRow(state.entry_state(), state.document().number());
  }
  if (effects.waiting) {
    registered.waiting_row = WaitingRow(state.entry_state(), state.queued_at(), state.case_id());
    AppendU32(registered.waiting, static_cast<uint32_t>(effects.persons.size()));
    registered.waiting += state.notices().empty() ? '\0' : '\1';
    registered.waiting += state.petition().filed_on();
  }
  const std::string due_on = treaty::DueOn(state);
  if (!due_on.empty() && state.holder() != self_) {
    registered.due_row = DueRow(due_on, state.case_id());
    registered.clearing = state.offered_hand_off() == 0;
  }
  return registered;
}

absl::Status Views::UpdateRegisters(const Registered& before, const v1::CaseState& state) {
  const std::string& case_id = state.case_id();
  const Registered after = RegisteredFor(state);

  // Claims: a person who left the case is free again.
  const bool same_persons = before.identifiers == after.identifiers;
  if (!same_persons) RETURN_IF_ERROR(UpdateClaims(case_id, Claim::kFree, before.identifiers));
  if (!same_persons || before.claim != after.claim)
    RETURN_IF_ERROR(UpdateClaims(case_id, after.claim, after.identifiers));

  // Quota counters (12.1): what the case no longer takes, then what it takes now.
  if (before.year != after.year || before.reserved != after.reserved || before.used != after.used) {
    RETURN_IF_ERROR(UpdateQuota(before, -1, case_id));
    RETURN_IF_ERROR(UpdateQuota(after, +1, case_id));
  }

  if (before.document_row != after.document_row) {
    if (!before.document_row.empty()) rows_.Delete(before.document_row);
    if (!after.document_row.empty()) rows_.Put(after.document_row, case_id);
  }

  if (before.waiting_row != after.waiting_row || before.waiting != after.waiting) {
    if (!before.waiting_row.empty()) rows_.Delete(before.waiting_row);
    if (!after.waiting_row.empty()) rows_.Put(after.waiting_row, after.waiting);
  }

  if (before.due_row != after.due_row || before.clearing != after.clearing) {
    if (!before.due_row.empty()) rows_.Delete(before.due_row);
    if (!after.due_row.empty()) rows_.Put(after.due_row, state.head_entry_id());
  }
  return absl::OkStatus();
}

absl::Status Views::UpdateTreaty(const v1::MatterState& state) {
  if (!state.has_instrument()) return absl::OkStatus();
  ASSIGN_OR_RETURN(v1::TreatyState treaty, LoadTreaty());
  treaty_ = treaty::WithInstrument(std::move(treaty), state);
  rows_.Put(std::string(kTreatyRow), treaty_->SerializeAsString());
  return absl::OkStatus();
}

absl::StatusOr<v1::AttachmentRow> Views::LoadAttachment(std::string_view sha256) const {
  v1::AttachmentRow row;
  ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows_.Get(AttachmentRowKey(sha256)));
  if (bytes && !row.ParseFromString(*bytes))
    return absl::DataLossError("a row of an attachment cannot be read");
  return row;
}

absl::Status Views::NoteAttachments(const OpenedEntry& opened, const v1::MatterStep& step) {
  if (!opened.entry.addressed()) return absl::OkStatus();
  for (const std::string& sha256 : treaty::DocumentsIn(step)) {
    ASSIGN_OR_RETURN(v1::AttachmentRow row, LoadAttachment(sha256));
    opened.reference.ledger() == self_ ? row.set_told(true) : row.set_wanted(true);
    rows_.Put(AttachmentRowKey(sha256), row.SerializeAsString());
  }
  return absl::OkStatus();
}

void Views::UpdateDue(const std::string& before, const std::string& after) {
  if (before == after) return;
  if (!before.empty()) rows_.Delete(before);
  if (!after.empty()) rows_.Put(after, "");
}

absl::Status Views::UpdateQuota(const Registered& of, int sign, const std::string& case_id) {
  if (of.year == 0) return absl::OkStatus();
  ASSIGN_OR_RETURN(v1::QuotaState quota, LoadQuota(of.entry_state, of.year));
  quota = treaty::Count(std::move(quota), sign * static_cast<int64_t>(of.reserved),
                        sign * static_cast<int64_t>(of.used));
  rows_.Put(QuotaRow(of.entry_state, of.year), quota.SerializeAsString());
  if (of.reserved == 0) return absl::OkStatus();
  const std::string row = ReservedRow(of.entry_state, of.year, case_id);
  if (sign < 0) {
    rows_.Delete(row);
  } else {
    rows_.Put(row, U64(of.place_at));
  }
  return absl::OkStatus();
}

absl::Status Views::UpdateClaims(const std::string& case_id, Claim claim,
                                 const std::vector<std::string>& identifiers) {
  for (const std::string& identifier : identifiers) {
    const std::string key = IdentifierRow(identifier);
    ASSIGN_OR_RETURN(const std::optional<std::string> bytes, rows_.Get(key));
    ASSIGN_OR_RETURN(const v1::ClaimRow old_row, ParseRow<v1::ClaimRow>(bytes, "a claim"));
    v1::ClaimRow row;
    for (const v1::ClaimRow::Held& held : old_row.held()) {
      if (held.case_id() != case_id) *row.add_held() = held;
    }
    if (claim != Claim::kFree) {
      v1::ClaimRow::Held* held = row.add_held();
      held->set_case_id(case_id);
      held->set_claim(static_cast<uint32_t>(claim));
    }
    if (row.held().empty()) {
      rows_.Delete(key);
    } else {
      rows_.Put(key, row.SerializeAsString());
    }
  }
  return absl::OkStatus();
}

absl::Status Views::RecordReply(const OpenedEntry& opened, const v1::Act& act) {
  Unfinished& made = unfinished_[act.request_id()];
  if (act.request_act_number() == 0) made = {};
  made.entries.push_back(opened.reference);
  if (act.has_case_act()) made.cases.push_back(act.subject_id());
  if (act.request_act_number() + 1 < act.request_acts()) return absl::OkStatus();

  v1::ReplyRow row;
  row.set_request_mac(act.request_mac());
  const auto answer = [&](auto response) {
    for (const v1::EntryReference& entry : made.entries) *response.add_entries() = entry;
    return response;
  };
  RETURN_IF_ERROR(WithMatterOf(act, absl::OkStatus(), [&]<typename Record>(const Record&) -> absl::Status {
    auto response = answer(typename Matter<Record>::Response());
    ASSIGN_OR_RETURN(const auto record, Load<Record>(act.subject_id()));
    response.set_name(NameOf<Record>(record->state(), act.subject_id()));
    response.set_status(record->state().status());
    response.set_holder(record->state().holder());
    row.set_response(response.SerializeAsString());
    // The answer says where the matter stands, and so what stands before this act.
    row.set_told_from_size(record->told_from_size());
    return absl::OkStatus();
  }));
  switch (act.subject_case()) {
    case v1::Act::kQuotaAct: {
      auto response = answer(v1::SubmitQuotaCommandResponse());
      ASSIGN_OR_RETURN(*response.mutable_quota(), LoadQuota(self_, treaty::YearOf(act.quota_act())));
      for (const std::string& id : made.cases) response.add_cases(absl::StrCat("cases/", id));
      row.set_response(response.SerializeAsString());
      break;
    }
    case v1::Act::kTreatyAct: {
      auto response = answer(v1::SubmitTreatyCommandResponse());
      ASSIGN_OR_RETURN(*response.mutable_treaty(), LoadTreaty());
      row.set_response(response.SerializeAsString());
      break;
    }
    default:
      break;
  }
  rows_.Put(ReplyKey(act.request_id()), row.SerializeAsString());
  unfinished_.erase(act.request_id());
  return absl::OkStatus();
}

absl::Status Views::Clear() {
  std::vector<std::string> keys;
  RETURN_IF_ERROR(rows_.Scan("v", ledger::PrefixEnd("v"), [&](std::string_view key, std::string_view) {
    keys.emplace_back(key);
    return true;
  }));
  for (std::string& key : keys) rows_.Delete(std::move(key));
  unfinished_.clear();
  records_.Forget();
  treaty_.reset();
  return absl::OkStatus();
}

std::string Views::IdentifierRow(const std::string& identifier) const {
  return absl::StrCat("vi", Absl(vault_.Pseudonym("identifier", identifier).bytes()));
}

std::string Views::DocumentRow(v1::Party entry_state, const std::string& number) const {
  return absl::StrCat(PartyKey("vn", entry_state),
                      Absl(vault_.Pseudonym("document", treaty::PlainNumber(number)).bytes()));
}

template <typename T>
T Views::Keep(absl::StatusOr<T> value) const {
  if (value.ok()) return *std::move(value);
  if (status_.ok()) status_ = value.status();
  return T();
}

std::shared_ptr<const v1::CaseRecord> Views::Consult(const std::string& case_id) const {
  auto record = Keep(Load<v1::CaseRecord>(case_id));
  if (record != nullptr) told_from_ = std::max(told_from_, record->told_from_size());
  return record;
}

Claim Views::ClaimOf(const v1::Person& person, const std::string& case_id) const {
  uint32_t strongest = static_cast<uint32_t>(Claim::kFree);
  for (const v1::Identifier& identifier : person.identifiers()) {
    const auto bytes = Keep(rows_.Get(IdentifierRow(treaty::IdentityOf(identifier))));
    const v1::ClaimRow row = Keep(ParseRow<v1::ClaimRow>(bytes, "a claim"));
    for (const v1::ClaimRow::Held& held : row.held()) {
      if (held.case_id() == case_id) continue;
      strongest = std::max(strongest, held.claim());
      Consult(held.case_id());
    }
  }
  return static_cast<Claim>(strongest);
}

bool Views::IsIssued(v1::Party entry_state, const std::string& number, const std::string& case_id) const {
  const std::optional<std::string> issued_in = Keep(rows_.Get(DocumentRow(entry_state, number)));
  if (!issued_in || *issued_in == case_id) return false;
  Consult(*issued_in);
  return true;
}

std::optional<v1::CaseState> Views::Case(const std::string& case_id) const {
  const auto record = Consult(case_id);
  if (record == nullptr || IsUnknown(record->state())) return std::nullopt;
  return record->state();
}

v1::QuotaState Views::Quota(v1::Party entry_state, int year) const {
  return Keep(LoadQuota(entry_state, year));
}

std::vector<treaty::Queued> Views::WaitingList(v1::Party entry_state) const {
  std::vector<treaty::Queued> waiting;
  const std::string prefix = PartyKey("vw", entry_state);
  const absl::Status scanned =
      rows_.Scan(prefix, ledger::PrefixEnd(prefix), [&](std::string_view key, std::string_view value) {
        waiting.push_back({std::string(key.substr(prefix.size() + 8)), ReadU32(value),
                           std::string(value.substr(5)), value[4] != '\0'});
        return true;
      });
  if (status_.ok()) status_ = scanned;
  return waiting;
}

std::vector<v1::CaseState> Views::Reserved(v1::Party entry_state, int year) const {
  std::vector<std::pair<uint64_t, std::string>> found;  // where reserved, case id
  const std::string prefix = YearKey("vr", entry_state, year);
  const absl::Status scanned =
      rows_.Scan(prefix, ledger::PrefixEnd(prefix), [&](std::string_view key, std::string_view place_at) {
        found.emplace_back(ReadU64(place_at), key.substr(prefix.size()));
        return true;
      });
  if (status_.ok()) status_ = scanned;
  std::sort(found.begin(), found.end());
  std::vector<v1::CaseState> reserved;
  for (const auto& [place_at, case_id] : found) {
    const auto record = Keep(Load<v1::CaseRecord>(case_id));
    if (record != nullptr) reserved.push_back(record->state());
  }
  return reserved;
}

}  // namespace kelisim::authority
