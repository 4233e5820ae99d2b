// What else is read of a summary.
// Floor: kinds.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kinds/family_definition.h"
#include "metrics/quantiles.h"
#include "metrics/sliding_window.h"
#include "model/family_snapshot.h"
#include "store/segment.h"

namespace toolvitals {

// The samples of a summary's window; of them those since `start`, where that is later than the window's own.
std::vector<double> ReadWindow(const Segment& segment, const FamilyDefinition& definition, const WindowCell& window,
                               uint64_t start = 0);
// The quantiles that a summary shows, NaN with fewer than two samples.
std::vector<QuantileValue> QuantilesOf(const FamilyDefinition& definition, std::span<const double> samples,
                                       QuantileMethod method);

}  // namespace toolvitals
