// Families that are collected elsewhere, now and then: scrapes show what was stored last.
// Floor: sources.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "absl/base/thread_annotations.h"
#include "absl/synchronization/mutex.h"
#include "model/family_snapshot.h"
#include "sources/refresh_demand.h"

namespace toolvitals {

// Values are shown with the time at which they were stored. Scrapes of values that are older than twice the interval of
// refreshing are counted. Thread-safe; showing copies references, and waits for nobody who collects.
class StoredSource final : public FamilySource {
 public:
  // `demand` outlives it.
  explicit StoredSource(RefreshDemand& demand) : demand_(demand) {}

  // Shows these from now on, as of now.
  void Store(std::vector<FamilySnapshot> families);

  void Collect(std::vector<FamilySnapshot>& families) override;
  void BeginAfreshInChild() override;

  // How often a scrape showed the values of one source that were too old, of all sources of this process.
  static uint64_t stale_reads();

 private:
  RefreshDemand& demand_;
  absl::Mutex mutex_;
  std::shared_ptr<const std::vector<FamilySnapshot>> families_ ABSL_GUARDED_BY(mutex_);
  int64_t stored_us_ ABSL_GUARDED_BY(mutex_) = 0;   // Unix time
  uint64_t stored_ns_ ABSL_GUARDED_BY(mutex_) = 0;  // of the monotonic clock
};

}  // namespace toolvitals
