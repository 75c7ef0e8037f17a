#include "shared/ledger/crash_file_system.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "rocksdb/system_clock.h"

namespace kelisim::ledger {
namespace {

using rocksdb::FileOptions;
using rocksdb::IODebugContext;
using rocksdb::IOOptions;
using rocksdb::IOStatus;
using rocksdb::Slice;

class SilentLogger final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
  size_t GetLogFileSize() const override { return 0; }
};

class SleeplessClock final : public rocksdb::SystemClockWrapper {
 public:
  SleeplessClock() : SystemClockWrapper(rocksdb::SystemClock::Default()) {}
  const char* Name() const override { return "SleeplessClock"; }
  void SleepForMicroseconds(int) override {}
};

class CrashEnv final : public rocksdb::EnvWrapper {
 public:
  explicit CrashEnv(const std::shared_ptr<rocksdb::FileSystem>& files)
      : EnvWrapper(rocksdb::NewCompositeEnv(files)) {
    file_system_ = files;
    system_clock_ = std::make_shared<SleeplessClock>();
  }
  const char* Name() const override { return "CrashEnv"; }
  void SleepForMicroseconds(int) override {}
};

size_t AtMost(size_t limit, std::mt19937_64& random) {
  return std::uniform_int_distribution<size_t>(0, limit)(random);
}

}  // namespace

class CrashFileSystem::Reader final : public rocksdb::FSSequentialFile, public rocksdb::FSRandomAccessFile {
 public:
  Reader(const CrashFileSystem& files, std::shared_ptr<File> file) : files_(files), file_(std::move(file)) {}

  IOStatus Read(size_t n, const IOOptions& options, Slice* result, char* scratch,
                IODebugContext* debug) override {
    const IOStatus status = std::as_const(*this).Read(position_, n, options, result, scratch, debug);
    position_ += result->size();
    return status;
  }
  IOStatus Skip(uint64_t n) override {
    position_ += n;
    return IOStatus::OK();
  }
  IOStatus Read(uint64_t offset, size_t n, const IOOptions&, Slice* result, char* scratch,
                IODebugContext*) const override {
    std::lock_guard lock(files_.mutex_);
    const size_t begin = std::min<size_t>(offset, file_->bytes.size());
    const size_t size = std::min(n, file_->bytes.size() - begin);
    if (size > 0) std::memcpy(scratch, file_->bytes.data() + begin, size);
    *result = Slice(scratch, size);
    return IOStatus::OK();
  }
  bool use_direct_io() const override { return false; }
  size_t GetRequiredBufferAlignment() const override { return 1; }
  IOStatus InvalidateCache(size_t, size_t) override { return IOStatus::OK(); }

 private:
  const CrashFileSystem& files_;
  const std::shared_ptr<File> file_;
  uint64_t position_ = 0;
};

class CrashFileSystem::Writer final : public rocksdb::FSWritableFile {
 public:
  Writer(CrashFileSystem& files, std::string name, std::shared_ptr<File> file)
      : files_(files), name_(std::move(name)), file_(std::move(file)) {}

  using FSWritableFile::Append;
  IOStatus Append(const Slice& data, const IOOptions&, IODebugContext*) override {
    std::lock_guard lock(files_.mutex_);
    if (!files_.down()) file_->bytes.append(data.data(), data.size());
    return files_.Count("append " + name_);
  }
  IOStatus Truncate(uint64_t size, const IOOptions&, IODebugContext*) override {
    std::lock_guard lock(files_.mutex_);
    if (IOStatus status = files_.Count("truncate " + name_); !status.ok()) return status;
    file_->bytes.resize(size);
    file_->synced = std::min<size_t>(file_->synced, size);
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Flush(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }
  IOStatus Sync(const IOOptions&, IODebugContext*) override {
    std::lock_guard lock(files_.mutex_);
    if (IOStatus status = files_.Count("sync " + name_); !status.ok()) return status;
    file_->synced = file_->bytes.size();
    return IOStatus::OK();
  }
  bool IsSyncThreadSafe() const override { return true; }
  uint64_t GetFileSize(const IOOptions&, IODebugContext*) override {
    std::lock_guard lock(files_.mutex_);
    return file_->bytes.size();
  }

 private:
  CrashFileSystem& files_;
  const std::string name_;
  const std::shared_ptr<File> file_;
};

class CrashFileSystem::Directory final : public rocksdb::FSDirectory {
 public:
  Directory(CrashFileSystem& files, std::string name) : files_(files), name_(std::move(name)) {}

  IOStatus Fsync(const IOOptions&, IODebugContext*) override {
    std::lock_guard lock(files_.mutex_);
    if (IOStatus status = files_.Count("sync directory " + name_); !status.ok()) return status;
    files_.names_.erase(files_.names_.begin(), files_.names_.end() - 1);
    return IOStatus::OK();
  }
  IOStatus Close(const IOOptions&, IODebugContext*) override { return IOStatus::OK(); }

 private:
  CrashFileSystem& files_;
  const std::string name_;
};

class CrashFileSystem::Lock final : public rocksdb::FileLock {
 public:
  explicit Lock(std::string file) : name(std::move(file)) {}
  const std::string name;
};

CrashFileSystem::CrashFileSystem(const Image& image) {
  for (const auto& [name, bytes] : image) {
    names_.back()[name] = std::make_shared<File>(File{bytes, bytes.size()});
    directories_.insert(name.substr(0, name.rfind('/')));
  }
}

void CrashFileSystem::FailAt(uint64_t operation, Failure how) {
  std::lock_guard lock(mutex_);
  fail_at_ = operation;
  how_ = how;
}

void CrashFileSystem::Heal() {
  std::lock_guard lock(mutex_);
  fail_at_.reset();
  failed_ = false;
}

std::vector<std::string> CrashFileSystem::operations() const {
  std::lock_guard lock(mutex_);
  return operations_;
}

void CrashFileSystem::LosePower(std::mt19937_64* keep_some) {
  std::lock_guard lock(mutex_);
  const size_t state = keep_some != nullptr ? AtMost(names_.size() - 1, *keep_some) : 0;
  Names survivors;
  for (const auto& [name, file] : names_[state]) {
    const size_t unsynced = file->bytes.size() - file->synced;
    const size_t kept = file->synced + (keep_some != nullptr ? AtMost(unsynced, *keep_some) : 0);
    survivors[name] = std::make_shared<File>(File{file->bytes.substr(0, kept), kept});
  }
  names_ = {std::move(survivors)};
  locks_.clear();
  operations_.clear();
  fail_at_.reset();
  failed_ = false;
}

CrashFileSystem::Image CrashFileSystem::Contents() const {
  std::lock_guard lock(mutex_);
  Image image;
  for (const auto& [name, file] : names_.back()) image[name] = file->bytes;
  return image;
}

IOStatus CrashFileSystem::Count(std::string operation) {
  const uint64_t number = operations_.size();
  operations_.push_back(std::move(operation));
  const bool now = fail_at_.has_value() && number == *fail_at_;
  failed_ = failed_ || now;
  if (now || down()) return IOStatus::IOError("injected", operations_.back());
  return IOStatus::OK();
}

CrashFileSystem::Names& CrashFileSystem::Change() {
  names_.push_back(names_.back());
  return names_.back();
}

std::shared_ptr<CrashFileSystem::File> CrashFileSystem::Find(const std::string& name) const {
  const auto found = names_.back().find(name);
  return found == names_.back().end() ? nullptr : found->second;
}

IOStatus CrashFileSystem::NewSequentialFile(const std::string& name, const FileOptions&,
                                            std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                            IODebugContext*) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<File> file = Find(name);
  if (file == nullptr) return IOStatus::PathNotFound(name);
  *result = std::make_unique<Reader>(*this, std::move(file));
  return IOStatus::OK();
}

IOStatus CrashFileSystem::NewRandomAccessFile(const std::string& name, const FileOptions&,
                                              std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                              IODebugContext*) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<File> file = Find(name);
  if (file == nullptr) return IOStatus::PathNotFound(name);
  *result = std::make_unique<Reader>(*this, std::move(file));
  return IOStatus::OK();
}

IOStatus CrashFileSystem::NewWritableFile(const std::string& name, const FileOptions&,
                                          std::unique_ptr<rocksdb::FSWritableFile>* result, IODebugContext*) {
  std::lock_guard lock(mutex_);
  if (IOStatus status = Count("create " + name); !status.ok()) return status;
  auto file = std::make_shared<File>();
  Change()[name] = file;
  *result = std::make_unique<Writer>(*this, name, std::move(file));
  return IOStatus::OK();
}

IOStatus CrashFileSystem::NewDirectory(const std::string& name, const IOOptions&,
                                       std::unique_ptr<rocksdb::FSDirectory>* result, IODebugContext*) {
  *result = std::make_unique<Directory>(*this, name);
  return IOStatus::OK();
}

IOStatus CrashFileSystem::FileExists(const std::string& name, const IOOptions&, IODebugContext*) {
  std::lock_guard lock(mutex_);
  const bool exists = Find(name) != nullptr || directories_.count(name) > 0;
  return exists ? IOStatus::OK() : IOStatus::NotFound(name);
}

IOStatus CrashFileSystem::GetChildren(const std::string& directory, const IOOptions&,
                                      std::vector<std::string>* result, IODebugContext*) {
  std::lock_guard lock(mutex_);
  result->clear();
  const std::string bare = directory.back() == '/' ? directory.substr(0, directory.size() - 1) : directory;
  if (directories_.count(bare) == 0) return IOStatus::NotFound(directory);
  for (const auto& [name, file] : names_.back()) {
    const size_t slash = name.rfind('/');
    if (name.compare(0, slash, bare) == 0) result->push_back(name.substr(slash + 1));
  }
  return IOStatus::OK();
}

IOStatus CrashFileSystem::DeleteFile(const std::string& name, const IOOptions&, IODebugContext*) {
  std::lock_guard lock(mutex_);
  if (Find(name) == nullptr) return IOStatus::PathNotFound(name);
  if (IOStatus status = Count("delete " + name); !status.ok()) return status;
  Change().erase(name);
  return IOStatus::OK();
}

IOStatus CrashFileSystem::CreateDir(const std::string& name, const IOOptions&, IODebugContext*) {
  std::lock_guard lock(mutex_);
  if (IOStatus status = Count("create directory " + name); !status.ok()) return status;
  directories_.insert(name);
  return IOStatus::OK();
}

IOStatus CrashFileSystem::CreateDirIfMissing(const std::string& name, const IOOptions& options,
                                             IODebugContext* debug) {
  if (FileExists(name, options, debug).ok()) return IOStatus::OK();
  return CreateDir(name, options, debug);
}

IOStatus CrashFileSystem::DeleteDir(const std::string& name, const IOOptions&, IODebugContext*) {
  std::lock_guard lock(mutex_);
  if (IOStatus status = Count("delete directory " + name); !status.ok()) return status;
  directories_.erase(name);
  return IOStatus::OK();
}

IOStatus CrashFileSystem::GetFileSize(const std::string& name, const IOOptions&, uint64_t* size,
                                      IODebugContext*) {
  std::lock_guard lock(mutex_);
  const std::shared_ptr<File> file = Find(name);
  if (file == nullptr) return IOStatus::PathNotFound(name);
  *size = file->bytes.size();
  return IOStatus::OK();
}

IOStatus CrashFileSystem::GetFileModificationTime(const std::string&, const IOOptions&, uint64_t* time,
                                                  IODebugContext*) {
  *time = 0;
  return IOStatus::OK();
}

IOStatus CrashFileSystem::RenameFile(const std::string& from, const std::string& to, const IOOptions&,
                                     IODebugContext*) {
  std::lock_guard lock(mutex_);
  std::shared_ptr<File> file = Find(from);
  if (file == nullptr) return IOStatus::PathNotFound(from);
  if (IOStatus status = Count("rename " + from + " to " + to); !status.ok()) return status;
  Names& names = Change();
  names.erase(from);
  names[to] = std::move(file);
  return IOStatus::OK();
}

IOStatus CrashFileSystem::LockFile(const std::string& name, const IOOptions&, rocksdb::FileLock** lock,
                                   IODebugContext*) {
  std::lock_guard guard(mutex_);
  if (!locks_.insert(name).second) return IOStatus::IOError("locked", name);
  names_.back().try_emplace(name, std::make_shared<File>());
  *lock = new Lock(name);
  return IOStatus::OK();
}

IOStatus CrashFileSystem::UnlockFile(rocksdb::FileLock* lock, const IOOptions&, IODebugContext*) {
  const std::unique_ptr<Lock> owned(static_cast<Lock*>(lock));
  std::lock_guard guard(mutex_);
  locks_.erase(owned->name);
  return IOStatus::OK();
}

IOStatus CrashFileSystem::NewLogger(const std::string&, const IOOptions&,
                                    std::shared_ptr<rocksdb::Logger>* result, IODebugContext*) {
  *result = std::make_shared<SilentLogger>();
  return IOStatus::OK();
}

IOStatus CrashFileSystem::GetTestDirectory(const IOOptions&, std::string* path, IODebugContext*) {
  path->assign(1, '/');
  return IOStatus::OK();
}

IOStatus CrashFileSystem::GetAbsolutePath(const std::string& path, const IOOptions&, std::string* result,
                                          IODebugContext*) {
  *result = path;
  return IOStatus::OK();
}

IOStatus CrashFileSystem::IsDirectory(const std::string& path, const IOOptions&, bool* result,
                                      IODebugContext*) {
  std::lock_guard lock(mutex_);
  *result = directories_.count(path) > 0;
  return IOStatus::OK();
}

std::unique_ptr<rocksdb::Env> NewCrashEnv(std::shared_ptr<CrashFileSystem> files) {
  return std::make_unique<CrashEnv>(files);
}

}  // namespace kelisim::ledger
