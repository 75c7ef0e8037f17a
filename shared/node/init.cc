#include "shared/node/init.h"

#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/authority/core.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/rocks_store.h"
#include "shared/ledger/vault.h"
#include "shared/node/config.h"
#include "shared/node/keys.h"
#include "shared/tlog/merkle.h"

namespace kelisim::node {
namespace {

absl::Status SaveAnchorOfNothing(const v1::NodeConfig& config, const authority::Identity& identity,
                                 uint32_t lineage) {
  std::error_code error;
  if (std::filesystem::exists(config.anchor_file(), error)) {
    return absl::FailedPreconditionError(absl::StrCat("anchor_file: ", config.anchor_file(), ": exists"));
  }
  const std::filesystem::path directory = std::filesystem::path(config.anchor_file()).parent_path();
  if (!error && !directory.empty()) std::filesystem::create_directories(directory, error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("anchor_file: ", config.anchor_file(), ": ", error.message()));
  }
  return ledger::NewFileAnchor(config.anchor_file(), authority::LogIdOf(identity))
      ->Save({0, tlog::EmptyRoot(), lineage});
}

}  // namespace

absl::Status InitNode(const v1::NodeConfig& config, const authority::Profile& profile) {
  if (!IsEmptyDirectory(config.data_dir())) {
    return absl::FailedPreconditionError(absl::StrCat(
        "data_dir: ", config.data_dir(),
        ": is not empty; where the anchor of a store was lost: replace-anchor (deploy/recovery.md)"));
  }
  ASSIGN_OR_RETURN(const authority::Identity identity, LoadIdentity(config, profile));
  std::error_code error;
  std::filesystem::create_directories(config.data_dir(), error);
  if (error) {
    return absl::UnavailableError(absl::StrCat("data_dir: ", config.data_dir(), ": ", error.message()));
  }
  return SaveAnchorOfNothing(config, identity, 0);
}

absl::Status ReplaceAnchor(const v1::NodeConfig& config, const authority::Profile& profile) {
  if (IsEmptyDirectory(config.data_dir())) {
    return absl::FailedPreconditionError(
        absl::StrCat("data_dir: ", config.data_dir(), ": there is no store; a new node begins with init"));
  }
  ASSIGN_OR_RETURN(const authority::Identity identity, LoadIdentity(config, profile));
  ASSIGN_OR_RETURN(const std::string master_key, LoadMasterKey(config));
  ASSIGN_OR_RETURN(const std::unique_ptr<ledger::Store> store,
                   ledger::OpenRocksStore({config.data_dir(), nullptr}));
  ledger::Vault vault(master_key, SystemRandom());
  ASSIGN_OR_RETURN(const std::unique_ptr<authority::Core> core,
                   authority::Core::Open(identity, *store, vault, SystemRandom(), std::nullopt));
  // With an older lineage the store would look like one whose recovery was never anchored.
  return SaveAnchorOfNothing(config, identity, core->lineage());
}

absl::Status CheckInitialised(const v1::NodeConfig& config, const std::optional<ledger::Head>& anchor) {
  if (anchor || !IsEmptyDirectory(config.data_dir())) return absl::OkStatus();
  return absl::FailedPreconditionError(
      absl::StrCat("neither head anchor nor store: ", config.anchor_file(), ", ", config.data_dir(),
                   ": is the configuration right? A new node, or one that has lost both, begins with init"));
}

}  // namespace kelisim::node
