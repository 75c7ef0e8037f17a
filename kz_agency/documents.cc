#include "kz_agency/documents.h"

#include <algorithm>

#include "absl/strings/ascii.h"

namespace kelisim::kz {
namespace {

bool AreDigits(std::string_view text) { return std::all_of(text.begin(), text.end(), absl::ascii_isdigit); }

}  // namespace

std::optional<std::string> CheckIdentityCard(std::string_view number) {
  if (number.size() == 9 && AreDigits(number)) return std::nullopt;
  return "form.identity_card";
}

std::optional<std::string> WarnPassport(std::string_view number) {
  const bool usual = (number.size() == 8 || number.size() == 9) && absl::ascii_isupper(number[0]) &&
                     AreDigits(number.substr(1));
  if (usual) return std::nullopt;
  return "warn.passport";
}

}  // namespace kelisim::kz
