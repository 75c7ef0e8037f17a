#include "shared/text/messages.h"

#include <unicode/normalizer2.h>
#include <unicode/unistr.h>

#include <map>
#include <set>
#include <string>

#include "gmock/gmock.h"
#include "gtest/gtest.h"
#include "kelisim/v1/case.pb.h"
#include "kelisim/v1/matter.pb.h"
#include "kelisim/v1/quota.pb.h"
#include "kelisim/v1/treaty.pb.h"
#include "kelisim/v1/views.pb.h"
#include "shared/treaty/matter.h"
#include "shared/treaty/rules.h"

namespace kelisim {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;

std::set<std::string> Keys() {
  std::set<std::string> keys;
  for (const v1::Message& message : Messages().messages()) keys.insert(message.key());
  return keys;
}

bool IsNfc(const std::string& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfc = icu::Normalizer2::getNFCInstance(error);
  return nfc->isNormalized(icu::UnicodeString::fromUTF8(text), error) && U_SUCCESS(error);
}

void ExpectThreeLanguages(const std::string& name, const v1::LocalizedText& text) {
  for (const std::string& one : {text.kk(), text.ru(), text.en()}) {
    EXPECT_FALSE(one.empty()) << name;
    EXPECT_TRUE(IsNfc(one)) << name;
  }
  // A text that was forgotten is a copy of another one; but these words are the same in
  // Kazakh and Russian.
  static const std::set<std::string> kSameWord = {
      "identifier.SNILS", "identifier.PASSPORT", "value.NOTARY",   "value.ASSET",
      "field.body",       "field.consultations", "field.currency", "field.object"};
  if (!kSameWord.contains(name)) {
    EXPECT_NE(text.kk(), text.ru()) << name;
  }
  EXPECT_NE(text.ru(), text.en()) << name;
}

TEST(Messages, EveryTextInThreeLanguages) {
  for (const v1::Message& message : Messages().messages())
    ExpectThreeLanguages(message.key(), message.text());
  for (const v1::Rule& rule : treaty::Rules().rules()) {
    ExpectThreeLanguages(rule.id(), rule.text());
    ExpectThreeLanguages(rule.id() + " remedy", rule.remedy());
  }
}

TEST(Messages, NoKeyTwice) { EXPECT_EQ(Keys().size(), static_cast<size_t>(Messages().messages_size())); }

TEST(Messages, EveryEnumValueHasOne) {
  const std::set<std::string> keys = Keys();
  for (const EnumDescriptor* type :
       {v1::CaseStatus_descriptor(), v1::Evidence_descriptor(), v1::NodeMode_descriptor(),
        v1::Party_descriptor(), v1::Paper_descriptor(), v1::Relation_descriptor(),
        v1::Identifier::Kind_descriptor(), v1::MemberStanding::Standing_descriptor(),
        v1::Waiting::Reason_descriptor(), v1::Notice::Kind_descriptor(),
        v1::MemberDeparture::Reason_descriptor(), v1::QuotaStatus_descriptor(),
        v1::MatterStatus_descriptor()}) {
    for (int i = 1; i < type->value_count(); ++i) {
      EXPECT_TRUE(keys.contains(MessageKey(*type->value(i)))) << type->value(i)->full_name();
    }
  }
}

TEST(Messages, EveryCommandAndActHasOne) {
  const std::set<std::string> keys = Keys();
  for (const Descriptor* type :
       {v1::CaseCommand::descriptor(), v1::CaseAct::descriptor(), v1::QuotaCommand::descriptor(),
        v1::QuotaAct::descriptor(), v1::TreatyCommand::descriptor(), v1::TreatyAct::descriptor()}) {
    for (int i = 0; i < type->field_count(); ++i) {
      EXPECT_TRUE(keys.contains(MessageKey(*type->field(i)))) << type->field(i)->full_name();
    }
  }
}

// Every value that a step can say, however deep.
void ExpectValues(const Descriptor& type, const std::set<std::string>& keys, std::set<std::string>& seen) {
  if (!seen.insert(type.full_name()).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    if (field.message_type() != nullptr) ExpectValues(*field.message_type(), keys, seen);
    if (field.enum_type() == nullptr) continue;
    for (int k = 1; k < field.enum_type()->value_count(); ++k) {
      EXPECT_TRUE(keys.contains(MessageKey(*field.enum_type()->value(k))))
          << field.enum_type()->value(k)->full_name();
    }
  }
}

TEST(Messages, EveryStepOfAMatterAndWhatItSaysHasOne) {
  const std::set<std::string> keys = Keys();
  for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
    EXPECT_TRUE(keys.contains("kind." + kind.kind->name()));
    const Descriptor& steps = *kind.kind->message_type();
    std::set<std::string> seen;
    ExpectValues(steps, keys, seen);
    for (int i = 0; i < steps.field_count(); ++i) {
      EXPECT_TRUE(keys.contains(MessageKey(*steps.field(i)))) << steps.field(i)->full_name();
    }
  }
}

void CollectFields(const Descriptor& type, std::map<std::string, std::string>& fields,
                   std::set<std::string>& seen) {
  if (!seen.insert(type.full_name()).second) return;
  for (int i = 0; i < type.field_count(); ++i) {
    const auto& field = *type.field(i);
    // Steps have words of their own.
    if (MessageKey(field).empty()) fields.emplace("field." + field.name(), field.full_name());
    if (field.message_type() != nullptr) CollectFields(*field.message_type(), fields, seen);
  }
}

// Whatever a form may find wrong, and whatever a timeline or a dossier tells.
TEST(Messages, EveryFieldThatPeopleAreToldOfHasOne) {
  std::map<std::string, std::string> fields;
  std::set<std::string> seen;
  for (const Descriptor* type :
       {v1::CaseCommand::descriptor(), v1::CaseAct::descriptor(), v1::QuotaCommand::descriptor(),
        v1::TreatyCommand::descriptor(), v1::MatterStep::descriptor(), v1::Protocol::descriptor()}) {
    CollectFields(*type, fields, seen);
  }
  for (const treaty::MatterKind& kind : treaty::MatterKinds()) {
    const auto* facts = v1::MatterState::descriptor()->FindFieldByName(kind.kind->name());
    ASSERT_NE(facts, nullptr) << kind.kind->name();
    CollectFields(*facts->message_type(), fields, seen);
  }
  const std::set<std::string> keys = Keys();
  for (const auto& [key, field] : fields) EXPECT_TRUE(keys.contains(key)) << key << ", of " << field;
}

TEST(Messages, UnknownWordsReachTheReader) {
  EXPECT_EQ(Say(Lang::kRussian, "form.from_the_future"), "form.from_the_future");
  EXPECT_EQ(SayEnum(Lang::kRussian, static_cast<v1::CaseStatus>(99)), "99");
  EXPECT_EQ(SayEnum(Lang::kRussian, v1::CASE_STATUS_UNSPECIFIED), "");
  EXPECT_EQ(SayEnum(Lang::kRussian, v1::PARTY_KZ), "Казахстан");
}

TEST(Lang, OfLocale) {
  const std::pair<const char*, const char*> rows[] = {{"kk_KZ.UTF-8", "kk"}, {"ru_RU.UTF-8", "ru"},
                                                      {"ru", "ru"},          {"kk@latin", "kk"},
                                                      {"C.UTF-8", "en"},     {"", "en"},
                                                      {"de_DE", "en"},       {"rus", "en"}};
  for (const auto& [locale, lang] : rows) EXPECT_EQ(LangCode(LangOfLocale(locale)), lang) << locale;
}

TEST(Lang, IsTheOneThatIsPreferred) {
  const struct {
    const char* accept;
    const char* expected;
  } kTable[] = {
      {"kk", "kk"},
      {"ru-RU,ru;q=0.9,en;q=0.8", "ru"},
      {"en;q=0.5, kk-KZ;q=0.7", "kk"},
      {"en, ru", "en"},
      {" ru;q=1", "ru"},
      {"de, KK;q=0.1", "kk"},
      // None of ours.
      {"", "otherwise"},
      {"de", "otherwise"},
      {"rus", "otherwise"},
      {"*", "otherwise"},
      {"ru;q=zero", "otherwise"},
      {"ru;q=0", "otherwise"},
      {",;,=;q", "otherwise"},
  };
  for (const auto& row : kTable) {
    for (const Lang otherwise : {Lang::kKazakh, Lang::kRussian, Lang::kEnglish}) {
      const Lang expected = ParseLang(row.expected).value_or(otherwise);
      EXPECT_EQ(PreferredLang(row.accept, otherwise), expected) << row.accept;
    }
  }
}

}  // namespace
}  // namespace kelisim
