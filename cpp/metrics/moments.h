// Mean, sample standard deviation, minimum and maximum of a sample.
// Floor: metrics.
#pragma once

#include <cstdint>
#include <limits>
#include <span>

namespace toolvitals {

struct Moments {
  double mean = std::numeric_limits<double>::quiet_NaN();
  double stddev = std::numeric_limits<double>::quiet_NaN();  // with n-1; needs two samples
  double min = std::numeric_limits<double>::quiet_NaN();
  double max = std::numeric_limits<double>::quiet_NaN();
};

// NaN where there are too few samples. Samples are finite and not negative. Sums are kept in double-double arithmetic
// (T. J. Dekker, 1971; D. E. Knuth, TAOCP 4.2.2), some 106 bits, and rounded once at the end, so mean and stddev are
// the doubles of Python's statistics.mean and statistics.stdev, which compute with fractions; samples that span more
// than those bits may differ in the last place.
Moments MomentsOf(std::span<const double> samples);

}  // namespace toolvitals
