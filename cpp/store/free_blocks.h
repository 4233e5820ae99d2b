// Blocks of a segment that were in use and are free again.
// Floor: store.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/word.h"
#include "store/layout.h"

namespace toolvitals {

// Stacks of free blocks, by size in cache lines. Free memory stays what it was, words of a segment, but for two that
// say what is below it in its stack; so a reader that comes too late reads stale words and no more. Whoever frees a
// block keeps, in what leads to it, a word that tells such a reader.
//
// Thread-safe and lock-free. The stacks' heads are the process's own: only who allocates in a segment frees in it.
class FreeBlocks {
 public:
  // A block that holds so many bytes, with whatever is in it; zero where none is free. `base` is the segment's start.
  Offset Take(char* base, uint64_t bytes);
  // Takes back a block of as many bytes as were asked for.
  void Give(char* base, Offset offset, uint64_t bytes);

  uint64_t bytes() const { return bytes_.load(std::memory_order_relaxed); }

 private:
  // Each size up to 64 KiB has a stack of its own. Larger ones, which are few, share some.
  static constexpr uint64_t kOwnStacks = 1024;
  static constexpr uint64_t kSharedStacks = 64;

  static size_t StackOf(uint64_t lines);

  // The block's number in lines in the low half; in the high one a count of changes, so that a head that came back is
  // not taken for one that never went.
  std::array<Word, kOwnStacks + kSharedStacks> heads_{};
  Word bytes_{0};
};

}  // namespace toolvitals
