#ifndef KELISIM_SHARED_TESTING_PAIR_H_
#define KELISIM_SHARED_TESTING_PAIR_H_

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "absl/time/time.h"
#include "kelisim/v1/exchange_service.pb.h"
#include "shared/authority/core.h"
#include "shared/authority/reader.h"
#include "shared/authority/views.h"
#include "shared/ledger/log.h"
#include "shared/ledger/memory_store.h"
#include "shared/testing/parties.h"

namespace kelisim::testing {

// One authority on a memory store that never fails.
struct Authority {
  Authority(v1::Party party, absl::Time day);
  authority::Outputs Turn(std::vector<authority::Input> inputs);
  // A new process on the same store, with `identity` as it is now.
  void Restart();
  uint64_t SizeOf(ledger::Side side) const {
    return ledger::LogRows<ledger::Store>(side, store).Size().value();
  }
  // The payload of an own entry of `kind`; nullopt: one of another kind, or without payload.
  template <typename Message>
  std::optional<Message> Payload(uint64_t index, v1::EntryKind kind) const {
    const ledger::LogRows<ledger::Store> own(ledger::Side::kOwn, store);
    v1::Entry entry;
    const std::optional<std::string> sealed = own.SealedPayload(index).value();
    if (!entry.ParseFromString(own.Entry(index).value()) || entry.kind() != kind || !sealed)
      return std::nullopt;
    const std::string context = authority::PayloadContext(ledger::Side::kOwn, index);
    const std::string opened = vault->Unseal(store, context, *sealed).value();
    Message message;
    if (!message.ParseFromString(authority::SplitPayload(opened).value().payload)) return std::nullopt;
    return message;
  }

  absl::Time now;
  authority::Identity identity;
  SeededRandom random;
  ledger::MemoryStore store;
  MemoryAnchor anchor;
  std::unique_ptr<ledger::Vault> vault;
  std::unique_ptr<authority::Core> core;
  std::unique_ptr<authority::Reader> reader;
  std::vector<std::string> events;  // of all turns, for the operator
};

// Both authorities and a link that loses nothing. What one wants to send waits until
// Exchange().
class Pair {
 public:
  explicit Pair(absl::Time day);

  Authority& of(v1::Party party) { return party == v1::PARTY_KZ ? kz_ : ru_; }
  // A turn of one authority; gives the answers to officers.
  std::vector<authority::Reply> Turn(v1::Party party, std::vector<authority::Input> inputs);
  // Until neither has anything to send. Gives answers to officers that were held back.
  std::vector<authority::Reply> Exchange();
  // Files the petition of another fictitious person with `party`, where it stays; the
  // counterpart cosigns it. What the officer was told.
  authority::Answer FilePetition(v1::Party party);

 private:
  Authority kz_;
  Authority ru_;
  int filed_ = 0;
  std::vector<std::pair<v1::Party, authority::Call>> waiting_;
};

// The checkpoint of a push as its author signs it: of the entries that `before` has up to the
// first of the push, and then of its leaves.
tlog::Checkpoint SignPush(const authority::Identity& author, const ledger::LogRows<ledger::Store>& before,
                          v1::PushRequest& push);

// What `receiver` answers who has taken the whole push, with its cosignatures.
v1::PushResponse CosignPush(const authority::Identity& receiver, const v1::PushRequest& push, absl::Time now);

}  // namespace kelisim::testing

#endif  // KELISIM_SHARED_TESTING_PAIR_H_
