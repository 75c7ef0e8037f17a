#ifndef KELISIM_SHARED_TREATY_CASE_STATE_H_
#define KELISIM_SHARED_TREATY_CASE_STATE_H_

#include <optional>
#include <string>
#include <string_view>

#include "kelisim/v1/case.pb.h"
#include "shared/treaty/verdict.h"

// What the files of the resettlement case share: questions to a CaseState and
// the few changes that more than one step makes. Private to this module.

namespace kelisim::treaty {

inline constexpr char kHead[] = "head";

// 3.a, 3.b, 3.v, 3.g, 3.d, 3.e, 3.zh.
bool IsArticle3(std::string_view rule);
// 3.v, 3.g: what ends by the text itself. They defer or suspend, and end no case.
bool IsTemporary(std::string_view rule);
// 3.b, 3.d, 3.e: facts of the departure state, which it certifies (a7). On them it alone finds that
// somebody is out of the Agreement (a10, edge 49).
bool IsFoundByDeparture(std::string_view rule);
// 3.b, 3.v, 3.g: what it alone suspends on; on the others, who learns of them (a20).
bool IsSuspendedByDeparture(std::string_view rule);

// Open, and the person has not departed: no benefit of the Agreement was used.
bool IsBeforeDeparture(v1::CaseStatus status);

// The counterpart knows a case from the first offer of hand-off 1.
bool IsKnownToBoth(const v1::CaseState& state);

bool IsIncluded(const v1::CaseState& state, std::string_view person_id);
// In the petition, whatever became of the person since.
bool IsNamed(const v1::CaseState& state, std::string_view person_id);
int IncludedCount(const v1::CaseState& state);

// step.person unless `person_id` is included in the case.
std::optional<v1::Violation> MustBeIncluded(const v1::CaseState& state, const std::string& person_id);

// Takes a family member out: the member's obstacles go, places shrink before the departure.
void TakeOut(v1::CaseState& state, const std::string& person_id, v1::MemberStanding::Standing standing,
             const std::string& rule);

// Removes the obstacle, and with the last one the deferral or suspension.
void RemoveObstacle(v1::CaseState& state, const std::string& rule, const std::string& person_id);

// The hand-off by which the state of departure takes the case over to prepare the departure.
inline constexpr uint32_t kPrepares = 3;

// Ended after the departure was prepared, and nobody has told of one: it may still become known.
bool MayHaveDeparted(const v1::CaseState& state);
// Ends the case early, like the next one. Who left before `day` in the capital of `by` departed
// under the Agreement.
void CloseFrom(v1::CaseState& state, v1::CaseStatus status, const std::string& rule, const std::string& day,
               v1::Party by);

// Ends the case early. A place not used for a departure is released (d3).
void Close(v1::CaseState& state, v1::CaseStatus status, const std::string& rule);

// Notes what the departure state has told of the head under one of its findings.
void NoteReported(v1::CaseState& state, const std::string& rule, const std::string& person_id,
                  v1::Party author);
bool IsReported(const v1::CaseState& state, const std::string& rule);

// ---- notices

// Whether a notice can still concern the case. Depends on status and standings
// only, and of an order that is taken back on whether that order still stands; once
// false it never becomes true again: a notice may therefore reach the other side
// before or after any act of the chain, and both sides still end with the same state.
bool IsAdmissible(const v1::CaseState& state, const v1::Notice& notice);

const v1::PendingNotice* FindNotice(const v1::CaseState& state, const std::string& entry_id);
// Whether the entry state has taken back the order to annul in this notice.
bool IsTakenBack(const v1::CaseState& state, const std::string& order);

// step.notice unless `entry_id` is empty or names a pending notice of `kind`.
std::optional<v1::Violation> MustAnswer(const v1::CaseState& state, const std::string& entry_id,
                                        v1::Notice::Kind kind);
// The same, and the notice is about the same rule and person.
std::optional<v1::Violation> MustAnswer(const v1::CaseState& state, const std::string& entry_id,
                                        v1::Notice::Kind kind, const std::string& rule,
                                        const std::string& person_id);

// step.ground: on a fact of the departure state the entry state decides only in answer to a notice
// of that state. The departure state itself needs none.
std::optional<v1::Violation> MustBeReported(const v1::CaseState& state, const std::string& entry_id,
                                            const std::string& person_id, v1::Party author);

// Kept in the order of entry ids, so that both sides hold the same bytes.
void AddNotice(v1::CaseState& state, v1::PendingNotice notice);
void DropNotice(v1::CaseState& state, const std::string& entry_id);
void DropInadmissibleNotices(v1::CaseState& state);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_CASE_STATE_H_
