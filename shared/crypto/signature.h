#ifndef KELISIM_SHARED_CRYPTO_SIGNATURE_H_
#define KELISIM_SHARED_CRYPTO_SIGNATURE_H_

#include <memory>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kelisim {

// Signing is a port: Ed25519 today; a national algorithm can stand beside it
// without a change to callers. Implementations are thread-safe.

class Signer {
 public:
  virtual ~Signer() = default;
  // Existentially unforgeable under chosen messages. Callers separate domains:
  // the first bytes of `message` say what kind of statement it is.
  virtual std::string Sign(std::string_view message) const = 0;
  virtual std::string PublicKey() const = 0;
};

class Verifier {
 public:
  virtual ~Verifier() = default;
  virtual bool Verify(std::string_view message, std::string_view signature) const = 0;
};

// RFC 8032 Ed25519. `seed`: 32 bytes. INVALID_ARGUMENT on another size.
absl::StatusOr<std::unique_ptr<Signer>> NewEd25519Signer(std::string_view seed);
// `public_key`: 32 bytes. INVALID_ARGUMENT on another size, and for what is no point of the
// curve or one of a small order: for such a key, signatures can be made without a secret.
absl::StatusOr<std::unique_ptr<Verifier>> NewEd25519Verifier(std::string_view public_key);

}  // namespace kelisim

#endif  // KELISIM_SHARED_CRYPTO_SIGNATURE_H_
