#ifndef KELISIM_SHARED_TEXT_ACTS_H_
#define KELISIM_SHARED_TEXT_ACTS_H_

#include <string>
#include <utility>
#include <vector>

#include "google/protobuf/message.h"
#include "kelisim/v1/common.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/text/messages.h"

// The items of a timeline in words.

namespace kelisim {

// "kz/12": the ledger and the index in it.
std::string PositionText(const v1::EntryReference& entry);

// "Deferred: 3.g, head"; "?" for an act of a later version.
std::string ActText(Lang lang, const v1::TimelineItem& item);

// "Refused: 3.g (head)".
std::string EvidenceText(Lang lang, const v1::TimelineItem& item);

// "3.g: what the rule says"; the id alone when it is not known here.
std::string RuleText(Lang lang, const std::string& id);

// Every value that is set in `message`, by the name that JSON gives it. Without hashes,
// which are for machines.
std::vector<std::pair<std::string, std::string>> FactsText(Lang lang,
                                                           const google::protobuf::Message& message);

}  // namespace kelisim

#endif  // KELISIM_SHARED_TEXT_ACTS_H_
