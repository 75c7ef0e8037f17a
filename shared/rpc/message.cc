#include "shared/rpc/message.h"

#include "absl/strings/str_cat.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/unknown_field_set.h"
#include "shared/base/status_macros.h"
#include "shared/base/wire.h"

namespace kelisim::rpc {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr size_t kMostProblems = 50;

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
  RETURN_IF_ERROR(CheckFields(bytes, *message->GetDescriptor(), kMessageDepth, kMessageFields));
  google::protobuf::io::CodedInputStream input(reinterpret_cast<const uint8_t*>(bytes.data()),
                                               static_cast<int>(bytes.size()));
  input.SetRecursionLimit(kMessageDepth);
  if (message->ParseFromCodedStream(&input) && input.ConsumedEntireMessage()) return absl::OkStatus();
  return absl::InvalidArgumentError("the message cannot be read");
}

std::vector<treaty::FieldProblem> UnknownFields(const Message& message) {
  std::vector<treaty::FieldProblem> problems;
  FindUnknown(message, "", problems);
  return problems;
}

}  // namespace kelisim::rpc
