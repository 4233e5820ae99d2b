// Attributes as texts and as labels, as OpenTelemetry's specification of Prometheus compatibility has them.
// Floor: model.
#include "model/attributes.h"

#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

namespace toolvitals {
namespace {

using Pairs = std::vector<std::pair<std::string, std::string>>;

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string Text(AttributeValue value) { return TextOf(value); }

TEST(TextOfTest, AStringIsItselfAndAllElseIsJson) {
  EXPECT_EQ(Text(std::string("a \"b\"\n")), "a \"b\"\n");
  EXPECT_EQ(Text(true), "true");
  EXPECT_EQ(Text(false), "false");
  EXPECT_EQ(Text(int64_t{1}), "1");
  EXPECT_EQ(Text(std::numeric_limits<int64_t>::min()), "-9223372036854775808");
  EXPECT_EQ(Text(std::vector<int64_t>{1, -2}), "[1, -2]");
  EXPECT_EQ(Text(std::vector<bool>{true, false}), "[true, false]");
  EXPECT_EQ(Text(std::vector<std::string>{}), "[]");
  EXPECT_EQ(Text(std::vector<std::string>{"a", "\"\\\b\f\n\r\t\x01\x1F\xC3\xBC"}),
            "[\"a\", \"\\\"\\\\\\b\\f\\n\\r\\t\\u0001\\u001f\xC3\xBC\"]");
}

TEST(TextOfTest, NoDoubleLooksAsAnInteger) {
  EXPECT_EQ(Text(1.0), "1.0");
  EXPECT_EQ(Text(-1.5), "-1.5");
  EXPECT_EQ(Text(0.0001), "0.0001");
  EXPECT_EQ(Text(0.00001), "1e-05");
  EXPECT_EQ(Text(9e15), "9000000000000000.0");
  EXPECT_EQ(Text(1e16), "1e+16");
  EXPECT_EQ(Text(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(Text(std::vector<double>{kInfinity, -kInfinity, 2}), "[Infinity, -Infinity, 2.0]");
}

TEST(JsonOfTest, AStringIsQuotedToo) {
  EXPECT_EQ(JsonOf(AttributeValue(std::string("1"))), "\"1\"");
  EXPECT_EQ(JsonOf(AttributeValue(int64_t{1})), "1");
}

TEST(LabelsOfTest, AKeyThatIsALabelNameStays) {
  const AttributeLabels labels =
      LabelsOf({{"a", std::string("x")}, {"a__b", std::string("y")}, {"_c", std::string()}}, "");
  EXPECT_EQ(labels.pairs, (Pairs{{"a", "x"}, {"a__b", "y"}, {"_c", ""}}));
  EXPECT_TRUE(labels.is_exact);
}

TEST(LabelsOfTest, WhatMayNotStandInANameIsOneUnderscore) {
  const AttributeLabels labels = LabelsOf({{"9lives", std::string("a")},
                                           {"__own", std::string("b")},
                                           {"http..route", std::string("c")},
                                           {"\xC3\xBC\xE2\x82\xAC", std::string("d")}},
                                          "");
  EXPECT_EQ(labels.pairs, (Pairs{{"_9lives", "a"}, {"_own", "b"}, {"http_route", "c"}, {"_", "d"}}));
  EXPECT_FALSE(labels.is_exact);
}

TEST(LabelsOfTest, ValuesOfKeysThatBecomeOneAreJoinedInTheirOrder) {
  const AttributeLabels labels =
      LabelsOf({{"a.b", std::string("x")}, {"a/b", int64_t{2}}, {"a_b", std::string("z")}}, "");
  EXPECT_EQ(labels.pairs, (Pairs{{"a_b", "x;2;z"}}));
  EXPECT_FALSE(labels.is_exact);
}

TEST(LabelsOfTest, AnotherTypeMayLookAlike) {
  EXPECT_TRUE(LabelsOf({{"a", std::string("1")}}, "").is_exact);
  EXPECT_FALSE(LabelsOf({{"a", int64_t{1}}}, "").is_exact);
}

TEST(LabelsOfTest, AReservedNameIsMovedAside) {
  EXPECT_EQ(LabelsOf({{"le", std::string("x")}}, "le").pairs, (Pairs{{"exported_le", "x"}}));
  EXPECT_EQ(LabelsOf({{"le", std::string("x")}}, "quantile").pairs, (Pairs{{"le", "x"}}));
  // And meets the one that is called so.
  EXPECT_EQ(LabelsOf({{"exported_le", std::string("y")}, {"le", std::string("x")}}, "le").pairs,
            (Pairs{{"exported_le", "y;x"}}));
}

}  // namespace
}  // namespace toolvitals
