#include <cstdio>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/cli/program.h"
#include "shared/crypto/digest.h"

// attachment put | get.

namespace kelisim::cli {
namespace {

int Put(const std::string& path, Session& session) {
  std::ifstream content(path, std::ios::binary | std::ios::ate);
  const std::streamoff size = content.tellg();
  if (!content || size <= 0)
    return Fail(session, BadInput(absl::StrCat(path, ": cannot be read, or is empty")));
  content.seekg(0);
  return Show(session, session.client.Upload(content, static_cast<uint64_t>(size)));
}

// The file has its name only when it is whole and is what its hash says.
int Get(const std::string& hex, const std::string& path, Session& session) {
  const absl::StatusOr<std::string> sha256 = FromHex(hex);
  if (!sha256.ok() || sha256->size() != Hash::kSize) {
    return Fail(session, BadInput("SHA256: 64 hexadecimal digits"));
  }
  const std::string part = path + ".part";
  std::ofstream out(part, std::ios::binary | std::ios::trunc);
  Sha256Stream digest;
  const auto result = session.client.Download(*sha256, [&](const std::string& chunk) {
    digest.Add(chunk);
    return static_cast<bool>(out << chunk);
  });
  out.close();
  const bool written = static_cast<bool>(out);
  if (written && result.status.ok() && digest.Digest().bytes() == *sha256 &&
      std::rename(part.c_str(), path.c_str()) == 0) {
    return Show(session, result);
  }
  std::remove(part.c_str());
  if (!written) return Fail(session, BadInput(absl::StrCat(path, ": cannot be written")));
  if (!result.status.ok()) return Show(session, result);
  return Fail(session, FailureOf({grpc::StatusCode::DATA_LOSS, "the document is not what its hash says"}, "",
                                 session.reader.lang));
}

}  // namespace

void AddAttachmentCommands(Program& program) {
  CLI::App* group = program.app.add_subcommand("attachment", "Documents that steps name by their SHA-256");
  group->require_subcommand(1);
  CLI::App* put = group->add_subcommand("put", "Store a document; prints the hash that a step names");
  put->footer("Example:\n  kelisim attachment put decision.pdf");
  auto path = std::make_shared<std::string>();
  put->add_option("FILE", *path, "At most 1 GiB")->required();
  put->callback(
      [&program, path] { program.action = [path](Session& session) { return Put(*path, session); }; });
  CLI::App* get = group->add_subcommand("get", "Fetch a document that is stored here");
  get->footer("Example:\n  kelisim attachment get 9f86d0...a08 --out decision.pdf");
  auto sha256 = std::make_shared<std::string>();
  get->add_option("SHA256", *sha256, "64 hexadecimal digits")->required();
  get->add_option("--out", *path, "File to write")->required();
  get->callback([&program, sha256, path] {
    program.action = [sha256, path](Session& session) { return Get(*sha256, *path, session); };
  });
}

}  // namespace kelisim::cli
