// Names: UTF-8 by the book, cut without breaking a character, and the drop reasons' own names.
// Floor: registry.
#include "registry/names.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "base/limits.h"
#include "base/testing.h"
#include "base/utf8.h"

namespace toolvitals {
namespace {

using std::string_literals::operator""s;

// The bits of a code point in the form for its size or, with `length`, in an overlong one.
std::string Encode(uint32_t code, size_t length = 0) {
  if (length == 0) length = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
  if (length == 1) return std::string(1, static_cast<char>(code));
  std::string text(length, '\0');
  for (size_t i = length - 1; i > 0; --i, code >>= 6) text[i] = static_cast<char>(0x80 | (code & 0x3F));
  text[0] = static_cast<char>((0xF00 >> length & 0xFF) | code);
  return text;
}

// An independent decoder: collects the bits first and judges the number after.
bool IsUtf8WithoutNul(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const auto lead = static_cast<uint8_t>(text[at]);
    size_t length = 1;
    uint32_t code = lead;
    if (lead >= 0xF8 || (lead >= 0x80 && lead < 0xC0)) return false;
    if (lead >= 0xC0) {
      length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
      code = lead & (0x7Fu >> length);
      if (at + length > text.size()) return false;
      for (size_t i = 1; i < length; ++i) {
        const auto next = static_cast<uint8_t>(text[at + i]);
        if (next < 0x80 || next > 0xBF) return false;
        code = code << 6 | (next & 0x3F);
      }
      const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
      if (code < least[length] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return false;
    }
    if (code == 0) return false;
    at += length;
  }
  return true;
}

TEST(CheckNameTest, TakesWhatPeopleWrite) {
  for (const std::string_view name : {"search", "a", "with space", "quote\"s", "new\nline", "back\\slash", "{}",
                                      "日本語", "naïve", "🙂", "overflow"}) {
    EXPECT_EQ(CheckName(name), std::nullopt) << name;
  }
}

TEST(CheckNameTest, SaysWhatIsWrong) {
  EXPECT_EQ(CheckName(""), DropReason::kNameEmpty);
  EXPECT_EQ(CheckName(std::string(kMaxNameBytes + 1, 'a')), DropReason::kNameTooLong);
  EXPECT_EQ(CheckName(std::string(1 << 20, '\xFF')), DropReason::kNameTooLong);
  for (const std::string& name : {"\0"s, "a\0b"s, "\xFF"s, "\xC3"s, "a\x80"s, "\xED\xA0\x80"s, "\xC0\x80"s,
                                  "\xF4\x90\x80\x80"s, "\xF5\x80\x80\x80"s, "\xE2\x82"s, "ok\xE2\x82"s}) {
    EXPECT_EQ(CheckName(name), DropReason::kNameEncoding) << testing::PrintToString(name);
  }
}

TEST(CheckNameTest, TheLimitIsInBytes) {
  EXPECT_EQ(CheckName(std::string(kMaxNameBytes, 'a')), std::nullopt);
  std::string euros;
  while (euros.size() + 3 <= kMaxNameBytes) euros += "€";
  EXPECT_EQ(CheckName(euros), std::nullopt);
  EXPECT_EQ(CheckName(euros + "€"), DropReason::kNameTooLong);
}

TEST(CheckNameTest, EveryCodePoint) {
  for (uint32_t code = 1; code <= 0x110000; ++code) {
    const bool scalar = code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF);
    ASSERT_EQ(CheckName(Encode(code)) == std::nullopt, scalar) << std::hex << code;
  }
}

TEST(CheckNameTest, NoOverlongForm) {
  for (const size_t length : {2, 3, 4}) {
    const uint32_t first_that_needs_it = length == 2 ? 0x80 : length == 3 ? 0x800 : 0x10000;
    for (uint32_t code = 0; code < first_that_needs_it; ++code) {
      ASSERT_EQ(CheckName(Encode(code, length)), DropReason::kNameEncoding) << std::hex << code;
    }
  }
}

TEST(CheckNameTest, AgreesWithAnotherDecoderOnRandomBytes) {
  Random random(31);
  // Bytes near the borders of the well-formed ranges, where decoders go wrong.
  const std::string_view hard =
      "\x01\x7F\x80\x8F\x90\x9F\xA0\xBF\xC0\xC1\xC2\xDF\xE0\xEC\xED\xEE\xEF\xF0\xF1\xF3\xF4\xF5";
  for (uint64_t round = 0; round < Repetitions(1'000'000); ++round) {
    std::string text(1 + random.Below(6), '\0');
    for (char& byte : text) {
      byte = random.Below(4) == 0 ? static_cast<char>(random.Bits()) : hard[random.Below(hard.size())];
    }
    ASSERT_EQ(CheckName(text) == std::nullopt, IsUtf8WithoutNul(text)) << testing::PrintToString(text);
  }
}

TEST(TruncateUtf8Test, CutsBetweenCharacters) {
  EXPECT_EQ(TruncateUtf8("abc", 3), "abc");
  EXPECT_EQ(TruncateUtf8("abc", 2), "ab");
  EXPECT_EQ(TruncateUtf8("abc", 0), "");
  EXPECT_EQ(TruncateUtf8("a€b", 3), "a");
  EXPECT_EQ(TruncateUtf8("a€b", 4), "a€");
  EXPECT_EQ(TruncateUtf8("🙂", 3), "");
  EXPECT_EQ(TruncateUtf8("", 5), "");
}

TEST(TruncateUtf8Test, KeepsAsMuchAsFits) {
  Random random(32);
  for (uint64_t round = 0; round < Repetitions(20'000); ++round) {
    std::string text;
    std::set<size_t> borders = {0};
    for (uint64_t i = 0; i < 1 + random.Below(20); ++i) {
      const uint32_t ranges[] = {0x7F, 0x7FF, 0xD7FF, 0x10FFFF};
      uint32_t code = 1 + static_cast<uint32_t>(random.Below(ranges[random.Below(4)]));
      if (code >= 0xD800 && code <= 0xDFFF) code = 'x';
      text += Encode(code);
      borders.insert(text.size());
    }
    const size_t bytes = random.Below(text.size() + 3);
    const std::string_view cut = TruncateUtf8(text, bytes);
    const size_t expected = *std::prev(borders.upper_bound(bytes));
    ASSERT_EQ(cut, text.substr(0, expected)) << bytes;
  }
}

TEST(DropReasonTest, EveryReasonHasItsOwnName) {
  std::set<std::string_view> names;
  for (size_t i = 0; i < static_cast<size_t>(DropReason::kCount); ++i) {
    const auto reason = static_cast<DropReason>(i);
    const std::string_view name = DropReasonName(reason);
    EXPECT_FALSE(name.empty());
    EXPECT_TRUE(names.insert(name).second) << name;
    EXPECT_EQ(FindDropReason(name), reason);
  }
}

// These stand in a label, so they are public.
TEST(DropReasonTest, TheNamesAreThoseOfTheContract) {
  EXPECT_EQ(DropReasonName(DropReason::kLatencyNegative), "latency_negative");
  EXPECT_EQ(DropReasonName(DropReason::kLatencyNan), "latency_nan");
  EXPECT_EQ(DropReasonName(DropReason::kLatencyInfinite), "latency_infinite");
  EXPECT_EQ(DropReasonName(DropReason::kLatencyType), "latency_type");
  EXPECT_EQ(DropReasonName(DropReason::kNameType), "name_type");
  EXPECT_EQ(DropReasonName(DropReason::kNameEmpty), "name_empty");
  EXPECT_EQ(DropReasonName(DropReason::kNameTooLong), "name_too_long");
  EXPECT_EQ(DropReasonName(DropReason::kNameEncoding), "name_encoding");
  EXPECT_EQ(DropReasonName(DropReason::kErrorType), "error_type");
  EXPECT_EQ(DropReasonName(DropReason::kArguments), "arguments");
}

TEST(DropReasonTest, AnUnknownNameIsNone) {
  for (const std::string_view name : {"", "latency", "latency_nan ", "LATENCY_NAN"}) {
    EXPECT_EQ(FindDropReason(name), std::nullopt) << name;
  }
}

}  // namespace
}  // namespace toolvitals
