#include "shared/ledger/rocks_store.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "rocksdb/cache.h"
#include "rocksdb/convenience.h"
#include "rocksdb/db.h"
#include "rocksdb/env.h"
#include "rocksdb/filter_policy.h"
#include "rocksdb/options.h"
#include "rocksdb/table.h"
#include "rocksdb/utilities/checkpoint.h"
#include "rocksdb/write_batch.h"
#include "shared/base/bytes.h"
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
  options.max_background_jobs = 2;
  options.compression = Compression();
  options.table_factory.reset(rocksdb::NewBlockBasedTableFactory(TableOptions()));

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

class RocksStore final : public Store {
 public:
  explicit RocksStore(std::unique_ptr<rocksdb::DB> database) : database_(std::move(database)) {}

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

  const std::unique_ptr<rocksdb::DB> database_;
  // Verifies the checksum of every block it reads (the default).
  const rocksdb::ReadOptions read_;
  // Of the first failed commit: for ever after, the store takes no more.
  absl::Status failure_;
};

absl::StatusOr<rocksdb::DB*> DatabaseOf(const Store& store) {
  const auto* rocks = dynamic_cast<const RocksStore*>(&store);
  if (rocks == nullptr) return absl::InvalidArgumentError("store: not kept in RocksDB");
  return &rocks->database();
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenRocksStore(const RocksStoreOptions& options) {
  rocksdb::Env* const env = options.env != nullptr ? options.env : rocksdb::Env::Default();
  RETURN_IF_ERROR(CheckNotBeheaded(env, options.directory));
  // Flushes and compactions can wait; an officer cannot. Where it is not supported
  // nothing is lost.
  for (const auto pool : {rocksdb::Env::Priority::LOW, rocksdb::Env::Priority::HIGH}) {
    (void)env->LowerThreadPoolCPUPriority(pool, rocksdb::CpuPriority::kLow);
  }
  rocksdb::DB* database = nullptr;
  RETURN_IF_ERROR(LockStatus(rocksdb::DB::Open(DatabaseOptions(env), options.directory, &database)));
  return std::make_unique<RocksStore>(std::unique_ptr<rocksdb::DB>(database));
}

absl::Status BackUp(const Store& rocks_store, const std::string& directory) {
  ASSIGN_OR_RETURN(rocksdb::DB * database, DatabaseOf(rocks_store));
  if (database->GetEnv()->FileExists(directory).ok()) {
    return absl::AlreadyExistsError(absl::StrCat("backup: ", directory, " exists"));
  }
  rocksdb::Checkpoint* created = nullptr;
  RETURN_IF_ERROR(ToStatus(rocksdb::Checkpoint::Create(database, &created)));
  const std::unique_ptr<rocksdb::Checkpoint> checkpoint(created);
  return ToStatus(checkpoint->CreateCheckpoint(directory));
}

absl::Status VerifyChecksums(const Store& rocks_store) {
  ASSIGN_OR_RETURN(rocksdb::DB * database, DatabaseOf(rocks_store));
  return ToStatus(database->VerifyChecksum(rocksdb::ReadOptions()));
}

}  // namespace kelisim::ledger
