// Removing series and families from what ended and foreign processes recorded. Floor: bindings.
#include "bindings/forgetting.h"

#include <algorithm>
#include <memory>
#include <new>
#include <string>

#include "bindings/gil.h"
#include "collector/collector.h"
#include "fleet/process_fleet.h"
#include "kinds/packed_attributes.h"
#include "snapshot/collect_families.h"

namespace toolvitals {

bool ForgetElsewhere(const SeriesFilter* only) {
  // A thread's own, so that no fork can leave a lock of it held, and kept, since what is mapped once need not be again.
  thread_local ProcessFleet fleet(Collector::Global());
  bool done = false;
  try {
    const GilReleased released;
    done = fleet.Forget(only);
    fleet.Rest();
  } catch (const std::bad_alloc&) {
    PyErr_NoMemory();
    return false;
  }
  if (!done) {
    PyErr_SetString(
        PyExc_RuntimeError,
        "what other processes recorded could not be taken back: their directory is in use, full, or another "
        "service's");
  }
  return done;
}

SeriesFilter AllOf(const Family& family) {
  SeriesFilter filter;
  filter.family = family.definition().name;
  if (!family.is_shown(kDefaultRegistry)) filter.identity = family.identity();
  return filter;
}

bool ForgetFamilyElsewhere(const Family& family) {
  const bool has_directory =
      std::dynamic_pointer_cast<SegmentDirectory>(Collector::Global().sharing().place) != nullptr;
  SeriesFilter filter;
  filter.family = family.definition().name;
  filter.is_unregistered = true;
  filter.by_inheritor = has_directory && family.is_inherited();
  return ForgetElsewhere(&filter);
}

bool ForgetElsewhere(const Family& family, const std::vector<std::string_view>& values) {
  SeriesFilter filter = AllOf(family);
  const std::vector<std::string>& names = family.definition().label_names;
  filter.is_of_attributes = family.definition().is_open;
  for (size_t i = 0; filter.is_of_attributes && i + 1 < values.size(); i += 2) {
    filter.labels.emplace_back(values[i], values[i + 1]);
  }
  for (size_t i = 0; i < std::min(names.size(), values.size()); ++i) {
    filter.labels.emplace_back(names[i], std::string(values[i]));
  }
  return ForgetElsewhere(&filter);
}

bool ForgetOverflowElsewhere(const Family& family) {
  SeriesFilter filter = AllOf(family);
  const std::shared_ptr<const LabelSet> overflow = OverflowLabels(family.definition());
  filter.labels = overflow->pairs;
  filter.is_of_attributes = overflow->attributes.has_value();
  if (filter.is_of_attributes) {
    const std::vector<std::string> texts = TextsOf(*overflow->attributes);
    filter.labels.clear();
    for (size_t i = 0; i + 1 < texts.size(); i += 2) filter.labels.emplace_back(texts[i], texts[i + 1]);
  }
  return ForgetElsewhere(&filter);
}

}  // namespace toolvitals
