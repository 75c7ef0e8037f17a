#ifndef KELISIM_SHARED_DOSSIER_PAGE_H_
#define KELISIM_SHARED_DOSSIER_PAGE_H_

#include <string>
#include <utility>
#include <vector>

#include "kelisim/v1/dossier.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/text/messages.h"

namespace kelisim::dossier {

// What the page of a dossier shows, in order.
struct PageContent {
  std::string name;
  v1::Party exporter = v1::PARTY_UNSPECIFIED;
  std::string exported_at;
  v1::Disclosure disclosure = v1::CONTENT;
  // "kz: 122".
  std::vector<std::string> ledgers;
  const google::protobuf::Message* facts = nullptr;  // nullptr: none are shown
  std::vector<v1::TimelineItem> timeline;
  // Newer acts that lack a cosignature, or entries that belong to them do: they are left out.
  size_t left_out = 0;
  // Names of files under attachments/.
  std::vector<std::string> attachments;
};

// A whole HTML page, without scripts and without anything from elsewhere.
std::string TimelinePage(const PageContent& content, Lang lang);

}  // namespace kelisim::dossier

#endif  // KELISIM_SHARED_DOSSIER_PAGE_H_
