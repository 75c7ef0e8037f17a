#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "shared/base/bytes.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/log.h"
#include "shared/ledger/memory_store.h"
#include "shared/ledger/overlay.h"
#include "shared/ledger/vault.h"

namespace kelisim::ledger {
namespace {

// An overlay reads like a store into which its batch was committed.
TEST(Overlay, ReadsLikeTheCommittedStore) {
  constexpr uint64_t kSeed = 7;
  std::mt19937_64 random(kSeed);
  for (int round = 0; round < 300; ++round) {
    MemoryStore store;
    std::map<std::string, std::string> model;
    Batch before;
    for (int i = 0; i < 12; ++i) {
      const std::string key(1 + random() % 2, static_cast<char>('a' + random() % 5));
      before.Put(key, std::to_string(i));
      model[key] = std::to_string(i);
    }
    ASSERT_TRUE(store.Commit(before).ok());
    Overlay rows(store);
    for (int i = 0; i < 8; ++i) {
      const std::string key(1 + random() % 2, static_cast<char>('a' + random() % 5));
      if (random() % 2 == 0) {
        rows.Put(key, "new" + std::to_string(i));
        model[key] = "new" + std::to_string(i);
      } else {
        rows.Delete(key);
        model.erase(key);
      }
    }
    std::map<std::string, std::string> seen;
    ASSERT_TRUE(rows.Scan("a", "f",
                          [&](std::string_view key, std::string_view value) {
                            EXPECT_TRUE(seen.emplace(key, value).second) << "visited twice";
                            return true;
                          })
                    .ok());
    EXPECT_EQ(seen, model) << "seed " << kSeed << " round " << round;
    for (const auto& [key, value] : model) EXPECT_EQ(*rows.Get(key), value);
    size_t visits = 0;
    ASSERT_TRUE(rows.Scan("a", "f", [&](std::string_view, std::string_view) { return ++visits < 2; }).ok());
    EXPECT_EQ(visits, std::min<size_t>(2, model.size()));
  }
}

TEST(Overlay, PrefixEndIsTheFirstKeyBeyond) {
  EXPECT_EQ(PrefixEnd("a"), "b");
  EXPECT_EQ(PrefixEnd("a\xff"), "b");
}

TEST(Log, GrowsAndIsLoadedAgain) {
  MemoryStore store;
  Log log(Side::kOwn);
  tlog::RightEdge naive;
  std::vector<Hash> roots = {naive.Root()};
  for (int i = 0; i < 70; ++i) {
    Overlay rows(store);
    const std::string entry = "entry " + std::to_string(i);
    log.Append(rows, entry, i % 3 == 0 ? "" : "sealed " + std::to_string(i));
    log.PutCheckpoint(rows, log.size(), "note " + std::to_string(i));
    ASSERT_TRUE(store.Commit(rows.Take()).ok());
    naive.Append(tlog::LeafHash(entry));
    ASSERT_EQ(log.root(), naive.Root());
    roots.push_back(naive.Root());
  }
  Overlay rows(store);
  const absl::StatusOr<Log> again = Log::Load(Side::kOwn, rows);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ(again->size(), 70u);
  EXPECT_EQ(again->root(), log.root());
  for (uint64_t size = 0; size <= 70; ++size) EXPECT_EQ(*again->RootAt(rows, size), roots[size]) << size;
  const LogRows<Store> read(Side::kOwn, store);
  EXPECT_EQ(*read.Entry(69), "entry 69");
  EXPECT_EQ(*read.SealedPayload(0), std::nullopt);
  EXPECT_EQ(*read.SealedPayload(1), "sealed 1");
  EXPECT_TRUE(absl::IsNotFound(read.Entry(70).status()));
  // The two ledgers of a store do not touch each other.
  EXPECT_EQ((*LogRows<Store>(Side::kMirror, store).Size()), 0u);
}

TEST(Log, MissingNodeIsDataLoss) {
  MemoryStore store;
  Overlay rows(store);
  Log log(Side::kOwn);
  for (int i = 0; i < 9; ++i) log.Append(rows, "x", "");
  std::string node = "on";
  node.push_back('\3');
  rows.Delete(node + U64(0));
  EXPECT_TRUE(absl::IsDataLoss(Log::Load(Side::kOwn, rows).status()));
}

TEST(Log, AMissingEntryUnderANodeThatHasNoRowIsDataLoss) {
  MemoryStore store;
  Overlay rows(store);
  Log log(Side::kOwn);
  for (int i = 0; i < 4; ++i) log.Append(rows, "x", "");
  ASSERT_TRUE(Log::Load(Side::kOwn, rows).ok());
  rows.Delete("oe" + U64(1));
  EXPECT_TRUE(absl::IsDataLoss(Log::Load(Side::kOwn, rows).status()));
}

class VaultTest : public ::testing::Test {
 protected:
  MemoryStore store_;
  Vault vault_{std::string(32, 'k'), SystemRandom()};
};

TEST_F(VaultTest, SealsPerCaseAndPerRow) {
  Overlay rows(store_);
  const std::string sealed = *vault_.Seal(rows, "case1", "row 1", "plaintext");
  EXPECT_EQ(sealed.find("plaintext"), std::string::npos);
  EXPECT_EQ(*vault_.Unseal(rows, "row 1", sealed), "plaintext");
  EXPECT_TRUE(absl::IsDataLoss(vault_.Unseal(rows, "row 2", sealed).status()));
  for (size_t i = 6; i < sealed.size(); ++i) {
    std::string flipped = sealed;
    flipped[i] = static_cast<char>(flipped[i] ^ 1);
    EXPECT_FALSE(vault_.Unseal(rows, "row 1", flipped).ok()) << i;
  }
  EXPECT_FALSE(vault_.Unseal(rows, "row 1", "").ok());
}

TEST_F(VaultTest, WhatIsSealedIsGoneWithItsKey) {
  Overlay rows(store_);
  const std::string sealed = *vault_.Seal(rows, "case1", "row", "plaintext");
  ASSERT_TRUE(store_.Commit(rows.Take()).ok());
  Vault restarted(std::string(32, 'k'), SystemRandom());
  EXPECT_EQ(*restarted.Unseal(store_, "row", sealed), "plaintext");
  Vault after_erasure(std::string(32, 'k'), SystemRandom());
  rows.Delete("Kcase1");
  EXPECT_TRUE(absl::IsNotFound(after_erasure.Unseal(rows, "row", sealed).status()));
  Vault wrong_master(std::string(32, 'x'), SystemRandom());
  EXPECT_TRUE(absl::IsDataLoss(wrong_master.Unseal(store_, "row", sealed).status()));
}

// With another key all registers would be empty, and new rows unreadable later.
TEST_F(VaultTest, KnowsTheMasterKeyOfItsStore) {
  MemoryStore store;
  Overlay rows(store);
  const Vault wrong_master(std::string(32, 'x'), SystemRandom());
  EXPECT_TRUE(wrong_master.CheckMasterKey(store).ok());  // an empty store is anybody's
  ASSERT_TRUE(vault_.Seal(rows, "case", "row", "text").ok());
  ASSERT_TRUE(store.Commit(rows.Take()).ok());
  EXPECT_TRUE(vault_.CheckMasterKey(store).ok());
  EXPECT_TRUE(absl::IsDataLoss(wrong_master.CheckMasterKey(store)));
}

TEST_F(VaultTest, PseudonymsDifferByDomainAndKey) {
  EXPECT_EQ(vault_.Pseudonym("a", "1"), vault_.Pseudonym("a", "1"));
  EXPECT_NE(vault_.Pseudonym("a", "1"), vault_.Pseudonym("b", "1"));
  EXPECT_NE(vault_.Pseudonym("a", "1"), Vault(std::string(32, 'x'), SystemRandom()).Pseudonym("a", "1"));
}

}  // namespace
}  // namespace kelisim::ledger
