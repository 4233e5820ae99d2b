// An exponential histogram's counts as plain values, in the terms of Prometheus' native histograms.
// Floor: metrics.
#pragma once

#include <cstdint>
#include <numeric>
#include <vector>

namespace toolvitals {

// Bucket i holds what is in (base^(i-1), base^i], with base = 2^(2^-schema).
struct NativeBuckets {
  int32_t first_index = 0;
  std::vector<uint64_t> counts;  // dense, from first_index on, not cumulative; empty where there are none
  uint64_t infinite = 0;         // infinities; in no bucket of `counts`

  uint64_t total() const { return std::accumulate(counts.begin(), counts.end(), infinite); }
  friend bool operator==(const NativeBuckets&, const NativeBuckets&) = default;
};

struct NativeHistogram {
  int32_t schema = 0;  // -4 to 8
  double zero_threshold = 0;
  uint64_t zero_count = 0;
  int32_t infinite_index = 0;  // of the bucket that infinities are in: the one behind that of the largest double
  NativeBuckets positive;
  NativeBuckets negative;  // by absolute value

  uint64_t total() const { return zero_count + positive.total() + negative.total(); }
  friend bool operator==(const NativeHistogram&, const NativeHistogram&) = default;
};

}  // namespace toolvitals
