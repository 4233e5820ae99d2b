// What else is read of a histogram.
// Floor: kinds.
#pragma once

#include <memory>

#include "kinds/family_record.h"
#include "model/native_histogram.h"
#include "store/segment.h"

namespace toolvitals {

// The exponential buckets of a histogram; nullptr where it has none, or not of every value.
std::shared_ptr<const NativeHistogram> ReadNative(const Segment& segment, const SeriesRecord& series);

}  // namespace toolvitals
