#ifndef KELISIM_SHARED_CLI_TABLE_H_
#define KELISIM_SHARED_CLI_TABLE_H_

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace kelisim::cli {

// How the terminal shows things; by default a file or a pipe.
struct Look {
  bool colour = false;
  // Columns of the terminal; 0: lines of any length, nothing is wrapped.
  size_t width = 0;
};

struct Cell {
  Cell(std::string value) : text(std::move(value)) {}  // NOLINT: a cell is its text
  Cell(std::string value, const char* name) : text(std::move(value)), colour(name) {}
  std::string text;
  // "red", "green", ...; nullptr for none.
  const char* colour = nullptr;
};
using Row = std::vector<Cell>;

// Columns aligned by the width of their characters on a screen, and wrapped at
// blanks where the terminal is narrower; no word is broken. Control characters
// are shown as escapes. Ends in a newline; empty when there are no rows.
std::string DrawTable(const std::vector<std::string>& headings, const std::vector<Row>& rows,
                      const Look& look);

// The same with lines under each row, which are complete: `below` has one text for each row.
std::string DrawTable(const std::vector<std::string>& headings, const std::vector<Row>& rows,
                      const std::vector<std::string>& below, const Look& look);

// Name and value, one per line, without those whose value is empty.
std::string DrawPairs(const std::vector<std::pair<std::string, std::string>>& pairs, const Look& look);

// `text` with control characters replaced, so that it cannot command a terminal.
std::string Plain(std::string_view text);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_TABLE_H_
