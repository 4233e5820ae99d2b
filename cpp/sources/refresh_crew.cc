// Handing the turn from thread to thread, and watching who has it. Floor: sources.
#include "sources/refresh_crew.h"

#include <pthread.h>

#include <algorithm>
#include <new>

#include "absl/time/clock.h"
#include "absl/time/time.h"
#include "base/clock.h"
#include "base/fork_hooks.h"
#include "base/system_calls.h"

namespace toolvitals {
namespace {

constexpr uint64_t kLate = 1;
// Looking again takes no more of a processor than this, however short the deadline.
constexpr RefreshCrew::Duration kShortestLook = std::chrono::milliseconds(1);
constexpr RefreshCrew::Duration kLongestLook = std::chrono::hours(1);

}  // namespace

void RefreshCrew::Member::BeginJob(CollectorTally& tally) {
  tally_.store(&tally, std::memory_order_relaxed);
  // Pairs with the acquire of who looks whether it is late, and then counts that for the tally.
  job_.store(Clock::MonotonicNanos() << 1, std::memory_order_release);
}

void RefreshCrew::Member::EndJob() {
  const uint64_t job = job_.exchange(0, std::memory_order_acq_rel);
  if ((job & kLate) != 0) tally_.load(std::memory_order_relaxed)->Recover();
}

bool RefreshCrew::Open() {
  absl::MutexLock lock(&mutex_);
  open_ = true;
  demand_.Open();
  if (!watching_) watching_ = Spawn(nullptr);
  return watching_;
}

void RefreshCrew::Close(Duration patience) {
  absl::MutexLock lock(&mutex_);
  open_ = due_ = left_ = false;
  demand_.Close();
  changed_.SignalAll();
  const absl::Time end = absl::Now() + absl::FromChrono(patience);
  while (!open_ && (threads_ != 0 || watching_) && absl::Now() < end) ended_.WaitWithDeadline(&mutex_, end);
}

size_t RefreshCrew::threads() {
  absl::MutexLock lock(&mutex_);
  return threads_;
}

// No frame between here and what main calls may have anything to destroy: where the interpreter ends while the thread
// is in it, the thread is unwound from there without the right to touch a thing.
void* RefreshCrew::Run(void* start) {
  RefreshCrew& crew = *static_cast<Start*>(start)->crew;
  Member* const member = static_cast<Start*>(start)->member;
  delete static_cast<Start*>(start);
  NameThisThread("tv-refresh");
  if (member == nullptr) {
    crew.Watch();
    return nullptr;
  }
  crew.main_(*member);
  // Others look at a member with the mutex held, and only while it has the turn.
  const absl::MutexLock lock(&crew.mutex_);
  if (member->epoch_ == crew.epoch_) --crew.threads_;
  delete member;
  crew.ended_.SignalAll();
  return nullptr;
}

bool RefreshCrew::Spawn(Member* member) {
  // The watch, which nobody catches anything for, calls this as well: without memory there is no thread.
  auto* start = new (std::nothrow) Start{this, member};
  if (start == nullptr) return false;
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_t thread;
  const bool made = pthread_create(&thread, &attributes, &Run, start) == 0;
  pthread_attr_destroy(&attributes);
  if (!made) delete start;
  return made;
}

void RefreshCrew::Watch() {
  for (;;) {
    Duration patience;
    {
      absl::MutexLock lock(&mutex_);
      if (!open_) {
        watching_ = false;
        ended_.SignalAll();
        return;
      }
      patience = UntilLate();
    }
    const bool is_due = demand_.Wait(patience);
    absl::MutexLock lock(&mutex_);
    if (!open_) continue;
    due_ = due_ || is_due;
    TakeTurnFromTheLate();
    if (turn_.load(std::memory_order_relaxed) == nullptr && (due_ || left_)) Wake();
  }
}

RefreshCrew::Duration RefreshCrew::UntilLate() {
  const Member* member = turn_.load(std::memory_order_relaxed);
  // Somebody is about to take the turn where there is something to do.
  if (member == nullptr && !due_ && !left_) return kLongestLook;
  const Duration deadline(deadline_ns_.load(std::memory_order_relaxed));
  const uint64_t job = member == nullptr ? 0 : member->job_.load(std::memory_order_relaxed);
  // A job that begins only now is not late before then either.
  if (job == 0) return std::max(deadline, kShortestLook);
  const Duration passed(static_cast<int64_t>(Clock::MonotonicNanos() - (job >> 1)));
  return std::clamp(deadline - passed, kShortestLook, kLongestLook);
}

void RefreshCrew::TakeTurnFromTheLate() {
  Member* member = turn_.load(std::memory_order_relaxed);
  if (member == nullptr) return;
  uint64_t job = member->job_.load(std::memory_order_acquire);
  if (job == 0) return;
  const uint64_t began_ns = job >> 1;
  const uint64_t now = Clock::MonotonicNanos();
  if (now < began_ns + static_cast<uint64_t>(deadline_ns_.load(std::memory_order_relaxed))) return;
  CollectorTally* tally = member->tally_.load(std::memory_order_relaxed);
  // Where this fails, the job has ended in this instant.
  if (!member->job_.compare_exchange_strong(job, job | kLate, std::memory_order_acq_rel)) return;
  tally->Hang(began_ns);
  turn_.store(nullptr, std::memory_order_release);
  left_ = true;
}

void RefreshCrew::Wake() {
  if (idle_ != 0) return changed_.SignalAll();
  if (threads_ == kMaxThreads) return;
  auto* member = new (std::nothrow) Member(this, epoch_);
  if (member != nullptr && Spawn(member)) {
    ++threads_;
  } else {
    delete member;
  }
}

RefreshCrew::Turn RefreshCrew::Await(Member& member) {
  absl::MutexLock lock(&mutex_);
  if (member.has_turn()) turn_.store(nullptr, std::memory_order_release);
  for (;;) {
    // In the child of a fork, the thread that forked is no member any more.
    if (!open_ || member.epoch_ != epoch_) return Turn::kNone;
    if (turn_.load(std::memory_order_relaxed) == nullptr && (due_ || left_)) {
      const Turn turn = due_ ? Turn::kBegin : Turn::kGoOn;
      due_ = left_ = false;
      turn_.store(&member, std::memory_order_release);
      return turn;
    }
    // One that waits is enough.
    if (idle_ != 0) return Turn::kNone;
    ++idle_;
    changed_.Wait(&mutex_);
    --idle_;
  }
}

void RefreshCrew::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  MakeAnewInChild(mutex_);
  MakeAnewInChild(changed_);
  MakeAnewInChild(ended_);
  turn_.store(nullptr, std::memory_order_relaxed);
  open_ = watching_ = due_ = left_ = false;
  threads_ = idle_ = 0;
  ++epoch_;
}

}  // namespace toolvitals
