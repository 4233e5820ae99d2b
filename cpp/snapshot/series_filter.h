// Which series of a family are meant.
// Floor: snapshot.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/family_snapshot.h"

namespace toolvitals {

struct SeriesFilter {
  std::string family;
  // Names and values that a series has to have, all of them; none: every series is meant.
  LabelSet::Pairs labels;
  // All of the family is meant, which nobody shows any more, and not its series alone.
  bool is_unregistered = false;
  // The one who says so was forked with it, as others may have been, whose it is no less.
  bool by_inheritor = false;

  bool Matches(const LabelSet& series) const {
    return std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
      return std::find(series.pairs.begin(), series.pairs.end(), wanted) != series.pairs.end();
    });
  }
};

}  // namespace toolvitals
