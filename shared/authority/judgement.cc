#include "shared/authority/judgement.h"

#include <algorithm>
#include <string>
#include <type_traits>

#include "absl/strings/ascii.h"
#include "shared/base/civil.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/digest.h"
#include "shared/treaty/instrument.h"
#include "shared/treaty/quota.h"
#include "shared/treaty/term.h"

namespace kelisim::authority {
namespace {

constexpr size_t kMaxUri = 2048;
constexpr size_t kSubjectIdSize = 16;

// Empty when the entry is one of ours to understand; what is wrong otherwise.
std::string FormatProblem(const v1::Entry& entry) {
  if (entry.format() != kEntryFormat) return "format";
  if (entry.entry_id().size() != kEntryIdSize) return "entry_id";
  const bool progress = entry.kind() == v1::ENTRY_KIND_PROGRESS;
  if (entry.commitment().size() != (progress ? 0 : Hash::kSize)) return "commitment";
  return "";
}

// What a refusal quotes of the refused act. An act may say what it likes at any length; the
// refusal must fit a message to its author all the same.
constexpr size_t kMostQuoted = 200;
void Shorten(std::string& quoted) {
  if (quoted.size() <= kMostQuoted) return;
  size_t end = kMostQuoted;
  // Not in the middle of a character.
  while (end > 0 && (static_cast<unsigned char>(quoted[end]) & 0xc0) == 0x80) --end;
  quoted.resize(end);
}

// An act is of the civil day of its author's capital on which it is recorded. Of either
// offset that the capital has had: what was judged once must be judged so for ever.
bool IsDayOf(absl::CivilDay day, v1::Party party, int64_t recorded_at_us) {
  const int least = party == v1::PARTY_KZ ? 5 : 3;
  const absl::Time at = absl::FromUnixMicros(recorded_at_us);
  return day == absl::ToCivilDay(at + absl::Hours(least), absl::UTCTimeZone()) ||
         day == absl::ToCivilDay(at + absl::Hours(least + 1), absl::UTCTimeZone());
}

// Of the length of a URI and of its characters.
bool IsPlain(std::string_view text) {
  return text.size() <= kMaxUri &&
         std::all_of(text.begin(), text.end(), [](unsigned char c) { return absl::ascii_isgraph(c); });
}

// a7, a8, a10: what ends the time to clear.
bool IsDecision(const v1::CaseAct& act) {
  const bool ends_it = act.has_excluded() && act.excluded().person_id() == "head";
  return act.has_cleared() || act.has_deferred() || ends_it;
}

// `overdue` names an offer of `author` in this case, or the acceptance by which the other Party
// took it to clear and did not decide in time; and the day that was due.
absl::StatusOr<bool> NamesWhatIsOwed(const v1::CaseRecord& record, const v1::Overdue& overdue,
                                     v1::Party author, const Views& views) {
  const auto& acts = record.acts();
  const auto named = std::find_if(acts.begin(), acts.end(), [&](const v1::ActRecord& made) {
    return made.entry().entry_id() == overdue.offer_entry_id();
  });
  if (named == acts.end()) return false;
  ASSIGN_OR_RETURN(const OpenedEntry asked, views.OpenEntry(named->entry()));
  v1::Act act;
  if (!ParseAct(asked.payload, &act)) return false;
  const bool own = named->entry().ledger() == author;
  const std::string due =
      own ? act.case_act().offered().answer_due() : act.case_act().accepted().clearance_due();
  if (due.empty() || due != overdue.answer_due()) return false;
  if (own) return true;
  // The decision may have crossed the note.
  for (auto later = named + 1; later != acts.end(); ++later) {
    if (later->entry().ledger() == author || later->has_refusal()) continue;
    ASSIGN_OR_RETURN(const OpenedEntry opened, views.OpenEntry(later->entry()));
    if (!ParseAct(opened.payload, &act)) return false;
    if (IsDecision(act.case_act()) && act.effective_on() <= due) return false;
  }
  return true;
}

template <typename Record>
absl::StatusOr<std::optional<v1::Violation>> JudgeMatter(const v1::Act& act, const treaty::Context& context,
                                                         const Views& views) {
  if (!IsSubjectId(act.subject_id())) {
    return treaty::Violates("exchange.format", "", "subject_id");
  }
  ASSIGN_OR_RETURN(const auto record, views.Load<Record>(act.subject_id()));
  const auto& state = record->state();
  const auto& what = Matter<Record>::In(act);
  // One chain per matter: the act names the last act it follows.
  if (!IsUnknown(state) && !treaty::IsOutsideChain(what) && act.predecessor() != state.head_entry_id()) {
    return treaty::Violates("step.chain");
  }
  if constexpr (std::is_same_v<Record, v1::CaseRecord>) {
    if (what.has_answer_overdue()) {
      // 13.2: overdue is the answer to what was asked, on the day on which it was asked for.
      ASSIGN_OR_RETURN(const bool owed,
                       NamesWhatIsOwed(*record, what.answer_overdue(), context.author, views));
      if (!owed) return treaty::Violates("step.hand_off", "", what.answer_overdue().answer_due());
    }
  }
  return treaty::Admit(state, what, context);
}

}  // namespace

bool IsSubjectId(std::string_view id) {
  return id.size() == kSubjectIdSize && std::all_of(id.begin(), id.end(), [](unsigned char c) {
           return absl::ascii_isdigit(c) || (c >= 'a' && c <= 'f');
         });
}

bool IsWellFormed(const v1::Entry& entry) { return FormatProblem(entry).empty(); }

absl::StatusOr<std::optional<v1::Violation>> JudgeAct(const OpenedEntry& opened, const v1::Act& act,
                                                      const v1::Protocol& initial, Views& views) {
  // What stands in every act and is shown with it.
  if (!IsPlain(act.officer())) return treaty::Violates("exchange.format", "", "officer");
  if (!IsPlain(act.request_id())) return treaty::Violates("exchange.format", "", "request_id");
  const absl::StatusOr<absl::CivilDay> effective_on = ParseDate(act.effective_on());
  const absl::StatusOr<absl::CivilDay> happened_on = ParseDate(act.happened_on());
  if (!effective_on.ok() || !happened_on.ok()) return treaty::Violates("exchange.format", "", "dates");
  if (!IsDayOf(*effective_on, opened.reference.ledger(), opened.entry.recorded_at_us())) {
    return treaty::Violates("step.date", "", act.effective_on());
  }
  ASSIGN_OR_RETURN(const v1::TreatyState treaty_state, views.LoadTreaty());
  // 13.2: judged by the protocol that its author names; an older one is no fault of who
  // could not know yet that a newer one was signed.
  const v1::Protocol* const protocol =
      treaty::ProtocolNamed(treaty_state, initial, act.protocol_version(), *effective_on);
  if (protocol == nullptr) return treaty::Violates("13.2", "", "protocol_version");
  // 13.1kz, 13.1ru: signed for a body that was the authorised one on that day.
  if (!treaty::MayBeAuthorised(treaty_state, act.body(), opened.reference.ledger(), *effective_on)) {
    return treaty::Violates(treaty::BodyRule(opened.reference.ledger()), "", "body");
  }
  const treaty::Context context{
      opened.reference.ledger(), *effective_on, *happened_on, treaty_state, *protocol, initial, views,
      /*of_counterpart=*/true};
  std::optional<v1::Violation> violation;
  switch (act.subject_case()) {
    case v1::Act::kCaseAct: {
      ASSIGN_OR_RETURN(violation, JudgeMatter<v1::CaseRecord>(act, context, views));
      break;
    }
    case v1::Act::kMatterStep: {
      ASSIGN_OR_RETURN(violation, JudgeMatter<v1::MatterRecord>(act, context, views));
      break;
    }
    case v1::Act::kQuotaAct: {
      ASSIGN_OR_RETURN(const v1::QuotaState state,
                       views.LoadQuota(opened.reference.ledger(), treaty::YearOf(act.quota_act())));
      violation = treaty::Admit(state, act.quota_act(), context);
      break;
    }
    case v1::Act::kTreatyAct:
      violation = treaty::Admit(treaty_state, act.treaty_act(), context);
      break;
    case v1::Act::SUBJECT_NOT_SET:
      violation = treaty::Violates("exchange.format", "", "subject");
      break;
  }
  RETURN_IF_ERROR(views.status());
  return violation;
}

absl::StatusOr<std::optional<Judgement>> JudgeEntry(const OpenedEntry& opened, const v1::Protocol& initial,
                                                    Views& views) {
  Judgement judged;
  if (const std::string problem = FormatProblem(opened.entry); !problem.empty()) {
    judged.violation = treaty::Violates("exchange.format", "", problem);
    return judged;
  }
  if (opened.entry.kind() != v1::ENTRY_KIND_ACT || !opened.entry.addressed()) return std::nullopt;
  if (opened.payload.empty()) {
    judged.violation = treaty::Violates("exchange.commitment");
  } else if (!ParseAct(opened.payload, &judged.act)) {
    judged.violation = treaty::Violates("exchange.format", "", "payload");
  } else {
    ASSIGN_OR_RETURN(judged.violation, JudgeAct(opened, judged.act, initial, views));
  }
  if (judged.violation) {
    Shorten(*judged.violation->mutable_found());
    Shorten(*judged.violation->mutable_person_id());
  }
  return judged;
}

}  // namespace kelisim::authority
