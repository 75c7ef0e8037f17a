#include "shared/ledger/attachments.h"

#include <dlfcn.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cctype>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <functional>
#include <sstream>
#include <vector>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "shared/base/bytes.h"
#include "shared/crypto/seal.h"

// What the disk has free, in place of what it has; negative: what it has.
int64_t free_bytes = -1;
extern "C" int statvfs(const char* path, struct statvfs* facts) noexcept {
  static const auto real =
      reinterpret_cast<int (*)(const char*, struct statvfs*)>(dlsym(RTLD_NEXT, "statvfs"));
  const int result = real(path, facts);
  if (result == 0 && free_bytes >= 0) {
    facts->f_frsize = 1;
    facts->f_bavail = facts->f_bfree = static_cast<fsblkcnt_t>(free_bytes);
  }
  return result;
}

namespace kelisim::ledger {
namespace {

constexpr size_t kChunk = Attachments::kChunk;
const std::string kMasterKey(32, 'k');  // NOLINT: of a test

std::string Document(size_t size) {
  std::string bytes(size, '\0');
  uint32_t state = static_cast<uint32_t>(size) + 1;
  for (char& byte : bytes) byte = static_cast<char>((state = state * 1664525 + 1013904223) >> 24);
  return bytes;
}

std::string Slurp(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return std::move(out).str();
}
void Spill(const std::filesystem::path& path, const std::string& bytes) {
  std::ofstream(path, std::ios::binary | std::ios::trunc) << bytes;
}

class AttachmentsTest : public ::testing::Test {
 protected:
  AttachmentsTest() {
    std::string pattern = ::testing::TempDir() + "/attachments.XXXXXX";
    directory_ = mkdtemp(pattern.data());
    Reopen();
  }
  ~AttachmentsTest() override { std::filesystem::remove_all(directory_); }

  void Reopen() {
    auto opened = Attachments::Open(directory_, kMasterKey, SystemRandom());
    ASSERT_TRUE(opened.ok()) << opened.status();
    attachments_ = *std::move(opened);
  }
  // The rest of `document`, as a writer takes it.
  static absl::Status Feed(Attachments::Writer& writer, const std::string& document, size_t until) {
    while (writer.written() < until) {
      const absl::Status status = writer.Append(std::string_view(document).substr(writer.written(), kChunk));
      if (!status.ok()) return status;
    }
    return absl::OkStatus();
  }
  Hash Put(const std::string& document) {
    auto writer = attachments_->Write(document.size());
    EXPECT_TRUE(Feed(**writer, document, document.size()).ok());
    return *(*writer)->Finish();
  }
  absl::StatusOr<std::string> Get(const Hash& sha256, uint64_t from = 0) {
    auto reader = attachments_->Read(sha256, from);
    if (!reader.ok()) return reader.status();
    std::string document;
    while (true) {
      absl::StatusOr<std::string> chunk = (*reader)->Next();
      if (!chunk.ok()) return chunk.status();
      if (chunk->empty()) return document;
      document += *chunk;
    }
  }
  std::filesystem::path FileOf(const Hash& sha256) { return directory_ + "/" + ToHex(sha256.bytes()); }
  size_t FilesInside() {
    return static_cast<size_t>(std::distance(std::filesystem::directory_iterator(directory_), {}));
  }

  std::string directory_;
  std::unique_ptr<Attachments> attachments_;
};

TEST_F(AttachmentsTest, GivesBackWhatWasPut) {
  for (const size_t size :
       {size_t{1}, size_t{100}, kChunk - 1, kChunk, kChunk + 1, 3 * kChunk, 3 * kChunk + 7}) {
    const std::string document = Document(size);
    const Hash sha256 = Put(document);
    EXPECT_EQ(sha256, Sha256(document));
    EXPECT_EQ(*attachments_->SizeOf(sha256), size);
    EXPECT_EQ(*Get(sha256), document) << size;
    for (uint64_t from = 0; from <= size; from += kChunk)
      EXPECT_EQ(*Get(sha256, from), document.substr(from));
    // The same again is the same.
    EXPECT_EQ(Put(document), sha256);
  }
  EXPECT_EQ(FilesInside(), 7u);
  Reopen();
  EXPECT_EQ(*Get(Sha256(Document(100))), Document(100));
}

TEST_F(AttachmentsTest, KeepsItsLimits) {
  EXPECT_TRUE(absl::IsInvalidArgument(attachments_->Write(0).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(attachments_->Write(Attachments::kLargest + 1).status()));
  EXPECT_TRUE(absl::IsNotFound(attachments_->SizeOf(Sha256("nothing")).status()));
  auto writer = attachments_->Write(kChunk + 1);
  EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Append("short")));
  EXPECT_TRUE(absl::IsFailedPrecondition((*writer)->Finish().status()));
  EXPECT_TRUE((*writer)->Append(Document(kChunk)).ok());
  EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Append("two")));
  EXPECT_TRUE((*writer)->Append("1").ok());
  EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Append("1")));
  const Hash sha256 = *(*writer)->Finish();
  EXPECT_TRUE(absl::IsInvalidArgument(attachments_->Read(sha256, 1).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(attachments_->Read(sha256, 2 * kChunk).status()));
}

// The ledger may lie on the same disk: whoever names documents cannot fill it.
TEST_F(AttachmentsTest, LeavesRoomOnTheDisk) {
  const uint64_t available = std::filesystem::space(directory_).available;
  auto narrow = Attachments::Open(directory_, kMasterKey, SystemRandom(), available + (uint64_t{1} << 40));
  EXPECT_TRUE(absl::IsUnavailable((*narrow)->Write(1).status()));
  EXPECT_TRUE(absl::IsUnavailable((*narrow)->Resume(Sha256("x"), 1).status()));
  EXPECT_EQ(FilesInside(), 0u);
}

// Two that begin together, each with room for itself alone.
TEST_F(AttachmentsTest, LeavesRoomOnTheDiskWhileTheyAreWritten) {
  const std::string document = Document(3 * kChunk);
  const auto has_free_for = [](size_t bytes) {
    free_bytes = static_cast<int64_t>(Attachments::kKeptFree + bytes);
  };
  has_free_for(3 * kChunk);
  auto one = attachments_->Write(document.size());
  auto other = attachments_->Write(document.size());
  ASSERT_TRUE(one.ok() && other.ok());
  EXPECT_TRUE(Feed(**one, document, kChunk).ok());
  has_free_for(2 * kChunk);
  EXPECT_TRUE(Feed(**one, document, 2 * kChunk).ok());
  has_free_for(kChunk);
  EXPECT_TRUE(absl::IsUnavailable((*other)->Append(document.substr(0, kChunk))));
  EXPECT_TRUE(Feed(**one, document, 3 * kChunk).ok());
  free_bytes = -1;
  EXPECT_TRUE((*one)->Finish().ok());
}

// What broke off goes on where it was: only the rest needs room.
TEST_F(AttachmentsTest, TheRestOfADocumentNeedsRoomForTheRest) {
  const std::string document = Document(3 * kChunk);
  const Hash sha256 = Sha256(document);
  free_bytes = static_cast<int64_t>(Attachments::kKeptFree + 3 * kChunk);
  {
    auto begun = attachments_->Resume(sha256, document.size());
    ASSERT_TRUE(begun.ok());
    ASSERT_TRUE(Feed(**begun, document, 2 * kChunk).ok());
  }
  free_bytes = static_cast<int64_t>(Attachments::kKeptFree + kChunk);
  auto resumed = attachments_->Resume(sha256, document.size());
  ASSERT_TRUE(resumed.ok()) << resumed.status();
  EXPECT_TRUE(Feed(**resumed, document, 3 * kChunk).ok());
  free_bytes = -1;
  EXPECT_EQ(*(*resumed)->Finish(), sha256);
}

// Sealed: the words are not in the file.
TEST_F(AttachmentsTest, IsSealedAtRest) {
  const Hash sha256 = Put("decision on the flat");
  EXPECT_EQ(Slurp(FileOf(sha256)).find("flat"), std::string::npos);
  auto other = Attachments::Open(directory_, std::string(32, 'x'), SystemRandom());
  auto reader = (*other)->Read(sha256);
  EXPECT_TRUE(absl::IsDataLoss((*reader)->Next().status()));
}

// The numbers beside the limits.
TEST_F(AttachmentsTest, TakesFromOneByteToOneGibibyte) {
  auto roomy = Attachments::Open(directory_, kMasterKey, SystemRandom(), /*kept_free=*/0);
  for (const uint64_t none : {uint64_t{0}, Attachments::kLargest + 1, UINT64_MAX / 2, UINT64_MAX}) {
    EXPECT_TRUE(absl::IsInvalidArgument((*roomy)->Write(none).status())) << none;
    EXPECT_TRUE(absl::IsInvalidArgument((*roomy)->Resume(Sha256("x"), none).status())) << none;
  }
  EXPECT_EQ(FilesInside(), 0u);
  for (const uint64_t size : {uint64_t{1}, uint64_t{2}, Attachments::kLargest - 1, Attachments::kLargest}) {
    // Whether there is room is the disk's.
    EXPECT_FALSE(absl::IsInvalidArgument((*roomy)->Write(size).status())) << size;
    EXPECT_FALSE(absl::IsInvalidArgument((*roomy)->Resume(Sha256("x"), size).status())) << size;
  }
}

// Whatever byte changes, wherever it is cut: never other words, and nothing but DATA_LOSS.
TEST_F(AttachmentsTest, NoticesEveryDamage) {
  const Hash sha256 = Put(Document(2 * kChunk + 10));
  const std::string whole = Slurp(FileOf(sha256));
  for (size_t at = 0; at < whole.size(); at += at < 80 ? 1 : 4099) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 1);
    Spill(FileOf(sha256), flipped);
    EXPECT_TRUE(absl::IsDataLoss(Get(sha256).status())) << at;
    Spill(FileOf(sha256), whole.substr(0, at));
    EXPECT_TRUE(absl::IsDataLoss(Get(sha256).status())) << at;
  }
  Spill(FileOf(sha256), whole + "x");
  EXPECT_TRUE(absl::IsDataLoss(Get(sha256).status()));
  // Two chunks that changed places.
  const size_t header = whole.size() - (2 * (kChunk + 28) + 38);
  const size_t sealed = kChunk + 28;
  Spill(FileOf(sha256), whole.substr(0, header) + whole.substr(header + sealed, sealed) +
                            whole.substr(header, sealed) + whole.substr(header + 2 * sealed));
  EXPECT_TRUE(absl::IsDataLoss(Get(sha256).status()));
  Spill(FileOf(sha256), whole);
  EXPECT_TRUE(Get(sha256).ok());
}

// Each bit of each byte, each length, and sizes that the header does not state alone.
TEST_F(AttachmentsTest, NoticesEveryDamageOfASmallOne) {
  const std::string document = Document(10);
  const Hash sha256 = Put(document);
  const std::string whole = Slurp(FileOf(sha256));
  const auto expect_damaged = [&](const std::string& bytes, const std::string& what) {
    Spill(FileOf(sha256), bytes);
    EXPECT_TRUE(absl::IsDataLoss(Get(sha256).status())) << what;
  };
  for (size_t at = 0; at < whole.size(); ++at) {
    for (int bit = 0; bit < 8; ++bit) {
      std::string flipped = whole;
      flipped[at] = static_cast<char>(flipped[at] ^ (1 << bit));
      expect_damaged(flipped, "bit of byte " + std::to_string(at));
    }
    expect_damaged(whole.substr(0, at), "cut at " + std::to_string(at));
    expect_damaged(whole + whole.substr(at), "repeated from " + std::to_string(at));
  }
  // Another size, and as many bytes as it asks for.
  const size_t place = whole.size() - 38 - sizeof(uint64_t);
  for (const uint64_t size : {1, 9, 11, 100}) {
    std::string other = whole;
    other.replace(place, sizeof(uint64_t), U64(size));
    other.resize(whole.size() - 10 + size, 'x');
    expect_damaged(other, "size " + std::to_string(size));
  }
  Spill(FileOf(sha256), whole);
  EXPECT_EQ(*Get(sha256), document);
}

// Another document is whole in itself: what is read is compared with the name, too.
TEST_F(AttachmentsTest, NeverGivesAnotherDocument) {
  for (const size_t size : {size_t{10}, kChunk, 2 * kChunk, 2 * kChunk + 10}) {
    const Hash wanted = Put(Document(size));
    for (const size_t other : {size_t{1}, size, kChunk + 1}) {
      std::string document = Document(other);
      document[0] = static_cast<char>(document[0] ^ 1);
      std::filesystem::copy_file(FileOf(Put(document)), FileOf(wanted),
                                 std::filesystem::copy_options::overwrite_existing);
      auto reader = attachments_->Read(wanted);
      ASSERT_TRUE(reader.ok()) << reader.status();
      std::string got;
      absl::StatusOr<std::string> chunk = (*reader)->Next();
      for (; chunk.ok() && !chunk->empty(); chunk = (*reader)->Next()) got += *chunk;
      EXPECT_TRUE(absl::IsDataLoss(chunk.status())) << size << ", " << other;
      EXPECT_LT(got.size(), document.size());
      // As often as it is asked.
      EXPECT_TRUE(absl::IsDataLoss((*reader)->Next().status()));
    }
  }
}

// What changes under a reader.
TEST_F(AttachmentsTest, NoticesDamageBetweenTwoChunks) {
  const std::string document = Document(3 * kChunk);
  for (const auto& damage : std::vector<std::function<void(const std::filesystem::path&)>>{
           [](const auto& path) { std::filesystem::resize_file(path, 100); },
           [](const auto& path) { std::filesystem::resize_file(path, 2 * kChunk); },
           [](const auto& path) { Spill(path, std::string(4 * kChunk, 'x')); }}) {
    const Hash sha256 = Put(document);
    auto reader = attachments_->Read(sha256);
    EXPECT_EQ(*(*reader)->Next(), document.substr(0, kChunk));
    damage(FileOf(sha256));
    absl::StatusOr<std::string> chunk = (*reader)->Next();
    if (chunk.ok()) chunk = (*reader)->Next();
    EXPECT_TRUE(absl::IsDataLoss(chunk.status())) << chunk.status();
  }
}

// What is no file is damaged and can be set aside; what leads nowhere is not here.
TEST_F(AttachmentsTest, OtherThingsThatBearTheName) {
  const Hash sha256 = Put("one");
  const Hash other = Put("two");
  const std::filesystem::path path = FileOf(sha256);
  const auto put_again = [&] {
    EXPECT_TRUE(absl::IsDataLoss(Get(sha256).status()));
    EXPECT_TRUE(absl::IsDataLoss(attachments_->SizeOf(sha256).status()));
    EXPECT_TRUE(attachments_->SetAside(sha256).ok());
    EXPECT_EQ(Put("one"), sha256);
    EXPECT_EQ(*Get(sha256), "one");
    std::filesystem::remove_all(path);
    std::filesystem::remove_all(path.string() + ".damaged");
  };
  std::filesystem::remove(path);
  std::filesystem::create_directories(path / "inside");
  put_again();
  std::filesystem::create_directory_symlink(directory_, path);
  put_again();
  ASSERT_EQ(mkfifo(path.c_str(), 0600), 0);
  put_again();

  std::filesystem::create_symlink(FileOf(other), path);
  EXPECT_TRUE(absl::IsDataLoss(Get(sha256).status()));
  EXPECT_EQ(*Get(other), "two");
  std::filesystem::remove(path);
  std::filesystem::create_symlink(directory_ + "/nothing", path);
  EXPECT_TRUE(absl::IsNotFound(Get(sha256).status()));
  std::filesystem::remove(path);
  std::filesystem::create_symlink(path, path);
  EXPECT_TRUE(absl::IsUnavailable(Get(sha256).status()));
  EXPECT_EQ(Put("one"), sha256);
  EXPECT_EQ(*Get(sha256), "one");
  EXPECT_EQ(*Get(other), "two");
}

TEST_F(AttachmentsTest, ListsWhatHasItsNameAlone) {
  const Hash one = Put("one");
  const std::string hex = ToHex(Sha256("abc").bytes());
  std::string large = hex;
  for (char& c : large) c = static_cast<char>(std::toupper(c));
  for (const std::string& name : {large, hex + ".damaged", hex + ".fetch.part", hex + ".upload.part",
                                  hex + "00", hex.substr(2), hex.substr(1), hex + " ", "x" + hex.substr(1)}) {
    Spill(directory_ + "/" + name, "x");
  }
  EXPECT_THAT(*attachments_->List(), ::testing::ElementsAre(one));
}

TEST_F(AttachmentsTest, CheckTellsTheWholeFromTheDamaged) {
  const Hash one = Put("one");
  const Hash two = Put("two");
  const Hash three = Put("three");
  EXPECT_THAT(*attachments_->List(), ::testing::UnorderedElementsAre(one, two, three));
  std::string flipped = Slurp(FileOf(two));
  flipped.back() = static_cast<char>(flipped.back() ^ 1);
  Spill(FileOf(two), flipped);
  // Whole in itself, and not what its name says.
  std::filesystem::copy_file(FileOf(one), FileOf(three), std::filesystem::copy_options::overwrite_existing);

  const auto reading = Attachments::OpenForReading(directory_, kMasterKey, SystemRandom());
  EXPECT_TRUE(reading->Check(one).ok());
  EXPECT_TRUE(absl::IsDataLoss(reading->Check(two)));
  EXPECT_TRUE(absl::IsDataLoss(reading->Check(three)));
  EXPECT_TRUE(absl::IsNotFound(reading->Check(Sha256("four"))));
  EXPECT_EQ(FilesInside(), 3u);

  EXPECT_TRUE(attachments_->SetAside(two).ok());
  EXPECT_TRUE(absl::IsNotFound(attachments_->Check(two)));
  EXPECT_EQ(Slurp(FileOf(two).string() + ".damaged"), flipped);
  EXPECT_FALSE(attachments_->SetAside(two).ok());
  EXPECT_EQ(Put("two"), two);
  EXPECT_TRUE(attachments_->Check(two).ok());
}

TEST_F(AttachmentsTest, AnUploadThatEndsEarlyLeavesNothing) {
  {
    auto writer = attachments_->Write(2 * kChunk);
    ASSERT_TRUE((*writer)->Append(Document(kChunk)).ok());
    EXPECT_EQ(FilesInside(), 1u);
  }
  EXPECT_EQ(FilesInside(), 0u);
  Spill(directory_ + "/00.upload.part", "left by a stop");
  Reopen();
  EXPECT_EQ(FilesInside(), 0u);
}

// A chunk of which the disk took a part is written again, and not behind that part.
TEST_F(AttachmentsTest, AChunkThatWasWrittenInPartIsWrittenAgain) {
  const std::string document = Document(2 * kChunk + 10);
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit unlimited = {};
  ASSERT_EQ(getrlimit(RLIMIT_FSIZE, &unlimited), 0);
  for (const size_t full_at : {size_t{50}, kChunk, kChunk + 100, 2 * kChunk + 107}) {
    auto writer = attachments_->Write(document.size());
    ASSERT_TRUE(writer.ok()) << writer.status();
    rlimit limit = unlimited;
    limit.rlim_cur = full_at;
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &limit), 0);
    const absl::Status full = Feed(**writer, document, document.size());
    ASSERT_EQ(setrlimit(RLIMIT_FSIZE, &unlimited), 0);
    EXPECT_TRUE(absl::IsUnavailable(full)) << full;
    EXPECT_TRUE(absl::IsFailedPrecondition((*writer)->Finish().status()));
    ASSERT_TRUE(Feed(**writer, document, document.size()).ok());
    const Hash sha256 = *(*writer)->Finish();
    EXPECT_EQ(sha256, Sha256(document));
    const absl::StatusOr<std::string> got = Get(sha256);
    ASSERT_TRUE(got.ok()) << full_at << ": " << got.status();
    EXPECT_EQ(*got, document);
  }
  EXPECT_EQ(FilesInside(), 1u);
}

// Wherever it broke off, a fetch goes on behind the last whole chunk.
TEST_F(AttachmentsTest, AFetchGoesOnWhereItBrokeOff) {
  const std::string document = Document(3 * kChunk + 5);
  const Hash sha256 = Sha256(document);
  for (size_t chunks = 0; chunks <= 3; ++chunks) {
    for (const size_t torn : {0, 1, 1000}) {
      {
        auto writer = attachments_->Resume(sha256, document.size());
        ASSERT_TRUE(Feed(**writer, document, chunks * kChunk).ok());
      }
      const std::string part = FileOf(sha256).string() + ".fetch.part";
      Spill(part, Slurp(part) + std::string(torn, '?'));
      Reopen();
      auto writer = attachments_->Resume(sha256, document.size());
      ASSERT_TRUE(writer.ok()) << writer.status();
      EXPECT_EQ((*writer)->written(), chunks * kChunk);
      ASSERT_TRUE(Feed(**writer, document, document.size()).ok());
      EXPECT_EQ(*(*writer)->Finish(), sha256);
      EXPECT_EQ(*Get(sha256), document);
      EXPECT_EQ(FilesInside(), 1u);
      std::filesystem::remove(FileOf(sha256));
    }
  }
}

// A part that is no part of it, or of another size, is begun anew.
TEST_F(AttachmentsTest, AFetchDoesNotTrustWhatLiesThere) {
  const std::string document = Document(2 * kChunk);
  const Hash sha256 = Sha256(document);
  const std::string part = FileOf(sha256).string() + ".fetch.part";
  for (const std::string& lies : {std::string(), std::string("?"), std::string(200, '?')}) {
    Spill(part, lies);
    auto writer = attachments_->Resume(sha256, document.size());
    ASSERT_TRUE(writer.ok()) << writer.status();
    EXPECT_EQ((*writer)->written(), 0u);
  }
  { ASSERT_TRUE(Feed(**attachments_->Resume(sha256, document.size()), document, kChunk).ok()); }
  EXPECT_EQ((*attachments_->Resume(sha256, document.size() + 1))->written(), 0u);
}

// Whatever lies there: either it is kept and right, or it comes again.
TEST_F(AttachmentsTest, AFetchGoesOnFromADamagedPart) {
  const std::string document = Document(kChunk + 10);
  const Hash sha256 = Sha256(document);
  const std::string part = FileOf(sha256).string() + ".fetch.part";
  { ASSERT_TRUE(Feed(**attachments_->Resume(sha256, document.size()), document, document.size()).ok()); }
  const std::string whole = Slurp(part);
  const auto finishes = [&](const std::string& bytes) {
    Spill(part, bytes);
    auto writer = attachments_->Resume(sha256, document.size());
    ASSERT_TRUE(writer.ok()) << writer.status();
    ASSERT_TRUE(Feed(**writer, document, document.size()).ok());
    EXPECT_EQ(*(*writer)->Finish(), sha256);
    EXPECT_TRUE(attachments_->Check(sha256).ok());
  };
  finishes(whole);
  finishes(whole + "x");
  finishes(whole + whole);
  for (size_t at = 0; at < whole.size(); at += at < 80 ? 7 : 2039) {
    std::string flipped = whole;
    flipped[at] = static_cast<char>(flipped[at] ^ 0x80);
    finishes(flipped);
    finishes(whole.substr(0, at));
  }
  EXPECT_EQ(FilesInside(), 1u);
}

// A part of another document of the same size is whole: the end tells, and it is begun anew.
TEST_F(AttachmentsTest, AFetchThatGoesOnFromAnotherDocumentIsForgotten) {
  const std::string document = Document(kChunk + 10);
  const Hash sha256 = Sha256(document);
  std::string other = document;
  other[0] = static_cast<char>(other[0] ^ 1);
  std::filesystem::rename(FileOf(Put(other)), FileOf(sha256).string() + ".fetch.part");
  {
    auto writer = attachments_->Resume(sha256, document.size());
    EXPECT_EQ((*writer)->written(), document.size());
    EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Finish().status()));
  }
  EXPECT_EQ(FilesInside(), 0u);
  EXPECT_EQ((*attachments_->Resume(sha256, document.size()))->written(), 0u);
}

TEST_F(AttachmentsTest, AFetchOfOtherBytesIsRefusedAndForgotten) {
  const std::string document = Document(kChunk + 1);
  {
    auto writer = attachments_->Resume(Sha256("what was promised"), document.size());
    ASSERT_TRUE(Feed(**writer, document, document.size()).ok());
    EXPECT_TRUE(absl::IsInvalidArgument((*writer)->Finish().status()));
  }
  EXPECT_EQ(FilesInside(), 0u);
}

}  // namespace
}  // namespace kelisim::ledger
