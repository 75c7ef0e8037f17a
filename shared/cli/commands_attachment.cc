#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/cli/output.h"
#include "shared/cli/program.h"
#include "shared/crypto/digest.h"

// attachment put | get.

namespace kelisim::cli {
namespace {

constexpr std::streamoff kLargest = 1 << 30;

int Put(const std::string& path, Session& session) {
  std::error_code error;
  std::ifstream content(path, std::ios::binary | std::ios::ate);
  const bool is_file = std::filesystem::is_regular_file(path, error);
  const std::streamoff size = is_file ? std::streamoff(content.tellg()) : 0;
  if (!content || !is_file) return Fail(session, BadInput(path, {}, "ui.no_file"));
  if (size <= 0 || size > kLargest) return Fail(session, BadInput(path, {}, "ui.attachment_size"));
  content.seekg(0);
  return Show(session, session.client.Upload(content, static_cast<uint64_t>(size)));
}

// The file has its name only when it is whole and is what its hash says.
int Get(const std::string& hex, const std::string& path, Session& session) {
  const absl::StatusOr<std::string> sha256 = FromHex(hex);
  if (!sha256.ok() || sha256->size() != Hash::kSize) {
    return Fail(session, BadInput("", {}, "ui.not_sha256"));
  }
  NewFile file(path);
  std::optional<Failure> failure = file.Begin();
  if (failure) return Fail(session, *failure);
  Sha256Stream digest;
  const auto result = session.client.Download(*sha256, [&](const std::string& chunk) {
    digest.Add(chunk);
    failure = file.Append(chunk);
    return !failure;
  });
  if (failure) return Fail(session, *failure);
  if (!result.status.ok()) return Show(session, result);
  if (digest.Digest().bytes() != *sha256) {
    const grpc::Status other =
        WithReason(grpc::StatusCode::DATA_LOSS, "the document is not what its hash says", kAnswerReason,
                   "ui.other_document");
    return Fail(session, FailureOf(other, "", session.reader.lang));
  }
  failure = file.Finish();
  return failure ? Fail(session, *failure) : Show(session, result);
}

}  // namespace

void AddAttachmentCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("attachment", "help.attachments");
  group->require_subcommand(1);
  CLI::App* put = group->add_subcommand("put", "help.put");
  put->footer("help.example\n  kelisim attachment put decision.pdf");
  auto path = std::make_shared<std::string>();
  put->add_option("FILE", *path, "help.put_file")->required();
  put->callback(
      [&program, path] { program.action = [path](Session& session) { return Put(*path, session); }; });
  CLI::App* get = group->add_subcommand("get", "help.get");
  get->footer("help.example\n  kelisim attachment get 9f86d0...a08 --out decision.pdf");
  auto sha256 = std::make_shared<std::string>();
  get->add_option("SHA256", *sha256, "help.sha256")->required();
  get->add_option("--out", *path, "help.out_file")->required();
  get->callback([&program, sha256, path] {
    program.action = [sha256, path](Session& session) { return Get(*sha256, *path, session); };
  });
}

}  // namespace kelisim::cli
