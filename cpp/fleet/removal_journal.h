// What was removed of processes that have ended, in a directory that the others share.
// Floor: fleet.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "snapshot/series_filter.h"
#include "store/segment_directory.h"

namespace toolvitals {

// The file `removed`, as one process knows it. To remove a series of what ended processes left is one more entry:
//
//   [bytes | checksum | number | filter, names of segments …][bytes | checksum | …]
//
// An entry holds for the segments that it names, whose processes had ended, and for a `retired` that knows no entry of
// that number yet; each new `retired` is made without what was removed, and knows the last number. So an entry counts
// from the instant it is complete, and no more from the one at which a new `retired` gets its name. Numbers only grow,
// also where the file begins anew. An entry that somebody was killed at is none: its checksum says so, and the next one
// is written over it.
//
// Belongs to one thread.
class RemovalJournal {
 public:
  struct Entry {
    uint64_t number = 0;
    std::vector<std::string> segments;
    SeriesFilter filter;
  };

  // Reads what was added. Where the file cannot be opened, what is known stays; false where there may be more.
  bool Read(const SegmentDirectory& directory);
  // Adds an entry, whose number is above `least`, for whoever has the right to change the directory. What is there was
  // read before.
  absl::Status Append(SegmentDirectory::Change& change, uint64_t least, std::vector<std::string> segments,
                      const SeriesFilter& filter);
  // From here on there is none, for whoever has made a `retired` that knows all of them.
  void Unlink(SegmentDirectory::Change& change);

  // In the order of their numbers.
  const std::vector<Entry>& entries() const { return entries_; }
  uint64_t last() const { return entries_.empty() ? 0 : entries_.back().number; }
  // Whether it is time to write `retired` anew.
  bool is_long() const { return entries_.size() >= kMaxEntries || end_ >= kMaxBytes; }

 private:
  static constexpr size_t kMaxEntries = 1024;
  static constexpr uint64_t kMaxBytes = 1 << 20;

  void Clear();
  // False where nothing complete follows.
  bool ParseOne(std::string_view& bytes);

  uint64_t inode_ = 0;
  uint64_t end_ = 0;  // of the last entry
  std::vector<Entry> entries_;
};

}  // namespace toolvitals
