#ifndef KELISIM_SHARED_BASE_OWN_TEXT_H_
#define KELISIM_SHARED_BASE_OWN_TEXT_H_

#include <google/protobuf/text_format.h>

#include <cstdlib>
#include <string>
#include <string_view>

namespace kelisim {

// A text that is part of the program, as the message that it spells. One that does not
// parse ends the program; a test of each parses it.
template <typename Message>
Message ParseOwnText(std::string_view text) {
  Message message;
  if (!google::protobuf::TextFormat::ParseFromString(std::string(text), &message)) std::abort();
  return message;
}

}  // namespace kelisim

#endif  // KELISIM_SHARED_BASE_OWN_TEXT_H_
