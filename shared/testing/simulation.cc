#include "shared/testing/simulation.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/crypto/digest.h"
#include "shared/testing/dossiers.h"
#include "shared/testing/officer.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/resettlement.h"

namespace kelisim::testing {
namespace {

using authority::OfficerCall;
using ledger::LogRows;
using ledger::MemoryStore;
using ledger::Side;
using ledger::Store;

constexpr uint32_t kQuota = 5;
constexpr uint64_t kSeedsPerDossierCheck = 20;

// A request an officer has sent and will send again until an answer comes.
struct Request {
  OfficerCall call;
  std::string what;
  int tries = 0;
  std::optional<std::string> answer;  // serialised response of the first OK
  std::string case_id;
  bool is_issue = false;
  bool irreversible = false;
};

// What a simulated node has beside an environment's.
struct Extra {
  absl::Time up_again_at;
  std::optional<MemoryStore> backup;
  bool was_restored = false;
  std::map<uint64_t, size_t> waiting;  // token -> request
  std::vector<Request> requests;
};

// Every fourth begins where it is the new year in Astana, and soon in Moscow too.
absl::Time StartOf(uint64_t seed) {
  const absl::CivilSecond start =
      seed % 4 == 1 ? absl::CivilSecond(2026, 12, 31, 20, 59, 30) : absl::CivilSecond(2026, 12, 20, 8, 0, 0);
  return absl::FromCivil(start, absl::UTCTimeZone());
}

class Simulation final : private Environment {
 public:
  explicit Simulation(const SimulationOptions& options)
      : Environment(options.seed, StartOf(options.seed), options.bug), options_(options) {
    loss_ = random_.Chance(0.5) ? 0.3 * Fraction() : 0;
    repeat_ = random_.Chance(0.5) ? 0.3 * Fraction() : 0;
    crash_ = random_.Chance(0.6) ? 0.04 * Fraction() : 0;
    restored_side_ = random_.Chance(0.5) ? static_cast<int>(random_.Below(2)) : -1;
    long_delays_ = random_.Chance(0.3);
    hold_ = random_.Chance(0.5) ? 0.5 * Fraction() : 0;
    // Those of tests/seeds.txt are others: their course stays as it was.
    amendments_ = std::set<uint64_t>{2, 5, 8, 13}.contains(options.seed % 32);
    late_departures_ = std::set<uint64_t>{1, 4, 10, 14, 24, 27}.contains(options.seed % 32);
  }

  SimulationResult Run() {
    for (Node& node : nodes_) Start(node);
    SetQuotas();
    for (int i = 0; i < options_.events && !broken_; ++i) {
      Disturb();
      CheckQuotas();
    }
    Settle();
    if (result_.violations.empty()) CheckAtRest();
    if (!result_.violations.empty()) result_.trace = std::move(trace_);
    result_.fingerprint = ReadU64(Sha256(fingerprint_).bytes());
    return std::move(result_);
  }

 private:
  double Fraction() { return static_cast<double>(random_.Below(1000)) / 1000; }

  void Note(std::string line) override {
    line = absl::StrCat(absl::FormatTime("%m-%d %H:%M:%E3S ", now_, absl::UTCTimeZone()), line);
    fingerprint_ = std::string(Sha256({fingerprint_, line}).bytes());
    trace_.push_back(std::move(line));
    if (trace_.size() > 3000) trace_.erase(trace_.begin(), trace_.begin() + 1000);
  }
  void Break(std::string invariant) override {
    broken_ = true;
    Note(absl::StrCat("VIOLATION ", invariant));
    result_.violations.push_back(std::move(invariant));
  }

  // ---- faults

  CrashAt DrawCrash() override {
    if (!faults_ || !random_.Chance(crash_)) return CrashAt::kNever;
    constexpr CrashAt kMoments[] = {CrashAt::kBeforeCommit, CrashAt::kBeforeAnchor, CrashAt::kBeforeAnswers};
    return kMoments[random_.Below(3)];
  }

  void Crashed(Node& node) override {
    Extra& extra = extra_[node.side];
    ++result_.crashes;
    extra.waiting.clear();
    extra.up_again_at = now_ + absl::Milliseconds(50 + static_cast<int64_t>(random_.Below(3000)));
    const bool restore = faults_ && node.side == restored_side_ && extra.backup && random_.Chance(0.5);
    if (!restore) return;
    ++result_.restores;
    extra.was_restored = true;
    Note(absl::StrCat(node.name(), " is restored from a backup of ",
                      *LogRows<Store>(Side::kOwn, *extra.backup).Size(), " entries"));
    node.store = *extra.backup;
    // A backup of an abandoned branch is not used again.
    extra.backup.reset();
  }

  // ---- officers

  void SetQuotas() {
    for (Node& node : nodes_) {
      for (int year : {2026, 2027}) {
        v1::SubmitQuotaCommandRequest request;
        request.set_request_id(NewUuid());
        v1::QuotaLimit& limit = *request.mutable_command()->mutable_set_quota();
        limit.set_year(year);
        limit.set_limit(kQuota);
        limit.set_legal_act("order 1");
        Ask(node, request, "set_quota", "");
      }
    }
  }

  template <typename Proto>
  void Ask(Node& node, const Proto& request, std::string what, std::string case_id) {
    Request made{{0, "spiffe://kelisim.example/officer/1", Sha256(request.SerializeAsString()), request},
                 std::move(what),
                 0,
                 std::nullopt,
                 std::move(case_id),
                 false,
                 false};
    made.is_issue = made.what == "issue_status";
    made.irreversible = made.is_issue || made.what == "recognise";
    std::vector<Request>& requests = extra_[node.side].requests;
    requests.push_back(std::move(made));
    Try(node, requests.size() - 1);
  }

  void Try(Node& node, size_t number) {
    if (node.core == nullptr) return;
    Request& request = extra_[node.side].requests[number];
    ++request.tries;
    request.call.token = NewToken();
    extra_[node.side].waiting[request.call.token] = number;
    Step(node, {request.call});
  }

  void Told(Node& node, uint64_t token, const authority::Answer& answer) override {
    Extra& extra = extra_[node.side];
    const auto waiting = extra.waiting.find(token);
    if (waiting == extra.waiting.end()) return;
    Request& request = extra.requests[waiting->second];
    extra.waiting.erase(waiting);
    if (!answer.status.ok()) {
      const std::string why =
          answer.violation.rule().empty() ? std::string(answer.status.message()) : answer.violation.rule();
      Note(absl::StrCat(node.name(), " refuses ", request.what, " ", request.case_id, ": ", why,
                        answer.problems.empty()
                            ? ""
                            : absl::StrCat(" ", answer.problems[0].field, " ", answer.problems[0].problem)));
      // A refused command is answered and not asked again.
      if (!absl::IsUnavailable(answer.status)) request.tries = 1000;
      return;
    }
    const v1::SubmitCaseCommandResponse response = ResponseOf(request, answer.response);
    Note(absl::StrCat(node.name(), " says OK to ", request.what, " ", response.name(), " ",
                      response.entries_size() > 0 ? absl::StrCat("#", response.entries(0).index()) : ""));
    if (request.answer && *request.answer != answer.response && !extra.was_restored) {
      Break("I2b another answer to the same request");
    }
    const bool first = !request.answer;
    request.answer = answer.response;
    if (first) ++result_.acts;
    if (request.is_issue) CheckTold(node, response.name());
  }

  // Both kinds of matter answer alike: name and entries. Empty for a quota.
  static v1::SubmitCaseCommandResponse ResponseOf(const Request& request, const std::string& bytes) {
    v1::SubmitCaseCommandResponse response;
    if (std::holds_alternative<v1::SubmitCaseCommandRequest>(request.call.request)) {
      (void)response.ParseFromString(bytes);
    } else if (std::holds_alternative<v1::SubmitMatterStepRequest>(request.call.request)) {
      v1::SubmitMatterStepResponse of_matter;
      (void)of_matter.ParseFromString(bytes);
      response.set_name(of_matter.name());
      *response.mutable_entries() = of_matter.entries();
    }
    return response;
  }

  // I3: a status document told for a person whose earlier told one still stands.
  void CheckTold(const Node& node, const std::string& name) {
    const std::string case_id = name.substr(std::string("cases/").size());
    const v1::CaseState state = node.StateOf(case_id);
    ++result_.issued_told;
    // An old answer, asked for again after the case was withdrawn or annulled.
    if (treaty::IsClosed(state.status())) return;
    for (const v1::Person* person : treaty::IncludedPersons(state)) {
      std::set<std::string>& told = told_issued_[person->identifiers(0).number()];
      for (const std::string& earlier : told) {
        if (earlier != case_id && !IsReleased(earlier, *person)) {
          Break(absl::StrCat("I3 the once-only right was told twice: cases ", earlier, " and ", case_id));
        }
      }
      told.insert(case_id);
    }
  }

  // The case ended before a benefit was used, or the person left it.
  bool IsReleased(const std::string& case_id, const v1::Person& person) const {
    for (const Node& node : nodes_) {
      const v1::CaseState state = node.StateOf(case_id);
      if (state.status() == v1::CASE_STATUS_UNSPECIFIED) continue;
      const std::vector<const v1::Person*> held = treaty::EffectsOf(state, node.party()).persons;
      const bool holds = std::any_of(held.begin(), held.end(), [&](const v1::Person* one) {
        return one->identifiers(0).number() == person.identifiers(0).number();
      });
      if (!holds) return true;
    }
    return false;
  }

  // Of an ended case it becomes known that the family had left before. False: there is none.
  bool RecordLateDeparture(Node& node) {
    v1::ListCasesRequest list;
    list.set_page_size(500);
    const auto cases = node.reader->ListCases(list);
    if (!cases.ok()) return false;
    for (const v1::CaseSummary& summary : cases->cases()) {
      const v1::CaseState state = node.StateOf(summary.name().substr(6));
      const bool may_have_departed =
          state.document().issued_on() < state.ended_on() && state.crossed_on().empty();
      if (state.departure_state() != node.party() || !may_have_departed || !random_.Chance(0.5)) continue;
      v1::SubmitCaseCommandRequest request;
      request.set_request_id(NewUuid());
      request.set_name(summary.name());
      request.mutable_command()->mutable_record_exit()->set_crossed_on(state.document().issued_on());
      request.mutable_command()->mutable_record_exit()->set_crossing_point("CP-1");
      Ask(node, request, "record_exit", summary.name().substr(6));
      return true;
    }
    return false;
  }

  void OfficerActs(Node& node) {
    if (node.core == nullptr) return;
    if (late_departures_ && random_.Chance(0.2) && RecordLateDeparture(node)) return;
    const std::string today = TodayAt(node);
    v1::ListCasesRequest list;
    list.set_page_size(500);
    // Now and then an officer looks at a case whose turn is the counterpart's.
    list.set_my_turn(!random_.Chance(0.1));
    const auto cases = node.reader->ListCases(list);
    if (!cases.ok()) return Break(absl::StrCat("list failed: ", cases.status().ToString()));
    std::vector<std::string> open;
    for (const v1::CaseSummary& summary : cases->cases()) {
      if (!treaty::IsClosed(summary.status())) open.push_back(summary.name());
    }
    v1::SubmitCaseCommandRequest request;
    request.set_request_id(NewUuid());
    if (open.empty() || (open.size() < 4 && random_.Chance(0.15))) {
      // Some people turn up on both sides.
      const int head =
          static_cast<int>(random_.Below(kPeople * 3 / 5)) + (node.side == 0 ? 0 : kPeople * 2 / 5);
      std::vector<int> family;
      if (random_.Chance(0.4)) family.push_back((head + 1) % kPeople);
      *request.mutable_command()->mutable_file_petition() = PetitionOf(node.party(), head, family, today);
      return Ask(node, request, "file_petition", "");
    }
    const std::string name = open[random_.Below(open.size())];
    const auto view = node.reader->GetCase(name, now_);
    if (!view.ok()) return Break(absl::StrCat("read of ", name, " failed: ", view.status().ToString()));
    std::vector<std::string> actions;
    for (const v1::AllowedAction& action : view->allowed_actions()) {
      if (action.by() != node.party()) continue;
      actions.push_back(action.action());
      // Cases should get on: endings are rarer than steps.
      static const std::set<std::string> kEndings = {
          "withdraw", "annul",           "exclude",         "refuse_scope", "decline",
          "opt_out",  "suspend",         "give_notice",     "defer",        "remove_member",
          "lapse",    "return_petition", "reissue_document"};
      const bool may_depart_late = late_departures_ && view->state().status() == v1::PREPARING;
      const bool often = may_depart_late || !kEndings.contains(action.action());
      if (often) actions.insert(actions.end(), 30, action.action());
    }
    if (actions.empty()) return;
    const std::string action = actions[random_.Below(actions.size())];
    auto command = PlausibleCommand(action, view->state(), today, random_);
    if (!command) return;
    request.set_name(name);
    *request.mutable_command() = *std::move(command);
    const auto of_convict = OfConvict(request.command());
    if (of_convict && random_.Below(2) == 0) *request.mutable_command() = *of_convict;
    Ask(node, request, action, name.substr(6));
  }

  // What both Parties ratify and exchange.
  static v1::MatterStep AmendmentDraft() {
    v1::MatterStep step;
    v1::Instrument& draft = *step.mutable_instrument()->mutable_draft();
    draft.set_kind(v1::Instrument::AMENDMENT);
    draft.set_title("an amendment");
    draft.set_text_kk_sha256(std::string(32, 'a'));
    draft.set_text_ru_sha256(std::string(32, 'a'));
    v1::RuleChange& change = *draft.add_changes();
    change.set_rule("12.1");
    change.mutable_text()->set_kk("жаңа");
    change.mutable_text()->set_ru("новое");
    change.mutable_text()->set_en("new");
    return step;
  }

  // The same for matters: few at a time, of every kind, of a case that is known.
  void OfficerActsOnMatters(Node& node) {
    const std::string today = TodayAt(node);
    v1::ListMattersRequest list;
    list.set_page_size(500);
    const auto matters = node.reader->ListMatters(list);
    if (!matters.ok()) return Break(absl::StrCat("list failed: ", matters.status().ToString()));
    static const std::vector<treaty::MatterKind> kinds = treaty::MatterKinds();
    std::vector<std::string> open;
    for (const v1::MatterSummary& summary : matters->matters()) {
      if (summary.status() != v1::ENFORCED && summary.status() != v1::PROPERTY_IMPORTED &&
          summary.status() != v1::PROPERTY_RELEASED) {
        open.push_back(summary.name());
      }
    }
    v1::SubmitMatterStepRequest request;
    request.set_request_id(NewUuid());
    if (open.empty() || random_.Chance(0.15)) {
      v1::ListCasesRequest list_cases;
      list_cases.set_page_size(20);
      const auto cases = node.reader->ListCases(list_cases);
      if (!cases.ok() || cases->cases().empty()) return;
      const int number = static_cast<int>(random_.Below(static_cast<uint32_t>(cases->cases_size())));
      const treaty::MatterKind& kind = kinds[random_.Below(static_cast<uint32_t>(kinds.size()))];
      auto step = PlausibleStep(*kind.kind, kind.begins, {}, node.party(),
                                cases->cases(number).name().substr(6), today);
      if (!step) return;
      if (amendments_) *step = AmendmentDraft();
      *request.mutable_command() = *std::move(step);
      return Ask(node, request, amendments_ ? "draft" : kind.begins, "");
    }
    const std::string name = open[random_.Below(static_cast<uint32_t>(open.size()))];
    const auto view = node.reader->GetMatter(name, now_);
    if (!view.ok()) return Break(absl::StrCat("read of ", name, " failed: ", view.status().ToString()));
    std::vector<std::string> actions;
    for (const v1::AllowedAction& action : view->allowed_actions()) {
      if (action.by() == node.party()) actions.push_back(action.action());
    }
    if (actions.empty()) return;
    const std::string action = actions[random_.Below(static_cast<uint32_t>(actions.size()))];
    const std::string_view collection = treaty::CollectionOf(view->state());
    for (const treaty::MatterKind& kind : kinds) {
      if (kind.collection != collection) continue;
      auto step = PlausibleStep(*kind.kind, action, view->state(), node.party(), "", today);
      if (!step) return;
      if (step->dispute().has_link()) {
        const auto other = std::find_if(open.begin(), open.end(), [&](const std::string& one) {
          return one != name && absl::StartsWith(one, "disputes/");
        });
        if (other == open.end()) return;
        step->mutable_dispute()->mutable_link()->set_linked(*other);
      }
      request.set_name(name);
      *request.mutable_command() = *std::move(step);
      Ask(node, request, action, name);
    }
  }

  void RetrySomething(Node& node) {
    const std::vector<Request>& requests = extra_[node.side].requests;
    for (size_t i = 0; i < requests.size(); ++i) {
      if (!requests[i].answer && requests[i].tries < 50) return Try(node, i);
    }
    // Ask again what was answered: the same answer must come.
    if (requests.empty()) return;
    const size_t number = random_.Below(requests.size());
    if (requests[number].answer) Try(node, number);
  }

  // ---- events

  void StartIfDue(Node& node) {
    if (node.core == nullptr && now_ >= extra_[node.side].up_again_at) Start(node);
  }

  void Disturb() {
    Node& node = nodes_[random_.Below(2)];
    now_ += absl::Milliseconds(static_cast<int64_t>(random_.Below(40)));
    if (random_.Chance(late_departures_ ? 0.02 : 0.004))
      now_ += absl::Hours(24 * (1 + static_cast<int>(random_.Below(9))));
    StartIfDue(node);
    const uint64_t dice = random_.Below(100);
    if (dice < 34) {
      OfficerActs(node);
    } else if (dice < 40) {
      if (node.core != nullptr) OfficerActsOnMatters(node);
    } else if (dice < 47) {
      RetrySomething(node);
    } else if (dice < 52) {
      Step(node, {authority::Tick{}});
    } else if (dice < 54 && node.core != nullptr && node.side == restored_side_ &&
               node.state.mode() == v1::OPEN_FOR_ALL) {
      extra_[node.side].backup = node.store;
      Note(absl::StrCat(node.name(), " is backed up"));
    } else if (dice < 55 && node.core != nullptr && random_.Chance(crash_ * 10)) {
      Crash(node, "at rest");
    } else {
      Arrive(1 + static_cast<int>(random_.Below(3)), absl::Seconds(1));
    }
  }

  // Faults stop; three simulated minutes must suffice. Then officers ask once
  // more for what they have no answer to.
  void Settle() {
    faults_ = false;
    loss_ = repeat_ = hold_ = 0;
    long_delays_ = false;
    Note("faults stop");
    now_ = std::max({now_, extra_[0].up_again_at, extra_[1].up_again_at});
    for (Node& node : nodes_) StartIfDue(node);
    RunUntilAtRest(absl::Minutes(3));
    for (Node& node : nodes_) {
      std::vector<Request>& requests = extra_[node.side].requests;
      for (size_t i = 0; i < requests.size(); ++i) {
        if (!requests[i].answer && requests[i].tries < 1000) Try(node, i);
      }
    }
    RunUntilAtRest(absl::Minutes(1));
  }

  void RunUntilAtRest(absl::Duration limit) {
    const absl::Time end = now_ + limit;
    do {
      LetRun(absl::Seconds(6));  // longer than a call can be outstanding
    } while (now_ < end && !broken_ && !AtRest());
  }

  bool AtRest() const {
    for (const Node& node : nodes_) {
      const v1::NodeState& other = nodes_[1 - node.side].state;
      if (node.state.mode() != v1::OPEN_FOR_ALL || node.state.cosigned_size() != node.state.own_size() ||
          node.state.own_size() != other.mirror_size() || other.processed_size() != other.mirror_size()) {
        return false;
      }
    }
    return true;
  }

  // ---- invariants

  void CheckQuotas() {
    for (const Node& node : nodes_) {
      ledger::Overlay rows(node.store);
      const authority::Views views(node.party(), rows, *node.vault);
      for (v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) {
        for (int year : {2026, 2027}) {
          const v1::QuotaState quota = *views.LoadQuota(party, year);
          if (quota.reserved() + quota.used() > quota.limit()) Break("I3 the quota was exceeded");
        }
      }
    }
  }

  void CheckAtRest() {
    for (Node& node : nodes_) {
      if (node.state.mode() != v1::OPEN_FOR_ALL) {
        return Break(absl::StrCat("I5 ", node.name(), " is not open: ", node.state.reason()));
      }
    }
    for (Node& node : nodes_) {
      const Node& other = nodes_[1 - node.side];
      if (node.state.own_size() != other.state.mirror_size() ||
          node.state.cosigned_size() != node.state.own_size() ||
          other.state.processed_size() != other.state.mirror_size()) {
        return Break(absl::StrCat("I5 ", node.name(), "'s ledger did not get across: ",
                                  node.state.ShortDebugString(), " / ", other.state.ShortDebugString()));
      }
      CheckLedger(node);
      CheckAcknowledged(node);
      CheckRebuild(node);
      if (options_.seed % kSeedsPerDossierCheck == 0) CheckDossiers(node);
    }
    CheckEqualViews();
  }

  // What either Party says of any matter, a stranger finds to be true and lawful.
  void CheckDossiers(const Node& node) {
    const std::string problem = VerifyAllDossiers(node.identity, *node.reader, now_);
    if (!problem.empty()) Break(absl::StrCat(node.name(), ": ", problem));
  }

  // I4 and the mirror: roots recomputed from the entries alone.
  void CheckLedger(const Node& node) {
    const Node& other = nodes_[1 - node.side];
    tlog::RightEdge edge;
    std::set<std::string> request_acts;
    std::set<std::string> ids;
    for (uint64_t i = 0; i < node.state.own_size(); ++i) {
      const std::string entry = *LogRows<Store>(Side::kOwn, node.store).Entry(i);
      if (entry != *LogRows<Store>(Side::kMirror, other.store).Entry(i))
        return Break("I4 ledger and mirror differ");
      edge.Append(tlog::LeafHash(entry));
      const auto cosigned = cosigned_[node.side].find(i + 1);
      if (cosigned != cosigned_[node.side].end() && cosigned->second != edge.Root()) {
        return Break(absl::StrCat("I4 the ledger contradicts the checkpoint cosigned at ", i + 1));
      }
      v1::Entry parsed;
      if (!parsed.ParseFromString(entry)) return Break("an own entry cannot be read");
      if (!ids.insert(parsed.entry_id()).second) Break("I2 an entry stands twice in the ledger");
      if (parsed.kind() == v1::ENTRY_KIND_REFUSAL) NoteRefusal(node, i);
      const v1::Act act = parsed.kind() == v1::ENTRY_KIND_ACT ? PayloadAt<v1::Act>(node, i) : v1::Act();
      if (!act.request_id().empty() &&
          !request_acts.insert(absl::StrCat(act.request_id(), " ", act.request_act_number())).second) {
        Break(absl::StrCat("I2 request ", act.request_id(), " was applied twice"));
      }
    }
  }

  // The payload of an own entry; empty when a restore has lost it.
  template <typename Payload>
  Payload PayloadAt(const Node& node, uint64_t index) const {
    Payload payload;
    const auto sealed = *LogRows<Store>(Side::kOwn, node.store).SealedPayload(index);
    if (!sealed) return payload;
    const auto unsealed =
        node.vault->Unseal(node.store, authority::PayloadContext(Side::kOwn, index), *sealed);
    (void)payload.ParseFromString(authority::SplitPayload(*unsealed)->payload);
    return payload;
  }

  void NoteRefusal(const Node& node, uint64_t index) {
    const auto refusal = PayloadAt<v1::Refusal>(node, index);
    const auto act = PayloadAt<v1::Act>(nodes_[1 - node.side], refusal.refused().index());
    const auto* what = act.case_act().GetDescriptor()->FindFieldByNumber(act.case_act().act_case());
    ++result_
          .refusals[absl::StrCat(what == nullptr ? "other" : what->name(), " ", refusal.violation().rule())];
  }

  // I1: what was acknowledged is there; after a restore, unless it is listed as lost.
  void CheckAcknowledged(const Node& node) {
    std::vector<v1::LossRecord> losses;
    for (uint64_t i = 0; i < node.state.own_size(); ++i) {
      v1::Entry entry;
      (void)entry.ParseFromString(*LogRows<Store>(Side::kOwn, node.store).Entry(i));
      if (entry.kind() != v1::ENTRY_KIND_LOSS) continue;
      losses.push_back(PayloadAt<v1::LossRecord>(node, i));
      if (!extra_[node.side].was_restored) Break("I1 a loss without a restore");
    }
    for (const Request& request : extra_[node.side].requests) {
      if (!request.answer) continue;
      const v1::SubmitCaseCommandResponse response = ResponseOf(request, *request.answer);
      for (const v1::EntryReference& told : response.entries()) {
        v1::Entry entry;
        const auto bytes = LogRows<Store>(Side::kOwn, node.store).Entry(told.index());
        if (bytes.ok()) (void)entry.ParseFromString(*bytes);
        if (entry.entry_id() == told.entry_id()) continue;
        const bool listed = std::any_of(losses.begin(), losses.end(), [&](const v1::LossRecord& loss) {
          return loss.from_size() <= told.index() && told.index() < loss.to_size();
        });
        if (!listed)
          Break(
              absl::StrCat("I1 acknowledged act lost: ", node.name(), " #", told.index(), " ", request.what));
        if (request.irreversible) Break("I1 a told irreversible act was lost");
      }
    }
  }

  // views = fold(own ledger, mirror).
  void CheckRebuild(const Node& node) {
    if (const std::string findings = AuditFindings(node); !findings.empty()) Break(findings);
  }

  // I5: both hold the same of every case that both know.
  void CheckEqualViews() {
    v1::ListCasesRequest list;
    list.set_page_size(500);
    for (const Node& node : nodes_) {
      const Node& other = nodes_[1 - node.side];
      const auto cases = node.reader->ListCases(list);
      for (const v1::CaseSummary& summary : cases->cases()) {
        const std::string case_id = summary.name().substr(6);
        const v1::CaseState mine = node.StateOf(case_id);
        const v1::CaseState theirs = other.StateOf(case_id);
        const bool local = mine.entry_state() == node.party() &&
                           theirs.status() == v1::CASE_STATUS_UNSPECIFIED && mine.hand_offs_done() == 0;
        const bool departed_late = !mine.crossed_on().empty() && treaty::IsClosed(mine.status()) &&
                                   mine.closed_from() == v1::PREPARING;
        if (node.side == 0 && departed_late) ++result_.late_departures;
        if (!local && mine.SerializeAsString() != theirs.SerializeAsString()) {
          Break(absl::StrCat("I5 the views of case ", case_id, " differ:\n", mine.DebugString(), "---\n",
                             theirs.DebugString()));
          return;
        }
      }
      CheckEqualMatters(node, other);
    }
  }

  void CheckEqualMatters(const Node& node, const Node& other) {
    v1::ListMattersRequest list;
    list.set_page_size(500);
    const auto matters = node.reader->ListMatters(list);
    if (!matters.ok()) return Break(absl::StrCat("list failed: ", matters.status().ToString()));
    for (const v1::MatterSummary& summary : matters->matters()) {
      const auto mine = node.reader->GetMatter(summary.name(), now_);
      const auto theirs = other.reader->GetMatter(summary.name(), now_);
      // What was not told yet stays at home.
      if (absl::IsNotFound(theirs.status()) && !mine->state().shared()) continue;
      if (!theirs.ok() || mine->state().SerializeAsString() != theirs->state().SerializeAsString()) {
        return Break(absl::StrCat("I5 the views of ", summary.name(), " differ:\n",
                                  mine->state().DebugString(), "---\n",
                                  theirs.ok() ? theirs->state().DebugString() : "unknown"));
      }
      CheckEqualEvidence(*mine, *theirs);
    }
  }

  // What both show of a matter, they show alike.
  void CheckEqualEvidence(const v1::MatterFile& mine, const v1::MatterFile& theirs) {
    for (const v1::TimelineItem& item : mine.timeline()) {
      for (const v1::TimelineItem& other : theirs.timeline()) {
        if (item.entry().entry_id() == other.entry().entry_id() && item.evidence() != other.evidence()) {
          return Break(absl::StrCat("I5 an act of ", mine.name(), " is ", v1::Evidence_Name(item.evidence()),
                                    " here and ", v1::Evidence_Name(other.evidence()), " there"));
        }
      }
    }
  }

  const SimulationOptions options_;
  Extra extra_[2];
  bool faults_ = true;
  bool amendments_ = false;       // and no other kind of matter is begun
  bool late_departures_ = false;  // some who ended their case had crossed the border before
  double crash_ = 0;
  int restored_side_ = -1;
  std::map<std::string, std::set<std::string>> told_issued_;
  std::vector<std::string> trace_;
  std::string fingerprint_;
  SimulationResult result_;
};

}  // namespace

SimulationResult RunSimulation(const SimulationOptions& options) { return Simulation(options).Run(); }

}  // namespace kelisim::testing
