// A tool's handle: which bucket a latency falls into, what is summed, and exact totals from many threads.
// Floor: collector.
#include "collector/tool_metrics.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>
#include <vector>

#include "base/testing.h"
#include "collector/collector.h"

namespace toolvitals {
namespace {

constexpr size_t kThreads = 8;
constexpr size_t kBuckets = kDefaultDurationBounds.size() + 1;

class ToolMetricsTest : public testing::Test {
 protected:
  std::vector<uint64_t> Counts(Outcome outcome) const {
    std::vector<uint64_t> counts(kBuckets);
    tool_.outcome(outcome).Collect(counts);
    return counts;
  }
  uint64_t Calls(Outcome outcome) const {
    const std::vector<uint64_t> counts = Counts(outcome);
    return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
  }
  std::vector<double> Window() const { return Read(tool_.cell().window); }
  std::vector<double> Read(const WindowCell& window) const {
    std::vector<double> samples;
    const Segment& segment = collector_->segment();
    window.Read(*segment.At<RingRecord>(window.ring.load()), kDefaultWindowSize, samples);
    return samples;
  }

  std::unique_ptr<Collector> collector_ = *Collector::Create({});
  ToolMetrics& tool_ = collector_->Tool("search");
};

template <Writers W>
void RecordsOneCall(ToolMetrics& tool) {
  tool.Record<W>(tool.outcome(Outcome::kSuccess), 12.5);
  tool.RecordNanos<W>(tool.outcome(Outcome::kCancelled), 3'000'001);
}

TEST_F(ToolMetricsTest, RecordsCalls) {
  RecordsOneCall<Writers::kSerialized>(tool_);
  RecordsOneCall<Writers::kConcurrent>(tool_);
  EXPECT_EQ(tool_.name(), "search");
  EXPECT_EQ(Calls(Outcome::kSuccess), 2u);
  EXPECT_EQ(Calls(Outcome::kCancelled), 2u);
  EXPECT_EQ(Calls(Outcome::kError), 0u);
  EXPECT_EQ(Counts(Outcome::kSuccess)[4], 2u);    // 10 to 20 ms
  EXPECT_EQ(Counts(Outcome::kCancelled)[2], 2u);  // 2.5 to 5 ms
  EXPECT_EQ(tool_.outcome(Outcome::kSuccess).Sum(), 25e6);
  EXPECT_EQ(tool_.outcome(Outcome::kCancelled).Sum(), 6'000'002.0);
  EXPECT_EQ(Window(), (std::vector<double>{12.5, 3.000001, 12.5, 3.000001}));
}

TEST_F(ToolMetricsTest, LatenciesAreSummedInWholeNanoseconds) {
  HistogramCell& outcome = tool_.outcome(Outcome::kSuccess);
  for (const double latency_ms : {0.0000004, 0.0000006, 1.0000014, 0.0}) {
    tool_.Record<Writers::kSerialized>(outcome, latency_ms);
  }
  EXPECT_EQ(outcome.sum_integer.load(), 0u + 1u + 1'000'001u + 0u);
  EXPECT_EQ(LoadDouble(outcome.sum_float), 0.0);
}

TEST_F(ToolMetricsTest, AbsurdLatenciesAreSummedAsDoubles) {
  HistogramCell& outcome = tool_.outcome(Outcome::kSuccess);
  tool_.Record<Writers::kSerialized>(outcome, 1);
  tool_.Record<Writers::kSerialized>(outcome, 1e300);
  tool_.Record<Writers::kConcurrent>(outcome, kMaxIntegerLatencyNs / kNanosPerMilli * 2);
  EXPECT_EQ(outcome.sum_integer.load(), 1'000'000u);
  EXPECT_EQ(LoadDouble(outcome.sum_float), 1e306);
  EXPECT_EQ(Counts(Outcome::kSuccess).back(), 2u);
  // A latency whose nanoseconds no double holds.
  tool_.Record<Writers::kSerialized>(outcome, std::numeric_limits<double>::max());
  EXPECT_EQ(Calls(Outcome::kSuccess), 4u);
}

// Users read the bounds in seconds. A latency in milliseconds must fall where its quotient by 1000 would.
TEST_F(ToolMetricsTest, TheMillisecondBoundsDecideAsADivisionWould) {
  const auto bucket_by_division = [](double latency_ms) {
    const double seconds = latency_ms / 1000.0;
    for (size_t i = 0; i < kDefaultDurationBounds.size(); ++i) {
      if (seconds <= kDefaultDurationBounds[i]) return i;
    }
    return kDefaultDurationBounds.size();
  };
  Random random(51);
  std::vector<double> latencies = {0.0, std::numeric_limits<double>::denorm_min(), 1e9, 1e308};
  for (const double bound : kDefaultDurationBounds) {
    double below = bound * 1000, above = bound * 1000;
    latencies.push_back(below);
    for (int i = 0; i < 20; ++i) {
      latencies.push_back(below = std::nextafter(below, 0.0));
      latencies.push_back(above = std::nextafter(above, 1e300));
    }
  }
  for (uint64_t i = 0; i < Repetitions(20'000); ++i) {
    latencies.push_back(std::ldexp(random.Unit(), static_cast<int>(random.Below(30)) - 8));
  }
  HistogramCell& outcome = tool_.outcome(Outcome::kSuccess);
  std::vector<uint64_t> expected(kBuckets);
  for (const double latency_ms : latencies) {
    tool_.Record<Writers::kSerialized>(outcome, latency_ms);
    ++expected[bucket_by_division(latency_ms)];
    ASSERT_EQ(Counts(Outcome::kSuccess), expected) << latency_ms << " ms";
  }
}

TEST_F(ToolMetricsTest, NanosecondsFallIntoTheSameBuckets) {
  for (size_t i = 0; i < kDefaultDurationBounds.size(); ++i) {
    const auto nanos = static_cast<uint64_t>(std::llround(kDefaultDurationBounds[i] * 1e9));
    for (const uint64_t value : {nanos - 1, nanos, nanos + 1}) {
      const auto before = Counts(Outcome::kSuccess);
      tool_.RecordNanos<Writers::kSerialized>(tool_.outcome(Outcome::kSuccess), value);
      const size_t expected = i + (value > nanos ? 1 : 0);
      ASSERT_EQ(Counts(Outcome::kSuccess)[expected], before[expected] + 1) << value << " ns";
    }
  }
}

TEST_F(ToolMetricsTest, FirstItemsAreKeptOnlyWhereAskedFor) {
  tool_.RecordFirstItem<Writers::kSerialized>(1'000'000);
  EXPECT_EQ(tool_.cell().first_item.ring.load(), 0u);
  collector_->KeepFirstItems(tool_);
  tool_.RecordFirstItem<Writers::kSerialized>(1'500'000);
  tool_.RecordFirstItem<Writers::kConcurrent>(2'000'000);
  EXPECT_EQ(Read(tool_.cell().first_item), (std::vector<double>{1.5, 2.0}));
  EXPECT_TRUE(Window().empty());
}

TEST_F(ToolMetricsTest, ACallInFlightIsTimedByTheClock) {
  FakeClock clock;
  const uint64_t start = Clock::Ticks();
  const InFlightToken token = tool_.Begin<Writers::kSerialized>(start);
  clock.Advance(7'250'000);
  const ToolCell& cell = tool_.cell();
  EXPECT_EQ(ReadInFlight(collector_->segment(), cell.in_flight, cell.spill).oldest_start_ticks, start);
  tool_.End<Writers::kSerialized>(token);
  tool_.RecordNanos<Writers::kSerialized>(tool_.outcome(Outcome::kSuccess), Clock::ElapsedNs(start, Clock::Ticks()));
  EXPECT_EQ(ReadInFlight(collector_->segment(), cell.in_flight, cell.spill).calls, 0u);
  EXPECT_EQ(Window(), std::vector<double>{7.25});
}

TEST_F(ToolMetricsTest, ConcurrentRecordsAreExact) {
  const uint64_t records = Repetitions(100'000);
  RunThreads(kThreads, [&](size_t thread) {
    HistogramCell& outcome = tool_.outcome(static_cast<Outcome>(thread % kOutcomes));
    for (uint64_t i = 0; i < records; ++i) {
      const InFlightToken token = tool_.Begin<Writers::kConcurrent>(Clock::Ticks());
      tool_.End<Writers::kConcurrent>(token);
      tool_.RecordNanos<Writers::kConcurrent>(outcome, 1000 * (thread + 1));
      tool_.Record<Writers::kConcurrent>(outcome, 0.5);
    }
  });
  for (size_t outcome = 0; outcome < kOutcomes; ++outcome) {
    EXPECT_EQ(Calls(static_cast<Outcome>(outcome)), kThreads / kOutcomes * 2 * records);
    const uint64_t timed = 1000 * ((outcome + 1) + (outcome + 1 + kOutcomes));
    EXPECT_EQ(tool_.outcome(static_cast<Outcome>(outcome)).sum_integer.load(), records * (timed + 2 * 500'000));
  }
  EXPECT_EQ(tool_.cell().window.cursor.load(), kThreads * 2 * records);
  EXPECT_EQ(Window().size(), kDefaultWindowSize);
  EXPECT_EQ(ReadInFlight(collector_->segment(), tool_.cell().in_flight, tool_.cell().spill).calls, 0u);
}

TEST_F(ToolMetricsTest, SerializedRecordsAreExactUnderALock) {
  const uint64_t records = Repetitions(20'000);
  std::mutex lock;
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < records; ++i) {
      const std::lock_guard guard(lock);
      tool_.Record<Writers::kSerialized>(tool_.outcome(Outcome::kSuccess), 0.25);
    }
  });
  EXPECT_EQ(Calls(Outcome::kSuccess), kThreads * records);
  EXPECT_EQ(tool_.outcome(Outcome::kSuccess).sum_integer.load(), kThreads * records * 250'000);
  EXPECT_EQ(tool_.cell().window.cursor.load(), kThreads * records);
}

}  // namespace
}  // namespace toolvitals
