#ifndef KELISIM_SHARED_DOSSIER_DSSE_H_
#define KELISIM_SHARED_DOSSIER_DSSE_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "shared/tlog/note.h"

// DSSE v1.0.2 envelopes: a payload signed together with its type. Pure; thread-safe.

namespace kelisim::dossier {

// What is signed: "DSSEv1" SP length SP type SP length SP body.
std::string PreAuthEncoding(std::string_view type, std::string_view body);

// The JSON of an envelope with one signature. Read back are only envelopes in this very
// spelling, so that no byte of one can change unseen.
std::string SealEnvelope(std::string_view type, std::string_view body, const tlog::NoteSigner& signer);

// The body that `key` has signed under this type. INVALID_ARGUMENT: not an envelope of the
// type; PERMISSION_DENIED: no right signature of the key.
absl::StatusOr<std::string> OpenEnvelope(std::string_view json, std::string_view type,
                                         const tlog::NoteVerifier& key);
// The body of an envelope that anybody may have made. INVALID_ARGUMENT.
absl::StatusOr<std::string> PeekIntoEnvelope(std::string_view json, std::string_view type);

}  // namespace kelisim::dossier

#endif  // KELISIM_SHARED_DOSSIER_DSSE_H_
