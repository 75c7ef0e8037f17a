#ifndef KELISIM_SHARED_LEDGER_ROCKS_STORE_H_
#define KELISIM_SHARED_LEDGER_ROCKS_STORE_H_

#include <functional>
#include <memory>
#include <string>

#include "absl/status/statusor.h"
#include "shared/ledger/store.h"

namespace rocksdb {
class Env;
}

namespace kelisim::ledger {

struct RocksStoreOptions {
  std::string directory;
  // nullptr: the machine's file system. Must outlive the store.
  rocksdb::Env* env = nullptr;
  // Called when no other process has the directory, before there must be room for a start.
  std::function<void()> make_room = nullptr;
  // False for a copy that is only looked at: no tables are made of others, which takes room and
  // removes some while they are read.
  bool compacts = true;
};

// A Store in RocksDB. Every commit is one synced write batch. Opened so that a
// torn tail after a crash is tolerated and any other damage of the write-ahead
// log is refused (DATA_LOSS) instead of silently dropping what follows it.
//
// A manifest that is cut, or an older one put in its place, no longer names every
// table, and RocksDB would delete those it does not name. A table that no crash
// leaves unnamed is refused first (DATA_LOSS), and everything stays as it is. A
// table says for that which writes it holds; one that was made before it said so,
// or is itself unreadable, is taken for what a crash left.
//
// What cannot be seen from inside: a damaged length field in the last block of
// the log or the manifest, which looks like the torn tail of a crash, where no
// table of the lost part is left; and an older state put back whole. The first can
// even leave a gap behind newer rows. Nor a lost table whose writes are all older than
// those the cut manifest knows of: two buffers were being flushed at a time. The
// head anchor and the ledger's root are there for these.
//
// UNAVAILABLE: another process has the directory, or it cannot be written to, or has
// no room for a start. After a failed commit every
// further commit fails too: the process must reopen.
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const RocksStoreOptions& options);

// The same store, to be looked at only: nothing in the directory changes, and a
// commit fails. Nobody else can open it meanwhile. UNAVAILABLE: another process has
// the directory.
absl::StatusOr<std::unique_ptr<Store>> OpenRocksStoreForReading(const RocksStoreOptions& options);

// Whether a start could write what it has to: a probe is written, synced and deleted.
// UNAVAILABLE, with the directory: it could not.
absl::Status CheckRoom(const RocksStoreOptions& options);

// RESOURCE_EXHAUSTED: the disk of an open store has no more than the store itself needs, which a
// flush without room would end. Nothing is written for it.
absl::Status CheckRoomForBackUp(const Store& rocks_store);

// Copies a consistent backup of an open store into `directory`, which must not
// exist. For live backups. RESOURCE_EXHAUSTED: as CheckRoomForBackUp.
absl::Status BackUp(const Store& rocks_store, const std::string& directory);

// Reads every block and checks its checksum; DATA_LOSS names the file. `goes_on` is asked before
// each file; CANCELLED when it says no.
absl::Status VerifyChecksums(
    const Store& rocks_store, const std::function<bool()>& goes_on = [] { return true; });

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_ROCKS_STORE_H_
