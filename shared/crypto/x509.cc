#include "shared/crypto/x509.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <utility>

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
  std::vector<X509Pointer> all = ParseCertificates(pem);
  return all.empty() ? X509Pointer(nullptr, X509_free) : std::move(all.front());
}

std::vector<X509Pointer> ParseCertificates(const std::string& pem) {
  std::vector<X509Pointer> certificates;
  const BioPointer bio = Reading(pem);
  for (;;) {
    X509Pointer one(PEM_read_bio_X509(bio.get(), nullptr, NoPassphrase, nullptr), X509_free);
    if (one == nullptr) return certificates;
    certificates.push_back(std::move(one));
  }
}

bool MayIssue(const X509& ca, const std::string& uri) {
  const std::unique_ptr<NAME_CONSTRAINTS, decltype(&NAME_CONSTRAINTS_free)> constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(&ca, NID_name_constraints, nullptr, nullptr)),
      NAME_CONSTRAINTS_free);
  if (constraints == nullptr) return true;
  // A certificate of nothing but this name.
  const X509Pointer named(X509_new(), X509_free);
  const std::unique_ptr<X509_EXTENSION, decltype(&X509_EXTENSION_free)> name(
      X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, ("URI:" + uri).c_str()),
      X509_EXTENSION_free);
  if (name == nullptr || X509_add_ext(named.get(), name.get(), -1) != 1) return false;
  // Reads the name; that nobody has signed it does not matter.
  (void)X509_check_purpose(named.get(), -1, 0);
  return NAME_CONSTRAINTS_check(named.get(), constraints.get()) == X509_V_OK;
}

bool IsKeyOf(const X509& certificate, const std::string& private_key_pem) {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(
      PEM_read_bio_PrivateKey(Reading(private_key_pem).get(), nullptr, NoPassphrase, nullptr), EVP_PKEY_free);
  return key != nullptr && X509_check_private_key(&certificate, key.get()) == 1;
}

}  // namespace kelisim
