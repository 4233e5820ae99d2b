// A family's snapshot, given to a sink piece by piece.
// Floor: render.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "model/family_snapshot.h"
#include "render/family_sink.h"

namespace toolvitals {

// Between the sink's Begin() and End(). The family outlives the writer.
class FamilyWriter {
 public:
  FamilyWriter(const FamilySnapshot& family, FamilySink& sink);

  // Writes the next series, at most so many. False when that was all.
  bool WriteSome(size_t series);
  // About how many lines of text a series takes.
  size_t lines_per_series() const;

 private:
  template <typename Visit>
  void ForEach(size_t end, Visit visit);
  void Mark(size_t series, SeriesMarks& marks);
  void Histograms(size_t end);
  void Summaries(size_t end);
  void StateSets(size_t end);

  const std::optional<FamilySnapshot> distinct_;  // of a family whose series may have the same labels
  const FamilySnapshot& family_;
  FamilySink& sink_;
  const bool marked_;
  size_t next_ = 0;                                            // series
  std::span<const uint64_t> counts_;                           // from the next series on
  std::span<const FamilySnapshot::PlacedExemplar> exemplars_;  // likewise
};

}  // namespace toolvitals
