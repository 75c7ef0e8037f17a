#include "shared/tlog/log_keys.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/status_macros.h"

namespace kelisim::tlog {

absl::StatusOr<LogKeys> LogKeys::Make(std::vector<Key> keys) {
  if (keys.empty()) return absl::InvalidArgumentError("a log has no key");
  for (const Key& key : keys) {
    if (key.verifier.name() != keys.front().verifier.name())
      return absl::InvalidArgumentError("the keys of a log have different names");
    if (key.from >= key.until) return absl::InvalidArgumentError("a key of a log counts for nothing");
  }
  return LogKeys(std::move(keys));
}

uint64_t LogKeys::FirstGap() const {
  uint64_t gap = 0;
  for (size_t round = 0; round < keys_.size(); ++round) {
    for (const Key& key : keys_) {
      if (key.CountsAt(gap)) gap = key.until;
    }
  }
  return gap;
}

absl::StatusOr<SignedCheckpoint> LogKeys::Open(std::string_view note) const {
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  std::optional<SignedCheckpoint> opened;
  std::string lines;
  for (const Key& key : keys_) {
    absl::StatusOr<SignedCheckpoint> one = SignedCheckpoint::Open(note, key.verifier);
    if (!one.ok() && !absl::IsNotFound(one.status())) return one.status();
    if (one.ok()) lines += parsed.LineOf(key.verifier);
    if (one.ok() && key.CountsAt(one->checkpoint().size)) opened = *std::move(one);
  }
  if (!opened) return absl::NotFoundError("no key of the log that counts has signed this");
  opened->note_ = absl::StrCat(parsed.text, "\n", lines);
  return *std::move(opened);
}

bool LogKeys::VerifyRaw(std::string_view message, std::string_view signature, uint64_t size) const {
  return std::any_of(keys_.begin(), keys_.end(), [&](const Key& key) {
    return size < key.until && key.verifier.VerifyRaw(message, signature);
  });
}

}  // namespace kelisim::tlog
