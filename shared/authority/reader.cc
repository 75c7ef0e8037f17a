#include "shared/authority/reader.h"

#include <algorithm>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/authority/identifiers.h"
#include "shared/authority/judgement.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/base/status_macros.h"
#include "shared/base/told.h"
#include "shared/tlog/policy.h"
#include "shared/tlog/proof.h"
#include "shared/treaty/information.h"
#include "shared/treaty/instrument.h"
#include "shared/treaty/precedence.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/term.h"

namespace kelisim::authority {
namespace {

using ledger::LogRows;
using ledger::Overlay;
using ledger::Side;
using ledger::Store;

constexpr int kDefaultPage = 50;
constexpr int kLargestPage = 500;
// Rows that one call for a list looks at, however few of them it shows, and their bytes: what a
// filter leaves out costs as much as what it shows.
constexpr int kMostLookedAt = kLargestPage;
constexpr size_t kMostBytesLookedAt = 4 * 1024 * 1024;
// Of a timeline. An answer may have 1 MiB, and its state and actions stand beside this.
constexpr size_t kLargestPageBytes = 512 * 1024;

}  // namespace

Side Reader::SideOf(v1::Party ledger) const {
  return ledger == identity_.self() ? Side::kOwn : Side::kMirror;
}

absl::StatusOr<uint64_t> Reader::Cosigned() const { return ReadNumber(store_, kCosignedRow); }

absl::StatusOr<Reader::Opened> Reader::Load(Side side, uint64_t index) const {
  const LogRows<Store> log(side, store_);
  Opened opened;
  ASSIGN_OR_RETURN(const std::string entry, log.Entry(index));
  if (!opened.entry.ParseFromString(entry)) return opened;
  const bool refusal = opened.entry.kind() == v1::ENTRY_KIND_REFUSAL;
  if (!refusal && opened.entry.kind() != v1::ENTRY_KIND_ACT) return opened;
  ASSIGN_OR_RETURN(const std::optional<std::string> sealed, log.SealedPayload(index));
  if (!sealed) return opened;
  ASSIGN_OR_RETURN(const std::string unsealed, vault_.Unseal(store_, PayloadContext(side, index), *sealed));
  ASSIGN_OR_RETURN(const PayloadAndOpening split, SplitPayload(unsealed));
  (void)(refusal ? opened.refusal.ParseFromString(split.payload) : ParseAct(split.payload, &opened.act));
  return opened;
}

absl::StatusOr<v1::TimelineItem> Reader::ItemFor(const v1::ActRecord& made, uint64_t cosigned) const {
  const bool own = made.entry().ledger() == identity_.self();
  ASSIGN_OR_RETURN(Opened opened, Load(own ? Side::kOwn : Side::kMirror, made.entry().index()));
  v1::TimelineItem item;
  *item.mutable_entry() = made.entry();
  WithMatterOf(opened.act, 0, [&]<typename Record>(const Record&) {
    Matter<Record>::In(item).Swap(&Matter<Record>::In(opened.act));
    return 0;
  });
  item.set_happened_on(opened.act.happened_on());
  item.set_officer(opened.act.officer());
  item.set_recorded_at_us(opened.entry.recorded_at_us());
  // What stands in the mirror has been delivered by being there; what stays at home never is.
  const bool told = opened.entry.addressed() && made.entry().index() < cosigned;
  item.set_evidence(!own || told ? v1::DELIVERED : v1::RECORDED);
  if (made.overdue()) item.set_evidence(v1::OVERDUE);
  if (made.has_refusal()) {
    item.set_evidence(v1::REFUSED);
    *item.mutable_refusal() = made.refusal();
  }
  return item;
}

namespace {

void AddWarnings(const v1::Petition& petition, const Profile& profile,
                 google::protobuf::RepeatedPtrField<v1::Warning>& warnings) {
  ForEachIdentifier(petition, "petition",
                    [&](const v1::Identifier& identifier, const v1::Person& person, std::string field) {
                      const std::optional<std::string> unusual = profile.warn_identifier(identifier, person);
                      if (!unusual) return;
                      v1::Warning& warning = *warnings.Add();
                      warning.set_field(std::move(field));
                      warning.set_key(*unusual);
                    });
}

}  // namespace

// A token is the place of the act that comes next: acts are added at the end, and none goes away.
template <typename Request>
absl::StatusOr<Reader::Page> Reader::PageOf(const Request& request) {
  if (request.page_size() < 0) return absl::InvalidArgumentError("page_size");
  Page page{0, kLargestPage, kLargestPageBytes};
  if (request.page_size() > 0) page.most_acts = std::min(request.page_size(), kLargestPage);
  if (request.page_token().empty()) return page;
  const std::optional<uint64_t> first = ParseDecimal(request.page_token());
  if (!first || *first > static_cast<uint64_t>(std::numeric_limits<int>::max()))
    return absl::InvalidArgumentError("page_token");
  page.first = static_cast<int>(*first);
  return page;
}

template <typename Record, typename File>
absl::StatusOr<File> Reader::GetFile(const std::string& name, const Page& page, absl::Time now) const {
  const size_t slash = name.find('/');
  if (slash == std::string::npos || slash + 1 == name.size()) return absl::InvalidArgumentError("name");
  const std::string id = name.substr(slash + 1);
  Overlay rows(store_);
  const Views views(identity_.self(), rows, vault_);
  ASSIGN_OR_RETURN(const auto found, views.Load<Record>(id));
  const Record& record = *found;
  if (IsUnknown(record.state()) || NameOf<Record>(record.state(), id) != name) {
    return absl::NotFoundError("no such name here");
  }
  if (page.first > record.acts_size()) return absl::InvalidArgumentError("page_token");
  ASSIGN_OR_RETURN(const uint64_t cosigned, Cosigned());
  // What acts that stand have answered, and of which Party they are.
  std::set<std::pair<v1::Party, std::string_view>> answers;
  for (const v1::ActRecord& made : record.acts()) {
    if (!made.has_refusal()) answers.emplace(made.entry().ledger(), made.answers());
  }

  File view;
  view.set_name(name);
  ASSIGN_OR_RETURN(*view.mutable_state(), views.ToldState(record, cosigned));
  view.set_awaiting_cosignature(record.told_from_size() > cosigned);
  size_t bytes = 0;
  for (int at = page.first; at < record.acts_size(); ++at) {
    const v1::ActRecord& made = record.acts(at);
    if (view.awaiting_cosignature() && made.entry().ledger() == identity_.self() &&
        made.entry().index() + 1 >= record.told_from_size()) {
      break;
    }
    ASSIGN_OR_RETURN(v1::TimelineItem item, ItemFor(made, cosigned));
    bytes += item.ByteSizeLong();
    const int shown = view.timeline_size();
    if (shown > 0 && (shown == page.most_acts || bytes > page.most_bytes)) {
      view.set_next_page_token(absl::StrCat(at));
      break;
    }
    // Answered: a later act of the other Party names it.
    const bool answered = answers.count({treaty::Other(made.entry().ledger()), made.entry().entry_id()}) > 0;
    if (answered && item.evidence() != v1::REFUSED) item.set_evidence(v1::ANSWERED);
    *view.add_timeline() = std::move(item);
  }
  if (view.awaiting_cosignature()) return view;
  ASSIGN_OR_RETURN(const v1::TreatyState treaty_state, views.LoadTreaty());
  const absl::CivilDay today = identity_.profile.DateAt(now);
  std::string filed_on;
  if constexpr (std::is_same_v<Record, v1::CaseRecord>) filed_on = record.state().petition().filed_on();
  const v1::Protocol& protocol = treaty::ProtocolOfCase(treaty_state, identity_.protocol, filed_on, today);
  const treaty::Context context{identity_.self(),   today, today, treaty_state, protocol,
                                identity_.protocol, views};
  for (v1::AllowedAction& action : treaty::AllowedActions(view.state(), context)) {
    *view.add_allowed_actions() = std::move(action);
  }
  RETURN_IF_ERROR(views.status());
  return view;
}

absl::StatusOr<v1::Case> Reader::GetCase(const std::string& name, const Page& page, absl::Time now) const {
  ASSIGN_OR_RETURN(v1::Case file, (GetFile<v1::CaseRecord, v1::Case>(name, page, now)));
  AddWarnings(file.state().petition(), identity_.profile, *file.mutable_warnings());
  return file;
}
absl::StatusOr<v1::Case> Reader::GetCase(const v1::GetCaseRequest& request, absl::Time now) const {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  return GetCase(request.name(), page, now);
}
absl::StatusOr<v1::Case> Reader::GetCase(const std::string& name, absl::Time now) const {
  return GetCase(name, Page(), now);
}
absl::StatusOr<v1::MatterFile> Reader::GetMatter(const v1::GetMatterRequest& request, absl::Time now) const {
  ASSIGN_OR_RETURN(const Page page, PageOf(request));
  return GetFile<v1::MatterRecord, v1::MatterFile>(request.name(), page, now);
}
absl::StatusOr<v1::MatterFile> Reader::GetMatter(const std::string& name, absl::Time now) const {
  return GetFile<v1::MatterRecord, v1::MatterFile>(name, Page(), now);
}

template <typename Record, typename Request, typename Wanted, typename Show>
absl::StatusOr<std::string> Reader::List(const Request& request, Wanted wanted, Show show) const {
  if (request.page_size() < 0) return absl::InvalidArgumentError("page_size");
  if (!request.page_token().empty() && !IsSubjectId(request.page_token()))
    return absl::InvalidArgumentError("page_token");
  const int page = request.page_size() == 0 ? kDefaultPage : std::min(request.page_size(), kLargestPage);
  ASSIGN_OR_RETURN(const uint64_t cosigned, Cosigned());
  Overlay rows(store_);
  const Views views(identity_.self(), rows, vault_);
  const std::string prefix = Matter<Record>::kRowPrefix;
  // The token is the id of the last one looked at.
  const std::string begin =
      request.page_token().empty() ? prefix : absl::StrCat(prefix, request.page_token()) + '\0';
  absl::Status failed;
  int shown = 0;
  int looked_at = 0;
  size_t bytes = 0;
  std::string last;
  std::string next_page_token;
  const auto visit = [&](std::string_view key, std::string_view sealed) -> absl::Status {
    ASSIGN_OR_RETURN(const std::string opened, vault_.Unseal(store_, key, sealed));
    Record record;
    if (!record.ParseFromString(opened)) {
      return absl::DataLossError("a record in the store cannot be read");
    }
    ++looked_at;
    bytes += sealed.size();
    last = key.substr(prefix.size());
    ASSIGN_OR_RETURN(const auto state, views.ToldState(record, cosigned));
    // All that is known of it may be that this node, or the counterpart, has refused it.
    if (IsUnknown(state) || !wanted(state)) return absl::OkStatus();
    ++shown;
    show(state);
    return absl::OkStatus();
  };
  RETURN_IF_ERROR(
      store_.Scan(begin, ledger::PrefixEnd(prefix), [&](std::string_view key, std::string_view sealed) {
        if (shown == page || looked_at == kMostLookedAt || bytes >= kMostBytesLookedAt) {
          next_page_token = last;
          return false;
        }
        failed = visit(key, sealed);
        return failed.ok();
      }));
  RETURN_IF_ERROR(failed);
  return next_page_token;
}

absl::StatusOr<v1::ListCasesResponse> Reader::ListCases(const v1::ListCasesRequest& request) const {
  const auto none = [](int status) { return status == 0 || !v1::CaseStatus_IsValid(status); };
  if (std::any_of(request.statuses().begin(), request.statuses().end(), none))
    return absl::InvalidArgumentError("statuses");
  v1::ListCasesResponse response;
  const auto wanted = [&](const v1::CaseState& state) {
    if (request.my_turn() && (state.holder() != identity_.self() || treaty::IsClosed(state.status())))
      return false;
    const auto& statuses = request.statuses();
    return statuses.empty() || std::find(statuses.begin(), statuses.end(), state.status()) != statuses.end();
  };
  const auto show = [&](const v1::CaseState& state) {
    v1::CaseSummary* summary = response.add_cases();
    summary->set_name(absl::StrCat("cases/", state.case_id()));
    summary->set_status(state.status());
    summary->set_entry_state(state.entry_state());
    summary->set_holder(state.holder());
    summary->set_offered_hand_off(state.offered_hand_off());
    summary->set_answer_due(treaty::DueOn(state));
    summary->set_head_surname(state.petition().head().name().surname());
    summary->set_persons(static_cast<uint32_t>(treaty::IncludedPersons(state).size()));
  };
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(), List<v1::CaseRecord>(request, wanted, show));
  return response;
}

absl::StatusOr<v1::ListMattersResponse> Reader::ListMatters(const v1::ListMattersRequest& request) const {
  const std::vector<treaty::MatterKind> kinds = treaty::MatterKinds();
  const auto same = [&](const treaty::MatterKind& kind) { return kind.collection == request.collection(); };
  if (!request.collection().empty() && std::none_of(kinds.begin(), kinds.end(), same))
    return absl::InvalidArgumentError("collection");
  v1::ListMattersResponse response;
  const auto wanted = [&](const v1::MatterState& state) {
    if (!request.collection().empty() && request.collection() != treaty::CollectionOf(state)) return false;
    return !request.my_turn() || (state.holder() != identity_.peer() && !treaty::IsClosed(state));
  };
  const auto show = [&](const v1::MatterState& state) {
    v1::MatterSummary* summary = response.add_matters();
    summary->set_name(NameOf<v1::MatterRecord>(state, state.id()));
    summary->set_status(state.status());
    summary->set_opened_by(state.opened_by());
    summary->set_holder(state.holder());
    summary->set_answer_due(state.answer_due());
  };
  ASSIGN_OR_RETURN(*response.mutable_next_page_token(), List<v1::MatterRecord>(request, wanted, show));
  return response;
}

absl::StatusOr<v1::QuotaState> Reader::GetQuota(const std::string& name) const {
  const std::vector<std::string> parts = absl::StrSplit(name, '/');
  if (parts.size() != 3 || parts[0] != "quotas" || (parts[1] != "kz" && parts[1] != "ru")) {
    return absl::InvalidArgumentError("name");
  }
  const std::optional<uint64_t> year = ParseDecimal(parts[2]);
  if (!year || *year < 2000 || *year > 2199) return absl::InvalidArgumentError("name");
  Overlay rows(store_);
  const Views views(identity_.self(), rows, vault_);
  return views.LoadQuota(parts[1] == "kz" ? v1::PARTY_KZ : v1::PARTY_RU, static_cast<int>(*year));
}

absl::StatusOr<absl::CivilDay> Reader::DayOf(const std::string& on, absl::Time now) const {
  if (on.empty()) return identity_.profile.DateAt(now);
  const absl::StatusOr<absl::CivilDay> asked = ParseDate(on);
  if (!asked.ok()) return absl::InvalidArgumentError("on");
  return *asked;
}

absl::StatusOr<v1::RuleCatalogue> Reader::ListRules(const std::string& on, absl::Time now) const {
  ASSIGN_OR_RETURN(const absl::CivilDay day, DayOf(on, now));
  Overlay rows(store_);
  ASSIGN_OR_RETURN(const v1::TreatyState treaty, Views(identity_.self(), rows, vault_).LoadTreaty());
  return treaty::RulesOn(treaty, day);
}

absl::StatusOr<v1::PrecedenceList> Reader::ListPrecedences(const std::string& on, absl::Time now) const {
  ASSIGN_OR_RETURN(const absl::CivilDay day, DayOf(on, now));
  Overlay rows(store_);
  ASSIGN_OR_RETURN(const v1::TreatyState treaty, Views(identity_.self(), rows, vault_).LoadTreaty());
  v1::PrecedenceList list;
  for (v1::Precedence& one : treaty::PrecedencesOn(identity_.profile.norms, treaty, day)) {
    *list.add_precedences() = std::move(one);
  }
  return list;
}

absl::StatusOr<bool> Reader::MayFetch(std::string_view sha256) const {
  Overlay rows(store_);
  ASSIGN_OR_RETURN(const v1::AttachmentRow row, Views(identity_.self(), rows, vault_).LoadAttachment(sha256));
  return row.told();
}

absl::StatusOr<std::vector<std::string>> Reader::WantedAttachments() const {
  std::vector<std::string> wanted;
  bool readable = true;
  const std::string prefix = AttachmentRowKey("");
  RETURN_IF_ERROR(
      store_.Scan(prefix, ledger::PrefixEnd(prefix), [&](std::string_view key, std::string_view bytes) {
        v1::AttachmentRow row;
        readable = row.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()));
        if (row.wanted()) wanted.emplace_back(key.substr(prefix.size()));
        return readable;
      }));
  if (!readable) return absl::DataLossError("a row of an attachment cannot be read");
  return wanted;
}

absl::StatusOr<v1::Information> Reader::GetInformation(absl::Time now) const {
  ASSIGN_OR_RETURN(const v1::Term term, GetTerm("", now));
  const absl::CivilDay today = identity_.profile.DateAt(now);
  v1::Information information = treaty::InformationOn(FormatDate(today), term);
  for (const char* state : {"kz", "ru"}) {
    ASSIGN_OR_RETURN(*information.add_quotas(), GetQuota(absl::StrCat("quotas/", state, "/", today.year())));
  }
  return information;
}

absl::StatusOr<v1::Term> Reader::GetTerm(const std::string& on, absl::Time now) const {
  ASSIGN_OR_RETURN(const absl::CivilDay day, DayOf(on, now));
  Overlay rows(store_);
  v1::Term term;
  ASSIGN_OR_RETURN(*term.mutable_treaty(), Views(identity_.self(), rows, vault_).LoadTreaty());
  term.set_in_force(treaty::InForce(term.treaty(), day));
  if (const std::optional<treaty::Period> period = treaty::PeriodOn(day)) {
    term.set_period(period->number);
    term.set_period_from(FormatDate(period->from));
    term.set_period_until(FormatDate(period->until));
    term.set_last_day_for_notice(FormatDate(period->last_day_for_notice));
    term.set_safe_day_for_notice(FormatDate(period->last_day_for_notice - 1));
  }
  for (v1::Body& body : treaty::BodiesOn(term.treaty(), day)) *term.add_bodies() = std::move(body);
  *term.mutable_protocol() = treaty::ProtocolOn(term.treaty(), identity_.protocol, day);
  return term;
}

// What became of the act at `entry`, as its matter has it.
absl::StatusOr<v1::ActRecord> Reader::RecordOf(const v1::Act& act, const v1::EntryReference& entry) const {
  Overlay rows(store_);
  const Views views(identity_.self(), rows, vault_);
  v1::ActRecord made;
  *made.mutable_entry() = entry;
  // What was processed and is not in the matter was refused.
  if (entry.ledger() != identity_.self()) made.mutable_refusal();
  RETURN_IF_ERROR(WithMatterOf(act, absl::OkStatus(), [&]<typename Record>(const Record&) -> absl::Status {
    ASSIGN_OR_RETURN(const auto record, views.Load<Record>(act.subject_id()));
    for (const v1::ActRecord& known : record->acts()) {
      if (known.entry().entry_id() == entry.entry_id()) made = known;
    }
    return absl::OkStatus();
  }));
  return made;
}

// The last entry of each ledger tells of all before it: no two entries of a ledger are the same
// bytes, because each has something of chance in it.
absl::StatusOr<std::string> Reader::HistoryOf(const v1::WatchCursor& cursor) const {
  if (cursor.own_index() == 0 && cursor.mirror_index() == 0) return "";
  const auto last = [&](Side side, uint64_t size) -> absl::StatusOr<Hash> {
    if (size == 0) return tlog::EmptyRoot();
    ASSIGN_OR_RETURN(const std::string entry, LogRows<Store>(side, store_).Entry(size - 1));
    return tlog::LeafHash(entry);
  };
  ASSIGN_OR_RETURN(const Hash own, last(Side::kOwn, cursor.own_index()));
  ASSIGN_OR_RETURN(const Hash mirror, last(Side::kMirror, cursor.mirror_index()));
  return ToHex(Sha256({"kelisim watch\n", own.bytes(), mirror.bytes()}).bytes().substr(0, 8));
}

absl::StatusOr<std::optional<Reader::Watched>> Reader::ReadNext(v1::WatchCursor& cursor,
                                                                const WatchEnds& ends) const {
  // The own entry is next, unless it says that more of the mirror came before
  // it; at the end of the own ledger, the rest of the mirror.
  if (const uint64_t index = cursor.own_index(); index < ends.own) {
    ASSIGN_OR_RETURN(Opened opened, Load(Side::kOwn, index));
    const bool progress = opened.entry.kind() == v1::ENTRY_KIND_PROGRESS;
    if (!progress || cursor.mirror_index() >= opened.entry.reference().position()) {
      const bool irreversible = WithMatterOf(opened.act, false, [&]<typename Record>(const Record&) {
        return treaty::IsIrreversible(Matter<Record>::In(std::as_const(opened.act)));
      });
      if (irreversible && index >= ends.cosigned) return std::nullopt;
      cursor.set_own_index(index + 1);
      return Watched{std::move(opened), Side::kOwn, index, false};
    }
  }
  // In a recovery own entries are back before what they say was processed.
  const uint64_t index = cursor.mirror_index();
  if (index >= ends.mirror) return std::nullopt;
  ASSIGN_OR_RETURN(Opened opened, Load(Side::kMirror, index));
  if (opened.entry.kind() == v1::ENTRY_KIND_REFUSAL) {
    const uint64_t last = opened.entry.reference().position();
    const uint64_t first = FirstRefused(opened.refusal, last);
    const uint64_t nth = cursor.refused();
    // Whatever number a counterpart writes there, or who sends a cursor.
    const bool is_there = nth <= last - first && first + nth < ends.own;
    if (is_there && nth < last - first) {
      cursor.set_refused(nth + 1);
    } else {
      cursor.clear_refused();
      cursor.set_mirror_index(index + 1);
    }
    if (!is_there) return Watched{std::move(opened), Side::kMirror, index, false};
    ASSIGN_OR_RETURN(Opened refused, Load(Side::kOwn, first + nth));
    return Watched{std::move(refused), Side::kOwn, first + nth, true};
  }
  cursor.clear_refused();
  cursor.set_mirror_index(index + 1);
  return Watched{std::move(opened), Side::kMirror, index, false};
}

absl::StatusOr<std::vector<v1::WatchActsResponse>> Reader::ReadActs(v1::WatchCursor& cursor,
                                                                    const std::string& name,
                                                                    size_t limit) const {
  WatchEnds ends;
  ASSIGN_OR_RETURN(ends.cosigned, Cosigned());
  // In this order: own acts that came before what is processed are seen, and are told first.
  ASSIGN_OR_RETURN(ends.mirror, ReadNumber(store_, kProcessedRow));
  ASSIGN_OR_RETURN(ends.own, (LogRows<Store>(Side::kOwn, store_).Size()));
  if (cursor.own_index() > ends.own || cursor.mirror_index() > ends.mirror)
    return absl::InvalidArgumentError("cursor");
  ASSIGN_OR_RETURN(const std::string history, HistoryOf(cursor));
  if (cursor.history() != history) return absl::InvalidArgumentError("cursor");
  std::vector<v1::WatchActsResponse> acts;
  for (size_t looked_at = 0; looked_at < limit; ++looked_at) {
    ASSIGN_OR_RETURN(const std::optional<Watched> next, ReadNext(cursor, ends));
    if (!next) break;
    const v1::Act& act = next->opened.act;
    const std::string subject = WithMatterOf(act, std::string(), [&]<typename Record>(const Record&) {
      return NameOf<Record>(Matter<Record>::In(act), act.subject_id());
    });
    if (subject.empty() || (!name.empty() && name != subject)) continue;
    v1::EntryReference entry;
    entry.set_ledger(next->side == Side::kOwn ? identity_.self() : identity_.peer());
    entry.set_index(next->index);
    entry.set_entry_id(next->opened.entry.entry_id());
    ASSIGN_OR_RETURN(const v1::ActRecord made, RecordOf(act, entry));
    // A refusal that came too late, or of what was not the counterpart's to judge, refuses nothing.
    if (next->again && !made.has_refusal()) continue;
    ASSIGN_OR_RETURN(*cursor.mutable_history(), HistoryOf(cursor));
    v1::WatchActsResponse& response = acts.emplace_back();
    *response.mutable_cursor() = cursor;
    response.set_name(subject);
    ASSIGN_OR_RETURN(*response.mutable_item(), ItemFor(made, ends.cosigned));
  }
  ASSIGN_OR_RETURN(*cursor.mutable_history(), HistoryOf(cursor));
  return acts;
}

absl::StatusOr<std::string> Reader::GetCheckpoint(v1::Party ledger) const {
  if (ledger == identity_.self()) return LogRows<Store>(Side::kOwn, store_).Cosigned();
  if (ledger != identity_.peer()) return absl::InvalidArgumentError("ledger");
  const LogRows<Store> mirror(Side::kMirror, store_);
  ASSIGN_OR_RETURN(const uint64_t size, mirror.Size());
  return mirror.Checkpoint(size);
}

absl::StatusOr<uint64_t> Reader::Published(v1::Party ledger) const {
  if (ledger == identity_.self()) return Cosigned();
  if (ledger != identity_.peer()) return absl::InvalidArgumentError("ledger");
  return LogRows<Store>(Side::kMirror, store_).Size();
}

absl::StatusOr<std::string> Reader::GetTile(v1::Party ledger, const tlog::Tile& tile) const {
  ASSIGN_OR_RETURN(const uint64_t size, Published(ledger));
  if (!tlog::HasTile(tile, size)) return absl::NotFoundError("tile");
  const LogRows<Store> rows(SideOf(ledger), store_);
  return tlog::ReadTile(tile, rows.Nodes(), [&](uint64_t index) { return rows.Entry(index); });
}

absl::StatusOr<std::string> Reader::CosignedCheckpoint(v1::Party ledger, absl::Time now) const {
  ASSIGN_OR_RETURN(std::string checkpoint, GetCheckpoint(ledger));
  if (ledger == identity_.self()) {
    const std::string with_third = third_ == nullptr ? "" : third_();
    if (identity_.third_witness && identity_.third_witness->required) {
      if (with_third.empty()) return absl::NotFoundError("the third witness has cosigned nothing yet");
      return with_third;
    }
    // Without being asked for, its line is shown where it is there.
    const bool same =
        with_third.substr(0, with_third.find("\n\n")) == checkpoint.substr(0, checkpoint.find("\n\n"));
    return same ? with_third : checkpoint;
  }
  // Stored here as it is: this node may say so again at any time.
  ASSIGN_OR_RETURN(const tlog::Note note, tlog::Note::Parse(checkpoint));
  const auto seconds = static_cast<uint64_t>(absl::ToUnixSeconds(now));
  return absl::StrCat(checkpoint, identity_.witness.Cosign(note.text, seconds),
                      identity_.mirror.Cosign(note.text, seconds));
}

absl::StatusOr<std::string> Reader::ProofIn(v1::Party ledger, uint64_t index,
                                            const std::string& checkpoint) const {
  const LogRows<Store> rows(SideOf(ledger), store_);
  ASSIGN_OR_RETURN(const tlog::Checkpoint head, tlog::Checkpoint::InNote(checkpoint));
  ASSIGN_OR_RETURN(const std::string entry, rows.Entry(index));
  ASSIGN_OR_RETURN(std::vector<Hash> path, tlog::InclusionProof(index, head.size, rows.Nodes()));
  const tlog::Proof proof{index, std::move(path), checkpoint};
  ASSIGN_OR_RETURN(const tlog::Policy policy, tlog::Policy::Parse(PolicyText(identity_, ledger)));
  // Nothing is handed out that this node would not believe itself.
  const absl::Status verified = tlog::VerifyProof(proof, tlog::LeafHash(entry), policy);
  if (!verified.ok()) return absl::DataLossError(verified.message());
  return tlog::FormatProof(proof);
}

absl::StatusOr<v1::Receipt> Reader::GetReceipt(v1::Party ledger, uint64_t index, absl::Time now) const {
  if (ledger != identity_.self() && ledger != identity_.peer()) return absl::InvalidArgumentError("ledger");
  const absl::Status entry = LogRows<Store>(SideOf(ledger), store_).Entry(index).status();
  if (absl::IsNotFound(entry)) return Told(entry, "told.no_entry");
  RETURN_IF_ERROR(entry);
  v1::Receipt receipt;
  const absl::StatusOr<std::string> checkpoint = CosignedCheckpoint(ledger, now);
  if (absl::IsNotFound(checkpoint.status())) return receipt;  // nothing is cosigned yet
  if (!checkpoint.ok()) return checkpoint.status();
  ASSIGN_OR_RETURN(const tlog::Checkpoint head, tlog::Checkpoint::InNote(*checkpoint));
  receipt.set_cosigned_size(head.size);
  if (index >= head.size) return receipt;
  ASSIGN_OR_RETURN(*receipt.mutable_proof(), ProofIn(ledger, index, *checkpoint));
  return receipt;
}

absl::StatusOr<Disclosed> Reader::Disclose(v1::Party ledger, uint64_t index) const {
  const LogRows<Store> rows(SideOf(ledger), store_);
  Disclosed disclosed;
  ASSIGN_OR_RETURN(disclosed.entry, rows.Entry(index));
  ASSIGN_OR_RETURN(const std::optional<std::string> sealed, rows.SealedPayload(index));
  if (!sealed) return disclosed;
  ASSIGN_OR_RETURN(const std::string unsealed,
                   vault_.Unseal(store_, PayloadContext(SideOf(ledger), index), *sealed));
  ASSIGN_OR_RETURN(disclosed.content, SplitPayload(unsealed));
  return disclosed;
}

absl::StatusOr<std::string> Reader::CheckpointCovering(v1::Party ledger, uint64_t index) const {
  return LogRows<Store>(SideOf(ledger), store_).CheckpointFrom(index + 1);
}

absl::StatusOr<std::vector<Hash>> Reader::Consistency(v1::Party ledger, uint64_t first,
                                                      uint64_t second) const {
  return tlog::ConsistencyProof(first, second, LogRows<Store>(SideOf(ledger), store_).Nodes());
}

absl::StatusOr<std::vector<v1::EntryReference>> Reader::ActsOf(const std::string& name) const {
  const std::string id = name.substr(name.find('/') + 1);
  Overlay rows(store_);
  const Views views(identity_.self(), rows, vault_);
  std::vector<v1::EntryReference> acts;
  const auto collect = [&](const auto& record) {
    for (const v1::ActRecord& made : record.acts()) acts.push_back(made.entry());
  };
  if (name.rfind("cases/", 0) == 0) {
    ASSIGN_OR_RETURN(const auto record, views.Load<v1::CaseRecord>(id));
    collect(*record);
  } else {
    ASSIGN_OR_RETURN(const auto record, views.Load<v1::MatterRecord>(id));
    collect(*record);
  }
  return acts;
}

absl::StatusOr<std::string> Reader::GetEntry(v1::Party ledger, uint64_t index) const {
  return LogRows<Store>(SideOf(ledger), store_).Entry(index);
}

absl::StatusOr<v1::Equivocation> Reader::GetEvidence() const {
  ASSIGN_OR_RETURN(const std::optional<std::string> kept, store_.Get(kEvidenceRow));
  if (!kept)
    return Told(absl::NotFoundError("no contradicting checkpoints are kept here"), "told.no_evidence");
  v1::Equivocation evidence;
  if (!evidence.ParseFromString(*kept)) return absl::DataLossError("the evidence row cannot be read");
  return evidence;
}

absl::StatusOr<std::vector<v1::EntryReference>> Reader::Grounds() const {
  Overlay rows(store_);
  return Views(identity_.self(), rows, vault_).Grounds();
}

}  // namespace kelisim::authority
