#include "shared/authority/fold.h"

#include "shared/base/status_macros.h"

namespace kelisim::authority {

using ledger::Side;

absl::Status FoldJudged(const OpenedEntry& opened, const std::optional<Judgement>& judged, Views& views) {
  // LOSS changes no view; kinds of a later version are kept as they are.
  if (!judged) {
    switch (opened.entry.kind()) {
      case v1::ENTRY_KIND_PROGRESS:
        return views.FoldProgress(opened);
      case v1::ENTRY_KIND_REFUSAL:
        return views.FoldRefusal(opened);
      case v1::ENTRY_KIND_KEY:
        return views.FoldKey(opened);
      default:
        return absl::OkStatus();
    }
  }
  return judged->violation ? views.FoldOwnRefusal(opened, judged->act, *judged->violation)
                           : views.Fold(opened, judged->act);
}

absl::Status FoldMirrorEntry(const v1::Protocol& initial, uint64_t index, Views& views) {
  ASSIGN_OR_RETURN(const OpenedEntry opened, views.OpenEntry(Side::kMirror, index));
  ASSIGN_OR_RETURN(const std::optional<Judgement> judged, JudgeEntry(opened, initial, views));
  return FoldJudged(opened, judged, views);
}

absl::StatusOr<uint64_t> FoldLedgers(const v1::Protocol& initial, uint64_t own_size, uint64_t mirror_size,
                                     Views& views, const std::function<absl::Status(uint64_t)>& between) {
  uint64_t processed = 0;
  for (uint64_t index = 0; index < own_size; ++index) {
    RETURN_IF_ERROR(between(index));
    ASSIGN_OR_RETURN(const OpenedEntry opened, views.OpenEntry(Side::kOwn, index));
    if (opened.entry.kind() == v1::ENTRY_KIND_PROGRESS) {
      const uint64_t position = opened.entry.reference().position();
      if (position > mirror_size) return absl::DataLossError("the mirror lacks what was processed before");
      for (; processed < position; ++processed) RETURN_IF_ERROR(FoldMirrorEntry(initial, processed, views));
    } else if (opened.entry.kind() == v1::ENTRY_KIND_ACT && !opened.payload.empty()) {
      v1::Act act;
      if (!ParseAct(opened.payload, &act) || act.subject_case() == v1::Act::SUBJECT_NOT_SET)
        return absl::DataLossError("an own act cannot be read");
      RETURN_IF_ERROR(views.Fold(opened, act));
    } else if (opened.entry.kind() == v1::ENTRY_KIND_KEY) {
      RETURN_IF_ERROR(views.FoldKey(opened));
    }
  }
  return processed;
}

}  // namespace kelisim::authority
