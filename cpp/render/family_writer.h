// A family's snapshot, given to a sink.
// Floor: render.
#pragma once

#include "render/family_sink.h"
#include "snapshot/family_snapshot.h"

namespace toolvitals {

// `head` is that of `family`, which has at least one series.
void WriteFamily(const FamilySnapshot& family, const FamilyHead& head, FamilySink& sink);

}  // namespace toolvitals
