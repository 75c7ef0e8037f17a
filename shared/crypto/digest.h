#ifndef KELISIM_SHARED_CRYPTO_DIGEST_H_
#define KELISIM_SHARED_CRYPTO_DIGEST_H_

#include <array>
#include <compare>
#include <initializer_list>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"

namespace kelisim {

// 32 bytes of SHA-256 (or of HMAC-SHA256). A value type; zero by default.
class Hash {
 public:
  static constexpr size_t kSize = 32;
  Hash() = default;
  // INVALID_ARGUMENT unless bytes.size() == kSize.
  static absl::StatusOr<Hash> FromBytes(std::string_view bytes);

  std::string_view bytes() const { return {reinterpret_cast<const char*>(bytes_.data()), kSize}; }
  unsigned char* data() { return bytes_.data(); }
  auto operator<=>(const Hash&) const = default;

 private:
  std::array<unsigned char, kSize> bytes_{};
};

// SHA-256 of the concatenation of `parts`.
Hash Sha256(std::initializer_list<std::string_view> parts);
inline Hash Sha256(std::string_view bytes) { return Sha256({bytes}); }

// HMAC-SHA256 (RFC 2104).
Hash HmacSha256(std::string_view key, std::string_view bytes);

// Compares in time that depends on the sizes only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace kelisim

#endif  // KELISIM_SHARED_CRYPTO_DIGEST_H_
