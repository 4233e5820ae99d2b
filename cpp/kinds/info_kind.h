// The facts of an info, as they are set.
// Floor: kinds.
#pragma once

#include <span>
#include <string_view>

#include "kinds/family_record.h"
#include "store/segment.h"

namespace toolvitals {

// Sets the facts in the place of those before; false where the byte budget does not hold them. One call at a time;
// whoever reads meanwhile sees the ones or the others.
bool ReplaceFacts(Segment& segment, SeriesRecord& series, std::span<const std::string_view> names_and_values);

}  // namespace toolvitals
