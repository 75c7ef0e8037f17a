#include "shared/ledger/anchor.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <limits>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"

namespace kelisim::ledger {
namespace {

// The line: "kelisim-head/1 <size> <root> <lineage> <sha256 of what precedes>\n".
constexpr std::string_view kTitle = "kelisim-head/1";
// Longer than any head; what exceeds it is damaged.
constexpr size_t kLongestLine = 512;

absl::Status DamagedError(const std::string& path) {
  return absl::DataLossError(absl::StrCat("head anchor: ", path, " is damaged"));
}

absl::Status SystemError(std::string_view what, const std::string& path) {
  const int error = errno;
  return absl::ErrnoToStatus(error, absl::StrCat("head anchor: ", Absl(what), " ", path));
}

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (valid()) close(fd_);
  }
  bool valid() const { return fd_ >= 0; }
  int get() const { return fd_; }

 private:
  const int fd_;
};

std::string Format(const Head& head) {
  const std::string line =
      absl::StrCat(Absl(kTitle), " ", head.size, " ", ToHex(head.root.bytes()), " ", head.lineage, " ");
  return absl::StrCat(line, ToHex(Sha256(line).bytes()), "\n");
}

std::optional<Head> ParseFields(const std::string& text) {
  const std::vector<std::string> fields = absl::StrSplit(text, ' ');
  if (fields.size() != 5) return std::nullopt;
  const std::optional<uint64_t> size = ParseDecimal(fields[1]);
  const absl::StatusOr<std::string> bytes = FromHex(fields[2]);
  const std::optional<uint64_t> lineage = ParseDecimal(fields[3]);
  if (!size || !bytes.ok() || !lineage || *lineage > std::numeric_limits<uint32_t>::max())
    return std::nullopt;
  const absl::StatusOr<Hash> root = Hash::FromBytes(*bytes);
  if (!root.ok()) return std::nullopt;
  return Head{*size, *root, static_cast<uint32_t>(*lineage)};
}

// nullopt unless `text` is byte for byte what Format writes.
std::optional<Head> Parse(const std::string& text) {
  const std::optional<Head> head = ParseFields(text);
  if (!head || Format(*head) != text) return std::nullopt;
  return head;
}

std::string DirectoryOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return path.substr(0, slash + 1);
}

absl::Status WriteAll(int fd, std::string_view bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write", path);
    bytes.remove_prefix(written);
  }
  return absl::OkStatus();
}

absl::Status WriteSynced(const std::string& path, std::string_view bytes) {
  const Descriptor file(open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file.valid()) return SystemError("cannot create", path);
  RETURN_IF_ERROR(WriteAll(file.get(), bytes, path));
  if (fsync(file.get()) != 0) return SystemError("cannot sync", path);
  return absl::OkStatus();
}

absl::Status SyncDirectory(const std::string& path) {
  const Descriptor directory(open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!directory.valid()) return SystemError("cannot open directory", path);
  if (fsync(directory.get()) != 0) return SystemError("cannot sync directory", path);
  return absl::OkStatus();
}

class FileAnchor final : public HeadAnchor {
 public:
  explicit FileAnchor(std::string path) : path_(std::move(path)) {}

  absl::StatusOr<std::optional<Head>> Load() override {
    RETURN_IF_ERROR(CheckDirectory());
    const Descriptor file(open(path_.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file.valid() && errno == ENOENT) return std::nullopt;
    if (!file.valid()) return SystemError("cannot open", path_);
    ASSIGN_OR_RETURN(const std::string text, ReadAll(file.get()));
    const std::optional<Head> head = Parse(text);
    if (!head) return DamagedError(path_);
    return head;
  }

  absl::Status Save(const Head& head) override {
    RETURN_IF_ERROR(CheckDirectory());
    const std::string aside = path_ + ".new";
    RETURN_IF_ERROR(WriteSynced(aside, Format(head)));
    if (rename(aside.c_str(), path_.c_str()) != 0) return SystemError("cannot replace", path_);
    return SyncDirectory(DirectoryOf(path_));
  }

 private:
  // A missing directory is a disk that is not mounted, not a missing anchor.
  absl::Status CheckDirectory() const {
    const std::string directory = DirectoryOf(path_);
    struct stat found;
    if (stat(directory.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("head anchor: there is no directory ", directory));
  }

  absl::StatusOr<std::string> ReadAll(int fd) const {
    std::string text(kLongestLine, '\0');
    size_t size = 0;
    while (size < text.size()) {
      const ssize_t bytes = read(fd, text.data() + size, text.size() - size);
      if (bytes < 0 && errno == EINTR) continue;
      if (bytes < 0) return SystemError("cannot read", path_);
      if (bytes == 0) break;
      size += bytes;
    }
    text.resize(size);
    return text;
  }

  const std::string path_;
};

}  // namespace

std::unique_ptr<HeadAnchor> NewFileAnchor(std::string path) {
  return std::make_unique<FileAnchor>(std::move(path));
}

}  // namespace kelisim::ledger
