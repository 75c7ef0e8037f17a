#include "shared/base/bytes.h"

#include <array>

#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"

namespace kelisim {
namespace {

template <typename T>
void AppendBigEndian(std::string& out, T value) {
  for (int shift = static_cast<int>(sizeof(T)) * 8 - 8; shift >= 0; shift -= 8) {
    out.push_back(static_cast<char>(value >> shift & 0xff));
  }
}

template <typename T>
T ReadBigEndian(std::string_view bytes) {
  T value = 0;
  for (size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value << 8 | static_cast<uint8_t>(bytes[i]));
  return value;
}

}  // namespace

std::string ToHex(std::string_view bytes) { return absl::BytesToHexString(Absl(bytes)); }

absl::StatusOr<std::string> FromHex(std::string_view hex) {
  if (hex.size() % 2 != 0) return absl::InvalidArgumentError("odd number of hexadecimal digits");
  for (char c : hex) {
    if (!absl::ascii_isxdigit(static_cast<unsigned char>(c)))
      return absl::InvalidArgumentError("not hexadecimal");
  }
  return absl::HexStringToBytes(Absl(hex));
}

std::string ToBase64(std::string_view bytes) { return absl::Base64Escape(Absl(bytes)); }

absl::StatusOr<std::string> FromBase64(std::string_view text) {
  std::string bytes;
  // The decoder is lenient; only the canonical form survives the comparison.
  if (!absl::Base64Unescape(Absl(text), &bytes) || ToBase64(bytes) != text) {
    return absl::InvalidArgumentError("not canonical base64");
  }
  return bytes;
}

void AppendU16(std::string& out, uint16_t value) { AppendBigEndian(out, value); }
void AppendU32(std::string& out, uint32_t value) { AppendBigEndian(out, value); }
void AppendU64(std::string& out, uint64_t value) { AppendBigEndian(out, value); }

std::string U64(uint64_t value) {
  std::string out;
  AppendU64(out, value);
  return out;
}

uint16_t ReadU16(std::string_view bytes) { return ReadBigEndian<uint16_t>(bytes); }
uint32_t ReadU32(std::string_view bytes) { return ReadBigEndian<uint32_t>(bytes); }
uint64_t ReadU64(std::string_view bytes) { return ReadBigEndian<uint64_t>(bytes); }

std::optional<uint64_t> ParseDecimal(std::string_view text) {
  if (text.empty() || (text.size() > 1 && text[0] == '0')) return std::nullopt;
  uint64_t value = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    uint64_t digit = static_cast<uint64_t>(c - '0');
    if (value > (UINT64_MAX - digit) / 10) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

}  // namespace kelisim
