// An open family for formats that know labels alone, where two series may look alike.
// Floor: model.
#pragma once

#include "model/family_snapshot.h"

namespace toolvitals {

// Whether two of the series may have the same labels.
bool MayLookAlike(const FamilySnapshot& family);

// The family with series of the same labels as one, in the place of the first: counts and sums added up, the value of
// the last for gauges, and no quantiles, which cannot be added.
FamilySnapshot WithDistinctLabels(const FamilySnapshot& family);

}  // namespace toolvitals
