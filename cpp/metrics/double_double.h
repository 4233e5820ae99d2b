// Numbers of some 106 bits.
// Floor: metrics.
#pragma once

#include <cmath>

namespace toolvitals {

// A number as an unevaluated sum of two doubles, the second at most half a unit in the last place of the first
// (T. J. Dekker, 1971; D. E. Knuth, TAOCP 4.2.2). What is rounded of one once, at the end, is nearly always the double
// nearest to it. For who compiles it without contraction of multiply and add.
struct DoubleDouble {
  double high = 0;
  double low = 0;
};

inline DoubleDouble TwoSum(double a, double b) {
  const double sum = a + b;
  const double other = sum - a;
  return {sum, (a - (sum - other)) + (b - other)};
}

inline DoubleDouble QuickTwoSum(double a, double b) {
  const double sum = a + b;
  return {sum, b - (sum - a)};
}

// The two halves of a number's bits (G. W. Veltkamp): products of halves are exact, without a fused multiply-add, which
// costs a call where the build does not presume the instruction.
inline DoubleDouble Split(double a) {
  const double scaled = 134217729.0 * a;  // 2^27 + 1
  const double high = scaled - (scaled - a);
  return {high, a - high};
}

inline DoubleDouble TwoProduct(double a, double b) {
  const double product = a * b;
  const DoubleDouble x = Split(a);
  const DoubleDouble y = Split(b);
  return {product, ((x.high * y.high - product) + x.high * y.low + x.low * y.high) + x.low * y.low};
}

inline DoubleDouble Plus(DoubleDouble a, DoubleDouble b) {
  const DoubleDouble high = TwoSum(a.high, b.high);
  const DoubleDouble low = TwoSum(a.low, b.low);
  const DoubleDouble sum = QuickTwoSum(high.high, high.low + low.high);
  return QuickTwoSum(sum.high, sum.low + low.low);
}

inline DoubleDouble DividedBy(DoubleDouble a, double divisor) {
  const double first = a.high / divisor;
  const DoubleDouble product = TwoProduct(first, divisor);
  const double second = ((a.high - product.high) - product.low + a.low) / divisor;
  const DoubleDouble partial = QuickTwoSum(first, second);
  const DoubleDouble again = TwoProduct(second, divisor);
  const double third = (((a.high - product.high) - again.high) - product.low - again.low + a.low) / divisor;
  return QuickTwoSum(partial.high, partial.low + third);
}

inline double SquareRoot(DoubleDouble a) {
  if (a.high <= 0) return 0;
  const double root = std::sqrt(a.high);
  const DoubleDouble square = TwoProduct(root, root);
  return root + ((a.high - square.high) - square.low + a.low) / (2 * root);
}

}  // namespace toolvitals
