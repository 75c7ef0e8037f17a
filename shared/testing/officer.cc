#include "shared/testing/officer.h"

#include "absl/strings/str_cat.h"
#include "kelisim/v1/form.pb.h"
#include "shared/base/civil.h"
#include "shared/testing/parties.h"
#include "shared/treaty/court_decision.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/resettlement.h"

namespace kelisim::testing {
namespace {

const char* CodeOf(v1::Party party) { return party == v1::PARTY_KZ ? "KAZ" : "RUS"; }

std::string PersonAt(const v1::CaseState& state, SeededRandom& random) {
  const std::vector<const v1::Person*> persons = treaty::IncludedPersons(state);
  return persons[random.Below(persons.size())]->person_id();
}

// The notice of `kind` that waits for an answer, if any.
const v1::PendingNotice* Pending(const v1::CaseState& state, std::initializer_list<v1::Notice::Kind> kinds) {
  for (const v1::PendingNotice& pending : state.notices()) {
    for (v1::Notice::Kind kind : kinds) {
      if (pending.notice().kind() == kind) return &pending;
    }
  }
  return nullptr;
}

void FillObstacle(v1::Obstacle& obstacle, const char* rule, const v1::CaseState& state,
                  SeededRandom& random) {
  obstacle.set_rule(rule);
  obstacle.set_person_id(PersonAt(state, random));
  obstacle.set_basis("register extract 1");
  if (const v1::PendingNotice* pending = Pending(state, {v1::Notice::OBSTACLE})) {
    obstacle.set_rule(pending->notice().rule());
    obstacle.set_person_id(pending->notice().person_id());
    obstacle.set_resolves_notice(pending->entry_id());
  }
  obstacle.set_convicted(obstacle.rule() == "3.b");
  obstacle.set_held(obstacle.rule() == "3.b");
}

void FillEnd(v1::ObstacleEnd& end, const v1::CaseState& state) {
  if (state.obstacles_size() > 0) {
    end.set_rule(state.obstacles(0).rule());
    end.set_person_id(state.obstacles(0).person_id());
  }
  end.set_basis("certificate 2");
  end.set_fulfilled_in_full(true);
  if (const v1::PendingNotice* pending = Pending(state, {v1::Notice::OBSTACLE_ENDED})) {
    end.set_resolves_notice(pending->entry_id());
  }
}

void FillNotice(v1::Notice& notice, const v1::CaseState& state, const std::string& today,
                SeededRandom& random) {
  constexpr v1::Notice::Kind kKinds[] = {v1::Notice::WITHDRAWAL, v1::Notice::OBSTACLE, v1::Notice::ANNULMENT};
  notice.set_kind(kKinds[random.Below(3)]);
  notice.set_stated_on(today);
  // Who has ordered to annul has nothing to add but that it does so no longer.
  const v1::PendingNotice* order = Pending(state, {v1::Notice::ANNULMENT});
  if (order != nullptr && order->from() == state.entry_state() && state.holder() != order->from()) {
    notice.set_kind(v1::Notice::ANNULMENT_TAKEN_BACK);
    notice.set_rule(order->notice().rule());
    notice.set_order(order->entry_id());
    notice.set_basis("finding 5");
    return;
  }
  if (notice.kind() == v1::Notice::WITHDRAWAL) return;
  notice.set_rule(notice.kind() == v1::Notice::OBSTACLE ? "3.g" : "2.1");
  notice.set_person_id(notice.kind() == v1::Notice::OBSTACLE ? PersonAt(state, random) : "head");
  notice.set_basis("report 3");
  if (notice.kind() == v1::Notice::OBSTACLE && !state.obstacles().empty()) {
    notice.set_kind(v1::Notice::OBSTACLE_ENDED);
    notice.set_rule(state.obstacles(0).rule());
    notice.set_person_id(state.obstacles(0).person_id());
  }
}

void FillClearance(v1::Clearance& clearance, const v1::CaseState& state) {
  for (const v1::Person* person : treaty::IncludedPersons(state)) {
    v1::PersonClearance& of = *clearance.add_persons();
    of.set_person_id(person->person_id());
    of.set_permanent_residence_confirmed(true);
    of.set_not_refugee(true);
    of.set_not_imprisoned_convict(true);
    of.set_no_security_bar(true);
    of.set_no_postponement(true);
    of.set_not_temporary_stay(true);
    of.set_not_migrant_worker(true);
    of.set_not_conscript(true);
  }
}

void AddPaper(v1::CourtDecision& decision, v1::DecisionPaper paper) {
  v1::DecisionPaperRef& added = *decision.add_papers();
  added.set_paper(paper);
  added.set_sha256(std::string(32, static_cast<char>('a' + paper)));
}

}  // namespace

v1::Person FictitiousPerson(int number, v1::Party entry_state) {
  v1::Person person;
  person.mutable_name()->set_surname(number % 2 == 0 ? "Үлгібаев" : "Примеров");
  person.mutable_name()->set_given_name(number % 2 == 0 ? "Әділ" : "Иван");
  person.set_birth_date(absl::StrCat("19", 70 + number % kPeople, "-03-01"));
  person.add_citizenships("KAZ");
  person.add_citizenships("RUS");
  person.set_permanent_residence(CodeOf(treaty::Other(entry_state)));
  v1::Identifier& passport = *person.add_identifiers();
  passport.set_kind(v1::Identifier::PASSPORT);
  passport.set_issuing_state("KAZ");
  passport.set_number(absl::StrCat("N", 10000000 + number));
  return person;
}

v1::Petition PetitionOf(v1::Party entry_state, int head, const std::vector<int>& family,
                        const std::string& filed_on) {
  v1::Petition petition;
  petition.set_entry_state(entry_state);
  petition.set_filed_on(filed_on);
  *petition.mutable_head() = FictitiousPerson(head, entry_state);
  for (int number : family) {
    v1::FamilyMember& member = *petition.add_family();
    *member.mutable_person() = FictitiousPerson(number, entry_state);
    member.set_relation(petition.family_size() == 1 ? v1::SPOUSE : v1::OTHER_RELATIVE);
    member.set_resettles_together(true);
    member.set_common_household(true);
  }
  petition.set_of_own_free_will(true);
  petition.set_not_used_before(true);
  petition.add_papers(v1::PAPER_CITIZENSHIP_PROOF);
  return petition;
}

std::optional<v1::CaseCommand> PlausibleCommand(std::string_view action, const v1::CaseState& state,
                                                const std::string& today, SeededRandom& random) {
  v1::CaseCommand command;
  const uint32_t hand_off = state.offered_hand_off();
  if (action == "return_petition") {
    command.mutable_return_petition()->add_missing(v1::PAPER_PHOTOGRAPHS);
  } else if (action == "complete_petition") {
    v1::Petition& completed = *command.mutable_complete_petition();
    completed = state.petition();
    for (const int paper : state.missing()) completed.add_papers(static_cast<v1::Paper>(paper));
  } else if (action == "confirm_scope") {
    v1::ScopeFinding& finding = *command.mutable_confirm_scope();
    finding.set_free_will_confirmed(true);
    finding.add_citizenship_confirmed_person_ids("head");
  } else if (action == "refuse_scope") {
    command.mutable_refuse_scope()->set_rule("1.3");
    command.mutable_refuse_scope()->mutable_finding()->set_compulsion_found(true);
  } else if (action == "offer") {
    command.mutable_offer()->set_number(state.hand_offs_done() + 1);
  } else if (action == "accept") {
    command.mutable_accept()->set_number(hand_off);
  } else if (action == "decline") {
    command.mutable_decline()->set_number(hand_off);
    command.mutable_decline()->set_rule(hand_off == 1 ? "1.2" : "13.2");
  } else if (action == "clear") {
    FillClearance(*command.mutable_clear(), state);
  } else if (action == "defer") {
    FillObstacle(*command.mutable_defer(), "3.g", state, random);
    command.mutable_defer()->set_review_on("2199-01-01");
  } else if (action == "end_deferral") {
    FillEnd(*command.mutable_end_deferral(), state);
  } else if (action == "exclude") {
    // Of 3.d the entry state must have been told.
    const char* ground = state.holder() == state.entry_state() ? "3.a" : "3.d";
    FillObstacle(*command.mutable_exclude(), ground, state, random);
  } else if (action == "reserve_place") {
    command.mutable_reserve_place();
  } else if (action == "opt_out") {
    command.mutable_opt_out();
  } else if (action == "issue_status") {
    v1::StatusDocument& document = *command.mutable_issue_status();
    document.set_number(absl::StrCat(1'000'000'000 + random.Below(9'000'000'000)));
    document.set_citizenship_confirmed(true);
    document.set_no_obstacle_known(true);
  } else if (action == "reissue_document") {
    command.mutable_reissue_document()->set_reason("lost");
  } else if (action == "record_exit") {
    command.mutable_record_exit()->set_crossed_on(today);
    command.mutable_record_exit()->set_crossing_point("CP-1");
  } else if (action == "register_residence") {
    command.mutable_register_residence()->set_registered_on(today);
    command.mutable_register_residence()->set_region("KZ-ALA");
  } else if (action == "suspend") {
    // Of 3.g the entry state must have been told.
    const char* ground = state.holder() == state.entry_state() ? "3.d" : "3.g";
    FillObstacle(*command.mutable_suspend(), ground, state, random);
  } else if (action == "resume") {
    FillEnd(*command.mutable_resume(), state);
  } else if (action == "withdraw") {
    command.mutable_withdraw()->set_stated_on(today);
    if (const v1::PendingNotice* pending = Pending(state, {v1::Notice::WITHDRAWAL})) {
      command.mutable_withdraw()->set_resolves_notice(pending->entry_id());
    }
  } else if (action == "annul") {
    v1::Annulment& annulment = *command.mutable_annul();
    annulment.set_rule("2.1");
    annulment.set_person_id("head");
    annulment.set_basis("finding 4");
    if (const v1::PendingNotice* pending = Pending(state, {v1::Notice::ANNULMENT})) {
      annulment.set_rule(pending->notice().rule());
      annulment.set_resolves_notice(pending->entry_id());
    }
  } else if (action == "lapse") {
    command.mutable_lapse();
  } else if (action == "remove_member") {
    if (state.petition().family().empty()) return std::nullopt;
    command.mutable_remove_member()->set_person_id("m1");
    // Once all have arrived only compulsion takes anybody out.
    const bool arrived = state.status() == v1::ARRIVED;
    command.mutable_remove_member()->set_reason(arrived ? v1::MemberDeparture::COMPELLED
                                                        : v1::MemberDeparture::STAYS_BEHIND);
    command.mutable_remove_member()->set_basis("statement 6");
    command.mutable_remove_member()->set_stated_on(today);
  } else if (action == "give_notice") {
    FillNotice(*command.mutable_give_notice(), state, today, random);
  } else if (action == "dismiss_notice") {
    const v1::PendingNotice* pending =
        Pending(state, {v1::Notice::OBSTACLE, v1::Notice::OBSTACLE_ENDED, v1::Notice::ANNULMENT});
    if (pending == nullptr) return std::nullopt;
    command.mutable_dismiss_notice()->set_resolves_notice(pending->entry_id());
    command.mutable_dismiss_notice()->set_basis("examined, not confirmed");
  } else {
    return std::nullopt;
  }
  return command;
}

namespace {

template <typename Said>
void SayOfConvict(Said& said) {
  said.set_rule("3.b");
  said.set_convicted(true);
  said.set_held(true);
}

}  // namespace

std::optional<v1::CaseCommand> OfConvict(v1::CaseCommand command) {
  const bool excludes = command.has_exclude() && command.exclude().resolves_notice().empty();
  const bool suspends = command.has_suspend() && command.suspend().resolves_notice().empty();
  const bool tells = command.has_give_notice() && command.give_notice().kind() == v1::Notice::OBSTACLE;
  if (excludes) SayOfConvict(*command.mutable_exclude());
  if (suspends) SayOfConvict(*command.mutable_suspend());
  if (tells) SayOfConvict(*command.mutable_give_notice());
  if (!excludes && !suspends && !tells) return std::nullopt;
  return command;
}

// ---------------------------------------------------------------- matters

namespace {

using google::protobuf::FieldDescriptor;

std::string SampleText(v1::Content content, const std::string& case_id, const std::string& today) {
  switch (content) {
    case v1::CONTENT_DATE:
      return "2199-01-01";
    case v1::CONTENT_PAST_DATE:
      return today;
    case v1::CONTENT_STATE:
      return "KAZ";
    case v1::CONTENT_CURRENCY:
      return "KZT";
    case v1::CONTENT_AMOUNT:
      return "100.50";
    case v1::CONTENT_SHA256:
      return std::string(32, 'a');
    case v1::CONTENT_RULE:
      return "10.1";
    case v1::CONTENT_CASE_ID:
      return case_id;
    case v1::CONTENT_NAME:
      return absl::StrCat("cases/", case_id);
    case v1::CONTENT_DISPUTE:
      return "disputes/2b";
    case v1::CONTENT_PERSON_ID:
      return "head";
    default:
      return "paper 1";
  }
}

// What the form asks for and no more: the first value of each enum, one element of each
// list, nothing that may be left out.
void FillSample(google::protobuf::Message& message, const std::string& case_id, const std::string& today) {
  const auto& reflection = *message.GetReflection();
  for (int i = 0; i < message.GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* field = message.GetDescriptor()->field(i);
    if (field->options().GetExtension(v1::optional)) continue;
    const bool listed = field->is_repeated();
    switch (field->cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        FillSample(
            *(listed ? reflection.AddMessage(&message, field) : reflection.MutableMessage(&message, field)),
            case_id, today);
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        listed ? reflection.AddEnumValue(&message, field, 1) : reflection.SetEnumValue(&message, field, 1);
        break;
      case FieldDescriptor::CPPTYPE_STRING: {
        const std::string text = SampleText(field->options().GetExtension(v1::content), case_id, today);
        listed ? reflection.AddString(&message, field, text) : reflection.SetString(&message, field, text);
        break;
      }
      case FieldDescriptor::CPPTYPE_UINT32:
        reflection.SetUInt32(&message, field, 1);
        break;
      default:
        break;
    }
  }
}

// Of a court of `departure_state`, in scope and in legal force.
v1::CourtDecision DecisionOf(v1::Party departure_state, const std::string& case_id,
                             const std::string& today) {
  v1::CourtDecision decision;
  FillSample(decision, case_id, today);
  decision.set_case_id(case_id);
  decision.set_in_legal_force_on(today);
  decision.set_property_located_in(CodeOf(departure_state));
  decision.set_property_of_resettler(true);
  decision.clear_papers();
  for (const v1::DecisionPaper paper : {v1::DECISION_TEXT, v1::CERTIFICATE_OF_LEGAL_FORCE}) {
    AddPaper(decision, paper);
  }
  return decision;
}

bool Correct(v1::CourtDecisionStep& step, const v1::MatterState& state, v1::Party author,
             const std::string& case_id, const std::string& today) {
  v1::CourtDecision decision = state.court_decision().decision();
  const bool in_legal_force = !decision.in_legal_force_on().empty();
  switch (step.step_case()) {
    case v1::CourtDecisionStep::kRegisterDecision:
      *step.mutable_register_decision() = DecisionOf(author, case_id, today);
      return true;
    case v1::CourtDecisionStep::kReturnForPapers:
      step.mutable_return_for_papers()->set_papers(0, v1::TRANSLATION);
      return decision.papers_size() <= 2;
    case v1::CourtDecisionStep::kComplete:
      for (const int paper : state.court_decision().missing_papers()) {
        AddPaper(decision, static_cast<v1::DecisionPaper>(paper));
      }
      *step.mutable_complete() = decision;
      return true;
    case v1::CourtDecisionStep::kFindNotFinal:
      return !in_legal_force;
    case v1::CourtDecisionStep::kResubmit:
      decision.set_in_legal_force_on(today);
      *step.mutable_resubmit() = decision;
      return true;
    case v1::CourtDecisionStep::kFindOutOfScope: {
      const auto reasons = treaty::OutOfScope(decision, state.opened_by(), !decision.case_id().empty());
      if (!reasons.empty()) step.mutable_find_out_of_scope()->set_reason(reasons.front());
      return !reasons.empty();
    }
    case v1::CourtDecisionStep::kRecognise:
      return in_legal_force;
    default:
      return true;
  }
}

bool Correct(v1::DisputeStep& step, const v1::MatterState& state, v1::Party author) {
  const v1::DisputeFacts& facts = state.dispute();
  const bool may_sign = facts.has_proposed() && facts.proposed_by() != author;
  switch (step.step_case()) {
    case v1::DisputeStep::kStateNotSettled:
      step.mutable_state_not_settled()->set_minutes_sha256(std::string(32, 'a'));
      return facts.consultations_size() > 0;
    case v1::DisputeStep::kSignSettlement:
    case v1::DisputeStep::kSignOutcome:
      return may_sign;
    case v1::DisputeStep::kReceiveNote:
      step.mutable_receive_note()->set_note_number(facts.notes().rbegin()->note_number());
      return true;
    default:
      return true;
  }
}

bool Correct(v1::PropertyStep& step, const v1::MatterState& state) {
  const auto own = [](v1::PropertyDeclaration& declaration) {
    v1::PropertyItem& item = *declaration.mutable_items(0);
    item.set_item_id("1");
    item.set_in_personal_ownership(true);
    v1::PropertyItem& money = *declaration.add_items();
    money = item;
    money.set_item_id("2");
    money.set_kind(v1::PropertyItem::MONEY);
    money.set_amount("1000000.00");
    money.set_currency("USD");
  };
  const bool refused = state.property().refusals_size() > 0;
  switch (step.step_case()) {
    case v1::PropertyStep::kDeclare:
      own(*step.mutable_declare());
      return true;
    case v1::PropertyStep::kAmendDeclaration:
      *step.mutable_amend_declaration() = state.property().declaration();
      return true;
    case v1::PropertyStep::kRefuseExport:
      step.mutable_refuse_export()->set_item_id("1");
      return !refused;
    case v1::PropertyStep::kRefuseImport:
      step.mutable_refuse_import()->set_item_id("1");
      step.mutable_refuse_import()->set_ground(v1::ItemRefusal::IMPORT_PROHIBITED);
      return !refused;
    case v1::PropertyStep::kRecordTransfer:
      step.mutable_record_transfer()->set_item_id("2");
      return true;
    default:
      return true;
  }
}

bool Correct(v1::InquiryStep& step, const v1::MatterState& state) {
  const bool question = state.inquiry().inquiry().kind() == v1::Inquiry::CLARIFICATION;
  if (step.has_answer()) return question;
  return question ? !step.has_grant() && !step.has_refuse() : true;
}

// A protocol like the first one, from the day after tomorrow on.
bool Correct(v1::InstrumentStep& step, const v1::MatterState& state, v1::Party author,
             const std::string& today) {
  const v1::Instrument& instrument = state.instrument().instrument();
  switch (step.step_case()) {
    case v1::InstrumentStep::kDraft: {
      v1::Instrument& draft = *step.mutable_draft();
      draft.set_effective_from(FormatDate(*ParseDate(today) + 2));
      *draft.mutable_protocol() = TestProtocol();
      draft.mutable_protocol()->set_version(absl::StrCat("v", today, "-", v1::Party_Name(author)));
      return true;
    }
    case v1::InstrumentStep::kSign:
      return instrument.effective_from().empty() || today < instrument.effective_from();
    case v1::InstrumentStep::kRatify:
    case v1::InstrumentStep::kExchange:
      return instrument.kind() == v1::Instrument::AMENDMENT;
    default:
      return true;
  }
}

}  // namespace

std::optional<v1::MatterStep> PlausibleStep(const FieldDescriptor& kind, const std::string& name,
                                            const v1::MatterState& state, v1::Party author,
                                            const std::string& case_id, const std::string& today) {
  v1::MatterStep step;
  google::protobuf::Message* inner = step.GetReflection()->MutableMessage(&step, &kind);
  const FieldDescriptor* field = kind.message_type()->FindFieldByName(name);
  if (field == nullptr) return std::nullopt;
  google::protobuf::Message* content = inner->GetReflection()->MutableMessage(inner, field);
  if (!field->options().GetExtension(v1::filled)) FillSample(*content, case_id, today);
  bool honest = true;
  switch (step.matter_case()) {
    case v1::MatterStep::kCourtDecision:
      honest = Correct(*step.mutable_court_decision(), state, author, case_id, today);
      break;
    case v1::MatterStep::kDispute:
      honest = Correct(*step.mutable_dispute(), state, author);
      break;
    case v1::MatterStep::kProperty:
      honest = Correct(*step.mutable_property(), state);
      break;
    case v1::MatterStep::kEntitlement:
      // Keeping what was left behind: nothing stands against it, and the departure
      // state owes it.
      if (step.entitlement().has_request()) {
        step.mutable_entitlement()->mutable_request()->set_kind(v1::EntitlementRequest::KEEP_PROPERTY);
      }
      honest = !step.entitlement().has_refuse();
      break;
    case v1::MatterStep::kComplaint:
      if (step.complaint().has_file())
        step.mutable_complaint()->mutable_file()->set_happened_in(treaty::Other(author));
      break;
    case v1::MatterStep::kInquiry:
      honest = Correct(*step.mutable_inquiry(), state);
      break;
    case v1::MatterStep::kInstrument:
      honest = Correct(*step.mutable_instrument(), state, author, today);
      break;
    case v1::MatterStep::MATTER_NOT_SET:
      break;
  }
  if (!honest) return std::nullopt;
  return step;
}

}  // namespace kelisim::testing
