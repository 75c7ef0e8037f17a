#ifndef KELISIM_SHARED_DOSSIER_EXPORTER_H_
#define KELISIM_SHARED_DOSSIER_EXPORTER_H_

#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kelisim/v1/dossier.pb.h"
#include "kelisim/v1/ledger.pb.h"
#include "shared/authority/identity.h"
#include "shared/authority/reader.h"
#include "shared/crypto/digest.h"
#include "shared/dossier/page.h"
#include "shared/ledger/attachments.h"

namespace kelisim::dossier {

// Where a dossier is made of. All must outlive the exporter.
struct Source {
  const authority::Identity& identity;
  const authority::Reader& reader;
  const ledger::Attachments* attachments;  // nullptr: no documents are here
};

// Makes the dossier of one matter, file by file. In memory are the acts it shows, with its pages,
// from the beginning; of the ledgers one file at a time, and of an attachment a chunk. What it
// holds is fixed when it begins, for which it reads every entry of both ledgers: the newest
// checkpoints that carry all cosignatures, and the acts they cover; of the counterpart's acts only
// those that can be judged with what they cover. One thread at a time.
class Exporter {
 public:
  // INVALID_ARGUMENT: no name of a matter. NOT_FOUND: there is no such matter, or the
  // counterpart has cosigned nothing of it.
  static absl::StatusOr<std::unique_ptr<Exporter>> Begin(const Source& source,
                                                         const v1::ExportDossierRequest& request,
                                                         absl::Time now);

  // The next chunk, of at most 64 KiB; nullopt behind the last one.
  absl::StatusOr<std::optional<v1::DossierChunk>> Next();

 private:
  // Gives a file piece by piece, then nullopt.
  using Pieces = std::function<absl::StatusOr<std::optional<std::string>>()>;
  struct File {
    std::string path;
    Pieces pieces;
  };
  struct Ledger {
    v1::Party party;
    std::string checkpoint;  // a note with all cosignatures
    uint64_t size = 0;       // 0: nothing of it is published
  };
  // A set of places in both ledgers.
  using Places = std::set<std::pair<v1::Party, uint64_t>>;

  Exporter(const Source& source, absl::Time now) : source_(source), now_(now) {}
  absl::Status Plan(const v1::ExportDossierRequest& request);
  absl::Status PlanLedger(v1::Party party);
  absl::Status FindAnswered();
  absl::StatusOr<v1::Refusal> RefusalAt(v1::Party party, uint64_t index) const;
  absl::Status AddRefusals(Places& acts, Places& grounds) const;
  absl::Status PlanEntries(const std::string& folder, const Places& places);
  absl::Status PlanHistory(const Places& relied_on);
  absl::Status PlanPages(const v1::ExportDossierRequest& request);
  absl::Status PlanEvidence();
  void Add(std::string path, std::string content);
  void AddLazily(std::string path, std::function<absl::StatusOr<std::string>()> read);
  void AddAttachment(const Hash& sha256);
  std::string SignedManifest() const;
  const Ledger* FindLedger(v1::Party party) const;
  bool Covers(v1::Party party, uint64_t index) const;

  const Source source_;
  const absl::Time now_;
  v1::Manifest manifest_;
  std::vector<Ledger> ledgers_;  // the own one first
  // How much of the counterpart's ledger was processed, and not refused, before the first
  // own entry that the own checkpoint does not cover.
  uint64_t answered_ = 0;
  std::vector<File> files_;

  // The file under way.
  size_t file_ = 0;
  bool begun_ = false;
  bool manifest_planned_ = false;
  std::string piece_;
  size_t taken_ = 0;  // of the piece
  uint64_t size_ = 0;
  std::unique_ptr<Sha256Stream> digest_;
};

}  // namespace kelisim::dossier

#endif  // KELISIM_SHARED_DOSSIER_EXPORTER_H_
