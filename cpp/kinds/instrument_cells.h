// The words of each kind of instrument, behind a SeriesRecord's head.
// Floor: kinds.
#pragma once

#include <cstddef>

#include "kinds/family_record.h"
#include "metrics/counter.h"
#include "metrics/exponential_histogram.h"
#include "metrics/gauge.h"
#include "metrics/histogram.h"
#include "metrics/sliding_window.h"

namespace toolvitals {

struct HistogramSeriesCell {
  Word exponential;  // Offset of an ExponentialCell; zero: the family has none
  HistogramCell classic;

  // Counts any number but NaN in a classic bucket, and in an exponential one first: a reader that reads the classic
  // buckets first then never finds more in them.
  template <Writers W>
  void Observe(Segment& segment, size_t bucket, double value) {
    const Offset cell = exponential.load(std::memory_order_relaxed);
    if (cell != 0) segment.At<ExponentialCell>(cell)->Observe<W>(segment, value);
    classic.ObserveFloat<W>(bucket, value);
  }
};

struct SummarySeriesCell {
  Word count;
  Word sum;           // bits of a double
  WindowCell window;  // only where the family has one

  // The sum first, so that a counted observation is never missing from it on machines that keep the order of stores.
  template <Writers W>
  void Observe(double value) {
    AddDouble<W>(sum, value);
    Add<W>(count, 1);
  }
};

// A text that is replaced as a whole. `version` is odd while it is.
struct InfoSeriesCell {
  Word version;
  Word facts;  // Offset of a TextRecord of names and values in turn; zero: none yet
};

struct StateSetSeriesCell {
  Word state;  // which of the family's states holds
};

static_assert(sizeof(CounterCell) <= 2 * sizeof(Word) && sizeof(GaugeCell) <= 2 * sizeof(Word) &&
              sizeof(InfoSeriesCell) <= 2 * sizeof(Word) && sizeof(StateSetSeriesCell) <= 2 * sizeof(Word));

}  // namespace toolvitals
