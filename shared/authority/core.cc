#include "shared/authority/core.h"

#include <algorithm>
#include <type_traits>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/strip.h"
#include "shared/authority/identifiers.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/base/status_macros.h"
#include "shared/base/told.h"
#include "shared/text/messages.h"
#include "shared/treaty/dates.h"
#include "shared/treaty/form.h"
#include "shared/treaty/instrument.h"
#include "shared/treaty/quota.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/rules.h"
#include "shared/treaty/term.h"

namespace kelisim::authority {
namespace {

// Answers that wait for the counterpart's cosignature.
constexpr size_t kMaxUntold = 1024;

Answer Invalid(std::vector<treaty::FieldProblem> problems) {
  return {absl::InvalidArgumentError("the request has fields in error"), "", {}, std::move(problems)};
}

Answer Broken(v1::Violation violation) {
  return {absl::FailedPreconditionError(absl::StrCat("rule ", violation.rule(), " is not met")),
          "",
          std::move(violation),
          {}};
}

// The log gets none of the other Party's words: a rule is named when there is one of that name.
std::string Tells(const Views::Refused& refused) {
  const v1::Rule* const rule = treaty::FindRule(refused.rule);
  return absl::StrCat("refused: own entry ", refused.index, ", by the counterpart, under ",
                      rule == nullptr ? "no rule of the catalogue" : absl::StrCat("rule ", rule->id()),
                      refused.count > 1 ? absl::StrCat("; and ", refused.count - 1, " more") : "",
                      ": it is undone (deploy/recovery.md)");
}

Answer NoSuchDay() { return Invalid({{"happened_on", "form.date"}}); }

Answer Failed(absl::Status status) { return {std::move(status), "", {}, {}}; }

bool IsNotedOverdue(const v1::CaseRecord& record, const std::string& entry_id) {
  return std::any_of(record.acts().begin(), record.acts().end(), [&](const v1::ActRecord& made) {
    return made.overdue() && made.entry().entry_id() == entry_id;
  });
}

// 8-4-4-4-12 hexadecimal digits, as its 36 characters; empty when it is not a UUID.
std::string CanonicalUuid(const std::string& text) {
  if (text.size() != 36) return "";
  std::string uuid;
  for (size_t i = 0; i < text.size(); ++i) {
    const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
    const char c = text[i];
    const bool digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    if (dash ? c != '-' : !digit) return "";
    uuid.push_back(static_cast<char>(c >= 'A' && c <= 'F' ? c - 'A' + 'a' : c));
  }
  return uuid;
}

// Commands that may become irreversible acts: not while the node is fenced.
bool IsIrreversible(const v1::SubmitCaseCommandRequest& request) {
  return request.command().has_issue_status() || request.command().has_record_exit();
}
bool IsIrreversible(const v1::SubmitMatterStepRequest& request) {
  return treaty::IsIrreversible(request.command());
}
bool IsIrreversible(const v1::SubmitQuotaCommandRequest&) { return false; }
bool IsIrreversible(const v1::SubmitTreatyCommandRequest&) { return false; }

const v1::Petition* PetitionOf(const v1::CaseCommand& command) {
  if (command.has_file_petition()) return &command.file_petition();
  if (command.has_complete_petition()) return &command.complete_petition();
  return nullptr;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Core>> Core::Open(const Identity& identity, const ledger::Store& store,
                                                 ledger::Vault& vault, Random& random,
                                                 std::optional<ledger::Head> anchored, SeededBugs bugs) {
  RETURN_IF_ERROR(vault.CheckMasterKey(store));
  ASSIGN_OR_RETURN(std::unique_ptr<Books> books, Books::Open(identity, store, vault, random));
  // A recovery that was committed and not anchored: the process ended just then, or the
  // counterpart has not cosigned yet what was lost.
  const bool loss_untold = anchored && books->lineage() > anchored->lineage;
  const std::optional<ledger::Head> on_disk = anchored;
  bool reached = anchored && anchored->size <= books->own().size();
  if (reached) {
    ASSIGN_OR_RETURN(const Hash root, books->own().RootAt(books->rows(), anchored->size));
    reached = root == anchored->root;
  }
  if (loss_untold && !reached) {
    // The entries that this anchor knows are lost, and the ledger has to say so of exactly these.
    ASSIGN_OR_RETURN(const bool told, books->TellsLossOf(*anchored));
    if (!told) {
      return absl::DataLossError(
          "the head anchor is older than the last recovery, and knows entries that the ledger neither has "
          "nor tells as lost: store and anchor do not belong together (deploy/recovery.md)");
    }
    anchored = books->head();
  } else if (anchored && !reached && anchored->size <= books->own().size()) {
    return absl::DataLossError("the store's ledger is not the one its head anchor knows");
  }
  std::unique_ptr<Core> core(
      new Core(identity, vault, random, std::move(books), anchored, loss_untold, bugs));
  core->anchored_ = on_disk;
  return core;
}

Core::Core(const Identity& identity, ledger::Vault& vault, Random& random, std::unique_ptr<Books> books,
           std::optional<ledger::Head> anchored, bool loss_untold, SeededBugs bugs)
    : identity_(identity),
      vault_(vault),
      random_(random),
      books_(std::move(books)),
      link_(identity, *books_, random, anchored, loss_untold, bugs.no_fence),
      bugs_(bugs) {}

absl::StatusOr<Turn> Core::Step(absl::Time now, std::vector<Input> inputs) {
  now_ = now;
  Turn turn;
  for (const Input& input : inputs) {
    RETURN_IF_ERROR(std::visit([&](const auto& one) { return Handle(one, turn); }, input));
  }
  RETURN_IF_ERROR(books_->Checkpoint());
  ASSIGN_OR_RETURN(std::optional<Call> call, link_.NextCall(now));
  if (call) turn.outputs_.calls.push_back(*std::move(call));
  Settle(turn);
  AnchorHead(turn);
  turn.batch_ = books_->rows().Take();
  return turn;
}

// An anchor is never lowered, and a missing one is not made up for here. While own
// entries are taken back, and until the counterpart has cosigned what did not come back,
// it keeps what it knew before: it alone remembers what may be lost. A store that a crash
// left ahead of its anchor is anchored by the first turn: its answers are told from then
// on.
void Core::AnchorHead(Turn& turn) {
  const ledger::Head head = books_->head();
  if (!anchored_ || books_->recovering() || link_.telling_loss()) return;
  if (head.lineage == anchored_->lineage ? head.size <= anchored_->size : head.lineage < anchored_->lineage)
    return;
  anchored_ = head;
  turn.head_ = head;
}

void Core::Settle(Turn& turn) {
  for (auto it = untold_.begin(); it != untold_.end() && it->first <= books_->cosigned();
       it = untold_.erase(it)) {
    turn.outputs_.replies.push_back(std::move(it->second));
  }
  turn.outputs_.events = link_.TakeEvents();
  if (const Views::Refused refused = books_->views().TakeRefused(); refused.count > 0) {
    turn.outputs_.events.push_back({Tells(refused), /*alarm=*/true});
  }
  v1::NodeState& state = turn.outputs_.state;
  state.set_party(identity_.self());
  state.set_mode(link_.mode());
  state.set_reason_key(Reason());
  state.set_reason(Say(Lang::kEnglish, Reason()));
  state.set_own_size(books_->own().size());
  state.set_cosigned_size(books_->cosigned());
  state.set_mirror_size(books_->mirror().size());
  state.set_processed_size(books_->processed());
  state.set_lineage(books_->lineage());
  state.set_counterpart_connected(link_.connected());
  state.set_counterpart_problem(link_.problem());
  state.set_lost_contents(books_->lost_contents());
  state.set_lost_entries(books_->lost_entries());
}

// ---------------------------------------------------------------- the counterpart and time

absl::Status Core::Handle(const PeerCall& call, Turn& turn) {
  ASSIGN_OR_RETURN(Link::PeerAnswer answer, link_.HandleCall(call.method, call.bytes, now_));
  if (answer.cosign) {
    turn.cosign_.push_back(
        {turn.outputs_.replies.size(), *answer.cosign, static_cast<uint64_t>(absl::ToUnixSeconds(now_))});
  }
  turn.outputs_.replies.push_back({call.token, std::move(answer.answer)});
  return absl::OkStatus();
}

absl::Status Core::Handle(const PeerReply& reply, Turn&) { return link_.Receive(reply, now_); }

absl::Status Core::Handle(const Tick&, Turn&) {
  const std::string today = FormatDate(identity_.profile.DateAt(now_));
  if (today == overdue_checked_on_ || !MayAppend(/*irreversible=*/false).ok()) return absl::OkStatus();
  return RecordOverdue(today);
}

absl::Status Core::RecordOverdue(const std::string& today) {
  ASSIGN_OR_RETURN(const v1::TreatyState treaty_state, books_->views().LoadTreaty());
  const absl::CivilDay day = identity_.profile.DateAt(now_);
  // 13.1kz, 13.1ru: a body that is not the authorised one says nothing.
  if (!treaty::IsAuthorised(treaty_state, identity_.body, identity_.self(), day)) return absl::OkStatus();
  overdue_checked_on_ = today;
  const std::string version = treaty::ProtocolOn(treaty_state, identity_.protocol, day).version();
  // What is owed is owed by the calendar of who owes it.
  const std::string since = FormatDate(treaty::StillThere(day, identity_.self()));
  ASSIGN_OR_RETURN(const auto overdue, books_->views().OverdueOffers(since));
  for (const auto& [case_id, offer_entry_id] : overdue) {
    ASSIGN_OR_RETURN(const auto record, books_->views().Load<v1::CaseRecord>(case_id));
    // Once for each, also when a refused act has brought it back.
    if (IsNotedOverdue(*record, offer_entry_id)) continue;
    v1::Act act = OverdueAct(case_id, today, version);
    v1::Overdue* what = act.mutable_case_act()->mutable_answer_overdue();
    what->set_offer_entry_id(offer_entry_id);
    what->set_answer_due(record->state().answer_due());
    RETURN_IF_ERROR(books_->AppendAct(act, /*addressed=*/true, now_));
  }
  ASSIGN_OR_RETURN(const std::vector<std::string> matters, books_->views().OverdueMatters(since));
  for (const std::string& id : matters) {
    ASSIGN_OR_RETURN(const auto record, books_->views().Load<v1::MatterRecord>(id));
    v1::Act act = OverdueAct(id, today, version);
    *act.mutable_matter_step() = treaty::OverdueStep(record->state());
    RETURN_IF_ERROR(books_->AppendAct(act, /*addressed=*/true, now_));
  }
  return absl::OkStatus();
}

v1::Act Core::OverdueAct(const std::string& subject_id, const std::string& today,
                         const std::string& protocol_version) const {
  v1::Act act;
  act.set_subject_id(subject_id);
  act.set_happened_on(today);
  act.set_effective_on(today);
  act.set_protocol_version(protocol_version);
  act.set_body(identity_.body);
  return act;
}

// ---------------------------------------------------------------- officers

absl::Status Core::Handle(const OfficerCall& call, Turn& turn) {
  ASSIGN_OR_RETURN(Judged judged, AnswerOfficer(call));
  Reply reply{call.token, std::move(judged.answer)};
  // Irreversible: told only when the counterpart's cosignature covers it.
  if (judged.told_from_size > books_->cosigned() && !bugs_.told_before_cosigned) {
    // Callers that have given up are among them: one more asks again later.
    if (untold_.size() >= kMaxUntold) {
      reply.answer = Failed(OutcomeUnknown("too many answers wait for the counterpart"));
      turn.outputs_.replies.push_back(std::move(reply));
      return absl::OkStatus();
    }
    untold_.emplace(judged.told_from_size, std::move(reply));
  } else {
    turn.outputs_.replies.push_back(std::move(reply));
  }
  return absl::OkStatus();
}

absl::StatusOr<Core::Judged> Core::AnswerOfficer(const OfficerCall& call) {
  const auto& [raw_request_id, validate_only, irreversible] = std::visit(
      [](const auto& request) {
        return std::tuple(request.request_id(), request.validate_only(), IsIrreversible(request));
      },
      call.request);
  const std::string request_id = CanonicalUuid(raw_request_id);
  if (request_id.empty()) return Judged{Invalid({{"request_id", "form.request_id"}})};
  const Hash request_mac = vault_.Pseudonym("request", call.request_digest.bytes());
  ASSIGN_OR_RETURN(const std::optional<v1::ReplyRow> row, books_->views().LoadReply(request_id));
  if (row) return Repeat(*row, request_mac);
  if (const absl::Status may = MayAppend(irreversible); !validate_only && !may.ok()) {
    return Judged{Failed(may)};
  }

  (void)books_->views().TakeToldFrom();
  ASSIGN_OR_RETURN(Decision decision,
                   std::visit([&](const auto& request) { return Decide(request); }, call.request));
  RETURN_IF_ERROR(books_->views().status());
  const uint64_t rests_on = books_->views().TakeToldFrom();
  const uint64_t told_from_size = std::max(decision.told_from_size, rests_on);
  if (!decision.refusal.status.ok()) return Judged{std::move(decision.refusal), told_from_size};
  // 13.1kz, 13.1ru: the body whose acts these are is the authorised one on this day.
  ASSIGN_OR_RETURN(const v1::TreatyState treaty_state, books_->views().LoadTreaty());
  if (!treaty::IsAuthorised(treaty_state, identity_.body, identity_.self(), identity_.profile.DateAt(now_))) {
    return Judged{Broken(treaty::Violates(treaty::BodyRule(identity_.self()), "", identity_.body))};
  }
  if (validate_only) return Judged{{}, told_from_size};
  // In another matter nothing is built on what the counterpart could still not know of. That there
  // is such an act, `case show` says, too.
  if (rests_on > books_->cosigned() && !bugs_.told_before_cosigned) {
    return Judged{Failed(Told(absl::UnavailableError("nothing was recorded: it rests on an act that the "
                                                     "counterpart has not confirmed yet"),
                              "told.not_confirmed"))};
  }

  if (decision.acts.size() > 1) RETURN_IF_ERROR(books_->MakeRoomFor(decision.acts.size()));
  for (size_t i = 0; i < decision.acts.size(); ++i) {
    v1::Act& act = decision.acts[i];
    act.set_request_id(request_id);
    act.set_request_mac(std::string(request_mac.bytes()));
    act.set_request_acts(static_cast<uint32_t>(decision.acts.size()));
    act.set_request_act_number(static_cast<uint32_t>(i));
    act.set_officer(call.officer);
    act.set_protocol_version(decision.protocol_version);
    act.set_body(identity_.body);
    RETURN_IF_ERROR(WithMatterOf(act, absl::OkStatus(), [&]<typename Record>(const Record&) -> absl::Status {
      if (treaty::IsOutsideChain(Matter<Record>::In(act))) return absl::OkStatus();
      ASSIGN_OR_RETURN(const auto record, books_->views().Load<Record>(act.subject_id()));
      act.set_predecessor(record->state().head_entry_id());
      return absl::OkStatus();
    }));
    RETURN_IF_ERROR(books_->AppendAct(act, decision.addressed[i], now_));
  }
  ASSIGN_OR_RETURN(const std::optional<v1::ReplyRow> made, books_->views().LoadReply(request_id));
  if (!made) return absl::InternalError("a command was recorded without its answer");
  return Repeat(*made, request_mac);
}

Core::Judged Core::Repeat(const v1::ReplyRow& row, const Hash& request_mac) const {
  if (row.request_mac() != request_mac.bytes()) {
    return {Failed(absl::AlreadyExistsError("this request_id was used for another request"))};
  }
  return {Answer{absl::OkStatus(), row.response(), {}, {}}, row.told_from_size()};
}

absl::Status Core::MayAppend(bool irreversible) const {
  const v1::NodeMode mode = link_.mode();
  if (mode == v1::OPEN_FOR_ALL || (mode == v1::FENCED && !irreversible)) return absl::OkStatus();
  const std::string reason = Reason();
  const std::string why =
      absl::StrCat("nothing was recorded: ", v1::NodeMode_Name(mode), ": ", Say(Lang::kEnglish, reason));
  // Time alone mends all but these.
  const bool people = mode == v1::HALTED || reason == "reason.no_anchor" || reason == "reason.peer_halted" ||
                      reason == "reason.other_protocol";
  return Told(people ? absl::FailedPreconditionError(why) : absl::UnavailableError(why), reason);
}

std::string Core::Reason() const { return books_->halted().empty() ? link_.reason() : books_->halted(); }

absl::StatusOr<treaty::Context> Core::ContextFor(const std::string& happened_on,
                                                 const v1::TreatyState& treaty,
                                                 const std::string& filed_on) const {
  const absl::CivilDay today = identity_.profile.DateAt(now_);
  absl::CivilDay happened = today;
  if (!happened_on.empty()) {
    ASSIGN_OR_RETURN(happened, ParseDate(happened_on));
  }
  const v1::Protocol& protocol = treaty::ProtocolOfCase(treaty, identity_.protocol, filed_on, today);
  return treaty::Context{identity_.self(),   today,          happened, treaty, protocol,
                         identity_.protocol, books_->views()};
}

std::vector<treaty::FieldProblem> Core::NationalProblems(const v1::Petition& petition,
                                                         const std::string& path) const {
  std::vector<treaty::FieldProblem> problems;
  ForEachIdentifier(petition, path,
                    [&](const v1::Identifier& identifier, const v1::Person&, std::string field) {
                      if (const auto problem = identity_.profile.check_identifier(identifier)) {
                        problems.push_back({std::move(field), *problem});
                      }
                    });
  return problems;
}

std::vector<treaty::FieldProblem> Core::NationalProblems(const v1::CaseCommand& command) const {
  const v1::Petition* petition = PetitionOf(command);
  if (petition == nullptr) return {};
  const std::string path = command.has_file_petition() ? "file_petition" : "complete_petition";
  std::vector<treaty::FieldProblem> problems = NationalProblems(*petition, path);
  // The entry state takes the petition; who came to the other one is sent there.
  if (command.has_file_petition() && petition->entry_state() == identity_.peer()) {
    problems.push_back({path + ".entry_state", "form.other_authority"});
  }
  return problems;
}

std::vector<treaty::FieldProblem> Core::NationalProblems(const v1::CaseState& state,
                                                         const v1::CaseCommand& command) const {
  // The departure state answers for the identifiers it has issued.
  if (!command.has_accept() || state.offered_hand_off() != 1) return {};
  return NationalProblems(state.petition(), "petition");
}

Core::Decision Core::Decision::Refused(Answer why) {
  Decision decision;
  decision.refusal = std::move(why);
  return decision;
}

v1::Act& Core::Decision::AddAct(const treaty::Context& context, bool is_addressed) {
  protocol_version = context.protocol.version();
  addressed.push_back(is_addressed);
  v1::Act& act = acts.emplace_back();
  act.set_happened_on(FormatDate(context.happened_on));
  act.set_effective_on(FormatDate(context.today));
  return act;
}

absl::StatusOr<bool> Core::IsHere(const std::string& name) const {
  ASSIGN_OR_RETURN(const auto record,
                   books_->views().Load<v1::MatterRecord>(name.substr(name.find('/') + 1)));
  return !IsUnknown(record->state()) &&
         NameOf<v1::MatterRecord>(record->state(), record->state().id()) == name;
}

template <typename Record, typename Request>
absl::StatusOr<Core::Decision> Core::DecideMatter(const Request& request) {
  constexpr bool kIsCase = std::is_same_v<Record, v1::CaseRecord>;
  ASSIGN_OR_RETURN(const v1::TreatyState treaty_state, books_->views().LoadTreaty());
  const bool begins = Matter<Record>::Begins(request.command());
  absl::string_view id = request.name();
  const std::string prefix = NameOf<Record>(request.command(), "");
  const bool named = absl::ConsumePrefix(&id, prefix) && !id.empty();
  std::string filed_on;
  if constexpr (kIsCase) {
    if (named) {
      ASSIGN_OR_RETURN(const auto found, books_->views().Load<Record>(std::string(id)));
      filed_on = found->state().petition().filed_on();
    }
  }
  const absl::StatusOr<treaty::Context> context = ContextFor(request.happened_on(), treaty_state, filed_on);
  if (!context.ok()) return Decision::Refused(NoSuchDay());
  std::vector<treaty::FieldProblem> problems = treaty::CheckForm(request.command(), context->happened_on);
  if constexpr (kIsCase) {
    for (treaty::FieldProblem& problem : NationalProblems(request.command()))
      problems.push_back(std::move(problem));
  }
  if (begins ? !request.name().empty() : !named) problems.push_back({"name", "form.name"});
  if constexpr (!kIsCase) {
    // Only of what is asked for here: of the counterpart's acts, what they name may come after them.
    if (problems.empty()) {
      for (const treaty::NamedField& field : treaty::DisputesIn(request.command())) {
        ASSIGN_OR_RETURN(const bool is_here, IsHere(field.name));
        if (!is_here) problems.push_back({field.field, "form.not_here"});
        if (field.name == request.name()) problems.push_back({field.field, "form.itself"});
      }
    }
  }
  if (!problems.empty()) return Decision::Refused(Invalid(std::move(problems)));

  const std::string subject_id = begins ? ToHex(random_.Bytes(8)) : std::string(id);
  ASSIGN_OR_RETURN(const auto record, books_->views().Load<Record>(subject_id));
  const bool known = !IsUnknown(record->state()) && NameOf<Record>(record->state(), "") == prefix;
  Decision decision = begins || known
                          ? DecideByState<Record>(subject_id, record->state(), request.command(), *context)
                          : Decision::Refused(Failed(absl::NotFoundError("no such name here")));
  decision.told_from_size = record->told_from_size();
  return decision;
}

template <typename Record, typename State, typename Command>
Core::Decision Core::DecideByState(const std::string& subject_id, const State& state, const Command& command,
                                   const treaty::Context& context) const {
  constexpr bool kIsCase = std::is_same_v<Record, v1::CaseRecord>;
  if constexpr (kIsCase) {
    std::vector<treaty::FieldProblem> problems = NationalProblems(state, command);
    if (!problems.empty()) return Decision::Refused(Invalid(std::move(problems)));
  }
  auto verdict = treaty::Judge(state, command, context);
  if (auto* violation = std::get_if<v1::Violation>(&verdict))
    return Decision::Refused(Broken(std::move(*violation)));

  Decision decision;
  auto& acts = std::get<std::vector<typename Matter<Record>::Act>>(verdict);
  const State* before = &state;
  State after;
  for (auto& what : acts) {
    if constexpr (kIsCase) {
      // The series is its state's own; all else in the document follows from the protocol.
      if (what.has_status_issued())
        what.mutable_status_issued()->set_series(identity_.profile.document_series);
    }
    v1::Act& act = decision.AddAct(context, treaty::IsAddressed(*before, what));
    act.set_subject_id(subject_id);
    // What follows in the same verdict is judged by the state after this act.
    if (&what != &acts.back()) {
      after = treaty::Apply(*before, what, {identity_.self(), act.happened_on(), "", 0});
      before = &after;
    }
    Matter<Record>::In(act) = std::move(what);
  }
  return decision;
}

absl::StatusOr<Core::Decision> Core::Decide(const v1::SubmitCaseCommandRequest& request) {
  return DecideMatter<v1::CaseRecord>(request);
}
absl::StatusOr<Core::Decision> Core::Decide(const v1::SubmitMatterStepRequest& request) {
  return DecideMatter<v1::MatterRecord>(request);
}
absl::StatusOr<Core::Decision> Core::Decide(const v1::SubmitQuotaCommandRequest& request) {
  ASSIGN_OR_RETURN(const v1::TreatyState treaty_state, books_->views().LoadTreaty());
  const absl::StatusOr<treaty::Context> context = ContextFor(request.happened_on(), treaty_state, "");
  if (!context.ok()) return Decision::Refused(NoSuchDay());
  std::vector<treaty::FieldProblem> problems = treaty::CheckForm(request.command());
  if (!problems.empty()) return Decision::Refused(Invalid(std::move(problems)));
  ASSIGN_OR_RETURN(const v1::QuotaState state,
                   books_->views().LoadQuota(identity_.self(), treaty::YearOf(request.command())));
  treaty::QuotaVerdict verdict = treaty::Judge(state, request.command(), *context);
  if (auto* violation = std::get_if<v1::Violation>(&verdict))
    return Decision::Refused(Broken(std::move(*violation)));
  Decision decision;
  auto& acts = std::get<treaty::QuotaActs>(verdict);
  for (auto& [case_id, case_act] : acts.case_acts) {
    v1::Act& act = decision.AddAct(*context, true);
    // Whenever the quota was lowered: the case waits again from today.
    act.set_happened_on(FormatDate(context->today));
    act.set_subject_id(case_id);
    *act.mutable_case_act() = std::move(case_act);
  }
  for (v1::QuotaAct& quota_act : acts.acts) {
    *decision.AddAct(*context, true).mutable_quota_act() = std::move(quota_act);
  }
  return decision;
}

absl::StatusOr<Core::Decision> Core::Decide(const v1::SubmitTreatyCommandRequest& request) {
  ASSIGN_OR_RETURN(const v1::TreatyState state, books_->views().LoadTreaty());
  const absl::StatusOr<treaty::Context> context = ContextFor(request.happened_on(), state, "");
  if (!context.ok()) return Decision::Refused(NoSuchDay());
  std::vector<treaty::FieldProblem> problems = treaty::CheckForm(request.command());
  if (!problems.empty()) return Decision::Refused(Invalid(std::move(problems)));
  treaty::TreatyVerdict verdict = treaty::Judge(state, request.command(), *context);
  if (auto* violation = std::get_if<v1::Violation>(&verdict))
    return Decision::Refused(Broken(std::move(*violation)));
  Decision decision;
  for (v1::TreatyAct& treaty_act : std::get<std::vector<v1::TreatyAct>>(verdict)) {
    *decision.AddAct(*context, true).mutable_treaty_act() = std::move(treaty_act);
  }
  return decision;
}

}  // namespace kelisim::authority
