// What one segment has of a family, or several together, as plain values that can be added up.
// Floor: kinds.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kinds/family_definition.h"
#include "model/family_snapshot.h"

namespace toolvitals {

// A snapshot with what it takes to add it to what others have.
struct FamilyPart {
  FamilySnapshot snapshot;
  FamilyDefinition definition;
  // Which family it is of, in whatever process: a forked child has its parent's of what it was forked with, and any
  // other family of any process has one of its own.
  uint64_t identity = 0;
  std::shared_ptr<const LabelSets> keys;  // the labels without the facts of infos, so that they say which series it is
  std::vector<int64_t> changed_us;        // of gauges, infos and state sets: Unix time of the last change
  std::vector<uint64_t> used_ns;          // where series expire: when each was recorded last
  std::vector<std::vector<double>> samples;  // of a summary with a window
  bool shown = false;                        // by the reader's registry
  bool follows = false;         // the process has it from the one that forked it, which says whether it is shown
  bool shows_overflow = false;  // the last series is what label sets past a budget went to
  uint64_t overflowed = 0;      // records that were made into that
};

// Keep the series that are marked: of everything, or of all but the labels.
void KeepSeries(const std::vector<bool>& kept, FamilySnapshot& family);
void KeepSeries(const std::vector<bool>& kept, FamilyPart& part);
void KeepValues(const std::vector<bool>& kept, FamilyPart& part);
std::shared_ptr<const LabelSets> KeptOf(const std::vector<bool>& kept, const LabelSets& labels);

// Keeps the entries that are marked, of an array with one row per series or with none at all.
template <typename T>
void KeepRows(const std::vector<bool>& kept, std::vector<T>& values) {
  const size_t row = values.size() / kept.size();
  size_t to = 0;
  for (size_t series = 0; series < kept.size(); ++series) {
    for (size_t i = 0; kept[series] && i < row; ++i) {
      if (to != series * row + i) values[to] = std::move(values[series * row + i]);
      ++to;
    }
  }
  values.resize(to);
}

}  // namespace toolvitals
