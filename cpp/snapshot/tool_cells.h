// Finding one's way in a tool's cells, in a segment that nobody vouches for.
// Floor: snapshot.
#pragma once

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

// Replaces `samples` by those of the position, oldest first, as many as the member keeps.
void ReadWindow(const Member& member, const WindowCell& window, const WindowCell::Position& position,
                std::vector<double>& samples);

}  // namespace toolvitals
