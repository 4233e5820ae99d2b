// A family of series with labels: looks series up, makes and removes them.
// Floor: registry.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "absl/hash/hash.h"
#include "base/hash_table.h"
#include "kinds/family_definition.h"
#include "metrics/exemplar_slot.h"
#include "metrics/histogram.h"
#include "registry/series.h"
#include "store/segment.h"

namespace toolvitals {

// Label values as the hash sees them: PackTexts() of them.
using LabelHash = uint64_t (*)(std::string_view packed);
inline uint64_t HashLabels(std::string_view packed) {
  return absl::HashOf(absl::string_view(packed.data(), packed.size()));
}

struct FamilyOptions {
  uint64_t max_series = 0;  // of this family; zero: only the limit over all families
  LabelHash hash = &HashLabels;
  // Whether a series has the number of a process behind the values that the family has names for.
  bool by_process = false;
  // Of the family that it stands for; zero: it is one of its own.
  uint64_t identity = 0;
};

// Thread-safe; recording through a series takes no lock, the rest takes the store's mutex, which is never held while
// waiting for anything. Label values are compared in full, whatever the hash says. The family is shown until its last
// holder lets go of it.
class Family {
 public:
  // What only the store has: it makes families.
  class Key {
    friend class InstrumentStore;
    Key() {}
  };
  Family(Key, InstrumentStore& store, FamilyRecord& record, FamilyDefinition definition, const FamilyOptions& options,
         std::unique_ptr<const HistogramBounds> bounds);
  ~Family();
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  const FamilyDefinition& definition() const { return definition_; }
  // Of a histogram.
  const HistogramBounds& bounds() const { return *bounds_; }
  Segment& segment() const { return segment_; }
  // Where it lies in the segment, for readers.
  Offset offset() const { return segment().OffsetOf(&record_); }
  // Which one it is among those of all processes (see FamilyPart).
  uint64_t identity() const { return record_.incarnation.load(std::memory_order_relaxed); }

  // The series of these values, as many as there are label names, each valid UTF-8 (and one more for the number of a
  // process that has ended, in a gauge that shows each); of an open family, those of TextsOf(attributes). Made where it
  // is new. The overflow series where a budget is spent, or a value is longer than kMaxLabelValueBytes.
  std::shared_ptr<Series> WithLabels(std::span<const std::string_view> values);
  // The same without making one; nullptr where there is none.
  std::shared_ptr<Series> Find(std::span<const std::string_view> values) const;
  // The series that label sets past a budget share; nullptr for a family without labels.
  std::shared_ptr<Series> overflow() const;

  // False where there is no such series.
  bool Remove(std::span<const std::string_view> values);
  // Removes the series whose values at those places are these; returns how many there were.
  size_t RemoveMatching(std::span<const std::pair<size_t, std::string_view>> values);
  // Whether series have more than one set of labels or attributes.
  bool has_labels() const { return definition_.is_open || !definition_.label_names.empty(); }
  // Removes every series, and the overflow series with what was counted into it: another one takes its place, unless
  // nobody holds it or the byte budget has no room for another; then it begins anew itself.
  void Clear();
  // Removes the series that nobody holds and that were not recorded for the family's time to live.
  size_t Expire();

  // Whether a registry shows the family, by its number; returns whether it did before.
  bool Show(size_t registry, bool shown);
  bool is_shown(size_t registry) const { return (record_.shown.load(std::memory_order_relaxed) >> registry & 1) != 0; }
  // Whether the process was forked with it, and has not registered it by itself.
  bool is_inherited() const { return (record_.shown.load(std::memory_order_relaxed) & kInheritedFamily) != 0; }

  // The facts of an info's series, instead of those before; false where the byte budget does not hold them.
  bool SetFacts(Series& series, std::span<const std::string_view> names_and_values);

  // Zeroes what is counted, and gauges; facts and states stay.
  void Reset(Series& series);

  std::vector<std::string> Facts(const Series& series) const;

  // Exemplars that a series has room for: one for a counter, one for each bucket of a histogram.
  size_t exemplar_slots() const { return KindOf(definition_.kind).ExemplarSlots(SeriesBytes(definition_)); }
  // Keeps an exemplar of a record; false where there is no room for it, or another one is kept at this moment.
  bool KeepExemplar(Series& series, size_t bucket, std::span<const std::string_view> names_and_values, double value);

  // The series in the order they were made, then the overflow series if it was recorded.
  std::vector<std::shared_ptr<Series>> All() const;
  // The label values of a series of this family.
  std::vector<std::string> ValuesOf(const Series& series) const;

  // Counts records that were made elsewhere into what is now in the overflow series.
  void AddOverflowed(uint64_t records) { record_.overflowed.fetch_add(records, std::memory_order_relaxed); }
  uint64_t overflowed() const { return record_.overflowed.load(std::memory_order_relaxed); }

 private:
  friend class InstrumentStore;

  struct Hash {
    using is_transparent = void;
    LabelHash function;
    size_t operator()(std::string_view packed) const { return static_cast<size_t>(function(packed)); }
  };
  using Map = HashMap<std::string, std::shared_ptr<Series>, Hash>;

  // What follows is called with the store's mutex held.
  // A series that was counted already, in the list; nullptr, and it is counted no more, where the byte budget is spent.
  std::shared_ptr<Series> Add(const std::string& packed);
  std::shared_ptr<Series> Make(std::string_view packed, bool is_overflow);
  void Link(Series& series);
  // Gives what was the overflow series, if it is no more.
  std::shared_ptr<Series> RenewOverflow();
  std::shared_ptr<Series> Unlink(Map::iterator found);
  bool HasRoom();
  // Notes who was refused.
  void OfferOffenders(std::span<const std::string_view> values);
  // Notes why a label set goes to the overflow series: `fits` says that no value of it is too long.
  void NoteFold(bool fits);
  void CollectExpired(std::vector<std::shared_ptr<Series>>& removed);

  InstrumentStore& store_;
  Segment& segment_;
  FamilyRecord& record_;
  const FamilyDefinition definition_;
  // The same for series that expire, which may outlive it; nullptr where none does.
  const std::shared_ptr<const FamilyDefinition> expiring_;
  const uint64_t max_series_;
  const std::unique_ptr<const HistogramBounds> bounds_;
  Map series_;
  std::shared_ptr<Series> overflow_;
  Series* first_ = nullptr;
  Series* last_ = nullptr;
  uint64_t expired_at_ns_ = 0;
};

}  // namespace toolvitals
