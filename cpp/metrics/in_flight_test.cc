// Calls in flight: as many as there are, whatever order they end in, and the oldest of them.
// Floor: metrics.
#include "metrics/in_flight.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <memory>
#include <mutex>
#include <set>
#include <vector>

#include "base/clock.h"
#include "base/testing.h"

namespace toolvitals {
namespace {

constexpr size_t kThreads = 8;

// A tool's in-flight words in a segment of their own.
class Calls {
 public:
  explicit Calls(uint64_t budget = 16 << 20) : segment_(*Segment::CreateAnonymous(budget)) {
    cell_ = segment_->At<InFlightCell>(segment_->Allocate(sizeof(InFlightCell)));
    spill_ = segment_->At<InFlightSpill>(segment_->Allocate(sizeof(InFlightSpill)));
  }

  template <Writers W>
  InFlightToken Begin(uint64_t ticks = Clock::Ticks()) {
    return BeginInFlight<W>(*segment_, *cell_, *spill_, ticks);
  }
  template <Writers W>
  void End(InFlightToken token) {
    EndInFlight<W>(*segment_, *cell_, *spill_, token);
  }
  InFlightState Read() const { return ReadInFlight(*segment_, *cell_, *spill_); }
  void Forget() { ForgetInFlight(*segment_, *cell_, *spill_); }
  Segment& segment() { return *segment_; }

 private:
  std::unique_ptr<Segment> segment_;
  InFlightCell* cell_;
  InFlightSpill* spill_;
};

template <typename Policy>
class InFlightTest : public testing::Test {};

template <Writers W>
struct Policy {
  static constexpr Writers kWriters = W;
};
using Policies = testing::Types<Policy<Writers::kSerialized>, Policy<Writers::kConcurrent>>;
TYPED_TEST_SUITE(InFlightTest, Policies);

TYPED_TEST(InFlightTest, NothingRunsAtFirst) {
  const Calls calls;
  EXPECT_EQ(calls.Read().calls, 0u);
  EXPECT_EQ(calls.Read().oldest_start_ticks, 0u);
}

TYPED_TEST(InFlightTest, TheOldestIsKnownByTheClock) {
  constexpr Writers W = TypeParam::kWriters;
  FakeClock clock;
  Calls calls;
  const uint64_t epoch = Clock::Ticks();
  const InFlightToken first = calls.Begin<W>();
  clock.Advance(1000);
  const InFlightToken second = calls.Begin<W>();
  clock.Advance(1000);
  EXPECT_EQ(calls.Read().calls, 2u);
  EXPECT_EQ(Clock::ElapsedNs(calls.Read().oldest_start_ticks, Clock::Ticks()), 2000u);
  calls.End<W>(first);
  EXPECT_EQ(calls.Read().calls, 1u);
  EXPECT_EQ(calls.Read().oldest_start_ticks, epoch + 1000);
  calls.End<W>(second);
  EXPECT_EQ(calls.Read().calls, 0u);
  EXPECT_EQ(calls.Read().oldest_start_ticks, 0u);
}

// The counts at which the small block, a large block and a chain of them are full, and one more.
TYPED_TEST(InFlightTest, AnyNumberEndsInAnyOrder) {
  constexpr Writers W = TypeParam::kWriters;
  FakeClock clock;
  Random random(17);
  for (const size_t count : {1, 6, 7, 68, 69, 130, 131, 10'000}) {
    Calls calls;
    std::vector<std::pair<uint64_t, InFlightToken>> running;
    std::multiset<uint64_t> starts;
    for (size_t i = 0; i < count; ++i) {
      // Not in the order of their starts, as threads may be late to write theirs down.
      const uint64_t start = Clock::Ticks() + random.Below(1'000'000);
      running.emplace_back(start, calls.Begin<W>(start));
      starts.insert(start);
    }
    ASSERT_EQ(calls.Read().calls, count);
    for (size_t i = running.size() - 1; i > 0; --i) std::swap(running[i], running[random.Below(i + 1)]);
    // Reading walks every block: look often at few calls and sometimes at many.
    const size_t stride = count / 100 + 1;
    for (size_t i = 0; i < count; ++i) {
      if (i % stride == 0) {
        ASSERT_EQ(calls.Read().calls, count - i);
        ASSERT_EQ(calls.Read().oldest_start_ticks, *starts.begin());
      }
      starts.erase(starts.find(running[i].first));
      calls.End<W>(running[i].second);
    }
    ASSERT_EQ(calls.Read().calls, 0u);
    ASSERT_EQ(calls.Read().oldest_start_ticks, 0u);
  }
}

TYPED_TEST(InFlightTest, NoTwoCallsShareASlot) {
  constexpr Writers W = TypeParam::kWriters;
  Calls calls;
  std::set<std::pair<InFlightBlock*, size_t>> slots;
  for (int i = 0; i < 1000; ++i) {
    const InFlightToken token = calls.Begin<W>(1);
    ASSERT_NE(token.block(), nullptr);
    ASSERT_TRUE(slots.emplace(token.block(), token.slot()).second);
  }
}

TYPED_TEST(InFlightTest, BlocksAreUsedAgain) {
  constexpr Writers W = TypeParam::kWriters;
  Calls calls;
  uint64_t used_after_first = 0;
  for (int round = 0; round < 20; ++round) {
    std::vector<InFlightToken> tokens;
    for (int i = 0; i < 500; ++i) tokens.push_back(calls.Begin<W>(1));
    for (const InFlightToken token : tokens) calls.End<W>(token);
    if (round == 0) used_after_first = calls.segment().used_bytes();
    ASSERT_EQ(calls.segment().used_bytes(), used_after_first);
  }
}

TYPED_TEST(InFlightTest, RandomBeginsAndEndsAreFollowed) {
  constexpr Writers W = TypeParam::kWriters;
  Random random(18);
  Calls calls;
  std::vector<std::pair<uint64_t, InFlightToken>> running;
  for (uint64_t step = 1; step <= Repetitions(50'000); ++step) {
    // Drifts between a few and some hundred calls.
    const bool begin = running.empty() || random.Below(100) < (step / 1000 % 2 == 0 ? 60 : 40);
    if (begin) {
      running.emplace_back(step, calls.Begin<W>(step));
    } else {
      std::swap(running[random.Below(running.size())], running.back());
      calls.End<W>(running.back().second);
      running.pop_back();
    }
    if (step % 16 != 0) continue;
    uint64_t oldest = 0;
    for (const auto& [start, token] : running) oldest = oldest == 0 ? start : std::min(oldest, start);
    ASSERT_EQ(calls.Read().calls, running.size());
    ASSERT_EQ(calls.Read().oldest_start_ticks, oldest);
  }
}

TYPED_TEST(InFlightTest, CallsPastTheBudgetAreCountedWithoutAnAge) {
  constexpr Writers W = TypeParam::kWriters;
  Calls calls(8 << 10);
  std::vector<InFlightToken> tokens;
  for (uint64_t i = 0; i < 2000; ++i) tokens.push_back(calls.Begin<W>(1000 + i));
  EXPECT_EQ(calls.Read().calls, 2000u);
  EXPECT_EQ(calls.Read().oldest_start_ticks, 1000u);
  EXPECT_EQ(tokens.back().block(), nullptr);
  Random random(19);
  for (size_t i = tokens.size() - 1; i > 0; --i) std::swap(tokens[i], tokens[random.Below(i + 1)]);
  for (size_t i = 0; i < tokens.size(); ++i) {
    calls.End<W>(tokens[i]);
    ASSERT_EQ(calls.Read().calls, 2000 - i - 1);
  }
}

TYPED_TEST(InFlightTest, ForgottenCallsMayStillEnd) {
  constexpr Writers W = TypeParam::kWriters;
  Calls calls(8 << 10);
  std::vector<InFlightToken> tokens;
  for (uint64_t i = 0; i < 1000; ++i) tokens.push_back(calls.Begin<W>(i + 1));
  calls.Forget();
  EXPECT_EQ(calls.Read().calls, 0u);
  EXPECT_EQ(calls.Read().oldest_start_ticks, 0u);
  for (const InFlightToken token : tokens) calls.End<W>(token);
  EXPECT_EQ(calls.Read().calls, 0u);
}

TYPED_TEST(InFlightTest, AForgottenCallDoesNotEndTheOneInItsSlot) {
  constexpr Writers W = TypeParam::kWriters;
  Calls calls;
  const InFlightToken forgotten = calls.Begin<W>(1);
  calls.Forget();
  const InFlightToken running = calls.Begin<W>(2);
  ASSERT_EQ(running.slot(), forgotten.slot());
  calls.End<W>(forgotten);
  EXPECT_EQ(calls.Read().calls, 1u);
  EXPECT_EQ(calls.Read().oldest_start_ticks, 2u);
  calls.End<W>(running);
  EXPECT_EQ(calls.Read().calls, 0u);
}

TEST(InFlightThreadsTest, NothingIsLostOrLeft) {
  Calls calls;
  std::atomic<size_t> running{kThreads};
  RunThreads(kThreads + 1, [&](size_t thread) {
    if (thread == kThreads) {
      while (running != 0) {
        const InFlightState state = calls.Read();
        if (state.calls > kThreads * 100) ADD_FAILURE() << state.calls;
      }
      return;
    }
    Random random(thread);
    std::vector<InFlightToken> tokens;
    for (uint64_t i = 0; i < Repetitions(100'000); ++i) {
      if (tokens.size() < 100 && random.Below(2) == 0) {
        tokens.push_back(calls.Begin<Writers::kConcurrent>());
      } else if (!tokens.empty()) {
        std::swap(tokens[random.Below(tokens.size())], tokens.back());
        calls.End<Writers::kConcurrent>(tokens.back());
        tokens.pop_back();
      }
    }
    for (const InFlightToken token : tokens) calls.End<Writers::kConcurrent>(token);
    --running;
  });
  EXPECT_EQ(calls.Read().calls, 0u);
  EXPECT_EQ(calls.Read().oldest_start_ticks, 0u);
}

// All threads need the first large block at the same moment, again and again.
TEST(InFlightThreadsTest, BlocksMadeAtOnceAreAllLinked) {
  for (uint64_t round = 0; round < Repetitions(100); ++round) {
    Calls calls(1 << 20);
    std::vector<std::vector<InFlightToken>> tokens(kThreads);
    RunThreads(kThreads, [&](size_t thread) {
      for (int i = 0; i < 50; ++i) tokens[thread].push_back(calls.Begin<Writers::kConcurrent>(1 + thread));
    });
    ASSERT_EQ(calls.Read().calls, kThreads * 50);
    std::set<std::pair<InFlightBlock*, size_t>> slots;
    for (const auto& mine : tokens) {
      for (const InFlightToken token : mine) ASSERT_TRUE(slots.emplace(token.block(), token.slot()).second);
    }
    RunThreads(kThreads, [&](size_t thread) {
      for (const InFlightToken token : tokens[thread]) calls.End<Writers::kConcurrent>(token);
    });
    ASSERT_EQ(calls.Read().calls, 0u);
  }
}

TEST(InFlightThreadsTest, PastTheBudgetThreadsStayExact) {
  Calls calls(8 << 10);
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t round = 0; round < Repetitions(200); ++round) {
      std::vector<InFlightToken> tokens;
      for (int i = 0; i < 100; ++i) tokens.push_back(calls.Begin<Writers::kConcurrent>(1));
      for (const InFlightToken token : tokens) calls.End<Writers::kConcurrent>(token);
    }
  });
  EXPECT_EQ(calls.Read().calls, 0u);
}

TEST(InFlightThreadsTest, SerializedCallsAreExactUnderALock) {
  Calls calls;
  std::mutex lock;
  RunThreads(kThreads, [&](size_t) {
    std::vector<InFlightToken> tokens;
    for (uint64_t i = 0; i < Repetitions(1000); ++i) {
      const std::lock_guard guard(lock);
      tokens.push_back(calls.Begin<Writers::kSerialized>());
    }
    for (const InFlightToken token : tokens) {
      const std::lock_guard guard(lock);
      calls.End<Writers::kSerialized>(token);
    }
  });
  EXPECT_EQ(calls.Read().calls, 0u);
}

}  // namespace
}  // namespace toolvitals
