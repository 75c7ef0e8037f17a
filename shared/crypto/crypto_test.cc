#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "shared/base/bytes.h"
#include "shared/crypto/digest.h"
#include "shared/crypto/seal.h"
#include "shared/crypto/signature.h"

namespace kelisim {
namespace {

std::string Hex(std::string_view hex) { return *FromHex(hex); }

TEST(Digest, Sha256OfTheStandard) {
  // FIPS 180-4 examples.
  EXPECT_EQ(ToHex(Sha256("").bytes()), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(ToHex(Sha256("abc").bytes()), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(Sha256({"a", "", "bc"}), Sha256("abc"));
}

TEST(Digest, HmacOfTheStandard) {
  // RFC 4231 test cases 1, 2 and 6 (a key longer than a block).
  EXPECT_EQ(ToHex(HmacSha256(std::string(20, '\x0b'), "Hi There").bytes()),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(ToHex(HmacSha256("Jefe", "what do ya want for nothing?").bytes()),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(
      ToHex(HmacSha256(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First")
                .bytes()),
      "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Digest, HmacRemembersNoKey) {
  // Nothing may be left over from the call before, least of all for no key.
  const Hash empty = HmacSha256("", "message");
  HmacSha256("a key", "another message");
  EXPECT_EQ(HmacSha256(std::string_view(), "message"), empty);
  EXPECT_NE(HmacSha256("a key", "message"), empty);
  // A key longer than a block stands for its digest.
  const std::string long_key(65, 'k');
  EXPECT_EQ(HmacSha256(long_key, "m"), HmacSha256(Sha256(long_key).bytes(), "m"));
}

TEST(Digest, AHashHas32Bytes) {
  EXPECT_TRUE(Hash::FromBytes(std::string(32, 'x')).ok());
  EXPECT_FALSE(Hash::FromBytes(std::string(31, 'x')).ok());
  EXPECT_FALSE(Hash::FromBytes(std::string(33, 'x')).ok());
  EXPECT_TRUE(ConstantTimeEquals("abc", "abc"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "abd"));
  EXPECT_FALSE(ConstantTimeEquals("abc", "ab"));
}

struct Rfc8032 {
  const char* seed;
  const char* public_key;
  const char* message;
  const char* signature;
};

// RFC 8032 section 7.1, tests 1 to 3 and SHA(abc).
constexpr Rfc8032 kRfc8032[] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a", "",
     "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f"
     "0595bbe24"
     "655141438e7a100b"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c", "72",
     "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2ea"
     "eb4302aee"
     "b00d291612bb0c00"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025", "af82",
     "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e"
     "9716ed28d"
     "c027beceea1ec40a"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf",
     "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
     "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
     "dc2a4459e7369633a52b1bf277839a00201009a3efbf3ecb69bea2186c26b589"
     "09351fc9ac90b3ecfdfbc7c66431e0303dca179c138ac17ad9bef1177331a704"},
};

TEST(Ed25519, VectorsOfTheRfc) {
  for (const Rfc8032& vector : kRfc8032) {
    const auto signer = *NewEd25519Signer(Hex(vector.seed));
    EXPECT_EQ(ToHex(signer->PublicKey()), vector.public_key);
    const std::string message = Hex(vector.message);
    const std::string signature = signer->Sign(message);
    EXPECT_EQ(ToHex(signature), vector.signature);
    const auto verifier = *NewEd25519Verifier(Hex(vector.public_key));
    EXPECT_TRUE(verifier->Verify(message, signature));
    EXPECT_FALSE(verifier->Verify(message + "x", signature));
    for (size_t i = 0; i < signature.size(); ++i) {
      std::string flipped = signature;
      flipped[i] = static_cast<char>(flipped[i] ^ 1);
      EXPECT_FALSE(verifier->Verify(message, flipped)) << i;
    }
    EXPECT_FALSE(verifier->Verify(message, signature.substr(1)));
    EXPECT_FALSE(verifier->Verify(message, signature + "x"));
  }
  EXPECT_FALSE(NewEd25519Signer("short").ok());
  EXPECT_FALSE(NewEd25519Verifier(std::string(33, 'x')).ok());
}

// The points whose order divides eight, and what is no point.
TEST(Ed25519, RefusesKeysThatBindNobody) {
  const std::string zeros(60, '0');
  for (const std::string& key : {
           "01" + zeros + "00",
           "00" + zeros + "00",
           "00" + zeros + "80",
           "ec" + std::string(60, 'f') + "7f",
           std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
           std::string("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85"),
           std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
           std::string("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa"),
           // y = 2 is not on the curve; the last one is written with a y beyond the field.
           "02" + zeros + "00",
           std::string(64, 'f'),
       }) {
    EXPECT_TRUE(absl::IsInvalidArgument(NewEd25519Verifier(Hex(key)).status())) << key;
  }
}

TEST(Ed25519, PublicVectors) {
  const char* folder = std::getenv("KELISIM_VECTORS");
  if (folder == nullptr)
    GTEST_SKIP() << "KELISIM_VECTORS is not set: the public Ed25519 vectors were not run";
  std::ifstream file(std::string(folder) + "/ed25519_wycheproof.json");
  ASSERT_TRUE(file.good());
  const nlohmann::json vectors = nlohmann::json::parse(file);
  int count = 0;
  for (const auto& group : vectors["testGroups"]) {
    const auto verifier = *NewEd25519Verifier(Hex(group["publicKey"]["pk"].get<std::string>()));
    for (const auto& test : group["tests"]) {
      ++count;
      EXPECT_EQ(verifier->Verify(Hex(test["msg"].get<std::string>()), Hex(test["sig"].get<std::string>())),
                test["result"] == "valid")
          << test["tcId"] << " " << test["comment"];
    }
  }
  EXPECT_EQ(count, vectors["numberOfTests"].get<int>());
}

TEST(Seal, OpensOnlyWithKeyContextAndEveryByte) {
  const std::string key(32, 'k');
  for (const std::string& plaintext : {std::string(), std::string("a"), std::string(1000, 'p')}) {
    const std::string sealed = Seal(key, "row 1", plaintext, SystemRandom());
    EXPECT_EQ(sealed.size(), plaintext.size() + 28);
    EXPECT_EQ(*Unseal(key, "row 1", sealed), plaintext);
    EXPECT_TRUE(absl::IsDataLoss(Unseal(key, "row 2", sealed).status()));
    EXPECT_TRUE(absl::IsDataLoss(Unseal(std::string(32, 'x'), "row 1", sealed).status()));
    for (size_t i = 0; i < sealed.size(); ++i) {
      std::string flipped = sealed;
      flipped[i] = static_cast<char>(flipped[i] ^ 0x80);
      EXPECT_FALSE(Unseal(key, "row 1", flipped).ok()) << i;
    }
    for (size_t size = 0; size < sealed.size(); ++size)
      EXPECT_FALSE(Unseal(key, "row 1", sealed.substr(0, size)).ok()) << size;
    EXPECT_FALSE(Unseal(key, "row 1", sealed + "x").ok());
    EXPECT_FALSE(Unseal(key, "row 1", "x" + sealed).ok());
    EXPECT_FALSE(Unseal(key, "", sealed).ok());
    EXPECT_FALSE(Unseal(key, "row 1 ", sealed).ok());
    EXPECT_FALSE(Unseal(key.substr(1), "row 1", sealed).ok());
  }
  EXPECT_NE(Seal(key, "", "same", SystemRandom()), Seal(key, "", "same", SystemRandom()));
}

class FixedRandom final : public Random {
 public:
  explicit FixedRandom(std::string bytes) : bytes_(std::move(bytes)) {}
  std::string Bytes(size_t count) override { return bytes_.substr(0, count); }

 private:
  const std::string bytes_;
};

// Test case 16 of the proposal of GCM to NIST (McGrew and Viega).
TEST(Seal, IsAes256Gcm) {
  const std::string key = Hex("feffe9928665731c6d6a8f9467308308feffe9928665731c6d6a8f9467308308");
  const std::string nonce = Hex("cafebabefacedbaddecaf888");
  const std::string context = Hex("feedfacedeadbeeffeedfacedeadbeefabaddad2");
  const std::string plaintext =
      Hex("d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
          "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39");
  const std::string ciphertext =
      Hex("522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
          "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662");
  const std::string tag = Hex("76fc6ece0f4e1768cddf8853bb2d551b");
  FixedRandom random(nonce);
  EXPECT_EQ(ToHex(Seal(key, context, plaintext, random)), ToHex(nonce + ciphertext + tag));
  EXPECT_EQ(*Unseal(key, context, nonce + ciphertext + tag), plaintext);
}

TEST(Commit, BindsAndHides) {
  const std::string opening(32, 'o');
  EXPECT_EQ(Commit(opening, "payload"), HmacSha256(opening, "payload"));
  EXPECT_NE(Commit(opening, "payload"), Commit(opening, "payload "));
  EXPECT_NE(Commit(opening, "payload"), Commit(std::string(32, 'p'), "payload"));
}

}  // namespace
}  // namespace kelisim
