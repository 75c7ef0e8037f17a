#ifndef KELISIM_SHARED_AUTHORITY_AUDIT_H_
#define KELISIM_SHARED_AUTHORITY_AUDIT_H_

#include <functional>

#include "absl/status/status.h"
#include "kelisim/v1/audit.pb.h"
#include "shared/authority/identity.h"
#include "shared/crypto/digest.h"
#include "shared/ledger/attachments.h"
#include "shared/ledger/store.h"
#include "shared/ledger/vault.h"

namespace kelisim::authority {

// Checks everything that a store holds against itself:
//
//   ENTRIES   of both ledgers: the entries give the stored hashes and the signed roots,
//             and every payload is what its entry commits to
//   VIEWS     are folded anew from the ledgers
//   ROWS      of these views and of the stored ones are the same, byte for byte
//   ATTACHMENTS  are whole; a damaged one is set aside. `attachments` null: not looked at
//
// `copy` is a copy of the store, which the audit writes to (rows beginning with 'w'), so
// that the node goes on meanwhile. Of `vault` only the master key is used. `tell` hears of progress and of
// every finding; when it returns false the audit ends with CANCELLED. While a recovery is under way
// that is a finding, and the views are not looked at; when there are too many findings, the last one
// says so, and DONE is not told. `check_room` is asked before each write to the copy; the audit ends with
// what it says unless that is OK. Needs little memory, whatever the size.
// Not OK otherwise: the store cannot be read.
absl::Status Audit(
    const Identity& identity, ledger::Store& copy, const ledger::Vault& vault,
    const ledger::Attachments* attachments, const std::function<bool(const v1::AuditProgress&)>& tell,
    const std::function<absl::Status()>& check_room = [] { return absl::OkStatus(); });

// kMissing: own acts told the counterpart of it, and it is not here.
enum class DocumentIs { kWhole, kDamaged, kMissing };
// The key of what is wrong with it, in the text catalogue.
const char* ProblemKey(DocumentIs is);

// Reads every document to its end, and looks for those that are missing. What `tell`
// returns ends the examination unless it is OK. Changes nothing.
absl::Status ExamineAttachments(const ledger::Store& store, const ledger::Attachments& attachments,
                                const std::function<absl::Status(const Hash& sha256, DocumentIs is)>& tell);

}  // namespace kelisim::authority

#endif  // KELISIM_SHARED_AUTHORITY_AUDIT_H_
