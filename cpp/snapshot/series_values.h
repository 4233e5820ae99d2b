// What takes more than a word to read of a series.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "metrics/quantiles.h"
#include "model/family_snapshot.h"
#include "registry/family_definition.h"
#include "registry/instrument_cells.h"
#include "store/segment.h"

namespace toolvitals {

// Of a series of the family, head and words.
inline uint64_t SeriesBytes(const FamilyDefinition& definition) {
  return SeriesBytes(definition.kind, definition.bounds.size() + 1, definition.window_size != 0);
}

// Whether a process has the series, empty, from the one that forked it, and has not recorded into it. Its parent shows
// it, or has removed it.
bool IsInherited(const Segment& segment, const FamilyDefinition& definition, const SeriesRecord& series);

// The exponential buckets of a histogram; nullptr where it has none, or not of every value.
std::shared_ptr<const NativeHistogram> ReadNative(const Segment& segment, const SeriesRecord& series);

// The exemplar of a counter (of bucket zero) or of a histogram's bucket.
std::optional<Exemplar> ReadExemplar(const Segment& segment, const SeriesRecord& series, size_t bucket);

// The samples of a summary's window; of them those since `start`, where that is later than the window's own.
std::vector<double> ReadWindow(const Segment& segment, const FamilyDefinition& definition, const WindowCell& window,
                               uint64_t start = 0);
// The quantiles that a summary shows, NaN with fewer than two samples.
std::vector<QuantileValue> QuantilesOf(const FamilyDefinition& definition, std::span<const double> samples,
                                       QuantileMethod method);

}  // namespace toolvitals
