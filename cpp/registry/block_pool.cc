// Floor: registry.
#include "registry/block_pool.h"

namespace toolvitals {
namespace {

uint64_t Lines(uint64_t bytes) { return (bytes + kCacheLineBytes - 1) / kCacheLineBytes; }

}  // namespace

Offset BlockPool::Allocate(uint64_t bytes) {
  const auto found = free_.find(Lines(bytes));
  if (found == free_.end() || found->second.empty()) return segment_.Allocate(bytes);
  const Offset offset = found->second.back();
  found->second.pop_back();
  const uint64_t size = Lines(bytes) * kCacheLineBytes;
  free_bytes_ -= size;
  Word* words = segment_.At<Word>(offset);
  for (uint64_t i = 0; i < size / sizeof(Word); ++i) words[i].store(0, std::memory_order_relaxed);
  return offset;
}

void BlockPool::Free(Offset offset, uint64_t bytes) {
  if (offset == 0) return;
  free_[Lines(bytes)].push_back(offset);
  free_bytes_ += Lines(bytes) * kCacheLineBytes;
}

}  // namespace toolvitals
