#ifndef KELISIM_SHARED_TEXT_HTML_H_
#define KELISIM_SHARED_TEXT_HTML_H_

#include <string>
#include <vector>

#include "absl/strings/string_view.h"

namespace kelisim {

// `text` as it may stand in HTML, in attributes too.
std::string HtmlEscaped(absl::string_view text);

// A row of a table; the cells are HTML. `tag`: "td" or "th".
std::string HtmlRow(const std::vector<std::string>& cells, absl::string_view tag = "td");

}  // namespace kelisim

#endif  // KELISIM_SHARED_TEXT_HTML_H_
