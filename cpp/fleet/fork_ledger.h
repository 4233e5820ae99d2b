// The processes that were forked from this one, where nobody named a directory: who they are, and what those left that
// have ended.
// Floor: fleet.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "collector/collector.h"
#include "fleet/retirement.h"
#include "snapshot/fleet.h"
#include "snapshot/removals.h"
#include "store/fork_group.h"

namespace toolvitals {

// Thread-safe; one for the process. Nobody but the founder reads a group, so what ended processes left is memory of
// its own.
class ForkLedger {
 public:
  // The one of this process; made at the first call, and never gone.
  static ForkLedger& Global();

  // Keeps what it shows alive for as long as somebody holds it.
  class Look {
   public:
    std::vector<Member> members;  // without the founder
    uint64_t live_processes = 0;
    uint64_t retired_processes = 0;

   private:
    friend class ForkLedger;
    std::vector<std::shared_ptr<const void>> kept_;
  };
  // Takes in what has ended, and says what there is. `founder` is the founder's own segment.
  Look LookAt(const std::shared_ptr<ForkGroup>& group, const Segment& founder, const CollectorOptions& options);
  // As Fleet::Forget() says. What has ended is not looked at: that series of it are no more is noted, for those who
  // read and for the next one that takes in.
  bool Forget(const std::shared_ptr<ForkGroup>& group, const Segment& founder, const CollectorOptions& options,
              const SeriesFilter* only);

 private:
  // A process's slot; free for another one when it was taken in and nobody reads it any more.
  struct Slot {
    ~Slot() {
      if (is_taken) group->Release(number);
    }
    std::shared_ptr<ForkGroup> group;
    uint64_t number = 0;
    uint64_t id = 0;
    std::unique_ptr<Segment> view;
    std::shared_ptr<const Segment> baseline;
    Removals removals;  // since it has ended
    bool is_taken = false;
  };
  // What it was, that the child of a fork has and that is not the child's.
  struct State {
    std::shared_ptr<ForkGroup> group;
    std::map<uint64_t, std::shared_ptr<Slot>> slots;
    std::shared_ptr<const Retirement> retired;
    std::shared_ptr<Removals> retired_removals = std::make_shared<Removals>();
    uint64_t retired_id = 0;
  };

  ForkLedger() = default;
  static void BeginAfreshInChild();

  void Use(const std::shared_ptr<ForkGroup>& group) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void FindSlots() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeIn(const Segment& founder, const CollectorOptions& options) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Replace(std::shared_ptr<const Retirement> retired) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  bool ForgetAll(const CollectorOptions& options) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  static bool MakeBaseline(Slot& slot, const SeriesFilter* only);
  static Member MemberOf(const Slot& slot, MemberState state);
  Member MemberOfRetired() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  absl::Mutex mutex_;
  std::unique_ptr<State> state_ ABSL_GUARDED_BY(mutex_);  // made by Use()
};

}  // namespace toolvitals
