// Histograms: counts in buckets with bounds, and in exponential ones where a family has them. Floor: kinds.
#include "kinds/histogram_kind.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"
#include "kinds/series_exemplars.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;
constexpr uint64_t kMinNativeBuckets = 2;
constexpr uint64_t kMaxNativeBuckets = 10'000;
// The words of a series before its buckets.
constexpr size_t kWordsBeforeBuckets = 3;
static_assert(sizeof(HistogramSeriesCell) - sizeof(Word) == kWordsBeforeBuckets * sizeof(Word));

size_t BucketsOf(const FamilyDefinition& definition) { return definition.bounds.size() + 1; }

// Takes the buckets away that were counted before; returns the sum of then.
double TakeAway(const HistogramCell& before, std::span<uint64_t> counts) {
  for (size_t i = 0; i < counts.size(); ++i) counts[i] = CountSince(counts[i], before.buckets[i]);
  return before.Sum();
}

std::shared_ptr<const NativeHistogram> Since(const std::shared_ptr<const NativeHistogram>& now,
                                             const std::shared_ptr<const NativeHistogram>& before) {
  if (before == nullptr) return now;
  auto since = std::make_shared<NativeHistogram>(*now);
  Subtract(*since, *before);
  return since;
}

class HistogramRows final : public MergedRows {
 public:
  HistogramRows(size_t size, FamilyPart& merged) : MergedRows(size, merged) {
    values().counts.resize(size * BucketsOf(definition()));
    values().sums.resize(size);
    values().created_us.resize(size);
    if (definition().exponential) natives_.resize(size);
  }

 private:
  struct Native {
    std::shared_ptr<NativeHistogram> histogram;
    bool is_whole = true;  // no part had values that are in no bucket
  };

  void Add(const FamilyPart& part, std::span<const size_t> rows) override {
    const size_t buckets = BucketsOf(definition());
    for (size_t i = 0; i < rows.size(); ++i) {
      for (size_t bucket = 0; bucket < buckets; ++bucket) {
        values().counts[rows[i] * buckets + bucket] += part.snapshot.counts[i * buckets + bucket];
      }
      values().sums[rows[i]] += part.snapshot.sums[i];
      if (definition().exponential) AddNative(part, i, natives_[rows[i]]);
    }
    AddCreated(part, rows);
  }

  static void AddNative(const FamilyPart& part, size_t i, Native& native) {
    const auto* theirs = part.snapshot.natives.empty() ? nullptr : part.snapshot.natives[i].get();
    if (theirs == nullptr) {
      native.is_whole = false;
    } else if (native.histogram == nullptr) {
      native.histogram = std::make_shared<NativeHistogram>(*theirs);
    } else {
      toolvitals::Add(*native.histogram, *theirs);
    }
  }

  void Finish() override {
    for (Native& native : natives_) {
      if (native.is_whole && native.histogram != nullptr) {
        ReduceBuckets(*native.histogram, definition().buckets.max_buckets, kMinSchema);
      }
      values().natives.push_back(native.is_whole ? std::move(native.histogram) : nullptr);
    }
  }

  std::vector<Native> natives_;
};

class Histogram final : public MetricKind {
 public:
  FamilyType type() const override { return FamilyType::kHistogram; }
  std::string_view ReservedLabel(const FamilyDefinition&) const override { return "le"; }
  absl::Status Check(const FamilyDefinition& definition) const override;

  uint64_t SeriesBytes(const FamilyDefinition& definition) const override {
    return offsetof(SeriesRecord, cell) + sizeof(Word) * (kWordsBeforeBuckets + BucketsOf(definition));
  }

  bool Init(Segment& segment, const FamilyDefinition& definition, SeriesRecord& series) const override {
    if (!definition.exponential) return true;
    const Offset cell = segment.Allocate(sizeof(ExponentialCell));
    if (cell == 0) return false;
    segment.At<ExponentialCell>(cell)->Init(definition.buckets);
    series.As<HistogramSeriesCell>().exponential.store(cell, std::memory_order_relaxed);
    return true;
  }

  void Free(Segment& segment, SeriesRecord& series, uint64_t) const override {
    const Offset offset = series.As<HistogramSeriesCell>().exponential.load(std::memory_order_relaxed);
    if (offset == 0) return;
    const ExponentialCell& cell = *segment.At<ExponentialCell>(offset);
    cell.ForEachBlock(segment, [&](Offset block, uint64_t bytes) { segment.Free(block, bytes); });
    segment.Free(offset, sizeof(ExponentialCell));
  }

  size_t ExemplarSlots(uint64_t series_bytes) const override {
    return (series_bytes - offsetof(SeriesRecord, cell)) / sizeof(Word) - kWordsBeforeBuckets;
  }

  bool Reset(Segment& segment, const FamilyDefinition& definition, SeriesRecord& series, bool) const override {
    HistogramSeriesCell& cell = series.As<HistogramSeriesCell>();
    cell.classic.Reset(BucketsOf(definition));
    if (const Offset exponential = cell.exponential.load(std::memory_order_relaxed); exponential != 0) {
      segment.At<ExponentialCell>(exponential)->Reset(segment);
    }
    return true;
  }

  bool IsUntouchedSinceFork(const FamilyDefinition& definition, const SeriesRecord& series) const override {
    const Word* words = series.words();
    return std::all_of(words + 1, words + kWordsBeforeBuckets + BucketsOf(definition),
                       [](const Word& word) { return word.load(std::memory_order_relaxed) == 0; });
  }

  void Read(const FamilyReading& reading, FamilyPart& part) const override;
  void ForEachBlock(const Segment& segment, const SeriesRecord& series,
                    absl::FunctionRef<void(Offset, uint64_t)> visit) const override;

  std::unique_ptr<MergedRows> Merge(size_t rows, FamilyPart& merged) const override {
    return std::make_unique<HistogramRows>(rows, merged);
  }

  bool Store(const FamilyPart& part, size_t row, Segment& segment, SeriesRecord& series) const override {
    const FamilySnapshot& values = part.snapshot;
    const size_t buckets = BucketsOf(part.definition);
    HistogramSeriesCell& cell = series.As<HistogramSeriesCell>();
    for (size_t i = 0; i < buckets; ++i) Add<kAlone>(cell.classic.buckets[i], values.counts[row * buckets + i]);
    AddDouble<kAlone>(cell.classic.sum_float, values.sums[row]);
    const Offset exponential = cell.exponential.load(std::memory_order_relaxed);
    if (exponential == 0) return true;
    ExponentialCell& native = *segment.At<ExponentialCell>(exponential);
    if (values.natives[row] == nullptr) {
      Add<kAlone>(native.unplaced, 1);
    } else {
      native.Store(segment, *values.natives[row]);
    }
    return true;
  }

 protected:
  size_t first_counted_word() const override { return 1; }
};

absl::Status Histogram::Check(const FamilyDefinition& definition) const {
  if (absl::Status status = HistogramBounds::Make(definition.bounds).status(); !status.ok()) return status;
  if (!definition.exponential) return absl::OkStatus();
  const ExponentialOptions& options = definition.buckets;
  if (options.schema < kMinSchema || options.schema > kMaxSchema) {
    return absl::InvalidArgumentError(absl::StrCat("the schema of exponential buckets is ", options.schema,
                                                   ", but must be ", kMinSchema, " to ", kMaxSchema));
  }
  if (options.max_buckets < kMinNativeBuckets || options.max_buckets > kMaxNativeBuckets) {
    return absl::InvalidArgumentError(absl::StrCat("a histogram has ", options.max_buckets,
                                                   " exponential buckets at most, but must have ", kMinNativeBuckets,
                                                   " to ", kMaxNativeBuckets));
  }
  if (!(options.zero_threshold >= 0) || std::isinf(options.zero_threshold)) {
    return absl::InvalidArgumentError("the zero threshold of exponential buckets must be finite and not negative");
  }
  return absl::OkStatus();
}

void Histogram::Read(const FamilyReading& reading, FamilyPart& part) const {
  FamilySnapshot& family = part.snapshot;
  const size_t size = reading.series.size();
  const size_t buckets = BucketsOf(reading.definition);
  family.counts.resize(size * buckets);
  if (reading.definition.exponential) family.natives.reserve(size);
  family.sums.reserve(size);
  family.created_us.reserve(size);
  std::span<uint64_t> counts = family.counts;
  reading.ForEach([&](const SeriesRecord& series, const SeriesRecord* before) {
    const HistogramCell& cell = series.As<HistogramSeriesCell>().classic;
    cell.Collect(counts.first(buckets));
    double sum = cell.Sum();
    if (before != nullptr) sum -= TakeAway(before->As<HistogramSeriesCell>().classic, counts.first(buckets));
    counts = counts.subspan(buckets);
    ReadExemplars(reading.segment, series, buckets, family.sums.size(), family.exemplars);
    family.sums.push_back(sum);
    family.created_us.push_back(static_cast<int64_t>(series.created_us.load(std::memory_order_relaxed)));
    // Behind the classic buckets, as they are recorded the other way round.
    if (!reading.definition.exponential) return;
    auto native = ReadNative(reading.segment, series);
    if (before != nullptr && native != nullptr) native = Since(native, ReadNative(*reading.baseline, *before));
    family.natives.push_back(std::move(native));
  });
}

void Histogram::ForEachBlock(const Segment& segment, const SeriesRecord& series,
                             absl::FunctionRef<void(Offset, uint64_t)> visit) const {
  const Offset cell = series.As<HistogramSeriesCell>().exponential.load(std::memory_order_relaxed);
  const auto* exponential = segment.Find<ExponentialCell>(cell);
  if (exponential == nullptr) return;
  visit(cell, sizeof(ExponentialCell));
  uint64_t left = segment.used_bytes();
  for (const Word* newest : {&exponential->positive, &exponential->negative}) {
    Offset at = newest->load(std::memory_order_acquire);
    while (const auto* range = segment.Find<BucketRange>(at)) {
      const uint64_t size = range->size.load(std::memory_order_relaxed);
      if (size > left / sizeof(Word) || BucketRange::Bytes(size) > left) break;
      left -= BucketRange::Bytes(size);
      visit(at, BucketRange::Bytes(size));
      at = range->older.load(std::memory_order_relaxed);
    }
  }
}

}  // namespace

const MetricKind& HistogramKind() {
  static const Histogram kind;
  return kind;
}

std::shared_ptr<const NativeHistogram> ReadNative(const Segment& segment, const SeriesRecord& series) {
  const Offset cell = series.As<HistogramSeriesCell>().exponential.load(std::memory_order_relaxed);
  if (!segment.Holds(cell, sizeof(ExponentialCell))) return nullptr;
  std::optional<NativeHistogram> native = segment.At<ExponentialCell>(cell)->Read(segment);
  return native.has_value() ? std::make_shared<const NativeHistogram>(*std::move(native)) : nullptr;
}

}  // namespace toolvitals
