// What a family's type is called.
// Floor: render.
#pragma once

#include <string_view>

#include "model/family_snapshot.h"

namespace toolvitals {

// In OpenMetrics, which has a name for each; or in the Prometheus text format, which knows fewer types.
std::string_view TypeName(FamilyType type, bool open_metrics);

}  // namespace toolvitals
