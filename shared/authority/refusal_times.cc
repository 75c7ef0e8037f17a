#include "shared/authority/refusal_times.h"

#include "shared/base/bytes.h"

namespace kelisim::authority {

std::optional<RefusalTimes::Span> RefusalTimes::Read(uint64_t index, const v1::Entry& entry) {
  const uint64_t position = entry.reference().position();
  // Nobody processes an entry twice: one that says less than before says nothing.
  if (entry.kind() == v1::ENTRY_KIND_PROGRESS && (!position_ || *position_ < position)) {
    before_ = position_.value_or(0);
    position_ = position;
    index_ = index;
  }
  const bool in_time = entry.kind() == v1::ENTRY_KIND_REFUSAL && position_ && *position_ != 0 &&
                       *position_ - 1 == position && index_ + 1 == index;
  if (!in_time) return std::nullopt;
  return Span{before_, position};
}

std::string RefusalTimes::ToRow() const {
  return position_ ? U64(*position_) + U64(index_) + U64(before_) : "";
}

RefusalTimes RefusalTimes::FromRow(std::string_view row) {
  RefusalTimes times;
  if (row.size() < 16) return times;
  times.position_ = ReadU64(row);
  times.index_ = ReadU64(row.substr(8));
  // A row of an earlier version does not say: then nothing before the last one can be refused.
  const bool says = row.size() > 16;
  times.before_ = says ? ReadU64(row.substr(16)) : *times.position_ - std::min<uint64_t>(*times.position_, 1);
  return times;
}

}  // namespace kelisim::authority
