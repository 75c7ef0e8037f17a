#ifndef KELISIM_SHARED_NODE_DOCTOR_H_
#define KELISIM_SHARED_NODE_DOCTOR_H_

#include <functional>
#include <string>

#include "absl/status/status.h"
#include "absl/time/time.h"
#include "kelisim/v1/config.pb.h"
#include "shared/authority/profile.h"
#include "shared/base/ports.h"

namespace kelisim::node {

struct Finding {
  bool ok;
  // "certificate: valid until ..."
  std::string text;
  // Not wrong as far as could be seen, which was not far enough: the text says why.
  bool unsure = false;
};

// Hears each finding as soon as it is known.
using Tell = std::function<void(const Finding&)>;

// The own certificate: not ok from half its life on, so that there is time to find out why
// it was not renewed.
Finding ExamineCertificate(const v1::NodeConfig& config, absl::Time now);

// INVALID_ARGUMENT: no start can be made by this configuration, because of keys, policies, TLS
// files or body, or because no key counts for what comes next.
absl::Status CheckFiles(const v1::NodeConfig& config, const authority::Profile& profile, absl::Time now);

// What a start asks of configuration, certificate, keys and policies, with what head anchor and
// store say of these.
void ExamineFiles(const v1::NodeConfig& config, const authority::Profile& profile, Clock& clock,
                  const Tell& tell);

// The same, and then whose names each CA may issue, store, head anchor, authorised body and
// documents of a node that need not run.
// Changes nothing of what the store holds; that there is room for it is tried with a probe.
void Examine(const v1::NodeConfig& config, const authority::Profile& profile, Clock& clock, const Tell& tell);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_DOCTOR_H_
