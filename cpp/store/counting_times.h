// Since when a segment counts: the two times in its header by which readers tell that counts began anew.
// Floor: store. Relaxed: they are shown, and publish nothing.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

#include "base/clock.h"
#include "store/layout.h"

namespace toolvitals {

// Everything was zeroed, here and in all others that are shown with it. Readers compare microseconds: the time moves on
// by one at least, also where the clock does not.
inline void NoteReset(SegmentHeader& header) {
  constexpr uint64_t kMicrosecond = 1000;
  const uint64_t before = std::max(header.created_unix_ns.load(std::memory_order_relaxed),
                                   header.reset_unix_ns.load(std::memory_order_relaxed));
  const auto now = static_cast<uint64_t>(Clock::UnixNanos());
  header.reset_unix_ns.store(std::max(now, before + kMicrosecond), std::memory_order_relaxed);
}

// What several segments count together: from the first that began on, and since the last time that all was zeroed.
class CountingTimes {
 public:
  void Add(const SegmentHeader& header) {
    created_ns_ = std::min(created_ns_, header.created_unix_ns.load(std::memory_order_relaxed));
    reset_ns_ = std::max(reset_ns_, header.reset_unix_ns.load(std::memory_order_relaxed));
  }

  // For the header of a segment that takes the place of all of them.
  void Store(SegmentHeader& header) const {
    header.created_unix_ns.store(created_ns_, std::memory_order_relaxed);
    header.reset_unix_ns.store(reset_ns_, std::memory_order_relaxed);
  }

  // Unix time in microseconds; zero where there is no segment.
  int64_t since_us() const {
    return created_ns_ == UINT64_MAX ? 0 : static_cast<int64_t>(std::max(created_ns_, reset_ns_) / 1000);
  }

 private:
  uint64_t created_ns_ = UINT64_MAX;
  uint64_t reset_ns_ = 0;
};

}  // namespace toolvitals
