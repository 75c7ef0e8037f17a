#include "shared/node/test_pki.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <cstdlib>

namespace kelisim::node {
namespace {

void Check(bool done) {
  if (!done) std::abort();
}

template <typename Write>
std::string Pem(Write write) {
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  Check(write(bio.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}

void AddExtension(X509* certificate, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  Check(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

// Valid from an hour ago for a day; not signed yet.
X509* NewCertificate(const char* common_name, EVP_PKEY* key) {
  X509* certificate = X509_new();
  Check(certificate != nullptr && X509_set_version(certificate, 2) == 1);
  unsigned char serial[8];
  Check(RAND_bytes(serial, sizeof(serial)) == 1);
  serial[0] &= 0x7f;
  BIGNUM* number = BN_bin2bn(serial, sizeof(serial), nullptr);
  Check(BN_to_ASN1_INTEGER(number, X509_get_serialNumber(certificate)) != nullptr);
  BN_free(number);
  X509_gmtime_adj(X509_getm_notBefore(certificate), -60 * 60);
  X509_gmtime_adj(X509_getm_notAfter(certificate), 24 * 60 * 60);
  Check(X509_set_pubkey(certificate, key) == 1);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(common_name), -1, -1, 0);
  return certificate;
}

}  // namespace

TestPki::TestPki(const std::string& host, bool expired)
    : key_(EVP_EC_gen("P-256"), EVP_PKEY_free), certificate_(nullptr, X509_free) {
  certificate_.reset(NewCertificate(("Test root " + host).c_str(), key_.get()));
  X509* const self = certificate_.get();
  if (expired) X509_gmtime_adj(X509_getm_notAfter(self), -60);
  Check(X509_set_issuer_name(self, X509_get_subject_name(self)) == 1);
  AddExtension(self, self, NID_basic_constraints, "critical,CA:TRUE");
  AddExtension(self, self, NID_key_usage, "critical,keyCertSign,cRLSign");
  AddExtension(self, self, NID_subject_key_identifier, "hash");
  if (!host.empty()) AddExtension(self, self, NID_name_constraints, "critical,permitted;URI:" + host);
  Check(X509_sign(self, key_.get(), EVP_sha256()) > 0);
  roots_ = Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, self); });
}

TestPki::Leaf TestPki::Issue(const std::string& uri, const std::string& dns) const {
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key(EVP_EC_gen("P-256"), EVP_PKEY_free);
  const std::unique_ptr<X509, decltype(&X509_free)> leaf(NewCertificate("leaf", key.get()), X509_free);
  Check(X509_set_issuer_name(leaf.get(), X509_get_subject_name(certificate_.get())) == 1);
  AddExtension(leaf.get(), certificate_.get(), NID_basic_constraints, "critical,CA:FALSE");
  AddExtension(leaf.get(), certificate_.get(), NID_ext_key_usage, "serverAuth,clientAuth");
  AddExtension(leaf.get(), certificate_.get(), NID_authority_key_identifier, "keyid");
  std::string names = uri.empty() ? "" : "URI:" + uri;
  if (!dns.empty()) names += (names.empty() ? "DNS:" : ",DNS:") + dns;
  AddExtension(leaf.get(), certificate_.get(), NID_subject_alt_name, names);
  Check(X509_sign(leaf.get(), key_.get(), EVP_sha256()) > 0);
  return {Pem([&](BIO* bio) { return PEM_write_bio_X509(bio, leaf.get()); }), Pem([&](BIO* bio) {
            return PEM_write_bio_PrivateKey(bio, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
          })};
}

}  // namespace kelisim::node
