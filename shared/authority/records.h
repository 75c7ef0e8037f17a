#ifndef KELISIM_SHARED_AUTHORITY_RECORDS_H_
#define KELISIM_SHARED_AUTHORITY_RECORDS_H_

#include <list>
#include <memory>
#include <string>
#include <tuple>
#include <unordered_map>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/strings/str_cat.h"
#include "shared/authority/matter.h"
#include "shared/base/status_macros.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/vault.h"

namespace kelisim::authority {

// The records of matters in a store, sealed, each in the row "<prefix> <id>". Keeps
// the kMostKept that were last used: an act asks for its matter several times.
// Single-threaded; nobody else may write these rows.
class Records {
 public:
  // Of each type.
  static constexpr size_t kMostKept = 2048;

  // Both must outlive the records.
  Records(ledger::Overlay& rows, ledger::Vault& vault) : rows_(rows), vault_(vault) {}

  // The record as it is now; later changes do not touch what was returned. One with
  // only the id set when there is none.
  template <typename Record>
  absl::StatusOr<std::shared_ptr<const Record>> Load(const std::string& id) const {
    Kept<Record>& kept = std::get<Kept<Record>>(kept_);
    if (const auto found = kept.by_id.find(id); found != kept.by_id.end()) {
      kept.by_use.splice(kept.by_use.begin(), kept.by_use, found->second);
      return *found->second;
    }
    const std::string row = Row<Record>(id);
    ASSIGN_OR_RETURN(const std::optional<std::string> sealed, rows_.Get(row));
    auto record = std::make_shared<Record>();
    if (!sealed) {
      Matter<Record>::SetId(*record->mutable_state(), id);
      return record;
    }
    ASSIGN_OR_RETURN(const std::string bytes, vault_.Unseal(rows_, row, *sealed));
    if (!record->ParseFromString(bytes)) return absl::DataLossError("a record in the store cannot be read");
    Keep(record);
    return record;
  }

  // A record to change, that nobody else sees; only Save makes the change.
  template <typename Record>
  absl::StatusOr<std::shared_ptr<Record>> Edit(const std::string& id) {
    ASSIGN_OR_RETURN(const std::shared_ptr<const Record> seen, Load<Record>(id));
    std::shared_ptr<Record> kept = Take<Record>(id);
    // Two owners are `seen` and `kept`.
    if (kept == nullptr || kept.use_count() > 2) return std::make_shared<Record>(*seen);
    return kept;
  }

  template <typename Record>
  absl::Status Save(std::shared_ptr<Record> record) {
    const std::string& id = Matter<Record>::Id(record->state());
    const std::string row = Row<Record>(id);
    ASSIGN_OR_RETURN(std::string sealed, vault_.Seal(rows_, id, row, record->SerializeAsString()));
    rows_.Put(row, std::move(sealed));
    Keep(std::move(record));
    return absl::OkStatus();
  }

  // Drops what is kept, after the rows were deleted.
  void Forget() { kept_ = {}; }

 private:
  template <typename Record>
  struct Kept {
    std::list<std::shared_ptr<Record>> by_use;  // the last used first
    std::unordered_map<std::string, typename std::list<std::shared_ptr<Record>>::iterator> by_id;
  };

  template <typename Record>
  static std::string Row(const std::string& id) {
    return absl::StrCat(Matter<Record>::kRowPrefix, id);
  }

  template <typename Record>
  void Keep(std::shared_ptr<Record> record) const {
    Kept<Record>& kept = std::get<Kept<Record>>(kept_);
    // One at a time: to free many at once would hold up everybody who waits for a turn.
    if (kept.by_use.size() >= kMostKept) Take<Record>(Matter<Record>::Id(kept.by_use.back()->state()));
    const std::string& id = Matter<Record>::Id(record->state());
    Take<Record>(id);
    kept.by_use.push_front(std::move(record));
    kept.by_id.emplace(id, kept.by_use.begin());
  }

  // nullptr when it is not kept.
  template <typename Record>
  std::shared_ptr<Record> Take(const std::string& id) const {
    Kept<Record>& kept = std::get<Kept<Record>>(kept_);
    const auto found = kept.by_id.find(id);
    if (found == kept.by_id.end()) return nullptr;
    std::shared_ptr<Record> record = std::move(*found->second);
    kept.by_use.erase(found->second);
    kept.by_id.erase(found);
    return record;
  }

  ledger::Overlay& rows_;
  ledger::Vault& vault_;
  mutable std::tuple<Kept<v1::CaseRecord>, Kept<v1::MatterRecord>> kept_;
};

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_RECORDS_H_
