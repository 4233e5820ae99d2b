// The collector: series within budgets, options that change in use, and a reset that leaves handles valid.
// Floor: collector.
#include "collector/collector.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing.h"

namespace toolvitals {
namespace {

using testing::HasSubstr;

constexpr size_t kThreads = 8;
constexpr size_t kBuckets = kDefaultDurationBounds.size() + 1;
constexpr Writers kOne = Writers::kSerialized;
constexpr Writers kMany = Writers::kConcurrent;

std::unique_ptr<Collector> Make(const CollectorOptions& options = {}) {
  absl::StatusOr<std::unique_ptr<Collector>> made = Collector::Create(options);
  if (!made.ok()) {
    ADD_FAILURE() << made.status();
    return nullptr;
  }
  return *std::move(made);
}

uint64_t Count(const HistogramCell& histogram) {
  std::vector<uint64_t> counts(kBuckets);
  return histogram.Collect(counts);
}

uint64_t Successes(ToolMetrics& tool) { return Count(tool.outcome(Outcome::kSuccess)); }

std::vector<double> WindowOf(const Collector& collector, const WindowCell& window) {
  const Segment& segment = collector.segment();
  std::vector<double> samples;
  window.Read(*segment.At<RingRecord>(window.ring.load()), segment.header().window_size.load(), samples);
  return samples;
}

void Succeed(ToolMetrics& tool, double latency_ms) { tool.Record<kOne>(tool.outcome(Outcome::kSuccess), latency_ms); }

TEST(CollectorTest, OneNameIsOneHandle) {
  const auto collector = Make();
  EXPECT_EQ(collector->FindTool("a"), nullptr);
  EXPECT_EQ(collector->FindCache("a"), nullptr);
  ToolMetrics& tool = collector->Tool("a");
  CacheMetrics& cache = collector->Cache("a");
  EXPECT_EQ(&collector->Tool("a"), &tool);
  EXPECT_EQ(&collector->Cache("a"), &cache);
  EXPECT_NE(&collector->Tool("b"), &tool);
  EXPECT_EQ(collector->FindTool("a"), &tool);
  EXPECT_EQ(collector->FindCache("a"), &cache);
  EXPECT_EQ(tool.name(), "a");
  EXPECT_EQ(cache.name(), "a");
  EXPECT_EQ(collector->segment().header().series.load(), 3u);
}

TEST(CollectorTest, TheHeaderHoldsWhatAReaderNeeds) {
  CollectorOptions options;
  options.window_size = 123;
  const auto collector = Make(options);
  const SegmentHeader& header = collector->segment().header();
  EXPECT_EQ(header.window_size.load(), 123u);
  EXPECT_EQ(header.ns_per_tick_q32.load(), Clock::ns_per_tick_q32());
  EXPECT_EQ(header.clock_source.load(), static_cast<uint64_t>(Clock::source()));
  ASSERT_EQ(header.histogram_bounds.load(), kDefaultDurationBounds.size());
  for (size_t i = 0; i < kDefaultDurationBounds.size(); ++i) {
    EXPECT_EQ(LoadDouble(header.bounds[i]), kDefaultDurationBounds[i]);
  }
}

TEST(CollectorTest, OptionsOutOfRangeAreNamed) {
  const auto message = [](auto change) {
    CollectorOptions options;
    change(options);
    const absl::Status status = Collector::Create(options).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
    const auto collector = Make();
    EXPECT_EQ(collector->Configure(options), status);
    EXPECT_EQ(collector->options().window_size, kDefaultWindowSize);
    return std::string(status.message());
  };
  EXPECT_EQ(message([](auto& o) { o.window_size = 1; }), "window_size is 1, but must be 2 to 1000000");
  EXPECT_THAT(message([](auto& o) { o.window_size = 1'000'001; }), HasSubstr("window_size is 1000001"));
  EXPECT_THAT(message([](auto& o) { o.max_series = 0; }), HasSubstr("max_series is 0"));
  EXPECT_THAT(message([](auto& o) { o.max_series = 1'000'001; }), HasSubstr("must be 1 to 1000000"));
  EXPECT_THAT(message([](auto& o) { o.memory_limit_mb = 0; }), HasSubstr("memory_limit_mb is 0"));
  EXPECT_THAT(message([](auto& o) { o.memory_limit_mb = 1025; }), HasSubstr("must be 1 to 1024"));
}

TEST(CollectorTest, AWindowThatTheMemoryCannotHoldIsRefused) {
  CollectorOptions options;
  options.memory_limit_mb = 1;
  options.window_size = kMaxWindowSize;
  const absl::Status status = Collector::Create(options).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("memory_limit_mb 1 "));
  EXPECT_THAT(std::string(status.message()), HasSubstr("window_size 1000000"));
}

TEST(CollectorTest, PastTheSeriesBudgetOneSeriesTakesTheRest) {
  CollectorOptions options;
  options.max_series = 10;
  const auto collector = Make(options);
  const uint64_t names = Repetitions(100'000);
  std::set<ToolMetrics*> tools;
  for (uint64_t i = 0; i < names; ++i) {
    ToolMetrics& tool = collector->Tool(absl::StrCat("tool", i));
    Succeed(tool, 1);
    tools.insert(&tool);
  }
  EXPECT_EQ(tools.size(), 11u);
  ToolMetrics& overflow = collector->Tool(kOverflowName);
  EXPECT_EQ(overflow.name(), kOverflowName);
  EXPECT_EQ(&collector->Tool("another"), &overflow);
  EXPECT_EQ(collector->FindTool("another"), nullptr);
  EXPECT_EQ(Successes(overflow), names - 10);
  uint64_t total = 0;
  for (ToolMetrics* tool : tools) total += Successes(*tool);
  EXPECT_EQ(total, names);
  EXPECT_EQ(&collector->Cache("c"), &collector->Cache(kOverflowName));
  EXPECT_EQ(&collector->ErrorType(collector->Tool("tool0"), "E"),
            &collector->Tool("tool0").outcome(Outcome::kErrorOverflow));
  EXPECT_EQ(collector->segment().header().series.load(), 10u);
}

TEST(CollectorTest, PastTheByteBudgetOneSeriesTakesTheRest) {
  CollectorOptions options;
  options.memory_limit_mb = 1;
  const auto collector = Make(options);
  const uint64_t names = 5000;
  for (uint64_t i = 0; i < names; ++i) Succeed(collector->Tool(absl::StrCat("tool", i)), 1);
  for (uint64_t i = 0; i < names; ++i) {
    collector->Cache(absl::StrCat("cache", i)).cell().hits.fetch_add(1);
  }
  uint64_t tools = 0, calls = 0, caches = 0, hits = 0;
  ForEachSeries(collector->segment(), [&](const DirectoryView& series) {
    if (series.kind == SeriesKind::kTool) {
      ++tools;
      calls +=
          Successes(series.name == kOverflowName ? collector->Tool(kOverflowName) : *collector->FindTool(series.name));
    } else {
      ++caches;
      hits += collector->segment().At<CacheCell>(series.cell)->hits.load();
    }
  });
  EXPECT_EQ(calls, names);
  EXPECT_EQ(hits, names);
  EXPECT_LE(collector->segment().used_bytes(), uint64_t{1} << 20);
  // The two overflow series are outside the budget of series.
  EXPECT_EQ(collector->segment().header().series.load(), tools + caches - 2);
  EXPECT_GT(tools, 80u);
}

TEST(CollectorTest, ErrorTypesHaveAHistogramEach) {
  const auto collector = Make();
  ToolMetrics& tool = collector->Tool("a");
  HistogramCell& timeouts = collector->ErrorType(tool, "TimeoutError");
  EXPECT_EQ(&collector->ErrorType(tool, "TimeoutError"), &timeouts);
  EXPECT_NE(&collector->ErrorType(tool, "ValueError"), &timeouts);
  EXPECT_NE(&collector->ErrorType(collector->Tool("b"), "TimeoutError"), &timeouts);
  EXPECT_EQ(&collector->ErrorType(tool, "overflow"), &tool.outcome(Outcome::kErrorOverflow));
  tool.Record<kOne>(timeouts, 3);
  EXPECT_EQ(Count(timeouts), 1u);
  EXPECT_EQ(WindowOf(*collector, tool.cell().window), std::vector<double>{3});
}

TEST(CollectorTest, OneToolCannotTakeEveryErrorType) {
  const auto collector = Make();
  ToolMetrics& tool = collector->Tool("a");
  const uint64_t types = kMaxErrorTypesPerTool + 100;
  for (uint64_t i = 0; i < types; ++i) tool.Record<kOne>(collector->ErrorType(tool, absl::StrCat("E", i)), 1);
  EXPECT_EQ(tool.cell().error_types.load(), kMaxErrorTypesPerTool);
  EXPECT_EQ(Count(tool.outcome(Outcome::kErrorOverflow)), 100u);
  EXPECT_EQ(Count(collector->ErrorType(tool, "E0")), 1u);
  EXPECT_NE(&collector->ErrorType(collector->Tool("b"), "E"), &collector->Tool("b").outcome(Outcome::kErrorOverflow));
}

TEST(CollectorTest, ConfigureGrowsWindowsAndKeepsTheirSamples) {
  CollectorOptions options;
  options.window_size = 10;
  const auto collector = Make(options);
  ToolMetrics& tool = collector->Tool("a");
  collector->KeepFirstItems(tool);
  for (int i = 0; i < 100; ++i) Succeed(tool, i);
  tool.RecordFirstItem<kOne>(1'000'000);
  options.window_size = 500;
  ASSERT_TRUE(collector->Configure(options).ok());
  // At least what the window showed is still there; the ring, a power of two, may have kept a few more.
  std::vector<double> samples = WindowOf(*collector, tool.cell().window);
  ASSERT_GE(samples.size(), 10u);
  ASSERT_LE(samples.size(), 16u);
  for (size_t i = 0; i < samples.size(); ++i) EXPECT_EQ(samples[i], static_cast<double>(100 - samples.size() + i));
  const size_t kept = samples.size();
  for (int i = 100; i < 200; ++i) Succeed(tool, i);
  samples = WindowOf(*collector, tool.cell().window);
  ASSERT_EQ(samples.size(), kept + 100);
  EXPECT_EQ(samples.back(), 199.0);
  EXPECT_TRUE(std::is_sorted(samples.begin(), samples.end()));
  for (int i = 200; i < 2000; ++i) Succeed(tool, i);
  EXPECT_EQ(WindowOf(*collector, tool.cell().window).size(), 500u);
  EXPECT_EQ(WindowOf(*collector, tool.cell().first_item), std::vector<double>{1});
  EXPECT_EQ(Successes(tool), 2000u);
  // New tools and the overflow series have the new window too.
  for (ToolMetrics* other : {&collector->Tool("b"), &collector->Tool(kOverflowName)}) {
    for (int i = 0; i < 1000; ++i) Succeed(*other, i);
    EXPECT_EQ(WindowOf(*collector, other->cell().window).size(), 500u);
  }
}

TEST(CollectorTest, ConfigureShrinksWhatIsShown) {
  const auto collector = Make();
  ToolMetrics& tool = collector->Tool("a");
  for (int i = 0; i < 100; ++i) Succeed(tool, i);
  CollectorOptions options;
  options.window_size = 3;
  options.quantile_method = QuantileMethod::kInclusive;
  options.max_series = 2;
  options.name_prefix = "myapp_";
  ASSERT_TRUE(collector->Configure(options).ok());
  EXPECT_EQ(WindowOf(*collector, tool.cell().window), (std::vector<double>{97, 98, 99}));
  EXPECT_EQ(collector->quantile_method(), QuantileMethod::kInclusive);
  EXPECT_EQ(collector->options().name_prefix, "myapp_");
  EXPECT_EQ(collector->options().max_series, 2u);
  collector->Tool("b");
  EXPECT_EQ(&collector->Tool("c"), &collector->Tool(kOverflowName));
}

TEST(CollectorTest, AConfigurationThatDoesNotFitLeavesTheOldOne) {
  CollectorOptions options;
  options.memory_limit_mb = 1;
  const auto collector = Make(options);
  for (int i = 0; i < 50; ++i) Succeed(collector->Tool(absl::StrCat("tool", i)), i);
  CollectorOptions larger = options;
  larger.memory_limit_mb = 2;
  larger.window_size = 100'000;
  larger.name_prefix = "x_";
  const absl::Status status = collector->Configure(larger);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_THAT(std::string(status.message()), HasSubstr("window_size 100000"));
  EXPECT_EQ(collector->segment().budget_bytes(), uint64_t{1} << 20);
  EXPECT_EQ(collector->segment().header().window_size.load(), kDefaultWindowSize);
  EXPECT_EQ(collector->options().name_prefix, "");
  EXPECT_EQ(collector->options().window_size, kDefaultWindowSize);
  EXPECT_EQ(WindowOf(*collector, collector->Tool("tool7").cell().window), std::vector<double>{7});
}

TEST(CollectorTest, MoreMemoryMakesRoomForSeries) {
  CollectorOptions options;
  options.memory_limit_mb = 1;
  const auto collector = Make(options);
  uint64_t i = 0;
  while (&collector->Tool(absl::StrCat("tool", i)) != &collector->Tool(kOverflowName)) ++i;
  options.memory_limit_mb = 64;
  ASSERT_TRUE(collector->Configure(options).ok());
  EXPECT_NE(&collector->Tool(absl::StrCat("tool", i)), &collector->Tool(kOverflowName));
}

TEST(CollectorTest, ResetZeroesAndHandlesStayValid) {
  const auto collector = Make();
  ToolMetrics& tool = collector->Tool("a");
  CacheMetrics& cache = collector->Cache("c");
  HistogramCell& error = collector->ErrorType(tool, "E");
  collector->KeepFirstItems(tool);
  Succeed(tool, 5);
  tool.Record<kOne>(error, 7);
  tool.Record<kOne>(tool.outcome(Outcome::kCancelled), 1e300);
  tool.RecordFirstItem<kOne>(1'000'000);
  cache.cell().hits.fetch_add(3);
  cache.cell().size_rejections.fetch_add(1);
  Succeed(collector->Tool(kOverflowName), 1);
  collector->CountDropped(DropReason::kLatencyNan);
  collector->CountScrape(1000);
  const InFlightToken running = tool.Begin<kOne>(Clock::Ticks());
  collector->Reset();

  EXPECT_EQ(Successes(tool), 0u);
  EXPECT_EQ(Count(error), 0u);
  EXPECT_EQ(Count(tool.outcome(Outcome::kCancelled)), 0u);
  EXPECT_EQ(tool.outcome(Outcome::kCancelled).Sum(), 0.0);
  EXPECT_EQ(Successes(collector->Tool(kOverflowName)), 0u);
  EXPECT_TRUE(WindowOf(*collector, tool.cell().window).empty());
  EXPECT_TRUE(WindowOf(*collector, tool.cell().first_item).empty());
  EXPECT_EQ(cache.cell().hits.load() + cache.cell().size_rejections.load(), 0u);
  const SegmentHeader& header = collector->segment().header();
  EXPECT_EQ(header.dropped[static_cast<size_t>(DropReason::kLatencyNan)].load(), 0u);
  EXPECT_EQ(header.scrapes.load() + header.scrape_ns_sum.load(), 0u);
  EXPECT_EQ(header.series.load(), 3u);
  EXPECT_EQ(ReadInFlight(collector->segment(), tool.cell().in_flight, tool.cell().spill).calls, 1u);

  tool.End<kOne>(running);
  Succeed(tool, 9);
  tool.Record<kOne>(error, 2);
  EXPECT_EQ(Successes(tool), 1u);
  EXPECT_EQ(&collector->ErrorType(tool, "E"), &error);
  EXPECT_EQ(Count(error), 1u);
  EXPECT_EQ(WindowOf(*collector, tool.cell().window), (std::vector<double>{9, 2}));
}

TEST(CollectorTest, ThreadsThatMeetANameShareItsHandle) {
  const auto collector = Make();
  constexpr size_t kNames = 200;
  std::vector<std::vector<ToolMetrics*>> tools(kThreads);
  std::vector<std::vector<HistogramCell*>> errors(kThreads);
  RunThreads(kThreads, [&](size_t thread) {
    for (size_t i = 0; i < kNames; ++i) {
      ToolMetrics& tool = collector->Tool(absl::StrCat("tool", i));
      HistogramCell& error = collector->ErrorType(tool, absl::StrCat("E", i % 7));
      tool.Record<kMany>(tool.outcome(Outcome::kSuccess), 1);
      tool.Record<kMany>(error, 1);
      collector->Cache(absl::StrCat("cache", i)).cell().hits.fetch_add(1);
      tools[thread].push_back(&tool);
      errors[thread].push_back(&error);
    }
  });
  for (size_t thread = 1; thread < kThreads; ++thread) {
    EXPECT_EQ(tools[thread], tools[0]);
    EXPECT_EQ(errors[thread], errors[0]);
  }
  for (size_t i = 0; i < kNames; ++i) {
    ASSERT_EQ(Successes(*tools[0][i]), kThreads);
    ASSERT_EQ(Count(*errors[0][i]), kThreads);
    ASSERT_EQ(collector->Cache(absl::StrCat("cache", i)).cell().hits.load(), kThreads);
  }
  EXPECT_EQ(collector->segment().header().series.load(), 3 * kNames);
}

TEST(CollectorTest, OverflowTotalsAreExactFromManyThreads) {
  CollectorOptions options;
  options.max_series = 20;
  const auto collector = Make(options);
  const uint64_t names = Repetitions(2000);
  RunThreads(kThreads, [&](size_t thread) {
    for (uint64_t i = 0; i < names; ++i) {
      ToolMetrics& tool = collector->Tool(absl::StrCat(thread, "/", i));
      tool.Record<kMany>(collector->ErrorType(tool, std::to_string(i)), 1);
    }
  });
  uint64_t calls = 0;
  ForEachSeries(collector->segment(), [&](const DirectoryView& series) {
    if (series.kind != SeriesKind::kTool) return;
    ToolMetrics& tool = collector->Tool(series.name);
    calls += Count(tool.outcome(Outcome::kErrorOverflow));
    for (Offset at = tool.cell().errors.load(); at != 0;) {
      const ErrorCell* error = collector->segment().At<ErrorCell>(at);
      calls += Count(error->histogram());
      at = error->next.load();
    }
  });
  EXPECT_EQ(calls, kThreads * names);
  EXPECT_EQ(collector->segment().header().series.load(), 20u);
}

// Windows move to larger rings and counts are zeroed under the writers; nothing may crash, and what is recorded
// afterwards is counted in full.
TEST(CollectorTest, ConfigureAndResetWhileThreadsRecord) {
  const auto collector = Make();
  ToolMetrics& tool = collector->Tool("a");
  std::atomic<size_t> recording{kThreads};
  RunThreads(kThreads + 1, [&](size_t thread) {
    if (thread < kThreads) {
      for (uint64_t i = 0; i < Repetitions(50'000); ++i) tool.Record<kMany>(tool.outcome(Outcome::kSuccess), 1);
      --recording;
      return;
    }
    CollectorOptions options;
    for (options.window_size = 4; recording != 0; options.window_size = options.window_size * 2 % 65'536 + 2) {
      const absl::Status status = collector->Configure(options);
      if (!status.ok()) ADD_FAILURE() << status;
      collector->Reset();
    }
  });
  ASSERT_TRUE(collector->Configure({}).ok());
  collector->Reset();
  for (int i = 0; i < 1500; ++i) Succeed(tool, i);
  EXPECT_EQ(Successes(tool), 1500u);
  EXPECT_EQ(WindowOf(*collector, tool.cell().window).size(), kDefaultWindowSize);
}

TEST(CollectorTest, DroppedRecordsAndScrapesAreCountedExactly) {
  const auto collector = Make();
  const uint64_t each = Repetitions(10'000);
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < each; ++i) {
      collector->CountDropped(DropReason::kNameEmpty);
      collector->CountScrape(3);
    }
  });
  const SegmentHeader& header = collector->segment().header();
  EXPECT_EQ(header.dropped[static_cast<size_t>(DropReason::kNameEmpty)].load(), kThreads * each);
  EXPECT_EQ(header.scrapes.load(), kThreads * each);
  EXPECT_EQ(header.scrape_ns_sum.load(), 3 * kThreads * each);
}

TEST(CollectorTest, StartsWhenTheClockSays) {
  FakeClock clock;
  clock.Advance(41);
  EXPECT_EQ(Make()->started_ns(), Clock::MonotonicNanos());
}

}  // namespace
}  // namespace toolvitals
