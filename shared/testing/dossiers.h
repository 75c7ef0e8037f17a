#ifndef KELISIM_SHARED_TESTING_DOSSIERS_H_
#define KELISIM_SHARED_TESTING_DOSSIERS_H_

#include <functional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kelisim/v1/dossier.pb.h"
#include "shared/authority/reader.h"
#include "shared/dossier/exporter.h"
#include "shared/dossier/folder.h"
#include "shared/tlog/note.h"

namespace kelisim::testing {

// The dossier of one matter, in memory.
absl::StatusOr<dossier::MemoryFolder> ExportToMemory(const dossier::Source& source, const std::string& name,
                                                     v1::Disclosure disclosure, absl::Time now);

// The manifest again, for what the files are now, changed by `change` and signed by `exporter`.
void SignAgain(
    dossier::MemoryFolder& folder, const tlog::NoteSigner& exporter,
    const std::function<void(v1::Manifest&)>& change = [](v1::Manifest&) {});

// Names of all cases and matters that a node knows, at most 500 of each.
std::vector<std::string> NamesOfAll(const authority::Reader& reader);

// Exports every one of them that the counterpart has cosigned something of, and verifies
// it. Empty, or what was found in one of them.
std::string VerifyAllDossiers(const authority::Identity& identity, const authority::Reader& reader,
                              absl::Time now);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_DOSSIERS_H_
