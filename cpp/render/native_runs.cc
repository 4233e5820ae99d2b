// Splitting sparse buckets into stretches, and stretches into spans. Floor: render.
#include "render/native_runs.h"

#include <cstddef>

namespace toolvitals {

std::vector<NativeRun> RunsOf(const NativeBuckets& buckets, int32_t infinite_index) {
  constexpr size_t kBridgedGap = 2;
  std::vector<NativeRun> runs;
  size_t gap = 0;
  for (size_t i = 0; i < buckets.counts.size(); ++i) {
    if (buckets.counts[i] == 0) {
      ++gap;
      continue;
    }
    if (runs.empty() || gap > kBridgedGap) {
      runs.push_back({int64_t{buckets.first_index} + static_cast<int64_t>(i), {}});
    } else {
      runs.back().counts.insert(runs.back().counts.end(), gap, 0);
    }
    runs.back().counts.push_back(buckets.counts[i]);
    gap = 0;
  }
  if (buckets.infinite != 0) runs.push_back({infinite_index, {buckets.infinite}});
  return runs;
}

std::vector<NativeSpan> SpansOf(const std::vector<NativeRun>& runs) {
  std::vector<NativeSpan> spans;
  int64_t next = 0;
  for (const NativeRun& run : runs) {
    spans.push_back({run.first_index - next, run.counts.size()});
    next = run.first_index + static_cast<int64_t>(run.counts.size());
  }
  return spans;
}

std::vector<int64_t> DeltasOf(const std::vector<NativeRun>& runs) {
  std::vector<int64_t> deltas;
  uint64_t before = 0;
  for (const NativeRun& run : runs) {
    for (const uint64_t count : run.counts) {
      deltas.push_back(static_cast<int64_t>(count - before));
      before = count;
    }
  }
  return deltas;
}

}  // namespace toolvitals
