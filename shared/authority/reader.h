#ifndef KELISIM_SHARED_AUTHORITY_READER_H_
#define KELISIM_SHARED_AUTHORITY_READER_H_

#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/information_service.pb.h"
#include "kelisim/v1/ledger_service.pb.h"
#include "kelisim/v1/matter_service.pb.h"
#include "kelisim/v1/quota_service.pb.h"
#include "kelisim/v1/treaty_service.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/authority/books.h"
#include "shared/ledger/store.h"
#include "shared/ledger/vault.h"
#include "shared/tlog/tiles.h"

namespace kelisim::authority {

// An entry, and what it commits to when that is here.
struct Disclosed {
  std::string entry;
  std::optional<PayloadAndOpening> content;
};

// The node's answers to questions: reads of committed rows, beside the core.
// Thread-safe. Everything referred to must outlive the reader.
//
// Errors: NOT_FOUND; INVALID_ARGUMENT (a name, token or date that is none);
// anything else means the store cannot be trusted.
class Reader {
 public:
  // `third`: the newest own checkpoint that the third witness has cosigned too, empty when
  // there is none yet; nullptr without such a witness.
  Reader(const Identity& identity, const ledger::Store& store, ledger::Vault& vault,
         std::function<std::string()> third = nullptr)
      : identity_(identity), store_(store), vault_(vault), third_(std::move(third)) {}

  // With a page of the timeline, evidence and what may be done on the civil day of `now`.
  absl::StatusOr<v1::Case> GetCase(const v1::GetCaseRequest& request, absl::Time now) const;
  absl::StatusOr<v1::MatterFile> GetMatter(const v1::GetMatterRequest& request, absl::Time now) const;
  // The same with the whole timeline, which may be more than fits a message.
  absl::StatusOr<v1::Case> GetCase(const std::string& name, absl::Time now) const;
  absl::StatusOr<v1::MatterFile> GetMatter(const std::string& name, absl::Time now) const;
  absl::StatusOr<v1::ListCasesResponse> ListCases(const v1::ListCasesRequest& request) const;
  absl::StatusOr<v1::ListMattersResponse> ListMatters(const v1::ListMattersRequest& request) const;
  absl::StatusOr<v1::QuotaState> GetQuota(const std::string& name) const;
  // In the wording of the day `on`; empty: today.
  absl::StatusOr<v1::RuleCatalogue> ListRules(const std::string& on, absl::Time now) const;
  absl::StatusOr<v1::PrecedenceList> ListPrecedences(const std::string& on, absl::Time now) const;
  absl::StatusOr<v1::Term> GetTerm(const std::string& on, absl::Time now) const;
  // What Art. 5 has told, as of today.
  absl::StatusOr<v1::Information> GetInformation(absl::Time now) const;
  // Acts on matters among the next `limit` entries from `cursor` on, in the order in which
  // this node knows them; of a refusal, the own acts that it refuses, each as one entry.
  // `cursor` receives where to go on; it stays where it is at the end, which an own
  // irreversible act that is not cosigned yet is as well. INVALID_ARGUMENT: the entries
  // before the cursor are not here, or others are.
  absl::StatusOr<std::vector<v1::WatchActsResponse>> ReadActs(v1::WatchCursor& cursor,
                                                              const std::string& name, size_t limit) const;
  // The newest checkpoint with all cosignatures, a signed note; of the mirror,
  // the newest signed by the counterpart.
  absl::StatusOr<std::string> GetCheckpoint(v1::Party ledger) const;

  // A tile of what is published: of the own ledger what the counterpart has cosigned, of
  // the mirror all. NOT_FOUND: there is none, or not yet.
  absl::StatusOr<std::string> GetTile(v1::Party ledger, const tlog::Tile& tile) const;
  absl::StatusOr<v1::Receipt> GetReceipt(v1::Party ledger, uint64_t index, absl::Time now) const;

  // ---- for dossiers

  // As GetCheckpoint, with log, witness and mirror lines for either ledger.
  absl::StatusOr<std::string> CosignedCheckpoint(v1::Party ledger, absl::Time now) const;
  // The C2SP tlog-proof of an entry in a cosigned checkpoint that covers it.
  absl::StatusOr<std::string> ProofIn(v1::Party ledger, uint64_t index, const std::string& checkpoint) const;
  // The first checkpoint of its log that covers an entry. NOT_FOUND: none does yet.
  absl::StatusOr<std::string> CheckpointCovering(v1::Party ledger, uint64_t index) const;
  absl::StatusOr<std::vector<Hash>> Consistency(v1::Party ledger, uint64_t first, uint64_t second) const;
  absl::StatusOr<Disclosed> Disclose(v1::Party ledger, uint64_t index) const;
  // Where the acts of a matter stand, in the order in which this node has folded them.
  absl::StatusOr<std::vector<v1::EntryReference>> ActsOf(const std::string& name) const;
  absl::StatusOr<std::string> GetEntry(v1::Party ledger, uint64_t index) const;
  // Of the contradicting checkpoints that were kept when the node halted. NOT_FOUND: there
  // are none.
  absl::StatusOr<v1::Equivocation> GetEvidence() const;
  // The acts on which all matters rest: on the treaty, its instruments and the quotas.
  absl::StatusOr<std::vector<v1::EntryReference>> Grounds() const;
  // The counterpart was told of the document, and may have it.
  absl::StatusOr<bool> MayFetch(std::string_view sha256) const;
  // SHA-256 of every document that acts of the counterpart name.
  absl::StatusOr<std::vector<std::string>> WantedAttachments() const;

 private:
  absl::StatusOr<v1::ActRecord> RecordOf(const v1::Act& act, const v1::EntryReference& entry) const;
  struct Opened {
    v1::Entry entry;
    v1::Act act;          // without subject when it is no act or its payload is unknown
    v1::Refusal refusal;  // as far as it is one
  };
  absl::StatusOr<Opened> Load(ledger::Side side, uint64_t index) const;
  // How far a watch may read.
  struct WatchEnds {
    uint64_t own = 0;
    uint64_t mirror = 0;
    uint64_t cosigned = 0;
  };
  struct Watched {
    Opened opened;
    ledger::Side side;
    uint64_t index;
    bool again;  // an own act, because an entry of the counterpart says that it refuses it
  };
  // What is next at `cursor`, which moves behind it. nullopt: nothing, as yet.
  absl::StatusOr<std::optional<Watched>> ReadNext(v1::WatchCursor& cursor, const WatchEnds& ends) const;
  // v1::WatchCursor.history of what a watch at `cursor` has read.
  absl::StatusOr<std::string> HistoryOf(const v1::WatchCursor& cursor) const;
  absl::StatusOr<v1::TimelineItem> ItemFor(const v1::ActRecord& made, uint64_t cosigned) const;
  absl::StatusOr<uint64_t> Cosigned() const;
  ledger::Side SideOf(v1::Party ledger) const;
  // Size of the ledger as far as it is published.
  absl::StatusOr<uint64_t> Published(v1::Party ledger) const;
  absl::StatusOr<absl::CivilDay> DayOf(const std::string& on, absl::Time now) const;
  // A page of a timeline: acts of the record from `first` on, but no more than these; at least one.
  struct Page {
    int first = 0;
    int most_acts = std::numeric_limits<int>::max();
    size_t most_bytes = std::numeric_limits<size_t>::max();
  };
  template <typename Request>
  static absl::StatusOr<Page> PageOf(const Request& request);
  absl::StatusOr<v1::Case> GetCase(const std::string& name, const Page& page, absl::Time now) const;
  // The view of one: a Case or MatterFile.
  template <typename Record, typename File>
  absl::StatusOr<File> GetFile(const std::string& name, const Page& page, absl::Time now) const;
  // The told states of all matters of a kind behind `page_token`, in the order of
  // their ids, those that `wanted` takes, a page of them; gives the next token. What it looks
  // at is bounded, so that a page may be short, or empty, and not be the last.
  template <typename Record, typename Request, typename Wanted, typename Show>
  absl::StatusOr<std::string> List(const Request& request, Wanted wanted, Show show) const;

  const Identity& identity_;
  const ledger::Store& store_;
  ledger::Vault& vault_;
  const std::function<std::string()> third_;
};

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_READER_H_
