// Counting the values of labels of a family that overflowed.
// Floor: render.
#include "render/overflow.h"

#include <algorithm>

#include "absl/container/flat_hash_set.h"

namespace toolvitals {
namespace {

constexpr std::string_view kOverflowLabel = "otel_metric_overflow";

std::vector<std::pair<std::string_view, uint64_t>> DistinctValues(const FamilySnapshot& family) {
  std::vector<std::pair<std::string_view, absl::flat_hash_set<absl::string_view>>> labels;
  for (const auto& set : *family.labels) {
    for (size_t i = 0; i < set->pairs.size(); ++i) {
      const auto& [name, value] = set->pairs[i];
      if (name == kOverflowLabel) continue;
      if (i == labels.size()) labels.emplace_back(name, absl::flat_hash_set<absl::string_view>());
      labels[i].second.insert(value);
    }
  }
  std::vector<std::pair<std::string_view, uint64_t>> counts;
  for (const auto& [name, values] : labels) counts.emplace_back(name, values.size());
  return counts;
}

}  // namespace

std::vector<FamilyOverflow> OverflowOf(const Snapshot& snapshot) {
  std::vector<FamilyOverflow> all;
  for (const auto& [name, records] : snapshot.self.overflowed_records) {
    FamilyOverflow& overflow = all.emplace_back();
    overflow.family = name;
    overflow.records = records;
    const auto found = std::find_if(snapshot.families.begin(), snapshot.families.end(),
                                    [&name = name](const FamilySnapshot& family) { return family.info->name == name; });
    if (found != snapshot.families.end()) overflow.distinct_values = DistinctValues(*found);
    for (const OffenderSnapshot& offender : snapshot.self.offenders) {
      if (offender.family == name) overflow.busiest.push_back(&offender);
    }
  }
  return all;
}

}  // namespace toolvitals
