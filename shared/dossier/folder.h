#ifndef KELISIM_SHARED_DOSSIER_FOLDER_H_
#define KELISIM_SHARED_DOSSIER_FOLDER_H_

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace kelisim::dossier {

// The files of a dossier, by their paths relative to it: "kz/checkpoint".
class Folder {
 public:
  virtual ~Folder() = default;
  // What is no regular file comes with a '/' at its end, except directories.
  virtual absl::StatusOr<std::set<std::string>> List() const = 0;
  // Gives the file piece by piece. NOT_FOUND.
  virtual absl::Status Read(const std::string& path,
                            const std::function<void(std::string_view)>& take) const = 0;
};

// A directory. Links are not followed.
class DiskFolder final : public Folder {
 public:
  explicit DiskFolder(std::string directory) : directory_(std::move(directory)) {}
  absl::StatusOr<std::set<std::string>> List() const override;
  absl::Status Read(const std::string& path,
                    const std::function<void(std::string_view)>& take) const override;

 private:
  const std::string directory_;
};

// For tests, and for who has just made one.
class MemoryFolder final : public Folder {
 public:
  std::map<std::string, std::string> files;
  absl::StatusOr<std::set<std::string>> List() const override;
  absl::Status Read(const std::string& path,
                    const std::function<void(std::string_view)>& take) const override;
};

}  // namespace kelisim::dossier

#endif  // KELISIM_SHARED_DOSSIER_FOLDER_H_
