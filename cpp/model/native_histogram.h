// An exponential histogram's counts as plain values, in the terms of Prometheus' native histograms.
// Floor: model.
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

// The bucket of an index in a schema that is coarser by so many halvings. Schemas nest: two neighbours become one.
constexpr int32_t CoarserIndex(int32_t index, int halvings) {
  return static_cast<int32_t>((int64_t{index} + (int64_t{1} << halvings) - 1) >> halvings);
}

// Makes the buckets coarser; nothing where the schema is the wanted one or below it. Exact.
void ReduceSchema(NativeHistogram& histogram, int32_t schema);
// Makes them as coarse as it takes for so many buckets of both signs together, from the lowest to the highest of each,
// but not coarser than `min_schema`.
void ReduceBuckets(NativeHistogram& histogram, uint64_t max_buckets, int32_t min_schema);

// Adds what another one counted, in the coarser schema and with the wider zero bucket of the two; buckets that reach
// into that become part of it. Exact but for those.
void Add(NativeHistogram& histogram, NativeHistogram other);
// Takes away what was counted before, by the same histogram. Never below zero.
void Subtract(NativeHistogram& histogram, NativeHistogram before);

}  // namespace toolvitals
