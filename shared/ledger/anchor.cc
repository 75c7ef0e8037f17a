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
#include "shared/base/files.h"
#include "shared/base/status_macros.h"

namespace kelisim::ledger {
namespace {

// Two blocks of one line each, filled up with newlines:
// "kelisim-head/3 <sequence> <log> <size> <root> <lineage> <sha256 of what precedes>\n".
// A head is written over the older one.
constexpr std::string_view kTitle = "kelisim-head/3";
constexpr size_t kBlocks = 2;
// What a disk writes at a time, so that a write to one block leaves the other.
constexpr size_t kBlockSize = 4096;
constexpr size_t kFileSize = kBlocks * kBlockSize;

// What the line has room for, beside its numbers.
constexpr size_t kMostLog = 1024;

struct Numbered {
  uint64_t sequence = 0;
  std::string log;
  Head head;
};

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

std::string Format(const Numbered& numbered) {
  const Head& head = numbered.head;
  const std::string line = absl::StrCat(Absl(kTitle), " ", numbered.sequence, " ", numbered.log, " ",
                                        head.size, " ", ToHex(head.root.bytes()), " ", head.lineage, " ");
  std::string block = absl::StrCat(line, ToHex(Sha256(line).bytes()), "\n");
  block.resize(kBlockSize, '\n');
  return block;
}

std::optional<Numbered> ParseFields(std::string_view block) {
  const std::vector<std::string> fields = absl::StrSplit(Absl(block), ' ');
  if (fields.size() != 7) return std::nullopt;
  const std::optional<uint64_t> sequence = ParseDecimal(fields[1]);
  const std::optional<uint64_t> size = ParseDecimal(fields[3]);
  const absl::StatusOr<std::string> bytes = FromHex(fields[4]);
  const std::optional<uint64_t> lineage = ParseDecimal(fields[5]);
  if (!sequence || !size || !bytes.ok() || !lineage || *lineage > std::numeric_limits<uint32_t>::max())
    return std::nullopt;
  const absl::StatusOr<Hash> root = Hash::FromBytes(*bytes);
  if (!root.ok()) return std::nullopt;
  return Numbered{*sequence, fields[2], {*size, *root, static_cast<uint32_t>(*lineage)}};
}

// nullopt unless `block` is byte for byte what Format writes.
std::optional<Numbered> Parse(std::string_view block) {
  const std::optional<Numbered> numbered = ParseFields(block);
  if (!numbered || Format(*numbered) != block) return std::nullopt;
  return numbered;
}

// The newest head of a whole file. One block may be torn: it was being written
// when the machine stopped, and nothing that hung on it has left.
std::optional<Numbered> Newest(std::string_view file) {
  if (file.size() != kFileSize) return std::nullopt;
  const std::optional<Numbered> first = Parse(file.substr(0, kBlockSize));
  const std::optional<Numbered> second = Parse(file.substr(kBlockSize));
  if (!first || !second) return first ? first : second;
  return first->sequence > second->sequence ? first : second;
}

absl::Status WriteAt(int fd, std::string_view bytes, off_t offset, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = pwrite(fd, bytes.data(), bytes.size(), offset);
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return SystemError("cannot write", path);
    bytes.remove_prefix(written);
    offset += written;
  }
  if (fdatasync(fd) != 0) return SystemError("cannot sync", path);
  return absl::OkStatus();
}

class FileAnchor final : public HeadAnchor {
 public:
  FileAnchor(std::string path, std::string log) : path_(std::move(path)), log_(std::move(log)) {}

  absl::StatusOr<std::optional<Head>> Load() override {
    RETURN_IF_ERROR(CheckDirectory());
    file_ = std::make_unique<Descriptor>(open(path_.c_str(), O_RDWR | O_CLOEXEC));
    if (!file_->valid()) {
      const int error = errno;
      file_.reset();
      if (error == ENOENT) return std::nullopt;
      errno = error;
      return SystemError("cannot open", path_);
    }
    ASSIGN_OR_RETURN(const std::string bytes, ReadAll());
    const std::optional<Numbered> newest = Newest(bytes);
    // Not to be written over.
    if (!newest || newest->log != log_) file_.reset();
    if (!newest) return DamagedError(path_);
    // It would be believed whatever it knows, and entries told as lost that there never were.
    if (newest->log != log_) {
      return absl::FailedPreconditionError(absl::StrCat("head anchor: ", path_, " is that of the log ",
                                                        newest->log, ", and this node keeps the log ", log_,
                                                        ": put back its own anchor"));
    }
    sequence_ = newest->sequence;
    return newest->head;
  }

  absl::Status Save(const Head& head) override {
    if (file_ == nullptr) {
      ASSIGN_OR_RETURN(const std::optional<Head> found, Load());
      if (!found) return Create(head);
    }
    RETURN_IF_ERROR(CheckPlace());
    const Numbered next{sequence_ + 1, log_, head};
    const auto block = static_cast<off_t>(next.sequence % kBlocks * kBlockSize);
    RETURN_IF_ERROR(WriteAt(file_->get(), Format(next), block, path_));
    sequence_ = next.sequence;
    return absl::OkStatus();
  }

 private:
  // Whole or not at all: written aside, synced, renamed.
  absl::Status Create(const Head& head) {
    if (log_.empty() || log_.size() > kMostLog || log_.find(' ') != std::string::npos)
      return absl::InvalidArgumentError(absl::StrCat("head anchor: the name of the log: ", log_));
    const std::string aside = path_ + ".new";
    auto file =
        std::make_unique<Descriptor>(open(aside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (!file->valid()) return SystemError("cannot create", aside);
    static_assert(kBlocks == 2);
    RETURN_IF_ERROR(WriteAt(file->get(), Format({0, log_, head}) + Format({1, log_, head}), 0, aside));
    if (rename(aside.c_str(), path_.c_str()) != 0) return SystemError("cannot replace", path_);
    RETURN_IF_ERROR(SyncDirectory(DirectoryOf(path_)));
    file_ = std::move(file);
    sequence_ = 1;
    return absl::OkStatus();
  }

  // A missing directory is a disk that is not mounted, not a missing anchor.
  absl::Status CheckDirectory() const {
    const std::string directory = DirectoryOf(path_);
    struct stat found;
    if (stat(directory.c_str(), &found) == 0 && S_ISDIR(found.st_mode)) return absl::OkStatus();
    return absl::FailedPreconditionError(absl::StrCat("head anchor: there is no directory ", directory));
  }

  // A file that was removed or replaced is written to in vain.
  absl::Status CheckPlace() const {
    RETURN_IF_ERROR(CheckDirectory());
    struct stat named;
    struct stat held;
    if (stat(path_.c_str(), &named) == 0 && fstat(file_->get(), &held) == 0 && named.st_dev == held.st_dev &&
        named.st_ino == held.st_ino) {
      return absl::OkStatus();
    }
    return absl::FailedPreconditionError(
        absl::StrCat("head anchor: ", path_, " was removed or replaced while it was in use"));
  }

  absl::StatusOr<std::string> ReadAll() const {
    std::string bytes(kFileSize + 1, '\0');
    size_t size = 0;
    while (size < bytes.size()) {
      const ssize_t more =
          pread(file_->get(), bytes.data() + size, bytes.size() - size, static_cast<off_t>(size));
      if (more < 0 && errno == EINTR) continue;
      if (more < 0) return SystemError("cannot read", path_);
      if (more == 0) break;
      size += static_cast<size_t>(more);
    }
    bytes.resize(size);
    return bytes;
  }

  const std::string path_;
  const std::string log_;
  std::unique_ptr<Descriptor> file_;  // once it exists
  uint64_t sequence_ = 0;             // of the newest head in it
};

}  // namespace

std::unique_ptr<HeadAnchor> NewFileAnchor(std::string path, std::string log) {
  return std::make_unique<FileAnchor>(std::move(path), std::move(log));
}

}  // namespace kelisim::ledger
