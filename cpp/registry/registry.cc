// The two budgets.
// Floor: registry.
#include "registry/registry.h"

namespace toolvitals {

Offset Registry::Reserve(uint64_t cell_bytes) {
  if (series() >= max_series()) return 0;
  const Offset cell = segment_.Allocate(cell_bytes);
  if (cell != 0) segment_.header().series.fetch_add(1, std::memory_order_relaxed);
  return cell;
}

bool Registry::Publish(SeriesKind kind, std::string_view name, Offset cell) {
  if (AppendToDirectory(segment_, kind, name, cell)) return true;
  Cancel();
  return false;
}

void Registry::Cancel() { segment_.header().series.fetch_sub(1, std::memory_order_relaxed); }

}  // namespace toolvitals
