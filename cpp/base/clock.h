// A monotonic clock that costs one instruction where the processor allows it.
// Floor: base.
#pragma once

#include <time.h>

#include <atomic>
#include <cstdint>

#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace toolvitals {

// Ticks are the processor's time stamp counter where it is invariant (same rate in every power state, kept by the
// kernel as a clock source), else nanoseconds of CLOCK_MONOTONIC. Only differences of ticks mean anything.
//
// The rate of the counter is measured against CLOCK_MONOTONIC for a millisecond when the process starts and again,
// over the whole time since, whenever a snapshot is taken: the error falls from some 50 parts per million to below one.
// Thread-safe; Ticks() is async-signal-safe.
class Clock {
 public:
  enum class Source : uint32_t { kUncalibrated, kTsc, kMonotonic, kFake, kFrozen };

  static uint64_t Ticks() {
    const Source source = source_.load(std::memory_order_relaxed);
#if defined(__x86_64__)
    if (source == Source::kTsc) [[likely]]
      return __rdtsc();
#endif
    return SlowTicks(source);
  }

  // The length of a stretch of ticks. A clock that stepped back (a virtual machine moved to another host) gives zero,
  // never a huge number.
  static uint64_t ElapsedNs(uint64_t start_ticks, uint64_t end_ticks) {
    const int64_t ticks = static_cast<int64_t>(end_ticks - start_ticks);
    if (ticks <= 0) return 0;
    const unsigned __int128 product =
        static_cast<unsigned __int128>(ticks) * ns_per_tick_q32_.load(std::memory_order_relaxed);
    return static_cast<uint64_t>(product >> 32);
  }

  // Chooses the source and measures its rate. Idempotent; called before the first record.
  static void Calibrate();
  // Measures the rate again over the time since Calibrate(). Cheap; readers call it.
  static void Recalibrate();

  // That of a clock that stands still is the one it had before.
  static Source source();
  // Nanoseconds per tick, times 2^32: what another process needs to read ticks of this one.
  static uint64_t ns_per_tick_q32() { return ns_per_tick_q32_.load(std::memory_order_relaxed); }

  static int64_t UnixNanos();
  static uint64_t MonotonicNanos();

  // From here on all of them stand still, at what they are now, until they are let go. For tests, in which several
  // readers are to see one instant.
  static void StandStill();
  static void LetGo();

 private:
  friend class FakeClock;

  static uint64_t SlowTicks(Source source);

  static constinit std::atomic<Source> source_;
  static constinit std::atomic<uint64_t> ns_per_tick_q32_;
};

// Replaces the process's clock by one that stands still until it is told otherwise; one tick is one nanosecond.
// For tests of one thread at a time.
class FakeClock {
 public:
  FakeClock();
  ~FakeClock();
  FakeClock(const FakeClock&) = delete;
  FakeClock& operator=(const FakeClock&) = delete;

  void Advance(int64_t nanos);

 private:
  Clock::Source source_before_;
  uint64_t rate_before_;
};

}  // namespace toolvitals
