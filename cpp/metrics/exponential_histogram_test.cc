// Exponential buckets: where each double belongs, exactly; and that counts survive every change of resolution.
// Floor: metrics.
#include "metrics/exponential_histogram.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <limits>
#include <map>
#include <random>
#include <vector>

#include "base/testing.h"

namespace toolvitals {
namespace {

// A natural number of any size, enough of one to be squared and measured.
std::vector<uint32_t> Square(const std::vector<uint32_t>& a) {
  std::vector<uint32_t> product(2 * a.size());
  for (size_t i = 0; i < a.size(); ++i) {
    uint64_t carry = 0;
    for (size_t j = 0; j < a.size(); ++j) {
      carry += uint64_t{a[i]} * a[j] + product[i + j];
      product[i + j] = static_cast<uint32_t>(carry);
      carry >>= 32;
    }
    product[i + a.size()] = static_cast<uint32_t>(carry);
  }
  return product;
}

int BitLength(const std::vector<uint32_t>& a) {
  for (size_t i = a.size(); i-- > 0;) {
    if (a[i] != 0) return static_cast<int>(32 * i) + std::bit_width(a[i]);
  }
  return 0;
}

// Whether value <= 2^(index / 256), without rounding: value^256 is compared with 2^index as a whole number.
bool IsAtMost(double value, int64_t index) {
  int exponent = 0;
  const auto mantissa = static_cast<uint64_t>(std::ldexp(std::frexp(value, &exponent), 53));
  exponent -= 53;  // value = mantissa * 2^exponent
  std::vector<uint32_t> power = {static_cast<uint32_t>(mantissa), static_cast<uint32_t>(mantissa >> 32)};
  for (int i = 0; i < 8; ++i) power = Square(power);
  // mantissa^256 <= 2^(index - 256 * exponent)
  const int64_t limit = index - 256 * int64_t{exponent};
  const int length = BitLength(power);
  return length <= limit || (std::has_single_bit(mantissa) && length == limit + 1);
}

void ExpectInBucket(double value) {
  const int32_t index = FinestIndex(value);
  EXPECT_TRUE(IsAtMost(value, index)) << value;
  EXPECT_FALSE(IsAtMost(value, int64_t{index} - 1)) << value;
}

TEST(FinestIndexTest, EveryBoundOfAnOctaveAndItsNeighbours) {
  for (const int exponent : {-1022, -3, 0, 1, 1022}) {
    for (int i = 0; i < 256; ++i) {
      const auto bound = static_cast<double>(std::exp2(static_cast<long double>(i) / 256));
      for (const double value : {std::nextafter(bound, 0.0), bound, std::nextafter(bound, 4.0)}) {
        ExpectInBucket(std::ldexp(value, exponent));
      }
    }
  }
}

TEST(FinestIndexTest, TheEndsOfTheDoubles) {
  for (const double value :
       {std::numeric_limits<double>::denorm_min(), std::numeric_limits<double>::min(),
        std::nextafter(std::numeric_limits<double>::min(), 0.0), 3e-310, std::numeric_limits<double>::max()}) {
    ExpectInBucket(value);
  }
}

TEST(FinestIndexTest, RandomDoubles) {
  std::mt19937_64 random(7);
  for (int i = 0; i < 2000; ++i) {
    const double value = std::abs(std::bit_cast<double>(random()));
    if (value != 0 && std::isfinite(value)) ExpectInBucket(value);
  }
}

TEST(CoarserIndexTest, SchemasNest) {
  std::mt19937_64 random(8);
  for (int i = 0; i < 10'000; ++i) {
    const auto index = static_cast<int32_t>(random() % 600'000) - 300'000;
    for (int halvings = 1; halvings <= 12; ++halvings) {
      const int32_t coarser = CoarserIndex(index, halvings);
      EXPECT_LE(index, int64_t{coarser} << halvings);
      EXPECT_GT(index, (int64_t{coarser} - 1) << halvings);
      EXPECT_EQ(coarser, CoarserIndex(CoarserIndex(index, halvings - 1), 1));
    }
  }
}

class ExponentialCellTest : public ::testing::Test {
 protected:
  ExponentialCell& Make(const ExponentialOptions& options = {}) {
    ExponentialCell& cell = *segment_->At<ExponentialCell>(segment_->Allocate(sizeof(ExponentialCell)));
    cell.Init(options);
    return cell;
  }

  // What should have been counted, bucket by bucket, in the schema that was reached.
  static void ExpectCounts(const NativeHistogram& read, const std::vector<double>& values) {
    std::map<int32_t, uint64_t> positive, negative;
    uint64_t zeros = 0;
    for (const double value : values) {
      if (std::abs(value) <= read.zero_threshold) {
        ++zeros;
      } else if (std::isfinite(value)) {
        ++(value > 0 ? positive : negative)[CoarserIndex(FinestIndex(std::abs(value)), kMaxSchema - read.schema)];
      }
    }
    EXPECT_EQ(read.zero_count, zeros);
    for (const auto& [buckets, expected] :
         {std::pair(&read.positive, &positive), std::pair(&read.negative, &negative)}) {
      std::map<int32_t, uint64_t> counted;
      for (size_t i = 0; i < buckets->counts.size(); ++i) {
        if (buckets->counts[i] != 0) counted[buckets->first_index + static_cast<int32_t>(i)] = buckets->counts[i];
      }
      EXPECT_EQ(counted, *expected);
    }
  }

  void ObserveAll(ExponentialCell& cell, const std::vector<double>& values) {
    for (const double value : values) cell.Observe<Writers::kSerialized>(*segment_, value);
  }

  std::unique_ptr<Segment> segment_ = *Segment::CreateAnonymous(64 << 20);
};

TEST_F(ExponentialCellTest, KeepsItsResolutionWhileBucketsSuffice) {
  ExponentialCell& cell = Make();
  const std::vector<double> values = {1, 1, 2, 3, 4, 0, 1e-40, 100, -5, -5, -7};
  ObserveAll(cell, values);
  const NativeHistogram read = *cell.Read(*segment_);
  EXPECT_EQ(read.schema, 3);
  ExpectCounts(read, values);
  EXPECT_EQ(read.total(), values.size());
}

TEST_F(ExponentialCellTest, HalvesItsResolutionAtTheCap) {
  std::mt19937_64 random(9);
  for (const uint64_t cap : {2, 3, 20, 160, 1000}) {
    for (const double spread : {0.01, 1.0, 5.0, 50.0, 200.0}) {
      ExponentialCell& cell = Make({.schema = 8, .max_buckets = cap, .zero_threshold = 0});
      std::normal_distribution<double> exponent(0, spread);
      std::vector<double> values;
      for (int i = 0; i < 2000; ++i) values.push_back((i % 3 == 0 ? -1 : 1) * std::exp2(exponent(random)));
      ObserveAll(cell, values);
      const NativeHistogram read = *cell.Read(*segment_);
      EXPECT_EQ(read.total(), values.size());
      if (read.positive.counts.size() + read.negative.counts.size() <= cap && read.schema > kMinSchema) {
        ExpectCounts(read, values);
      }
      // Only the coarsest buckets may be more than the cap, where outermost ones take what lies beyond.
      EXPECT_TRUE(read.positive.counts.size() + read.negative.counts.size() <= cap || read.schema == kMinSchema)
          << cap << " " << spread;
    }
  }
}

TEST_F(ExponentialCellTest, ResolutionIsAsFineAsTheCapAllows) {
  ExponentialCell& cell = Make({.schema = 8, .max_buckets = 160, .zero_threshold = 0});
  std::vector<double> values;
  // Six and a half octaves: 104 buckets of schema 4, 208 of schema 5.
  for (int i = 11; i <= 1000; ++i) values.push_back(i / 100.0);
  ObserveAll(cell, values);
  const NativeHistogram read = *cell.Read(*segment_);
  EXPECT_EQ(read.schema, 4);
  ExpectCounts(read, values);
}

TEST_F(ExponentialCellTest, InfinitiesAreCountedApart) {
  ExponentialCell& cell = Make();
  const double infinity = std::numeric_limits<double>::infinity();
  ObserveAll(cell, {infinity, -infinity, infinity, 1});
  const NativeHistogram read = *cell.Read(*segment_);
  EXPECT_EQ(read.positive.infinite, 2u);
  EXPECT_EQ(read.negative.infinite, 1u);
  EXPECT_EQ(read.schema, 3);
  EXPECT_EQ(read.total(), 4u);
}

TEST_F(ExponentialCellTest, WithoutMemoryThereAreNoBuckets) {
  ExponentialCell& cell = Make();
  ObserveAll(cell, {1});
  ASSERT_TRUE(segment_->SetBudget(segment_->used_bytes()).ok());
  ObserveAll(cell, {1, 1e9});
  EXPECT_EQ(cell.Read(*segment_), std::nullopt);
  cell.Reset(*segment_);
  EXPECT_EQ(cell.Read(*segment_)->total(), 0u);
}

TEST_F(ExponentialCellTest, TakesLittleMemory) {
  ExponentialCell& cell = Make({.schema = 8});
  const uint64_t before = segment_->used_bytes();
  std::mt19937_64 random(10);
  std::lognormal_distribution<double> latency(-3, 2);
  for (int i = 0; i < 100'000; ++i) cell.Observe<Writers::kSerialized>(*segment_, latency(random));
  EXPECT_LT(segment_->used_bytes() - before, 12'000u);
  uint64_t blocks = 0;
  cell.ForEachBlock(*segment_, [&](Offset, uint64_t bytes) { blocks += (bytes + 63) / 64 * 64; });
  EXPECT_EQ(blocks, segment_->used_bytes() - before);
}

TEST_F(ExponentialCellTest, NothingIsLostAmongThreads) {
  ExponentialCell& cell = Make({.schema = 8, .max_buckets = 80});
  constexpr size_t kThreads = 4;
  const uint64_t each = Repetitions(100'000);
  std::atomic<bool> done{false};
  std::atomic<size_t> running{kThreads};
  RunThreads(kThreads + 1, [&](size_t thread) {
    if (thread == kThreads) {
      uint64_t last = 0;
      while (running.load(std::memory_order_acquire) != 0) {
        const uint64_t total = cell.Read(*segment_)->total();
        EXPECT_LE(total, kThreads * each);
        last = total;
      }
      EXPECT_LE(last, kThreads * each);
      done.store(true, std::memory_order_release);
      return;
    }
    std::mt19937_64 random(thread);
    std::normal_distribution<double> exponent(0, 20);
    for (uint64_t i = 0; i < each; ++i) {
      cell.Observe<Writers::kConcurrent>(*segment_, std::exp2(exponent(random)));
    }
    running.fetch_sub(1, std::memory_order_release);
  });
  EXPECT_TRUE(done.load(std::memory_order_acquire));
  EXPECT_EQ(cell.Read(*segment_)->total(), kThreads * each);
}

}  // namespace
}  // namespace toolvitals
