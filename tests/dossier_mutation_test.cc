// Nothing in a dossier can be changed unseen: every file of it flipped, cut, removed,
// lengthened or swapped, and ten thousand bytes changed at random. And what only the
// exporter could have done, who signs the manifest anew: a cosigner left out, an older
// checkpoint that contradicts the ledger, an act that breaks a rule.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "google/protobuf/util/json_util.h"
#include "shared/authority/evidence.h"
#include "shared/base/bytes.h"
#include "shared/crypto/seal.h"
#include "shared/dossier/dsse.h"
#include "shared/dossier/layout.h"
#include "shared/dossier/verifier.h"
#include "shared/ledger/attachments.h"
#include "shared/testing/dossiers.h"
#include "shared/testing/story.h"
#include "shared/tlog/equivocation.h"
#include "shared/tlog/policy.h"

namespace kelisim::dossier {
namespace {

using kelisim::testing::ExportToMemory;
using kelisim::testing::NamesOfAll;
using kelisim::testing::Node;
using kelisim::testing::RunStory;
using kelisim::testing::SeededRandom;
using kelisim::testing::StoryText;
using kelisim::testing::TestIdentity;
using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Field;
using ::testing::IsEmpty;

constexpr uint64_t kSeed = 20261123;
constexpr int kRandomMutations = 10'000;
constexpr int kThreads = 2;
constexpr char kMinutes[] = "Minutes of the consultation, in two languages.\n";

// A dispute whose minutes are here, and a case: both of one pair of ledgers, as Kazakhstan
// exports them.
struct Dossiers {
  MemoryFolder dispute;
  MemoryFolder of_case;
  MemoryFolder proofs_only;
};

Dossiers Export() {
  const std::filesystem::path directory =
      std::filesystem::temp_directory_path() / absl::StrCat("kelisim_dossier_", getpid());
  std::filesystem::remove_all(directory);
  const auto attachments =
      *ledger::Attachments::Open(directory.string(), std::string(Hash::kSize, 'k'), SystemRandom());
  const auto writer = *attachments->Write(sizeof(kMinutes) - 1);
  EXPECT_TRUE(writer->Append(kMinutes).ok());
  const Hash minutes = *writer->Finish();
  const std::string by_hash = absl::StrCat("minutes_sha256: '", absl::CHexEscape(Absl(minutes.bytes())), "'");
  const std::string of_dispute = absl::StrReplaceAll(
      StoryText("dispute_to_the_diplomatic_channel"),
      {{"KZ dispute consult duty ->", absl::StrCat("KZ dispute consult duty with ", by_hash, " ->")},
       {"RU dispute state_not_settled duty ->",
        absl::StrCat("RU dispute state_not_settled duty with ", by_hash, " ->")}});
  const std::string story = absl::StrCat(StoryText("a_case_completed_to_russia"), "\n", of_dispute);
  Dossiers made;
  const std::string problem = RunStory(story, 1, [&](const Node& node, absl::Time now) -> std::string {
    if (node.party() != v1::PARTY_KZ) return "";
    const Source source{node.identity, *node.reader, attachments.get()};
    for (const std::string& name : NamesOfAll(*node.reader)) {
      const bool dispute = absl::StartsWith(name, "disputes/");
      absl::StatusOr<MemoryFolder> folder = ExportToMemory(source, name, v1::CONTENT, now);
      if (!folder.ok()) return folder.status().ToString();
      (dispute ? made.dispute : made.of_case) = *std::move(folder);
      if (dispute) made.proofs_only = ExportToMemory(source, name, v1::PROOFS_ONLY, now).value();
    }
    return "";
  });
  EXPECT_EQ(problem, "");
  std::filesystem::remove_all(directory);
  return made;
}

class DossierTest : public ::testing::Test {
 protected:
  static void SetUpTestSuite() { made_ = new Dossiers(Export()); }
  static void TearDownTestSuite() { delete made_; }
  static Dossiers* made_;
};
Dossiers* DossierTest::made_ = nullptr;

std::string Describe(const Report& report) {
  std::string text = absl::StrCat("verdict ", static_cast<int>(report.verdict));
  for (const Finding& finding : report.findings)
    absl::StrAppend(&text, "\n  ", finding.where, ": ", finding.problem_key, " ", finding.detail, " ",
                    finding.broken.rule());
  return text;
}

// What a changed file may be found to be, by what it is.
std::set<Verdict> Expected(const std::string& path) {
  const auto is = [&](const char* suffix) { return absl::EndsWith(path, suffix); };
  using enum Verdict;
  if (path == kManifestFile) return {kBadSignature, kUnreadable};
  // Another key in it fits no signature any more; a word of it, no form.
  if (is(".policy")) return {kBadSignature, kMissingCosigner, kUnreadable};
  if (is("/checkpoint") || is(kCheckpointSuffix)) {
    return {kBadSignature, kBadProof, kMissingCosigner, kEquivocation, kUnreadable};
  }
  if (is(kProofSuffix)) return {kBadSignature, kBadProof, kMissingCosigner, kUnreadable};
  if (absl::StrContains(path, "/tile/entries/")) return {kBadProof, kUnreadable};
  if (absl::StrContains(path, "/tile/") || is(kEntrySuffix)) return {kBadProof};
  if (is(kPayloadSuffix) || is(kOpeningSuffix)) return {kBadProof};
  if (is(kConsistencySuffix)) return {kBadProof, kUnreadable};
  if (absl::StartsWith(path, kAttachments)) return {kBadProof};
  // What proves nothing: the exporter's signature alone stands for it.
  return {kBadSignature};
}

void ExpectFound(const MemoryFolder& folder, const std::string& path, const std::string& what) {
  const Report report = Verify(folder, {});
  EXPECT_NE(report.verdict, Verdict::kValid) << what << " of " << path << " was not noticed";
  EXPECT_THAT(Expected(path), Contains(report.verdict)) << what << " of " << path << ": " << Describe(report);
}

TEST_F(DossierTest, HoldsWhatItPromises) {
  const Report report = Verify(made_->dispute, {});
  EXPECT_EQ(report.verdict, Verdict::kValid) << Describe(report);
  EXPECT_GE(report.acts_judged, 12u);
  const auto& files = made_->dispute.files;
  const std::string document =
      absl::StrCat(kAttachments, "/", ToHex(Sha256(std::string_view(kMinutes)).bytes()));
  for (const std::string& path :
       {std::string("README.txt"), std::string("kz.policy"), std::string("ru.policy"),
        std::string("kz/checkpoint"), std::string("ru/checkpoint"), std::string("rules.json"),
        std::string("timeline.kk.html"), std::string("timeline.ru.html"), std::string("timeline.en.html"),
        std::string(kManifestFile), document}) {
    EXPECT_EQ(files.count(path), 1u) << path;
  }
  EXPECT_EQ(files.at(document), kMinutes);
  EXPECT_EQ(Verify(made_->of_case, {}).verdict, Verdict::kValid) << Describe(Verify(made_->of_case, {}));
}

// Only what belongs to the matter, and to all of them, is disclosed.
TEST_F(DossierTest, DisclosesThisMatterAlone) {
  for (const auto& [path, content] : made_->dispute.files) {
    const bool text = !absl::StrContains(path, "/tile/");
    EXPECT_FALSE(text && absl::StrContains(content, "PETITION")) << path;
  }
  std::set<std::string> of_case;
  for (const auto& [path, content] : made_->of_case.files) {
    if (absl::StartsWith(path, absl::StrCat(kActs, "/"))) of_case.insert(path);
  }
  for (const auto& [path, content] : made_->dispute.files) {
    EXPECT_EQ(of_case.count(path), 0u) << path << " is of the case";
  }
}

TEST_F(DossierTest, WithoutContentItStillProves) {
  const Report report = Verify(made_->proofs_only, {});
  EXPECT_EQ(report.verdict, Verdict::kValid) << Describe(report);
  EXPECT_EQ(report.acts_judged, 0u);
  EXPECT_FALSE(report.not_judged.empty());
  for (const auto& [path, content] : made_->proofs_only.files) {
    EXPECT_FALSE(absl::EndsWith(path, kPayloadSuffix) || absl::EndsWith(path, kOpeningSuffix) ||
                 absl::StartsWith(path, kAttachments))
        << path;
  }
}

TEST_F(DossierTest, EveryFileFlipped) {
  for (const MemoryFolder* original : {&made_->dispute, &made_->of_case, &made_->proofs_only}) {
    for (const auto& [path, content] : original->files) {
      for (const size_t at : {size_t{0}, content.size() / 2, content.size() - 1}) {
        MemoryFolder folder = *original;
        folder.files[path][at] = static_cast<char>(folder.files[path][at] ^ 1);
        ExpectFound(folder, path, absl::StrCat("a bit at ", at));
      }
    }
  }
}

TEST_F(DossierTest, EveryFileCutOrLengthened) {
  for (const auto& [path, content] : made_->dispute.files) {
    for (const std::string& changed :
         {content.substr(0, content.size() - 1), content.substr(0, content.size() / 2), std::string(),
          content + "\n", content + content}) {
      MemoryFolder folder = made_->dispute;
      folder.files[path] = changed;
      const Report report = Verify(folder, {});
      EXPECT_NE(report.verdict, Verdict::kValid) << path << " with " << changed.size() << " bytes";
      // A file that is cut may also be no file of its kind any more.
      std::set<Verdict> expected = Expected(path);
      expected.insert(Verdict::kUnreadable);
      EXPECT_THAT(expected, Contains(report.verdict)) << path << ": " << Describe(report);
    }
  }
}

TEST_F(DossierTest, EveryFileRemoved) {
  for (const MemoryFolder* original : {&made_->dispute, &made_->of_case, &made_->proofs_only}) {
    for (const auto& [path, content] : original->files) {
      MemoryFolder folder = *original;
      folder.files.erase(path);
      const Report report = Verify(folder, {});
      EXPECT_EQ(report.verdict, Verdict::kUnreadable) << path << ": " << Describe(report);
    }
  }
}

TEST_F(DossierTest, EveryFileSwappedWithTheOtherDossiers) {
  int swapped = 0;
  for (const auto& [path, content] : made_->dispute.files) {
    const auto other = made_->of_case.files.find(path);
    if (other == made_->of_case.files.end() || other->second == content) continue;
    ++swapped;
    MemoryFolder folder = made_->dispute;
    folder.files[path] = other->second;
    const Report report = Verify(folder, {});
    EXPECT_NE(report.verdict, Verdict::kValid) << path;
  }
  EXPECT_GE(swapped, 4);  // the pages and the manifest
}

// Also of the same dossier, among files of one kind.
TEST_F(DossierTest, EveryFileSwappedWithTheNextOfItsKind) {
  std::map<std::string, std::vector<std::string>> kinds;
  for (const auto& [path, content] : made_->dispute.files) {
    kinds[path.substr(path.find_last_of("./"))].push_back(path);
  }
  for (const auto& [kind, paths] : kinds) {
    for (size_t i = 1; i < paths.size(); ++i) {
      MemoryFolder folder = made_->dispute;
      if (folder.files[paths[i]] == folder.files[paths[i - 1]]) continue;
      std::swap(folder.files[paths[i]], folder.files[paths[i - 1]]);
      EXPECT_NE(Verify(folder, {}).verdict, Verdict::kValid) << paths[i] << " and " << paths[i - 1];
    }
  }
}

TEST_F(DossierTest, WhatDoesNotBelongIsFound) {
  for (const char* path : {"acts/kz-999999.entry", "extra.txt", "kz/tile/0/001", "evidence/9"}) {
    MemoryFolder folder = made_->dispute;
    folder.files[path] = "x";
    EXPECT_EQ(Verify(folder, {}).verdict, Verdict::kUnreadable) << path;
  }
  // The place for a third party's receipt.
  MemoryFolder folder = made_->dispute;
  folder.files["time/kz.tsr"] = "a receipt";
  const Report report = Verify(folder, {});
  EXPECT_EQ(report.verdict, Verdict::kValid) << Describe(report);
  EXPECT_THAT(report.not_judged, Contains(AllOf(Field(&NotJudged::where, "time/kz.tsr"),
                                                Field(&NotJudged::why, "not_judged.third_party"))));
  EXPECT_EQ(Verify(MemoryFolder(), {}).verdict, Verdict::kUnreadable);
}

TEST_F(DossierTest, RandomBytes) {
  std::cout << "seed " << kSeed << "\n";
  std::vector<std::string> paths;
  for (const auto& [path, content] : made_->dispute.files) paths.push_back(path);
  std::map<Verdict, int> verdicts;
  std::vector<std::string> unnoticed;
  std::mutex mutex;
  const auto mutate = [&](uint64_t seed) {
    SeededRandom random(seed);
    MemoryFolder folder = made_->dispute;
    for (int i = 0; i < kRandomMutations / kThreads; ++i) {
      const std::string& path = paths[random.Below(paths.size())];
      std::string& content = folder.files[path];
      const size_t at = random.Below(content.size());
      const auto change = static_cast<char>(1 + random.Below(255));
      content[at] = static_cast<char>(content[at] ^ change);
      const Verdict verdict = Verify(folder, {}).verdict;
      content[at] = static_cast<char>(content[at] ^ change);
      const std::lock_guard lock(mutex);
      ++verdicts[verdict];
      if (verdict == Verdict::kValid) unnoticed.push_back(absl::StrCat("byte ", at, " of ", path));
    }
  };
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) threads.emplace_back(mutate, kSeed + static_cast<uint64_t>(i));
  for (std::thread& thread : threads) thread.join();
  EXPECT_THAT(unnoticed, IsEmpty());
  for (const auto& [verdict, count] : verdicts)
    std::cout << "exit " << static_cast<int>(verdict) << ": " << count << "\n";
}

// ---------------------------------------------------------------- by the exporter

// Kazakhstan signs for what the files are now.
void SignAgain(
    MemoryFolder& folder, const std::function<void(v1::Manifest&)>& change = [](v1::Manifest&) {}) {
  kelisim::testing::SignAgain(folder, TestIdentity(v1::PARTY_KZ).log, change);
}

TEST_F(DossierTest, SignedAgainAsItIsItIsValid) {
  MemoryFolder folder = made_->dispute;
  SignAgain(folder);
  EXPECT_EQ(Verify(folder, {}).verdict, Verdict::kValid) << Describe(Verify(folder, {}));
}

TEST_F(DossierTest, ACosignerLeftOut) {
  for (const char* ledger : {"kz", "ru"}) {
    for (const int line : {1, 2}) {
      MemoryFolder folder = made_->dispute;
      std::string& checkpoint = folder.files.at(absl::StrCat(ledger, "/checkpoint"));
      tlog::Note note = *tlog::Note::Parse(checkpoint);
      ASSERT_EQ(note.signatures.size(), 3u);
      note.signatures.erase(note.signatures.begin() + line);
      checkpoint = note.ToString();
      SignAgain(folder);
      const Report report = Verify(folder, {});
      EXPECT_EQ(report.verdict, Verdict::kMissingCosigner) << Describe(report);
      EXPECT_EQ(report.findings.front().where, absl::StrCat(ledger, "/checkpoint"));
    }
  }
}

TEST_F(DossierTest, AnOlderCheckpointThatContradicts) {
  const authority::Identity kz = TestIdentity(v1::PARTY_KZ);
  const std::string text =
      tlog::Checkpoint{kz.log.verifier().name(), 3, Sha256(std::string_view("another history"))}.Text();
  for (const char* path : {"history/kz-3.checkpoint", "evidence/1.checkpoint"}) {
    MemoryFolder folder = made_->dispute;
    folder.files[path] = absl::StrCat(text, "\n", kz.log.SignNote(text));
    SignAgain(folder);
    const Report report = Verify(folder, {});
    EXPECT_EQ(report.verdict, Verdict::kEquivocation) << Describe(report);
  }
}

// Behind the end of the ledgers in the dossier: two notes and the way between them.
TEST_F(DossierTest, AProofOfTwoHistoriesStandsForItself) {
  const authority::Identity kz = TestIdentity(v1::PARTY_KZ);
  const auto history = [](const char* name, int size) {
    auto made = std::make_unique<tlog::Branch>(
        *tlog::Branch::Of(0, [](tlog::Node) { return absl::NotFoundError("no trunk"); }));
    for (int i = 0; i < size; ++i) made->Append(tlog::LeafHash(absl::StrCat(name, i)));
    return made;
  };
  const auto signed_by_kz = [&](const tlog::Branch& of) {
    const std::string text = tlog::Checkpoint{kz.log.verifier().name(), of.size(), of.Root()}.Text();
    return absl::StrCat(text, "\n", kz.log.SignNote(text));
  };
  const auto one = history("one", 5000);
  const auto other = history("other", 5003);
  const tlog::Equivocation proven =
      *tlog::ProveEquivocation(signed_by_kz(*one), signed_by_kz(*other), kz.log.verifier(), other->Nodes());
  v1::Equivocation evidence = authority::EvidenceOf(v1::PARTY_KZ, proven);
  const auto verdict = [&] {
    MemoryFolder folder = made_->dispute;
    for (const auto& [name, content] : EvidenceFiles(evidence)) folder.files["evidence/" + name] = content;
    SignAgain(folder);
    return Verify(folder, {}).verdict;
  };
  // The same files alone, as `kelisim node evidence` writes them.
  const KnownPolicies policies{made_->dispute.files.at("kz.policy"), made_->dispute.files.at("ru.policy")};
  const auto alone = [&](const KnownPolicies& known) {
    MemoryFolder folder;
    for (const auto& [name, content] : EvidenceFiles(evidence)) folder.files[name] = content;
    return Verify(folder, known).verdict;
  };
  EXPECT_EQ(verdict(), Verdict::kEquivocation);
  EXPECT_EQ(alone(policies), Verdict::kEquivocation);
  EXPECT_EQ(alone({policies.kz, ""}), Verdict::kEquivocation);
  EXPECT_EQ(alone({}), Verdict::kUnreadable) << "whose key it is nobody says";
  EXPECT_NE(alone({"", policies.ru}), Verdict::kEquivocation) << "not a key of that Party";
  evidence.mutable_proof()->RemoveLast();
  EXPECT_EQ(verdict(), Verdict::kBadProof);
  EXPECT_EQ(alone(policies), Verdict::kBadProof);
  // Without a proof two notes say nothing of ledgers that end before them.
  evidence.clear_prefix_root();
  EXPECT_EQ(verdict(), Verdict::kValid);
  EXPECT_EQ(alone(policies), Verdict::kUnreadable);
}

// A protocol that nobody has signed: no act was made under it.
TEST_F(DossierTest, AnActThatBreaksARule) {
  MemoryFolder folder = made_->dispute;
  SignAgain(folder,
            [](v1::Manifest& manifest) { manifest.mutable_initial_protocol()->set_version("other"); });
  const Report report = Verify(folder, {});
  EXPECT_EQ(report.verdict, Verdict::kUnlawful) << Describe(report);
  EXPECT_EQ(report.findings.front().broken.rule(), "13.2") << Describe(report);
  // A term of twelve months was printed where two were agreed.
  MemoryFolder of_case = made_->of_case;
  SignAgain(of_case, [](v1::Manifest& manifest) {
    manifest.mutable_initial_protocol()->set_status_validity_months(2);
  });
  EXPECT_EQ(Verify(of_case, {}).verdict, Verdict::kUnlawful) << Describe(Verify(of_case, {}));
}

// An act that is left out leaves a gap in the chain.
TEST_F(DossierTest, AnActLeftOut) {
  std::set<std::string> stems;
  for (const auto& [path, content] : made_->dispute.files) {
    if (absl::StartsWith(path, absl::StrCat(kActs, "/"))) stems.insert(path.substr(0, path.find('.')));
  }
  ASSERT_GE(stems.size(), 12u);
  int found = 0;
  for (const std::string& stem : stems) {
    MemoryFolder folder = made_->dispute;
    for (const char* suffix : {kEntrySuffix, kProofSuffix, kPayloadSuffix, kOpeningSuffix})
      folder.files.erase(stem + suffix);
    SignAgain(folder);
    found += Verify(folder, {}).verdict == Verdict::kUnlawful ? 1 : 0;
  }
  // Nothing follows the last act: only the other Party's dossier can show that it is missing.
  EXPECT_GE(found, static_cast<int>(stems.size()) - 3);
}

TEST_F(DossierTest, PoliciesObtainedElsewhereDecide) {
  KnownPolicies known{made_->dispute.files.at("kz.policy"), made_->dispute.files.at("ru.policy")};
  EXPECT_EQ(Verify(made_->dispute, known).verdict, Verdict::kValid);
  // Said to be what it is, and not that every signature is forged.
  std::swap(known.kz, known.ru);
  const Report swapped = Verify(made_->dispute, known);
  EXPECT_EQ(swapped.verdict, Verdict::kBadSignature);
  ASSERT_EQ(swapped.findings.size(), 2u) << Describe(swapped);
  for (const Finding& finding : swapped.findings) EXPECT_EQ(finding.problem_key, "flaw.other_log");
}

std::vector<std::string> NotJudgedBecauseOf(const Report& report, const std::string& why) {
  std::vector<std::string> places;
  for (const NotJudged& one : report.not_judged) {
    if (one.why == why) places.push_back(one.where);
  }
  return places;
}

// A document that an act names is missing: the dossier is whole, and says so.
TEST_F(DossierTest, NamesTheDocumentsThatAreMissing) {
  // The story's annex is nowhere.
  const std::string annex = absl::StrCat(kAttachments, "/", ToHex(std::string(Hash::kSize, 'a')));
  EXPECT_THAT(NotJudgedBecauseOf(Verify(made_->dispute, {}), "not_judged.document"),
              ::testing::ElementsAre(annex));
  const std::string document =
      absl::StrCat(kAttachments, "/", ToHex(Sha256(std::string_view(kMinutes)).bytes()));
  MemoryFolder folder = made_->dispute;
  ASSERT_EQ(folder.files.erase(document), 1u);
  SignAgain(folder);
  const Report report = Verify(folder, {});
  EXPECT_EQ(report.verdict, Verdict::kValid) << Describe(report);
  EXPECT_THAT(NotJudgedBecauseOf(report, "not_judged.document"),
              ::testing::UnorderedElementsAre(annex, document));
}

TEST_F(DossierTest, SaysThatTheLawWasNotJudged) {
  EXPECT_THAT(NotJudgedBecauseOf(Verify(made_->dispute, {}), "not_judged.findings"), ::testing::IsEmpty());
  MemoryFolder folder = made_->dispute;
  folder.files[".DS_Store"] = "stray";
  const Report report = Verify(folder, {});
  EXPECT_EQ(report.verdict, Verdict::kUnreadable);
  EXPECT_THAT(NotJudgedBecauseOf(report, "not_judged.findings"), ::testing::ElementsAre(""));
}

// ---------------------------------------------------------------- the page

TEST_F(DossierTest, PagesAskForNothingFromElsewhere) {
  for (const char* lang : {"kk", "ru", "en"}) {
    const std::string& page = made_->dispute.files.at(PageFile(lang));
    for (const char* word : {"http://", "https://", "src=", "<script", "@import", "url("}) {
      EXPECT_FALSE(absl::StrContains(page, word)) << lang << ": " << word;
    }
    EXPECT_TRUE(absl::StrContains(page, absl::StrCat("<html lang=\"", lang, "\">")));
  }
}

}  // namespace
}  // namespace kelisim::dossier
