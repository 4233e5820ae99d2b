// Quantiles of a sample: the very doubles of Python's statistics.quantiles(data, n=...).
// Floor: metrics.
#pragma once

#include <span>

namespace toolvitals {

enum class QuantileMethod {
  kExclusive,  // the sample may lack the population's extremes; extrapolates past them on small samples
  kInclusive,  // the sample holds the population's extremes
};

// Where to cut: what statistics.quantiles(data, n=parts) has at place `cut` - 1.
struct QuantileCut {
  int cut;    // 1 to parts - 1
  int parts;  // 2 to 2^20

  // The fewest parts of 100 and 1,000 that have a cut at the quantile, which is a whole number of thousandths.
  static QuantileCut Of(double quantile);
};

// Writes to `out[i]` the quantile at `cuts[i]` (ascending) of the samples (fewer than 2^32, none NaN). With fewer than
// two samples all are NaN. Linear time: only the ranks that are asked for are selected.
//
// The formula and the order of its operations are those of CPython's Lib/statistics.py, so that the results are equal
// bit for bit; the file is compiled without contraction of multiply and add for the same reason.
void Quantiles(std::span<const double> samples, std::span<const QuantileCut> cuts, QuantileMethod method,
               std::span<double> out);

// The same for percentiles, 1 to 99.
void Percentiles(std::span<const double> samples, std::span<const int> percents, QuantileMethod method,
                 std::span<double> out);

}  // namespace toolvitals
