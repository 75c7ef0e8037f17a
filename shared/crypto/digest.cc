#include "shared/crypto/digest.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace kelisim {
namespace {

using MacContext = std::unique_ptr<EVP_MAC_CTX, decltype(&EVP_MAC_CTX_free)>;

// HMAC with SHA-256, waiting for a key; null when OpenSSL has none.
MacContext NewHmacSha256() {
  static EVP_MAC* const kHmac = EVP_MAC_fetch(nullptr, "HMAC", nullptr);
  MacContext context(kHmac == nullptr ? nullptr : EVP_MAC_CTX_new(kHmac), &EVP_MAC_CTX_free);
  char digest[] = "SHA256";
  const OSSL_PARAM params[] = {OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
                               OSSL_PARAM_construct_end()};
  if (context && EVP_MAC_CTX_set_params(context.get(), params) != 1) context.reset();
  return context;
}

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

}  // namespace

absl::StatusOr<Hash> Hash::FromBytes(std::string_view bytes) {
  if (bytes.size() != kSize) return absl::InvalidArgumentError("a hash has 32 bytes");
  Hash hash;
  std::memcpy(hash.bytes_.data(), bytes.data(), kSize);
  return hash;
}

Hash Sha256(std::initializer_list<std::string_view> parts) {
  // Fetching the algorithm costs more than hashing a leaf; both are kept.
  static const EVP_MD* const kSha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
  thread_local const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                                     &EVP_MD_CTX_free);
  Hash hash;
  bool ok = kSha256 != nullptr && context && EVP_DigestInit_ex(context.get(), kSha256, nullptr) == 1;
  for (std::string_view part : parts)
    ok = ok && EVP_DigestUpdate(context.get(), part.data(), part.size()) == 1;
  ok = ok && EVP_DigestFinal_ex(context.get(), hash.data(), nullptr) == 1;
  // Without SHA-256 nothing this program says would be true.
  if (!ok) std::abort();
  return hash;
}

struct Sha256Stream::State {
  std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

Sha256Stream::Sha256Stream() : state_(std::make_unique<State>()) {
  if (!state_->context || EVP_DigestInit_ex(state_->context.get(), EVP_sha256(), nullptr) != 1) std::abort();
}
Sha256Stream::~Sha256Stream() = default;

void Sha256Stream::Add(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context.get(), bytes.data(), bytes.size()) != 1) std::abort();
}

Hash Sha256Stream::Digest() {
  Hash hash;
  if (EVP_DigestFinal_ex(state_->context.get(), hash.data(), nullptr) != 1) std::abort();
  return hash;
}

Hash HmacSha256(std::string_view key, std::string_view bytes) {
  // Commitments are made for every payload: the one-shot call of OpenSSL, which
  // fetches the algorithm anew, takes more than twice as long.
  thread_local const MacContext context = NewHmacSha256();
  // To OpenSSL no key means the last one again.
  if (key.data() == nullptr) key = "";
  Hash hash;
  size_t size = 0;
  const bool ok = context && EVP_MAC_init(context.get(), Data(key), key.size(), nullptr) == 1 &&
                  EVP_MAC_update(context.get(), Data(bytes), bytes.size()) == 1 &&
                  EVP_MAC_final(context.get(), hash.data(), &size, Hash::kSize) == 1 && size == Hash::kSize;
  // As for SHA-256.
  if (!ok) std::abort();
  return hash;
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace kelisim
