#ifndef KELISIM_SHARED_TREATY_MATTER_H_
#define KELISIM_SHARED_TREATY_MATTER_H_

#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "kelisim/v1/matter.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/treaty/resettlement.h"
#include "shared/treaty/verdict.h"

// Matters: court decisions, disputes, property declarations, entitlements, complaints,
// inquiries, instruments. Each kind is a table of steps and a few rules on their content, in the
// file of its name; what they have in common stands in matter.cc. Pure.

namespace kelisim::treaty {

using MatterVerdict = std::variant<std::vector<v1::MatterStep>, v1::Violation>;
// `command` must have been checked by CheckForm (form.h). A new matter is a state with
// only `id` set.
MatterVerdict Judge(const v1::MatterState& state, const v1::MatterStep& command, const Context& context);
std::optional<v1::Violation> Admit(const v1::MatterState& state, const v1::MatterStep& step,
                                   const Context& context);
v1::MatterState Apply(v1::MatterState state, const v1::MatterStep& step, const Recorded& recorded);

// What the Party that waits records when the time to answer has passed.
v1::MatterStep OverdueStep(const v1::MatterState& state);

// Goes to the counterpart: the step that tells it of the matter, and all after it.
bool IsAddressed(const v1::MatterState& state_before, const v1::MatterStep& step);
// Told outside only when the counterpart's cosignature covers it: a recognition.
bool IsIrreversible(const v1::MatterStep& step);
// Carries everything that stayed at home before it.
bool IsOpening(const v1::MatterStep& step);
// May cross a step of the other Party on its way; names no predecessor.
bool IsOutsideChain(const v1::MatterStep& step);
// The step that begins a matter; any other one names it.
bool Begins(const v1::MatterStep& step);

// True for statuses from which nothing leads on.
bool IsClosed(const v1::MatterState& state);

// What may be done now, by whom and under which rule. `context.author` is ignored.
std::vector<v1::AllowedAction> AllowedActions(const v1::MatterState& state, const Context& context);

// "courtDecisions", "disputes", ... Empty for none.
std::string_view CollectionOf(const v1::MatterState& state);
std::string_view CollectionOf(const v1::MatterStep& step);

// SHA-256 of every document that a step, or the state of a matter, names; each once.
std::vector<std::string> DocumentsIn(const google::protobuf::Message& message);

// Every kind's step message, in the order of their numbers, with its collection and the
// name of the step that begins one: for those who make commands of them.
struct MatterKind {
  const google::protobuf::FieldDescriptor* kind;  // field of MatterStep
  std::string_view collection;
  std::string begins;
};
std::vector<MatterKind> MatterKinds();

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_MATTER_H_
