// One region of memory that holds the cells of one process.
// Floor: store.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/file_region.h"
#include "store/free_blocks.h"
#include "store/layout.h"

namespace toolvitals {

// Memory is taken by moving a mark upward and never given back to the system, so an address once handed out stays good
// for the life of the segment. What is freed is handed out again. Space that was never touched costs no resident
// memory.
//
// It is private memory, or a stretch of a file that other processes read; where it lies can change, its addresses do
// not. A file is as large as what was allocated so far and some reserve, for which the file system has vouched: a full
// disk is an Allocate() that finds no room, never a fault at a write.
//
// Allocate(), Free() and the readers are thread-safe and lock-free.
class Segment {
 public:
  // Bytes of a segment that a copy need not have: there it has zeros.
  struct Blank {
    Offset begin = 0;
    uint64_t bytes = 0;
  };

  // A private segment, of which `budget_bytes` may be allocated. ResourceExhausted where the address space is denied.
  static absl::StatusOr<std::unique_ptr<Segment>> CreateAnonymous(uint64_t budget_bytes);

  // Another process's segment, to be read and never trusted: nothing that stands in it leads beyond what is mapped.
  // Kept open by the mapping alone. FailedPrecondition, whose message is one word, for what is no segment that this
  // version can read.
  static absl::StatusOr<std::unique_ptr<Segment>> OpenView(int descriptor, uint64_t begin);
  // What is mapped of a view is what is in its file, so this comes before each reading, with as many bytes as the
  // file has now from the segment's start on. A word for why it cannot be read any more; nullptr where it can.
  const char* SetLimit(uint64_t file_bytes);

  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  // Says in the header that this process owns the segment, from now on. Async-signal-safe, for the child of fork().
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
  // What stands there; nullptr where the segment does not hold so many bytes at a cache line's start.
  template <typename T>
  const T* Find(Offset offset, uint64_t bytes = sizeof(T)) const {
    return Holds(offset, bytes) ? At<T>(offset) : nullptr;
  }
  Offset OffsetOf(const void* address) const { return static_cast<Offset>(static_cast<const char*>(address) - base_); }
  // Empty for what is no string in this segment.
  std::string_view StringAt(Offset offset) const;

  // Whether so many bytes at the offset were handed out at a cache line's start: what a reader asks before it follows
  // an offset that it found in memory which may be in another use by now, or that nobody vouches for.
  bool Holds(Offset offset, uint64_t bytes) const {
    const uint64_t used = used_bytes();
    return offset >= kHeaderBytes && offset % kCacheLineBytes == 0 && offset <= used && bytes <= used - offset;
  }

  // Bytes allocated, header and what is free again included.
  uint64_t used_bytes() const {
    const uint64_t used = header().used_bytes.load(std::memory_order_relaxed);
    return used < limit_ ? used : limit_;
  }
  // Bytes that were freed and are not in use again.
  uint64_t free_bytes() const { return free_.bytes(); }
  uint64_t budget_bytes() const { return header().budget_bytes.load(std::memory_order_relaxed); }

  // Moves the budget. Lower than what is used only stops further growth. ResourceExhausted past what can be mapped.
  absl::Status SetBudget(uint64_t budget_bytes);

  // Whether it is another process's.
  bool is_view() const { return limit_ != UINT64_MAX; }
  // Whether it lies in a file.
  bool is_shared() const { return static_cast<bool>(region_); }
  // Whether the file system had no room the last time that the file had to grow: then Allocate() has none within the
  // budget either.
  bool cannot_grow() const { return cannot_grow_.load(std::memory_order_relaxed); }
  // Opens its file again where the program has closed it. False where that cannot be: then it cannot grow.
  bool KeepFileOpen() { return !region_ || region_.Reopen(); }

  // Copies what is allocated, but for the blanks, into a region that holds nothing yet, which Adopt() can then take.
  // ResourceExhausted where the file system has no room.
  absl::Status CopyTo(const FileRegion& region, std::span<const Blank> blanks) const;
  // The same into memory, for AdoptPrivately().
  std::vector<char> Copy(std::span<const Blank> blanks) const;
  // From here on the segment is what lies in the region, at the same addresses. Nobody records meanwhile.
  // Async-signal-safe, for the child of fork(): a parent's region is its parent's still.
  absl::Status Adopt(FileRegion region);
  // The same for private memory with these bytes.
  absl::Status AdoptPrivately(std::span<const char> image);

 private:
  Segment(char* base, uint64_t reserved_bytes) : base_(base), reserved_bytes_(reserved_bytes) {}

  // Has the file system vouch for so many bytes and some more; false where it does not.
  bool Grow(uint64_t bytes);

  char* const base_;
  FreeBlocks free_;
  const uint64_t reserved_bytes_;  // of address space; the header's capacity_bytes are usable
  uint64_t limit_ = UINT64_MAX;    // of a view
  std::atomic<bool> cannot_grow_{false};
  FileRegion region_;
};

}  // namespace toolvitals
