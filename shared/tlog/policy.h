#ifndef KELISIM_SHARED_TLOG_POLICY_H_
#define KELISIM_SHARED_TLOG_POLICY_H_

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
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
// Empty lines and lines that start with '#' are ignored.
class Policy {
 public:
  struct Witness {
    NoteVerifier key;
    std::string url;
  };
  // INVALID_ARGUMENT names the line.
  static absl::StatusOr<Policy> Parse(std::string_view text);

  const std::vector<NoteVerifier>& logs() const { return logs_; }
  // nullptr when there is no log of this origin (key name).
  const NoteVerifier* FindLog(std::string_view origin) const;
  const NoteVerifier* FindWitness(std::string_view key_name) const;

  // OK when `note` is a checkpoint of a log of this policy, signed by it, and
  // its cosignatures meet the quorum. PERMISSION_DENIED: unknown origin or no
  // log signature; INVALID_ARGUMENT: malformed, or a known key's signature is
  // wrong; FAILED_PRECONDITION: the quorum is not met.
  absl::StatusOr<Checkpoint> Verify(const Note& note) const;

 private:
  struct Group {
    size_t threshold;
    std::vector<std::string> members;
  };
  std::vector<NoteVerifier> logs_;
  std::map<std::string, Witness> witnesses_;
  std::map<std::string, Group> groups_;
  std::string quorum_;
};

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_POLICY_H_
