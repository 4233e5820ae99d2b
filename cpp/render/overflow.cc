// Counting the values of labels of a family that overflowed.
// Floor: render.
#include "render/overflow.h"

#include <algorithm>
#include <deque>
#include <string>

#include "base/hash_table.h"

namespace toolvitals {
namespace {

constexpr std::string_view kOverflowLabel = "otel_metric_overflow";

// The values of each label, or of each attribute, in the order in which their names are met.
class DistinctValues {
 public:
  void Add(size_t place, std::string_view name, std::string_view value) {
    // Where the family is closed, every series has its labels in the same order.
    if (place >= labels_.size() || labels_[place].first != name) {
      const auto is_it = [&](const auto& label) { return label.first == name; };
      place = static_cast<size_t>(std::find_if(labels_.begin(), labels_.end(), is_it) - labels_.begin());
    }
    if (place == labels_.size()) labels_.emplace_back(name, HashSet<std::string_view>());
    labels_[place].second.insert(value);
  }

  std::vector<std::pair<std::string_view, uint64_t>> counts() const {
    std::vector<std::pair<std::string_view, uint64_t>> counts;
    for (const auto& [name, values] : labels_) counts.emplace_back(name, values.size());
    return counts;
  }

 private:
  std::vector<std::pair<std::string_view, HashSet<std::string_view>>> labels_;
};

std::vector<std::pair<std::string_view, uint64_t>> CountValues(const FamilySnapshot& family) {
  DistinctValues values;
  std::deque<std::string> texts;
  for (const auto& set : *family.labels) {
    const size_t size = set->attributes.has_value() ? set->attributes->size() : set->pairs.size();
    for (size_t i = 0; i < size; ++i) {
      if (i < set->pairs.size() && set->pairs[i].first == kOverflowLabel) continue;
      if (set->attributes.has_value()) {
        const Attribute& attribute = (*set->attributes)[i];
        values.Add(i, attribute.key, texts.emplace_back(JsonOf(attribute.value)));
      } else {
        values.Add(i, set->pairs[i].first, set->pairs[i].second);
      }
    }
  }
  return values.counts();
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
    if (found != snapshot.families.end()) overflow.distinct_values = CountValues(*found);
    for (const OffenderSnapshot& offender : snapshot.self.offenders) {
      if (offender.family == name) overflow.busiest.push_back(&offender);
    }
  }
  return all;
}

}  // namespace toolvitals
