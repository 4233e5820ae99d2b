// The series budget: who gets a series, within the budgets of series and of bytes.
// Floor: registry.
#pragma once

#include <atomic>
#include <cstdint>
#include <string_view>

#include "registry/folds.h"
#include "store/directory.h"
#include "store/segment.h"

namespace toolvitals {

// Hands out series in one segment. A label set is counted once, however many samples it shows. What is refused here
// the caller records into the overflow series of the family, so that totals stay exact.
//
// Calls are made one at a time (the collector's mutex); max_series may be read and set by any thread.
class SeriesBudget {
 public:
  SeriesBudget(Segment& segment, uint64_t max_series) : segment_(segment), max_series_(max_series) {}

  // Zeroed memory for a new series' cell, or zero where the series or the byte budget is spent. The cell is counted
  // and not yet visible: the caller makes it complete first.
  Offset Reserve(uint64_t cell_bytes);

  // Shows a cell to readers under its name. False where the byte budget does not hold the entry; the series is then
  // no longer counted.
  bool Publish(SeriesKind kind, std::string_view name, Offset cell);

  // Counts a series; false where the series budget is spent.
  bool TakeSeries();
  // Counts one whatever the budget says.
  void CountSeries() { segment_.header().series.fetch_add(1, std::memory_order_relaxed); }
  // Gives back the count of a series that was reserved and could not be completed.
  void Cancel() { Release(1); }
  // Gives back the count of series that are no more.
  void Release(uint64_t series) { segment_.header().series.fetch_sub(series, std::memory_order_relaxed); }

  // Notes that a family's new label set goes to its overflow series because one of the two budgets is spent.
  void NoteSpent(std::string_view family);
  Folds& folds() { return folds_; }
  const Folds& folds() const { return folds_; }

  void set_max_series(uint64_t max_series) { max_series_.store(max_series, std::memory_order_relaxed); }
  uint64_t max_series() const { return max_series_.load(std::memory_order_relaxed); }
  uint64_t series() const { return segment_.header().series.load(std::memory_order_relaxed); }

 private:
  Segment& segment_;
  std::atomic<uint64_t> max_series_;
  Folds folds_;
};

}  // namespace toolvitals
