#include "shared/rpc/calls.h"

#include <utility>
#include <vector>

#include "shared/rpc/message.h"

namespace kelisim::rpc {

// Only by whom has taken the call out of `waiting_`.
void Calls::Finish(const Call& call, const authority::Answer& answer) {
  if (answer.status.ok()) *call.response = ToBuffer(answer.response);
  call.reactor->Finish(ToGrpc(answer, LangOf(*call.context)));
}

Calls::Waiting Calls::Open(grpc::CallbackServerContext& context, grpc::ByteBuffer* response) {
  grpc::ServerUnaryReactor* const reactor = context.DefaultReactor();
  const std::lock_guard lock(mutex_);
  const uint64_t token = ++last_token_;
  waiting_.emplace(token, Call{&context, reactor, response});
  return {token, reactor};
}

void Calls::Answer(uint64_t token, const authority::Answer& answer) {
  std::unique_lock lock(mutex_);
  const auto waiting = waiting_.extract(token);
  lock.unlock();
  if (waiting) Finish(waiting.mapped(), answer);
}

void Calls::FinishEnded() {
  std::vector<Call> ended;
  {
    const std::lock_guard lock(mutex_);
    for (auto it = waiting_.begin(); it != waiting_.end();) {
      if (it->second.context->IsCancelled()) {
        ended.push_back(it->second);
        it = waiting_.erase(it);
      } else {
        ++it;
      }
    }
  }
  for (const Call& call : ended) Finish(call, Only(absl::CancelledError("the call has ended")));
}

void Calls::GiveUp(const absl::Status& status) {
  std::map<uint64_t, Call> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(waiting_);
  }
  for (const auto& [token, call] : all) Finish(call, Only(status));
}

Lang LangOf(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("accept-language");
  if (found == metadata.end()) return Lang::kEnglish;
  return PreferredLang({found->second.data(), found->second.size()}, Lang::kEnglish);
}

}  // namespace kelisim::rpc
