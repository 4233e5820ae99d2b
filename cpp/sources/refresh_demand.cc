// Deciding when a refresh is due, from scrapes and the interval. Floor: sources.
#include "sources/refresh_demand.h"

#include <algorithm>

#include "absl/time/time.h"
#include "base/clock.h"
#include "base/fork_hooks.h"

namespace toolvitals {

RefreshDemand::RefreshDemand() : RefreshDemand(&Clock::MonotonicNanos) {}

void RefreshDemand::SetInterval(Duration interval) {
  interval_ns_.store(interval.count(), std::memory_order_relaxed);
  absl::MutexLock lock(&mutex_);
  changed_.SignalAll();
}

void RefreshDemand::Scraped() {
  absl::MutexLock lock(&mutex_);
  scraped_ns_ = clock_();
  changed_.SignalAll();
}

void RefreshDemand::AskNow() {
  absl::MutexLock lock(&mutex_);
  asked_ = true;
  changed_.SignalAll();
}

void RefreshDemand::Close() {
  absl::MutexLock lock(&mutex_);
  closed_ = true;
  changed_.SignalAll();
}

void RefreshDemand::Open() {
  absl::MutexLock lock(&mutex_);
  closed_ = false;
  asked_ = true;
}

RefreshDemand::Duration RefreshDemand::UntilDue() const {
  if (asked_) return Duration::zero();
  const uint64_t due_ns = refreshed_ns_ + static_cast<uint64_t>(interval().count());
  // Nobody looks, or nobody would at the time it is due.
  if (!scraped_ns_.has_value() || *scraped_ns_ + static_cast<uint64_t>(kPatience.count()) < due_ns) {
    return Duration::max();
  }
  const uint64_t now = clock_();
  return due_ns <= now ? Duration::zero() : Duration(static_cast<int64_t>(due_ns - now));
}

bool RefreshDemand::Wait(Duration patience) {
  absl::MutexLock lock(&mutex_);
  const absl::Time end = absl::Now() + absl::FromChrono(patience);
  for (;;) {
    if (closed_) return false;
    const Duration until_due = UntilDue();
    if (until_due == Duration::zero()) break;
    const absl::Duration left = end - absl::Now();
    if (left <= absl::ZeroDuration()) return false;
    changed_.WaitWithTimeout(&mutex_, std::min(left, absl::FromChrono(until_due)));
  }
  asked_ = false;
  refreshed_ns_ = clock_();
  return true;
}

void RefreshDemand::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS {
  MakeAnewInChild(mutex_);
  MakeAnewInChild(changed_);
  asked_ = true;
}

}  // namespace toolvitals
