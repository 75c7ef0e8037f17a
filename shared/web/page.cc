#include "shared/web/page.h"

#include <optional>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_replace.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/text/html.h"
#include "shared/treaty/information.h"

namespace kelisim::web {
namespace {

constexpr char kStyle[] =
    "body{font:1.05rem/1.55 system-ui,sans-serif;max-width:46rem;margin:0 auto;padding:1rem;color:#1a1a1a;"
    "background:#fff}nav a{margin-right:1rem}table{border-collapse:collapse;width:100%}td,th{text-align:left;"
    "vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #ccc}li{margin:.3rem 0}"
    "small{color:#555}summary{cursor:pointer;font-weight:600}";

class Page {
 public:
  explicit Page(Lang lang) : lang_(lang) {}

  std::string Say(const v1::LocalizedText& text) const { return HtmlEscaped(In(lang_, text)); }
  std::string Say(absl::string_view label) const {
    return Say(treaty::InformationLabel({label.data(), label.size()}));
  }
  std::string Say(absl::string_view label, int64_t number) const {
    return absl::StrReplaceAll(Say(label), {{"{}", absl::StrCat(number)}});
  }
  std::string State(v1::Party party) const { return Say(v1::Party_Name(party)); }

  template <typename... Parts>
  void Add(const Parts&... parts) {
    absl::StrAppend(&html_, parts...);
  }
  void Heading(const std::string& text) { Add("<h2>", text, "</h2>\n"); }
  void Row(const std::vector<std::string>& cells, const char* tag = "td") { Add(HtmlRow(cells, tag)); }
  std::string Take() && { return std::move(html_); }

 private:
  const Lang lang_;
  std::string html_;
};

void AddHead(Page& page, Lang lang) {
  page.Add("<!doctype html>\n<html lang=\"", LangCode(lang), "\">\n<head>\n<meta charset=\"utf-8\">\n",
           "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n<title>",
           page.Say("title"), "</title>\n<style>", kStyle, "</style>\n</head>\n<body>\n<nav>");
  const std::pair<Lang, const char*> links[] = {
      {Lang::kKazakh, "Қазақша"}, {Lang::kRussian, "Русский"}, {Lang::kEnglish, "English"}};
  for (const auto& [one, name] : links) {
    const std::string code = LangCode(one);
    page.Add("<a href=\"/?lang=", code, "\" lang=\"", code, "\" hreflang=\"", code, "\"",
             one == lang ? " aria-current=\"page\"" : "", ">", name, "</a>");
  }
  page.Add("</nav>\n<main>\n<h1>", page.Say("title"), "</h1>\n<p>", page.Say("intro"), "</p>\n");
}

void AddTerm(Page& page, const v1::Information& information) {
  const v1::Term& term = information.term();
  page.Add("<p><strong>", page.Say(term.in_force() ? "in_force" : "not_in_force"), "</strong>. ");
  if (term.in_force()) {
    const absl::StatusOr<absl::CivilDay> until = ParseDate(term.period_until());
    if (until.ok()) page.Add(page.Say("until"), ": ", FormatDate(*until - 1), ". ");
    page.Add(page.Say("notice_deadline"), ": ", term.last_day_for_notice(), ". ");
  }
  page.Add("<small>", page.Say("as_of"), ": ", information.on(), "</small></p>\n");
}

void AddQuotas(Page& page, const v1::Information& information) {
  page.Heading(page.Say("quota"));
  page.Add("<table id=\"quota\">\n");
  page.Row({page.Say("entry_state"), page.Say("limit"), page.Say("left")}, "th");
  for (const v1::QuotaState& quota : information.quotas()) {
    const bool set = quota.status() != v1::UNSET;
    const uint32_t taken = quota.reserved() + quota.used();
    const uint32_t left = quota.status() == v1::OPEN && taken < quota.limit() ? quota.limit() - taken : 0;
    page.Row({absl::StrCat(page.State(quota.entry_state()), ", ", quota.year()),
              set ? absl::StrCat(quota.limit()) : page.Say("not_set"), set ? absl::StrCat(left) : ""});
  }
  page.Add("</table>\n");
}

void AddSections(Page& page, const v1::Information& information) {
  for (const v1::InformationSection& section : information.sections()) {
    page.Heading(page.Say(section.title()));
    page.Add("<ul id=\"", section.id(), "\">\n");
    for (const v1::InformationItem& item : section.items()) {
      page.Add("<li>", page.Say(item.text()));
      if (!item.rule().empty()) page.Add(" <small>", HtmlEscaped(item.rule()), "</small>");
      page.Add("</li>\n");
    }
    page.Add("</ul>\n");
  }
}

void AddDeadlines(Page& page, const v1::Information& information) {
  page.Heading(page.Say("deadlines"));
  page.Add("<table id=\"deadlines\">\n");
  for (const v1::Deadline& deadline : information.deadlines()) {
    page.Row(
        {page.Say(deadline.what()), page.Say(v1::Deadline::Unit_Name(deadline.unit()), deadline.count())});
  }
  page.Add("</table>\n");
}

void AddBodies(Page& page, const v1::Information& information) {
  page.Heading(page.Say("bodies"));
  page.Add("<table id=\"bodies\">\n");
  for (const v1::Body& body : information.term().bodies()) {
    page.Row({page.State(body.party()), page.Say(body.name())});
  }
  page.Add("</table>\n");
}

void AddArticles(Page& page, const v1::Information& information) {
  page.Heading(page.Say("articles"));
  for (const v1::Article& article : information.articles()) {
    page.Add("<details id=\"article-", article.number(), "\"><summary>",
             page.Say("article", article.number()), ". ", page.Say(article.title()), "</summary>\n<ul>\n");
    for (const v1::Rule& rule : article.rules()) {
      page.Add("<li>", page.Say(rule.text()), " <small>", HtmlEscaped(rule.id()), "</small></li>\n");
    }
    page.Add("</ul></details>\n");
  }
}

}  // namespace

Lang ChooseLang(absl::string_view asked, absl::string_view accept_language) {
  const std::optional<Lang> lang = ParseLang(Std(asked));
  return lang ? *lang : PreferredLang(Std(accept_language), Lang::kKazakh);
}

std::string PageOf(const v1::Information& information, Lang lang) {
  Page page(lang);
  AddHead(page, lang);
  AddTerm(page, information);
  AddQuotas(page, information);
  AddSections(page, information);
  AddDeadlines(page, information);
  AddBodies(page, information);
  AddArticles(page, information);
  page.Add("<p><a href=\"/information.json\">JSON</a></p>\n</main>\n</body>\n</html>\n");
  return std::move(page).Take();
}

}  // namespace kelisim::web
