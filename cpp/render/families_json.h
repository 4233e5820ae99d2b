// Families of instruments and of other sources as JSON.
// Floor: render.
#pragma once

#include <vector>

#include "model/snapshot.h"
#include "render/writer.h"

namespace toolvitals {

// An object of families by name, the first one of a name.
void FamiliesJson(const std::vector<FamilySnapshot>& families, Writer& writer);

// What did not fit the budgets, family by family: how many records, how many values each label has, and which values
// were refused most often.
void OverflowJson(const Snapshot& snapshot, Writer& writer);

}  // namespace toolvitals
