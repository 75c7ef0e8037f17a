#include "shared/testing/story.h"

#include <google/protobuf/text_format.h>
#include <google/protobuf/util/json_util.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <sstream>
#include <utility>
#include <vector>

#include "absl/strings/match.h"
#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "absl/strings/str_replace.h"
#include "absl/strings/str_split.h"
#include "absl/strings/strip.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"
#include "shared/testing/environment.h"
#include "shared/testing/officer.h"
#include "shared/treaty/matter.h"

namespace kelisim::testing {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::TextFormat;
using Words = std::vector<std::string>;

// "left <mark> right", both trimmed.
std::optional<std::pair<std::string, std::string>> SplitAt(std::string_view line, std::string_view mark) {
  const size_t at = line.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto trim = [](std::string_view part) { return std::string(absl::StripAsciiWhitespace(Absl(part))); };
  return std::pair(trim(line.substr(0, at)), trim(line.substr(at + mark.size())));
}

// Merges protobuf text into the one message set in `command`'s oneof: fields
// given replace what the honest officer filled in.
bool MergeOver(google::protobuf::Message& command, const std::string& action, const std::string& fields) {
  const FieldDescriptor* field = command.GetDescriptor()->FindFieldByName(action);
  google::protobuf::Message* content = command.GetReflection()->MutableMessage(&command, field);
  std::unique_ptr<google::protobuf::Message> given(content->New());
  if (!TextFormat::ParseFromString(fields, given.get())) return false;
  std::vector<const FieldDescriptor*> set;
  given->GetReflection()->ListFields(*given, &set);
  for (const FieldDescriptor* one : set) {
    if (one->is_repeated()) content->GetReflection()->ClearField(content, one);
  }
  content->MergeFrom(*given);
  // What is given as nothing is taken away.
  for (int i = 0; i < content->GetDescriptor()->field_count(); ++i) {
    const FieldDescriptor* one = content->GetDescriptor()->field(i);
    if (absl::StrContains(fields, absl::StrCat(one->name(), ": ''")) ||
        absl::StrContains(fields, absl::StrCat(one->name(), " {}"))) {
      content->GetReflection()->ClearField(content, one);
    }
  }
  return true;
}

bool ReadSample(const std::string& name, v1::Petition& petition) {
  std::stringstream text;
  text << std::ifstream(std::filesystem::path(KELISIM_SAMPLES) / (name + ".json")).rdbuf();
  return google::protobuf::util::JsonStringToMessage(text.str(), &petition).ok();
}

class Story final : private Environment {
 public:
  explicit Story(uint64_t seed) : Environment(seed, absl::UnixEpoch()) {
    SetTime("2026-03-02", "12:00");
    loss_ = 0.1;
    repeat_ = 0.1;
  }

  std::string Run(std::string_view text, const std::function<std::string(const Node&, absl::Time)>& at_end) {
    for (Node& node : nodes_) Start(node);
    // A new authority records nothing before it has heard the other one.
    Settle();
    int number = 0;
    for (absl::string_view raw : absl::StrSplit(Absl(text), '\n')) {
      ++number;
      const std::string line(absl::StripAsciiWhitespace(raw));
      if (line.empty() || line[0] == '#') continue;
      Do(line);
      if (!problem_.empty()) return absl::StrCat("line ", number, ": ", line, "\n  ", problem_);
    }
    for (const Node& node : nodes_) {
      if (at_end && node.core != nullptr && problem_.empty()) problem_ = at_end(node, now_);
    }
    return problem_;
  }

 private:
  void Note(std::string) override {}
  void Break(std::string invariant) override {
    broken_ = true;
    Fail(std::move(invariant));
  }
  void Told(Node&, uint64_t token, const authority::Answer& answer) override { answers_[token] = answer; }
  void Fail(std::string problem) {
    if (problem_.empty()) problem_ = std::move(problem);
  }

  void SetTime(const std::string& date, const std::string& clock) {
    std::string error;
    const absl::Time before = now_;
    if (!absl::ParseTime("%Y-%m-%d %H:%M", absl::StrCat(date, " ", clock), &now_, &error)) Fail(error);
    // What is under way takes as long as it takes, also when clocks are set back.
    if (now_ < before) ShiftArrivals(now_ - before);
  }
  void Settle() { LetRun(absl::Seconds(cut_ ? 1 : 20)); }

  void Do(const std::string& line) {
    const Words words = absl::StrSplit(line, ' ', absl::SkipEmpty());
    if (words[0] == "date" && words.size() <= 3) {
      SetTime(words.at(1), words.size() == 3 ? words[2] : "12:00");
      return Settle();
    }
    if (words[0] == "link") {
      cut_ = words.at(1) == "cut";
      return Settle();
    }
    if (words[0] == "both") {
      if (words.size() < 4) return Fail("cannot be read");
      if (KindNamed(words[2])) return BothSeeMatter(Words(words.begin() + 3, words.end()));
      if (nodes_[0].StateOf(ids_[words[2]]).SerializeAsString() !=
          nodes_[1].StateOf(ids_[words[2]]).SerializeAsString()) {
        return Fail("the two states differ");
      }
      return Sees(nodes_[0], Words(words.begin() + 2, words.end()));
    }
    if (words[0] != "KZ" && words[0] != "RU") return Fail("no such actor");
    Node& node = nodes_[words[0] == "KZ" ? 0 : 1];
    if (words.size() < 2) return Fail("cannot be read");
    if (words[1] == "stops") return Crash(node, "by the story");
    if (words[1] == "starts") {
      Start(node);
      return Settle();
    }
    if (words[1] == "sees") return Sees(node, Words(words.begin() + 2, words.end()));
    if (words[1] == "quota") return QuotaIs(node, words);
    if (words[1] == "mark") return Mark(node, words);
    Command(node, line.substr(3));
  }

  // "decision", "dispute", ...: the last word of the field's name.
  static std::optional<treaty::MatterKind> KindNamed(const std::string& word) {
    for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
      const std::string& name = kind.kind->name();
      if (name.substr(name.rfind('_') + 1) == word) return kind;
    }
    return std::nullopt;
  }

  static v1::MatterState MatterAt(const Node& node, const std::string& id) {
    ledger::Overlay rows(node.store);
    return authority::Views(node.party(), rows, *node.vault).Load<v1::MatterRecord>(id).value()->state();
  }

  void BothSeeMatter(const Words& words) {
    const v1::MatterState one = MatterAt(nodes_[0], ids_[words.at(0)]);
    if (one.SerializeAsString() != MatterAt(nodes_[1], ids_[words[0]]).SerializeAsString()) {
      return Fail("the two states differ");
    }
    Expect(one.status(), one.holder(), Words(words.begin() + 1, words.end()));
    if (words.back() == "overdue" && !one.overdue()) Fail("is not overdue");
  }

  void Sees(Node& node, const Words& words) {
    const v1::CaseState state = node.StateOf(ids_[words.at(0)]);
    if (words.at(1) == "nothing") {
      return state.status() == v1::CASE_STATUS_UNSPECIFIED ? void() : Fail("it knows the case");
    }
    Expect(state.status(), state.holder(), Words(words.begin() + 1, words.end()));
  }

  template <typename Status>
  void Expect(Status status, v1::Party holder, const Words& words) {
    const std::string& name =
        google::protobuf::GetEnumDescriptor<Status>()->FindValueByNumber(status)->name();
    if (name != words.at(0)) return Fail(absl::StrCat("is ", name));
    if (words.size() >= 3 && words[1] == "turn" &&
        v1::Party_Name(holder) != absl::StrCat("PARTY_", words[2])) {
      Fail(absl::StrCat("turn of ", v1::Party_Name(holder)));
    }
  }

  void QuotaIs(Node& node, const Words& words) {
    const std::string party = node.side == 0 ? "kz" : "ru";
    for (const Node& at : nodes_) {
      const auto quota = at.reader->GetQuota(absl::StrCat("quotas/", party, "/", words.at(2)));
      const std::string found = absl::StrCat("reserved ", quota->reserved(), " used ", quota->used());
      const std::string wanted = absl::StrJoin(words.begin() + 3, words.end(), " ");
      if (found != wanted) Fail(absl::StrCat(at.name(), " has ", found));
    }
  }

  void Mark(Node& node, const Words& words) {
    const auto kind = KindNamed(words.at(2));
    if (!kind) {
      const auto view = node.reader->GetCase(absl::StrCat("cases/", ids_[words[2]]), now_);
      return view.ok() ? MarkIn(view->timeline(), words.at(3), words.at(4)) : Fail("no such case");
    }
    const auto view =
        node.reader->GetMatter(absl::StrCat(Absl(kind->collection), "/", ids_[words.at(3)]), now_);
    return view.ok() ? MarkIn(view->timeline(), words.at(4), words.at(5)) : Fail("no such matter");
  }
  void MarkIn(const google::protobuf::RepeatedPtrField<v1::TimelineItem>& timeline, const std::string& act,
              const std::string& evidence) {
    int number = 0;
    if (!absl::SimpleAtoi(act, &number) || number < 1 || number > timeline.size()) return Fail("no such act");
    const std::string found = v1::Evidence_Name(timeline.Get(number - 1).evidence());
    if (found != evidence) Fail(absl::StrCat("is ", found));
  }

  // "<command> <case> ... [with fields] -> result" or "!! problem"
  void Command(Node& node, const std::string& text) {
    auto parts = SplitAt(text, "->");
    const bool accepted = parts.has_value();
    if (!parts) parts = SplitAt(text, "!!");
    if (!parts) return Fail("says neither -> nor !!");
    std::string fields;
    if (auto with = SplitAt(parts->first, " with ")) {
      parts->first = with->first;
      fields = with->second;
    }
    Words words = absl::StrSplit(parts->first, ' ', absl::SkipEmpty());
    const std::optional<treaty::MatterKind> kind = KindNamed(words.at(0));
    if (kind) words.erase(words.begin());
    const std::string& action = words.at(0);
    authority::OfficerCall call{NewToken(), "spiffe://kelisim.example/officer/1", {}, {}};
    if (kind) {
      const auto request = MatterRequest(node, *kind, words, fields);
      if (!request) return Fail("no such command, or its fields cannot be read");
      call.request = *request;
    } else if (v1::QuotaCommand::descriptor()->FindFieldByName(action) != nullptr) {
      if (!fields.empty()) return Fail("has no fields");
      call.request = QuotaRequest(action, words);
    } else if (v1::TreatyCommand::descriptor()->FindFieldByName(action) != nullptr) {
      v1::SubmitTreatyCommandRequest request;
      if (!MergeOver(*request.mutable_command(), action, fields)) return Fail("fields cannot be read");
      call.request = request;
    } else {
      const auto request = CaseRequest(node, action, words, fields);
      if (!request) return;
      call.request = *request;
    }
    std::visit([&](auto& request) { request.set_request_id(NewUuid()); }, call.request);
    call.request_digest =
        Sha256(std::visit([](const auto& request) { return request.SerializeAsString(); }, call.request));
    Step(node, {call});
    Settle();
    const auto answer = answers_.find(call.token);
    if (answer == answers_.end()) {
      return !accepted && parts->second == "unknown" ? void() : Fail("no answer yet");
    }
    if (accepted && kind && answer->second.status.ok()) {
      v1::SubmitMatterStepResponse response;
      (void)response.ParseFromString(answer->second.response);
      if (action == kind->begins) ids_[words.at(1)] = response.name().substr(kind->collection.size() + 1);
      Expect(response.status(), response.holder(), absl::StrSplit(parts->second, ' ', absl::SkipEmpty()));
    } else if (accepted) {
      Accepted(words, answer->second, parts->second);
    } else {
      Refused(answer->second, parts->second);
    }
  }

  // "<step> <name> [of <case>]"
  std::optional<v1::SubmitMatterStepRequest> MatterRequest(Node& node, const treaty::MatterKind& kind,
                                                           const Words& words, const std::string& fields) {
    v1::SubmitMatterStepRequest request;
    v1::MatterStep& step = *request.mutable_command();
    const std::string& action = words.at(0);
    if (kind.kind->message_type()->FindFieldByName(action) == nullptr) return std::nullopt;
    v1::MatterState state;
    const std::string case_id = words.size() > 3 && words[2] == "of" ? ids_[words[3]] : "";
    if (action != kind.begins) {
      const std::string& id = ids_[words.at(1)];
      request.set_name(absl::StrCat(Absl(kind.collection), "/", id));
      state = MatterAt(node, id);
    }
    if (auto plausible = PlausibleStep(*kind.kind, action, state, node.party(), case_id, TodayAt(node))) {
      step = *std::move(plausible);
    }
    google::protobuf::Message* inner = step.GetReflection()->MutableMessage(&step, kind.kind);
    std::string named = fields;
    for (const auto& [name, id] : ids_)
      absl::StrReplaceAll({{absl::StrCat("/", name, "'"), absl::StrCat("/", id, "'")}}, &named);
    if (!MergeOver(*inner, action, named)) return std::nullopt;
    return request;
  }

  static v1::SubmitQuotaCommandRequest QuotaRequest(const std::string& action, const Words& words) {
    v1::SubmitQuotaCommandRequest request;
    const std::string fields =
        absl::StrCat("year: ", words.at(1),
                     words.size() > 2 ? absl::StrCat(" limit: ", words[2], " legal_act: 'order 1'") : "");
    MergeOver(*request.mutable_command(), action, fields);
    return request;
  }

  std::optional<v1::SubmitCaseCommandRequest> CaseRequest(Node& node, const std::string& action,
                                                          const Words& words, const std::string& fields) {
    if (v1::CaseCommand::descriptor()->FindFieldByName(action) == nullptr) {
      Fail("no such command");
      return std::nullopt;
    }
    v1::SubmitCaseCommandRequest request;
    v1::CaseCommand& command = *request.mutable_command();
    if (action == "file_petition" && words.size() == 4 && words[2] == "sample") {
      if (!ReadSample(words[3], *command.mutable_file_petition())) {
        Fail("no such sample");
        return std::nullopt;
      }
    } else if (action == "file_petition") {
      int head = 0;
      std::vector<int> family;
      bool in_family = false;
      for (size_t i = 2; i < words.size(); ++i) {
        int number = 0;
        if (words[i] == "family") in_family = true;
        if (!absl::SimpleAtoi(words[i], &number)) continue;
        if (in_family) {
          family.push_back(number);
        } else {
          head = number;
        }
      }
      *command.mutable_file_petition() = PetitionOf(node.party(), head, family, TodayAt(node));
    } else {
      const std::string& id = ids_[words.at(1)];
      request.set_name(absl::StrCat("cases/", id));
      if (auto plausible = PlausibleCommand(action, node.StateOf(id), TodayAt(node), random_))
        command = *std::move(plausible);
    }
    if (!MergeOver(command, action, fields)) {
      Fail("fields cannot be read");
      return std::nullopt;
    }
    return request;
  }

  void Accepted(const Words& words, const authority::Answer& answer, const std::string& expected) {
    if (!answer.status.ok()) {
      std::string why =
          absl::StrCat("refused: ", answer.status.ToString(), " ", answer.violation.ShortDebugString());
      for (const auto& problem : answer.problems)
        absl::StrAppend(&why, " ", problem.field, " ", problem.problem);
      return Fail(std::move(why));
    }
    const Words result = absl::StrSplit(expected, ' ', absl::SkipEmpty());
    if (v1::QuotaCommand::descriptor()->FindFieldByName(words[0]) != nullptr) {
      v1::SubmitQuotaCommandResponse response;
      (void)response.ParseFromString(answer.response);
      std::string found = v1::QuotaStatus_Name(response.quota().status());
      for (const std::string& name : response.cases()) absl::StrAppend(&found, " back ", NameGiven(name));
      if (found != expected) Fail(absl::StrCat("is ", found));
      return;
    }
    if (v1::TreatyCommand::descriptor()->FindFieldByName(words[0]) != nullptr) {
      v1::SubmitTreatyCommandResponse response;
      (void)response.ParseFromString(answer.response);
      const std::string found =
          response.treaty().terminates_on().empty() ? "goes on" : response.treaty().terminates_on();
      if (found != expected) Fail(absl::StrCat("is ", found));
      return;
    }
    v1::SubmitCaseCommandResponse response;
    (void)response.ParseFromString(answer.response);
    if (words[0] == "file_petition")
      ids_[words.at(1)] = std::string(absl::StripPrefix(response.name(), "cases/"));
    Expect(response.status(), response.holder(), result);
  }

  // "anna" of "cases/3f2a...".
  std::string NameGiven(const std::string& name) const {
    for (const auto& [given, id] : ids_) {
      if (name == "cases/" + id) return given;
    }
    return name;
  }

  void Refused(const authority::Answer& answer, const std::string& expected) {
    std::string found = answer.status.ok() ? "accepted" : std::string(answer.status.message());
    if (!answer.violation.rule().empty()) found = answer.violation.rule();
    if (!answer.problems.empty()) found = absl::StrCat("invalid ", answer.problems[0].field);
    if (absl::IsUnavailable(answer.status)) found = "unavailable";
    if (absl::IsNotFound(answer.status)) found = "not found";
    if (found != expected) Fail(absl::StrCat("found: ", found));
  }

  std::map<std::string, std::string> ids_;
  std::map<uint64_t, authority::Answer> answers_;
  std::string problem_;
};

}  // namespace

std::vector<std::string> StoryNames() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(KELISIM_STORIES)) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::string StoryText(const std::string& name) {
  std::stringstream text;
  text << std::ifstream(std::filesystem::path(KELISIM_STORIES) / (name + ".txt")).rdbuf();
  return text.str();
}

std::string RunStory(std::string_view text, uint64_t seed,
                     const std::function<std::string(const Node&, absl::Time)>& at_end) {
  return Story(seed).Run(text, at_end);
}

}  // namespace kelisim::testing
