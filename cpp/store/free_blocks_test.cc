// Blocks: given out zeroed, never twice at a time, and again when they are free.
// Floor: store.
#include "store/free_blocks.h"

#include <gtest/gtest.h>

#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "base/limits.h"
#include "base/testing.h"
#include "store/segment.h"

namespace toolvitals {
namespace {

class FreeBlocksTest : public ::testing::Test {
 protected:
  void Fill(Offset offset, uint64_t bytes, uint64_t bits) {
    for (uint64_t at = 0; at + sizeof(Word) <= bytes; at += sizeof(Word)) {
      segment_->At<Word>(offset + at)->store(bits, std::memory_order_relaxed);
    }
  }
  bool Holds(Offset offset, uint64_t bytes, uint64_t bits) {
    for (uint64_t at = 0; at + sizeof(Word) <= bytes; at += sizeof(Word)) {
      if (segment_->At<Word>(offset + at)->load(std::memory_order_relaxed) != bits) return false;
    }
    return true;
  }

  std::unique_ptr<Segment> segment_ = *Segment::CreateAnonymous(1 << 20);
};

TEST_F(FreeBlocksTest, WhatIsFreeIsGivenOutAgainZeroed) {
  const Offset offset = segment_->Allocate(100);
  ASSERT_NE(offset, 0u);
  EXPECT_EQ(offset % kCacheLineBytes, 0u);
  Fill(offset, 128, UINT64_MAX);
  segment_->Free(offset, 100);
  EXPECT_EQ(segment_->free_bytes(), 128u);
  const uint64_t used = segment_->used_bytes();
  // A block of as many cache lines, though not of as many bytes.
  EXPECT_EQ(segment_->Allocate(65), offset);
  EXPECT_TRUE(Holds(offset, 128, 0));
  EXPECT_EQ(segment_->used_bytes(), used);
  EXPECT_EQ(segment_->free_bytes(), 0u);
}

TEST_F(FreeBlocksTest, ABlockOfAnotherSizeIsNotGivenOut) {
  const Offset offset = segment_->Allocate(128);
  segment_->Free(offset, 128);
  EXPECT_NE(segment_->Allocate(64), offset);
  EXPECT_NE(segment_->Allocate(129), offset);
  EXPECT_EQ(segment_->Allocate(128), offset);
}

TEST_F(FreeBlocksTest, NothingIsTakenBackForNone) {
  segment_->Free(0, 64);
  EXPECT_EQ(segment_->free_bytes(), 0u);
  EXPECT_NE(segment_->Allocate(64), 0u);
}

TEST_F(FreeBlocksTest, ASpentBudgetLeavesWhatIsFree) {
  const Offset offset = segment_->Allocate(64);
  ASSERT_TRUE(segment_->SetBudget(segment_->used_bytes()).ok());
  EXPECT_EQ(segment_->Allocate(64), 0u);
  segment_->Free(offset, 64);
  EXPECT_EQ(segment_->Allocate(128), 0u);
  EXPECT_EQ(segment_->Allocate(64), offset);
  EXPECT_EQ(segment_->Allocate(64), 0u);
}

TEST_F(FreeBlocksTest, BlocksInUseNeverOverlap) {
  Random random(3);
  struct Block {
    uint64_t bytes;
    uint64_t mark;
  };
  std::map<Offset, Block> in_use;
  uint64_t free_bytes = 0;
  const auto lines = [](uint64_t bytes) { return (bytes + kCacheLineBytes - 1) / kCacheLineBytes * kCacheLineBytes; };
  for (uint64_t i = 0; i < 20'000; ++i) {
    if (in_use.size() < 40 && random.Below(2) == 0) {
      const uint64_t bytes = 1 + random.Below(600);
      const uint64_t used = segment_->used_bytes();
      const Offset offset = segment_->Allocate(bytes);
      ASSERT_NE(offset, 0u);
      ASSERT_TRUE(Holds(offset, lines(bytes), 0));
      if (segment_->used_bytes() == used) free_bytes -= lines(bytes);
      const auto next = in_use.lower_bound(offset);
      ASSERT_TRUE(next == in_use.end() || offset + lines(bytes) <= next->first);
      ASSERT_TRUE(next == in_use.begin() || std::prev(next)->first + lines(std::prev(next)->second.bytes) <= offset);
      Fill(offset, lines(bytes), i + 1);
      in_use[offset] = {bytes, i + 1};
    } else if (!in_use.empty()) {
      const auto block = std::next(in_use.begin(), static_cast<ptrdiff_t>(random.Below(in_use.size())));
      ASSERT_TRUE(Holds(block->first, lines(block->second.bytes), block->second.mark));
      segment_->Free(block->first, block->second.bytes);
      free_bytes += lines(block->second.bytes);
      in_use.erase(block);
    }
    ASSERT_EQ(segment_->free_bytes(), free_bytes);
  }
}

TEST_F(FreeBlocksTest, LargeBlocksAreGivenOutAgain) {
  const Offset first = segment_->Allocate(200'000);
  const Offset second = segment_->Allocate(200'000);
  const Offset other = segment_->Allocate(200'000 + 64 * kCacheLineBytes);
  segment_->Free(first, 200'000);
  segment_->Free(second, 200'000);
  EXPECT_EQ(segment_->Allocate(200'000), second);
  EXPECT_EQ(segment_->Allocate(200'000), first);
  // It lies in the same stack.
  segment_->Free(other, 200'000 + 64 * kCacheLineBytes);
  EXPECT_NE(segment_->Allocate(200'000), other);
  EXPECT_EQ(segment_->Allocate(200'000 + 64 * kCacheLineBytes), other);
  EXPECT_EQ(segment_->free_bytes(), 0u);
}

TEST_F(FreeBlocksTest, ThreadsNeverShareABlock) {
  constexpr uint64_t kThreads = 4, kHeld = 8;
  RunThreads(kThreads, [&](size_t thread) {
    Random random(thread);
    std::vector<std::pair<Offset, uint64_t>> held;
    for (uint64_t i = 0; i < Repetitions(100'000); ++i) {
      const uint64_t mark = thread << 32 | i;
      if (held.size() < kHeld && random.Below(2) == 0) {
        const Offset offset = segment_->Allocate(128);
        ASSERT_NE(offset, 0u);
        ASSERT_TRUE(Holds(offset, 128, 0));
        Fill(offset, 128, mark);
        held.emplace_back(offset, mark);
      } else if (!held.empty()) {
        std::swap(held[random.Below(held.size())], held.back());
        ASSERT_TRUE(Holds(held.back().first, 128, held.back().second));
        segment_->Free(held.back().first, 128);
        held.pop_back();
      }
    }
  });
  // No more than were ever in use at a time; a thread that loses a race takes new memory.
  EXPECT_LT(segment_->used_bytes(), kHeaderBytes + 128 * 2 * kThreads * kHeld);
}

}  // namespace
}  // namespace toolvitals
