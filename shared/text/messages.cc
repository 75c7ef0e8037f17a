#include "shared/text/messages.h"

#include <unordered_map>
#include <utility>

#include "absl/strings/ascii.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/base/bytes.h"
#include "shared/base/own_text.h"

namespace kelisim {

// Generated from messages.textproto.
std::string_view MessagesText();

namespace {

struct Family {
  std::string_view type;
  std::string_view key;
  // What the names of the values begin with and the keys do not.
  std::string_view prefix = "";
};

constexpr Family kEnums[] = {
    {"kelisim.v1.CaseStatus", "status."},
    {"kelisim.v1.Evidence", "evidence."},
    {"kelisim.v1.NodeMode", "mode."},
    {"kelisim.v1.Party", "party.", "PARTY_"},
    {"kelisim.v1.Paper", "paper.", "PAPER_"},
    {"kelisim.v1.Relation", "relation."},
    {"kelisim.v1.Identifier.Kind", "identifier."},
    {"kelisim.v1.MemberStanding.Standing", "standing."},
    {"kelisim.v1.Waiting.Reason", "waiting."},
    {"kelisim.v1.Notice.Kind", "notice."},
    {"kelisim.v1.MemberDeparture.Reason", "member_reason."},
    {"kelisim.v1.QuotaStatus", "quota_status."},
    {"kelisim.v1.MatterStatus", "matter_status."},
    {"kelisim.v1.AuditProgress.Stage", "stage."},
};

constexpr Family kOneofs[] = {
    {"kelisim.v1.CaseCommand", "action."},
    {"kelisim.v1.CaseAct", "act."},
    {"kelisim.v1.CourtDecisionStep", "step.court_decision."},
    {"kelisim.v1.DisputeStep", "step.dispute."},
    {"kelisim.v1.PropertyStep", "step.property."},
    {"kelisim.v1.EntitlementStep", "step.entitlement."},
    {"kelisim.v1.ComplaintStep", "step.complaint."},
    {"kelisim.v1.InquiryStep", "step.inquiry."},
    {"kelisim.v1.InstrumentStep", "step.instrument."},
    {"kelisim.v1.QuotaCommand", "quota_command."},
    {"kelisim.v1.QuotaAct", "quota_act."},
    {"kelisim.v1.TreatyCommand", "treaty_command."},
    {"kelisim.v1.TreatyAct", "treaty_act."},
};

// Values of what the steps of matters say are one family: "value.TAX".
constexpr std::string_view kMatterFiles[] = {
    "kelisim/v1/court_decision.proto", "kelisim/v1/dispute.proto",   "kelisim/v1/property.proto",
    "kelisim/v1/entitlement.proto",    "kelisim/v1/complaint.proto", "kelisim/v1/inquiry.proto",
    "kelisim/v1/instrument.proto",     "kelisim/v1/treaty.proto"};

std::string KeyIn(const Family& family, std::string_view name) {
  if (name.substr(0, family.prefix.size()) == family.prefix) name.remove_prefix(family.prefix.size());
  return std::string(family.key).append(name);
}

}  // namespace

std::optional<Lang> ParseLang(std::string_view code) {
  if (code == "kk") return Lang::kKazakh;
  if (code == "ru") return Lang::kRussian;
  if (code == "en") return Lang::kEnglish;
  return std::nullopt;
}

std::string LangCode(Lang lang) {
  if (lang == Lang::kKazakh) return "kk";
  return lang == Lang::kRussian ? "ru" : "en";
}

Lang LangOfLocale(std::string_view locale) {
  return ParseLang(locale.substr(0, locale.find_first_of("_.@"))).value_or(Lang::kEnglish);
}

Lang PreferredLang(std::string_view accept_language, Lang otherwise) {
  Lang best = otherwise;
  double best_weight = 0;
  for (const absl::string_view part : absl::StrSplit(Absl(accept_language), ',')) {
    const std::pair<absl::string_view, absl::string_view> range =
        absl::StrSplit(part, absl::MaxSplits(';', 1));
    double weight = 1;
    absl::string_view said = absl::StripAsciiWhitespace(range.second);
    if (absl::ConsumePrefix(&said, "q=") && !absl::SimpleAtod(said, &weight)) continue;
    const absl::string_view tag = absl::StripAsciiWhitespace(range.first);
    const std::optional<Lang> lang = ParseLang(absl::AsciiStrToLower(tag.substr(0, tag.find('-'))));
    if (!lang || weight <= best_weight) continue;
    best = *lang;
    best_weight = weight;
  }
  return best;
}

const std::string& In(Lang lang, const v1::LocalizedText& text) {
  if (lang == Lang::kKazakh) return text.kk();
  return lang == Lang::kRussian ? text.ru() : text.en();
}

const v1::MessageCatalogue& Messages() {
  static const auto* const catalogue =
      new v1::MessageCatalogue(ParseOwnText<v1::MessageCatalogue>(MessagesText()));
  return *catalogue;
}

std::string Say(Lang lang, std::string_view key) {
  static const auto* const by_key = [] {
    auto* index = new std::unordered_map<std::string_view, const v1::LocalizedText*>;
    for (const v1::Message& message : Messages().messages()) index->emplace(message.key(), &message.text());
    return index;
  }();
  auto found = by_key->find(key);
  return found == by_key->end() ? std::string(key) : In(lang, *found->second);
}

std::string MessageKey(const google::protobuf::EnumValueDescriptor& value) {
  for (const Family& family : kEnums) {
    if (value.type()->full_name() == family.type) return KeyIn(family, value.name());
  }
  for (const std::string_view file : kMatterFiles) {
    if (value.file()->name() == file) return std::string("value.").append(value.name());
  }
  return "";
}

std::string MessageKey(const google::protobuf::FieldDescriptor& field) {
  for (const Family& family : kOneofs) {
    if (field.containing_type()->full_name() == family.type) return KeyIn(family, field.name());
  }
  return "";
}

std::string SayEnum(Lang lang, const google::protobuf::EnumDescriptor& type, int value) {
  const google::protobuf::EnumValueDescriptor* known = type.FindValueByNumber(value);
  if (known == nullptr) return std::to_string(value);
  // Unspecified says nothing.
  return value == 0 ? "" : Say(lang, MessageKey(*known));
}

}  // namespace kelisim
