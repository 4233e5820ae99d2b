// The sliding window: the last N samples, to the bit, also while they are recorded.
// Floor: metrics.
#include "metrics/sliding_window.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <utility>

#include "base/testing.h"
#include "store/segment.h"

namespace toolvitals {
namespace {

constexpr size_t kThreads = 8;

// A window in a segment of its own.
class Window {
 public:
  explicit Window(uint64_t size) : size_(size), segment_(*Segment::CreateAnonymous(64 << 20)) {
    const uint64_t capacity = RingRecord::CapacityFor(size);
    ring_ = segment_->At<RingRecord>(segment_->Allocate(RingRecord::Bytes(capacity)));
    ring_->capacity.store(capacity);
  }

  template <Writers W>
  void Record(double value) {
    cell_.Record<W>(*ring_, value);
  }
  WindowCell::Position Read(std::vector<double>& out) const { return cell_.Read(*ring_, size_, out); }
  std::vector<double> Samples() const {
    std::vector<double> samples;
    Read(samples);
    return samples;
  }
  void Reset() { cell_.Reset(*ring_); }
  WindowCell& cell() { return cell_; }
  RingRecord& ring() { return *ring_; }

 private:
  const uint64_t size_;
  std::unique_ptr<Segment> segment_;
  RingRecord* ring_;
  WindowCell cell_{};
};

TEST(RingRecordTest, CapacityIsThePowerOfTwoThatHoldsTheWindow) {
  EXPECT_EQ(RingRecord::CapacityFor(2), 2u);
  EXPECT_EQ(RingRecord::CapacityFor(3), 4u);
  EXPECT_EQ(RingRecord::CapacityFor(1000), 1024u);
  EXPECT_EQ(RingRecord::CapacityFor(1024), 1024u);
  EXPECT_EQ(RingRecord::CapacityFor(1'000'000), uint64_t{1} << 20);
  EXPECT_EQ(RingRecord::Bytes(1024), 64u + 8192u);
}

template <Writers W>
void KeepsTheLastSamplesInOrder() {
  for (const uint64_t size : {2, 3, 7, 8, 100}) {
    Window window(size);
    std::deque<double> last;
    Random random(size);
    for (uint64_t i = 0; i < 5 * size + 3; ++i) {
      ASSERT_EQ(window.Samples(), std::vector<double>(last.begin(), last.end()));
      const double sample = random.Unit();
      window.Record<W>(sample);
      last.push_back(sample);
      if (last.size() > size) last.pop_front();
    }
  }
}

TEST(SlidingWindowTest, KeepsTheLastSamplesInOrder) {
  KeepsTheLastSamplesInOrder<Writers::kSerialized>();
  KeepsTheLastSamplesInOrder<Writers::kConcurrent>();
}

TEST(SlidingWindowTest, KeepsEveryBit) {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> samples = {0.0, -0.0, Limits::denorm_min(), Limits::max(), 0.1, Limits::infinity()};
  Window window(8);
  for (const double sample : samples) window.Record<Writers::kSerialized>(sample);
  const std::vector<double> read = window.Samples();
  ASSERT_EQ(read.size(), samples.size());
  for (size_t i = 0; i < samples.size(); ++i) {
    EXPECT_EQ(std::bit_cast<uint64_t>(read[i]), std::bit_cast<uint64_t>(samples[i]));
  }
}

TEST(SlidingWindowTest, ResetForgetsAndGoesOn) {
  Window window(4);
  for (int i = 0; i < 6; ++i) window.Record<Writers::kSerialized>(i);
  window.Reset();
  EXPECT_TRUE(window.Samples().empty());
  window.Record<Writers::kSerialized>(10);
  EXPECT_EQ(window.Samples(), std::vector<double>{10});
  for (int i = 11; i < 20; ++i) window.Record<Writers::kSerialized>(i);
  EXPECT_EQ(window.Samples(), (std::vector<double>{16, 17, 18, 19}));
}

TEST(SlidingWindowTest, ThePositionTellsWhetherAnythingMoved) {
  Window window(4);
  std::vector<double> samples;
  EXPECT_EQ(window.Read(samples), window.cell().position());
  const WindowCell::Position before = window.cell().position();
  window.Record<Writers::kConcurrent>(1);
  EXPECT_NE(window.cell().position(), before);
  const WindowCell::Position recorded = window.Read(samples);
  EXPECT_EQ(recorded, window.cell().position());
  window.Reset();
  EXPECT_NE(window.cell().position(), recorded);
}

// A thread that was stopped between claiming its slot and storing into it.
TEST(SlidingWindowTest, AClaimedSlotIsNoSample) {
  Window window(4);
  window.Record<Writers::kConcurrent>(1);
  window.cell().cursor.fetch_add(1);
  window.Record<Writers::kConcurrent>(3);
  EXPECT_EQ(window.Samples(), (std::vector<double>{1, 3}));
}

TEST(SlidingWindowTest, AResetClearsSlotsThatWereClaimedBefore) {
  Window window(2);
  window.Record<Writers::kConcurrent>(1);
  window.Record<Writers::kConcurrent>(2);
  window.Reset();
  window.cell().cursor.fetch_add(1);
  EXPECT_TRUE(window.Samples().empty());
}

TEST(SlidingWindowTest, ASmallerWindowReadsFewer) {
  Window window(8);
  for (int i = 0; i < 8; ++i) window.Record<Writers::kSerialized>(i);
  std::vector<double> samples;
  window.cell().Read(window.ring(), 3, samples);
  EXPECT_EQ(samples, (std::vector<double>{5, 6, 7}));
}

TEST(SlidingWindowTest, ConcurrentSamplesAreAllKept) {
  const uint64_t each = Repetitions(50'000);
  Window window(kThreads * each);
  RunThreads(kThreads, [&](size_t thread) {
    for (uint64_t i = 0; i < each; ++i) window.Record<Writers::kConcurrent>(static_cast<double>(thread * each + i));
  });
  std::vector<double> samples = window.Samples();
  std::sort(samples.begin(), samples.end());
  ASSERT_EQ(samples.size(), kThreads * each);
  for (size_t i = 0; i < samples.size(); ++i) ASSERT_EQ(samples[i], static_cast<double>(i));
}

TEST(SlidingWindowTest, ConcurrentSamplesFillASmallWindow) {
  Window window(100);
  RunThreads(kThreads, [&](size_t thread) {
    for (uint64_t i = 0; i < Repetitions(20'000); ++i) window.Record<Writers::kConcurrent>(static_cast<double>(thread));
  });
  const std::vector<double> samples = window.Samples();
  EXPECT_EQ(samples.size(), 100u);
  for (const double sample : samples) EXPECT_LT(sample, static_cast<double>(kThreads));
}

TEST(SlidingWindowTest, SerializedSamplesAreAllKeptUnderALock) {
  const uint64_t each = Repetitions(10'000);
  Window window(kThreads * each);
  std::mutex lock;
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < each; ++i) {
      const std::lock_guard guard(lock);
      window.Record<Writers::kSerialized>(1);
    }
  });
  EXPECT_EQ(window.Samples(), std::vector<double>(kThreads * each, 1));
}

// Before the ring wraps, what a reader sees of one writer is exactly what was recorded first.
TEST(SlidingWindowTest, AReaderSeesCompleteSamples) {
  const uint64_t total = 20'000;
  Window window(total);
  std::atomic<bool> done{false};
  RunThreads(2, [&](size_t thread) {
    if (thread == 0) {
      for (uint64_t i = 0; i < total; ++i) window.Record<Writers::kSerialized>(static_cast<double>(i));
      done = true;
      return;
    }
    std::vector<double> samples;
    while (!done) {
      const WindowCell::Position position = window.Read(samples);
      if (samples.size() != position.cursor) ADD_FAILURE() << samples.size() << " of " << position.cursor;
      for (size_t i = 0; i < samples.size(); ++i) {
        if (samples[i] != static_cast<double>(i)) ADD_FAILURE() << samples[i] << " at " << i;
      }
    }
  });
}

// After it wraps a slot may already hold the next lap's sample, never anything that was not recorded.
TEST(SlidingWindowTest, AReaderSeesOnlyRecordedSamplesWhileTheRingTurns) {
  Window window(64);
  std::atomic<bool> done{false};
  RunThreads(3, [&](size_t thread) {
    if (thread != 0) {
      for (uint64_t i = 0; i < Repetitions(200'000); ++i) {
        window.Record<Writers::kConcurrent>(i % 2 == 0 ? 1e300 : 1e-300);
      }
      done = true;
      return;
    }
    std::vector<double> samples;
    while (!done) {
      window.Read(samples);
      if (samples.size() > 64) ADD_FAILURE() << samples.size();
      for (const double sample : samples) {
        if (sample != 1e300 && sample != 1e-300) ADD_FAILURE() << sample;
      }
    }
  });
}

}  // namespace
}  // namespace toolvitals
