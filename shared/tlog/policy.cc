#include "shared/tlog/policy.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::tlog {
namespace {

// The quorum that needs no cosignature; no name of a witness or group.
constexpr char kNone[] = "none";
// Begins a comment that says how long a key counts.
constexpr char kRangeWord[] = "#key";

absl::Status Wrong(std::string_view what) { return absl::InvalidArgumentError(Absl(what)); }

bool IsPolicyOctet(char c) {
  const unsigned char octet = static_cast<unsigned char>(c);
  return octet == '\t' || (octet >= 0x20 && octet != 0x7f);
}

}  // namespace

absl::StatusOr<Policy> Policy::Parse(std::string_view text) {
  Policy policy;
  int number = 0;
  for (absl::string_view line : absl::StrSplit(Absl(text), '\n')) {
    ++number;
    const std::vector<std::string> words = absl::StrSplit(line, absl::ByAnyChar(" \t"), absl::SkipEmpty());
    const bool is_text = std::all_of(line.begin(), line.end(), IsPolicyOctet);
    const absl::Status added = is_text ? policy.AddLine(words) : Wrong("has a control character");
    if (!added.ok()) return Wrong(absl::StrCat("policy line ", number, ": ", added.message()));
  }
  if (policy.quorum_.empty()) return Wrong("policy has no quorum line");
  return policy;
}

absl::Status Policy::AddLine(const std::vector<std::string>& words) {
  if (!words.empty() && words[0] == kRangeWord) return AddRange(words);
  if (words.empty() || words[0][0] == '#') return absl::OkStatus();
  const size_t count = words.size();
  if (words[0] == "log" && (count == 2 || count == 3)) return AddLog(words[1]);
  if (words[0] == "witness" && (count == 3 || count == 4))
    return AddWitness(words[1], words[2], count == 4 ? words[3] : "");
  if (words[0] == "group" && count >= 4)
    return AddGroup(words[1], words[2], {words.begin() + 3, words.end()});
  if (words[0] == "quorum" && count == 2) return SetQuorum(words[1]);
  return Wrong("expected log, witness, group or quorum");
}

absl::Status Policy::AddLog(std::string_view vkey) {
  absl::StatusOr<NoteVerifier> key = NoteVerifier::Parse(vkey);
  if (!key.ok() || key->type() != KeyType::kEd25519) return Wrong("not a log's vkey");
  for (const NoteVerifier& log : logs_) {
    if (log.public_key() == key->public_key()) return Wrong("another log has this public key");
  }
  logs_.push_back(*std::move(key));
  return absl::OkStatus();
}

absl::Status Policy::AddRange(const std::vector<std::string>& words) {
  const absl::StatusOr<std::string> id = words.size() == 4 ? FromHex(words[1]) : std::string();
  if (!id.ok() || id->size() != sizeof(uint32_t)) return Wrong("expected #key, a key id and two sizes");
  const std::optional<uint64_t> from = ParseDecimal(words[2]);
  const std::optional<uint64_t> until = words[3] == "-" ? LogKeys::kNoEnd : ParseDecimal(words[3]);
  if (!from || !until || *from >= *until) return Wrong("a key counts from one size to a larger one");
  const bool is_new = ranges_.emplace(ReadU32(*id), std::pair(*from, *until)).second;
  return is_new ? absl::OkStatus() : Wrong("this key has a range already");
}

absl::Status Policy::AddWitness(const std::string& name, std::string_view vkey, std::string_view url) {
  if (name == kNone || !names_.insert(name).second) return Wrong("this name is taken");
  absl::StatusOr<NoteVerifier> key = NoteVerifier::Parse(vkey);
  if (!key.ok() || key->type() != KeyType::kCosignature) return Wrong("not a cosigner's vkey");
  for (const auto& [other, witness] : witnesses_) {
    if (witness.key.public_key() == key->public_key()) return Wrong("another witness has this public key");
  }
  witnesses_.emplace(name, Witness{*std::move(key), std::string(url)});
  return absl::OkStatus();
}

absl::Status Policy::AddGroup(const std::string& name, const std::string& threshold,
                              std::vector<std::string> members) {
  const std::optional<uint64_t> count = threshold == "all"   ? members.size()
                                        : threshold == "any" ? 1
                                                             : ParseDecimal(threshold);
  if (!count || *count == 0 || *count > members.size())
    return Wrong("the threshold is all, any or a number of members");
  for (const std::string& member : members) {
    if (!names_.contains(member)) return Wrong("a member of the group is not defined above");
    if (!grouped_.insert(member).second) return Wrong("a member of the group is in a group already");
  }
  if (name == kNone || !names_.insert(name).second) return Wrong("this name is taken");
  groups_.push_back({name, *count, std::move(members)});
  return absl::OkStatus();
}

absl::Status Policy::SetQuorum(const std::string& name) {
  if (!quorum_.empty()) return Wrong("there is a quorum already");
  if (name != kNone && !names_.contains(name)) return Wrong("the quorum is not defined above");
  quorum_ = name;
  return absl::OkStatus();
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

absl::StatusOr<LogKeys> Policy::KeysOf(std::string_view origin) const {
  std::vector<LogKeys::Key> keys;
  for (const NoteVerifier& log : logs_) {
    if (log.name() != origin) continue;
    const auto range = ranges_.find(log.key_id());
    keys.push_back(range == ranges_.end() ? LogKeys::Key{log}
                                          : LogKeys::Key{log, range->second.first, range->second.second});
  }
  return LogKeys::Make(std::move(keys));
}

absl::Status Policy::VerifyLog(const Note& note, const Checkpoint& checkpoint) const {
  const absl::StatusOr<LogKeys> keys = KeysOf(checkpoint.origin);
  if (!keys.ok()) return absl::PermissionDeniedError("no log of this policy has this origin");
  bool is_signed = false;
  for (const LogKeys::Key& key : keys->keys()) {
    const absl::Status status = VerifyNote(note, key.verifier);
    if (!status.ok() && !absl::IsNotFound(status)) return status;
    is_signed = is_signed || (status.ok() && key.CountsAt(checkpoint.size));
  }
  return is_signed ? absl::OkStatus() : absl::PermissionDeniedError("the log has not signed this");
}

absl::StatusOr<Checkpoint> Policy::Verify(std::string_view bytes) const {
  ASSIGN_OR_RETURN(const Note note, Note::Parse(bytes));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(note.text));
  RETURN_IF_ERROR(VerifyLog(note, checkpoint));

  std::map<std::string, bool> met{{kNone, true}};
  for (const auto& [name, witness] : witnesses_) {
    const absl::Status status = VerifyNote(note, witness.key);
    if (!status.ok() && !absl::IsNotFound(status)) return status;
    met[name] = status.ok();
  }
  // Groups name only what stands above them.
  for (const Group& group : groups_) {
    size_t count = 0;
    for (const std::string& member : group.members) count += met.at(member) ? 1 : 0;
    met[group.name] = count >= group.threshold;
  }
  if (!met.at(quorum_)) return absl::FailedPreconditionError("cosignatures do not meet the quorum");
  return checkpoint;
}

}  // namespace kelisim::tlog
