// The directory: which series a segment holds, and where their cells are.
// Floor: store.
#pragma once

#include <string_view>

#include "absl/functional/function_ref.h"
#include "store/segment.h"

namespace toolvitals {

struct DirectoryView {
  SeriesKind kind;
  std::string_view name;
  Offset cell;
};

// Appends an entry; false where the segment's budget does not hold it. One caller at a time; readers need no lock.
bool AppendToDirectory(Segment& segment, SeriesKind kind, std::string_view name, Offset cell);

// How many entries there are.
uint64_t CountSeries(const Segment& segment);

// Calls `visit` for every entry, in the order they were appended. Whoever reads another process's segment still has to
// ask whether it holds the cell, as long as its kind needs.
void ForEachSeries(const Segment& segment, absl::FunctionRef<void(const DirectoryView&)> visit);

}  // namespace toolvitals
