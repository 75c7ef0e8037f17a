#ifndef KELISIM_SHARED_TLOG_POLICY_H_
#define KELISIM_SHARED_TLOG_POLICY_H_

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/tlog/log_keys.h"
#include "shared/tlog/note.h"

namespace kelisim::tlog {

// A C2SP tlog-policy file: which logs exist, which cosigners, and how many of
// them make a checkpoint valid.
//
//   log <vkey> [url]
//   witness <name> <vkey> [url]
//   group <name> all|any|<k> <member>...
//   quorum <name>|none
//
// A log may have several keys. How long each counts stands in comments, which tools that
// do not know them pass over:
//
//   #key <8 hex digits of its id> <first size> <size at which it ends, or ->
//
// Words are parted by spaces and tabs; empty lines and all other lines whose first word
// starts with '#' are ignored. A public key serves one log and one witness at
// most, whatever its name, and a name is a member of one group at most: so no
// signature counts twice. Limits: key types 0x01 for logs, 0x04 for witnesses.
class Policy {
 public:
  struct Witness {
    NoteVerifier key;
    std::string url;
  };
  // INVALID_ARGUMENT names the line.
  static absl::StatusOr<Policy> Parse(std::string_view text);

  const std::vector<NoteVerifier>& logs() const { return logs_; }
  // All keys of the log of this origin. INVALID_ARGUMENT: there is none.
  absl::StatusOr<LogKeys> KeysOf(std::string_view origin) const;
  // nullptr when there is no log of this origin (key name); the first of several
  // keys of one log.
  const NoteVerifier* FindLog(std::string_view origin) const;
  const NoteVerifier* FindWitness(std::string_view key_name) const;

  // OK when `note` is a checkpoint of a log of this policy, signed by it, and
  // its cosignatures meet the quorum. PERMISSION_DENIED: unknown origin or no
  // log signature; INVALID_ARGUMENT: malformed, or a known key's signature is
  // wrong; FAILED_PRECONDITION: the quorum is not met.
  absl::StatusOr<Checkpoint> Verify(std::string_view note) const;

 private:
  struct Group {
    std::string name;
    size_t threshold;
    std::vector<std::string> members;
  };
  // What stands on one line; INVALID_ARGUMENT says what is wrong with it.
  absl::Status AddLine(const std::vector<std::string>& words);
  absl::Status AddLog(std::string_view vkey);
  absl::Status AddRange(const std::vector<std::string>& words);
  absl::Status AddWitness(const std::string& name, std::string_view vkey, std::string_view url);
  absl::Status AddGroup(const std::string& name, const std::string& threshold,
                        std::vector<std::string> members);
  absl::Status SetQuorum(const std::string& name);
  absl::Status VerifyLog(const Note& note, const Checkpoint& checkpoint) const;

  std::vector<NoteVerifier> logs_;
  // By key id; those without one count for ever.
  std::map<uint32_t, std::pair<uint64_t, uint64_t>> ranges_;
  std::map<std::string, Witness> witnesses_;
  std::vector<Group> groups_;      // in the order of the file
  std::set<std::string> names_;    // of witnesses and groups
  std::set<std::string> grouped_;  // those that are a member of a group
  std::string quorum_;
};

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_POLICY_H_
