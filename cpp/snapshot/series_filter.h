// Which series of a family are meant.
// Floor: snapshot.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "snapshot/family_snapshot.h"

namespace toolvitals {

struct SeriesFilter {
  std::string family;
  // Names and values that a series has to have, all of them; none: every series is meant.
  LabelSet::Pairs labels;

  bool Matches(const LabelSet& series) const {
    return std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
      return std::find(series.pairs.begin(), series.pairs.end(), wanted) != series.pairs.end();
    });
  }
};

}  // namespace toolvitals
