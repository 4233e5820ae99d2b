// A gauge: a number that goes up and down.
// Floor: metrics.
#pragma once

#include "base/word.h"

namespace toolvitals {

// Holds one double. Thread-safe as Writers says. A forked process has its parent's value until it sets one of its own,
// which nobody else has to see again: `inherited` then has the complement of its bits.
struct GaugeCell {
  Word bits;
  Word inherited;  // zero: nothing was

  void Set(double value) { bits.store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed); }

  template <Writers W>
  void Increment(double amount = 1) {
    AddDouble<W>(bits, amount);
  }

  double Value() const { return LoadDouble(bits); }

  // In the child of fork().
  void Inherit() { inherited.store(~bits.load(std::memory_order_relaxed), std::memory_order_relaxed); }
  bool IsInherited() const {
    const uint64_t kept = inherited.load(std::memory_order_relaxed);
    return kept != 0 && ~kept == bits.load(std::memory_order_relaxed);
  }
  bool Equals(const GaugeCell& other) const {
    return bits.load(std::memory_order_relaxed) == other.bits.load(std::memory_order_relaxed);
  }
};
static_assert(sizeof(GaugeCell) == 16);

}  // namespace toolvitals
