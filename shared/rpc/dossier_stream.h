#ifndef KELISIM_SHARED_RPC_DOSSIER_STREAM_H_
#define KELISIM_SHARED_RPC_DOSSIER_STREAM_H_

#include "grpcpp/support/server_callback.h"
#include "kelisim/v1/dossier.pb.h"
#include "shared/rpc/desk.h"

namespace kelisim::rpc {

// Sends a dossier, file by file, to a caller who may have it, on a thread of its own: the
// ledgers are long. What the desk refers to must outlive the stream.
grpc::ServerWriteReactor<v1::DossierChunk>* SendDossier(const Desk& desk, const Caller& caller,
                                                        const v1::ExportDossierRequest& request);

}  // namespace kelisim::rpc

#endif  // KELISIM_SHARED_RPC_DOSSIER_STREAM_H_
