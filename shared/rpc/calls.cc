#include "shared/rpc/calls.h"

#include <utility>
#include <vector>

#include "shared/rpc/message.h"

namespace kelisim::rpc {

class Calls::Reactor final : public grpc::ServerUnaryReactor {
 public:
  Reactor(Calls& calls, uint64_t token, Language language, grpc::ByteBuffer* response)
      : calls_(calls), token_(token), language_(language), response_(response) {}

  // Only by whom has taken the reactor out of `waiting_`.
  void Finish(const authority::Answer& answer) {
    if (answer.status.ok()) *response_ = ToBuffer(answer.response);
    ServerUnaryReactor::Finish(ToGrpc(answer, language_));
  }
  void OnCancel() override {
    if (calls_.Take(token_) != nullptr) ServerUnaryReactor::Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  Calls& calls_;
  const uint64_t token_;
  const Language language_;
  grpc::ByteBuffer* const response_;
};

Calls::Waiting Calls::Open(grpc::CallbackServerContext& context, grpc::ByteBuffer* response) {
  const Language language = LanguageOf(context);
  const std::lock_guard lock(mutex_);
  const uint64_t token = ++last_token_;
  auto* reactor = new Reactor(*this, token, language, response);
  waiting_.emplace(token, reactor);
  return {token, reactor};
}

Calls::Reactor* Calls::Take(uint64_t token) {
  const std::lock_guard lock(mutex_);
  const auto found = waiting_.find(token);
  if (found == waiting_.end()) return nullptr;
  Reactor* const reactor = found->second;
  waiting_.erase(found);
  return reactor;
}

void Calls::Answer(uint64_t token, const authority::Answer& answer) {
  if (Reactor* const reactor = Take(token)) reactor->Finish(answer);
}

void Calls::GiveUp(const absl::Status& status) {
  std::map<uint64_t, Reactor*> all;
  {
    const std::lock_guard lock(mutex_);
    all.swap(waiting_);
  }
  for (const auto& [token, reactor] : all) reactor->Finish(Only(status));
}

Language LanguageOf(const grpc::CallbackServerContext& context) {
  const auto& metadata = context.client_metadata();
  const auto found = metadata.find("accept-language");
  if (found == metadata.end()) return Language::kEnglish;
  return ParseLanguage({found->second.data(), found->second.size()});
}

}  // namespace kelisim::rpc
