#ifndef KELISIM_SHARED_AUTHORITY_IDENTITY_H_
#define KELISIM_SHARED_AUTHORITY_IDENTITY_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/statusor.h"
#include "kelisim/v1/treaty.pb.h"
#include "shared/authority/profile.h"
#include "shared/crypto/digest.h"
#include "shared/tlog/log_keys.h"
#include "shared/tlog/note.h"
#include "shared/treaty/verdict.h"

namespace kelisim::authority {

// Who a node is and whom it faces.
struct Identity {
  Profile profile;
  // Before the first one that both have signed.
  v1::Protocol protocol;
  // The authorised body for which this node signs (13.1).
  std::string body;
  tlog::NoteSigner log;
  tlog::NoteSigner witness;
  tlog::NoteSigner mirror;
  // The counterpart's public keys.
  tlog::LogKeys peer_log;
  tlog::NoteVerifier peer_witness;
  tlog::NoteVerifier peer_mirror;
  // All keys of the own log, and how long each counts; `log` and `next_log` are among them.
  tlog::LogKeys own_log;
  // A neutral witness of the own ledger.
  struct ThirdWitness {
    tlog::NoteVerifier key;
    std::string url;
    // A checkpoint of the own ledger without its line meets no policy.
    bool required = false;
  };
  std::optional<ThirdWitness> third_witness = {};
  // While one key follows another. Both sign where both count.
  std::optional<tlog::NoteSigner> next_log = {};

  v1::Party self() const { return profile.party; }
  v1::Party peer() const { return treaty::Other(profile.party); }
};

// Stands for the first protocol: the same for two that judge in the same way, in whatever
// order they name their holidays.
Hash FirstProtocolHash(const v1::Protocol& protocol);

// The C2SP tlog-policy of a Party's ledger: its log keys, the other Party's cosigners, all
// of whom it asks for. Every cosigner has a URL, as other parsers demand: that of the third
// witness, which is asked there; of the Parties' "https://" and the name of the key, which is a
// URL without its scheme. Nobody need answer there: the Parties cosign in the exchange alone.
std::string PolicyText(const Identity& identity, v1::Party ledger);

// The own checkpoint in `note`, when the counterpart has cosigned it with both its keys as they
// are now. A third witness is not asked for: its line is not kept with these.
absl::StatusOr<tlog::Checkpoint> OpenCosigned(const Identity& identity, std::string_view note);

const tlog::LogKeys& LogKeysOf(const Identity& identity, v1::Party ledger);

// Names the own log for as long as it lives: its name, and the id of the key with which it
// began. "migration.kz.example/ledger/2026+1a2b3c4d".
std::string LogIdOf(const Identity& identity);

// The own log keys that are here and count for checkpoints of `size`; none: the node
// cannot sign.
std::vector<const tlog::NoteSigner*> LogSigners(const Identity& identity, uint64_t size);
// For statements outside checkpoints, while the ledger has `size` entries.
const tlog::NoteSigner& LogSigner(const Identity& identity, uint64_t size);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_IDENTITY_H_
