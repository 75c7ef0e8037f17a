#include "shared/base/wire.h"

#include <cstdint>

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/wire_format_lite.h"

namespace kelisim {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::internal::WireFormatLite;

// Takes the fields that are there off `left`. False: not a message, or `left` is below 0.
bool CountFields(std::string_view bytes, const Descriptor& type, int depth, int& left) {
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(depth);
  while (const uint32_t tag = input.ReadTag()) {
    if (--left < 0) return false;
    const FieldDescriptor* const field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    const bool message = field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE &&
                         WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (!message) {
      if (!WireFormatLite::SkipField(&input, tag)) return false;
      continue;
    }
    uint32_t size = 0;
    if (!input.ReadVarint32(&size)) return false;
    const std::string_view rest = bytes.substr(static_cast<size_t>(input.CurrentPosition()));
    if (depth == 0 || size > rest.size()) return false;
    if (!CountFields(rest.substr(0, size), *field->message_type(), depth - 1, left)) return false;
    input.Skip(static_cast<int>(size));
  }
  return input.ConsumedEntireMessage();
}

}  // namespace

absl::Status CheckFields(std::string_view bytes, const Descriptor& type, int depth, int fields) {
  int left = fields;
  if (CountFields(bytes, type, depth, left)) return absl::OkStatus();
  return absl::InvalidArgumentError(left < 0 ? absl::StrCat("the message has more than ", fields, " fields")
                                             : std::string("the message cannot be read"));
}

}  // namespace kelisim
