// Writes a ledger of any size as tiles, as a node would publish it, and beside it the
// evidence of a second history: for verifiers that are not ours.
//
//   make_ledger SIZE DIRECTORY      prints the log's public key

#include <filesystem>
#include <fstream>
#include <iostream>
#include <string>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "shared/authority/evidence.h"
#include "shared/base/bytes.h"
#include "shared/dossier/layout.h"
#include "shared/ledger/log.h"
#include "shared/ledger/memory_store.h"
#include "shared/testing/parties.h"
#include "shared/tlog/equivocation.h"
#include "shared/tlog/tiles.h"

namespace kelisim::testing {
namespace {

namespace fs = std::filesystem;
using Rows = ledger::LogRows<ledger::Overlay>;

bool Write(const fs::path& path, const std::string& content) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  return static_cast<bool>(file << content);
}

// As long as entries are, and each another.
std::string EntryNumber(uint64_t index, std::string_view history) {
  return absl::StrCat(Absl(Sha256({history, U64(index)}).bytes()), U64(index), std::string(70, 'e'));
}

std::string Signed(const tlog::NoteSigner& key, uint64_t size, const Hash& root) {
  const std::string text = tlog::Checkpoint{key.verifier().name(), size, root}.Text();
  return absl::StrCat(text, "\n", key.SignNote(text));
}

int Make(uint64_t size, const fs::path& directory) {
  const authority::Identity identity = TestIdentity(v1::PARTY_KZ);
  ledger::MemoryStore nothing;
  ledger::Overlay rows(nothing);
  ledger::Log log(ledger::Side::kOwn);
  tlog::RightEdge other;
  for (uint64_t index = 0; index < size; ++index) {
    log.Append(rows, EntryNumber(index, "history"), "");
    if (index <= size / 2) other.Append(tlog::LeafHash(EntryNumber(index, "another history")));
  }
  const Rows stored(ledger::Side::kOwn, rows);
  const std::string checkpoint = Signed(identity.log, size, log.root());
  bool written = Write(directory / "checkpoint", checkpoint);
  for (const tlog::Tile& tile : tlog::TilesOf(size)) {
    const auto bytes =
        tlog::ReadTile(tile, stored.Nodes(), [&](uint64_t index) { return stored.Entry(index); });
    written = written && bytes.ok() && Write(directory / tlog::PathOf(tile), *bytes);
  }
  const auto proven = tlog::ProveEquivocation(Signed(identity.log, other.size(), other.Root()), checkpoint,
                                              identity.log.verifier(), stored.Nodes());
  if (!proven.ok() || !written) return 1;
  const v1::Equivocation evidence = authority::EvidenceOf(v1::PARTY_KZ, *proven);
  for (const auto& [name, content] : dossier::EvidenceFiles(evidence)) {
    written = written && Write(directory / "evidence" / name, content);
  }
  std::cout << identity.log.verifier().ToString() << "\n";
  return written ? 0 : 1;
}

}  // namespace
}  // namespace kelisim::testing

int main(int argc, char** argv) {
  uint64_t size = 0;
  if (argc != 3 || !absl::SimpleAtoi(argv[1], &size) || size < 2) {
    std::cerr << "usage: make_ledger SIZE DIRECTORY\n";
    return 2;
  }
  return kelisim::testing::Make(size, argv[2]);
}
