#include "shared/crypto/x509.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <cstdlib>
#include <utility>

#include "shared/base/bytes.h"

namespace kelisim {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr char kUri[] = "kelisim://kz.example/officer/7";

void Check(bool done) {
  if (!done) std::abort();
}

EVP_PKEY* Key() {
  static EVP_PKEY* const key = EVP_EC_gen("P-256");
  return key;
}

// A value of ASN.1: its tag, its length, what is in it.
std::string Asn1(uint8_t tag, const std::string& content) {
  std::string length(1, static_cast<char>(content.size()));
  if (content.size() >= 0x80)
    length = std::string("\x82", 1) + char(content.size() >> 8) + char(content.size());
  return std::string(1, static_cast<char>(tag)) + length + content;
}
std::string UriName(const std::string& uri) { return Asn1(0x86, uri); }
std::string DnsName(const std::string& dns) { return Asn1(0x82, dns); }
std::string Sequence(const std::string& content) { return Asn1(0x30, content); }

// Of a certificate, extensions in whatever bytes.
using Extensions = std::vector<std::pair<int, std::string>>;

std::string Pem(const Extensions& extensions, const std::string& common_name = "Officer 7") {
  const X509Pointer made(X509_new(), X509_free);
  Check(X509_set_version(made.get(), 2) == 1 && X509_set_pubkey(made.get(), Key()) == 1);
  ASN1_INTEGER_set(X509_get_serialNumber(made.get()), 1);
  ASN1_TIME_set(X509_getm_notBefore(made.get()), 1'700'000'000);
  ASN1_TIME_set(X509_getm_notAfter(made.get()), 1'800'000'000);
  X509_NAME_add_entry_by_txt(X509_get_subject_name(made.get()), "CN", MBSTRING_UTF8,
                             reinterpret_cast<const unsigned char*>(common_name.c_str()), -1, -1, 0);
  for (const auto& [nid, bytes] : extensions) {
    ASN1_OCTET_STRING* const value = ASN1_OCTET_STRING_new();
    Check(ASN1_STRING_set(value, bytes.data(), static_cast<int>(bytes.size())) == 1);
    X509_EXTENSION* const extension = X509_EXTENSION_create_by_NID(nullptr, nid, 0, value);
    Check(X509_add_ext(made.get(), extension, -1) == 1);
    X509_EXTENSION_free(extension);
    ASN1_OCTET_STRING_free(value);
  }
  Check(X509_sign(made.get(), Key(), EVP_sha256()) > 0);
  const std::unique_ptr<BIO, decltype(&BIO_free)> bio(BIO_new(BIO_s_mem()), BIO_free);
  Check(PEM_write_bio_X509(bio.get(), made.get()) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<size_t>(size));
}
std::string Named(const std::string& names) { return Pem({{NID_subject_alt_name, Sequence(names)}}); }

X509Pointer FromDer(const std::string& der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return X509Pointer(d2i_X509(nullptr, &at, static_cast<long>(der.size())), X509_free);
}

std::string ToDer(const X509& certificate) {
  std::string der(static_cast<size_t>(i2d_X509(&certificate, nullptr)), '\0');
  auto* at = reinterpret_cast<unsigned char*>(der.data());
  Check(i2d_X509(&certificate, &at) == static_cast<int>(der.size()));
  return der;
}

// Asks everything. What is said to be its URI stands in it as one.
void Examine(const X509& certificate) {
  const std::string der = ToDer(certificate);
  for (const std::string& uri : UrisOf(certificate))
    EXPECT_NE(der.find(UriName(uri)), std::string::npos) << ToHex(uri) << " in " << ToHex(der);
  (void)ValidFrom(certificate);
  (void)ValidUntil(certificate);
  (void)MayIssue(certificate, kUri);
  (void)IsKeyOf(certificate, "");
  for (const unsigned char c : HolderOf(certificate)) EXPECT_TRUE(c >= 0x20 && c != 0x7f) << ToHex(der);
}

TEST(X509, SaysWhatStandsInIt) {
  const X509Pointer certificate = ParseCertificate(Named(UriName(kUri) + DnsName("kz.example")));
  EXPECT_THAT(UrisOf(*certificate), ElementsAre(kUri));
  EXPECT_EQ(HolderOf(*certificate), "CN=Officer 7, kelisim://kz.example/officer/7");
  EXPECT_EQ(ValidFrom(*certificate), absl::FromUnixSeconds(1'700'000'000));
  EXPECT_EQ(ValidUntil(*certificate), absl::FromUnixSeconds(1'800'000'000));
  const std::pair<int64_t, bool> times[] = {
      {1'699'999'999, false}, {1'700'000'000, true}, {1'800'000'000, true}, {1'800'000'001, false}};
  for (const auto& [time, valid] : times)
    EXPECT_EQ(IsValidAt(*certificate, absl::FromUnixSeconds(time)), valid) << time;
  EXPECT_EQ(HolderOf(*ParseCertificate(Pem({}))), "CN=Officer 7");
  EXPECT_EQ(HolderOf(*ParseCertificate(Pem({}, "Үлгібаева Әсел"))), "CN=Үлгібаева Әсел");
}

// Each URI with all its bytes, and none of another kind of name.
TEST(X509, UrisAreTakenAsTheyStand) {
  const std::string zero("kelisim://kz.example/officer/7\0.evil", 36);
  const std::string eight("kelisim://kz.example/\xff\n", 23);
  const std::pair<std::string, std::vector<std::string>> rows[] = {
      {"", {}},
      {UriName(""), {""}},
      {UriName(kUri) + UriName("kelisim://ru.example/clerk"), {kUri, "kelisim://ru.example/clerk"}},
      {UriName(kUri) + UriName(kUri), {kUri, kUri}},
      {UriName(zero), {zero}},
      {UriName(eight), {eight}},
      {UriName(std::string(200, 'a')), {std::string(200, 'a')}},
      {DnsName(kUri), {}},
      {Asn1(0x81, kUri), {}},                // an address for mail
      {Asn1(0x88, "\x2a\x03"), {}},          // a registered number
      {Asn1(0xa4, Sequence("")), {}},        // a name of a directory
      {UriName(kUri) + "\x86\x7f", {}},      // longer than what is there
      {UriName(kUri) + Asn1(0x8f, "x"), {}}  // of no known kind
  };
  for (const auto& [names, uris] : rows) {
    const X509Pointer certificate = ParseCertificate(Named(names));
    ASSERT_NE(certificate, nullptr) << ToHex(names);
    EXPECT_EQ(UrisOf(*certificate), uris) << ToHex(names);
    Examine(*certificate);
  }
}

// Where it is not clear which names are meant, there are none.
TEST(X509, NamesInTwoExtensionsAreNone) {
  const std::string names = Sequence(UriName(kUri));
  const std::string other = Sequence(UriName("kelisim://ru.example/clerk"));
  for (const Extensions& extensions : {
           Extensions{{NID_subject_alt_name, names}, {NID_subject_alt_name, other}},
           Extensions{{NID_subject_alt_name, names}, {NID_subject_alt_name, names}},
           Extensions{{NID_issuer_alt_name, names}},
           Extensions{{NID_subject_alt_name, ""}},
           Extensions{{NID_subject_alt_name, UriName(kUri)}},
       }) {
    EXPECT_THAT(UrisOf(*ParseCertificate(Pem(extensions))), IsEmpty());
  }
}

TEST(X509, DamagedDerNamesNobodyElse) {
  const std::string der = ToDer(*ParseCertificate(Named(UriName(kUri) + DnsName("kz.example"))));
  int read = 0;
  const auto examine = [&](const std::string& bytes) {
    const X509Pointer certificate = FromDer(bytes);
    if (certificate == nullptr) return;
    Examine(*certificate);
    ++read;
  };
  for (size_t at = 0; at < der.size(); ++at) {
    EXPECT_EQ(FromDer(der.substr(0, at)), nullptr);
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = der;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      examine(flipped);
    }
    std::string other = der;
    examine(other.erase(at, 1));
    for (const char c : {'\0', '\x80', '\x86', '\xff'}) {
      other = der;
      other[at] = c;
      examine(other);
      examine(other.insert(at, 1, c));
    }
  }
  EXPECT_GT(read, 1000);  // of its signature, its key, its names
}

TEST(X509, DamagedPemNamesNobodyElse) {
  const std::string pem = Named(UriName(kUri));
  const auto examine = [](const std::string& bytes) {
    for (const X509Pointer& certificate : ParseCertificates(bytes)) Examine(*certificate);
  };
  const size_t end = pem.rfind("-----END");
  for (size_t at = 0; at < pem.size(); ++at) {
    EXPECT_TRUE(at > end || ParseCertificate(pem.substr(0, at)) == nullptr) << at;
    std::string other = pem;
    examine(other.erase(at, 1));
    for (const char c : {'\0', '\n', '-', '=', 'A'}) {
      other = pem;
      other[at] = c;
      examine(other);
    }
    examine(pem + other);
  }
}

// Each in its turn, up to the first that cannot be read.
TEST(X509, ReadsEveryCertificateOfAFile) {
  const std::string one = Named(UriName("a://1"));
  const std::string two = Named(UriName("a://2"));
  std::string broken = two;
  broken[broken.find('\n') + 1] = '!';
  const std::pair<std::string, std::string> rows[] = {
      {"", ""},
      {"\n", ""},
      {"nonsense", ""},
      {std::string(3, '\0'), ""},
      {one, "a://1 "},
      {"# ours\n" + one + "\n# theirs\n" + two, "a://1 a://2 "},
      {one + broken + two, "a://1 "},
      {broken + one, ""},
      {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n" + one, "a://1 "},
      {one.substr(0, one.size() / 2) + two, ""},
  };
  for (const auto& [pem, uris] : rows) {
    std::string read;
    for (const X509Pointer& certificate : ParseCertificates(pem)) read += UrisOf(*certificate).at(0) + " ";
    EXPECT_EQ(read, uris) << pem;
    EXPECT_EQ(ParseCertificate(pem) == nullptr, uris.empty()) << pem;
  }
}

// "permitted;URI" and "excluded;URI" of name constraints.
std::string Permitted(const std::string& host) { return Asn1(0xa0, Sequence(UriName(host))); }
std::string Excluded(const std::string& host) { return Asn1(0xa1, Sequence(UriName(host))); }

TEST(MayIssue, WhatItsConstraintsAllow) {
  const auto ca = [](const std::string& constraints) {
    return ParseCertificate(Pem({{NID_name_constraints, constraints}}));
  };
  struct Row {
    X509Pointer ca;
    const char* uri;
    bool may;
  };
  const Row rows[] = {
      {ParseCertificate(Pem({})), kUri, true},
      {ParseCertificate(Pem({})), "kelisim://ru.example/a,b", true},
      {ca(Sequence(Permitted("kz.example"))), kUri, true},
      {ca(Sequence(Permitted("kz.example"))), "kelisim://KZ.example/", true},
      {ca(Sequence(Permitted("kz.example"))), "kelisim://ru.example/officer/7", false},
      {ca(Sequence(Permitted("kz.example"))), "kelisim://sub.kz.example/", false},
      {ca(Sequence(Permitted("kz.example"))), "kelisim://kz.example.ru/", false},
      {ca(Sequence(Permitted("kz.example"))), "kz.example", false},
      {ca(Sequence(Permitted("kz.example"))), "", false},
      {ca(Sequence(Excluded("ru.example"))), kUri, true},
      {ca(Sequence(Excluded("ru.example"))), "kelisim://ru.example/officer/7", false},
      // No list of names, and nothing that is cut off.
      {ca(Sequence(Permitted("kz.example"))), "kelisim://kz.example/a,b", true},
      {ca(Sequence(Permitted("kz.example"))), "kelisim://ru.example/,DNS:kz.example", false},
      {ca(Sequence(Excluded("ru.example"))), " kelisim://ru.example/", false},
      // Constraints that cannot be read: with such a CA no chain is valid.
      {ca(""), kUri, false},
      {ca("\x30\x7f"), kUri, false},
      {ca(Permitted("kz.example")), kUri, false},
      {ParseCertificate(Pem({{NID_name_constraints, Sequence(Permitted("kz.example"))},
                             {NID_name_constraints, Sequence(Permitted("ru.example"))}})),
       kUri, false},
  };
  for (const auto& [issuer, uri, may] : rows) {
    ASSERT_NE(issuer, nullptr);
    EXPECT_EQ(MayIssue(*issuer, uri), may) << uri << " by " << ToHex(ToDer(*issuer));
  }
}

}  // namespace
}  // namespace kelisim
