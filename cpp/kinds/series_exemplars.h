// The exemplars of a series, as they are read.
// Floor: kinds.
#pragma once

#include <optional>
#include <vector>

#include "kinds/family_record.h"
#include "model/family_snapshot.h"
#include "store/segment.h"

namespace toolvitals {

// The exemplar of a counter (of bucket zero) or of a histogram's bucket.
std::optional<Exemplar> ReadExemplar(const Segment& segment, const SeriesRecord& series, size_t bucket);

// Appends those of the series, which has some, and whose row is `place`.
void ReadKeptExemplars(const Segment& segment, const SeriesRecord& series, size_t slots, size_t place,
                       std::vector<FamilySnapshot::PlacedExemplar>& exemplars);
// The same of any series. Most have none, and a reading of thousands asks each of them.
inline void ReadExemplars(const Segment& segment, const SeriesRecord& series, size_t slots, size_t place,
                          std::vector<FamilySnapshot::PlacedExemplar>& exemplars) {
  if (series.exemplars.load(std::memory_order_relaxed) == 0) [[likely]]
    return;
  ReadKeptExemplars(segment, series, slots, place, exemplars);
}

}  // namespace toolvitals
