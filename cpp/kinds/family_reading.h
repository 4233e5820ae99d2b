// The series of a family in one segment, as a kind reads them.
// Floor: kinds.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "kinds/family_definition.h"
#include "metrics/quantiles.h"
#include "store/segment.h"

namespace toolvitals {

// Where a series lies; the memory is that series' for as long as it has the generation.
struct SeriesPlace {
  const SeriesRecord* record = nullptr;
  uint64_t generation = 0;

  bool IsStill() const { return record->generation.load(std::memory_order_relaxed) == generation; }
};

struct FamilyReading {
  const Segment& segment;
  const FamilyDefinition& definition;
  std::span<const SeriesPlace> series;
  const Segment* baseline = nullptr;
  // In the baseline, what of each series counts no more, or nullptr; empty where all of every series counts.
  std::vector<const SeriesRecord*> before;
  // By which method quantiles are cut from windows; nullopt: the samples are wanted in their place.
  std::optional<QuantileMethod> quantiles;

  // Calls `read(series, before)` for each.
  template <typename Read>
  void ForEach(Read read) const {
    // How many series before its turn a cell is fetched: of many series hardly any is in a cache.
    constexpr size_t kAhead = 8;
    for (size_t i = 0; i < series.size(); ++i) {
      if (i + kAhead < series.size()) __builtin_prefetch(series[i + kAhead].record);
      read(*series[i].record, before.empty() ? nullptr : before[i]);
    }
  }
};

// What a word that only grows counted since `before`.
inline uint64_t CountSince(uint64_t now, const Word& before) {
  const uint64_t then = before.load(std::memory_order_relaxed);
  return now > then ? now - then : 0;
}

}  // namespace toolvitals
