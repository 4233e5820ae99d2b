// A window in order, held against what selecting from it anew gives. Floor: metrics.
#include "metrics/ordered_samples.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <functional>
#include <vector>

#include "base/testing.h"
#include "metrics/moments.h"
#include "metrics/quantiles.h"

namespace toolvitals {
namespace {

constexpr std::array<int, 5> kPercents = {50, 75, 90, 95, 99};

bool IsSame(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

void ExpectSame(const OrderedSamples& ordered, const std::vector<double>& slots) {
  std::vector<double> samples;
  for (const double sample : slots) {
    if (!std::isnan(sample)) samples.push_back(sample);
  }
  ASSERT_EQ(ordered.size(), samples.size());
  const Moments expected = MomentsOf(samples), moments = ordered.moments();
  EXPECT_TRUE(IsSame(moments.mean, expected.mean)) << moments.mean << " and " << expected.mean;
  EXPECT_TRUE(IsSame(moments.stddev, expected.stddev)) << moments.stddev << " and " << expected.stddev;
  EXPECT_TRUE(IsSame(moments.min, expected.min));
  EXPECT_TRUE(IsSame(moments.max, expected.max));
  for (const QuantileMethod method : {QuantileMethod::kExclusive, QuantileMethod::kInclusive}) {
    std::array<double, kPercents.size()> ranked{}, selected{};
    Percentiles(ordered, kPercents, method, ranked);
    Percentiles(samples, kPercents, method, selected);
    for (size_t i = 0; i < ranked.size(); ++i) EXPECT_TRUE(IsSame(ranked[i], selected[i])) << kPercents[i];
  }
}

void Play(uint64_t seed, const std::function<double(Random&)>& draw) {
  SCOPED_TRACE(seed);
  Random random(seed);
  const auto draw_or_none = [&] { return random.Below(8) == 0 ? std::nan("") : draw(random); };
  std::vector<double> slots(1 + random.Below(200));
  for (double& sample : slots) sample = draw_or_none();
  OrderedSamples ordered(slots);
  ExpectSame(ordered, slots);
  for (int step = 0; step < 60; ++step) {
    const size_t slot = random.Below(slots.size());
    slots[slot] = draw_or_none();
    ordered.Put(slot, slots[slot]);
    ExpectSame(ordered, slots);
  }
}

TEST(OrderedSamplesTest, AreWhatSelectingGives) {
  for (uint64_t seed = 1; seed <= Repetitions(30); ++seed) {
    Play(seed, [](Random& random) { return static_cast<double>(random.Below(1'000'000)) / 1024; });
    // Many that are equal.
    Play(seed, [](Random& random) { return static_cast<double>(random.Below(4)); });
    // All that a latency can be within the range of exact sums, last bits included.
    Play(seed, [](Random& random) {
      return std::ldexp(static_cast<double>(random.Bits() >> 11), static_cast<int>(random.Below(60)) - 100);
    });
    // Where sums of doubles would have lost everything.
    Play(seed, [](Random& random) { return 1e15 + static_cast<double>(random.Below(50)); });
    // Some that are out of the range, which come and go.
    Play(seed, [](Random& random) { return random.Below(30) == 0 ? 1e-300 : static_cast<double>(random.Below(9)); });
  }
}

TEST(OrderedSamplesTest, NothingIsLeftOfWhatCameAndWent) {
  OrderedSamples ordered({0.1, 0.1, 0.1});
  for (const double sample : {1e18, 1e-18, 123.456, 0.0}) {
    ordered.Put(1, sample);
    ordered.Put(1, 0.1);
  }
  EXPECT_EQ(ordered.moments().mean, 0.1);
  EXPECT_EQ(ordered.moments().stddev, 0.0);
}

TEST(OrderedSamplesTest, WithoutASampleThereIsNothing) {
  OrderedSamples ordered({std::nan(""), 2});
  ordered.Put(1, std::nan(""));
  EXPECT_EQ(ordered.size(), 0u);
  EXPECT_TRUE(std::isnan(ordered.moments().mean));
  ordered.Put(0, 3);
  EXPECT_EQ(ordered.moments().mean, 3);
  EXPECT_TRUE(std::isnan(ordered.moments().stddev));
}

}  // namespace
}  // namespace toolvitals
