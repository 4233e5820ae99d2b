// The process's collector, and what becomes of it in the child of a fork.
// Floor: collector.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing.h"
#include "collector/collector.h"

namespace toolvitals {
namespace {

constexpr size_t kBuckets = kDefaultDurationBounds.size() + 1;
constexpr Writers kMany = Writers::kConcurrent;

uint64_t Count(const HistogramCell& histogram) {
  std::vector<uint64_t> counts(kBuckets);
  return histogram.Collect(counts);
}

InFlightState InFlightOf(const ToolMetrics& tool) {
  return ReadInFlight(Collector::Global().segment(), tool.cell().in_flight, tool.cell().spill);
}

uint64_t WindowCount(const ToolMetrics& tool) {
  const Segment& segment = Collector::Global().segment();
  std::vector<double> samples;
  const WindowCell& window = tool.cell().window;
  window.Read(*segment.At<RingRecord>(window.ring.load()), kDefaultWindowSize, samples);
  return samples.size();
}

// Runs `body` in a forked child and returns its exit code: zero, or the line that was not true.
int InChild(const std::function<int()>& body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  if (waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
  return WEXITSTATUS(status);
}

// An exit code has eight bits; the steps of a child are numbered instead of their lines.
#define CHECK_STEP(number, condition) \
  if (!(condition)) return number

class GlobalTest : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(Collector::InitGlobal().ok());
    Collector::Global().Reset();
  }
};

TEST_F(GlobalTest, ThereIsOne) {
  Collector* const collector = &Collector::Global();
  RunThreads(8, [&](size_t) {
    if (!Collector::InitGlobal().ok() || &Collector::Global() != collector) ADD_FAILURE() << "another";
  });
}

TEST_F(GlobalTest, AChildBeginsAtZeroAndItsHandlesWork) {
  Collector& collector = Collector::Global();
  ToolMetrics& tool = collector.Tool("forked");
  CacheMetrics& cache = collector.Cache("forked");
  HistogramCell& error = collector.ErrorType(tool, "E");
  tool.Record<kMany>(tool.outcome(Outcome::kSuccess), 5);
  tool.Record<kMany>(error, 6);
  cache.cell().hits.fetch_add(2);
  collector.CountDropped(DropReason::kArguments);
  std::vector<InFlightToken> running;
  for (int i = 0; i < 100; ++i) running.push_back(tool.Begin<kMany>(Clock::Ticks()));
  const uint64_t started = collector.started_ns();
  const auto parent = static_cast<uint64_t>(getpid());
  // Parent and child may start within one of the kernel's ticks; this the child cannot find by chance.
  Word& start_ticks = collector.segment().header().process_start_ticks;
  const uint64_t parent_start_ticks = start_ticks.exchange(1);

  EXPECT_EQ(InChild([&] {
              const SegmentHeader& header = collector.segment().header();
              CHECK_STEP(1, Count(tool.outcome(Outcome::kSuccess)) == 0);
              CHECK_STEP(2, Count(error) == 0);
              CHECK_STEP(3, cache.cell().hits.load() == 0);
              CHECK_STEP(4, WindowCount(tool) == 0);
              CHECK_STEP(5, InFlightOf(tool).calls == 0);
              CHECK_STEP(6, InFlightOf(tool).oldest_start_ticks == 0);
              CHECK_STEP(7, header.dropped[static_cast<size_t>(DropReason::kArguments)].load() == 0);
              CHECK_STEP(8, header.process_id.load() == static_cast<uint64_t>(getpid()));
              CHECK_STEP(9, header.process_id.load() != parent);
              CHECK_STEP(17, header.process_start_ticks.load() != 1);
              CHECK_STEP(10, collector.started_ns() >= started);
              // What ran in the parent may end here, as the stack of a forked tool unwinds.
              for (const InFlightToken token : running) tool.End<kMany>(token);
              CHECK_STEP(11, InFlightOf(tool).calls == 0);
              tool.Record<kMany>(tool.outcome(Outcome::kSuccess), 1);
              tool.Record<kMany>(collector.ErrorType(tool, "E"), 1);
              CHECK_STEP(12, Count(tool.outcome(Outcome::kSuccess)) == 1);
              CHECK_STEP(13, Count(error) == 1);
              CHECK_STEP(14, WindowCount(tool) == 2);
              CHECK_STEP(15, &collector.Tool("forked") == &tool);
              CHECK_STEP(16, &collector.Tool("born in the child") != &collector.Tool(kOverflowName));
              return 0;
            }),
            0);

  // The parent noticed nothing.
  EXPECT_EQ(start_ticks.exchange(parent_start_ticks), 1u);
  EXPECT_EQ(Count(tool.outcome(Outcome::kSuccess)), 1u);
  EXPECT_EQ(Count(error), 1u);
  EXPECT_EQ(cache.cell().hits.load(), 2u);
  EXPECT_EQ(WindowCount(tool), 2u);
  EXPECT_EQ(InFlightOf(tool).calls, 100u);
  EXPECT_EQ(collector.FindTool("born in the child"), nullptr);
  EXPECT_EQ(collector.segment().header().process_id.load(), parent);
  for (const InFlightToken token : running) tool.End<kMany>(token);
  EXPECT_EQ(InFlightOf(tool).calls, 0u);
}

TEST_F(GlobalTest, AGrandchildBeginsAtZeroToo) {
  ToolMetrics& tool = Collector::Global().Tool("forked");
  tool.Record<kMany>(tool.outcome(Outcome::kSuccess), 1);
  EXPECT_EQ(InChild([&] {
              tool.Record<kMany>(tool.outcome(Outcome::kSuccess), 1);
              return InChild([&] {
                CHECK_STEP(1, Count(tool.outcome(Outcome::kSuccess)) == 0);
                return 0;
              });
            }),
            0);
}

// Threads of the parent hold the collector's mutex at any moment; the child must find it free, every time.
TEST_F(GlobalTest, ForksWhileThreadsRegisterAndRecord) {
  Collector& collector = Collector::Global();
  std::atomic<bool> done{false};
  std::vector<std::thread> threads;
  for (size_t thread = 0; thread < 4; ++thread) {
    threads.emplace_back([&, thread] {
      for (uint64_t i = 0; !done; ++i) {
        ToolMetrics& tool = collector.Tool(absl::StrCat("thread", (thread + i) % 50));
        const InFlightToken token = tool.Begin<kMany>(Clock::Ticks());
        tool.Record<kMany>(collector.ErrorType(tool, absl::StrCat("E", i % 5)), 1);
        tool.End<kMany>(token);
      }
    });
  }
  for (uint64_t i = 0; i < Repetitions(100); ++i) {
    const int code = InChild([&] {
      uint64_t calls = 0;
      ForEachSeries(collector.segment(), [&](const DirectoryView& series) {
        if (series.kind == SeriesKind::kTool) calls += InFlightOf(collector.Tool(series.name)).calls;
      });
      CHECK_STEP(1, calls == 0);
      ToolMetrics& tool = collector.Tool("child");
      tool.Record<kMany>(tool.outcome(Outcome::kSuccess), 1);
      CHECK_STEP(2, Count(tool.outcome(Outcome::kSuccess)) == 1);
      return 0;
    });
    EXPECT_EQ(code, 0);
    if (code != 0) break;
  }
  done = true;
  for (std::thread& thread : threads) thread.join();
}

}  // namespace
}  // namespace toolvitals
