// Doubles as text: both notations at their edges, and every double read back as itself.
// Floor: render.
#include "render/numbers.h"

#include <gtest/gtest.h>

#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <random>
#include <string>

namespace toolvitals {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string Repr(double value) {
  std::array<char, kMaxDoubleChars> text;
  return {text.data(), WriteReprDouble(value, text.data())};
}

std::string Go(double value) {
  std::array<char, kMaxDoubleChars> text;
  return {text.data(), WriteGoDouble(value, text.data())};
}

// The expected texts are what Python 3.11 prints.
TEST(NumbersTest, ReprIsPythons) {
  EXPECT_EQ(Repr(0), "0.0");
  EXPECT_EQ(Repr(-0.0), "-0.0");
  EXPECT_EQ(Repr(12), "12.0");
  EXPECT_EQ(Repr(-1.5), "-1.5");
  EXPECT_EQ(Repr(0.1), "0.1");
  EXPECT_EQ(Repr(10.166666666666666), "10.166666666666666");
  EXPECT_EQ(Repr(0.0001), "0.0001");
  EXPECT_EQ(Repr(0.00001), "1e-05");
  EXPECT_EQ(Repr(-0.000012345), "-1.2345e-05");
  EXPECT_EQ(Repr(1234567), "1234567.0");
  EXPECT_EQ(Repr(9007199254740993e0), "9007199254740992.0");
  EXPECT_EQ(Repr(9999999999999998.0), "9999999999999998.0");
  EXPECT_EQ(Repr(1e16), "1e+16");
  EXPECT_EQ(Repr(1.5e300), "1.5e+300");
  EXPECT_EQ(Repr(5e-324), "5e-324");
  EXPECT_EQ(Repr(-std::numeric_limits<double>::max()), "-1.7976931348623157e+308");
}

// The expected texts are what prometheus_client.utils.floatToGoString returns.
TEST(NumbersTest, GoIsPrometheusClients) {
  EXPECT_EQ(Go(0), "0.0");
  EXPECT_EQ(Go(0.001), "0.001");
  EXPECT_EQ(Go(0.01), "0.01");
  EXPECT_EQ(Go(1), "1.0");
  EXPECT_EQ(Go(300), "300.0");
  EXPECT_EQ(Go(0.00001), "1e-05");
  EXPECT_EQ(Go(100000), "100000.0");
  EXPECT_EQ(Go(999999.9), "999999.9");
  EXPECT_EQ(Go(1000000), "1e+06");
  EXPECT_EQ(Go(1234567), "1.234567e+06");
  EXPECT_EQ(Go(1234567.5), "1.2345675e+06");
  EXPECT_EQ(Go(1e16), "1e+16");
  EXPECT_EQ(Go(-1234567), "-1234567.0");
  EXPECT_EQ(Go(kInfinity), "+Inf");
  EXPECT_EQ(Go(-kInfinity), "-Inf");
  EXPECT_EQ(Go(std::numeric_limits<double>::quiet_NaN()), "NaN");
}

TEST(NumbersTest, EveryDoubleReadsBackAsItself) {
  std::mt19937_64 random(1);
  for (int i = 0; i < 200'000; ++i) {
    const double value = std::bit_cast<double>(random());
    if (!std::isfinite(value)) continue;
    const std::string repr = Repr(value);
    const std::string go = Go(value);
    ASSERT_LE(repr.size(), kMaxDoubleChars);
    ASSERT_NE(repr.find_first_of(".e"), std::string::npos) << repr;
    ASSERT_EQ(std::bit_cast<uint64_t>(std::strtod(repr.c_str(), nullptr)), std::bit_cast<uint64_t>(value)) << repr;
    ASSERT_EQ(std::bit_cast<uint64_t>(std::strtod(go.c_str(), nullptr)), std::bit_cast<uint64_t>(value)) << go;
  }
}

// Random bits are seldom near 1, where the plain notation is used.
TEST(NumbersTest, PlainNotationReadsBackAsItself) {
  std::mt19937_64 random(2);
  for (int i = 0; i < 200'000; ++i) {
    const double value = std::ldexp(static_cast<double>(random()), -80 + static_cast<int>(random() % 70));
    const std::string repr = Repr(value);
    const std::string go = Go(value);
    ASSERT_LE(repr.size(), kMaxDoubleChars);
    ASSERT_EQ(std::strtod(repr.c_str(), nullptr), value) << repr;
    ASSERT_EQ(std::strtod(go.c_str(), nullptr), value) << go;
  }
}

}  // namespace
}  // namespace toolvitals
