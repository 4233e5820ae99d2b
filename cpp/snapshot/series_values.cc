// Reading a series' native histogram, exemplar, window and quantiles. Floor: snapshot.
#include "snapshot/series_values.h"

#include <algorithm>
#include <utility>

#include "metrics/exemplar_slot.h"
#include "store/text_record.h"

namespace toolvitals {

bool IsInherited(const Segment& segment, const FamilyDefinition& definition, const SeriesRecord& series) {
  const uint64_t last = segment.header().inherited.load(std::memory_order_relaxed);
  if (last == 0 || NumberOf(series.generation.load(std::memory_order_relaxed)) > last) return false;
  const auto are_zero = [&](const Word* words, size_t count) {
    return std::all_of(words, words + count,
                       [](const Word& word) { return word.load(std::memory_order_relaxed) == 0; });
  };
  switch (definition.kind) {
    case InstrumentKind::kCounter:
      return are_zero(series.cell, 2);
    case InstrumentKind::kGauge:
      return series.As<GaugeCell>().IsInherited();
    case InstrumentKind::kHistogram:
      return are_zero(series.cell + 1, 2 + definition.bounds.size() + 1);
    case InstrumentKind::kSummary:
      return are_zero(series.cell, 2);
    case InstrumentKind::kInfo:
    case InstrumentKind::kStateSet:
      return are_zero(&series.created_us, 1);
    case InstrumentKind::kNone:
      break;
  }
  return false;
}

std::shared_ptr<const NativeHistogram> ReadNative(const Segment& segment, const SeriesRecord& series) {
  const Offset cell = series.As<HistogramSeriesCell>().exponential.load(std::memory_order_relaxed);
  if (!segment.Holds(cell, sizeof(ExponentialCell))) return nullptr;
  std::optional<NativeHistogram> native = segment.At<ExponentialCell>(cell)->Read(segment);
  return native.has_value() ? std::make_shared<const NativeHistogram>(*std::move(native)) : nullptr;
}

std::optional<Exemplar> ReadExemplar(const Segment& segment, const SeriesRecord& series, size_t bucket) {
  const Offset slots = series.exemplars.load(std::memory_order_acquire);
  if (!segment.Holds(slots, (bucket + 1) * sizeof(ExemplarSlot))) return std::nullopt;
  const auto content = segment.At<ExemplarSlot>(slots)[bucket].Read();
  auto texts = content.has_value() ? UnpackTexts(content->labels) : std::nullopt;
  if (!texts.has_value()) return std::nullopt;
  Exemplar exemplar;
  exemplar.value = content->value;
  exemplar.timestamp_us = content->timestamp_us;
  for (size_t i = 0; i + 1 < texts->size(); i += 2) {
    exemplar.labels.emplace_back(std::move((*texts)[i]), std::move((*texts)[i + 1]));
  }
  return exemplar;
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
