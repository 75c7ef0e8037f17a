#ifndef KELISIM_SHARED_AUTHORITY_IDENTITY_H_
#define KELISIM_SHARED_AUTHORITY_IDENTITY_H_

#include <string>

#include "kelisim/v1/treaty.pb.h"
#include "shared/authority/profile.h"
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
  tlog::NoteVerifier peer_log;
  tlog::NoteVerifier peer_witness;
  tlog::NoteVerifier peer_mirror;

  v1::Party self() const { return profile.party; }
  v1::Party peer() const { return treaty::Other(profile.party); }
};

// The C2SP tlog-policy of a Party's ledger: its log key, the other Party's cosigners, all
// of whom it asks for.
std::string PolicyText(const Identity& identity, v1::Party ledger);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_IDENTITY_H_
