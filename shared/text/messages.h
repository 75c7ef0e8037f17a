#ifndef KELISIM_SHARED_TEXT_MESSAGES_H_
#define KELISIM_SHARED_TEXT_MESSAGES_H_

#include <optional>
#include <string>
#include <string_view>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/generated_enum_reflection.h"
#include "kelisim/v1/messages.pb.h"

// What people are told, in their language: on the command line and in dossiers.

namespace kelisim {

enum class Lang { kKazakh, kRussian, kEnglish };

// "kk", "ru", "en".
std::optional<Lang> ParseLang(std::string_view code);
std::string LangCode(Lang lang);
// The language of a locale such as "kk_KZ.UTF-8"; English for any other.
Lang LangOfLocale(std::string_view locale);
// The language of ours that an Accept-Language value prefers (RFC 9110, 12.5.4), of two alike
// the first; `otherwise` when it names none.
Lang PreferredLang(std::string_view accept_language, Lang otherwise);

const std::string& In(Lang lang, const v1::LocalizedText& text);

// The catalogue of messages.textproto, which is compiled in. Thread-safe.
const v1::MessageCatalogue& Messages();

// The text under `key`; the key itself when the catalogue lacks it, so that a
// newer service's words still reach the reader.
std::string Say(Lang lang, std::string_view key);

// The key of an enum value ("status.SUBMITTED") or of a command's or act's
// field ("action.confirm_scope"); empty for what has no message.
std::string MessageKey(const google::protobuf::EnumValueDescriptor& value);
std::string MessageKey(const google::protobuf::FieldDescriptor& field);

// The text of an enum value; its number when it is not known here.
std::string SayEnum(Lang lang, const google::protobuf::EnumDescriptor& type, int value);
template <typename Enum>
std::string SayEnum(Lang lang, Enum value) {
  return SayEnum(lang, *google::protobuf::GetEnumDescriptor<Enum>(), value);
}

}  // namespace kelisim

#endif  // KELISIM_SHARED_TEXT_MESSAGES_H_
