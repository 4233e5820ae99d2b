// One series of an instrument: what is recorded into.
// Floor: registry.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "kinds/instrument_cells.h"
#include "kinds/metric_kind.h"

namespace toolvitals {

class Family;
class InstrumentStore;

// Handed out by Family; its memory is given to another series only when nobody holds it any more, so a kept handle of a
// series that was removed records into nothing that is shown, and never into another's. Recording takes no lock,
// allocates nothing and never fails; any thread may record, as Writers says.
class Series : public std::enable_shared_from_this<Series> {
 public:
  // What only a family has: it makes series.
  class Key {
    friend class Family;
    Key() {}
  };
  Series(Key, InstrumentStore& store, FamilyRecord& family, SeriesRecord& record, const MetricKind& kind,
         uint64_t bytes, bool is_overflow, std::shared_ptr<const FamilyDefinition> expiring, bool dates)
      : store_(store),
        family_(family),
        record_(record),
        kind_(kind),
        bytes_(bytes),
        is_overflow_(is_overflow),
        expiring_(std::move(expiring)),
        dates_(dates) {}
  ~Series();
  Series(const Series&) = delete;
  Series& operator=(const Series&) = delete;

  // The words of the family's kind; asking for those of another is a mistake that nothing finds.
  CounterCell& counter() { return record_.As<CounterCell>(); }
  GaugeCell& gauge() { return record_.As<GaugeCell>(); }
  HistogramSeriesCell& histogram() { return record_.As<HistogramSeriesCell>(); }
  SummarySeriesCell& summary() { return record_.As<SummarySeriesCell>(); }
  StateSetSeriesCell& state_set() { return record_.As<StateSetSeriesCell>(); }

  SeriesRecord& record() { return record_; }
  const SeriesRecord& record() const { return record_; }
  bool is_overflow() const { return is_overflow_; }

  // Whether Touch() has to be called with every record; it does not change.
  bool counts_touches() const { return is_overflow_ || expiring_ != nullptr || dates_; }
  // Before a record: counts one of the overflow series, and says when a series that expires was used, or a gauge was
  // set of which the most recent one is shown. A series that counts, and has expired, begins anew, which takes the
  // store's mutex.
  void Touch();
  // Says that what the series has is of now: for infos and state sets, of which the most recent one is shown.
  void Date();

 private:
  friend class Family;
  friend class InstrumentStore;

  // Where it is still expired at that time by the monotonic clock.
  void BeginAnew(uint64_t now_ns);
  bool IsExpired(uint64_t now_ns) const;
  // Zeroes what is counted, and gauges. Called with the store's mutex held.
  void Reset(const FamilyDefinition& definition, bool after_fork);

  InstrumentStore& store_;
  FamilyRecord& family_;
  SeriesRecord& record_;
  const MetricKind& kind_;
  const uint64_t bytes_;
  const bool is_overflow_;
  // Its family's, which may be gone before it; nullptr where it does not expire.
  const std::shared_ptr<const FamilyDefinition> expiring_;
  const bool dates_;
  // Its place in the family's list, in the order the series were made.
  Series* before_ = nullptr;
  Series* after_ = nullptr;
  bool freed_ = false;
};

}  // namespace toolvitals
