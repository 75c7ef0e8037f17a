#include "shared/dossier/layout.h"

#include "shared/base/bytes.h"

namespace kelisim::dossier {

std::map<std::string, std::string> EvidenceFiles(const v1::Equivocation& evidence) {
  std::map<std::string, std::string> files = {{kFirstNote, evidence.first()},
                                              {kSecondNote, evidence.second()}};
  if (evidence.prefix_root().empty()) return files;
  // The root at the first size, then the proof.
  std::string consistency = ToBase64(evidence.prefix_root()) + "\n";
  for (const std::string& hash : evidence.proof()) consistency += ToBase64(hash) + "\n";
  files[kTwoHistories] = std::move(consistency);
  return files;
}

}  // namespace kelisim::dossier
