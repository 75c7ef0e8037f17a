#include "shared/cli/certificate.h"

#include "gtest/gtest.h"

namespace kelisim::cli {
namespace {

constexpr absl::CivilDay kLastDay(2026, 9, 1);

v1::MatterState Certified() {
  v1::MatterState state;
  state.set_id("9546248187d454b7");
  state.set_status(v1::PROPERTY_CERTIFIED);
  v1::CustomsCertificate& certificate = *state.mutable_property()->mutable_certificate();
  certificate.set_number("C-17/2026");
  certificate.set_valid_until("2026-09-01");
  return state;
}
std::string Check(const std::string& text, const v1::MatterState& state, absl::CivilDay day) {
  const auto parsed = ParseShortForm(text);
  return parsed ? ProblemOf(*parsed, state, day) : "unreadable";
}

TEST(Certificate, IsWhatWasCertified) {
  const std::string text = ShortFormOf(Certified());
  EXPECT_EQ(text, "KELISIM/1/9546248187d454b7/2026-09-01/C-17/2026");
  EXPECT_EQ(ParseShortForm(text)->id, "9546248187d454b7");
  EXPECT_EQ(Check(text, Certified(), kLastDay), "");
  EXPECT_EQ(Check(text, Certified(), kLastDay + 1), "ui.certificate_expired");
  EXPECT_EQ(ShortFormOf(v1::MatterState()), "");
}

TEST(Certificate, WhatWasChangedIsFound) {
  EXPECT_EQ(Check("KELISIM/1/9546248187d454b7/2027-09-01/C-17/2026", Certified(), kLastDay),
            "ui.certificate_other");
  EXPECT_EQ(Check("KELISIM/1/9546248187d454b7/2026-09-01/C-18/2026", Certified(), kLastDay),
            "ui.certificate_other");
  for (const char* text :
       {"", "KELISIM/1/", "KELISIM/2/9546248187d454b7/2026-09-01/C-17", "KELISIM/1//2026-09-01/C",
        "KELISIM/1/9546/2026-02-30/C", "KELISIM/1/9546/2026-09-01/", "https://x/y/z/a/b"}) {
    EXPECT_EQ(Check(text, Certified(), kLastDay), "unreadable") << text;
  }
}

// Each byte lost, doubled or another, and cut anywhere: only the text itself is valid.
TEST(Certificate, NoOtherTextIsValid) {
  const std::string text = ShortFormOf(Certified());
  for (size_t at = 0; at < text.size(); ++at) {
    EXPECT_NE(Check(text.substr(0, at), Certified(), kLastDay), "") << at;
    std::string other = text;
    EXPECT_NE(Check(other.erase(at, 1), Certified(), kLastDay), "") << at;
    for (int c = 0; c < 256; ++c) {
      other = text;
      other[at] = static_cast<char>(c);
      EXPECT_EQ(Check(other, Certified(), kLastDay) == "", other == text) << other;
      EXPECT_NE(Check(other.insert(at, 1, text[at]), Certified(), kLastDay), "") << other;
    }
  }
  for (const char* more : {" ", "\n", "/", "/C-17"}) {
    EXPECT_NE(Check(text + more, Certified(), kLastDay), "") << more;
    EXPECT_NE(Check(more + text, Certified(), kLastDay), "") << more;
  }
  EXPECT_NE(Check(text + std::string(1, '\0'), Certified(), kLastDay), "");
}

TEST(Certificate, OfWhatWasWithdrawnThereIsNone) {
  v1::MatterState state = Certified();
  const std::string text = ShortFormOf(state);
  state.set_status(v1::PROPERTY_WITHDRAWN);
  EXPECT_EQ(Check(text, state, kLastDay), "ui.certificate_none");
  EXPECT_EQ(Check(text, v1::MatterState(), kLastDay), "ui.certificate_none");
  state.set_status(v1::PROPERTY_RELEASED);
  EXPECT_EQ(Check(text, state, kLastDay), "ui.certificate_none");
  // What left in time stays in order on its way, and once it has arrived nothing else may
  // come under it.
  state.set_status(v1::PROPERTY_FROZEN);
  EXPECT_EQ(Check(text, state, kLastDay + 1), "");
  state.set_status(v1::PROPERTY_IMPORTED);
  EXPECT_EQ(Check(text, state, kLastDay), "ui.certificate_used");
}

// Three finder patterns: the corners of the code are dark rings.
TEST(Certificate, IsDrawnAsACode) {
  const std::string drawn = DrawQr(ShortFormOf(Certified()));
  ASSERT_FALSE(drawn.empty());
  EXPECT_EQ(drawn.find("███"), 0u);  // the margin
  EXPECT_EQ(DrawQr(std::string(5000, 'x')), "");
}

}  // namespace
}  // namespace kelisim::cli
