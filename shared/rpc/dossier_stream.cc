#include "shared/rpc/dossier_stream.h"

#include <memory>
#include <utility>

#include "shared/dossier/exporter.h"
#include "shared/rpc/handler.h"
#include "shared/rpc/log.h"

namespace kelisim::rpc {
namespace {

using Reactor = grpc::ServerWriteReactor<v1::DossierChunk>;
using dossier::Exporter;

class Sending final : public Reactor {
 public:
  Sending(std::unique_ptr<Exporter> exporter, Shares::Share share)
      : share_(std::move(share)), exporter_(std::move(exporter)) {
    Next();
  }
  void OnWriteDone(bool ok) override { ok ? Next() : Finish(grpc::Status::OK); }
  void OnDone() override { delete this; }

 private:
  void Next() {
    using MaybeChunk = absl::StatusOr<std::optional<v1::DossierChunk>>;
    MaybeChunk chunk = Guarded<MaybeChunk>([&] { return exporter_->Next(); });
    if (!chunk.ok()) return Finish(ToGrpc(chunk.status()));
    if (!*chunk) return Finish(grpc::Status::OK);
    chunk_ = **std::move(chunk);
    StartWrite(&chunk_);
  }

  const Shares::Share share_;
  const std::unique_ptr<Exporter> exporter_;
  v1::DossierChunk chunk_;
};

}  // namespace

Reactor* SendDossier(const Desk& desk, const Caller& caller, const v1::ExportDossierRequest& request) {
  using Begun = absl::StatusOr<std::unique_ptr<Exporter>>;
  absl::StatusOr<Shares::Share> share = desk.streams.dossiers.Take(caller.uri);
  if (!share.ok()) return new Refused<Reactor>(share.status());
  Begun exporter = Guarded<Begun>([&] {
    return Exporter::Begin({desk.identity, desk.reader, &desk.attachments}, request, desk.clock.Now());
  });
  if (!exporter.ok()) return new Refused<Reactor>(exporter.status());
  Log(LogLevel::kInfo, "dossier",
      {{"caller", caller.uri},
       {"name", request.name()},
       {"disclosure", v1::Disclosure_Name(request.disclosure())}});
  return new Sending(*std::move(exporter), *std::move(share));
}

}  // namespace kelisim::rpc
