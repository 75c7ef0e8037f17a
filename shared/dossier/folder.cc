#include "shared/dossier/folder.h"

#include <filesystem>
#include <fstream>
#include <system_error>

namespace kelisim::dossier {
namespace {

namespace fs = std::filesystem;
constexpr size_t kReadAtOnce = 64 * 1024;

}  // namespace

absl::StatusOr<std::set<std::string>> DiskFolder::List() const {
  std::set<std::string> paths;
  std::error_code error;
  fs::recursive_directory_iterator walk(directory_, error);
  for (const fs::recursive_directory_iterator end; !error && walk != end; walk.increment(error)) {
    const std::string path = walk->path().lexically_relative(directory_).generic_string();
    const fs::file_status status = walk->symlink_status(error);
    if (error || fs::is_directory(status)) continue;
    paths.insert(fs::is_regular_file(status) ? path : path + "/");
  }
  if (error) return absl::NotFoundError("cannot be listed: " + error.message());
  return paths;
}

absl::Status DiskFolder::Read(const std::string& path,
                              const std::function<void(std::string_view)>& take) const {
  std::ifstream file(fs::path(directory_) / path, std::ios::binary);
  if (!file) return absl::NotFoundError("cannot be opened");
  std::string piece(kReadAtOnce, '\0');
  while (file.read(piece.data(), static_cast<std::streamsize>(piece.size())).gcount() > 0) {
    take(std::string_view(piece).substr(0, static_cast<size_t>(file.gcount())));
  }
  return file.bad() ? absl::DataLossError("cannot be read") : absl::OkStatus();
}

absl::StatusOr<std::set<std::string>> MemoryFolder::List() const {
  std::set<std::string> paths;
  for (const auto& [path, content] : files) paths.insert(path);
  return paths;
}

absl::Status MemoryFolder::Read(const std::string& path,
                                const std::function<void(std::string_view)>& take) const {
  const auto found = files.find(path);
  if (found == files.end()) return absl::NotFoundError("is missing");
  take(found->second);
  return absl::OkStatus();
}

}  // namespace kelisim::dossier
