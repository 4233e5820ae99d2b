// Gauges: a number that is set. What those of several processes make together, their GaugeMode says. Floor: kinds.
#include <algorithm>

#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"

namespace toolvitals {
namespace {

constexpr uint64_t kMicrosPerMilli = 1000;
constexpr int64_t kNoTimestamp = FamilySnapshot::kNoTimestamp;

class GaugeRows final : public MergedRows {
 public:
  GaugeRows(size_t size, FamilyPart& merged) : MergedRows(size, merged) { values().values.resize(size); }

 private:
  void Add(const FamilyPart& part, std::span<const size_t> rows) override {
    for (size_t i = 0; i < rows.size(); ++i) AddValue(part, i, rows[i]);
  }

  void AddValue(const FamilyPart& part, size_t i, size_t row) {
    Number& merged = values().values[row];
    const Number value = part.snapshot.values[i];
    const int64_t timestamp = part.snapshot.timestamps_ms.empty() ? kNoTimestamp : part.snapshot.timestamps_ms[i];
    if (changed_us(row) == kNever) {
      merged = value;
      SetTimestamp(row, timestamp);
      return;
    }
    switch (AnyProcess(definition().gauge_mode)) {
      case GaugeMode::kMin:
        merged = std::min(merged.AsDouble(), value.AsDouble());
        return KeepOldestTimestamp(row, timestamp);
      case GaugeMode::kMax:
        merged = std::max(merged.AsDouble(), value.AsDouble());
        return KeepOldestTimestamp(row, timestamp);
      case GaugeMode::kSum:
        merged = merged.AsDouble() + value.AsDouble();
        return KeepOldestTimestamp(row, timestamp);
      default:
        if (part.changed_us[i] < changed_us(row)) return;
        merged = value;
        SetTimestamp(row, timestamp);
    }
  }

  void SetTimestamp(size_t row, int64_t timestamp) {
    std::vector<int64_t>& timestamps = values().timestamps_ms;
    if (timestamps.empty() && timestamp == kNoTimestamp) return;
    timestamps.resize(size(), kNoTimestamp);
    timestamps[row] = timestamp;
  }

  // What is made of several values is as old as the oldest of them.
  void KeepOldestTimestamp(size_t row, int64_t timestamp) {
    const std::vector<int64_t>& timestamps = values().timestamps_ms;
    const int64_t kept = timestamps.empty() ? kNoTimestamp : timestamps[row];
    if (kept == kNoTimestamp || (timestamp != kNoTimestamp && timestamp < kept)) SetTimestamp(row, timestamp);
  }
};

class Gauge final : public MetricKind {
 public:
  FamilyType type() const override { return FamilyType::kGauge; }
  bool dates_changes() const override { return true; }
  bool IsAbsent(const Number& value) const override { return GaugeCell::IsAbsent(value.AsDouble()); }

  bool Reset(Segment&, const FamilyDefinition&, SeriesRecord& series, bool after_fork) const override {
    GaugeCell& cell = series.As<GaugeCell>();
    after_fork ? cell.Inherit() : cell.Reset();
    return !after_fork;
  }

  bool IsUntouchedSinceFork(const FamilyDefinition&, const SeriesRecord& series) const override {
    return series.As<GaugeCell>().IsInherited();
  }

  void Read(const FamilyReading& reading, FamilyPart& part) const override {
    FamilySnapshot& family = part.snapshot;
    family.values.reserve(reading.series.size());
    reading.ForEach([&](const SeriesRecord& series, const SeriesRecord* before) {
      const GaugeCell& cell = series.As<GaugeCell>();
      const double value = cell.Value();
      const bool is_refreshed = cell.IsRefreshed();
      // Reset, and not set since. What is refreshed is of its time, whatever was reset.
      const bool is_zero = !is_refreshed && before != nullptr && cell.Equals(before->As<GaugeCell>());
      family.values.emplace_back(is_zero ? 0 : value);
      if (!is_refreshed && family.timestamps_ms.empty()) [[likely]]
        return;
      family.timestamps_ms.resize(family.values.size(), kNoTimestamp);
      if (!is_refreshed) return;
      const uint64_t changed_us = series.created_us.load(std::memory_order_relaxed);
      family.timestamps_ms.back() = static_cast<int64_t>(changed_us / kMicrosPerMilli);
    });
  }

  std::unique_ptr<MergedRows> Merge(size_t rows, FamilyPart& merged) const override {
    return std::make_unique<GaugeRows>(rows, merged);
  }

  bool Store(const FamilyPart& part, size_t row, Segment&, SeriesRecord& series) const override {
    const std::vector<int64_t>& timestamps = part.snapshot.timestamps_ms;
    const double value = part.snapshot.values[row].AsDouble();
    if (timestamps.empty() || timestamps[row] == kNoTimestamp) {
      series.As<GaugeCell>().Set(value);
    } else {
      series.As<GaugeCell>().Refresh(value);
    }
    return true;
  }
};

}  // namespace

const MetricKind& GaugeKind() {
  static const Gauge kind;
  return kind;
}

}  // namespace toolvitals
