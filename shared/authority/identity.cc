#include "shared/authority/identity.h"

#include "absl/strings/str_cat.h"

namespace kelisim::authority {

std::string PolicyText(const Identity& identity, v1::Party ledger) {
  const bool own = ledger == identity.self();
  const tlog::NoteVerifier& log = own ? identity.log.verifier() : identity.peer_log;
  const tlog::NoteVerifier& witness = own ? identity.peer_witness : identity.witness.verifier();
  const tlog::NoteVerifier& mirror = own ? identity.peer_mirror : identity.mirror.verifier();
  return absl::StrCat("log ", log.ToString(), "\nwitness witness ", witness.ToString(), "\nwitness mirror ",
                      mirror.ToString(), "\ngroup treaty all witness mirror\nquorum treaty\n");
}

}  // namespace kelisim::authority
