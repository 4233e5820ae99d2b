// The table of functions that native code outside is given.
// Floor: bridge.
#pragma once

#include "model/snapshot.h"
#include "toolvitals/api.h"

namespace toolvitals {

// That of the process's own collector and its sources, once Collector::InitGlobal() has returned OK. Never gone.
const toolvitals_api& GlobalApi();

// Tells the visitor of every family of a snapshot. Zero, or what the visitor returned to end the visit.
int VisitFamilies(const Snapshot& snapshot, const toolvitals_visitor& visitor);

}  // namespace toolvitals
