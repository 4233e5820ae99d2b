// Stacks of free blocks.
// Floor: store.
#include "store/free_blocks.h"

namespace toolvitals {
namespace {

constexpr uint64_t kBlockMask = UINT32_MAX;
constexpr uint64_t kOneChange = uint64_t{1} << 32;

uint64_t LinesOf(uint64_t bytes) {
  return bytes / kCacheLineBytes + (bytes % kCacheLineBytes != 0 || bytes == 0 ? 1 : 0);
}

// The last words of its first line: what a reader looks at first in a record is at its front.
struct Links {
  Word lines;  // of the block
  Word below;  // number in lines of the next block of the stack
};

Links& LinksOf(char* base, uint64_t line) {
  return *reinterpret_cast<Links*>(base + (line + 1) * kCacheLineBytes - sizeof(Links));
}

}  // namespace

size_t FreeBlocks::StackOf(uint64_t lines) {
  return lines < kOwnStacks ? lines : kOwnStacks + static_cast<size_t>(lines % kSharedStacks);
}

Offset FreeBlocks::Take(char* base, uint64_t bytes) {
  const uint64_t lines = LinesOf(bytes);
  Word& head = heads_[StackOf(lines)];
  uint64_t seen = head.load(std::memory_order_acquire);
  while ((seen & kBlockMask) != 0) {
    // Another thread may have taken the block and written to it; then what is read here is wrong and the head changed.
    const Links& links = LinksOf(base, seen & kBlockMask);
    const bool fits = links.lines.load(std::memory_order_relaxed) == lines;
    const uint64_t below = links.below.load(std::memory_order_relaxed) & kBlockMask;
    if (!fits) {
      const uint64_t now = head.load(std::memory_order_acquire);
      if (now == seen) return 0;
      seen = now;
      continue;
    }
    const uint64_t changed = ((seen & ~kBlockMask) + kOneChange) | below;
    if (head.compare_exchange_weak(seen, changed, std::memory_order_acquire, std::memory_order_acquire)) {
      bytes_.fetch_sub(lines * kCacheLineBytes, std::memory_order_relaxed);
      return (seen & kBlockMask) * kCacheLineBytes;
    }
  }
  return 0;
}

void FreeBlocks::Give(char* base, Offset offset, uint64_t bytes) {
  if (offset == 0) return;
  const uint64_t lines = LinesOf(bytes);
  const uint64_t line = offset / kCacheLineBytes;
  Links& links = LinksOf(base, line);
  links.lines.store(lines, std::memory_order_relaxed);
  bytes_.fetch_add(lines * kCacheLineBytes, std::memory_order_relaxed);
  Word& head = heads_[StackOf(lines)];
  uint64_t seen = head.load(std::memory_order_relaxed);
  uint64_t changed = 0;
  do {
    links.below.store(seen & kBlockMask, std::memory_order_relaxed);
    changed = ((seen & ~kBlockMask) + kOneChange) | line;
  } while (!head.compare_exchange_weak(seen, changed, std::memory_order_release, std::memory_order_relaxed));
}

}  // namespace toolvitals
