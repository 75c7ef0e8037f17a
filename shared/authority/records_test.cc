#include "shared/authority/records.h"

#include <cstdint>
#include <string>

#include "absl/strings/str_cat.h"
#include "gtest/gtest.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/memory_store.h"

namespace kelisim::authority {
namespace {

class RecordsTest : public ::testing::Test {
 protected:
  absl::Status SaveQueuedAt(const std::string& id, uint64_t place) {
    ASSIGN_OR_RETURN(const auto record, records_.Edit<v1::CaseRecord>(id));
    record->mutable_state()->set_queued_at(place);
    return records_.Save(record);
  }
  uint64_t PlaceOf(const Records& records, const std::string& id) {
    const auto record = records.Load<v1::CaseRecord>(id);
    return record.ok() ? (*record)->state().queued_at() : 0;
  }

  ledger::MemoryStore store_;
  ledger::Overlay rows_{store_};
  ledger::Vault vault_{std::string(32, 'k'), SystemRandom()};
  Records records_{rows_, vault_};
};

TEST_F(RecordsTest, OneThatIsNotThereHasItsIdOnly) {
  const auto record = records_.Load<v1::CaseRecord>("3f");
  ASSERT_TRUE(record.ok()) << record.status();
  EXPECT_EQ((*record)->state().case_id(), "3f");
  EXPECT_EQ((*record)->acts_size(), 0);
}

TEST_F(RecordsTest, AChangeIsSeenWhenItIsSavedAndNotByWhoLoadedBefore) {
  ASSERT_TRUE(SaveQueuedAt("3f", 7).ok());
  const auto before = records_.Load<v1::CaseRecord>("3f");
  ASSERT_TRUE(before.ok());
  const auto edited = records_.Edit<v1::CaseRecord>("3f");
  ASSERT_TRUE(edited.ok());
  (*edited)->mutable_state()->set_queued_at(8);
  EXPECT_EQ(PlaceOf(records_, "3f"), 7);
  ASSERT_TRUE(records_.Save(*edited).ok());
  EXPECT_EQ(PlaceOf(records_, "3f"), 8);
  EXPECT_EQ((*before)->state().queued_at(), 7);
}

TEST_F(RecordsTest, WhatIsNotKeptInMemoryIsReadAgain) {
  constexpr uint64_t kCases = 2 * Records::kMostKept + 1;
  for (uint64_t i = 0; i < kCases; ++i) ASSERT_TRUE(SaveQueuedAt(absl::StrCat(i), i + 1).ok());
  // Out of order, so that some are kept and some are not.
  for (uint64_t i = 0; i < kCases; ++i) {
    const uint64_t at = i * 7 % kCases;
    ASSERT_EQ(PlaceOf(records_, absl::StrCat(at)), at + 1);
  }
  const Records anew(rows_, vault_);
  for (uint64_t i = 0; i < kCases; ++i) ASSERT_EQ(PlaceOf(anew, absl::StrCat(i)), i + 1);
}

}  // namespace
}  // namespace kelisim::authority
