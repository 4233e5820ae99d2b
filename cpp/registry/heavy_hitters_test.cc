// The sketch of refused label values: its promise of errors, its bounds, and readers that come while it changes.
// Floor: registry.
#include "registry/heavy_hitters.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "absl/strings/str_cat.h"
#include "base/testing.h"
#include "base/utf8.h"

namespace toolvitals {
namespace {

using Key = std::tuple<std::string, std::string, std::string>;

class HeavyHittersTest : public ::testing::Test {
 protected:
  std::map<Key, Offender> Read() {
    std::map<Key, Offender> read;
    uint64_t before = UINT64_MAX;
    for (const Offender& offender : HeavyHitters::Read(*segment_)) {
      EXPECT_LE(offender.count, before);  // The busiest first.
      before = offender.count;
      EXPECT_TRUE(read.emplace(Key(offender.family, offender.label, offender.value), offender).second);
    }
    return read;
  }

  std::unique_ptr<Segment> segment_ = *Segment::CreateAnonymous(1 << 20);
  HeavyHitters hitters_{*segment_};
};

TEST_F(HeavyHittersTest, TakesNoMemoryWhileNobodyWasRefused) {
  const uint64_t used = segment_->used_bytes();
  EXPECT_TRUE(Read().empty());
  EXPECT_EQ(segment_->used_bytes(), used);
}

TEST_F(HeavyHittersTest, WithRoomForAllItIsExact) {
  Random random(4);
  std::map<Key, uint64_t> counted;
  for (int i = 0; i < 5000; ++i) {
    const Key key(absl::StrCat("f", random.Below(2)), absl::StrCat("l", random.Below(2)),
                  absl::StrCat("v", random.Below(8)));
    hitters_.Offer(std::get<0>(key), std::get<1>(key), std::get<2>(key));
    ++counted[key];
  }
  ASSERT_EQ(counted.size(), OffenderTable::kSlots);
  const auto read = Read();
  ASSERT_EQ(read.size(), counted.size());
  for (const auto& [key, count] : counted) {
    EXPECT_EQ(read.at(key).count, count);
    EXPECT_EQ(read.at(key).error, 0u);
  }
}

TEST_F(HeavyHittersTest, TheSameLettersInOtherPlacesAreAnother) {
  hitters_.Offer("ab", "c", "d");
  hitters_.Offer("a", "bc", "d");
  hitters_.Offer("a", "b", "cd");
  hitters_.Offer("", "", "");
  EXPECT_EQ(Read().size(), 4u);
}

TEST_F(HeavyHittersTest, PastItsRoomItKeepsItsPromiseOfErrors) {
  for (const uint64_t seed : {5, 6, 7}) {
    const auto segment = *Segment::CreateAnonymous(1 << 20);
    HeavyHitters hitters(*segment);
    Random random(seed);
    std::map<std::string, uint64_t> counted;
    uint64_t offered = 0;
    for (; offered < 20'000; ++offered) {
      // A few that are frequent, among very many that come once.
      const uint64_t which = random.Below(10);
      const std::string value = which < 4 ? absl::StrCat("heavy", which) : absl::StrCat("rare", random.Bits());
      hitters.Offer("f", "l", value);
      ++counted[value];
    }
    std::map<std::string, Offender> read;
    uint64_t total = 0;
    for (const Offender& offender : HeavyHitters::Read(*segment)) {
      read[offender.value] = offender;
      total += offender.count;
    }
    EXPECT_EQ(read.size(), OffenderTable::kSlots);
    EXPECT_EQ(total, offered);  // What one loses the next one inherits.
    for (const auto& [value, offender] : read) {
      EXPECT_GE(offender.count, counted[value]);
      EXPECT_LE(offender.count - offender.error, counted[value]);
      EXPECT_LE(offender.error, offered / OffenderTable::kSlots);
    }
    for (const auto& [value, count] : counted) {
      EXPECT_TRUE(count <= offered / OffenderTable::kSlots || read.contains(value)) << value;
    }
  }
}

TEST_F(HeavyHittersTest, LongTextsAreCutBetweenCharacters) {
  std::string accents;
  for (int i = 0; i < 3000; ++i) accents += "\xC3\xA9";
  hitters_.Offer("f" + accents, "l" + accents, "v" + accents);
  const auto offenders = HeavyHitters::Read(*segment_);
  ASSERT_EQ(offenders.size(), 1u);
  for (const std::string& text : {offenders[0].family, offenders[0].label, offenders[0].value}) {
    EXPECT_TRUE(IsUtf8(text));
    EXPECT_GT(text.size(), 40u);
    EXPECT_LE(text.size(), 80u);
  }
}

TEST_F(HeavyHittersTest, WithoutMemoryNothingIsKeptUntilThereIsSome) {
  const uint64_t budget = segment_->budget_bytes();
  ASSERT_TRUE(segment_->SetBudget(segment_->used_bytes()).ok());
  hitters_.Offer("f", "l", "v");
  EXPECT_TRUE(Read().empty());
  ASSERT_TRUE(segment_->SetBudget(budget).ok());
  hitters_.Offer("f", "l", "v");
  EXPECT_EQ(Read().size(), 1u);
}

TEST_F(HeavyHittersTest, AReaderNeverSeesHalfAChange) {
  constexpr size_t kReaders = 2;
  const uint64_t offers = Repetitions(200'000);
  std::atomic<bool> done{false};
  RunThreads(kReaders + 1, [&](size_t thread) {
    if (thread == kReaders) {
      Random random(8);
      for (uint64_t i = 0; i < offers; ++i) {
        // All three texts are of one number; their lengths differ, so that a mixture of two is none.
        const std::string number = std::to_string(random.Below(3) == 0 ? random.Below(5) : random.Bits());
        hitters_.Offer("family" + number, "label" + number, number + number);
      }
      done.store(true, std::memory_order_release);
      return;
    }
    do {
      for (const Offender& offender : HeavyHitters::Read(*segment_)) {
        const std::string number = offender.family.substr(6);
        ASSERT_EQ(offender.family, "family" + number);
        ASSERT_EQ(offender.label, "label" + number);
        ASSERT_EQ(offender.value, number + number);
        ASSERT_LT(offender.error, offender.count);
        ASSERT_LE(offender.count, offers);
      }
    } while (!done.load(std::memory_order_acquire));
  });
  uint64_t total = 0;
  for (const Offender& offender : HeavyHitters::Read(*segment_)) total += offender.count;
  EXPECT_EQ(total, offers);
}

}  // namespace
}  // namespace toolvitals
