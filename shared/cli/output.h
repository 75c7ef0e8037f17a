#ifndef KELISIM_SHARED_CLI_OUTPUT_H_
#define KELISIM_SHARED_CLI_OUTPUT_H_

#include <fstream>
#include <optional>
#include <string>
#include <utility>

#include "shared/cli/errors.h"

// What a command writes to the disk. Nothing that is there already is touched; a name is
// given when all below it is written. Readable by its owner alone: it may be personal. One
// thread writes; another may end the program.

namespace kelisim::cli {

// Removes all that was begun and is not finished, and lets nothing be begun or finished any
// more: for the thread that then ends the program.
void RemoveUnfinished();

// One new file.
class NewFile {
 public:
  explicit NewFile(std::string path) : path_(std::move(path)) {}
  // Removes what was not finished.
  ~NewFile();
  NewFile(const NewFile&) = delete;
  NewFile& operator=(const NewFile&) = delete;

  // Each says what is wrong, or nothing. Begin comes first and once, Finish last.
  std::optional<Failure> Begin();
  std::optional<Failure> Append(const std::string& bytes);
  std::optional<Failure> Finish();

 private:
  const std::string path_;
  std::string part_;  // empty: nothing is begun
  std::ofstream file_;
};

// A new directory of files.
class NewDirectory {
 public:
  explicit NewDirectory(std::string path);
  ~NewDirectory();
  NewDirectory(const NewDirectory&) = delete;
  NewDirectory& operator=(const NewDirectory&) = delete;

  std::optional<Failure> Begin();
  // What is appended goes into the file that was opened last. `name` is relative, of
  // plain letters, and does not lead outside.
  std::optional<Failure> Open(const std::string& name);
  std::optional<Failure> Append(const std::string& bytes);
  std::optional<Failure> Finish();

 private:
  const std::string path_;
  std::string part_;
  std::ofstream file_;
};

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_OUTPUT_H_
