#ifndef KELISIM_SHARED_CLI_RENDER_H_
#define KELISIM_SHARED_CLI_RENDER_H_

#include <string>
#include <vector>

#include "absl/time/civil_time.h"
#include "google/protobuf/message.h"
#include "kelisim/v1/case_service.pb.h"
#include "kelisim/v1/information_service.pb.h"
#include "kelisim/v1/matter_service.pb.h"
#include "kelisim/v1/quota_service.pb.h"
#include "kelisim/v1/treaty_service.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/cli/table.h"
#include "shared/dossier/verifier.h"
#include "shared/text/messages.h"

// Answers of the services as text for people. All end in a newline.

namespace kelisim::cli {

// Language and terminal of the reader, and the day: what falls due within kDaysOfWarning
// is marked.
struct Reader {
  Lang lang = Lang::kEnglish;
  Look look;
  absl::CivilDay today = absl::CivilDay::min();
};
inline constexpr int kDaysOfWarning = 3;

std::string Render(const v1::Case& file, const Reader& reader);
std::string Render(const v1::ListCasesResponse& cases, const Reader& reader);
std::string Render(const v1::SubmitCaseCommandResponse& response, const Reader& reader);
std::string Render(const v1::MatterFile& file, const Reader& reader);
std::string Render(const v1::ListMattersResponse& matters, const Reader& reader);
std::string Render(const v1::SubmitMatterStepResponse& response, const Reader& reader);
std::string Render(const v1::SubmitQuotaCommandResponse& response, const Reader& reader);
std::string Render(const v1::SubmitTreatyCommandResponse& response, const Reader& reader);
std::string Render(const v1::Attachment& attachment, const Reader& reader);
std::string Render(const v1::QuotaState& quota, const Reader& reader);
std::string Render(const v1::Term& term, const Reader& reader);
std::string Render(const v1::RuleCatalogue& rules, const Reader& reader);
std::string Render(const v1::PrecedenceList& list, const Reader& reader);
std::string Render(const v1::Information& information, const Reader& reader);
std::string Render(const v1::Rule& rule, const Reader& reader);
std::string Render(const v1::NodeState& node, const Reader& reader);
// One line.
std::string Render(const v1::WatchActsResponse& act, const Reader& reader);

// What a dossier proves. `own_keys`: of whose keys only the dossier itself says what they are.
std::string Render(const dossier::Report& report, const std::vector<v1::Party>& own_keys, Lang lang);
// "the checkpoint is not accepted: ...".
std::string FlawText(const dossier::Finding& finding, Lang lang);
std::string NotJudgedText(const dossier::NotJudged& one, Lang lang);

// Protobuf JSON with the names of the proto files. On one line: for streams.
std::string ToJson(const google::protobuf::Message& message, bool one_line = false);

}  // namespace kelisim::cli

#endif  // KELISIM_SHARED_CLI_RENDER_H_
