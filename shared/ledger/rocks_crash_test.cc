// What RocksStore keeps when the machine stops, the disk fails or bytes rot.

#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/base/bytes.h"
#include "shared/ledger/crash_file_system.h"
#include "shared/ledger/memory_store.h"
#include "shared/ledger/rocks_store.h"

namespace kelisim::ledger {
namespace {

using ::testing::HasSubstr;
using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr uint32_t kSeed = 19980706;
constexpr char kDirectory[] = "/db";
constexpr char kHeadKey[] = "head";

// ---------------------------------------------------------------- the ledger in the store

// Batch number i is wholly determined by i: it moves the head, adds three keys,
// and deletes one of five batches ago.
Batch BatchOf(uint64_t i) {
  std::mt19937 random(i);
  Batch batch;
  batch.Put(kHeadKey, U64(i));
  for (int n = 0; n < 3; ++n) {
    const size_t size = random() % 16 == 0 ? 20'000 : random() % 300;
    batch.Put(absl::StrCat("entry ", i, ".", n), std::string(size, static_cast<char>(random())));
  }
  if (i > 5) batch.Delete(absl::StrCat("entry ", i - 5, ".0"));
  return batch;
}

// All pairs after batches 1..head.
const Pairs& After(uint64_t head) {
  static auto& known = *new std::vector<Pairs>(1);
  static auto& model = *new std::map<std::string, std::string>;
  while (known.size() <= head) {
    const Batch batch = BatchOf(known.size());
    for (const auto& [key, value] : batch.changes()) {
      if (value.has_value()) model[key] = *value;
      if (!value.has_value()) model.erase(key);
    }
    known.emplace_back(model.begin(), model.end());
  }
  return known[head];
}

absl::StatusOr<Pairs> ReadAll(const Store& store) {
  Pairs pairs;
  const absl::Status status = store.Scan("", "\xff", [&](std::string_view key, std::string_view value) {
    pairs.emplace_back(key, value);
    return true;
  });
  if (!status.ok()) return status;
  return pairs;
}

// The head of a store that holds exactly what batches 1..head left.
uint64_t WholeHead(const Store& store) {
  const absl::StatusOr<std::optional<std::string>> row = store.Get(kHeadKey);
  EXPECT_TRUE(row.ok()) << row.status();
  const uint64_t head = row.ok() && row->has_value() ? ReadU64(**row) : 0;
  const absl::StatusOr<Pairs> pairs = ReadAll(store);
  EXPECT_TRUE(pairs.ok()) << pairs.status();
  EXPECT_TRUE(pairs.ok() && *pairs == After(head)) << "a batch is partially there; head " << head;
  return head;
}

// A machine: its disk and the store on it.
class Machine {
 public:
  Machine() = default;
  explicit Machine(const CrashFileSystem::Image& image) : files_(std::make_shared<CrashFileSystem>(image)) {}

  CrashFileSystem& files() { return *files_; }
  Store& store() { return *store_; }

  absl::Status Open() {
    store_.reset();
    absl::StatusOr<std::unique_ptr<Store>> opened = OpenRocksStore({kDirectory, env_.get()});
    if (!opened.ok()) return opened.status();
    store_ = *std::move(opened);
    return absl::OkStatus();
  }
  void Close() { store_.reset(); }
  void LosePower(std::mt19937_64* keep_some) {
    Close();
    files_->LosePower(keep_some);
  }

  // Commits batches up to `last`, until one fails; the last acknowledged one.
  uint64_t CommitUpTo(uint64_t last) {
    while (acknowledged_ < last && store_->Commit(BatchOf(acknowledged_ + 1)).ok()) ++acknowledged_;
    return acknowledged_;
  }
  uint64_t acknowledged() const { return acknowledged_; }
  void Acknowledge(uint64_t head) { acknowledged_ = head; }

 private:
  const std::shared_ptr<CrashFileSystem> files_ = std::make_shared<CrashFileSystem>();
  const std::unique_ptr<rocksdb::Env> env_ = NewCrashEnv(files_);
  std::unique_ptr<Store> store_;
  uint64_t acknowledged_ = 0;
};

constexpr uint64_t kBatches = 40;
constexpr uint64_t kBatchesPerStart = 7;

// Forty batches over six starts, so that recovery, table files and a compaction
// are among the operations. Ends early when something fails.
void RunWorkload(Machine& machine) {
  for (uint64_t last = kBatchesPerStart; last < kBatches + kBatchesPerStart; last += kBatchesPerStart) {
    const uint64_t target = std::min(last, kBatches);
    if (!machine.Open().ok() || machine.CommitUpTo(target) < target) break;
  }
  machine.Close();
}

// ---------------------------------------------------------------- F1, F2: power loss

enum class Loss {
  kClean,  // nothing that was not synced survives
  kTorn,   // a random part of it does; at every second point the power fails
           // once more while the store recovers
};

class PowerLossTest : public ::testing::TestWithParam<Loss> {};

TEST_P(PowerLossTest, KeepsEveryAcknowledgedBatchWhole) {
  Machine dry;
  RunWorkload(dry);
  ASSERT_EQ(dry.acknowledged(), kBatches);
  const size_t operations = dry.files().operations().size();
  ASSERT_GT(operations, 2 * kBatches);

  size_t unacknowledged = 0;
  for (size_t point = 0; point < operations; ++point) {
    SCOPED_TRACE(absl::StrCat("seed ", kSeed, ", power lost at operation ", point));
    std::mt19937_64 random(kSeed + point);
    std::mt19937_64* const keep_some = GetParam() == Loss::kTorn ? &random : nullptr;
    Machine machine;
    machine.files().FailAt(point, CrashFileSystem::Failure::kFromThenOn);
    RunWorkload(machine);
    machine.LosePower(keep_some);
    if (GetParam() == Loss::kTorn && point % 2 == 1) {
      machine.files().FailAt(random() % 12, CrashFileSystem::Failure::kFromThenOn);
      (void)machine.Open();  // fails or not, depending on the operation drawn
      machine.LosePower(keep_some);
    }

    ASSERT_EQ(machine.Open(), absl::OkStatus());
    const uint64_t head = WholeHead(machine.store());
    ASSERT_GE(head, machine.acknowledged());
    ASSERT_LE(head, machine.acknowledged() + 1);
    unacknowledged += head - machine.acknowledged();
    machine.Acknowledge(head);

    // Life goes on from there.
    ASSERT_EQ(machine.CommitUpTo(head + 2), head + 2);
    ASSERT_EQ(machine.Open(), absl::OkStatus());
    ASSERT_EQ(WholeHead(machine.store()), head + 2);
    if (HasFailure()) break;
  }
  // Some batch is durable though its commit failed: the outcome is unknown indeed.
  EXPECT_GT(unacknowledged, 0u);
}

INSTANTIATE_TEST_SUITE_P(Clean, PowerLossTest, ::testing::Values(Loss::kClean));
INSTANTIATE_TEST_SUITE_P(Torn, PowerLossTest, ::testing::Values(Loss::kTorn));

// ---------------------------------------------------------------- F4, F5: the disk fails

// Fails one operation only, at every second place of the workload: the store
// never takes a batch after one whose outcome is unknown.
TEST(DiskFailureTest, NothingIsCommittedAfterAFailedCommit) {
  Machine dry;
  RunWorkload(dry);
  const size_t operations = dry.files().operations().size();
  size_t failed_commits = 0;
  for (size_t point = 0; point < operations; point += 2) {
    SCOPED_TRACE(absl::StrCat("operation ", point));
    Machine machine;
    machine.files().FailAt(point, CrashFileSystem::Failure::kOnce);
    while (machine.acknowledged() < kBatches && machine.Open().ok()) {
      const uint64_t target = std::min(kBatches, machine.acknowledged() + kBatchesPerStart);
      if (machine.CommitUpTo(target) == target) continue;
      ++failed_commits;
      const absl::Status first = machine.store().Commit(BatchOf(machine.acknowledged() + 1));
      const absl::Status second = machine.store().Commit(BatchOf(machine.acknowledged() + 2));
      ASSERT_FALSE(first.ok());
      ASSERT_EQ(first, second);
      ASSERT_EQ(machine.store().Commit(Batch()), first);
      break;
    }
    // Background work makes the number of operations vary a little: at the last
    // places the failure may still be to come.
    machine.files().Heal();
    ASSERT_EQ(machine.Open(), absl::OkStatus());
    const uint64_t head = WholeHead(machine.store());
    ASSERT_GE(head, machine.acknowledged());
    ASSERT_LE(head, machine.acknowledged() + 1);
  }
  EXPECT_GT(failed_commits, kBatches / 2);
}

// Every sync of the write-ahead log fails in turn. Whether the batch is there
// afterwards depends on what the disk did; it is never there in part.
TEST(DiskFailureTest, AFailedSyncMeansUnknown) {
  Machine dry;
  ASSERT_EQ(dry.Open(), absl::OkStatus());
  ASSERT_EQ(dry.CommitUpTo(10), 10u);
  const std::vector<std::string> operations = dry.files().operations();
  dry.Close();
  size_t syncs = 0;
  for (size_t point = 0; point < operations.size(); ++point) {
    if (!absl::StartsWith(operations[point], "sync /db") || !absl::EndsWith(operations[point], ".log"))
      continue;
    SCOPED_TRACE(absl::StrCat("operation ", point, ": ", operations[point]));
    for (const bool power_lost : {false, true}) {
      Machine machine;
      machine.files().FailAt(point, CrashFileSystem::Failure::kOnce);
      ASSERT_EQ(machine.Open(), absl::OkStatus());
      const uint64_t acknowledged = machine.CommitUpTo(10);
      ASSERT_EQ(acknowledged, syncs);
      ASSERT_FALSE(machine.store().Commit(BatchOf(acknowledged + 1)).ok());
      if (power_lost) machine.LosePower(nullptr);
      ASSERT_EQ(machine.Open(), absl::OkStatus());
      EXPECT_EQ(WholeHead(machine.store()), power_lost ? acknowledged : acknowledged + 1);
    }
    ++syncs;
  }
  EXPECT_EQ(syncs, 10u);
}

// ---------------------------------------------------------------- F3: bytes rot

std::vector<std::string> NamesWith(const CrashFileSystem::Image& image, const std::string& ending) {
  std::vector<std::string> names;
  for (const auto& [name, bytes] : image) {
    if (absl::EndsWith(name, ending)) names.push_back(name);
  }
  return names;
}

CrashFileSystem::Image Flipped(CrashFileSystem::Image image, const std::string& name, size_t at, int bit) {
  std::string& bytes = image.at(name);
  bytes[at] = static_cast<char>(bytes[at] ^ (1 << bit));
  return image;
}

// Everything in one write-ahead log of several blocks.
CrashFileSystem::Image ImageWithLog(uint64_t batches) {
  Machine machine;
  EXPECT_EQ(machine.Open(), absl::OkStatus());
  EXPECT_EQ(machine.CommitUpTo(batches), batches);
  machine.Close();
  return machine.files().Contents();
}

// What lies at a byte of a write-ahead log, which is blocks of 32 KiB with
// records of checksum (4 bytes), length (2), type (1) and content.
enum class Field { kLength, kOther };
std::vector<Field> FieldsOf(const std::string& log) {
  constexpr size_t kBlock = 32 * 1024;
  constexpr size_t kHeader = 7;
  std::vector<Field> fields(log.size(), Field::kOther);
  size_t at = 0;
  while (at + kHeader <= log.size()) {
    if (kBlock - at % kBlock < kHeader) {
      at += kBlock - at % kBlock;
      continue;
    }
    fields[at + 4] = fields[at + 5] = Field::kLength;
    at += kHeader + static_cast<unsigned char>(log[at + 4]) + 256 * static_cast<unsigned char>(log[at + 5]);
  }
  EXPECT_EQ(at, log.size());
  return fields;
}

// A flipped bit of the log is refused wherever a checksum covers it. A damaged
// length in the last block looks like the unfinished record of a crash: the
// store then holds an earlier state, whole, and only the head anchor knows.
TEST(DamageTest, ADamagedLogIsRefused) {
  const uint64_t head = 60;
  const CrashFileSystem::Image good = ImageWithLog(head);
  const std::vector<std::string> logs = NamesWith(good, ".log");
  ASSERT_EQ(logs.size(), 1u);
  const std::string& bytes = good.at(logs[0]);
  const std::vector<Field> fields = FieldsOf(bytes);
  ASSERT_GT(bytes.size(), 3u * 32 * 1024);
  const size_t last_block = bytes.size() / (32 * 1024) * (32 * 1024);

  std::vector<size_t> places;
  for (size_t at = 0; at < bytes.size(); ++at) {
    if (fields[at] == Field::kLength) places.push_back(at);
  }
  std::mt19937 random(kSeed);
  for (int i = 0; i < 300; ++i) places.push_back(random() % bytes.size());

  size_t earlier_states = 0;
  for (const size_t at : places) {
    const int bit = static_cast<int>(random() % 8);
    SCOPED_TRACE(absl::StrCat("seed ", kSeed, ", byte ", at, " of ", bytes.size(), ", bit ", bit));
    Machine machine(Flipped(good, logs[0], at, bit));
    const absl::Status opened = machine.Open();
    if (!opened.ok()) {
      EXPECT_EQ(opened.code(), absl::StatusCode::kDataLoss) << opened;
      EXPECT_THAT(std::string(opened.message()), HasSubstr(logs[0]));
      continue;
    }
    EXPECT_TRUE(fields[at] == Field::kLength && at >= last_block);
    EXPECT_LT(WholeHead(machine.store()), head);
    ++earlier_states;
  }
  EXPECT_LT(earlier_states, places.size() / 2);
}

TEST(DamageTest, AnUnfinishedRecordAtTheEndIsNotDamage) {
  const uint64_t head = 12;
  const CrashFileSystem::Image good = ImageWithLog(head);
  const std::string log = NamesWith(good, ".log").at(0);
  for (const size_t lost : {1, 3, 7, 20}) {
    CrashFileSystem::Image torn = good;
    torn[log].resize(torn[log].size() - lost);
    Machine machine(torn);
    ASSERT_EQ(machine.Open(), absl::OkStatus());
    EXPECT_EQ(WholeHead(machine.store()), head - 1);
  }
}

// Each sampled bit of each table file: refused at the start, or found by
// VerifyChecksums, or harmless; and no read ever returns something else.
TEST(DamageTest, ADamagedTableIsFound) {
  Machine machine(ImageWithLog(60));
  ASSERT_EQ(machine.Open(), absl::OkStatus());  // writes the log's content into a table
  ASSERT_TRUE(VerifyChecksums(machine.store()).ok());
  machine.Close();
  const CrashFileSystem::Image good = machine.files().Contents();
  const std::vector<std::string> tables = NamesWith(good, ".sst");
  ASSERT_EQ(tables.size(), 1u);
  const std::string& bytes = good.at(tables[0]);

  std::mt19937 random(kSeed);
  int found = 0;
  constexpr int kFlips = 200;
  for (int i = 0; i < kFlips; ++i) {
    const size_t at = random() % bytes.size();
    const int bit = static_cast<int>(random() % 8);
    SCOPED_TRACE(absl::StrCat("seed ", kSeed, ", byte ", at, " of ", bytes.size(), ", bit ", bit));
    Machine damaged(Flipped(good, tables[0], at, bit));
    const absl::Status opened = damaged.Open();
    if (!opened.ok()) {
      ++found;
      continue;
    }
    const absl::Status verified = VerifyChecksums(damaged.store());
    if (!verified.ok()) {
      ++found;
      EXPECT_EQ(verified.code(), absl::StatusCode::kDataLoss);
      EXPECT_THAT(std::string(verified.message()), HasSubstr(".sst"));
    }
    const absl::StatusOr<Pairs> pairs = ReadAll(damaged.store());
    if (pairs.ok()) {
      EXPECT_TRUE(*pairs == After(60));
    } else {
      EXPECT_EQ(pairs.status().code(), absl::StatusCode::kDataLoss);
      EXPECT_FALSE(verified.ok());
    }
  }
  EXPECT_GT(found, kFlips * 9 / 10);
}

// A store with a table and a log behind it.
CrashFileSystem::Image ImageWithTable() {
  Machine machine(ImageWithLog(20));
  EXPECT_EQ(machine.Open(), absl::OkStatus());
  machine.Acknowledge(20);
  EXPECT_EQ(machine.CommitUpTo(40), 40u);
  machine.Close();
  return machine.files().Contents();
}

// One bit of each byte that says which files make up the store. The manifest
// has the record format of the log; its length fields have the log's limit.
TEST(DamageTest, ADamagedManifestIsRefused) {
  const CrashFileSystem::Image good = ImageWithTable();
  std::mt19937 random(kSeed);
  size_t refused = 0;
  size_t flips = 0;
  for (const auto& [name, bytes] : good) {
    const bool manifest = absl::StartsWith(name, "/db/MANIFEST");
    if (!manifest && name != "/db/CURRENT") continue;
    const std::vector<Field> fields =
        manifest ? FieldsOf(bytes) : std::vector<Field>(bytes.size(), Field::kOther);
    for (size_t at = 0; at < bytes.size(); ++at) {
      if (fields[at] == Field::kLength) continue;
      const int bit = static_cast<int>(random() % 8);
      SCOPED_TRACE(absl::StrCat("seed ", kSeed, ", ", name, ", byte ", at, ", bit ", bit));
      Machine damaged(Flipped(good, name, at, bit));
      ++flips;
      if (damaged.Open() == absl::OkStatus()) {
        EXPECT_EQ(WholeHead(damaged.store()), 40u);
      } else {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, flips * 9 / 10);
}

// Before RocksDB deletes the table that it no longer knows of.
TEST(DamageTest, ACutManifestIsRefusedAndNothingDeleted) {
  const CrashFileSystem::Image good = ImageWithTable();
  const std::vector<std::string> manifests = NamesWith(good, "");
  const auto is_manifest = [](const std::string& name) { return absl::StartsWith(name, "/db/MANIFEST"); };
  const std::string name = *std::find_if(manifests.begin(), manifests.end(), is_manifest);
  size_t of_lost_table = 0;
  for (size_t size = 0; size < good.at(name).size(); ++size) {
    SCOPED_TRACE(absl::StrCat(name, " cut to ", size, " of ", good.at(name).size(), " bytes"));
    CrashFileSystem::Image cut = good;
    cut[name].resize(size);
    Machine machine(cut);
    const absl::Status opened = machine.Open();
    if (opened.ok()) {
      EXPECT_EQ(WholeHead(machine.store()), 40u);
      continue;
    }
    EXPECT_EQ(opened.code(), absl::StatusCode::kDataLoss) << opened;
    EXPECT_EQ(machine.files().Contents().count(NamesWith(good, ".sst").at(0)), 1u);
    if (absl::StrContains(opened.message(), "MANIFEST does not name")) ++of_lost_table;
  }
  EXPECT_GT(of_lost_table, 0u);
}

TEST(DamageTest, AMissingManifestIsNamed) {
  CrashFileSystem::Image image = ImageWithTable();
  std::string name;
  for (const auto& [file, bytes] : image) {
    if (absl::StartsWith(file, "/db/MANIFEST")) name = file;
  }
  image.erase(name);
  Machine machine(image);
  const absl::Status opened = machine.Open();
  EXPECT_EQ(opened.code(), absl::StatusCode::kDataLoss) << opened;
  EXPECT_TRUE(absl::StrContains(opened.message(), name)) << opened;
  EXPECT_EQ(machine.files().Contents().count(NamesWith(image, ".sst").at(0)), 1u);
}

// As it was before the table was made: also that is no crash, the log is gone.
TEST(DamageTest, AnOlderManifestIsRefusedAndNothingDeleted) {
  Machine machine(ImageWithLog(20));
  const CrashFileSystem::Image before = machine.files().Contents();
  CrashFileSystem::Image mixed = ImageWithTable();
  for (const auto& [name, bytes] : before) {
    if (absl::StrContains(name, "MANIFEST") || absl::EndsWith(name, "CURRENT")) mixed[name] = bytes;
  }
  Machine damaged(mixed);
  EXPECT_EQ(damaged.Open().code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(damaged.files().Contents().count(NamesWith(mixed, ".sst").at(0)), 1u);
}

TEST(DamageTest, ALookChangesNothing) {
  for (const CrashFileSystem::Image& image : {ImageWithTable(), ImageWithLog(40)}) {
    const auto files = std::make_shared<CrashFileSystem>(image);
    const std::unique_ptr<rocksdb::Env> env = NewCrashEnv(files);
    absl::StatusOr<std::unique_ptr<Store>> store = OpenRocksStoreForReading({kDirectory, env.get()});
    ASSERT_TRUE(store.ok()) << store.status();
    EXPECT_EQ(WholeHead(**store), 40u);
    EXPECT_TRUE(VerifyChecksums(**store).ok());
    EXPECT_FALSE((*store)->Commit(BatchOf(41)).ok());
    store->reset();
    EXPECT_THAT(files->operations(), ::testing::IsEmpty());
    EXPECT_TRUE(files->Contents() == image);
  }
}

// The manifest names a log as soon as the next one is written to.
TEST(DamageTest, ALookStandsLogsThatTheManifestNames) {
  Machine machine;
  ASSERT_EQ(machine.Open(), absl::OkStatus());
  const auto logs = [&] {
    const std::vector<std::string> operations = machine.files().operations();
    return std::count_if(operations.begin(), operations.end(), [](const std::string& operation) {
      return absl::StartsWith(operation, "create /db") && absl::EndsWith(operation, ".log");
    });
  };
  const auto before = logs();
  int commits_since = 0;
  for (int i = 0; i < 200 && commits_since < 3; ++i) {
    Batch batch;
    batch.Put(absl::StrCat("large ", i), std::string(1 << 20, 'x'));
    ASSERT_EQ(machine.store().Commit(batch), absl::OkStatus());
    if (logs() == before) continue;
    ++commits_since;
    const auto crashed = std::make_shared<CrashFileSystem>(machine.files().Contents());
    const std::unique_ptr<rocksdb::Env> env = NewCrashEnv(crashed);
    EXPECT_EQ(OpenRocksStoreForReading({kDirectory, env.get()}).status(), absl::OkStatus());
    EXPECT_EQ(OpenRocksStore({kDirectory, env.get()}).status(), absl::OkStatus());
  }
  EXPECT_EQ(commits_since, 3);
}

TEST(DamageTest, ALostFileIsRefused) {
  const CrashFileSystem::Image good = ImageWithTable();
  for (const std::string& ending : {std::string(".sst"), std::string("CURRENT")}) {
    CrashFileSystem::Image image = good;
    image.erase(NamesWith(good, ending).at(0));
    Machine damaged(image);
    EXPECT_EQ(damaged.Open().code(), absl::StatusCode::kDataLoss) << ending;
    EXPECT_EQ(damaged.files().Contents().size(), image.size()) << "refused, and left as it is";
  }
}

// ---------------------------------------------------------------- on a real disk

class RocksStoreTest : public ::testing::Test {
 protected:
  RocksStoreTest() {
    std::filesystem::remove_all(root_);
    std::filesystem::create_directory(root_);
  }
  ~RocksStoreTest() override { std::filesystem::remove_all(root_); }

  static std::unique_ptr<Store> MustOpen(const std::string& directory) {
    absl::StatusOr<std::unique_ptr<Store>> opened = OpenRocksStore({directory});
    EXPECT_TRUE(opened.ok()) << opened.status();
    return opened.ok() ? *std::move(opened) : nullptr;
  }
  static void CommitRange(Store& store, uint64_t first, uint64_t last) {
    for (uint64_t i = first; i <= last; ++i) ASSERT_TRUE(store.Commit(BatchOf(i)).ok());
  }

  const std::string root_ = ::testing::TempDir() + "rocks_store_test." + std::to_string(getpid());
  const std::string directory_ = root_ + "/db";
};

TEST_F(RocksStoreTest, ADirectoryHasOneOwner) {
  std::unique_ptr<Store> store = MustOpen(directory_);
  EXPECT_EQ(OpenRocksStore({directory_}).status().code(), absl::StatusCode::kUnavailable);
  CommitRange(*store, 1, 3);  // undisturbed
  store.reset();
  store = MustOpen(directory_);
  EXPECT_EQ(WholeHead(*store), 3u);
}

TEST_F(RocksStoreTest, WhoLooksKeepsOthersOutAndIsKeptOut) {
  std::unique_ptr<Store> store = MustOpen(directory_);
  CommitRange(*store, 1, 3);
  EXPECT_EQ(OpenRocksStoreForReading({directory_}).status().code(), absl::StatusCode::kUnavailable);
  store.reset();
  absl::StatusOr<std::unique_ptr<Store>> looked = OpenRocksStoreForReading({directory_});
  ASSERT_TRUE(looked.ok()) << looked.status();
  EXPECT_EQ(WholeHead(**looked), 3u);
  EXPECT_EQ(OpenRocksStore({directory_}).status().code(), absl::StatusCode::kUnavailable);
  looked->reset();
  EXPECT_EQ(WholeHead(*MustOpen(directory_)), 3u);
}

TEST_F(RocksStoreTest, AnImpossiblePlaceIsNotCalledBusy) {
  const absl::Status status = OpenRocksStore({root_ + "/not/there"}).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.code(), absl::StatusCode::kUnavailable);
}

// What a wrong owner of the file looks like, or a disk that is read-only.
TEST_F(RocksStoreTest, ALockThatCannotBeOpenedIsNotCalledBusy) {
  CommitRange(*MustOpen(directory_), 1, 3);
  std::filesystem::remove(directory_ + "/LOCK");
  std::filesystem::create_directory(directory_ + "/LOCK");
  const absl::Status status = OpenRocksStore({directory_}).status();
  EXPECT_FALSE(status.ok());
  EXPECT_NE(status.code(), absl::StatusCode::kUnavailable) << status;
  EXPECT_THAT(std::string(status.message()), HasSubstr("LOCK"));
}

// A limit on the size of files stands for a disk that is full.
TEST_F(RocksStoreTest, AStartWithoutRoomSaysSo) {
  CommitRange(*MustOpen(directory_), 1, 3);
  signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 100'000;
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
  const absl::Status opened = OpenRocksStore({directory_}).status();
  const absl::Status checked = CheckRoom({directory_});
  const bool readable = OpenRocksStoreForReading({directory_}).ok();
  ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_EQ(opened.code(), absl::StatusCode::kUnavailable) << opened;
  EXPECT_THAT(std::string(opened.message()), HasSubstr(directory_));
  EXPECT_EQ(checked, opened);
  EXPECT_TRUE(readable);
  EXPECT_EQ(CheckRoom({directory_}), absl::OkStatus());
  EXPECT_EQ(WholeHead(*MustOpen(directory_)), 3u);
  EXPECT_FALSE(std::filesystem::exists(directory_ + "/room.probe"));
}

// Room is made before it is looked for, and not while another process may be at work there.
TEST_F(RocksStoreTest, AStartMakesRoomWhereItIsAlone) {
  bool room = false;
  const auto open = [&] {
    room = false;
    return OpenRocksStore({directory_, nullptr, [&] { room = true; }}).status();
  };
  EXPECT_EQ(open(), absl::OkStatus());
  EXPECT_TRUE(room);
  const std::unique_ptr<Store> at_work = MustOpen(directory_);
  EXPECT_EQ(open().code(), absl::StatusCode::kUnavailable);
  EXPECT_FALSE(room);
}

// What RocksDB sets aside while it starts is not taken from the room that was found.
TEST_F(RocksStoreTest, AStartSetsLittleAside) {
  CommitRange(*MustOpen(directory_), 1, 3);
  const std::unique_ptr<Store> store = MustOpen(directory_);
  int64_t set_aside = 0;
  for (const std::filesystem::directory_entry& file : std::filesystem::directory_iterator(directory_)) {
    struct stat facts {};
    ASSERT_EQ(stat(file.path().c_str(), &facts), 0);
    set_aside += facts.st_blocks * 512;
  }
  EXPECT_LT(set_aside, 256 * 1024);
}

TEST_F(RocksStoreTest, ABackupIsTheStoreOfItsMoment) {
  const std::unique_ptr<Store> store = MustOpen(directory_);
  CommitRange(*store, 1, 20);
  const std::string backup = root_ + "/backup";
  ASSERT_TRUE(BackUp(*store, backup).ok());
  CommitRange(*store, 21, 30);
  const std::unique_ptr<Store> restored = MustOpen(backup);
  EXPECT_EQ(WholeHead(*restored), 20u);
  CommitRange(*restored, 21, 25);
  EXPECT_EQ(WholeHead(*restored), 25u);
  EXPECT_EQ(WholeHead(*store), 30u);
  EXPECT_TRUE(VerifyChecksums(*restored).ok());

  EXPECT_EQ(BackUp(*store, backup).code(), absl::StatusCode::kAlreadyExists);
}

TEST_F(RocksStoreTest, AVerificationEndsWhenNobodyWaitsForIt) {
  CommitRange(*MustOpen(directory_), 1, 3);
  const std::unique_ptr<Store> store = MustOpen(directory_);  // with a table of what the log held
  int asked = 0;
  EXPECT_EQ(VerifyChecksums(*store, [&] { return ++asked < 1; }).code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(asked, 1);
  EXPECT_EQ(VerifyChecksums(*store), absl::OkStatus());
}

TEST_F(RocksStoreTest, OnlyARocksStoreIsBackedUpOrVerified) {
  const MemoryStore memory;
  EXPECT_EQ(BackUp(memory, root_ + "/backup").code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(VerifyChecksums(memory).code(), absl::StatusCode::kInvalidArgument);
}

TEST_F(RocksStoreTest, KeepsItsDiaryShort) {
  for (int start = 0; start < 6; ++start) MustOpen(directory_);
  const auto is_diary = [](const std::filesystem::directory_entry& entry) {
    return absl::StartsWith(entry.path().filename().string(), "LOG");
  };
  EXPECT_LE(std::count_if(std::filesystem::directory_iterator(directory_), {}, is_diary), 4);
}

}  // namespace
}  // namespace kelisim::ledger
