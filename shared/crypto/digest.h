#ifndef KELISIM_SHARED_CRYPTO_DIGEST_H_
#define KELISIM_SHARED_CRYPTO_DIGEST_H_

#include <array>
#include <compare>
#include <initializer_list>
#include <memory>
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

// SHA-256 of what comes piece by piece.
class Sha256Stream {
 public:
  Sha256Stream();
  ~Sha256Stream();
  Sha256Stream(const Sha256Stream&) = delete;
  Sha256Stream& operator=(const Sha256Stream&) = delete;
  void Add(std::string_view bytes);
  // Once, at the end.
  Hash Digest();

 private:
  struct State;
  const std::unique_ptr<State> state_;
};

// HMAC-SHA256 (RFC 2104).
Hash HmacSha256(std::string_view key, std::string_view bytes);

// Compares in time that depends on the sizes only.
bool ConstantTimeEquals(std::string_view a, std::string_view b);

}  // namespace kelisim

#endif  // KELISIM_SHARED_CRYPTO_DIGEST_H_
