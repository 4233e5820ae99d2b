// The threads that refresh what is collected elsewhere now and then, and go on where one of them does not come back.
// Floor: sources.
#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "sources/collector_records.h"
#include "sources/refresh_demand.h"

namespace toolvitals {

// One thread has the turn at a time, and does one job after the other: each call of a collector is one. A watch, which
// is a thread of its own and never calls anything, gives the turn when a refresh is due. A job that takes longer than
// the deadline loses the turn to another thread, which does the rest:
//
//   watch      ──due──▶ ................. late! ─▶ .......................
//   first                 ▶ job ▶ job ▶ job that hangs ────────────────▶ (no turn any more)
//   second                                         ▶ job ▶ job ▶
//
// The threads are the system's own, whatever the program has made of Python's, and wait without the GIL. There are at
// most kMaxThreads of them, beside the watch; when all hang, nothing is refreshed until one comes back.
//
// Thread-safe. Never destroyed, since threads that hang go on as long as the process.
class RefreshCrew {
 public:
  using Duration = RefreshDemand::Duration;

  static constexpr Duration kDefaultDeadline = std::chrono::seconds(10);
  static constexpr size_t kMaxThreads = 16;

  // A thread. Only that one calls its methods.
  class Member {
   public:
    // Around each job. The tally outlives the crew.
    void BeginJob(CollectorTally& tally);
    void EndJob();
    // Whether it is to go on with the next job.
    bool has_turn() const { return crew_->turn_.load(std::memory_order_acquire) == this; }

   private:
    friend class RefreshCrew;
    Member(RefreshCrew* crew, uint64_t epoch) : crew_(crew), epoch_(epoch) {}

    RefreshCrew* const crew_;
    const uint64_t epoch_;  // of the process it is a thread of
    std::atomic<CollectorTally*> tally_{nullptr};
    // When the job began, on the monotonic clock, shifted left by the bit that says that it was found late. Zero: none.
    std::atomic<uint64_t> job_{0};
  };

  enum class Turn {
    kNone,   // never again: the thread is to end
    kBegin,  // a refresh is due
    kGoOn,   // what another one has left of it is
  };

  // What a thread does: Await() and its turn, again and again until there is none.
  using ThreadMain = void (*)(Member&);

  // The demand outlives it.
  RefreshCrew(RefreshDemand& demand, ThreadMain main) : demand_(demand), main_(main) {}
  RefreshCrew(const RefreshCrew&) = delete;
  RefreshCrew& operator=(const RefreshCrew&) = delete;

  // A refresh is due at once, and from then on when the demand says so. False where no thread can be made.
  bool Open();
  // Threads end when they are done with their jobs; waits for that, at most so long. Idempotent.
  void Close(Duration patience);
  // How long a job may take. More than zero.
  void SetDeadline(Duration deadline) { deadline_ns_.store(deadline.count(), std::memory_order_relaxed); }

  // Ends the turn that the thread may have, and waits for its next one.
  Turn Await(Member& member);

  // In the child of a fork, which has none of the threads, but perhaps the one that forked.
  void BeginAfreshInChild();

  // Without the watch.
  size_t threads();

 private:
  struct Start {
    RefreshCrew* crew;
    Member* member;  // nullptr of the watch
  };
  static void* Run(void* start);

  bool Spawn(Member* member) ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void Watch();
  // How long nothing can be late.
  Duration UntilLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeTurnFromTheLate() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  // Has somebody take the turn that nobody has.
  void Wake() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  RefreshDemand& demand_;
  const ThreadMain main_;
  std::atomic<int64_t> deadline_ns_{kDefaultDeadline.count()};
  std::atomic<Member*> turn_{nullptr};  // changed with the mutex held

  absl::Mutex mutex_;
  absl::CondVar changed_ ABSL_GUARDED_BY(mutex_);
  absl::CondVar ended_ ABSL_GUARDED_BY(mutex_);
  bool open_ ABSL_GUARDED_BY(mutex_) = false;
  bool watching_ ABSL_GUARDED_BY(mutex_) = false;
  bool due_ ABSL_GUARDED_BY(mutex_) = false;   // nobody has begun the refresh yet
  bool left_ ABSL_GUARDED_BY(mutex_) = false;  // somebody lost the turn before the refresh was done
  size_t threads_ ABSL_GUARDED_BY(mutex_) = 0;
  size_t idle_ ABSL_GUARDED_BY(mutex_) = 0;  // of them, those that wait
  uint64_t epoch_ ABSL_GUARDED_BY(mutex_) = 0;
};

}  // namespace toolvitals
