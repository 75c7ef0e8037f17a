#include "shared/ledger/overlay.h"

#include "shared/base/status_macros.h"

namespace kelisim::ledger {

absl::StatusOr<std::optional<std::string>> Overlay::Get(std::string_view key) const {
  const auto& changes = batch_.changes();
  if (const auto it = changes.find(key); it != changes.end()) return it->second;
  return store_.Get(key);
}

absl::Status Overlay::Scan(std::string_view begin, std::string_view end,
                           const std::function<bool(std::string_view, std::string_view)>& visit) const {
  if (begin >= end) return absl::OkStatus();
  const auto& changes = batch_.changes();
  auto change = changes.lower_bound(begin);
  const auto last = changes.lower_bound(end);
  bool wanted = true;
  // Visits the batch's own keys below `limit`; an empty limit means all of them.
  const auto visit_changes_below = [&](std::optional<std::string_view> limit) {
    for (; wanted && change != last && (!limit || change->first < *limit); ++change) {
      if (change->second) wanted = visit(change->first, *change->second);
    }
  };
  RETURN_IF_ERROR(store_.Scan(begin, end, [&](std::string_view key, std::string_view value) {
    visit_changes_below(key);
    if (!wanted) return false;
    if (change != last && change->first == key) return true;  // the batch has the last word; visited next
    wanted = visit(key, value);
    return wanted;
  }));
  visit_changes_below(std::nullopt);
  return absl::OkStatus();
}

std::string PrefixEnd(std::string_view prefix) {
  std::string end(prefix);
  while (static_cast<unsigned char>(end.back()) == 0xff) end.pop_back();
  ++end.back();
  return end;
}

}  // namespace kelisim::ledger
