// What proofs and audits cost as a ledger grows: a real store on disk, with real acts, at
// 10^3 to 10^6 entries. The last line of the output is one JSON object.
//
//   bench_proofs [--entries 1000000]

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "shared/authority/audit.h"
#include "shared/authority/books.h"
#include "shared/authority/reader.h"
#include "shared/base/bytes.h"
#include "shared/crypto/seal.h"
#include "shared/ledger/rocks_store.h"
#include "shared/testing/officer.h"
#include "shared/testing/parties.h"

namespace kelisim::testing {
namespace {

using Clock = std::chrono::steady_clock;
constexpr uint64_t kActsPerTurn = 256;
constexpr int kSamples = 2000;

double MicrosSince(Clock::time_point began) {
  return std::chrono::duration<double, std::micro>(Clock::now() - began).count();
}

void Require(const absl::Status& status, const char* what) {
  if (status.ok()) return;
  std::cerr << what << ": " << status << "\n";
  std::exit(1);
}

struct Cost {
  double p50 = 0;
  double p99 = 0;
};

// Microseconds of `work(i)`, which gives a StatusOr.
template <typename Work>
Cost Measure(Work work) {
  std::vector<double> micros;
  for (int i = 0; i < kSamples; ++i) {
    const auto began = Clock::now();
    Require(work().status(), "proof");
    micros.push_back(MicrosSince(began));
  }
  std::sort(micros.begin(), micros.end());
  return {micros[kSamples / 2], micros[kSamples * 99 / 100]};
}

class Bench {
 public:
  explicit Bench(std::filesystem::path directory)
      : directory_(std::move(directory)),
        kz_(TestIdentity(v1::PARTY_KZ)),
        ru_(TestIdentity(v1::PARTY_RU)),
        vault_(TestMasterKey(v1::PARTY_KZ), SystemRandom()) {
    std::filesystem::remove_all(directory_);
    std::filesystem::create_directories(directory_);
    auto store = ledger::OpenRocksStore({(directory_ / "store").string(), nullptr});
    Require(store.status(), "store");
    store_ = *std::move(store);
    auto books = authority::Books::Open(kz_, *store_, vault_, SystemRandom());
    Require(books.status(), "books");
    books_ = *std::move(books);
    reader_ = std::make_unique<authority::Reader>(kz_, *store_, vault_);
  }
  ~Bench() { std::filesystem::remove_all(directory_); }

  // Petitions of as many cases, recorded as officers' commands are.
  void GrowTo(uint64_t size) {
    while (books_->own().size() < size) {
      v1::Act act;
      act.set_subject_id(ToHex(U64(books_->own().size())));
      act.set_happened_on("2026-03-02");
      act.set_effective_on("2026-03-02");
      act.set_protocol_version(kz_.protocol.version());
      act.set_body(kz_.body);
      v1::Petition& petition = *act.mutable_case_act()->mutable_petition_filed();
      petition = PetitionOf(v1::PARTY_KZ, static_cast<int>(books_->own().size() % kPeople), {}, "2026-03-02");
      // Nobody is twice in a register.
      for (v1::Identifier& identifier : *petition.mutable_head()->mutable_identifiers()) {
        identifier.set_number(absl::StrCat(books_->own().size()));
      }
      Require(books_->AppendAct(act, /*addressed=*/false, now_), "append");
      if (books_->own().size() % kActsPerTurn == 0 || books_->own().size() == size) Commit();
    }
    const std::string note = *books_->CheckpointAt(size);
    const std::string text = tlog::Note::Parse(note)->text;
    Require(books_->SetCosigned(size,
                                absl::StrCat(note, ru_.witness.Cosign(text, 1), ru_.mirror.Cosign(text, 1))),
            "cosign");
    Commit();
  }

  // One line, and a JSON object of it.
  std::string Report() {
    const uint64_t size = books_->own().size();
    SeededRandom random(size);
    const std::string checkpoint = *reader_->CosignedCheckpoint(v1::PARTY_KZ, now_);
    const ledger::LogRows<ledger::Store> rows(ledger::Side::kOwn, *store_);
    const Cost inclusion =
        Measure([&] { return tlog::InclusionProof(random.Below(size), size, rows.Nodes()); });
    const Cost consistency =
        Measure([&] { return reader_->Consistency(v1::PARTY_KZ, 1 + random.Below(size), size); });
    const Cost receipt =
        Measure([&] { return reader_->ProofIn(v1::PARTY_KZ, random.Below(size), checkpoint); });
    size_t bytes = 0;
    for (int i = 0; i < 100; ++i) {
      bytes = std::max(bytes, reader_->ProofIn(v1::PARTY_KZ, random.Below(size), checkpoint)->size());
    }
    std::cout << absl::StrFormat(
        "%8d entries: inclusion p50 %.0f p99 %.0f us, consistency p50 %.0f p99 %.0f us, receipt (verified) "
        "p50 "
        "%.0f p99 %.0f us, %d bytes\n",
        size, inclusion.p50, inclusion.p99, consistency.p50, consistency.p99, receipt.p50, receipt.p99,
        bytes);
    return absl::StrFormat(
        "{\"entries\":%d,\"inclusion_p50_us\":%.0f,\"inclusion_p99_us\":%.0f,\"consistency_p50_us\":%.0f,"
        "\"consistency_p99_us\":%.0f,\"receipt_p50_us\":%.0f,\"receipt_p99_us\":%.0f,\"receipt_bytes\":%d}",
        size, inclusion.p50, inclusion.p99, consistency.p50, consistency.p99, receipt.p50, receipt.p99,
        bytes);
  }

  // Entries per second of an audit of everything, on a copy.
  double Audit() {
    const std::string copy = (directory_ / "copy").string();
    Require(ledger::BackUp(*store_, copy), "backup");
    auto opened = ledger::OpenRocksStore({copy, nullptr});
    Require(opened.status(), "copy");
    const auto began = Clock::now();
    uint64_t findings = 0;
    Require(authority::Audit(kz_, **opened, vault_, nullptr,
                             [&](const v1::AuditProgress& progress) {
                               if (progress.has_finding() && ++findings < 5)
                                 std::cerr << progress.finding().ShortDebugString() << "\n";
                               return true;
                             }),
            "audit");
    if (findings > 0) std::exit(1);
    return static_cast<double>(books_->own().size()) / (MicrosSince(began) / 1e6);
  }

 private:
  void Commit() {
    Require(books_->Checkpoint(), "checkpoint");
    Require(store_->Commit(books_->rows().Take()), "commit");
  }

  const std::filesystem::path directory_;
  const absl::Time now_ = absl::FromUnixSeconds(1'772'445'600);  // 2026-03-02, 10:00Z
  authority::Identity kz_;
  authority::Identity ru_;
  ledger::Vault vault_;
  std::unique_ptr<ledger::Store> store_;
  std::unique_ptr<authority::Books> books_;
  std::unique_ptr<authority::Reader> reader_;
};

int Run(uint64_t entries) {
  Bench bench(std::filesystem::temp_directory_path() / absl::StrCat("kelisim_bench_proofs.", getpid()));
  std::string sizes;
  for (uint64_t size = 1000; size <= entries; size *= 10) {
    bench.GrowTo(size);
    absl::StrAppend(&sizes, sizes.empty() ? "" : ",", bench.Report());
  }
  const double rate = bench.Audit();
  std::cout << absl::StrFormat("full audit of the largest: %.0f entries/s\n", rate);
  std::cout << absl::StrFormat("{\"sizes\":[%s],\"audit_entries_per_s\":%.0f}\n", sizes, rate);
  return 0;
}

}  // namespace
}  // namespace kelisim::testing

int main(int argc, char** argv) {
  uint64_t entries = 1'000'000;
  if (argc != 1 &&
      (argc != 3 || std::string(argv[1]) != "--entries" || !absl::SimpleAtoi(argv[2], &entries))) {
    std::cerr << "usage: bench_proofs [--entries N]\n";
    return 2;
  }
  return kelisim::testing::Run(entries);
}
