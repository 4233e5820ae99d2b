// Selection of ranks and the interpolation between them.
// Floor: metrics.
#include "metrics/quantiles.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>

#include "absl/container/inlined_vector.h"
#include "metrics/ordered_samples.h"

namespace toolvitals {
namespace {

constexpr int kPercent = 100;
constexpr int kThousandths = 1000;

// The two neighbouring ranks of a quantile, and the weight of the upper one in parts. The exclusive method clamps the
// rank but not the weight, which is how it extrapolates.
struct Cut {
  size_t lower;
  int64_t delta;
};

Cut CutAt(const QuantileCut& wanted, int64_t size, QuantileMethod method) {
  const int64_t parts = wanted.parts;
  if (method == QuantileMethod::kInclusive) {
    const int64_t position = wanted.cut * (size - 1);
    return {static_cast<size_t>(position / parts), position % parts};
  }
  const int64_t position = wanted.cut * (size + 1);
  const int64_t rank = std::clamp(position / parts, int64_t{1}, size - 1);
  return {static_cast<size_t>(rank - 1), position - rank * parts};
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

// A number that orders as the double does: the sign bit turned over, and of negative numbers all the others too.
uint64_t OrderedKey(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  return bits ^ (static_cast<uint64_t>(static_cast<int64_t>(bits) >> 63) | (uint64_t{1} << 63));
}

// Samples in groups, each group's samples all below the next group's: one pass of a radix sort, on as many leading bits
// as tell the smallest sample from the largest. On random samples, comparing in order to select mispredicts every other
// branch, which costs more than these passes without any.
class Groups {
 public:
  explicit Groups(std::span<const double> samples) : grouped_(new double[samples.size()]) {
    uint64_t low = UINT64_MAX;
    uint64_t high = 0;
    for (const double sample : samples) {
      const uint64_t key = OrderedKey(sample);
      low = std::min(low, key);
      high = std::max(high, key);
    }
    const int shift = std::max(0, static_cast<int>(std::bit_width(high - low)) - kGroupBits);
    const auto group_of = [&](double sample) { return (OrderedKey(sample) - low) >> shift; };
    for (const double sample : samples) ++ends_[group_of(sample)];
    uint32_t begin = 0;
    for (uint32_t& end : ends_) {
      const uint32_t count = end;
      end = begin;
      begin += count;
    }
    // Each entry goes from its group's begin to its end.
    for (const double sample : samples) grouped_[ends_[group_of(sample)]++] = sample;
  }

  // The sample of that rank; ranks are asked for in ascending order.
  double At(size_t rank) {
    while (ends_[group_] <= rank) ++group_;
    const size_t begin = group_ == 0 ? 0 : ends_[group_ - 1];
    settled_ = std::max(settled_, begin);
    settled_ = Settle(std::span(grouped_.get(), ends_[group_]), settled_, rank);
    return grouped_[rank];
  }

 private:
  static constexpr int kGroupBits = 10;

  const std::unique_ptr<double[]> grouped_;
  std::array<uint32_t, size_t{1} << kGroupBits> ends_{};
  size_t group_ = 0;
  size_t settled_ = 0;
};

// `at(rank)` is the sample of a rank; ranks are asked for in ascending order.
template <typename At>
void QuantilesOf(size_t size, At at, std::span<const QuantileCut> cuts, QuantileMethod method, std::span<double> out) {
  for (size_t i = 0; i < cuts.size(); ++i) {
    const Cut cut = CutAt(cuts[i], static_cast<int64_t>(size), method);
    const double lower = at(cut.lower);
    const double upper = at(cut.lower + 1);
    const int64_t parts = cuts[i].parts;
    out[i] = (lower * static_cast<double>(parts - cut.delta) + upper * static_cast<double>(cut.delta)) /
             static_cast<double>(parts);
  }
}

bool IsTooFew(size_t size, std::span<double> out) {
  if (size < 2) std::fill(out.begin(), out.end(), std::numeric_limits<double>::quiet_NaN());
  return size < 2;
}

absl::InlinedVector<QuantileCut, 8> CutsOf(std::span<const int> percents) {
  absl::InlinedVector<QuantileCut, 8> cuts;
  for (const int percent : percents) cuts.push_back({percent, kPercent});
  return cuts;
}

}  // namespace

QuantileCut QuantileCut::Of(double quantile) {
  const auto thousandths = static_cast<int>(std::lround(quantile * kThousandths));
  if (thousandths % (kThousandths / kPercent) == 0) return {thousandths / (kThousandths / kPercent), kPercent};
  return {thousandths, kThousandths};
}

void Quantiles(std::span<const double> samples, std::span<const QuantileCut> cuts, QuantileMethod method,
               std::span<double> out) {
  if (IsTooFew(samples.size(), out)) return;
  Groups groups(samples);
  QuantilesOf(
      samples.size(), [&](size_t rank) { return groups.At(rank); }, cuts, method, out);
}

void Percentiles(std::span<const double> samples, std::span<const int> percents, QuantileMethod method,
                 std::span<double> out) {
  Quantiles(samples, CutsOf(percents), method, out);
}

void Percentiles(const OrderedSamples& samples, std::span<const int> percents, QuantileMethod method,
                 std::span<double> out) {
  if (IsTooFew(samples.size(), out)) return;
  QuantilesOf(
      samples.size(), [&](size_t rank) { return samples[rank]; }, CutsOf(percents), method, out);
}

}  // namespace toolvitals
