#ifndef KELISIM_SHARED_TREATY_RULES_H_
#define KELISIM_SHARED_TREATY_RULES_H_

#include <string>
#include <string_view>

#include "kelisim/v1/treaty.pb.h"

namespace kelisim::treaty {

// The rule catalogue, read from rules.textproto, which is compiled in. Parsed
// once; lives for ever; thread-safe.
const v1::RuleCatalogue& Rules();

// nullptr when the catalogue has no such id.
const v1::Rule* FindRule(std::string_view id);

// "3.g" for "3.г", as people cite the text: its Cyrillic letters count the items of an article
// in the order of the Russian alphabet, and the catalogue has them in that order. Anything else
// stays as it is.
std::string RuleIdAsCited(const std::string& cited);

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_RULES_H_
