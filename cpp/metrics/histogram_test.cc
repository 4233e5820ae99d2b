// The histogram: which bucket a value falls into, and counts and sums that agree.
// Floor: metrics.
#include "metrics/histogram.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>
#include <mutex>
#include <numeric>

#include "base/testing.h"

namespace toolvitals {
namespace {

using Limits = std::numeric_limits<double>;
constexpr size_t kThreads = 8;

HistogramBounds Make(const std::vector<double>& bounds) {
  absl::StatusOr<HistogramBounds> made = HistogramBounds::Make(bounds);
  if (!made.ok()) ADD_FAILURE() << made.status();
  return *std::move(made);
}

size_t LinearBucketOf(std::span<const double> bounds, double value) {
  for (size_t i = 0; i < bounds.size(); ++i) {
    if (value <= bounds[i]) return i;
  }
  return bounds.size();
}

// Values at the bounds, next to them, and everything a caller should not have passed.
std::vector<double> HardValues(std::span<const double> bounds) {
  std::vector<double> values = {0.0,
                                -0.0,
                                1.0,
                                -1.0,
                                Limits::denorm_min(),
                                -Limits::denorm_min(),
                                Limits::min(),
                                Limits::max(),
                                Limits::lowest(),
                                Limits::infinity(),
                                -Limits::infinity(),
                                Limits::quiet_NaN(),
                                std::copysign(Limits::quiet_NaN(), -1.0)};
  for (const double bound : bounds) {
    double below = bound, above = bound;
    values.push_back(bound);
    for (int i = 0; i < 3; ++i) {
      values.push_back(below = std::nextafter(below, -Limits::infinity()));
      values.push_back(above = std::nextafter(above, Limits::infinity()));
    }
  }
  return values;
}

void ExpectAgreesWithLinearSearch(const std::vector<double>& bounds, Random& random) {
  const HistogramBounds made = Make(bounds);
  ASSERT_EQ(made.buckets(), bounds.size() + 1);
  ASSERT_TRUE(std::equal(bounds.begin(), bounds.end(), made.bounds().begin(), made.bounds().end()));
  for (const double value : HardValues(bounds)) {
    ASSERT_EQ(made.BucketOf(value), LinearBucketOf(bounds, value)) << value;
  }
  for (int i = 0; i < 2000; ++i) {
    // Any bits at all, and values in the range of the bounds.
    const auto any = std::bit_cast<double>(random.Bits());
    ASSERT_EQ(made.BucketOf(any), LinearBucketOf(bounds, any)) << any;
    const double inside = bounds.front() + random.Unit() * (bounds.back() * 1.1 - bounds.front());
    ASSERT_EQ(made.BucketOf(inside), LinearBucketOf(bounds, inside)) << inside;
  }
}

TEST(HistogramBoundsTest, RefusesWhatIsNoListOfBounds) {
  const double nan = Limits::quiet_NaN();
  const double infinity = Limits::infinity();
  for (const std::vector<double>& bounds :
       std::vector<std::vector<double>>{{},
                                        {1, 1},
                                        {2, 1},
                                        {0.0, -0.0},
                                        {nan},
                                        {1, nan},
                                        {1, infinity},
                                        {-infinity, 1},
                                        std::vector<double>(kMaxHistogramBounds + 1, 1.0)}) {
    EXPECT_EQ(HistogramBounds::Make(bounds).status().code(), absl::StatusCode::kInvalidArgument);
  }
}

TEST(HistogramBoundsTest, ABoundBelongsToTheBucketBelowIt) {
  const HistogramBounds bounds = Make({1, 2.5, 5});
  EXPECT_EQ(bounds.BucketOf(0), 0u);
  EXPECT_EQ(bounds.BucketOf(1), 0u);
  EXPECT_EQ(bounds.BucketOf(std::nextafter(1, 2)), 1u);
  EXPECT_EQ(bounds.BucketOf(2.5), 1u);
  EXPECT_EQ(bounds.BucketOf(5), 2u);
  EXPECT_EQ(bounds.BucketOf(5.1), 3u);
  EXPECT_EQ(bounds.BucketOf(Limits::infinity()), 3u);
  EXPECT_EQ(bounds.BucketOf(Limits::quiet_NaN()), 3u);
  EXPECT_EQ(bounds.BucketOf(-1), 0u);
}

TEST(HistogramBoundsTest, AgreesWithLinearSearchOnChosenBounds) {
  Random random(11);
  std::vector<double> most;
  for (size_t i = 0; i < kMaxHistogramBounds; ++i) most.push_back(std::ldexp(1.0, static_cast<int>(i) - 30));
  for (const std::vector<double>& bounds : std::vector<std::vector<double>>{
           {1},
           {0},
           {-1},
           {-3, -2, -1},
           {-1, 0, 1},
           {0, 0.5, 100},
           {0.001, 0.0025, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300},
           {Limits::denorm_min(), Limits::min(), 1, Limits::max()},
           {1, std::nextafter(1.0, 2.0), std::nextafter(std::nextafter(1.0, 2.0), 2.0)},
           most}) {
    ExpectAgreesWithLinearSearch(bounds, random);
  }
}

TEST(HistogramBoundsTest, AgreesWithLinearSearchOnRandomBounds) {
  Random random(12);
  for (uint64_t round = 0; round < Repetitions(1000); ++round) {
    std::vector<double> bounds;
    const size_t size = 1 + random.Below(kMaxHistogramBounds);
    while (bounds.size() < size) {
      const double magnitude = std::ldexp(1 + random.Unit(), static_cast<int>(random.Below(60)) - 30);
      bounds.push_back(round % 3 == 0 && random.Below(2) == 0 ? -magnitude : magnitude);
    }
    std::sort(bounds.begin(), bounds.end());
    bounds.erase(std::unique(bounds.begin(), bounds.end()), bounds.end());
    ExpectAgreesWithLinearSearch(bounds, random);
  }
}

TEST(HistogramBoundsTest, LargerValuesNeverFallLower) {
  Random random(13);
  const HistogramBounds bounds = Make({0.001, 0.01, 0.1, 1, 10, 100});
  std::vector<double> values;
  for (int i = 0; i < 10'000; ++i) values.push_back(std::ldexp(random.Unit(), static_cast<int>(random.Below(20)) - 10));
  std::sort(values.begin(), values.end());
  for (size_t i = 1; i < values.size(); ++i) {
    ASSERT_LE(bounds.BucketOf(values[i - 1]), bounds.BucketOf(values[i]));
  }
}

// A cell with room for its buckets, which the type alone does not have.
class Cell {
 public:
  explicit Cell(size_t buckets) : words_(new Word[HistogramCell::Bytes(buckets) / sizeof(Word)]()), buckets_(buckets) {}
  HistogramCell* operator->() { return reinterpret_cast<HistogramCell*>(words_.get()); }
  std::vector<uint64_t> Counts() {
    std::vector<uint64_t> counts(buckets_);
    (*this)->Collect(counts);
    return counts;
  }

 private:
  std::unique_ptr<Word[]> words_;
  size_t buckets_;
};

TEST(HistogramCellTest, TakesWholeCacheLines) {
  EXPECT_EQ(HistogramCell::Bytes(6), 64u);
  EXPECT_EQ(HistogramCell::Bytes(7), 128u);
  EXPECT_EQ(HistogramCell::Bytes(18), 192u);
}

template <Writers W>
void CountsAndSums() {
  Cell cell(3);
  cell->Observe<W>(0, 10);
  cell->Observe<W>(2, 5);
  cell->Observe<W>(2, 5);
  cell->ObserveFloat<W>(2, 0.5);
  EXPECT_EQ(cell.Counts(), (std::vector<uint64_t>{1, 0, 3}));
  EXPECT_EQ(cell->Sum(), 20.5);
  std::vector<uint64_t> twice(3, 100);
  EXPECT_EQ(cell->Collect(twice), 4u);
  EXPECT_EQ(twice, (std::vector<uint64_t>{101, 100, 103}));
  cell->Reset(3);
  EXPECT_EQ(cell.Counts(), (std::vector<uint64_t>{0, 0, 0}));
  EXPECT_EQ(cell->Sum(), 0.0);
}

TEST(HistogramCellTest, CountsAndSums) {
  CountsAndSums<Writers::kSerialized>();
  CountsAndSums<Writers::kConcurrent>();
}

TEST(HistogramCellTest, ConcurrentObservationsAreExact) {
  constexpr size_t kBuckets = 5;
  const uint64_t observations = Repetitions(100'000);
  Cell cell(kBuckets);
  RunThreads(kThreads, [&](size_t) {
    for (uint64_t i = 0; i < observations; ++i) {
      if (i % kBuckets == 0) {
        cell->ObserveFloat<Writers::kConcurrent>(0, 1);
      } else {
        cell->Observe<Writers::kConcurrent>(i % kBuckets, i % kBuckets);
      }
    }
  });
  EXPECT_EQ(cell.Counts(), std::vector<uint64_t>(kBuckets, kThreads * observations / kBuckets));
  EXPECT_EQ(cell->Sum(), static_cast<double>(kThreads * observations / kBuckets * (1 + 1 + 2 + 3 + 4)));
}

TEST(HistogramCellTest, SerializedObservationsAreExactUnderALock) {
  const uint64_t observations = Repetitions(20'000);
  Cell cell(2);
  std::mutex lock;
  RunThreads(kThreads, [&](size_t thread) {
    for (uint64_t i = 0; i < observations; ++i) {
      const std::lock_guard guard(lock);
      cell->Observe<Writers::kSerialized>(thread % 2, 2);
    }
  });
  EXPECT_EQ(cell.Counts(), std::vector<uint64_t>(2, kThreads / 2 * observations));
  EXPECT_EQ(cell->Sum(), static_cast<double>(2 * kThreads * observations));
}

TEST(HistogramCellTest, ACountIsTheSumOfItsBucketsWhileTheyGrow) {
  Cell cell(4);
  std::atomic<bool> done{false};
  RunThreads(3, [&](size_t thread) {
    if (thread != 0) {
      for (uint64_t i = 0; i < Repetitions(200'000); ++i) cell->Observe<Writers::kConcurrent>(i % 4, 1);
      done = true;
      return;
    }
    uint64_t before = 0;
    while (!done) {
      std::vector<uint64_t> counts(4);
      const uint64_t total = cell->Collect(counts);
      if (total != std::accumulate(counts.begin(), counts.end(), uint64_t{0})) ADD_FAILURE() << "torn";
      if (total < before) ADD_FAILURE() << total << " came after " << before;
      before = total;
    }
  });
}

}  // namespace
}  // namespace toolvitals
