// Double-double sums.
// Floor: metrics.
#include "metrics/moments.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

namespace toolvitals {
namespace {

// A number as an unevaluated sum of two doubles, the second at most half a unit in the last place of the first.
struct DoubleDouble {
  double high = 0;
  double low = 0;
};

DoubleDouble TwoSum(double a, double b) {
  const double sum = a + b;
  const double other = sum - a;
  return {sum, (a - (sum - other)) + (b - other)};
}

DoubleDouble QuickTwoSum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

DoubleDouble TwoProduct(double a, double b) {
  const double product = a * b;
  return {product, std::fma(a, b, -product)};
}

DoubleDouble Plus(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble high = TwoSum(a.high, b.high);
  const DoubleDouble low = TwoSum(a.low, b.low);
  const DoubleDouble sum = QuickTwoSum(high.high, high.low + low.high);
  return QuickTwoSum(sum.high, sum.low + low.low);
}

DoubleDouble Square(DoubleDouble a) {
  const DoubleDouble product = TwoProduct(a.high, a.high);
  return QuickTwoSum(product.high, product.low + 2 * a.high * a.low);
}

DoubleDouble DividedBy(DoubleDouble a, double divisor) {
  const double first = a.high / divisor;
  const DoubleDouble product = TwoProduct(first, divisor);
  const double second = ((a.high - product.high) - product.low + a.low) / divisor;
  const DoubleDouble partial = QuickTwoSum(first, second);
  const DoubleDouble again = TwoProduct(second, divisor);
  const double third = (((a.high - product.high) - again.high) - product.low - again.low + a.low) / divisor;
  return QuickTwoSum(partial.high, partial.low + third);
}

double SquareRoot(DoubleDouble a) {
  if (a.high <= 0) return 0;
  const double root = std::sqrt(a.high);
  const DoubleDouble square = TwoProduct(root, root);
  return root + ((a.high - square.high) - square.low + a.low) / (2 * root);
}

// Several sums side by side keep the processor busy while each waits for its own last addition.
constexpr size_t kLanes = 4;

template <typename Term>
DoubleDouble SumOf(std::span<const double> samples, Term term) {
  DoubleDouble lanes[kLanes];
  size_t i = 0;
  for (; i + kLanes <= samples.size(); i += kLanes) {
    for (size_t lane = 0; lane < kLanes; ++lane) lanes[lane] = Plus(lanes[lane], term(samples[i + lane]));
  }
  for (; i < samples.size(); ++i) lanes[0] = Plus(lanes[0], term(samples[i]));
  return Plus(Plus(lanes[0], lanes[1]), Plus(lanes[2], lanes[3]));
}

}  // namespace

Moments MomentsOf(std::span<const double> samples) {
  Moments moments;
  if (samples.empty()) return moments;
  const auto [min, max] = std::minmax_element(samples.begin(), samples.end());
  moments.min = *min;
  moments.max = *max;
  if (moments.max == 0) {
    moments.mean = 0;
    if (samples.size() > 1) moments.stddev = 0;
    return moments;
  }
  // Brought near one by a power of two, neither a square nor a sum leaves the range of doubles.
  const int exponent = std::ilogb(moments.max);
  const bool scale = exponent > 400 || exponent < -300;
  const auto scaled = [&](double sample) { return scale ? std::scalbn(sample, -exponent) : sample; };
  const auto count = static_cast<double>(samples.size());
  const DoubleDouble mean = DividedBy(SumOf(samples,
                                            [&](double sample) {
                                              return DoubleDouble{scaled(sample), 0};
                                            }),
                                      count);
  moments.mean = scale ? std::scalbn(mean.high, exponent) : mean.high;
  if (samples.size() > 1) {
    const DoubleDouble minus_mean{-mean.high, -mean.low};
    const DoubleDouble squares = SumOf(samples, [&](double sample) {
      return Square(Plus(DoubleDouble{scaled(sample), 0}, minus_mean));
    });
    const double stddev = SquareRoot(DividedBy(squares, count - 1));
    moments.stddev = scale ? std::scalbn(stddev, exponent) : stddev;
  }
  return moments;
}

}  // namespace toolvitals
