#include "shared/base/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim {
namespace {

constexpr size_t kLargestFile = 1 << 20;

absl::Status SystemError(const std::string& path, std::string_view what) {
  return absl::UnavailableError(absl::StrCat(path, ": ", Absl(what), ": ", std::strerror(errno)));
}

// Takes `fd`, which may be none.
absl::Status SyncAndClose(int fd, const std::string& path) {
  if (fd < 0) return SystemError(path, "cannot be opened");
  const absl::Status synced = fsync(fd) == 0 ? absl::OkStatus() : SystemError(path, "cannot be synced");
  return close(fd) == 0 || !synced.ok() ? synced : SystemError(path, "cannot be closed");
}

int OpenToWrite(const std::string& path, int flags) {
  return open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, S_IRUSR | S_IWUSR);
}

// Takes `fd`, which may be none.
absl::Status WriteAndClose(int fd, const std::string& path, std::string_view bytes) {
  if (fd >= 0 && !WriteAll(fd, bytes)) {
    const absl::Status failed = SystemError(path, "cannot be written");
    close(fd);
    return failed;
  }
  return SyncAndClose(fd, path);
}

}  // namespace

absl::StatusOr<std::string> ReadFile(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat(path, ": cannot be opened"));
  std::string bytes(kLargestFile + 1, '\0');
  file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()));
  bytes.resize(static_cast<size_t>(file.gcount()));
  if (bytes.size() > kLargestFile)
    return absl::InvalidArgumentError(absl::StrCat(path, ": larger than 1 MiB"));
  if (!file.eof()) return absl::NotFoundError(absl::StrCat(path, ": cannot be read"));
  return bytes;
}

bool WriteAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno != EINTR) return false;
    if (written > 0) bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

absl::Status SyncFile(const std::string& path) {
  return SyncAndClose(open(path.c_str(), O_RDONLY | O_CLOEXEC), path);
}

absl::Status SyncDirectory(const std::string& path) {
  return SyncAndClose(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC), path);
}

absl::Status WriteNewFile(const std::string& path, std::string_view bytes) {
  const int fd = OpenToWrite(path, O_EXCL);
  if (fd < 0 && errno == EEXIST) return absl::AlreadyExistsError(absl::StrCat(path, ": exists"));
  const absl::Status written = WriteAndClose(fd, path, bytes);
  // Without a file of its own, whatever is there is somebody else's.
  if (fd >= 0 && !written.ok()) unlink(path.c_str());
  RETURN_IF_ERROR(written);
  return SyncDirectory(DirectoryOf(path));
}

absl::Status ReplaceFile(const std::string& path, std::string_view bytes) {
  const std::string part = path + ".part";
  RETURN_IF_ERROR(WriteAndClose(OpenToWrite(part, O_TRUNC), part, bytes));
  if (std::rename(part.c_str(), path.c_str()) != 0) return SystemError(path, "cannot be replaced");
  return SyncDirectory(DirectoryOf(path));
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  return slash == std::string::npos ? "." : path.substr(0, slash + 1);
}

}  // namespace kelisim
