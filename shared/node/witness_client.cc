#include "shared/node/witness_client.h"

#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/node/config.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/log.h"
#include "shared/tlog/witness.h"
#include "shared/web/client.h"

namespace kelisim::node {
namespace {

constexpr std::chrono::seconds kBetween{1};
constexpr int kHttpOk = 200;
constexpr int kHttpConflict = 409;
constexpr int kHttpUnprocessable = 422;

}  // namespace

WitnessClient::WitnessClient(const authority::Identity& identity, std::string file)
    : identity_(identity), file_(std::move(file)) {
  const std::string kept = ReadFile(file_).value_or("");
  // Damaged or of another witness: it is asked again.
  const absl::StatusOr<tlog::Note> note = tlog::Note::Parse(kept);
  if (!note.ok() || !tlog::VerifyNote(*note, identity_.third_witness->key).ok()) return;
  const absl::StatusOr<tlog::SignedCheckpoint> opened = identity_.own_log.Open(kept);
  if (!opened.ok()) return;
  cosigned_ = opened->checkpoint().size;
  // With lines of keys that the counterpart has no more it proves nothing: asked again, too.
  if (authority::OpenCosigned(identity_, kept).ok()) newest_ = kept;
}

WitnessClient::~WitnessClient() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  stop_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void WitnessClient::Start(const authority::Reader& reader) {
  thread_ = std::thread([this, &reader] { Run(reader); });
}

void WitnessClient::Run(const authority::Reader& reader) {
  std::string said;
  for (;;) {
    const absl::Status sent = rpc::Guarded<absl::Status>([&] { return SendOnce(reader); });
    // Once for each change, not every second.
    if (const std::string now = sent.ToString(); now != said) {
      said = now;
      rpc::Log(sent.ok() ? rpc::LogLevel::kInfo : rpc::LogLevel::kWarning, "third_witness",
               {{"status", now}});
    }
    std::unique_lock lock(mutex_);
    if (stop_.wait_for(lock, kBetween, [&] { return stopping_; })) return;
  }
}

std::string WitnessClient::Newest() const {
  const std::lock_guard lock(mutex_);
  return newest_;
}

absl::Status WitnessClient::Keep(const std::string& note) {
  RETURN_IF_ERROR(ReplaceFile(file_, note));
  const std::lock_guard lock(mutex_);
  newest_ = note;
  return absl::OkStatus();
}

absl::Status WitnessClient::SendOnce(const authority::Reader& reader) {
  const absl::StatusOr<std::string> checkpoint = reader.GetCheckpoint(identity_.self());
  if (absl::IsNotFound(checkpoint.status())) return absl::OkStatus();
  RETURN_IF_ERROR(checkpoint.status());
  ASSIGN_OR_RETURN(const tlog::SignedCheckpoint opened, identity_.own_log.Open(*checkpoint));
  // Until the counterpart has cosigned it with the keys that it has now.
  if (!authority::OpenCosigned(identity_, *checkpoint).ok()) return absl::OkStatus();
  const uint64_t size = opened.checkpoint().size;
  const bool has_line = !Newest().empty();
  if (size == cosigned_ && has_line) return absl::OkStatus();
  tlog::AddCheckpoint request{cosigned_, {}, *checkpoint};
  if (cosigned_ > 0 && cosigned_ < size) {
    ASSIGN_OR_RETURN(request.proof, reader.Consistency(identity_.self(), cosigned_, size));
  }
  ASSIGN_OR_RETURN(const web::HttpAnswer answer, web::Post(identity_.third_witness->url + "/add-checkpoint",
                                                           tlog::FormatAddCheckpoint(request)));
  if (answer.status == kHttpConflict) {
    const std::optional<uint64_t> has = ParseDecimal(std::string(absl::StripAsciiWhitespace(answer.body)));
    // Some witnesses answer so, without a size, when roots differ.
    if (!has || *has > size)
      return absl::FailedPreconditionError("the third witness knows another history of this log");
    cosigned_ = *has;
    return absl::UnavailableError("the third witness has another size; it is asked again from there");
  }
  if (answer.status == kHttpUnprocessable) {
    return absl::FailedPreconditionError(
        "the third witness says that this ledger contradicts what it has cosigned");
  }
  if (answer.status != kHttpOk)
    return absl::UnavailableError(absl::StrCat("the third witness answers ", answer.status));
  const std::string cosigned = *checkpoint + answer.body;
  const absl::StatusOr<tlog::Note> note = tlog::Note::Parse(cosigned);
  if (!note.ok() || !tlog::VerifyNote(*note, identity_.third_witness->key).ok()) {
    return absl::UnavailableError("the answer of the third witness carries no right line of it");
  }
  RETURN_IF_ERROR(Keep(cosigned));
  cosigned_ = size;
  return absl::OkStatus();
}

}  // namespace kelisim::node
