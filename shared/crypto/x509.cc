#include "shared/crypto/x509.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

namespace kelisim {
namespace {

using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free)>;

BioPointer Reading(const std::string& pem) {
  return BioPointer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
}

// Asks nobody.
int NoPassphrase(char*, int, int, void*) { return 0; }

}  // namespace

X509Pointer ParseCertificate(const std::string& pem) {
  return X509Pointer(PEM_read_bio_X509(Reading(pem).get(), nullptr, NoPassphrase, nullptr), X509_free);
}

bool IsKeyOf(const X509& certificate, const std::string& private_key_pem) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(Reading(private_key_pem).get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free);
  return key != nullptr && X509_check_private_key(&certificate, key.get()) == 1;
}

}  // namespace kelisim
