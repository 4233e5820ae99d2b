// Finding buckets, making ranges and adding them up.
// Floor: metrics.
#include "metrics/exponential_histogram.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace toolvitals {
namespace {

constexpr int kMantissaBits = 52;
constexpr int32_t kPerOctave = 1 << kMaxSchema;
constexpr uint64_t kMantissaMask = (uint64_t{1} << kMantissaBits) - 1;
constexpr int32_t kExponentBias = 1023;
// The least buckets of a range, so that the first values of a series do not make one each.
constexpr int64_t kFirstBuckets = 16;

// Where buckets end within an octave, as mantissas: entry i is that of the largest double that is not above
// 2^(i / kPerOctave). And for each of the 256 stretches of equal leading bits of mantissas, the first bucket that may
// hold any of them: what is left to walk is a step or two.
struct OctaveTable {
  std::array<uint64_t, kPerOctave + 1> ends;
  std::array<uint16_t, 256> starts;

  OctaveTable() {
    for (int32_t i = 0; i < kPerOctave; ++i) {
      const long double bound = std::exp2(static_cast<long double>(i) / kPerOctave);
      auto end = static_cast<double>(bound);
      if (static_cast<long double>(end) > bound) end = std::nextafter(end, 0.0);
      ends[static_cast<size_t>(i)] = std::bit_cast<uint64_t>(end) & kMantissaMask;
    }
    ends[kPerOctave] = UINT64_MAX;
    size_t bucket = 0;
    for (size_t stretch = 0; stretch < starts.size(); ++stretch) {
      const uint64_t first = uint64_t{stretch} << (kMantissaBits - 8);
      while (ends[bucket] < first) ++bucket;
      starts[stretch] = static_cast<uint16_t>(bucket);
    }
  }
};

const OctaveTable& Octave() {
  static const OctaveTable table;
  return table;
}
// Made before any thread records.
[[maybe_unused]] const OctaveTable& made_early = Octave();

// What is in use of one sign, in the finest schema's terms shifted by some halvings: [low, high].
struct Extent {
  int64_t low = INT64_MAX;
  int64_t high = INT64_MIN;

  void Include(int64_t index) {
    low = std::min(low, index);
    high = std::max(high, index);
  }
  bool empty() const { return low > high; }
  int64_t size() const { return empty() ? 0 : high - low + 1; }
  Extent Coarser(int halvings) const {
    if (empty()) return *this;
    return {CoarserIndex(static_cast<int32_t>(low), halvings), CoarserIndex(static_cast<int32_t>(high), halvings)};
  }
};

struct Shape {
  int halvings;
  int32_t first_index;
  uint64_t size;
};

Shape ShapeOf(const BucketRange& range) {
  return {static_cast<int>(range.halvings.load(std::memory_order_relaxed)),
          static_cast<int32_t>(range.first_index.load(std::memory_order_relaxed)),
          range.size.load(std::memory_order_relaxed)};
}

// The coarsest schema of a sign's ranges, as halvings, and what of them is in use in that schema.
template <typename Visit>
void ForEachRange(const Segment& segment, Offset newest, Visit visit) {
  for (Offset at = newest; at != 0;) {
    const BucketRange& range = *segment.At<BucketRange>(at);
    visit(range, ShapeOf(range));
    at = range.older.load(std::memory_order_relaxed);
  }
}

int CoarsestOf(const Segment& segment, Offset newest, int halvings) {
  ForEachRange(segment, newest,
               [&](const BucketRange&, const Shape& shape) { halvings = std::max(halvings, shape.halvings); });
  return halvings;
}

Extent ExtentOf(const Segment& segment, Offset newest, int halvings) {
  Extent extent;
  ForEachRange(segment, newest, [&](const BucketRange& range, const Shape& shape) {
    for (uint64_t i = 0; i < shape.size; ++i) {
      if (range.counts[i].load(std::memory_order_relaxed) == 0) continue;
      extent.Include(CoarserIndex(shape.first_index + static_cast<int32_t>(i), halvings - shape.halvings));
    }
  });
  return extent;
}

// What the newest range of a sign covers.
Extent RangeExtent(const Segment& segment, Offset newest, int halvings) {
  Extent extent;
  if (newest == 0) return extent;
  const Shape shape = ShapeOf(*segment.At<BucketRange>(newest));
  extent.Include(CoarserIndex(shape.first_index, halvings - shape.halvings));
  extent.Include(CoarserIndex(shape.first_index + static_cast<int32_t>(shape.size) - 1, halvings - shape.halvings));
  return extent;
}

// A range as a reader found it. What it says of itself is read once.
struct SeenRange {
  const Word* counts;
  Shape shape;
};

// The newest range first. False where one cannot be what it says it is: the memory is in another use by now.
bool SeeRanges(const Segment& segment, Offset newest, std::vector<SeenRange>& ranges) {
  // No index of a double is farther from zero, and no range reaches much beyond what its values need.
  constexpr int64_t kMaxIndex = 2'000'000;
  uint64_t left = segment.used_bytes();
  for (Offset at = newest; at != 0;) {
    if (!segment.Holds(at, sizeof(BucketRange))) return false;
    const BucketRange& range = *segment.At<BucketRange>(at);
    const Shape shape = ShapeOf(range);
    const Offset older = range.older.load(std::memory_order_relaxed);
    const bool possible = shape.halvings >= 0 && shape.halvings <= kMaxSchema - kMinSchema &&
                          std::abs(int64_t{shape.first_index}) <= kMaxIndex && shape.size <= kMaxIndex &&
                          segment.Holds(at, BucketRange::Bytes(shape.size)) && BucketRange::Bytes(shape.size) <= left;
    if (!possible) return false;
    // Ranges do not overlap; those that lead in a circle are none.
    left -= BucketRange::Bytes(shape.size);
    ranges.push_back({range.counts, shape});
    at = older;
  }
  return true;
}

template <typename Visit>
void ForEachCount(std::span<const SeenRange> ranges, int halvings, Visit visit) {
  for (const SeenRange& range : ranges) {
    for (uint64_t i = 0; i < range.shape.size; ++i) {
      const uint64_t count = range.counts[i].load(std::memory_order_relaxed);
      if (count == 0) continue;
      visit(CoarserIndex(range.shape.first_index + static_cast<int32_t>(i), halvings - range.shape.halvings), count);
    }
  }
}

NativeBuckets Collect(std::span<const SeenRange> ranges, int halvings) {
  Extent extent;
  NativeBuckets buckets;
  // Once for where the buckets are, once for what is in them; a bucket that is first counted in between is left out of
  // this reading.
  ForEachCount(ranges, halvings, [&](int32_t index, uint64_t) { extent.Include(index); });
  if (extent.empty()) return buckets;
  buckets.first_index = static_cast<int32_t>(extent.low);
  buckets.counts.resize(static_cast<size_t>(extent.size()));
  ForEachCount(ranges, halvings, [&](int32_t index, uint64_t count) {
    if (index >= extent.low && index <= extent.high) buckets.counts[static_cast<size_t>(index - extent.low)] += count;
  });
  return buckets;
}

// Increments that any number of threads may make at once cost no more here, where they are rare.
void AddOne(Word& word, Writers writers) {
  if (writers == Writers::kSerialized) {
    Add<Writers::kSerialized>(word, 1);
  } else {
    Add<Writers::kConcurrent>(word, 1);
  }
}

}  // namespace

int32_t FinestIndex(double value) {
  uint64_t bits = std::bit_cast<uint64_t>(value);
  auto exponent = static_cast<int32_t>(bits >> kMantissaBits);
  if (exponent == 0) [[unlikely]] {
    // A denormal number: made normal by a power of two, which its exponent then lacks.
    bits = std::bit_cast<uint64_t>(value * 0x1p64);
    exponent = static_cast<int32_t>(bits >> kMantissaBits) - 64;
  }
  const uint64_t mantissa = bits & kMantissaMask;
  const OctaveTable& octave = Octave();
  uint32_t bucket = octave.starts[mantissa >> (kMantissaBits - 8)];
  while (octave.ends[bucket] < mantissa) ++bucket;
  return (exponent - kExponentBias) * kPerOctave + static_cast<int32_t>(bucket);
}

void ExponentialCell::Init(const ExponentialOptions& wanted) {
  options.store(wanted.max_buckets << 8 | static_cast<uint8_t>(wanted.schema), std::memory_order_relaxed);
  zero_threshold.store(std::bit_cast<uint64_t>(wanted.zero_threshold), std::memory_order_relaxed);
}

void ExponentialCell::ObserveUnusual(Segment& segment, double value, Writers writers) {
  const double size = std::abs(value);
  if (size <= LoadDouble(zero_threshold)) return AddOne(zeros, writers);
  if (std::isinf(size)) return AddOne(infinite[value < 0 ? 1 : 0], writers);
  Word& own = value < 0 ? negative : positive;
  const Word& other = value < 0 ? positive : negative;
  const auto max_buckets = static_cast<int64_t>(options.load(std::memory_order_relaxed) >> 8);
  const int finest = kMaxSchema - static_cast<int8_t>(options.load(std::memory_order_relaxed) & 0xFF);
  constexpr int kCoarsest = kMaxSchema - kMinSchema;

  for (;;) {
    Offset newest = own.load(std::memory_order_acquire);
    const Offset others = other.load(std::memory_order_acquire);
    int halvings = CoarsestOf(segment, others, CoarsestOf(segment, newest, finest));
    const int start = halvings;
    Extent used = ExtentOf(segment, newest, halvings);
    // The other sign's range as a whole, also what of it is spare: both together then never exceed the cap.
    const Extent foreign = RangeExtent(segment, others, halvings);
    used.Include(CoarserIndex(FinestIndex(size), halvings));
    while (used.Coarser(halvings - start).size() + foreign.Coarser(halvings - start).size() > max_buckets &&
           halvings < kCoarsest) {
      ++halvings;
    }
    used = used.Coarser(halvings - start);
    const int64_t room = max_buckets - foreign.Coarser(halvings - start).size();
    if (newest != 0) {
      BucketRange& range = *segment.At<BucketRange>(newest);
      const Shape shape = ShapeOf(range);
      const int64_t at = int64_t{CoarserIndex(FinestIndex(size), shape.halvings)} - shape.first_index;
      const bool fits = at >= 0 && at < static_cast<int64_t>(shape.size);
      // Even the coarsest buckets are too many: the outermost ones take what lies beyond them.
      if (fits || (shape.halvings == kCoarsest && used.size() > room)) {
        return AddOne(range.counts[std::clamp<int64_t>(at, 0, static_cast<int64_t>(shape.size) - 1)], writers);
      }
    }
    // What is in use, and as much again, as far as half of the room that is left: the other sign may want the rest.
    const int64_t least = std::min(used.size(), std::max<int64_t>(room, 1));
    const int64_t wanted = std::max(2 * used.size(), kFirstBuckets);
    const int64_t buckets = std::max(least, std::min(wanted, least + (room - least) / 2));
    const Offset made = segment.Allocate(BucketRange::Bytes(static_cast<uint64_t>(buckets)));
    if (made == 0) return AddOne(unplaced, writers);
    BucketRange& range = *segment.At<BucketRange>(made);
    const int64_t spare = std::max<int64_t>(buckets - used.size(), 0);
    range.older.store(newest, std::memory_order_relaxed);
    range.halvings.store(static_cast<uint64_t>(halvings), std::memory_order_relaxed);
    range.first_index.store(static_cast<uint64_t>(used.low - spare / 2), std::memory_order_relaxed);
    range.size.store(static_cast<uint64_t>(buckets), std::memory_order_relaxed);
    // Pairs with the acquire of writers and readers, who follow the link. Where another writer was faster, its range
    // may have the value's place; this one was made in vain.
    if (!own.compare_exchange_strong(newest, made, std::memory_order_release, std::memory_order_relaxed)) {
      segment.Free(made, BucketRange::Bytes(static_cast<uint64_t>(buckets)));
    }
  }
}

std::optional<NativeHistogram> ExponentialCell::Read(const Segment& segment) const {
  if (unplaced.load(std::memory_order_relaxed) != 0) return std::nullopt;
  NativeHistogram read;
  std::vector<SeenRange> above, below;
  if (!SeeRanges(segment, positive.load(std::memory_order_acquire), above) ||
      !SeeRanges(segment, negative.load(std::memory_order_acquire), below)) {
    return std::nullopt;
  }
  int halvings = kMaxSchema - static_cast<int8_t>(options.load(std::memory_order_relaxed) & 0xFF);
  if (halvings < 0 || halvings > kMaxSchema - kMinSchema) return std::nullopt;
  for (const SeenRange& range : above) halvings = std::max(halvings, range.shape.halvings);
  for (const SeenRange& range : below) halvings = std::max(halvings, range.shape.halvings);
  read.schema = kMaxSchema - halvings;
  read.infinite_index = CoarserIndex(FinestIndex(kMaxFinite), halvings) + 1;
  read.zero_threshold = LoadDouble(zero_threshold);
  read.zero_count = zeros.load(std::memory_order_relaxed);
  read.positive = Collect(above, halvings);
  read.negative = Collect(below, halvings);
  read.positive.infinite = infinite[0].load(std::memory_order_relaxed);
  read.negative.infinite = infinite[1].load(std::memory_order_relaxed);
  return read;
}

bool ExponentialCell::Store(Segment& segment, const NativeHistogram& counted) {
  const auto add = [](Word& word, uint64_t count) { Add<Writers::kSerialized>(word, count); };
  const auto link = [&](Word& newest, const NativeBuckets& buckets) {
    if (buckets.counts.empty()) return true;
    const Offset made = segment.Allocate(BucketRange::Bytes(buckets.counts.size()));
    if (made == 0) return false;
    BucketRange& range = *segment.At<BucketRange>(made);
    range.older.store(newest.load(std::memory_order_relaxed), std::memory_order_relaxed);
    range.halvings.store(static_cast<uint64_t>(kMaxSchema - counted.schema), std::memory_order_relaxed);
    range.first_index.store(static_cast<uint64_t>(buckets.first_index), std::memory_order_relaxed);
    range.size.store(buckets.counts.size(), std::memory_order_relaxed);
    for (size_t i = 0; i < buckets.counts.size(); ++i) {
      range.counts[i].store(buckets.counts[i], std::memory_order_relaxed);
    }
    newest.store(made, std::memory_order_release);
    return true;
  };
  zero_threshold.store(std::bit_cast<uint64_t>(counted.zero_threshold), std::memory_order_relaxed);
  add(zeros, counted.zero_count);
  add(infinite[0], counted.positive.infinite);
  add(infinite[1], counted.negative.infinite);
  if (link(positive, counted.positive) && link(negative, counted.negative)) return true;
  add(unplaced, 1);
  return false;
}

void ExponentialCell::Reset(Segment& segment) {
  for (const Word* newest : {&positive, &negative}) {
    for (Offset at = newest->load(std::memory_order_acquire); at != 0;) {
      BucketRange& range = *segment.At<BucketRange>(at);
      const uint64_t size = range.size.load(std::memory_order_relaxed);
      for (uint64_t i = 0; i < size; ++i) range.counts[i].store(0, std::memory_order_relaxed);
      at = range.older.load(std::memory_order_relaxed);
    }
  }
  for (Word* word : {&zeros, &infinite[0], &infinite[1], &unplaced}) word->store(0, std::memory_order_relaxed);
}

}  // namespace toolvitals
