#include "shared/testing/dossiers.h"

#include <cstdlib>

#include "absl/strings/str_cat.h"
#include "google/protobuf/util/json_util.h"
#include "shared/base/status_macros.h"
#include "shared/dossier/dsse.h"
#include "shared/dossier/layout.h"
#include "shared/dossier/verifier.h"

namespace kelisim::testing {

absl::StatusOr<dossier::MemoryFolder> ExportToMemory(const dossier::Source& source, const std::string& name,
                                                     v1::Disclosure disclosure, absl::Time now) {
  v1::ExportDossierRequest request;
  request.set_name(name);
  request.set_disclosure(disclosure);
  ASSIGN_OR_RETURN(const auto exporter, dossier::Exporter::Begin(source, request, now));
  dossier::MemoryFolder folder;
  std::string path;
  for (;;) {
    ASSIGN_OR_RETURN(const std::optional<v1::DossierChunk> chunk, exporter->Next());
    if (!chunk) return folder;
    if (!chunk->path().empty()) path = chunk->path();
    folder.files[path] += chunk->data();
  }
}

void SignAgain(dossier::MemoryFolder& folder, const tlog::NoteSigner& exporter,
               const std::function<void(v1::Manifest&)>& change) {
  const std::string body =
      dossier::PeekIntoEnvelope(folder.files.at(dossier::kManifestFile), dossier::kManifestType).value();
  v1::Manifest manifest;
  if (!google::protobuf::util::JsonStringToMessage(body, &manifest).ok()) std::abort();
  manifest.clear_files();
  folder.files.erase(dossier::kManifestFile);
  for (const auto& [path, content] : folder.files) {
    v1::ManifestFile& file = *manifest.add_files();
    file.set_path(path);
    file.set_size(content.size());
    file.set_sha256(std::string(Sha256(std::string_view(content)).bytes()));
  }
  change(manifest);
  std::string json;
  if (!google::protobuf::util::MessageToJsonString(manifest, &json).ok()) std::abort();
  folder.files[dossier::kManifestFile] = dossier::SealEnvelope(dossier::kManifestType, json, exporter);
}

std::vector<std::string> NamesOfAll(const authority::Reader& reader) {
  std::vector<std::string> names;
  v1::ListCasesRequest cases;
  cases.set_page_size(500);
  do {
    const v1::ListCasesResponse found = reader.ListCases(cases).value();
    for (const v1::CaseSummary& one : found.cases()) names.push_back(one.name());
    cases.set_page_token(found.next_page_token());
  } while (!cases.page_token().empty());
  v1::ListMattersRequest matters;
  matters.set_page_size(500);
  do {
    const v1::ListMattersResponse found = reader.ListMatters(matters).value();
    for (const v1::MatterSummary& one : found.matters()) names.push_back(one.name());
    matters.set_page_token(found.next_page_token());
  } while (!matters.page_token().empty());
  return names;
}

std::string VerifyAllDossiers(const authority::Identity& identity, const authority::Reader& reader,
                              absl::Time now) {
  for (const std::string& name : NamesOfAll(reader)) {
    const auto folder = ExportToMemory({identity, reader, nullptr}, name, v1::CONTENT, now);
    if (absl::IsNotFound(folder.status())) continue;
    if (!folder.ok()) return absl::StrCat("no dossier of ", name, ": ", folder.status().ToString());
    const dossier::Report report = dossier::Verify(*folder, {});
    if (report.verdict == dossier::Verdict::kValid) continue;
    const dossier::Finding& finding = report.findings.front();
    return absl::StrCat("the dossier of ", name, " is not valid: ", finding.where, ": ", finding.problem_key,
                        " ", finding.detail, " ", finding.broken.rule());
  }
  return "";
}

}  // namespace kelisim::testing
