// The unit that cells are made of: an aligned 64-bit word that threads and processes may read while it is written.
// Floor: base.
#pragma once

#include <atomic>
#include <bit>
#include <cstdint>

namespace toolvitals {

using Word = std::atomic<uint64_t>;
static_assert(sizeof(Word) == 8 && alignof(Word) == 8 && Word::is_always_lock_free,
              "Cells are shared between processes; only lock-free words may live in them.");

// Who writes a cell. Readers are free to come at any time in both cases.
enum class Writers {
  // Something outside the cell lets one writer in at a time (CPython's GIL does). An addition is then a load and a
  // store: a reader sees the old or the new value, and no locked instruction is paid for. See docs/decisions/0002.
  kSerialized,
  // Any number of threads write at once: an addition is one locked instruction.
  kConcurrent,
};

// Adds and returns the value before. Relaxed: statistics carry no other data.
template <Writers W>
inline uint64_t Add(Word& word, uint64_t amount) {
  if constexpr (W == Writers::kSerialized) {
    const uint64_t before = word.load(std::memory_order_relaxed);
    word.store(before + amount, std::memory_order_relaxed);
    return before;
  } else {
    return word.fetch_add(amount, std::memory_order_relaxed);
  }
}

// Adds to a word that holds the bits of a double.
template <Writers W>
inline void AddDouble(Word& word, double amount) {
  uint64_t before = word.load(std::memory_order_relaxed);
  if constexpr (W == Writers::kSerialized) {
    word.store(std::bit_cast<uint64_t>(std::bit_cast<double>(before) + amount), std::memory_order_relaxed);
  } else {
    while (!word.compare_exchange_weak(before, std::bit_cast<uint64_t>(std::bit_cast<double>(before) + amount),
                                       std::memory_order_relaxed, std::memory_order_relaxed)) {
    }
  }
}

inline double LoadDouble(const Word& word) { return std::bit_cast<double>(word.load(std::memory_order_relaxed)); }

}  // namespace toolvitals
