#include "shared/cli/certificate.h"

#include <qrencode.h>

#include <memory>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "shared/base/bytes.h"
#include "shared/base/civil.h"

namespace kelisim::cli {
namespace {

constexpr char kPrefix[] = "KELISIM/1/";
// White around the code, as readers need it.
constexpr int kMargin = 2;

}  // namespace

std::string ShortFormOf(const v1::MatterState& state) {
  const v1::PropertyFacts& facts = state.property();
  if (!facts.has_certificate()) return "";
  return absl::StrCat(kPrefix, state.id(), "/", facts.certificate().valid_until(), "/",
                      facts.certificate().number());
}

std::optional<ShortForm> ParseShortForm(std::string_view text) {
  // A number may have strokes of its own: it is the last part.
  const std::vector<std::string> parts = absl::StrSplit(Absl(text), absl::MaxSplits('/', 4));
  if (parts.size() != 5 || absl::StrCat(parts[0], "/", parts[1], "/") != kPrefix) return std::nullopt;
  if (parts[2].empty() || !ParseDate(parts[3]).ok() || parts[4].empty()) return std::nullopt;
  return ShortForm{parts[2], parts[3], parts[4]};
}

std::string ProblemOf(const ShortForm& text, const v1::MatterState& state, absl::CivilDay day) {
  const v1::CustomsCertificate& certificate = state.property().certificate();
  // What it certified was taken back, or ended with the case.
  if (!state.property().has_certificate() || state.status() == v1::PROPERTY_WITHDRAWN ||
      state.status() == v1::PROPERTY_RELEASED) {
    return "ui.certificate_none";
  }
  if (state.id() != text.id || certificate.number() != text.number ||
      certificate.valid_until() != text.valid_until) {
    return "ui.certificate_other";
  }
  // It covers one list of things, once.
  if (state.status() == v1::PROPERTY_IMPORTED) return "ui.certificate_used";
  // 10.1: what has left in time is not asked again.
  const bool left = state.status() == v1::PROPERTY_FROZEN;
  return !left && day > *ParseDate(certificate.valid_until()) ? "ui.certificate_expired" : "";
}

std::string DrawQr(const std::string& text) {
  const std::unique_ptr<QRcode, decltype(&QRcode_free)> code(
      QRcode_encodeString8bit(text.c_str(), 0, QR_ECLEVEL_M), &QRcode_free);
  if (code == nullptr) return "";
  const auto dark = [&](int x, int y) {
    return x >= 0 && y >= 0 && x < code->width && y < code->width &&
           (code->data[y * code->width + x] & 1) != 0;
  };
  std::string drawn;
  for (int y = -kMargin; y < code->width + kMargin; y += 2) {
    for (int x = -kMargin; x < code->width + kMargin; ++x) {
      // Dark on light, whatever the terminal's colours: light modules are drawn.
      const bool upper = !dark(x, y);
      const bool lower = !dark(x, y + 1);
      drawn += upper ? (lower ? "█" : "▀") : (lower ? "▄" : " ");
    }
    drawn += "\n";
  }
  return drawn;
}

}  // namespace kelisim::cli
