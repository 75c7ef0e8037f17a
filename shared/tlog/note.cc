#include "shared/tlog/note.h"

#include <algorithm>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::tlog {
namespace {

constexpr std::string_view kSignaturePrefix = "\xe2\x80\x94 ";  // em dash, space
constexpr std::string_view kSecretPrefix = "PRIVATE+KEY+";
constexpr size_t kMaxNoteSize = 1 << 20;
constexpr size_t kMaxSignatures = 100;
constexpr size_t kKeySize = 32;
constexpr size_t kCosignatureTimeSize = 8;

absl::Status Malformed(std::string_view what) { return absl::InvalidArgumentError(Absl(what)); }

// UTF-8 without ASCII control characters other than newline. The specification
// means those below U+0020: DEL is allowed.
bool IsNoteText(std::string_view text) {
  for (size_t i = 0; i < text.size();) {
    const unsigned char c = static_cast<unsigned char>(text[i]);
    const size_t length = c < 0x80                ? 1
                          : c >= 0xc2 && c < 0xe0 ? 2
                          : c >= 0xe0 && c < 0xf0 ? 3
                          : c >= 0xf0 && c < 0xf5 ? 4
                                                  : 0;
    if (length == 0 || i + length > text.size()) return false;
    if (length == 1 && c < 0x20 && c != '\n') return false;
    for (size_t k = 1; k < length; ++k) {
      if ((static_cast<unsigned char>(text[i + k]) & 0xc0) != 0x80) return false;
    }
    const unsigned char second = length > 1 ? static_cast<unsigned char>(text[i + 1]) : 0;
    // Overlong forms, surrogates, beyond U+10FFFF.
    if ((c == 0xe0 && second < 0xa0) || (c == 0xed && second >= 0xa0) || (c == 0xf0 && second < 0x90) ||
        (c == 0xf4 && second >= 0x90)) {
      return false;
    }
    i += length;
  }
  return true;
}

bool IsKeyName(std::string_view name) {
  if (name.empty() || name.find('+') != std::string_view::npos || !IsNoteText(name)) return false;
  // ASCII white space and the Unicode spaces U+0085, U+00A0, U+1680, U+2000-200A, U+2028, U+2029, U+202F,
  // U+205F, U+3000.
  if (name.find_first_of(" \n") != std::string_view::npos) return false;
  for (std::string_view space : {"\xc2\x85", "\xc2\xa0", "\xe1\x9a\x80", "\xe2\x80\xa8", "\xe2\x80\xa9",
                                 "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"}) {
    if (name.find(space) != std::string_view::npos) return false;
  }
  for (size_t at = name.find("\xe2\x80"); at != std::string_view::npos; at = name.find("\xe2\x80", at + 1)) {
    const unsigned char last = static_cast<unsigned char>(name[at + 2]);
    if (last >= 0x80 && last <= 0x8a) return false;
  }
  return true;
}

uint32_t KeyId(std::string_view name, std::string_view type_and_key) {
  return ReadU32(Sha256({name, "\n", type_and_key}).bytes());
}

std::string HexId(uint32_t id) {
  std::string bytes;
  AppendU32(bytes, id);
  return ToHex(bytes);
}

// "<name>+<8 hex>+<base64>"; base64 may itself contain '+'.
struct KeyParts {
  std::string name;
  std::string hex_id;
  KeyType type;
  std::string key;
};

absl::StatusOr<KeyParts> SplitKey(std::string_view text) {
  const size_t first = text.find('+');
  const size_t second = first == std::string_view::npos ? first : text.find('+', first + 1);
  if (second == std::string_view::npos) return Malformed("a note key has three parts joined by '+'");
  KeyParts parts{std::string(text.substr(0, first)), std::string(text.substr(first + 1, second - first - 1)),
                 KeyType::kEd25519, ""};
  if (!IsKeyName(parts.name)) return Malformed("not a key name");
  const absl::StatusOr<std::string> bytes = FromBase64(text.substr(second + 1));
  if (!bytes.ok() || bytes->size() != 1 + kKeySize)
    return Malformed("a note key's bytes are not as they should be");
  const uint8_t type = static_cast<uint8_t>((*bytes)[0]);
  if (type != static_cast<uint8_t>(KeyType::kEd25519) &&
      type != static_cast<uint8_t>(KeyType::kCosignature)) {
    return Malformed("unknown key type");
  }
  parts.type = static_cast<KeyType>(type);
  parts.key = bytes->substr(1);
  return parts;
}

std::string TypeAndKey(KeyType type, std::string_view key) {
  return absl::StrCat(std::string(1, static_cast<char>(type)), Absl(key));
}

std::string CosignedMessage(std::string_view text, uint64_t unix_seconds) {
  return absl::StrCat("cosignature/v1\ntime ", unix_seconds, "\n", Absl(text));
}

std::string SignatureLine(const NoteVerifier& key, std::string_view signature) {
  std::string bytes;
  AppendU32(bytes, key.key_id());
  bytes += signature;
  return absl::StrCat(Absl(kSignaturePrefix), key.name(), " ", ToBase64(bytes), "\n");
}

}  // namespace

// ---------------------------------------------------------------- keys

absl::StatusOr<NoteVerifier> NoteVerifier::Parse(std::string_view vkey) {
  ASSIGN_OR_RETURN(KeyParts parts, SplitKey(vkey));
  NoteVerifier key;
  key.name_ = std::move(parts.name);
  key.type_ = parts.type;
  key.public_key_ = std::move(parts.key);
  key.key_id_ = KeyId(key.name_, TypeAndKey(key.type_, key.public_key_));
  if (parts.hex_id != HexId(key.key_id_)) return Malformed("the key id does not fit name and key");
  ASSIGN_OR_RETURN(key.verifier_, NewEd25519Verifier(key.public_key_));
  return key;
}

std::string NoteVerifier::ToString() const {
  return absl::StrCat(name_, "+", HexId(key_id_), "+", ToBase64(TypeAndKey(type_, public_key_)));
}

bool NoteVerifier::VerifyRaw(std::string_view message, std::string_view signature) const {
  return verifier_->Verify(message, signature);
}

absl::StatusOr<NoteSigner> NoteSigner::Parse(std::string_view skey) {
  if (!absl::StartsWith(Absl(skey), Absl(kSecretPrefix))) return Malformed("not a secret note key");
  ASSIGN_OR_RETURN(KeyParts parts, SplitKey(skey.substr(kSecretPrefix.size())));
  NoteSigner signer;
  ASSIGN_OR_RETURN(signer.signer_, NewEd25519Signer(parts.key));
  const std::string type_and_key = TypeAndKey(parts.type, signer.signer_->PublicKey());
  const uint32_t id = KeyId(parts.name, type_and_key);
  if (parts.hex_id != HexId(id)) return Malformed("the key id does not fit name and key");
  ASSIGN_OR_RETURN(signer.verifier_, NoteVerifier::Parse(absl::StrCat(parts.name, "+", parts.hex_id, "+",
                                                                      ToBase64(type_and_key))));
  return signer;
}

absl::StatusOr<std::string> NoteSigner::NewSecret(std::string_view name, KeyType type,
                                                  std::string_view seed) {
  if (!IsKeyName(name)) return Malformed("not a key name");
  ASSIGN_OR_RETURN(const std::unique_ptr<Signer> signer, NewEd25519Signer(seed));
  return absl::StrCat(Absl(kSecretPrefix), Absl(name), "+",
                      HexId(KeyId(name, TypeAndKey(type, signer->PublicKey()))), "+",
                      ToBase64(TypeAndKey(type, seed)));
}

std::string NoteSigner::SignRaw(std::string_view message) const { return signer_->Sign(message); }

std::string NoteSigner::SignNote(std::string_view text) const {
  return SignatureLine(verifier_, signer_->Sign(text));
}

std::string NoteSigner::Cosign(std::string_view checkpoint_text, uint64_t unix_seconds) const {
  return SignatureLine(verifier_,
                       U64(unix_seconds) + signer_->Sign(CosignedMessage(checkpoint_text, unix_seconds)));
}

// ---------------------------------------------------------------- notes

absl::StatusOr<Note> Note::Parse(std::string_view bytes) {
  if (bytes.size() > kMaxNoteSize) return Malformed("note is too long");
  if (!IsNoteText(bytes)) return Malformed("note is not UTF-8 text without control characters");
  const size_t split = bytes.rfind("\n\n");
  if (split == std::string_view::npos) return Malformed("note has no empty line before its signatures");
  Note note;
  note.text = std::string(bytes.substr(0, split + 1));
  std::string_view rest = bytes.substr(split + 2);
  if (rest.empty() || rest.back() != '\n') return Malformed("note does not end in a signature line");
  while (!rest.empty()) {
    const std::string_view line = rest.substr(0, rest.find('\n') + 1);
    rest.remove_prefix(line.size());
    const std::string_view body = line.substr(0, line.size() - 1);
    const size_t space = body.rfind(' ');
    if (body.substr(0, kSignaturePrefix.size()) != kSignaturePrefix || space < kSignaturePrefix.size()) {
      return Malformed("not a signature line");
    }
    Signature signature;
    signature.name = std::string(body.substr(kSignaturePrefix.size(), space - kSignaturePrefix.size()));
    const absl::StatusOr<std::string> decoded = FromBase64(body.substr(space + 1));
    if (!IsKeyName(signature.name) || !decoded.ok() || decoded->size() < 5)
      return Malformed("not a signature line");
    signature.key_id = ReadU32(*decoded);
    signature.bytes = decoded->substr(4);
    signature.line = std::string(line);
    note.signatures.push_back(std::move(signature));
    if (note.signatures.size() > kMaxSignatures) return Malformed("note has too many signatures");
  }
  return note;
}

std::string Note::ToString() const {
  std::string bytes = text + "\n";
  for (const Signature& signature : signatures) bytes += signature.line;
  return bytes;
}

std::string Note::LineOf(const NoteVerifier& key) const {
  for (const Signature& signature : signatures) {
    if (signature.name == key.name() && signature.key_id == key.key_id()) return signature.line;
  }
  return "";
}

absl::Status VerifyNote(const Note& note, const NoteVerifier& key, uint64_t* unix_seconds) {
  bool found = false;
  for (const Note::Signature& signature : note.signatures) {
    if (signature.name != key.name() || signature.key_id != key.key_id()) continue;
    found = true;
    bool right = false;
    uint64_t time = 0;
    if (key.type() == KeyType::kEd25519) {
      right = key.VerifyRaw(note.text, signature.bytes);
    } else if (signature.bytes.size() > kCosignatureTimeSize) {
      time = ReadU64(signature.bytes);
      right =
          time <= INT64_MAX && key.VerifyRaw(CosignedMessage(note.text, time),
                                             std::string_view(signature.bytes).substr(kCosignatureTimeSize));
    }
    if (!right) return absl::InvalidArgumentError(absl::StrCat("signature of ", key.name(), " is wrong"));
    if (unix_seconds != nullptr && key.type() == KeyType::kCosignature) *unix_seconds = time;
  }
  if (!found) return absl::NotFoundError(absl::StrCat("no signature of ", key.name()));
  return absl::OkStatus();
}

// ---------------------------------------------------------------- checkpoints

std::string Checkpoint::Text() const {
  return absl::StrCat(origin, "\n", size, "\n", ToBase64(root.bytes()), "\n");
}

absl::StatusOr<Checkpoint> Checkpoint::Parse(std::string_view text) {
  const std::vector<std::string> lines = absl::StrSplit(Absl(text), '\n');
  if (lines.size() != 4 || !lines[3].empty()) return Malformed("a checkpoint has three lines");
  Checkpoint checkpoint;
  checkpoint.origin = lines[0];
  const std::optional<uint64_t> size = ParseDecimal(lines[1]);
  const absl::StatusOr<std::string> root = FromBase64(lines[2]);
  if (checkpoint.origin.empty() || !size || !root.ok()) return Malformed("not a checkpoint");
  checkpoint.size = *size;
  ASSIGN_OR_RETURN(checkpoint.root, Hash::FromBytes(*root));
  return checkpoint;
}

absl::StatusOr<Checkpoint> Checkpoint::InNote(std::string_view note) {
  ASSIGN_OR_RETURN(const Note parsed, Note::Parse(note));
  return Parse(parsed.text);
}

absl::StatusOr<SignedCheckpoint> SignedCheckpoint::Open(std::string_view bytes, const NoteVerifier& key) {
  ASSIGN_OR_RETURN(const Note note, Note::Parse(bytes));
  RETURN_IF_ERROR(VerifyNote(note, key));
  ASSIGN_OR_RETURN(Checkpoint checkpoint, Checkpoint::Parse(note.text));
  if (checkpoint.origin != key.name()) return Malformed("checkpoint of another ledger");
  return SignedCheckpoint(std::move(checkpoint), absl::StrCat(note.text, "\n", note.LineOf(key)));
}

}  // namespace kelisim::tlog
