#include "shared/ledger/witness_book.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/digest.h"
#include "shared/tlog/witness.h"

namespace kelisim::ledger {
namespace {

constexpr size_t kHexOfHash = 2 * Hash::kSize;

}  // namespace

absl::StatusOr<std::unique_ptr<WitnessBook>> WitnessBook::Open(std::string directory,
                                                               std::vector<tlog::LogKeys> logs,
                                                               const tlog::NoteSigner& signer, Clock& clock) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return absl::UnavailableError(absl::StrCat(directory, ": ", error.message()));
  return std::unique_ptr<WitnessBook>(new WitnessBook(std::move(directory), std::move(logs), signer, clock));
}

absl::StatusOr<std::string> WitnessBook::Add(const std::string& body) {
  ASSIGN_OR_RETURN(const tlog::AddCheckpoint request, tlog::ParseAddCheckpoint(body));
  ASSIGN_OR_RETURN(const std::string origin, tlog::OriginOf(request));
  const auto log = std::find_if(logs_.begin(), logs_.end(),
                                [&](const tlog::LogKeys& keys) { return keys.name() == origin; });
  if (log == logs_.end()) return absl::NotFoundError("this log is not witnessed here");
  const std::string name = ToHex(Sha256(origin).bytes());
  const std::lock_guard lock(mutex_);
  std::optional<tlog::Checkpoint> latest;
  const std::string path = absl::StrCat(directory_, "/", name);
  std::error_code error;
  const bool known = std::filesystem::exists(path, error);
  if (error) return absl::UnavailableError("the newest checkpoint of this log cannot be looked for");
  if (known) {
    // It was checked when it came: whatever is wrong with it now is damage.
    const absl::StatusOr<tlog::SignedCheckpoint> opened = log->Open(ReadFile(path).value_or(""));
    if (!opened.ok()) return absl::DataLossError("the newest checkpoint of this log cannot be read");
    latest = opened->checkpoint();
  }
  ASSIGN_OR_RETURN(const tlog::Checkpoint said, tlog::JudgeAddCheckpoint(request, *log, latest));
  const std::string line =
      signer_.Cosign(said.Text(), static_cast<uint64_t>(absl::ToUnixSeconds(clock_.Now())));
  ASSIGN_OR_RETURN(const tlog::SignedCheckpoint of_log, log->Open(request.checkpoint));
  RETURN_IF_ERROR(Save(name, absl::StrCat(of_log.note(), line)));
  return line;
}

absl::Status WitnessBook::Save(const std::string& origin_sha256, const std::string& note) {
  if (ReplaceFile(absl::StrCat(directory_, "/", origin_sha256), note).ok()) return absl::OkStatus();
  return absl::InternalError("the cosigned checkpoint could not be made durable");
}

absl::StatusOr<std::string> WitnessBook::Newest(const std::string& origin_sha256) const {
  const bool is_hash = origin_sha256.size() == kHexOfHash && FromHex(origin_sha256).ok();
  const std::string note = is_hash ? ReadFile(absl::StrCat(directory_, "/", origin_sha256)).value_or("") : "";
  if (note.empty()) return absl::NotFoundError("nothing of such a log is cosigned here");
  return note;
}

}  // namespace kelisim::ledger
