#ifndef KELISIM_SHARED_WEB_PAGE_H_
#define KELISIM_SHARED_WEB_PAGE_H_

#include <string>

#include "absl/strings/string_view.h"
#include "kelisim/v1/information_service.pb.h"
#include "shared/text/messages.h"

// The public page as HTML: whole in itself, without scripts, loading nothing.

namespace kelisim::web {

// The language of `asked` ("kk") when it is one of ours, else the one that the header
// Accept-Language prefers; Kazakh when neither says anything.
Lang ChooseLang(absl::string_view asked, absl::string_view accept_language);

std::string PageOf(const v1::Information& information, Lang lang);

}  // namespace kelisim::web

#endif  // KELISIM_SHARED_WEB_PAGE_H_
