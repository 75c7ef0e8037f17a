#include "tests/course.h"

#include <iterator>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "kz_agency/profile.h"
#include "ru_service/profile.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/testing/officer.h"
#include "shared/treaty/resettlement.h"

namespace kelisim::testing {
namespace {

struct Step {
  const char* action;
  bool by_entry_state;
};

constexpr Step kSteps[] = {
    {"file_petition", true}, {"confirm_scope", true},
    {"offer", true},         {"accept", false},
    {"clear", false},        {"offer", false},
    {"accept", true},        {"issue_status", true},
    {"offer", true},         {"accept", false},
    {"record_exit", false},  {"offer", false},
    {"accept", true},        {"register_residence", true},
};
static_assert(std::size(kSteps) == kCourseRequests);

constexpr int kFamily = 3;
constexpr int kFirstPassport = 20'000'000;

}  // namespace

std::string Today(v1::Party party) {
  static const authority::Profile kz_profile = kz::KzProfile();
  static const authority::Profile ru_profile = ru::RuProfile();
  const authority::Profile& profile = party == v1::PARTY_KZ ? kz_profile : ru_profile;
  return FormatDate(profile.DateAt(absl::Now()));
}

std::string NewRequestId(SeededRandom& random) {
  const std::string hex = ToHex(random.Bytes(16));
  return absl::StrCat(hex.substr(0, 8), "-", hex.substr(8, 4), "-", hex.substr(12, 4), "-", hex.substr(16, 4),
                      "-", hex.substr(20));
}

v1::SubmitQuotaCommandRequest QuotaRequest(v1::Party party, uint32_t limit, SeededRandom& random) {
  v1::SubmitQuotaCommandRequest request;
  request.set_request_id(NewRequestId(random));
  v1::QuotaLimit& quota = *request.mutable_command()->mutable_set_quota();
  int year = 0;
  (void)absl::SimpleAtoi(Today(party).substr(0, 4), &year);
  quota.set_year(year);
  quota.set_limit(limit);
  quota.set_legal_act("91");
  return request;
}

Course::Course(v1::Party entry_state, int number) {
  state_.set_entry_state(entry_state);
  state_.set_departure_state(treaty::Other(entry_state));
  v1::Petition& petition = *state_.mutable_petition();
  petition = PetitionOf(entry_state, 0, {1, 2}, Today(entry_state));
  const auto set_passport = [&](v1::Person& person, int member) {
    person.mutable_identifiers(0)->set_number(
        absl::StrFormat("N%08d", kFirstPassport + number * kFamily + member));
  };
  petition.mutable_head()->set_person_id("head");
  set_passport(*petition.mutable_head(), 0);
  for (int i = 0; i < petition.family_size(); ++i) {
    v1::Person& member = *petition.mutable_family(i)->mutable_person();
    member.set_person_id(absl::StrCat("m", i + 1));
    set_passport(member, i + 1);
    v1::MemberStanding& standing = *state_.add_family();
    standing.set_person_id(member.person_id());
    standing.set_standing(v1::MemberStanding::INCLUDED);
  }
}

v1::Party Course::AuthorOf(int step) const {
  return kSteps[step].by_entry_state ? state_.entry_state() : state_.departure_state();
}

v1::Party Course::author() const { return AuthorOf(step_); }

bool Course::ChangesHands() const { return step_ > 0 && AuthorOf(step_ - 1) != author(); }

const char* Course::action() const { return kSteps[step_].action; }

v1::SubmitCaseCommandRequest Course::Next(SeededRandom& random) const {
  v1::SubmitCaseCommandRequest request;
  request.set_request_id(NewRequestId(random));
  request.set_name(name_);
  if (step_ == 0) {
    *request.mutable_command()->mutable_file_petition() = state_.petition();
  } else {
    *request.mutable_command() = *PlausibleCommand(action(), state_, Today(author()), random);
  }
  return request;
}

void Course::Took(const v1::SubmitCaseCommandResponse& response) {
  const std::string_view done = action();
  name_ = response.name();
  state_.set_status(response.status());
  if (done == "offer") state_.set_offered_hand_off(state_.hand_offs_done() + 1);
  if (done == "accept") {
    state_.set_hand_offs_done(state_.offered_hand_off());
    state_.set_offered_hand_off(0);
  }
  ++step_;
}

}  // namespace kelisim::testing
