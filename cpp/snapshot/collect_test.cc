// Snapshots: the values that were recorded, and no torn one while they are recorded.
// Floor: snapshot.
#include "snapshot/collect.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numeric>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing.h"
#include "snapshot/python_version.h"

namespace toolvitals {
namespace {

using testing::ElementsAre;
using testing::Pair;

constexpr Writers kOne = Writers::kSerialized;

class CollectTest : public testing::Test {
 protected:
  ToolSnapshot Tool(std::string_view name = "search") { return reader_.ReadTool(name).value(); }
  void Succeed(double latency_ms) { tool_.Record<kOne>(tool_.outcome(Outcome::kSuccess), latency_ms); }
  void Configure(uint64_t window_size, QuantileMethod method) {
    CollectorOptions options;
    options.window_size = window_size;
    options.quantile_method = method;
    ASSERT_TRUE(collector_->Configure(options).ok());
  }

  FakeClock clock_;
  std::unique_ptr<Collector> collector_ = *Collector::Create({});
  ToolMetrics& tool_ = collector_->Tool("search");
  SnapshotReader reader_{*collector_};
};

TEST_F(CollectTest, ARegisteredToolShowsZeros) {
  const ToolSnapshot tool = Tool();
  EXPECT_EQ(tool.name, "search");
  EXPECT_EQ(tool.total_calls(), 0u);
  EXPECT_EQ(tool.in_progress, 0u);
  EXPECT_TRUE(std::isnan(tool.oldest_in_progress_ms));
  EXPECT_EQ(tool.total_latency_ms, 0.0);
  EXPECT_EQ(tool.window_ms.count, 0u);
  EXPECT_TRUE(std::isnan(tool.window_ms.mean));
  EXPECT_FALSE(tool.first_item_ms.has_value());
  EXPECT_EQ(tool.duration_buckets, std::vector<uint64_t>(kDefaultDurationBounds.size() + 1));
  EXPECT_TRUE(tool.error_types.empty());
}

TEST_F(CollectTest, TheContractsExample) {
  Succeed(9.5);
  Succeed(15);
  tool_.Record<kOne>(collector_->ErrorType(tool_, "TimeoutError"), 6);
  const ToolSnapshot tool = Tool();
  EXPECT_EQ(tool.successful_calls, 2u);
  EXPECT_EQ(tool.failed_calls, 1u);
  EXPECT_EQ(tool.cancelled_calls, 0u);
  EXPECT_EQ(tool.total_latency_ms, 30.5);
  EXPECT_EQ(tool.window_ms.count, 3u);
  EXPECT_EQ(tool.window_ms.mean, 10.166666666666666);
  EXPECT_EQ(tool.window_ms.stddev, 4.536885862938733);
  EXPECT_EQ(tool.window_ms.min, 6.0);
  EXPECT_EQ(tool.window_ms.max, 15.0);
  EXPECT_THAT(tool.window_ms.quantiles, ElementsAre(9.5, 15.0, 18.3, 19.4, 20.28));
  EXPECT_THAT(tool.error_types, ElementsAre(Pair("TimeoutError", 1)));
  EXPECT_EQ(tool.duration_buckets[3], 2u);  // 5 to 10 ms
  EXPECT_EQ(tool.duration_buckets[4], 1u);  // 10 to 20 ms
}

TEST_F(CollectTest, ErrorTypesAreSortedAndUntypedErrorsAreOnlyFailed) {
  for (const char* type : {"b", "a", "c", "a"}) tool_.Record<kOne>(collector_->ErrorType(tool_, type), 1);
  collector_->ErrorType(tool_, "never raised");
  tool_.Record<kOne>(tool_.outcome(Outcome::kError), 1);
  tool_.Record<kOne>(tool_.outcome(Outcome::kErrorOverflow), 1);
  tool_.Record<kOne>(tool_.outcome(Outcome::kCancelled), 1);
  const ToolSnapshot tool = Tool();
  EXPECT_THAT(tool.error_types, ElementsAre(Pair("a", 2), Pair("b", 1), Pair("c", 1), Pair("overflow", 1)));
  EXPECT_EQ(tool.failed_calls, 6u);
  EXPECT_EQ(tool.cancelled_calls, 1u);
  EXPECT_EQ(tool.total_calls(), 7u);
}

TEST_F(CollectTest, AHungCallIsVisibleWhileItHangs) {
  const InFlightToken hung = tool_.Begin<kOne>(Clock::Ticks());
  clock_.Advance(1'500'000);
  const InFlightToken other = tool_.Begin<kOne>(Clock::Ticks());
  clock_.Advance(1'000'000);
  EXPECT_EQ(Tool().in_progress, 2u);
  EXPECT_EQ(Tool().oldest_in_progress_ms, 2.5);
  EXPECT_EQ(Tool().total_calls(), 0u);
  tool_.End<kOne>(hung);
  EXPECT_EQ(Tool().oldest_in_progress_ms, 1.0);
  tool_.End<kOne>(other);
  EXPECT_EQ(Tool().in_progress, 0u);
  EXPECT_TRUE(std::isnan(Tool().oldest_in_progress_ms));
}

TEST_F(CollectTest, ThousandsOfHungCallsAreCounted) {
  std::vector<InFlightToken> tokens;
  for (int i = 0; i < 10'000; ++i) {
    clock_.Advance(1000);
    tokens.push_back(tool_.Begin<kOne>(Clock::Ticks()));
  }
  EXPECT_EQ(Tool().in_progress, 10'000u);
  EXPECT_EQ(Tool().oldest_in_progress_ms, 9.999);
  for (const InFlightToken token : tokens) tool_.End<kOne>(token);
  EXPECT_EQ(Tool().in_progress, 0u);
}

// Statistics are kept while a window stands still; whatever changes them must be noticed.
TEST_F(CollectTest, KeptStatisticsAreNeverStale) {
  Succeed(1);
  Succeed(3);
  EXPECT_EQ(Tool().window_ms.mean, 2.0);
  EXPECT_EQ(Tool().window_ms.mean, 2.0);
  Succeed(8);
  EXPECT_EQ(Tool().window_ms.mean, 4.0);
  Configure(2, QuantileMethod::kExclusive);
  EXPECT_EQ(Tool().window_ms.mean, 5.5);
  EXPECT_EQ(Tool().window_ms.quantiles[4], 12.85);
  Configure(2, QuantileMethod::kInclusive);
  EXPECT_EQ(Tool().window_ms.quantiles[4], 7.95);
  collector_->Reset();
  EXPECT_EQ(Tool().window_ms.count, 0u);
  Succeed(5);
  EXPECT_EQ(Tool().window_ms.mean, 5.0);
}

TEST_F(CollectTest, TheWindowSlidesWhileTheTotalsGrow) {
  for (int i = 0; i < 2500; ++i) Succeed(i);
  const ToolSnapshot tool = Tool();
  EXPECT_EQ(tool.total_calls(), 2500u);
  EXPECT_EQ(tool.window_ms.count, 1000u);
  EXPECT_EQ(tool.window_ms.min, 1500.0);
  EXPECT_EQ(tool.window_ms.max, 2499.0);
  EXPECT_EQ(tool.total_latency_ms, 2499.0 * 2500 / 2);
}

TEST_F(CollectTest, FirstItemsAreShownForToolsThatYield) {
  collector_->KeepFirstItems(tool_);
  EXPECT_EQ(Tool().first_item_ms.value().count, 0u);
  tool_.RecordFirstItem<kOne>(2'000'000);
  tool_.RecordFirstItem<kOne>(4'000'000);
  EXPECT_EQ(Tool().first_item_ms.value().count, 2u);
  EXPECT_EQ(Tool().first_item_ms.value().mean, 3.0);
  EXPECT_EQ(Tool().window_ms.count, 0u);
}

TEST_F(CollectTest, OneSeriesIsReadByItsName) {
  CacheMetrics& cache = collector_->Cache("files");
  cache.cell().hits = 4;
  cache.cell().misses = 3;
  cache.cell().evictions = 2;
  cache.cell().size_rejections = 1;
  const CacheSnapshot snapshot = reader_.ReadCache("files").value();
  EXPECT_EQ(snapshot.name, "files");
  EXPECT_EQ(snapshot.hits, 4u);
  EXPECT_EQ(snapshot.misses, 3u);
  EXPECT_EQ(snapshot.evictions, 2u);
  EXPECT_EQ(snapshot.size_rejections, 1u);
  for (const std::string_view unknown : {"unknown", "overflow"}) {
    EXPECT_FALSE(reader_.ReadTool(unknown).has_value());
    EXPECT_FALSE(reader_.ReadCache(unknown).has_value());
  }
}

TEST_F(CollectTest, OverflowIsShownOnceItHoldsSomething) {
  EXPECT_EQ(reader_.Read()->tools.size(), 1u);
  EXPECT_TRUE(reader_.Read()->caches.empty());
  ToolMetrics& overflow = collector_->Tool(kOverflowName);
  overflow.Record<kOne>(overflow.outcome(Outcome::kCancelled), 1);
  collector_->Cache(kOverflowName).cell().evictions = 1;
  const auto snapshot = reader_.Read();
  ASSERT_EQ(snapshot->tools.size(), 2u);
  EXPECT_EQ(snapshot->tools[0].name, "overflow");
  EXPECT_EQ(snapshot->tools[0].cancelled_calls, 1u);
  ASSERT_EQ(snapshot->caches.size(), 1u);
  EXPECT_EQ(reader_.ReadTool("overflow")->cancelled_calls, 1u);
}

TEST_F(CollectTest, ASnapshotTellsOfTheWholeProcess) {
  collector_->Tool("b");
  collector_->Tool("a");
  collector_->Cache("z");
  collector_->Cache("y");
  collector_->CountDropped(DropReason::kNameEmpty);
  collector_->CountDropped(DropReason::kLatencyNan);
  collector_->CountDropped(DropReason::kLatencyNan);
  collector_->CountScrape(1'500'000'000);
  CollectorOptions options;
  options.name_prefix = "myapp_";
  options.window_size = 77;
  ASSERT_TRUE(collector_->Configure(options).ok());
  clock_.Advance(12'500'000'000);
  const int64_t before_us = Clock::UnixNanos() / 1000;
  const auto snapshot = reader_.Read();
  EXPECT_GE(snapshot->timestamp_us, before_us);
  EXPECT_LE(snapshot->timestamp_us, Clock::UnixNanos() / 1000);
  EXPECT_EQ(snapshot->uptime_seconds, 12.5);
  EXPECT_EQ(snapshot->window_size, 77u);
  EXPECT_EQ(snapshot->name_prefix, "myapp_");
  EXPECT_THAT(*snapshot->duration_bounds, testing::ElementsAreArray(kDefaultDurationBounds));
  ASSERT_EQ(snapshot->tools.size(), 3u);
  EXPECT_EQ(snapshot->tools[0].name, "a");
  EXPECT_EQ(snapshot->tools[1].name, "b");
  EXPECT_EQ(snapshot->tools[2].name, "search");
  ASSERT_EQ(snapshot->caches.size(), 2u);
  EXPECT_EQ(snapshot->caches[0].name, "y");
  EXPECT_EQ(snapshot->process.pid, getpid());
  EXPECT_EQ(snapshot->self.version, TOOLVITALS_VERSION);
  EXPECT_EQ(snapshot->self.series, 5u);
  EXPECT_EQ(snapshot->self.memory_bytes, collector_->segment().used_bytes());
  EXPECT_EQ(snapshot->self.scrapes, 1u);
  EXPECT_EQ(snapshot->self.max_series, options.max_series);
  EXPECT_EQ(snapshot->self.max_memory_bytes, options.memory_limit_mb << 20);
  const int64_t created_us = snapshot->created_us;
  EXPECT_EQ(created_us, static_cast<int64_t>(collector_->segment().header().created_unix_ns / 1000));
  // Two at one instant are told apart too.
  collector_->Reset();
  EXPECT_GT(reader_.Read()->created_us, created_us);
  const int64_t reset_us = reader_.Read()->created_us;
  collector_->Reset();
  EXPECT_GT(reader_.Read()->created_us, reset_us);
  EXPECT_EQ(snapshot->self.scrape_seconds_sum, 1.5);
  // Every reason is there from the start, so that a rate over its counter misses nothing.
  ASSERT_EQ(snapshot->self.dropped_records.size(), static_cast<size_t>(DropReason::kCount));
  EXPECT_TRUE(std::is_sorted(snapshot->self.dropped_records.begin(), snapshot->self.dropped_records.end()));
  for (const auto& [reason, count] : snapshot->self.dropped_records) {
    EXPECT_EQ(count, reason == "latency_nan" ? 2u : reason == "name_empty" ? 1u : 0u) << reason;
  }
}

TEST_F(CollectTest, TheInterpreterIsToldOfOnceItIsKnown) {
  SegmentHeader& header = collector_->segment().header();
  EXPECT_TRUE(reader_.Read()->python.implementation.empty());
  header.python_version = PythonVersionWord(0x030B07F0, /*is_modified=*/false, 3);
  header.gc[2].collections = 5;
  header.gc[2].objects_uncollectable = 1;
  const PythonSnapshot python = reader_.Read()->python;
  EXPECT_EQ(python.version, "3.11.7");
  ASSERT_EQ(python.gc.size(), 3u);
  EXPECT_EQ(python.gc[2].collections, 5u);
  EXPECT_EQ(python.gc[2].objects_uncollectable, 1u);
}

// What must hold in every snapshot, however many threads record.
class TornFreeTest : public testing::Test {
 protected:
  // Records until `stop`, and once at least, with `lock` held around each call where there is one.
  template <Writers W>
  void RecordUntil(const std::atomic<bool>& stop, size_t thread, std::mutex* lock) {
    HistogramCell* const outcomes[] = {&tool_.outcome(Outcome::kSuccess), &tool_.outcome(Outcome::kCancelled),
                                       &collector_->ErrorType(tool_, "A"), &collector_->ErrorType(tool_, "B"),
                                       &tool_.outcome(Outcome::kErrorOverflow)};
    Random random(thread);
    uint64_t recorded = 0;
    do {
      const uint64_t bits = random.Bits();
      std::unique_lock<std::mutex> guard;
      if (lock != nullptr) guard = std::unique_lock(*lock);
      const InFlightToken token = tool_.Begin<W>(Clock::Ticks());
      tool_.RecordNanos<W>(*outcomes[bits % 5], 1 + (bits >> 8) % 2'000'000'000);
      tool_.End<W>(token);
      ++recorded;
    } while (!stop.load(std::memory_order_relaxed));
    recorded_ += recorded;
  }

  void ReadMany(uint64_t snapshots, uint64_t most_in_flight) {
    SnapshotReader reader(*collector_);
    ToolSnapshot before;
    for (uint64_t i = 0; i < snapshots; ++i) {
      const ToolSnapshot now = reader.ReadTool("search").value();
      ASSERT_EQ(std::accumulate(now.duration_buckets.begin(), now.duration_buckets.end(), uint64_t{0}),
                now.total_calls());
      uint64_t typed = 0;
      for (const auto& [type, count] : now.error_types) typed += count;
      ASSERT_EQ(typed, now.failed_calls);
      ASSERT_GE(now.successful_calls, before.successful_calls);
      ASSERT_GE(now.failed_calls, before.failed_calls);
      ASSERT_GE(now.cancelled_calls, before.cancelled_calls);
      ASSERT_GE(now.total_latency_ms, before.total_latency_ms);
      for (size_t bucket = 0; bucket < before.duration_buckets.size(); ++bucket) {
        ASSERT_GE(now.duration_buckets[bucket], before.duration_buckets[bucket]);
      }
      ASSERT_LE(now.in_progress, most_in_flight);
      ASSERT_LE(now.window_ms.count, kWindow);
      if (now.window_ms.count > 0) {
        ASSERT_GE(now.window_ms.min, 1e-6);
        ASSERT_LE(now.window_ms.max, 2000.0);
      }
      before = now;
    }
  }

  void ExpectAllCounted() {
    SnapshotReader reader(*collector_);
    const ToolSnapshot tool = reader.ReadTool("search").value();
    EXPECT_EQ(tool.total_calls(), recorded_);
    EXPECT_EQ(tool.in_progress, 0u);
    EXPECT_EQ(tool.window_ms.count, std::min<uint64_t>(recorded_, kWindow));
    EXPECT_GT(recorded_, 0u);
  }

  // A small window keeps each snapshot cheap.
  static constexpr uint64_t kWindow = 16;
  static std::unique_ptr<Collector> Make() {
    CollectorOptions options;
    options.window_size = kWindow;
    return *Collector::Create(options);
  }

  std::unique_ptr<Collector> collector_ = Make();
  ToolMetrics& tool_ = collector_->Tool("search");
  std::atomic<uint64_t> recorded_{0};
};

TEST_F(TornFreeTest, NoSnapshotIsTornWhileEightThreadsRecord) {
  constexpr size_t kThreads = 8;
  std::atomic<bool> stop{false};
  RunThreads(kThreads + 1, [&](size_t thread) {
    if (thread < kThreads) return RecordUntil<Writers::kConcurrent>(stop, thread, nullptr);
    ReadMany(Repetitions(100'000), kThreads);
    stop = true;
  });
  ExpectAllCounted();
}

TEST_F(TornFreeTest, NoSnapshotIsTornWhileSerializedThreadsRecord) {
  std::mutex lock;
  std::atomic<bool> stop{false};
  RunThreads(2, [&](size_t thread) {
    if (thread < 1) return RecordUntil<Writers::kSerialized>(stop, thread, &lock);
    ReadMany(Repetitions(100'000), 1);
    stop = true;
  });
  ExpectAllCounted();
}

// Whole snapshots while threads register new series: what was there stays there, in order, once.
TEST_F(TornFreeTest, WholeSnapshotsWhileSeriesAreBorn) {
  std::atomic<size_t> registering{4};
  RunThreads(5, [&](size_t thread) {
    if (thread < 4) {
      for (uint64_t i = 0; i < Repetitions(1000); ++i) {
        ToolMetrics& tool = collector_->Tool(absl::StrCat(thread, "/", i));
        tool.Record<Writers::kConcurrent>(collector_->ErrorType(tool, "E"), 1);
      }
      --registering;
      return;
    }
    SnapshotReader reader(*collector_);
    size_t tools_before = 0;
    while (registering != 0) {
      const auto snapshot = reader.Read();
      ASSERT_GE(snapshot->tools.size(), tools_before);
      tools_before = snapshot->tools.size();
      ASSERT_TRUE(std::adjacent_find(snapshot->tools.begin(), snapshot->tools.end(), [](const auto& a, const auto& b) {
                    return a.name >= b.name;
                  }) == snapshot->tools.end());
      for (const ToolSnapshot& tool : snapshot->tools) ASSERT_LE(tool.total_calls(), 1u);
    }
  });
  SnapshotReader reader(*collector_);
  EXPECT_EQ(reader.Read()->tools.size(), 4 * Repetitions(1000) + 1);
}

TEST_F(TornFreeTest, ReadersOfOneCollectorDoNotDisturbEachOther) {
  std::atomic<bool> stop{false};
  std::atomic<size_t> reading{3};
  RunThreads(4, [&](size_t thread) {
    if (thread == 0) return RecordUntil<Writers::kConcurrent>(stop, thread, nullptr);
    ReadMany(Repetitions(5000), 1);
    if (--reading == 0) stop = true;
  });
  ExpectAllCounted();
}

}  // namespace
}  // namespace toolvitals
