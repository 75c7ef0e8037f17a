#include "shared/crypto/x509.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <ctime>
#include <utility>

#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"

namespace kelisim {
namespace {

using BioPointer = std::unique_ptr<BIO, decltype(&BIO_free)>;

BioPointer Reading(const std::string& pem) {
  return BioPointer(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())), BIO_free);
}

absl::Time TimeOf(const ASN1_TIME* time, absl::Time unreadable) {
  std::tm utc{};
  return ASN1_TIME_to_tm(time, &utc) == 1 ? absl::FromTM(utc, absl::UTCTimeZone()) : unreadable;
}

// A certificate of nothing but this name; nullptr: OpenSSL cannot.
X509Pointer NamedOnly(const std::string& uri) {
  X509Pointer certificate(X509_new(), X509_free);
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(GENERAL_NAMES_new(),
                                                                            GENERAL_NAMES_free);
  GENERAL_NAME* const name = GENERAL_NAME_new();
  ASN1_IA5STRING* const value = ASN1_IA5STRING_new();
  GENERAL_NAME_set0_value(name, GEN_URI, value);
  const bool made = ASN1_STRING_set(value, uri.data(), static_cast<int>(uri.size())) == 1 &&
                    sk_GENERAL_NAME_push(names.get(), name) > 0 &&
                    X509_add1_ext_i2d(certificate.get(), NID_subject_alt_name, names.get(), 0, 0) == 1;
  return made ? std::move(certificate) : X509Pointer(nullptr, X509_free);
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

absl::Time ValidFrom(const X509& certificate) {
  return TimeOf(X509_get0_notBefore(&certificate), absl::InfiniteFuture());
}

absl::Time ValidUntil(const X509& certificate) {
  return TimeOf(X509_get0_notAfter(&certificate), absl::InfinitePast());
}

bool IsValidAt(const X509& certificate, absl::Time time) {
  return time >= ValidFrom(certificate) && time <= ValidUntil(certificate);
}

std::vector<std::string> UrisOf(const X509& certificate) {
  const std::unique_ptr<GENERAL_NAMES, decltype(&GENERAL_NAMES_free)> names(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  std::vector<std::string> uris;
  for (int i = 0; names != nullptr && i < sk_GENERAL_NAME_num(names.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(names.get(), i);
    if (name->type != GEN_URI) continue;
    const ASN1_IA5STRING* uri = name->d.uniformResourceIdentifier;
    uris.emplace_back(reinterpret_cast<const char*>(ASN1_STRING_get0_data(uri)), ASN1_STRING_length(uri));
  }
  return uris;
}

std::string HolderOf(const X509& certificate) {
  const BioPointer bio(BIO_new(BIO_s_mem()), BIO_free);
  X509_NAME_print_ex(bio.get(), X509_get_subject_name(&certificate), 0,
                     XN_FLAG_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB));
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  std::string holder(data, static_cast<size_t>(size));
  for (const std::string& uri : UrisOf(certificate))
    absl::StrAppend(&holder, holder.empty() ? "" : ", ", absl::CHexEscape(uri));
  return holder;
}

bool MayIssue(const X509& ca, const std::string& uri) {
  constexpr int kNone = -1;
  int found = 0;
  const std::unique_ptr<NAME_CONSTRAINTS, decltype(&NAME_CONSTRAINTS_free)> constraints(
      static_cast<NAME_CONSTRAINTS*>(X509_get_ext_d2i(&ca, NID_name_constraints, &found, nullptr)),
      NAME_CONSTRAINTS_free);
  if (constraints == nullptr) return found == kNone;
  const X509Pointer named = NamedOnly(uri);
  if (named == nullptr) return false;
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
