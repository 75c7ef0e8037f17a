#include "shared/dossier/dsse.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/util/json_util.h"
#include "kelisim/v1/dossier.pb.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::dossier {
namespace {

// The one spelling of an envelope.
std::string Spell(const v1::DsseEnvelope& envelope) {
  std::string signatures;
  for (const v1::DsseSignature& signature : envelope.signatures()) {
    absl::StrAppend(&signatures, signatures.empty() ? "" : ",", "{\"keyid\":\"", signature.keyid(),
                    "\",\"sig\":\"", ToBase64(signature.sig()), "\"}");
  }
  return absl::StrCat("{\"payload\":\"", ToBase64(envelope.payload()), "\",\n\"payloadType\":\"",
                      envelope.payload_type(), "\",\n\"signatures\":[", signatures, "]}\n");
}

std::string KeyIdOf(const tlog::NoteVerifier& key) {
  return absl::StrFormat("%s+%08x", key.name(), key.key_id());
}

absl::StatusOr<v1::DsseEnvelope> Parse(std::string_view json, std::string_view type) {
  v1::DsseEnvelope envelope;
  if (!google::protobuf::util::JsonStringToMessage(std::string(json), &envelope).ok() ||
      envelope.payload_type() != type) {
    return absl::InvalidArgumentError("not an envelope of this type");
  }
  // What no signature covers must not differ unseen.
  if (Spell(envelope) != json) return absl::InvalidArgumentError("the envelope is damaged");
  return envelope;
}

}  // namespace

std::string PreAuthEncoding(std::string_view type, std::string_view body) {
  return absl::StrCat("DSSEv1 ", type.size(), " ", Absl(type), " ", body.size(), " ", Absl(body));
}

std::string SealEnvelope(std::string_view type, std::string_view body, const tlog::NoteSigner& signer) {
  v1::DsseEnvelope envelope;
  envelope.set_payload(std::string(body));
  envelope.set_payload_type(std::string(type));
  v1::DsseSignature& signature = *envelope.add_signatures();
  signature.set_keyid(KeyIdOf(signer.verifier()));
  signature.set_sig(signer.SignRaw(PreAuthEncoding(type, body)));
  return Spell(envelope);
}

absl::StatusOr<std::string> OpenEnvelope(std::string_view json, std::string_view type,
                                         const tlog::NoteVerifier& key) {
  ASSIGN_OR_RETURN(v1::DsseEnvelope envelope, Parse(json, type));
  const std::string signed_bytes = PreAuthEncoding(type, envelope.payload());
  for (const v1::DsseSignature& signature : envelope.signatures()) {
    if (signature.keyid() == KeyIdOf(key) && key.VerifyRaw(signed_bytes, signature.sig()))
      return std::move(*envelope.mutable_payload());
  }
  return absl::PermissionDeniedError("the envelope carries no right signature of this key");
}

absl::StatusOr<std::string> PeekIntoEnvelope(std::string_view json, std::string_view type) {
  ASSIGN_OR_RETURN(v1::DsseEnvelope envelope, Parse(json, type));
  return std::move(*envelope.mutable_payload());
}

}  // namespace kelisim::dossier
