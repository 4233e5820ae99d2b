// Samples as text formats know them (a name, labels and a number each), put together to families.
// Floor: model.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/family_snapshot.h"

namespace toolvitals {

struct FamilySample {
  std::string name;  // that of the family with a suffix, by the rules of its type
  LabelSet::Pairs labels;
  Number value;
  int64_t timestamp_ms = FamilySnapshot::kNoTimestamp;
  std::optional<Exemplar> exemplar;
  // Of a sample that is named as its histogram; its value is the sum of what was observed.
  std::shared_ptr<const NativeHistogram> native;
};

// The family that `samples` describe, in front; bounds and states are found in the samples. Of two samples of one name
// and one label set the last holds. Samples that do not fit the type, such as buckets whose counts fall or are no whole
// numbers, are kept as families of unknown type, named as the samples are. A family without series is left out.
std::vector<FamilySnapshot> FamiliesOf(FamilyInfo info, const std::vector<FamilySample>& samples);

}  // namespace toolvitals
