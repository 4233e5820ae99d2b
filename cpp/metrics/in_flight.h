// Calls that run right now: how many, and since when the oldest.
// Floor: metrics.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#include "base/limits.h"
#include "base/word.h"
#include "store/segment.h"

namespace toolvitals {

// Slots for start times, and a bitmap of those in use. The bit is set before the start is stored, and the start is
// zeroed before the bit is cleared, so a set bit with a zero start is a call that begins or ends this very moment:
// it is counted, without an age.
struct InFlightBlock {
  static constexpr size_t kSlots = 62;
  Word used;  // bit i: starts[i] is taken
  Word next;  // Offset of the next block
  Word starts[kSlots];
};
static_assert(sizeof(InFlightBlock) == 512);

// The words in a tool's cell: a small first block that is enough for most tools, and a chain of large ones for tools
// with many calls at once, allocated when they are needed and kept.
//
//   [used|next|6 starts] ─next─▶ [used|next|62 starts] ─▶ …
struct InFlightCell {
  static constexpr size_t kSlots = 6;
  Word used;
  Word next;
  Word starts[kSlots];
};
static_assert(sizeof(InFlightCell) == kCacheLineBytes);
static_assert(offsetof(InFlightCell, starts) == offsetof(InFlightBlock, starts));

// Beside the cell: where a free slot was last seen, and calls that found no slot because the budget was spent.
struct InFlightSpill {
  Word hint;  // Offset of a block
  Word unslotted;
};

// What Begin() gives and End() takes back, once.
class InFlightToken {
 public:
  InFlightToken() = default;
  explicit InFlightToken(uint64_t start_ticks) : start_ticks_(start_ticks) {}
  InFlightToken(InFlightBlock* block, size_t slot, uint64_t start_ticks)
      : place_(reinterpret_cast<uintptr_t>(block) | slot), start_ticks_(start_ticks) {}
  // nullptr where the budget held no slot.
  InFlightBlock* block() const { return reinterpret_cast<InFlightBlock*>(place_ & ~uintptr_t{63}); }
  size_t slot() const { return place_ & 63; }
  uint64_t start_ticks() const { return start_ticks_; }

 private:
  uintptr_t place_ = 0;  // blocks begin at cache lines, which leaves six bits for the slot
  uint64_t start_ticks_ = 0;
};

struct InFlightState {
  uint64_t calls = 0;
  uint64_t oldest_start_ticks = 0;  // zero: none
};

// The operations, over a cell and its spill in a segment. Thread-safe as Writers says; lock-free.
template <Writers W>
bool ClaimSlot(InFlightBlock* block, size_t slots, uint64_t ticks, InFlightToken* token) {
  uint64_t used = block->used.load(std::memory_order_relaxed);
  for (;;) {
    const auto slot = static_cast<size_t>(std::countr_one(used));
    if (slot >= slots) return false;
    const uint64_t taken = used | (uint64_t{1} << slot);
    if constexpr (W == Writers::kSerialized) {
      block->used.store(taken, std::memory_order_relaxed);
    } else if (!block->used.compare_exchange_weak(used, taken, std::memory_order_relaxed, std::memory_order_relaxed)) {
      continue;
    }
    block->starts[slot].store(ticks, std::memory_order_relaxed);
    *token = InFlightToken(block, slot, ticks);
    return true;
  }
}

InFlightToken BeginInLargeBlock(Segment& segment, InFlightCell& cell, InFlightSpill& spill, uint64_t ticks,
                                Writers writers);

template <Writers W>
InFlightToken BeginInFlight(Segment& segment, InFlightCell& cell, InFlightSpill& spill, uint64_t ticks) {
  InFlightToken token;
  auto* first = reinterpret_cast<InFlightBlock*>(&cell);
  if (ClaimSlot<W>(first, InFlightCell::kSlots, ticks, &token)) [[likely]]
    return token;
  return BeginInLargeBlock(segment, cell, spill, ticks, W);
}

// A slot that holds another start than the token is another call's: the child of fork() has forgotten the parent's
// calls and given their slots away, and one of them may end there as well.
template <Writers W>
void EndInFlight(Segment& segment, InFlightCell& cell, InFlightSpill& spill, InFlightToken token) {
  InFlightBlock* block = token.block();
  if (block == nullptr) [[unlikely]] {
    Add<W>(spill.unslotted, ~uint64_t{0});
    return;
  }
  Word& start = block->starts[token.slot()];
  if (start.load(std::memory_order_relaxed) != token.start_ticks()) [[unlikely]]
    return;
  start.store(0, std::memory_order_relaxed);
  const uint64_t bit = uint64_t{1} << token.slot();
  if constexpr (W == Writers::kSerialized) {
    block->used.store(block->used.load(std::memory_order_relaxed) & ~bit, std::memory_order_relaxed);
  } else {
    block->used.fetch_and(~bit, std::memory_order_relaxed);
  }
  if (block != reinterpret_cast<InFlightBlock*>(&cell)) [[unlikely]] {
    spill.hint.store(segment.OffsetOf(block), std::memory_order_relaxed);
  }
}

InFlightState ReadInFlight(const Segment& segment, const InFlightCell& cell, const InFlightSpill& spill);

// In the child of fork(): the calls went on in the parent.
void ForgetInFlight(Segment& segment, InFlightCell& cell, InFlightSpill& spill);

}  // namespace toolvitals
