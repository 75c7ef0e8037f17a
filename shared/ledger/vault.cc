#include "shared/ledger/vault.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"

namespace kelisim::ledger {
namespace {

std::string KeyRow(std::string_view case_id) { return absl::StrCat("K", Absl(case_id)); }

}  // namespace

Vault::Vault(std::string master_key, Random& random)
    : master_key_(std::move(master_key)),
      index_key_(HmacSha256(master_key_, "kelisim index key").bytes()),
      random_(random) {}

Hash Vault::Pseudonym(std::string_view domain, std::string_view value) const {
  return HmacSha256(index_key_, absl::StrCat(Absl(domain), "\n", Absl(value)));
}

absl::Status Vault::CheckMasterKey(const Store& rows) const {
  absl::Status opens;
  RETURN_IF_ERROR(
      rows.Scan(KeyRow(""), PrefixEnd(KeyRow("")), [&](std::string_view row, std::string_view wrapped) {
        opens = kelisim::Unseal(master_key_, row, wrapped).status();
        return false;
      }));
  if (opens.ok()) return opens;
  return absl::DataLossError("the master key is not that of this store, or the store's keys are damaged");
}

void Vault::Remember(std::string_view case_id, const std::string& key) {
  const std::lock_guard lock(mutex_);
  // Emptying the cache now and then is cheaper than tracking use.
  if (keys_.size() >= kCachedKeys) keys_.clear();
  keys_.insert_or_assign(std::string(case_id), key);
}

template <typename Rows>
absl::StatusOr<std::optional<std::string>> Vault::FindKey(const Rows& rows, std::string_view case_id) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = keys_.find(std::string(case_id)); it != keys_.end()) return it->second;
  }
  const std::string row = KeyRow(case_id);
  ASSIGN_OR_RETURN(const std::optional<std::string> wrapped, rows.Get(row));
  if (!wrapped) return std::nullopt;
  ASSIGN_OR_RETURN(std::string key, kelisim::Unseal(master_key_, row, *wrapped));
  Remember(case_id, key);
  return key;
}

absl::StatusOr<std::string> Vault::Seal(Overlay& rows, std::string_view case_id, std::string_view context,
                                        std::string_view plaintext) {
  // Sealed bytes begin with the case id, so that the key is found from them alone.
  if (case_id.size() > 255) return absl::InvalidArgumentError("case id too long");
  ASSIGN_OR_RETURN(std::optional<std::string> key, FindKey(rows, case_id));
  if (!key) {
    key = random_.Bytes(32);
    const std::string row = KeyRow(case_id);
    rows.Put(row, kelisim::Seal(master_key_, row, *key, random_));
    Remember(case_id, *key);
  }
  std::string sealed(1, static_cast<char>(case_id.size()));
  sealed += case_id;
  sealed += kelisim::Seal(*key, context, plaintext, random_);
  return sealed;
}

template <typename Rows>
absl::StatusOr<std::string> Vault::UnsealFrom(const Rows& rows, std::string_view context,
                                              std::string_view sealed) {
  const size_t id_size = sealed.empty() ? 0 : static_cast<unsigned char>(sealed[0]);
  if (sealed.size() < 1 + id_size) return absl::DataLossError("sealed row is cut short");
  ASSIGN_OR_RETURN(const std::optional<std::string> key, FindKey(rows, sealed.substr(1, id_size)));
  if (!key) return absl::NotFoundError("the key of what is sealed is not here");
  return kelisim::Unseal(*key, context, sealed.substr(1 + id_size));
}

absl::StatusOr<std::string> Vault::Unseal(const Overlay& rows, std::string_view context,
                                          std::string_view sealed) {
  return UnsealFrom(rows, context, sealed);
}

absl::StatusOr<std::string> Vault::Unseal(const Store& rows, std::string_view context,
                                          std::string_view sealed) {
  return UnsealFrom(rows, context, sealed);
}

}  // namespace kelisim::ledger
