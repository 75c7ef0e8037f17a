#ifndef KELISIM_SHARED_NODE_KEYS_H_
#define KELISIM_SHARED_NODE_KEYS_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "kelisim/v1/config.pb.h"
#include "shared/authority/books.h"
#include "shared/base/ports.h"
#include "shared/tlog/note.h"

namespace kelisim::node {

// The identity of the node: its three secret keys, and the counterpart's public
// keys. `policy_file` names the own log and the counterpart's cosigners,
// `counterpart_policy_file` the counterpart's log "HOST/ledger/YEAR" and the own
// cosigners: a node whose keys are not those of the policies would make
// statements that nobody accepts. Nor may a policy leave a size of its ledger without a
// key. INVALID_ARGUMENT names field and file.
absl::StatusOr<authority::Identity> LoadIdentity(const v1::NodeConfig& config, authority::Profile profile);

// 32 bytes.
absl::StatusOr<std::string> LoadMasterKey(const v1::NodeConfig& config);

// Makes a secret note key in a new file only its owner can read; returns the
// public key's text. ALREADY_EXISTS when the file does.
absl::StatusOr<std::string> GenerateKey(const std::string& name, tlog::KeyType type, const std::string& file,
                                        Random& random);

// The succession of a log key, as the ceremony of deploy/key-ceremony.md goes. Each writes
// the policy that both Parties are to put in the place of `policy_file`, into a new file
// beside it, and returns that file's path. ALREADY_EXISTS: a file is there; INVALID_ARGUMENT:
// the ledger has come further than the size, or a size would be left without a key. After a
// failure there is no new file.
//
// Makes the new key in `file`; it counts from checkpoints of size `from` on.
absl::StatusOr<std::string> BeginKeySuccession(const v1::NodeConfig& config,
                                               const authority::Identity& identity, const std::string& file,
                                               uint64_t from, Random& random);
// The key of keys.log counts for checkpoints below `until` only.
absl::StatusOr<std::string> EndKey(const v1::NodeConfig& config, const authority::Identity& identity,
                                   uint64_t until);

// How many entries the own ledger has: of the head anchor, which a running node keeps as well,
// or where there is none, or a new one, of a store that nobody uses. nullopt: neither has any;
// the ledger may be new, or lost, and then the counterpart knows.
absl::StatusOr<std::optional<uint64_t>> OwnSize(const v1::NodeConfig& config,
                                                const authority::Identity& identity);

absl::Status GenerateMasterKey(const std::string& file, Random& random);

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_KEYS_H_
