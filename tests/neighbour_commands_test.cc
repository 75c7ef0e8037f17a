// Commands that differ in one field from what an honest officer asks for, at each step of a
// case and of every kind of matter. Each is refused and changes nothing, or is recorded; then
// the counterpart takes it, both see the same, and audits find nothing. A rehearsal says what
// the command is told.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <iostream>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "google/protobuf/message.h"
#include "shared/testing/audited.h"
#include "shared/testing/officer.h"
#include "shared/testing/pair.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/verdict.h"

namespace kelisim::testing {
namespace {

using authority::Answer;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

const absl::Time kNow = absl::FromUnixSeconds(1'772'452'800);  // 2 March 2026
constexpr char kToday[] = "2026-03-02";
constexpr uint64_t kToken = 7;

// ---------------------------------------------------------------- one field

using Body = std::function<void(const std::string& what)>;

const std::vector<std::string>& OddTexts() {
  static const auto* const texts = new std::vector<std::string>{
      "",
      " ",
      "x",
      std::string("a\0b", 3),
      "e\u0301",        // a letter in two pieces
      "\u202ekelisim",  // turns the writing around
      "\u04d8\u0456A",  // three scripts
      std::string(300, 'a'),
      std::string(70'000, 'a'),
      std::string(32, 'b'),
      "head",
      "m1",
      "m99",
      "KAZ",
      "RUS",
      "1.2",
      "12.1",
      "3.g",
      "-1",
      "1900-01-01",
      "2025-12-31",
      "2026-03-01",
      "2026-03-02",
      "2026-03-03",
      "2026-02-30",
      "2199-12-31",
      "2200-01-01",
      "cases/0000000000000000",
      "disputes/0000000000000000",
  };
  return *texts;
}

class Neighbours {
 public:
  // Calls `body` with `root` changed in one place, and leaves it as it was.
  static void Of(Message& root, const Body& body) { Visit(root, "", body); }

 private:
  static void Visit(Message& at, const std::string& path, const Body& body) {
    const std::unique_ptr<Message> saved(at.New());
    saved->CopyFrom(at);
    const auto changed = [&](const std::string& what, const std::function<void()>& change) {
      change();
      body(absl::StrCat(path, what));
      at.CopyFrom(*saved);
    };
    const Reflection& reflection = *at.GetReflection();
    for (int i = 0; i < at.GetDescriptor()->field_count(); ++i) {
      const FieldDescriptor& field = *at.GetDescriptor()->field(i);
      // Another member of a oneof is another command.
      if (field.real_containing_oneof() != nullptr && !reflection.HasField(at, &field)) continue;
      if (field.is_repeated()) {
        Repeated(at, field, path, body, changed);
      } else {
        Single(at, field, path, body, changed);
      }
    }
  }

  template <typename Changed>
  static void Single(Message& at, const FieldDescriptor& field, const std::string& path, const Body& body,
                     const Changed& changed) {
    const Reflection& reflection = *at.GetReflection();
    const std::string& name = field.name();
    switch (field.cpp_type()) {
      case FieldDescriptor::CPPTYPE_MESSAGE:
        if (reflection.HasField(at, &field)) {
          changed(name + " left out", [&] { reflection.ClearField(&at, &field); });
          Visit(*reflection.MutableMessage(&at, &field), absl::StrCat(path, name, "."), body);
        } else {
          changed(name + " empty", [&] { reflection.MutableMessage(&at, &field); });
        }
        break;
      case FieldDescriptor::CPPTYPE_STRING:
        for (size_t i = 0; i < OddTexts().size(); ++i) {
          changed(absl::StrCat(name, " text ", i), [&] { reflection.SetString(&at, &field, OddTexts()[i]); });
        }
        break;
      case FieldDescriptor::CPPTYPE_ENUM:
        for (const int value : EnumValues(field)) {
          changed(absl::StrCat(name, " = ", value), [&] { reflection.SetEnumValue(&at, &field, value); });
        }
        break;
      case FieldDescriptor::CPPTYPE_BOOL:
        changed(name + " turned", [&] { reflection.SetBool(&at, &field, !reflection.GetBool(at, &field)); });
        break;
      case FieldDescriptor::CPPTYPE_UINT32:
        for (const uint32_t value : {0u, 1u, 2u, 3u, 5u, 366u, 4'294'967'295u}) {
          changed(absl::StrCat(name, " = ", value), [&] { reflection.SetUInt32(&at, &field, value); });
        }
        break;
      default:
        ADD_FAILURE() << field.full_name() << ": a type that no neighbour is known for";
    }
  }

  template <typename Changed>
  static void Repeated(Message& at, const FieldDescriptor& field, const std::string& path, const Body& body,
                       const Changed& changed) {
    const Reflection& reflection = *at.GetReflection();
    const std::string& name = field.name();
    const int size = reflection.FieldSize(at, &field);
    const auto add = [&] {
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE: {
          Message* const more = reflection.AddMessage(&at, &field);
          if (size > 0) more->CopyFrom(reflection.GetRepeatedMessage(at, &field, 0));
          break;
        }
        case FieldDescriptor::CPPTYPE_ENUM:
          reflection.AddEnumValue(&at, &field, size > 0 ? reflection.GetRepeatedEnumValue(at, &field, 0) : 1);
          break;
        case FieldDescriptor::CPPTYPE_STRING:
          reflection.AddString(&at, &field,
                               size > 0 ? reflection.GetRepeatedString(at, &field, 0) : OddTexts()[2]);
          break;
        default:
          ADD_FAILURE() << field.full_name() << ": a type that no neighbour is known for";
      }
    };
    changed(name + " one more", add);
    changed(name + " many more", [&] {
      for (int i = 0; i < 200; ++i) add();
    });
    if (size == 0) return;
    changed(name + " none", [&] { reflection.ClearField(&at, &field); });
    for (int i = 0; i < size; ++i) {
      const std::string element = absl::StrCat(name, "[", i, "]");
      switch (field.cpp_type()) {
        case FieldDescriptor::CPPTYPE_MESSAGE:
          Visit(*reflection.MutableRepeatedMessage(&at, &field, i), absl::StrCat(path, element, "."), body);
          break;
        case FieldDescriptor::CPPTYPE_ENUM:
          for (const int value : EnumValues(field)) {
            changed(absl::StrCat(element, " = ", value),
                    [&] { reflection.SetRepeatedEnumValue(&at, &field, i, value); });
          }
          break;
        default:
          for (size_t text = 0; text < OddTexts().size(); ++text) {
            changed(absl::StrCat(element, " text ", text),
                    [&] { reflection.SetRepeatedString(&at, &field, i, OddTexts()[text]); });
          }
      }
    }
  }

  // All there are, and some that nobody has named.
  static std::vector<int> EnumValues(const FieldDescriptor& field) {
    std::vector<int> values = {-1, 99};
    for (int i = 0; i < field.enum_type()->value_count(); ++i) {
      values.push_back(field.enum_type()->value(i)->number());
    }
    return values;
  }
};

// ---------------------------------------------------------------- both authorities

class NeighbourTest : public ::testing::Test {
 protected:
  struct Snapshot {
    explicit Snapshot(const Authority& of) : store(of.store), anchor(of.anchor), rows(RowsOf(of)) {}
    static std::map<std::string, std::string> RowsOf(const Authority& of) {
      std::map<std::string, std::string> rows;
      const absl::Status read = of.store.Scan("", "\xff", [&](std::string_view key, std::string_view value) {
        rows.emplace(key, value);
        return true;
      });
      EXPECT_TRUE(read.ok()) << read;
      return rows;
    }
    ledger::MemoryStore store;
    MemoryAnchor anchor;
    std::map<std::string, std::string> rows;
  };

  NeighbourTest() {
    for (const v1::Party party : kParties) {
      v1::SubmitQuotaCommandRequest request;
      v1::QuotaLimit& quota = *request.mutable_command()->mutable_set_quota();
      quota.set_year(2026);
      quota.set_limit(10);
      quota.set_legal_act("91");
      EXPECT_TRUE(Ask(party, request).status.ok());
    }
  }

  template <typename Request>
  Answer Ask(v1::Party party, Request request) {
    request.set_request_id(absl::StrFormat("00000000-0000-4000-8000-%012x", ++asked_));
    std::vector<authority::Reply> replies = both_.Turn(
        party,
        {authority::OfficerCall{kToken, "spiffe://test/officer", Sha256(request.request_id()), request}});
    for (authority::Reply& late : both_.Exchange()) replies.push_back(std::move(late));
    EXPECT_EQ(replies.size(), 1u);
    return std::move(replies.at(0).answer);
  }

  // Tries all neighbours of the command. Everything is as before then.
  template <typename Request>
  void TryAround(v1::Party party, Request request, const std::string& action) {
    const Snapshot kz(both_.of(v1::PARTY_KZ));
    const Snapshot ru(both_.of(v1::PARTY_RU));
    const auto restore = [&] {
      for (const auto& [of, snapshot] : {std::pair(v1::PARTY_KZ, &kz), std::pair(v1::PARTY_RU, &ru)}) {
        Authority& authority = both_.of(of);
        authority.store = snapshot->store;
        authority.anchor = snapshot->anchor;
        authority.Restart();
      }
      for (const v1::Party of : kParties) both_.Turn(of, {authority::Tick()});
      both_.Exchange();
    };
    const auto one = [&](const std::string& what) {
      if (HasFailure()) return;  // one is enough
      SCOPED_TRACE(absl::StrCat(v1::Party_Name(party), " ", action, ": ", what));
      ++tried_;
      Request rehearsal = request;
      rehearsal.set_validate_only(true);
      const Answer rehearsed = Ask(party, rehearsal);
      const Answer told = Ask(party, request);
      EXPECT_EQ(rehearsed.status, told.status);
      EXPECT_EQ(rehearsed.violation.SerializeAsString(), told.violation.SerializeAsString());
      EXPECT_EQ(rehearsed.problems.size(), told.problems.size());
      if (!told.status.ok()) {
        ExpectRefusal(told);
        EXPECT_TRUE(Snapshot::RowsOf(both_.of(v1::PARTY_KZ)) == kz.rows)
            << "refused, and something has changed";
        EXPECT_TRUE(Snapshot::RowsOf(both_.of(v1::PARTY_RU)) == ru.rows)
            << "refused, and something has changed";
        return;
      }
      ++recorded_;
      ExpectTakenByBoth(told);
      restore();
    };
    for (const std::string& day : OddTexts()) {
      request.set_happened_on(day);
      one(absl::StrCat("happened_on ", day.substr(0, 20)));
    }
    request.clear_happened_on();
    Neighbours::Of(*request.mutable_command(), one);
  }

  template <typename Request>
  bool IsLawful(v1::Party party, Request request) {
    request.set_validate_only(true);
    return Ask(party, request).status.ok();
  }

  // The command itself, which is recorded. The name of what it is about.
  template <typename Request>
  std::string Do(v1::Party party, const Request& request, const std::string& action) {
    const Answer answer = Ask(party, request);
    EXPECT_TRUE(answer.status.ok()) << action << ": " << answer.status << " " << answer.violation.rule();
    ExpectTakenByBoth(answer);
    decltype(ResponseTo(request)) response;
    EXPECT_TRUE(response.ParseFromString(answer.response));
    return response.name();
  }

  v1::Case CaseAt(v1::Party party, const std::string& name) {
    v1::GetCaseRequest get;
    get.set_name(name);
    return both_.of(party).reader->GetCase(get, kNow).value();
  }

  // The next step of the case as an honest officer asks for it; nullopt: he would not.
  std::optional<v1::SubmitCaseCommandRequest> RequestFor(v1::Party party, const std::string& action,
                                                         const std::string& name) {
    v1::SubmitCaseCommandRequest request;
    request.set_name(name);
    if (action == "file_petition") {
      *request.mutable_command()->mutable_file_petition() = PetitionOf(v1::PARTY_KZ, 1, {2, 3}, kToday);
      return request;
    }
    auto command = PlausibleCommand(action, CaseAt(party, name).state(), kToday, random_);
    if (!command) return std::nullopt;
    *request.mutable_command() = *std::move(command);
    return request;
  }

  // Around every step that either Party may take now.
  void TryAroundAllOf(const std::string& name) {
    for (const v1::Party party : kParties) {
      if (StateIn(party, name).empty()) continue;
      const v1::Case file = CaseAt(party, name);
      for (const v1::AllowedAction& action : file.allowed_actions()) {
        if (action.by() != party) continue;
        auto request = RequestFor(party, action.action(), name);
        if (!request) continue;
        TryAround(party, *request, action.action());
        const auto of_convict = OfConvict(request->command());
        if (!of_convict) continue;
        *request->mutable_command() = *of_convict;
        TryAround(party, *request, action.action() + " of a convict");
      }
    }
  }

  // Around every step that either Party may take, once each, and on by one that was not taken
  // yet, until there is none.
  void WalkAround(const treaty::MatterKind& kind, const std::string& name) {
    std::set<std::string> taken;
    while (!HasFailure()) {
      std::optional<std::pair<v1::Party, v1::SubmitMatterStepRequest>> next;
      std::string next_action;
      for (const v1::Party party : kParties) {
        if (StateIn(party, name).empty()) continue;
        const v1::MatterFile file = both_.of(party).reader->GetMatter(name, kNow).value();
        for (const v1::AllowedAction& action : file.allowed_actions()) {
          if (action.by() != party) continue;
          const auto step = PlausibleStep(*kind.kind, action.action(), file.state(), party, "", kToday);
          if (!step) continue;
          v1::SubmitMatterStepRequest request;
          request.set_name(name);
          *request.mutable_command() = *step;
          const std::string what =
              absl::StrCat(kind.begins, " ", action.action(), " ", v1::Party_Name(party));
          if (around_.insert(what).second) TryAround(party, request, action.action());
          if (!next && IsLawful(party, request) && taken.insert(action.action()).second) {
            next = {party, request};
            next_action = action.action();
          }
        }
      }
      if (!next) return;
      (void)Do(next->first, next->second, next_action);
    }
  }

  static v1::SubmitCaseCommandResponse ResponseTo(const v1::SubmitCaseCommandRequest&) { return {}; }
  static v1::SubmitMatterStepResponse ResponseTo(const v1::SubmitMatterStepRequest&) { return {}; }

  // An officer is told which field or which rule.
  static void ExpectRefusal(const Answer& answer) {
    if (absl::IsInvalidArgument(answer.status)) {
      EXPECT_FALSE(answer.problems.empty());
    } else {
      EXPECT_TRUE(absl::IsFailedPrecondition(answer.status)) << answer.status;
      EXPECT_NE(answer.violation.rule(), "");
    }
  }

  void ExpectTakenByBoth(const Answer& answer) {
    for (const v1::Party party : kParties) {
      const Authority& of = both_.of(party);
      const Authority& other = both_.of(treaty::Other(party));
      EXPECT_EQ(of.SizeOf(ledger::Side::kMirror), other.SizeOf(ledger::Side::kOwn));
      v1::WatchCursor cursor;
      const auto acts = of.reader->ReadActs(cursor, "", 1000);
      ASSERT_TRUE(acts.ok()) << acts.status();
      for (const v1::WatchActsResponse& act : *acts) {
        EXPECT_FALSE(act.item().has_refusal())
            << v1::Party_Name(party) << " sees refused: " << act.item().refusal().ShortDebugString();
      }
      // Reads everything: not after each.
      if (recorded_ % 16 != 0) continue;
      const Audited audited = AuditOf(of.identity, of.store, *of.vault);
      EXPECT_TRUE(audited.status.ok()) << audited.status;
      EXPECT_THAT(audited.findings, ::testing::IsEmpty());
    }
    v1::SubmitCaseCommandResponse response;  // field 1 is the name in either
    if (!response.ParseFromString(answer.response)) return;
    const std::string& name = response.name();
    const std::string kz = StateIn(v1::PARTY_KZ, name);
    const std::string ru = StateIn(v1::PARTY_RU, name);
    if (!kz.empty() && !ru.empty()) {
      EXPECT_EQ(kz, ru) << name;
    }
  }

  // Serialised; empty: not known there.
  std::string StateIn(v1::Party party, const std::string& name) {
    const authority::Reader& reader = *both_.of(party).reader;
    if (name.starts_with("cases/")) {
      v1::GetCaseRequest get;
      get.set_name(name);
      const auto found = reader.GetCase(get, kNow);
      return found.ok() ? found->state().SerializeAsString() : "";
    }
    const auto found = reader.GetMatter(name, kNow);
    return found.ok() ? found->state().SerializeAsString() : "";
  }

  static constexpr v1::Party kParties[] = {v1::PARTY_KZ, v1::PARTY_RU};
  Pair both_{kNow};
  SeededRandom random_{1998};
  uint64_t asked_ = 0;
  std::set<std::string> around_;  // steps whose neighbours were tried
  int tried_ = 0;
  int recorded_ = 0;
};

struct Step {
  v1::Party by;
  const char* action;
};

constexpr Step kCourse[] = {
    {v1::PARTY_KZ, "file_petition"}, {v1::PARTY_KZ, "confirm_scope"},
    {v1::PARTY_KZ, "offer"},         {v1::PARTY_RU, "accept"},
    {v1::PARTY_RU, "clear"},         {v1::PARTY_RU, "offer"},
    {v1::PARTY_KZ, "accept"},        {v1::PARTY_KZ, "issue_status"},
    {v1::PARTY_KZ, "offer"},         {v1::PARTY_RU, "accept"},
    {v1::PARTY_RU, "record_exit"},   {v1::PARTY_RU, "offer"},
    {v1::PARTY_KZ, "accept"},        {v1::PARTY_KZ, "register_residence"},
};

TEST_F(NeighbourTest, OfEveryStepOfACase) {
  TryAround(v1::PARTY_KZ, *RequestFor(v1::PARTY_KZ, "file_petition", ""), "file_petition");
  std::string name;
  for (const Step& step : kCourse) {
    name = Do(step.by, *RequestFor(step.by, step.action, name), step.action);
    TryAroundAllOf(name);
    ASSERT_FALSE(HasFailure());
  }
  std::cout << tried_ << " neighbours tried, " << recorded_ << " recorded\n";
}

// Of the kind's first step by either Party, and then of all that either may do, on one way
// through each kind.
TEST_F(NeighbourTest, OfEveryStepOfAMatter) {
  std::string of_case;
  for (const Step& step : kCourse)
    of_case = Do(step.by, *RequestFor(step.by, step.action, of_case), step.action);
  for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
    for (const v1::Party opener : kParties) {
      v1::SubmitMatterStepRequest begin;
      const auto first =
          PlausibleStep(*kind.kind, kind.begins, {}, opener, of_case.substr(sizeof("cases/") - 1), kToday);
      if (!first) continue;
      *begin.mutable_command() = *first;
      if (!IsLawful(opener, begin)) continue;  // the other Party begins
      TryAround(opener, begin, kind.begins);
      WalkAround(kind, Do(opener, begin, kind.begins));
      ASSERT_FALSE(HasFailure());
    }
  }
  std::cout << tried_ << " neighbours tried, " << recorded_ << " recorded\n";
}

}  // namespace
}  // namespace kelisim::testing
