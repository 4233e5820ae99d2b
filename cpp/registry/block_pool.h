// Blocks of a segment that were in use and are free again.
// Floor: registry.
#pragma once

#include <cstdint>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "store/segment.h"

namespace toolvitals {

// A segment only grows; what is removed from it is handed out again from here. Free memory stays what it was, words of
// a segment, so a reader that comes too late reads stale words and no more; whoever hands out blocks keeps, in what
// leads to them, a word that tells such a reader that it did.
//
// Calls are made one at a time.
class BlockPool {
 public:
  explicit BlockPool(Segment& segment) : segment_(segment) {}

  // Zeroed bytes at a cache line's start, or zero where neither the pool nor the budget has them.
  Offset Allocate(uint64_t bytes);
  // Takes back a block of as many bytes as were asked for.
  void Free(Offset offset, uint64_t bytes);

  uint64_t free_bytes() const { return free_bytes_; }

 private:
  Segment& segment_;
  absl::flat_hash_map<uint64_t, std::vector<Offset>> free_;  // by size in cache lines
  uint64_t free_bytes_ = 0;
};

}  // namespace toolvitals
