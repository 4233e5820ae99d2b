// The segments that make one service, as a reader finds them.
// Floor: snapshot.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "snapshot/member.h"
#include "snapshot/series_filter.h"

namespace toolvitals {

// A file or a slot that should hold a segment and does not.
struct RefusedSegment {
  std::string name;
  std::string reason;  // one word
};

// What the members are at one instant. Each record that was committed before is in exactly one of them.
struct FleetView {
  std::vector<Member> members;     // the process's own first, the retired one last
  std::vector<std::string> names;  // of the members' files, where they have some
  uint64_t live_processes = 1;
  uint64_t retired_processes = 0;  // taken into the retired segment, and those that wait for it
  std::vector<RefusedSegment> refused;
};

// Belongs to one thread, as the reader does that asks it.
class Fleet {
 public:
  virtual ~Fleet() = default;
  // Good until the next call, or until it rests.
  virtual const FleetView& Look() = 0;
  // From here on what the others recorded until now counts no more; or, with a filter, those series of theirs do not.
  // What is the process's own is left to it. False where somebody else changes what counts, and does not come to an
  // end.
  virtual bool Forget(const SeriesFilter* only) = 0;
  // Nobody reads for now: what is held for a reader alone can go.
  virtual void Rest() {}
};

}  // namespace toolvitals
