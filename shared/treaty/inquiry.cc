#include "shared/treaty/procedure.h"

// Inquiries: clarification, correction, invalidation, reopening of any subject (13.2).
// The asking body opens; the body whose act it is answers.

namespace kelisim::treaty {
namespace {

using S = v1::InquiryStep;
using State = v1::MatterState;

std::optional<v1::Violation> Check(const State& state, const v1::MatterStep& step, const Context&) {
  const S& made = step.inquiry();
  const bool question = state.inquiry().inquiry().kind() == v1::Inquiry::CLARIFICATION;
  switch (made.step_case()) {
    case S::kAsk: {
      const v1::Inquiry& inquiry = made.ask();
      // 13.2: who asks to invalidate says what follows from it; nobody else does.
      const bool invalidates = inquiry.kind() == v1::Inquiry::INVALIDATION;
      if (invalidates == inquiry.consequences().empty()) return Violates("13.2", "", "consequences");
      // An act is invalidated or corrected by reference.
      const bool of_act = invalidates || inquiry.kind() == v1::Inquiry::CORRECTION;
      if (of_act && inquiry.entry_id().empty()) return Violates("13.2", "", "entry_id");
      return std::nullopt;
    }
    case S::kAnswer:
      // 13.2: a question is answered; a request is granted or refused.
      return question ? std::nullopt : std::optional(Violates("13.2", "", "answer"));
    case S::kGrant:
      return question ? std::optional(Violates("13.2", "", "grant")) : std::nullopt;
    case S::kRefuse:
      return question ? std::optional(Violates("13.2", "", "refuse")) : std::nullopt;
    default:
      return std::nullopt;
  }
}

void Fold(State& state, const v1::MatterStep& step, v1::Party) {
  const S& made = step.inquiry();
  v1::InquiryFacts& facts = *state.mutable_inquiry();
  if (made.has_remind()) facts.set_reminders(facts.reminders() + 1);
  if (made.has_answer()) *facts.mutable_answer() = made.answer();
  if (made.has_declare_impossible()) *facts.mutable_impossible() = made.declare_impossible();
  if (made.has_grant()) *facts.mutable_grant() = made.grant();
  if (made.has_refuse()) *facts.mutable_refusal() = made.refuse();
}

v1::Party Holder(const State& state) { return OtherOf(state); }

}  // namespace

const Procedure& InquiryProcedure() {
  constexpr By kOther = By::kOther;
  static const auto* const procedure = new Procedure{
      "inquiries",
      S::kAsk,
      S::kAsk,
      {
          {S::kAsk, By::kOpener, {v1::MATTER_STATUS_UNSPECIFIED}, v1::INQUIRY_OPEN, "13.2", kAsks},
          // May cross the answer on its way.
          {S::kRemind, By::kOpener, {}, std::nullopt, "13.2", kOutside},
          {S::kAnswer, kOther, {v1::INQUIRY_OPEN}, v1::INQUIRY_ANSWERED, "13.2"},
          {S::kDeclareImpossible, kOther, {v1::INQUIRY_OPEN}, v1::INQUIRY_IMPOSSIBLE, "13.2"},
          {S::kGrant, kOther, {v1::INQUIRY_OPEN}, v1::INQUIRY_GRANTED, "13.2"},
          {S::kRefuse, kOther, {v1::INQUIRY_OPEN}, v1::INQUIRY_REFUSED, "13.2"},
          {S::kWithdraw, By::kOpener, {v1::INQUIRY_OPEN}, v1::INQUIRY_WITHDRAWN, "13.2"},
      },
      {},
      {v1::INQUIRY_ANSWERED, v1::INQUIRY_IMPOSSIBLE, v1::INQUIRY_GRANTED, v1::INQUIRY_REFUSED,
       v1::INQUIRY_WITHDRAWN},
      Holder,
      Check,
      Fold};
  return *procedure;
}

}  // namespace kelisim::treaty
