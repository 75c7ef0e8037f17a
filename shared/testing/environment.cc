#include "shared/testing/environment.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/authority/views.h"
#include "shared/base/bytes.h"
#include "shared/ledger/log.h"
#include "shared/testing/audited.h"

namespace kelisim::authority {

// Takes outputs without a commit and splits a batch: the bugs that the Turn's
// interface makes impossible to write.
class TurnSaboteur {
 public:
  static Outputs OutputsBeforeCommit(const Turn& turn) { return turn.outputs_; }
  static ledger::Batch PartOf(const Turn& turn, bool views) {
    ledger::Batch part;
    for (const auto& [key, value] : turn.batch_.changes()) {
      if ((key[0] == 'v') != views) continue;
      if (value) {
        part.Put(key, *value);
      } else {
        part.Delete(key);
      }
    }
    return part;
  }
};

}  // namespace kelisim::authority

namespace kelisim::testing {

using authority::Call;
using authority::Core;
using authority::Input;
using authority::Outputs;
using authority::PeerCall;
using authority::PeerMethod;
using authority::PeerReply;
using authority::Turn;
using authority::TurnSaboteur;
using ledger::LogRows;
using ledger::Side;
using ledger::Store;

Node::Node(int side_number, uint64_t seed)
    : side(side_number),
      identity(TestIdentity(side_number == 0 ? v1::PARTY_KZ : v1::PARTY_RU)),
      random(seed * 2 + static_cast<uint64_t>(side_number)) {}

v1::CaseState Node::StateOf(const std::string& case_id) const {
  ledger::Overlay rows(store);
  return authority::Views(party(), rows, *vault).Load<v1::CaseRecord>(case_id).value()->state();
}

std::string AuditFindings(const Node& node) {
  const Audited audited = AuditOf(node.identity, node.store, *node.vault);
  std::string findings;
  for (const std::string& finding : audited.findings)
    absl::StrAppend(&findings, node.name(), " audit: ", finding, "\n");
  if (!audited.status.ok())
    absl::StrAppend(&findings, node.name(), " audit failed: ", audited.status.ToString(), "\n");
  return findings;
}

Environment::Environment(uint64_t seed, absl::Time start, Bug bug)
    : random_(seed), nodes_{Node(0, seed), Node(1, seed)}, now_(start), bug_(bug) {}

// ---------------------------------------------------------------- processes

void Environment::Start(Node& node) {
  ++node.incarnation;
  node.vault = std::make_unique<ledger::Vault>(TestMasterKey(node.party()), node.random);
  authority::SeededBugs bugs;
  bugs.no_fence = bug_ == Bug::kNoFence;
  bugs.told_before_cosigned = bug_ == Bug::kToldBeforeCosigned;
  auto core = Core::Open(node.identity, node.store, *node.vault, node.random, *node.anchor.Load(), bugs);
  if (!core.ok()) return Break(absl::StrCat("start refused: ", core.status().ToString()));
  node.core = *std::move(core);
  node.reader = std::make_unique<authority::Reader>(node.identity, node.store, *node.vault);
  Note(
      absl::StrCat(node.name(), " starts with ", *LogRows<Store>(Side::kOwn, node.store).Size(), " entries"));
}

void Environment::Crash(Node& node, const char* when) {
  Note(absl::StrCat(node.name(), " crashes ", when));
  node.core.reset();
  node.held.clear();
  node.committed.clear();
  node.peer_calls.clear();
  Crashed(node);
}

void Environment::Step(Node& node, std::vector<Input> inputs) {
  if (node.core == nullptr || broken_) return;
  for (Input& input : inputs) node.held.push_back(std::move(input));
  if (hold_ > 0 && random_.Chance(hold_)) return;
  absl::StatusOr<Turn> turn = node.core->Step(now_, std::exchange(node.held, {}));
  if (!turn.ok()) return Break(absl::StrCat("step failed: ", turn.status().ToString()));
  const CrashAt crash = DrawCrash();
  if (bug_ == Bug::kAnswerBeforeSync) {
    Deliver(node, TurnSaboteur::OutputsBeforeCommit(*turn));
    if (crash == CrashAt::kBeforeCommit) return Crash(node, "before the commit");
    if (!Commit(node, *std::move(turn)) || !Release(node)) return;
    if (crash != CrashAt::kNever) Crash(node, "after the commit");
    return;
  }
  if (crash == CrashAt::kBeforeCommit) return Crash(node, "before the commit");
  if (crash == CrashAt::kBeforeAnchor) {
    const absl::Status committed = node.store.Commit(bug_ == Bug::kCursorAndEffectInTwoBatches
                                                         ? TurnSaboteur::PartOf(*turn, /*views=*/false)
                                                         : turn->batch());
    if (!committed.ok()) return Break(absl::StrCat("commit failed: ", committed.ToString()));
    return Crash(node, "after the commit, before the anchor");
  }
  if (!Commit(node, *std::move(turn))) return;
  // As in a service, turns may be told a little later than they are committed.
  const bool late = node.committed.size() <= kMostUnreleased && hold_ > 0 && random_.Chance(hold_);
  while (!late && !node.committed.empty()) {
    std::optional<Outputs> outputs = Release(node);
    if (!outputs) return;
    if (crash == CrashAt::kBeforeAnswers) return Crash(node, "after the commit, before the answers");
    Deliver(node, *std::move(outputs));
  }
}

bool Environment::Commit(Node& node, Turn turn) {
  absl::StatusOr<authority::CommittedTurn> committed = authority::Commit(std::move(turn), node.store);
  if (committed.ok()) {
    node.committed.push_back(*std::move(committed));
    return true;
  }
  Break(absl::StrCat("commit failed: ", committed.status().ToString()));
  return false;
}

std::optional<Outputs> Environment::Release(Node& node) {
  auto outputs = authority::Release(std::move(node.committed.front()), node.anchor, node.identity.witness,
                                    node.identity.mirror);
  node.committed.pop_front();
  if (outputs.ok()) return *std::move(outputs);
  Break(absl::StrCat("release failed: ", outputs.status().ToString()));
  return std::nullopt;
}

void Environment::Deliver(Node& node, Outputs outputs) {
  node.state = outputs.state;
  for (const authority::Event& event : outputs.events) Note(absl::StrCat(node.name(), " ", event.text));
  if (outputs.state.mode() == v1::HALTED) Break(absl::StrCat("I4 halted: ", outputs.state.reason()));
  for (authority::Reply& reply : outputs.replies) {
    const auto peer = node.peer_calls.find(reply.token);
    if (peer == node.peer_calls.end()) {
      Told(node, reply.token, reply.answer);
      continue;
    }
    Message answer = std::move(peer->second);
    node.peer_calls.erase(peer);
    answer.kind = Message::kResponse;
    answer.to = 1 - node.side;
    answer.status = reply.answer.status;
    answer.bytes = reply.answer.response;
    Send(std::move(answer));
  }
  for (Call& call : outputs.calls) {
    Message message{Message::kRequest,    1 - node.side, call.method, call.call_id, node.incarnation, {},
                    std::move(call.bytes)};
    in_flight_.emplace(now_ + absl::Seconds(5),
                       Message{Message::kTimeout, node.side, call.method, call.call_id, node.incarnation,
                               absl::DeadlineExceededError("no answer"), ""});
    Send(std::move(message));
  }
}

// ---------------------------------------------------------------- the link

void Environment::Send(Message message) {
  int copies = cut_ || random_.Chance(loss_) ? 0 : 1;
  if (copies == 1 && random_.Chance(repeat_)) copies = 2;
  for (int i = 0; i < copies; ++i) {
    const uint64_t tail_ms = long_delays_ && random_.Chance(0.1) ? 6000 : 100;
    in_flight_.emplace(now_ + absl::Milliseconds(1 + static_cast<int64_t>(random_.Below(tail_ms))), message);
  }
}

void Environment::Arrive(int count, absl::Duration wait) {
  for (; count > 0 && !in_flight_.empty() && !broken_; --count) {
    const auto first = in_flight_.begin();
    if (first->first > now_ + wait) return;
    now_ = std::max(now_, first->first);
    Message message = std::move(first->second);
    in_flight_.erase(first);
    Arrive(std::move(message));
  }
}

void Environment::Arrive(Message message) {
  Node& node = nodes_[message.to];
  if (node.core == nullptr) return;
  if (message.kind == Message::kRequest) {
    const uint64_t token = NewToken();
    const PeerMethod method = message.method;
    std::string bytes = message.bytes;
    node.peer_calls.emplace(token, std::move(message));
    return Step(node, {PeerCall{token, method, std::move(bytes)}});
  }
  // Answers to a process that is gone are gone with it.
  if (message.incarnation != node.incarnation) return;
  NoteCosigned(message);
  Step(node, {PeerReply{message.call_id, message.status, message.bytes}});
}

void Environment::NoteCosigned(const Message& message) {
  v1::PushResponse response;
  const bool is_push =
      message.kind == Message::kResponse && message.method == PeerMethod::kPush && message.status.ok();
  if (!is_push || !response.ParseFromString(message.bytes) || response.cosignatures().empty()) return;
  const auto note = LogRows<Store>(Side::kOwn, nodes_[message.to].store).Checkpoint(response.mirror_size());
  if (!note.ok()) return;
  cosigned_[message.to].emplace(response.mirror_size(), tlog::Checkpoint::InNote(*note)->root);
}

void Environment::LetRun(absl::Duration duration) {
  const absl::Time end = now_ + duration;
  while (now_ < end && !broken_) {
    for (Node& node : nodes_) Step(node, {authority::Tick{}});
    while (HasDueMessage() && !broken_) Arrive(1, absl::ZeroDuration());
    now_ += absl::Milliseconds(100);
  }
}

void Environment::ShiftArrivals(absl::Duration by) {
  for (auto& [at, message] : std::exchange(in_flight_, {})) in_flight_.emplace(at + by, message);
}

std::string Environment::NewUuid() {
  const std::string hex = ToHex(random_.Bytes(16));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4),
                      "-", hex.substr(20));
}

}  // namespace kelisim::testing
