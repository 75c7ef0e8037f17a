#include "shared/dossier/page.h"

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/text/acts.h"
#include "shared/text/html.h"

namespace kelisim::dossier {
namespace {

constexpr char kStyle[] =
    "body{font:1rem/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem;color:#1a1a1a;"
    "background:#fff}nav a{margin-right:1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;"
    "vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ccc;overflow-wrap:anywhere}"
    "small{color:#555}@media print{nav{display:none}}";

class Page {
 public:
  explicit Page(Lang lang) : lang_(lang) {}

  std::string Word(std::string_view key) const { return HtmlEscaped(Say(lang_, key)); }
  template <typename... Parts>
  void Add(const Parts&... parts) {
    absl::StrAppend(&html_, parts...);
  }
  void Heading(std::string_view key) { Add("<h2>", Word(key), "</h2>\n"); }
  void Row(const std::vector<std::string>& cells, const char* tag = "td") { Add(HtmlRow(cells, tag)); }
  std::string Take() && { return std::move(html_); }

 private:
  const Lang lang_;
  std::string html_;
};

void AddHead(Page& page, const PageContent& content, Lang lang) {
  const std::string title = absl::StrCat(page.Word("dossier.title"), ": ", HtmlEscaped(content.name));
  page.Add("<!doctype html>\n<html lang=\"", LangCode(lang), "\">\n<head>\n<meta charset=\"utf-8\">\n",
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n",
           "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
           "'unsafe-inline'\">\n<title>",
           title, "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<nav>");
  const std::pair<Lang, const char*> links[] = {
      {Lang::kKazakh, "Қазақша"}, {Lang::kRussian, "Русский"}, {Lang::kEnglish, "English"}};
  for (const auto& [one, name] : links) {
    page.Add("<a href=\"timeline.", LangCode(one), ".html\" lang=\"", LangCode(one), "\">", name, "</a>");
  }
  page.Add("</nav>\n<main>\n<h1>", title, "</h1>\n<p>", page.Word("dossier.intro"), "</p>\n<table>\n");
  page.Row({page.Word("dossier.exporter"), HtmlEscaped(SayEnum(lang, content.exporter))});
  page.Row({page.Word("dossier.exported_at"), HtmlEscaped(content.exported_at)});
  for (const std::string& ledger : content.ledgers)
    page.Row({page.Word("dossier.ledger"), HtmlEscaped(ledger)});
  page.Add("</table>\n");
}

// What an act says and which entry it is stand in small letters under it.
std::string Small(std::string_view text) {
  return text.empty() ? "" : absl::StrCat("<br><small>", HtmlEscaped(Absl(text)), "</small>");
}

std::string WhatText(const v1::TimelineItem& item, Lang lang) {
  std::string text = HtmlEscaped(ActText(lang, item));
  for (const auto& [field, value] : SaidText(lang, item))
    absl::StrAppend(&text, Small(absl::StrCat(field, ": ", value)));
  return text;
}

void AddTimeline(Page& page, const PageContent& content, Lang lang) {
  page.Heading("ui.timeline");
  page.Add("<table id=\"timeline\">\n");
  page.Row({"#", page.Word("ui.when"), page.Word("ui.by"), page.Word("ui.what"), page.Word("ui.evidence")},
           "th");
  for (const v1::TimelineItem& item : content.timeline) {
    const bool shown = content.disclosure == v1::CONTENT;
    std::string evidence = HtmlEscaped(shown ? EvidenceText(lang, item) : SayEnum(lang, item.evidence()));
    if (shown && item.has_refusal()) absl::StrAppend(&evidence, Small(RuleText(lang, item.refusal().rule())));
    page.Row({HtmlEscaped(PositionText(item.entry())) + Small(ToHex(item.entry().entry_id())),
              HtmlEscaped(shown ? item.happened_on() : ""), HtmlEscaped(SayEnum(lang, item.entry().ledger())),
              shown ? WhatText(item, lang) : "", evidence});
  }
  page.Add("</table>\n");
}

}  // namespace

std::string TimelinePage(const PageContent& content, Lang lang) {
  Page page(lang);
  AddHead(page, content, lang);
  if (content.disclosure == v1::PROOFS_ONLY) page.Add("<p>", page.Word("dossier.proofs_only"), "</p>\n");
  AddTimeline(page, content, lang);
  if (content.left_out > 0) page.Add("<p>", page.Word("dossier.left_out"), ": ", content.left_out, "</p>\n");
  if (content.facts != nullptr) {
    page.Heading("ui.facts");
    page.Add("<table>\n");
    for (const auto& [name, value] : FactsText(lang, *content.facts))
      page.Row({HtmlEscaped(name), HtmlEscaped(value)});
    page.Add("</table>\n");
  }
  if (!content.attachments.empty()) {
    page.Heading("ui.attachments");
    page.Add("<ul>\n");
    for (const std::string& name : content.attachments) {
      page.Add("<li><a href=\"attachments/", HtmlEscaped(name), "\">", HtmlEscaped(name), "</a></li>\n");
    }
    page.Add("</ul>\n");
  }
  page.Heading("dossier.check");
  page.Add("<p>", page.Word("dossier.how"), "</p>\n<pre>kelisim verify .</pre>\n</main>\n</body>\n</html>\n");
  return std::move(page).Take();
}

}  // namespace kelisim::dossier
