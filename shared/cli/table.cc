#include "shared/cli/table.h"

#include <libsmartcols.h>
#include <wchar.h>

#include <algorithm>
#include <clocale>
#include <cstdlib>
#include <cstring>
#include <cwchar>
#include <memory>

#include "absl/strings/ascii.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"

namespace kelisim::cli {
namespace {

// Without a UTF-8 locale the library counts bytes and escapes Cyrillic letters.
void UseUtf8() {
  static const char* const locale = std::setlocale(LC_CTYPE, "C.UTF-8");
  (void)locale;
}

// Columns on a screen. What is no character to be shown, the library shows as "\x1b".
size_t WidthOf(std::string_view text) {
  constexpr size_t kEscaped = 4;
  size_t width = 0;
  std::mbstate_t state{};
  while (!text.empty()) {
    wchar_t character;
    const size_t bytes = std::mbrtowc(&character, text.data(), text.size(), &state);
    if (bytes == 0 || bytes > text.size()) {
      state = {};
      width += kEscaped;
      text.remove_prefix(1);
      continue;
    }
    const int columns = wcwidth(character);
    width += columns < 0 ? bytes * kEscaped : static_cast<size_t>(columns);
    text.remove_prefix(bytes);
  }
  return width;
}

struct Width {
  size_t least = 0;  // of the longest word
  size_t now = 0;
};

// As wide as what stands in it. Where that is more than there is room for, the widest ones are wrapped
// at blanks; no word is broken, and so a table may be wider than the terminal.
std::vector<Width> WidthsOf(size_t columns, const std::vector<Row>& rows, const Look& look) {
  std::vector<Width> widths(columns);
  for (const Row& row : rows) {
    for (size_t i = 0; i < row.size(); ++i) {
      widths[i].now = std::max(widths[i].now, WidthOf(row[i].text));
      for (absl::string_view word : absl::StrSplit(row[i].text, ' '))
        widths[i].least = std::max(widths[i].least, WidthOf({word.data(), word.size()}));
    }
  }
  if (look.width == 0) return widths;
  size_t taken = widths.size() - 1;  // a blank after each but the last
  for (const Width& width : widths) taken += width.now;
  for (; taken > look.width; --taken) {
    Width* widest = nullptr;
    for (Width& width : widths) {
      const bool gives = width.now > width.least && (widest == nullptr || width.now > widest->now);
      if (gives) widest = &width;
    }
    if (widest == nullptr) break;
    --widest->now;
  }
  return widths;
}

// What the library asks of a column that wraps in a way of its own.
size_t ColumnWidth(const libscols_column*, const char*, void* width) {
  return static_cast<const Width*>(width)->now;
}

// Where the next line of a cell begins; nullptr: `text` is the last one.
char* NextLine(const libscols_column*, char* text, void* width) {
  const size_t room = static_cast<const Width*>(width)->now;
  if (WidthOf(text) <= room) return nullptr;
  char* end = nullptr;
  for (char* blank = std::strchr(text, ' '); blank != nullptr; blank = std::strchr(blank + 1, ' ')) {
    const bool fits = WidthOf({text, static_cast<size_t>(blank - text)}) <= room;
    if (end != nullptr && !fits) break;
    end = blank;
  }
  if (end == nullptr) return nullptr;
  *end = '\0';
  return end + 1;
}

using TablePtr = std::unique_ptr<libscols_table, decltype(&scols_unref_table)>;

// `widths` must outlive the table.
void AddColumns(libscols_table* table, std::vector<Width>& widths) {
  for (Width& width : widths) {
    libscols_column* column = scols_table_new_column(table, "", 0, SCOLS_FL_WRAP);
    scols_column_set_wrapfunc(column, &ColumnWidth, &NextLine, &width);
  }
}

void AddRow(libscols_table* table, const Row& row) {
  libscols_line* line = scols_table_new_line(table, nullptr);
  for (size_t i = 0; i < row.size(); ++i) {
    scols_line_set_data(line, i, row[i].text.c_str());
    if (row[i].colour != nullptr) scols_cell_set_color(scols_line_get_cell(line, i), row[i].colour);
  }
}

// One row after the other.
std::string Draw(libscols_table* table, size_t row) {
  char* drawn = nullptr;
  libscols_line* at = scols_table_get_line(table, row);
  if (scols_table_print_range_to_string(table, at, at, &drawn) != 0) std::abort();  // out of memory only
  std::string text;
  for (absl::string_view line : absl::StrSplit(absl::StripSuffix(drawn, "\n"), '\n')) {
    // Empty cells leave blanks behind.
    absl::StrAppend(&text, absl::StripTrailingAsciiWhitespace(line), "\n");
  }
  std::free(drawn);
  return text;
}

std::string DrawTable(const std::vector<std::string>& headings, const std::vector<Row>& rows,
                      const std::vector<std::string>& below, const Look& look, bool show_headings) {
  if (rows.empty()) return "";
  UseUtf8();
  // The library's own headings cannot be wrapped.
  std::vector<Row> lines;
  if (show_headings) lines.emplace_back(headings.begin(), headings.end());
  lines.insert(lines.end(), rows.begin(), rows.end());
  std::vector<Width> widths = WidthsOf(headings.size(), lines, look);
  TablePtr table(scols_new_table(), &scols_unref_table);
  if (table == nullptr) std::abort();
  scols_table_enable_noheadings(table.get(), 1);
  scols_table_enable_colors(table.get(), look.colour);
  // The library would break words to fit them in.
  scols_table_set_termforce(table.get(), SCOLS_TERMFORCE_NEVER);
  AddColumns(table.get(), widths);
  for (const Row& line : lines) AddRow(table.get(), line);
  std::string text = show_headings ? Draw(table.get(), 0) : "";
  const size_t first = lines.size() - rows.size();
  for (size_t i = 0; i < rows.size(); ++i)
    absl::StrAppend(&text, Draw(table.get(), first + i), i < below.size() ? below[i] : "");
  return text;
}

}  // namespace

std::string DrawTable(const std::vector<std::string>& headings, const std::vector<Row>& rows,
                      const Look& look) {
  return DrawTable(headings, rows, {}, look, true);
}

std::string DrawTable(const std::vector<std::string>& headings, const std::vector<Row>& rows,
                      const std::vector<std::string>& below, const Look& look) {
  return DrawTable(headings, rows, below, look, true);
}

std::string DrawPairs(const std::vector<std::pair<std::string, std::string>>& pairs, const Look& look) {
  std::vector<Row> rows;
  for (const auto& [name, value] : pairs) {
    if (!value.empty()) rows.push_back({name, value});
  }
  return DrawTable({"", ""}, rows, {}, look, false);
}

std::string Plain(std::string_view text) {
  std::string plain;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are C2 80 to C2 9F; some terminals obey them.
    const bool c1 = byte == 0xc2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xa0;
    if (c1) ++i;
    plain += c1 || byte < 0x20 || byte == 0x7f ? '?' : text[i];
  }
  return plain;
}

}  // namespace kelisim::cli
