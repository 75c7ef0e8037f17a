#ifndef KELISIM_SHARED_CRYPTO_SEAL_H_
#define KELISIM_SHARED_CRYPTO_SEAL_H_

#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "shared/base/ports.h"
#include "shared/crypto/digest.h"

namespace kelisim {

// A salted commitment: hides the payload, binds its author to it. `opening` is
// 32 random bytes, one per payload, and shows later what was committed to.
Hash Commit(std::string_view opening, std::string_view payload);

// AES-256-GCM with a random 96-bit nonce: confidentiality and integrity of
// `plaintext`, integrity of `context` (which is not stored). At most 2^32 seals
// per key. `key`: 32 bytes. Layout: nonce (12) || ciphertext || tag (16).
std::string Seal(std::string_view key, std::string_view context, std::string_view plaintext, Random& random);
// DATA_LOSS when the bytes were not sealed by this key for this context.
absl::StatusOr<std::string> Unseal(std::string_view key, std::string_view context, std::string_view sealed);

// The operating system's entropy through OpenSSL; aborts when there is none.
// Lives for ever; thread-safe.
Random& SystemRandom();

}  // namespace kelisim

#endif  // KELISIM_SHARED_CRYPTO_SEAL_H_
