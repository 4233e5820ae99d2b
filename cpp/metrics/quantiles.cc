// Selection of ranks and the interpolation between them.
// Floor: metrics.
#include "metrics/quantiles.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>

namespace toolvitals {
namespace {

constexpr int64_t kPercent = 100;

// The two neighbouring ranks of a percentile, and the weight of the upper one in hundredths. The exclusive method
// clamps the rank but not the weight, which is how it extrapolates.
struct Cut {
  size_t lower;
  int64_t delta;
};

Cut CutAt(int64_t percent, int64_t size, QuantileMethod method) {
  if (method == QuantileMethod::kInclusive) {
    const int64_t position = percent * (size - 1);
    return {static_cast<size_t>(position / kPercent), position % kPercent};
  }
  const int64_t position = percent * (size + 1);
  const int64_t rank = std::clamp(position / kPercent, int64_t{1}, size - 1);
  return {static_cast<size_t>(rank - 1), position - rank * kPercent};
}

// Puts the sample of the given rank in its place, knowing that everything before `settled` is already below the rest.
// Returns the new border.
size_t Settle(std::span<double> samples, size_t settled, size_t rank) {
  if (rank < settled) return settled;
  const auto first = samples.begin() + static_cast<std::ptrdiff_t>(settled);
  const auto nth = samples.begin() + static_cast<std::ptrdiff_t>(rank);
  if (nth == first) {
    std::iter_swap(first, std::min_element(first, samples.end()));
  } else {
    std::nth_element(first, nth, samples.end());
  }
  return rank + 1;
}

}  // namespace

void Percentiles(std::span<double> samples, std::span<const int> percents, QuantileMethod method,
                 std::span<double> out) {
  if (samples.size() < 2) {
    std::fill(out.begin(), out.end(), std::numeric_limits<double>::quiet_NaN());
    return;
  }
  const auto size = static_cast<int64_t>(samples.size());
  size_t settled = 0;
  for (size_t i = 0; i < percents.size(); ++i) {
    const Cut cut = CutAt(percents[i], size, method);
    settled = Settle(samples, settled, cut.lower);
    settled = Settle(samples, settled, cut.lower + 1);
    out[i] = (samples[cut.lower] * static_cast<double>(kPercent - cut.delta) +
              samples[cut.lower + 1] * static_cast<double>(cut.delta)) /
             static_cast<double>(kPercent);
  }
}

}  // namespace toolvitals
