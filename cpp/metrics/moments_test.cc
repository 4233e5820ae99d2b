// Mean and standard deviation, rounded once from sums of more than a hundred bits.
// Floor: metrics.
#include "metrics/moments.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "base/testing.h"

namespace toolvitals {
namespace {

using Limits = std::numeric_limits<double>;

TEST(MomentsTest, NothingHasNone) {
  const Moments moments = MomentsOf({});
  for (const double value : {moments.mean, moments.stddev, moments.min, moments.max}) EXPECT_TRUE(std::isnan(value));
}

TEST(MomentsTest, OneSampleHasNoDeviation) {
  const std::vector<double> one = {2.5};
  const Moments moments = MomentsOf(one);
  EXPECT_EQ(moments.mean, 2.5);
  EXPECT_EQ(moments.min, 2.5);
  EXPECT_EQ(moments.max, 2.5);
  EXPECT_TRUE(std::isnan(moments.stddev));
}

TEST(MomentsTest, TheContractsExample) {
  const std::vector<double> samples = {9.5, 6.0, 15.0};
  const Moments moments = MomentsOf(samples);
  EXPECT_EQ(moments.mean, 10.166666666666666);
  EXPECT_EQ(moments.stddev, 4.536885862938733);
  EXPECT_EQ(moments.min, 6.0);
  EXPECT_EQ(moments.max, 15.0);
}

TEST(MomentsTest, EqualSamplesDoNotDeviate) {
  for (const double value : {0.0, 0.1, 1e-320, 3e-310, 1e-300, 12345.678, 1e200, Limits::max()}) {
    for (const size_t size : {2, 3, 7, 100, 1000}) {
      const Moments moments = MomentsOf(std::vector<double>(size, value));
      ASSERT_EQ(moments.mean, value) << size;
      ASSERT_EQ(moments.stddev, 0.0) << value << " times " << size;
      ASSERT_EQ(moments.min, value);
      ASSERT_EQ(moments.max, value);
    }
  }
}

// Where the textbook's sum of squares has lost everything: 1e15 + {4, 7, 13, 16} deviates by the root of 30.
TEST(MomentsTest, DoesNotCancel) {
  const std::vector<double> samples = {1e15 + 4, 1e15 + 7, 1e15 + 13, 1e15 + 16};
  const Moments moments = MomentsOf(samples);
  EXPECT_EQ(moments.mean, 1e15 + 10);
  EXPECT_EQ(moments.stddev, std::sqrt(30.0));
}

TEST(MomentsTest, DoesNotOverflowOrVanish) {
  const std::vector<double> large = {Limits::max(), Limits::max() / 2};
  EXPECT_EQ(MomentsOf(large).mean, Limits::max() * 0.75);
  EXPECT_EQ(MomentsOf(large).stddev, Limits::max() * 0.25 * std::sqrt(2.0));
  const std::vector<double> small = {Limits::denorm_min() * 3, Limits::denorm_min() * 5};
  EXPECT_EQ(MomentsOf(small).mean, Limits::denorm_min() * 4);
  EXPECT_EQ(MomentsOf(small).stddev, Limits::denorm_min());  // 1.41 units, rounded
  const std::vector<double> tiny_squares = {1e-200, 3e-200};
  EXPECT_EQ(MomentsOf(tiny_squares).mean, 2e-200);
  EXPECT_NEAR(MomentsOf(tiny_squares).stddev / 1e-200, std::sqrt(2.0), 1e-15);
}

TEST(MomentsTest, ScalesWithPowersOfTwo) {
  Random random(9);
  std::vector<double> samples;
  for (int i = 0; i < 101; ++i) samples.push_back(1 + random.Unit());
  const Moments one = MomentsOf(samples);
  for (const int exponent : {-900, -301, -290, -10, 10, 399, 410, 900}) {
    std::vector<double> scaled;
    for (const double sample : samples) scaled.push_back(std::ldexp(sample, exponent));
    const Moments moments = MomentsOf(scaled);
    EXPECT_EQ(moments.mean, std::ldexp(one.mean, exponent)) << exponent;
    EXPECT_EQ(moments.stddev, std::ldexp(one.stddev, exponent)) << exponent;
  }
}

#if defined(__SIZEOF_FLOAT128__)

__extension__ typedef __float128 Quad;

// Whether no double lies nearer to the quotient than `value`.
bool IsRounded(double value, Quad exact) {
  const Quad error = value < exact ? exact - value : value - exact;
  const Quad up = std::nextafter(value, Limits::infinity());
  const Quad down = std::nextafter(value, -Limits::infinity());
  return error <= (up > exact ? up - exact : exact - up) && error <= (down > exact ? down - exact : exact - down);
}

// Whether the square root of `exact` lies within half a unit in the last place of `value`, or so little outside that
// 113 bits cannot tell.
bool IsRoundedRoot(double value, Quad exact) {
  const Quad low = (static_cast<Quad>(value) + std::nextafter(value, 0.0)) / 2;
  const Quad high = (static_cast<Quad>(value) + std::nextafter(value, Limits::infinity())) / 2;
  const Quad slack = 1 + static_cast<Quad>(0x1p-100);
  return low * low <= exact * slack && exact <= high * high * slack;
}

void ExpectRounded(const std::vector<double>& samples) {
  Quad sum = 0;
  for (const double sample : samples) sum += sample;
  const auto count = static_cast<Quad>(samples.size());
  const Quad mean = sum / count;
  Quad squares = 0;
  for (const double sample : samples) squares += (sample - mean) * (sample - mean);
  const Moments moments = MomentsOf(samples);
  ASSERT_TRUE(IsRounded(moments.mean, mean)) << samples.size() << " samples, mean " << moments.mean;
  ASSERT_TRUE(IsRoundedRoot(moments.stddev, squares / (count - 1)))
      << samples.size() << " samples, stddev " << moments.stddev;
  ASSERT_EQ(moments.min, *std::min_element(samples.begin(), samples.end()));
  ASSERT_EQ(moments.max, *std::max_element(samples.begin(), samples.end()));
}

TEST(MomentsTest, AreRoundedOnceAtTheEnd) {
  Random random(21);
  for (uint64_t round = 0; round < Repetitions(3000); ++round) {
    std::vector<double> samples;
    const size_t size = 2 + random.Below(round % 10 == 0 ? 5000 : 50);
    for (size_t i = 0; i < size; ++i) {
      const int exponent = round % 2 == 0 ? 10 : static_cast<int>(random.Below(30)) - 15;
      samples.push_back(std::ldexp(random.Unit(), exponent));
    }
    ExpectRounded(samples);
  }
}

// Latencies as the core times them: whole nanoseconds divided by a million.
TEST(MomentsTest, AreRoundedForMeasuredLatencies) {
  Random random(22);
  for (uint64_t round = 0; round < Repetitions(2000); ++round) {
    std::vector<double> samples;
    for (size_t i = 0; i < 2 + round % 1000; ++i) {
      samples.push_back(static_cast<double>(10'000 + random.Below(5'000'000)) / 1e6);
    }
    ExpectRounded(samples);
  }
}

#endif

TEST(MomentsTest, OrderDoesNotMatter) {
  Random random(23);
  std::vector<double> samples;
  for (int i = 0; i < 1000; ++i) samples.push_back(random.Unit() * 100);
  const Moments expected = MomentsOf(samples);
  for (int round = 0; round < 100; ++round) {
    for (size_t i = samples.size() - 1; i > 0; --i) std::swap(samples[i], samples[random.Below(i + 1)]);
    const Moments moments = MomentsOf(samples);
    ASSERT_EQ(moments.mean, expected.mean);
    ASSERT_EQ(moments.stddev, expected.stddev);
  }
}

TEST(MomentsTest, ThreadsComputeSideBySide) {
  const std::vector<double> samples = {9.5, 6.0, 15.0};
  RunThreads(8, [&](size_t) {
    for (int i = 0; i < 1000; ++i) {
      if (MomentsOf(samples).stddev != 4.536885862938733) ADD_FAILURE() << "differs";
    }
  });
}

}  // namespace
}  // namespace toolvitals
