#include "shared/cli/output.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <set>
#include <utility>

#include "absl/strings/str_cat.h"

namespace kelisim::cli {
namespace {

namespace fs = std::filesystem;

// `error`: of errno. What is not among these is told in English, as the system has it.
Failure CannotWrite(const std::string& path, int error) {
  const char* why = error == EACCES || error == EPERM     ? "ui.no_permission"
                    : error == ENOENT || error == ENOTDIR ? "ui.no_directory"
                    : error == ENOSPC || error == EDQUOT  ? "ui.no_room"
                                                          : "";
  const std::string words = *why == '\0' ? absl::StrCat(": ", std::strerror(error)) : "";
  Failure failure = BadInput(path + words, {}, "ui.cannot_write");
  failure.told = why;
  return failure;
}
Failure CannotWrite(const std::string& path) { return CannotWrite(path, errno); }

std::optional<Failure> CheckFree(const std::string& path) {
  std::error_code error;
  if (fs::symlink_status(path, error).type() == fs::file_type::not_found) return std::nullopt;
  return error ? CannotWrite(path, error.value()) : BadInput(path, {}, "ui.exists");
}

std::optional<Failure> Write(std::ofstream& file, const std::string& path, const std::string& bytes) {
  if (file.write(bytes.data(), static_cast<std::streamsize>(bytes.size()))) return std::nullopt;
  return CannotWrite(path);
}

std::optional<Failure> Close(std::ofstream& file, const std::string& path) {
  if (!file.is_open()) return std::nullopt;
  file.close();
  return file ? std::nullopt : std::optional(CannotWrite(path));
}

// Another name than any other: two commands may write side by side.
std::string PartOf(const std::string& path) { return path + ".part-XXXXXX"; }

// The names of parts, while there are any.
struct Unfinished {
  std::mutex mutex;
  std::set<std::string> parts;
};

// Never destroyed: the thread that takes signals outlives main().
Unfinished& TheUnfinished() {
  static auto* const unfinished = new Unfinished;
  return *unfinished;
}

void Remove(const std::string& part) {
  std::error_code ignored;
  fs::remove_all(part, ignored);
}

// Of an object that ends.
void RemoveIfUnfinished(const std::string& part) {
  if (part.empty()) return;
  const std::lock_guard lock(TheUnfinished().mutex);
  Remove(part);
  TheUnfinished().parts.erase(part);
}

std::optional<Failure> Rename(std::string& part, const std::string& path) {
  const std::lock_guard lock(TheUnfinished().mutex);
  if (std::optional<Failure> taken = CheckFree(path)) return taken;
  if (std::rename(part.c_str(), path.c_str()) != 0) return CannotWrite(path);
  TheUnfinished().parts.erase(part);
  part.clear();
  return std::nullopt;
}

// Only what stays below the directory.
bool IsPlainPath(const std::string& path) {
  const bool plain = std::all_of(path.begin(), path.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || c == '.' || c == '-' || c == '_' || c == '/';
  });
  return plain && !path.empty() && path[0] != '/' && path.find("..") == std::string::npos;
}

std::string WithoutSlash(std::string path) {
  while (path.size() > 1 && path.back() == '/') path.pop_back();
  return path;
}

}  // namespace

void RemoveUnfinished() {
  TheUnfinished().mutex.lock();  // for good
  for (const std::string& part : TheUnfinished().parts) Remove(part);
}

NewFile::~NewFile() { RemoveIfUnfinished(part_); }

std::optional<Failure> NewFile::Begin() {
  if (std::optional<Failure> taken = CheckFree(path_)) return taken;
  std::string part = PartOf(path_);
  const std::lock_guard lock(TheUnfinished().mutex);
  const int fd = mkstemp(part.data());
  if (fd < 0) return CannotWrite(path_);
  close(fd);
  TheUnfinished().parts.insert(part);
  part_ = std::move(part);
  file_.open(part_, std::ios::binary | std::ios::trunc);
  return file_ ? std::nullopt : std::optional(CannotWrite(path_));
}

std::optional<Failure> NewFile::Append(const std::string& bytes) { return Write(file_, path_, bytes); }

std::optional<Failure> NewFile::Finish() {
  std::optional<Failure> failure = Close(file_, path_);
  return failure ? failure : Rename(part_, path_);
}

NewDirectory::NewDirectory(std::string path) : path_(WithoutSlash(std::move(path))) {}

NewDirectory::~NewDirectory() { RemoveIfUnfinished(part_); }

std::optional<Failure> NewDirectory::Begin() {
  if (std::optional<Failure> taken = CheckFree(path_)) return taken;
  std::string part = PartOf(path_);
  const std::lock_guard lock(TheUnfinished().mutex);
  if (mkdtemp(part.data()) == nullptr) return CannotWrite(path_);
  TheUnfinished().parts.insert(part);
  part_ = std::move(part);
  return std::nullopt;
}

std::optional<Failure> NewDirectory::Open(const std::string& name) {
  if (!IsPlainPath(name)) {
    Failure failure = BadInput(absl::StrCat(path_, "/", name), {}, "ui.cannot_write");
    failure.told = "ui.foreign_path";
    return failure;
  }
  if (std::optional<Failure> failure = Close(file_, path_)) return failure;
  const fs::path path = fs::path(part_) / name;
  const std::lock_guard lock(TheUnfinished().mutex);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  if (error) return CannotWrite(path_, error.value());
  file_.open(path, std::ios::binary | std::ios::trunc);
  return file_ ? std::nullopt : std::optional(CannotWrite(path_));
}

std::optional<Failure> NewDirectory::Append(const std::string& bytes) { return Write(file_, path_, bytes); }

std::optional<Failure> NewDirectory::Finish() {
  std::optional<Failure> failure = Close(file_, path_);
  return failure ? failure : Rename(part_, path_);
}

}  // namespace kelisim::cli
