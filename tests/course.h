#ifndef KELISIM_TESTS_COURSE_H_
#define KELISIM_TESTS_COURSE_H_

#include <string>

#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/quota_service.pb.h"
#include "shared/testing/parties.h"

// The normal course of a case, as officers of both Parties ask for it.

namespace kelisim::testing {

// Acts in the normal course: one for each of fourteen requests, and a place.
inline constexpr int kCourseActs = 15;
inline constexpr int kCourseRequests = 14;

// The civil date in the Party's capital.
std::string Today(v1::Party party);
std::string NewRequestId(SeededRandom& random);
v1::SubmitQuotaCommandRequest QuotaRequest(v1::Party party, uint32_t limit, SeededRandom& random);

// One case on its course from petition to residence, through four hand-offs. A
// family of three, whom no other `number` (below 26 million) claims.
class Course {
 public:
  Course(v1::Party entry_state, int number);

  bool Done() const { return step_ == kCourseRequests; }
  // Whose officer asks next.
  v1::Party author() const;
  // The other Party asked before: what it did must have arrived first.
  bool ChangesHands() const;
  // "accept": field name in CaseCommand.
  const char* action() const;
  // With a new request id.
  v1::SubmitCaseCommandRequest Next(SeededRandom& random) const;
  // The answer to the last request.
  void Took(const v1::SubmitCaseCommandResponse& response);

  // Empty until the petition is filed.
  const std::string& name() const { return name_; }

 private:
  v1::Party AuthorOf(int step) const;

  // As much of the state as the commands need.
  v1::CaseState state_;
  std::string name_;
  int step_ = 0;
};

}  // namespace kelisim::testing

#endif  // KELISIM_TESTS_COURSE_H_
