#ifndef KELISIM_SHARED_TESTING_ENVIRONMENT_H_
#define KELISIM_SHARED_TESTING_ENVIRONMENT_H_

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "shared/authority/core.h"
#include "shared/authority/reader.h"
#include "shared/authority/turn.h"
#include "shared/base/civil.h"
#include "shared/ledger/memory_store.h"
#include "shared/testing/parties.h"

namespace kelisim::testing {

// Bugs seeded to prove that a simulation finds them.
enum class Bug {
  kNone,
  kAnswerBeforeSync,
  kCursorAndEffectInTwoBatches,
  kNoFence,
  kToldBeforeCosigned,
};

// One message between the two, on its way.
struct Message {
  enum Kind { kRequest, kResponse, kTimeout } kind;
  int to;  // 0: KZ, 1: RU
  authority::PeerMethod method;
  uint64_t call_id;
  uint64_t incarnation;  // of the caller's process
  absl::Status status;
  std::string bytes;
};

// One authority: what survives its process, and the process while it is up.
struct Node {
  Node(int side_number, uint64_t seed);

  v1::Party party() const { return identity.self(); }
  const char* name() const { return side == 0 ? "KZ" : "RU"; }
  // The state of a case as this node holds it, told or not.
  v1::CaseState StateOf(const std::string& case_id) const;

  int side;
  authority::Identity identity;
  SeededRandom random;
  ledger::MemoryStore store;
  MemoryAnchor anchor;
  std::unique_ptr<ledger::Vault> vault;
  std::unique_ptr<authority::Core> core;  // null while it is down
  std::unique_ptr<authority::Reader> reader;
  uint64_t incarnation = 0;
  v1::NodeState state;                             // as of the last turn
  std::map<uint64_t, Message> peer_calls;          // by token: the caller to answer
  std::vector<authority::Input> held;              // for the next turn
  std::deque<authority::CommittedTurn> committed;  // not released yet
};

// What an audit of a copy of its store finds; empty: nothing.
std::string AuditFindings(const Node& node);

// Two authorities and the link between them, in one thread and simulated time.
// The real cores run on memory stores; the link loses, repeats, delays and
// reorders as told. Whoever derives from it drives it and hears what happens.
class Environment {
 public:
  Environment(uint64_t seed, absl::Time start, Bug bug = Bug::kNone);
  virtual ~Environment() = default;

 protected:
  // A line of the trace, with the time.
  virtual void Note(std::string line) = 0;
  // Something that must never be.
  virtual void Break(std::string invariant) = 0;
  // An officer's answer has arrived.
  virtual void Told(Node& node, uint64_t token, const authority::Answer& answer) = 0;
  // Drawn for each turn.
  enum class CrashAt { kNever, kBeforeCommit, kBeforeAnchor, kBeforeAnswers };
  virtual CrashAt DrawCrash() { return CrashAt::kNever; }
  // The process is gone; decide when it comes back.
  virtual void Crashed(Node&) {}

  void Start(Node& node);
  void Crash(Node& node, const char* when);
  void Step(Node& node, std::vector<authority::Input> inputs);
  // Delivers messages that are due; lets time pass for them up to `wait`.
  void Arrive(int count, absl::Duration wait);
  // The civil date in the capital of this node's state.
  std::string TodayAt(const Node& node) const { return FormatDate(node.identity.profile.DateAt(now_)); }
  bool HasDueMessage() const { return !in_flight_.empty() && in_flight_.begin()->first <= now_; }
  // Both tick and all messages arrive, for `duration`.
  void LetRun(absl::Duration duration);
  void ShiftArrivals(absl::Duration by);
  uint64_t NewToken() { return ++last_token_; }
  std::string NewUuid();

  SeededRandom random_;
  Node nodes_[2];
  absl::Time now_;
  // The link. A cut link loses everything.
  bool cut_ = false;
  double loss_ = 0;
  double repeat_ = 0;
  bool long_delays_ = false;
  // How often an input waits for the next one, so that both come in one turn.
  double hold_ = 0;
  // Set by Break: nothing goes on after it.
  bool broken_ = false;
  // Roots of own ledgers that the counterpart has cosigned, by size.
  std::map<uint64_t, Hash> cosigned_[2];

 private:
  // Turns of a node that may be committed and not released.
  static constexpr size_t kMostUnreleased = 2;
  bool Commit(Node& node, authority::Turn turn);
  // Of the oldest turn that is committed; nullopt: Break was called.
  std::optional<authority::Outputs> Release(Node& node);
  void Deliver(Node& node, authority::Outputs outputs);
  void Send(Message message);
  void Arrive(Message message);
  void NoteCosigned(const Message& message);

  const Bug bug_;
  uint64_t last_token_ = 0;
  std::multimap<absl::Time, Message> in_flight_;
};

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_ENVIRONMENT_H_
