// Where the processes of one service put their segments.
// Floor: store.
#pragma once

#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "store/file_region.h"

namespace toolvitals {

// A region that nobody reads yet, with its lock held.
struct ClaimedRegion {
  FileRegion region;
  std::string name;  // of its segment, for the life of the place never another's
};

// Thread-safe. Whoever claims a region and dies before it is published leaves nothing that counts.
class SegmentPlace {
 public:
  virtual ~SegmentPlace() = default;
  // ResourceExhausted where there is no room, PermissionDenied where nothing may be written.
  virtual absl::StatusOr<ClaimedRegion> Claim() = 0;
  // From here on readers find the segment; what it holds is complete. Takes no lock, for the child of fork() calls it.
  virtual absl::Status Publish(const std::string& name) = 0;
};

}  // namespace toolvitals
