#ifndef KELISIM_SHARED_TLOG_NOTE_H_
#define KELISIM_SHARED_TLOG_NOTE_H_

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/crypto/digest.h"
#include "shared/crypto/signature.h"

// C2SP signed-note v1.0.0, tlog-checkpoint v1.0.0 and tlog-cosignature v1.0.1
// (shared/decisions names the pinned texts). Thread-safe: all values immutable.

namespace kelisim::tlog {

// First byte of a note key's algorithm.
enum class KeyType : uint8_t {
  kEd25519 = 0x01,      // a log's key
  kCosignature = 0x04,  // Ed25519 timestamped cosignature: a witness's or mirror's key
};

// A public note key: "<name>+<8 hex digits>+<base64(type || public key)>".
class NoteVerifier {
 public:
  static absl::StatusOr<NoteVerifier> Parse(std::string_view vkey);

  const std::string& name() const { return name_; }
  uint32_t key_id() const { return key_id_; }
  KeyType type() const { return type_; }
  const std::string& public_key() const { return public_key_; }
  // As Parse takes it.
  std::string ToString() const;
  // Raw Ed25519 over any message: for statements outside notes, whose first
  // bytes must name their domain.
  bool VerifyRaw(std::string_view message, std::string_view signature) const;

 private:
  friend class NoteSigner;
  std::string name_;
  uint32_t key_id_ = 0;
  KeyType type_ = KeyType::kEd25519;
  std::string public_key_;
  std::shared_ptr<const Verifier> verifier_;
};

// A secret note key: "PRIVATE+KEY+<name>+<8 hex digits>+<base64(type || seed)>".
class NoteSigner {
 public:
  static absl::StatusOr<NoteSigner> Parse(std::string_view skey);
  // A new key's skey text, from a 32-byte seed. `name` must be a key name.
  static absl::StatusOr<std::string> NewSecret(std::string_view name, KeyType type, std::string_view seed);

  const NoteVerifier& verifier() const { return verifier_; }
  std::string SignRaw(std::string_view message) const;

  // A whole signature line, ending in a newline, for `text` (a note text that
  // ends in a newline). kEd25519 keys only.
  std::string SignNote(std::string_view text) const;
  // The same for a kCosignature key: "cosignature/v1", at `unix_seconds`.
  std::string Cosign(std::string_view checkpoint_text, uint64_t unix_seconds) const;

 private:
  NoteVerifier verifier_;
  std::shared_ptr<const Signer> signer_;
};

// A signed note taken apart. Keeps the bytes as they came.
struct Note {
  struct Signature {
    std::string name;
    uint32_t key_id;
    std::string bytes;  // after the key id
    std::string line;   // as it came, with its newline
  };
  std::string text;  // ends in a newline; what is signed
  std::vector<Signature> signatures;

  // INVALID_ARGUMENT on anything signed-note does not allow, and on more than
  // 100 signatures or 1 MiB.
  static absl::StatusOr<Note> Parse(std::string_view bytes);
  std::string ToString() const;
  // The first line that names `key`; empty: there is none. A key can sign the same text in
  // many ways, and a note has room for a hundred lines: one of each key is enough.
  std::string LineOf(const NoteVerifier& key) const;
};

// OK when `note` carries a signature of `key` and every signature of `key` on
// it is right; NOT_FOUND when it carries none; INVALID_ARGUMENT when one is
// wrong. For a cosignature key, `unix_seconds` (if not null) receives the time of
// its last right signature.
absl::Status VerifyNote(const Note& note, const NoteVerifier& key, uint64_t* unix_seconds = nullptr);

// The body of a checkpoint: origin, size, root; no extension lines.
struct Checkpoint {
  std::string origin;
  uint64_t size = 0;
  Hash root;

  std::string Text() const;
  // INVALID_ARGUMENT on extension lines too: the cosigners of this treaty
  // accept none.
  static absl::StatusOr<Checkpoint> Parse(std::string_view text);
  // Of a note, whoever has signed it.
  static absl::StatusOr<Checkpoint> InNote(std::string_view note);
};

// A checkpoint that a log's own key vouches for. There is no other way to have
// one than Open, so what takes one need not verify it again.
class SignedCheckpoint {
 public:
  // `key` is the log's: it must have signed `note`, and its name be the origin.
  // INVALID_ARGUMENT or NOT_FOUND (no signature of it) otherwise.
  static absl::StatusOr<SignedCheckpoint> Open(std::string_view note, const NoteVerifier& key);

  const Checkpoint& checkpoint() const { return checkpoint_; }
  // As it came, but with one signature of each of the log's keys alone: lines that nobody
  // has verified could be anything, and many.
  const std::string& note() const { return note_; }

 private:
  friend class LogKeys;
  SignedCheckpoint(Checkpoint checkpoint, std::string note)
      : checkpoint_(std::move(checkpoint)), note_(std::move(note)) {}

  Checkpoint checkpoint_;
  std::string note_;
};

}  // namespace kelisim::tlog

#endif  // KELISIM_SHARED_TLOG_NOTE_H_
