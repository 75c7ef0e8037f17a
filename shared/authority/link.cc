#include "shared/authority/link.h"

#include <algorithm>
#include <utility>

#include "absl/strings/str_cat.h"
#include "shared/base/bytes.h"
#include "shared/base/status_macros.h"
#include "shared/text/messages.h"

namespace kelisim::authority {
namespace {

using ledger::Side;

constexpr uint32_t kExchangeVersion = 1;
constexpr size_t kNonceSize = 16;
// Below the receiver's message limit of 256 KiB, with room for one entry more.
constexpr size_t kStretchBytes = 160 * 1024;
// An honest one has some 70 bytes to an entry and more to a payload.
constexpr int kMaxLeaves = 4096;
// Nothing is ordered by clocks, but legal dates are read off them.
constexpr absl::Duration kLargestSkew = absl::Seconds(30);
constexpr absl::Duration kFirstBackoff = absl::Milliseconds(100);
constexpr absl::Duration kLongestBackoff = absl::Seconds(5);

constexpr std::string_view kRequestDomain = "kelisim handshake request\n";
constexpr std::string_view kResponseDomain = "kelisim handshake response\n";

// What a node that has halted answers; the other one knows it by this.
constexpr char kHalted[] = "halted: one ledger has two signed histories";
constexpr char kOtherProtocol[] =
    "its first protocol is another one than ours: compare `protocol` in both configurations";
// What a node answers when the other one's entries bear a time to come.
constexpr char kAhead[] =
    "clocks: entries are recorded ahead of the receiver's clock: not taken before that time has come";

Link::PeerAnswer Refuse(absl::Status status) { return {{std::move(status), "", {}, {}}, std::nullopt}; }

template <typename Message>
Link::PeerAnswer Respond(const Message& message) {
  return {{absl::OkStatus(), message.SerializeAsString(), {}, {}}, std::nullopt};
}

// How far ahead of `now` the latest of these entries was recorded, as it says.
absl::Duration Ahead(const google::protobuf::RepeatedPtrField<v1::Leaf>& leaves, absl::Time now) {
  absl::Duration most = -absl::InfiniteDuration();
  for (const v1::Leaf& leaf : leaves) {
    v1::Entry entry;
    if (entry.ParseFromString(leaf.entry())) {
      most = std::max(most, absl::FromUnixMicros(entry.recorded_at_us()) - now);
    }
  }
  return most;
}

Link::PeerAnswer Malformed() { return Refuse(absl::InvalidArgumentError("the message cannot be read")); }
Link::PeerAnswer NoSession() {
  return Refuse(absl::FailedPreconditionError("no such session; shake hands first"));
}

}  // namespace

Link::Link(const Identity& identity, Books& books, Random& random, std::optional<ledger::Head> anchored,
           bool loss_untold, bool no_fence)
    : identity_(identity), books_(books), random_(random), anchored_(anchored), no_fence_(no_fence) {
  sent_ = books_.cosigned();
  // What cannot be read is told by who needs it.
  const absl::StatusOr<std::string> cosigned = RowsOf(Side::kOwn).Cosigned();
  cosigned_by_other_keys_ = cosigned.ok() && !OpenCosigned(identity_, *cosigned).ok();
  // It may have lost nothing; that is not known here.
  if (loss_untold) loss_told_at_ = books_.own().size();
  if (!anchored_) {
    reason_ = "reason.no_anchor";
  } else if (anchored_->size > books_.own().size()) {
    reason_ = "reason.rolled_back";
  } else if (anchored_->size == 0) {
    reason_ = "reason.new_anchor";
  } else {
    reason_ = "reason.unconfirmed";
  }
}

v1::NodeMode Link::mode() const {
  if (!books_.halted().empty()) return v1::HALTED;
  if (!anchored_ || protocols_differ_) return v1::READ_ONLY;
  if (books_.recovering()) return v1::RECOVERING;
  if (is_clear()) return telling_loss() ? v1::RECOVERING : v1::OPEN_FOR_ALL;
  // The anchor remembers more than the store has, or remembers nothing (it may be a new
  // one), or the counterpart says that it has more: not even reversible acts.
  const bool unclear = anchored_->size == 0 || anchored_->size > books_.own().size() || telling_loss();
  return behind_ || peer_halted_ || unclear ? v1::READ_ONLY : v1::FENCED;
}

// The counterpart has confirmed what it has, and we have all that it can give back.
bool Link::is_clear() const {
  return books_.halted().empty() && anchored_ && !books_.recovering() && (open_ || no_fence_);
}

// ---------------------------------------------------------------- positions

absl::StatusOr<std::string> Link::MyPosition() const {
  v1::Position position;
  // The turn may have appended entries that are not signed yet.
  RETURN_IF_ERROR(books_.Checkpoint());
  if (books_.own().size() > 0) {
    ASSIGN_OR_RETURN(*position.mutable_checkpoint(), books_.CheckpointAt(books_.own().size()));
  }
  position.set_mirror_size(books_.mirror().size());
  position.set_mirror_root(std::string(books_.mirror().root().bytes()));
  if (books_.mirror().size() > 0) {
    ASSIGN_OR_RETURN(*position.mutable_mirror_checkpoint(),
                     RowsOf(Side::kMirror).Checkpoint(books_.mirror().size()));
  }
  position.set_recovering(books_.recovering());
  position.set_first_protocol(std::string(FirstProtocolHash(identity_.protocol).bytes()));
  return position.SerializeAsString();
}

absl::StatusOr<tlog::Checkpoint> Link::ReadCheckpoint(const std::string& bytes,
                                                      const tlog::LogKeys& keys) const {
  if (bytes.empty()) return tlog::Checkpoint{keys.name(), 0, tlog::EmptyRoot()};
  ASSIGN_OR_RETURN(const tlog::SignedCheckpoint opened, keys.Open(bytes));
  // Nobody signs nothing; of no entries nothing can be proven either.
  if (opened.checkpoint().size == 0) return absl::InvalidArgumentError("a signed checkpoint of no entries");
  return opened.checkpoint();
}

bool Link::JudgesAlike(const v1::Position& theirs) const {
  return theirs.first_protocol() == FirstProtocolHash(identity_.protocol).bytes();
}

absl::StatusOr<bool> Link::Agrees(const v1::Position& theirs) {
  ASSIGN_OR_RETURN(const tlog::Checkpoint of_mine,
                   ReadCheckpoint(theirs.mirror_checkpoint(), identity_.own_log));
  ASSIGN_OR_RETURN(const tlog::Checkpoint of_theirs, ReadCheckpoint(theirs.checkpoint(), identity_.peer_log));
  if (of_mine.size != theirs.mirror_size() || of_mine.root.bytes() != theirs.mirror_root()) {
    return absl::InvalidArgumentError("the counterpart's position does not fit its evidence");
  }
  const auto contradicts = [&](const ledger::Log& log, const tlog::Checkpoint& said) -> absl::StatusOr<bool> {
    if (said.size > log.size()) return false;
    ASSIGN_OR_RETURN(const Hash root, log.RootAt(books_.rows(), said.size));
    return root != said.root;
  };
  ASSIGN_OR_RETURN(const bool my_ledger_forked, contradicts(books_.own(), of_mine));
  if (my_ledger_forked) {
    RETURN_IF_ERROR(books_.Checkpoint());
    ASSIGN_OR_RETURN(const std::string ours, RowsOf(Side::kOwn).CheckpointFrom(of_mine.size));
    Halt("reason.own_fork", Side::kOwn, theirs.mirror_checkpoint(), ours, RowsOf(Side::kOwn).Nodes());
    return false;
  }
  ASSIGN_OR_RETURN(const bool their_ledger_forked, contradicts(books_.mirror(), of_theirs));
  if (their_ledger_forked) {
    ASSIGN_OR_RETURN(const std::string mirrored, RowsOf(Side::kMirror).CheckpointFrom(of_theirs.size));
    Halt("reason.peer_fork", Side::kMirror, theirs.checkpoint(), mirrored, RowsOf(Side::kMirror).Nodes());
    return false;
  }
  return true;
}

ledger::LogRows<ledger::Overlay> Link::RowsOf(Side side) const { return {side, books_.rows()}; }

void Link::Halt(const std::string& reason, Side side, const std::string& one, const std::string& other,
                const tlog::NodeReader& tree) {
  books_.HaltWith(reason, side == Side::kOwn ? identity_.self() : identity_.peer(), one, other, tree);
  reason_ = reason;
  open_ = false;
  session_.clear();
  peer_session_.clear();
  as_mirrored_.reset();
  Alarm(absl::StrCat("halted: ", Say(Lang::kEnglish, reason)));
}

void Link::Drop(absl::Time now, const std::string& why, const std::string& words) {
  // Said once, however often it is tried again. The log gets none of the other Party's words:
  // they could name anybody.
  if (why != dropped_for_) Tell(absl::StrCat("counterpart: ", why));
  dropped_for_ = why;
  problem_ = words.empty() ? why : absl::StrCat(why, " ", words);
  session_.clear();
  as_mirrored_.reset();
  backoff_ = std::clamp(backoff_ * 2, kFirstBackoff, kLongestBackoff);
  next_attempt_ = now + backoff_;
}

bool Link::HasToPush() const {
  return std::min(sent_, books_.cosigned()) < books_.own().size() || cosigned_by_other_keys_;
}

void Link::Succeeded() {
  if (!dropped_for_.empty()) Tell("counterpart: answers again");
  backoff_ = absl::ZeroDuration();
  dropped_for_.clear();
  problem_.clear();
}

// ---------------------------------------------------------------- our calls

absl::StatusOr<std::optional<Call>> Link::NextCall(absl::Time now) {
  // Without an anchor the node still shakes hands: its operator wants to know
  // what the counterpart has.
  // A clock that was set back does not make the link wait for the old time to come again.
  const bool waits = now < next_attempt_ && next_attempt_ - now <= kLongestBackoff;
  if (outstanding_ || waits || !books_.halted().empty()) return std::nullopt;
  Outstanding next{last_call_id_ + 1, PeerMethod::kHandshake, "", 0, ""};
  std::string bytes;
  if (session_.empty()) {
    v1::HandshakeRequest request;
    next.nonce = random_.Bytes(kNonceSize);
    request.set_nonce(next.nonce);
    ASSIGN_OR_RETURN(*request.mutable_position(), MyPosition());
    request.set_signature(LogSigner(identity_, books_.own().size())
                              .SignRaw(absl::StrCat(Absl(kRequestDomain), next.nonce, request.position())));
    request.set_exchange_version(kExchangeVersion);
    bytes = request.SerializeAsString();
  } else if (books_.recovering() && anchored_) {
    next.method = PeerMethod::kPull;
    v1::PullRequest request;
    request.set_session(session_);
    const bool own_first = books_.own().size() < own_target_;
    request.set_ledger(own_first ? v1::CALLERS : v1::ANSWERERS);
    const uint64_t own_from = as_mirrored_ ? as_mirrored_->size() : books_.own().size();
    request.set_first_index(own_first ? own_from : books_.mirror().size());
    bytes = request.SerializeAsString();
  } else if (open_ && HasToPush()) {
    next.method = PeerMethod::kPush;
    v1::PushRequest request;
    request.set_session(session_);
    request.set_first_index(sent_);
    Books::Stretch stretch;
    if (sent_ < books_.own().size()) {
      ASSIGN_OR_RETURN(stretch, books_.StretchFrom(Side::kOwn, sent_, kStretchBytes));
    } else {
      // It has everything; only its cosignature was lost on the way, or is one of a key that it
      // has no more. Nothing but the checkpoint is sent, and AnswerPush cosigns it again.
      stretch.end = sent_;
      ASSIGN_OR_RETURN(stretch.checkpoint, books_.CheckpointAt(sent_));
    }
    request.mutable_leaves()->Swap(&stretch.leaves);
    request.set_checkpoint(stretch.checkpoint);
    next.pushed_to = stretch.end;
    next.checkpoint = stretch.checkpoint;
    bytes = request.SerializeAsString();
  } else {
    return std::nullopt;
  }
  last_call_id_ = next.call_id;
  outstanding_ = next;
  return Call{next.call_id, next.method, std::move(bytes)};
}

absl::Status Link::Receive(const PeerReply& reply, absl::Time now) {
  if (!outstanding_ || outstanding_->call_id != reply.call_id) return absl::OkStatus();
  if (!reply.status.ok()) {
    outstanding_.reset();
    if (reply.status.message() == kHalted && !peer_halted_) {
      Alarm(
          "counterpart: has halted: it has seen two histories of one ledger; ask its officers for the "
          "evidence");
      peer_halted_ = true;
      open_ = false;
      reason_ = "reason.peer_halted";
    }
    if (reply.status.message() == kAhead && reason_ != "reason.ahead") {
      Alarm("clocks: own entries bear a time to come: the counterpart takes none before it has come");
      reason_ = "reason.ahead";
    }
    // Whether the call had an effect is unknown; the next handshake tells.
    Drop(now, absl::StatusCodeToString(reply.status.code()), std::string(reply.status.message()));
    return absl::OkStatus();
  }
  absl::Status received;
  switch (outstanding_->method) {
    case PeerMethod::kHandshake:
      received = ReceiveHandshake(reply.bytes, now);
      break;
    case PeerMethod::kPush:
      received = ReceivePush(reply.bytes, now);
      break;
    case PeerMethod::kPull:
      received = ReceivePull(reply.bytes, now);
      break;
  }
  outstanding_.reset();
  // What the counterpart said wrong is its fault and ends the session; anything
  // else is ours and ends the process.
  if (absl::IsInvalidArgument(received) || absl::IsNotFound(received)) {
    Drop(now, std::string(received.message()));
    return absl::OkStatus();
  }
  return received;
}

absl::Status Link::ReceiveHandshake(const std::string& bytes, absl::Time now) {
  v1::HandshakeResponse response;
  v1::Position theirs;
  if (!response.ParseFromString(bytes) || response.nonce().size() != kNonceSize ||
      response.exchange_version() != kExchangeVersion || !theirs.ParseFromString(response.position())) {
    return absl::InvalidArgumentError("the counterpart's handshake cannot be read");
  }
  if (!identity_.peer_log.VerifyRaw(
          absl::StrCat(Absl(kResponseDomain), outstanding_->nonce, response.nonce(), response.position()),
          response.signature(), books_.mirror().size())) {
    return absl::InvalidArgumentError("the counterpart's handshake is not signed by its log key");
  }
  ASSIGN_OR_RETURN(const bool agrees, Agrees(theirs));
  if (!agrees) return absl::OkStatus();
  if (!JudgesAlike(theirs)) {
    if (!protocols_differ_) Alarm(absl::StrCat("counterpart: ", kOtherProtocol));
    protocols_differ_ = true;
    open_ = false;
    dropped_for_ = kOtherProtocol;  // is said
    return absl::InvalidArgumentError(kOtherProtocol);
  }
  protocols_differ_ = false;
  behind_ = false;
  peer_halted_ = false;
  session_ = outstanding_->nonce + response.nonce();
  // The counterpart's word holds, also when it has less than before: it was
  // restored, and gets everything again.
  sent_ = std::min(theirs.mirror_size(), books_.own().size());
  // Who shakes hands and takes nothing is tried less and less often.
  if (!HasToPush() && !books_.recovering()) Succeeded();
  if (!anchored_) return absl::OkStatus();
  if (theirs.mirror_size() > books_.own().size() || books_.recovering()) {
    own_target_ = std::max(theirs.mirror_size(), books_.own().size());
    ASSIGN_OR_RETURN(const tlog::Checkpoint of_theirs,
                     ReadCheckpoint(theirs.checkpoint(), identity_.peer_log));
    mirror_target_ = std::max(of_theirs.size, books_.mirror().size());
    reason_ = "reason.taking_back";
    Alarm(absl::StrCat("rolled back: have ", books_.own().size(), " own entries, the counterpart has ",
                       own_target_));
    RETURN_IF_ERROR(books_.BeginRecovery());
    return FinishRecovery(now);
  }
  return Open(now);
}

absl::Status Link::Open(absl::Time now) {
  if (open_) return absl::OkStatus();
  Tell("open: the counterpart has confirmed what it has");
  return GoOn(now);
}

absl::Status Link::FinishRecovery(absl::Time now) {
  if (books_.own().size() < own_target_ || books_.mirror().size() < mirror_target_) return absl::OkStatus();
  const absl::Status processed = books_.CheckProcessed();
  if (absl::IsFailedPrecondition(processed)) {
    // The counterpart was restored in the middle of this. No views without what it
    // lacks; a later handshake may say that it has that again.
    reason_ = "reason.gives_less";
    return absl::InvalidArgumentError(processed.message());
  }
  RETURN_IF_ERROR(processed);
  RETURN_IF_ERROR(books_.RebuildViews());
  sent_ = own_target_;
  Tell(absl::StrCat("recovered: own entries ", books_.own().size(), ", mirror ", books_.mirror().size()));
  return GoOn(now);
}

absl::Status Link::GoOn(absl::Time now) {
  // What did not come back from the counterpart is lost, and said so.
  const uint64_t size = books_.own().size();
  if (anchored_->size > size) Alarm(absl::StrCat("lost: own entries ", size, " to ", anchored_->size - 1));
  if (anchored_->size > size || books_.recovering()) {
    ASSIGN_OR_RETURN(const std::optional<std::string> lost, books_.AppendLoss(*anchored_, now));
    if (lost) loss_told_at_ = books_.own().size();
    if (!lost.value_or("").empty()) {
      Alarm(absl::StrCat("lost: the contents of own entries ", *lost,
                         ": they had not been sent; they must be entered again"));
    }
    RETURN_IF_ERROR(books_.EndRecovery(anchored_->lineage));
  }
  anchored_ = books_.head();
  open_ = true;
  reason_ = telling_loss() ? "reason.telling_loss" : "";
  RETURN_IF_ERROR(books_.ProcessMirror(now));
  RETURN_IF_ERROR(WarnOfKeys());
  return books_.AnnounceKeys(now);
}

absl::Status Link::WarnOfKeys() {
  (void)books_.TakeKeyAnnounced();
  ASSIGN_OR_RETURN(std::vector<std::string> beside,
                   books_.views().KeysBeside(identity_.peer_log, treaty::Other(identity_.self())));
  for (const std::string& key : beside) {
    if (std::find(keys_told_.begin(), keys_told_.end(), key) != keys_told_.end()) continue;
    Alarm(absl::StrCat("counterpart: its ledger announces the log key ", key,
                       " otherwise than the policy we have: ask its officers"));
  }
  keys_told_ = std::move(beside);
  return absl::OkStatus();
}

void Link::WatchClocks(absl::Duration ahead) {
  const bool differ = absl::AbsDuration(ahead) > kLargestSkew;
  if (differ == clocks_differ_) return;
  clocks_differ_ = differ;
  if (!differ) return Tell("clocks: the counterpart's agrees with ours again");
  Alarm(absl::StrCat("clocks: the counterpart's differs from ours by ", absl::ToInt64Seconds(ahead),
                     " seconds: legal dates may be wrong"));
}

absl::Status Link::ReceivePush(const std::string& bytes, absl::Time now) {
  v1::PushResponse response;
  if (!response.ParseFromString(bytes))
    return absl::InvalidArgumentError("the counterpart's answer cannot be read");
  if (response.cosignatures().empty() || response.mirror_size() != outstanding_->pushed_to) {
    // It has another size than we think; a new handshake tells which.
    Drop(now, "it has another part of our ledger than expected");
    return absl::OkStatus();
  }
  ASSIGN_OR_RETURN(const tlog::Note note,
                   tlog::Note::Parse(absl::StrCat(outstanding_->checkpoint, response.cosignatures())));
  uint64_t cosigned_at = 0;
  RETURN_IF_ERROR(tlog::VerifyNote(note, identity_.peer_witness, &cosigned_at));
  RETURN_IF_ERROR(tlog::VerifyNote(note, identity_.peer_mirror));
  WatchClocks(absl::FromUnixSeconds(static_cast<int64_t>(cosigned_at)) - now);
  sent_ = outstanding_->pushed_to;
  Succeeded();
  if (reason_ == "reason.ahead") reason_ = "";
  const bool again = cosigned_by_other_keys_ && sent_ == books_.cosigned();
  if (sent_ <= books_.cosigned() && !again) return absl::OkStatus();
  cosigned_by_other_keys_ = false;
  const bool telling = telling_loss();
  // Nothing beside these: what nobody has verified is not kept.
  RETURN_IF_ERROR(
      books_.SetCosigned(sent_, absl::StrCat(outstanding_->checkpoint, note.LineOf(identity_.peer_witness),
                                             note.LineOf(identity_.peer_mirror))));
  if (telling && !telling_loss()) {
    reason_ = "";
    Tell("open: the counterpart has been told what was lost");
  }
  return absl::OkStatus();
}

absl::Status Link::ReceivePull(const std::string& bytes, absl::Time now) {
  v1::PullResponse response;
  if (!response.ParseFromString(bytes))
    return absl::InvalidArgumentError("the counterpart's answer cannot be read");
  if (!books_.recovering()) return absl::OkStatus();
  if (response.leaves().empty())
    return absl::InvalidArgumentError("the counterpart has nothing more to give");
  const bool own_first = books_.own().size() < own_target_;
  const tlog::LogKeys& keys = own_first ? identity_.own_log : identity_.peer_log;
  ASSIGN_OR_RETURN(const auto checkpoint, keys.Open(response.checkpoint()));
  if (own_first && as_mirrored_) return Compare(response, checkpoint.checkpoint());
  const absl::Status taken = own_first ? books_.TakeOwnBack(response.leaves(), checkpoint)
                                       : books_.TakeMirrorBack(response.leaves(), checkpoint);
  if (own_first && absl::IsInvalidArgument(taken)) {
    // Either the counterpart errs, or this node has signed other entries since it was
    // restored. What the counterpart has cosigned or given back both have.
    reason_ = "reason.comparing";
    ASSIGN_OR_RETURN(as_mirrored_,
                     tlog::Branch::Of(std::max(books_.cosigned(), given_back_), RowsOf(Side::kOwn).Nodes()));
    return absl::OkStatus();
  }
  if (absl::IsFailedPrecondition(taken)) {
    // Nothing was taken; a later session may bring it whole.
    reason_ = "reason.gives_less";
    return absl::InvalidArgumentError(taken.message());
  }
  RETURN_IF_ERROR(taken);
  if (own_first) given_back_ = books_.own().size();
  Succeeded();
  return FinishRecovery(now);
}

absl::Status Link::Compare(const v1::PullResponse& response, const tlog::Checkpoint& signed_by_us) {
  for (const v1::Leaf& leaf : response.leaves()) as_mirrored_->Append(tlog::LeafHash(leaf.entry()));
  if (signed_by_us.size != as_mirrored_->size() || signed_by_us.root != as_mirrored_->Root()) {
    return absl::InvalidArgumentError("the entries do not give the signed root");
  }
  if (as_mirrored_->size() < books_.own().size()) return absl::OkStatus();
  const tlog::NodeReader tree = as_mirrored_->Nodes();
  ASSIGN_OR_RETURN(const Hash root, tlog::RootAt(books_.own().size(), tree));
  if (root == books_.own().root())
    return absl::InvalidArgumentError("the entries it gave before were others");
  RETURN_IF_ERROR(books_.Checkpoint());
  ASSIGN_OR_RETURN(const std::string now, books_.CheckpointAt(books_.own().size()));
  Halt("reason.two_continuations", Side::kOwn, response.checkpoint(), now, tree);
  return absl::OkStatus();
}

// ---------------------------------------------------------------- the counterpart's calls

absl::StatusOr<Link::PeerAnswer> Link::HandleCall(PeerMethod method, const std::string& bytes,
                                                  absl::Time now) {
  if (!books_.halted().empty()) return Refuse(absl::FailedPreconditionError(kHalted));
  switch (method) {
    case PeerMethod::kHandshake:
      return AnswerHandshake(bytes);
    case PeerMethod::kPush:
      return AnswerPush(bytes, now);
    case PeerMethod::kPull:
      return AnswerPull(bytes);
  }
  return Malformed();
}

absl::StatusOr<Link::PeerAnswer> Link::AnswerHandshake(const std::string& bytes) {
  v1::HandshakeRequest request;
  v1::Position theirs;
  if (!request.ParseFromString(bytes) || request.nonce().size() != kNonceSize ||
      !theirs.ParseFromString(request.position())) {
    return Malformed();
  }
  if (request.exchange_version() != kExchangeVersion) {
    return Refuse(absl::FailedPreconditionError("another version of the exchange"));
  }
  if (!identity_.peer_log.VerifyRaw(absl::StrCat(Absl(kRequestDomain), request.nonce(), request.position()),
                                    request.signature(), books_.mirror().size())) {
    return Refuse(absl::PermissionDeniedError("the handshake is not signed by the counterpart's log key"));
  }
  // The request may be late, from a process that a restore has since replaced:
  // it can make us ask anew, but only the answer to our own nonce is judged.
  // Only what we have signed shows that.
  if (theirs.mirror_size() > books_.own().size()) {
    const absl::StatusOr<tlog::Checkpoint> of_mine =
        ReadCheckpoint(theirs.mirror_checkpoint(), identity_.own_log);
    if (!of_mine.ok() || of_mine->size != theirs.mirror_size()) return Malformed();
    open_ = false;
    behind_ = true;
    session_.clear();
    reason_ = "reason.behind";
  }
  // So do they for the protocol.
  if (!JudgesAlike(theirs)) session_.clear();
  sent_ = std::min(sent_, theirs.mirror_size());
  // A push under way may have been answered by a process that an older state has since replaced:
  // that answer says nothing of what there is now. Handshakes that cross would outdo each other.
  const bool pushing = outstanding_ && outstanding_->method == PeerMethod::kPush;
  if (pushing && theirs.mirror_size() < outstanding_->pushed_to) outstanding_.reset();
  v1::HandshakeResponse response;
  response.set_nonce(random_.Bytes(kNonceSize));
  ASSIGN_OR_RETURN(*response.mutable_position(), MyPosition());
  response.set_signature(LogSigner(identity_, books_.own().size())
                             .SignRaw(absl::StrCat(Absl(kResponseDomain), request.nonce(), response.nonce(),
                                                   response.position())));
  response.set_exchange_version(kExchangeVersion);
  peer_session_ = request.nonce() + response.nonce();
  return Respond(response);
}

absl::StatusOr<Link::PeerAnswer> Link::AnswerPush(const std::string& bytes, absl::Time now) {
  v1::PushRequest request;
  if (!request.ParseFromString(bytes) || request.leaves_size() > kMaxLeaves) return Malformed();
  if (peer_session_.empty() || request.session() != peer_session_) return NoSession();
  // Nothing is taken in before our own position is clear: what follows may
  // depend on own entries that a restore has lost.
  if (!is_clear()) return Refuse(absl::UnavailableError("fenced"));

  const uint64_t size = books_.mirror().size();
  const uint64_t end = request.first_index() + static_cast<uint64_t>(request.leaves().size());
  if (request.first_index() > size)
    return Refuse(absl::FailedPreconditionError("entries are missing before these"));
  const auto opened = identity_.peer_log.Open(request.checkpoint());
  if (!opened.ok() || opened->checkpoint().size != end || end == 0) {
    return Refuse(absl::InvalidArgumentError("the checkpoint is not for these entries"));
  }
  const tlog::Checkpoint& said = opened->checkpoint();
  v1::PushResponse response;
  response.set_mirror_size(size);
  if (end < size) return Respond(response);  // an old push, late: it has what it needs
  if (end == size) {
    // Our cosignature did not arrive, or the same was sent twice: cosigned again.
    if (said.root != books_.mirror().root()) {
      ASSIGN_OR_RETURN(const std::string mirrored, RowsOf(Side::kMirror).Checkpoint(size));
      Halt("reason.two_roots", Side::kMirror, request.checkpoint(), mirrored, RowsOf(Side::kMirror).Nodes());
      return Refuse(absl::FailedPreconditionError(kHalted));
    }
  } else {
    request.mutable_leaves()->DeleteSubrange(0, static_cast<int>(size - request.first_index()));
    const absl::Duration ahead = Ahead(request.leaves(), now);
    if (ahead > kMostAhead) {
      if (!ahead_told_) {
        Alarm(absl::StrCat("clocks: the counterpart's entries are recorded ", absl::ToInt64Seconds(ahead),
                           " seconds ahead of our clock: not taken before that time has come"));
      }
      ahead_told_ = true;
      return Refuse(absl::UnavailableError(kAhead));
    }
    ahead_told_ = false;
    const absl::Status taken = books_.TakeMirror(request.leaves(), *opened);
    if (absl::IsInvalidArgument(taken)) {
      Alarm(absl::StrCat("refused a push: ", taken.message()));
      return Refuse(taken);
    }
    RETURN_IF_ERROR(taken);
    RETURN_IF_ERROR(books_.ProcessMirror(now));
    if (books_.TakeKeyAnnounced()) RETURN_IF_ERROR(WarnOfKeys());
    response.set_mirror_size(end);
  }
  PeerAnswer answer = Respond(response);
  answer.cosign = said.Text();
  return answer;
}

absl::StatusOr<Link::PeerAnswer> Link::AnswerPull(const std::string& bytes) {
  v1::PullRequest request;
  if (!request.ParseFromString(bytes)) return Malformed();
  if (peer_session_.empty() || request.session() != peer_session_) return NoSession();
  if (request.ledger() != v1::CALLERS && request.ledger() != v1::ANSWERERS) return Malformed();
  const Side side = request.ledger() == v1::CALLERS ? Side::kMirror : Side::kOwn;
  ASSIGN_OR_RETURN(Books::Stretch stretch, books_.StretchFrom(side, request.first_index(), kStretchBytes));
  v1::PullResponse response;
  response.mutable_leaves()->Swap(&stretch.leaves);
  response.set_checkpoint(stretch.checkpoint);
  return Respond(response);
}

}  // namespace kelisim::authority
