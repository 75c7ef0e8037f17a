#include "shared/rpc/dossier_stream.h"

#include <memory>
#include <utility>

#include "shared/base/status_macros.h"
#include "shared/dossier/exporter.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/log.h"
#include "shared/rpc/slow_stream.h"

namespace kelisim::rpc {
namespace {

using Reactor = grpc::ServerWriteReactor<v1::DossierChunk>;
using Stream = SlowWriter<v1::DossierChunk>;
using dossier::Exporter;

absl::Status Export(const Desk& desk, const std::string& caller, const v1::ExportDossierRequest& request,
                    Stream& stream) {
  ASSIGN_OR_RETURN(
      const std::unique_ptr<Exporter> exporter,
      Exporter::Begin({desk.identity, desk.reader, &desk.attachments}, request, desk.clock.Now()));
  Log(LogLevel::kInfo, "dossier",
      {{"caller", caller},
       {"name", request.name()},
       {"disclosure", v1::Disclosure_Name(request.disclosure())}});
  for (;;) {
    ASSIGN_OR_RETURN(std::optional<v1::DossierChunk> chunk, exporter->Next());
    if (!chunk || !stream.Send(*std::move(chunk))) return absl::OkStatus();
  }
}

}  // namespace

Reactor* SendDossier(const Desk& desk, const Caller& caller, const v1::ExportDossierRequest& request) {
  absl::StatusOr<Shares::Share> share = desk.streams.dossiers.Take(caller.uri);
  if (!share.ok()) return new Refused<Reactor>(share.status());
  return RunSlowly(desk.threads, new Stream(*std::move(share)),
                   [&desk, caller = caller.uri, request](Stream& stream) {
                     return Export(desk, caller, request, stream);
                   });
}

}  // namespace kelisim::rpc
