// The cells of a tool and of a cache, as they lie in a segment.
// Floor: collector.
#pragma once

#include <cstddef>

#include "metrics/counter.h"
#include "metrics/histogram.h"
#include "metrics/in_flight.h"
#include "metrics/sliding_window.h"

namespace toolvitals {

// How a call ended, as far as the tool's own histograms tell. Errors of a known type have a histogram each, in an
// ErrorCell.
enum class Outcome : size_t {
  kSuccess = 0,
  kCancelled = 1,
  kError = 2,          // without a type
  kErrorOverflow = 3,  // of a type that found no room
};
inline constexpr size_t kOutcomes = 4;

// One histogram per outcome and per error type, and nothing else, says how many calls there were: a call is one
// increment of one bucket. Whatever a reader derives from the buckets (calls by outcome, errors by type, the duration
// histogram) therefore agrees, at every instant and without a lock.
struct alignas(kCacheLineBytes) ToolCell {
  InFlightCell in_flight;
  WindowCell window;      // latencies of all calls, in milliseconds
  WindowCell first_item;  // time to the first item, for tools that yield
  InFlightSpill spill;
  Word errors;       // Offset of the first ErrorCell
  Word error_types;  // how many there are
  Word reserved[6];
  // Followed by kOutcomes histograms.

  static constexpr size_t Bytes(size_t buckets);
};
static_assert(sizeof(ToolCell) == 3 * kCacheLineBytes);
static_assert(offsetof(ToolCell, window) == kCacheLineBytes);

constexpr size_t ToolCell::Bytes(size_t buckets) {
  return sizeof(ToolCell) + kOutcomes * HistogramCell::Bytes(buckets);
}

// The calls of one tool that failed with one type of error. Linked, newest first, from ToolCell::errors (release) and
// never unlinked.
struct alignas(kCacheLineBytes) ErrorCell {
  Word next;  // Offset of an ErrorCell
  Word name;  // Offset of a StringRecord
  Word reserved[6];
  // Followed by one histogram.

  HistogramCell& histogram() { return *reinterpret_cast<HistogramCell*>(this + 1); }
  const HistogramCell& histogram() const { return *reinterpret_cast<const HistogramCell*>(this + 1); }
  static constexpr size_t Bytes(size_t buckets);
};
static_assert(sizeof(ErrorCell) == kCacheLineBytes);

constexpr size_t ErrorCell::Bytes(size_t buckets) { return sizeof(ErrorCell) + HistogramCell::Bytes(buckets); }

inline HistogramCell& OutcomeCell(ToolCell& cell, Outcome outcome, size_t buckets) {
  char* first = reinterpret_cast<char*>(&cell + 1);
  return *reinterpret_cast<HistogramCell*>(first + static_cast<size_t>(outcome) * HistogramCell::Bytes(buckets));
}
inline const HistogramCell& OutcomeCell(const ToolCell& cell, Outcome outcome, size_t buckets) {
  return OutcomeCell(const_cast<ToolCell&>(cell), outcome, buckets);
}

struct alignas(kCacheLineBytes) CacheCell {
  Word hits;
  Word misses;
  Word evictions;
  Word size_rejections;
  Word reserved[4];
};
static_assert(sizeof(CacheCell) == kCacheLineBytes);

}  // namespace toolvitals
