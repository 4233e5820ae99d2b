// One writer and many readers of a slot, who never see two exemplars mixed. Floor: metrics.
#include "metrics/exemplar_slot.h"

#include <gtest/gtest.h>

#include <atomic>
#include <memory>
#include <string>

#include "base/testing.h"

namespace toolvitals {
namespace {

TEST(ExemplarSlotTest, KeepsTheLastOne) {
  ExemplarSlot slot{};
  EXPECT_FALSE(slot.Read().has_value());
  EXPECT_TRUE(slot.Write("labels", 1.5, 7));
  EXPECT_TRUE(slot.Write(std::string(ExemplarSlot::kLabelBytes, 'x'), -2, 8));
  EXPECT_FALSE(slot.Write(std::string(ExemplarSlot::kLabelBytes + 1, 'x'), 3, 9));
  const auto content = slot.Read();
  ASSERT_TRUE(content.has_value());
  EXPECT_EQ(content->labels, std::string(ExemplarSlot::kLabelBytes, 'x'));
  EXPECT_EQ(content->value, -2);
  EXPECT_EQ(content->timestamp_us, 8);
  slot.Reset();
  EXPECT_FALSE(slot.Read().has_value());
}

TEST(ExemplarSlotTest, WhatIsReadWasWrittenAtOnce) {
  ExemplarSlot slot{};
  std::atomic<int> writing{2};
  RunThreads(3, [&](size_t thread) {
    if (thread == 2) {
      while (writing.load(std::memory_order_acquire) != 0) {
        const auto content = slot.Read();
        if (!content.has_value()) continue;
        const auto size = static_cast<size_t>(content->value);
        EXPECT_EQ(content->labels, std::string(size, static_cast<char>('a' + content->timestamp_us)));
      }
      return;
    }
    for (uint64_t i = 0; i < Repetitions(100'000); ++i) {
      const size_t size = 1 + i % 200;
      const auto letter = static_cast<int64_t>(thread * 13 + i % 13);
      slot.Write(std::string(size, static_cast<char>('a' + letter)), static_cast<double>(size), letter);
    }
    writing.fetch_sub(1, std::memory_order_release);
  });
}

}  // namespace
}  // namespace toolvitals
