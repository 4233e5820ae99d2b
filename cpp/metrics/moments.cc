// Double-double sums.
// Floor: metrics.
#include "metrics/moments.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <vector>

#include "metrics/double_double.h"

namespace toolvitals {
namespace {

// For sums of terms none of which is negative: what the second doubles lose is then beyond the 100th bit of the sum.
DoubleDouble PlusTerm(DoubleDouble sum, DoubleDouble term) {
  const DoubleDouble high = TwoSum(sum.high, term.high);
  return {high.high, sum.low + (high.low + term.low)};
}

DoubleDouble Square(DoubleDouble a) {
  const DoubleDouble product = TwoProduct(a.high, a.high);
  return {product.high, product.low + 2 * a.high * a.low};
}

DoubleDouble Difference(double a, DoubleDouble b) {
  const DoubleDouble high = TwoSum(a, -b.high);
  return QuickTwoSum(high.high, high.low - b.low);
}

// Several sums side by side: the processor has work while each waits for its own last addition, and with the first and
// the second doubles in arrays of their own the compiler makes vectors of them.
constexpr size_t kLanes = 8;

template <typename Term>
DoubleDouble SumOf(std::span<const double> samples, Term term) {
  double highs[kLanes] = {};
  double lows[kLanes] = {};
  const auto add = [&](size_t lane, double sample) {
    const DoubleDouble sum = PlusTerm({highs[lane], lows[lane]}, term(sample));
    highs[lane] = sum.high;
    lows[lane] = sum.low;
  };
  size_t i = 0;
  for (; i + kLanes <= samples.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) add(lane, samples[i + lane]);
  }
  for (; i < samples.size(); ++i) add(0, samples[i]);
  DoubleDouble sum;
  for (size_t lane = 0; lane < kLanes; ++lane) sum = Plus(sum, {highs[lane], lows[lane]});
  return sum;
}

// Into `moments`. In lanes for the same reason.
void FindRange(std::span<const double> samples, Moments& moments) {
  double mins[kLanes];
  double maxs[kLanes];
  std::fill_n(mins, kLanes, samples.front());
  std::fill_n(maxs, kLanes, samples.front());
  const auto add = [&](size_t lane, double sample) {
    mins[lane] = sample < mins[lane] ? sample : mins[lane];
    maxs[lane] = sample > maxs[lane] ? sample : maxs[lane];
  };
  size_t i = 0;
  for (; i + kLanes <= samples.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) add(lane, samples[i + lane]);
  }
  for (; i < samples.size(); ++i) add(0, samples[i]);
  moments.min = *std::min_element(mins, mins + kLanes);
  moments.max = *std::max_element(maxs, maxs + kLanes);
}

}  // namespace

Moments MomentsOf(std::span<const double> samples) {
  Moments moments;
  if (samples.empty()) return moments;
  FindRange(samples, moments);
  if (moments.max == 0) {
    moments.mean = 0;
    if (samples.size() > 1) moments.stddev = 0;
    return moments;
  }
  // Brought near one by a power of two, neither a square nor a sum leaves the range of doubles.
  if (const int exponent = std::ilogb(moments.max); exponent > 400 || exponent < -300) {
    std::vector<double> near_one(samples.begin(), samples.end());
    for (double& sample : near_one) sample = std::scalbn(sample, -exponent);
    const Moments scaled = MomentsOf(near_one);
    return {std::scalbn(scaled.mean, exponent), std::scalbn(scaled.stddev, exponent), moments.min, moments.max};
  }
  const auto count = static_cast<double>(samples.size());
  const DoubleDouble mean = DividedBy(SumOf(samples, [&](double sample) { return DoubleDouble{sample, 0}; }), count);
  moments.mean = mean.high;
  if (samples.size() > 1) {
    const DoubleDouble squares = SumOf(samples, [&](double sample) { return Square(Difference(sample, mean)); });
    moments.stddev = SquareRoot(DividedBy(squares, count - 1));
  }
  return moments;
}

}  // namespace toolvitals
