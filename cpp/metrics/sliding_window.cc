// Reading and resetting a sliding window.
// Floor: metrics.
#include "metrics/sliding_window.h"

#include <algorithm>

namespace toolvitals {

void WindowCell::Read(const RingRecord& samples, uint64_t capacity, uint64_t window_size, const Position& seen,
                      std::vector<double>& out) const {
  const uint64_t size = std::min({window_size, capacity, seen.cursor - std::min(seen.start, seen.cursor)});
  out.clear();
  out.reserve(size);
  for (uint64_t index = seen.cursor - size; index < seen.cursor; ++index) {
    const uint64_t bits = samples.slots[index & (capacity - 1)].load(std::memory_order_relaxed);
    if (bits != 0) out.push_back(std::bit_cast<double>(~bits));
  }
}

void WindowCell::Reset(RingRecord& samples) {
  start.store(cursor.load(std::memory_order_relaxed), std::memory_order_relaxed);
  // A sample claimed but not yet stored must not show what its slot held before.
  const uint64_t capacity = samples.capacity.load(std::memory_order_relaxed);
  for (uint64_t i = 0; i < capacity; ++i) samples.slots[i].store(0, std::memory_order_relaxed);
}

}  // namespace toolvitals
