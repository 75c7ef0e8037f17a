// What the acts of whole cases cost both cores, without network and disk.
//
//   bench_core [ROUNDS]
//
// Prints acts and processor time. The work is the same in every run, so that a
// program that counts instructions (valgrind --tool=callgrind) gives the same
// count to one in ten thousand, whatever else the machine does.

#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_format.h"
#include "absl/time/clock.h"
#include "kelisim/v1/case_service.pb.h"
#include "shared/testing/pair.h"
#include "tests/course.h"

namespace kelisim::testing {
namespace {

// Half of them are the work of one turn.
constexpr int kCasesAtATime = 16;
constexpr v1::Party kParties[] = {v1::PARTY_KZ, v1::PARTY_RU};

// Acts that were answered in one round: a set of cases from petition to residence.
uint64_t Round(Pair& both, int first_number, SeededRandom& random) {
  std::vector<std::unique_ptr<Course>> courses;
  for (int i = 0; i < kCasesAtATime; ++i) {
    courses.push_back(std::make_unique<Course>(kParties[i % 2], first_number + i));
  }
  uint64_t acts = 0;
  const auto take = [&](std::vector<authority::Reply> replies) {
    for (authority::Reply& reply : replies) {
      v1::SubmitCaseCommandResponse response;
      if (!reply.answer.status.ok() || !response.ParseFromString(reply.answer.response)) {
        absl::FPrintF(stderr, "%s: %s %s\n", courses[reply.token]->action(), reply.answer.status.ToString(),
                      reply.answer.violation.rule());
        std::exit(1);
      }
      acts += static_cast<uint64_t>(response.entries_size());
      courses[reply.token]->Took(response);
    }
  };
  for (int step = 0; step < kCourseRequests; ++step) {
    // Who continues what the other Party did waits for the exchange.
    std::map<v1::Party, std::vector<authority::Input>> asked;
    for (size_t i = 0; i < courses.size(); ++i) {
      const v1::SubmitCaseCommandRequest request = courses[i]->Next(random);
      asked[courses[i]->author()].emplace_back(
          authority::OfficerCall{i, "spiffe://test/officer", Sha256(request.SerializeAsString()), request});
    }
    for (auto& [party, inputs] : asked) take(both.Turn(party, std::move(inputs)));
    take(both.Exchange());
  }
  return acts;
}

int Run(int rounds) {
  Pair both(absl::Now());
  SeededRandom random(1998);
  for (v1::Party party : kParties) {
    const v1::SubmitQuotaCommandRequest request = QuotaRequest(party, 1'000'000, random);
    both.Turn(party, {authority::OfficerCall{0, "spiffe://test/officer", Sha256("quota"), request}});
  }
  both.Exchange();
  uint64_t acts = 0;
  const std::clock_t start = std::clock();
  for (int round = 0; round < rounds; ++round) acts += Round(both, round * kCasesAtATime, random);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  absl::PrintF("%d acts; %.1f us of processor time for each, both cores\n", acts,
               seconds * 1e6 / static_cast<double>(acts));
  return 0;
}

}  // namespace
}  // namespace kelisim::testing

int main(int argc, char** argv) {
  int rounds = 20;
  if (argc > 2 || (argc == 2 && !absl::SimpleAtoi(argv[1], &rounds)) || rounds < 1) {
    absl::FPrintF(stderr, "usage: bench_core [ROUNDS]\n");
    return 2;
  }
  return kelisim::testing::Run(rounds);
}
