// The series budget: two budgets, and a count that is right after every refusal.
// Floor: registry.
#include "registry/series_budget.h"

#include <gtest/gtest.h>

#include <memory>
#include <mutex>
#include <string>

#include "absl/strings/str_cat.h"
#include "base/testing.h"

namespace toolvitals {
namespace {

std::unique_ptr<Segment> Make(uint64_t budget = 16 << 20) { return *Segment::CreateAnonymous(budget); }

size_t CountEntries(const Segment& segment) {
  size_t count = 0;
  ForEachSeries(segment, [&](const DirectoryView&) { ++count; });
  return count;
}

TEST(SeriesBudgetTest, ReservesCountsAndShows) {
  const auto segment = Make();
  SeriesBudget budget(*segment, 10);
  EXPECT_EQ(budget.series(), 0u);
  const Offset cell = budget.Reserve(100);
  ASSERT_NE(cell, 0u);
  EXPECT_EQ(budget.series(), 1u);
  EXPECT_EQ(CountEntries(*segment), 0u);
  ASSERT_TRUE(budget.Publish(SeriesKind::kTool, "search", cell));
  EXPECT_EQ(budget.series(), 1u);
  ForEachSeries(*segment, [&](const DirectoryView& view) {
    EXPECT_EQ(view.kind, SeriesKind::kTool);
    EXPECT_EQ(view.name, "search");
    EXPECT_EQ(view.cell, cell);
  });
  EXPECT_EQ(CountEntries(*segment), 1u);
}

TEST(SeriesBudgetTest, TheSeriesBudgetIsExact) {
  const auto segment = Make();
  SeriesBudget budget(*segment, 100);
  for (int i = 0; i < 100; ++i) ASSERT_NE(budget.Reserve(64), 0u);
  const uint64_t used = segment->used_bytes();
  EXPECT_EQ(budget.Reserve(64), 0u);
  EXPECT_EQ(budget.series(), 100u);
  EXPECT_EQ(segment->used_bytes(), used);
}

TEST(SeriesBudgetTest, CancelMakesRoom) {
  const auto segment = Make();
  SeriesBudget budget(*segment, 1);
  ASSERT_NE(budget.Reserve(64), 0u);
  budget.Cancel();
  EXPECT_EQ(budget.series(), 0u);
  EXPECT_NE(budget.Reserve(64), 0u);
  EXPECT_EQ(budget.Reserve(64), 0u);
}

TEST(SeriesBudgetTest, TheByteBudgetIsAnotherBudget) {
  const auto segment = Make(64 << 10);
  SeriesBudget budget(*segment, kMaxSeries);
  uint64_t reserved = 0;
  while (budget.Reserve(1024) != 0) ++reserved;
  EXPECT_EQ(reserved, ((64 << 10) - kHeaderBytes) / 1024);
  EXPECT_EQ(budget.series(), reserved);
}

TEST(SeriesBudgetTest, AnEntryThatFindsNoRoomIsNotCounted) {
  const auto segment = Make(64 << 10);
  SeriesBudget budget(*segment, kMaxSeries);
  const Offset cell = budget.Reserve(64);
  while (segment->Allocate(64) != 0) {
  }
  EXPECT_FALSE(budget.Publish(SeriesKind::kCache, "late", cell));
  EXPECT_EQ(budget.series(), 0u);
  EXPECT_EQ(CountEntries(*segment), 0u);
}

TEST(SeriesBudgetTest, TheSeriesBudgetMoves) {
  const auto segment = Make();
  SeriesBudget budget(*segment, 1);
  ASSERT_NE(budget.Reserve(64), 0u);
  ASSERT_EQ(budget.Reserve(64), 0u);
  budget.set_max_series(2);
  EXPECT_EQ(budget.max_series(), 2u);
  EXPECT_NE(budget.Reserve(64), 0u);
  // Lower than what is in use takes nothing away.
  budget.set_max_series(1);
  EXPECT_EQ(budget.series(), 2u);
  EXPECT_EQ(budget.Reserve(64), 0u);
}

TEST(SeriesBudgetTest, RandomStepsKeepTheCount) {
  Random random(41);
  const auto segment = Make();
  SeriesBudget budget(*segment, 50);
  uint64_t series = 0, shown = 0;
  for (int step = 0; step < 5000; ++step) {
    const Offset cell = budget.Reserve(64);
    ASSERT_EQ(cell != 0, series < 50);
    if (cell == 0) {
      // As if an older series had been given up.
      budget.Cancel();
      --series;
      continue;
    }
    ++series;
    if (random.Below(2) == 0) {
      ASSERT_TRUE(budget.Publish(SeriesKind::kTool, std::to_string(step), cell));
      ++shown;
    } else {
      budget.Cancel();
      --series;
    }
    ASSERT_EQ(budget.series(), series);
  }
  EXPECT_EQ(CountEntries(*segment), shown);
}

TEST(SeriesBudgetTest, ThreadsUnderALockGetTheWholeBudgetAndNoMore) {
  const auto segment = Make();
  SeriesBudget budget(*segment, 1000);
  std::mutex lock;
  std::atomic<uint64_t> granted{0};
  RunThreads(8, [&](size_t thread) {
    for (int i = 0; i < 200; ++i) {
      const std::lock_guard guard(lock);
      const Offset cell = budget.Reserve(64);
      if (cell == 0) continue;
      ASSERT_TRUE(budget.Publish(SeriesKind::kTool, absl::StrCat(thread, "/", i), cell));
      ++granted;
    }
  });
  EXPECT_EQ(granted, 1000u);
  EXPECT_EQ(budget.series(), 1000u);
  EXPECT_EQ(CountEntries(*segment), 1000u);
}

}  // namespace
}  // namespace toolvitals
