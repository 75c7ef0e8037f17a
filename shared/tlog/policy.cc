#include "shared/tlog/policy.h"

#include <functional>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::tlog {

absl::StatusOr<Policy> Policy::Parse(std::string_view text) {
  Policy policy;
  int number = 0;
  const auto wrong = [&](std::string_view what) {
    return absl::InvalidArgumentError(absl::StrCat("policy line ", number, ": ", Absl(what)));
  };
  for (absl::string_view line : absl::StrSplit(Absl(text), '\n')) {
    ++number;
    if (line.empty() || line[0] == '#') continue;
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    if (words.empty()) continue;
    const auto is_taken = [&](const std::string& name) {
      return name == "none" || policy.witnesses_.contains(name) || policy.groups_.contains(name);
    };
    if (words[0] == "log" && (words.size() == 2 || words.size() == 3)) {
      const absl::StatusOr<NoteVerifier> key = NoteVerifier::Parse(words[1]);
      if (!key.ok() || key->type() != KeyType::kEd25519) return wrong("not a log's vkey");
      policy.logs_.push_back(*key);
    } else if (words[0] == "witness" && (words.size() == 3 || words.size() == 4)) {
      const absl::StatusOr<NoteVerifier> key = NoteVerifier::Parse(words[2]);
      if (!key.ok() || key->type() != KeyType::kCosignature) return wrong("not a cosigner's vkey");
      if (is_taken(words[1])) return wrong("this name is taken");
      policy.witnesses_.emplace(words[1], Witness{*key, words.size() == 4 ? words[3] : ""});
    } else if (words[0] == "group" && words.size() >= 4) {
      if (is_taken(words[1])) return wrong("this name is taken");
      Group group{0, {words.begin() + 3, words.end()}};
      std::set<std::string> unique;
      for (const std::string& member : group.members) {
        if (member == "none" || !is_taken(member)) return wrong("a member of the group is not defined above");
        if (!unique.insert(member).second) return wrong("a member of the group stands twice");
      }
      const std::optional<uint64_t> threshold = ParseDecimal(words[2]);
      if (words[2] != "all" && words[2] != "any" &&
          (!threshold || *threshold == 0 || *threshold > group.members.size())) {
        return wrong("the threshold is all, any or a number of members");
      }
      group.threshold = words[2] == "all" ? group.members.size() : words[2] == "any" ? 1 : *threshold;
      policy.groups_.emplace(words[1], std::move(group));
    } else if (words[0] == "quorum" && words.size() == 2) {
      if (!policy.quorum_.empty()) return wrong("there is a quorum already");
      if (!is_taken(words[1])) return wrong("the quorum is not defined above");
      policy.quorum_ = words[1];
    } else {
      return wrong("expected log, witness, group or quorum");
    }
  }
  if (policy.quorum_.empty()) return absl::InvalidArgumentError("policy has no quorum line");
  return policy;
}

const NoteVerifier* Policy::FindLog(std::string_view origin) const {
  for (const NoteVerifier& log : logs_) {
    if (log.name() == origin) return &log;
  }
  return nullptr;
}

const NoteVerifier* Policy::FindWitness(std::string_view key_name) const {
  for (const auto& [name, witness] : witnesses_) {
    if (witness.key.name() == key_name) return &witness.key;
  }
  return nullptr;
}

absl::StatusOr<Checkpoint> Policy::Verify(const Note& note) const {
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(note.text));
  const NoteVerifier* log = FindLog(checkpoint.origin);
  if (log == nullptr) return absl::PermissionDeniedError("no log of this policy has this origin");
  const absl::Status signed_by_log = VerifyNote(note, *log);
  if (absl::IsNotFound(signed_by_log)) return absl::PermissionDeniedError("the log has not signed this");
  RETURN_IF_ERROR(signed_by_log);

  // Groups name only what stands above them, so one pass in dependency order
  // would do; evaluating by name is simpler and as bounded.
  std::map<std::string, bool> met{{"none", true}};
  for (const auto& [name, witness] : witnesses_) {
    const absl::Status cosigned = VerifyNote(note, witness.key);
    if (!cosigned.ok() && !absl::IsNotFound(cosigned)) return cosigned;
    met[name] = cosigned.ok();
  }
  const std::function<bool(const std::string&)> is_met = [&](const std::string& name) {
    if (const auto it = met.find(name); it != met.end()) return it->second;
    const Group& group = groups_.at(name);
    size_t count = 0;
    for (const std::string& member : group.members) count += is_met(member) ? 1 : 0;
    return met[name] = count >= group.threshold;
  };
  if (!is_met(quorum_)) return absl::FailedPreconditionError("cosignatures do not meet the quorum");
  return checkpoint;
}

}  // namespace kelisim::tlog
