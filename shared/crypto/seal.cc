#include "shared/crypto/seal.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

#include <cstdlib>
#include <limits>
#include <memory>

namespace kelisim {
namespace {

constexpr size_t kKeySize = 32;
constexpr size_t kNonceSize = 12;
constexpr size_t kTagSize = 16;
// OpenSSL counts in int.
constexpr size_t kMaxSize = std::numeric_limits<int>::max();

using Context = std::unique_ptr<EVP_CIPHER_CTX, decltype(&EVP_CIPHER_CTX_free)>;

// To be initialised anew by each user. Making a context costs as much as sealing
// a small row; null when there is no memory for one.
EVP_CIPHER_CTX* CipherContext() {
  thread_local const Context context(EVP_CIPHER_CTX_new(), &EVP_CIPHER_CTX_free);
  return context.get();
}

const EVP_CIPHER* Aes256Gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-256-GCM", nullptr);
  return cipher;
}

const unsigned char* Data(std::string_view bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
unsigned char* Data(std::string& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

class OpenSslRandom final : public Random {
 public:
  std::string Bytes(size_t count) override {
    thread_local std::string drawn;
    if (count > kDrawnAtOnce) return Draw(count);
    if (count > drawn.size()) drawn = Draw(kDrawnAtOnce);
    const size_t left = drawn.size() - count;
    std::string bytes = drawn.substr(left);
    // Given away once: nothing of it stays here.
    OPENSSL_cleanse(drawn.data() + left, count);
    drawn.resize(left);
    return bytes;
  }

 private:
  // An act takes half a dozen pieces; OpenSSL's generator costs more for each
  // call than for each byte.
  static constexpr size_t kDrawnAtOnce = 4096;

  static std::string Draw(size_t count) {
    std::string bytes(count, '\0');
    if (RAND_bytes(Data(bytes), static_cast<int>(count)) != 1) std::abort();
    return bytes;
  }
};

}  // namespace

Hash Commit(std::string_view opening, std::string_view payload) { return HmacSha256(opening, payload); }

std::string Seal(std::string_view key, std::string_view context, std::string_view plaintext, Random& random) {
  const std::string nonce = random.Bytes(kNonceSize);
  std::string ciphertext(plaintext.size(), '\0');
  std::string tag(kTagSize, '\0');
  EVP_CIPHER_CTX* const cipher = CipherContext();
  int size = 0;
  const bool ok =
      key.size() == kKeySize && context.size() <= kMaxSize && plaintext.size() <= kMaxSize && cipher &&
      EVP_EncryptInit_ex2(cipher, Aes256Gcm(), Data(key), Data(nonce), nullptr) == 1 &&
      EVP_EncryptUpdate(cipher, nullptr, &size, Data(context), static_cast<int>(context.size())) == 1 &&
      EVP_EncryptUpdate(cipher, Data(ciphertext), &size, Data(plaintext),
                        static_cast<int>(plaintext.size())) == 1 &&
      EVP_EncryptFinal_ex(cipher, Data(tag), &size) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_GET_TAG, kTagSize, tag.data()) == 1;
  // Writing it unsealed instead is not an option.
  if (!ok) std::abort();
  return nonce + ciphertext + tag;
}

absl::StatusOr<std::string> Unseal(std::string_view key, std::string_view context, std::string_view sealed) {
  if (key.size() != kKeySize) return absl::DataLossError("not a sealing key");
  if (sealed.size() < kNonceSize + kTagSize) return absl::DataLossError("sealed bytes are cut short");
  if (sealed.size() > kMaxSize || context.size() > kMaxSize)
    return absl::DataLossError("sealed bytes are too long");
  const std::string_view ciphertext = sealed.substr(kNonceSize, sealed.size() - kNonceSize - kTagSize);
  std::string tag(sealed.substr(sealed.size() - kTagSize));
  std::string plaintext(ciphertext.size(), '\0');
  std::string rest(kTagSize, '\0');
  EVP_CIPHER_CTX* const cipher = CipherContext();
  int size = 0;
  const bool ok =
      cipher && EVP_DecryptInit_ex2(cipher, Aes256Gcm(), Data(key), Data(sealed), nullptr) == 1 &&
      EVP_DecryptUpdate(cipher, nullptr, &size, Data(context), static_cast<int>(context.size())) == 1 &&
      EVP_DecryptUpdate(cipher, Data(plaintext), &size, Data(ciphertext),
                        static_cast<int>(ciphertext.size())) == 1 &&
      EVP_CIPHER_CTX_ctrl(cipher, EVP_CTRL_AEAD_SET_TAG, kTagSize, tag.data()) == 1 &&
      EVP_DecryptFinal_ex(cipher, Data(rest), &size) == 1;
  if (!ok) return absl::DataLossError("sealed bytes are damaged or belong elsewhere");
  return plaintext;
}

Random& SystemRandom() {
  static OpenSslRandom random;
  return random;
}

}  // namespace kelisim
