// The counter: whole increments exact to 2^64, fractions beside them.
// Floor: metrics.
#include "metrics/counter.h"

#include <gtest/gtest.h>

#include <mutex>

#include "base/testing.h"

namespace toolvitals {
namespace {

constexpr size_t kThreads = 8;

template <typename Policy>
class CounterTest : public testing::Test {};

template <Writers W>
struct Policy {
  static constexpr Writers kWriters = W;
};
using Policies = testing::Types<Policy<Writers::kSerialized>, Policy<Writers::kConcurrent>>;
TYPED_TEST_SUITE(CounterTest, Policies);

TYPED_TEST(CounterTest, CountsFromZero) {
  constexpr Writers W = TypeParam::kWriters;
  CounterCell counter{};
  EXPECT_EQ(counter.Value(), 0.0);
  counter.Increment<W>();
  counter.Increment<W>(uint64_t{41});
  EXPECT_EQ(counter.Integer(), 42u);
  EXPECT_EQ(counter.Value(), 42.0);
}

TYPED_TEST(CounterTest, WholeDoublesStayExact) {
  constexpr Writers W = TypeParam::kWriters;
  CounterCell counter{};
  counter.Increment<W>(3.0);
  counter.Increment<W>(0.0);
  counter.Increment<W>(0x1p53 - 1);
  EXPECT_EQ(counter.Integer(), (uint64_t{1} << 53) + 2);
  EXPECT_EQ(LoadDouble(counter.fraction), 0.0);
}

TYPED_TEST(CounterTest, FractionsAreKeptBeside) {
  constexpr Writers W = TypeParam::kWriters;
  CounterCell counter{};
  counter.Increment<W>(1.5);
  counter.Increment<W>(uint64_t{2});
  EXPECT_EQ(counter.Integer(), 2u);
  EXPECT_EQ(counter.Value(), 3.5);
  counter.Increment<W>(1e300);
  EXPECT_EQ(counter.Integer(), 2u);
  EXPECT_EQ(counter.Value(), 1e300);
}

TYPED_TEST(CounterTest, IsExactPastTwoToThe53rd) {
  constexpr Writers W = TypeParam::kWriters;
  CounterCell counter{};
  counter.Increment<W>(uint64_t{1} << 53);
  counter.Increment<W>();
  EXPECT_EQ(counter.Integer(), (uint64_t{1} << 53) + 1);
  counter.Increment<W>(UINT64_MAX - counter.Integer());
  EXPECT_EQ(counter.Integer(), UINT64_MAX);
}

TYPED_TEST(CounterTest, ResetForgetsBothParts) {
  constexpr Writers W = TypeParam::kWriters;
  CounterCell counter{};
  counter.Increment<W>(2.5);
  counter.Increment<W>();
  counter.Reset();
  EXPECT_EQ(counter.Integer(), 0u);
  EXPECT_EQ(counter.Value(), 0.0);
}

// Multiples of a sixty-fourth add without rounding, so the order and the split between the words cannot matter.
TYPED_TEST(CounterTest, SumsWhateverComes) {
  constexpr Writers W = TypeParam::kWriters;
  Random random(7);
  for (int round = 0; round < 100; ++round) {
    CounterCell counter{};
    uint64_t sixty_fourths = 0;
    for (int i = 0; i < 500; ++i) {
      const uint64_t amount = random.Below(uint64_t{1} << 30);
      sixty_fourths += amount;
      counter.Increment<W>(static_cast<double>(amount) / 64);
    }
    ASSERT_EQ(counter.Value(), static_cast<double>(sixty_fourths) / 64);
  }
}

TEST(CounterThreadsTest, ConcurrentIncrementsAreExact) {
  const uint64_t increments = Repetitions(100'000);
  CounterCell counter{};
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < increments; ++i) {
      counter.Increment<Writers::kConcurrent>();
      counter.Increment<Writers::kConcurrent>(0.5);
    }
  });
  EXPECT_EQ(counter.Integer(), kThreads * increments);
  EXPECT_EQ(counter.Value(), 1.5 * static_cast<double>(kThreads * increments));
}

TEST(CounterThreadsTest, SerializedIncrementsAreExactUnderALock) {
  const uint64_t increments = Repetitions(20'000);
  CounterCell counter{};
  std::mutex lock;
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < increments; ++i) {
      const std::lock_guard guard(lock);
      counter.Increment<Writers::kSerialized>();
    }
  });
  EXPECT_EQ(counter.Integer(), kThreads * increments);
}

TEST(CounterThreadsTest, AReaderNeverSeesItShrink) {
  CounterCell counter{};
  std::atomic<bool> done{false};
  RunThreads(2, [&](size_t thread) {
    if (thread == 0) {
      for (uint64_t i = 0; i < Repetitions(200'000); ++i) counter.Increment<Writers::kSerialized>(uint64_t{3});
      done = true;
      return;
    }
    uint64_t before = 0;
    while (!done) {
      const uint64_t now = counter.Integer();
      if (now < before || now % 3 != 0) ADD_FAILURE() << now << " came after " << before;
      before = now;
    }
  });
}

}  // namespace
}  // namespace toolvitals
