// A histogram whose bounds are powers of one base, so that every value has a bucket of the same relative width.
// Floor: metrics.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>

#include "base/limits.h"
#include "base/word.h"
#include "model/native_histogram.h"
#include "store/segment.h"

namespace toolvitals {

inline constexpr int32_t kMinSchema = -4;
inline constexpr int32_t kMaxSchema = 8;

struct ExponentialOptions {
  int32_t schema = 3;                             // of the finest buckets: each octave has 2^schema; -4 to 8
  uint64_t max_buckets = 160;                     // of both signs together, from the lowest in use to the highest
  double zero_threshold = 2.938735877055719e-39;  // 2^-128: what is at most as large counts as zero

  friend bool operator==(const ExponentialOptions&, const ExponentialOptions&) = default;
};

// The bucket of a positive, finite value in the finest schema: the smallest i with value <= 2^(i / 2^kMaxSchema). Exact
// for every double.
int32_t FinestIndex(double value);

// A stretch of buckets in one schema. Its shape never changes, so whoever holds it may count in it for ever.
struct BucketRange {
  Word older;        // Offset of the BucketRange before it
  Word halvings;     // from kMaxSchema to its schema
  Word first_index;  // of its first bucket: an int32_t
  Word size;
  Word counts[1];  // `size` of them

  static constexpr uint64_t Bytes(uint64_t size) { return offsetof(BucketRange, counts) + size * sizeof(Word); }
};

// The words of one series. Buckets lie in ranges, of which only the newest of each sign is counted in; a value that has
// no place in it makes a wider or a coarser one, and those before stay as they are. Counts are never moved, so no
// writer waits and none is lost; a reader adds the ranges up in the coarsest schema, which is exact, as schemas nest.
//
//   positive ─▶ [schema 1 | counts] ─older─▶ [schema 3 | counts] ─▶ 0        a range at least doubles what is covered
//
// Observe() is thread-safe as Writers says. Whoever reads may come at any time.
struct alignas(kCacheLineBytes) ExponentialCell {
  Word positive;  // Offset of the newest BucketRange
  Word negative;
  Word zeros;
  Word infinite[2];     // positive, negative
  Word unplaced;        // values that the segment had no memory for: there are no buckets to be shown from then on
  Word options;         // schema, as a byte; above it max_buckets
  Word zero_threshold;  // bits of a double

  void Init(const ExponentialOptions& options);

  // Counts any number but NaN.
  template <Writers W>
  void Observe(Segment& segment, double value) {
    const double size = value < 0 ? -value : value;
    const Offset newest = (value < 0 ? negative : positive).load(std::memory_order_acquire);
    // Zeros and infinities fall below and above any range.
    if (newest != 0 && size > LoadDouble(zero_threshold) && size <= kMaxFinite) [[likely]] {
      BucketRange& range = *segment.At<BucketRange>(newest);
      const int32_t index =
          CoarserIndex(FinestIndex(size), static_cast<int>(range.halvings.load(std::memory_order_relaxed)));
      const uint64_t at = static_cast<uint64_t>(
          int64_t{index} - static_cast<int32_t>(range.first_index.load(std::memory_order_relaxed)));
      if (at < range.size.load(std::memory_order_relaxed)) [[likely]] {
        Add<W>(range.counts[at], 1);
        return;
      }
    }
    ObserveUnusual(segment, value, W);
  }

  // What was counted; nullopt where a value found no memory, for then the buckets do not add up to the count, and where
  // the cell's memory is in another use by now, as far as it shows.
  std::optional<NativeHistogram> Read(const Segment& segment) const;

  // Counts what another one counted, in a cell that nobody else writes to; false where there is no memory for it.
  bool Store(Segment& segment, const NativeHistogram& counted);

  // Zeroes every count.
  void Reset(Segment& segment);

  // Calls `visit(offset, bytes)` for each block that the cell's ranges take.
  template <typename Visit>
  void ForEachBlock(const Segment& segment, Visit visit) const {
    for (const Word* newest : {&positive, &negative}) {
      for (Offset at = newest->load(std::memory_order_acquire); at != 0;) {
        const BucketRange& range = *segment.At<BucketRange>(at);
        const Offset older = range.older.load(std::memory_order_relaxed);
        visit(at, BucketRange::Bytes(range.size.load(std::memory_order_relaxed)));
        at = older;
      }
    }
  }

 private:
  static constexpr double kMaxFinite = 1.7976931348623157e308;

  void ObserveUnusual(Segment& segment, double value, Writers writers);
};
static_assert(sizeof(ExponentialCell) == kCacheLineBytes);

}  // namespace toolvitals
