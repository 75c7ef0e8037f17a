#ifndef KELISIM_SHARED_NODE_WITNESS_CLIENT_H_
#define KELISIM_SHARED_NODE_WITNESS_CLIENT_H_

#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <string>
#include <thread>

#include "absl/status/status.h"
#include "shared/authority/identity.h"
#include "shared/authority/reader.h"

namespace kelisim::node {

// Has the own ledger cosigned by the third witness: sends it each newer checkpoint that
// the counterpart has cosigned, with the proof that the ledger has only grown, and keeps
// the note with its line in a file. Thread-safe. All references must outlive it.
class WitnessClient {
 public:
  // `file` holds the newest note; what an earlier process kept there goes on.
  WitnessClient(const authority::Identity& identity, std::string file);
  ~WitnessClient();

  // Begins to send, on a thread of its own, about once a second while there is something.
  void Start(const authority::Reader& reader);
  // Sends what is new, once. UNAVAILABLE: try again later. FAILED_PRECONDITION: the witness
  // has cosigned another history of this log, or says so; people must look.
  absl::Status SendOnce(const authority::Reader& reader);

  // Empty: there is none.
  std::string Newest() const;

 private:
  void Run(const authority::Reader& reader);
  absl::Status Keep(const std::string& note);

  const authority::Identity& identity_;
  const std::string file_;
  mutable std::mutex mutex_;
  std::condition_variable stop_;
  bool stopping_ = false;  // guarded by mutex_
  std::string newest_;     // guarded by mutex_
  uint64_t cosigned_ = 0;  // how much the witness has, as far as is known; of one thread
  std::thread thread_;
};

}  // namespace kelisim::node

#endif  // KELISIM_SHARED_NODE_WITNESS_CLIENT_H_
