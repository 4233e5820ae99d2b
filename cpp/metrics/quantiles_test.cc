// Quantiles: equal, bit for bit, to CPython's formula over a sorted copy.
// Floor: metrics.
#include "metrics/quantiles.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <limits>
#include <numeric>
#include <vector>

#include "base/testing.h"

namespace toolvitals {
namespace {

using Limits = std::numeric_limits<double>;

const std::vector<int> kFive = {50, 75, 90, 95, 99};

std::vector<int> AllPercents() {
  std::vector<int> percents(99);
  std::iota(percents.begin(), percents.end(), 1);
  return percents;
}

// Lib/statistics.py of CPython 3.11, quantiles(), line by line, for n = 100.
std::vector<double> Oracle(std::vector<double> data, const std::vector<int>& percents, QuantileMethod method) {
  std::sort(data.begin(), data.end());
  const auto ld = static_cast<int64_t>(data.size());
  const int64_t n = 100;
  std::vector<double> result;
  for (const int64_t i : percents) {
    if (ld < 2) {
      result.push_back(Limits::quiet_NaN());
    } else if (method == QuantileMethod::kInclusive) {
      const int64_t m = ld - 1;
      const int64_t j = i * m / n;
      const int64_t delta = i * m % n;
      result.push_back((data[j] * static_cast<double>(n - delta) + data[j + 1] * static_cast<double>(delta)) / n);
    } else {
      const int64_t m = ld + 1;
      int64_t j = i * m / n;
      j = j < 1 ? 1 : j > ld - 1 ? ld - 1 : j;
      const int64_t delta = i * m - j * n;
      result.push_back((data[j - 1] * static_cast<double>(n - delta) + data[j] * static_cast<double>(delta)) / n);
    }
  }
  return result;
}

std::vector<double> Compute(std::vector<double> samples, const std::vector<int>& percents, QuantileMethod method) {
  std::vector<double> out(percents.size(), -1);
  Percentiles(samples, percents, method, out);
  return out;
}

bool SameDouble(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b) || (std::isnan(a) && std::isnan(b));
}

void ExpectAgrees(const std::vector<double>& samples, const std::vector<int>& percents) {
  for (const QuantileMethod method : {QuantileMethod::kExclusive, QuantileMethod::kInclusive}) {
    const std::vector<double> expected = Oracle(samples, percents, method);
    const std::vector<double> actual = Compute(samples, percents, method);
    for (size_t i = 0; i < percents.size(); ++i) {
      ASSERT_TRUE(SameDouble(actual[i], expected[i]))
          << "p" << percents[i] << " of " << samples.size() << " samples: " << actual[i] << " for " << expected[i];
    }
  }
}

constexpr uint64_t kDistributions = 8;

double Draw(uint64_t distribution, size_t index, Random& random) {
  switch (distribution) {
    case 0:
      return random.Unit() * 1000;
    case 1:
      return 0.1;  // all equal
    case 2:
      return static_cast<double>(random.Below(4)) / 3;  // mostly equal
    case 3:
      return Limits::denorm_min() * static_cast<double>(random.Below(1000));
    case 4:
      return std::ldexp(random.Unit(), static_cast<int>(random.Below(2097)) - 1073);  // the whole range of doubles
    case 5:
      return static_cast<double>(index);  // ascending
    case 6:
      return -static_cast<double>(index);  // descending
    default:
      return random.Below(100) == 0 ? 1e9 * random.Unit() : random.Unit();  // a long tail
  }
}

std::vector<double> DrawMany(uint64_t distribution, size_t size, Random& random) {
  std::vector<double> samples;
  for (size_t i = 0; i < size; ++i) samples.push_back(Draw(distribution, i, random));
  return samples;
}

TEST(QuantilesTest, FewerThanTwoSamplesHaveNone) {
  for (const QuantileMethod method : {QuantileMethod::kExclusive, QuantileMethod::kInclusive}) {
    for (const std::vector<double>& samples : std::vector<std::vector<double>>{{}, {1.0}}) {
      for (const double value : Compute(samples, kFive, method)) EXPECT_TRUE(std::isnan(value));
    }
  }
}

// The example of the public contract: on a small window the exclusive method extrapolates past the maximum.
TEST(QuantilesTest, TheContractsExample) {
  EXPECT_EQ(Compute({9.5, 15.0, 6.0}, kFive, QuantileMethod::kExclusive),
            (std::vector<double>{9.5, 15.0, 18.3, 19.4, 20.28}));
}

TEST(QuantilesTest, TwoSamples) {
  EXPECT_EQ(Compute({2.0, 1.0}, {1, 50, 99}, QuantileMethod::kInclusive), (std::vector<double>{1.01, 1.5, 1.99}));
  EXPECT_EQ(Compute({2.0, 1.0}, {1, 50, 99}, QuantileMethod::kExclusive), (std::vector<double>{0.03, 1.5, 2.97}));
}

TEST(QuantilesTest, NoPercentsAskNothing) {
  std::vector<double> samples = {3, 1, 2};
  Percentiles(samples, {}, QuantileMethod::kExclusive, {});
  std::sort(samples.begin(), samples.end());
  EXPECT_EQ(samples, (std::vector<double>{1, 2, 3}));
}

TEST(QuantilesTest, SamplesAreOnlyReordered) {
  Random random(5);
  std::vector<double> samples = DrawMany(0, 1000, random);
  std::vector<double> sorted = samples;
  std::sort(sorted.begin(), sorted.end());
  std::vector<double> out(kFive.size());
  Percentiles(samples, kFive, QuantileMethod::kExclusive, out);
  std::sort(samples.begin(), samples.end());
  EXPECT_EQ(samples, sorted);
}

TEST(QuantilesTest, SmallSizesOfEveryDistributionAtEveryPercent) {
  Random random(1);
  const std::vector<int> percents = AllPercents();
  for (size_t size = 0; size <= 250; ++size) {
    for (uint64_t distribution = 0; distribution < kDistributions; ++distribution) {
      ExpectAgrees(DrawMany(distribution, size, random), percents);
    }
  }
}

TEST(QuantilesTest, EverySizeTo5000) {
  Random random(2);
  const size_t step = Repetitions(10) == 10 ? 1 : 13;
  for (size_t size = 0; size <= 5000; size += step) {
    ExpectAgrees(DrawMany(size % kDistributions, size, random), kFive);
  }
}

TEST(QuantilesTest, OverflowsAsTheFormulaDoes) {
  ExpectAgrees(std::vector<double>(10, Limits::max()), AllPercents());
  ExpectAgrees({Limits::max(), Limits::max() / 2, Limits::denorm_min(), 0.0}, AllPercents());
}

// Samples already sorted, reversed and organ-piped drive a selection to its worst case; its results may not change.
TEST(QuantilesTest, OrderDoesNotMatter) {
  Random random(3);
  std::vector<double> samples = DrawMany(0, 1001, random);
  std::sort(samples.begin(), samples.end());
  const std::vector<double> expected = Compute(samples, kFive, QuantileMethod::kExclusive);
  std::reverse(samples.begin(), samples.end());
  EXPECT_EQ(Compute(samples, kFive, QuantileMethod::kExclusive), expected);
  std::sort(samples.begin(), samples.begin() + 500);
  EXPECT_EQ(Compute(samples, kFive, QuantileMethod::kExclusive), expected);
  for (int round = 0; round < 50; ++round) {
    for (size_t i = samples.size() - 1; i > 0; --i) std::swap(samples[i], samples[random.Below(i + 1)]);
    ASSERT_EQ(Compute(samples, kFive, QuantileMethod::kExclusive), expected);
  }
}

TEST(QuantilesTest, AscendWithThePercent) {
  Random random(4);
  for (const size_t size : {2, 3, 10, 99, 100, 101, 1000}) {
    for (const QuantileMethod method : {QuantileMethod::kExclusive, QuantileMethod::kInclusive}) {
      const std::vector<double> values = Compute(DrawMany(7, size, random), AllPercents(), method);
      EXPECT_TRUE(std::is_sorted(values.begin(), values.end())) << size;
    }
  }
}

TEST(QuantilesTest, ThreadsComputeSideBySide) {
  RunThreads(8, [](size_t thread) {
    Random random(thread);
    for (size_t size = 2; size < 200; ++size) ExpectAgrees(DrawMany(0, size, random), kFive);
  });
}

}  // namespace
}  // namespace toolvitals
