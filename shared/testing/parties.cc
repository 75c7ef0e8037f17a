#include "shared/testing/parties.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/crypto/digest.h"

namespace kelisim::testing {
namespace {

tlog::NoteSigner TestSigner(v1::Party party, std::string_view role) {
  const std::string name =
      absl::StrCat("migration.", party == v1::PARTY_KZ ? "kz" : "ru", ".example/", Absl(role));
  const tlog::KeyType type = role == "ledger" ? tlog::KeyType::kEd25519 : tlog::KeyType::kCosignature;
  const std::string secret = *tlog::NoteSigner::NewSecret(name, type, Sha256(name).bytes());
  return *tlog::NoteSigner::Parse(secret);
}

}  // namespace

std::string SeededRandom::Bytes(size_t count) {
  std::string bytes;
  while (bytes.size() < count) AppendU64(bytes, engine_());
  bytes.resize(count);
  return bytes;
}

v1::Protocol TestProtocol() {
  v1::Protocol protocol;
  protocol.set_version("2026-1");
  protocol.set_quota_unit(v1::Protocol::PERSON);
  protocol.set_answer_days(28);
  protocol.set_status_validity_months(12);
  protocol.set_status_form_version("1");
  protocol.set_dispute_answer_days(30);
  protocol.set_dispute_consultation_days(60);
  protocol.set_matter_answer_working_days(10);
  protocol.set_clearance_working_days(20);
  return protocol;
}

authority::Identity TestIdentity(v1::Party party) {
  const v1::Party peer = treaty::Other(party);
  authority::Profile profile{party, party == v1::PARTY_KZ ? "Asia/Almaty" : "Europe/Moscow",
                             party == v1::PARTY_KZ ? "KZ-R" : "RU-P",
                             [](const v1::Identifier&) { return std::nullopt; },
                             [](const v1::Identifier&, const v1::Person&) { return std::nullopt; }};
  return {std::move(profile),
          TestProtocol(),
          party == v1::PARTY_KZ ? "kz-labour-2022" : "ru-interior-2025",
          TestSigner(party, "ledger"),
          TestSigner(party, "witness"),
          TestSigner(party, "mirror"),
          tlog::LogKeys(TestSigner(peer, "ledger").verifier()),
          TestSigner(peer, "witness").verifier(),
          TestSigner(peer, "mirror").verifier(),
          tlog::LogKeys(TestSigner(party, "ledger").verifier())};
}

std::string TestMasterKey(v1::Party party) {
  return std::string(Sha256(absl::StrCat("test master key ", static_cast<int>(party))).bytes());
}

}  // namespace kelisim::testing
