// The table of the kinds, and what they do alike. Floor: kinds.
#include "kinds/metric_kind.h"

#include <array>

namespace toolvitals {
namespace {

using Getter = const MetricKind& (*)();

// In the order of InstrumentKind, from the first one on.
constexpr std::array<Getter, 6> kKinds = {&CounterKind, &GaugeKind, &HistogramKind,
                                          &SummaryKind, &InfoKind,  &StateSetKind};
static_assert(static_cast<size_t>(InstrumentKind::kStateSet) == kKinds.size());

}  // namespace

bool IsKind(InstrumentKind kind) {
  return kind != InstrumentKind::kNone && static_cast<uint64_t>(kind) <= kKinds.size();
}

const MetricKind& KindOf(InstrumentKind kind) { return kKinds[static_cast<size_t>(kind) - 1](); }

bool IsInherited(const Segment& segment, const FamilyDefinition& definition, const SeriesRecord& series) {
  const uint64_t last = segment.header().inherited.load(std::memory_order_relaxed);
  if (last == 0 || NumberOf(series.generation.load(std::memory_order_relaxed)) > last) return false;
  return KindOf(definition.kind).IsUntouchedSinceFork(definition, series);
}

bool MetricKind::IsUnchanged(const FamilyDefinition& definition, const SeriesRecord& series,
                             const SeriesRecord& before) const {
  const size_t words = (SeriesBytes(definition) - offsetof(SeriesRecord, cell)) / sizeof(Word);
  for (size_t i = first_counted_word(); i < words; ++i) {
    if (series.words()[i].load(std::memory_order_relaxed) != before.words()[i].load(std::memory_order_relaxed))
      return false;
  }
  return true;
}

}  // namespace toolvitals
