// What did not fit the budgets, family by family, and which label is to blame.
// Floor: render. Pure functions; any thread.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>
#include <vector>

#include "model/snapshot.h"

namespace toolvitals {

// Views into the snapshot that it is of.
struct FamilyOverflow {
  std::string_view family;
  uint64_t records = 0;  // that went to the overflow series
  // How many values each label of the family has: the one that explodes has nearly as many as there are series.
  std::vector<std::pair<std::string_view, uint64_t>> distinct_values;
  std::vector<const OffenderSnapshot*> busiest;  // label values that were refused, the most frequent first
};

std::vector<FamilyOverflow> OverflowOf(const Snapshot& snapshot);

}  // namespace toolvitals
