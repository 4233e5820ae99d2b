// A kind of metric: all that differs from one kind to another below the renderers, each kind in a file of its own.
// Floor: kinds.
#pragma once

#include <cstdint>
#include <memory>
#include <string_view>

#include "absl/functional/function_ref.h"
#include "absl/status/status.h"
#include "kinds/family_definition.h"
#include "kinds/family_part.h"
#include "kinds/family_reading.h"
#include "kinds/merged_rows.h"
#include "model/family_snapshot.h"
#include "store/segment.h"

namespace toolvitals {

// Has no state: what it works on is handed to it. What changes a segment is called by whoever may (registry/family.h).
class MetricKind {
 public:
  virtual FamilyType type() const = 0;
  // A label name that the kind has a use of its own for; empty: none.
  virtual std::string_view ReservedLabel(const FamilyDefinition&) const { return {}; }
  // What only this kind asks of a definition.
  virtual absl::Status Check(const FamilyDefinition&) const { return absl::OkStatus(); }

  // --- the cells of a series

  // Of a series, head and words.
  virtual uint64_t SeriesBytes(const FamilyDefinition&) const { return sizeof(SeriesRecord); }
  // Takes what a zeroed series needs beside its own words; false where the byte budget does not hold all of it, and
  // then Free() gives back what was taken.
  virtual bool Init(Segment&, const FamilyDefinition&, SeriesRecord&) const { return true; }
  virtual void Free(Segment&, SeriesRecord&, uint64_t /*series_bytes*/) const {}
  // Exemplars that a series of so many bytes has room for.
  virtual size_t ExemplarSlots(uint64_t /*series_bytes*/) const { return 1; }
  // The word that leads to a window's samples; nullptr where there is none.
  virtual const Word* Ring(const FamilyDefinition&, const SeriesRecord&) const { return nullptr; }
  // Lets what is counted begin anew; false where nothing of the kind does. After a fork the child inherits what is a
  // state of the program, as it inherits the program's.
  virtual bool Reset(Segment&, const FamilyDefinition&, SeriesRecord&, bool after_fork) const = 0;

  // --- reading

  // Whether a child of a fork has the series as Reset() left it there.
  virtual bool IsUntouchedSinceFork(const FamilyDefinition&, const SeriesRecord&) const = 0;
  // Whether the words are those of `before`, so that nothing was recorded in between.
  bool IsUnchanged(const FamilyDefinition& definition, const SeriesRecord& series, const SeriesRecord& before) const;
  // Whether created_us says when the value was last changed, and not since when it counts.
  virtual bool dates_changes() const { return false; }
  // Whether a series with this value shows none yet.
  virtual bool IsAbsent(const Number&) const { return false; }
  bool can_be_absent() const { return type() == FamilyType::kGauge; }
  // Appends the values of the series, without what counts no more, to the arrays that the kind fills.
  virtual void Read(const FamilyReading& reading, FamilyPart& part) const = 0;

  // Calls `visit` for what else Read() needs of a series in a baseline, in a segment that somebody may have damaged.
  virtual void ForEachBlock(const Segment&, const SeriesRecord&, absl::FunctionRef<void(Offset, uint64_t)>) const {}

  // --- several processes

  // For `merged`, whose definition and labels are there.
  virtual std::unique_ptr<MergedRows> Merge(size_t rows, FamilyPart& merged) const = 0;
  // Adds a row of a part to a series that is new, in a segment that nobody else writes to; the reverse of Read().
  // False where the byte budget does not hold it.
  virtual bool Store(const FamilyPart& part, size_t row, Segment& segment, SeriesRecord& series) const = 0;

 protected:
  MetricKind() = default;
  ~MetricKind() = default;
  // The words before this one say where something lies, and not what was counted.
  virtual size_t first_counted_word() const { return 0; }
};

// Whether a number is that of a kind.
bool IsKind(InstrumentKind kind);
// Of a number that is one.
const MetricKind& KindOf(InstrumentKind kind);

// One in each file.
const MetricKind& CounterKind();
const MetricKind& GaugeKind();
const MetricKind& HistogramKind();
const MetricKind& SummaryKind();
const MetricKind& InfoKind();
const MetricKind& StateSetKind();

// Whether a process has the series, empty, from the one that forked it, and has not recorded into it. Its parent shows
// it, or has removed it.
bool IsInherited(const Segment& segment, const FamilyDefinition& definition, const SeriesRecord& series);

inline uint64_t SeriesBytes(const FamilyDefinition& definition) {
  return KindOf(definition.kind).SeriesBytes(definition);
}

}  // namespace toolvitals
