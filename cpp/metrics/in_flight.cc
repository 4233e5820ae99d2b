// The chain of large blocks, and reading all of them.
// Floor: metrics.
#include "metrics/in_flight.h"

#include <algorithm>

namespace toolvitals {
namespace {

bool Claim(InFlightBlock* block, uint64_t ticks, Writers writers, InFlightToken* token) {
  return writers == Writers::kSerialized ? ClaimSlot<Writers::kSerialized>(block, InFlightBlock::kSlots, ticks, token)
                                         : ClaimSlot<Writers::kConcurrent>(block, InFlightBlock::kSlots, ticks, token);
}

// The block behind `link`, made when there is none; nullptr where the budget is spent.
InFlightBlock* NextBlock(Segment& segment, Word& link) {
  // Acquire pairs with the release below: a block is zeroed memory before it is linked.
  Offset next = link.load(std::memory_order_acquire);
  if (next != 0) return segment.At<InFlightBlock>(next);
  const Offset made = segment.Allocate(sizeof(InFlightBlock));
  if (made == 0) return nullptr;
  // Of two threads that both made a block one links it; the other's is linked behind it.
  Word* at = &link;
  while (!at->compare_exchange_strong(next, made, std::memory_order_acq_rel, std::memory_order_acquire)) {
    at = &segment.At<InFlightBlock>(next)->next;
    next = 0;
  }
  return segment.At<InFlightBlock>(link.load(std::memory_order_acquire));
}

template <typename Block>
void AddBlock(const Block& block, size_t slots, InFlightState& state) {
  const uint64_t used = block.used.load(std::memory_order_relaxed);
  state.calls += static_cast<uint64_t>(std::popcount(used));
  for (size_t slot = 0; slot < slots; ++slot) {
    const uint64_t start = block.starts[slot].load(std::memory_order_relaxed);
    if (start != 0 && (state.oldest_start_ticks == 0 || start < state.oldest_start_ticks)) {
      state.oldest_start_ticks = start;
    }
  }
}

template <typename Block>
void ForgetBlock(Block& block, size_t slots) {
  block.used.store(0, std::memory_order_relaxed);
  for (size_t slot = 0; slot < slots; ++slot) block.starts[slot].store(0, std::memory_order_relaxed);
}

}  // namespace

InFlightToken BeginInLargeBlock(Segment& segment, InFlightCell& cell, InFlightSpill& spill, uint64_t ticks,
                                Writers writers) {
  InFlightToken token;
  const Offset hint = spill.hint.load(std::memory_order_relaxed);
  if (hint != 0 && Claim(segment.At<InFlightBlock>(hint), ticks, writers, &token)) return token;
  Word* link = &cell.next;
  while (InFlightBlock* block = NextBlock(segment, *link)) {
    if (Claim(block, ticks, writers, &token)) {
      spill.hint.store(segment.OffsetOf(block), std::memory_order_relaxed);
      return token;
    }
    link = &block->next;
  }
  spill.unslotted.fetch_add(1, std::memory_order_relaxed);
  return InFlightToken(ticks);
}

InFlightState ReadInFlight(const Segment& segment, const InFlightCell& cell, const InFlightSpill& spill) {
  InFlightState state;
  AddBlock(cell, InFlightCell::kSlots, state);
  Offset next = cell.next.load(std::memory_order_acquire);
  // Blocks do not overlap, so a list of more than fit leads in a circle.
  uint64_t blocks_left = segment.used_bytes() / sizeof(InFlightBlock);
  while (const auto* block = blocks_left-- == 0 ? nullptr : segment.Find<InFlightBlock>(next)) {
    AddBlock(*block, InFlightBlock::kSlots, state);
    next = block->next.load(std::memory_order_acquire);
  }
  // A call that began in a parent process and ends in its forked child takes the word below zero.
  const auto unslotted = static_cast<int64_t>(spill.unslotted.load(std::memory_order_relaxed));
  state.calls += static_cast<uint64_t>(std::max<int64_t>(unslotted, 0));
  return state;
}

void ForgetInFlight(Segment& segment, InFlightCell& cell, InFlightSpill& spill) {
  ForgetBlock(cell, InFlightCell::kSlots);
  for (Offset next = cell.next.load(std::memory_order_acquire); next != 0;) {
    InFlightBlock* block = segment.At<InFlightBlock>(next);
    ForgetBlock(*block, InFlightBlock::kSlots);
    next = block->next.load(std::memory_order_acquire);
  }
  spill.unslotted.store(0, std::memory_order_relaxed);
}

}  // namespace toolvitals
