// The segment: identity, the bump allocator, the budget.
// Floor: store.
#include "store/segment.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "base/testing.h"

namespace toolvitals {
namespace {

constexpr uint64_t kMiB = uint64_t{1} << 20;

std::unique_ptr<Segment> Make(uint64_t budget) {
  absl::StatusOr<std::unique_ptr<Segment>> made = Segment::CreateAnonymous(budget);
  if (!made.ok()) {
    ADD_FAILURE() << made.status();
    return nullptr;
  }
  return *std::move(made);
}

TEST(SegmentTest, TheHeaderTellsWhoseItIs) {
  const auto segment = Make(kMiB);
  const SegmentHeader& header = segment->header();
  EXPECT_EQ(header.magic.load(), kSegmentMagic);
  EXPECT_EQ(memcmp(&header.magic, "TVITAL1\0", 8), 0);
  EXPECT_EQ(header.layout_version.load(), kLayoutVersion);
  EXPECT_EQ(header.header_bytes.load(), kHeaderBytes);
  EXPECT_EQ(header.capacity_bytes.load(), kMiB);
  EXPECT_EQ(header.budget_bytes.load(), kMiB);
  EXPECT_EQ(header.used_bytes.load(), kHeaderBytes);
  EXPECT_EQ(header.process_id.load(), static_cast<uint64_t>(getpid()));
  EXPECT_GT(header.created_unix_ns.load(), 0u);
  EXPECT_EQ(header.directory.load(), 0u);
  EXPECT_EQ(header.series.load(), 0u);
}

// The layout is a promise to other processes: where a word stands may not change within a version.
TEST(SegmentTest, TheHeadersWordsStandWhereTheLayoutSays) {
  EXPECT_EQ(offsetof(SegmentHeader, magic), 0u);
  EXPECT_EQ(offsetof(SegmentHeader, layout_version), 8u);
  EXPECT_EQ(offsetof(SegmentHeader, used_bytes), 40u);
  EXPECT_EQ(offsetof(SegmentHeader, process_id), 48u);
  EXPECT_EQ(offsetof(SegmentHeader, directory), 88u);
  EXPECT_EQ(offsetof(SegmentHeader, scrape_ns_sum), 128u);
  EXPECT_EQ(offsetof(SegmentHeader, retired_processes), 144u);
  EXPECT_EQ(offsetof(SegmentHeader, resets), 176u);
  EXPECT_EQ(offsetof(SegmentHeader, unshared), 192u);
  EXPECT_EQ(offsetof(SegmentHeader, dropped), 256u);
  EXPECT_EQ(offsetof(SegmentHeader, gc), 512u);
  EXPECT_EQ(offsetof(SegmentHeader, bounds), 608u);
  EXPECT_EQ(sizeof(SegmentHeader), 1120u);
  EXPECT_EQ(sizeof(DirectoryChunk), 2048u);
  EXPECT_EQ(offsetof(DirectoryChunk, entries), 64u);
  EXPECT_EQ(sizeof(DirectoryEntry), 32u);
}

TEST(SegmentTest, ProcessStartTicksIsField22OfStat) {
  std::ifstream file("/proc/self/stat");
  std::string text((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
  std::istringstream rest(text.substr(text.rfind(')') + 2));
  std::string field;
  for (int i = 3; i <= 22; ++i) rest >> field;
  EXPECT_EQ(std::to_string(Make(kMiB)->header().process_start_ticks.load()), field);
}

TEST(SegmentTest, AllocatesZeroedCacheLines) {
  const auto segment = Make(kMiB);
  const Offset first = segment->Allocate(1);
  const Offset second = segment->Allocate(65);
  const Offset third = segment->Allocate(64);
  EXPECT_EQ(first, kHeaderBytes);
  EXPECT_EQ(second, first + 64);
  EXPECT_EQ(third, second + 128);
  EXPECT_EQ(segment->used_bytes(), third + 64);
  for (const Offset offset : {first, second, third}) {
    EXPECT_EQ(reinterpret_cast<uintptr_t>(segment->At<char>(offset)) % kCacheLineBytes, 0u);
    EXPECT_EQ(segment->OffsetOf(segment->At<char>(offset)), offset);
  }
  const char* bytes = segment->At<char>(first);
  EXPECT_TRUE(std::all_of(bytes, bytes + 256, [](char byte) { return byte == 0; }));
}

TEST(SegmentTest, TheBudgetIsSpentToTheLastLineAndNoFurther) {
  const auto segment = Make(kMiB);
  EXPECT_EQ(segment->Allocate(kMiB - kHeaderBytes + 1), 0u);
  EXPECT_EQ(segment->used_bytes(), kHeaderBytes);
  const Offset all = segment->Allocate(kMiB - kHeaderBytes);
  ASSERT_NE(all, 0u);
  memset(segment->At<char>(all), 0xAA, kMiB - kHeaderBytes);
  EXPECT_EQ(segment->used_bytes(), kMiB);
  EXPECT_EQ(segment->Allocate(1), 0u);
  EXPECT_EQ(segment->AllocateString("x"), 0u);
  EXPECT_EQ(segment->used_bytes(), kMiB);
}

TEST(SegmentTest, AbsurdSizesAreRefused) {
  const auto segment = Make(kMiB);
  for (const uint64_t bytes : {UINT64_MAX, UINT64_MAX - 62, UINT64_MAX - 63, uint64_t{1} << 63, kMiB}) {
    EXPECT_EQ(segment->Allocate(bytes), 0u) << bytes;
  }
  EXPECT_EQ(segment->used_bytes(), kHeaderBytes);
}

TEST(SegmentTest, ABudgetBelowTheHeaderHoldsNothing) {
  const auto segment = Make(1);
  EXPECT_EQ(segment->Allocate(1), 0u);
}

TEST(SegmentTest, AnAbsurdBudgetIsRefused) {
  for (const uint64_t budget : {UINT64_MAX, uint64_t{1} << 62}) {
    EXPECT_EQ(Segment::CreateAnonymous(budget).status().code(), absl::StatusCode::kResourceExhausted) << budget;
    EXPECT_EQ(Make(kMiB)->SetBudget(budget).code(), absl::StatusCode::kResourceExhausted) << budget;
  }
}

TEST(SegmentTest, StringsComeBackAsTheyWere) {
  const auto segment = Make(kMiB);
  Random random(1);
  std::vector<std::pair<Offset, std::string>> strings;
  for (size_t size = 0; size < 300; ++size) {
    std::string text(size, '\0');
    for (char& byte : text) byte = static_cast<char>(random.Bits());
    strings.emplace_back(segment->AllocateString(text), text);
  }
  for (const auto& [offset, text] : strings) EXPECT_EQ(segment->StringAt(offset), text);
}

TEST(SegmentTest, TheBudgetGrowsInPlace) {
  const auto segment = Make(kMiB);
  const Offset kept = segment->AllocateString("kept");
  const char* address = segment->At<char>(kept);
  ASSERT_NE(segment->Allocate(kMiB - segment->used_bytes()), 0u);
  ASSERT_EQ(segment->Allocate(1), 0u);
  ASSERT_TRUE(segment->SetBudget(kMaxMemoryLimitMb * kMiB).ok());
  EXPECT_EQ(segment->budget_bytes(), kMaxMemoryLimitMb * kMiB);
  EXPECT_EQ(segment->header().capacity_bytes.load(), kMaxMemoryLimitMb * kMiB);
  const Offset more = segment->Allocate(8 * kMiB);
  ASSERT_NE(more, 0u);
  *segment->At<char>(more + 8 * kMiB - 1) = 'x';
  EXPECT_EQ(segment->At<char>(kept), address);
  EXPECT_EQ(segment->StringAt(kept), "kept");
}

TEST(SegmentTest, ALowerBudgetOnlyStopsGrowth) {
  const auto segment = Make(4 * kMiB);
  const Offset offset = segment->Allocate(2 * kMiB);
  ASSERT_TRUE(segment->SetBudget(kMiB).ok());
  *segment->At<char>(offset + 2 * kMiB - 1) = 'x';
  EXPECT_EQ(segment->Allocate(1), 0u);
  ASSERT_TRUE(segment->SetBudget(4 * kMiB).ok());
  EXPECT_NE(segment->Allocate(1), 0u);
}

TEST(SegmentTest, ABudgetPastTheReservationLeavesTheOldOne) {
  const auto segment = Make(kMiB);
  const absl::Status status = segment->SetBudget((kMaxMemoryLimitMb + 1) * kMiB);
  EXPECT_EQ(status.code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(segment->budget_bytes(), kMiB);
}

// Where the limit on address space leaves no room to reserve, the segment still comes to be, as large as it was asked.
TEST(SegmentTest, ADeniedReservationIsDoneWithout) {
  if (kSanitized) GTEST_SKIP() << "the sanitizers' shadow lives in address space too";
  const pid_t child = fork();
  if (child == 0) {
    uint64_t pages = 0;
    std::ifstream("/proc/self/statm") >> pages;
    const rlim_t limit = pages * 4096 + 64 * kMiB;
    const rlimit denied{limit, limit};
    if (setrlimit(RLIMIT_AS, &denied) != 0) _exit(2);
    const auto made = Segment::CreateAnonymous(kMiB);
    if (!made.ok() || (*made)->Allocate(1) == 0) _exit(3);
    if ((*made)->SetBudget(2 * kMiB).code() != absl::StatusCode::kResourceExhausted) _exit(4);
    if (Segment::CreateAnonymous(256 * kMiB).status().code() != absl::StatusCode::kResourceExhausted) _exit(5);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

TEST(SegmentTest, ThreadsNeverShareALine) {
  constexpr size_t kThreads = 8;
  const auto segment = Make(kMiB);
  std::vector<std::vector<std::pair<Offset, uint64_t>>> taken(kThreads);
  RunThreads(kThreads, [&](size_t thread) {
    Random random(thread);
    for (;;) {
      const uint64_t bytes = 1 + random.Below(500);
      const Offset offset = segment->Allocate(bytes);
      if (offset == 0) return;
      memset(segment->At<char>(offset), static_cast<int>(thread + 1), bytes);
      taken[thread].emplace_back(offset, bytes);
    }
  });
  std::vector<std::pair<Offset, uint64_t>> all;
  for (size_t thread = 0; thread < kThreads; ++thread) {
    for (const auto& [offset, bytes] : taken[thread]) {
      const char* first = segment->At<char>(offset);
      ASSERT_TRUE(std::all_of(first, first + bytes, [&](char byte) { return byte == static_cast<char>(thread + 1); }));
      all.emplace_back(offset, bytes);
    }
  }
  std::sort(all.begin(), all.end());
  Offset end = kHeaderBytes;
  for (const auto& [offset, bytes] : all) {
    ASSERT_EQ(offset, end);
    end = offset + (bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes;
  }
  EXPECT_EQ(segment->used_bytes(), end);
  EXPECT_LE(end, kMiB);
  EXPECT_GT(end, kMiB - 1024);
}

}  // namespace
}  // namespace toolvitals
