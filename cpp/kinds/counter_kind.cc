// Counters: a number that grows. Floor: kinds.
#include <algorithm>
#include <cmath>

#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"
#include "kinds/series_exemplars.h"

namespace toolvitals {
namespace {

constexpr Writers kAlone = Writers::kSerialized;

Number ValueOf(const CounterCell& cell, const SeriesRecord* before) {
  uint64_t integer = cell.Integer();
  double fraction = LoadDouble(cell.fraction);
  if (before != nullptr) {
    integer = CountSince(integer, before->As<CounterCell>().integer);
    fraction -= LoadDouble(before->As<CounterCell>().fraction);
  }
  return fraction == 0 ? Number(integer) : Number(static_cast<double>(integer) + fraction);
}

class CounterRows final : public MergedRows {
 public:
  CounterRows(size_t size, FamilyPart& merged) : MergedRows(size, merged) {
    values().values.resize(size);
    values().created_us.resize(size);
  }

 private:
  void Add(const FamilyPart& part, std::span<const size_t> rows) override {
    for (size_t i = 0; i < rows.size(); ++i) {
      Number& sum = values().values[rows[i]];
      sum = Sum(sum, part.snapshot.values[i]);
    }
    AddCreated(part, rows);
  }
};

class Counter final : public MetricKind {
 public:
  FamilyType type() const override { return FamilyType::kCounter; }

  bool Reset(Segment&, const FamilyDefinition&, SeriesRecord& series, bool) const override {
    series.As<CounterCell>().Reset();
    return true;
  }

  bool IsUntouchedSinceFork(const FamilyDefinition&, const SeriesRecord& series) const override {
    return std::all_of(std::begin(series.cell), std::end(series.cell),
                       [](const Word& word) { return word.load(std::memory_order_relaxed) == 0; });
  }

  void Read(const FamilyReading& reading, FamilyPart& part) const override {
    FamilySnapshot& family = part.snapshot;
    family.values.reserve(reading.series.size());
    family.created_us.reserve(reading.series.size());
    reading.ForEach([&](const SeriesRecord& series, const SeriesRecord* before) {
      ReadExemplars(reading.segment, series, 1, family.values.size(), family.exemplars);
      family.values.push_back(ValueOf(series.As<CounterCell>(), before));
      family.created_us.push_back(static_cast<int64_t>(series.created_us.load(std::memory_order_relaxed)));
    });
  }

  std::unique_ptr<MergedRows> Merge(size_t rows, FamilyPart& merged) const override {
    return std::make_unique<CounterRows>(rows, merged);
  }

  bool Store(const FamilyPart& part, size_t row, Segment&, SeriesRecord& series) const override {
    const Number& number = part.snapshot.values[row];
    CounterCell& cell = series.As<CounterCell>();
    if (number.is_whole) {
      cell.Increment<kAlone>(number.whole);
    } else if (number.real >= 0 && std::isfinite(number.real)) {
      // Anything else was never counted: it stood in a segment that somebody damaged.
      cell.Increment<kAlone>(number.real);
    }
    return true;
  }
};

}  // namespace

const MetricKind& CounterKind() {
  static const Counter kind;
  return kind;
}

}  // namespace toolvitals
