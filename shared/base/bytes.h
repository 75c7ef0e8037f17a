#ifndef KELISIM_SHARED_BASE_BYTES_H_
#define KELISIM_SHARED_BASE_BYTES_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "absl/strings/string_view.h"

namespace kelisim {

// Bytes are std::string, views of them std::string_view. Abseil of this
// platform has a string_view of its own; these two cross the border.
inline absl::string_view Absl(std::string_view s) { return {s.data(), s.size()}; }
inline std::string_view Std(absl::string_view s) { return {s.data(), s.size()}; }

// Lower-case hexadecimal.
std::string ToHex(std::string_view bytes);
// INVALID_ARGUMENT unless `hex` is an even number of hexadecimal digits.
absl::StatusOr<std::string> FromHex(std::string_view hex);

// RFC 4648 section 4 with padding.
std::string ToBase64(std::string_view bytes);
// INVALID_ARGUMENT unless `text` is exactly what ToBase64 writes: no white
// space, padding present, unused bits zero.
absl::StatusOr<std::string> FromBase64(std::string_view text);

// Big-endian fixed-width integers; their byte order is their numeric order, so
// they serve in keys.
void AppendU16(std::string& out, uint16_t value);
void AppendU32(std::string& out, uint32_t value);
void AppendU64(std::string& out, uint64_t value);
std::string U64(uint64_t value);
// Require bytes.size() >= the width.
uint16_t ReadU16(std::string_view bytes);
uint32_t ReadU32(std::string_view bytes);
uint64_t ReadU64(std::string_view bytes);

// A decimal number without sign, leading zero or space; nullopt otherwise.
std::optional<uint64_t> ParseDecimal(std::string_view text);

}  // namespace kelisim

#endif  // KELISIM_SHARED_BASE_BYTES_H_
