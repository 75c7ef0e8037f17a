#include "shared/cli/table.h"

#include <libsmartcols.h>

#include <clocale>
#include <cstdlib>
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

using TablePtr = std::unique_ptr<libscols_table, decltype(&scols_unref_table)>;

void AddColumns(libscols_table* table, const std::vector<std::string>& headings) {
  for (size_t i = 0; i < headings.size(); ++i) {
    const int flags = i + 1 == headings.size() ? SCOLS_FL_WRAP : 0;
    scols_table_new_column(table, headings[i].c_str(), 0, flags);
  }
}

void AddRow(libscols_table* table, const Row& row) {
  libscols_line* line = scols_table_new_line(table, nullptr);
  for (size_t i = 0; i < row.size(); ++i) {
    scols_line_set_data(line, i, row[i].text.c_str());
    if (row[i].colour != nullptr) scols_cell_set_color(scols_line_get_cell(line, i), row[i].colour);
  }
}

// One row after the other; above the first are the headings.
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
  TablePtr table(scols_new_table(), &scols_unref_table);
  if (table == nullptr) std::abort();
  scols_table_enable_noheadings(table.get(), !show_headings);
  scols_table_enable_colors(table.get(), look.colour);
  scols_table_set_termforce(table.get(), look.width > 0 ? SCOLS_TERMFORCE_ALWAYS : SCOLS_TERMFORCE_NEVER);
  if (look.width > 0) scols_table_set_termwidth(table.get(), look.width);
  AddColumns(table.get(), headings);
  for (const Row& row : rows) AddRow(table.get(), row);
  std::string text;
  for (size_t i = 0; i < rows.size(); ++i)
    absl::StrAppend(&text, Draw(table.get(), i), i < below.size() ? below[i] : "");
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
