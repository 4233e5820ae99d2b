// A counter: a number that only grows.
// Floor: metrics.
#pragma once

#include <cstdint>

#include "base/word.h"

namespace toolvitals {

// Whole increments go to an integer word, exact to 2^64; fractions go to a word that holds a double. The value is
// their sum. Thread-safe as Writers says; a reader sees each word whole.
struct CounterCell {
  Word integer;
  Word fraction;  // bits of a double

  template <Writers W>
  void Increment(uint64_t amount = 1) {
    Add<W>(integer, amount);
  }

  // `amount` must be finite and not negative; the caller has checked.
  template <Writers W>
  void Increment(double amount) {
    constexpr double kFirstInexact = 9007199254740992.0;  // 2^53
    if (amount < kFirstInexact && amount == static_cast<double>(static_cast<uint64_t>(amount))) {
      Add<W>(integer, static_cast<uint64_t>(amount));
    } else {
      AddDouble<W>(fraction, amount);
    }
  }

  uint64_t Integer() const { return integer.load(std::memory_order_relaxed); }
  double Value() const { return static_cast<double>(Integer()) + LoadDouble(fraction); }

  void Reset() {
    integer.store(0, std::memory_order_relaxed);
    fraction.store(0, std::memory_order_relaxed);
  }
};
static_assert(sizeof(CounterCell) == 16);

}  // namespace toolvitals
