// Quantiles of a sample: the very doubles of Python's statistics.quantiles(data, n=100).
// Floor: metrics.
#pragma once

#include <span>

namespace toolvitals {

enum class QuantileMethod {
  kExclusive,  // the sample may lack the population's extremes; extrapolates past them on small samples
  kInclusive,  // the sample holds the population's extremes
};

// Writes to `out[i]` the percentile `percents[i]` (1 to 99, ascending) of the samples (fewer than 2^32, none NaN). With
// fewer than two samples all are NaN. Linear time: only the ranks that are asked for are selected.
//
// The formula and the order of its operations are those of CPython's Lib/statistics.py, so that the results are equal
// bit for bit; the file is compiled without contraction of multiply and add for the same reason.
void Percentiles(std::span<const double> samples, std::span<const int> percents, QuantileMethod method,
                 std::span<double> out);

}  // namespace toolvitals
