// Escaping: what each format demands, valid text untouched, and no byte string that comes out as invalid UTF-8.
// Floor: render.
#include "render/escape.h"

#include <gtest/gtest.h>

#include <random>
#include <string>
#include <string_view>

namespace toolvitals {
namespace {

using EscapeFunction = void (*)(std::string_view, Writer&);

std::string Escaped(EscapeFunction escape, std::string_view text) {
  std::string out;
  {
    Writer writer(out);
    escape(text, writer);
  }
  return out;
}

std::string Json(std::string_view text) { return Escaped(&EscapeJson, text); }
std::string Label(std::string_view text) { return Escaped(&EscapeLabelValue, text); }
std::string Help(std::string_view text) { return Escaped(&EscapeHelp, text); }

TEST(EscapeTest, JsonEscapesQuoteBackslashAndControls) {
  EXPECT_EQ(Json(""), "");
  EXPECT_EQ(Json("plain"), "plain");
  EXPECT_EQ(Json("a\"b\\c/d"), "a\\\"b\\\\c/d");
  EXPECT_EQ(Json("\b\f\n\r\t"), "\\b\\f\\n\\r\\t");
  EXPECT_EQ(Json(std::string_view("\0\x01\x1F\x7F", 4)), "\\u0000\\u0001\\u001f\x7F");
}

TEST(EscapeTest, LabelValueEscapesQuoteBackslashAndNewline) {
  EXPECT_EQ(Label("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(Label("\\n"), "\\\\n");
  EXPECT_EQ(Label("\r\t{}"), "\r\t{}");
}

TEST(EscapeTest, HelpLeavesQuotesAlone) { EXPECT_EQ(Help("a\"b\\c\nd"), "a\"b\\\\c\\nd"); }

TEST(EscapeTest, ValidUtf8IsUntouched) {
  for (const std::string_view text : {"caf\xC3\xA9", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xED\x9F\xBF",
                                      "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF4\x8F\xBF\xBF"}) {
    EXPECT_EQ(Json(text), text);
    EXPECT_EQ(Label(text), text);
    EXPECT_EQ(Help(text), text);
  }
}

TEST(EscapeTest, EachInvalidByteBecomesTheReplacementCharacter) {
  const std::string one = "\xEF\xBF\xBD";
  EXPECT_EQ(Json("a\xFF"), "a" + one);
  EXPECT_EQ(Json("\x80z"), one + "z");
  EXPECT_EQ(Json("\xC0\xAF"), one + one);                      // overlong
  EXPECT_EQ(Json("\xC3"), one);                                // cut off
  EXPECT_EQ(Json("\xC3("), one + "(");                         // no tail
  EXPECT_EQ(Json("\xE0\x80\x80"), one + one + one);            // overlong
  EXPECT_EQ(Json("\xED\xA0\x80"), one + one + one);            // a surrogate
  EXPECT_EQ(Json("\xF4\x90\x80\x80"), one + one + one + one);  // past U+10FFFF
  EXPECT_EQ(Json("\xF0\x8F\xBF\xBF"), one + one + one + one);  // overlong
  EXPECT_EQ(Json("\xF0\x9F\x98"), one + one + one);            // cut off
  EXPECT_EQ(Label("\xE2\x28\xA1"), one + "(" + one);
  EXPECT_EQ(Help("\xF5"), one);
}

// What comes out holds only valid sequences, so escaping it for HELP, which leaves valid text without backslashes and
// newlines alone, finds nothing to replace.
TEST(EscapeTest, RandomBytesComeOutValid) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 50'000; ++i) {
    std::string bytes;
    for (uint64_t length = random() % 12; length > 0; --length) {
      // Half of the bytes from where sequences start and go on.
      bytes.push_back(static_cast<char>(random() % 2 == 0 ? random() % 256 : 0x80 + random() % 128));
    }
    for (const EscapeFunction escape : {&EscapeJson, &EscapeLabelValue, &EscapeHelp}) {
      std::string out = Escaped(escape, bytes);
      ASSERT_EQ(out.find('\n'), std::string::npos);
      std::erase(out, '\\');
      ASSERT_EQ(Help(out), out);
    }
  }
}

TEST(EscapeTest, LongTextCrossesTheWritersSteps) {
  std::string text;
  std::string expected;
  for (int i = 0; i < 20'000; ++i) {
    text += "ab\"";
    expected += "ab\\\"";
  }
  EXPECT_EQ(Label(text), expected);
}

}  // namespace
}  // namespace toolvitals
