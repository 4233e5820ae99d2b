// The clock: ticks that only go forward, a rate that agrees with the kernel's clock, and a fake.
// Floor: base.
#include "base/clock.h"

#include <gtest/gtest.h>

#include <ctime>

#include "base/testing.h"

namespace toolvitals {
namespace {

void SpinFor(uint64_t nanos) {
  const uint64_t until = Clock::MonotonicNanos() + nanos;
  while (Clock::MonotonicNanos() < until) {
  }
}

TEST(ClockTest, CalibrateChoosesASourceOnce) {
  Clock::Calibrate();
  const Clock::Source source = Clock::source();
  EXPECT_TRUE(source == Clock::Source::kTsc || source == Clock::Source::kMonotonic);
  const uint64_t rate = Clock::ns_per_tick_q32();
  EXPECT_GT(rate, 0u);
  Clock::Calibrate();
  EXPECT_EQ(Clock::source(), source);
  EXPECT_EQ(Clock::ns_per_tick_q32(), rate);
}

TEST(ClockTest, TicksGoForward) {
  Clock::Calibrate();
  uint64_t before = Clock::Ticks();
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t now = Clock::Ticks();
    ASSERT_GE(now, before);
    before = now;
  }
}

// A stretch of ticks lies within the kernel's readings taken around its two ends, however often the thread was
// suspended in between.
TEST(ClockTest, ElapsedAgreesWithTheKernel) {
  Clock::Calibrate();
  const uint64_t outer_start = Clock::MonotonicNanos();
  const uint64_t start = Clock::Ticks();
  const uint64_t inner_start = Clock::MonotonicNanos();
  SpinFor(5'000'000);
  const uint64_t inner_end = Clock::MonotonicNanos();
  const uint64_t end = Clock::Ticks();
  const uint64_t outer_end = Clock::MonotonicNanos();
  const auto elapsed = static_cast<double>(Clock::ElapsedNs(start, end));
  EXPECT_GE(elapsed, 0.98 * static_cast<double>(inner_end - inner_start));
  EXPECT_LE(elapsed, 1.02 * static_cast<double>(outer_end - outer_start));
}

TEST(ClockTest, RecalibrateMovesTheRateByLittle) {
  Clock::Calibrate();
  const auto before = static_cast<double>(Clock::ns_per_tick_q32());
  SpinFor(110'000'000);
  Clock::Recalibrate();
  EXPECT_NEAR(static_cast<double>(Clock::ns_per_tick_q32()) / before, 1.0, 0.001);
  EXPECT_NE(Clock::source(), Clock::Source::kUncalibrated);
}

TEST(ClockTest, AStepBackIsZero) {
  Clock::Calibrate();
  EXPECT_EQ(Clock::ElapsedNs(1000, 1000), 0u);
  EXPECT_EQ(Clock::ElapsedNs(1000, 999), 0u);
  EXPECT_EQ(Clock::ElapsedNs(UINT64_MAX / 2, 1), 0u);
}

TEST(ClockTest, ElapsedSurvivesTheTurnOfTheCounter) {
  FakeClock clock;
  EXPECT_EQ(Clock::ElapsedNs(UINT64_MAX - 9, 10), 20u);
}

TEST(ClockTest, UnixNanosIsTheTimeOfDay) {
  const int64_t before = std::time(nullptr);
  const int64_t now = Clock::UnixNanos() / 1'000'000'000;
  const int64_t after = std::time(nullptr);
  // time() may lag behind by one step of the kernel's timer.
  EXPECT_GE(now, before - 1);
  EXPECT_LE(now, after + 1);
}

TEST(ClockTest, EveryThreadSeesTicksGoForward) {
  Clock::Calibrate();
  RunThreads(8, [](size_t) {
    uint64_t before = Clock::Ticks();
    for (int i = 0; i < 10'000; ++i) {
      const uint64_t now = Clock::Ticks();
      if (now < before) ADD_FAILURE() << now << " came after " << before;
      before = now;
    }
  });
}

TEST(FakeClockTest, StandsStillUntilTold) {
  FakeClock clock;
  EXPECT_EQ(Clock::source(), Clock::Source::kFake);
  const uint64_t start = Clock::Ticks();
  EXPECT_EQ(Clock::Ticks(), start);
  EXPECT_EQ(Clock::MonotonicNanos(), start);
  clock.Advance(1'234'567);
  EXPECT_EQ(Clock::ElapsedNs(start, Clock::Ticks()), 1'234'567u);
  clock.Advance(-2'000'000);
  EXPECT_EQ(Clock::ElapsedNs(start, Clock::Ticks()), 0u);
}

TEST(FakeClockTest, IsExactOverYears) {
  FakeClock clock;
  constexpr int64_t kTenYears = int64_t{10} * 365 * 86'400 * 1'000'000'000;
  const uint64_t start = Clock::Ticks();
  clock.Advance(kTenYears);
  EXPECT_EQ(Clock::ElapsedNs(start, Clock::Ticks()), static_cast<uint64_t>(kTenYears));
}

TEST(FakeClockTest, RecalibrateLeavesItAlone) {
  FakeClock clock;
  clock.Advance(1'000'000'000);
  Clock::Recalibrate();
  EXPECT_EQ(Clock::ns_per_tick_q32(), uint64_t{1} << 32);
  EXPECT_EQ(Clock::source(), Clock::Source::kFake);
}

TEST(FakeClockTest, GivesTheRealClockBack) {
  Clock::Calibrate();
  const Clock::Source source = Clock::source();
  const uint64_t rate = Clock::ns_per_tick_q32();
  { FakeClock clock; }
  EXPECT_EQ(Clock::source(), source);
  EXPECT_EQ(Clock::ns_per_tick_q32(), rate);
}

}  // namespace
}  // namespace toolvitals
