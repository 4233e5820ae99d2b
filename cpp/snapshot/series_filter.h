// Which series of a family are meant.
// Floor: snapshot.
#pragma once

#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "kinds/family_record.h"
#include "kinds/packed_attributes.h"
#include "model/family_snapshot.h"
#include "registry/family_identity.h"

namespace toolvitals {

struct SeriesFilter {
  std::string family;
  // Of the one family that is meant, which is in no registry of the endpoints; zero: those of the name that are, and
  // what is left of those that nobody has any more.
  uint64_t identity = 0;
  // Names and values that a series has to have, all of them; none: every series is meant. Labels that were made of
  // attributes are not meant by names and values, for they may be those of several series.
  LabelSet::Pairs labels;
  // Of an open family: names are keys, and values are packed (kinds/packed_attributes.h). A series that has others
  // beside them is another one.
  bool is_of_attributes = false;
  // All of the family is meant, which nobody shows any more, and not its series alone.
  bool is_unregistered = false;
  // The one who says so was forked with it, as others may have been, whose it is no less.
  bool by_inheritor = false;

  bool IsOf(const FamilyRecord& record) const {
    const uint64_t of_record = record.incarnation.load(std::memory_order_relaxed);
    if (identity != 0) return of_record == identity;
    return (record.shown.load(std::memory_order_relaxed) >> kDefaultRegistry & 1) != 0 || IsLeft(of_record);
  }
  bool Matches(const LabelSet& series) const {
    if (is_of_attributes) return series.attributes.has_value() && TextsOf(*series.attributes) == Texts();
    if (series.attributes.has_value()) return labels.empty();
    return std::all_of(labels.begin(), labels.end(), [&](const auto& wanted) {
      return std::find(series.pairs.begin(), series.pairs.end(), wanted) != series.pairs.end();
    });
  }

  // Names and values in turn.
  std::vector<std::string> Texts() const {
    std::vector<std::string> texts;
    for (const auto& [name, value] : labels) {
      texts.push_back(name);
      texts.push_back(value);
    }
    return texts;
  }
};

}  // namespace toolvitals
