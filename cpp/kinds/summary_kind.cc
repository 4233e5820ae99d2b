// Summaries: a count and a sum, and quantiles of a window where a family has one. Floor: kinds.
#include "kinds/summary_kind.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "absl/strings/str_cat.h"
#include "base/limits.h"
#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;
constexpr double kThousandths = 1000;

static_assert(offsetof(SeriesRecord, cell) + offsetof(SummarySeriesCell, window) == sizeof(SeriesRecord));

bool HasWindow(const FamilyDefinition& definition) { return definition.window_size != 0; }

class SummaryRows final : public MergedRows {
 public:
  SummaryRows(size_t size, FamilyPart& merged) : MergedRows(size, merged) {
    values().counts.resize(size);
    values().sums.resize(size);
    values().created_us.resize(size);
    if (HasWindow(definition())) merged.samples.resize(size);
  }

 private:
  void Add(const FamilyPart& part, std::span<const size_t> rows) override {
    for (size_t i = 0; i < rows.size(); ++i) {
      values().counts[rows[i]] += part.snapshot.counts[i];
      values().sums[rows[i]] += part.snapshot.sums[i];
      if (!HasWindow(definition())) continue;
      std::vector<double>& samples = merged().samples[rows[i]];
      samples.insert(samples.end(), part.samples[i].begin(), part.samples[i].end());
    }
    AddCreated(part, rows);
  }
};

class Summary final : public MetricKind {
 public:
  FamilyType type() const override { return FamilyType::kSummary; }
  std::string_view ReservedLabel(const FamilyDefinition&) const override { return "quantile"; }
  absl::Status Check(const FamilyDefinition& definition) const override;

  uint64_t SeriesBytes(const FamilyDefinition& definition) const override {
    constexpr uint64_t kHead = offsetof(SeriesRecord, cell);
    return kHead + (HasWindow(definition) ? sizeof(SummarySeriesCell) : offsetof(SummarySeriesCell, window));
  }

  bool Init(Segment& segment, const FamilyDefinition& definition, SeriesRecord& series) const override {
    if (!HasWindow(definition)) return true;
    const uint64_t capacity = RingRecord::CapacityFor(definition.window_size);
    const Offset ring = segment.Allocate(RingRecord::Bytes(capacity));
    if (ring == 0) return false;
    segment.At<RingRecord>(ring)->capacity.store(capacity, std::memory_order_relaxed);
    series.As<SummarySeriesCell>().window.ring.store(ring, std::memory_order_relaxed);
    return true;
  }

  void Free(Segment& segment, SeriesRecord& series, uint64_t series_bytes) const override {
    // Without a window there is no word for one.
    if (series_bytes == sizeof(SeriesRecord)) return;
    const Offset ring = series.As<SummarySeriesCell>().window.ring.load(std::memory_order_relaxed);
    if (ring == 0) return;
    segment.Free(ring, RingRecord::Bytes(segment.At<RingRecord>(ring)->capacity.load(std::memory_order_relaxed)));
  }

  const Word* Ring(const FamilyDefinition& definition, const SeriesRecord& series) const override {
    return HasWindow(definition) ? &series.As<SummarySeriesCell>().window.ring : nullptr;
  }

  bool Reset(Segment& segment, const FamilyDefinition& definition, SeriesRecord& series,
             bool after_fork) const override {
    SummarySeriesCell& cell = series.As<SummarySeriesCell>();
    cell.count.store(0, std::memory_order_relaxed);
    cell.sum.store(0, std::memory_order_relaxed);
    if (!HasWindow(definition)) return true;
    if (after_fork) {
      // Writing every slot would copy every page.
      cell.window.start.store(cell.window.cursor.load(std::memory_order_relaxed), std::memory_order_relaxed);
    } else {
      cell.window.Reset(*segment.At<RingRecord>(cell.window.ring.load(std::memory_order_relaxed)));
    }
    return true;
  }

  bool IsUntouchedSinceFork(const FamilyDefinition&, const SeriesRecord& series) const override {
    const SummarySeriesCell& cell = series.As<SummarySeriesCell>();
    return cell.count.load(std::memory_order_relaxed) == 0 && cell.sum.load(std::memory_order_relaxed) == 0;
  }

  void Read(const FamilyReading& reading, FamilyPart& part) const override {
    FamilySnapshot& family = part.snapshot;
    reading.ForEach([&](const SeriesRecord& series, const SeriesRecord* before) {
      const SummarySeriesCell& cell = series.As<SummarySeriesCell>();
      const auto* then = before == nullptr ? nullptr : &before->As<SummarySeriesCell>();
      const uint64_t count = cell.count.load(std::memory_order_relaxed);
      family.counts.push_back(then == nullptr ? count : CountSince(count, then->count));
      family.sums.push_back(LoadDouble(cell.sum) - (then == nullptr ? 0 : LoadDouble(then->sum)));
      family.created_us.push_back(static_cast<int64_t>(series.created_us.load(std::memory_order_relaxed)));
      if (!HasWindow(reading.definition)) return;
      const uint64_t start = then == nullptr ? 0 : then->window.cursor.load(std::memory_order_relaxed);
      std::vector<double> samples = ReadWindow(reading.segment, reading.definition, cell.window, start);
      if (reading.quantiles.has_value()) {
        family.quantiles.push_back(QuantilesOf(reading.definition, samples, *reading.quantiles));
      } else {
        part.samples.push_back(std::move(samples));
      }
    });
  }

  std::unique_ptr<MergedRows> Merge(size_t rows, FamilyPart& merged) const override {
    return std::make_unique<SummaryRows>(rows, merged);
  }

  bool Store(const FamilyPart& part, size_t row, Segment& segment, SeriesRecord& series) const override {
    SummarySeriesCell& cell = series.As<SummarySeriesCell>();
    Add<kAlone>(cell.count, part.snapshot.counts[row]);
    AddDouble<kAlone>(cell.sum, part.snapshot.sums[row]);
    if (part.samples.empty()) return true;
    RingRecord& ring = *segment.At<RingRecord>(cell.window.ring.load(std::memory_order_relaxed));
    for (const double sample : part.samples[row]) cell.window.Record<kAlone>(ring, sample);
    return true;
  }
};

absl::Status Summary::Check(const FamilyDefinition& definition) const {
  if (HasWindow(definition) != !definition.quantiles.empty()) {
    return absl::InvalidArgumentError("a summary has both, a window and quantiles of it, or neither");
  }
  if (HasWindow(definition) && (definition.window_size < kMinWindowSize || definition.window_size > kMaxWindowSize)) {
    return absl::InvalidArgumentError(absl::StrCat("window_size is ", definition.window_size, ", but must be ",
                                                   kMinWindowSize, " to ", kMaxWindowSize));
  }
  for (size_t i = 0; i < definition.quantiles.size(); ++i) {
    const double thousandths = definition.quantiles[i] * kThousandths;
    const bool whole = std::abs(thousandths - std::round(thousandths)) < 1e-9;
    if (!whole || !(thousandths > 0.5 && thousandths < kThousandths - 0.5) ||
        (i > 0 && definition.quantiles[i - 1] >= definition.quantiles[i])) {
      return absl::InvalidArgumentError(absl::StrCat("quantile ", definition.quantiles[i],
                                                     ": they must ascend and be whole thousandths, 0.001 to 0.999"));
    }
  }
  return absl::OkStatus();
}

}  // namespace

const MetricKind& SummaryKind() {
  static const Summary kind;
  return kind;
}

std::vector<double> ReadWindow(const Segment& segment, const FamilyDefinition& definition, const WindowCell& window,
                               uint64_t start) {
  std::vector<double> samples;
  const Offset ring = window.ring.load(std::memory_order_acquire);
  const uint64_t capacity = RingRecord::CapacityFor(definition.window_size);
  if (!segment.Holds(ring, RingRecord::Bytes(capacity))) return samples;
  WindowCell::Position position = window.position();
  position.start = std::max(position.start, std::min(start, position.cursor));
  window.Read(*segment.At<RingRecord>(ring), capacity, definition.window_size, position, samples);
  return samples;
}

std::vector<QuantileValue> QuantilesOf(const FamilyDefinition& definition, std::span<const double> samples,
                                       QuantileMethod method) {
  std::vector<QuantileValue> quantiles;
  std::vector<QuantileCut> cuts;
  for (const double quantile : definition.quantiles) cuts.push_back(QuantileCut::Of(quantile));
  std::vector<double> values(cuts.size());
  Quantiles(samples, cuts, method, values);
  for (size_t i = 0; i < values.size(); ++i) quantiles.push_back({definition.quantiles[i], values[i]});
  return quantiles;
}

}  // namespace toolvitals
