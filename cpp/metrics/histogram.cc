// Making bounds and reading cells.
// Floor: metrics.
#include "metrics/histogram.h"

#include <algorithm>
#include <cmath>

#include "absl/strings/str_cat.h"

namespace toolvitals {

absl::StatusOr<HistogramBounds> HistogramBounds::Make(std::span<const double> bounds) {
  if (bounds.empty() || bounds.size() > kMaxHistogramBounds) {
    return absl::InvalidArgumentError(
        absl::StrCat("a histogram has 1 to ", kMaxHistogramBounds, " finite bounds, not ", bounds.size()));
  }
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (!std::isfinite(bounds[i])) return absl::InvalidArgumentError("histogram bounds must be finite");
    if (i > 0 && bounds[i] <= bounds[i - 1]) {
      return absl::InvalidArgumentError(
          absl::StrCat("histogram bounds must ascend: ", bounds[i - 1], " stands before ", bounds[i]));
    }
  }
  HistogramBounds made;
  made.size_ = bounds.size();
  made.bounds_.assign(bounds.begin(), bounds.end());
  if (bounds.front() > 0) {
    made.first_key_ = std::bit_cast<uint64_t>(bounds.front()) >> kKeyShift;
    const uint64_t last_key = std::bit_cast<uint64_t>(bounds.back()) >> kKeyShift;
    for (uint64_t key = made.first_key_; key <= last_key; ++key) {
      // The smallest value with this key lies in the bucket from which the walk begins.
      made.table_.push_back(static_cast<uint16_t>(made.SlowBucketOf(std::bit_cast<double>(key << kKeyShift))));
    }
  }
  return made;
}

size_t HistogramBounds::SlowBucketOf(double value) const {
  if (std::isnan(value)) return size_;
  return static_cast<size_t>(std::lower_bound(bounds_.begin(), bounds_.end(), value) - bounds_.begin());
}

uint64_t HistogramCell::Collect(std::span<uint64_t> counts) const {
  uint64_t total = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    const uint64_t count = buckets[i].load(std::memory_order_relaxed);
    counts[i] += count;
    total += count;
  }
  return total;
}

double HistogramCell::Sum() const {
  return static_cast<double>(sum_integer.load(std::memory_order_relaxed)) + LoadDouble(sum_float);
}

void HistogramCell::Reset(size_t bucket_count) {
  for (size_t i = 0; i < bucket_count; ++i) buckets[i].store(0, std::memory_order_relaxed);
  sum_integer.store(0, std::memory_order_relaxed);
  sum_float.store(0, std::memory_order_relaxed);
}

}  // namespace toolvitals
