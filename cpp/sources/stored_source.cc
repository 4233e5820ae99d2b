// Swapping what is stored under the readers' eyes. Floor: sources.
#include "sources/stored_source.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/clock.h"
#include "base/fork_hooks.h"

namespace toolvitals {
namespace {

constexpr uint64_t kStaleIntervals = 2;
constexpr int64_t kNanosPerMicro = 1000;
constexpr int64_t kMicrosPerMilli = 1000;

std::atomic<uint64_t> stale{0};

}  // namespace

uint64_t StoredSource::stale_reads() { return stale.load(std::memory_order_relaxed); }

void StoredSource::Store(std::vector<FamilySnapshot> families) {
  auto stored = std::make_shared<const std::vector<FamilySnapshot>>(std::move(families));
  absl::MutexLock lock(&mutex_);
  families_.swap(stored);
  stored_us_ = Clock::UnixNanos() / kNanosPerMicro;
  stored_ns_ = Clock::MonotonicNanos();
}

void StoredSource::Collect(std::vector<FamilySnapshot>& families) {
  std::shared_ptr<const std::vector<FamilySnapshot>> stored;
  int64_t stored_us = 0;
  uint64_t stored_ns = 0;
  {
    absl::MutexLock lock(&mutex_);
    stored = families_;
    stored_us = stored_us_;
    stored_ns = stored_ns_;
  }
  demand_.Scraped();
  if (stored == nullptr) return;
  const bool is_stale =
      Clock::MonotonicNanos() - stored_ns > kStaleIntervals * static_cast<uint64_t>(demand_.interval().count());
  if (is_stale) stale.fetch_add(1, std::memory_order_relaxed);
  for (const FamilySnapshot& family : *stored) {
    families.push_back(family);
    std::vector<int64_t>& timestamps = families.back().timestamps_ms;
    timestamps.resize(family.size(), FamilySnapshot::kNoTimestamp);
    // A time that the values came with says more.
    std::replace(timestamps.begin(), timestamps.end(), FamilySnapshot::kNoTimestamp, stored_us / kMicrosPerMilli);
  }
}

void StoredSource::BeginAfreshInChild() ABSL_NO_THREAD_SAFETY_ANALYSIS { MakeAnewInChild(mutex_); }

}  // namespace toolvitals
