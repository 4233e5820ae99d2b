// An exponential histogram's buckets as Prometheus' formats write them: stretches of neighbours, and differences.
// Floor: render. Pure functions.
#pragma once

#include <cstdint>
#include <vector>

#include "model/family_snapshot.h"

namespace toolvitals {

// Neighbouring buckets.
struct NativeRun {
  int64_t first_index;
  std::vector<uint64_t> counts;
};

// Stretches of buckets without long gaps: a few empty buckets take less than a span of their own.
std::vector<NativeRun> RunsOf(const NativeBuckets& buckets, int32_t infinite_index);

// A run as a span: how many buckets lie between it and the one before, or zero, and how many it has.
struct NativeSpan {
  int64_t offset;
  uint64_t length;
};
std::vector<NativeSpan> SpansOf(const std::vector<NativeRun>& runs);

// Each count as its difference to the one before.
std::vector<int64_t> DeltasOf(const std::vector<NativeRun>& runs);

}  // namespace toolvitals
