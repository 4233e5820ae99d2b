// Taking series out of a family's arrays. Floor: kinds.
#include "kinds/family_part.h"

#include <utility>

namespace toolvitals {
namespace {

void KeepValues(const std::vector<bool>& kept, FamilySnapshot& family) {
  KeepRows(kept, family.values);
  KeepRows(kept, family.counts);
  KeepRows(kept, family.sums);
  KeepRows(kept, family.natives);
  KeepRows(kept, family.quantiles);
  KeepRows(kept, family.created_us);
  KeepRows(kept, family.timestamps_ms);
  std::vector<size_t> places;
  size_t place = 0;
  for (const bool keep : kept) places.push_back(keep ? place++ : place);
  std::erase_if(family.exemplars, [&](const auto& placed) { return !kept[placed.series]; });
  for (auto& placed : family.exemplars) placed.series = places[placed.series];
}

}  // namespace

std::shared_ptr<const LabelSets> KeptOf(const std::vector<bool>& kept, const LabelSets& labels) {
  auto left = std::make_shared<LabelSets>();
  for (size_t i = 0; i < kept.size(); ++i) {
    if (kept[i]) left->push_back(labels[i]);
  }
  return left;
}

void KeepValues(const std::vector<bool>& kept, FamilyPart& part) {
  KeepValues(kept, part.snapshot);
  KeepRows(kept, part.changed_us);
  KeepRows(kept, part.used_ns);
  KeepRows(kept, part.samples);
  part.shows_overflow = part.shows_overflow && kept.back();
}

void KeepSeries(const std::vector<bool>& kept, FamilySnapshot& family) {
  KeepValues(kept, family);
  family.labels = KeptOf(kept, *family.labels);
}

void KeepSeries(const std::vector<bool>& kept, FamilyPart& part) {
  KeepValues(kept, part);
  part.snapshot.labels = KeptOf(kept, *part.snapshot.labels);
  part.keys = KeptOf(kept, *part.keys);
}

}  // namespace toolvitals
