#include "shared/testing/pair.h"

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "shared/testing/officer.h"
#include "shared/treaty/verdict.h"

namespace kelisim::testing {
namespace {

// Calls of the counterpart are answered at once, so one token will do.
constexpr uint64_t kPeerToken = ~uint64_t{0};

}  // namespace

Authority::Authority(v1::Party party, absl::Time day)
    : now(day), identity(TestIdentity(party)), random(party) {
  Restart();
}

void Authority::Restart() {
  vault = std::make_unique<ledger::Vault>(TestMasterKey(identity.self()), random);
  core = authority::Core::Open(identity, store, *vault, random, *anchor.Load()).value();
  reader = std::make_unique<authority::Reader>(identity, store, *vault);
}

authority::Outputs Authority::Turn(std::vector<authority::Input> inputs) {
  authority::Turn turn = core->Step(now, std::move(inputs)).value();
  authority::Outputs outputs = authority::Release(authority::Commit(std::move(turn), store).value(), anchor,
                                                  identity.witness, identity.mirror)
                                   .value();
  for (const authority::Event& event : outputs.events) events.push_back(event.text);
  return outputs;
}

Pair::Pair(absl::Time day) : kz_(v1::PARTY_KZ, day), ru_(v1::PARTY_RU, day) {
  for (const v1::Party party : {v1::PARTY_KZ, v1::PARTY_RU}) Turn(party, {authority::Tick()});
  Exchange();
}

std::vector<authority::Reply> Pair::Turn(v1::Party party, std::vector<authority::Input> inputs) {
  authority::Outputs outputs = of(party).Turn(std::move(inputs));
  for (authority::Call& call : outputs.calls) waiting_.emplace_back(party, std::move(call));
  return std::move(outputs.replies);
}

std::vector<authority::Reply> Pair::Exchange() {
  std::vector<authority::Reply> to_officers;
  while (!waiting_.empty()) {
    const auto [caller, call] = std::move(waiting_.front());
    waiting_.erase(waiting_.begin());
    authority::PeerReply reply{call.call_id, absl::UnavailableError("no answer"), ""};
    for (authority::Reply& answer :
         Turn(treaty::Other(caller), {authority::PeerCall{kPeerToken, call.method, call.bytes}})) {
      if (answer.token != kPeerToken) {
        to_officers.push_back(std::move(answer));
        continue;
      }
      reply.status = answer.answer.status;
      reply.bytes = std::move(answer.answer.response);
    }
    for (authority::Reply& answer : Turn(caller, {std::move(reply)}))
      to_officers.push_back(std::move(answer));
  }
  return to_officers;
}

authority::Answer Pair::FilePetition(v1::Party party) {
  const absl::Time now = of(party).now;
  v1::SubmitCaseCommandRequest request;
  request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++filed_));
  *request.mutable_command()->mutable_file_petition() =
      PetitionOf(party, filed_ % kPeople, {}, absl::FormatTime("%Y-%m-%d", now, absl::UTCTimeZone()));
  constexpr uint64_t kToken = 1;
  std::vector<authority::Reply> replies =
      Turn(party,
           {authority::OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request}});
  for (authority::Reply& reply : Exchange()) replies.push_back(std::move(reply));
  for (authority::Reply& reply : replies) {
    if (reply.token == kToken) return std::move(reply.answer);
  }
  return {absl::UnavailableError("no answer"), "", {}, {}};
}

tlog::Checkpoint SignPush(const authority::Identity& author, const ledger::LogRows<ledger::Store>& before,
                          v1::PushRequest& push) {
  tlog::RightEdge edge;
  for (uint64_t index = 0; index < push.first_index(); ++index)
    edge.Append(tlog::LeafHash(before.Entry(index).value()));
  for (const v1::Leaf& leaf : push.leaves()) edge.Append(tlog::LeafHash(leaf.entry()));
  const tlog::Checkpoint checkpoint{author.log.verifier().name(), edge.size(), edge.Root()};
  push.set_checkpoint(absl::StrCat(checkpoint.Text(), "\n", author.log.SignNote(checkpoint.Text())));
  return checkpoint;
}

v1::PushResponse CosignPush(const authority::Identity& receiver, const v1::PushRequest& push,
                            absl::Time now) {
  const tlog::Checkpoint pushed = tlog::Checkpoint::InNote(push.checkpoint()).value();
  const auto seconds = static_cast<uint64_t>(absl::ToUnixSeconds(now));
  v1::PushResponse response;
  response.set_mirror_size(pushed.size);
  response.set_cosignatures(receiver.witness.Cosign(pushed.Text(), seconds) +
                            receiver.mirror.Cosign(pushed.Text(), seconds));
  return response;
}

}  // namespace kelisim::testing
