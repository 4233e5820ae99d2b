// A classic histogram: observations counted by bucket, and their sum.
// Floor: metrics.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "absl/status/statusor.h"
#include "base/limits.h"
#include "base/word.h"

namespace toolvitals {

// The upper bounds of a histogram's buckets, and a quick way from a value to its bucket. Immutable; thread-safe.
class HistogramBounds {
 public:
  // Bounds ascending, finite, at least one and at most kMaxHistogramBounds; the +Inf bucket is implied. InvalidArgument
  // otherwise.
  static absl::StatusOr<HistogramBounds> Make(std::span<const double> bounds);

  // Buckets, the +Inf bucket included.
  size_t buckets() const { return size_ + 1; }
  std::span<const double> bounds() const { return {bounds_.data(), size_}; }

  // The bucket whose bound is the first that is not below the value ("le"). NaN goes to +Inf.
  size_t BucketOf(double value) const {
    // A positive double's bits grow with its value, so its sign, exponent and first three bits of mantissa, taken as
    // a number, index a small table of where to begin; what is left to walk is a step or two.
    const uint64_t key = std::bit_cast<uint64_t>(value) >> kKeyShift;
    // What is positive and has a smaller key than the first bound is below that, as the calls of most tools are.
    if (key < first_key_) [[likely]]
      return 0;
    if (key - first_key_ >= table_.size()) return SlowBucketOf(value);
    size_t bucket = table_[key - first_key_];
    while (bucket < size_ && value > bounds_[bucket]) ++bucket;
    return bucket;
  }

 private:
  static constexpr int kKeyShift = 49;

  size_t SlowBucketOf(double value) const;

  size_t size_ = 0;
  std::vector<double> bounds_;
  uint64_t first_key_ = 0;
  std::vector<uint16_t> table_;
};

// The buckets of one series, laid out in a segment. An observation is one increment, so the count is the sum of the
// buckets by construction and no reader can see the two disagree. The sum is kept beside it, in whole units of the
// series (nanoseconds for durations), and in floating point for what is too large for that.
struct HistogramCell {
  Word sum_integer;
  Word sum_float;   // bits of a double, same unit
  Word buckets[1];  // as many as the bounds say

  static constexpr size_t Bytes(size_t buckets) {
    const size_t bytes = (2 + buckets) * sizeof(Word);
    return (bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
  }

  // The sum first and the bucket last, so that a counted observation is never missing from the sum on machines that
  // keep the order of stores.
  template <Writers W>
  void Observe(size_t bucket, uint64_t amount) {
    Add<W>(sum_integer, amount);
    Add<W>(buckets[bucket], 1);
  }
  template <Writers W>
  void ObserveFloat(size_t bucket, double amount) {
    AddDouble<W>(sum_float, amount);
    Add<W>(buckets[bucket], 1);
  }

  // Adds each bucket to `counts` and returns the number of observations.
  uint64_t Collect(std::span<uint64_t> counts) const;
  double Sum() const;
  void Reset(size_t bucket_count);
};

}  // namespace toolvitals
