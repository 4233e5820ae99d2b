// One region of memory that holds the cells of one process.
// Floor: store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/layout.h"

namespace toolvitals {

// Memory is taken by moving a mark upward and never given back, so an address once handed out stays good for the life
// of the segment. Space that was never touched costs no resident memory.
//
// Allocate() and the readers are thread-safe and lock-free.
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

  // Bytes allocated, header included.
  uint64_t used_bytes() const { return header().used_bytes.load(std::memory_order_relaxed); }
  uint64_t budget_bytes() const { return header().budget_bytes.load(std::memory_order_relaxed); }

  // Moves the budget. Lower than what is used only stops further growth. ResourceExhausted past what can be mapped.
  absl::Status SetBudget(uint64_t budget_bytes);

 private:
  Segment(char* base, uint64_t reserved_bytes) : base_(base), reserved_bytes_(reserved_bytes) {}

  char* const base_;
  const uint64_t reserved_bytes_;  // of address space; the header's capacity_bytes are usable
};

}  // namespace toolvitals
