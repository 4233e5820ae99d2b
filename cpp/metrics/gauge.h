// A gauge: a number that goes up and down.
// Floor: metrics.
#pragma once

#include "base/word.h"

namespace toolvitals {

// Holds one double. Thread-safe as Writers says. A forked process has its parent's value until it sets one of its own,
// which nobody else has to see again: `inherited` then has the complement of its bits.
//
// One that a function of the program refreshes now and then says so there, and is absent until the first time, also in
// a forked process.
struct GaugeCell {
  // A NaN that no computation gives.
  static constexpr uint64_t kAbsentBits = 0x7FF8'0000'7476'0001;
  // No value has these as its complement but a NaN that no computation gives either.
  static constexpr uint64_t kRefreshed = 1;

  Word bits;
  Word inherited;  // zero: nothing was

  // From here on it is refreshed.
  void Await() {
    bits.store(kAbsentBits, std::memory_order_relaxed);
    inherited.store(kRefreshed, std::memory_order_relaxed);
  }
  bool IsRefreshed() const { return inherited.load(std::memory_order_relaxed) == kRefreshed; }
  void Refresh(double value) {
    Set(value);
    inherited.store(kRefreshed, std::memory_order_relaxed);
  }
  // Of what Value() gave.
  static bool IsAbsent(double value) { return std::bit_cast<uint64_t>(value) == kAbsentBits; }

  void Set(double value) { bits.store(std::bit_cast<uint64_t>(value), std::memory_order_relaxed); }

  template <Writers W>
  void Increment(double amount = 1) {
    AddDouble<W>(bits, amount);
  }

  double Value() const { return LoadDouble(bits); }

  // As if nothing had been set.
  void Reset() {
    if (IsRefreshed()) return Await();
    Set(0);
  }
  // In the child of fork().
  void Inherit() {
    if (IsRefreshed()) return Await();
    inherited.store(~bits.load(std::memory_order_relaxed), std::memory_order_relaxed);
  }
  bool IsInherited() const {
    const uint64_t kept = inherited.load(std::memory_order_relaxed);
    return kept != 0 && kept != kRefreshed && ~kept == bits.load(std::memory_order_relaxed);
  }
  bool Equals(const GaugeCell& other) const {
    return bits.load(std::memory_order_relaxed) == other.bits.load(std::memory_order_relaxed);
  }
};
static_assert(sizeof(GaugeCell) == 16);

}  // namespace toolvitals
