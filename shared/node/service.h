#ifndef KELISIM_SHARED_NODE_SERVICE_H_
#define KELISIM_SHARED_NODE_SERVICE_H_

#include "shared/authority/profile.h"

namespace kelisim::node {

enum ExitCode {
  kExitOk = 0,
  // It does not start, it does not stop in time, or the doctor found a problem.
  kExitFailed = 1,
  // Command line or configuration is wrong.
  kExitUsage = 2,
  // The outcome of the last turn is unknown: start again, which finds out.
  kExitOutcomeUnknown = 75,
};

// The program of one authority; the two differ by their profile only.
//
//   run (default)  init  replace-anchor  check-config  doctor  keygen  rotate-key
int RunService(int argc, const char* const* argv, const authority::Profile& profile);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_SERVICE_H_
