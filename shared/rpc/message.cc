#include "shared/rpc/message.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/unknown_field_set.h"
#include "google/protobuf/wire_format_lite.h"

namespace kelisim::rpc {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;
using google::protobuf::internal::WireFormatLite;
using google::protobuf::io::CodedInputStream;

constexpr size_t kMostProblems = 50;

// Whether `bytes` is a message with at most `left` fields, of which those that are there
// are taken off. Nothing is allocated for any of them.
bool CountFields(std::string_view bytes, const Descriptor& type, int depth, int& left) {
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  input.SetRecursionLimit(depth);
  while (const uint32_t tag = input.ReadTag()) {
    if (--left < 0) return false;
    const FieldDescriptor* const field = type.FindFieldByNumber(WireFormatLite::GetTagFieldNumber(tag));
    const bool whole = field != nullptr && field->type() == FieldDescriptor::TYPE_MESSAGE &&
                       WireFormatLite::GetTagWireType(tag) == WireFormatLite::WIRETYPE_LENGTH_DELIMITED;
    if (!whole) {
      if (!WireFormatLite::SkipField(&input, tag)) return false;
      continue;
    }
    uint32_t size = 0;
    if (!input.ReadVarint32(&size) || size > bytes.size() - static_cast<size_t>(input.CurrentPosition()))
      return false;
    const std::string_view inside = bytes.substr(static_cast<size_t>(input.CurrentPosition()), size);
    if (depth == 0 || !CountFields(inside, *field->message_type(), depth - 1, left)) return false;
    input.Skip(static_cast<int>(size));
  }
  return input.ConsumedEntireMessage();
}

void FindUnknown(const Message& message, const std::string& path,
                 std::vector<treaty::FieldProblem>& problems) {
  const Reflection& reflection = *message.GetReflection();
  const google::protobuf::UnknownFieldSet& unknown = reflection.GetUnknownFields(message);
  if (unknown.field_count() > 0 && problems.size() < kMostProblems) {
    problems.push_back(
        {absl::StrCat(path, path.empty() ? "" : ".", unknown.field(0).number()), "form.unknown_field"});
  }
  std::vector<const FieldDescriptor*> fields;
  reflection.ListFields(message, &fields);
  for (const FieldDescriptor* field : fields) {
    if (field->cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE) continue;
    const std::string at = absl::StrCat(path, path.empty() ? "" : ".", field->name());
    if (!field->is_repeated()) {
      FindUnknown(reflection.GetMessage(message, field), at, problems);
      continue;
    }
    for (int i = 0; i < reflection.FieldSize(message, field); ++i) {
      FindUnknown(reflection.GetRepeatedMessage(message, field, i), absl::StrCat(at, "[", i, "]"), problems);
    }
  }
}

}  // namespace

absl::StatusOr<std::string> BytesOf(const grpc::ByteBuffer& buffer, size_t limit) {
  if (buffer.Length() > limit) {
    return absl::InvalidArgumentError(absl::StrCat("the message is larger than ", limit, " bytes"));
  }
  std::vector<grpc::Slice> slices;
  if (!buffer.Dump(&slices).ok()) return absl::InvalidArgumentError("the message cannot be read");
  std::string bytes;
  bytes.reserve(buffer.Length());
  for (const grpc::Slice& slice : slices)
    bytes.append(reinterpret_cast<const char*>(slice.begin()), slice.size());
  return bytes;
}

grpc::ByteBuffer ToBuffer(std::string_view bytes) {
  const grpc::Slice slice(bytes.data(), bytes.size());
  return grpc::ByteBuffer(&slice, 1);
}

absl::Status Parse(std::string_view bytes, Message* message) {
  int left = kMessageFields;
  const bool bounded = CountFields(bytes, *message->GetDescriptor(), kMessageDepth, left);
  if (left < 0) {
    return absl::InvalidArgumentError(absl::StrCat("the message has more than ", kMessageFields, " fields"));
  }
  CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()), static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kMessageDepth);
  if (bounded && message->ParseFromCodedStream(&input) && input.ConsumedEntireMessage())
    return absl::OkStatus();
  return absl::InvalidArgumentError("the message cannot be read");
}

std::vector<treaty::FieldProblem> UnknownFields(const Message& message) {
  std::vector<treaty::FieldProblem> problems;
  FindUnknown(message, "", problems);
  return problems;
}

}  // namespace kelisim::rpc
