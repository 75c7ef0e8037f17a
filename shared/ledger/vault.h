#ifndef KELISIM_SHARED_LEDGER_VAULT_H_
#define KELISIM_SHARED_LEDGER_VAULT_H_

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/base/ports.h"
#include "shared/crypto/digest.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/store.h"

namespace kelisim::ledger {

// Sealing at rest. Each case has a key of its own, wrapped by the master key in
// row "K <case id>"; what belongs to no case uses the key of the empty case id. A
// case id is a name here and nothing else, and so is that of a matter, in its place.
// Nothing removes a key. What was sealed under one that is not here cannot be read;
// every proof stays valid.
//
// Thread-safe. Keeps up to kCachedKeys unwrapped keys in memory.
class Vault {
 public:
  // `master_key`: 32 bytes. `random` must outlive the vault.
  Vault(std::string master_key, Random& random);

  // Seals `plaintext` under the case's key; makes the key, in `rows`, when
  // there is none yet. `context` names the row the result is for.
  absl::StatusOr<std::string> Seal(Overlay& rows, std::string_view case_id, std::string_view context,
                                   std::string_view plaintext);
  // DATA_LOSS: damaged, or from another row. NOT_FOUND: the case's key is not here.
  absl::StatusOr<std::string> Unseal(const Overlay& rows, std::string_view context, std::string_view sealed);
  absl::StatusOr<std::string> Unseal(const Store& rows, std::string_view context, std::string_view sealed);

  // DATA_LOSS when `rows` has keys that this master key does not open: it is that of
  // another store, and nothing may be read or sealed with it.
  absl::Status CheckMasterKey(const Store& rows) const;

  // A vault of the same master key that remembers no key: what it unseals, it has from the
  // rows alone.
  std::unique_ptr<Vault> Fresh() const { return std::make_unique<Vault>(master_key_, random_); }

  // A pseudonym for use in keys: the same for the same input on this node only.
  Hash Pseudonym(std::string_view domain, std::string_view value) const;

 private:
  static constexpr size_t kCachedKeys = 10'000;

  template <typename Rows>
  absl::StatusOr<std::optional<std::string>> FindKey(const Rows& rows, std::string_view case_id);
  template <typename Rows>
  absl::StatusOr<std::string> UnsealFrom(const Rows& rows, std::string_view context, std::string_view sealed);
  void Remember(std::string_view case_id, const std::string& key);

  const std::string master_key_;
  const std::string index_key_;
  Random& random_;
  std::mutex mutex_;
  std::unordered_map<std::string, std::string> keys_;  // guarded by mutex_
};

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_VAULT_H_
