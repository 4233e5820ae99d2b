// Checking every offset of a tool's cells before it is followed. Floor: snapshot.
#include "snapshot/tool_cells.h"

#include <algorithm>
#include <bit>

#include "base/limits.h"
#include "base/utf8.h"

namespace toolvitals {

bool IsSeriesName(std::string_view name) {
  return !name.empty() && name.size() <= kMaxNameBytes && IsUtf8(name) && name.find('\0') == name.npos;
}

size_t DurationBuckets(const Segment& segment) {
  return std::min<uint64_t>(segment.header().histogram_bounds.load(std::memory_order_relaxed), kMaxDurationBounds) + 1;
}

const ToolCell* FindToolCell(const Segment& segment, Offset cell) {
  return segment.Find<ToolCell>(cell, ToolCell::Bytes(DurationBuckets(segment)));
}

void ForEachErrorType(const Segment& segment, const ToolCell& tool,
                      absl::FunctionRef<void(std::string_view, const HistogramCell&)> visit) {
  const size_t bytes = ErrorCell::Bytes(DurationBuckets(segment));
  Offset at = tool.errors.load(std::memory_order_acquire);
  // There are no more; a list that is longer leads in a circle.
  for (uint64_t types = 0; types < kMaxErrorTypesPerTool; ++types) {
    const auto* error = segment.Find<ErrorCell>(at, bytes);
    if (error == nullptr) return;
    visit(segment.StringAt(error->name.load(std::memory_order_relaxed)), error->histogram());
    at = error->next.load(std::memory_order_relaxed);
  }
}

WindowCell::Position PositionOf(const Member& member, const WindowCell& window) {
  WindowCell::Position position = window.position();
  if (const WindowCell* before = member.Before(&window)) {
    const uint64_t then = before->cursor.load(std::memory_order_relaxed);
    if (then <= position.cursor) position.start = std::max(position.start, then);
  }
  return position;
}

Ring FindRing(const Member& member, const WindowCell& window) {
  const Segment& segment = *member.segment;
  const Offset offset = window.ring.load(std::memory_order_acquire);
  const auto* record = segment.Find<RingRecord>(offset, offsetof(RingRecord, slots));
  if (record == nullptr) return {};
  const uint64_t capacity = record->capacity.load(std::memory_order_relaxed);
  if (!std::has_single_bit(capacity) || capacity > RingRecord::CapacityFor(kMaxWindowSize) ||
      !segment.Holds(offset, RingRecord::Bytes(capacity))) {
    return {};
  }
  const uint64_t window_size = segment.header().window_size.load(std::memory_order_relaxed);
  return {record, capacity, std::min(window_size, capacity)};
}

void ReadWindow(const Member& member, const WindowCell& window, const WindowCell::Position& position,
                std::vector<double>& samples) {
  samples.clear();
  const Ring ring = FindRing(member, window);
  if (ring.record == nullptr) return;
  window.Read(*ring.record, ring.capacity, ring.window_size, position, samples);
  if (member.segment->is_view()) std::erase_if(samples, [&](double ms) { return !IsSample(member, ms); });
}

}  // namespace toolvitals
