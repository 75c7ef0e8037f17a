#ifndef KELISIM_SHARED_NODE_DOCTOR_H_
#define KELISIM_SHARED_NODE_DOCTOR_H_

#include <string>
#include <vector>

#include "kelisim/v1/config.pb.h"
#include "shared/authority/profile.h"
#include "shared/base/ports.h"

namespace kelisim::node {

struct Finding {
  bool ok;
  // "certificate: valid until ..."
  std::string text;
};

// What a start asks of configuration, certificate, keys and policies, before any store.
std::vector<Finding> ExamineFiles(const v1::NodeConfig& config, const authority::Profile& profile,
                                  Clock& clock);

// The same, and then whose names each CA may issue, store, head anchor and authorised body
// of a node that need not run.
// Changes nothing of what the store holds.
std::vector<Finding> Examine(const v1::NodeConfig& config, const authority::Profile& profile, Clock& clock);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_DOCTOR_H_
