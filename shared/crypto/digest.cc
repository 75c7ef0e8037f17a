#include "shared/crypto/digest.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <cstdlib>
#include <cstring>
#include <memory>

namespace kelisim {

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

Hash HmacSha256(std::string_view key, std::string_view bytes) {
  constexpr size_t kBlock = 64;
  std::array<char, kBlock> inner{};
  if (key.size() > kBlock) {
    const Hash short_key = Sha256(key);
    std::memcpy(inner.data(), short_key.bytes().data(), Hash::kSize);
  } else {
    std::memcpy(inner.data(), key.data(), key.size());
  }
  std::array<char, kBlock> outer = inner;
  for (char& c : inner) c ^= 0x36;
  for (char& c : outer) c ^= 0x5c;
  const Hash inside = Sha256({std::string_view(inner.data(), kBlock), bytes});
  const Hash result = Sha256({std::string_view(outer.data(), kBlock), inside.bytes()});
  OPENSSL_cleanse(inner.data(), kBlock);
  OPENSSL_cleanse(outer.data(), kBlock);
  return result;
}

bool ConstantTimeEquals(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace kelisim
