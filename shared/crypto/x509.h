#ifndef KELISIM_SHARED_CRYPTO_X509_H_
#define KELISIM_SHARED_CRYPTO_X509_H_

#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

#include "absl/time/time.h"

// Certificates of TLS, as files hold them: PEM.

namespace kelisim {

using X509Pointer = std::unique_ptr<X509, decltype(&X509_free)>;

// The first certificate in `pem`; nullptr: there is none.
X509Pointer ParseCertificate(const std::string& pem);

// Every certificate in `pem`, up to the first that cannot be read.
std::vector<X509Pointer> ParseCertificates(const std::string& pem);

// The time in which it is valid; what cannot be read is never valid.
absl::Time ValidFrom(const X509& certificate);
absl::Time ValidUntil(const X509& certificate);
// Both ends are in it (RFC 5280, 4.1.2.5).
bool IsValidAt(const X509& certificate, absl::Time time);

// The URIs among its alternative names, in order.
std::vector<std::string> UrisOf(const X509& certificate);

// Whose it is, in one line without control characters of ASCII:
// "CN=Officer 7, kelisim://kz.example/officer/7".
std::string HolderOf(const X509& certificate);

// Whether the name constraints of `ca` let it issue a certificate for `uri` (RFC 5280,
// 4.2.1.10); without constraints it may for every name, with such as cannot be read for none.
bool MayIssue(const X509& ca, const std::string& uri);

// Whether `private_key_pem` is the private key of `certificate`, without a passphrase.
bool IsKeyOf(const X509& certificate, const std::string& private_key_pem);

}  // namespace kelisim

#endif  // KELISIM_SHARED_CRYPTO_X509_H_
