// The choice of a clock source, its calibration, and the fake.
// Floor: base.
#include "base/clock.h"

#include <fcntl.h>
#include <unistd.h>

#include <cstring>
#include <string_view>

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace toolvitals {
namespace {

constexpr uint64_t kNanosPerSecond = 1'000'000'000;
constexpr uint64_t kFirstCalibrationNanos = 1'000'000;
constexpr uint64_t kRecalibrationNanos = 100'000'000;
constexpr uint64_t kOneQ32 = uint64_t{1} << 32;

std::atomic<uint64_t> anchor_ticks{0};
std::atomic<uint64_t> anchor_nanos{0};
std::atomic<uint64_t> fake_now{0};
std::atomic<uint64_t> still_ticks{0};
std::atomic<uint64_t> still_monotonic{0};
std::atomic<uint64_t> still_unix{0};
std::atomic<Clock::Source> source_before{Clock::Source::kUncalibrated};

uint64_t ReadClock(clockid_t clock) {
  timespec now;
  clock_gettime(clock, &now);
  return static_cast<uint64_t>(now.tv_sec) * kNanosPerSecond + static_cast<uint64_t>(now.tv_nsec);
}

#if defined(__x86_64__)

bool TscIsInvariant() {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  if (__get_cpuid(0x80000007, &eax, &ebx, &ecx, &edx) == 0) return false;
  return (edx & (1u << 8)) != 0;
}

// The kernel watches the counter and leaves it when it finds it unstable or out of step between processors.
bool KernelTrustsTsc() {
  const int fd = open("/sys/devices/system/clocksource/clocksource0/current_clocksource", O_RDONLY | O_CLOEXEC);
  if (fd < 0) return false;
  char name[32];
  const ssize_t size = read(fd, name, sizeof(name));
  close(fd);
  if (size <= 0) return false;
  const std::string_view source(name, static_cast<size_t>(size));
  return source.starts_with("tsc") || source.starts_with("kvm-clock") || source.starts_with("hyperv_clocksource_tsc");
}

// A pair of readings that belong together: the tightest of a few, since an interrupt may fall between the two.
void ReadPair(uint64_t* ticks, uint64_t* nanos) {
  uint64_t best = UINT64_MAX;
  for (int attempt = 0; attempt < 8; ++attempt) {
    const uint64_t before = __rdtsc();
    const uint64_t now = ReadClock(CLOCK_MONOTONIC);
    const uint64_t after = __rdtsc();
    if (after - before < best) {
      best = after - before;
      *ticks = before + (after - before) / 2;
      *nanos = now;
    }
  }
}

uint64_t RateQ32(uint64_t nanos, uint64_t ticks) {
  return static_cast<uint64_t>((static_cast<unsigned __int128>(nanos) << 32) / ticks);
}

#endif

}  // namespace

constinit std::atomic<Clock::Source> Clock::source_{Clock::Source::kUncalibrated};
constinit std::atomic<uint64_t> Clock::ns_per_tick_q32_{kOneQ32};

uint64_t Clock::SlowTicks(Source source) {
  if (source == Source::kFake) return fake_now.load(std::memory_order_relaxed);
  if (source == Source::kFrozen) return still_ticks.load(std::memory_order_relaxed);
  if (source == Source::kUncalibrated) {
    Calibrate();
    return Ticks();
  }
  return ReadClock(CLOCK_MONOTONIC);
}

void Clock::Calibrate() {
  if (source() != Source::kUncalibrated) return;
#if defined(__x86_64__)
  if (TscIsInvariant() && KernelTrustsTsc()) {
    uint64_t ticks = 0, nanos = 0, later_ticks = 0, later_nanos = 0;
    ReadPair(&ticks, &nanos);
    while (ReadClock(CLOCK_MONOTONIC) - nanos < kFirstCalibrationNanos) {
    }
    ReadPair(&later_ticks, &later_nanos);
    if (later_ticks > ticks && later_nanos > nanos) {
      anchor_ticks.store(ticks, std::memory_order_relaxed);
      anchor_nanos.store(nanos, std::memory_order_relaxed);
      ns_per_tick_q32_.store(RateQ32(later_nanos - nanos, later_ticks - ticks), std::memory_order_relaxed);
      source_.store(Source::kTsc, std::memory_order_release);
      return;
    }
  }
#endif
  source_.store(Source::kMonotonic, std::memory_order_release);
}

void Clock::Recalibrate() {
#if defined(__x86_64__)
  if (source_.load(std::memory_order_relaxed) != Source::kTsc) return;
  const uint64_t ticks = anchor_ticks.load(std::memory_order_relaxed);
  const uint64_t nanos = anchor_nanos.load(std::memory_order_relaxed);
  uint64_t later_ticks = 0, later_nanos = 0;
  ReadPair(&later_ticks, &later_nanos);
  if (later_ticks <= ticks || later_nanos - nanos < kRecalibrationNanos) return;
  const uint64_t rate = RateQ32(later_nanos - nanos, later_ticks - ticks);
  const uint64_t current = ns_per_tick_q32();
  // CLOCK_MONOTONIC stands still while the machine sleeps, the counter may not. A rate that moved by more than 0.1 %
  // says that this happened, so measuring starts over from here.
  if (rate > current - current / 1000 && rate < current + current / 1000) {
    ns_per_tick_q32_.store(rate, std::memory_order_relaxed);
  } else {
    anchor_ticks.store(later_ticks, std::memory_order_relaxed);
    anchor_nanos.store(later_nanos, std::memory_order_relaxed);
  }
#endif
}

Clock::Source Clock::source() {
  const Source source = source_.load(std::memory_order_relaxed);
  return source == Source::kFrozen ? source_before.load(std::memory_order_relaxed) : source;
}

int64_t Clock::UnixNanos() {
  const bool stands = source_.load(std::memory_order_relaxed) == Source::kFrozen;
  return static_cast<int64_t>(stands ? still_unix.load(std::memory_order_relaxed) : ReadClock(CLOCK_REALTIME));
}

uint64_t Clock::MonotonicNanos() {
  const Source source = source_.load(std::memory_order_relaxed);
  if (source == Source::kFake) return fake_now.load(std::memory_order_relaxed);
  if (source == Source::kFrozen) return still_monotonic.load(std::memory_order_relaxed);
  return ReadClock(CLOCK_MONOTONIC);
}

void Clock::StandStill() {
  const Source source = source_.load(std::memory_order_relaxed);
  if (source == Source::kFrozen) return;
  still_ticks.store(Ticks(), std::memory_order_relaxed);
  still_monotonic.store(MonotonicNanos(), std::memory_order_relaxed);
  still_unix.store(static_cast<uint64_t>(UnixNanos()), std::memory_order_relaxed);
  source_before.store(source, std::memory_order_relaxed);
  source_.store(Source::kFrozen, std::memory_order_release);
}

void Clock::LetGo() {
  if (source_.load(std::memory_order_relaxed) != Source::kFrozen) return;
  source_.store(source_before.load(std::memory_order_relaxed), std::memory_order_release);
}

FakeClock::FakeClock() : source_before_(Clock::source()), rate_before_(Clock::ns_per_tick_q32()) {
  fake_now.store(kNanosPerSecond, std::memory_order_relaxed);
  Clock::ns_per_tick_q32_.store(kOneQ32, std::memory_order_relaxed);
  Clock::source_.store(Clock::Source::kFake, std::memory_order_relaxed);
}

FakeClock::~FakeClock() {
  Clock::source_.store(source_before_, std::memory_order_relaxed);
  Clock::ns_per_tick_q32_.store(rate_before_, std::memory_order_relaxed);
}

void FakeClock::Advance(int64_t nanos) { fake_now.fetch_add(static_cast<uint64_t>(nanos), std::memory_order_relaxed); }

}  // namespace toolvitals
