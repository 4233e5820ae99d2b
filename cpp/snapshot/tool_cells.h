// Finding one's way in a tool's cells, in a segment that nobody vouches for.
// Floor: snapshot.
#pragma once

#include <cmath>
#include <string_view>
#include <vector>

#include "absl/functional/function_ref.h"
#include "collector/cells.h"
#include "snapshot/member.h"

namespace toolvitals {

// Whether a tool, a cache or a type of error can have that name.
bool IsSeriesName(std::string_view name);

// Buckets of each histogram of the segment's tools.
size_t DurationBuckets(const Segment& segment);

// The cell of an entry of the directory; nullptr where the segment does not hold one.
const ToolCell* FindToolCell(const Segment& segment, Offset cell);

// Calls `visit(type, histogram)` for each type of error, the newest first.
void ForEachErrorType(const Segment& segment, const ToolCell& tool,
                      absl::FunctionRef<void(std::string_view, const HistogramCell&)> visit);

// The part of a window that counts: what was there at a baseline does not.
WindowCell::Position PositionOf(const Member& member, const WindowCell& window);

// The memory that holds a window's samples; no record where the segment does not hold one.
struct Ring {
  const RingRecord* record = nullptr;
  uint64_t capacity = 0;
  uint64_t window_size = 0;  // at most the capacity
};
Ring FindRing(const Member& member, const WindowCell& window);

// Nobody vouches for what stands in another's memory: what is no latency was never recorded.
inline bool IsSample(const Member& member, double ms) {
  return member.segment->is_view() ? ms >= 0 && std::isfinite(ms) : !std::isnan(ms);
}

// Replaces `samples` by those of the position, oldest first, as many as the member keeps.
void ReadWindow(const Member& member, const WindowCell& window, const WindowCell::Position& position,
                std::vector<double>& samples);

}  // namespace toolvitals
