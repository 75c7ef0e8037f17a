#ifndef KELISIM_SHARED_NODE_TEST_PKI_H_
#define KELISIM_SHARED_NODE_TEST_PKI_H_

#include <openssl/x509.h>

#include <memory>
#include <string>

namespace kelisim::node {

// A certificate authority for tests: EC keys that live as long as the test.
// Aborts when OpenSSL fails.
class TestPki {
 public:
  // `host`: of the URIs that it may issue; empty: of all. `expired`: since a minute ago.
  explicit TestPki(const std::string& host = "", bool expired = false);

  struct Leaf {
    std::string certificate;
    std::string private_key;
  };
  // `uri` and `dns` become subject alternative names, unless empty.
  Leaf Issue(const std::string& uri, const std::string& dns) const;
  const std::string& roots() const { return roots_; }

 private:
  std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> key_;
  std::unique_ptr<X509, decltype(&X509_free)> certificate_;
  std::string roots_;
};

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_TEST_PKI_H_
