// The two budgets.
// Floor: registry.
#include "registry/series_budget.h"

namespace toolvitals {

Offset SeriesBudget::Reserve(uint64_t cell_bytes) {
  if (!TakeSeries()) return 0;
  const Offset cell = segment_.Allocate(cell_bytes);
  if (cell == 0) Cancel();
  return cell;
}

bool SeriesBudget::TakeSeries() {
  if (series() >= max_series()) return false;
  CountSeries();
  return true;
}

void SeriesBudget::NoteSpent(std::string_view family) {
  if (series() >= max_series()) {
    folds_.Note(family, FoldReason::kSeriesLimit, max_series());
  } else if (segment_.cannot_grow()) {
    folds_.Note(family, FoldReason::kFileSystem, 0);
  } else {
    folds_.Note(family, FoldReason::kMemoryLimit, segment_.budget_bytes() >> 20);
  }
}

bool SeriesBudget::Publish(SeriesKind kind, std::string_view name, Offset cell) {
  if (AppendToDirectory(segment_, kind, name, cell)) return true;
  Cancel();
  return false;
}

}  // namespace toolvitals
