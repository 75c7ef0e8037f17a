#include "shared/ledger/attachments.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"
#include "shared/crypto/seal.h"

namespace kelisim::ledger {
namespace {

constexpr std::string_view kTitle = "kelisim attachment 1\n";
constexpr size_t kIdSize = 16;
constexpr size_t kHeaderSize = kTitle.size() + kIdSize + sizeof(uint64_t);
constexpr size_t kSealSize = 12 + 16;  // nonce and tag
constexpr std::string_view kUploadSuffix = ".upload.part";
constexpr std::string_view kFetchSuffix = ".fetch.part";
constexpr std::string_view kDamagedSuffix = ".damaged";

absl::Status SystemError(std::string_view what) {
  // No path: it holds the hash of a document. Never NOT_FOUND: that says that there is no such document.
  return absl::UnavailableError(absl::StrCat("attachment: ", Absl(what), ": ", std::strerror(errno)));
}

absl::Status NotReadable(const std::string& directory, const std::error_code& error) {
  return absl::UnavailableError(absl::StrCat("attachments_dir: ", directory, ": ", error.message()));
}

absl::StatusOr<std::vector<std::string>> NamesIn(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  // increment, and no range: that would throw.
  for (std::filesystem::directory_iterator at(directory, error), end; !error && at != end;
       at.increment(error))
    names.push_back(at->path().filename().string());
  if (error) return NotReadable(directory, error);
  return names;
}

absl::Status CheckSize(uint64_t size) {
  if (size > 0 && size <= Attachments::kLargest) return absl::OkStatus();
  return absl::InvalidArgumentError("attachment: from 1 byte to 1 GiB");
}

absl::Status CheckRoom(const std::string& directory, uint64_t size, uint64_t kept_free) {
  std::error_code error;
  const std::filesystem::space_info space = std::filesystem::space(directory, error);
  if (error) return NotReadable(directory, error);
  if (space.available >= kept_free && space.available - kept_free >= size) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("attachment: ", size, " bytes, and the disk has ", space.available));
}

absl::Status Damaged() { return absl::DataLossError("attachment: damaged, or of another file"); }

// Fewer than `count` bytes only at the end of the file.
absl::StatusOr<std::string> ReadSome(int fd, size_t count) {
  std::string bytes(count, '\0');
  size_t have = 0;
  while (have < count) {
    const ssize_t got = read(fd, bytes.data() + have, count - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return SystemError("read");
    if (got == 0) break;
    have += static_cast<size_t>(got);
  }
  bytes.resize(have);
  return bytes;
}

bool IsFile(int fd) {
  struct stat facts = {};
  return fstat(fd, &facts) == 0 && S_ISREG(facts.st_mode);
}

uint64_t ChunksIn(uint64_t size) { return (size + Attachments::kChunk - 1) / Attachments::kChunk; }
size_t ChunkAt(uint64_t from, uint64_t size) {
  return static_cast<size_t>(std::min<uint64_t>(Attachments::kChunk, size - from));
}
// Where in the file the chunk at `from` stands; of a size: where the file ends.
uint64_t PlaceOf(uint64_t from) { return kHeaderSize + from + ChunksIn(from) * kSealSize; }

absl::Status Seek(int fd, uint64_t place) {
  const auto at = static_cast<off_t>(place);
  return lseek(fd, at, SEEK_SET) == at ? absl::OkStatus() : SystemError("seek");
}

std::string ContextOf(std::string_view header, uint64_t from) {
  return absl::StrCat(Absl(header), Absl(U64(from)));
}

// The size that a header states; DATA_LOSS when it is none.
absl::StatusOr<uint64_t> SizeIn(std::string_view header) {
  if (header.size() != kHeaderSize || header.substr(0, kTitle.size()) != kTitle) return Damaged();
  const uint64_t size = ReadU64(header.substr(kTitle.size() + kIdSize));
  if (size == 0 || size > Attachments::kLargest) return Damaged();
  return size;
}

}  // namespace

absl::StatusOr<std::unique_ptr<Attachments>> Attachments::Open(std::string directory,
                                                               std::string_view master_key, Random& random,
                                                               uint64_t kept_free) {
  std::error_code error;
  std::filesystem::create_directories(directory, error);
  if (error) return NotReadable(directory, error);
  RETURN_IF_ERROR(NamesIn(directory).status());
  RemoveUnfinished(directory);
  return std::unique_ptr<Attachments>(new Attachments(std::move(directory), master_key, random, kept_free));
}

void Attachments::RemoveUnfinished(const std::string& directory) {
  for (const std::string& name : NamesIn(directory).value_or(std::vector<std::string>())) {
    std::error_code ignored;
    if (absl::EndsWith(name, Absl(kUploadSuffix))) std::filesystem::remove(directory + "/" + name, ignored);
  }
}

std::unique_ptr<Attachments> Attachments::OpenForReading(std::string directory, std::string_view master_key,
                                                         Random& random) {
  return std::unique_ptr<Attachments>(new Attachments(std::move(directory), master_key, random, kKeptFree));
}

Attachments::Attachments(std::string directory, std::string_view master_key, Random& random,
                         uint64_t kept_free)
    : directory_(std::move(directory)),
      key_(HmacSha256(master_key, "kelisim attachments").bytes()),
      random_(random),
      kept_free_(kept_free) {}

std::string Attachments::PathOf(const Hash& sha256) const {
  return absl::StrCat(directory_, "/", ToHex(sha256.bytes()));
}

std::string Attachments::KeyFor(std::string_view header) const {
  return std::string(HmacSha256(key_, header).bytes());
}

absl::StatusOr<uint64_t> Attachments::SizeOf(const Hash& sha256) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<Reader> reader, Read(sha256));
  return reader->size();
}

absl::StatusOr<std::vector<Hash>> Attachments::List() const {
  ASSIGN_OR_RETURN(const std::vector<std::string> names, NamesIn(directory_));
  std::vector<Hash> documents;
  for (const std::string& name : names) {
    // What is under way, set aside or of others has names of another form.
    const absl::StatusOr<std::string> bytes = FromHex(name);
    const absl::StatusOr<Hash> sha256 = bytes.ok() ? Hash::FromBytes(*bytes) : bytes.status();
    if (sha256.ok() && ToHex(*bytes) == name) documents.push_back(*sha256);
  }
  std::sort(documents.begin(), documents.end());
  return documents;
}

absl::Status Attachments::Check(const Hash& sha256) const {
  ASSIGN_OR_RETURN(const std::unique_ptr<Reader> reader, Read(sha256));
  for (;;) {
    ASSIGN_OR_RETURN(const std::string chunk, reader->Next());
    if (chunk.empty()) return absl::OkStatus();
  }
}

absl::Status Attachments::SetAside(const Hash& sha256) const {
  const std::string path = PathOf(sha256);
  const bool renamed = rename(path.c_str(), absl::StrCat(path, Absl(kDamagedSuffix)).c_str()) == 0;
  return renamed ? absl::OkStatus() : SystemError("set aside");
}

// ---------------------------------------------------------------- writing

Attachments::Writer::Writer(const Attachments& home, std::string path, std::string header, uint64_t size)
    : home_(home), path_(std::move(path)), header_(std::move(header)), size_(size) {}

Attachments::Writer::~Writer() {
  if (fd_ >= 0) close(fd_);
  if (!done_ && expected_ == nullptr) unlink(path_.c_str());
}

absl::Status Attachments::Writer::Start() {
  fd_ = open(path_.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd_ < 0) return SystemError("create");
  return WriteAll(fd_, header_) ? absl::OkStatus() : SystemError("write");
}

// Takes over the whole chunks that an earlier writer left; what follows them is torn.
absl::Status Attachments::Writer::GoOn() {
  fd_ = open(path_.c_str(), O_RDWR | O_CLOEXEC);
  if (fd_ < 0) return SystemError("open");
  ASSIGN_OR_RETURN(const std::string header, ReadSome(fd_, kHeaderSize));
  const std::string key = home_.KeyFor(header_);
  while (header == header_ && written_ < size_) {
    const size_t length = ChunkAt(written_, size_);
    ASSIGN_OR_RETURN(const std::string sealed, ReadSome(fd_, length + kSealSize));
    const absl::StatusOr<std::string> chunk = Unseal(key, ContextOf(header_, written_), sealed);
    if (!chunk.ok()) break;
    digest_.Add(*chunk);
    written_ += length;
  }
  return ftruncate(fd_, static_cast<off_t>(PlaceOf(written_))) == 0 ? absl::OkStatus()
                                                                    : SystemError("truncate");
}

absl::Status Attachments::Writer::Append(std::string_view chunk) {
  if (written_ >= size_ || chunk.size() != ChunkAt(written_, size_)) {
    return absl::InvalidArgumentError("attachment: a chunk of another length");
  }
  // Others write too, and the room that was there at the beginning may be gone.
  RETURN_IF_ERROR(CheckRoom(home_.directory_, size_ - written_, home_.kept_free_));
  // Of one that could not be written, a part may stand there.
  RETURN_IF_ERROR(Seek(fd_, PlaceOf(written_)));
  if (!WriteAll(fd_, Seal(home_.KeyFor(header_), ContextOf(header_, written_), chunk, home_.random_)))
    return SystemError("write");
  digest_.Add(chunk);
  written_ += chunk.size();
  return absl::OkStatus();
}

absl::StatusOr<Hash> Attachments::Writer::Finish() {
  if (written_ != size_) return absl::FailedPreconditionError("attachment: bytes are missing");
  const Hash sha256 = digest_.Digest();
  if (expected_ != nullptr && *expected_ != sha256) {
    expected_.reset();  // so that nothing of it is kept
    return absl::InvalidArgumentError("attachment: not the document with that hash");
  }
  if (fsync(fd_) != 0) return SystemError("sync");
  if (rename(path_.c_str(), home_.PathOf(sha256).c_str()) != 0) return SystemError("rename");
  done_ = true;
  RETURN_IF_ERROR(SyncDirectory(home_.directory_));
  return sha256;
}

absl::StatusOr<std::unique_ptr<Attachments::Writer>> Attachments::Write(uint64_t size) const {
  RETURN_IF_ERROR(CheckSize(size));
  RETURN_IF_ERROR(CheckRoom(directory_, size, kept_free_));
  const std::string id = random_.Bytes(kIdSize);
  std::unique_ptr<Writer> writer(new Writer(*this,
                                            absl::StrCat(directory_, "/", ToHex(id), Absl(kUploadSuffix)),
                                            absl::StrCat(Absl(kTitle), id, Absl(U64(size))), size));
  RETURN_IF_ERROR(writer->Start());
  return writer;
}

absl::StatusOr<std::unique_ptr<Attachments::Writer>> Attachments::Resume(const Hash& sha256,
                                                                         uint64_t size) const {
  RETURN_IF_ERROR(CheckSize(size));
  const std::string path = absl::StrCat(PathOf(sha256), Absl(kFetchSuffix));
  std::string header = absl::StrCat(Absl(kTitle), random_.Bytes(kIdSize), Absl(U64(size)));
  bool there = false;
  if (const int fd = open(path.c_str(), O_RDONLY | O_CLOEXEC); fd >= 0) {
    const absl::StatusOr<std::string> left = ReadSome(fd, kHeaderSize);
    close(fd);
    const absl::StatusOr<uint64_t> stated = left.ok() ? SizeIn(*left) : left.status();
    there = stated.ok() && *stated == size;
    if (there) header = *left;
  }
  std::unique_ptr<Writer> writer(new Writer(*this, path, std::move(header), size));
  writer->expected_ = std::make_unique<Hash>(sha256);
  if (there) RETURN_IF_ERROR(writer->GoOn());
  // What is there already needs no room.
  RETURN_IF_ERROR(CheckRoom(directory_, size - writer->written(), kept_free_));
  if (!there) RETURN_IF_ERROR(writer->Start());
  return writer;
}

// ---------------------------------------------------------------- reading

Attachments::Reader::Reader(const Hash& sha256, std::string key, std::string header, uint64_t size, int fd)
    : sha256_(sha256), key_(std::move(key)), header_(std::move(header)), size_(size), fd_(fd) {}

Attachments::Reader::~Reader() { close(fd_); }

absl::StatusOr<std::string> Attachments::Reader::Next() {
  if (read_ == size_) return std::string();
  const size_t length = ChunkAt(read_, size_);
  ASSIGN_OR_RETURN(const std::string sealed, ReadSome(fd_, length + kSealSize));
  ASSIGN_OR_RETURN(std::string chunk, Unseal(key_, ContextOf(header_, read_), sealed));
  if (digest_) digest_->Add(chunk);
  if (digest_ && read_ + length == size_ && digest_->Digest() != sha256_) return Damaged();
  read_ += length;
  return chunk;
}

absl::StatusOr<std::unique_ptr<Attachments::Reader>> Attachments::Read(const Hash& sha256,
                                                                       uint64_t from) const {
  // O_NONBLOCK: nobody may ever write into a pipe of that name.
  const int fd = open(PathOf(sha256).c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0 && errno == ENOENT) return absl::NotFoundError("attachment: not here");
  if (fd < 0) return SystemError("open");
  std::unique_ptr<Reader> reader;
  {
    absl::StatusOr<std::string> header = IsFile(fd) ? ReadSome(fd, kHeaderSize) : Damaged();
    const absl::StatusOr<uint64_t> size = header.ok() ? SizeIn(*header) : header.status();
    std::string key = size.ok() ? KeyFor(*header) : "";
    reader.reset(
        new Reader(sha256, std::move(key), header.ok() ? *std::move(header) : "", size.ok() ? *size : 0, fd));
    RETURN_IF_ERROR(size.status());
  }
  struct stat facts = {};
  if (fstat(fd, &facts) != 0) return SystemError("stat");
  if (static_cast<uint64_t>(facts.st_size) != PlaceOf(reader->size_)) return Damaged();
  if (from % kChunk != 0 || from > reader->size_)
    return absl::InvalidArgumentError("attachment: no such place");
  RETURN_IF_ERROR(Seek(fd, PlaceOf(from)));
  reader->read_ = from;
  if (from == 0) reader->digest_.emplace();
  return reader;
}

}  // namespace kelisim::ledger
