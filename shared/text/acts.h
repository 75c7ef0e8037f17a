#ifndef KELISIM_SHARED_TEXT_ACTS_H_
#define KELISIM_SHARED_TEXT_ACTS_H_

#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "kelisim/v1/audit.pb.h"
#include "kelisim/v1/common.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/text/messages.h"

// The items of a timeline in words.

namespace kelisim {

// "kz/12": the ledger and the index in it.
std::string PositionText(const v1::EntryReference& entry);

// "Deferred: 3.g, head"; "?" for an act of a later version.
std::string ActText(Lang lang, const v1::TimelineItem& item);

// What the act of an item says, as FactsText gives it; without what ActText names already, and
// without what stands among the facts: the petition of a case, and what opened a matter.
std::vector<std::pair<std::string, std::string>> SaidText(Lang lang, const v1::TimelineItem& item);
// The same of what an act carries, such as a notice.
std::vector<std::pair<std::string, std::string>> DetailsText(Lang lang,
                                                             const google::protobuf::Message& content);

// What a broken rule found, in words as far as there are any: "Russia" for "PARTY_RU".
std::string FoundText(Lang lang, const std::string& found);

// "kz/17: its payload is not what the entry commits to".
std::string AuditText(Lang lang, const v1::AuditProgress::Finding& finding);

// "Refused: 3.g (head)".
std::string EvidenceText(Lang lang, const v1::TimelineItem& item);

// "3.g: what the rule says"; the id alone when it is not known here.
std::string RuleText(Lang lang, const std::string& id);

// "Resettler › Date of birth" for "head.birth_date", "Family member 2 › ..." for
// "family[1]...."; a part that has no word here stays as it is.
std::string FieldText(Lang lang, std::string_view path);

// The field of what is particular to the kind of a matter; nullptr when there is nothing yet.
const google::protobuf::FieldDescriptor* FactsFieldOf(const v1::MatterState& state);

// Every value that is set in `message`, by FieldText of its path; hashes and entry ids in
// hexadecimal, as flags take them.
std::vector<std::pair<std::string, std::string>> FactsText(Lang lang,
                                                           const google::protobuf::Message& message);

}  // namespace kelisim

#endif  // KELISIM_SHARED_TEXT_ACTS_H_
