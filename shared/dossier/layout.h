#ifndef KELISIM_SHARED_DOSSIER_LAYOUT_H_
#define KELISIM_SHARED_DOSSIER_LAYOUT_H_

#include <map>
#include <string>
#include <string_view>

#include "absl/strings/str_cat.h"
#include "kelisim/v1/common.pb.h"
#include "kelisim/v1/ledger_service.pb.h"

// Names of what stands in a dossier; readme.txt explains them to whoever opens one.

namespace kelisim::dossier {

inline constexpr uint32_t kManifestFormat = 1;
inline constexpr std::string_view kManifestType = "application/vnd.kelisim.dossier+json";
inline constexpr char kManifestFile[] = "manifest.dsse.json";
inline constexpr char kReadmeFile[] = "README.txt";
inline constexpr char kRulesFile[] = "rules.json";
inline constexpr char kActs[] = "acts";
inline constexpr char kGrounds[] = "grounds";
inline constexpr char kHistory[] = "history";
inline constexpr char kAttachments[] = "attachments";
inline constexpr char kEvidence[] = "evidence";
// Two notes, and why they are of two histories: shared/tlog/equivocation.h.
inline constexpr char kFirstNote[] = "first.checkpoint";
inline constexpr char kSecondNote[] = "second.checkpoint";
inline constexpr char kTwoHistories[] = "prefix.consistency";
// Files here may be added afterwards; the manifest does not name them.
inline constexpr char kTime[] = "time";

inline constexpr char kEntrySuffix[] = ".entry";
inline constexpr char kProofSuffix[] = ".tlog-proof";
inline constexpr char kPayloadSuffix[] = ".payload";
inline constexpr char kOpeningSuffix[] = ".opening";
inline constexpr char kCheckpointSuffix[] = ".checkpoint";
inline constexpr char kConsistencySuffix[] = ".consistency";

inline const char* FolderOf(v1::Party party) { return party == v1::PARTY_KZ ? "kz" : "ru"; }
inline std::string PolicyFile(v1::Party party) { return absl::StrCat(FolderOf(party), ".policy"); }
inline std::string CheckpointFile(v1::Party party) { return absl::StrCat(FolderOf(party), "/checkpoint"); }
// "acts/kz-12".
inline std::string StemOf(std::string_view folder, v1::Party party, uint64_t index) {
  return absl::StrCat(std::string(folder), "/", FolderOf(party), "-", index);
}
// Names and contents below evidence/, or in a directory of their own. Without a proof there
// is no kTwoHistories.
std::map<std::string, std::string> EvidenceFiles(const v1::Equivocation& evidence);
inline std::string PageFile(const std::string& lang) { return absl::StrCat("timeline.", lang, ".html"); }

}  // namespace kelisim::dossier

#endif  // KELISIM_SHARED_DOSSIER_LAYOUT_H_
