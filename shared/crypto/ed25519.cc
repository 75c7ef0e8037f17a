#include <openssl/evp.h>

#include <cstdlib>

#include "shared/crypto/signature.h"

namespace kelisim {
namespace {

constexpr size_t kKeySize = 32;
constexpr size_t kSignatureSize = 64;

using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
using Context = std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)>;

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
Context NewContext() { return Context(EVP_MD_CTX_new(), &EVP_MD_CTX_free); }

class Ed25519Signer final : public Signer {
 public:
  explicit Ed25519Signer(Key key) : key_(std::move(key)) {}

  std::string Sign(std::string_view message) const override {
    const Context context = NewContext();
    std::string signature(kSignatureSize, '\0');
    size_t size = signature.size();
    const bool ok = context &&
                    EVP_DigestSignInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
                    EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                                   Data(message), message.size()) == 1 &&
                    size == kSignatureSize;
    // Ed25519 with a key of the right size cannot fail but for want of memory.
    if (!ok) std::abort();
    return signature;
  }

  std::string PublicKey() const override {
    std::string bytes(kKeySize, '\0');
    size_t size = bytes.size();
    if (EVP_PKEY_get_raw_public_key(key_.get(), reinterpret_cast<unsigned char*>(bytes.data()), &size) != 1)
      std::abort();
    return bytes;
  }

 private:
  const Key key_;
};

class Ed25519Verifier final : public Verifier {
 public:
  explicit Ed25519Verifier(Key key) : key_(std::move(key)) {}

  bool Verify(std::string_view message, std::string_view signature) const override {
    if (signature.size() != kSignatureSize) return false;
    const Context context = NewContext();
    return context && EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
           EVP_DigestVerify(context.get(), Data(signature), signature.size(), Data(message),
                            message.size()) == 1;
  }

 private:
  const Key key_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<Signer>> NewEd25519Signer(std::string_view seed) {
  if (seed.size() != kKeySize) return absl::InvalidArgumentError("an Ed25519 seed has 32 bytes");
  Key key(EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, Data(seed), seed.size()), &EVP_PKEY_free);
  if (!key) return absl::InvalidArgumentError("not an Ed25519 seed");
  return std::make_unique<Ed25519Signer>(std::move(key));
}

absl::StatusOr<std::unique_ptr<Verifier>> NewEd25519Verifier(std::string_view public_key) {
  if (public_key.size() != kKeySize) return absl::InvalidArgumentError("an Ed25519 public key has 32 bytes");
  Key key(EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, Data(public_key), public_key.size()),
          &EVP_PKEY_free);
  if (!key) return absl::InvalidArgumentError("not an Ed25519 public key");
  return std::make_unique<Ed25519Verifier>(std::move(key));
}

}  // namespace kelisim
