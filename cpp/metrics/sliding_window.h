// A sliding window: the last N samples, exactly as they were recorded.
// Floor: metrics.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

#include "base/word.h"

namespace toolvitals {

// The samples, in a ring whose capacity is a power of two at least as large as the window, so that a slot is found
// with a mask. A slot holds the complement of the sample's bits: zeroed memory then reads as NaN, which is no sample,
// and nothing has to be initialised.
struct RingRecord {
  Word capacity;
  Word reserved[7];
  Word slots[1];  // `capacity` of them

  static constexpr uint64_t CapacityFor(uint64_t window_size) { return std::bit_ceil(window_size); }
  static constexpr size_t Bytes(uint64_t capacity) { return 64 + capacity * sizeof(Word); }
};
static_assert(offsetof(RingRecord, slots) == 64);

// The window's words in a cell.
//
//   samples ever:   0 … start … cursor-N … cursor
//   in the window:            [max(start, cursor-N), cursor)
//
// Thread-safe as Writers says. With serialized writers a slot is stored before the cursor (release) covers it, and a
// quiet window reads exactly. With concurrent writers a slot is claimed first and stored after: a reader in between
// finds NaN on the first lap and skips it, or the sample of one lap before.
struct WindowCell {
  Word ring;    // Offset of a RingRecord; zero: no window
  Word cursor;  // samples ever recorded
  Word start;   // the first sample that counts: where the last reset was

  template <Writers W>
  void Record(RingRecord& samples, double value) {
    const uint64_t mask = samples.capacity.load(std::memory_order_relaxed) - 1;
    const uint64_t bits = ~std::bit_cast<uint64_t>(value);
    if constexpr (W == Writers::kSerialized) {
      const uint64_t index = cursor.load(std::memory_order_relaxed);
      samples.slots[index & mask].store(bits, std::memory_order_relaxed);
      // Pairs with the acquire in Read().
      cursor.store(index + 1, std::memory_order_release);
    } else {
      const uint64_t index = cursor.fetch_add(1, std::memory_order_relaxed);
      samples.slots[index & mask].store(bits, std::memory_order_release);
    }
  }

  // Which samples a reader saw; equal positions of a quiet window mean equal samples.
  struct Position {
    uint64_t cursor = 0;
    uint64_t start = 0;
    bool operator==(const Position&) const = default;
  };

  Position position() const { return {cursor.load(std::memory_order_acquire), start.load(std::memory_order_relaxed)}; }

  // Replaces `out` by the samples in the window, oldest first.
  Position Read(const RingRecord& samples, uint64_t window_size, std::vector<double>& out) const {
    return Read(samples, samples.capacity.load(std::memory_order_relaxed), window_size, out);
  }
  // The same for a reader who knows the capacity, and does not rely on what the memory says.
  Position Read(const RingRecord& samples, uint64_t capacity, uint64_t window_size, std::vector<double>& out) const {
    const Position seen = position();
    Read(samples, capacity, window_size, seen, out);
    return seen;
  }
  // The same as of a position, whose start may be later than the window's own.
  void Read(const RingRecord& samples, uint64_t capacity, uint64_t window_size, const Position& seen,
            std::vector<double>& out) const;

  // Forgets the samples.
  void Reset(RingRecord& samples);
};
static_assert(sizeof(WindowCell) == 24);

}  // namespace toolvitals
