#ifndef KELISIM_SHARED_LEDGER_CRASH_FILE_SYSTEM_H_
#define KELISIM_SHARED_LEDGER_CRASH_FILE_SYSTEM_H_

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rocksdb/env.h"
#include "rocksdb/file_system.h"

namespace kelisim::ledger {

// A file system in memory, for tests, that keeps over a power loss only what
// was promised: bytes of a file up to its last sync, names up to the last sync
// of the directory. It numbers every operation that changes something, and can
// fail at any of them.
class CrashFileSystem final : public rocksdb::FileSystem {
 public:
  enum class Failure {
    kFromThenOn,  // the machine is going down
    kOnce,        // the disk had a bad moment
  };
  // Contents by name.
  using Image = std::map<std::string, std::string>;

  CrashFileSystem() = default;
  // Everything in `image` is durable.
  explicit CrashFileSystem(const Image& image);

  // Operation number `operation` (from 0) fails. A failing append has still
  // written into the page cache.
  void FailAt(uint64_t operation, Failure how);
  // Nothing fails from here on.
  void Heal();
  // The operations so far, in words: "sync /db/000004.log".
  std::vector<std::string> operations() const;

  // Drops what was not synced, ends the failure and forgets the operations.
  // With `keep_some`, a random part of what was not synced survives: a prefix of
  // each file's tail, and a prefix of the changes of names.
  void LosePower(std::mt19937_64* keep_some = nullptr);

  Image Contents() const;

  const char* Name() const override { return "CrashFileSystem"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& name, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                      rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewRandomAccessFile(const std::string& name, const rocksdb::FileOptions& options,
                                        std::unique_ptr<rocksdb::FSRandomAccessFile>* result,
                                        rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewWritableFile(const std::string& name, const rocksdb::FileOptions& options,
                                    std::unique_ptr<rocksdb::FSWritableFile>* result,
                                    rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewDirectory(const std::string& name, const rocksdb::IOOptions& options,
                                 std::unique_ptr<rocksdb::FSDirectory>* result,
                                 rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus FileExists(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetChildren(const std::string& directory, const rocksdb::IOOptions& options,
                                std::vector<std::string>* result, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDir(const std::string& name, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus CreateDirIfMissing(const std::string& name, const rocksdb::IOOptions& options,
                                       rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus DeleteDir(const std::string& name, const rocksdb::IOOptions& options,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileSize(const std::string& name, const rocksdb::IOOptions& options, uint64_t* size,
                                rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetFileModificationTime(const std::string& name, const rocksdb::IOOptions& options,
                                            uint64_t* time, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus RenameFile(const std::string& from, const std::string& to,
                               const rocksdb::IOOptions& options, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus LockFile(const std::string& name, const rocksdb::IOOptions& options,
                             rocksdb::FileLock** lock, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus UnlockFile(rocksdb::FileLock* lock, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus NewLogger(const std::string& name, const rocksdb::IOOptions& options,
                              std::shared_ptr<rocksdb::Logger>* result,
                              rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetTestDirectory(const rocksdb::IOOptions& options, std::string* path,
                                     rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus GetAbsolutePath(const std::string& path, const rocksdb::IOOptions& options,
                                    std::string* result, rocksdb::IODebugContext* debug) override;
  rocksdb::IOStatus IsDirectory(const std::string& path, const rocksdb::IOOptions& options, bool* result,
                                rocksdb::IODebugContext* debug) override;

 private:
  struct File {
    std::string bytes;
    size_t synced = 0;
  };
  using Names = std::map<std::string, std::shared_ptr<File>>;
  class Reader;
  class Writer;
  class Directory;
  class Lock;

  bool down() const { return failed_ && how_ == Failure::kFromThenOn; }
  // Numbers the operation; not OK when it is to fail. Requires mutex_.
  rocksdb::IOStatus Count(std::string operation);
  // The names now, as a new state after which the old can still come back.
  // Requires mutex_.
  Names& Change();
  // nullptr when absent.
  std::shared_ptr<File> Find(const std::string& name) const;

  mutable std::mutex mutex_;
  // Everything below is guarded by it.
  // States of the names since the last sync of the directory; the first is
  // durable, the last is what programs see.
  std::vector<Names> names_ = {Names()};
  std::set<std::string> directories_;
  std::set<std::string> locks_;
  std::vector<std::string> operations_;
  std::optional<uint64_t> fail_at_;
  Failure how_ = Failure::kFromThenOn;
  bool failed_ = false;
};

// An environment on `files` in which nobody sleeps (RocksDB waits a second
// after an error of a background thread).
std::unique_ptr<rocksdb::Env> NewCrashEnv(std::shared_ptr<CrashFileSystem> files);

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_CRASH_FILE_SYSTEM_H_
