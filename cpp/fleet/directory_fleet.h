// The processes that share a directory, as a reader finds them; and the taking in of those that have ended.
// Floor: fleet.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "collector/collector.h"
#include "fleet/removal_journal.h"
#include "fleet/retirement.h"
#include "snapshot/fleet.h"
#include "snapshot/removals.h"
#include "store/segment_directory.h"

namespace toolvitals {

// Reading takes no lock. It opens what is there between two looks at `retired`: where that is the same file both times,
// nothing was taken in meanwhile, and so each record was either in a segment that was found or in that file.
//
// Whoever finds a segment whose process has ended takes it in, if nobody else is at it: writes a new `retired` of the
// old one and of all such segments, gives it the name, which is the one step that counts, and unlinks them. Whoever
// removes series of processes that have ended adds an entry to a journal, which the next `retired` makes needless.
class DirectoryFleet final : public Fleet {
 public:
  struct Options {
    // The process's own segment and its name in the directory; nullptr for one that only reads.
    const Segment* own = nullptr;
    std::string own_name;
    // Of what is left of processes that have ended; nullopt: this one takes nothing in.
    std::optional<CollectorOptions> retirement;
  };

  DirectoryFleet(std::shared_ptr<SegmentDirectory> directory, Options options);

  const FleetView& Look() override;
  // Of the last Look(): Unavailable where the directory itself could not be looked at, so that members may be missing.
  const absl::Status& looked() const { return looked_; }
  bool Forget(const SeriesFilter* only) override;

  // Takes in what has ended; how many processes. Nothing where somebody else is at it, or there is no room.
  size_t TakeIn();

 private:
  // A file that is mapped.
  struct Opened {
    uint64_t id = 0;
    uint64_t inode = 0;
    std::unique_ptr<Segment> view;
  };
  struct Process {
    Opened segment;
    Opened baseline;
    std::unique_ptr<Removals> removals = std::make_unique<Removals>();
    uint64_t last_removal = 0;  // the number of the last one that was looked at
    bool is_live = true;
    std::string refused;  // why it cannot be read; empty: it can
  };
  using Processes = std::map<std::string, Process>;

  // True where what was found is of one instant.
  bool FindAll();
  void OpenRetired(uint64_t inode);
  void Update(const std::string& name, Process& process);
  // False where there is one that cannot be opened now.
  bool UpdateBaseline(const std::string& name, Opened& baseline);
  // False where there may be more.
  bool UpdateRemovals();
  // The reason why a segment is not one of this service; nullptr where it is.
  const char* Complaint(const Segment& segment) const;
  void Describe();
  Member MemberOf(const Process& process, MemberState state) const;
  Member MemberOfRetired() const;
  // What there is to take in.
  struct Ended {
    std::vector<std::string> names;
    std::vector<std::string> leftovers;  // those that `retired` has already, and that are still there
  };
  std::optional<Ended> FindEnded(size_t max);
  // Takes in all of them.
  bool TakeIn(SegmentDirectory::Change& change, const Ended& ended);
  bool ForgetAll(SegmentDirectory::Change& change, const Ended& ended);
  bool ForgetSeries(SegmentDirectory::Change& change, const Ended& ended, const SeriesFilter& only);
  bool Commit(SegmentDirectory::Change& change, const Ended& ended, const std::function<bool(Retirement&)>& fill);
  void Unlink(SegmentDirectory::Change& change, const std::vector<std::string>& names);
  // The members that a new `retired` is made of.
  std::vector<Member> MembersOf(const Ended& ended) const;
  // All others.
  std::vector<Member> MembersBeside(const Ended& ended) const;
  std::vector<Member> LiveMembers() const;
  Member OwnMember() const;
  bool MakeBaseline(SegmentDirectory::Change& change, const std::string& name, const Process& process,
                    const SeriesFilter* only);

  const std::shared_ptr<SegmentDirectory> directory_;
  const Options options_;
  Processes processes_;
  Opened own_baseline_;
  Opened retired_;
  RemovalJournal journal_;
  std::unique_ptr<Removals> retired_removals_ = std::make_unique<Removals>();
  uint64_t last_removal_ = 0;  // as a process has it, of `retired_`
  std::string retired_refused_;
  std::vector<std::string> taken_;   // names that `retired_` was made of
  std::vector<std::string> others_;  // files that are none of the directory's
  absl::Status looked_;
  FleetView view_;
};

}  // namespace toolvitals
