#ifndef KELISIM_SHARED_TREATY_INFORMATION_H_
#define KELISIM_SHARED_TREATY_INFORMATION_H_

#include <string_view>

#include "kelisim/v1/information_service.pb.h"

// What people are told of the Agreement (Art. 5): information.textproto, completed with
// what is in force. Pure.

namespace kelisim::treaty {

// Everything but the quotas. `term` as of the day `on`.
v1::Information InformationOn(std::string_view on, const v1::Term& term);

// A text of the public page; empty when there is none of that id.
const v1::LocalizedText& InformationLabel(std::string_view id);
const v1::InformationTexts& InformationTexts();

}  // namespace kelisim::treaty

#endif  // KELISIM_SHARED_TREATY_INFORMATION_H_
