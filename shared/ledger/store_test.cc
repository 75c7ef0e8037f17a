#include "shared/ledger/store.h"

#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/base/bytes.h"
#include "shared/ledger/memory_store.h"
#include "shared/ledger/rocks_store.h"

namespace kelisim::ledger {
namespace {

using ::testing::IsEmpty;
using Pairs = std::vector<std::pair<std::string, std::string>>;
using Model = std::map<std::string, std::string>;

// A store and a way to stop and start it.
class Subject {
 public:
  virtual ~Subject() = default;
  virtual Store& store() = 0;
  virtual void Restart() = 0;
};

class MemorySubject final : public Subject {
 public:
  Store& store() override { return *store_; }
  // A backup put into a fresh store that held something else.
  void Restart() override {
    const MemoryStore backup(*store_);
    store_ = std::make_unique<MemoryStore>();
    Batch other;
    other.Put("not in the backup", "x");
    EXPECT_TRUE(store_->Commit(other).ok());
    *store_ = backup;
  }

 private:
  std::unique_ptr<MemoryStore> store_ = std::make_unique<MemoryStore>();
};

class RocksSubject final : public Subject {
 public:
  RocksSubject() {
    std::filesystem::remove_all(directory_);
    Open();
  }
  ~RocksSubject() override {
    store_.reset();
    std::filesystem::remove_all(directory_);
  }
  Store& store() override { return *store_; }
  void Restart() override {
    store_.reset();
    Open();
  }

 private:
  void Open() {
    absl::StatusOr<std::unique_ptr<Store>> opened = OpenRocksStore({directory_});
    ASSERT_TRUE(opened.ok()) << opened.status();
    store_ = *std::move(opened);
  }

  const std::string directory_ = ::testing::TempDir() + "store_test." + std::to_string(getpid());
  std::unique_ptr<Store> store_;
};

Pairs Scanned(const Store& store, const std::string& begin, const std::string& end, size_t limit) {
  Pairs pairs;
  const absl::Status status = store.Scan(begin, end, [&](std::string_view key, std::string_view value) {
    pairs.emplace_back(key, value);
    return pairs.size() < limit;
  });
  EXPECT_TRUE(status.ok()) << status;
  return pairs;
}

Pairs Expected(const Model& model, const std::string& begin, const std::string& end, size_t limit) {
  Pairs pairs;
  for (auto pair = model.lower_bound(begin); pair != model.end() && pair->first < end; ++pair) {
    pairs.push_back(*pair);
    if (pairs.size() == limit) break;
  }
  return pairs;
}

constexpr size_t kNoLimit = 1'000'000;
// Above every key the tests use.
const std::string kEnd(8, '\xff');

class StoreTest : public ::testing::TestWithParam<std::function<std::unique_ptr<Subject>()>> {
 protected:
  void Commit(const Batch& batch) {
    const absl::Status status = store().Commit(batch);
    ASSERT_TRUE(status.ok()) << status;
  }
  void Put(const std::string& key, const std::string& value) {
    Batch batch;
    batch.Put(key, value);
    Commit(batch);
  }
  std::optional<std::string> Get(const std::string& key) {
    absl::StatusOr<std::optional<std::string>> value = store().Get(key);
    EXPECT_TRUE(value.ok()) << value.status();
    return value.ok() ? *std::move(value) : std::nullopt;
  }
  Store& store() { return subject_->store(); }

  std::unique_ptr<Subject> subject_ = GetParam()();
};

TEST_P(StoreTest, IsEmptyAtFirst) {
  EXPECT_EQ(Get("key"), std::nullopt);
  EXPECT_THAT(Scanned(store(), "", kEnd, kNoLimit), IsEmpty());
}

TEST_P(StoreTest, TellsAnEmptyValueFromNone) {
  Put("empty", "");
  EXPECT_EQ(Get("empty"), "");
  EXPECT_EQ(Get("none"), std::nullopt);
  EXPECT_EQ(Scanned(store(), "", kEnd, kNoLimit), (Pairs{{"empty", ""}}));
}

TEST_P(StoreTest, TakesAnyBytes) {
  std::string all;
  for (int byte = 0; byte < 256; ++byte) all.push_back(static_cast<char>(byte));
  Put(all, all);
  Put(std::string(1, '\0'), std::string(3, '\0'));
  subject_->Restart();
  EXPECT_EQ(Get(all), all);
  EXPECT_EQ(Get(std::string(1, '\0')), std::string(3, '\0'));
  EXPECT_EQ(Get(""), std::nullopt);
}

TEST_P(StoreTest, OrdersKeysAsUnsignedBytes) {
  const std::vector<std::string> keys = {std::string(1, '\0'), "a", "ab", "b", "\x7f", "\x80", "\xff"};
  for (auto key = keys.rbegin(); key != keys.rend(); ++key) Put(*key, "v");
  std::vector<std::string> seen;
  for (const auto& [key, value] : Scanned(store(), "", kEnd, kNoLimit)) seen.push_back(key);
  EXPECT_EQ(seen, keys);
}

TEST_P(StoreTest, ScansHalfOpenRanges) {
  for (const char* key : {"a", "b", "c"}) Put(key, "v");
  EXPECT_EQ(Scanned(store(), "a", "c", kNoLimit), (Pairs{{"a", "v"}, {"b", "v"}}));
  EXPECT_EQ(Scanned(store(), "aa", "b", kNoLimit), Pairs());
  EXPECT_EQ(Scanned(store(), "b", "b", kNoLimit), Pairs());
  EXPECT_EQ(Scanned(store(), "c", "a", kNoLimit), Pairs());
  EXPECT_EQ(Scanned(store(), "a", "", kNoLimit), Pairs());
  EXPECT_EQ(Scanned(store(), "", kEnd, 1), (Pairs{{"a", "v"}}));
}

TEST_P(StoreTest, TheLastWordOfABatchCounts) {
  Batch batch;
  batch.Put("deleted", "1");
  batch.Delete("deleted");
  batch.Delete("put");
  batch.Put("put", "2");
  batch.Delete("never there");
  Commit(batch);
  EXPECT_EQ(Scanned(store(), "", kEnd, kNoLimit), (Pairs{{"put", "2"}}));
}

TEST_P(StoreTest, TakesAnEmptyBatch) {
  Put("key", "value");
  Commit(Batch());
  EXPECT_EQ(Scanned(store(), "", kEnd, kNoLimit), (Pairs{{"key", "value"}}));
}

// 2,000 random batches behave as on a map, with a restart every 250.
TEST_P(StoreTest, IsAMap) {
  for (const uint32_t seed : {1998u, 706u}) {
    SCOPED_TRACE(absl::StrCat("seed ", seed));
    subject_ = nullptr;
    subject_ = GetParam()();
    std::mt19937 random(seed);
    const auto below = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
    const auto any_key = [&] {
      std::string key;
      for (int length = below(4); length >= 0; --length) key.push_back("\0\x01m\x80\xff"[below(5)]);
      return key;
    };
    Model model;
    for (int round = 1; round <= 1000; ++round) {
      Batch batch;
      for (int change = below(8); change >= 0; --change) {
        std::string key = any_key();
        if (below(3) == 0) {
          model.erase(key);
          batch.Delete(std::move(key));
          continue;
        }
        std::string value(below(10) == 0 ? below(20'000) : below(40), static_cast<char>(below(256)));
        model[key] = value;
        batch.Put(std::move(key), std::move(value));
      }
      Commit(batch);
      if (round % 250 == 0) subject_->Restart();

      const std::string key = any_key();
      const auto expected = model.find(key);
      ASSERT_EQ(Get(key), expected == model.end() ? std::nullopt : std::optional(expected->second)) << round;
      const std::string begin = any_key();
      const std::string end = any_key();
      const size_t limit = below(3) == 0 ? 1 + below(5) : kNoLimit;
      ASSERT_EQ(Scanned(store(), begin, end, limit), Expected(model, begin, end, limit)) << round;
      if (round % 50 != 0) continue;
      ASSERT_EQ(Scanned(store(), "", kEnd, kNoLimit), Pairs(model.begin(), model.end())) << round;
    }
  }
}

// Every batch sets both keys to the same number: a reader beside the writer
// never sees them differ, and never sees them go back.
TEST_P(StoreTest, AScanIsOneMoment) {
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (uint64_t number = 1; number <= 500; ++number) {
      Batch batch;
      batch.Put("first", U64(number));
      batch.Put("second", U64(number));
      EXPECT_TRUE(store().Commit(batch).ok());
    }
    done = true;
  });
  uint64_t latest = 0;
  while (!done) {
    const Pairs pairs = Scanned(store(), "", kEnd, kNoLimit);
    if (pairs.empty()) continue;
    EXPECT_EQ(pairs.size(), 2u);
    EXPECT_EQ(pairs.front().second, pairs.back().second);
    EXPECT_GE(ReadU64(pairs.front().second), latest);
    latest = ReadU64(pairs.front().second);
  }
  writer.join();
  EXPECT_EQ(Get("second"), U64(500));
}

INSTANTIATE_TEST_SUITE_P(Memory, StoreTest,
                         ::testing::Values([] { return std::unique_ptr<Subject>(new MemorySubject); }));
INSTANTIATE_TEST_SUITE_P(Rocks, StoreTest,
                         ::testing::Values([] { return std::unique_ptr<Subject>(new RocksSubject); }));

}  // namespace
}  // namespace kelisim::ledger
