// Equal attributes are equal bytes, and of foreign bytes only those that this makes are attributes. Floor: kinds.
#include "kinds/packed_attributes.h"

#include <gtest/gtest.h>

#include <bit>
#include <cstdint>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "base/testing.h"

namespace toolvitals {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::vector<AttributeValue> Values() {
  return {std::string(),
          std::string("1"),
          std::string("\xC3\xBC"),
          true,
          false,
          int64_t{0},
          int64_t{1},
          std::numeric_limits<int64_t>::min(),
          0.0,
          1.0,
          kInfinity,
          kNan,
          std::vector<std::string>{},
          std::vector<std::string>{""},
          std::vector<std::string>{"1", ""},
          std::vector<std::string>{"", "1"},
          std::vector<bool>{},
          std::vector<bool>{true},
          std::vector<bool>{true, false},
          std::vector<int64_t>{},
          std::vector<int64_t>{1},
          std::vector<int64_t>{1, 2},
          std::vector<double>{},
          std::vector<double>{1},
          std::vector<double>{1, kNan}};
}

TEST(PackedAttributesTest, EveryValueHasBytesOfItsOwnAndComesBack) {
  std::set<std::string> all;
  for (const AttributeValue& value : Values()) {
    const std::string packed = PackValue(value);
    EXPECT_TRUE(all.insert(packed).second) << JsonOf(value);
    const auto back = UnpackValue(packed);
    ASSERT_TRUE(back.has_value()) << JsonOf(value);
    EXPECT_EQ(back->index(), value.index());
    EXPECT_EQ(JsonOf(*back), JsonOf(value));
    EXPECT_EQ(PackValue(*back), packed);
  }
}

TEST(PackedAttributesTest, EqualDoublesAreEqualBytes) {
  EXPECT_EQ(PackValue(-0.0), PackValue(0.0));
  EXPECT_EQ(PackValue(std::bit_cast<double>(std::bit_cast<uint64_t>(kNan) | 1)), PackValue(kNan));
  EXPECT_EQ(PackValue(-kNan), PackValue(kNan));
  EXPECT_EQ(PackValue(std::vector<double>{-0.0, -kNan}), PackValue(std::vector<double>{0.0, kNan}));
}

TEST(PackedAttributesTest, AnotherFormOfAValueIsNone) {
  const std::string zero = PackValue(0.0), one = PackValue(int64_t{1});
  std::string negative_zero = zero;
  negative_zero.back() = '\x80';
  std::string other_nan = PackValue(kNan);
  other_nan[1] = '\1';
  for (const std::string& packed :
       {std::string(), std::string("x1"), std::string("s\xFF"), std::string("b"), std::string("b\2"),
        std::string("b\1\1"), std::string("i"), one.substr(0, 8), one + '\0', zero.substr(0, 8), negative_zero,
        other_nan, std::string("S\1"), std::string("S\x81\0x", 4), std::string("S\1\xFF"), std::string("B\2"),
        std::string("I1"), std::string("D12345678") + "9"}) {
    EXPECT_FALSE(UnpackValue(packed).has_value()) << packed;
  }
}

TEST(PackedAttributesTest, KeysAscendAndAreThere) {
  const std::string value = PackValue(true);
  const auto is_one = [&](std::vector<std::string> texts) { return AttributesOf(texts).has_value(); };
  EXPECT_TRUE(is_one({}));
  EXPECT_TRUE(is_one({"a", value, "b", value}));
  EXPECT_FALSE(is_one({"a"}));
  EXPECT_FALSE(is_one({"b", value, "a", value}));
  EXPECT_FALSE(is_one({"a", value, "a", value}));
  EXPECT_FALSE(is_one({"", value}));
  EXPECT_FALSE(is_one({"\xFF", value}));
  EXPECT_FALSE(is_one({"a", "?"}));
}

// Whatever bytes are taken for attributes are those that packing them makes: no series has two names.
TEST(PackedAttributesTest, WhatIsUnpackedPacksToTheSameBytes) {
  const std::vector<AttributeValue> values = Values();
  size_t taken = 0;
  Random random(47);
  for (uint64_t round = 0; round < Repetitions(20'000); ++round) {
    std::string packed = PackValue(values[random.Below(values.size())]);
    for (uint64_t edits = random.Below(3); edits > 0; --edits) {
      const size_t place = random.Below(packed.size() + 1);
      const auto byte = static_cast<char>(random.Below(256));
      if (random.Below(2) == 0 && place < packed.size()) {
        packed[place] = byte;
      } else {
        packed.insert(place, 1, byte);
      }
    }
    const auto value = UnpackValue(packed);
    if (!value.has_value()) continue;
    ++taken;
    ASSERT_EQ(PackValue(*value), packed) << JsonOf(*value);
  }
  EXPECT_GT(taken, Repetitions(20'000) / 4);
}

TEST(PackedAttributesTest, AttributesComeBack) {
  Attributes attributes;
  for (const AttributeValue& value : Values()) {
    attributes.push_back({"key" + std::string(1, static_cast<char>('a' + attributes.size())), value});
  }
  const std::vector<std::string> texts = TextsOf(attributes);
  ASSERT_EQ(texts.size(), 2 * attributes.size());
  const auto back = AttributesOf(texts);
  ASSERT_TRUE(back.has_value());
  EXPECT_EQ(TextsOf(*back), texts);
  EXPECT_TRUE(AttributesOf(TextsOf({})).has_value());
}

}  // namespace
}  // namespace toolvitals
