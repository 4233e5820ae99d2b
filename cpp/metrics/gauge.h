// A gauge: a number that goes up and down.
// Floor: metrics.
#pragma once

#include "base/word.h"

namespace toolvitals {

// Holds one double. Thread-safe as Writers says.
struct GaugeCell {
  Word bits;

  void Set(double value) { bits.store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed); }

  template <Writers W>
  void Increment(double amount = 1) {
    AddDouble<W>(bits, amount);
  }

  double Value() const { return LoadDouble(bits); }
};
static_assert(sizeof(GaugeCell) == 8);

}  // namespace toolvitals
