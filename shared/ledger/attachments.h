#ifndef KELISIM_SHARED_LEDGER_ATTACHMENTS_H_
#define KELISIM_SHARED_LEDGER_ATTACHMENTS_H_

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "shared/base/ports.h"
#include "shared/crypto/digest.h"

namespace kelisim::ledger {

// Documents that acts name by their SHA-256: a directory of files, each sealed chunk by
// chunk, so that one of any size needs the memory of a chunk. What is in it is whole:
// files under way have names of their own.
//
//   <hex of SHA-256>          header, then each chunk as Seal() gives it
//   <...>.part                being written
//   <...>.damaged             was found damaged; kept for who looks into it
//
// The header is a title, 16 random bytes and the size. Each chunk is sealed for its
// place in its file, so none can be moved, left out or taken from another file.
//
// Thread-safe; one writer per part. Errors: DATA_LOSS, a file is damaged; anything else
// is the file system's.
class Attachments {
 public:
  static constexpr size_t kChunk = 64 * 1024;
  static constexpr uint64_t kLargest = uint64_t{1} << 30;
  // What documents leave free: the ledger may lie on the same disk.
  static constexpr uint64_t kKeptFree = uint64_t{256} << 20;

  // Makes the directory when it is not there. Removes what RemoveUnfinished() does.
  // `master_key`: 32 bytes. `random` must outlive it, and it all writers and readers.
  // `kept_free`: bytes of the disk.
  static absl::StatusOr<std::unique_ptr<Attachments>> Open(std::string directory, std::string_view master_key,
                                                           Random& random, uint64_t kept_free = kKeptFree);

  // Removes the uploads that a stop has left, to make room. While nobody writes there.
  static void RemoveUnfinished(const std::string& directory);

  // Makes, removes and renames nothing, and must not be used for writing.
  static std::unique_ptr<Attachments> OpenForReading(std::string directory, std::string_view master_key,
                                                     Random& random);

  // The size of a document that is here; NOT_FOUND. Only the header is read.
  absl::StatusOr<uint64_t> SizeOf(const Hash& sha256) const;

  // All that are here, in order. Says nothing about what is in them.
  absl::StatusOr<std::vector<Hash>> List() const;
  // Reads the document to its end. OK: it is here and is what its hash says. NOT_FOUND.
  absl::Status Check(const Hash& sha256) const;
  // A document that was found damaged is here no longer, and can be fetched or put again.
  absl::Status SetAside(const Hash& sha256) const;

  class Writer {
   public:
    // Removes the part, unless it is to be resumed or was finished.
    ~Writer();
    // How many bytes are there already.
    uint64_t written() const { return written_; }
    // Whole chunks, except the last one. INVALID_ARGUMENT: another length. UNAVAILABLE: the disk
    // has no room for the rest, or cannot be written.
    absl::Status Append(std::string_view chunk);
    // Durable when it returns. FAILED_PRECONDITION: bytes are missing. INVALID_ARGUMENT:
    // not what was expected; nothing of it is kept.
    absl::StatusOr<Hash> Finish();

   private:
    friend class Attachments;
    Writer(const Attachments& home, std::string path, std::string header, uint64_t size);
    absl::Status Start();
    absl::Status GoOn();

    const Attachments& home_;
    const std::string path_;
    const std::string header_;
    const uint64_t size_;
    std::unique_ptr<Hash> expected_;  // set: resumable
    int fd_ = -1;
    uint64_t written_ = 0;
    Sha256Stream digest_;
    bool done_ = false;
  };
  // A new document of `size` bytes. INVALID_ARGUMENT: none, or more than kLargest.
  // UNAVAILABLE: less than what is kept free would be left.
  absl::StatusOr<std::unique_ptr<Writer>> Write(uint64_t size) const;
  // A document whose hash is known. What an earlier writer left of it is checked and kept.
  absl::StatusOr<std::unique_ptr<Writer>> Resume(const Hash& sha256, uint64_t size) const;

  class Reader {
   public:
    ~Reader();
    uint64_t size() const { return size_; }
    // The next chunk; empty behind the last one. DATA_LOSS in place of the last one when what
    // was read is not the document that was asked for; who does not begin at the first compares
    // the hash himself.
    absl::StatusOr<std::string> Next();

   private:
    friend class Attachments;
    Reader(const Hash& sha256, std::string key, std::string header, uint64_t size, int fd);

    const Hash sha256_;
    const std::string key_;
    const std::string header_;
    const uint64_t size_;
    const int fd_;
    uint64_t read_ = 0;
    std::optional<Sha256Stream> digest_;  // set: from the first chunk on
  };
  // From byte `from` on, a multiple of kChunk. NOT_FOUND: not here. INVALID_ARGUMENT:
  // no such place.
  absl::StatusOr<std::unique_ptr<Reader>> Read(const Hash& sha256, uint64_t from = 0) const;

 private:
  Attachments(std::string directory, std::string_view master_key, Random& random, uint64_t kept_free);
  std::string PathOf(const Hash& sha256) const;
  std::string KeyFor(std::string_view header) const;

  const std::string directory_;
  const std::string key_;
  Random& random_;
  const uint64_t kept_free_;
};

}  // namespace kelisim::ledger

#endif  // KELISIM_SHARED_LEDGER_ATTACHMENTS_H_
