// What of another process's segment counts no more, since it was reset or removed.
// Floor: fleet.
//
// Nobody but its process writes to a segment. So what is there at a reset is copied, to the same offsets of a segment
// of its own, and readers take it away from what they find; what is recorded from then on counts, all of it, and the
// process need not know. A series that another process removed is in the copy with its `next` set, and is not shown
// until its process records into it again.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "kinds/family_definition.h"
#include "snapshot/series_filter.h"
#include "store/segment.h"

namespace toolvitals {

class Baseline {
 public:
  // Of a segment, with what another baseline of it has already; `before` may be nullptr.
  Baseline(const Segment& segment, const Segment* before);

  // All that it holds.
  void TakeAll();
  // The series that are meant; whether there were any that count.
  bool TakeSeries(const SeriesFilter& filter);

  // As a segment in memory, which can be copied to a file.
  absl::StatusOr<std::unique_ptr<Segment>> Make() const;

 private:
  // False for what came into the segment since this was begun.
  bool Take(Offset offset, uint64_t bytes);
  // Where all of a family goes, what label sets past a budget went to goes as well.
  bool TakeOverflow(const FamilyDefinition& definition, const FamilyRecord& family);
  bool TakeOne(const FamilyDefinition& definition, const SeriesRecord& series);

  const Segment& segment_;
  std::vector<char> image_;
};

}  // namespace toolvitals
