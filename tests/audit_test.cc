// An audit of a whole node notices any row that is not what the ledgers make it.

#include "shared/authority/audit.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/ledger/log.h"
#include "shared/ledger/memory_store.h"
#include "shared/ledger/overlay.h"
#include "shared/testing/audited.h"
#include "shared/testing/story.h"
#include "shared/text/messages.h"
#include "shared/tlog/note.h"

namespace kelisim::authority {
namespace {

using kelisim::testing::Audited;
using kelisim::testing::Node;
using kelisim::testing::RunStory;
using kelisim::testing::StoryText;
using ::testing::IsEmpty;

Audited AuditOf(const Node& node, const ledger::MemoryStore& store) {
  return kelisim::testing::AuditOf(node.identity, store, *node.vault);
}

void AtEnd(const std::function<void(const Node&)>& body) {
  EXPECT_EQ(
      RunStory(
          StoryText("a_case_completed_to_russia") + "\n" + StoryText("dispute_to_the_diplomatic_channel"), 1,
          [&](const Node& node, absl::Time) {
            body(node);
            return std::string();
          }),
      "");
}

std::map<std::string, std::string> RowsOf(const ledger::MemoryStore& store) {
  std::map<std::string, std::string> rows;
  EXPECT_TRUE(store
                  .Scan("", "\xff",
                        [&](std::string_view key, std::string_view value) {
                          rows.emplace(key, value);
                          return true;
                        })
                  .ok());
  return rows;
}

TEST(Audit, AWholeStoreFits) {
  AtEnd([](const Node& node) {
    const Audited audited = AuditOf(node, node.store);
    EXPECT_TRUE(audited.status.ok()) << audited.status;
    EXPECT_THAT(audited.findings, IsEmpty());
    EXPECT_TRUE(audited.done);
    EXPECT_EQ(audited.entries, node.state.own_size() + node.state.mirror_size());
  });
}

// Rows from which nothing is derived: cursors of the exchange, how often a recovery was.
bool IsCursor(const std::string& key) { return key[0] == 'M' && key != "Mp"; }

TEST(Audit, EveryRowThatIsChangedIsNoticed) {
  AtEnd([](const Node& node) {
    std::map<std::string, int> noticed;
    size_t turn = 0;
    for (const auto& [key, value] : RowsOf(node.store)) {
      if (IsCursor(key) || value.empty()) continue;
      // First, middle and last bytes, by turns.
      const size_t at = (value.size() - 1) * (turn++ % 3) / 2;
      ledger::MemoryStore store(node.store);
      ledger::Batch batch;
      std::string changed = value;
      changed[at] = static_cast<char>(changed[at] ^ 1);
      batch.Put(key, changed);
      ASSERT_TRUE(store.Commit(batch).ok());
      const Audited audited = AuditOf(node, store);
      EXPECT_TRUE(!audited.status.ok() || !audited.findings.empty())
          << node.name() << " " << key.substr(0, 2) << " " << ToHex(key) << " at " << at;
      ++noticed[key.substr(0, 2)];
    }
    for (const auto& [kind, count] : noticed)
      std::cout << node.name() << " " << kind << ": " << count << "\n";
  });
}

TEST(Audit, EveryRowThatIsMissingIsNoticed) {
  AtEnd([](const Node& node) {
    for (const auto& [key, value] : RowsOf(node.store)) {
      // Checkpoints between others are not required, and a payload may never have been here.
      if (IsCursor(key) || key[1] == 'c' || key[1] == 'p' || key[1] == 'k') continue;
      ledger::MemoryStore store(node.store);
      ledger::Batch batch;
      batch.Delete(key);
      ASSERT_TRUE(store.Commit(batch).ok());
      const Audited audited = AuditOf(node, store);
      EXPECT_TRUE(!audited.status.ok() || !audited.findings.empty())
          << node.name() << " " << key.substr(0, 2) << " " << ToHex(key);
    }
  });
}

TEST(Audit, ARowTooManyIsNoticed) {
  AtEnd([](const Node& node) {
    for (const char* key : {"vt2", "vo2026-01-01x", "va0"}) {
      ledger::MemoryStore store(node.store);
      ledger::Batch batch;
      batch.Put(key, "x");
      ASSERT_TRUE(store.Commit(batch).ok());
      EXPECT_FALSE(AuditOf(node, store).findings.empty()) << key;
    }
  });
}

// Rows that are well-formed, sealed and signed, and not those of this ledger.
TEST(Audit, AForgedRowIsNoticed) {
  AtEnd([](const Node& node) {
    constexpr auto kOwn = ledger::Side::kOwn;
    const Node other(1 - node.side, 1);  // the counterpart's keys
    const auto note_of = [&](uint64_t size) {
      const tlog::NoteSigner& log = node.identity.log;
      const std::string text = tlog::Checkpoint{log.verifier().name(), size, Sha256("another")}.Text();
      return absl::StrCat(text, "\n", log.SignNote(text), other.identity.witness.Cosign(text, 1),
                          other.identity.mirror.Cosign(text, 1));
    };
    const uint64_t size = node.state.own_size();
    const struct {
      const char* problem;
      std::function<void(ledger::Log&, ledger::Overlay&)> forge;
    } rows[] = {
        {"audit.cosigned_root", [&](auto& log, auto& to) { log.PutCosigned(to, note_of(size)); }},
        {"audit.cosigned_policy", [&](auto& log, auto& to) { log.PutCosigned(to, note_of(size + 1)); }},
        {"audit.root_differs", [&](auto& log, auto& to) { log.PutCheckpoint(to, size, note_of(size)); }},
        {"audit.checkpoint_unsigned",
         [&](auto& log, auto& to) { log.PutCheckpoint(to, size, note_of(size + 1)); }},
        {"audit.payload_differs",
         [&](auto&, auto& to) {
           const std::string sealed =
               *node.vault->Seal(to, "", PayloadContext(kOwn, size - 1), std::string(64, 'x'));
           to.Put(std::string{static_cast<char>(kOwn), 'p'} + U64(size - 1), sealed);
         }},
    };
    for (const auto& row : rows) {
      ledger::MemoryStore store(node.store);
      ledger::Overlay overlay(store);
      ledger::Log log = *ledger::Log::Load(kOwn, overlay);
      row.forge(log, overlay);
      ASSERT_TRUE(store.Commit(overlay.Take()).ok());
      std::vector<std::string> keys;
      ledger::MemoryStore copy(store);
      const absl::Status audited =
          Audit(node.identity, copy, *node.vault, nullptr, [&](const v1::AuditProgress& progress) {
            for (const std::string& key : progress.finding().problem_keys()) keys.push_back(key);
            return true;
          });
      EXPECT_TRUE(audited.ok()) << audited;
      EXPECT_THAT(keys, ::testing::Contains(row.problem));
    }
  });
}

// Its line stands beside the store, in witness_dir.
TEST(Audit, AThirdWitnessThatIsRequiredIsNotLookedForInTheStore) {
  AtEnd([](const Node& node) {
    Identity identity = node.identity;
    const tlog::NoteSigner third = *tlog::NoteSigner::Parse(*tlog::NoteSigner::NewSecret(
        "third.example/witness", tlog::KeyType::kCosignature, Sha256("third").bytes()));
    identity.third_witness = {third.verifier(), "http://127.0.0.1:1", true};
    const Audited audited = kelisim::testing::AuditOf(identity, node.store, *node.vault);
    EXPECT_TRUE(audited.status.ok()) << audited.status;
    EXPECT_THAT(audited.findings, IsEmpty());
  });
}

// Ledgers that are coming back have no views yet that could be compared.
TEST(Audit, ARecoveryUnderWayIsOneFinding) {
  AtEnd([](const Node& node) {
    ledger::MemoryStore store(node.store);
    ledger::Batch batch;
    batch.Put("Mr", "1");
    batch.Put("vt2", "x");
    batch.Delete("Mp");
    ASSERT_TRUE(store.Commit(batch).ok());
    const Audited audited = AuditOf(node, store);
    EXPECT_TRUE(audited.status.ok()) << audited.status;
    EXPECT_THAT(audited.findings, ::testing::ElementsAre(Say(Lang::kEnglish, "audit.recovering")));
    EXPECT_TRUE(audited.done);
  });
}

// The files of the store are whole: that too much does not fit says nothing of them.
TEST(Audit, MoreFindingsThanAreToldAreSaidSo) {
  AtEnd([](const Node& node) {
    ledger::MemoryStore store(node.store);
    ledger::Batch batch;
    batch.Put(std::string{static_cast<char>(ledger::Side::kOwn), 's'}, U64(5000));
    ASSERT_TRUE(store.Commit(batch).ok());
    const Audited audited = AuditOf(node, store);
    EXPECT_TRUE(audited.status.ok()) << audited.status;
    ASSERT_FALSE(audited.findings.empty());
    EXPECT_EQ(audited.findings.back(), Say(Lang::kEnglish, "audit.more_findings"));
    EXPECT_FALSE(audited.done);
  });
}

// The views that are made anew lie on the disk of the store, which must keep what it needs.
TEST(Audit, EndsWhereThereIsNoMoreRoom) {
  AtEnd([](const Node& node) {
    ledger::MemoryStore copy(node.store);
    int asked = 0;
    const absl::Status audited = Audit(
        node.identity, copy, *node.vault, nullptr, [](const v1::AuditProgress&) { return true; },
        [&] {
          ++asked;
          return absl::FailedPreconditionError("no room");
        });
    EXPECT_EQ(audited.code(), absl::StatusCode::kFailedPrecondition) << audited;
    EXPECT_EQ(asked, 1);
    const auto rows = RowsOf(copy);
    EXPECT_TRUE(rows.lower_bound("w") == rows.lower_bound("x")) << "something was written";
  });
}

TEST(Audit, IsBrokenOff) {
  AtEnd([](const Node& node) {
    ledger::MemoryStore copy(node.store);
    const absl::Status audited =
        Audit(node.identity, copy, *node.vault, nullptr, [](const v1::AuditProgress&) { return false; });
    EXPECT_EQ(audited.code(), absl::StatusCode::kCancelled);
  });
}

}  // namespace
}  // namespace kelisim::authority
