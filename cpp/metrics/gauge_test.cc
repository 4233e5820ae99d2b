// The gauge: any double, set and moved.
// Floor: metrics.
#include "metrics/gauge.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <mutex>

#include "base/testing.h"

namespace toolvitals {
namespace {

constexpr size_t kThreads = 8;

template <Writers W>
void GoesUpAndDown() {
  GaugeCell gauge{};
  EXPECT_EQ(gauge.Value(), 0.0);
  gauge.Increment<W>();
  gauge.Increment<W>(2.5);
  gauge.Increment<W>(-4);
  EXPECT_EQ(gauge.Value(), -0.5);
  gauge.Set(7);
  EXPECT_EQ(gauge.Value(), 7.0);
}

TEST(GaugeTest, GoesUpAndDown) {
  GoesUpAndDown<Writers::kSerialized>();
  GoesUpAndDown<Writers::kConcurrent>();
}

TEST(GaugeTest, HoldsEveryDouble) {
  using Limits = std::numeric_limits<double>;
  GaugeCell gauge{};
  for (const double value : {0.0, -0.0, Limits::denorm_min(), Limits::max(), Limits::lowest(), Limits::infinity()}) {
    gauge.Set(value);
    EXPECT_EQ(std::bit_cast<uint64_t>(gauge.Value()), std::bit_cast<uint64_t>(value));
  }
  gauge.Set(Limits::quiet_NaN());
  EXPECT_TRUE(std::isnan(gauge.Value()));
}

TEST(GaugeTest, EndsWhereRandomStepsLead) {
  Random random(3);
  GaugeCell gauge{};
  int64_t position = 0;
  for (int i = 0; i < 10'000; ++i) {
    const auto step = static_cast<int64_t>(random.Below(2001)) - 1000;
    position += step;
    gauge.Increment<Writers::kConcurrent>(static_cast<double>(step));
    ASSERT_EQ(gauge.Value(), static_cast<double>(position));
  }
}

TEST(GaugeTest, ConcurrentStepsAreExact) {
  const uint64_t steps = Repetitions(100'000);
  GaugeCell gauge{};
  RunThreads(kThreads, [&](size_t thread) {
    for (uint64_t i = 0; i < steps; ++i) gauge.Increment<Writers::kConcurrent>(thread % 2 == 0 ? 3 : -1);
  });
  EXPECT_EQ(gauge.Value(), static_cast<double>(kThreads / 2 * steps * 2));
}

TEST(GaugeTest, SerializedStepsAreExactUnderALock) {
  const uint64_t steps = Repetitions(20'000);
  GaugeCell gauge{};
  std::mutex lock;
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < steps; ++i) {
      const std::lock_guard guard(lock);
      gauge.Increment<Writers::kSerialized>();
    }
  });
  EXPECT_EQ(gauge.Value(), static_cast<double>(kThreads * steps));
}

TEST(GaugeTest, AReaderSeesOnlyValuesThatWereSet) {
  GaugeCell gauge{};
  gauge.Set(1e300);
  std::atomic<bool> done{false};
  RunThreads(2, [&](size_t thread) {
    if (thread == 0) {
      for (uint64_t i = 0; i < Repetitions(200'000); ++i) gauge.Set(i % 2 == 0 ? -1e-300 : 1e300);
      done = true;
      return;
    }
    while (!done) {
      const double value = gauge.Value();
      if (value != 1e300 && value != -1e-300) ADD_FAILURE() << value;
    }
  });
}

}  // namespace
}  // namespace toolvitals
