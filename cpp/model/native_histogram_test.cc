// Adding, reducing and subtracting native histograms, held against counting everything in one.
// Floor: model.
#include "model/native_histogram.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <memory>
#include <vector>

#include "base/testing.h"
#include "metrics/exponential_histogram.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;

// A histogram in a segment of its own.
class Counted {
 public:
  explicit Counted(const ExponentialOptions& options)
      : cell_(segment_->At<ExponentialCell>(segment_->Allocate(sizeof(ExponentialCell)))) {
    cell_->Init(options);
  }

  void Observe(double value) { cell_->Observe<kAlone>(*segment_, value); }
  NativeHistogram Read() const { return *cell_->Read(*segment_); }
  ExponentialCell& cell() { return *cell_; }
  Segment& segment() { return *segment_; }

 private:
  std::unique_ptr<Segment> segment_ = *Segment::CreateAnonymous(16 << 20);
  ExponentialCell* cell_;
};

// Buckets without the empty ones around them: how wide an array is says nothing about what was counted.
NativeBuckets Trimmed(NativeBuckets buckets) {
  while (!buckets.counts.empty() && buckets.counts.back() == 0) buckets.counts.pop_back();
  while (!buckets.counts.empty() && buckets.counts.front() == 0) {
    buckets.counts.erase(buckets.counts.begin());
    ++buckets.first_index;
  }
  if (buckets.counts.empty()) buckets.first_index = 0;
  return buckets;
}

NativeHistogram Trimmed(NativeHistogram histogram) {
  histogram.positive = Trimmed(histogram.positive);
  histogram.negative = Trimmed(histogram.negative);
  return histogram;
}

double AnyValue(Random& random) {
  switch (random.Below(12)) {
    case 0:
      return 0;
    case 1:
      return std::numeric_limits<double>::infinity();
    case 2:
      return -std::exp((random.Unit() - 0.5) * 10);
    default:
      return std::exp((random.Unit() - 0.5) * 20);
  }
}

TEST(NativeHistogramTest, TheSumIsWhatOneWouldHaveCounted) {
  for (uint64_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    // Room for all, so that none has to reduce.
    const auto schema = static_cast<int32_t>(random.Below(13)) - 4;
    const ExponentialOptions options = {schema, 20'000};
    Counted all(options), one(options), other(options);
    for (int i = 0; i < 200; ++i) {
      const double value = AnyValue(random);
      all.Observe(value);
      (random.Below(2) == 0 ? one : other).Observe(value);
    }
    NativeHistogram sum = one.Read();
    Add(sum, other.Read());
    EXPECT_EQ(Trimmed(sum), Trimmed(all.Read()));
    // The other way round is the same.
    NativeHistogram turned = other.Read();
    Add(turned, one.Read());
    EXPECT_EQ(Trimmed(turned), Trimmed(sum));
    Subtract(turned, one.Read());
    EXPECT_EQ(Trimmed(turned), Trimmed(other.Read()));
  }
}

TEST(NativeHistogramTest, UnequalSchemasAddUpInTheCoarser) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(seed);
    Random random(seed);
    const int32_t coarse = static_cast<int32_t>(random.Below(8)) - 4;
    const int32_t fine = coarse + static_cast<int32_t>(random.Below(5));
    Counted all({coarse, 20'000}), one({coarse, 20'000}), other({fine, 20'000});
    for (int i = 0; i < 100; ++i) {
      const double value = AnyValue(random);
      all.Observe(value);
      (i % 2 == 0 ? one : other).Observe(value);
    }
    NativeHistogram sum = other.Read();
    Add(sum, one.Read());
    EXPECT_EQ(Trimmed(sum), Trimmed(all.Read()));
  }
}

TEST(NativeHistogramTest, AWiderZeroBucketTakesInWhatReachesIntoIt) {
  ExponentialOptions narrow = {0, 1000, 1e-10}, wide = {0, 1000, 0.3};
  Counted one(narrow), other(wide);
  for (const double value : {0.2, 0.4, 0.6, 3.0, -0.2, -5.0}) one.Observe(value);
  other.Observe(0.1);
  NativeHistogram sum = one.Read();
  Add(sum, other.Read());
  // (0.25, 0.5] reaches into (0, 0.3], so that what is in it belongs to a zero bucket up to 0.5.
  EXPECT_EQ(sum.zero_threshold, 0.5);
  EXPECT_EQ(sum.zero_count, 4u);
  EXPECT_EQ(sum.total(), 7u);
  EXPECT_EQ(sum.negative.total(), 1u);
}

TEST(NativeHistogramTest, ReducesToSoManyBuckets) {
  Counted counted({8, 10'000});
  for (int i = 1; i < 500; ++i) counted.Observe(i * 0.01);
  NativeHistogram histogram = counted.Read();
  const uint64_t total = histogram.total();
  ReduceBuckets(histogram, 20, kMinSchema);
  EXPECT_LE(histogram.positive.counts.size(), 20u);
  EXPECT_EQ(histogram.total(), total);
  ReduceBuckets(histogram, 0, kMinSchema);
  EXPECT_EQ(histogram.schema, kMinSchema);
}

TEST(NativeHistogramTest, WhatIsStoredIsReadAgain) {
  Counted from({3, 160}), into({3, 160});
  Random random(7);
  for (int i = 0; i < 300; ++i) from.Observe(AnyValue(random));
  ASSERT_TRUE(into.cell().Store(into.segment(), from.Read()));
  EXPECT_EQ(Trimmed(into.Read()), Trimmed(from.Read()));
  // On top of what is there.
  ASSERT_TRUE(into.cell().Store(into.segment(), from.Read()));
  NativeHistogram twice = from.Read();
  Add(twice, from.Read());
  EXPECT_EQ(Trimmed(into.Read()), Trimmed(twice));
}

}  // namespace
}  // namespace toolvitals
