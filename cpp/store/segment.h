// One region of memory that holds the cells of one process.
// Floor: store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/free_blocks.h"
#include "store/layout.h"

namespace toolvitals {

// Memory is taken by moving a mark upward and never given back to the system, so an address once handed out stays good
// for the life of the segment. What is freed is handed out again. Space that was never touched costs no resident
// memory.
//
// Allocate(), Free() and the readers are thread-safe and lock-free.
class Segment {
 public:
  // A private segment, of which `budget_bytes` may be allocated. ResourceExhausted where the address space is denied.
  static absl::StatusOr<std::unique_ptr<Segment>> CreateAnonymous(uint64_t budget_bytes);

  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Says in the header that this process owns the segment. Async-signal-safe, for the child of fork().
  void TakeOwnership();

  SegmentHeader& header() { return *At<SegmentHeader>(0); }
  const SegmentHeader& header() const { return *At<SegmentHeader>(0); }

  // Zeroed bytes at a cache line's start, or zero where the budget does not hold them.
  Offset Allocate(uint64_t bytes);
  // Takes back what was allocated with as many bytes; nothing for offset zero. Readers may still look at it.
  void Free(Offset offset, uint64_t bytes) { free_.Give(base_, offset, bytes); }
  // Stores a name; zero where the budget does not hold it.
  Offset AllocateString(std::string_view text);

  template <typename T>
  T* At(Offset offset) {
    return reinterpret_cast<T*>(base_ + offset);
  }
  template <typename T>
  const T* At(Offset offset) const {
    return reinterpret_cast<const T*>(base_ + offset);
  }
  Offset OffsetOf(const void* address) const { return static_cast<Offset>(static_cast<const char*>(address) - base_); }
  std::string_view StringAt(Offset offset) const;

  // Whether so many bytes at the offset were handed out at a cache line's start: what a reader asks before it follows
  // an offset that it found in memory which may be in another use by now.
  bool Holds(Offset offset, uint64_t bytes) const {
    const uint64_t used = used_bytes();
    return offset >= kHeaderBytes && offset % kCacheLineBytes == 0 && offset <= used && bytes <= used - offset;
  }

  // Bytes allocated, header and what is free again included.
  uint64_t used_bytes() const { return header().used_bytes.load(std::memory_order_relaxed); }
  // Bytes that were freed and are not in use again.
  uint64_t free_bytes() const { return free_.bytes(); }
  uint64_t budget_bytes() const { return header().budget_bytes.load(std::memory_order_relaxed); }

  // Moves the budget. Lower than what is used only stops further growth. ResourceExhausted past what can be mapped.
  absl::Status SetBudget(uint64_t budget_bytes);

 private:
  Segment(char* base, uint64_t reserved_bytes) : base_(base), reserved_bytes_(reserved_bytes) {}

  char* const base_;
  FreeBlocks free_;
  const uint64_t reserved_bytes_;  // of address space; the header's capacity_bytes are usable
};

}  // namespace toolvitals
