#include "shared/text/acts.h"

#include <memory>
#include <utility>
#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/base/bytes.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/rules.h"

namespace kelisim {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

// What tells one act from another of its kind.
constexpr const char* kParticulars[] = {"kind",    "number", "note_number", "rule", "person_id",
                                        "item_id", "reason", "ground",      "year", "valid_until",
                                        "missing", "fields", "papers"};

// Set value of a field that tells one act from another of its kind.
std::string Particular(Lang lang, const Message& content, const FieldDescriptor& field) {
  const google::protobuf::Reflection& reflection = *content.GetReflection();
  if (field.is_repeated()) {
    std::vector<std::string> values;
    for (int i = 0; i < reflection.FieldSize(content, &field); ++i) {
      if (field.cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        values.push_back(
            SayEnum(lang, *field.enum_type(), reflection.GetRepeatedEnumValue(content, &field, i)));
      } else if (field.cpp_type() == FieldDescriptor::CPPTYPE_STRING) {
        // The fields of a petition that is returned.
        const std::string value = reflection.GetRepeatedString(content, &field, i);
        values.push_back(field.name() == "fields" ? FieldText(lang, value) : value);
      }
    }
    return absl::StrJoin(values, ", ");
  }
  if (!reflection.HasField(content, &field)) return "";
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_STRING:
      return reflection.GetString(content, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return absl::StrCat(reflection.GetUInt32(content, &field));
    case FieldDescriptor::CPPTYPE_INT32:
      return absl::StrCat(reflection.GetInt32(content, &field));
    case FieldDescriptor::CPPTYPE_ENUM:
      return SayEnum(lang, *field.enum_type(), reflection.GetEnumValue(content, &field));
    default:
      return "";
  }
}

// The one message that is set in `message`, and its field; or nothing.
std::pair<const Message*, const FieldDescriptor*> SetIn(const Message& message) {
  std::vector<const FieldDescriptor*> set;
  message.GetReflection()->ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    if (field->containing_oneof() != nullptr) {
      return {&message.GetReflection()->GetMessage(message, field), field};
    }
  }
  return {nullptr, nullptr};
}

// What the act of an item carries, and its field in the act; or nothing.
std::pair<const Message*, const FieldDescriptor*> ContentOf(const v1::TimelineItem& item) {
  const Message* act = item.has_matter_step() ? SetIn(item.matter_step()).first : SetIn(item).first;
  return act == nullptr ? std::pair<const Message*, const FieldDescriptor*>() : SetIn(*act);
}

void CollectFacts(Lang lang, const Message& message, const std::string& path,
                  std::vector<std::pair<std::string, std::string>>& facts) {
  std::vector<const FieldDescriptor*> set;
  const auto& reflection = *message.GetReflection();
  reflection.ListFields(message, &set);
  for (const FieldDescriptor* field : set) {
    const std::string at = path.empty() ? field->name() : absl::StrCat(path, ".", field->name());
    const int size = field->is_repeated() ? reflection.FieldSize(message, field) : 1;
    for (int i = 0; i < size; ++i) {
      const std::string place = field->is_repeated() ? absl::StrCat(at, "[", i, "]") : at;
      if (field->cpp_type() == FieldDescriptor::CPPTYPE_MESSAGE) {
        CollectFacts(lang,
                     field->is_repeated() ? reflection.GetRepeatedMessage(message, field, i)
                                          : reflection.GetMessage(message, field),
                     place, facts);
        continue;
      }
      std::string value;
      if (field->type() == FieldDescriptor::TYPE_BYTES) {
        value = ToHex(field->is_repeated() ? reflection.GetRepeatedString(message, field, i)
                                           : reflection.GetString(message, field));
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_BOOL) {
        value = Say(lang, reflection.GetBool(message, field) ? "ui.yes" : "ui.no");
      } else if (!field->is_repeated()) {
        value = Particular(lang, message, *field);
      } else if (field->cpp_type() == FieldDescriptor::CPPTYPE_ENUM) {
        value = SayEnum(lang, *field->enum_type(), reflection.GetRepeatedEnumValue(message, field, i));
      } else {
        value = reflection.GetRepeatedString(message, field, i);
      }
      facts.emplace_back(FieldText(lang, place), std::move(value));
    }
  }
}

// A line for each person: of twenty, one for each register would be more than anybody reads.
std::vector<std::pair<std::string, std::string>> ClearedText(Lang lang, const v1::Clearance& clearance) {
  std::vector<std::pair<std::string, std::string>> facts;
  for (const v1::PersonClearance& person : clearance.persons()) {
    std::vector<std::string> confirmed;
    for (auto& [name, yes] : DetailsText(lang, person)) confirmed.push_back(std::move(name));
    facts.emplace_back(person.person_id(), absl::StrJoin(confirmed, ", "));
  }
  return facts;
}

}  // namespace

std::string PositionText(const v1::EntryReference& entry) {
  const char* ledger = entry.ledger() == v1::PARTY_KZ ? "kz/" : entry.ledger() == v1::PARTY_RU ? "ru/" : "?/";
  return absl::StrCat(ledger, entry.index());
}

std::string ActText(Lang lang, const v1::TimelineItem& item) {
  if (item.matter_step().answer_overdue()) {
    return absl::StrCat(Say(lang, "act.answer_overdue"), ": ", item.matter_step().answer_due());
  }
  const auto [set, field] = ContentOf(item);
  if (set == nullptr) return "?";
  const Message& content = *set;
  std::vector<std::string> particulars;
  for (const char* name : kParticulars) {
    const FieldDescriptor* particular = content.GetDescriptor()->FindFieldByName(name);
    // Of a petition, papers are what was handed in, and not what is asked for.
    if (content.GetDescriptor() == v1::Petition::descriptor()) particular = nullptr;
    std::string text = particular == nullptr ? "" : Particular(lang, content, *particular);
    if (content.GetDescriptor() == v1::Reissue::descriptor() && particular != nullptr &&
        particular->name() == "reason") {
      text = Say(lang, absl::StrCat("reissue.", text));
    }
    if (!text.empty()) particulars.push_back(std::move(text));
  }
  const std::string name = Say(lang, MessageKey(*field));
  return particulars.empty() ? name : absl::StrCat(name, ": ", absl::StrJoin(particulars, ", "));
}

std::vector<std::pair<std::string, std::string>> SaidText(Lang lang, const v1::TimelineItem& item) {
  const Message* content = ContentOf(item).first;
  if (content == nullptr || content->GetDescriptor() == v1::Petition::descriptor()) return {};
  // What opened a matter, and what first told the other Party of it: both are its facts.
  if (treaty::Begins(item.matter_step()) || treaty::IsOpening(item.matter_step())) return {};
  // The finding is news to who is offered the case; the petition is among the facts.
  if (item.case_act().has_offered())
    return FactsText(lang, item.case_act().offered().opening().scope_finding());
  if (item.case_act().has_cleared()) return ClearedText(lang, item.case_act().cleared());
  return DetailsText(lang, *content);
}

std::vector<std::pair<std::string, std::string>> DetailsText(Lang lang, const Message& content) {
  const std::unique_ptr<Message> rest(content.New());
  rest->CopyFrom(content);
  for (const char* name : kParticulars) {
    const FieldDescriptor* particular = rest->GetDescriptor()->FindFieldByName(name);
    // A list of messages is more than its name.
    if (particular != nullptr && particular->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE)
      rest->GetReflection()->ClearField(rest.get(), particular);
  }
  return FactsText(lang, *rest);
}

std::string FoundText(Lang lang, const std::string& found) {
  if (treaty::FindRule(found) != nullptr) return RuleText(lang, found);
  // "taken:7"
  if (const size_t colon = found.find(':'); colon != found.npos)
    return absl::StrCat(FoundText(lang, found.substr(0, colon)), ": ", found.substr(colon + 1));
  const absl::string_view name = absl::StripPrefix(absl::StripPrefix(found, "PARTY_"), "PAPER_");
  for (const char* family : {"found.", "status.", "matter_status.", "quota_status.", "party.", "notice.",
                             "waiting.", "value.", "paper."}) {
    const std::string key = absl::StrCat(family, name);
    if (std::string text = Say(lang, key); text != key) return text;
  }
  return FieldText(lang, found);
}

std::string AuditText(Lang lang, const v1::AuditProgress::Finding& finding) {
  std::vector<std::string> parts;
  if (!finding.place().empty()) parts.push_back(finding.place());
  for (const std::string& key : finding.problem_keys()) parts.push_back(Say(lang, key));
  if (!finding.detail().empty()) parts.push_back(finding.detail());
  return absl::StrJoin(parts, ": ");
}

std::string EvidenceText(Lang lang, const v1::TimelineItem& item) {
  std::string text = SayEnum(lang, item.evidence());
  if (item.has_refusal()) absl::StrAppend(&text, ": ", item.refusal().rule());
  if (!item.refusal().found().empty())
    absl::StrAppend(&text, " (", FoundText(lang, item.refusal().found()), ")");
  return text;
}

std::string RuleText(Lang lang, const std::string& id) {
  const v1::Rule* rule = treaty::FindRule(id);
  return rule == nullptr ? id : absl::StrCat(id, ": ", In(lang, rule->text()));
}

std::string FieldText(Lang lang, std::string_view path) {
  std::vector<std::string> words;
  std::string previous;
  for (absl::string_view part : absl::StrSplit(Absl(path), '.')) {
    const size_t bracket = part.find('[');
    const std::string name(part.substr(0, bracket));
    std::string word = name;
    for (const std::string& key :
         {absl::StrCat("field.", name), absl::StrCat("action.", name), absl::StrCat("quota_command.", name),
          absl::StrCat("treaty_command.", name), absl::StrCat("step.", previous, ".", name)}) {
      if (word == name && Say(lang, key) != key) word = Say(lang, key);
    }
    uint64_t index = 0;
    if (bracket != part.npos &&
        absl::SimpleAtoi(part.substr(bracket + 1, part.size() - bracket - 2), &index)) {
      absl::StrAppend(&word, " ", index + 1);
    }
    words.push_back(std::move(word));
    previous = name;
  }
  return absl::StrJoin(words, " › ");
}

const FieldDescriptor* FactsFieldOf(const v1::MatterState& state) {
  return state.GetReflection()->GetOneofFieldDescriptor(
      state, v1::MatterState::descriptor()->FindOneofByName("facts"));
}

std::vector<std::pair<std::string, std::string>> FactsText(Lang lang, const Message& message) {
  std::vector<std::pair<std::string, std::string>> facts;
  CollectFacts(lang, message, "", facts);
  return facts;
}

}  // namespace kelisim
