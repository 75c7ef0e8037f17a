#ifndef KELISIM_SHARED_BASE_FILES_H_
#define KELISIM_SHARED_BASE_FILES_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Small files, and what makes them last. All errors name the path and are UNAVAILABLE unless
// said otherwise. Thread-safe, as far as the file system is.

namespace kelisim {

// Of at most 1 MiB. NOT_FOUND: cannot be opened or read; INVALID_ARGUMENT: larger.
absl::StatusOr<std::string> ReadFile(const std::string& path);

// All of `bytes`, also when a signal comes between. False: errno says why not.
bool WriteAll(int fd, std::string_view bytes);

// What the file holds is on the disk.
absl::Status SyncFile(const std::string& path);
// The names in it are on the disk: what was made, renamed or removed there.
absl::Status SyncDirectory(const std::string& path);

// For the owner alone; on the disk under its name when OK. ALREADY_EXISTS: nothing is
// overwritten. After another error it is not there, or there and not on the disk yet.
absl::Status WriteNewFile(const std::string& path, std::string_view bytes);
// The same in place of what was there: whole, or as before. One writer at a time.
absl::Status ReplaceFile(const std::string& path, std::string_view bytes);

// With its slash; "." of a name without one.
std::string DirectoryOf(const std::string& path);

}  // namespace kelisim

#endif  // KELISIM_SHARED_BASE_FILES_H_
