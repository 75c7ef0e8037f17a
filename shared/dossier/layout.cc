#include "shared/dossier/layout.h"

#include "shared/base/bytes.h"

namespace kelisim::dossier {

std::map<std::string, std::string> EvidenceFiles(const v1::Equivocation& evidence) {
  // The root at the first size, then the proof.
  std::string consistency = ToBase64(evidence.prefix_root()) + "\n";
  for (const std::string& hash : evidence.proof()) consistency += ToBase64(hash) + "\n";
  return {{"first.checkpoint", evidence.first()},
          {"second.checkpoint", evidence.second()},
          {"prefix.consistency", std::move(consistency)}};
}

}  // namespace kelisim::dossier
