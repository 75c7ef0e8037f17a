#ifndef KELISIM_SHARED_TREATY_QUOTA_H_
#define KELISIM_SHARED_TREATY_QUOTA_H_

#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "shared/treaty/verdict.h"

// The yearly quota (Art. 12.1, procedure d). Its counters are the sum of the
// effects of cases (resettlement.h); its own acts set, adjust, close and report.

namespace kelisim::treaty {

// A quota act and what it does to cases: lowering it, or closing the year, moves
// reservations not yet issued to the waiting list (d4, d5), newest first.
struct QuotaActs {
  std::vector<v1::QuotaAct> acts;
  std::vector<std::pair<std::string, v1::CaseAct>> case_acts;  // case id, act
};
using QuotaVerdict = std::variant<QuotaActs, v1::Violation>;

// `state` is the quota of the year the command names. Case acts come first in
// time: they are recorded before the quota acts, so that the limit holds at
// every prefix of the ledger.
QuotaVerdict Judge(const v1::QuotaState& state, const v1::QuotaCommand& command, const Context& context);
std::optional<v1::Violation> Admit(const v1::QuotaState& state, const v1::QuotaAct& act,
                                   const Context& context);
v1::QuotaState Apply(v1::QuotaState state, const v1::QuotaAct& act, v1::Party author);

// Changes the counters; sets OPEN or EXHAUSTED. Requires the result to be >= 0.
v1::QuotaState Count(v1::QuotaState state, int64_t reserved_delta, int64_t used_delta);

// The year a quota command or act is about.
int YearOf(const v1::QuotaCommand& command);
int YearOf(const v1::QuotaAct& act);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_QUOTA_H_
