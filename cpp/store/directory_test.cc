// The directory: entries in order over any number of chunks, complete whenever they can be seen.
// Floor: store.
#include "store/directory.h"

#include <gtest/gtest.h>

#include <string>
#include <thread>
#include <vector>

#include "absl/strings/str_cat.h"
#include "base/testing.h"

namespace toolvitals {
namespace {

std::unique_ptr<Segment> Make(uint64_t budget) { return *Segment::CreateAnonymous(budget); }

std::vector<DirectoryView> Entries(const Segment& segment) {
  std::vector<DirectoryView> entries;
  ForEachSeries(segment, [&](const DirectoryView& view) { entries.push_back(view); });
  return entries;
}

TEST(DirectoryTest, BeginsEmpty) { EXPECT_TRUE(Entries(*Make(1 << 20)).empty()); }

TEST(DirectoryTest, KeepsKindNameAndCell) {
  const auto segment = Make(1 << 20);
  ASSERT_TRUE(AppendToDirectory(*segment, SeriesKind::kTool, "search", 4160));
  ASSERT_TRUE(AppendToDirectory(*segment, SeriesKind::kCache, "search", 8192));
  const auto entries = Entries(*segment);
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].kind, SeriesKind::kTool);
  EXPECT_EQ(entries[0].name, "search");
  EXPECT_EQ(entries[0].cell, 4160u);
  EXPECT_EQ(entries[1].kind, SeriesKind::kCache);
  EXPECT_EQ(entries[1].cell, 8192u);
}

TEST(DirectoryTest, KeepsTheOrderOverManyChunks) {
  const auto segment = Make(4 << 20);
  for (size_t count : {DirectoryChunk::kEntries, DirectoryChunk::kEntries + 1, 5 * DirectoryChunk::kEntries}) {
    for (size_t i = Entries(*segment).size(); i < count; ++i) {
      ASSERT_TRUE(AppendToDirectory(*segment, SeriesKind::kTool, absl::StrCat("tool", i), 64 * i));
    }
    const auto entries = Entries(*segment);
    ASSERT_EQ(entries.size(), count);
    for (size_t i = 0; i < count; ++i) {
      ASSERT_EQ(entries[i].name, absl::StrCat("tool", i));
      ASSERT_EQ(entries[i].cell, 64 * i);
    }
  }
}

TEST(DirectoryTest, ASpentBudgetRefusesAndKeepsWhatIsThere) {
  const auto segment = Make(64 << 10);
  size_t accepted = 0;
  while (AppendToDirectory(*segment, SeriesKind::kTool, absl::StrCat("tool", accepted), 64)) ++accepted;
  EXPECT_GT(accepted, DirectoryChunk::kEntries);
  EXPECT_FALSE(AppendToDirectory(*segment, SeriesKind::kTool, "late", 64));
  const auto entries = Entries(*segment);
  ASSERT_EQ(entries.size(), accepted);
  EXPECT_EQ(entries.back().name, absl::StrCat("tool", accepted - 1));
}

TEST(DirectoryTest, ReadersSeeCompleteEntriesWhileOneAppends) {
  const size_t total = Repetitions(20'000);
  const auto segment = Make(64 << 20);
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (size_t i = 0; i < total; ++i) {
      const Offset cell = segment->Allocate(8);
      segment->At<Word>(cell)->store(i, std::memory_order_relaxed);
      if (!AppendToDirectory(*segment, SeriesKind::kTool, std::to_string(i), cell)) {
        ADD_FAILURE() << i;
        break;
      }
    }
    done = true;
  });
  size_t seen_before = 0;
  for (bool last = false; !last;) {
    last = done;
    size_t seen = 0;
    bool complete = true;
    ForEachSeries(*segment, [&](const DirectoryView& view) {
      complete = complete && view.kind == SeriesKind::kTool && view.name == std::to_string(seen) &&
                 segment->At<Word>(view.cell)->load(std::memory_order_relaxed) == seen;
      ++seen;
    });
    EXPECT_TRUE(complete);
    EXPECT_GE(seen, seen_before);
    seen_before = seen;
  }
  writer.join();
  EXPECT_EQ(Entries(*segment).size(), total);
}

}  // namespace
}  // namespace toolvitals
