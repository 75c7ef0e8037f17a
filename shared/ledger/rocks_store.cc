#include "shared/ledger/rocks_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <limits>
#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/ascii.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/file_system.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/options.h"
#include "rocksdb/sst_file_reader.h"
#include "rocksdb/table.h"
#include "rocksdb/table_properties.h"
#include "rocksdb/transaction_log.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/write_batch.h"
#include "shared/base/bytes.h"
#include "shared/base/files.h"
#include "shared/base/status_macros.h"

namespace kelisim::ledger {
namespace {

constexpr size_t kMiB = size_t{1} << 20;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view FromSlice(const rocksdb::Slice& bytes) { return {bytes.data(), bytes.size()}; }

absl::Status ToStatus(const rocksdb::Status& status) {
  if (status.ok()) return absl::OkStatus();
  const std::string text = absl::StrCat("store: ", status.ToString());
  if (status.IsCorruption()) return absl::DataLossError(text);
  if (status.IsNoSpace()) return absl::ResourceExhaustedError(text);
  return absl::InternalError(text);
}

// RocksDB names the table that is damaged, and no other file: `where` says which it was reading.
absl::Status ReadingFrom(const std::string& where, const absl::Status& status) {
  if (!absl::IsDataLoss(status) || absl::StrContains(status.message(), ".sst")) return status;
  return absl::DataLossError(absl::StrCat(status.message(), ": in ", where));
}

rocksdb::BlockBasedTableOptions TableOptions() {
  rocksdb::BlockBasedTableOptions table;
  table.block_cache = rocksdb::NewLRUCache(32 * kMiB);
  table.cache_index_and_filter_blocks = true;
  table.pin_l0_filter_and_index_blocks_in_cache = true;
  // Most keys asked for on the hot path are absent (is this request new?).
  table.filter_policy.reset(rocksdb::NewBloomFilterPolicy(10));
  // In small parts: of a million entries, the index and the filter of one file alone are
  // larger than what is worth keeping in memory for one question.
  table.index_type = rocksdb::BlockBasedTableOptions::kTwoLevelIndexSearch;
  table.partition_filters = true;
  return table;
}

// Which writes a table holds, by RocksDB's own numbers, kept in the table.
struct Writes {
  uint64_t first = std::numeric_limits<uint64_t>::max();
  uint64_t last = 0;
};
constexpr char kWritesProperty[] = "kelisim.writes";

class WritesCollector final : public rocksdb::TablePropertiesCollector {
 public:
  const char* Name() const override { return kWritesProperty; }
  rocksdb::Status AddUserKey(const rocksdb::Slice&, const rocksdb::Slice&, rocksdb::EntryType,
                             rocksdb::SequenceNumber number, uint64_t) override {
    writes_.first = std::min(writes_.first, number);
    writes_.last = std::max(writes_.last, number);
    return rocksdb::Status::OK();
  }
  rocksdb::Status Finish(rocksdb::UserCollectedProperties* properties) override {
    (*properties)[kWritesProperty] = U64(writes_.first) + U64(writes_.last);
    return rocksdb::Status::OK();
  }
  rocksdb::UserCollectedProperties GetReadableProperties() const override { return {}; }

 private:
  Writes writes_;
};

class WritesCollectorFactory final : public rocksdb::TablePropertiesCollectorFactory {
 public:
  const char* Name() const override { return kWritesProperty; }
  rocksdb::TablePropertiesCollector* CreateTablePropertiesCollector(Context) override {
    return new WritesCollector;
  }
};

rocksdb::CompressionType Compression() {
  const std::vector<rocksdb::CompressionType> built_in = rocksdb::GetSupportedCompressions();
  const bool lz4 = std::count(built_in.begin(), built_in.end(), rocksdb::kLZ4Compression) > 0;
  return lz4 ? rocksdb::kLZ4Compression : rocksdb::kNoCompression;
}

rocksdb::Options DatabaseOptions(rocksdb::Env* env) {
  rocksdb::Options options;
  options.env = env;
  options.create_if_missing = true;

  // The default mode drops everything behind a damaged record and reports
  // success. This one accepts an unfinished record at the end and nothing else.
  options.wal_recovery_mode = rocksdb::WALRecoveryMode::kTolerateCorruptedTailRecords;
  options.track_and_verify_wals_in_manifest = true;
  options.paranoid_checks = true;
  options.paranoid_file_checks = true;
  // After a failed write the outcome is unknown; only a new process finds out.
  options.max_bgerror_resume_count = 0;

  // Large ones, so that most rows of a case that changes often are written once;
  // and some to spare, so that nobody waits while one is flushed.
  options.write_buffer_size = 32 * kMiB;
  // The same question to what is still in memory.
  options.memtable_prefix_bloom_size_ratio = 0.05;
  options.memtable_whole_key_filtering = true;
  // One thread writes; what keeps many apart is work for nothing.
  options.allow_concurrent_memtable_write = false;
  options.enable_write_thread_adaptive_yield = false;
  options.max_write_buffer_number = 4;
  options.max_open_files = 256;
  // Of a disk that is nearly full, its 4 MiB would be all that CheckRoomFor has found.
  options.manifest_preallocation_size = 64 * 1024;
  options.max_background_jobs = 2;
  options.compression = Compression();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));
  options.table_properties_collector_factories = {std::make_shared<WritesCollectorFactory>()};

  options.keep_log_file_num = 3;
  options.max_log_file_size = kMiB;
  options.stats_dump_period_sec = 0;
  options.stats_persist_period_sec = 0;
  return options;
}

// RocksDB takes a directory without CURRENT for a new one and clears it. One
// that has data all the same has lost its CURRENT.
absl::Status CheckNotBeheaded(rocksdb::Env* env, const std::string& directory) {
  std::vector<std::string> files;
  if (!env->GetChildren(directory, &files).ok()) return absl::OkStatus();
  const bool has_current = std::count(files.begin(), files.end(), "CURRENT") > 0;
  const bool has_data = std::any_of(files.begin(), files.end(), [](const std::string& file) {
    return absl::EndsWith(file, ".sst") || absl::EndsWith(file, ".log");
  });
  if (has_current || !has_data) return absl::OkStatus();
  return absl::DataLossError(absl::StrCat("store: ", directory, " has data but no CURRENT file"));
}

// ---------------------------------------------------------------- tables that the manifest does not name

class EmptyFile final : public rocksdb::FSSequentialFile {
 public:
  rocksdb::IOStatus Read(size_t, const rocksdb::IOOptions&, rocksdb::Slice* result, char*,
                         rocksdb::IODebugContext*) override {
    result->clear();
    return rocksdb::IOStatus::OK();
  }
  rocksdb::IOStatus Skip(uint64_t) override { return rocksdb::IOStatus::OK(); }
};

// Reads nothing from a write-ahead log until told otherwise, so that a store can be opened as its
// manifest alone has it. The logs have to be there: RocksDB compares them with its manifest.
class LogsHidden final : public rocksdb::FileSystemWrapper {
 public:
  using FileSystemWrapper::FileSystemWrapper;
  const char* Name() const override { return "LogsHidden"; }
  rocksdb::IOStatus NewSequentialFile(const std::string& file, const rocksdb::FileOptions& options,
                                      std::unique_ptr<rocksdb::FSSequentialFile>* result,
                                      rocksdb::IODebugContext* debug) override {
    if (!hidden_ || !absl::EndsWith(file, ".log")) {
      return target()->NewSequentialFile(file, options, result, debug);
    }
    *result = std::make_unique<EmptyFile>();
    return rocksdb::IOStatus::OK();
  }
  void ShowLogs() { hidden_ = false; }

 private:
  bool hidden_ = true;
};

// RocksDB's diary of a store that is only read: nowhere.
class NoDiary final : public rocksdb::Logger {
 public:
  using rocksdb::Logger::Logv;
  void Logv(const char*, va_list) override {}
};

absl::StatusOr<std::unique_ptr<rocksdb::DB>> OpenForReading(rocksdb::Options options,
                                                            const std::string& directory) {
  options.create_if_missing = false;
  options.info_log = std::make_shared<NoDiary>();
  rocksdb::DB* database = nullptr;
  RETURN_IF_ERROR(ToStatus(rocksdb::DB::OpenForReadOnly(options, directory, &database)));
  return std::unique_ptr<rocksdb::DB>(database);
}

// nullopt: the table is unfinished, or of a version that did not note it.
std::optional<Writes> WritesIn(const rocksdb::Options& options, const std::string& table) {
  rocksdb::SstFileReader reader(options);
  if (!reader.Open(table).ok()) return std::nullopt;
  const auto& properties = reader.GetTableProperties()->user_collected_properties;
  const auto found = properties.find(kWritesProperty);
  if (found == properties.end() || found->second.size() != 16) return std::nullopt;
  const std::string_view text = found->second;
  return Writes{ReadU64(text.substr(0, 8)), ReadU64(text.substr(8))};
}

// The first write in the logs that count; nullopt: there is none.
absl::StatusOr<std::optional<uint64_t>> FirstLogged(rocksdb::DB& database) {
  uint64_t least_log = 0;
  database.GetIntProperty(rocksdb::DB::Properties::kMinLogNumberToKeep, &least_log);
  rocksdb::VectorLogPtr logs;
  RETURN_IF_ERROR(ToStatus(database.GetSortedWalFiles(logs)));
  std::optional<uint64_t> first;
  for (const std::unique_ptr<rocksdb::LogFile>& log : logs) {
    const bool counts = log->LogNumber() >= least_log && log->SizeFileBytes() > 0;
    if (counts && (!first || log->StartSequence() < *first)) first = log->StartSequence();
  }
  return first;
}

// RocksDB deletes at the next start every table that its manifest does not name. Such a table is
// left by a crash, and then the rest of the store has all it holds:
//
// - it is what a compaction was made of, or a compaction that was not finished: the manifest
//   knows of writes as new as its newest;
// - it was made of logs, and the crash came before the manifest had it: the logs are there still.
//
// A table that is neither was in the manifest, and the manifest is cut or an older one.
absl::Status CheckManifest(rocksdb::Env* env, const std::string& directory) {
  std::vector<std::string> files;
  if (!env->FileExists(directory + "/CURRENT").ok() || !env->GetChildren(directory, &files).ok()) {
    return absl::OkStatus();
  }
  std::string named_by_current;
  RETURN_IF_ERROR(ToStatus(rocksdb::ReadFileToString(env, directory + "/CURRENT", &named_by_current)));
  const std::string manifest(absl::StripAsciiWhitespace(named_by_current));
  if (std::find(files.begin(), files.end(), manifest) == files.end()) {
    return absl::DataLossError(
        absl::StrCat("store: ", directory, "/", manifest, ", which CURRENT names, is missing"));
  }
  const auto file_system = std::make_shared<LogsHidden>(env->GetFileSystem());
  const std::unique_ptr<rocksdb::Env> without_logs = rocksdb::NewCompositeEnv(file_system);
  const rocksdb::Options options = DatabaseOptions(without_logs.get());
  auto opened = OpenForReading(options, directory);
  RETURN_IF_ERROR(ReadingFrom(absl::StrCat(directory, "/", manifest), opened.status()));
  const std::unique_ptr<rocksdb::DB> database = *std::move(opened);
  std::vector<rocksdb::LiveFileMetaData> named;
  database->GetLiveFilesMetaData(&named);
  file_system->ShowLogs();
  for (const std::string& file : files) {
    if (!absl::EndsWith(file, ".sst")) continue;
    const auto is_it = [&](const rocksdb::LiveFileMetaData& live) { return live.name == "/" + file; };
    if (std::any_of(named.begin(), named.end(), is_it)) continue;
    const std::optional<Writes> writes = WritesIn(options, directory + "/" + file);
    if (!writes || writes->last <= database->GetLatestSequenceNumber()) continue;
    ASSIGN_OR_RETURN(const std::optional<uint64_t> logged, FirstLogged(*database));
    if (logged && *logged <= writes->first) continue;
    return absl::DataLossError(absl::StrCat("store: ", directory, "/", file,
                                            " holds what nothing else here does, and the MANIFEST does not "
                                            "name it: the MANIFEST is cut or an older one"));
  }
  return absl::OkStatus();
}

// What a start will read is made durable first: a table that is made of a log must not outlive
// the end of that log. Of the machine's file system only.
absl::Status SyncLogs(const std::string& directory) {
  std::vector<std::string> files;
  (void)rocksdb::Env::Default()->GetChildren(directory, &files);
  for (const std::string& file : files) {
    if (!absl::EndsWith(file, ".log")) continue;
    RETURN_IF_ERROR(SyncFile(directory + "/" + file));
  }
  return absl::OkStatus();
}

// The logs that a start reads; the directory when there are none.
std::string LogsIn(rocksdb::Env* env, const std::string& directory) {
  std::vector<std::string> files;
  std::vector<std::string> logs;
  (void)env->GetChildren(directory, &files);
  std::sort(files.begin(), files.end());
  for (const std::string& file : files) {
    uint64_t size = 0;
    if (!absl::EndsWith(file, ".log") || !env->GetFileSize(directory + "/" + file, &size).ok()) continue;
    if (size > 0) logs.push_back(directory + "/" + file);
  }
  return logs.empty() ? directory : absl::StrJoin(logs, " or ");
}

// ---------------------------------------------------------------- room

// Besides what it has in its logs, which it makes a table of.
constexpr uint64_t kRoomToStart = 256 * 1024;
// Besides the same: what the store writes meanwhile.
constexpr uint64_t kRoomToBackUp = 64 * kMiB;

rocksdb::Status WriteProbe(rocksdb::Env* env, const std::string& probe, uint64_t size) {
  const std::string some(64 * 1024, '\0');
  std::unique_ptr<rocksdb::WritableFile> file;
  rocksdb::Status status = env->NewWritableFile(probe, &file, rocksdb::EnvOptions());
  for (uint64_t written = 0; status.ok() && written < size; written += some.size()) {
    status = file->Append(some);
  }
  if (status.ok()) status = file->Sync();
  if (status.ok()) status = file->Close();
  return status;
}

uint64_t SizeOfLogs(rocksdb::Env* env, const std::string& directory) {
  std::vector<std::string> files;
  (void)env->GetChildren(directory, &files);
  uint64_t size = 0;
  for (const std::string& file : files) {
    uint64_t of_file = 0;
    if (!absl::EndsWith(file, ".log")) continue;
    if (env->GetFileSize(directory + "/" + file, &of_file).ok()) size += of_file;
  }
  return size;
}

// RocksDB ends the process when it finds no room while it starts.
absl::Status CheckRoomFor(rocksdb::Env* env, const std::string& directory) {
  std::vector<std::string> files;
  // It makes a directory that is not there.
  if (!env->GetChildren(directory, &files).ok()) return absl::OkStatus();
  const uint64_t size = kRoomToStart + SizeOfLogs(env, directory);
  const std::string probe = directory + "/room.probe";
  rocksdb::Status status = WriteProbe(env, probe, size);
  const rocksdb::Status deleted = env->DeleteFile(probe);
  if (status.ok()) status = deleted;
  if (status.ok()) return absl::OkStatus();
  return absl::UnavailableError(
      absl::StrCat("store: ", directory, " takes no ", size, " bytes: ", status.ToString()));
}

// Nothing is written for it: the store is at work.
absl::Status CheckRoomBeside(rocksdb::Env* env, const std::string& directory) {
  const uint64_t size = kRoomToBackUp + SizeOfLogs(env, directory);
  uint64_t available = 0;
  // Not every file system can say.
  if (!env->GetFreeSpace(directory, &available).ok() || available >= size) return absl::OkStatus();
  return absl::ResourceExhaustedError(
      absl::StrCat("backup: the disk of ", directory, " has ", available, " bytes and not ", size));
}

// ---------------------------------------------------------------- the lock

// RocksDB reports a lock that is taken as an I/O error like any other.
bool IsTaken(const rocksdb::Status& status) {
  const std::string text = status.ToString();
  const bool by_another =
      absl::StrContains(text, "While lock file") && absl::StrContains(text, std::strerror(EAGAIN));
  return by_another || absl::StrContains(text, "lock hold by current process");
}

absl::Status LockStatus(const rocksdb::Status& status) {
  if (!IsTaken(status)) return ToStatus(status);
  return absl::UnavailableError(absl::StrCat("store: in use by another process: ", status.ToString()));
}

// The lock on a directory, as long as it lives.
class DirectoryLock {
 public:
  // Does not make a directory or a LOCK file: where there is none, nobody is.
  static absl::StatusOr<std::unique_ptr<DirectoryLock>> Take(rocksdb::Env* env,
                                                             const std::string& directory) {
    const std::string file = directory + "/LOCK";
    rocksdb::FileLock* lock = nullptr;
    if (env->FileExists(file).ok()) RETURN_IF_ERROR(LockStatus(env->LockFile(file, &lock)));
    return std::unique_ptr<DirectoryLock>(new DirectoryLock(env, lock));
  }
  DirectoryLock(const DirectoryLock&) = delete;
  DirectoryLock& operator=(const DirectoryLock&) = delete;
  ~DirectoryLock() {
    if (lock_ != nullptr) (void)env_->UnlockFile(lock_);
  }

 private:
  DirectoryLock(rocksdb::Env* env, rocksdb::FileLock* lock) : env_(env), lock_(lock) {}

  rocksdb::Env* const env_;
  rocksdb::FileLock* const lock_;
};

class RocksStore final : public Store {
 public:
  // `lock`: of a store that is only read; one that is written to has its own.
  explicit RocksStore(std::unique_ptr<rocksdb::DB> database, std::unique_ptr<DirectoryLock> lock = nullptr)
      : lock_(std::move(lock)), database_(std::move(database)) {}

  absl::StatusOr<std::optional<std::string>> Get(std::string_view key) const override {
    std::string value;
    const rocksdb::Status status = database_->Get(read_, ToSlice(key), &value);
    if (status.IsNotFound()) return std::nullopt;
    RETURN_IF_ERROR(ToStatus(status));
    return value;
  }

  absl::Status Scan(std::string_view begin, std::string_view end,
                    const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    if (begin >= end) return absl::OkStatus();
    const rocksdb::Slice bound = ToSlice(end);
    rocksdb::ReadOptions read = read_;
    read.iterate_upper_bound = &bound;
    const std::unique_ptr<rocksdb::Iterator> pair(database_->NewIterator(read));
    for (pair->Seek(ToSlice(begin)); pair->Valid(); pair->Next()) {
      if (!visit(FromSlice(pair->key()), FromSlice(pair->value()))) break;
    }
    return ToStatus(pair->status());
  }

  absl::Status Commit(const Batch& batch) override {
    if (!failure_.ok()) return failure_;
    failure_ = Write(batch);
    return failure_;
  }

  rocksdb::DB& database() const { return *database_; }

 private:
  absl::Status Write(const Batch& batch) {
    if (batch.empty()) return absl::OkStatus();
    rocksdb::WriteBatch write;
    for (const auto& [key, value] : batch.changes()) {
      const rocksdb::Status added = value.has_value() ? write.Put(key, *value) : write.Delete(key);
      RETURN_IF_ERROR(ToStatus(added));
    }
    rocksdb::WriteOptions options;
    options.sync = true;
    return ToStatus(database_->Write(options, &write));
  }

  const std::unique_ptr<DirectoryLock> lock_;
  const std::unique_ptr<rocksdb::DB> database_;
  // Verifies the checksum of every block it reads (the default).
  const rocksdb::ReadOptions read_;
  // Of the first failed commit: for ever after, the store takes no more.
  absl::Status failure_;
};

rocksdb::Env* EnvOf(const RocksStoreOptions& options) {
  return options.env != nullptr ? options.env : rocksdb::Env::Default();
}

absl::StatusOr<rocksdb::DB*> DatabaseOf(const Store& store) {
  const auto* rocks = dynamic_cast<const RocksStore*>(&store);
  if (rocks == nullptr) return absl::InvalidArgumentError("store: not kept in RocksDB");
  return &rocks->database();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const RocksStoreOptions& options) {
  rocksdb::Env* const env = EnvOf(options);
  {
    ASSIGN_OR_RETURN(const auto lock, DirectoryLock::Take(env, options.directory));
    RETURN_IF_ERROR(CheckNotBeheaded(env, options.directory));
    RETURN_IF_ERROR(CheckManifest(env, options.directory));
    if (options.make_room) options.make_room();
    RETURN_IF_ERROR(CheckRoomFor(env, options.directory));
    if (options.env == nullptr) RETURN_IF_ERROR(SyncLogs(options.directory));
  }
  // Flushes and compactions can wait; an officer cannot. Where it is not supported
  // nothing is lost.
  for (const auto pool : {rocksdb::Env::Priority::LOW, rocksdb::Env::Priority::HIGH}) {
    (void)env->LowerThreadPoolCPUPriority(pool, rocksdb::CpuPriority::kLow);
  }
  rocksdb::DB* database = nullptr;
  // The manifest is whole: what is read beside the tables are the logs.
  const std::string logs = LogsIn(env, options.directory);
  rocksdb::Options of_database = DatabaseOptions(env);
  of_database.disable_auto_compactions = !options.compacts;
  RETURN_IF_ERROR(
      ReadingFrom(logs, LockStatus(rocksdb::DB::Open(of_database, options.directory, &database))));
  return std::make_unique<RocksStore>(std::unique_ptr<rocksdb::DB>(database));
}

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStoreForReading(const RocksStoreOptions& options) {
  rocksdb::Env* const env = EnvOf(options);
  ASSIGN_OR_RETURN(auto lock, DirectoryLock::Take(env, options.directory));
  RETURN_IF_ERROR(CheckNotBeheaded(env, options.directory));
  RETURN_IF_ERROR(CheckManifest(env, options.directory));
  auto database = OpenForReading(DatabaseOptions(env), options.directory);
  RETURN_IF_ERROR(ReadingFrom(LogsIn(env, options.directory), database.status()));
  return std::make_unique<RocksStore>(*std::move(database), std::move(lock));
}

absl::Status CheckRoom(const RocksStoreOptions& options) {
  return CheckRoomFor(EnvOf(options), options.directory);
}

absl::Status CheckRoomForBackUp(const Store& rocks_store) {
  ASSIGN_OR_RETURN(rocksdb::DB * database, DatabaseOf(rocks_store));
  return CheckRoomBeside(database->GetEnv(), database->GetName());
}

absl::Status BackUp(const Store& rocks_store, const std::string& directory) {
  ASSIGN_OR_RETURN(rocksdb::DB * database, DatabaseOf(rocks_store));
  if (database->GetEnv()->FileExists(directory).ok()) {
    return absl::AlreadyExistsError(absl::StrCat("backup: ", directory, " exists"));
  }
  RETURN_IF_ERROR(CheckRoomForBackUp(rocks_store));
  rocksdb::Checkpoint* created = nullptr;
  RETURN_IF_ERROR(ToStatus(rocksdb::Checkpoint::Create(database, &created)));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(created);
  return ToStatus(checkpoint->CreateCheckpoint(directory));
}

absl::Status VerifyChecksums(const Store& rocks_store, const std::function<bool()>& goes_on) {
  ASSIGN_OR_RETURN(rocksdb::DB * database, DatabaseOf(rocks_store));
  std::vector<rocksdb::LiveFileMetaData> files;
  database->GetLiveFilesMetaData(&files);
  for (const rocksdb::LiveFileMetaData& file : files) {
    if (!goes_on()) return absl::CancelledError("the check of the store was broken off");
    RETURN_IF_ERROR(ToStatus(rocksdb::VerifySstFileChecksum(database->GetOptions(), rocksdb::EnvOptions(),
                                                            rocksdb::ReadOptions(),
                                                            file.directory + "/" + file.relative_filename)));
  }
  return absl::OkStatus();
}

}  // namespace kelisim::ledger
