// Adding and reducing the buckets of native histograms.
// Floor: model.
#include "model/native_histogram.h"

#include <algorithm>
#include <cmath>

namespace toolvitals {
namespace {

int64_t LastIndex(const NativeBuckets& buckets) {
  return int64_t{buckets.first_index} + static_cast<int64_t>(buckets.counts.size()) - 1;
}

NativeBuckets Coarser(const NativeBuckets& buckets, int halvings) {
  NativeBuckets coarser;
  coarser.infinite = buckets.infinite;
  if (buckets.counts.empty()) return coarser;
  coarser.first_index = CoarserIndex(buckets.first_index, halvings);
  const int32_t last = CoarserIndex(static_cast<int32_t>(LastIndex(buckets)), halvings);
  coarser.counts.resize(static_cast<size_t>(last - coarser.first_index) + 1);
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    const int32_t index = CoarserIndex(buckets.first_index + static_cast<int32_t>(i), halvings);
    coarser.counts[static_cast<size_t>(index - coarser.first_index)] += buckets.counts[i];
  }
  return coarser;
}

// Room for the indices from `first` to `last`, with what is there in its place.
void Widen(NativeBuckets& buckets, int64_t first, int64_t last) {
  if (buckets.counts.empty()) {
    buckets.first_index = static_cast<int32_t>(first);
    buckets.counts.assign(static_cast<size_t>(last - first) + 1, 0);
    return;
  }
  if (first < buckets.first_index) {
    buckets.counts.insert(buckets.counts.begin(), static_cast<size_t>(buckets.first_index - first), 0);
    buckets.first_index = static_cast<int32_t>(first);
  }
  if (last > LastIndex(buckets)) buckets.counts.resize(static_cast<size_t>(last - buckets.first_index) + 1);
}

void AddBuckets(NativeBuckets& buckets, const NativeBuckets& other) {
  buckets.infinite += other.infinite;
  if (other.counts.empty()) return;
  Widen(buckets, other.first_index, LastIndex(other));
  for (size_t i = 0; i < other.counts.size(); ++i) {
    buckets.counts[static_cast<size_t>(other.first_index - buckets.first_index) + i] += other.counts[i];
  }
}

void SubtractBuckets(NativeBuckets& buckets, const NativeBuckets& before) {
  buckets.infinite -= std::min(buckets.infinite, before.infinite);
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    const int64_t at = int64_t{buckets.first_index} + static_cast<int64_t>(i) - before.first_index;
    if (at < 0 || at >= static_cast<int64_t>(before.counts.size())) continue;
    buckets.counts[i] -= std::min(buckets.counts[i], before.counts[static_cast<size_t>(at)]);
  }
}

// An upper bound of a bucket.
double UpperBound(int32_t index, int32_t schema) { return std::exp2(std::ldexp(static_cast<double>(index), -schema)); }

// Takes the buckets off that begin below the threshold; the zero bucket then reaches to the end of the last of them.
uint64_t TakeBelow(NativeBuckets& buckets, int32_t schema, double& threshold) {
  uint64_t taken = 0;
  size_t first = 0;
  for (; first < buckets.counts.size(); ++first) {
    const int32_t index = buckets.first_index + static_cast<int32_t>(first);
    if (UpperBound(index - 1, schema) >= threshold) break;
    taken += buckets.counts[first];
    if (buckets.counts[first] != 0) threshold = std::max(threshold, UpperBound(index, schema));
  }
  buckets.counts.erase(buckets.counts.begin(), buckets.counts.begin() + static_cast<std::ptrdiff_t>(first));
  buckets.first_index += static_cast<int32_t>(first);
  return taken;
}

void WidenZero(NativeHistogram& histogram, double threshold) {
  // What the buckets of one sign add to it may reach into those of the other.
  double before = -1;
  while (before != threshold) {
    before = threshold;
    histogram.zero_count += TakeBelow(histogram.positive, histogram.schema, threshold);
    histogram.zero_count += TakeBelow(histogram.negative, histogram.schema, threshold);
  }
  histogram.zero_threshold = threshold;
}

}  // namespace

void ReduceSchema(NativeHistogram& histogram, int32_t schema) {
  if (schema >= histogram.schema) return;
  const int halvings = histogram.schema - schema;
  histogram.positive = Coarser(histogram.positive, halvings);
  histogram.negative = Coarser(histogram.negative, halvings);
  // The bucket behind that of the largest double.
  histogram.infinite_index = CoarserIndex(histogram.infinite_index - 1, halvings) + 1;
  histogram.schema = schema;
}

void ReduceBuckets(NativeHistogram& histogram, uint64_t max_buckets, int32_t min_schema) {
  while (histogram.positive.counts.size() + histogram.negative.counts.size() > max_buckets &&
         histogram.schema > min_schema) {
    ReduceSchema(histogram, histogram.schema - 1);
  }
}

void Add(NativeHistogram& histogram, NativeHistogram other) {
  ReduceSchema(histogram, other.schema);
  ReduceSchema(other, histogram.schema);
  while (histogram.zero_threshold != other.zero_threshold) {
    NativeHistogram& narrower = histogram.zero_threshold < other.zero_threshold ? histogram : other;
    WidenZero(narrower, std::max(histogram.zero_threshold, other.zero_threshold));
  }
  histogram.zero_count += other.zero_count;
  AddBuckets(histogram.positive, other.positive);
  AddBuckets(histogram.negative, other.negative);
}

void Subtract(NativeHistogram& histogram, NativeHistogram before) {
  ReduceSchema(histogram, before.schema);
  ReduceSchema(before, histogram.schema);
  histogram.zero_count -= std::min(histogram.zero_count, before.zero_count);
  SubtractBuckets(histogram.positive, before.positive);
  SubtractBuckets(histogram.negative, before.negative);
}

}  // namespace toolvitals
