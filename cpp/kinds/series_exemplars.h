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

// Appends those of the series whose row is `place`.
void ReadExemplars(const Segment& segment, const SeriesRecord& series, size_t slots, size_t place,
                   std::vector<FamilySnapshot::PlacedExemplar>& exemplars);

}  // namespace toolvitals
