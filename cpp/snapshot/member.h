// One segment among those that a reader shows as one service.
// Floor: snapshot.
#pragma once

#include <atomic>
#include <cstdint>

#include "base/word.h"
#include "store/segment.h"

namespace toolvitals {

class Removals;

enum class MemberState {
  kOwn,      // of the process that reads
  kLive,     // of another process that lives
  kDead,     // of one that has ended and is not taken into `retired` yet
  kRetired,  // of all that are
};

// The numbers of members, for the life of the process and of those that are forked from it: who keeps what was read of
// a member finds it by its number, also when another fleet shows others by then.
inline constexpr uint64_t kOwnMemberId = 1;
inline uint64_t NextMemberId() {
  static std::atomic<uint64_t> last{kOwnMemberId};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

// Valid until its fleet is asked again. `baseline` has what of the segment counts no more, at the same offsets;
// `removals` say which series of one that nobody writes to are no more.
struct Member {
  uint64_t id = 0;  // kOwnMemberId or one of NextMemberId(), never another's
  const Segment* segment = nullptr;
  const Segment* baseline = nullptr;
  const Removals* removals = nullptr;
  MemberState state = MemberState::kOwn;
  bool names_process = false;  // whether gauges that show each process say which one this is

  bool is_live() const { return state == MemberState::kOwn || state == MemberState::kLive; }
  uint64_t process_id() const { return segment->header().process_id.load(std::memory_order_relaxed); }

  // What the baseline has for something that stands in the segment; nullptr where it has nothing.
  template <typename T>
  const T* Before(const T* there, uint64_t bytes = sizeof(T)) const {
    const Offset offset = segment->OffsetOf(there);
    if (baseline == nullptr || Resets(*baseline) != Resets(*segment)) return nullptr;
    // A header is no allocation, and words stand within lines.
    const Offset line = offset / kCacheLineBytes * kCacheLineBytes;
    const bool holds =
        line < kHeaderBytes ? offset + bytes <= kHeaderBytes : baseline->Holds(line, offset - line + bytes);
    return holds ? baseline->At<T>(offset) : nullptr;
  }
  // A process that has zeroed its segment has nothing left that could be taken away.
  static uint64_t Resets(const Segment& segment) { return segment.header().resets.load(std::memory_order_acquire); }
  // What of a word that only grows counts.
  uint64_t Counted(const Word& word) const {
    const uint64_t now = word.load(std::memory_order_relaxed);
    const Word* before = Before(&word);
    if (before == nullptr) return now;
    const uint64_t then = before->load(std::memory_order_relaxed);
    return now > then ? now - then : 0;
  }
  double CountedDouble(const Word& word) const {
    const Word* before = Before(&word);
    return LoadDouble(word) - (before == nullptr ? 0 : LoadDouble(*before));
  }
};

}  // namespace toolvitals
